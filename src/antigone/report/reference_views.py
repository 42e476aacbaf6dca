"""What chance and relatives would bring, by what the families gave: a table, a picture, and figures for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from antigone.matching.conclusions import Conclusions
from antigone.matching.rival_chances import MISSING, UNRELATED, RivalChances
from antigone.matching.rivals import Rival
from antigone.report.charts import Curve, chance_curves
from antigone.report.supplements import Supplement
from antigone.report.words import chance_pairs, chances, counted

Floats = NDArray[np.float64]

# Who else the body may be, in a reader's words; of several the one that does better.
RELATIVES: Mapping[str, tuple[Rival, ...]] = {
    "full brother or sister": (Rival.FULL_SIBLING,),
    "half-sibling": (Rival.PATERNAL_HALF_SIBLING, Rival.MATERNAL_HALF_SIBLING),
    "uncle or aunt": (Rival.PATERNAL_UNCLE, Rival.MATERNAL_UNCLE),
}


@dataclass(frozen=True)
class ReferencesView:
    """Rows: kind of reference, missing persons, unrelated pairs expected, then a chance for each of `heads`."""

    lead: str
    chance: str  # of what the heads are
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    picture: Markup


def references_view(conclusions: Conclusions, beside: Supplement) -> ReferencesView | None:
    """None where nothing was compared."""
    result = conclusions.result
    if not beside.chances or not result.coincidences.by_reference:
        return None
    threshold = result.operation.settings.threshold
    looked_at = max(one.looked_at for one in beside.chances)
    sampled = f" It is {result.coincidences.sampling}." if result.coincidences.sampling else ""
    lead = (
        f"How many unrelated pairs are expected at a log10 LR of {threshold:g} or more, by what there is to compare "
        f"with.{sampled} Beside it, of a body of which the markers of the most complete profile here are read once: "
        "the chance that the missing person reaches that far, and that others do whom nobody listed; means over up to "
        f"{counted(looked_at, 'missing person')} of each kind. Where a brother reaches it as often as the missing "
        "person, no likelihood ratio against strangers tells the two apart."
    )
    rows = []
    for one in beside.chances:
        count = result.coincidences.by_reference.get(one.kind)
        expected = "not computed" if count is None else chance_pairs(*count.at_least(threshold))
        at = int(np.flatnonzero(one.log10_lrs == threshold)[0])
        ends = [(float(low[at]), float(high[at])) for low, high in _by_reader(one).values()]
        rows.append((str(one.kind), f"{one.missing:,}", expected, *(_chance(low, high) for low, high in ends)))
    chance = f"Chance to reach log10 LR {threshold:g}"
    return ReferencesView(lead, chance, (MISSING, *RELATIVES, UNRELATED), tuple(rows), _picture(beside, threshold))


def _by_reader(one: RivalChances) -> dict[str, tuple[Floats, Floats]]:
    """Lower and upper ends by who the body is."""
    found = {MISSING: (one.lower[MISSING], one.upper[MISSING])}
    for words, kinds in RELATIVES.items():
        lower, upper = (np.max([ends[kind] for kind in kinds], axis=0) for ends in (one.lower, one.upper))
        found[words] = lower, upper
    return found | {UNRELATED: (one.lower[UNRELATED], one.upper[UNRELATED])}


def _chance(low: float, high: float) -> str:
    """A chance in per cent where a reader may meet it, else as small chances are told.

    >>> _chance(0.41, 0.414), _chance(0.2, 0.23), _chance(0.997, 1.0), _chance(0.004, 0.006), _chance(0.0, 3e-7)
    ('41 %', '20 to 23 %', 'above 99 %', '0.0040 to 0.0060', 'below 10⁻⁶')
    """
    if low < 0.01:
        return chances(low, high)
    if low >= 0.995:
        return "above 99 %"
    first, last = f"{low:.0%}", f"{min(high, 0.99):.0%}"
    return f"{first[:-1]} %" if first == last else f"{first[:-1]} to {last[:-1]} %"


def _picture(beside: Supplement, threshold: float) -> Markup:
    panels = {
        f"{one.kind}": [Curve(words, one.log10_lrs, (low + high) / 2) for words, (low, high) in _by_reader(one).items()]
        for one in beside.chances
    }
    return Markup(chance_curves(panels, threshold))  # noqa: S704  our own drawing


def references_figures(conclusions: Conclusions, beside: Supplement) -> list[dict[str, Any]]:
    """The same for programs: brackets at each log10 LR, chances by who the body is."""
    counts = conclusions.result.coincidences.by_reference
    return [
        {
            "reference": str(one.kind),
            "missing": one.missing,
            "looked_at": one.looked_at,
            "log10_lr": one.log10_lrs.tolist(),
            "expected_unrelated_pairs": [
                list(counts[one.kind].at_least(x)) for x in one.log10_lrs.tolist() if one.kind in counts
            ],
            "chance_to_reach": {
                name: [[float(a), float(b)] for a, b in zip(one.lower[name], one.upper[name], strict=True)]
                for name in one.lower
            },
        }
        for one in beside.chances
    ]
