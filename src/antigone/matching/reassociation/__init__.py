"""Reassociation: from remains to individuals, as proposals for people to accept."""

from antigone.matching.prior import ReassociationPrior
from antigone.matching.reassociation.declared import DeclarationError, ReassociationRules
from antigone.matching.reassociation.merging import MergeError, reassociated
from antigone.matching.reassociation.minimum_number import Minimum, MinimumNumber, largest_clique, minimum_number
from antigone.matching.reassociation.reassociating import reassociate
from antigone.matching.reassociation.results import (
    Alarm,
    Ambiguous,
    Group,
    Proposal,
    ProposalKind,
    Reassociation,
    Score,
    precision_and_recall,
)

__all__ = [
    "Alarm",
    "Ambiguous",
    "DeclarationError",
    "Group",
    "MergeError",
    "Minimum",
    "MinimumNumber",
    "Proposal",
    "ProposalKind",
    "Reassociation",
    "ReassociationPrior",
    "ReassociationRules",
    "Score",
    "largest_clique",
    "minimum_number",
    "precision_and_recall",
    "reassociate",
    "reassociated",
]
