"""By kind of reference: how often somebody else would reach a likelihood ratio, before any body is looked at.

What a family gave decides whom it can tell apart. A mother's sample fits an unlisted full brother of the missing
person as well as the missing person; a child's hardly fits him. For a few missing persons of each kind of reference in
a search this module gives the chance that the missing person reaches each likelihood ratio, and that a stranger, an
unlisted full brother, a half-brother or an uncle does, where the markers of the most complete profile of the search
are read once of the body.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antigone.matching.classes import marker_classes
from antigone.matching.operation import Family
from antigone.matching.patterns import Patterns
from antigone.matching.references import ReferenceKind, kinds_of_references
from antigone.matching.rivals import Rival, chances_to_pass, rival_tables
from antigone.matching.search import SearchResult
from antigone.matching.tables import TableError, conditional_table

Floats = NDArray[np.float64]

# So many missing persons of each kind are looked at.
LOOKED_AT = 3

MISSING, UNRELATED = "the missing person", "somebody unrelated"


@dataclass(frozen=True, eq=False)
class RivalChances:
    """P(LR ≥ 10^x) at each of `log10_lrs` by who the body is; means over `looked_at` of `missing` persons.

    `lower` and `upper` hold arrays of the shape of `log10_lrs`: the ends of brackets that come of rounding.
    """

    kind: ReferenceKind
    missing: int
    looked_at: int
    log10_lrs: Floats
    lower: Mapping[str, Floats]
    upper: Mapping[str, Floats]


def rival_chances(result: SearchResult, log10_lrs: Sequence[float]) -> tuple[RivalChances, ...]:
    """The chances of each kind of reference in a search, the most telling kind first; none without individuals."""
    thresholds = np.array(log10_lrs, dtype=np.float64)
    pattern = _most_complete(result)
    if pattern is None:
        return ()
    kinds = kinds_of_references(result.operation)
    of_kind: dict[ReferenceKind, list[tuple[Family, str]]] = {}
    for family, person in result.missing:
        of_kind.setdefault(kinds[family.name, person], []).append((family, person))
    return tuple(
        found
        for kind in ReferenceKind
        if kind is not ReferenceKind.NONE and kind in of_kind
        for found in _of_kind(result, pattern, kind, of_kind[kind], thresholds)
    )


def _most_complete(result: SearchResult) -> Patterns | None:
    individuals, prepared = result.operation.individuals, result.prepared
    if not individuals:
        return None
    read = [len(one.profile.readings) for one in individuals]
    one = individuals[read.index(max(read))]
    # Of one replicate every outcome is listed; of several, some are only bounded.
    once = {marker: readings[:1] for marker, readings in one.profile.readings.items()}
    one = replace(one, profile=replace(one.profile, readings=once))
    classes = marker_classes((one,), prepared.models, result.operation.settings)
    return Patterns.of_classes(classes, prepared.models, result.operation.settings)


def _of_kind(
    result: SearchResult, pattern: Patterns, kind: ReferenceKind, missing: Sequence[tuple[Family, str]], at: Floats
) -> Iterator[RivalChances]:
    lower: dict[str, list[Floats]] = {}
    upper: dict[str, list[Floats]] = {}
    looked_at = 0
    # From all over the list, not those who happened to be entered first.
    for k in np.unique(np.linspace(0, len(missing) - 1, LOOKED_AT).astype(int)).tolist():
        try:
            family, person = missing[k]
            chances = _of_person(result, pattern, family, person, at)
        except TableError:
            continue  # the family is too large for one more person
        looked_at += 1
        for name, (low, high) in chances.items():
            lower.setdefault(name, []).append(low)
            upper.setdefault(name, []).append(high)
    if looked_at:
        yield RivalChances(
            kind, len(missing), looked_at, at,
            {name: np.mean(these, axis=0) for name, these in lower.items()},
            {name: np.mean(these, axis=0) for name, these in upper.items()},
        )  # fmt: skip


def _of_person(
    result: SearchResult, pattern: Patterns, family: Family, person: str, at: Floats
) -> dict[str, tuple[Floats, Floats]]:
    prepared, settings = result.prepared, result.operation.settings
    own = conditional_table(family, person, prepared, settings)
    tables = rival_tables(family, person, prepared, settings)
    chances = {MISSING: chances_to_pass(pattern, own, own, at)}
    chances |= {str(kind): chances_to_pass(pattern, own, tables[str(kind)], at) for kind in Rival}
    return chances | {UNRELATED: chances_to_pass(pattern, own, None, at)}
