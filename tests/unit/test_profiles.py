"""Profiles, replicates and columns."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat, Unknown
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.profiles import Column, Profile, ProfileTable, alleles_seen, consensus, is_discordant

A, B, C = Repeat(10), Repeat(11), Repeat(12)
UNSEEN = Unknown()


@st.composite
def readings(draw) -> Reading:
    kind = draw(st.sampled_from(["two", "called", "open", "three"]))
    if kind == "two":
        return Reading.of(*draw(st.sampled_from([(A, B), (A, C), (B, C)])))
    if kind == "three":
        return Reading((A, B, C))
    allele = draw(st.sampled_from([A, B, C]))
    return Reading.of(allele, allele if kind == "called" else UNSEEN)


@st.composite
def profiles(draw) -> list[Profile]:
    markers = ("M1", "M2")
    return [
        Profile(f"S{k}", {m: tuple(draw(st.lists(readings(), max_size=2))) for m in markers})
        for k in range(draw(st.integers(0, 5)))
    ]


@given(profiles())
def test_columns_give_back_what_was_read(people: Sequence[Profile]):
    table = ProfileTable.of(people, ["M1", "M2"])
    for row, profile in enumerate(people):
        for m, name in enumerate(table.markers):
            assert table.readings(row, m) == profile.readings[name]


@given(profiles())
def test_classes_are_the_distinct_things_read(people: Sequence[Profile]):
    table = ProfileTable.of(people, ["M1", "M2"])
    of, found = table.classes(0)
    assert len(set(found)) == len(found)
    for row, profile in enumerate(people):
        expected = profile.readings["M1"]
        assert (found[of[row]] if of[row] >= 0 else ()) == expected


def cell_by_cell(people: Sequence[Profile], markers: Sequence[str]):
    """`ProfileTable.of` as it is written, cell after cell."""
    alleles = [{} for _ in markers]
    cells, replicates = [], {}
    for row, one in enumerate(people):
        for m, name in enumerate(markers):
            these = one.readings.get(name, ())
            for allele in alleles_seen(these):
                alleles[m].setdefault(allele, len(alleles[m]))
            if not these:
                cells.append((Column.MISSING, -1, -1))
            elif len(these) > 1 or len(these[0].alleles) > 2:
                cells.append((Column.REPLICATES, -1, -1))
                replicates[row, m] = these
            else:
                codes = [alleles[m][allele] for allele in these[0].alleles]
                single = Column.HOMOZYGOUS if these[0].reads is Reads.HOMOZYGOUS else Column.OTHER_UNSEEN
                cells.append((Column.ALLELES if len(codes) == 2 else single, *codes, *([-1] * (2 - len(codes)))))
    return [tuple(these) for these in alleles], cells, replicates


@given(profiles(), st.data())
def test_columns_are_laid_out_as_cell_by_cell_whatever_objects_are_shared(people: Sequence[Profile], data):
    shared: dict = {}
    for one in people:  # some equal readings are one object, as readers have it, and some are not
        for name in list(one.readings):
            if data.draw(st.booleans()):
                one.readings[name] = shared.setdefault(one.readings[name], one.readings[name])
            elif data.draw(st.booleans()):
                del one.readings[name]
    markers = ["M2", "M1", "M3"]
    table = ProfileTable.of(people, markers)
    alleles, cells, replicates = cell_by_cell(people, markers)
    assert list(table.alleles) == alleles
    columns = (table.kind, table.first, table.second)
    assert list(zip(*(column.ravel().tolist() for column in columns), strict=True)) == cells
    assert table.replicates == replicates


def test_two_hundred_thousand_profiles_stay_small():
    profile = Profile("S", {"M1": (Reading.of(A, B),)})
    table = ProfileTable.of((profile for _ in range(200_000)), ["M1"])
    assert table.first.nbytes + table.second.nbytes + table.kind.nbytes == 200_000 * 5


@pytest.mark.parametrize(
    ("replicates", "expected"),
    [
        ([Reading.of(A, B), Reading.of(A, B), Reading.of(A, UNSEEN)], Reading.of(A, B)),
        ([Reading.of(A, UNSEEN), Reading.of(A, UNSEEN)], Reading.of(A, UNSEEN)),
        ([Reading.of(A, A), Reading.of(A, A)], Reading.of(A, A)),
        ([Reading.of(A, A), Reading.of(A, UNSEEN)], Reading.of(A, UNSEEN)),
        ([Reading.of(A, B), Reading.of(A, UNSEEN)], Reading.of(A, UNSEEN)),
        ([Reading.of(A, UNSEEN), Reading.of(B, UNSEEN)], None),
    ],
)
def test_the_majority_stands(replicates, expected):
    assert consensus(replicates) == expected


@pytest.mark.parametrize(
    ("replicates", "expected"),
    [
        ([Reading.of(A, B)], False),
        ([Reading.of(A, B), Reading.of(A, C)], True),
        ([Reading.of(A, A), Reading.of(B, B)], True),
        ([Reading.of(A, UNSEEN), Reading.of(B, UNSEEN)], False),
        ([Reading.of(A, UNSEEN), Reading.of(B, UNSEEN), Reading.of(C, UNSEEN)], True),
        ([Reading((A, B, C))], True),
    ],
)
def test_replicates_are_discordant_where_drop_out_explains_nothing(replicates, expected):
    assert is_discordant(replicates) is expected


def test_samples_of_one_person_become_replicates():
    one, two = Profile("S1", {"M1": (Reading.of(A, B),)}), Profile("S2", {"M1": (Reading.of(A, A),), "M2": ()})
    joint = one.joined(two, "S1;S2")
    assert joint.readings["M1"] == (Reading.of(A, B), Reading.of(A, A))
    assert joint.markers() == ("M1",)
    assert alleles_seen(joint.readings["M1"]) == (A, B)


def test_a_single_allele_that_was_called_differs_from_one_left_open():
    assert Reading.of(A, A).reads is Reads.HOMOZYGOUS
    table = ProfileTable.of(
        [Profile("S1", {"M1": (Reading.of(A, A),)}), Profile("S2", {"M1": (Reading.of(A, UNSEEN),)})], ["M1"]
    )
    assert table.classes(0)[0].tolist() == [0, 1]
