"""Frequencies: what was published, what rule was applied, and a digest that says so."""

import csv
import math

import numpy as np
import pytest

from antigone.genetics.alleles import Named, OffLadder, Repeat
from antigone.genetics.frequencies import (
    FiveOverTwoN,
    Floor,
    FrequencyError,
    FrequencyTable,
    Laplace,
    MarkerFrequencies,
    Normalisation,
    Refuse,
    UnseenAlleleError,
    nist_1036_caucasian,
)

COUNTS = {Repeat(6): 150, Repeat(7): 48, Repeat(9, 3): 2}
TABLE = FrequencyTable("small", "made up", {"TH01": MarkerFrequencies.from_counts("TH01", COUNTS)})


def prepared(rule, *seen, table=TABLE, normalisation=Normalisation.SCALE):
    entry = table.prepare(rule=rule, seen={"TH01": seen}, normalisation=normalisation).markers["TH01"]
    return dict(zip(map(str, entry.alleles), entry.frequencies.tolist(), strict=True))


def test_published_frequencies_stand_where_nothing_is_rare_or_unseen():
    assert prepared(Refuse()) == {"6": 0.75, "7": 0.24, "9.3": 0.01}


def test_refuse_names_the_marker_and_the_allele():
    with pytest.raises(UnseenAlleleError, match="allele 8 of TH01 is not in the table small"):
        prepared(Refuse(), Repeat(8))


def test_refuse_takes_no_allele_that_was_seen_and_has_frequency_zero():
    # Its carrier would be impossible: an LR without value, and an exclusion that is none.
    zero = FrequencyTable(
        "z", "made up", {"TH01": MarkerFrequencies.from_frequencies("TH01", {Repeat(6): 1, Repeat(8): 0})}
    )
    with pytest.raises(UnseenAlleleError, match="allele 8 of TH01 has frequency 0 in the table z; ‘refuse’ takes no"):
        prepared(Refuse(), Repeat(6), Repeat(8), table=zero)
    assert prepared(Refuse(), Repeat(6), table=zero) == {"6": 1.0, "8": 0.0}  # nobody has it
    assert prepared(Floor(0.01), Repeat(8), table=zero)["8"] == pytest.approx(0.01 / 1.01)


def test_five_over_2n_raises_rare_and_unseen_alleles_and_then_scales():
    found = prepared(FiveOverTwoN(), Repeat(8))
    total = 0.75 + 0.24 + 0.025 + 0.025
    expected = {"6": 0.75 / total, "7": 0.24 / total, "8": 0.025 / total, "9.3": 0.025 / total}
    assert found == pytest.approx(expected)


def test_laplace_counts_one_more_of_each():
    assert prepared(Laplace(), Repeat(8)) == pytest.approx(
        {"6": 151 / 204, "7": 49 / 204, "8": 1 / 204, "9.3": 3 / 204}
    )


def test_a_floor_is_a_floor():
    found = prepared(Floor(0.05), Repeat(8), normalisation=Normalisation.NONE)
    assert found == {"6": 0.75, "7": 0.24, "8": 0.05, "9.3": 0.05}


def test_readings_that_name_no_allele_add_none():
    assert prepared(Floor(0.05), OffLadder("OL")) == prepared(Floor(0.05))


def test_named_alleles_can_be_added():
    assert "Rest" in prepared(Floor(0.05), Named("Rest"))


def test_rules_that_need_counts_say_so():
    table = FrequencyTable("f", "f", {"TH01": MarkerFrequencies.from_frequencies("TH01", {Repeat(6): 1.0})})
    with pytest.raises(FrequencyError, match="the rule laplace needs allele counts"):
        prepared(Laplace(), table=table)
    with pytest.raises(FrequencyError, match="the rule 5/2N needs the number of chromosomes"):
        prepared(FiveOverTwoN(), table=table)


def test_the_digest_is_that_of_the_content():
    same = FrequencyTable("another name", "elsewhere", dict(TABLE.markers))
    other = FrequencyTable(
        "small", "made up", {"TH01": MarkerFrequencies.from_counts("TH01", {**COUNTS, Repeat(6): 151})}
    )
    assert same.digest == TABLE.digest
    assert other.digest != TABLE.digest
    assert TABLE.prepare(rule=Refuse()).digest != TABLE.prepare(rule=Laplace()).digest


def test_what_was_added_and_raised_is_said():
    entry = TABLE.prepare(rule=FiveOverTwoN(), seen={"TH01": [Repeat(8)]}).markers["TH01"]
    assert entry.added == (Repeat(8),)
    assert entry.raised == (Repeat(9, 3),)


def test_the_built_in_table_holds_the_published_counts(shared):
    table = nist_1036_caucasian()
    with (shared / "data" / "str-allele-counts-nist1036-caucasian.csv").open() as file:
        published = list(csv.DictReader(file))
    for row in published:
        entry = table.markers[row["marker"]]
        place = [str(allele) for allele in entry.alleles].index(row["allele"])
        assert entry.counts[place] == int(row["count"])
    assert sum(len(entry.alleles) for entry in table.markers.values()) == len(published)


def test_the_built_in_table_has_722_chromosomes_a_marker():
    table = nist_1036_caucasian()
    assert len(table.markers) == 29
    assert {entry.chromosomes for entry in table.markers.values()} == {722}
    assert all(math.isclose(sum(entry.frequencies), 1) for entry in table.markers.values())


@pytest.mark.parametrize("values", [{}, {Repeat(6): -0.1}, {Repeat(6): 1.2}, {Repeat(6): 0.0}])
def test_frequencies_that_cannot_be_are_refused(values):
    with pytest.raises(FrequencyError, match="frequencies lie between 0 and 1"):
        MarkerFrequencies.from_frequencies("TH01", values)


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(FrequencyError, match="allele counts must be positive"):
        MarkerFrequencies.from_counts("TH01", {Repeat(6): -1})


@pytest.mark.parametrize("minimum", [0.0, 1.0, -3.0])
def test_a_floor_lies_between_0_and_1(minimum):
    with pytest.raises(FrequencyError):
        Floor(minimum)


def test_scaled_frequencies_sum_to_one():
    entry = TABLE.prepare(rule=Floor(0.2), seen={"TH01": [Repeat(5), Repeat(8)]}).markers["TH01"]
    assert np.isclose(entry.frequencies.sum(), 1)
