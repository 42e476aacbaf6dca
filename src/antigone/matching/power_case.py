"""One missing person as the ranking of next samples sees them: what is known, and what one more sample may show.

At one marker the joint distribution of a relative's genotype and what is read of the remains is exact. To stay quick
four things are simplified, alike before and after a sample: theta is 0, linked pairs count as unlinked, the new sample
is read whole and without error, and of alleles that nobody typed carries only the most frequent are told apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Named
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.likelihood import (
    GenotypeDistribution,
    Known,
    Observed,
    Options,
    genotype_distributions,
    known_from_readings,
)
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree, Sex
from antigone.genetics.profiles import Profile, alleles_seen
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.power import ReadingRows, RemainsQuality, log10_ratio, reading_rows
from antigone.matching.power_distribution import Entry
from antigone.matching.preparation import Prepared
from antigone.matching.tables import TableError, genotype_pairs, hardy_weinberg, what_is_known

Floats = NDArray[np.float64]
Knowledge = Mapping[str, Known]

# Several people are looked at together at a marker where the joint table of their genotypes, and the missing person's
# where no individual is there, has no more places than this; elsewhere the first of them is looked at alone.
LARGEST_TABLE = 50_000


@contextmanager
def told_as_table_error() -> Iterator[None]:
    """A family that is too large for the engine is one whose table cannot be computed."""
    try:
        yield
    except TooComplexError as error:
        raise TableError(str(error)) from None


@dataclass(frozen=True, eq=False)
class Place:
    """One marker at which the family can be used.

    `own` is P(genotype of the missing person | relatives), `stranger` that of somebody unrelated, `rows` what may be
    read of remains that have no reading yet. Of an individual `remains` is P(its readings | genotype), None where it
    has none, and `known_with` is what is known if the individual is the person.
    """

    model: MarkerModel
    haploid: bool
    known: Knowledge
    own: Floats
    stranger: Floats
    rows: ReadingRows
    remains: Floats | None = None
    known_with: Knowledge | None = None

    def now(self) -> Entry:
        """What the marker may say as it is; of an individual it is said already."""
        if self.remains is None:
            return self.rows.entry(self.own, self.stranger)
        log = log10_ratio(np.atleast_1d(self.remains @ self.own), np.atleast_1d(self.remains @ self.stranger))
        return Entry(log, np.ones(1), np.ones(1))

    def read_whole(self) -> Entry:
        """What the marker may say once the whole genotype of the remains is read."""
        given = self.own if self.remains is None else self.own * self.remains
        total = float(given.sum())
        if total == 0:
            return self.now()
        return Entry(log10_ratio(self.own, self.stranger), given / total, self.stranger)


@dataclass(frozen=True, eq=False)
class Case:
    """A missing person with a family, and the individual that may be them, if there is one.

    `read` are the places at which remains have, or would have, a reading; `unread` the others.
    """

    person: str
    read: tuple[Place, ...]
    unread: tuple[Place, ...]
    individual: bool
    options: Options

    @classmethod
    def of(
        cls,
        family: Family,
        person: str,
        prepared: Prepared,
        settings: Settings,
        individual: Individual | None,
        quality: RemainsQuality,
        most_alleles: int | None,
    ) -> "Case":
        """Every marker at which the family does not contradict itself."""
        sex = family.pedigree[person].sex
        models = smaller_models(prepared, family, () if individual is None else (individual,), most_alleles)
        models = [model for model in models if not (model.x_linked and sex is Sex.UNKNOWN)]
        known = what_is_known(family, models, settings)
        options = replace(prepared.options, theta=0.0)
        read: list[Place] = []
        unread: list[Place] = []
        distributions = genotype_distributions(person, family.pedigree, models, known, options)
        for model, knowledge, own in zip(models, known, distributions, strict=True):
            if not np.any(own.joint):
                continue
            haploid = model.x_linked and sex is Sex.MALE
            place = Place(
                model, haploid, knowledge, flattened(own, [haploid]), hardy_weinberg(model, haploid=haploid),
                reading_rows(model, quality.rates(settings), haploid=haploid),
            )  # fmt: skip
            if individual is not None:
                place = _with_individual(place, person, individual.profile, settings)
            has_reading = quality.reads(model.name) if individual is None else place.remains is not None
            (read if has_reading else unread).append(place)
        return cls(person, tuple(read), tuple(unread), individual is not None, options)

    def now(self) -> list[Entry]:
        """What each marker may say as it is."""
        return [place.now() for place in self.read]

    def after(self, asked: Sequence[str], pedigree: Pedigree) -> list[Entry]:
        """What each marker may say once somebody is typed; of several people see `LARGEST_TABLE`."""
        entries = self.now()
        together: dict[tuple[str, ...], list[int]] = {}
        for k, place in enumerate(self.read):
            usable = tuple(name for name in asked if can_be_asked([name], pedigree, place.model))
            others = 0 if self.individual else 1
            fits = len(place.model) ** (2 * (len(usable) + others)) <= LARGEST_TABLE
            together.setdefault(usable if fits else usable[:1], []).append(k)
        for people, where in together.items():
            if people:
                typed = self._of_individual if self.individual else self._open
                found = typed(people, pedigree, [self.read[k] for k in where])
                for k, entry in zip(where, found, strict=True):
                    entries[k] = entry
        return entries

    def panel(self, models: Sequence[MarkerModel], donor: str, pedigree: Pedigree) -> list[Entry]:
        """What further markers may say once a donor and the remains are typed at them."""
        sex = pedigree[self.person].sex
        usable = [
            model
            for model in models
            if can_be_asked([donor], pedigree, model) and not (model.x_linked and sex is Sex.UNKNOWN)
        ]
        places = []
        for model in usable:
            haploid = model.x_linked and sex is Sex.MALE
            own = hardy_weinberg(model, haploid=haploid)
            rows = ReadingRows(np.eye(len(own)))
            places.append(Place(model, haploid, {}, own, own, rows))
        return self._open([donor], pedigree, places)

    def _open(self, asked: Sequence[str], pedigree: Pedigree, places: Sequence[Place]) -> list[Entry]:
        """No individual yet: the sample and the remains may show anything, together as the family tree says."""
        if list(asked) == [self.person]:
            return [_open_entry(place, np.diag(place.own)) for place in places]
        models, known = [place.model for place in places], [place.known for place in places]
        joint = genotype_distributions((*asked, self.person), pedigree, models, known, self.options)
        return [
            _open_entry(place, flattened(one, [*haploids(asked, pedigree, place.model), place.haploid]))
            for place, one in zip(places, joint, strict=True)
        ]

    def _of_individual(self, asked: Sequence[str], pedigree: Pedigree, places: Sequence[Place]) -> list[Entry]:
        """The individual's readings are there: only the sample's genotype is still open."""
        models = [place.model for place in places]
        alone = genotype_distributions(asked, pedigree, models, [place.known for place in places], self.options)
        known_with = [place.known_with or {} for place in places]
        together = genotype_distributions(asked, pedigree, models, known_with, self.options)
        return [_entry_given(place, one, other) for place, one, other in zip(places, together, alone, strict=True)]


def can_be_asked(asked: Sequence[str], pedigree: Pedigree, model: MarkerModel) -> bool:
    """Whether everybody's sex is known where it matters."""
    return not model.x_linked or all(pedigree[name].sex is not Sex.UNKNOWN for name in asked)


def haploids(asked: Sequence[str], pedigree: Pedigree, model: MarkerModel) -> list[bool]:
    """Who has one allele at a marker."""
    return [model.x_linked and pedigree[name].sex is Sex.MALE for name in asked]


def flattened(distribution: GenotypeDistribution, haploid: Sequence[bool]) -> Floats:
    """P(genotypes | known): the first people's genotypes in rows, the last person's in columns; a vector of one."""
    array = distribution.conditional
    for single in haploid:
        array = np.moveaxis(array if single else array[genotype_pairs(array.shape[0])], 0, -1)
    return array if len(haploid) == 1 else array.reshape(-1, array.shape[-1])


def _open_entry(place: Place, joint: Floats) -> Entry:
    """From P(the sample's genotype, the person's | relatives): every outcome of the sample and of the remains."""
    likelihood = place.rows.likelihood
    outcomes = joint @ likelihood.T
    logs = log10_ratio(outcomes, joint.sum(axis=1)[:, None] * (likelihood @ place.stranger)[None, :])
    nothing_read = max(0.0, float(joint.sum() - outcomes.sum()))
    related = np.append(outcomes.ravel(), nothing_read)
    return Entry(np.append(logs.ravel(), 0.0), related / related.sum(), related)


def _entry_given(place: Place, together: GenotypeDistribution, alone: GenotypeDistribution) -> Entry:
    """From the sample's genotype with the individual in the person's place, and without."""
    happens = together.joint > 0
    if place.remains is None or not np.any(happens):
        return place.now()
    logs = np.log10(together.joint[happens]) - np.log10(alone.joint[happens])
    logs += (together.exponent - alone.exponent) * np.log10(2.0) - np.log10(float(place.remains @ place.stranger))
    chance = together.conditional[happens]
    return Entry(logs, chance, chance)


def _with_individual(place: Place, person: str, profile: Profile, settings: Settings) -> Place:
    model, readings = place.model, profile.readings.get(place.model.name, ())
    if not readings:
        return place
    known = known_from_readings(readings, model, settings.remains.rates(model), haploid=place.haploid)
    likelihood = as_likelihood(known, model)
    vector = likelihood if place.haploid else likelihood[genotype_pairs(len(model))]
    if not np.any(vector):
        return place
    return replace(place, remains=np.asarray(vector), known_with=both_known(place.known, person, known, model))


def both_known(knowledge: Knowledge, person: str, known: Known, model: MarkerModel) -> Knowledge:
    """What is known, and that this is known of somebody too, beside what may be known of them already."""
    if person not in knowledge:
        return {**knowledge, person: known}
    product = as_likelihood(knowledge[person], model) * as_likelihood(known, model)
    return {**knowledge, person: Observed(product)}


def as_likelihood(known: Known, model: MarkerModel) -> Floats:
    """P(what is known | genotype), laid out as `Observed` has it."""
    if isinstance(known, Observed):
        return known.likelihood
    codes = tuple(model.index[allele] for allele in known.alleles)
    likelihood = np.zeros((len(model),) * len(codes))
    likelihood[codes] = likelihood[codes[::-1]] = 1.0
    return likelihood


# --- smaller models ---------------------------------------------------------------------------------------------------


def smaller_models(
    prepared: Prepared, family: Family, individuals: Iterable[Individual], most_alleles: int | None
) -> list[MarkerModel]:
    """The models with alleles that nobody here carries taken together, the rare ones first."""
    profiles = [*family.profiles.values(), *(individual.profile for individual in individuals)]
    return [
        _smaller(
            model,
            frozenset(allele for one in profiles for allele in alleles_seen(one.readings.get(model.name, ()))),
            most_alleles,
        )
        for model in prepared.models
    ]


@lru_cache(maxsize=4096)
def _smaller(model: MarkerModel, carried: frozenset[Allele], most_alleles: int | None) -> MarkerModel:
    """Matrices are averaged with the frequencies as weights: exact without mutation, and where the rows agree."""
    if most_alleles is None or len(model) <= most_alleles:
        return model
    needed = [i for i, allele in enumerate(model.alleles) if allele in carried or i == model.silent]
    others = sorted((i for i in range(len(model)) if i not in needed), key=lambda i: -model.frequencies[i])
    room = max(0, most_alleles - 1 - len(needed))
    kept, merged = sorted([*needed, *others[:room]]), others[room:]
    if len(merged) < 2:
        return model
    into = np.zeros((len(model), len(kept) + 1))
    into[kept, range(len(kept))] = 1.0
    into[merged, -1] = 1.0
    frequencies = model.frequencies @ into
    share = into * model.frequencies[:, None]
    weights = np.divide(share, frequencies, out=into / into.sum(axis=0), where=frequencies > 0).T
    alleles = (*(model.alleles[i] for i in kept), _OTHERS)
    return replace(
        model,
        alleles=alleles,
        frequencies=frequencies,
        female=np.ascontiguousarray(weights @ model.female @ into),
        male=np.ascontiguousarray(weights @ model.male @ into),
        silent=None if model.silent is None else kept.index(model.silent),
        index={allele: k for k, allele in enumerate(alleles)},
    )


_OTHERS = Named("others")
