"""Hits: the pairs above the declared threshold, with everything that must stand beside a likelihood ratio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import ErrorRates, genotype_likelihood
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching.classes import sex_by_amelogenin, sex_of
from antigone.matching.lookup import Pair
from antigone.matching.odd import SEXES, odd_sexes, why_unused
from antigone.matching.operation import Family, Individual, SampleErrors, Settings
from antigone.matching.search import SearchResult


@dataclass(frozen=True)
class Hit:
    """An individual and a missing person with a likelihood ratio. Not a match, and not an identification.

    `expected_coincidences` is the bracket of how many unrelated pairs of this search would reach this LR; `posterior`
    is that of the declared open-set prior, pair by pair (the joint answer is another computation). `contradictions`
    are what speaks against the pair beside its likelihood ratio; nothing is dropped because of them. `unused` says of
    markers that both sides have, and that have no likelihood ratio, why.
    """

    individual: Individual
    family: Family
    missing_person: str
    log10_lr: float
    by_marker: Mapping[str, float]  # log10 LR, markers that both sides have
    linkage: Mapping[str, float]
    exclusions: int
    expected_coincidences: tuple[float, float]
    posterior: float
    contradictions: tuple[str, ...]
    unused: Mapping[str, str]


def posterior(log10_lr: float, total_lr: float, prior: float, missing_persons: int) -> float:
    """(s/M)·LR / ((s/M)·Σ LR + 1 − s): the open-set posterior of one pair.

    `total_lr` is Σ LR of that individual over all M missing persons searched, `prior` is s, the declared probability
    that the individual is among them.

    >>> round(posterior(4.0, 1e4 + 1.0, 0.5, 100), 9)  # 0.5/100·10⁴ / (0.5/100·(10⁴ + 1) + 0.5), by hand
    0.99000099
    """
    each = prior / missing_persons
    # In units of this LR, so that nothing overflows.
    others = max(total_lr / 10.0**log10_lr, 1.0) if log10_lr > -300 else np.inf
    nobody = (1 - prior) * 10.0 ** min(-log10_lr, 300.0)
    return float(each / (each * others + nobody))


def hits(result: SearchResult) -> list[Hit]:
    """All listed pairs of a search as hits, in their order."""
    contradicted: dict[str, frozenset[str]] = {}
    for one in result.contradictions:
        contradicted[one.family] = contradicted.get(one.family, frozenset()) | {one.marker}
    return [_hit(result, pair, contradicted) for pair in result.pairs]


def contradictions(individual: Individual, family: Family, person: str, year: int | None) -> tuple[str, ...]:
    """What sex and age say against a pair, or against a sample of the family, in words; empty where nothing does."""
    found = []
    missing = family.pedigree[person]
    sex = sex_of(individual)
    if Sex.UNKNOWN not in (sex, missing.sex) and sex is not missing.sex:
        found.append(f"sex: the individual is {SEXES[sex]}, the missing person {SEXES[missing.sex]}")
    amelogenin = sex_by_amelogenin(individual.profile)
    if Sex.UNKNOWN not in (individual.sex, amelogenin) and individual.sex is not amelogenin:
        found.append(f"sex of the individual: recorded {SEXES[individual.sex]}, amelogenin {SEXES[amelogenin]}")
    found += odd_sexes(family, missing=person)
    born, since = missing.birth_year, family.missing_since.get(person)
    if born is not None:
        # Nobody died before they were last seen, or after the bodies were received.
        youngest = None if since is None else since - born - 1
        oldest = None if year is None else year - born
        if youngest is not None and individual.age_max is not None and individual.age_max < youngest:
            found.append(
                f"age: the individual was at most {individual.age_max:g}, the missing person at least {youngest}"
            )
        if oldest is not None and individual.age_min is not None and individual.age_min > oldest:
            found.append(
                f"age: the individual was at least {individual.age_min:g}, the missing person at most {oldest}"
            )
    return tuple(found)


def _differs_from_direct_reference(
    individual: Individual, family: Family, person: str, models: Sequence[MarkerModel], settings: Settings
) -> tuple[str, ...]:
    """What the missing person's own sample says against the pair where the family's contradiction took a marker out."""
    if person not in family.profiles:
        return ()
    own = family.profiles[person]
    differing = [
        model.name
        for model in models
        if own.readings.get(model.name)
        and individual.profile.readings.get(model.name)
        and not _could_be_one_person(individual, own, model, settings, male=family.pedigree[person].sex is Sex.MALE)
    ]
    if not differing:
        return ()
    why = "not used because the family contradicts itself there"
    return (f"direct reference: it differs from the remains at {', '.join(differing)}, {why}",)


def _could_be_one_person(
    individual: Individual, own: Profile, model: MarkerModel, settings: Settings, *, male: bool
) -> bool:
    """Whether some genotype shows both, if nothing but drop-out has gone wrong."""

    def shown_by(profile: Profile, errors: SampleErrors) -> NDArray[np.bool_]:
        rates = ErrorRates(errors.rates(model).drop_out)
        likelihood = genotype_likelihood(profile.readings[model.name], model, rates, haploid=model.x_linked and male)
        return np.asarray(likelihood > 0)

    return bool(np.any(shown_by(individual.profile, settings.remains) & shown_by(own, settings.donors)))


def _hit(result: SearchResult, pair: Pair, contradicted: Mapping[str, frozenset[str]]) -> Hit:
    operation = result.operation
    individual = operation.individuals[pair.individual]
    family, person = result.missing[pair.missing]
    names = [model.name for model in result.prepared.models]
    by_marker = {name: float(log) for name, log in zip(names, pair.by_marker, strict=True) if not np.isnan(log)}
    taken_out = contradicted.get(family.name, frozenset())
    without = [model for model in result.prepared.models if model.name not in by_marker]
    reasons = {model.name: why_unused(model, individual, family, person, taken_out) for model in without}
    differing = _differs_from_direct_reference(
        individual, family, person, [model for model in without if model.name in taken_out], operation.settings
    )
    return Hit(
        individual,
        family,
        person,
        pair.log10_lr,
        by_marker,
        dict(pair.linkage),
        pair.exclusions,
        result.coincidences.at_least(pair.log10_lr),
        posterior(
            pair.log10_lr, float(result.total_lr[pair.individual]), operation.settings.prior, len(result.missing)
        ),
        (*contradictions(individual, family, person, operation.settings.year), *differing),
        {name: reason for name, reason in reasons.items() if reason},
    )
