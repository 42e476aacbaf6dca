"""Who is whom, all together: the posterior over assignments of individuals to missing persons.

`joint_answer` takes a search and gives the probability of every pair that matters under every declared prior, what the
search cut, the best assignment, symmetric sets, and who competes with whom.
"""

from antigone.matching.assignment.answer import (
    Component,
    JointAnswer,
    NobodyAnswer,
    PairAnswer,
    Standing,
    joint_answer,
    shares_of,
)
from antigone.matching.assignment.candidates import AMELOGENIN_ERROR, floor_for
from antigone.matching.assignment.symmetry import SymmetricSet

__all__ = [
    "AMELOGENIN_ERROR",
    "Component",
    "JointAnswer",
    "NobodyAnswer",
    "PairAnswer",
    "Standing",
    "SymmetricSet",
    "floor_for",
    "joint_answer",
    "shares_of",
]
