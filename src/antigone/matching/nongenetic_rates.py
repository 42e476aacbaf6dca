"""What is declared beforehand of evidence beside DNA: shares of the population of the dead, and error rates.

None of the defaults was measured for any operation. They are round working figures on the cautious side, with the
reason beside each; an operation declares its own in `case.toml` (docs/methods/nongenetic.md).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from antigone.matching.description import HAIR_COLOURS, MARK_KINDS

OLDEST = 130
"""Ages run from 0 to this one."""


class RatesError(ValueError):
    """Rates that cannot be: what stood there, and what would be right."""

    def __init__(self, found: object, expected: str) -> None:
        super().__init__(f"found {found}; expected {expected}")
        self.found = str(found)
        self.expected = expected


def _check_probabilities(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < 1:
            raise RatesError(value, f"for {name} a probability from 0 to below 1")


def _check_shares(name: str, shares: Sequence[float]) -> None:
    if any(not 0 <= share <= 1 for share in shares) or not math.isclose(sum(shares), 1, abs_tol=1e-6):
        shown = ", ".join(f"{share:g}" for share in shares)
        raise RatesError(shown, f"for {name} shares that sum to 1")


def _check_positive(**values: float) -> None:
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise RatesError(value, f"for {name} a number above 0")


@dataclass(frozen=True, slots=True)
class SexRates:
    """`women` is their share among the dead, `error` how often the examiner records the other sex.

    Half is what is known where nothing is known. The sex of a whole adult skeleton is told rightly in 95 to 98 of 100
    (pelvis and skull together), that of a part less often.
    """

    women: float = 0.5
    error: float = 0.05

    def __post_init__(self) -> None:
        _check_probabilities(women=self.women, error=self.error)


@dataclass(frozen=True, slots=True)
class AgeRates:
    """`shares` says how old the dead are, `error` how often an age lies outside the stated range, `miss_years` how far.

    Each of the `shares` is the youngest and the oldest age (in completed years) of a group and its share; within a
    group ages are equally frequent. By default all ages to 99 are, which is what is known where nothing is known.
    Ranges of examiners are often meant to hold 95 in 100; blind tests find them too narrow, so that 10 is cautious.
    A range that misses lies near: each `miss_years` farther is e times as rare.
    """

    shares: tuple[tuple[int, int, float], ...] = ((0, 99, 1.0),)
    error: float = 0.1
    miss_years: float = 5.0

    def __post_init__(self) -> None:
        _check_probabilities(error=self.error)
        if not 0.5 <= self.miss_years <= 1000:
            raise RatesError(self.miss_years, "for miss_years from 0.5 to 1000 years")
        for low, high, _ in self.shares:
            if not 0 <= low <= high <= OLDEST:
                raise RatesError(f"{low} to {high}", f"a group of ages from younger to older, within 0 and {OLDEST}")
        _check_shares("the ages", [share for _, _, share in self.shares])

    def by_age(self) -> list[float]:
        """The share of each age from 0 to the oldest."""
        shares = [0.0] * (OLDEST + 1)
        for low, high, share in self.shares:
            for age in range(low, high + 1):
                shares[age] += share / (high - low + 1)
        return shares


@dataclass(frozen=True, slots=True)
class StatureRates:
    """Adult stature in centimetres is normal in each sex; what is told and what is measured miss it by some.

    Means and deviations are round figures of European adults. A stature computed from one long bone has a standard
    error of 3 to 5 cm; what families tell and papers say misses by 2 to 3, mostly upwards. A stated range adds its own
    width. `error` is how often one of the two figures has nothing to do with the person (a wrong bone, a wrong paper).
    """

    women_mean: float = 165.0
    women_deviation: float = 6.5
    men_mean: float = 177.0
    men_deviation: float = 7.0
    measured_deviation: float = 4.0
    told_deviation: float = 3.0
    error: float = 0.02

    def __post_init__(self) -> None:
        _check_probabilities(error=self.error)
        _check_positive(women_mean=self.women_mean, men_mean=self.men_mean)
        for name in ("women_deviation", "men_deviation", "measured_deviation", "told_deviation"):
            if not 0.5 <= getattr(self, name) <= 50:
                raise RatesError(getattr(self, name), f"for {name} from 0.5 to 50 cm")


@dataclass(frozen=True, slots=True)
class HairRates:
    """`shares` of the true colours among the dead, and `confusion`: rows what is told, columns what is found.

    Colours are black, brown, blond, red, grey. Equal shares are what is known where nothing is known. The confusion is
    larger than that of two looks at a living person, because hair in the ground fades and reddens and is dyed in life:
    7 in 10 are found as told, neighbours take most of the rest.
    """

    shares: tuple[float, ...] = (0.2, 0.2, 0.2, 0.2, 0.2)
    confusion: tuple[tuple[float, ...], ...] = (
        (0.70, 0.20, 0.02, 0.03, 0.05),
        (0.12, 0.70, 0.08, 0.07, 0.03),
        (0.01, 0.14, 0.70, 0.08, 0.07),
        (0.02, 0.12, 0.12, 0.70, 0.04),
        (0.05, 0.09, 0.13, 0.03, 0.70),
    )

    def __post_init__(self) -> None:
        colours = len(HAIR_COLOURS)
        if len(self.shares) != colours or [len(row) for row in self.confusion] != [colours] * colours:
            expected = f"{colours} shares and {colours} rows of {colours}: {', '.join(HAIR_COLOURS)}"
            raise RatesError([len(self.shares), *map(len, self.confusion)], expected)
        _check_shares("the colours", self.shares)
        for colour, row in zip(HAIR_COLOURS, self.confusion, strict=True):
            _check_shares(f"what {colour} hair is found as", row)


@dataclass(frozen=True, slots=True)
class MarkRates:
    """Marks of one kind. `carriers` is the share of people who may have any, `at_place` that of carriers at one place.

    Marks cluster in people, so that two matching tattoos say less than the product of two single ones: hence the
    carriers. `not_told` and `overlooked` are how often a mark that is there is missing from the family's account or
    from the examiner's, `told_wrongly` and `found_wrongly` how often, at one place, one is named that is not there
    (another side, a stain).
    """

    carriers: float
    at_place: float
    not_told: float
    overlooked: float
    told_wrongly: float
    found_wrongly: float

    def __post_init__(self) -> None:
        _check_probabilities(
            carriers=self.carriers,
            at_place=self.at_place,
            not_told=self.not_told,
            overlooked=self.overlooked,
            told_wrongly=self.told_wrongly,
            found_wrongly=self.found_wrongly,
        )


@dataclass(frozen=True, slots=True)
class DocumentRates:
    """Documents and tags lie with somebody else often: in a bag, in a comrade's pocket, put there after death.

    `own` is the probability that what is found with a body belongs to it, `told` that the family named the number of
    a document that somebody has. What does not belong to the body belongs to one of the `circle` nearest to it (a bag,
    a group), the missing person among them: it is this that keeps the likelihood ratio of a match at
    own · circle / (1 − own), 10 by default, whatever the number of documents.
    """

    own: float = 0.5
    told: float = 0.5
    circle: float = 10.0

    def __post_init__(self) -> None:
        _check_probabilities(own=self.own, told=self.told)
        if not 1 <= self.circle <= 1e6:
            raise RatesError(self.circle, "for circle a number of people from 1 to 1000000")


@dataclass(frozen=True, slots=True)
class PlaceRates:
    """How far from where somebody was last seen they are found, in kilometres.

    With probability 1 − `anywhere` near: the density falls as exp(−distance / scale), and the scale grows by
    `growth_km` with each year between the two days. Else, and for anybody unrelated, anywhere within `reach_km` alike.
    The reach is chosen as the area in which both the lost and the found of an operation lie, which keeps the ratio
    small; a wide one would make evidence of what is common to all.
    """

    scale_km: float = 25.0
    growth_km: float = 10.0
    reach_km: float = 100.0
    anywhere: float = 0.3

    def __post_init__(self) -> None:
        _check_positive(scale_km=self.scale_km, reach_km=self.reach_km)
        _check_probabilities(anywhere=self.anywhere)
        if not (math.isfinite(self.growth_km) and self.growth_km >= 0):
            raise RatesError(self.growth_km, "for growth_km a number of 0 or more")


@dataclass(frozen=True, slots=True)
class DateRates:
    """Nobody is recovered before the day on which they were last seen, but for an `error` in one of the two days.

    `later` is the share of the recoveries that lie after any such day: near 1, since most families have reported by
    then, so that the right order says almost nothing.
    """

    error: float = 0.02
    later: float = 0.9

    def __post_init__(self) -> None:
        _check_probabilities(error=self.error, later=self.later)


def _tattoos_and_the_like() -> Mapping[str, MarkRates]:
    """Round figures. One adult in four has a tattoo; nearly everybody some scar, of which few are told."""
    return {
        "tattoo": MarkRates(0.25, 0.12, 0.2, 0.3, 0.001, 0.001),
        "scar": MarkRates(0.8, 0.08, 0.5, 0.5, 0.003, 0.005),
        "birthmark": MarkRates(0.5, 0.06, 0.5, 0.6, 0.003, 0.005),
        "piercing": MarkRates(0.3, 0.06, 0.3, 0.4, 0.001, 0.001),
    }


@dataclass(frozen=True)
class NonGeneticRates:
    """All that is declared of evidence beside DNA. `marks` has rates for each kind of mark."""

    sex: SexRates = field(default_factory=SexRates)
    age: AgeRates = field(default_factory=AgeRates)
    stature: StatureRates = field(default_factory=StatureRates)
    hair: HairRates = field(default_factory=HairRates)
    marks: Mapping[str, MarkRates] = field(default_factory=_tattoos_and_the_like)
    documents: DocumentRates = field(default_factory=DocumentRates)
    place: PlaceRates = field(default_factory=PlaceRates)
    dates: DateRates = field(default_factory=DateRates)

    def __post_init__(self) -> None:
        _check_kinds(self.marks)


def _check_kinds(kinds: Iterable[str]) -> None:
    if sorted(kinds) != sorted(MARK_KINDS):
        raise RatesError(", ".join(kinds), f"rates of marks for each of {', '.join(MARK_KINDS)}")
