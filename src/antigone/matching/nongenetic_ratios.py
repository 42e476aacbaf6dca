"""Likelihood ratios of evidence beside DNA, one function a kind, on plain figures.

Each is P(what the examiner found | what the family told, the same person) over P(what the examiner found | somebody of
the population of the dead). Both are distributions over what could have been found, so that the ratio averages 1 in the
population; tests sum it. Models and formulas: docs/methods/nongenetic.md.
"""

import math
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from antigone.genetics.pedigrees import Sex
from antigone.matching.description import BODY_PLACES, HAIR_COLOURS
from antigone.matching.nongenetic_rates import (
    OLDEST,
    AgeRates,
    DateRates,
    DocumentRates,
    HairRates,
    MarkRates,
    PlaceRates,
    SexRates,
    StatureRates,
)

Floats = NDArray[np.float64]
Range = tuple[float | None, float | None]

_EARTH_RADIUS_KM = 6371.0
# All statures that can be, and more: the tails of the errors lie within. Its step is a sixth of the least deviation
# that may be declared, at which the sum over a normal curve is exact to the last digits.
_STATURES: Floats = np.linspace(0.0, 320.0, 4001)


class Ratio(NamedTuple):
    """Probability (or density) of what was found if it is the missing person, and if it is somebody of the dead."""

    same: float
    unrelated: float

    @property
    def log10(self) -> float:
        """−inf where it cannot be the same person; 0 where the declared rates allow it in nobody unrelated.

        What the population is declared not to contain shows that the declaration is wrong, not who it is.
        """
        if self.unrelated == 0:
            return 0.0
        return math.log10(self.same) - math.log10(self.unrelated) if self.same > 0 else -math.inf


def sex_ratio(found: Sex, told: Sex, rates: SexRates) -> Ratio:
    """The sex recorded by the examiner against that of the missing person.

    >>> sex_ratio(Sex.MALE, Sex.MALE, SexRates(women=0.2, error=0.0)).log10 == -math.log10(0.8)
    True
    """
    women = _probability_recorded(found, Sex.FEMALE, rates)
    men = _probability_recorded(found, Sex.MALE, rates)
    return Ratio(women if told is Sex.FEMALE else men, rates.women * women + (1 - rates.women) * men)


def _probability_recorded(found: Sex, true: Sex, rates: SexRates) -> float:
    return 1 - rates.error if found is true else rates.error


def age_ratio(found: Range, youngest: int | None, oldest: int | None, rates: AgeRates) -> Ratio:
    """The examiner's range of ages against the completed years at which the missing person can have died.

    A range of so many years holds the age with 1 − error, wherever in it; else it lies beside, the nearer the likelier.
    With one end alone the finding is the answer to “at least so old?”, wrong with the error rate. The missing person's
    age at death is distributed as that of the dead between `youngest` and `oldest`; evenly, where nobody of the
    population is of these ages.

    >>> ratio = age_ratio((20, 29), 25, 26, AgeRates(((0, 99, 1.0),), error=0.0))  # one of ten ranges; a tenth of that
    >>> round(ratio.same, 12), round(ratio.unrelated, 12)
    (0.1, 0.01)
    """
    shares = _shares(rates)
    first = min(max(0, -1 if youngest is None else youngest), OLDEST)
    last = max(min(OLDEST, OLDEST if oldest is None else oldest), first)
    stated = _stated(found, rates)
    possible = shares[first : last + 1]
    total = float(possible.sum())
    own = stated[first : last + 1]
    same = float(own @ possible) / total if total > 0 else float(own.mean())
    return Ratio(same, float(stated @ shares))


@lru_cache(maxsize=16)
def _shares(rates: AgeRates) -> Floats:
    return np.array(rates.by_age())


@lru_cache(maxsize=4096)
def _stated(found: Range, rates: AgeRates) -> Floats:
    """The probability of stating this, by the true age in completed years."""
    low, high = found
    # The first and last completed year of which some part lies within the range.
    first = 0 if low is None else min(math.floor(low), OLDEST)
    last = OLDEST if high is None else min(max(first, math.floor(high)), OLDEST)
    if low is None or high is None:
        ages = np.arange(OLDEST + 1)
        return np.where((first <= ages) & (ages <= last), 1 - rates.error, rates.error)
    return _ranges(last - first + 1, rates)[first]


@lru_cache(maxsize=64)
def _ranges(years: int, rates: AgeRates) -> Floats:
    """P(a range of so many years begins here | the true age); rows where it begins, columns ages."""
    ages = np.arange(OLDEST + 1)
    begins = np.arange(OLDEST - years + 2)[:, None]
    beside = np.maximum(begins - ages, ages - (begins + years - 1))
    holds = beside <= 0
    near = np.where(holds, 0.0, np.exp(-np.maximum(beside, 1) / rates.miss_years))
    of_all_near = near.sum(axis=0)
    # A range that leaves no place beside it cannot miss; one that misses by far more than the scale does not occur.
    error = np.where(of_all_near > 0, rates.error, 0.0)
    return np.asarray((1 - error) * holds / holds.sum(axis=0) + error * near / np.where(error > 0, of_all_near, 1.0))


def stature_ratio(
    found: Range, told: Range, found_sex: Sex, told_sex: Sex, rates: StatureRates, sex: SexRates
) -> Ratio:
    """What was measured against what was told, given the sex that the examiner recorded and that of the missing person.

    A range counts by its middle, whose error is the declared one and the width of the range together; with one end,
    as “at least” or “at most”.
    """
    measured = _said_of_stature(found, rates.measured_deviation)
    told_of_each = _said_of_stature(told, rates.told_deviation) * _statures(_women_among(told_sex, sex), rates)
    population = _statures(_women_given_recorded(found_sex, sex), rates)
    unrelated = float(measured @ population) / float(population.sum())
    of_told = float(told_of_each.sum())
    same = float(measured @ told_of_each) / of_told if of_told > 0 else unrelated
    return Ratio((1 - rates.error) * same + rates.error * unrelated, unrelated)


def _women_among(of: Sex, rates: SexRates) -> float:
    return {Sex.FEMALE: 1.0, Sex.MALE: 0.0}.get(of, rates.women)


def _women_given_recorded(found: Sex, rates: SexRates) -> float:
    """The share of women among the dead of whom this sex was recorded: what the sex says is counted once."""
    if found is Sex.UNKNOWN:
        return rates.women
    women = rates.women * _probability_recorded(found, Sex.FEMALE, rates)
    men = (1 - rates.women) * _probability_recorded(found, Sex.MALE, rates)
    return women / (women + men) if women + men > 0 else _women_among(found, rates)


@lru_cache(maxsize=64)
def _statures(women: float, rates: StatureRates) -> Floats:
    """The density of statures where this share are women."""
    density = women * _normal(_STATURES - rates.women_mean, rates.women_deviation)
    density += (1 - women) * _normal(_STATURES - rates.men_mean, rates.men_deviation)
    density.setflags(write=False)
    return density


@lru_cache(maxsize=512)
def _said_of_stature(said: Range, deviation: float) -> Floats:
    """Probability (or density) of saying this of somebody of each stature."""
    low, high = said
    if low is not None and high is not None:
        spread = math.sqrt(deviation**2 + (high - low) ** 2 / 12)
        likelihood = _normal(_STATURES - (low + high) / 2, spread)
    elif low is not None:
        likelihood = np.asarray(ndtr((_STATURES - low) / deviation))
    elif high is not None:
        likelihood = np.asarray(ndtr((high - _STATURES) / deviation))
    else:
        raise ValueError("a stature of which nothing is said")
    likelihood.setflags(write=False)
    return likelihood


def _normal(excess: Floats, deviation: float) -> Floats:
    return np.asarray(np.exp(-0.5 * (excess / deviation) ** 2) / (deviation * math.sqrt(2 * math.pi)))


def hair_ratio(found: str, told: str, rates: HairRates) -> Ratio:
    """The colour found against the colour told.

    >>> certain = tuple(tuple(float(i == j) for j in range(5)) for i in range(5))
    >>> hair_ratio("red", "red", HairRates((0.3, 0.3, 0.3, 0.05, 0.05), certain))
    Ratio(same=1.0, unrelated=0.05)
    """
    column = HAIR_COLOURS.index(found)
    unrelated = sum(share * row[column] for share, row in zip(rates.shares, rates.confusion, strict=True))
    return Ratio(rates.confusion[HAIR_COLOURS.index(told)][column], unrelated)


def marks_ratio(
    found: Collection[str], told: Collection[str], rates: MarkRates, *, places: int = len(BODY_PLACES)
) -> Ratio:
    """Marks of one kind, by their places: those of the body against those that the family told.

    All places count, those without a mark too. Given whether somebody is a carrier at all the places are independent.

    >>> certain = MarkRates(0.5, 0.1, not_told=0.0, overlooked=0.0, told_wrongly=0.0, found_wrongly=0.0)
    >>> ratio = marks_ratio({"back"}, {"back"}, certain)  # a carrier, one place with a mark and the other 20 bare
    >>> round(ratio.same, 12), round(ratio.unrelated / (0.5 * 0.1 * 0.9**20), 12)
    (1.0, 1.0)
    """
    both, only_found, only_told = len(set(found) & set(told)), len(set(found) - set(told)), len(set(told) - set(found))
    return _marks(both, only_found, only_told, places - both - only_found - only_told, rates)


@lru_cache(maxsize=4096)
def _marks(both: int, only_found: int, only_told: int, neither: int, rates: MarkRates) -> Ratio:
    """By the number of places at which a mark was told, found, both or neither: all places are alike."""
    joint = of_told = of_found = 0.0
    for carriers, at_place in ((rates.carriers, rates.at_place), (1 - rates.carriers, 0.0)):
        seen = _Seen(at_place, rates)
        joint += (
            carriers
            * seen.probability(True, True) ** both
            * seen.probability(False, True) ** only_found
            * seen.probability(True, False) ** only_told
            * seen.probability(False, False) ** neither
        )
        of_told += carriers * seen.told ** (both + only_told) * (1 - seen.told) ** (only_found + neither)
        of_found += carriers * seen.found ** (both + only_found) * (1 - seen.found) ** (only_told + neither)
    if of_told == 0:
        # Nobody could have told this under the declared rates: it says nothing.
        return Ratio(of_found, of_found)
    return Ratio(joint / of_told, of_found)


class _Seen:
    """What is told and found at one place of one person."""

    def __init__(self, at_place: float, rates: MarkRates) -> None:
        self._at_place = at_place
        self._told = 1 - rates.not_told, rates.told_wrongly
        self._found = 1 - rates.overlooked, rates.found_wrongly
        self.told = at_place * self._told[0] + (1 - at_place) * self._told[1]
        self.found = at_place * self._found[0] + (1 - at_place) * self._found[1]

    def probability(self, told: bool, found: bool) -> float:
        """Both at once."""
        total = 0.0
        weights = (self._at_place, 1 - self._at_place)
        for weight, of_told, of_found in zip(weights, self._told, self._found, strict=True):
            total += weight * (of_told if told else 1 - of_told) * (of_found if found else 1 - of_found)
        return total


def documents_ratio(match: bool, rates: DocumentRates) -> Ratio:
    """Whether any document found with the body is one of those told. Several that match lie together and count once.

    >>> ratio = documents_ratio(True, DocumentRates(own=0.5, told=0.8, circle=10))
    >>> round(ratio.same, 12), round(ratio.unrelated, 12)  # never above own · circle / (1 − own) = 10
    (0.4, 0.04)
    """
    same, unrelated = rates.own * rates.told, (1 - rates.own) * rates.told / rates.circle
    return Ratio(same, unrelated) if match else Ratio(1 - same, 1 - unrelated)


def place_ratio(distance_km: float, years: float, rates: PlaceRates) -> Ratio:
    """The distance from where somebody was last seen, and the years between; densities by square kilometre.

    >>> anywhere = place_ratio(30.0, 0.0, PlaceRates(anywhere=0.999999))
    >>> round(anywhere.log10, 5)
    0.0
    """
    if distance_km > rates.reach_km:
        return Ratio(rates.anywhere, 1.0)
    scale = rates.scale_km + rates.growth_km * max(0.0, years)
    reach = rates.reach_km / scale
    unrelated = 1 / (math.pi * rates.reach_km**2)
    if reach < 1e-3:
        return Ratio(unrelated, unrelated)  # so wide that near is anywhere
    # ∫ 2πr exp(−r/s) dr / (2πs²) from 0 to the reach.
    within = -math.expm1(-reach) - reach * math.exp(-reach)
    near = math.exp(-distance_km / scale) / (2 * math.pi * scale**2 * within)
    return Ratio((1 - rates.anywhere) * near + rates.anywhere * unrelated, unrelated)


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along the surface, between two places given by latitude and longitude in degrees.

    >>> round(distance_km((0.0, 0.0), (0.0, 1.0)), 1)  # 2π · 6371 / 360
    111.2
    """
    (latitude, longitude), (latitude2, longitude2) = (tuple(map(math.radians, place)) for place in (one, other))
    half = math.sin((latitude2 - latitude) / 2) ** 2
    half += math.cos(latitude) * math.cos(latitude2) * math.sin((longitude2 - longitude) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


def dates_ratio(later: bool, rates: DateRates) -> Ratio:
    """Whether the recovery lies on or after the day on which the missing person was last seen."""
    return Ratio(1 - rates.error, rates.later) if later else Ratio(rates.error, 1 - rates.later)
