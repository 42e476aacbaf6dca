"""What two linked markers say together over what they say apart, for many missing persons at once."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from antigone.matching.batched_tables import Block, TableBatches
from antigone.matching.classes import MarkerClasses
from antigone.matching.preparation import Prepared
from antigone.matching.sweep import LinkedRows, PairClasses, Where

Floats = NDArray[np.float64]


def linked_places(prepared: Prepared) -> list[Where]:
    """The pairs of linked markers by their places among the models."""
    position = {model.name: m for m, model in enumerate(prepared.models)}
    return [(position[pair.first], position[pair.second]) for pair in prepared.linked]


def linked_rows(
    block: Block, batches: TableBatches, classes: Sequence[MarkerClasses], pairs: Mapping[Where, PairClasses]
) -> dict[Where, LinkedRows]:
    """For each linked pair the missing persons of the block to whom it matters, and log10 of what it adds."""
    members: dict[Where, list[int]] = {where: [] for where in pairs}
    columns: dict[Where, list[Floats]] = {where: [] for where in pairs}
    for k in range(len(block)):
        if k in block.refused:
            continue
        for where, joint in batches.linkage(block, k).items():
            members[where].append(k)
            columns[where].append(_added(joint, block, classes, where, pairs[where]))
    return {
        where: LinkedRows(
            np.array(members[where], dtype=np.int64),
            np.array(columns[where]).reshape(len(members[where]), len(pairs[where].first)).T,
        )
        for where in pairs
    }


def _added(joint: Floats, block: Block, classes: Sequence[MarkerClasses], where: Where, pairs: PairClasses) -> Floats:
    rows, columns = (classes[m].rows(haploid=block.markers[m].haploid) for m in where)
    together = rows.likelihood @ joint @ columns.likelihood.T
    apart = np.outer(rows.under(joint.sum(axis=1)), columns.under(joint.sum(axis=0)))
    logs = np.zeros(tuple(len(classes[m].readings) for m in where))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log10(together) - np.log10(apart)
    logs[np.ix_(rows.which, columns.which)] = np.where(np.isnan(ratio), 0.0, ratio)
    return logs[pairs.first, pairs.second]
