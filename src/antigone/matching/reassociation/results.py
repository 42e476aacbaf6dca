"""What reassociation says: groups, what is uncertain, what a person should look at. None of it is decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from antigone.matching.prior import ReassociationPrior
from antigone.matching.reassociation.declared import ReassociationRules


class ProposalKind(StrEnum):
    """What is proposed."""

    MERGE = "merge"
    SPLIT = "split"


@dataclass(frozen=True)
class Proposal:
    """Something for a person to accept or refuse, with its reasons in words."""

    kind: ProposalKind
    remains: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Remains that are proposed as one person.

    `log10_lr` is joint: all of one person against all of unrelated people; `log10_lr_against_siblings` against two full
    siblings, whichever split of the group explains it best. `posterior` is that all of these are one person, whoever
    else is; `posterior_exactly` that these are and no others. `exact` says whether all partitions of the remains that
    hang together were summed. `contradictions` are what speaks against the group beside its likelihood ratio, in words.
    """

    remains: tuple[str, ...]
    log10_lr: float
    log10_lr_against_siblings: float
    posterior: float
    posterior_exactly: float
    markers: tuple[str, ...]
    contradictions: tuple[str, ...]
    exact: bool


@dataclass(frozen=True)
class Ambiguous:
    """Remains that could be put together, and are not.

    `alternatives` are sets of remains that could be one person, among them `remains`, with their posteriors (that these
    and no others are one person), the likeliest first. A group that stands already is one of the things put together.
    """

    remains: tuple[str, ...]
    alternatives: tuple[tuple[tuple[str, ...], float], ...]
    why: str


@dataclass(frozen=True)
class Alarm:
    """Something that looks like a mistake of the mortuary or the laboratory."""

    remains: tuple[str, ...]
    what: str


@dataclass(frozen=True)
class Reassociation:
    """All that was found. `groups` are proposed merges; those under an alarm stand in `withheld` and are not merged."""

    groups: tuple[Group, ...]
    withheld: tuple[Group, ...]
    ambiguous: tuple[Ambiguous, ...]
    proposals: tuple[Proposal, ...]
    alarms: tuple[Alarm, ...]
    pairs_compared: int
    candidate_pairs: int
    components: int  # sets of two or more remains that hang together
    components_exact: int  # of which all partitions were summed
    prior: ReassociationPrior
    rules: ReassociationRules
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Score:
    """How well groups put together what belongs together, counted in pairs of remains."""

    true_pairs: int
    proposed_pairs: int
    right_pairs: int

    @property
    def precision(self) -> float:
        """The share of proposed pairs that are of one person; 1 where none was proposed."""
        return self.right_pairs / self.proposed_pairs if self.proposed_pairs else 1.0

    @property
    def recall(self) -> float:
        """The share of the pairs of one person that were proposed; 1 where there are none."""
        return self.right_pairs / self.true_pairs if self.true_pairs else 1.0


def precision_and_recall(groups: Iterable[Sequence[str]], truth: Mapping[str, str]) -> Score:
    """Compare groups of remains with whose each remains is; remains without a truth count as of somebody else each.

    >>> truth = {"R1": "A", "R2": "A", "R3": "B", "R4": "C", "R5": "B"}
    >>> score = precision_and_recall([("R1", "R2"), ("R3", "R4")], truth)
    >>> score.precision, score.recall  # R1–R2 is right, R3–R4 wrong, R3–R5 missed
    (0.5, 0.5)
    """
    proposed = {tuple(sorted(pair)) for group in groups for pair in combinations(group, 2)}
    of_person: dict[str, list[str]] = {}
    for remains, person in truth.items():
        of_person.setdefault(person, []).append(remains)
    true = {tuple(sorted(pair)) for remains in of_person.values() for pair in combinations(remains, 2)}
    return Score(len(true), len(proposed), len(true & proposed))
