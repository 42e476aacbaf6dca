"""What a bureau declares of the dead before it compares anybody: three priors, of which one is as it was drawn."""

from antigone.matching.prior import Prior, Shares
from antigone.scenarios.presets import Preset
from antigone.scenarios.records import Happening


def prior_of_pairs(told: Preset, happening: Happening) -> float:
    """The share of individuals in the register with usable references, as a bureau would declare it."""
    share = 1 - told.not_listed_share - told.without_references_share - told.own_soldier_share
    at_most = len(happening.register.with_references()) / happening.arrival.individuals
    return round(_within(min(share, at_most)), 3)


def declared_priors(true: Preset, happening: Happening) -> tuple[Prior, ...]:
    """The shares as they were drawn, and the same with lower and with higher odds of being listed with references.

    A bureau does not know the first, and declares something on both sides of it. The three ways are those of `true`,
    unlisted relatives included, or what the register has room for, if less: whom it lacks are people whom nobody
    reported.
    """
    register, count = happening.register, happening.arrival.individuals
    with_references = len(register.with_references())
    without = len(register.reports_of()) - with_references
    outside = true.not_listed_share + true.own_soldier_share + true.unlisted_sibling_rate + true.unlisted_cousin_rate
    listed = _within(min(1 - outside - true.without_references_share, with_references / count))
    drawn = _shares(listed, min(true.without_references_share, without / count, 1 - listed) / (1 - listed))
    odds, rest = drawn.odds, drawn.listed_without_references / (1 - drawn.listed)
    lower, higher = odds / true.prior_factor, odds * true.prior_factor
    return (
        Prior("as drawn", drawn),
        Prior("lower", _shares(_within(lower / (1 + lower)), rest)),
        Prior("higher", _shares(_within(higher / (1 + higher)), rest)),
    )


def _within(share: float) -> float:
    return min(max(share, 0.001), 0.999)


def _shares(listed: float, without: float) -> Shares:
    """Rounded shares that sum to 1; `without` is a share of those who are not listed with references."""
    listed = round(listed, 4)
    unusable = round((1 - listed) * without, 4)
    return Shares(listed, unusable, round(1 - listed - unusable, 4))
