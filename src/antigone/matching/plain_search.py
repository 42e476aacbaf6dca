"""The search one missing person after another, in plain NumPy: correct before fast.

This is what `search.search` is compared with for ever; it takes hours where that takes a minute.
"""

from collections.abc import Sequence

import numpy as np

from antigone.matching.classes import marker_classes, sex_of
from antigone.matching.coincidences import Coincidences, Patterns
from antigone.matching.lookup import Floats, Integers, Pair, PairLookup
from antigone.matching.odd import FamilyContradiction, family_contradictions, x_linked_left_out
from antigone.matching.operation import Family, LeftOut, Operation, Settings
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.search import HISTOGRAM_EDGES, Comparisons, Kept, SearchResult, unusable
from antigone.matching.tables import TableError, conditional_table, what_is_known


def search_plainly(operation: Operation, *, all_pairs: bool = False, keep: float | None = None) -> SearchResult:
    """`search.search` as it is written."""
    prepared = prepare(operation)
    settings = operation.settings
    classes = marker_classes(operation.individuals, prepared.models, settings)
    sexes = np.array([str(sex_of(individual)) for individual in operation.individuals])
    missing = operation.missing_persons()
    searched: list[tuple[Family, str]] = []
    not_searched: list[LeftOut] = []
    patterns = Patterns.of_classes(classes, prepared.models, settings)
    coincidences = Coincidences(patterns, prepared, missing)
    to_count = coincidences.sample()
    count = len(operation.individuals)
    total_lr, histogram = np.zeros(count), np.zeros(len(HISTOGRAM_EDGES) + 1)
    floor = settings.threshold if keep is None else keep
    highest: list[float] = []
    total_lr_of_missing: list[float] = []
    cut_lr, cut_lr_of_missing = np.zeros(count), list[float]()
    kept: list[tuple[Integers, int, Floats]] = []
    found: list[Pair] = []
    compared, said = list[int](), list[list[bool]]()
    contradictions: dict[FamilyContradiction, None] = {}  # once a family, however many it misses
    for place, (family, person) in enumerate(missing):
        try:
            table = conditional_table(family, person, prepared, settings)
        except TableError as error:
            not_searched.append(LeftOut("missing person", f"{person}, family {family.name}", str(error)))
        else:
            contradictions |= dict.fromkeys(family_contradictions(family, table.contradictions))
            lookup = PairLookup(table, classes, sexes)
            totals = lookup.totals
            lr = 10.0**totals
            total_lr += lr
            total_lr_of_missing.append(float(lr.sum()))
            cut = np.where(totals < floor, lr, 0.0)  # by itself: Σ LR less what was kept would be rounding error
            cut_lr += cut
            cut_lr_of_missing.append(float(cut.sum()))
            here = np.flatnonzero(totals >= floor)
            kept.append((here, len(searched), totals[here]))
            highest.append(float(totals.max(initial=-np.inf)))
            histogram += np.bincount(np.searchsorted(HISTOGRAM_EDGES, totals, side="right"), minlength=len(histogram))
            if place in to_count:
                coincidences.add(table, to_count[place])
            listed = np.arange(count) if all_pairs else np.flatnonzero(totals >= settings.threshold)
            if len(listed):
                excluded = lookup.exclusions(family, person, prepared, operation)
                names = [model.name for model in prepared.models]
                found += [lookup.pair(int(i), len(searched), names, int(excluded[i])) for i in listed]
            said.append([marker is not None for marker in table.markers])
            compared.append(len(totals))
            searched.append((family, person))
    found.sort(key=lambda pair: (-pair.log10_lr, pair.individual, pair.missing))
    return SearchResult(
        operation, prepared, tuple(searched), tuple(found), _kept(floor, kept), total_lr,
        np.array(total_lr_of_missing), cut_lr, np.array(cut_lr_of_missing), np.array(highest), histogram,
        HISTOGRAM_EDGES, coincidences.count(len(searched)), tuple(contradictions), tuple(not_searched),
        (*unusable(operation, prepared, classes), *x_linked_left_out(operation, prepared)),
        Comparisons(
            np.full(count, len(searched)), np.array(compared, dtype=np.int64), tuple(compared),
            np.array(said, dtype=np.bool_).reshape(len(searched), len(prepared.models)),
            {family.name: _taken(family, prepared, settings) for family, _ in searched},
        ),
    )  # fmt: skip


def _taken(family: Family, prepared: Prepared, settings: Settings) -> frozenset[str]:
    """The persons of a family of whom something goes into its tables."""
    return frozenset(person for known in what_is_known(family, prepared.models, settings) for person in known)


def _kept(floor: float, pieces: Sequence[tuple[Integers, int, Floats]]) -> Kept:
    return Kept(
        floor,
        np.concatenate([np.zeros(0, np.int32), *(here.astype(np.int32) for here, _, _ in pieces)]),
        np.repeat(np.array([j for _, j, _ in pieces], np.int32), [len(here) for here, _, _ in pieces]),
        np.concatenate([np.zeros(0), *(logs for _, _, logs in pieces)]),
    )
