"""How many unrelated pairs would pass: the tail of a search, by convolution and again by drawing.

That nobody was identified falsely in a case proves little: the chance is to be known, not seen. The count of
coincidences gives it as a bracket; this draws pairs of individual and missing person by chance, draws what would be
read of somebody related, and weighs it back (importance sampling), as a cross-check without grid and Fourier transform.
"""

from dataclasses import dataclass

import numpy as np

from antigone.matching.classes import marker_classes
from antigone.matching.conclusions import Conclusions
from antigone.matching.patterns import Patterns
from antigone.matching.tables import TableError, conditional_table
from antigone.matching.tails import tail_by_drawing

PAIRS, DRAWS = 300, 200


@dataclass(frozen=True, slots=True)
class ChancePasses:
    """Unrelated pairs expected at or above a log10 LR: the bracket of the search, and the estimate with its error."""

    log10_lr: float
    expected: tuple[float, float]
    drawn: float
    drawn_error: float


def chance_passes(conclusions: Conclusions, policy: str = "strict", *, seed: int = 1) -> ChancePasses:
    """At the least log10 LR that passed a policy's numbers; at the threshold where none did."""
    passed = [case.log10_lr for case in conclusions.cases if case.judged_by(policy).passed]
    result = conclusions.result
    at = min(passed, default=result.operation.settings.threshold)
    if not np.isfinite(at):
        at = result.operation.settings.threshold
    expected = result.coincidences.at_least(at)
    individuals, missing = len(result.operation.individuals), len(result.missing)
    if not individuals or not missing:
        return ChancePasses(at, expected, 0.0, 0.0)
    rng = np.random.default_rng(seed)
    settings = result.operation.settings
    classes = marker_classes(result.operation.individuals, result.prepared.models, settings)
    patterns = Patterns.of_classes(classes, result.prepared.models, settings)
    found = []
    for _ in range(PAIRS):
        i, (family, person) = int(rng.integers(individuals)), result.missing[int(rng.integers(missing))]
        try:
            table = conditional_table(family, person, result.prepared, settings)
        except TableError:
            continue
        found.append(tail_by_drawing(patterns, i, table, np.array([at]), DRAWS, rng)[0].value)
    pairs = individuals * missing
    mean, error = float(np.mean(found)), float(np.std(found, ddof=1) / np.sqrt(len(found)))
    return ChancePasses(at, expected, pairs * mean, pairs * error)
