"""Families of eleven people: how many tables a second, where vectors over alleles do and where elimination must."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.bench.machine import measure
from antigone.bench.register import DROP_OUT, classes_at, drawn
from antigone.genetics.alleles import Repeat
from antigone.genetics.family_shapes import kin_of
from antigone.genetics.frequencies import PreparedFrequencies
from antigone.genetics.genotype_rows import KnownClasses
from antigone.genetics.likelihood import Options
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.pedigrees import Pedigree, Person
from antigone.matching.country_search import Comparing
from antigone.matching.family_groups import FamilyGroup, GroupTables
from antigone.matching.operation import DropOut, SampleErrors, Settings
from antigone.matching.preparation import Prepared

Integers = NDArray[np.int64]

MARKERS, ALLELES = 24, 14
INDIVIDUALS = 2000
FAMILIES = 512
MUTATION = Mutation(Stepwise(0.0005, 0.1), Stepwise(0.002, 0.1))

_GRANDPARENTS = (("G", "", "", "M"), ("H", "", "", "F"))
_OTHERS = (("I", "", "", "M"), ("J", "", "", "F"))
_CHILD = (("S", "", "", "F"), ("C", "M", "S", "F"))

# Eleven people with father, mother and sex, and who of them is typed; M is missing.
KINDS: dict[str, tuple[tuple[tuple[str, str, str, str], ...], str]] = {
    "grandparents, siblings, child and spouse": (
        (*_GRANDPARENTS, *_OTHERS, ("F", "G", "H", "M"), ("O", "I", "J", "F"), ("M", "F", "O", "M"),
         ("A", "F", "O", "M"), ("B", "F", "O", "F"), *_CHILD), "GIABSC"),
    "grandmother, sibling, child and cousin": (
        (*_GRANDPARENTS, ("F", "G", "H", "M"), ("U", "G", "H", "M"), ("O", "", "", "F"), ("M", "F", "O", "M"),
         ("B", "F", "O", "M"), *_CHILD, ("W", "", "", "F"), ("K", "U", "W", "F")), "HBCK"),
    "grandmother, sibling, child and two cousins of one uncle": (
        (*_GRANDPARENTS, ("F", "G", "H", "M"), ("U", "G", "H", "M"), ("O", "", "", "F"), ("M", "F", "O", "M"),
         ("B", "F", "O", "M"), ("C", "M", "", "F"), ("W", "", "", "F"), ("K", "U", "W", "F"), ("L", "U", "W", "M")),
        "HBCKL"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LargeFamilyFigure:
    """Families of one kind, with all markers, a second and core: from what was read to LRs of every class."""

    kind: str
    people: int
    typed: int
    markers: int
    alleles: int
    by_vectors: bool
    families_per_second_per_core: float
    load: float

    def as_row(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


def large_families() -> list[LargeFamilyFigure]:
    """Of each kind. No two families say the same at all markers; rows that some share are computed once."""
    rng = np.random.default_rng(11)
    models = [_model(m, rng) for m in range(MARKERS)]
    prepared = Prepared(tuple(models), PreparedFrequencies("made up", "", "", "", "", {}), (), Options(), ())
    settings = Settings(
        tuple(model.name for model in models), mutation=MUTATION, remains=SampleErrors(DropOut(DROP_OUT))
    )
    classes = []
    for model in models:
        one, two = rng.choice(len(model), (2, INDIVIDUALS), p=model.frequencies)
        classes.append(classes_at(one, two, model, settings))
    comparing = Comparing(classes, INDIVIDUALS, prepared, settings.threshold)
    figures = []
    for kind, (persons, names) in KINDS.items():
        pedigree = Pedigree.build([Person(name, father or None, mother or None) for name, father, mother, _ in persons])
        typed = frozenset(map(pedigree.position, names))
        genotypes = drawn(persons, FAMILIES, [model.frequencies for model in models], rng)
        known, codes = _known(pedigree, {pedigree.position(name): genotypes[name] for name in names}, models)
        making = GroupTables(prepared, known, comparing.sweep, comparing.layout)
        group = FamilyGroup("M", pedigree, np.arange(FAMILIES), codes)
        timing = measure(lambda making=making, group=group: making.tables(group), runs=5)  # type: ignore[misc]
        by_vectors = kin_of(pedigree, pedigree.position("M"), typed) is not None
        figures.append(
            LargeFamilyFigure(
                kind, len(pedigree), len(typed), MARKERS, ALLELES, by_vectors, FAMILIES / timing.core_seconds,
                timing.load,
            )
        )  # fmt: skip
    return figures


def _model(m: int, rng: np.random.Generator) -> MarkerModel:
    frequencies = rng.dirichlet(np.full(ALLELES, 1.5))
    return MarkerModel.build(f"B{m + 1:02d}", [Repeat(8 + a) for a in range(ALLELES)], frequencies, MUTATION)


def _known(
    pedigree: Pedigree, genotypes: dict[int, Integers], models: list[MarkerModel]
) -> tuple[list[KnownClasses], Integers]:
    """Every genotype as a class, and which of them these people have."""
    codes = np.full((FAMILIES, len(models), len(pedigree)), -1, dtype=np.int64)
    known = []
    for m, model in enumerate(models):
        pairs = np.stack(np.triu_indices(len(model)), axis=1)
        number = np.zeros((len(model), len(model)), dtype=np.int64)
        number[tuple(pairs.T)] = number[tuple(pairs.T[::-1])] = np.arange(len(pairs))
        for person, theirs in genotypes.items():
            codes[:, m, person] = number[theirs[:, m, 0], theirs[:, m, 1]]
        known.append(KnownClasses.of_genotypes(model, pairs))
    return known, codes
