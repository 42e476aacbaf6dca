"""Everything that a case says, from its samples to what a policy makes of each pair: `identify` and `evaluate` run it.

The order is fixed: remains are put together, families are checked, everybody is compared with everybody, families that
do not fit are compared again sample by sample, all pairs are weighed together, and each pair that leads is judged.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from antigone.genetics.kinship import blood_relatives
from antigone.matching.alike import AlikePersons, alike_persons
from antigone.matching.among_the_dead import (
    EliminationMatches,
    KinAmongTheDead,
    compare_with_elimination_list,
    kin_among_the_dead,
)
from antigone.matching.assignment import JointAnswer, PairAnswer, Standing, floor_for, joint_answer
from antigone.matching.consistency import FamilyReport, alternatives, check_families
from antigone.matching.hits import Hit, hits
from antigone.matching.labels import LabelRisks
from antigone.matching.lineage import LineageEvidence, counts_as_second_line, haplotype_counts, lineage_evidence
from antigone.matching.near_matches import NearMatch, near_matches
from antigone.matching.nongenetic import EvidenceItem, non_dna_evidence, total_log10
from antigone.matching.operation import Family, Individual, Operation
from antigone.matching.parentage import Verdict
from antigone.matching.policy import POLICIES, Judgement, PairEvidence, Policy, evaluate
from antigone.matching.preparation import prepare
from antigone.matching.reassociation import Reassociation, reassociate, reassociated
from antigone.matching.references import typed_persons
from antigone.matching.search import SearchResult, search
from antigone.matching.unlisted_siblings import SiblingRisks, risk

# Told what is being done, how much of it, of how much.
Stages = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Case:
    """One pair that people should look at: a hit, or what leads in the joint answer. Judged by every policy.

    `log10_lr` is that of the pair by itself. `hit` is None where the pair is below the threshold and only leads through
    others of its family. `lineages` and `non_dna` stand beside the DNA, not in it, and so do `label_risk`: how likely
    a label on which the pair rests is another's, and `sibling_risk`: how likely the body is a full sibling of the
    missing person whom nobody listed, under the first prior.
    """

    individual: int
    missing: int
    log10_lr: float
    answer: PairAnswer
    hit: Hit | None
    lineages: tuple[LineageEvidence, ...]
    second_lines: tuple[str, ...]
    non_dna: tuple[EvidenceItem, ...]
    evidence: PairEvidence
    judgements: tuple[Judgement, ...]
    label_risk: float
    sibling_risk: float

    def judged_by(self, policy: str) -> Judgement:
        """What one policy says."""
        return next(one for one in self.judgements if one.policy == policy)


@dataclass(frozen=True, slots=True)
class ProvisionalHit:
    """A hit of a family whose samples do not fit its pedigree, as one of the searches beside the declared one found it.

    `label` says, in words that give nothing away, which part of the family was searched.
    """

    individual: int
    family: str
    person: str
    label: str
    log10_lr: float


@dataclass(frozen=True, eq=False)
class Conclusions:
    """All that was concluded. `result` and `joint` are of the individuals that reassociation proposes.

    `kin` are those of them who may be kin to each other; `alike` are the missing whom nothing tells apart, whoever is
    found; `near` are remains that are all but the same as somebody's own sample.
    """

    given: Operation
    reassociation: Reassociation | None
    families: tuple[FamilyReport, ...]
    result: SearchResult
    provisional: tuple[ProvisionalHit, ...]
    joint: JointAnswer
    cases: tuple[Case, ...]
    policies: tuple[Policy, ...]
    provisional_pairs: Mapping[str, int] = field(default_factory=dict)  # compared sample by sample, by family
    elimination: EliminationMatches = field(default_factory=lambda: EliminationMatches(0, 0))
    kin: KinAmongTheDead | None = None
    alike: tuple[AlikePersons, ...] = ()
    near: tuple[NearMatch, ...] = ()

    @property
    def doubtful(self) -> Mapping[str, FamilyReport]:
        """The families whose samples do not fit their pedigree, by name."""
        return {one.family: one for one in self.families if one.verdict is Verdict.DOUBTFUL}


def conclude(
    operation: Operation,
    *,
    reassociation: bool = True,
    all_pairs: bool = False,
    policies: Sequence[Policy] = POLICIES,
    stages: Stages | None = None,
) -> Conclusions:
    """Draw all conclusions. Without `reassociation` every remains is taken for an individual."""

    def at(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: None if stages is None else stages(stage, done, total)

    at("Putting remains together")(0, 1)
    proposed = reassociate(operation) if reassociation else None
    searched = operation if proposed is None else reassociated(operation, proposed)
    prepared = prepare(searched)
    families = check_families(searched.families, prepared, searched.settings, progress=at("Checking families"))
    result = search(searched, all_pairs=all_pairs, keep=floor_for(searched), progress=at("Comparing"))
    provisional, pairs = provisional_hits(searched, families, at("Comparing doubtful families sample by sample"))
    at("Comparing the dead with each other")(0, 1)
    kin = kin_among_the_dead(searched.individuals, prepared, searched.settings)
    joint = joint_answer(result, parts=reassociation, kin=kin, progress=at("Weighing families that miss several"))
    doubtful = {one.family for one in families if one.verdict is Verdict.DOUBTFUL}
    handled = compare_with_elimination_list(
        operation.individuals, operation.mixtures, operation.elimination, operation.frequencies, operation.settings
    )
    labels = LabelRisks.of(operation)
    near = near_matches(operation.individuals, operation.families, operation.settings.markers)
    cases = tuple(_cases(_Judging(result, joint, doubtful, policies, handled.remains(), labels, near)))
    alike = alike_persons(searched.families, searched.settings.markers)
    return Conclusions(
        operation,
        proposed,
        families,
        result,
        provisional,
        joint,
        cases,
        tuple(policies),
        pairs,
        handled,
        kin,
        alike,
        near,
    )


def provisional_hits(
    operation: Operation, reports: Sequence[FamilyReport], progress: Callable[[int, int], None]
) -> tuple[tuple[ProvisionalHit, ...], Mapping[str, int]]:
    """The hits of families that do not fit, searched sample by sample, and how many pairs were compared for each."""
    by_name = {family.name: family for family in operation.families}
    found = [
        (report.family, one)
        for report in reports
        if report.verdict is Verdict.DOUBTFUL
        for one in alternatives(by_name[report.family], report)
    ]
    if not found:
        return (), {}
    # Names of their own: several searches of one family stand beside each other.
    renamed = {f"{name}\N{NULL}{k}": (name, one) for k, (name, one) in enumerate(found)}
    families = tuple(replace(one.family, name=key) for key, (_, one) in renamed.items())
    result = search(replace(operation, families=families), progress=progress, coincidences=False)
    hits_of_parts = []
    for pair in result.pairs:
        family, person = result.missing[pair.missing]
        name, one = renamed[family.name]
        hits_of_parts.append(ProvisionalHit(pair.individual, name, person, one.label, pair.log10_lr))
    compared: Counter[str] = Counter()
    for (family, _), count in zip(result.missing, result.comparisons.by_missing.tolist(), strict=True):
        compared[renamed[family.name][0]] += count
    return tuple(hits_of_parts), dict(compared)


def _cases(judging: "_Judging") -> Iterator[Case]:
    """Hits, best first, then pairs that lead without being hits."""
    result, joint = judging.result, judging.joint
    threshold = result.operation.settings.threshold
    listed = {
        (pair.individual, pair.missing): hit
        for pair, hit in zip(result.pairs, hits(result), strict=True)
        if pair.log10_lr >= threshold  # the search may have been asked for every pair
    }
    log10 = {
        (i, m): float(value)
        for i, m, value in zip(
            result.kept.individual.tolist(), result.kept.missing.tolist(), result.kept.log10_lr.tolist(), strict=True
        )
    }
    leading = [
        (one.individual, one.missing)
        for component in joint.components
        for one in component.pairs
        if one.standing in (Standing.LEADING, Standing.SYMMETRIC) and (one.individual, one.missing) not in listed
    ]
    pairs = [*listed, *sorted(leading, key=lambda one: -log10.get(one, -np.inf))]
    answers = [answer for pair in pairs if (answer := joint.pair(*pair)) is not None]
    for answer, odds in zip(answers, judging.odds_of_siblings(answers), strict=True):
        pair = answer.individual, answer.missing
        yield judging.case(answer, log10.get(pair, -np.inf), listed.get(pair), odds)


class _Judging:
    """What is needed to judge a pair, gathered once."""

    def __init__(
        self,
        result: SearchResult,
        joint: JointAnswer,
        doubtful: set[str],
        policies: Sequence[Policy],
        contaminated: frozenset[str],
        labels: LabelRisks,
        near: Sequence[NearMatch],
    ) -> None:
        self.near: dict[str, list[NearMatch]] = {}
        for one in near:
            self.near.setdefault(one.remains, []).append(one)
        self.result, self.joint, self.doubtful, self.policies = result, joint, doubtful, policies
        self.contaminated, self.labels = contaminated, labels
        self.counts = haplotype_counts(result.operation)

    def odds_of_siblings(self, answers: Sequence[PairAnswer]) -> Sequence[float]:
        """Of each pair the odds, by DNA, of a sibling whom nobody listed against the missing person."""
        individuals, missing = self.result.operation.individuals, self.result.missing
        pairs = [(individuals[one.individual], *missing[one.missing]) for one in answers]
        return SiblingRisks.of(self.result, self.joint).odds(pairs).tolist()

    def case(self, answer: PairAnswer, log10_lr: float, hit: Hit | None, odds_of_sibling: float) -> Case:
        operation = self.result.operation
        individual = operation.individuals[answer.individual]
        family, person = self.result.missing[answer.missing]
        typed = typed_persons(family, operation.settings.markers)
        lineages = lineage_evidence(operation, individual, family, person, self.counts)
        used = (*individual.samples, individual.profile.sample, *(family.profiles[name].sample for name in typed))
        second = [one for one in lineages if counts_as_second_line(one, used)[0]]
        settings = operation.settings
        non_dna = non_dna_evidence(individual, family, person, settings.non_dna, settings.year)
        evidence = PairEvidence(
            # Where not every way to place several bodies could be computed, a posterior bounds nothing.
            posterior=0.0 if family.name in self.joint.incomplete else answer.lowest,
            coincidences=self.result.coincidences.at_least(log10_lr)[1],
            relatives=len(blood_relatives(family.pedigree, person) & (typed - {person})),
            methods=len({one.line for one in second}),
            direct=person in typed,
            not_kinship=_not_kinship(non_dna),
            word_of_no_sibling=person in family.no_unlisted_sibling,
            consistent=family.name not in self.doubtful,
            symmetric=answer.standing is Standing.SYMMETRIC,
            contaminated=not self.contaminated.isdisjoint((individual.id, *individual.remains)),
            near_another=self._near_another(individual, family, person),
        )
        judgements = tuple(evaluate(policy, evidence) for policy in self.policies)
        words = tuple(one.words for one in second)
        # What a body bears or has on it is its own: it speaks against a sibling as against a stranger.
        of_sibling = risk(answer.by_prior[0], odds_of_sibling, evidence.not_kinship)
        return Case(
            answer.individual,
            answer.missing,
            log10_lr,
            answer,
            hit,
            lineages,
            words,
            non_dna,
            evidence,
            judgements,
            self.labels.of_pair(individual, family, person),
            of_sibling,
        )

    def _near_another(self, individual: Individual, family: Family, person: str) -> str:
        """What remains of an individual are nearly, beside the person that it is compared with."""
        others = [
            f"{one.remains} {one.words}"
            for remains in individual.remains or (individual.id,)
            for one in self.near.get(remains, ())
            if (one.family, one.person) != (family.name, person)
        ]
        return "; ".join(others)


# What a body bears or has on it is its own; sex, age, stature and hair, and where somebody was lost, brothers share.
_OWN = ("tattoos", "scars", "documents")


def _not_kinship(items: Sequence[EvidenceItem]) -> float:
    """log10 LR of what speaks of the person and not of the family."""
    own = [item for item in items if item.kind in _OWN]
    return total_log10(own) if own else 0.0
