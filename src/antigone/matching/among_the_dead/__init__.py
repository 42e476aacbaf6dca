"""The dead compared with the dead: who may be kin, and whose profile is that of somebody who handled them.

Living donors have no way in: their samples are compared within their own family, with those whom it misses.
"""

from antigone.matching.among_the_dead.elimination_list import (
    EliminationMatch,
    EliminationMatches,
    compare_with_elimination_list,
)
from antigone.matching.among_the_dead.kin import KinAmongTheDead, KinPair, kin_among_the_dead
from antigone.matching.among_the_dead.relations import Relation

__all__ = [
    "EliminationMatch",
    "EliminationMatches",
    "KinAmongTheDead",
    "KinPair",
    "Relation",
    "compare_with_elimination_list",
    "kin_among_the_dead",
]
