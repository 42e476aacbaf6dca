"""Mutation matrices against those written by another hand, and against peers' own."""

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antigone.formats.allele_labels import read_allele
from antigone.genetics.alleles import Named, Repeat, parse_allele
from antigone.genetics.mutation import (
    CustomMatrix,
    Dawid,
    Equal,
    Mutation,
    MutationError,
    NoMutation,
    OneStep,
    Proportional,
    RepeatsOnly,
    Stationary,
    Stepwise,
    stationary,
)
from oracles import mutation as oracle
from oracles.strategies import frequencies

LADDERS = [
    ["8", "9", "10", "11", "12"],
    ["8", "9.3", "10", "10.3", "12"],
    ["6", "9", "14", "15.2", "30.2"],
    ["5", "6", "7.1", "7.2", "7.3"],
]


@given(st.sampled_from(LADDERS), frequencies(min_alleles=5, max_alleles=5), st.data())
def test_every_model_agrees_with_the_one_written_by_another_hand(labels, p, data):
    alleles, vector = [parse_allele(label) for label in labels], np.array(p)
    rate = data.draw(st.sampled_from([0.0005, 0.002, 0.02]))
    steps = data.draw(st.sampled_from([0.1, 0.5]))
    rate2 = data.draw(st.sampled_from([0.0, 1e-6, 0.001]))
    pairs = [
        (Equal(rate), oracle.equal(labels, rate=rate)),
        (Proportional(rate), oracle.proportional(labels, p, rate=rate)),
        (Stepwise(rate, steps, rate2), oracle.stepwise(labels, rate=rate, rate2=rate2, range_=steps)),
    ]
    for ours, theirs in pairs:
        assert np.allclose(ours.matrix(alleles, vector), theirs, rtol=1e-13, atol=0)


@given(frequencies(min_alleles=5, max_alleles=5), st.sampled_from([0.0005, 0.002]))
def test_models_of_whole_repeats_agree_with_the_other_hand(p, rate):
    labels = LADDERS[0]
    alleles, vector = [parse_allele(label) for label in labels], np.array(p)
    assert np.allclose(OneStep(rate).matrix(alleles, vector), oracle.onestep(labels, rate=rate), rtol=1e-13, atol=0)
    try:
        theirs = oracle.dawid(labels, p, rate=rate, range_=0.3)
    except ValueError:
        with pytest.raises(MutationError, match="too rare for the dawid model"):
            Dawid(rate, 0.3).matrix(alleles, vector)
    else:
        assert np.allclose(Dawid(rate, 0.3).matrix(alleles, vector), theirs, rtol=1e-12, atol=0)


@given(frequencies(min_alleles=5, max_alleles=5), st.sampled_from([0.0005, 0.002]))
def test_the_stationary_transform_keeps_frequencies_and_the_expected_rate(p, rate):
    alleles, vector = [parse_allele(label) for label in LADDERS[0]], np.array(p)
    plain = Stepwise(rate, 0.1).matrix(alleles, vector)
    try:
        transformed = Stationary(Stepwise(rate, 0.1)).matrix(alleles, vector)
    except MutationError:
        assume(False)
    assert np.allclose(vector @ transformed, vector, rtol=1e-12)
    assert math.isclose(1 - np.diag(transformed) @ vector, 1 - np.diag(plain) @ vector, rel_tol=1e-9)
    assert np.allclose(transformed, oracle.stationary(plain, p), rtol=1e-10, atol=0)


@given(st.sampled_from(LADDERS), frequencies(min_alleles=5, max_alleles=5))
def test_rows_are_probabilities(labels, p):
    alleles, vector = [parse_allele(label) for label in labels], np.array(p)
    for model in (NoMutation(), Equal(0.3), Proportional(0.01), Stepwise(0.2, 0.5, 0.01)):
        matrix = model.matrix(alleles, vector)
        assert np.allclose(matrix.sum(axis=1), 1, rtol=1e-14)
        assert matrix.min() >= 0


def test_matrices_agree_with_the_peers_own(shared):
    compared = 0
    for case in json.loads((shared / "answers" / "pedigree_likelihood.json").read_text()):
        for marker in case["markers"]:
            mutation = marker["mutation"]
            if not mutation:
                continue
            alleles = [read_allele(label) for label in marker["alleles"]]
            for sex in ("female", "male"):
                parameters = mutation[sex]
                build = {
                    "equal": lambda q: Equal(q["rate"]),
                    "proportional": lambda q: Proportional(q["rate"]),
                    "stepwise": lambda q: Stepwise(q["rate"], q["range"], q["rate2"]),
                    "onestep": lambda q: OneStep(q["rate"]),
                    "dawid": lambda q: Dawid(q["rate"], q["range"]),
                }.get(parameters["model"])
                if build is None:
                    continue
                ours = build(parameters).matrix(alleles, np.array(marker["freqs"]))
                assert np.allclose(ours, mutation[f"matrix_{sex}"], rtol=1e-12, atol=1e-15)
                compared += 1
    assert compared == 40


def test_a_far_neighbour_with_a_small_range_still_mutates():
    # 0.001^40 underflows as a plain power; the row must still share out its whole rate.
    matrix = Stepwise(0.002, 1e-9).matrix([Repeat(6), Repeat(60)], np.array([0.5, 0.5]))
    assert np.allclose(matrix, [[0.998, 0.002], [0.002, 0.998]])


def test_an_allele_alone_in_its_group_keeps_the_rate():
    alleles = [Repeat(9), Repeat(9, 3), Repeat(10)]
    matrix = Stepwise(0.01, 0.1, 0.002).matrix(alleles, np.full(3, 1 / 3))
    assert np.allclose(matrix[1], [0.001, 0.998, 0.001])
    assert np.allclose(matrix[0], [0.988, 0.002, 0.01])


def test_a_rest_allele_takes_no_part_in_steps():
    alleles = [Repeat(9), Repeat(10), Named("Rest allele")]
    matrix = RepeatsOnly(Stepwise(0.01)).matrix(alleles, np.array([0.5, 0.4, 0.1]))
    assert np.allclose(matrix, [[0.99, 0.01, 0], [0.01, 0.99, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: Equal(1.5).matrix([], np.zeros(0)), "the rate of a mutation model is a probability, got 1.5"),
        (lambda: Stepwise(0.7, 0.1, 0.7), "rate \\+ microvariant_rate"),
        (lambda: Stepwise(0.1, -1), "the range of a stepwise model must be positive"),
        (lambda: Stepwise(0.1).matrix([Named("A")], np.ones(1)), "allele ‘A’ has none"),
        (lambda: OneStep(0.1).matrix([Repeat(9, 3)], np.ones(1)), "whole repeats only"),
        (lambda: CustomMatrix(((0.5, 0.4), (0, 1))).matrix([Repeat(1), Repeat(2)], np.ones(2)), "row 1 .* sums to 0.9"),
        (lambda: CustomMatrix(((1.0,),)).matrix([Repeat(1), Repeat(2)], np.ones(2)), "shape \\(1, 1\\)"),
        (lambda: Proportional(0.9).matrix([Repeat(1), Repeat(2)], np.array([0.9, 0.1])), "needs a rate of at most"),
        (lambda: stationary(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([0.99, 0.01])), "an allele is too rare"),
        (lambda: stationary(np.array([[1.0, 0, 0], [0, 0.5, 0.5], [0, 0.5, 0.5]]), np.full(3, 1 / 3)), "no unique"),
    ],
)
def test_what_cannot_be_says_why(model, message):
    with pytest.raises(MutationError, match=message):
        model()


def test_mutation_differs_between_the_sexes():
    mutation = Mutation(Equal(0.001), Stepwise(0.002))
    assert (
        mutation.describe() == "female equal(rate=0.001), male stepwise(rate=0.002, microvariant_rate=0.0, range=0.1)"
    )


def test_frequencies_of_zero_are_told_in_words_where_a_model_divides_by_them():
    alleles = (Repeat(10), Repeat(11))
    with pytest.raises(MutationError, match="at least two alleles with a frequency above 0"):
        Proportional(0.01).matrix(alleles, np.array([1.0, 0.0]))
    with pytest.raises(MutationError, match="a frequency above 0 for every allele"):
        Stationary(Equal(0.01)).matrix(alleles, np.array([1.0, 0.0]))


def test_two_rates_that_sum_to_one_leave_no_negative_probability():
    alleles = (Repeat(10), Repeat(11), Repeat(10, 2), Repeat(11, 2))
    matrix = Stepwise(0.9, 0.5, 0.1).matrix(alleles, np.full(4, 0.25))
    assert matrix.min() >= 0
    assert np.allclose(matrix.sum(axis=1), 1, rtol=0, atol=1e-15)
