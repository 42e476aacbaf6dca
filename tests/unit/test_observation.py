"""What a laboratory read, against the enumeration of every event."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Named, OffLadder, Repeat, Unknown
from antigone.genetics.observation import ErrorRates, Reading, ReadingError, Reads, genotype_likelihood, reading_table
from families import KINDS, alleles, model
from oracles.observation import reading_probability
from oracles.strategies import frequencies

RATES = st.sampled_from([0.0, 0.01, 0.2])


@given(st.data())
def test_a_reading_is_as_likely_as_the_sum_over_all_events(data):
    p = data.draw(frequencies(min_alleles=3))
    silent = data.draw(st.sampled_from([None, len(p) - 1]))
    shown = [i for i in range(len(p)) if i != silent]
    seen = frozenset(data.draw(st.lists(st.sampled_from(shown), min_size=1, max_size=3)))
    kind = data.draw(st.sampled_from(["homozygous", "other_unseen"])) if len(seen) == 1 else "seen"
    drop_out = tuple(data.draw(RATES) for _ in p)
    drop_in, error = data.draw(RATES), data.draw(RATES)
    haploid = data.draw(st.booleans())
    marker = model(p, silent=silent)
    reading = Reading(tuple(marker.alleles[i] for i in sorted(seen)), KINDS[kind])
    found = genotype_likelihood([reading], marker, ErrorRates(drop_out, drop_in, error), haploid=haploid)
    for genotype in itertools.product(range(len(p)), repeat=1 if haploid else 2):
        expected = reading_probability(seen, genotype, p, drop_out, drop_in, error, silent, kind)
        assert math.isclose(found[genotype], expected, rel_tol=1e-10, abs_tol=1e-15)


@given(st.data())
def test_the_table_of_all_readings_holds_what_single_ones_give(data):
    p = data.draw(frequencies(min_alleles=3))
    silent = data.draw(st.sampled_from([None, len(p) - 1]))
    rates = ErrorRates(tuple(data.draw(RATES) for _ in p), data.draw(RATES), data.draw(RATES))
    haploid = data.draw(st.booleans())
    marker = model(p, silent=silent)
    table = reading_table(marker, rates, haploid=haploid)
    columns = slice(None) if haploid else np.triu_indices(len(p))
    for a in range(len(p)):
        if a != silent:
            single = genotype_likelihood([Reading((marker.alleles[a],))], marker, rates, haploid=haploid)
            assert np.allclose(table.singles[a], single[columns], rtol=1e-12)
    for row, (a, b) in enumerate(zip(*np.triu_indices(len(p), 1), strict=True)):
        if not haploid and silent not in (a, b):
            pair = genotype_likelihood([Reading((marker.alleles[a], marker.alleles[b]))], marker, rates)
            assert np.allclose(table.pairs[row], pair[columns], rtol=1e-12)


def test_replicates_multiply():
    marker = model((0.2, 0.3, 0.5))
    a, b, _ = marker.alleles
    rates = ErrorRates(0.3, 0.01, 0.0)
    one, two = Reading.of(a, b), Reading.of(a, Unknown())
    both = genotype_likelihood([one, two], marker, rates)
    assert np.allclose(both, genotype_likelihood([one], marker, rates) * genotype_likelihood([two], marker, rates))


def test_one_allele_seen_without_a_drop_out_rate_is_any_genotype_that_holds_it():
    marker = model((0.2, 0.3, 0.5))
    found = genotype_likelihood([Reading.of(Repeat(11), Unknown())], marker)
    assert found.tolist() == [[0, 1, 0], [1, 1, 1], [0, 1, 0]]


def test_a_homozygote_above_the_threshold_hides_nothing_but_a_silent_allele():
    marker = model((0.2, 0.3, 0.4, 0.1), silent=3)
    found = genotype_likelihood([Reading.of(Repeat(10), Repeat(10))], marker, ErrorRates(0.4))
    assert found[0].tolist() == [1, 0, 0, 1]


def test_by_hand_one_of_two_alleles_dropped_out():
    marker = model((0.2, 0.8))
    d = 0.1
    found = genotype_likelihood([Reading.of(Repeat(10), Unknown())], marker, ErrorRates(d))
    assert math.isclose(found[0, 1], d * (1 - d))
    assert math.isclose(found[0, 0], 1 - d**2)


@pytest.mark.parametrize(
    ("reported", "reads", "shown"),
    [
        ((Repeat(12), Repeat(14)), Reads.ALLELES, "12/14"),
        ((Repeat(14), Repeat(12)), Reads.ALLELES, "12/14"),
        ((Repeat(12), Repeat(12)), Reads.HOMOZYGOUS, "12/12"),
        ((Repeat(12), Unknown()), Reads.OTHER_UNSEEN, "12/?"),
        ((Repeat(12), OffLadder(">20")), Reads.OTHER_UNSEEN, "12/?"),
        ((Named("X"), Named("Y")), Reads.ALLELES, "X/Y"),
    ],
)
def test_what_is_reported_becomes_what_it_says(reported, reads, shown):
    reading = Reading.of(*reported)
    assert (reading.reads, str(reading)) == (reads, shown)


@pytest.mark.parametrize("reported", [(Unknown(),), (Repeat(1), Repeat(2), Unknown()), ()])
def test_readings_that_say_nothing_or_contradict_themselves_are_refused(reported):
    with pytest.raises(ReadingError):
        Reading.of(*reported)


def test_an_allele_outside_the_table_is_an_error():
    with pytest.raises(ReadingError, match="allele 99 is not among the alleles"):
        genotype_likelihood([Reading.of(Repeat(99), Repeat(99))], model((0.5, 0.5)))


@pytest.mark.parametrize("rates", [{"drop_out": 1.0}, {"drop_in": -0.1}, {"typing_error": 2.0}])
def test_rates_are_probabilities(rates):
    with pytest.raises(ReadingError, match="a probability below 1"):
        ErrorRates(**rates)


def test_drop_out_rates_must_fit_the_alleles():
    with pytest.raises(ReadingError, match="2 drop-out rates for 3 alleles"):
        genotype_likelihood([Reading.of(*alleles(2))], model((0.2, 0.3, 0.5)), ErrorRates((0.1, 0.2)))
