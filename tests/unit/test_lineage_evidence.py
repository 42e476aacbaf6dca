"""Lineage evidence of an operation: which line, which donor, what it is divided by, and whether it counts."""

import math
from dataclasses import replace

import numpy as np
import pytest

from antigone.genetics.alleles import Repeat
from antigone.genetics.haplotype_frequencies import upper_bound
from antigone.genetics.haplotypes import (
    Lineage,
    LineageDatabases,
    LineageSettings,
    MtDatabase,
    YDatabase,
    YHaplotype,
)
from antigone.genetics.maternal import mt_haplotype
from antigone.genetics.paternal import transmission
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.lineage import (
    HaplotypeCounts,
    LineageEvidence,
    counts_as_second_line,
    haplotype_counts,
    lineage_evidence,
)
from antigone.matching.lines import Line, line_founder, meioses_on_line
from antigone.matching.operation import Family, Individual, Operation
from small_operation import small_operation

HV = "16024-16365;73-340"
MARKERS = ("DYS19", "DYS390", "DYS391", "DYS392", "DYS393")

# Grandfather, his two sons, a grandson who is missing and his two brothers, one of them missing too, and a sister.
PEDIGREE = Pedigree.build(
    [
        Person("GF", sex=Sex.MALE), Person("FA", "GF", None, Sex.MALE), Person("UN", "GF", None, Sex.MALE),
        Person("GM", sex=Sex.FEMALE), Person("MO", None, "GM", Sex.FEMALE), Person("AU", None, "GM", Sex.FEMALE),
        Person("M1", "FA", "MO", Sex.MALE), Person("M2", "FA", "MO", Sex.MALE), Person("M3", "FA", "MO", Sex.FEMALE),
        Person("CO", "UN", "AU", Sex.MALE), Person("M4", None, "M3", Sex.MALE),
    ],
    family="F1",
)  # fmt: skip
MISSING = ("M1", "M2", "M3", "M4")


def y(sample: str, *repeats: int) -> Lineage:
    return Lineage(y=YHaplotype(sample, {name: (Repeat(r),) for name, r in zip(MARKERS, repeats, strict=False)}))


def mt(sample: str, differences: str, ranges: str = HV) -> Lineage:
    return Lineage(mt=mt_haplotype(sample, ranges, differences))


def operation(
    own: Lineage,
    lineages: dict[str, Lineage],
    databases: LineageDatabases | None = None,
    settings: LineageSettings | None = None,
) -> Operation:
    small = small_operation()
    family = Family("F1", PEDIGREE, MISSING, {}, lineages=lineages)
    individual = Individual("R1", Profile("B1", {}), Sex.MALE, samples=("B1",), lineage=own)
    declared = replace(small.settings, lineage=settings or LineageSettings())
    return replace(
        small,
        individuals=(individual,),
        families=(family,),
        settings=declared,
        lineage_databases=databases or LineageDatabases(),
    )


def evidence(made: Operation, person: str = "M1") -> tuple[LineageEvidence, ...]:
    return lineage_evidence(made, made.individuals[0], made.families[0], person)


def y_database(*rows: tuple[tuple[int, ...], int]) -> YDatabase:
    haplotypes = [y("", *repeats).y for repeats, _ in rows]
    return YDatabase(tuple(one for one in haplotypes if one), tuple(number for _, number in rows), "invented")


# Lines


@pytest.mark.parametrize(
    ("person", "line", "expected"),
    [
        ("M1", Line.PATERNAL, {"GF": 2, "FA": 1, "UN": 3, "M1": 0, "M2": 2, "CO": 4}),
        ("M1", Line.MATERNAL, {"GM": 2, "MO": 1, "AU": 3, "M1": 0, "M2": 2, "M3": 2, "CO": 4, "M4": 3}),
        ("M3", Line.PATERNAL, {}),
        ("M4", Line.PATERNAL, {"M4": 0}),
    ],
)
def test_who_stands_on_a_line_and_how_far(person: str, line: Line, expected: dict[str, int]) -> None:
    assert meioses_on_line(PEDIGREE, person, line) == expected


def test_identical_twins_are_one_man_on_a_line() -> None:
    people = [Person("F", sex=Sex.MALE), Person("A", "F", None, Sex.MALE), Person("B", "F", None, Sex.MALE)]
    pedigree = Pedigree.build([*people, Person("C", "B", None, Sex.MALE)], twins=[["A", "B"]])
    assert meioses_on_line(pedigree, "A", Line.PATERNAL) == {"F": 1, "A": 0, "B": 0, "C": 1}


def test_a_line_has_one_founder() -> None:
    assert {line_founder(PEDIGREE, one, Line.PATERNAL) for one in ("M1", "CO", "UN", "GF")} == {"GF"}
    assert {line_founder(PEDIGREE, one, Line.MATERNAL) for one in ("M4", "CO", "AU")} == {"GM"}


# One paternal line by hand


def test_a_paternal_line_by_hand() -> None:
    """The uncle, three meioses away, shows the same at one marker; none of 99 men and of one own line does but his."""
    database = LineageDatabases(y=y_database(((15,), 60), ((16,), 39)))
    [found] = evidence(operation(y("B1", 14), {"UN": y("D1", 14)}, database))
    stays = transmission("DYS19", (Repeat(14),), (Repeat(14),), 3, LineageSettings())
    assert (found.line, found.donor, found.donor_sample, found.own_sample) == (Line.PATERNAL, "UN", "D1", "B1")
    assert (found.meioses, found.compared, found.differing) == (3, ("DYS19",), ())
    assert (found.counted.matches, found.counted.size) == (1, 100)
    assert found.log10_lr == pytest.approx(math.log10(stays / upper_bound(1, 100)), rel=1e-12)
    # Without the operation's own lines: 0 of 99, and kappa: one singleton, the new one, of 100.
    declared = LineageSettings(own_donors=False)
    [alone] = evidence(operation(y("B1", 14), {"UN": y("D1", 14)}, database, declared))
    assert alone.log10_lr == pytest.approx(math.log10(stays / (1 - 0.05 ** (1 / 99))), rel=1e-9)
    assert alone.log10_lr_kappa == pytest.approx(math.log10(stays / ((1 - 1 / 100) / 100)), rel=1e-9)
    assert alone.log10_lr_discrete_laplace is not None


def test_the_words_are_about_the_line_and_count_who_is_on_it() -> None:
    """By hand: one step at DYS390 in three meioses, 3 · 0.99792² · 0.00104 · 0.96 = 0.00298, DYS19 the same, 0.9934,
    no other change, 0.9994: 0.00296, and 0.95 / 0.00296 = 321.
    """
    [found] = evidence(operation(y("B1", 14, 24), {"UN": y("D1", 14, 25)}))
    assert found.listed == ("M1", "M2")
    assert found.words == (
        "2 markers compared, 1 difference (DYS390), 3 meioses apart. What was read is 321 times as probable in an "
        "unrelated man as in this paternal line. Counted 0 of 1: at most 0.95 of the population, with 95 % confidence. "
        "Every man of this paternal line fits equally well: 2 missing persons of this family are on it, and others may "
        "be."
    )
    for name in ("F1", "UN", "M1", "D1"):
        assert name not in found.words


def test_the_nearest_donor_is_compared_and_the_others_are_told() -> None:
    lineages = {"GF": y("D0", 14, 24, 10), "UN": y("D1", 14, 24, 10), "FA": y("D2", 15, 24, 10), "M2": y("D3", 14)}
    [found] = evidence(operation(y("B1", 15, 24, 10), lineages))
    assert (found.donor, found.meioses, found.differing) == ("FA", 1, ())
    told = {(one.person, one.sample, one.differences) for one in found.other_donors}
    assert told == {("GF", "D0", 1), ("UN", "D1", 1), ("M2", "D3", 1)}


def test_at_the_same_distance_the_donor_with_more_in_common_is_compared() -> None:
    [found] = evidence(operation(y("B1", 14, 24, 10), {"GF": y("D0", 14), "M2": y("D3", 14, 24, 10)}))
    assert found.donor == "M2"


def test_a_reference_of_the_missing_person_is_no_meiosis_away() -> None:
    [found] = evidence(operation(y("B1", 14), {"M1": y("TB", 14)}))
    assert (found.donor, found.meioses, found.log10_transmission) == ("M1", 0, 0.0)


def test_a_woman_has_no_paternal_line_and_a_stranger_no_common_one() -> None:
    made = operation(y("B1", 14), {"UN": y("D1", 14)})
    assert evidence(made, "M3") == ()
    assert evidence(made, "M4") == ()
    assert evidence(operation(Lineage(), {"UN": y("D1", 14)})) == ()
    assert evidence(operation(y("B1", 14), {})) == ()
    woman = replace(made.individuals[0], sex=Sex.FEMALE)
    assert lineage_evidence(made, woman, made.families[0], "M1") == ()


def test_own_lines_count_once_each_and_the_fullest_haplotype_stands_for_a_line() -> None:
    made = operation(y("B1", 14), {"GF": y("D0", 15), "UN": y("D1", 14, 24), "FA": y("D2", 14)})
    other = Family("F2", PEDIGREE, MISSING, {}, lineages={"UN": y("D9", 14), "MO": mt("D8", "")})
    counts = haplotype_counts(replace(made, families=(*made.families, other)))
    assert (counts.own_y, counts.own_mt) == (2, 1)
    [found] = lineage_evidence(made, made.individuals[0], made.families[0], "M1", counts)
    assert (found.counted.matches, found.counted.size) == (2, 2)


def test_kappa_and_discrete_laplace_need_a_database() -> None:
    [found] = evidence(operation(y("B1", 14), {"UN": y("D1", 15)}))
    assert found.log10_lr_kappa is None
    assert found.log10_lr_discrete_laplace is None


def test_discrete_laplace_of_the_database_is_beside_the_bound() -> None:
    database = y_database(((14, 24), 8), ((15, 24), 1), ((13, 24), 1))
    [found] = evidence(operation(y("B1", 14, 24), {"FA": y("D1", 14, 24)}, LineageDatabases(y=database)))
    p = (math.sqrt(1 + 0.2**2) - 1) / 0.2
    # DYS390 does not vary: its dispersion is the least the model allows, and next to no factor.
    expected = (1 - p) / (1 + p)
    assert found.log10_lr_discrete_laplace == pytest.approx(found.log10_transmission - math.log10(expected), abs=1e-4)


# Maternal lines


def test_a_maternal_line_by_hand() -> None:
    database = MtDatabase((mt_haplotype("", HV, "263G"), mt_haplotype("", HV, "263G 152C")), (79, 20))
    made = operation(mt("B2", "263G 16093C"), {"AU": mt("D1", "263G 315.1C 16093Y")}, LineageDatabases(mt=database))
    [found] = evidence(made)
    assert (found.line, found.donor, found.meioses, found.differing) == (Line.MATERNAL, "AU", 3, ())
    assert found.compared == ("73-340", "16024-16365")
    # The donor is heteroplasmic: what counts as hers are all who have T or C there and 263G, and her own line.
    assert (found.counted.matches, found.counted.size) == (80, 100)
    assert found.log10_lr == pytest.approx(math.log10(0.99**3 / upper_bound(80, 100)), rel=1e-12)
    assert found.listed == ("M1", "M2", "M3", "M4")
    assert "Every person of this maternal line fits equally well: 4 missing persons" in found.words


def test_one_difference_is_divided_by_how_many_are_as_near() -> None:
    rows = [("263G", 50), ("263G 152C", 20), ("263G 152C 195C 150T", 29)]
    haplotypes = tuple(mt_haplotype("", HV, text) for text, _ in rows)
    database = LineageDatabases(mt=MtDatabase(haplotypes, tuple(n for _, n in rows)))
    [found] = evidence(operation(mt("B2", "263G 152C"), {"MO": mt("D1", "263G")}, database))
    assert found.differing == ("152C",)
    assert (found.counted.matches, found.counted.size) == (71, 100)
    assert found.log10_lr == pytest.approx(math.log10(0.01 / upper_bound(71, 100)), rel=1e-12)


def test_two_differences_speak_against_the_line_by_the_declared_probability() -> None:
    [found] = evidence(operation(mt("B2", "263G 152C 195C"), {"MO": mt("D1", "263G")}))
    assert found.log10_lr == pytest.approx(-4)
    assert found.counted.size == 0


def test_ranges_that_do_not_meet_say_nothing() -> None:
    assert evidence(operation(mt("B2", "", "73-340"), {"MO": mt("D1", "", "16024-16365")})) == ()


def test_both_lines_are_two_pieces_of_evidence() -> None:
    both = replace(y("B1", 14), mt=mt("B2", "263G").mt)
    found = evidence(operation(both, {"FA": y("D1", 14), "MO": mt("D2", "263G")}))
    assert [one.line for one in found] == [Line.PATERNAL, Line.MATERNAL]


# Simulated: the ratio does not favour strangers


def test_the_ratio_of_strangers_is_below_one_on_average() -> None:
    """E[LR | unrelated] ≤ 1 for any ratio; with an upper bound below it is smaller still."""
    rng = np.random.default_rng(11)
    men = 14 + rng.integers(-1, 2, (400, 2))
    database = YDatabase(
        tuple(YHaplotype("", {name: (Repeat(int(v)),) for name, v in zip(MARKERS, man, strict=False)}) for man in men),
        (1,) * 400,
    )
    made = operation(y("B1", 14, 14), {"UN": y("D1", 14, 14)}, LineageDatabases(y=database))
    counts = HaplotypeCounts(made.lineage_databases)
    ratios = []
    for man in men[:200]:
        individual = replace(made.individuals[0], lineage=y("B1", *(int(v) for v in man)))
        [found] = lineage_evidence(made, individual, made.families[0], "M1", counts)
        ratios.append(10**found.log10_lr)
    assert 0.3 < np.mean(ratios) < 1


# A second line


def some(log10_lr: float, own: str = "B2", donor: str = "D2") -> LineageEvidence:
    [found] = evidence(operation(y(own, 14), {"UN": y(donor, 14)}))
    return replace(found, log10_lr=log10_lr)


@pytest.mark.parametrize(
    ("own", "donor", "log10_lr", "counts", "why"),
    [
        ("B2", "D1", 3.0, True, "another sample of the individual and reaches 10^3.00"),
        ("B1", "D2", 3.2, True, "other samples of donors and reaches 10^3.20"),
        ("B2", "D2", 4.0, True, "another sample of the individual and other samples of donors"),
        ("B2", "D2", 2.99, False, "its likelihood ratio is 10^2.99, and a second line needs 1,000 by itself"),
        ("B1", "D1", 9.0, False, "the same samples"),
        ("B1;B2", "D1", 9.0, False, "the same samples"),  # B1 is in it
    ],
)
def test_what_counts_as_a_second_line(own: str, donor: str, log10_lr: float, counts: bool, why: str) -> None:
    found, reason = counts_as_second_line(some(log10_lr, own, donor), {"B1", "D1;D7"})
    assert found is counts
    assert why in reason
