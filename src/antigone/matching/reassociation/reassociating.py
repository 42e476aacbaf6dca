"""Reassociation: which remains are of one person."""

from collections.abc import Iterator, Sequence

from antigone.genetics.pedigrees import Sex
from antigone.matching.classes import sex_by_amelogenin, sex_of
from antigone.matching.odd import SEXES
from antigone.matching.operation import Individual, Operation
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.prior import ReassociationPrior
from antigone.matching.reassociation.declared import PriorOdds, ReassociationRules
from antigone.matching.reassociation.elements import repeated_elements
from antigone.matching.reassociation.evidence import Evidence
from antigone.matching.reassociation.pairs import Candidates, candidate_pairs
from antigone.matching.reassociation.results import Alarm, Ambiguous, Group, Proposal, ProposalKind, Reassociation
from antigone.matching.reassociation.solving import FoundGroup, Solved, Solver, Uncertain, Unit

DEFAULT_RULES = ReassociationRules()


def reassociate(
    operation: Operation,
    prepared: Prepared | None = None,
    *,
    prior: ReassociationPrior | None = None,
    rules: ReassociationRules = DEFAULT_RULES,
) -> Reassociation:
    """Which of an operation's remains are of one person: proposals for people to accept.

    Each of `operation.individuals` counts as one remains. Profiles of mixtures are not among them: they wait for
    resampling. `prior` is that of the operation's settings unless given.
    """
    prepared = prepared or prepare(operation)
    prior = prior or operation.settings.reassociation
    evidence = Evidence.of(
        operation.individuals,
        prepared.models,
        operation.settings,
        linked=prepared.linked,
        sex_error=rules.sex_error,
    )
    odds = PriorOdds(operation.individuals, prior)
    candidates = candidate_pairs(evidence, odds, rules.floor)
    solved = Solver(evidence, odds, rules).solve(candidates)
    told = _Teller(evidence, rules)
    groups = [told.group(found) for found in sorted(solved.groups, key=lambda one: one.rows)]
    alarmed = {group.remains for group in groups if told.bags(group.remains) >= rules.alarm_bags}
    kept = tuple(group for group in groups if group.remains not in alarmed)
    withheld = tuple(group for group in groups if group.remains in alarmed)
    return Reassociation(
        kept,
        withheld,
        (*told.ambiguous(solved), *told.repeated(candidates)),
        (*(_merge(group) for group in kept), *told.splits()),
        (
            *(told.alarm(group) for group in withheld),
            *told.swapped_labels(),
            *told.odd_groups(kept),
            *told.in_one_run(kept),
        ),
        candidates.compared,
        len(candidates),
        solved.components,
        solved.exact,
        prior,
        rules,
        tuple(_notes(operation, solved)),
    )


def _merge(group: Group) -> Proposal:
    evidence = (
        f"log10 LR of one person {group.log10_lr:.1f} against unrelated people, "
        f"{group.log10_lr_against_siblings:.1f} against two full siblings, over {len(group.markers)} markers"
    )
    sure = f"posterior that they are one person {_posterior(group.posterior)} with the declared prior"
    if not group.exact:
        sure += "; not exact: too many remains hang together here to sum over all partitions"
    return Proposal(ProposalKind.MERGE, group.remains, (evidence, sure, *group.contradictions))


def _posterior(probability: float) -> str:
    """Never "1.000": what rounds to it is said as a distance from certainty."""
    return f"{probability:.4f}" if probability < 0.9995 else f"1 − {max(1 - probability, 1e-12):.1g}"


def _notes(operation: Operation, solved: Solved) -> Iterator[str]:
    if operation.settings.theta > 0:
        yield (
            f"theta {operation.settings.theta:g} is declared; likelihood ratios between remains are computed at "
            "theta 0, which overstates those against unrelated people"
        )
    if solved.components > solved.exact:
        yield (
            f"{solved.components - solved.exact} of {solved.components} sets of remains that hang together were too "
            "large to sum over all partitions: their groups were joined step by step, each by its joint likelihood"
        )


class _Teller:
    """Puts what was found into words."""

    def __init__(self, evidence: Evidence, rules: ReassociationRules) -> None:
        self._evidence = evidence
        self._individuals = evidence.individuals
        self._rules = rules
        self._of = {individual.id: individual for individual in evidence.individuals}

    def group(self, found: FoundGroup) -> Group:
        return Group(
            self._names(found.rows),
            self._evidence.log10_one_person(found.rows),
            found.log10_against_siblings,
            found.posterior,
            found.posterior_exactly,
            self._evidence.compared(found.rows),
            self._contradictions(found.rows),
            found.exact,
        )

    def ambiguous(self, solved: Solved) -> Iterator[Ambiguous]:
        for one in sorted(solved.uncertain, key=lambda one: (one.rows, bool(one.why))):
            alternatives = tuple((self._names(rows), posterior) for rows, posterior in one.alternatives)
            yield Ambiguous(self._names(one.rows), alternatives, one.why or self._why(one))

    def repeated(self, candidates: Candidates) -> Iterator[Ambiguous]:
        """Pairs that DNA alone would put together, and that hold the same element."""
        for i, j, odds in zip(
            candidates.first.tolist(), candidates.second.tolist(), candidates.log10_odds.tolist(), strict=True
        ):
            elements = repeated_elements([self._individuals[i], self._individuals[j]])
            if odds >= 0 and elements:
                why = f"prior odds × LR say one person, 10^{odds:.1f}, but {', '.join(elements)} would be there twice"
                yield Ambiguous(self._names((i, j)), (), why)

    def bags(self, remains: Sequence[str]) -> int:
        """How many bags they came in; somebody put together before came in several."""
        parts = [self._of[name] for name in remains]
        return len({(one.transfer, bag.strip()) for one in parts for bag in one.bag.split(";") if bag.strip()})

    def alarm(self, group: Group) -> Alarm:
        return Alarm(
            group.remains,
            f"one profile in {self.bags(group.remains)} bags: contamination, or somebody who handled them, must be "
            "ruled out first; these remains are not put together",
        )

    def splits(self) -> Iterator[Proposal]:
        for individual in self._individuals:
            elements = repeated_elements([individual])
            if elements:
                reason = f"it holds {', '.join(elements)} more than once: at least two people"
                yield Proposal(ProposalKind.SPLIT, (individual.id,), (reason,))

    def swapped_labels(self) -> Iterator[Alarm]:
        """Recorded sex and amelogenin at odds, in opposite ways, in two remains of one transfer."""
        odd: dict[tuple[str, Sex], list[str]] = {}
        for one in self._individuals:
            shown = sex_by_amelogenin(one.profile)
            if Sex.UNKNOWN not in (one.sex, shown) and one.sex is not shown:
                odd.setdefault((one.transfer, shown), []).append(one.id)
        for (transfer, shown), names in odd.items():
            others = odd.get((transfer, Sex.MALE), []) if shown is Sex.FEMALE else []
            if others:
                yield Alarm(
                    (*names, *others),
                    f"recorded as men, female by amelogenin: {', '.join(names)}; the other way round: "
                    f"{', '.join(others)}; labels of samples may have been exchanged",
                )

    def odd_groups(self, groups: Sequence[Group]) -> Iterator[Alarm]:
        """One profile, and records of the examination that are of two people."""
        for group in groups:
            odd = [said for said in group.contradictions if said.startswith(("sex:", "age:"))]
            if odd:
                what = f"one profile, but {'; '.join(odd)}: a wrong record, or labels of samples exchanged"
                yield Alarm(group.remains, what)

    def in_one_run(self, groups: Sequence[Group]) -> Iterator[Alarm]:
        """One profile of several bags, typed in one run: what one tube carries into the next looks the same."""
        for group in groups:
            by_run: dict[str, list[Individual]] = {}
            for name in group.remains:
                one = self._of[name]
                for run in dict.fromkeys(one.runs.values()):
                    by_run.setdefault(run, []).append(one)
            for run, parts in by_run.items():
                names = [one.id for one in parts]
                if len(parts) > 1 and self.bags(names) > 1:
                    what = (
                        f"one profile in {self.bags(names)} bags, of samples typed in one run ({run}): that a sample "
                        "was carried over or taken for another within the run must be ruled out; type one of them "
                        "again in another run"
                    )
                    yield Alarm(tuple(names), what)

    def _names(self, rows: Sequence[int]) -> tuple[str, ...]:
        return tuple(self._individuals[row].id for row in rows)

    def _why(self, one: Uncertain) -> str:
        """Whom the remains fit, and whether those exclude each other."""
        others = [(tuple(row for row in rows if row not in one.rows), p) for rows, p in one.alternatives]
        fits = [(rows, p) for rows, p in others if rows]
        alone = sum(p for rows, p in others if not rows)
        name = " + ".join(self._names(one.rows))
        said = " and ".join(f"{' + '.join(self._names(rows))} ({_posterior(p)})" for rows, p in fits)
        excluding = ", which exclude each other" if self._exclude_each_other([rows for rows, _ in fits]) else ""
        by_itself = f"; by itself {_posterior(alone)}" if alone else ""
        return f"{name} fits {said}{excluding}{by_itself}"

    def _exclude_each_other(self, sets: Sequence[Unit]) -> bool:
        """Whether the sets together cannot be one person, pair by pair."""
        if len(sets) < 2:
            return False
        return all(
            self._evidence.log10_one_person(sorted({*a, *b})) <= self._rules.incompatible
            for k, a in enumerate(sets)
            for b in sets[k + 1 :]
        )

    def _contradictions(self, rows: Sequence[int]) -> tuple[str, ...]:
        people = [self._individuals[row] for row in rows]
        found = []
        excluded = self._evidence.excluded_at(rows)
        if excluded:
            found.append(f"no genotype shows all of them at {', '.join(excluded)} without drop-in or typing error")
        sexes = {one.id: sex_of(one) for one in people if sex_of(one) is not Sex.UNKNOWN}
        if len(set(sexes.values())) > 1:
            found.append("sex: " + ", ".join(f"{name} {SEXES[sex]}" for name, sex in sexes.items()))
        found += _ages_apart(people)
        return tuple(found)


def _ages_apart(people: Sequence[Individual]) -> Iterator[str]:
    youngest = [one for one in people if one.age_min is not None]
    oldest = [one for one in people if one.age_max is not None]
    if not youngest or not oldest:
        return
    a = max(youngest, key=lambda one: one.age_min or 0.0)
    b = min(oldest, key=lambda one: one.age_max or 0.0)
    if (a.age_min or 0.0) > (b.age_max or 0.0):
        yield f"age: {a.id} was at least {a.age_min:g}, {b.id} at most {b.age_max:g}"
