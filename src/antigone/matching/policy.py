"""Policies: when the numbers of a pair are enough for people to decide on an identification. Data, with a version.

A policy decides nothing. It has clauses that are numbers, which are tested here, and names the acts that only people
can do: verify a reference, draw a second sample, sign. The office adds those; two people decide.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

# The clauses, as results and counts call them.
POSTERIOR = "posterior"
COINCIDENCES = "expected coincidences"
LINES = "lines of evidence"
SIBLING = "unlisted full sibling"
FAMILY = "consistent family"
# Of no policy but of all: remains with the profile of somebody who handled them identify nobody.
CONTAMINATED = "elimination list"
# So do remains that are all but the same as another missing person's own sample.
NEAR_ANOTHER = "nearly another's own sample"
CLAUSES = (POSTERIOR, COINCIDENCES, LINES, SIBLING, FAMILY, CONTAMINATED, NEAR_ANOTHER)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is asked of a pair; a version never changes its meaning, a change is a new version.

    `posterior` is the least under the least favourable declared prior and what the search cut. `coincidences` is the
    most unrelated pairs that may be expected to do as well in this search; None asks nothing. `lines` is how many lines
    of evidence there must be: typed relatives by blood, and methods that count by themselves (`second_line` log10 LR);
    a direct reference that is verified and confirmed on a second sample of the body replaces them. With
    `sibling_excluded`, something must speak against an unlisted full sibling, whom parents and siblings fit as well: a
    direct reference, evidence that is not kinship (`second_line` log10 LR too), or the family's written word that there
    is none. With `consistent_family` the family's samples must fit its pedigree.
    """

    name: str
    version: int
    posterior: float
    coincidences: float | None
    lines: int
    second_line: float
    sibling_excluded: bool
    consistent_family: bool

    def describe(self) -> dict[str, Any]:
        """As plain values, for results and digests."""
        return asdict(self)


STRICT = Policy(
    name="strict",
    version=1,
    posterior=0.9995,
    coincidences=0.01,
    lines=2,
    second_line=3.0,
    sibling_excluded=True,
    consistent_family=True,
)
POSTERIOR_ALONE = Policy(
    name="posterior alone",
    version=1,
    posterior=0.9995,
    coincidences=None,
    lines=0,
    second_line=3.0,
    sibling_excluded=False,
    consistent_family=False,
)
TWO_LINES = Policy(
    name="two lines",
    version=1,
    posterior=0.9995,
    coincidences=0.01,
    lines=2,
    second_line=3.0,
    sibling_excluded=False,
    consistent_family=False,
)
# `strict` is the one to decide by. The others show what its clauses are worth, on a case whose truth is known.
POLICIES = (STRICT, TWO_LINES, POSTERIOR_ALONE)


@dataclass(frozen=True, kw_only=True)
class PairEvidence:
    """What the numbers of one pair are, as a policy looks at them.

    `posterior` is the lowest over the declared priors and bounds, `coincidences` the upper end of the expected number
    of unrelated pairs that do as well. `relatives` counts typed relatives by blood, `methods` those lines of lineage
    evidence that count by themselves. `not_kinship` is log10 LR of evidence that is not kinship. `consistent` says that
    the family's samples fit its pedigree, `symmetric` that the pair belongs to a symmetric set, `contaminated` that
    remains of the individual match the elimination list. `near_another` says, where it is so, that remains of the
    individual are all but the same as the own sample of somebody else who is missing.
    """

    posterior: float
    coincidences: float
    relatives: int
    methods: int = 0
    direct: bool = False
    not_kinship: float = 0.0
    word_of_no_sibling: bool = False
    consistent: bool = True
    symmetric: bool = False
    contaminated: bool = False
    near_another: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, whether it is met, and the figures that say so."""

    name: str
    met: bool
    words: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy says of a pair: its clauses that are numbers, and the acts that it cannot test."""

    policy: str
    version: int
    clauses: tuple[Clause, ...]
    acts: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every clause that is a number is met; the acts are still to be done."""
        return all(clause.met for clause in self.clauses)

    @property
    def refused_by(self) -> tuple[str, ...]:
        """The clauses that are not met."""
        return tuple(clause.name for clause in self.clauses if not clause.met)


def evaluate(policy: Policy, evidence: PairEvidence) -> Judgement:
    """Test the clauses that are numbers, and name those that are acts.

    >>> weak = PairEvidence(posterior=0.99, coincidences=0.001, relatives=2, word_of_no_sibling=True)
    >>> evaluate(STRICT, weak).refused_by
    ('posterior',)
    """
    return Judgement(policy.name, policy.version, tuple(_clauses(policy, evidence)), tuple(_acts(policy, evidence)))


def _clauses(policy: Policy, evidence: PairEvidence) -> Iterator[Clause]:
    least = f"posterior at least {evidence.posterior:.7g}, {policy.posterior:g} is asked for"
    if evidence.symmetric:
        least += "; the pair belongs to a symmetric set, in which these samples cannot tell who is who"
    yield Clause(POSTERIOR, evidence.posterior >= policy.posterior, least)
    if policy.coincidences is not None:
        words = (
            f"up to {evidence.coincidences:.2g} unrelated pairs expected to do as well, at most "
            f"{policy.coincidences:g} are allowed"
        )
        yield Clause(COINCIDENCES, evidence.coincidences <= policy.coincidences, words)
    if policy.lines:
        yield _lines(policy, evidence)
    if policy.sibling_excluded:
        yield _sibling(policy, evidence)
    if policy.consistent_family:
        fits = "fit" if evidence.consistent else "do not fit"
        yield Clause(FAMILY, evidence.consistent, f"the samples of the family {fits} its pedigree")
    if evidence.contaminated:
        yield Clause(CONTAMINATED, False, "these remains match the elimination list: they may be contaminated")
    if evidence.near_another:
        yield Clause(NEAR_ANOTHER, False, evidence.near_another)


def _lines(policy: Policy, evidence: PairEvidence) -> Clause:
    lines = evidence.relatives + evidence.methods
    if evidence.direct:
        return Clause(LINES, True, "a direct reference")
    words = f"{evidence.relatives} typed relatives and {evidence.methods} further methods, {policy.lines} are asked for"
    return Clause(LINES, lines >= policy.lines, words)


def _sibling(policy: Policy, evidence: PairEvidence) -> Clause:
    against = []
    if evidence.direct:
        against.append("a direct reference")
    if evidence.not_kinship >= policy.second_line:
        against.append(f"evidence that is not kinship, 10^{evidence.not_kinship:.1f}")
    if evidence.word_of_no_sibling:
        against.append("the family's written word that there is none")
    return Clause(SIBLING, bool(against), " and ".join(against) or "nothing speaks against a sibling who is not listed")


def _acts(policy: Policy, evidence: PairEvidence) -> Iterator[str]:
    if evidence.direct and (policy.lines or policy.sibling_excluded):
        yield "the direct reference is verified to be the missing person's own"
        yield "a second sample of the body confirms the direct reference"
    if evidence.word_of_no_sibling and policy.sibling_excluded and not evidence.direct:
        yield "the family's written word that there is no unlisted sibling lies before those who decide"
    yield "two people decide, neither of whom made the proposal alone"
