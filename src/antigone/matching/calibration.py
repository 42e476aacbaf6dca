"""How right the conclusions of a case are, where the truth is known: what was identified, wrongly, missed, and why.

Nothing here is used by a search. A false identification is one whose individual is somebody else, nobody listed, or
remains of two people put together; a person whom two families report is the same person under either name.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2, poisson

from antigone.matching.alike import indistinguishable
from antigone.matching.assignment import Standing
from antigone.matching.conclusions import Case, Conclusions
from antigone.matching.labels import LabelRisks
from antigone.matching.operation import Individual
from antigone.matching.policy import CLAUSES
from antigone.matching.reassociation import Score, precision_and_recall
from antigone.matching.references import ReferenceKind, kinds_of_references
from antigone.matching.unlisted_siblings import SiblingRisks, risk

Floats = NDArray[np.float64]

# Name of a family and of a missing person in it.
Sought = tuple[str, str]


@dataclass(frozen=True)
class Truth:
    """Who is who: for each remains the individual, for each individual the reports of the missing person that it is.

    `why` says of remains what would make an identification false beside chance: a swapped label, a sibling of whom is
    looked for. `why_of_family` says the same of the samples of a family: one of them may bear another's label.
    """

    individual_of: Mapping[str, str]
    sought: Mapping[str, frozenset[Sought]]
    why: Mapping[str, str] = field(default_factory=dict)
    why_of_family: Mapping[str, str] = field(default_factory=dict)

    def persons_of(self, individual: Individual) -> frozenset[str]:
        """The true persons whose remains were put together as this individual."""
        remains = individual.remains or (individual.id,)
        return frozenset(self.individual_of[one] for one in remains if one in self.individual_of)

    def is_right(self, individual: Individual, sought: Sought) -> bool:
        """Whether an individual is this missing person, and nothing of anybody else is in it."""
        persons = self.persons_of(individual)
        return len(persons) == 1 and sought in self.sought.get(next(iter(persons)), frozenset())

    def may_be(self, individual: Individual) -> frozenset[Sought]:
        """Every report of everybody whose remains are in this individual."""
        return frozenset(one for person in self.persons_of(individual) for one in self.sought.get(person, ()))


@dataclass(frozen=True)
class PolicyScore:
    """What one policy would have people decide on, against the truth.

    `identified` counts pairs whose numbers pass, `false` of them are wrong. `expected_false` is the sum, over them, of
    the probability that a pair is wrong: 1 − posterior · P(its labels are right) · P(it is no sibling whom nobody
    listed); `expected_by_labels` is the part of it that wrong labels make (`matching.labels`), `expected_by_siblings`
    that of such siblings (`matching.unlisted_siblings`). `missed` are individuals whose missing person was searched
    with usable references and who did not pass. `refused_by` counts right pairs that one clause alone refuses,
    `false_refused_by` wrong ones. `false_because` says what the wrong ones are.
    """

    identified: int
    false: int
    expected_false: float
    expected_by_labels: float
    expected_by_siblings: float
    missed: int
    symmetric: int
    refused_by: Mapping[str, int]
    false_refused_by: Mapping[str, int]
    false_because: Mapping[str, int]
    yield_by_reference: Mapping[str, Mapping[str, int]]

    @property
    def poisson_interval(self) -> tuple[float, float]:
        """Between which ends the number of false ones lies with 95 %, if the expected number is right."""
        return poisson_interval(self.expected_false)


@dataclass(frozen=True)
class Bin:
    """Pairs whose posterior lies in a range: how many, what they sum to, and how many are right."""

    low: float
    high: float
    pairs: int
    expected: float
    right: int


@dataclass(frozen=True)
class Calibration:
    """Whether posteriors mean what they say: by bins, and as the slope of a logistic regression of truth on logit.

    The slope is 1 where they do; below 1 they are too sure of themselves. `slope_error` is its standard error.
    """

    bins: tuple[Bin, ...]
    slope: float | None
    slope_error: float | None
    intercept: float | None
    pairs: int


@dataclass(frozen=True)
class SymmetryScore:
    """Families missing two siblings of one sex whom nothing typed tells apart, one of whom is among the dead.

    `reported` are named as such, and nobody leads for one of both alone. In `sets` of them individuals are told to be
    among the two; in the others the samples say too little to find anybody. `told_apart` is what may never be: somebody
    leads for one of the two.
    """

    families: int
    reported: int
    sets: int
    told_apart: int


@dataclass(frozen=True)
class Evaluation:
    """All scores of one case."""

    policies: Mapping[str, PolicyScore]
    reassociation: Score | None
    calibration: Calibration
    symmetry: SymmetryScore
    exact_share: float
    individuals: int
    findable: int


def evaluate_conclusions(conclusions: Conclusions, truth: Truth) -> Evaluation:
    """Compare everything that was concluded with the truth."""
    individuals = conclusions.result.operation.individuals
    searched = {(family.name, person) for family, person in conclusions.result.missing}
    kinds = kinds_of_references(conclusions.result.operation)
    usable = {one for one in searched if kinds[one] is not ReferenceKind.NONE}
    findable = {i: found for i, one in enumerate(individuals) if (found := truth.may_be(one) & usable)}
    scores = {policy.name: _score(conclusions, policy.name, truth, findable, kinds) for policy in conclusions.policies}
    return Evaluation(
        scores,
        _reassociation(conclusions, truth),
        calibration(*posteriors(conclusions, truth)),
        _symmetry(conclusions, truth),
        conclusions.joint.exact_share,
        len(individuals),
        len(findable),
    )


def poisson_interval(expected: float, level: float = 0.95) -> tuple[float, float]:
    """The central interval that holds a Poisson count with this expectation (both ends inclusive)."""
    if expected <= 0:
        return 0.0, 0.0
    tail = (1 - level) / 2
    return float(poisson.ppf(tail, expected)), float(poisson.ppf(1 - tail, expected))


def upper_bound(count: int, level: float = 0.95) -> float:
    """The one-sided upper bound of an expectation of which this count was seen (Garwood 1936); 3.0 for none seen.

    >>> round(upper_bound(0), 3)
    2.996
    """
    return float(chi2.ppf(level, 2 * (count + 1)) / 2)


# --- what a policy would decide -------------------------------------------------------------------------------------


def _sought(conclusions: Conclusions, case: Case) -> Sought:
    family, person = conclusions.result.missing[case.missing]
    return family.name, person


def _score(
    conclusions: Conclusions,
    policy: str,
    truth: Truth,
    findable: Mapping[int, frozenset[Sought]],
    kinds: Mapping[Sought, ReferenceKind],
) -> PolicyScore:
    individuals = conclusions.result.operation.individuals
    accepted: dict[int, Case] = {}
    refused, false_refused = Counter[str](), Counter[str]()
    for case in conclusions.cases:
        judgement = case.judged_by(policy)
        right = truth.is_right(individuals[case.individual], _sought(conclusions, case))
        if judgement.passed:
            accepted[case.individual] = case
        elif len(judgement.refused_by) == 1:
            (refused if right else false_refused)[judgement.refused_by[0]] += 1
    false = [
        case
        for case in accepted.values()
        if not truth.is_right(individuals[case.individual], _sought(conclusions, case))
    ]
    posterior = {i: case.answer.by_prior[0] for i, case in accepted.items()}
    by_labels = sum(posterior[i] * case.label_risk for i, case in accepted.items())
    by_siblings = sum(posterior[i] * (1 - case.label_risk) * case.sibling_risk for i, case in accepted.items())
    return PolicyScore(
        identified=len(accepted),
        false=len(false),
        expected_false=sum(1 - one for one in posterior.values()) + by_labels + by_siblings,
        expected_by_labels=by_labels,
        expected_by_siblings=by_siblings,
        missed=sum(i not in accepted for i in findable),
        symmetric=sum(case.answer.standing is Standing.SYMMETRIC for case in conclusions.cases),
        refused_by={clause: refused[clause] for clause in CLAUSES},
        false_refused_by={clause: false_refused[clause] for clause in CLAUSES},
        false_because=dict(
            Counter(_because(individuals[case.individual], _sought(conclusions, case)[0], truth) for case in false)
        ),
        yield_by_reference=_yields(conclusions, accepted, truth, findable, kinds),
    )


def _because(individual: Individual, family: str, truth: Truth) -> str:
    if len(truth.persons_of(individual)) > 1:
        return "remains of two people put together"
    remains = individual.remains or (individual.id,)
    of_remains = next((truth.why[one] for one in remains if truth.why.get(one)), "")
    return of_remains or truth.why_of_family.get(family, "a stranger")


def _yields(
    conclusions: Conclusions,
    accepted: Mapping[int, Case],
    truth: Truth,
    findable: Mapping[int, frozenset[Sought]],
    kinds: Mapping[Sought, ReferenceKind],
) -> dict[str, dict[str, int]]:
    """By kind of reference (the best, of somebody reported twice): how many could be found, and how many were."""
    individuals = conclusions.result.operation.individuals
    order = list(ReferenceKind)
    found = {
        str(kind): {"findable": 0, "identified": 0, "false": 0} for kind in order if kind is not ReferenceKind.NONE
    }
    for i, sought in findable.items():
        kind = str(min((kinds[one] for one in sought), key=order.index))
        found[kind]["findable"] += 1
        if i in accepted and truth.is_right(individuals[i], _sought(conclusions, accepted[i])):
            found[kind]["identified"] += 1
    for i, case in accepted.items():
        sought_here = _sought(conclusions, case)
        if not truth.is_right(individuals[i], sought_here):
            found[str(kinds[sought_here])]["false"] += 1
    return {kind: counts for kind, counts in found.items() if any(counts.values())}


# --- reassociation, symmetry -----------------------------------------------------------------------------------------


def _reassociation(conclusions: Conclusions, truth: Truth) -> Score | None:
    if conclusions.reassociation is None:
        return None
    groups = [list(group.remains) for group in conclusions.reassociation.groups]
    known = {one.id for one in conclusions.given.individuals}
    whose = {remains: who for remains, who in truth.individual_of.items() if remains in known}
    return precision_and_recall(groups, whose)


def _symmetry(conclusions: Conclusions, truth: Truth) -> SymmetryScore:
    received = {one for individual in conclusions.result.operation.individuals for one in truth.may_be(individual)}
    in_sets = {conclusions.result.missing[m][0].name for one in conclusions.joint.symmetric for m in one.missing}
    leading = {
        (family.name, person)
        for component in conclusions.joint.components
        for pair in component.pairs
        if pair.standing in (Standing.UNDISPUTED, Standing.LEADING)
        for family, person in (conclusions.result.missing[pair.missing],)
    }
    named = {one.family for one in conclusions.alike}
    families, reported, sets, told_apart = 0, 0, 0, 0
    # Asked of each family again, not of what was concluded.
    for family in conclusions.result.operation.families:
        alike = {
            person
            for pair in indistinguishable(family, conclusions.result.operation.settings.markers)
            for person in pair
        }
        if not any((family.name, person) in received for person in alike):
            continue
        leads = family.name not in in_sets and any((family.name, person) in leading for person in alike)
        families += 1
        told_apart += leads
        sets += family.name in in_sets
        reported += family.name in named and not leads
    return SymmetryScore(families, reported, sets, told_apart)


# --- calibration ----------------------------------------------------------------------------------------------------


def posteriors(conclusions: Conclusions, truth: Truth) -> tuple[Floats, NDArray[np.bool_]]:
    """The posterior of every individual being every person that was weighed, under the first prior; and the truth.

    It is that with the right labels and of the listed alone, times the probability that labels are right and that it is
    no sibling whom nobody listed.

    A person whom two families report is one: the posteriors of both reports are added. Families in which not every
    placing of several could be computed are left out: there a posterior bounds nothing, and no policy uses it.
    """
    individuals, missing = conclusions.result.operation.individuals, conclusions.result.missing
    incomplete = set(conclusions.joint.incomplete)
    person_of = {report: min(reports) for reports in truth.sought.values() for report in reports}
    labels = LabelRisks.of(conclusions.given)
    siblings = _sibling_risks(conclusions)
    posterior: dict[tuple[int, Sought], float] = {}
    right: dict[tuple[int, Sought], bool] = {}
    for component in conclusions.joint.components:
        for pair in component.pairs:
            family, person = missing[pair.missing]
            if family.name in incomplete:
                continue
            report = (family.name, person)
            key = (pair.individual, person_of.get(report, report))
            one = individuals[pair.individual]
            rightly = pair.by_prior[0] * (1 - labels.of_pair(one, family, person))
            rightly *= 1 - siblings.get((pair.individual, pair.missing), 0.0)
            posterior[key] = posterior.get(key, 0.0) + rightly
            right[key] = right.get(key, False) or truth.is_right(one, report)
    return np.array(list(posterior.values())), np.array(list(right.values()), dtype=bool)


# Below it a sibling changes nothing that a bin or a slope would show.
_LEAST = 1e-3


def _sibling_risks(conclusions: Conclusions) -> dict[tuple[int, int], float]:
    """Of each pair that is weighed and may be right: the probability of a sibling whom nobody listed, by DNA alone."""
    individuals, missing = conclusions.result.operation.individuals, conclusions.result.missing
    weighed = [
        pair for component in conclusions.joint.components for pair in component.pairs if pair.by_prior[0] >= _LEAST
    ]
    odds = SiblingRisks.of(conclusions.result, conclusions.joint).odds(
        [(individuals[pair.individual], *missing[pair.missing]) for pair in weighed]
    )
    return {
        (pair.individual, pair.missing): risk(pair.by_prior[0], float(one))
        for pair, one in zip(weighed, odds, strict=True)
    }


EDGES = (0.0, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999, 0.9995, 1.0)
# Beyond these a logit tells only that somebody is very sure; one mislabelled sample there would decide the slope.
MOST_LOGIT = 12.0


def calibration(posterior: Floats, right: NDArray[np.bool_]) -> Calibration:
    """Bins, and the slope of truth on the logit of the posterior (Cox 1958), for logits between ∓12."""
    posterior = np.clip(posterior, 0.0, 1.0)  # sums of many terms may pass 1 by a rounding
    bins = []
    where = np.clip(np.searchsorted(EDGES, posterior, side="right") - 1, 0, len(EDGES) - 2)
    for k, (low, high) in enumerate(pairwise(EDGES)):
        own = where == k
        bins.append(Bin(low, high, int(own.sum()), float(posterior[own].sum()), int(right[own].sum())))
    with np.errstate(divide="ignore"):
        logit = np.log(posterior) - np.log1p(-posterior)
    own = np.abs(logit) <= MOST_LOGIT
    slope = _logistic(logit[own], right[own])
    if slope is None:
        return Calibration(tuple(bins), None, None, None, int(own.sum()))
    (intercept, steepness), error = slope
    return Calibration(tuple(bins), steepness, error, intercept, int(own.sum()))


def _logistic(x: Floats, right: NDArray[np.bool_]) -> tuple[tuple[float, float], float] | None:
    """Intercept, slope, and the slope's standard error, by Newton's method; None where nothing can be fitted."""
    if len(x) < 10 or right.all() or not right.any():
        return None
    design = np.column_stack([np.ones_like(x), x])
    beta = np.array([0.0, 1.0])
    for _ in range(100):
        p = expit(design @ beta)
        information = design.T @ (design * (p * (1 - p))[:, None])
        if np.linalg.cond(information) > 1e12:
            return None
        step = np.linalg.solve(information, design.T @ (right - p))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return (float(beta[0]), float(beta[1])), float(np.sqrt(np.linalg.inv(information)[1, 1]))
