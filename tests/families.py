"""From the oracles' plain data to the engine's objects: the same family, twice."""

from collections.abc import Mapping, Sequence

import numpy as np

from antigone.genetics.alleles import Allele, Repeat, Silent
from antigone.genetics.likelihood import Observed
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import ErrorRates, Reading, Reads, genotype_likelihood
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from oracles.observation import Reading as OracleReading
from oracles.strategies import Family

KINDS = {"seen": Reads.ALLELES, "homozygous": Reads.HOMOZYGOUS, "other_unseen": Reads.OTHER_UNSEEN}


def alleles(count: int, silent: int | None = None) -> tuple[Allele, ...]:
    """Allele i of the oracles is repeat 10 + i here."""
    return tuple(Silent() if i == silent else Repeat(10 + i) for i in range(count))


def pedigree(family: Family, inbreeding: Mapping[str, float] | None = None) -> Pedigree:
    persons = [
        Person(m.id, m.father, m.mother, Sex(m.sex), inbreeding=(inbreeding or {}).get(m.id, 0.0))
        for m in family.members
    ]
    return Pedigree.build(persons, twins=family.twins)


def model(
    p: Sequence[float],
    male: np.ndarray | None = None,
    female: np.ndarray | None = None,
    *,
    x_linked: bool = False,
    silent: int | None = None,
) -> MarkerModel:
    identity = np.eye(len(p))
    return MarkerModel._of(
        "marker",
        alleles(len(p), silent),
        np.array(p),
        identity if female is None else np.array(female, dtype=float),
        identity if male is None else np.array(male, dtype=float),
        x_linked,
        silent,
        "given",
    )


def known(observations: Mapping[str, OracleReading], marker: MarkerModel, people: Pedigree) -> dict[str, Observed]:
    """Readings of the oracle as the engine takes them; an empty reading is one that the engine never gets."""
    found = {}
    for name, reading in observations.items():
        haploid = marker.x_linked and people[name].sex is Sex.MALE
        if not reading.seen:
            copies = 1 if haploid else 2
            shape = (len(marker),) * copies
            found[name] = Observed(np.array([reading(index) for index in np.ndindex(shape)]).reshape(shape))
            continue
        seen = tuple(marker.alleles[i] for i in sorted(reading.seen))
        rates = ErrorRates(reading.drop_out, reading.drop_in, reading.typing_error)
        likelihood = genotype_likelihood([Reading(seen, KINDS[reading.kind])], marker, rates, haploid=haploid)
        found[name] = Observed(likelihood)
    return found
