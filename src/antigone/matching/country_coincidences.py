"""What chance alone would give in a search at the scale of a country: estimated from a sample of it, with its error.

The sample is that of `matching.coincidences`: some hundred missing persons, by kind of reference set, and for each of
them some hundred individuals. Tables are made for these alone.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from antigone.matching.batched_tables import TableBatches
from antigone.matching.classes import MarkerClasses
from antigone.matching.coincidences import CoincidenceCount, Coincidences
from antigone.matching.linkage import joint_tables
from antigone.matching.operation import Operation
from antigone.matching.patterns import Patterns
from antigone.matching.preparation import Prepared
from antigone.matching.tables import ConditionalTable

# So many tables are made at once: with linked markers one takes some megabytes.
TOGETHER = 16


def country_coincidences(
    operation: Operation,
    prepared: Prepared,
    classes: Sequence[MarkerClasses],
    searched: int,
    *,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> CoincidenceCount:
    """The expected number of unrelated pairs at or above any LR, of all individuals and missing persons.

    `classes` are those of the individuals; `searched` is how many missing persons were searched in the end. The number
    of `threads` changes nothing.
    """
    missing = operation.missing_persons()
    counting = Coincidences(Patterns.of_classes(classes, prepared.models, operation.settings), prepared, missing)
    weights = counting.sample()
    done = 0
    with ThreadPoolExecutor(threads) as pool:
        for places, tables in _tables(operation, prepared, sorted(weights)):
            for place, table, chance in zip(places, tables, pool.map(counting.chance_of, tables), strict=True):
                counting.take(table, chance, weights[place])
            done += len(places)
            if progress is not None:
                progress(done, len(weights))
    return counting.count(searched)


def _tables(
    operation: Operation, prepared: Prepared, chosen: Sequence[int]
) -> Iterator[tuple[list[int], list[ConditionalTable]]]:
    """The tables of these missing persons, some at a time, but of those who are refused one."""
    missing = operation.missing_persons()
    batches = TableBatches([missing[j] for j in chosen], prepared, operation.settings)
    for planned in batches.plan():
        for start in range(0, len(planned), TOGETHER):
            members = planned[start : start + TOGETHER]
            block = batches.block(members, explain=False)
            counted = [k for k in range(len(block)) if k not in block.refused]
            joints = joint_tables(block, batches, counted)
            places = [chosen[int(members[k])] for k in counted]
            yield places, [batches.table(block, k, joints.get(k)) for k in counted]
