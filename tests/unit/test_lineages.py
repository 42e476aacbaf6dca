"""Y and mitochondrial haplotypes: notation, comparison along a line, and how rare they are."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from antigone.genetics.alleles import Named, OffLadder, Repeat, Silent, Unknown
from antigone.genetics.haplotype_frequencies import MtCounts, YCounts, kappa_probability, upper_bound
from antigone.genetics.haplotypes import (
    LineageError,
    LineageSettings,
    MtHaplotype,
    YHaplotype,
    published_y_rates,
    reference_sequence,
)
from antigone.genetics.markers import Inheritance, marker
from antigone.genetics.maternal import (
    LENGTH_HOTSPOTS,
    NotationError,
    compare_mt,
    mt_differences,
    mt_haplotype,
    parse_differences,
    parse_ranges,
    write_ranges,
)
from antigone.genetics.paternal import compare_y, step_probabilities, transmission
from oracles import lineages as oracle

HV = "16024-16365;73-340"
RATE = LineageSettings(y_rates={"DYS19": 0.01, "DYS385": 0.02}, y_range=0.1, y_other_change=1e-6)


def y(**alleles: object) -> YHaplotype:
    """`y(DYS19=14, DYS385=(11, 14))`."""
    read = {}
    for name, value in alleles.items():
        copies = value if isinstance(value, tuple) else (value,)
        read[name] = tuple(Repeat(one) if isinstance(one, int) else one for one in copies)
    return YHaplotype.of("S", read)


# Along the paternal line


@pytest.mark.parametrize("meioses", [0, 1, 2, 3])
@pytest.mark.parametrize("distance", [0, 1, 2])
def test_a_copy_after_some_meioses_is_the_sum_over_every_history(meioses: int, distance: int) -> None:
    expected = oracle.copy_after(14, 14 + distance, meioses, 0.01, 0.1)
    assert step_probabilities(0.01, 0.1, meioses)[distance] == pytest.approx(expected, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(10, 13), min_size=2, max_size=3),
    st.lists(st.integers(10, 13), min_size=3, max_size=3),
    st.integers(0, 2),
)
def test_unordered_copies_are_the_sum_over_every_outcome(parent: list[int], child: list[int], meioses: int) -> None:
    child = child[: len(parent)]
    expected = oracle.copies_after(parent, child, meioses, 0.02, 0.1) * (1 - 1e-6) ** (len(parent) * meioses)
    own = tuple(map(Repeat, parent)), tuple(map(Repeat, child))
    assert transmission("DYS385", *own, meioses, RATE) == pytest.approx(expected, rel=1e-5, abs=1e-12)
    assert transmission("DYS385", *reversed(own), meioses, RATE) == pytest.approx(
        oracle.copies_after(child, parent, meioses, 0.02, 0.1), rel=1e-4, abs=1e-12
    )


def test_what_a_child_can_show_sums_to_one() -> None:
    """All unordered pairs, and what is no whole step, which the model counts in one lump for each copy."""
    parent = (Repeat(11), Repeat(14))
    pairs = itertools.combinations_with_replacement(range(1, 40), 2)
    total = sum(transmission("DYS385", parent, (Repeat(a), Repeat(b)), 2, RATE) for a, b in pairs)
    assert total == pytest.approx((1 - 1e-6) ** 4, rel=1e-9)


def test_a_duplicated_marker_by_hand() -> None:
    """{11, 14} to {11, 15}: 11 stays and 14 goes up, or, hardly ever, 11 goes up by four and 14 down by three."""
    stays, up = 0.98, 0.01 * 0.9
    across = 0.01 * 0.9 * 0.1**3 * 0.01 * 0.9 * 0.1**2
    found = transmission("DYS385", (Repeat(11), Repeat(14)), (Repeat(11), Repeat(15)), 1, RATE)
    assert found == pytest.approx((stays * up + across) * (1 - 1e-6) ** 2, rel=1e-12)


def test_null_alleles_microvariants_and_lost_copies_have_the_declared_probability() -> None:
    declared = LineageSettings(y_rates={"DYS448": 0.001, "DYS385": 0.001}, y_other_change=1e-4)
    changed, kept = 1 - (1 - 1e-4) ** 2, (1 - 1e-4) ** 2
    assert transmission("DYS448", (Silent(),), (Silent(),), 2, declared) == pytest.approx(kept)
    assert transmission("DYS448", (Repeat(19),), (Silent(),), 2, declared) == pytest.approx(changed)
    assert transmission("DYS448", (Repeat(19),), (Repeat(19, 2),), 2, declared) == pytest.approx(changed)
    assert transmission("DYS385", (Repeat(11), Repeat(14)), (Repeat(11),), 2, declared) == pytest.approx(
        kept * float(step_probabilities(0.001, 0.04, 2)[0]) * changed, rel=1e-3
    )
    assert transmission("Yindel", (Named("1"),), (Named("1"),), 1, declared) == pytest.approx(1 - 1e-4)


def test_what_was_not_read_in_full_speaks_against_and_never_for() -> None:
    one, other = y(DYS385=(11, Unknown()), DYS19=14), y(DYS385=(11, 14), DYS19=14)
    compared = compare_y(one, other, 1, RATE)
    assert (compared.compared, compared.incomplete, compared.differing) == (("DYS19",), ("DYS385",), ())
    against = compare_y(y(DYS385=(11, Unknown()), DYS19=14), y(DYS385=(15, 16), DYS19=14), 1, RATE)
    assert against.differing == ("DYS385",)
    assert against.log10_transmission < compared.log10_transmission - 4
    ladder = compare_y(y(DYS19=OffLadder()), y(DYS19=14), 1, RATE)
    assert (ladder.compared, ladder.incomplete, ladder.log10_transmission) == ((), ("DYS19",), 0.0)


def test_markers_that_one_of_them_lacks_are_not_compared() -> None:
    compared = compare_y(y(DYS19=14, DYS391=10), y(DYS19=14, DYS390=24), 1, RATE)
    assert compared.compared == ("DYS19",)
    assert 10**compared.log10_transmission == pytest.approx(0.99 * (1 - 1e-6))


def test_a_mutation_of_dys389i_counts_once_though_both_markers_show_it() -> None:
    rates = LineageSettings(y_rates={"DYS389I": 0.01, "DYS389II": 0.01}, y_other_change=1e-9)
    one, other = y(DYS389I=13, DYS389II=29), y(DYS389I=14, DYS389II=30)
    found = compare_y(one, other, 1, rates)
    assert found.differing == ("DYS389I",)
    assert 10**found.log10_transmission == pytest.approx(0.005 * 0.96 * 0.99, rel=1e-6)
    # Where one side lacks DYS389I, the whole of DYS389II is compared.
    assert compare_y(one, y(DYS389II=29), 1, rates).differing == ()


def test_a_whole_haplotype_is_the_product_of_its_markers() -> None:
    one, other = y(DYS19=14, DYS391=10, DYS385=(11, 14)), y(DYS19=15, DYS391=10, DYS385=(11, 14))
    found = compare_y(one, other, 3, RATE)
    parts = [transmission(name, one.alleles[name], other.alleles[name], 3, RATE) for name in one.alleles]
    assert 10**found.log10_transmission == pytest.approx(parts[0] * parts[1] * parts[2], rel=1e-12)
    assert found.differing == ("DYS19",)


def test_published_rates_are_of_y_markers_under_the_name_used_here() -> None:
    assert len(published_y_rates()) == 25
    for name, rate in published_y_rates().items():
        assert marker(name).name == name
        assert marker(name).inheritance is Inheritance.Y
        assert 1e-4 < rate < 0.05
    assert LineageSettings().y_rate_of("DYS612") == 0.003
    assert LineageSettings(y_rates={"DYS391": 0.01}).y_rate_of("DYS391") == 0.01


def test_a_rate_that_is_no_probability_is_refused() -> None:
    with pytest.raises(LineageError, match=r"mt_rate lies between 0 and 1, got 0\.0"):
        LineageSettings(mt_rate=0.0)
    with pytest.raises(LineageError, match="y_rates of DYS391"):
        LineageSettings(y_rates={"DYS391": 2.0})


# Along the maternal line


def test_the_reference_sequence_is_the_revised_cambridge_one() -> None:
    """Its well-known marks: A263, the C stretches with T310 and T16189, the gap N3107, and the letters of the rCRS."""
    rcrs = reference_sequence()
    assert (len(rcrs), rcrs[262], rcrs[302:315], rcrs[3106]) == (16_569, "A", "CCCCCCCTCCCCC", "N")
    assert rcrs[16182:16193] == "ACCCCCTCCCC"
    assert rcrs[522:524] == "AC"
    assert {base: rcrs.count(base) for base in "ACGTN"} == {"A": 5124, "C": 5181, "G": 2169, "T": 4094, "N": 1}


def test_ranges_and_differences_are_written_as_they_are_read() -> None:
    ranges = parse_ranges(HV)
    assert write_ranges(ranges) == "73-340;16024-16365"
    assert parse_ranges(write_ranges(ranges)) == ranges
    differences = parse_differences("16093Y 263G 315.1C 309.2C 309.1C 249del", ranges)
    assert differences == ("249DEL", "263G", "309.1C", "309.2C", "315.1C", "16093Y")
    assert parse_differences(" ".join(differences), ranges) == differences


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("263a", "263a", "a base, R Y S W K M for two of them, N, or DEL"),
        ("263D", "263D", "or DEL for a base that is not there"),
        ("263A", "263A", "another base than the rCRS has at 263"),
        ("G263A", "G263A", "A before 263, as in the rCRS"),
        ("A315.1C", "A315.1C", "no letter before an insertion"),
        ("315.0C", "315.0C", "an inserted base, such as 315.1C"),
        ("315.1DEL", "315.1DEL", "an inserted base, such as 315.1C"),
        ("315.2C", "315.2C", "315.1 before it"),
        ("263G 263R", "263R", "each position once: heteroplasmy is one letter"),
        ("750G", "750G", "a position within the ranges read, 73-340;16024-16365"),
        ("263", "263", "as in 263G, 16093Y, 315.1C, 249DEL"),
    ],
)
def test_what_is_no_difference_is_told_in_words(text: str, found: str, expected: str) -> None:
    with pytest.raises(NotationError) as error:
        parse_differences(text, parse_ranges(HV))
    [problem] = error.value.problems
    assert problem.found == found
    assert expected in problem.expected


@pytest.mark.parametrize("text", ["", "0-5", "1-16570", "a-b", "73-340;300-400", "73–340"])
def test_what_is_no_range_is_told(text: str) -> None:
    with pytest.raises(NotationError):
        parse_ranges(text)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("263G", "263G", ()),
        ("", "263G", ("263G",)),
        ("263G", "", ("263A",)),
        ("16093Y", "", ()),  # the rCRS has T there
        ("16093Y", "16093C", ()),
        ("16093R", "16093Y", ("16093Y",)),
        ("16093N", "16093A", ()),  # not read on one side
        ("", "309.1C 309.2C 315.1C", ()),
        ("16189C", "16189C 16193.1C", ()),
        ("", "249DEL", ("249DEL",)),
        ("249DEL", "", ("249A",)),
        ("", "291DEL 292DEL 293DEL", ("291DEL",)),  # one event
        ("291DEL", "", ("291A",)),
        ("", "291DEL 293DEL", ("291DEL", "293DEL")),
        ("", "291DEL 292C", ("291DEL", "292C")),
        ("", "105.1A 105.2C", ("105.1A",)),
        ("105.1A", "", ("no 105.1",)),
        ("105.1A", "105.1A 105.2C", ("105.2C",)),
    ],
)
def test_differences_between_two_sequences(one: str, other: str, told: tuple[str, ...]) -> None:
    ranges = parse_ranges(HV)
    first, second = parse_differences(one, ranges), parse_differences(other, ranges)
    assert mt_differences(first, second, ranges) == told
    assert len(mt_differences(second, first, ranges)) == len(told)


def test_only_what_both_read_is_compared() -> None:
    one, other = mt_haplotype("A", HV, "263G 16093C"), mt_haplotype("B", "16024-16365", "16093C")
    compared = compare_mt(one, other, 1, LineageSettings())
    assert (compared.ranges, compared.differences) == (((16024, 16365),), ())


SUBSTITUTED = st.dictionaries(st.integers(200, 230), st.sampled_from("ACGT"), max_size=4)


@settings(max_examples=100, deadline=None)
@given(SUBSTITUTED, SUBSTITUTED)
def test_substitutions_are_the_positions_that_differ_base_by_base(one: dict[int, str], other: dict[int, str]) -> None:
    rcrs, ranges = reference_sequence(), parse_ranges("200-230")
    written = [
        parse_differences(" ".join(f"{p}{b}" for p, b in changes.items() if rcrs[p - 1] != b), ranges)
        for changes in (one, other)
    ]
    whole = [oracle.sequence(rcrs[:230], changes, {}) for changes in (one, other)]
    differing = sum(not (a & b) for a, b in zip(*whole, strict=True))
    assert len(mt_differences(*written, ranges)) == differing


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(LENGTH_HOTSPOTS)), st.integers(1, 3), SUBSTITUTED)
def test_length_variants_at_hotspots_change_nothing(position: int, length: int, changes: dict[int, str]) -> None:
    rcrs, ranges = reference_sequence(), parse_ranges("1-16569")
    own = [f"{p}{b}" for p, b in changes.items() if rcrs[p - 1] != b]
    longer = own + [f"{position}.{k}C" for k in range(1, length + 1)]
    first, second = (parse_differences(" ".join(each), ranges) for each in (own, longer))
    assert mt_differences(first, second, ranges) == ()


def test_the_probability_within_a_line_by_hand() -> None:
    declared = LineageSettings(mt_rate=0.01, mt_beyond=1e-4)
    one = mt_haplotype("A", HV, "263G")
    for text, meioses, expected in [
        ("263G", 3, 0.99**3),
        ("263G 152C", 3, 1 - 0.99**3),
        ("263G 152C 150T", 3, 1e-4),
        ("263G 152C", 0, 1e-4),
        ("263G", 0, 1.0),
    ]:
        found = compare_mt(one, mt_haplotype("B", HV, text), meioses, declared)
        assert 10**found.log10_transmission == pytest.approx(expected, rel=1e-12)


# How rare


@pytest.mark.parametrize(("matches", "size"), [(0, 100), (1, 100), (3, 57), (20, 20), (0, 1)])
def test_the_upper_bound_is_that_of_clopper_and_pearson(matches: int, size: int) -> None:
    expected = 1.0 if matches == size else beta.ppf(0.95, matches + 1, size - matches)
    assert upper_bound(matches, size) == pytest.approx(expected, rel=1e-10)
    assert upper_bound(matches, size) == pytest.approx(oracle.upper_bound(matches, size, 0.95), rel=1e-9)


def test_no_match_of_a_hundred_is_0_0295() -> None:
    assert upper_bound(0, 100) == pytest.approx(1 - 0.05**0.01, rel=1e-12)
    assert round(upper_bound(0, 100), 4) == 0.0295


def test_kappa_says_nothing_where_everybody_is_alone() -> None:
    assert kappa_probability([1, 1, 1]) is None
    # Three and a pair: with the new one 4 singletons of 6; (1 − 4/6)/6.
    assert kappa_probability([1, 1, 1, 2]) == pytest.approx(2 / 36)


def test_y_haplotypes_are_counted_over_what_half_of_the_database_read() -> None:
    rows = [
        (y(DYS19=14, DYS391=10, DYS385=(14, 11)), 3),
        (y(DYS19=14, DYS391=11, DYS385=(11, 14)), 2),
        (y(DYS19=15, DYS391=10, DYS385=(11, Unknown())), 1),
        (y(DYS19=14, DYS448=19), 1),
    ]
    counts = YCounts([one for one, _ in rows], [number for _, number in rows])
    found = counts.count(y(DYS19=14, DYS391=10, DYS385=(11, 14), DYS448=19).alleles, 0.95)
    # DYS448 was read in one of seven: it is not asked. The rows that lack DYS385 are not counted.
    assert (found.matches, found.size, found.over) == (3, 5, ("DYS19", "DYS391", "DYS385"))
    assert found.upper == pytest.approx(beta.ppf(0.95, 4, 2))
    assert found.kappa is None
    partial = counts.count(y(DYS19=15, DYS385=(11, Unknown())).alleles, 0.95)
    assert (partial.matches, partial.size, partial.over) == (1, 7, ("DYS19",))
    assert counts.count(y(DYS576=17).alleles, 0.95).upper == 1.0


def test_a_y_haplotype_not_seen_has_its_kappa_beside_the_bound() -> None:
    counts = YCounts([y(DYS19=10 + k) for k in range(5)], [1, 1, 1, 1, 6])
    found = counts.count(y(DYS19=30).alleles, 0.95, kappa=True)
    assert (found.matches, found.size) == (0, 10)
    assert found.kappa == pytest.approx((1 - 5 / 11) / 11)


def test_mt_sequences_are_counted_within_some_differences() -> None:
    rows = [("263G", 5), ("263G 315.1C", 2), ("263G 152C", 3), ("263G 152C 150T", 4)]
    counts = MtCounts([mt_haplotype("", HV, text) for text, _ in rows], [number for _, number in rows])
    target = parse_differences("263G", parse_ranges(HV))
    exactly = counts.count(target, parse_ranges(HV), 0.95)
    assert (exactly.matches, exactly.size, exactly.over) == (7, 14, ("73-340", "16024-16365"))
    assert counts.count(target, parse_ranges(HV), 0.95, apart=1).matches == 10
    unseen = counts.count(parse_differences("263G 195C", parse_ranges(HV)), parse_ranges(HV), 0.95, kappa=True)
    # By sequence, length variants left out: 7, 3 and 4, none of them alone; with the new one 1 singleton of 15.
    assert unseen.kappa == pytest.approx((1 - 1 / 15) / 15)


def test_mt_sequences_are_counted_over_what_half_of_the_database_read() -> None:
    narrow, wide = "16024-16365", HV
    counts = MtCounts([mt_haplotype("", narrow, ""), mt_haplotype("", wide, "")], [6, 4])
    found = counts.count((), parse_ranges(wide), 0.95)
    assert (found.matches, found.size, found.over) == (10, 10, ("16024-16365",))
    assert counts.count((), ((1000, 2000),), 0.95).upper == 1.0
    assert MtCounts([], []).count((), ((1, 5),), 0.95) == counts.count((), ((1000, 2000),), 0.95)


def test_a_sequence_that_lacks_a_position_is_not_counted() -> None:
    counts = MtCounts([MtHaplotype("", ((1, 100),)), MtHaplotype("", ((50, 100),))], [2, 1])
    found = counts.count((), ((1, 100),), 0.95)
    assert (found.matches, found.size) == (2, 2)
