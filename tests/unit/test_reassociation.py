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
from antigone.genetics.frequencies import FrequencyTable, nist_1036_caucasian
from antigone.genetics.haplotypes import Lineage, MtHaplotype, YHaplotype
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching.description import Description
from antigone.matching.operation import DropOut, Individual, Operation, SampleErrors, Settings
from antigone.matching.reassociation import (
    DeclarationError,
    MergeError,
    ProposalKind,
    ReassociationPrior,
    ReassociationRules,
    largest_clique,
    minimum_number,
    precision_and_recall,
    reassociate,
    reassociated,
)
from antigone.matching.reassociation.declared import PriorOdds
from antigone.matching.reassociation.evidence import Evidence, SubsetLikelihoods
from antigone.matching.reassociation.pairs import candidate_pairs, incompatible_pairs, log10_lr_of_pairs
from antigone.matching.reassociation.partitions import members, partitions
from antigone.matching.reassociation.solving import Solver, against_siblings
from antigone.scenarios import simulate
from oracles import reassociation as oracle
from oracles import strategies
from oracles.observation import Observation
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
    """Frequencies, error rates, and what was read of two to four remains, with replicates and gaps."""
    p = draw(strategies.frequencies(2, 4))
    errors = SampleErrors(
        DropOut(draw(st.sampled_from([0.0, 0.1, 0.4]))),
        drop_in=draw(st.sampled_from([0.0, 0.05])),
        typing_error=draw(st.sampled_from([0.0, 0.01])),
    )
    allele = st.integers(0, len(p) - 1)
    sets = st.sets(allele, min_size=1, max_size=1 if haploid else 2)
    reading = st.builds(lambda alleles, sure: read(*alleles, sure=sure), sets, st.booleans())
    return p, errors, draw(st.lists(st.lists(reading, max_size=2), min_size=2, max_size=4))


def as_oracle(reading: Reading, p: Sequence[float], errors: SampleErrors) -> Observation:
    seen = frozenset(allele.repeats - 10 for allele in reading.alleles if isinstance(allele, Repeat))
    drop_out = (errors.drop_out.rate,) * len(p)
    return OracleReading(seen, OF_ALLELES[reading.reads], tuple(p), drop_out, errors.drop_in, errors.typing_error)


def all_of(readings: Sequence[Reading], p: Sequence[float], errors: SampleErrors) -> Observation:
    from oracles.observation import replicates

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


@settings(max_examples=25)
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
    with pytest.raises(DeclarationError, match="same_bag"):
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
def invented(seed: int = 1, hostile: bool = False) -> tuple[Operation, dict[str, str]]:
    scenario = simulate("june-2025", scale=0.02, seed=seed, missing=60, hostile=hostile)
    there = {individual.id for individual in scenario.operation.individuals}
    return scenario.operation, {row.remains: row.individual for row in scenario.truth if row.remains in there}


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


def prepared_models(operation: Operation) -> tuple[MarkerModel, ...]:
    from antigone.matching.preparation import prepare

    return prepare(operation).models


def test_no_remains_at_all() -> None:
    operation = replace(invented()[0], individuals=())
    found = reassociate(operation)
    assert (found.groups, found.pairs_compared, found.components) == ((), 0, 0)
    assert minimum_number((), prepared_models(operation), operation.settings).overall.individuals == 0
