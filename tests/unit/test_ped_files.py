"""PED files: what their columns mean, what they cannot be, and that nothing is lost between two of them."""

import shutil
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.case_folder import read_case_folder, write_case_folder
from antigone.formats.errors import InputError
from antigone.formats.linkage import (
    DataColumn,
    Genotypes,
    Holds,
    PedFile,
    PedPerson,
    dat_of,
    map_of,
    operation_from_ped,
    ped_from_operation,
    ped_of,
    ped_text,
    read_ped,
    write_ped,
)
from antigone.formats.linkage.marker_files import dat_text
from antigone.genetics.alleles import Named, Repeat
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Person, Sex
from corpus_files import CORPUS, bad_files, check_errors
from small_operation import small_operation

PED = CORPUS / "ped"


@pytest.mark.parametrize("name", bad_files("ped", ".ped"))
def test_a_bad_ped_file_gets_exactly_these_errors(name: str) -> None:
    check_errors(read_ped, PED / name)


def test_a_trio_is_a_pedigree_with_genotypes() -> None:
    read = read_ped(PED / "trio.ped")
    assert read.markers == ("D3S1358", "TH01", "AMEL")
    assert read.pedigrees()["Oak"].persons == (
        Person("father", sex=Sex.MALE),
        Person("mother", sex=Sex.FEMALE),
        Person("son", "father", "mother", Sex.MALE),
    )
    assert read.persons[0].genotypes == (("15", "17"), ("6", "9.3"), ("X", "Y"))


def test_alleles_between_slashes_comments_and_other_line_ends_say_the_same() -> None:
    assert read_ped(PED / "slashes.ped") == read_ped(PED / "trio.ped")


def test_the_dat_file_says_which_columns_are_no_markers() -> None:
    read = read_ped(PED / "covariates.ped")
    assert read.markers == ("D3S1358",)
    assert read.persons[0].genotypes == (("15", "17"),)
    assert read.persons[0].other == ("2", "1.5", "9", "9", "x")


def test_a_map_names_the_markers_after_the_affection() -> None:
    assert read_ped(PED / "plink.ped").markers == ("DYS391", "CSF1PO")
    assert read_ped(PED / "merlin.ped").markers == ("CSF1PO",)


def test_a_marker_file_may_lie_elsewhere(tmp_path: Path) -> None:
    shutil.copy(PED / "trio.ped", tmp_path / "a.ped")
    shutil.copy(PED / "trio.dat", tmp_path / "b.dat")
    assert read_ped(tmp_path / "a.ped", marker_file=tmp_path / "b.dat") == read_ped(PED / "trio.ped")


# As an operation


def test_a_file_never_names_its_own_markers(tmp_path: Path) -> None:
    """LINKAGE calls its pedigrees pedfile.dat, which is also what a list of markers is called."""
    (tmp_path / "pedfile.dat").write_text("F 1 0 0 1 6 7\n")
    with pytest.raises(InputError, match=r"no file that names its markers; expected pedfile\.map beside it"):
        read_ped(tmp_path / "pedfile.dat")


def test_who_is_missing_is_said_beside_the_file_and_the_others_are_donors() -> None:
    read = read_ped(PED / "two_families_and_remains.ped")
    made = operation_from_ped(read, "x.ped", missing={"Oak:son"}, remains={"remains"})
    (family,) = made.families
    assert (family.name, family.missing, sorted(family.profiles)) == ("Oak", ("son",), ["father", "mother"])
    assert family.profiles["father"].readings["AMEL"] == (Reading.of(Named("X"), Named("Y")),)
    (dead,) = made.individuals
    assert dead.id == "R1"
    assert dead.profile.readings["D3S1358"] == (Reading((Repeat(15),), Reads.OTHER_UNSEEN),)
    assert [(one.what, one.id, one.reason) for one in made.left_out] == [
        ("family", "Elm", "no missing person"),
        ("individual", "R2", "no genotype"),
    ]
    assert made.settings.markers == ("D3S1358", "TH01")
    assert "frequencies" in made.undeclared


def test_a_y_marker_is_a_lineage_and_not_a_genotype() -> None:
    columns = dat_of(b"M DYS391\nM TH01\n", "d")
    read = ped_of(b"O fa 0 0 1 10 0 6 7\nO so fa 0 1 0 0 0 0\n", "p", columns)
    (family,) = operation_from_ped(read, "p", missing={"O:so"}).families
    lineage = family.lineages["fa"]
    assert lineage.y is not None
    assert lineage.y.alleles == {"DYS391": (Repeat(10),)}
    assert list(family.profiles["fa"].readings) == ["TH01"]


@pytest.mark.parametrize(
    ("missing", "remains", "complaint"),
    [
        (set(), set(), "found families of whom nobody is said to be missing"),
        ({"Oak:sun"}, set(), "found nobody called Oak:sun; expected FAMILY:PERSON; near it is ‘Oak:son’"),
        ({"Oak:son"}, {"remain"}, "found no family remain; expected a family; near it is ‘remains’"),
        ({"remains:R1"}, {"remains"}, "found remains:R1 named as missing, in a family named as remains"),
        ({"Elm:brother"}, {"Oak"}, "line 3, column father: found a parent of son in the family Oak, named as remains"),
    ],
)
def test_what_is_said_beside_the_file_must_be_of_it(missing: set[str], remains: set[str], complaint: str) -> None:
    read = read_ped(PED / "two_families_and_remains.ped")
    with pytest.raises(InputError) as error:
        operation_from_ped(read, "x.ped", missing=missing, remains=remains)
    assert complaint in str(error.value)


def test_an_operation_becomes_a_case_folder_and_says_what_a_ped_file_cannot_hold(tmp_path: Path) -> None:
    operation = small_operation()
    made, lost = ped_from_operation(operation)
    write_ped(made, tmp_path / "case.ped")
    again = operation_from_ped(
        read_ped(tmp_path / "case.ped"), "case.ped", missing={"F1:F1-M1", "F2:F2-M1"}, remains={"remains"}
    )
    for family, other in zip(operation.families, again.families, strict=True):
        assert {person: profile.readings for person, profile in family.profiles.items()} == {
            person: profile.readings for person, profile in other.profiles.items()
        }
        assert {(one.id, one.father, one.mother, one.sex) for one in family.pedigree.persons} == {
            (one.id, one.father, one.mother, one.sex) for one in other.pedigree.persons
        }
    assert [one.profile.readings for one in again.individuals] == [
        one.profile.readings for one in operation.individuals
    ]
    assert [word for word in ("missing", "bags", "years of birth") if not any(word in text for text in lost)] == []
    write_case_folder(again, tmp_path / "folder")
    assert len(read_case_folder(tmp_path / "folder").individuals) == 3


def test_what_was_not_read_is_said_to_be_zero() -> None:
    columns = dat_of(b"M TH01\n", "x")
    for cells in ("NA NA", "-9 -9", "x 6"):
        with pytest.raises(InputError, match=r"line 1, column TH01: found .*; 0 for one that was not read$"):
            ped_of(f"Oak a 0 0 1 {cells}\n".encode(), "x", columns)


# Round trips and damage

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8).filter(
    lambda name: name != "0" and not name.startswith("#")
)
ALLELES = st.sampled_from(["0", "12", "14", "9.3"])
OTHER_COLUMNS = st.lists(
    st.sampled_from([DataColumn(Holds.TRAIT, "t"), DataColumn(Holds.SKIPPED_PAIR, "s"), DataColumn(Holds.MARKER, "")]),
    max_size=4,
)


@st.composite
def ped_files(draw: st.DrawFn) -> PedFile:
    kinds = draw(OTHER_COLUMNS)
    names = iter(("TH01", "D3S1358", "vWA", "FGA"))
    columns = [DataColumn(one.holds, next(names)) if one.holds is Holds.MARKER else one for one in kinds]
    columns.append(DataColumn(Holds.MARKER, "D99 own"))
    markers = sum(one.holds is Holds.MARKER for one in columns)
    others = sum(one.width for one in columns if one.holds is not Holds.MARKER)
    persons = []
    for family in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        ids = draw(st.lists(NAMES, min_size=3, max_size=5, unique=True))
        for place, name in enumerate(ids):
            parents = (ids[0], ids[1]) if place > 1 and draw(st.booleans()) else (None, None)
            sex = (Sex.MALE, Sex.FEMALE)[place] if place < 2 else draw(st.sampled_from(Sex))
            genotypes = draw(st.tuples(*[st.tuples(ALLELES, ALLELES)] * markers))
            persons.append(PedPerson(family, name, *parents, sex, genotypes, draw(st.tuples(*[NAMES] * others))))
    return PedFile(tuple(persons), tuple(columns))


@given(ped_files())
def test_a_file_written_and_read_is_the_same(pedigrees: PedFile) -> None:
    columns = dat_of(dat_text(pedigrees.columns).encode(), "x.dat")
    assert columns == pedigrees.columns
    assert ped_of(ped_text(pedigrees).encode(), "x.ped", columns) == pedigrees


COLUMNS = (
    DataColumn(Holds.AFFECTION, "affection"),
    DataColumn(Holds.MARKER, "TH01"),
    DataColumn(Holds.SKIPPED_PAIR, ""),
    DataColumn(Holds.MARKER, "DYS391"),
    DataColumn(Holds.MARKER, "AMEL"),
)
PAIR = st.sampled_from(["6 9.3", "9.3 6", "0 6", "6 0", "0 0", "7 7", "11 11", "x 6", "X Y", "99.9 6"])


@given(st.lists(st.tuples(st.sampled_from("12x"), PAIR, PAIR, PAIR, st.booleans()), min_size=1, max_size=6))
def test_pairs_of_cells_that_recur_are_read_as_if_each_were_the_first(lines: list[tuple[str, ...]]) -> None:
    def cells(pair: str, joined: object) -> str:
        return pair.replace(" ", "/") if joined else pair

    text = "".join(
        f"F P{k} 0 0 {sex} 1 {cells(th01, joined)} 5 5 {cells(y, joined)} {cells(amel, joined)}\n"
        for k, (sex, th01, y, amel, joined) in enumerate(lines)
    )

    def outcome() -> object:
        try:
            read = ped_of(text.encode(), "x.ped", COLUMNS)
        except InputError as error:
            return error.problems
        shared = Genotypes(read.markers)
        for person in read.persons:
            alone = Genotypes(read.markers)
            assert shared.profile(person) == alone.profile(person)
            assert list(shared.profile(person).readings) == list(alone.profile(person).readings)
            assert shared.lineage(person) == alone.lineage(person)
        return read

    quickly = outcome()
    with patch("antigone.formats.linkage.pedigree_file._Reader._known_data", lambda *_: None):
        assert outcome() == quickly


@pytest.mark.parametrize("name", ["a b", "", "#a", "a\nb", "x" * 101])
def test_a_name_that_would_be_read_as_another_is_not_written(name: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a PED file"):
        ped_text(PedFile((PedPerson(name, "a", None, None, Sex.MALE),), ()))


SOUND = [path.read_bytes() for path in sorted(PED.glob("*.*")) if not path.name.startswith("bad_")]


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_bytes_give_problems_or_a_result_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SOUND)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    columns = dat_of((PED / "trio.dat").read_bytes(), "trio.dat")
    for read in (dat_of, map_of, lambda content, file: ped_of(content, file, columns)):
        with suppress(InputError):
            read(bytes(content), "x")
