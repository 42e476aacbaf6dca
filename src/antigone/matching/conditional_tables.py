"""Conditional tables of a list of missing persons, those with like pedigrees computed together."""

from collections.abc import Sequence

from antigone.genetics.elimination import TooComplexError
from antigone.matching.batched_tables import Sought, TableBatches
from antigone.matching.linkage import joint_tables
from antigone.matching.operation import Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import ConditionalTable, TableError


def conditional_tables(
    sought: Sequence[Sought], prepared: Prepared, settings: Settings
) -> list[ConditionalTable | TableError]:
    """What `conditional_table` gives of each, or the error it raises; contradictions are not explained."""
    batches = TableBatches(sought, prepared, settings)
    found: dict[int, ConditionalTable | TableError] = {}
    for members in batches.plan():
        block = batches.block(members, explain=False)
        joints = joint_tables(block, batches, range(len(block)))
        for k, j in enumerate(members.tolist()):
            try:
                found[j] = block.refused.get(k) or batches.table(block, k, joints.get(k))
            except TooComplexError as error:  # linked markers of a family whose markers by themselves are not too much
                found[j] = TableError(str(error))
    return [found[j] for j in range(len(sought))]
