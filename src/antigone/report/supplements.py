"""What a report says beside the conclusions: what families can say at all, which sample would help, who else it may be.

All of it is computed from the conclusions, some of it only for the pairs that the report shows in full.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from antigone.matching.assignment import SymmetricSet
from antigone.matching.conclusions import Case, Conclusions, Stages
from antigone.matching.mixture_leads import MixtureLead, mixture_leads
from antigone.matching.next_sample import NextSample, next_samples, symmetry_breakers
from antigone.matching.operation import LeftOut
from antigone.matching.policy import Policy
from antigone.matching.power import FamilyPower, Requirement, needed_log10_lr, powers_of
from antigone.matching.reassociation import MinimumNumber, minimum_number
from antigone.matching.rival_chances import RivalChances, rival_chances
from antigone.matching.rivals import rivals_of_pairs
from antigone.matching.tables import TableError

Pair = tuple[int, int]  # individual, missing person: places in the search

# For so many pairs, the best first, it is asked who else it may be and which sample would help.
ADVISED = 100
# So many samples are named for each.
SAMPLES_NAMED = 3
# Of so many missing persons it is computed what their family can say, a tenth of a second each.
POWERS = 1_500
# At these log10 LRs it is computed how often relatives reach them.
CHANCES_AT = tuple(x / 2 for x in range(25))
# For so many symmetric sets it is asked which sample would break them.
BROKEN = 25


@dataclass(frozen=True, eq=False)
class Supplement:
    """What stands beside the conclusions.

    `requirement` are the policy's numbers as a log10 LR and as lines of evidence. `powers` are by family and person: of
    all but `powers_not_asked` missing persons and those in `powers_not_computed`; who has a hit or leads is always
    asked about, and so are families that gave nothing. `samples` and `rivals` are those of the pairs in `advised`; of
    some of them nothing could be computed. `leads` are whom mixtures may hold. `chances` say by kind of
    reference how often relatives and strangers reach the likelihood ratios of `CHANCES_AT` and the threshold.
    """

    requirement: Requirement
    powers: Mapping[tuple[str, str], FamilyPower]
    powers_not_computed: tuple[LeftOut, ...]
    powers_not_asked: int
    minimum: MinimumNumber | None
    advised: frozenset[Pair]
    samples: Mapping[Pair, tuple[NextSample, ...]]
    rivals: Mapping[Pair, Mapping[str, float]]
    breakers: Mapping[SymmetricSet, tuple[NextSample, ...]]
    leads: tuple[MixtureLead, ...] = ()
    chances: tuple[RivalChances, ...] = ()

    def never(self) -> tuple[FamilyPower, ...]:
        """Whom their families can never identify with the samples they gave so far."""
        return tuple(power for power in self.powers.values() if power.never)


def supplement(conclusions: Conclusions, stages: Stages | None = None) -> Supplement:
    """Compute everything that the report says beside the conclusions; `stages` is told how far it is."""

    def at(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: None if stages is None else stages(stage, done, total)

    requirement = requirement_of(conclusions, conclusions.policies[0])
    powers, not_computed, not_asked = _powers(conclusions, requirement, at("Asking what families can say"))
    given = conclusions.given
    minimum = None
    if given.individuals:
        minimum = minimum_number(given.individuals, conclusions.result.prepared.models, given.settings)
    advised = conclusions.cases[:ADVISED]
    samples: dict[Pair, tuple[NextSample, ...]] = {}
    rivals = _rivals(conclusions, advised)
    progress = at("Asking which samples would help")
    for k, case in enumerate(advised, 1):
        pair = case.individual, case.missing
        with suppress(TableError):  # the family is too large for it; the report says that nothing was computed
            samples[pair] = _samples(conclusions, case, requirement)
        progress(k, len(advised))
    return Supplement(
        requirement,
        powers,
        not_computed,
        not_asked,
        minimum,
        frozenset((case.individual, case.missing) for case in advised),
        samples,
        rivals,
        dict(_breakers(conclusions)),
        mixture_leads(
            given,
            conclusions.result.operation.individuals,
            conclusions.result.prepared.models,
            log10_lr=given.settings.threshold,
        ),
        chances=rival_chances(conclusions.result, sorted({*CHANCES_AT, given.settings.threshold})),
    )


def requirement_of(conclusions: Conclusions, policy: Policy) -> Requirement:
    """The numbers of a policy as what one pair needs: under the least favourable prior, in a search of this size."""
    joint = conclusions.joint
    shares = [one for prior in joint.priors for one in (prior.shares, *prior.by_transfer.values())]
    odds = min(one.odds for one in shares) / max(joint.listed, 1)
    pairs = 0 if policy.coincidences is None else conclusions.result.compared
    needed = needed_log10_lr(policy.posterior, odds, pairs=pairs, coincidences=policy.coincidences or 1.0)
    return Requirement(needed, policy.lines)


def _powers(
    conclusions: Conclusions, requirement: Requirement, progress: Callable[[int, int], None]
) -> tuple[dict[tuple[str, str], FamilyPower], tuple[LeftOut, ...], int]:
    result = conclusions.result
    looked_at = {case.missing for case in conclusions.cases}
    always = [m for m, (family, _) in enumerate(result.missing) if m in looked_at or not family.profiles]
    others = sorted(set(range(len(result.missing))) - set(always))
    asked = [result.missing[m] for m in sorted([*always, *others[: max(0, POWERS - len(looked_at))]])]
    powers: dict[tuple[str, str], FamilyPower] = {}
    not_computed = []
    found = powers_of(asked, result.prepared, result.operation.settings, requirement)
    for k, ((family, person), power) in enumerate(zip(asked, found, strict=True), 1):
        if isinstance(power, TableError):
            not_computed.append(LeftOut("missing person", f"{person}, family {family.name}", str(power)))
        else:
            powers[family.name, person] = power
        progress(k, len(asked))
    return powers, tuple(not_computed), len(result.missing) - len(asked)


def _rivals(conclusions: Conclusions, cases: Sequence[Case]) -> dict[Pair, Mapping[str, float]]:
    """Of each case; not of families that are too large for one more person."""
    result = conclusions.result
    pairs = [(result.operation.individuals[case.individual], *result.missing[case.missing]) for case in cases]
    found = rivals_of_pairs(pairs, result.prepared, result.operation.settings)
    return {
        (case.individual, case.missing): these
        for case, these in zip(cases, found, strict=True)
        if not isinstance(these, TableError)
    }


def _samples(conclusions: Conclusions, case: Case, requirement: Requirement) -> tuple[NextSample, ...]:
    """The best few; none for a family that does not fit: its samples are to be looked at before others are taken."""
    result = conclusions.result
    family, person = result.missing[case.missing]
    if family.name in conclusions.doubtful:
        return ()
    found = next_samples(
        family,
        person,
        result.prepared,
        result.operation.settings,
        requirement,
        individual=result.operation.individuals[case.individual],
        log10_lr=case.log10_lr,
        cheaply=True,
    )
    return found[:SAMPLES_NAMED]


def _breakers(conclusions: Conclusions) -> Iterator[tuple[SymmetricSet, tuple[NextSample, ...]]]:
    """For sets within one family that hold two individuals or more: of the first two, as two brothers would be."""
    result = conclusions.result
    for one in conclusions.joint.symmetric[:BROKEN]:
        if len(one.individuals) < 2 or not within_one_family(conclusions, one):
            continue
        (family, first), (_, second) = (result.missing[m] for m in one.missing[:2])
        bodies = [result.operation.individuals[i] for i in one.individuals[:2]]
        try:
            found = symmetry_breakers(
                family, (first, second), (bodies[0], bodies[1]), result.prepared, result.operation.settings
            )
        except TableError:
            continue
        yield one, found[:SAMPLES_NAMED]


def within_one_family(conclusions: Conclusions, one: SymmetricSet) -> bool:
    """Whether the missing persons of a set are of one family, and not of several that may miss the same person."""
    return len({conclusions.result.missing[m][0].name for m in one.missing}) == 1


def named_samples(found: Sequence[NextSample]) -> list[str]:
    """As sentences."""
    return [one.sentence for one in found]
