"""Strangers are not the only danger: the missing person against a brother whom nobody listed.

A full brother of the missing person has the same relatives, and next to nothing of what parents and siblings say tells
the two apart. For a hit this module gives the likelihood ratio of "the missing person" against "a relative of theirs",
who is added to the pedigree; and, before any body is looked at, the chance that such a relative reaches a likelihood
ratio against strangers.

The relative is of the missing person's sex. Where they need parents in common and the pedigree lists none, untyped
founders are added as these parents. A founder adds one more meiosis, which changes frequencies a little where mutation
is not stationary; a founder who gets parents loses the inbreeding coefficient that was declared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft

from antigone.genetics.observation import genotype_likelihood
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching.classes import sex_of
from antigone.matching.conditional_tables import conditional_tables
from antigone.matching.convolution import mean_lrs, spectra_of, sum_of_products
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.patterns import Patterns
from antigone.matching.preparation import Prepared
from antigone.matching.tables import ConditionalTable, TableError, genotype_pairs

Floats = NDArray[np.float64]

STEP = 0.01  # grid in log10 LR


class Rival(StrEnum):
    """Who else the body may be."""

    FULL_SIBLING = "full sibling"
    PATERNAL_HALF_SIBLING = "paternal half-sibling"
    MATERNAL_HALF_SIBLING = "maternal half-sibling"
    PATERNAL_UNCLE = "full sibling of the father"
    MATERNAL_UNCLE = "full sibling of the mother"


# Names that no family can hold.
RIVAL = "\N{NULL}rival"
_ADDED = "\N{NULL}parent"


def rival_log10_lrs(
    individual: Individual,
    family: Family,
    person: str,
    prepared: Prepared,
    settings: Settings,
    kinds: Iterable[Rival] = tuple(Rival),
) -> dict[str, float]:
    """log10 LR of "the individual is this missing person" against each rival: those of `kinds`, and those listed.

    Others whom the family misses stand there by name, as `listed NAME`, where sexes do not exclude them. +inf: the
    rival is impossible, −inf: the missing person is, nan: both are. Raises `TableError` as `conditional_table` does.
    """
    (found,) = rivals_of_pairs([(individual, family, person)], prepared, settings, kinds)
    if isinstance(found, TableError):
        raise found
    return found


def rivals_of_pairs(
    pairs: Sequence[tuple[Individual, Family, str]],
    prepared: Prepared,
    settings: Settings,
    kinds: Iterable[Rival] = tuple(Rival),
) -> list[dict[str, float] | TableError]:
    """`rival_log10_lrs` of many pairs, or the error that it raises: families with like pedigrees together."""
    against = tuple(kinds)
    sought = [{"": (family, person), **_rival_families(family, person, against)} for _, family, person in pairs]
    tables = iter(conditional_tables([one for each in sought for one in each.values()], prepared, settings))
    found: list[dict[str, float] | TableError] = []
    for (individual, _, _), each in zip(pairs, sought, strict=True):
        of_pair = {name: next(tables) for name in each}
        errors = [one for one in of_pair.values() if isinstance(one, TableError)]
        reading = cache(partial(_row, individual, prepared, settings))  # the same for all rivals
        log10 = {
            name: _log10_probability(reading, one, prepared)
            for name, one in of_pair.items()
            if not errors and not isinstance(one, TableError)
        }
        with np.errstate(invalid="ignore"):
            ratios = {name: float(np.subtract(log10[""], one)) for name, one in log10.items() if name}
        found.append(errors[0] if errors else ratios)
    return found


def rival_tables(
    family: Family, person: str, prepared: Prepared, settings: Settings, kinds: Iterable[Rival] = tuple(Rival)
) -> dict[str, ConditionalTable]:
    """What the family says of each rival of a missing person; those whom it misses too are called `listed NAME`."""
    sought = _rival_families(family, person, kinds)
    tables = {}
    for name, table in zip(sought, conditional_tables(list(sought.values()), prepared, settings), strict=True):
        if isinstance(table, TableError):
            raise table
        tables[name] = table
    return tables


def _rival_families(family: Family, person: str, kinds: Iterable[Rival]) -> dict[str, tuple[Family, str]]:
    """Each rival's name, and the family with the person whom it would miss."""
    found = {
        str(kind): (replace(family, pedigree=pedigree_with_rival(family.pedigree, person, kind)), RIVAL)
        for kind in kinds
    }
    return found | {f"listed {other}": (family, other) for other in _listed_rivals(family, person)}


def _listed_rivals(family: Family, person: str) -> Iterator[str]:
    """Others of the missing, but for those of another sex; an identical twin is a rival whom nothing tells apart."""
    sex = family.pedigree[person].sex
    for other in family.missing:
        theirs = family.pedigree[other].sex
        if other != person and (sex is theirs or Sex.UNKNOWN in (sex, theirs)):
            yield other


# --- the pedigree ---------------------------------------------------------------------------------------------------


def pedigree_with_rival(pedigree: Pedigree, person: str, kind: Rival) -> Pedigree:
    """The pedigree and one more person, who is called `RIVAL`.

    >>> alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    >>> with_brother = pedigree_with_rival(alone, "M", Rival.FULL_SIBLING)
    >>> brother, missing = with_brother[RIVAL], with_brother["M"]
    >>> (brother.father, brother.mother) == (missing.father, missing.mother)
    True
    """
    persons = {one.id: one for one in pedigree.persons}
    sex = persons[person].sex
    growing = _Growing(persons, pedigree.twins)
    if kind is Rival.FULL_SIBLING:
        father, mother = growing.father(person), growing.mother(person)
    elif kind is Rival.PATERNAL_HALF_SIBLING:
        father, mother = growing.father(person), None
    elif kind is Rival.MATERNAL_HALF_SIBLING:
        father, mother = None, growing.mother(person)
    else:
        parent = growing.father(person) if kind is Rival.PATERNAL_UNCLE else growing.mother(person)
        father, mother = growing.father(parent), growing.mother(parent)
    persons[RIVAL] = Person(RIVAL, father, mother, sex)
    return Pedigree.build(persons.values(), family=pedigree.family, twins=pedigree.twins)


class _Growing:
    """Persons who get parents as they are asked for."""

    def __init__(self, persons: dict[str, Person], twins: Sequence[frozenset[str]]) -> None:
        self.persons = persons
        self.twins = twins

    def father(self, person: str) -> str:
        """The father, an untyped founder where none is listed."""
        return self.persons[person].father or self._added(person, Sex.MALE)

    def mother(self, person: str) -> str:
        """The mother, likewise."""
        return self.persons[person].mother or self._added(person, Sex.FEMALE)

    def _added(self, person: str, sex: Sex) -> str:
        parent = f"{_ADDED}{len(self.persons)}"
        self.persons[parent] = Person(parent, sex=sex)
        together = {person}.union(*(group for group in self.twins if person in group))
        for child in together:  # identical twins have the same parents
            known = replace(self.persons[child], inbreeding=0.0)
            self.persons[child] = replace(known, father=parent) if sex is Sex.MALE else replace(known, mother=parent)
        return parent


# --- one individual ---------------------------------------------------------------------------------------------------


def log10_probability(individual: Individual, table: ConditionalTable, prepared: Prepared, settings: Settings) -> float:
    """log10 P(what was read of the individual | it is the person of the table, all that the family's samples say)."""
    return _log10_probability(partial(_row, individual, prepared, settings), table, prepared)


def _log10_probability(
    reading: Callable[[int, Sex], Floats | None], table: ConditionalTable, prepared: Prepared
) -> float:
    rows = {
        m: row
        for m, marker in enumerate(table.markers)
        if marker is not None
        and (row := reading(m, table.sex)) is not None
        and np.any(row)  # readings that no genotype can show are not used
    }
    linked = [where for where in table.linkage if set(where) <= set(rows)]
    single = {m: row @ marker.related for m, row in rows.items() if (marker := table.markers[m]) is not None}
    factors = [probability for m, probability in single.items() if all(m not in where for where in linked)]
    for a, b in linked:
        together = table.linkage[a, b].under(rows[a], rows[b])
        if prepared.options.theta and together > 0:
            # Linkage is computed without theta: what it adds is put on top.
            first, second = table.apart((a, b))
            apart = (rows[a] @ first) * (rows[b] @ second)
            together *= single[a] * single[b] / apart
        factors.append(together)
    with np.errstate(divide="ignore"):
        return float(np.log10(factors).sum())


def _row(individual: Individual, prepared: Prepared, settings: Settings, m: int, sex: Sex) -> Floats | None:
    """P(what was read | genotype) of somebody of a sex, as the search uses it; None where it uses nothing."""
    model = prepared.models[m]
    readings = individual.profile.readings.get(model.name, ())
    if not readings or (model.x_linked and (sex is Sex.UNKNOWN or sex_of(individual) is not sex)):
        return None
    haploid = model.x_linked and sex is Sex.MALE
    likelihood = genotype_likelihood(readings, model, settings.remains.rates(model), haploid=haploid)
    return likelihood if haploid else np.asarray(likelihood[genotype_pairs(len(model))])


# --- before any individual --------------------------------------------------------------------------------------------


def chances_to_pass(
    pattern: Patterns, table: ConditionalTable, drawn: ConditionalTable | None, log10_lrs: Floats
) -> tuple[Floats, Floats]:
    """Lower and upper ends of P(LR ≥ 10^x) at each of `log10_lrs`, of readings as the person of `drawn` has them.

    None for `drawn`: somebody unrelated. The LR is that of the person of `table`, the missing person, against somebody
    unrelated. A bracket, as that of the expected coincidences: outcomes and grid are the same. `pattern` holds one
    individual (`Patterns.only`).
    """
    columns, units = pattern.units(table, STEP, drawn=drawn)
    used = [(column, kinds[k]) for column, kinds in enumerate(units) if (k := int(columns[0, column])) >= 0]
    if not used:
        passes = (log10_lrs <= 0).astype(float)  # nothing is said: every LR is 1
        return passes, passes
    kinds = [[kind] for _, kind in used]
    one = np.zeros((1, len(kinds)), dtype=np.int64)
    lowest = sum(int(kind.cell.min(initial=0)) for (kind,) in kinds)
    spectra, highest, length = spectra_of(kinds, STEP, lowest, tilted=False)
    transformed = sum_of_products(one, np.ones((1, 1)), spectra, length // 2 + 1)
    mass = np.maximum(irfft(transformed[0], n=length), 0.0)
    cells = np.arange(lowest, highest + 1)
    at_least = np.append(np.cumsum(mass[cells % length][::-1])[::-1], 0.0)

    def from_cell(first: Floats) -> Floats:
        return at_least[np.clip(first - lowest, 0, len(cells)).astype(np.int64)]

    first = np.ceil(np.round(log10_lrs / STEP, 6))
    unlisted = float(mean_lrs(one, kinds)[1][0])
    return np.minimum(from_cell(first), 1.0), np.minimum(from_cell(first - len(kinds) - 1) + unlisted, 1.0)
