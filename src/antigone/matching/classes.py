"""Observation classes: the distinct things that were read of the dead at each marker, and what each says of a genotype.

At fixed error rates a likelihood ratio depends on the class alone, so that a search looks each pair up instead of
computing it. Profiles with replicates are classes of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Named
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import ErrorRates, Reading, Reads, genotype_likelihood
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile, ProfileTable
from antigone.matching.operation import Individual, Settings
from antigone.matching.tables import genotype_pairs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(eq=False)
class Rows:
    """The classes that count genotypes in one way: all at autosomal markers, those of one sex at X-linked ones.

    `which` numbers them among all classes of the marker. `likelihood`, shape (classes, genotypes), is P(class |
    genotype); `possible` says which genotypes could show the class if nothing but drop-out had gone wrong.
    """

    which: Integers
    likelihood: Floats
    possible: NDArray[np.bool_]
    _last: tuple[Floats, Floats] | None = None

    def under(self, genotypes: Floats) -> Floats:
        """P(class) where genotypes have these probabilities."""
        return np.asarray(self.likelihood @ genotypes)

    def log10_under_unrelated(self, genotypes: Floats) -> Floats:
        """log10 P(class) for somebody unrelated; where theta is 0 that is the same for all families."""
        if self._last is None or self._last[0] is not genotypes:
            with np.errstate(divide="ignore"):
                self._last = (genotypes, np.log10(self.under(genotypes)))
        return self._last[1]


@dataclass(frozen=True, eq=False)
class MarkerClasses:
    """The classes of one marker.

    `of` gives each individual's class, −1 where nothing was read; `readings` what each class is. At X-linked markers a
    class belongs to one sex, and men's rows count alleles instead of genotypes (`haploid`). `impossible` are classes
    that no genotype can show under the declared error rates: they are not used, and said.
    """

    of: Integers
    readings: tuple[tuple[Reading, ...], ...]
    haploid: NDArray[np.bool_]
    diploid_rows: Rows
    haploid_rows: Rows
    impossible: frozenset[int]

    def rows(self, *, haploid: bool) -> Rows:
        """The classes whose rows count alleles (`haploid`: men at an X-linked marker), or else genotypes."""
        return self.haploid_rows if haploid else self.diploid_rows


def sex_of(individual: Individual) -> Sex:
    """The sex that was recorded, else the one that amelogenin shows, else unknown."""
    return individual.sex if individual.sex is not Sex.UNKNOWN else sex_by_amelogenin(individual.profile)


def sex_by_amelogenin(profile: Profile) -> Sex:
    """What amelogenin shows: Y is male; X alone is female only where drop-out is excluded."""
    readings = profile.readings.get("AMEL", ())
    names = {allele.name for reading in readings for allele in reading.alleles if isinstance(allele, Named)}
    if "Y" in names:
        return Sex.MALE
    if names == {"X"} and any(reading.reads is Reads.HOMOZYGOUS for reading in readings):
        return Sex.FEMALE
    return Sex.UNKNOWN


def marker_classes(
    individuals: Sequence[Individual], models: Sequence[MarkerModel], settings: Settings
) -> list[MarkerClasses]:
    """The classes of every marker, in the order of the models."""
    profiles = ProfileTable.of([individual.profile for individual in individuals], [model.name for model in models])
    sexes = [sex_of(individual) for individual in individuals]
    return [_classes(profiles, m, model, sexes, settings) for m, model in enumerate(models)]


def _classes(
    profiles: ProfileTable, m: int, model: MarkerModel, sexes: Sequence[Sex], settings: Settings
) -> MarkerClasses:
    of, readings = profiles.classes(m)
    haploid = [False] * len(readings)
    if model.x_linked:
        of, readings, haploid = _by_sex(of, readings, sexes)
    rates = settings.remains.rates(model)
    single = np.array(haploid, dtype=bool)
    diploid_rows = _rows(np.flatnonzero(~single), readings, model, rates, haploid=False)
    haploid_rows = _rows(np.flatnonzero(single), readings, model, rates, haploid=True)
    impossible = {
        int(k)
        for rows in (diploid_rows, haploid_rows)
        for k, row in zip(rows.which, rows.likelihood, strict=True)
        if not np.any(row)
    }
    of = np.where(np.isin(of, list(impossible)), -1, of)
    return MarkerClasses(of, tuple(readings), single, diploid_rows, haploid_rows, frozenset(impossible))


def _rows(
    which: Integers, readings: Sequence[tuple[Reading, ...]], model: MarkerModel, rates: ErrorRates, *, haploid: bool
) -> Rows:
    genotypes = len(model) if haploid else len(genotype_pairs(len(model))[0])
    likelihood = np.zeros((len(which), genotypes))
    possible = np.zeros((len(which), genotypes), dtype=bool)
    drop_out_alone = ErrorRates(rates.drop_out)
    for row, k in enumerate(which):
        likelihood[row] = _row(readings[k], model, rates, haploid=haploid)
        same = rates == drop_out_alone
        possible[row] = (likelihood[row] if same else _row(readings[k], model, drop_out_alone, haploid=haploid)) > 0
    return Rows(which, likelihood, possible)


def _by_sex(
    of: Integers, readings: Sequence[tuple[Reading, ...]], sexes: Sequence[Sex]
) -> tuple[Integers, list[tuple[Reading, ...]], list[bool]]:
    """At X-linked markers the same reading says different things of a man and a woman; of nobody of unknown sex."""
    number: dict[tuple[int, bool], int] = {}
    split = np.full(len(of), -1, dtype=np.int64)
    for row, (k, sex) in enumerate(zip(of.tolist(), sexes, strict=True)):
        if k >= 0 and sex is not Sex.UNKNOWN:
            split[row] = number.setdefault((k, sex is Sex.MALE), len(number))
    return split, [readings[k] for k, _ in number], [male for _, male in number]


def _row(readings: Sequence[Reading], model: MarkerModel, rates: ErrorRates, *, haploid: bool) -> Floats:
    likelihood = genotype_likelihood(readings, model, rates, haploid=haploid)
    return likelihood if haploid else np.asarray(likelihood[genotype_pairs(len(model))])
