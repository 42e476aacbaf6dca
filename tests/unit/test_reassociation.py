"""Remains and people: by hand, by listing everything, and on made-up operations whose truth is known."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import families
from antigone.genetics.alleles import Named, Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.haplotypes import Lineage, MtHaplotype, YHaplotype
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching.description import Description
from antigone.matching.operation import DropOut, Individual, Operation, SampleErrors, Settings
from antigone.matching.preparation import prepare
from antigone.matching.prior import PriorError
from antigone.matching.reassociation import (
    DeclarationError,
    MergeError,
    MinimumNumber,
    ProposalKind,
    ReassociationPrior,
    ReassociationRules,
    first_pass,
    largest_clique,
    minimum_number,
    precision_and_recall,
    reassociate,
    reassociated,
)
from antigone.matching.reassociation import pairs as pairs_module
from antigone.matching.reassociation.declared import PriorOdds
from antigone.matching.reassociation.evidence import Evidence, SubsetLikelihoods
from antigone.matching.reassociation.pairs import candidate_pairs, incompatible_pairs, log10_lr_of_pairs
from antigone.matching.reassociation.partitions import members, partitions
from antigone.matching.reassociation.solving import Solver, against_siblings
from antigone.scenarios import simulate
from oracles import reassociation as oracle
from oracles import strategies
from oracles.observation import Observation, replicates
from oracles.observation import Reading as OracleReading

NO_ERRORS = SampleErrors()
DEGRADED = SampleErrors(DropOut(0.1), drop_in=0.01, typing_error=0.002)
OF_ALLELES = {Reads.ALLELES: "seen", Reads.HOMOZYGOUS: "homozygous", Reads.OTHER_UNSEEN: "other_unseen"}


def marker(name: str, *p: float, x_linked: bool = False) -> MarkerModel:
    return replace(families.model(p, x_linked=x_linked), name=name)


def read(*alleles: int, sure: bool = True) -> Reading:
    """Alleles by their number in the table: repeat 10 is allele 0."""
    named = tuple(Repeat(10 + allele) for allele in sorted(alleles))
    if len(named) > 1:
        return Reading(named)
    return Reading(named, Reads.HOMOZYGOUS if sure else Reads.OTHER_UNSEEN)


def remains(name: str, sex: Sex = Sex.UNKNOWN, /, bag: str = "", **read_at: Reading | Sequence[Reading]) -> Individual:
    readings = {
        marker: (reading,) if isinstance(reading, Reading) else tuple(reading) for marker, reading in read_at.items()
    }
    return Individual(name, Profile(f"S-{name}", readings), sex, bag=bag, transfer="T1", samples=(f"S-{name}",))


def evidence(
    people: Sequence[Individual],
    models: Sequence[MarkerModel],
    errors: SampleErrors = NO_ERRORS,
    linked: Sequence[LinkedPair] = (),
) -> Evidence:
    return Evidence.of(people, models, Settings(tuple(m.name for m in models), remains=errors), linked=linked)


# By hand


def test_two_remains_of_one_genotype_by_hand() -> None:
    p, q = 0.1, 0.2
    both = [remains("R1", TH01=read(0, 1)), remains("R2", TH01=read(0, 1))]
    found = evidence(both, [marker("TH01", p, q, 0.7)])
    assert found.log10_one_person([0, 1]) == pytest.approx(math.log10(1 / (2 * p * q)))  # 25
    # A sibling shows the same with (1 + p + q + 2pq)/4 = 0.335.
    assert against_siblings(found, [0, 1]) == pytest.approx(math.log10(4 / (1 + p + q + 2 * p * q)))


def test_three_remains_of_one_person_are_compared_at_once() -> None:
    three = [remains(f"R{k}", TH01=read(0)) for k in range(3)]
    found = evidence(three, [marker("TH01", 0.1, 0.9)])
    assert found.log10_one_person([0, 1, 2]) == pytest.approx(4)  # 1/(0.1²)²


def test_an_unseen_allele_leaves_the_other_open() -> None:
    """P(a/b | has a) = p_b·2p_a/(…): LR = P(a/b)·1 / (P(a/b)·P(has a)) = 1/P(has a)."""
    both = [remains("R1", TH01=read(0, sure=False)), remains("R2", TH01=read(0, 1))]
    found = evidence(both, [marker("TH01", 0.1, 0.2, 0.7)])
    assert found.log10_one_person([0, 1]) == pytest.approx(-math.log10(1 - 0.9**2))


def test_what_only_one_was_read_at_says_nothing() -> None:
    found = evidence(
        [remains("R1", TH01=read(0, 1)), remains("R2", FGA=read(0))],
        [marker("TH01", 0.1, 0.9), marker("FGA", 0.2, 0.8)],
    )
    assert found.log10_one_person([0, 1]) == pytest.approx(0, abs=1e-12)
    assert found.compared([0, 1]) == ()


# Against listing every genotype


@st.composite
def what_was_read(
    draw: st.DrawFn, haploid: bool = False
) -> tuple[tuple[float, ...], SampleErrors, list[list[Reading]]]:
    """Frequencies, error rates, and what was read of two or three remains, with replicates and gaps."""
    p = draw(strategies.frequencies(2, 3))
    errors = SampleErrors(
        DropOut(draw(st.sampled_from([0.0, 0.1, 0.4]))),
        drop_in=draw(st.sampled_from([0.0, 0.05])),
        typing_error=draw(st.sampled_from([0.0, 0.01])),
    )
    allele = st.integers(0, len(p) - 1)
    sets = st.sets(allele, min_size=1, max_size=1 if haploid else 2)
    reading = st.builds(lambda alleles, sure: read(*alleles, sure=sure), sets, st.booleans())
    return p, errors, draw(st.lists(st.lists(reading, max_size=2), min_size=2, max_size=3))


def as_oracle(reading: Reading, p: Sequence[float], errors: SampleErrors) -> Observation:
    seen = frozenset(allele.repeats - 10 for allele in reading.alleles if isinstance(allele, Repeat))
    drop_out = (errors.drop_out.rate,) * len(p)
    return OracleReading(seen, OF_ALLELES[reading.reads], tuple(p), drop_out, errors.drop_in, errors.typing_error)


def all_of(readings: Sequence[Reading], p: Sequence[float], errors: SampleErrors) -> Observation:
    return replicates(*(as_oracle(reading, p, errors) for reading in readings))


def check_subsets(
    found: SubsetLikelihoods, p: Sequence[float], each: Sequence[Observation], sex: str, *, x_linked: bool = False
) -> None:
    """Every subset as one person, and every two disjoint ones as siblings, against unrelated people."""
    alone = [oracle.one_person(p, [one], sex, x_linked=x_linked) for one in each]

    def ratio(joint: float, units: Sequence[int]) -> float:
        return joint / math.prod(alone[k] for k in units)

    for subset in range(1, 1 << len(each)):
        units = members(subset)
        joint = oracle.one_person(p, [each[k] for k in units], sex, x_linked=x_linked)
        assert math.exp(found.one_person[subset]) == pytest.approx(ratio(joint, units), rel=1e-9, abs=1e-12)
        for other in range(1, 1 << len(each)):
            if not subset & other:
                two = oracle.two_siblings(
                    p, [each[k] for k in units], [each[k] for k in members(other)], sex, x_linked=x_linked
                )
                expected = ratio(two, (*units, *members(other)))
                assert math.exp(found.siblings[subset, other]) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=20)
@given(what_was_read())
def test_subsets_agree_with_listing_every_genotype(given: tuple) -> None:  # type: ignore[type-arg]
    p, errors, each = given
    people = [remains(f"R{k}", TH01=readings) for k, readings in enumerate(each)]
    found = evidence(people, [marker("TH01", *p)], errors)
    observations = [all_of(readings, p, errors) for readings in each]
    if found.markers[0].units_read([(k,) for k in range(len(people))]) < 2:
        assert not found.subsets([(k,) for k in range(len(people))]).one_person.any()
        return
    possible = [oracle.one_person(p, [one]) > 0 for one in observations]
    if not all(possible):  # a reading that nobody can show is not used
        observations = [one if can else (lambda _: 1.0) for one, can in zip(observations, possible, strict=True)]
    check_subsets(found.subsets([(k,) for k in range(len(people))]), p, observations, "F")


@pytest.mark.parametrize(("sex", "code"), [(Sex.MALE, "M"), (Sex.FEMALE, "F")])
@settings(max_examples=15)
@given(data=st.data())
def test_x_linked_subsets_agree_with_listing_every_genotype(sex: Sex, code: str, data: st.DataObject) -> None:
    p, errors, each = data.draw(what_was_read(haploid=sex is Sex.MALE))
    errors = replace(errors, drop_in=0.05, typing_error=0.01)  # anything can be read of anybody
    each = [readings or [read(0)] for readings in each]
    people = [remains(f"R{k}", sex, DXS8378=readings) for k, readings in enumerate(each)]
    found = evidence(people, [marker("DXS8378", *p, x_linked=True)], errors)
    subsets = found.subsets([(k,) for k in range(len(people))])
    same_sex = np.log(
        found.sex.likelihood[:1] ** np.array([[m.bit_count()] for m in range(len(subsets.one_person))])
        @ found.sex.share
    )
    without_sex = SubsetLikelihoods(
        subsets.one_person - same_sex,
        subsets.siblings - same_sex[np.bitwise_or.outer(np.arange(len(same_sex)), np.arange(len(same_sex)))],
    )
    check_subsets(without_sex, p, [all_of(readings, p, errors) for readings in each], code, x_linked=True)


@settings(max_examples=8)
@given(st.data())
def test_linked_markers_of_siblings_agree_with_listing_every_genotype(data: st.DataObject) -> None:
    rho = data.draw(st.sampled_from([0.0, 0.1, 0.5]))
    p = (0.3, 0.7)
    genotypes = st.tuples(st.integers(0, 1), st.integers(0, 1))
    typed = [data.draw(st.tuples(genotypes, genotypes)) for _ in range(2)]
    people = [remains(f"R{k}", vWA=read(*set(a)), D12S391=read(*set(b))) for k, (a, b) in enumerate(typed)]
    models = [marker("vWA", *p), marker("D12S391", *p)]
    found = evidence(people, models, linked=[LinkedPair("vWA", "D12S391", rho, "made up")])
    each = [[as_oracle(read(*set(one)), p, NO_ERRORS) for one in person] for person in typed]
    expected = oracle.two_linked_siblings([(p, [each[0][m]], [each[1][m]]) for m in range(2)], rho)
    expected /= math.prod(oracle.one_person(p, [one]) for person in each for one in person)
    assert math.exp(found.subsets([(0,), (1,)]).siblings[1, 2]) == pytest.approx(expected, rel=1e-9)


# Partitions


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_posteriors_agree_with_listing_all_partitions(seed: int, units: int) -> None:
    rng = np.random.default_rng(seed)
    size = 1 << units
    one_person, siblings = rng.normal(0, 3, size), rng.normal(0, 3, (size, size))
    siblings = (siblings + siblings.T) / 2
    weights = rng.normal(0, 2, size)
    one_person[rng.random(size) < 0.1] = -np.inf
    single = [1 << k for k in range(units)]
    one_person[single] = weights[single] = one_person[0] = weights[0] = 0
    found = partitions(SubsetLikelihoods(one_person, siblings), weights, -1.5)

    def bits(block: frozenset[int]) -> int:
        return sum(1 << k for k in block)

    def couple(a: frozenset[int], b: frozenset[int]) -> float:
        return math.exp(siblings[bits(a), bits(b)] + weights[bits(a)] + weights[bits(b)] - 1.5)

    exactly, together = oracle.posteriors(
        range(units), lambda block: math.exp(one_person[bits(block)] + weights[bits(block)]), couple
    )
    for block in map(frozenset, (c for n in range(1, units + 1) for c in combinations(range(units), n))):
        assert found.exactly[bits(block)] == pytest.approx(exactly[block], rel=1e-9, abs=1e-300)
        assert found.together[bits(block)] == pytest.approx(together[block], rel=1e-9, abs=1e-300)


def test_the_posterior_of_two_remains_by_hand() -> None:
    """Weights: two strangers 1, one person 0.1 × 1000, two siblings 0.01 × 50."""
    log = np.log
    likelihoods = SubsetLikelihoods(log([1, 1, 1, 1000]), log(np.full((4, 4), 50.0)))
    found = partitions(likelihoods, log([1, 1, 1, 0.1]), float(log(0.01)))
    assert found.together[3] == pytest.approx(100 / 101.5)
    assert found.exactly[1] == pytest.approx(1.5 / 101.5)
    assert found.log10_against_siblings[3] == pytest.approx(math.log10(1000 / 50))


# The declared prior


def test_prior_odds_by_bag_and_transfer() -> None:
    people = [
        replace(remains("R1", bag="B1"), transfer="T1"), replace(remains("R2", bag="B1"), transfer="T1"),
        replace(remains("R3", bag="B2"), transfer="T1"), replace(remains("R4", bag="B1"), transfer="T2"),
    ]  # fmt: skip
    odds = PriorOdds(people, ReassociationPrior(same_bag=0.5, same_transfer=0.2, other_transfer=0.09))
    assert odds.pair(0, 1) == pytest.approx(math.log10(0.5))
    assert odds.pair(0, 2) == pytest.approx(math.log10(0.2 / 2))  # two others came with T1
    assert odds.pair(0, 3) == pytest.approx(math.log10(0.09 / 3))  # the same name of a bag, another transfer
    assert odds.row(0) == pytest.approx([odds.pair(0, 1), odds.pair(0, 2), odds.pair(0, 3)])
    # A set joins through its likeliest links: R1–R2 by the bag, R3 by the transfer.
    assert odds.set_of([0, 1, 2]) == pytest.approx(math.log10(0.5 * 0.1))


def test_remains_without_a_bag_share_none() -> None:
    odds = PriorOdds([remains("R1"), remains("R2")], ReassociationPrior(same_bag=0.5, same_transfer=0.01))
    assert odds.pair(0, 1) == pytest.approx(-2)


def test_a_prior_of_zero_and_rules_that_cannot_be_are_refused() -> None:
    with pytest.raises(PriorError, match="same_bag"):
        ReassociationPrior(same_bag=0)
    for wrong in (
        {"posterior": 0.4},
        {"exact": 40},
        {"sex_error": 0.6},
        {"mention": 0.0},
        {"alarm_bags": 1},
        {"incompatible": 1.0},
    ):
        with pytest.raises(DeclarationError):
            ReassociationRules(**wrong)  # type: ignore[arg-type]


# All pairs


@cache
def invented(seed: int = 1, elements: bool = False) -> tuple[Operation, dict[str, str]]:
    """A made-up operation and whose its remains are.

    Its lists of skeletal elements are without error, and almost tell who is who: DNA is judged without them.
    """
    scenario = simulate("june-2025", scale=0.02, seed=seed, missing=60)
    people = scenario.operation.individuals
    if not elements:
        people = tuple(replace(one, elements=()) for one in people)
    there = {one.id for one in people}
    truth = {row.remains: row.individual for row in scenario.truth if row.remains in there}
    return replace(scenario.operation, individuals=people), truth


def test_all_pairs_are_those_computed_one_by_one() -> None:
    operation, _ = invented()
    people = operation.individuals[:25]
    found = Evidence.of(people, prepared_models(operation), operation.settings)
    matrix = log10_lr_of_pairs(found)
    for i, j in combinations(range(len(people)), 2):
        assert matrix[i, j] == pytest.approx(found.log10_one_person([i, j]), abs=2e-4)  # summed in single precision
    prior = PriorOdds(people, ReassociationPrior())
    candidates = candidate_pairs(found, prior, -2)
    assert candidates.compared == 300
    expected = {(i, j) for i, j in combinations(range(25), 2) if matrix[i, j] + prior.pair(i, j) >= -2}
    assert set(zip(candidates.first.tolist(), candidates.second.tolist(), strict=True)) == expected


def test_many_remains_by_the_kernel_are_what_plain_numpy_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    given = simulate("june-2025", scale=0.03, seed=5, hostile=True).operation
    evidence_of_all = Evidence.of(given.individuals, prepared_models(given), given.settings)
    prior = PriorOdds(given.individuals, ReassociationPrior())
    for floor in (-2.0, 0.0, 3.0):
        plain = candidate_pairs(evidence_of_all, prior, floor)
        with monkeypatch.context() as patch:
            patch.setattr(pairs_module, "FEW", 0)
            patch.setattr(first_pass, "TOGETHER", 64)
            quick = candidate_pairs(evidence_of_all, prior, floor)
        assert len(plain) > 10
        assert (quick.first.tolist(), quick.second.tolist()) == (plain.first.tolist(), plain.second.tolist())
        assert quick.log10_lr == pytest.approx(plain.log10_lr, abs=2e-4)  # summed in single precision
        assert quick.log10_odds == pytest.approx(plain.log10_odds, abs=2e-4)
        assert quick.compared == plain.compared


def prepared_models(operation: Operation) -> tuple[MarkerModel, ...]:
    return prepare(operation).models


def test_no_remains_at_all() -> None:
    operation = replace(invented()[0], individuals=())
    found = reassociate(operation)
    assert (found.groups, found.pairs_compared, found.components) == ((), 0, 0)
    assert minimum_number((), prepared_models(operation), operation.settings).overall.individuals == 0


# Stories

# Twelve markers whose alleles are all rare, so that a whole profile is beyond doubt.
NAMES = (
    "D3S1358", "D16S539", "CSF1PO", "TPOX", "D8S1179", "D21S11",
    "D18S51", "D19S433", "TH01", "FGA", "D5S818", "D13S317",
)  # fmt: skip
HALVES = NAMES[:6], NAMES[6:]


def operation(people: Sequence[Individual], *, theta: float = 0.0, errors: SampleErrors = DEGRADED) -> Operation:
    """Ten alleles of 0.1 each at every marker."""
    even = {Repeat(10 + k): 0.1 for k in range(10)}
    table = FrequencyTable("even", "made up", {name: MarkerFrequencies.from_frequencies(name, even) for name in NAMES})
    settings = Settings(NAMES, theta=theta, remains=errors, rare_alleles=Refuse())
    return Operation("made up", tuple(people), (), table, settings)


def whole(first: int, second: int, names: Sequence[str] = NAMES) -> dict[str, Reading]:
    return {name: read(first, second) for name in names}


def named(groups: Sequence[object]) -> list[tuple[str, ...]]:
    return [group.remains for group in groups]  # type: ignore[attr-defined]


def test_two_parts_of_one_man_are_proposed_with_reasons() -> None:
    found = reassociate(
        operation([remains("R1", **whole(0, 1)), remains("R2", **whole(2, 3)), remains("R3", **whole(0, 1))])
    )
    (group,) = found.groups
    assert group.remains == ("R1", "R3")
    assert group.markers == NAMES
    assert group.log10_lr == pytest.approx(12 * math.log10(1 / 0.02), abs=1)
    assert group.log10_lr_against_siblings == pytest.approx(12 * math.log10(4 / 1.22), abs=0.5)
    assert group.exact
    assert group.posterior > 0.999
    (proposal,) = found.proposals
    assert proposal.kind is ProposalKind.MERGE
    assert "against two full siblings" in proposal.reasons[0]
    assert "1.0000" not in proposal.reasons[1]
    assert found.ambiguous == ()


def test_nothing_is_chained_through_a_partial_profile() -> None:
    """R2 fits R1 at five markers and R3 at five others; at the last two R1 and R3 contradict each other."""
    one = remains("R1", **whole(0, 1, NAMES[:5]), **whole(2, 3, NAMES[10:]))
    between = remains("R2", **whole(0, 1, NAMES[:10]))
    other = remains("R3", **whole(0, 1, NAMES[5:10]), **whole(4, 5, NAMES[10:]))
    assert named(reassociate(operation([one, between])).groups) == [("R1", "R2")]
    assert named(reassociate(operation([between, other])).groups) == [("R2", "R3")]
    found = reassociate(operation([one, between, other]))
    assert found.groups == ()
    assert any(each.remains == ("R2",) and "exclude each other" in each.why for each in found.ambiguous)
    stepwise = reassociate(operation([one, between, other]), rules=ReassociationRules(exact=2))
    assert stepwise.groups == ()


def test_a_part_that_fits_two_who_exclude_each_other_is_ambiguous() -> None:
    """R2 has the six markers that R1 and R3 share."""
    one = remains("R1", **whole(0, 1, HALVES[0]), **whole(8, 9, HALVES[1]))
    part = remains("R2", **whole(0, 1, HALVES[0]))
    other = remains("R3", **whole(0, 1, HALVES[0]), **whole(2, 3, HALVES[1]))
    found = reassociate(operation([one, part, other]))
    assert found.groups == ()
    assert found.proposals == ()
    (ambiguous,) = [each for each in found.ambiguous if each.remains == ("R2",)]
    sets = dict(ambiguous.alternatives)
    assert sets["R1", "R2"] == pytest.approx(sets["R2", "R3"])
    assert ("R1", "R2", "R3") not in sets
    assert "which exclude each other" in ambiguous.why
    assert "R1" in ambiguous.why


def test_an_uncertain_third_part_does_not_hold_up_the_other_two() -> None:
    part = remains("R3", **whole(0, 1, NAMES[:4]))
    found = reassociate(operation([remains("R1", **whole(0, 1)), remains("R2", **whole(0, 1)), part]))
    assert named(found.groups) == [("R1", "R2")]
    assert found.groups[0].posterior_exactly < found.groups[0].posterior
    assert any(each.remains == ("R3",) for each in found.ambiguous)


def test_a_group_must_stand_against_brothers_too() -> None:
    """Common alleles: unrelated people are excluded, brothers are not."""
    people = [remains("R1", **whole(0, 1, NAMES[:8])), remains("R2", **whole(0, 1, NAMES[:8]))]
    loose = reassociate(operation(people), rules=ReassociationRules(against_siblings=1))
    assert loose.groups[0].log10_lr_against_siblings == pytest.approx(8 * math.log10(4 / 1.22), abs=0.3)
    strict = reassociate(operation(people), rules=ReassociationRules(against_siblings=6))
    assert strict.groups == ()
    assert "two full siblings are not excluded well enough" in strict.ambiguous[0].why
    assert strict.ambiguous[0].remains == ("R1", "R2")


def test_a_higher_prior_of_brothers_makes_it_uncertain() -> None:
    people = [remains("R1", **whole(0, 1, NAMES[:8])), remains("R2", **whole(0, 1, NAMES[:8]))]
    few, many = (reassociate(operation(people), prior=ReassociationPrior(siblings=s)) for s in (0.01, 100.0))
    assert few.groups
    assert not many.groups
    assert many.ambiguous[0].alternatives[0][1] < 0.999


def test_a_declared_prior_for_one_bag_decides_what_dna_leaves_open() -> None:
    people = [remains(f"R{k}", bag="B1", **whole(0, 1, NAMES[:5])) for k in (1, 2)]
    rules = ReassociationRules(against_siblings=1)
    declared = operation(people)
    declared = replace(declared, settings=replace(declared.settings, reassociation=ReassociationPrior(same_bag=1e-5)))
    found = reassociate(declared, rules=rules)
    assert not found.groups
    assert found.prior.same_bag == 1e-5
    assert not reassociate(operation(people), rules=rules, prior=ReassociationPrior(same_bag=1e-5)).groups
    assert reassociate(operation(people), rules=rules, prior=ReassociationPrior(same_bag=1.0)).groups


def test_different_sexes_by_amelogenin_exclude_and_recorded_ones_may_be_wrong() -> None:
    def sexed(name: str, *letters: str) -> Individual:
        one = remains(name, **whole(0, 1))
        shown = Reading.of(*(Named(letter) for letter in letters))
        return replace(one, profile=Profile(one.profile.sample, {**one.profile.readings, "AMEL": (shown,)}))

    assert reassociate(operation([sexed("R1", "X", "Y"), sexed("R2", "X", "X")])).groups == ()
    people = [remains("R1", Sex.MALE, **whole(0, 1)), remains("R2", Sex.FEMALE, **whole(0, 1))]
    found = reassociate(operation(people))
    (group,) = found.groups
    assert group.contradictions == ("sex: R1 male, R2 female",)
    assert "labels of samples exchanged" in found.alarms[0].what
    without_error = ReassociationRules(sex_error=0.0)
    assert reassociate(operation(people), rules=without_error).groups == ()


def test_what_speaks_against_a_group_is_said() -> None:
    one = replace(remains("R1", **whole(0, 1)), age_min=40.0, age_max=50.0)
    odd = {**whole(0, 1), "TH01": read(0, 5)}
    found = reassociate(operation([one, replace(remains("R2", **odd), age_min=18.0, age_max=25.0)]))
    (group,) = found.groups
    assert group.contradictions == (
        "no genotype shows all of them at TH01 without drop-in or typing error",
        "age: R1 was at least 40, R2 at most 25",
    )
    assert set(group.contradictions) <= set(found.proposals[0].reasons)


def test_two_left_femora_are_not_one_person() -> None:
    people = [
        replace(remains("R1", **whole(0, 1)), elements=("left femur",)),
        replace(remains("R2", **whole(0, 1)), elements=("Left  femur", "skull")),
        replace(remains("R3", **whole(4, 5)), elements=("left femur", "left femur")),
    ]
    found = reassociate(operation(people))
    assert found.groups == ()
    assert any("left femur would be there twice" in each.why for each in found.ambiguous)
    (split,) = found.proposals
    assert (split.kind, split.remains) == (ProposalKind.SPLIT, ("R3",))


def test_a_third_part_is_not_given_to_either_of_two_who_share_an_element() -> None:
    people = [
        replace(remains("R1", **whole(0, 1)), elements=("left femur",)),
        replace(remains("R2", **whole(0, 1)), elements=("left femur",)),
        remains("R3", **whole(0, 1)),
    ]
    assert reassociate(operation(people)).groups == ()


def test_one_profile_in_many_bags_is_an_alarm_and_not_merged() -> None:
    everywhere = [remains(f"R{k}", bag=f"B{k}", **whole(0, 1)) for k in range(5)]
    found = reassociate(operation(everywhere))
    assert found.groups == ()
    assert named(found.withheld) == [("R0", "R1", "R2", "R3", "R4")]
    assert "5 bags" in found.alarms[0].what
    assert found.proposals == ()
    assert reassociated(operation(everywhere), found) == operation(everywhere)
    in_one_bag = [replace(one, bag="B1") for one in everywhere]
    assert named(reassociate(operation(in_one_bag)).groups) == [("R0", "R1", "R2", "R3", "R4")]


def test_one_profile_of_several_bags_typed_in_one_run_is_an_alarm() -> None:
    def typed(name: str, bag: str, run: str) -> Individual:
        one = remains(name, bag=bag, **whole(0, 1))
        return replace(one, runs={f"S-{name}": run} if run else {})

    found = reassociate(operation([typed("R1", "B1", "P7"), typed("R2", "B2", "P7"), typed("R3", "B3", "P8")]))
    assert named(found.groups) == [("R1", "R2", "R3")]
    (alarm,) = found.alarms
    assert alarm.remains == ("R1", "R2")
    assert "in one run (P7)" in alarm.what
    # Of one bag, of two runs, or where no run is known, there is nothing to say.
    for others in (("B1", "P7"), ("B2", "P8"), ("B2", "")):
        assert reassociate(operation([typed("R1", "B1", "P7"), typed("R2", *others)])).alarms == ()
    apart = operation([typed("R1", "B1", "P7"), typed("R2", "B2", "P8")])
    (merged,) = reassociated(apart, reassociate(apart)).individuals
    assert merged.runs == {"S-R1": "P7", "S-R2": "P8"}


def test_sexes_at_odds_both_ways_may_be_exchanged_labels() -> None:
    def odd(name: str, sex: Sex, *letters: str) -> Individual:
        one = remains(name, sex, **whole(int(name[1]), 9))
        shown = Reading.of(*(Named(letter) for letter in letters))
        return replace(one, profile=Profile(one.profile.sample, {**one.profile.readings, "AMEL": (shown,)}))

    found = reassociate(
        operation([odd("R1", Sex.MALE, "X", "X"), odd("R2", Sex.FEMALE, "X", "Y"), odd("R3", Sex.MALE, "X", "Y")])
    )
    (alarm,) = found.alarms
    assert alarm.remains == ("R1", "R2")


def test_many_parts_are_joined_step_by_step_and_it_says_so() -> None:
    many = [remains(f"R{k:02}", bag="B1", **whole(0, 1, NAMES if k % 3 else HALVES[k % 2])) for k in range(12)]
    other = [remains("Q1", bag="B1", **whole(0, 1, HALVES[0]), **whole(4, 5, HALVES[1]))]
    found = reassociate(operation([*many, *other]), rules=ReassociationRules(against_siblings=1.5))
    (group,) = found.groups
    whole_ones = {f"R{k:02}" for k in range(12) if k % 3}
    assert whole_ones <= set(group.remains)
    assert "Q1" not in group.remains
    assert not group.exact
    assert "not exact" in found.proposals[0].reasons[1]
    assert found.components_exact < found.components
    assert any("too large" in note for note in found.notes)


def test_theta_is_not_used_and_it_says_so() -> None:
    people = [remains("R1", **whole(0, 1)), remains("R2", **whole(0, 1))]
    with_theta = reassociate(operation(people, theta=0.01))
    assert with_theta.groups == reassociate(operation(people)).groups
    assert any("theta 0" in note for note in with_theta.notes)


# Made-up operations


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_merges_of_made_up_operations_are_right(seed: int) -> None:
    operation, truth = invented(seed)
    found = reassociate(operation)
    score = precision_and_recall(named(found.groups), truth)
    assert score.precision == 1
    assert score.recall >= 0.9
    assert score.true_pairs >= 15
    assert found.components_exact == found.components


def test_step_by_step_finds_what_all_partitions_find() -> None:
    operation, _ = invented(2)
    models = prepared_models(operation)
    found = Evidence.of(operation.individuals, models, operation.settings)
    prior = PriorOdds(operation.individuals, ReassociationPrior())
    candidates = candidate_pairs(found, prior, -2)
    exact, stepwise = (Solver(found, prior, ReassociationRules(exact=n)).solve(candidates) for n in (8, 2))
    assert stepwise.exact < exact.exact
    assert sorted(one.rows for one in stepwise.groups) == sorted(one.rows for one in exact.groups)
    for one, other in zip(
        sorted(exact.groups, key=lambda g: g.rows), sorted(stepwise.groups, key=lambda g: g.rows), strict=True
    ):
        assert other.log10_against_siblings == pytest.approx(one.log10_against_siblings)
        assert other.posterior == pytest.approx(one.posterior, abs=1e-3)


def test_the_order_of_remains_makes_no_difference() -> None:
    operation, _ = invented(3)
    turned = replace(operation, individuals=operation.individuals[::-1])
    assert {frozenset(one) for one in named(reassociate(turned).groups)} == {
        frozenset(one) for one in named(reassociate(operation).groups)
    }


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 6))
def test_merges_at_full_scale_are_right(seed: int) -> None:
    scenario = simulate("june-2025", scale=1.0, seed=seed, missing=500)
    people = tuple(replace(one, elements=()) for one in scenario.operation.individuals)
    found = reassociate(replace(scenario.operation, individuals=people))
    score = precision_and_recall(named(found.groups), {row.remains: row.individual for row in scenario.truth})
    assert score.precision >= 0.999
    assert score.recall >= 0.97


# Merged individuals


def test_merged_individuals_hold_what_their_parts_hold() -> None:
    one = replace(
        remains("R1", Sex.MALE, bag="B1", **whole(0, 1)), age_min=20.0, age_max=40.0, stature="170-178 cm",
        elements=("skull",), lineage=Lineage(y=YHaplotype("S-R1")),
        description=Description(hair="brown", marks=("tattoo left forearm",), documents=("X 1",)),
    )  # fmt: skip
    two = remains("R2", **whole(2, 3))
    three = replace(
        remains("R3", bag="B2", **whole(0, 1)), transfer="T2", age_min=30.0, age_max=None, elements=("left femur",),
        description=Description(marks=("scar face", "tattoo left forearm"), place=(48.0, 37.0)),
        lineage=Lineage(mt=MtHaplotype("S-R3")),
    )  # fmt: skip
    before = operation([one, two, three])
    after = reassociated(before, reassociate(before))
    merged, untouched = after.individuals
    assert untouched is two
    assert merged.id == "R1+R3"
    assert merged.remains == ("R1", "R3")
    assert merged.samples == ("S-R1", "S-R3")
    assert (merged.bag, merged.transfer, merged.stature) == ("B1; B2", "T1; T2", "170-178 cm")
    assert (merged.sex, merged.age_min, merged.age_max) == (Sex.MALE, 30.0, 40.0)
    assert merged.elements == ("skull", "left femur")
    assert merged.profile.readings["TH01"] == (read(0, 1), read(0, 1))
    assert merged.profile.sample == "S-R1;S-R3"
    assert merged.description == Description(
        hair="brown", marks=("tattoo left forearm", "scar face"), documents=("X 1",), place=(48.0, 37.0)
    )
    assert merged.lineage == Lineage(YHaplotype("S-R1"), MtHaplotype("S-R3"))
    assert after.warnings == before.warnings
    assert reassociated(before, reassociate(before), accepted=[]).individuals == before.individuals


def test_what_the_parts_disagree_on_is_told() -> None:
    one = replace(
        remains("R1", Sex.MALE, **whole(0, 1)), age_min=40.0, age_max=50.0, description=Description(hair="red")
    )
    two = replace(
        remains("R2", Sex.FEMALE, **whole(0, 1)), age_min=None, age_max=25.0, description=Description(hair="grey")
    )
    one = replace(one, description=Description(hair="red", marks=("none",)))
    two = replace(two, description=Description(hair="grey", marks=("scar face",)))
    before = operation([one, two])
    after = reassociated(before, reassociate(before), accepted=[("R2", "R1")])
    (merged,) = after.individuals
    assert (merged.id, merged.sex, merged.age_min, merged.age_max) == ("R1+R2", Sex.UNKNOWN, None, 50.0)
    assert merged.description == Description(hair="red", marks=("scar face",))
    assert len(after.warnings) == 3
    assert all(warning.startswith("R1+R2: ") for warning in after.warnings)


def test_groups_that_cannot_be_merged_are_refused() -> None:
    before = operation([remains("R1", **whole(0, 1)), remains("R2", **whole(0, 1))])
    found = reassociate(before)
    with pytest.raises(MergeError, match="R9"):
        reassociated(before, found, accepted=[("R1", "R9")])
    with pytest.raises(MergeError, match="two groups"):
        reassociated(before, found, accepted=[("R1", "R2"), ("R2",)])


def test_a_merged_individual_can_be_merged_again() -> None:
    before = operation([remains(f"R{k}", bag=f"B{k}", **whole(0, 1)) for k in (1, 2, 3)])
    first = reassociated(before, reassociate(before), accepted=[("R1", "R2")])
    second = reassociated(first, reassociate(first))
    (merged,) = second.individuals
    assert merged.remains == ("R1", "R2", "R3")
    assert merged.bag == "B1; B2; B3"


# The minimum number of individuals


def count(people: Sequence[Individual]) -> MinimumNumber:
    made = operation(people)
    return minimum_number(people, prepared_models(made), made.settings)


def test_the_minimum_number_is_never_a_sum_over_bags() -> None:
    """Two men; parts of both lie in two bags, of one in a third: five in bags, two altogether."""
    people = [
        remains("R1", bag="B1", **whole(0, 1)), remains("R2", bag="B1", **whole(2, 3)),
        remains("R3", bag="B2", **whole(0, 1)), remains("R4", bag="B2", **whole(2, 3)),
        replace(remains("R5", bag="B3", **whole(0, 1)), transfer="T2"),
    ]  # fmt: skip
    found = count(people)
    assert {bag: one.individuals for bag, one in found.by_bag.items()} == {
        ("T1", "B1"): 2,
        ("T1", "B2"): 2,
        ("T2", "B3"): 1,
    }
    assert {transfer: one.individuals for transfer, one in found.by_transfer.items()} == {"T1": 2, "T2": 1}
    assert (found.overall.individuals, found.overall.exact) == (2, True)
    assert sum(one.individuals for one in found.by_bag.values()) == 5
    assert "their profiles exclude each other" in found.overall.why


def test_somebody_put_together_counts_in_each_of_their_bags() -> None:
    one = replace(remains("R1+R9", bag="B1; B2", **whole(0, 1)), transfer="T1; T2")
    found = count([one, remains("R2", bag="B1", **whole(2, 3)), replace(remains("R3", bag="B2"), transfer="T2")])
    assert {bag: each.individuals for bag, each in found.by_bag.items()} == {("T1", "B1"): 2, ("T2", "B2"): 1}
    assert {transfer: each.individuals for transfer, each in found.by_transfer.items()} == {"T1": 2, "T2": 1}


def test_repeated_elements_count_where_profiles_do_not() -> None:
    partial = whole(0, 1, NAMES[:1])
    people = [replace(remains(f"R{k}", bag="B1", **partial), elements=("left femur",)) for k in range(3)]
    found = count(people)
    assert found.overall.individuals == 3
    assert "repeated elements" in found.overall.why
    twice = [replace(people[0], elements=("left femur", "left femur")), replace(people[1], elements=("left femur",))]
    assert count(twice).overall.individuals == 3
    assert count(twice).overall.why == "left femur is there 3 times"
    either_side = [replace(one, elements=("femur",)) for one in people]
    assert count(either_side).overall.individuals == 1


def test_profiles_and_elements_count_together() -> None:
    """R1 and R2 differ in their profiles; R3 has a poor profile, and a femur that both others have."""
    people = [
        replace(remains("R1", **whole(0, 1)), elements=("left femur",)),
        replace(remains("R2", **whole(2, 3)), elements=("left femur",)),
        replace(remains("R3", **whole(0, 1, NAMES[:1])), elements=("left femur",)),
    ]
    assert count(people[:2]).overall.individuals == 2
    assert count(people).overall.individuals == 3


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_the_largest_clique_agrees_with_listing_all(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    apart = np.triu(rng.random((n, n)) < rng.random(), 1)
    apart = apart | apart.T
    chosen, exact = largest_clique(apart)
    assert exact
    assert all(apart[a, b] for a, b in combinations(chosen, 2))
    assert len(chosen) == oracle.largest_clique(apart.tolist())


def test_a_large_set_of_uncertain_remains_gives_a_bound_that_is_said_to_be_one() -> None:
    n = 60  # a ring in which neighbours could be one person: every second is a clique
    apart = ~(np.eye(n, dtype=bool) | np.roll(np.eye(n, dtype=bool), 1, 0) | np.roll(np.eye(n, dtype=bool), -1, 0))
    chosen, exact = largest_clique(apart)
    assert not exact
    assert len(chosen) == n // 2
    assert all(apart[a, b] for a, b in combinations(chosen, 2))


@pytest.mark.parametrize(("seed", "elements"), [(1, False), (2, True)])
def test_the_minimum_number_never_exceeds_the_truth(seed: int, elements: bool) -> None:
    """Where labels and elements are right, as they are in plain mode."""
    made, truth = invented(seed, elements)
    found = minimum_number(made.individuals, prepared_models(made), made.settings)

    def true(people: Sequence[Individual]) -> int:
        return len({truth[one.id] for one in people})

    assert 0.9 * true(made.individuals) <= found.overall.individuals <= true(made.individuals)
    for (transfer, bag), one in found.by_bag.items():
        assert one.individuals <= true(
            [each for each in made.individuals if (each.transfer, each.bag) == (transfer, bag)]
        )
    for transfer, one in found.by_transfer.items():
        assert one.individuals <= true([each for each in made.individuals if each.transfer == transfer])


def test_incompatible_means_both_a_low_lr_and_an_exclusion() -> None:
    made = operation([remains("R1", **whole(0, 1)), remains("R2", **whole(2, 3)), remains("R3", **whole(0, 1))])
    found = Evidence.of(made.individuals, prepared_models(made), made.settings)
    assert incompatible_pairs(found, -6, 1).tolist() == [
        [False, True, False],
        [True, False, True],
        [False, True, False],
    ]
    assert not incompatible_pairs(found, -6, 13).any()
    assert not incompatible_pairs(found, -200, 1).any()
