"""One individual against one family, and chance coincidences, on inputs small enough to list everything."""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement, product
from math import fsum, inf, prod
from typing import Any, NamedTuple

from .observation import Observation, exactly, replicates
from .pedigree import Matrix, Member, Observations, Twins, likelihood


class Marker(NamedTuple):
    """One marker: frequencies, what was read of the relatives, and the model.

    `outcomes` are the observations that an individual may give, exclusive and exhaustive; without them, each genotype.
    """

    p: Sequence[float]
    observations: Observations
    male: Matrix | None = None
    female: Matrix | None = None
    x_linked: bool = False
    theta: float = 0.0
    founder_inbreeding: Mapping[str, float] | None = None
    outcomes: Sequence[Observation] | None = None

    @property
    def model(self) -> dict[str, Any]:
        """The arguments of `likelihood` that describe this marker."""
        return {
            "male": self.male,
            "female": self.female,
            "x_linked": self.x_linked,
            "theta": self.theta,
            "founder_inbreeding": self.founder_inbreeding,
        }


def likelihood_ratio(
    individual: Observation,
    members: Sequence[Member],
    missing: str,
    observations: Observations,
    p: Sequence[float],
    *,
    sex: str | None = None,
    twins: Twins = (),
    **model: Any,
) -> float:
    """P(individual is the missing person, all data) over P(individual is unrelated, all data), at one marker.

    The unrelated person comes from the same population: with theta it is one more founder of the joint sampling. Its
    sex is the missing person's unless given. What was already known of the missing person counts on both sides.
    """
    case = _Case(members, missing, observations, p, twins, model)
    if case.family() == 0:
        raise ValueError("the family's own observations are impossible under this model")
    related = case.with_missing(individual)
    if related == 0:
        return 0.0
    unrelated = case.with_stranger(individual, sex)
    return related / unrelated if unrelated > 0 else inf


def lr_distribution(
    members: Sequence[Member], missing: str, markers: Sequence[Marker], *, twins: Twins = ()
) -> list[tuple[float, float]]:
    """(LR over all markers, its probability for an unrelated person, given the family's data), one for each outcome."""
    by_marker = [_marker_distribution(members, missing, marker, twins) for marker in markers]
    return [(prod(lr for lr, _ in each), prod(q for _, q in each)) for each in product(*by_marker)]


def expected_coincidences(
    threshold: float,
    members: Sequence[Member],
    missing: str,
    markers: Sequence[Marker],
    *,
    twins: Twins = (),
    tie: float = 1e-9,
) -> float:
    """P(LR ≥ threshold | unrelated): the expected number of coincidences for one pair.

    An LR less than a relative `tie` below the threshold reaches it: a hit's own LR, rounded elsewhere, must count.
    """
    return fsum(q for lr, q in lr_distribution(members, missing, markers, twins=twins) if lr >= threshold * (1 - tie))


def posterior(lrs: Sequence[float], prior: float) -> list[float]:
    """P(the individual is this missing person), for each of them.

    The prior is that of being anybody listed, spread evenly; the rest, 1 - prior, is for nobody listed.

    >>> [round(x, 12) for x in posterior([90.0, 10.0], prior=0.5)]    # ¼·90 / (¼·100 + ½), ¼·10 / (¼·100 + ½)
    [0.882352941176, 0.098039215686]
    """
    if not 0 <= prior <= 1 or any(lr < 0 for lr in lrs):
        raise ValueError("a prior lies between 0 and 1, likelihood ratios are not negative")
    share = prior / len(lrs) if lrs else 0.0
    total = share * fsum(lrs) + 1 - prior
    if total == 0:
        raise ValueError("somebody listed for certain (prior 1), and every likelihood ratio is 0")
    return [share * lr / total for lr in lrs]


def exclusions(
    individual: Sequence[Observation | None],
    members: Sequence[Member],
    missing: str,
    markers: Sequence[Marker],
    *,
    twins: Twins = (),
) -> int:
    """Number of markers where, without any mutation, the individual cannot be the missing person.

    A marker at which the family contradicts itself counts too, as in dvir. `None`: the individual is not typed there.
    """
    impossible = 0
    for read, marker in zip(individual, markers, strict=True):
        without_mutation = marker._replace(male=None, female=None)
        case = _Case.at(without_mutation, members, missing, twins)
        impossible += case.with_missing(read or (lambda _: 1.0)) == 0
    return impossible


class _Case(NamedTuple):
    """One family at one marker, and three questions about it."""

    members: Sequence[Member]
    missing: str
    observations: Observations
    p: Sequence[float]
    twins: Twins
    model: Mapping[str, Any]

    @classmethod
    def at(cls, marker: Marker, members: Sequence[Member], missing: str, twins: Twins) -> "_Case":
        return cls(members, missing, marker.observations, marker.p, twins, marker.model)

    @property
    def sex(self) -> str:
        (sex,) = (m.sex for m in self.members if m.id == self.missing)
        return sex

    def family(self) -> float:
        return likelihood(self.members, self.p, self.observations, twins=self.twins, **self.model)

    def with_missing(self, individual: Observation) -> float:
        known = [self.observations[self.missing]] if self.missing in self.observations else []
        everything = {**self.observations, self.missing: replicates(individual, *known)}
        return likelihood(self.members, self.p, everything, twins=self.twins, **self.model)

    def with_stranger(self, individual: Observation, sex: str | None = None) -> float:
        stranger = Member("somebody unrelated", None, None, sex or self.sex)
        everything = {**self.observations, stranger.id: individual}
        return likelihood([*self.members, stranger], self.p, everything, twins=self.twins, **self.model)


def _marker_distribution(
    members: Sequence[Member], missing: str, marker: Marker, twins: Twins
) -> list[tuple[float, float]]:
    case = _Case.at(marker, members, missing, twins)
    family = case.family()
    found = []
    for outcome in _outcomes(marker, case.sex):
        unrelated = case.with_stranger(outcome)
        if unrelated > 0:
            found.append((case.with_missing(outcome) / unrelated, unrelated / family))
    return found


def _outcomes(marker: Marker, sex: str) -> Sequence[Observation]:
    if marker.outcomes is not None:
        return marker.outcomes
    copies = 1 if marker.x_linked and sex == "M" else 2
    return [exactly(genotype) for genotype in combinations_with_replacement(range(len(marker.p)), copies)]
