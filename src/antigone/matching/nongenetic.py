"""Evidence beside DNA: what an examiner recorded of the dead against what a family told of whom it misses.

    items = non_dna_evidence(individual, family, person, operation.settings.non_dna, year=operation.settings.year)
    [item.words for item in items]        # "stature: 173–181 cm against 178 cm: LR 2.1" …
    total_log10(items)                    # their product
    combined_with_dna(dna_log10_lr, items)    # only on request, and both parts stay visible

What is not recorded on one of the two sides gives no item. Fingerprints, teeth and serial numbers of implants are
findings of examiners and are not scored here. The models stand in docs/methods/nongenetic.md.
"""

import datetime as dt
import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.pedigrees import Sex
from antigone.matching.description import MARK_KINDS, NO_MARKS, NOTHING_RECORDED, Description
from antigone.matching.nongenetic_rates import NonGeneticRates, RatesError
from antigone.matching.nongenetic_ratios import (
    Range,
    Ratio,
    age_ratio,
    dates_ratio,
    distance_km,
    documents_ratio,
    hair_ratio,
    marks_ratio,
    place_ratio,
    sex_ratio,
    stature_ratio,
)
from antigone.matching.operation import Family, Individual

__all__ = [
    "Combined",
    "EvidenceItem",
    "NonDnaScreen",
    "NonGeneticRates",
    "RatesError",
    "combined_with_dna",
    "free_text",
    "non_dna_evidence",
    "total_log10",
]

ADULT = 18
"""The age in years from which statures are compared: the model is that of adults."""
_SEXES = {Sex.FEMALE: "female", Sex.MALE: "male"}
_DAYS_OF_A_YEAR = 365.25

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One line of evidence beside DNA: its log10 LR (−inf where it cannot be), and what was compared, in words."""

    kind: str
    log10_lr: float
    words: str

    @property
    def lr(self) -> float:
        """The likelihood ratio."""
        return float(10**self.log10_lr)


@dataclass(frozen=True)
class Combined:
    """DNA and the rest, side by side and together."""

    dna_log10_lr: float
    non_dna: tuple[EvidenceItem, ...]

    @property
    def non_dna_log10_lr(self) -> float:
        """All that is not DNA."""
        return total_log10(self.non_dna)

    @property
    def log10_lr(self) -> float:
        """Both together."""
        return self.dna_log10_lr + self.non_dna_log10_lr


def non_dna_evidence(
    individual: Individual, family: Family, person: str, rates: NonGeneticRates, year: int | None = None
) -> tuple[EvidenceItem, ...]:
    """What is recorded of both, item by item.

    `year` is that of the recoveries, for ages, where the individual's own day of recovery is not recorded.
    """
    told = _Told.of(family, person, year)
    items = []
    for kind in _KINDS:
        finding = kind.finding(individual)
        compared = None if finding is None else kind.compare(finding, told, rates)
        if compared is not None:
            ratio, words = compared
            items.append(_item(kind.name, ratio, words()))
    return tuple(items)


def total_log10(items: Iterable[EvidenceItem]) -> float:
    """The product of all items, as a logarithm; 0 where there are none."""
    return math.fsum(item.log10_lr for item in items)


def combined_with_dna(dna_log10_lr: float, items: Sequence[EvidenceItem]) -> Combined:
    """The evidence together with a log10 LR of DNA, for those who ask for it."""
    return Combined(dna_log10_lr, tuple(items))


def free_text(individual: Individual, family: Family, person: str) -> tuple[str, ...]:
    """What both sides said of marks in words of their own: shown, never scored."""
    found = (individual.description or NOTHING_RECORDED).marks_text
    told = family.descriptions.get(person, NOTHING_RECORDED).marks_text
    said = (("marks found, in words (not scored)", found), ("marks told, in words (not scored)", told))
    return tuple(f"{what}: {text}" for what, text in said if text)


class NonDnaScreen:
    """Many individuals against one missing person after another, each distinct finding compared once.

    `against` gives for each individual what `total_log10(non_dna_evidence(…))` gives for the pair.
    """

    def __init__(self, individuals: Sequence[Individual], rates: NonGeneticRates, year: int | None = None) -> None:
        self._count = len(individuals)
        self._rates = rates
        self._year = year
        self._findings = [(kind, *_distinct([kind.finding(one) for one in individuals])) for kind in _KINDS]

    def against(self, family: Family, person: str) -> Floats:
        """The log10 LR of all evidence beside DNA, for each individual."""
        told = _Told.of(family, person, self._year)
        total = np.zeros(self._count)
        for kind, findings, which in self._findings:
            compared = [kind.compare(finding, told, self._rates) for finding in findings]
            total += np.array([0.0 if one is None else one[0].log10 for one in compared] + [0.0])[which]
        return total


def _distinct(findings: Sequence[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """The distinct findings, and which each individual has; −1, the place behind all, where nothing was recorded."""
    places: dict[Any, int] = {}
    which = [-1 if finding is None else places.setdefault(finding, len(places)) for finding in findings]
    return list(places), np.array(which, dtype=np.int64)


def _item(kind: str, ratio: Ratio, words: str) -> EvidenceItem:
    if ratio.unrelated == 0:
        return EvidenceItem(kind, 0.0, f"{words}: no weight, as the declared rates allow it in nobody")
    if ratio.same == 0:
        return EvidenceItem(kind, -math.inf, f"{words}: LR 0, impossible under the declared rates")
    return EvidenceItem(kind, ratio.log10, f"{words}: LR {_figure(ratio.same / ratio.unrelated)}")


def _figure(ratio: float) -> str:
    """A ratio as words show it.

    >>> [_figure(ratio) for ratio in (2.14, 0.987, 123.4, 0.00123)]
    ['2.1', '0.99', '123', '0.0012']
    """
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2g}"


@dataclass(frozen=True)
class _Told:
    """What is known of one missing person."""

    sex: Sex
    birth_year: int | None
    missing_since: int | None
    year: int | None
    description: Description

    @classmethod
    def of(cls, family: Family, person: str, year: int | None) -> "_Told":
        """From the family's record; the day on which somebody was last seen says the year too."""
        member = family.pedigree[person]
        description = family.descriptions.get(person, NOTHING_RECORDED)
        since = family.missing_since.get(person)
        if since is None and description.day is not None:
            since = description.day.year
        return cls(member.sex, member.birth_year, since, year, description)

    @property
    def youngest(self) -> int | None:
        """The completed years at which the person was last seen alive, at least."""
        return (
            None if self.birth_year is None or self.missing_since is None else self.missing_since - self.birth_year - 1
        )

    def oldest(self, recovered: int | None) -> int | None:
        """The completed years at death, at most; a recovery before somebody was last seen bounds nothing."""
        last = self.year if recovered is None else recovered
        if self.birth_year is None or last is None or (self.missing_since or 0) > last:
            return None
        return last - self.birth_year


_Compared = tuple[Ratio, Callable[[], str]]
"""A ratio, and the words for it, which a screen does not ask for."""


@dataclass(frozen=True)
class _Kind:
    """One kind of evidence: what an individual shows of it, and how that compares with what was told."""

    name: str
    finding: Callable[[Individual], Hashable | None]
    compare: Callable[[Any, _Told, NonGeneticRates], _Compared | None]


def _described(individual: Individual) -> Description:
    return individual.description or NOTHING_RECORDED


def _sex_found(individual: Individual) -> Sex | None:
    """As the examiner recorded it: amelogenin is DNA."""
    return None if individual.sex is Sex.UNKNOWN else individual.sex


def _compare_sex(found: Sex, told: _Told, rates: NonGeneticRates) -> _Compared | None:
    if told.sex is Sex.UNKNOWN:
        return None
    ratio = sex_ratio(found, told.sex, rates.sex)
    share = _percent(ratio.unrelated)
    return ratio, lambda: f"sex: {_SEXES[found]} (so recorded in {share} of the dead) against {_SEXES[told.sex]}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.4g} %"


def _age_found(individual: Individual) -> tuple[Range, int | None] | None:
    if individual.age_min is None and individual.age_max is None:
        return None
    day = _described(individual).day
    return (individual.age_min, individual.age_max), None if day is None else day.year


def _compare_age(found: tuple[Range, int | None], told: _Told, rates: NonGeneticRates) -> _Compared | None:
    ages, recovered = found
    youngest, oldest = told.youngest, told.oldest(recovered)
    if youngest is None and oldest is None:
        return None
    ratio = age_ratio(ages, youngest, oldest, rates.age)
    return (
        ratio,
        lambda: f"age: {_range_in_words(ages, 'years')} against {_range_in_words((youngest, oldest), 'years')}",
    )


def _stature_found(individual: Individual) -> tuple[Range, Sex] | None:
    """Of a body that can be an adult's."""
    stature = _described(individual).stature
    child = individual.age_max is not None and individual.age_max < ADULT
    return None if stature == (None, None) or child else (stature, individual.sex)


def _compare_stature(found: tuple[Range, Sex], told: _Told, rates: NonGeneticRates) -> _Compared | None:
    stature, sex = found
    own = told.description.stature
    if own == (None, None) or (told.youngest is not None and told.youngest < ADULT):
        return None
    ratio = stature_ratio(stature, own, sex, told.sex, rates.stature, rates.sex)
    return ratio, lambda: f"stature: {_range_in_words(stature, 'cm')} against {_range_in_words(own, 'cm')}"


def _hair_found(individual: Individual) -> str | None:
    return _described(individual).hair or None


def _compare_hair(found: str, told: _Told, rates: NonGeneticRates) -> _Compared | None:
    own = told.description.hair
    if not own:
        return None
    ratio = hair_ratio(found, own, rates.hair)
    return ratio, lambda: f"hair: {found} (found on {_percent(ratio.unrelated)} of the dead) against {own}"


def _marks_found(individual: Individual, *, kind: str) -> frozenset[str] | None:
    marks = _described(individual).marks
    return _places(marks, kind) if marks else None


def _compare_marks(found: frozenset[str], told: _Told, rates: NonGeneticRates, *, kind: str) -> _Compared | None:
    """One kind of marks. Somebody who named marks, or said that there are none, was asked about all kinds."""
    if not told.description.marks:
        return None
    own = _places(told.description.marks, kind)
    return marks_ratio(found, own, rates.marks[kind]), lambda: f"{kind}s: {_marks_in_words(found, own)}"


def _marks_in_words(found: frozenset[str], told: frozenset[str]) -> str:
    groups = (("on both", found & told), ("found alone", found - told), ("told alone", told - found))
    parts = [f"{', '.join(sorted(places))} {where}" for where, places in groups if places]
    return "; ".join(parts) or "none on either side"


def _places(marks: Iterable[str], kind: str) -> frozenset[str]:
    return frozenset(
        mark.removeprefix(f"{kind} ") for mark in marks if mark != NO_MARKS and mark.startswith(f"{kind} ")
    )


def _documents_found(individual: Individual) -> frozenset[str] | None:
    return _plain_numbers(_described(individual).documents) or None


def _compare_documents(found: frozenset[str], told: _Told, rates: NonGeneticRates) -> _Compared | None:
    own = _plain_numbers(told.description.documents)
    if not own:
        return None
    matching = len(found & own)
    ratio = documents_ratio(matching > 0, rates.documents)
    if not matching:
        return ratio, lambda: f"documents: none of the {len(found)} found is one of the {len(own)} told"
    words = f"documents: {matching} of {len(found)} found belong to the missing person, which others may carry"
    return ratio, lambda: words


def _plain_numbers(documents: Iterable[str]) -> frozenset[str]:
    """Numbers without case, spaces and hyphens, in which writings of one number differ."""
    return frozenset("".join(letter for letter in number.casefold() if letter not in " -") for number in documents)


def _place_found(individual: Individual) -> tuple[tuple[float, float], dt.date | None] | None:
    described = _described(individual)
    return None if described.place is None else (described.place, described.day)


def _compare_place(
    found: tuple[tuple[float, float], dt.date | None], told: _Told, rates: NonGeneticRates
) -> _Compared | None:
    place, day = found
    if told.description.place is None:
        return None
    distance = distance_km(place, told.description.place)
    ratio = place_ratio(distance, _years_between(told, day), rates.place)
    return ratio, lambda: f"place: recovered {distance:.0f} km from where last seen"


def _years_between(told: _Told, recovered: dt.date | None) -> float:
    """From being last seen to recovery; 0 where either is unknown."""
    if recovered is None:
        return 0.0
    if told.description.day is not None:
        return (recovered - told.description.day).days / _DAYS_OF_A_YEAR
    return 0.0 if told.missing_since is None else float(recovered.year - told.missing_since)


def _date_found(individual: Individual) -> dt.date | None:
    return _described(individual).day


def _compare_dates(found: dt.date, told: _Told, rates: NonGeneticRates) -> _Compared | None:
    """By the day on which somebody was last seen, or by the year since which they are missing."""
    last_seen, since = told.description.day, told.missing_since
    if last_seen is not None:
        ratio = dates_ratio(found >= last_seen, rates.dates)
        return ratio, lambda: f"dates: recovered {found}, last seen {last_seen}"
    if since is None:
        return None
    return dates_ratio(found.year >= since, rates.dates), lambda: f"dates: recovered {found}, missing since {since}"


def _range_in_words(of: Range, unit: str) -> str:
    low, high = of
    if low is not None and high is not None:
        return f"{low:g} {unit}" if low == high else f"{low:g}–{high:g} {unit}"
    return f"at least {low:g} {unit}" if low is not None else f"at most {high:g} {unit}"


_KINDS = (
    _Kind("sex", _sex_found, _compare_sex),
    _Kind("age", _age_found, _compare_age),
    _Kind("stature", _stature_found, _compare_stature),
    _Kind("hair", _hair_found, _compare_hair),
    *(_Kind(f"{kind}s", partial(_marks_found, kind=kind), partial(_compare_marks, kind=kind)) for kind in MARK_KINDS),
    _Kind("documents", _documents_found, _compare_documents),
    _Kind("place", _place_found, _compare_place),
    _Kind("dates", _date_found, _compare_dates),
)
