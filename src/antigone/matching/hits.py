"""Hits: the pairs above the declared threshold, with everything that must stand beside a likelihood ratio."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from antigone.genetics.pedigrees import Sex
from antigone.matching.classes import sex_by_amelogenin, sex_of
from antigone.matching.operation import Family, Individual
from antigone.matching.search import Pair, SearchResult


@dataclass(frozen=True)
class Hit:
    """An individual and a missing person with a likelihood ratio. Not a match, and not an identification.

    `expected_coincidences` is the bracket of how many unrelated pairs of this search would reach this LR; `posterior`
    is that of the declared open-set prior, pair by pair (the joint answer is another computation). `contradictions`
    are what speaks against the pair outside DNA; nothing is dropped because of them.
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
    return [_hit(result, pair) for pair in result.pairs]


def contradictions(individual: Individual, family: Family, person: str, year: int | None) -> tuple[str, ...]:
    """What sex and age say against a pair, in words; empty where nothing does or nothing is known."""
    found = []
    missing = family.pedigree[person]
    sex = sex_of(individual)
    if Sex.UNKNOWN not in (sex, missing.sex) and sex is not missing.sex:
        found.append(f"sex: the individual is {_SEXES[sex]}, the missing person {_SEXES[missing.sex]}")
    amelogenin = sex_by_amelogenin(individual)
    if Sex.UNKNOWN not in (individual.sex, amelogenin) and individual.sex is not amelogenin:
        found.append(f"sex of the individual: recorded {_SEXES[individual.sex]}, amelogenin {_SEXES[amelogenin]}")
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


_SEXES = {Sex.FEMALE: "female", Sex.MALE: "male"}


def _hit(result: SearchResult, pair: Pair) -> Hit:
    operation = result.operation
    individual = operation.individuals[pair.individual]
    family, person = result.missing[pair.missing]
    names = [model.name for model in result.prepared.models]
    by_marker = {name: float(log) for name, log in zip(names, pair.by_marker, strict=True) if not np.isnan(log)}
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
        contradictions(individual, family, person, operation.settings.year),
    )
