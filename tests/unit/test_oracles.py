"""The slow oracles themselves: against closed forms, against what must hold, and against other programs' answers."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import fsum, isclose, prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, find, given, settings
from hypothesis import strategies as st

from oracles import strategies
from oracles.mutation import (
    dawid,
    equal,
    mutation_matrix,
    onestep,
    proportional,
    stationary,
    stationary_vector,
    stepwise,
)
from oracles.observation import (
    Observation,
    Reading,
    enumerate_readings,
    exactly,
    one_allele,
    reading_probability,
    replicates,
    typed,
)
from oracles.pedigree import (
    Member,
    TooManyCasesError,
    genotype_distribution,
    likelihood,
    linked_likelihood,
    pruned_as_familias,
)
from oracles.search import Marker, exclusions, expected_coincidences, likelihood_ratio, lr_distribution, posterior

approx = pytest.approx

P = (0.2, 0.3, 0.5)
FATHER, MOTHER = Member("F", None, None, "M"), Member("M", None, None, "F")
SON, DAUGHTER = Member("C", "F", "M", "M"), Member("C", "F", "M", "F")
TRIO = (FATHER, MOTHER, DAUGHTER)

few = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# ---- Mutation ----


def test_equal_model_shares_the_rate_among_the_others():
    assert equal(["8", "9", "10"], rate=0.1).tolist() == [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]]


def test_proportional_model_draws_the_new_allele_from_the_population():
    matrix = proportional(["8", "9"], [0.2, 0.8], rate=0.032)
    # a = 0.032 / (0.2·0.8 + 0.8·0.2) = 0.1
    assert matrix == approx(np.array([[0.9 + 0.02, 0.08], [0.02, 0.9 + 0.08]]), rel=1e-12)


def test_stepwise_model_counts_repeats_and_so_sees_the_gap_in_the_ladder():
    matrix = stepwise(["9", "10", "12"], rate=0.01, range_=0.1)
    assert matrix[1] == approx([0.01 * 0.1 / 0.11, 0.99, 0.01 * 0.01 / 0.11], rel=1e-12)


def test_stepwise_model_passes_to_other_microvariants_at_the_second_rate():
    matrix = stepwise(["9", "9.3", "10", "12.3", "13.1"], rate=0.01, rate2=0.001, range_=0.1)
    third = 0.001 / 3
    assert matrix[0] == approx([0.989, third, 0.01, third, third], rel=1e-12)
    assert matrix[1] == approx([third, 0.989, third, 0.01, third], rel=1e-12)
    assert matrix[4] == approx([0.00025, 0.00025, 0.00025, 0.00025, 0.999], rel=1e-12)


def test_half_repeats_fall_into_two_groups_as_in_familias():
    # round(8.5) = 8 and round(10.5) = 10, but round(9.5) = 10.
    matrix = stepwise(["8.5", "9.5", "10.5"], rate=0.01, rate2=0.001, range_=0.1)
    assert matrix[0] == approx([0.989, 0.001, 0.01], rel=1e-12)


def test_onestep_model_leaves_an_allele_without_neighbour_alone():
    matrix = onestep(["8", "9", "10", "12"], rate=0.1)
    assert matrix == approx(
        np.array([[0.9, 0.1, 0, 0], [0.05, 0.9, 0.05, 0], [0, 0.1, 0.9, 0], [0, 0, 0, 1]]), rel=1e-12
    )


def test_dawid_model_is_reversible_with_the_expected_rate():
    matrix = dawid(["8", "9.3", "12"], P, rate=0.02, range_=0.3)
    flow = np.array(P)[:, None] * matrix
    assert flow == approx(flow.T, rel=1e-12)
    assert flow[0, 1] / flow[0, 2] == approx(1 / 0.3, rel=1e-12)
    assert 1 - fsum(np.diag(flow)) == approx(0.02, rel=1e-12)


def test_dawid_model_counts_steps_along_the_sorted_alleles():
    order = ["12", "8", "9.3"]
    p = [0.5, 0.2, 0.3]
    ladder = dawid(["8", "9.3", "12"], P, rate=0.02, range_=0.3)
    assert dawid(order, p, rate=0.02, range_=0.3) == approx(ladder[np.ix_([2, 0, 1], [2, 0, 1])], rel=1e-12)


@pytest.mark.parametrize(
    "matrix", [equal(["1", "2", "3"], rate=0.01), stepwise(["1", "2", "3"], rate=0.01, range_=0.1)]
)
def test_stabilised_matrix_keeps_the_frequencies_and_the_expected_rate(matrix):
    steady = stationary(matrix, P)
    assert np.array(P) @ steady == approx(P, rel=1e-12)
    assert 1 - np.array(P) @ np.diag(steady) == approx(0.01, rel=1e-12)
    assert steady.sum(axis=1) == approx([1, 1, 1], rel=1e-12)
    # Where a mutation leads, once it happens, is left as it was.
    assert steady[0, 1] / steady[0, 2] == approx(matrix[0, 1] / matrix[0, 2], rel=1e-12)


def test_silent_allele_neither_mutates_nor_arises():
    matrix = mutation_matrix("equal", ["8", "9", "silent", "10"], [0.2, 0.3, 0.1, 0.4], rate=0.1, silent="silent")
    assert matrix.tolist() == [[0.9, 0.05, 0, 0.05], [0.05, 0.9, 0, 0.05], [0, 0, 1, 0], [0.05, 0.05, 0, 0.9]]


def test_frequencies_beside_a_silent_allele_are_renormalised_for_the_model():
    matrix = mutation_matrix("proportional", ["8", "9", "silent"], [0.1, 0.4, 0.5], rate=0.032, silent="silent")
    assert matrix == approx(np.array([[0.92, 0.08, 0], [0.02, 0.98, 0], [0, 0, 1]]), rel=1e-12)


def test_stationary_vector_of_a_one_way_circle_is_inverse_to_the_rates_of_leaving():
    circle = [[0.9, 0.1, 0.0], [0.0, 0.8, 0.2], [0.3, 0.0, 0.7]]
    assert stationary_vector(circle) == approx([6 / 11, 3 / 11, 2 / 11], rel=1e-12)
    wheel = [[0.7, 0.2, 0.1], [0.05, 0.8, 0.15], [0.3, 0.1, 0.6]]
    assert np.array(stationary_vector(wheel)) @ np.array(wheel) == approx(stationary_vector(wheel), rel=1e-12)


@pytest.mark.parametrize("model", ["none", "equal", "stepwise", "onestep", "proportional", "dawid"])
def test_single_allele_has_nothing_to_mutate_to(model):
    assert mutation_matrix(model, ["8"], [1.0], rate=0.0).tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: equal(["8", "9"], rate=1.5), "rate 1.5"),
        (lambda: equal(["8", "8.0"], rate=0.1), "each once"),
        (lambda: proportional(["8", "9"], [0.5, 0.5], rate=1.1), "rate 1.1"),
        (lambda: proportional(["8", "9", "10"], [0.1, 0.1, 0.8], rate=0.5), "at most 0.37"),
        (lambda: proportional(["8", "9"], [0.5, 0.3], rate=0.1), "sum 1"),
        (lambda: stepwise(["8", "9"], rate=0.9, rate2=0.2, range_=0.1), "sum must not exceed 1"),
        (lambda: stepwise(["8", "9"], rate=0.1, range_=0.0), "range 0.0"),
        (lambda: stepwise(["8", "9.25"], rate=0.1, range_=0.1), "9.25"),
        (lambda: stepwise(["8", "Rest allele"], rate=0.1, range_=0.1), "Rest allele"),
        (lambda: onestep(["8", "9.3"], rate=0.1), "whole repeats"),
        (lambda: dawid(["8", "9"], [0.5, 0.5], rate=0.1, range_=1.0), "below 1"),
        (lambda: dawid(["8", "9", "10"], [0.01, 0.01, 0.98], rate=0.3, range_=0.5), "more than 1"),
        (lambda: stationary(onestep(["8", "9", "12"], rate=0.1), P), "never reach"),
        (lambda: stationary(equal(["8", "9", "10"], rate=0.5), [0.001, 0.001, 0.998]), "more than 1"),
        (lambda: mutation_matrix("random", ["8"], [1.0]), "random"),
    ],
)
def test_invalid_mutation_parameters_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


# ---- Readings ----

rates = st.sampled_from([0.0, 0.03, 0.5, 1.0])


@given(
    p=strategies.frequencies(2, 4),
    alleles=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    copies=st.integers(1, 2),
    silent=st.sampled_from([None, 1]),
    drop_out=st.lists(rates, min_size=4, max_size=4),
    drop_in=rates,
    typing_error=rates,
)
@few
def test_readings_of_a_genotype_sum_to_one(p, alleles, copies, silent, drop_out, drop_in, typing_error):
    readings = list(enumerate_readings(alleles[:copies], p, drop_out[: len(p)], drop_in, typing_error, silent))
    assert fsum(q for _, q in readings) == approx(1, rel=1e-12)
    assert len({r for r, _ in readings}) == len(readings)
    assert all(silent not in r for r, _ in readings)


def read(seen: set[int], genotype: tuple[int, ...], kind: str = "seen", **rates: Any) -> float:
    profile = {"drop_out": [0.1, 0.2, 0.3], "drop_in": 0.0, "typing_error": 0.0, "silent": None, **rates}
    return reading_probability(frozenset(seen), genotype, P, kind=kind, **profile)


def test_two_copies_drop_out_only_if_both_do():
    assert read(set(), (1, 1)) == approx(0.04, rel=1e-12)
    assert read({1}, (1, 1)) == approx(0.96, rel=1e-12)
    assert read(set(), (1,)) == approx(0.2, rel=1e-12)


def test_heterozygote_shows_one_allele_when_the_other_drops_out():
    assert read({0}, (0, 1)) == approx(0.9 * 0.2, rel=1e-12)
    assert read({0, 1}, (0, 1)) == approx(0.9 * 0.8, rel=1e-12)


def test_drop_in_adds_an_allele_drawn_from_the_population():
    assert read({0}, (0, 0), drop_in=0.05) == approx(0.99 * (0.95 + 0.05 * 0.2) + 0.01 * 0.05 * 0.2, rel=1e-12)
    assert read({0, 2}, (0, 0), drop_in=0.05) == approx(0.99 * 0.05 * 0.5, rel=1e-12)
    assert read({2}, (0, 0), drop_in=0.05) == approx(0.01 * 0.05 * 0.5, rel=1e-12)


def test_typing_error_reads_any_allele_of_the_population():
    none = [0.0] * 3
    assert read({0}, (0, 0), drop_out=none, typing_error=0.1) == approx(0.9 + 0.1 * 0.2, rel=1e-12)
    # Both labels appear if each signal is read right, or each as the other.
    as_0 = {0: 0.9 + 0.1 * 0.2, 1: 0.1 * 0.2}
    as_1 = {0: 0.1 * 0.3, 1: 0.9 + 0.1 * 0.3}
    expected = as_0[0] * as_1[1] + as_1[0] * as_0[1]
    assert read({0, 1}, (0, 1), drop_out=none, typing_error=0.1) == approx(expected, rel=1e-12)


def test_silent_allele_is_never_a_signal_and_never_drawn():
    silent = {"silent": 2, "drop_in": 0.05}
    assert read({0}, (0, 2), **silent) == approx(0.9 * (0.95 + 0.05 * 0.4) + 0.1 * 0.05 * 0.4, rel=1e-12)
    assert read(set(), (2, 2), **silent) == approx(0.95, rel=1e-12)
    assert read({1}, (2, 2), **silent) == approx(0.05 * 0.6, rel=1e-12)


def test_homozygous_call_has_no_drop_out():
    assert read({0}, (0, 0), "homozygous") == 1
    assert read({0}, (0, 1), "homozygous") == 0
    assert read({0}, (0, 2), "homozygous", silent=2) == 1


def test_other_allele_unseen_is_open_about_it():
    assert read({0}, (0, 1), "other_unseen") == approx(0.9 * 0.2, rel=1e-12)
    assert read({0}, (0, 1), "other_unseen", drop_out=[0, 0, 0]) == 1
    assert read({0}, (1, 2), "other_unseen", drop_out=[0, 0, 0], drop_in=0.05) == approx(0.05 * 0.2, rel=1e-12)


def test_replicates_are_independent_given_the_genotype():
    one = Reading(frozenset({0}), "seen", P, (0.1, 0.2, 0.3))
    two = Reading(frozenset({0, 1}), "seen", P, (0.1, 0.2, 0.3))
    assert replicates(one, two, one)((1, 0)) == approx(0.18 * 0.72 * 0.18, rel=1e-12)


@pytest.mark.parametrize(
    ("seen", "changes", "message"),
    [
        ({2}, {"silent": 2}, "silent"),
        ({3}, {}, "0 to 2"),
        ({0, 1}, {"kind": "homozygous"}, "2 alleles"),
        ({0}, {"kind": "guessed"}, "guessed"),
        ({0}, {"drop_in": 1.2}, "between 0 and 1"),
        ({0}, {"drop_out": [0.1]}, "1 drop-out"),
    ],
)
def test_invalid_readings_are_named(seen, changes, message):
    with pytest.raises(ValueError, match=message):
        read(seen, (0, 1), **changes)


# ---- Families: closed forms ----


def seen(**genotypes: tuple[int, ...]) -> dict[str, Observation]:
    return {who: exactly(genotype) for who, genotype in genotypes.items()}


def test_trio_is_founders_times_one_half():
    p = [0.2, 0.8]
    assert likelihood(TRIO, p, seen(F=(0, 0), M=(0, 1), C=(0, 0))) == approx(0.2**2 * 2 * 0.2 * 0.8 / 2, rel=1e-14)


def test_full_sibs_share_both_one_or_no_allele_by_descent():
    sibs = [FATHER, MOTHER, SON._replace(id="A"), DAUGHTER._replace(id="B")]
    p = 0.2
    assert likelihood(sibs, P, seen(A=(0, 0), B=(0, 0))) == approx(p**2 * (1 + p) ** 2 / 4, rel=1e-12)
    half = [*sibs[:3], Member("N", None, None, "F"), Member("B", "F", "N", "F")]
    assert likelihood(half, P, seen(A=(0, 0), B=(0, 0))) == approx(p**3 * (1 + p) / 2, rel=1e-12)


def test_child_of_full_sibs_is_inbred_by_a_quarter():
    family = [FATHER, MOTHER, SON._replace(id="A"), DAUGHTER._replace(id="B"), Member("C", "A", "B", "U")]
    assert likelihood(family, P, seen(C=(0, 0))) == approx(0.25 * 0.2 + 0.75 * 0.04, rel=1e-12)
    assert likelihood(family, P, seen(C=(0, 1))) == approx(0.75 * 2 * 0.2 * 0.3, rel=1e-12)


def test_inbred_founder_is_homozygous_more_often():
    assert likelihood([FATHER], P, seen(F=(0, 0)), founder_inbreeding={"F": 0.25}) == approx(0.25 * 0.2 + 0.75 * 0.04)
    assert likelihood([FATHER], P, seen(F=(0, 1)), founder_inbreeding={"F": 1.0}) == 0


def test_theta_gives_balding_and_nichols_genotypes():
    theta = 0.03
    assert likelihood([FATHER], P, seen(F=(0, 0)), theta=theta) == approx(0.2 * (theta + (1 - theta) * 0.2), rel=1e-12)
    assert likelihood([FATHER], P, seen(F=(0, 1)), theta=theta) == approx(2 * 0.2 * 0.3 * (1 - theta), rel=1e-12)


def test_theta_ties_unrelated_people_together():
    theta, p = 0.03, 0.2
    four = prod((b * theta + (1 - theta) * p) / (1 + (b - 1) * theta) for b in range(4))
    assert likelihood([FATHER, MOTHER], P, seen(F=(0, 0), M=(0, 0)), theta=theta) == approx(four, rel=1e-12)


def test_x_father_passes_his_one_allele_to_daughters_and_none_to_sons():
    assert likelihood(TRIO, P, seen(F=(0,), M=(0, 1), C=(0, 0)), x_linked=True) == approx(0.2 * 0.12 / 2, rel=1e-14)
    son = (FATHER, MOTHER, SON)
    assert likelihood(son, P, seen(F=(2,), M=(0, 1), C=(0,)), x_linked=True) == approx(0.5 * 0.12 / 2, rel=1e-14)


def test_x_father_is_one_draw_in_thetas_sampling():
    value = likelihood(TRIO, P, seen(F=(0,), M=(0, 1), C=(0, 0)), x_linked=True, theta=0.02)
    # 0.2 × 0.216 × (0.294 / 1.02): the father's allele, a 0 given one 0, a 1 given two 0; two orders, half transmitted.
    assert value == approx(0.2 * 0.216 * (0.294 / 1.02), rel=1e-12)
    assert round(value, 6) == 0.012452


def test_mutation_moves_untyped_lineages_away_from_the_frequencies():
    grandparents = [Member("GF", None, None, "M"), Member("GM", None, None, "F")]
    family = [*grandparents, Member("F", "GF", "GM", "M"), MOTHER, SON]
    shared = equal(["1", "2", "3"], rate=0.1)
    # Allele a has probability 0.05 + 0.85 p after each meiosis: one on the mother's side, two on the father's.
    by_hand = 0.237 * 0.305 + 0.22 * 0.30925
    assert likelihood(family, P, seen(C=(0, 1)), male=shared, female=shared) == approx(by_hand, rel=1e-12)
    assert round(by_hand, 5) == 0.14032
    steady = proportional(["1", "2", "3"], P, rate=0.1)
    assert likelihood(family, P, seen(C=(0, 1)), male=steady, female=steady) == approx(0.12, rel=1e-12)
    as_familias = pruned_as_familias(family, {"C"})
    assert [m.id for m in as_familias] == ["C"]
    assert likelihood(as_familias, P, seen(C=(0, 1)), male=shared, female=shared) == approx(0.12, rel=1e-12)


def test_fathers_mutate_by_the_male_matrix_and_mothers_by_the_female():
    male, female = equal(["1", "2", "3"], rate=0.1), equal(["1", "2", "3"], rate=0.02)
    by_father = likelihood(TRIO, P, seen(F=(0, 0), M=(1, 1), C=(1, 1)), male=male, female=female)
    assert by_father == approx(0.04 * 0.09 * 0.05 * 0.98, rel=1e-12)
    x = likelihood((FATHER, MOTHER, SON), P, seen(F=(0,), M=(1, 1), C=(2,)), male=male, female=female, x_linked=True)
    assert x == approx(0.2 * 0.09 * 0.01, rel=1e-12)


def test_single_known_parent_leaves_the_other_allele_to_the_population():
    child = (MOTHER, Member("C", None, "M", "F"))
    shared = equal(["1", "2", "3"], rate=0.1)
    data = seen(M=(0, 0), C=(0, 1))
    # Straight from the population, or as the gamete of an anonymous father who may mutate.
    by_hand = 0.04 * (0.9 * 0.3 + 0.05 * 0.2)
    assert likelihood(child, P, data, male=shared, female=shared) == approx(by_hand, rel=1e-12)
    anonymous = likelihood(child, P, data, male=shared, female=shared, gamete_from_population=False)
    assert anonymous == approx(0.04 * (0.9 * 0.305 + 0.05 * 0.22), rel=1e-12)
    assert anonymous == approx(likelihood(TRIO, P, data, male=shared, female=shared), rel=1e-12)


def test_theta_samples_the_allele_of_an_unknown_parent_too():
    child = (MOTHER, Member("C", None, "M", "F"))
    with_father = likelihood(TRIO, P, seen(M=(0, 0), C=(0, 0)), theta=0.05)
    assert likelihood(child, P, seen(M=(0, 0), C=(0, 0)), theta=0.05) == approx(with_father, rel=1e-12)
    assert with_father == approx(0.2 * (0.05 + 0.95 * 0.2) * (0.1 + 0.95 * 0.2) / 1.05, rel=1e-12)


def test_silent_allele_hides_in_an_apparent_homozygote():
    p, silent = [0.2, 0.3, 0.46, 0.04], 3
    assert likelihood([FATHER], p, {"F": typed((0, 0), p, silent)}) == approx(0.04 + 2 * 0.2 * 0.04, rel=1e-12)
    # Father 0/0, child 1/1: the father is 0/silent and gave it; the child is 1/silent, its mother gave the 1.
    data = {"F": typed((0,), p, silent), "C": typed((1,), p, silent)}
    assert likelihood(TRIO, p, data) == approx(2 * 0.2 * 0.04 * 0.5 * 0.3, rel=1e-12)


def test_partial_genotype_is_any_genotype_with_that_allele():
    assert likelihood([FATHER], P, {"F": one_allele(1, P)}) == approx(0.09 + 2 * 0.3 * 0.7, rel=1e-12)


def test_linked_sibs_tell_the_phase_of_their_mother():
    rho, p = 0.1, [0.4, 0.6]
    sibs = [FATHER, MOTHER, Member("A", "F", "M", "F"), Member("B", "F", "M", "M")]
    data = seen(F=(0, 0), M=(0, 1), A=(0, 0), B=(0, 0))
    # The mother's phase is coupling or repulsion, ½ each; then both children get haplotype 0-0.
    both = 0.5 * ((1 - rho) / 2) ** 2 + 0.5 * (rho / 2) ** 2
    expected = (0.16 * 0.48) ** 2 * both
    assert linked_likelihood(sibs, [(p, data, None, None)] * 2, rho) == approx(expected, rel=1e-12)


def test_mother_of_known_phase_recombines_at_rho():
    rho, p = 0.1, [0.4, 0.6]
    grandparents = [Member("GF", None, None, "M"), Member("GM", None, None, "F")]
    family = [*grandparents, FATHER, Member("M", "GF", "GM", "F"), SON]
    at_first = seen(GF=(0, 0), GM=(1, 1), F=(0, 0), C=(0, 0))
    at_second = {**at_first, "C": exactly((0, 1))}
    founders = 0.16 * 0.36 * 0.16
    together = [(p, at_first, None, None)] * 2
    apart = [(p, at_first, None, None), (p, at_second, None, None)]
    assert linked_likelihood(family, together, rho) == approx(founders**2 * 0.9 / 2, rel=1e-12)
    assert linked_likelihood(family, apart, rho) == approx(founders**2 * 0.1 / 2, rel=1e-12)


def test_x_haplotype_of_a_father_does_not_recombine():
    p = [0.4, 0.6]
    sisters = [FATHER, Member("A", "F", "M", "F"), Member("B", "F", "N", "F"), MOTHER, Member("N", None, None, "F")]
    one, two = seen(M=(0, 0), N=(0, 0), A=(0, 0), B=(0, 0)), seen(M=(0, 0), N=(0, 0), A=(0, 1), B=(0, 1))
    expected = 0.4**4 * 0.4 * (0.4**4 * 0.6)
    loci = [(p, one, None, None), (p, two, None, None)]
    assert linked_likelihood(sisters, loci, 0.3, x_linked=True) == approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: likelihood([FATHER, FATHER], P, {}), "twice"),
        (lambda: likelihood([FATHER], P, seen(Z=(0, 0))), "not in the pedigree"),
        (lambda: likelihood([SON], P, {}), "father of C"),
        (lambda: likelihood([FATHER, MOTHER, Member("C", "M", "F", "M")], P, {}), "other sex"),
        (lambda: likelihood([Member("A", "B", None, "M"), Member("B", "A", None, "M")], P, {}), "ancestor"),
        (lambda: likelihood([Member("A", None, None, "U")], P, {}, x_linked=True), "sex 'U'"),
        (lambda: likelihood(TRIO, P, {}, founder_inbreeding={"C": 0.1}), "founders only"),
        (lambda: likelihood(TRIO, P, {}, founder_inbreeding={"F": 0.1}, theta=0.1), "together"),
        (lambda: likelihood(TRIO, P, {}, theta=1.0), "theta 1.0"),
        (lambda: likelihood(TRIO, P, {}, male=np.ones((3, 3))), "sum to 1"),
        (lambda: likelihood(TRIO, P, {}, twins=[frozenset("FM")]), "share parents"),
        (lambda: linked_likelihood(TRIO, [(P, {}), (P, {})], 0.7), "fraction 0.7"),
    ],
)
def test_invalid_families_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


# ---- Families: what must hold for any of them ----


@st.composite
def cases(draw: st.DrawFn, *, max_people: int = 5, max_alleles: int = 3, **shape: bool) -> tuple[Any, ...]:
    """A family, frequencies, readings and a model that `likelihood` can be called with."""
    x_linked = draw(st.booleans())
    family = draw(strategies.pedigrees(max_people, unknown_sex=not x_linked, **shape))
    p = draw(strategies.frequencies(2, max_alleles))
    mutation = draw(strategies.mutation_pairs(p))
    readings = draw(strategies.observations(family, p, x_linked=x_linked))
    theta = draw(st.sampled_from([0.0, 0.0, 0.03]))
    model = {"male": mutation.male, "female": mutation.female, "x_linked": x_linked, "theta": theta}
    # What is rare here: five untyped people with mutation everywhere.
    return family, p, readings, {**model, "max_cases": 100_000}


def value(*arguments: Any, **model: Any) -> float:
    try:
        return likelihood(*arguments, **model)
    except TooManyCasesError:
        assume(False)
        raise


@given(case=cases(one_parent=True, twins=True), shuffled=st.randoms(use_true_random=False))
@few
def test_order_of_the_members_does_not_matter(case, shuffled):
    family, p, readings, model = case
    members = shuffled.sample(family.members, len(family.members))
    expected = value(family.members, p, readings, twins=family.twins, **model)
    assert value(members, p, readings, twins=family.twins, **model) == approx(expected, rel=1e-12)


@given(case=cases(one_parent=True, twins=True))
@few
def test_untyped_leaves_can_be_left_out(case):
    family, p, readings, model = case
    expected = value(family.members, p, readings, twins=family.twins, **model)
    pruned = value(family.members, p, readings, twins=family.twins, prune_untyped_leaves=True, **model)
    assert pruned == approx(expected, rel=1e-12)


@given(case=cases(max_people=4, one_parent=True, twins=True))
@few
def test_genotypes_of_anybody_add_up_to_the_likelihood(case):
    family, p, readings, model = case
    whole = value(family.members, p, readings, twins=family.twins, **model)
    for member in family.members:
        parts = genotype_distribution(member.id, family.members, p, readings, twins=family.twins, **model)
        assert fsum(parts.values()) == approx(whole, rel=1e-12)


@given(case=cases(max_people=4, one_parent=True, twins=True))
@few
def test_nothing_known_has_probability_one(case):
    family, p, _, model = case
    assert value(family.members, p, {}, twins=family.twins, **model) == approx(1, rel=1e-12)


@given(case=cases(max_people=4), theta=st.sampled_from([0.0, 0.03]))
@few
def test_twins_are_one_person_read_twice(case, theta):
    family, p, readings, model = case
    original = family.members[0]
    assume(original.id in readings)
    twin = original._replace(id="twin")
    other = typed(range(min(2, len(p))), p)
    model = {**model, "theta": theta}
    both = {**readings, "twin": other}
    as_one = {**readings, original.id: replicates(readings[original.id], other)}
    pair = [frozenset({original.id, "twin"})]
    assert value([*family.members, twin], p, both, twins=pair, **model) == approx(
        value(family.members, p, as_one, **model), rel=1e-12
    )


@given(case=cases(max_people=4), other=cases(max_people=2))
@few
def test_theta_near_zero_meets_the_product_of_the_components(case, other):
    family, p, readings, model = case
    apart = [m._replace(id=f"apart {m.id}", father=None, mother=None) for m in other[0].members if m.sex != "U"]
    seen_apart = {m.id: typed((0,), p) for m in apart}
    model = {**model, "theta": 0.0}
    independent = value(family.members, p, readings, **model) * value(apart, p, seen_apart, **model)
    together = value([*family.members, *apart], p, {**readings, **seen_apart}, **{**model, "theta": 1e-13})
    assert together == approx(independent, rel=1e-9, abs=1e-15)


@given(data=st.data())
@few
def test_unlinked_markers_multiply(data):
    x_linked = data.draw(st.booleans())
    family = data.draw(strategies.pedigrees(4, one_parent=True, unknown_sex=not x_linked))
    loci = []
    for _ in range(2):
        p = data.draw(strategies.frequencies(2, 2))
        mutation = data.draw(strategies.mutation_pairs(p))
        readings = data.draw(strategies.observations(family, p, x_linked=x_linked))
        loci.append((p, readings, mutation.male, mutation.female))
    separate = prod(
        likelihood(family.members, p, readings, male=male, female=female, x_linked=x_linked)
        for p, readings, male, female in loci
    )
    assert linked_likelihood(family.members, loci, 0.5, x_linked) == approx(separate, rel=1e-12)


# ---- One individual against one family ----

PARENTS = (FATHER, MOTHER, SON)


def marker(p: Sequence[float] = P, **more: Any) -> Marker:
    observations = more.pop("observations", seen(F=(0, 1), M=(1, 2)))
    return Marker(tuple(p), observations, **more)


def test_paternity_ratio_by_hand():
    duo = (FATHER, Member("C", "F", None, "M"))
    # Child 0/1, alleged father 0/0: he gives 0, the population gives 1: p₁ against 2 p₀ p₁.
    lr = likelihood_ratio(exactly((0, 1)), duo, "C", seen(F=(0, 0)), P)
    assert lr == approx(1 / (2 * 0.2), rel=1e-12)


def test_direct_reference_with_theta_is_the_match_probability_of_balding_and_nichols():
    theta, p = 0.03, 0.2
    match = (2 * theta + (1 - theta) * p) * (3 * theta + (1 - theta) * p) / ((1 + theta) * (1 + 2 * theta))
    lr = likelihood_ratio(exactly((0, 0)), (FATHER,), "F", seen(F=(0, 0)), P, theta=theta)
    assert lr == approx(1 / match, rel=1e-12)


def test_contradiction_without_mutation_has_ratio_zero():
    assert likelihood_ratio(exactly((0, 0)), PARENTS, "C", seen(F=(0, 1), M=(1, 2)), P) == 0


def test_family_that_contradicts_itself_is_an_error():
    family = (*PARENTS, Member("B", "F", "M", "F"))
    with pytest.raises(ValueError, match="family's own observations"):
        likelihood_ratio(exactly((0, 1)), family, "C", seen(F=(0, 0), M=(0, 0), B=(2, 2)), P)


@given(data=st.data())
@few
def test_ratio_of_an_unrelated_person_is_one_on_average(data):
    x_linked = data.draw(st.booleans())
    theta = data.draw(st.sampled_from([0.0, 0.03]))
    family = data.draw(strategies.pedigrees(4, one_parent=True, twins=True, unknown_sex=not x_linked))
    p = data.draw(strategies.frequencies(2, 3))
    mutation = data.draw(strategies.mutation_pairs(p))
    readings = data.draw(strategies.observations(family, p, x_linked=x_linked))
    one = Marker(p, readings, mutation.male, mutation.female, x_linked, theta)
    assume(likelihood(family.members, p, readings, twins=family.twins, **one.model) > 0)
    missing = data.draw(st.sampled_from(family.members)).id
    ratios = lr_distribution(family.members, missing, [one], twins=family.twins)
    assert fsum(q for _, q in ratios) == approx(1, rel=1e-12)
    assert fsum(lr * q for lr, q in ratios) == approx(1, rel=1e-12)


def test_ratio_is_one_on_average_over_the_readings_of_a_degraded_profile_too():
    everything = [frozenset(a for a in range(3) if bits >> a & 1) for bits in range(8)]
    outcomes = [Reading(r, "seen", P, (0.1, 0.2, 0.3), 0.05, 0.01) for r in everything]
    ratios = lr_distribution(PARENTS, "C", [marker(outcomes=outcomes), marker(outcomes=outcomes, theta=0.03)])
    assert len(ratios) == 64
    assert fsum(q for _, q in ratios) == approx(1, rel=1e-12)
    assert fsum(lr * q for lr, q in ratios) == approx(1, rel=1e-12)


def test_expected_coincidences_by_hand():
    # Against these parents, four genotypes have an LR above zero: 0/1, 0/2, 1/1, 1/2, each ¼ over its own frequency.
    chances = {(0, 1): 0.12, (0, 2): 0.2, (1, 1): 0.09, (1, 2): 0.3}
    for x in [0.1, 0.25 / 0.3, 1.0, 0.25 / 0.12, 2.5, 0.25 / 0.09, 3.0]:
        expected = fsum(q for q in chances.values() if 0.25 / q >= x * (1 - 1e-9))
        assert expected_coincidences(x, PARENTS, "C", [marker()]) == approx(expected, rel=1e-12)
    two = fsum(q * r for q in chances.values() for r in chances.values() if 0.0625 / (q * r) >= 4)
    assert expected_coincidences(4.0, PARENTS, "C", [marker(), marker()]) == approx(two, rel=1e-12)


def test_chance_of_a_ratio_is_never_above_its_inverse():
    markers = [marker(theta=0.03), marker(observations=seen(F=(0, 0)), male=equal(["1", "2", "3"], rate=0.01))]
    ratios = [lr for lr, _ in lr_distribution(PARENTS, "C", markers)]
    assert len(ratios) == 36
    for x in ratios:
        assert x == 0 or expected_coincidences(x, PARENTS, "C", markers) <= 1 / x


def test_posterior_shares_what_the_prior_gives_to_the_listed():
    lrs = [1000.0, 10.0, 0.0, 1.0]
    found = posterior(lrs, prior=0.4)
    assert found == approx([0.1 * lr / (0.1 * 1011 + 0.6) for lr in lrs], rel=1e-12)
    assert 1 - fsum(found) == approx(0.6 / 101.7, rel=1e-12)
    assert posterior([5.0, 5.0], prior=1.0) == [0.5, 0.5]
    with pytest.raises(ValueError, match="every likelihood ratio is 0"):
        posterior([0.0], prior=1.0)


def test_exclusions_are_counted_without_mutation():
    shared = equal(["1", "2", "3"], rate=0.01)
    markers = [marker(male=shared, female=shared), marker(), marker(male=shared, female=shared)]
    individual = [exactly((0, 0)), exactly((0, 1)), None]
    assert exclusions(individual, PARENTS, "C", markers) == 1
    assert exclusions([exactly((0, 0)), exactly((2, 2)), exactly((0, 0))], PARENTS, "C", markers) == 3


def test_family_that_contradicts_itself_counts_as_an_exclusion():
    family = (*PARENTS, Member("B", "F", "M", "F"))
    torn = marker(observations=seen(F=(0, 0), M=(0, 0), B=(2, 2)))
    assert exclusions([None], family, "C", [torn]) == 1


# ---- The strategies ----


@pytest.mark.parametrize(
    ("shape", "of_this_kind"),
    [
        ({}, lambda f: any(m.sex == "U" for m in f.members)),
        ({}, lambda f: sum(m.father is None and m.mother is None for m in f.members) == len(f.members) > 1),
        ({}, lambda f: any(is_incest(f.members, m) for m in f.members)),
        ({}, lambda f: any(a.father == b.father and a.mother != b.mother for a, b in pairs_of_children(f.members))),
        ({"one_parent": True}, lambda f: any((m.father is None) != (m.mother is None) for m in f.members)),
        ({"twins": True}, lambda f: bool(f.twins)),
    ],
)
def test_random_families_have_every_shape(shape, of_this_kind):
    found = find(strategies.pedigrees(6, **shape), of_this_kind)
    assert of_this_kind(found)


def is_incest(members: Sequence[Member], child: Member) -> bool:
    by_id = {m.id: m for m in members}
    if child.father is None or child.mother is None:
        return False
    father, mother = by_id[child.father], by_id[child.mother]
    return father.id == mother.father or mother.id == father.mother or (father.father == mother.father is not None)


def pairs_of_children(members: Sequence[Member]) -> Iterator[tuple[Member, Member]]:
    return (
        (a, b) for a, b in product(members, repeat=2) if a.id < b.id and a.father is not None and b.father is not None
    )


@given(case=cases(max_people=6, one_parent=True, twins=True))
@few
def test_random_cases_are_lawful(case):
    family, p, readings, model = case
    assert isclose(fsum(p), 1, rel_tol=1e-12)
    assert set(readings) <= {m.id for m in family.members}
    assert len(family.members) <= 6
    parents = {parent for m in family.members for parent in (m.father, m.mother)}
    assert all(m.id not in parents for m in family.members if m.sex == "U")
    assert 0 <= value(family.members, p, readings, twins=family.twins, **model) <= 1 + 1e-12


# ---- Other programs' answers ----

ANSWERS = Path(__file__).resolve().parents[3] / "shared" / "answers"
# About one second of enumeration.
BUDGET = 1_000_000


def answers(name: str) -> list[dict[str, Any]]:
    path = ANSWERS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"other programs' answers are not beside this checkout: no shared/answers/{name}.json")
    return json.loads(path.read_text(encoding="utf-8"))


def members_of(components: Sequence[Mapping[str, Any]]) -> list[Member]:
    return [Member(m["id"], m["father"], m["mother"], m["sex"]) for c in components for m in c["members"]]


def readings_of(stored: Mapping[str, Any]) -> dict[str, Observation]:
    index = {label: i for i, label in enumerate(stored["alleles"])}
    silent = index.get(stored.get("silent_allele"))
    found: dict[str, Observation] = {}
    for who, labels in stored["genotypes"].items():
        alleles = [index[label] for label in labels if label is not None]
        found[who] = (
            one_allele(alleles[0], stored["freqs"]) if None in labels else typed(alleles, stored["freqs"], silent)
        )
    return found


def matrices_of(stored: Mapping[str, Any]) -> dict[str, Any]:
    mutation = stored["mutation"] or {}
    return {"male": mutation.get("matrix_male"), "female": mutation.get("matrix_female")}


def answered(cases: Sequence[Mapping[str, Any]], compute: Callable[[Mapping[str, Any]], float]) -> dict[str, float]:
    """Case by case what we compute, those left out that would take too long."""
    found = {}
    for case in cases:
        try:
            found[case["id"]] = compute(case)
        except TooManyCasesError:
            continue
    return found


def test_matrices_of_pedmut():
    models = {"equal", "proportional", "stepwise", "onestep", "dawid"}
    seen_models = []
    for case in [*answers("pedigree_likelihood"), *answers("linked_markers"), *answers("conditional")]:
        for stored, sex in product(case["markers"], ["male", "female"]):
            mutation = stored["mutation"] or {sex: {"model": None}}
            if (model := mutation[sex]["model"]) in models:
                ours = model_matrix(stored, **mutation[sex])
                assert ours == approx(np.array(mutation[f"matrix_{sex}"]), rel=1e-12, abs=1e-15), case["id"]
                seen_models.append(model)
    assert set(seen_models) == models
    assert len(seen_models) == 56


def model_matrix(stored: Mapping[str, Any], **parameters: Any) -> np.ndarray:
    if "range" in parameters:
        parameters["range_"] = parameters.pop("range")
    return mutation_matrix(labels=stored["alleles"], p=stored["freqs"], **parameters)


def test_stabilised_stepwise_matrices_of_familias_and_pedmut():
    compared = 0
    for case in answers("familias_other"):
        (stored,) = case["markers"]
        if stored["mutation"]["stabilization"] != "PM":
            continue
        for sex, rate in (("female", 0.002), ("male", 0.004)):
            assert (
                f"'Stepwise' mutation model with mutation rate {rate} and mutation range 0.1" in stored["mutation"][sex]
            )
            ours = model_matrix(stored, model="stepwise", rate=rate, range=0.1, stabilize=True)
            assert ours == approx(np.array(stored["mutation"][f"matrix_{sex}"]), rel=1e-12, abs=1e-15), case["id"]
            compared += 1
    assert compared == 6
    for case in answers("pedigree_likelihood"):
        if case["kind"]["mutation"] == "stepwise_stationary" and not case["kind"]["x_linked"]:
            (stored,) = case["markers"]
            matrix = np.array(stored["mutation"]["matrix_male"])
            # The file names the rate only; the transform leaves ratios within a row, so the first row shows the range.
            rate, range_ = round(stored["mutation"]["male"]["rate"], 12), round(matrix[0][2] / matrix[0][1], 6)
            ours = model_matrix(stored, model="stepwise", rate=rate, range=range_, stabilize=True)
            assert ours == approx(matrix, rel=1e-12, abs=1e-15), case["id"]
            compared += 1
    assert compared == 10


@pytest.mark.long  # the oracle takes its time; the engine meets the same answers in every run (test_answers)
def test_pedigree_likelihoods_of_pedprobr():
    stored = {case["id"]: case for case in answers("pedigree_likelihood")}

    def compute(case: Mapping[str, Any]) -> float:
        (one,) = case["markers"]
        inbreeding = {k: f for c in case["pedigree"] for k, f in c.get("founder_inbreeding_autosomal", {}).items()}
        return likelihood(
            members_of(case["pedigree"]),
            one["freqs"],
            readings_of(one),
            **matrices_of(one),
            x_linked=one["x_linked"],
            theta=case["theta"],
            founder_inbreeding=inbreeding,
            prune_untyped_leaves=True,
            max_cases=BUDGET,
        )

    found = answered(list(stored.values()), compute)
    assert found == approx({i: stored[i]["answer"]["likelihood"] or 0.0 for i in found}, rel=1e-9, abs=0)
    assert len(found) == 50
    assert sum(stored[i]["theta"] > 0 for i in found) == 7


def test_linked_likelihoods_of_pedprobr():
    stored = {case["id"]: case for case in answers("linked_markers")}

    def compute(case: Mapping[str, Any]) -> float:
        loci = [(one["freqs"], readings_of(one), *matrices_of(one).values()) for one in case["markers"]]
        x_linked = case["markers"][0]["x_linked"]
        members = members_of(case["pedigree"])
        return linked_likelihood(members, loci, case["rho"], x_linked, prune_untyped_leaves=True, max_cases=BUDGET)

    found = answered(list(stored.values()), compute)
    assert found == approx({i: stored[i]["answer"]["likelihood"] for i in found}, rel=1e-9, abs=0)
    assert len(found) == 9


def test_conditional_genotypes_of_pedprobr():
    stored = answers("conditional")
    compared = 0
    for case in stored:
        try:
            joint, expected = conditional(case)
        except TooManyCasesError:
            continue
        total = fsum(joint)
        assert [q / total for q in joint] == approx(expected, rel=1e-9, abs=1e-15), case["id"]
        assert total == approx(case["answer"]["marginal_likelihood"], rel=1e-9), case["id"]
        compared += 1
    assert compared == 16


def conditional(case: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    """P(genotypes of the targets, data) as we list them, and P(genotypes | data) as stored."""
    (one,) = case["markers"]
    index = {label: i for i, label in enumerate(one["alleles"])}
    answer = case["answer"]
    axes = [answer["rows"], answer["cols"]] if "rows" in answer else [answer["genotypes"]]
    genotypes = [[exactly([index[a] for a in label.split("/")]) for label in axis] for axis in axes]
    model = {**matrices_of(one), "x_linked": one["x_linked"], "prune_untyped_leaves": True}
    combinations = list(product(*genotypes))
    joint = [
        likelihood(
            members_of(case["pedigree"]),
            one["freqs"],
            {**readings_of(one), **dict(zip(case["targets"], combination, strict=True))},
            **model,
            max_cases=BUDGET // len(combinations),
        )
        for combination in combinations
    ]
    return joint, list(np.ravel(answer["prob"]))


def test_likelihoods_of_familias():
    compared = 0
    for case in answers("familias_other"):
        (one,) = case["markers"]
        for name, hypothesis in case["hypotheses"].items():
            members = members_of(hypothesis["pedigree"])
            if case["theta"] == 0:
                members = pruned_as_familias(members, set(one["genotypes"]))
            ours = likelihood(
                members, one["freqs"], readings_of(one), **matrices_of(one), theta=case["theta"], max_cases=BUDGET
            )
            assert ours == approx(case["answer"][f"likelihood_{name}"], rel=1e-9, abs=0), (case["id"], name)
            compared += 1
    assert compared == 28
