"""`elimination.csv`: who may have left DNA of their own on remains, as a case folder holds it."""

from dataclasses import replace
from pathlib import Path

import pytest

from antigone.formats.case_folder import read_case_folder, write_case_folder
from antigone.formats.errors import InputError
from antigone.genetics.alleles import Repeat
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.matching.operation import EliminationEntry
from small_operation import profile, small_operation

LIST = "entry,role,sample,sex\nE-1,mortuary,C1;C2,F\nE-2,laboratory,C3,\n"
PROFILES = """sample,marker,allele1,allele2
B1,TH01,6,9.3
B1,FGA,21,22
D1,TH01,6,7
D1,FGA,21,25
C1,TH01,8,9
C2,TH01,8,9
C2,FGA,20,23
C3,TH01,7,
"""


def case(folder: Path, elimination: str | None = LIST, profiles: str = PROFILES) -> Path:
    (folder / "case.toml").write_text('format = "antigone-case"\nversion = 1\nkit = ["TH01", "FGA"]\n')
    (folder / "profiles.csv").write_text(profiles)
    (folder / "remains.csv").write_text("remains,sample\nR-1,B1\n")
    (folder / "families.csv").write_text(
        "family,person,father,mother,sex,role,sample\nOak,son,father,,M,missing,\nOak,father,,,M,donor,D1\n"
    )
    if elimination is not None:
        (folder / "elimination.csv").write_text(elimination)
    return folder


def test_the_list_is_read_and_stays_apart_from_the_dead_and_the_families(tmp_path: Path) -> None:
    operation = read_case_folder(case(tmp_path))
    first, second = operation.elimination
    assert (first.id, first.role, first.sex, first.samples) == ("E-1", "mortuary", Sex.FEMALE, ("C1", "C2"))
    assert first.profile.readings["TH01"] == (Reading.of(Repeat(8), Repeat(9)),) * 2
    assert (second.id, second.role, second.sex) == ("E-2", "laboratory", Sex.UNKNOWN)
    assert [one.id for one in operation.individuals] == ["R-1"]
    assert operation.families[0].donors() == ("father",)
    assert "elimination.csv" in operation.digests
    assert operation.left_out == ()


def test_it_is_written_and_read_back(tmp_path: Path) -> None:
    entry = EliminationEntry("E-1", "police", profile("C1", TH01=(7, 9), FGA=(19, 30)), Sex.MALE, ("C1",))
    operation = replace(small_operation(), elimination=(entry,))
    write_case_folder(operation, tmp_path / "case")
    assert read_case_folder(tmp_path / "case").elimination == (entry,)
    write_case_folder(small_operation(), tmp_path / "without")
    assert not (tmp_path / "without" / "elimination.csv").exists()


def test_an_entry_of_whom_nothing_was_read_is_left_out_by_name(tmp_path: Path) -> None:
    operation = read_case_folder(case(tmp_path, LIST + "E-3,control,C9,\n"))
    assert [entry.id for entry in operation.elimination] == ["E-1", "E-2"]
    assert [(one.what, one.id, one.reason) for one in operation.left_out] == [
        ("elimination entry", "E-3", "no profile")
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "E-3,staff,D1,",
            "elimination.csv, line 4, column sample: found ‘D1’; expected another sample: this one is of",
        ),
        ("E-3,staff,B1,", "this one is of remains ‘R-1’"),
        ("E-3,staff,C3,", "this one is of entry of the elimination list ‘E-2’ (elimination.csv, line 3)"),
        ("E-1,staff,C4,", "elimination.csv, line 4, column entry: found a second row of ‘E-1’, which line 2 has"),
        (",staff,C4,", "elimination.csv, line 4, column entry: found an empty cell; expected the name of an entry"),
        ("E-3,,C4,", "elimination.csv, line 4, column role: found an empty cell; expected who that is"),
        ("E-3,staff,,", "elimination.csv, line 4, column sample: found an empty cell"),
        ("E-3,staff,C4;C4,", "expected names of samples between semicolons, each once and none of them empty"),
        ("E-3,staff,C4,X", "elimination.csv, line 4, column sex: found ‘X’; expected F, M or U, or an empty cell"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(tmp_path: Path, row: str, said: str) -> None:
    """A donor's sample too: donors are on no elimination list."""
    with pytest.raises(InputError) as told:
        read_case_folder(case(tmp_path, LIST + row + "\n"))
    assert said in str(told.value)


def test_a_sample_that_nobody_owns_is_told_with_all_three_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a sample that remains\.csv, families\.csv or elimination\.csv names"):
        read_case_folder(case(tmp_path, profiles=PROFILES + "C7,TH01,7,7\n"))
    (tmp_path / "elimination.csv").unlink()
    with pytest.raises(InputError, match=r"a sample that remains\.csv or families\.csv names: a profile"):
        read_case_folder(tmp_path)


def test_a_name_that_is_nearly_the_tables_is_told(tmp_path: Path) -> None:
    (case(tmp_path) / "elimination.csv").rename(tmp_path / "Elimination.csv")
    with pytest.raises(InputError, match=r"the name ‘elimination\.csv’"):
        read_case_folder(tmp_path)
