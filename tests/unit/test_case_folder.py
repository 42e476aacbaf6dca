"""The open case folder: what its files mean, what they cannot be, and that nothing is lost between two of them."""

import csv
import hashlib
import json
import re
import shutil
import tomllib
import tracemalloc
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.case_folder import (
    FamilyTruthRow,
    NotWritableError,
    TruthRow,
    read_case_folder,
    read_family_truth,
    read_truth,
    write_case_folder,
)
from antigone.formats.case_folder.schemas import schema_text, schemas
from antigone.formats.errors import InputError, Problem
from antigone.genetics.alleles import Allele, Named, Repeat, Silent, Unknown
from antigone.genetics.frequencies import (
    FiveOverTwoN,
    Floor,
    FrequencyTable,
    Laplace,
    MarkerFrequencies,
    Normalisation,
    Refuse,
    nist_1036_caucasian,
)
from antigone.genetics.haplotypes import Lineage, YHaplotype
from antigone.genetics.mutation import (
    NO_MUTATION,
    CustomMatrix,
    Dawid,
    Equal,
    Mutation,
    NoMutation,
    OneStep,
    Proportional,
    Stationary,
    Stepwise,
)
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import (
    DropOut,
    Family,
    Individual,
    LeftOut,
    Operation,
    SampleErrors,
    Settings,
)
from antigone.matching.prior import Prior, ReassociationPrior, Shares
from oracles.strategies import pedigrees

HERE = Path(__file__).parent
BAD_CASES = HERE / "bad_cases"
PAGE = HERE.parents[1] / "docs" / "formats" / "case-folder.md"
SCHEMAS = HERE.parents[1] / "src" / "antigone" / "formats" / "case_folder" / "schemas"

TOML = 'format = "antigone-case"\nversion = 1\nkit = ["D3S1358", "TH01", "vWA"]\n'
REMAINS = "remains,sample\nR1,B1\n"
FAMILIES = "family,person,father,mother,sex,role,sample\nOak,son,father,,M,missing,\nOak,father,,,M,donor,D1\n"
DONOR = "D1,,TH01,6,7\n"
LONG = "sample,replicate,marker,allele1,allele2\n"


@pytest.fixture
def case(tmp_path: Path) -> "CaseMaker":
    return CaseMaker(tmp_path / "case")


class CaseMaker:
    """Writes the files of a small case: those given here, the usual ones for the rest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, toml: str = "", **tables: str | None) -> Path:
        self.folder.mkdir(exist_ok=True)
        files: dict[str, str | None] = {"profiles": LONG + DONOR, "remains": REMAINS, "families": FAMILIES, **tables}
        (self.folder / "case.toml").write_text(TOML + toml, encoding="utf-8")
        for name, text in files.items():
            if text is not None:
                (self.folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return self.folder

    def read(self, toml: str = "", **tables: str | None) -> Operation:
        return read_case_folder(self.write(toml, **tables))

    def profile(self, *rows: str, header: str = LONG, toml: str = "") -> Profile:
        """What these rows of the sample B1 are read as."""
        donor = DONOR.rstrip("\n") + "," * (header.count(",") - LONG.count(",")) + "\n"
        profiles = header + "".join(f"{row}\n" for row in rows) + donor
        return self.read(toml, profiles=profiles).individuals[0].profile

    def reading(self, cells: str, *, header: str = LONG, toml: str = "") -> Reading | None:
        """What these cells of TH01 are read as."""
        readings = self.profile(
            f"B1,,TH01,{cells}", "B1,,vWA,17,18" + "," * (header.count(",") - 4), header=header, toml=toml
        )
        return readings.readings.get("TH01", (None,))[0]

    def complaints(self, toml: str = "", **tables: str | None) -> list[str]:
        with pytest.raises(InputError) as error:
            self.read(toml, **tables)
        return str(error.value).split("\n")


TYPED, HOMOZYGOUS, ONE_SEEN = (
    Reading((Repeat(6), Repeat(9, 3))),
    Reading((Repeat(6),), Reads.HOMOZYGOUS),
    Reading((Repeat(6),), Reads.OTHER_UNSEEN),
)


# The page


def files_of_the_page() -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"### `([\w.]+)`\n```\w+\n(.*?)```", text, re.DOTALL))


def write_page(folder: Path) -> Path:
    folder.mkdir()
    for name, content in files_of_the_page().items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_the_example_of_the_page_is_the_search_that_the_page_says(tmp_path: Path) -> None:
    operation = read_case_folder(write_page(tmp_path / "case"))
    assert operation.name == "Example"
    assert [individual.id for individual in operation.individuals] == ["R-001", "R-002"]
    assert [person for _, person in operation.missing_persons()] == ["son"]
    assert operation.left_out == (LeftOut("individual", "R-003", "no sample"),)
    assert operation.families[0].lineages == {"father": Lineage(y=YHaplotype("D1", {"DYS391": (Repeat(10),)}))}
    assert operation.warnings == ()
    first = operation.individuals[0]
    assert first.profile.readings["vWA"] == (
        Reading((Repeat(17),), Reads.OTHER_UNSEEN),
        Reading((Repeat(17),), Reads.HOMOZYGOUS),
    )
    assert first.profile.readings["AMEL"] == (Reading((Named("X"), Named("Y"))),)
    assert (first.sex, first.age_min, first.age_max, first.stature) == (Sex.MALE, 20.0, 35.0, "176 cm")
    assert (first.bag, first.transfer, first.samples) == ("17", "2025-06-06", ("B1",))
    assert operation.settings.mutation == Mutation(Stepwise(0.001), Stepwise(0.002))
    assert operation.settings.remains == SampleErrors(DropOut(0.05), drop_in=0.01)
    assert operation.frequencies == nist_1036_caucasian()


def test_the_page_names_every_key_and_every_column() -> None:
    text = PAGE.read_text(encoding="utf-8")
    case_keys = schemas()["case"]["properties"]
    columns = {column for name, schema in schemas().items() if name != "case" for column in schema["properties"]}
    missing = [name for name in (*case_keys, *columns) if not re.search(rf"\b{name}\b", text)]
    assert missing == []


def test_digests_are_those_of_the_files_read(tmp_path: Path) -> None:
    folder = write_page(tmp_path / "case")
    (folder / "truth.csv").write_text("remains,individual,missing_person,sample\n", encoding="utf-8")
    digests = read_case_folder(folder).digests
    assert sorted(digests) == ["case.toml", "families.csv", "profiles.csv", "remains.csv"]
    for name, digest in digests.items():
        assert digest == hashlib.sha256((folder / name).read_bytes()).hexdigest()


# What cannot be


@pytest.mark.parametrize("name", sorted(path.name for path in BAD_CASES.iterdir() if path.name != "_sound"))
def test_a_bad_folder_gets_exactly_these_errors(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    shutil.copytree(BAD_CASES / "_sound", folder)
    for file in (BAD_CASES / name).iterdir():
        if file.name == "absent.txt":
            for absent in file.read_text(encoding="utf-8").split():
                (folder / absent).unlink()
        elif file.name != "expected.txt":
            shutil.copy(file, folder)
    with pytest.raises(InputError) as error:
        read_case_folder(folder)
    assert str(error.value) + "\n" == (BAD_CASES / name / "expected.txt").read_text(encoding="utf-8")


def test_the_folder_that_the_bad_ones_are_made_from_is_sound() -> None:
    operation = read_case_folder(BAD_CASES / "_sound")
    assert [individual.id for individual in operation.individuals] == ["R1", "R2"]
    assert operation.left_out == ()


@pytest.mark.parametrize(
    ("toml", "found"),
    [
        ("\n".join(f"k{i} = 1" for i in range(60_000)), "the key ‘k0’"),
        ("\n".join(f"[a.k{i}]" for i in range(60_000)), "the key ‘a’"),
        ("theta = " + "9" * 4_900, "a number of thousands of digits"),
        ("kit = " + "[" * 4_900, "brackets within brackets without end"),
        ("\n".join(".".join("a" * 2_400) + f" = {i}" for i in range(200)), "expected TOML"),
        ("x" * 1_000_001, "more than 1000000 bytes"),
        ('name = "' + "x" * 5_000 + '"', "more than 5000 characters"),
    ],
)
def test_settings_made_to_exhaust_the_machine_are_refused(toml: str, found: str, case: CaseMaker) -> None:
    case.write()
    (case.folder / "case.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(InputError, match=found):
        read_case_folder(case.folder)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    for path, found in ((tmp_path / "absent", "no such folder"), (BAD_CASES / "_sound" / "case.toml", "a file")):
        with pytest.raises(InputError, match=f"found {found}; expected a case folder"):
            read_case_folder(path)


def test_a_link_is_not_followed(case: CaseMaker, tmp_path: Path) -> None:
    folder = case.write(remains=None)
    (tmp_path / "elsewhere.csv").write_text(REMAINS, encoding="utf-8")
    (folder / "remains.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(InputError, match=r"remains\.csv: found a link; expected the file itself"):
        read_case_folder(folder)


def test_a_table_in_two_places_is_an_error(case: CaseMaker) -> None:
    folder = case.write()
    write_excel(folder / "remains.xlsx", {"remains": [["remains", "sample"], ["R1", "B1"]]})
    with pytest.raises(InputError, match=r"the table ‘remains’ in remains\.csv and remains\.xlsx; expected it in one"):
        read_case_folder(folder)


@settings(max_examples=150)
@given(data=st.data())
def test_damaged_files_give_problems_with_their_file_and_nothing_else(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copytree(BAD_CASES / "_sound", folder, dirs_exist_ok=True)
    damaged = folder / data.draw(st.sampled_from(sorted(path.name for path in folder.iterdir())))
    content = damaged.read_bytes()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(start + 20, len(content))))
        insert = data.draw(st.sampled_from([b"", b",", b'"', b"\n", b"\0", b"\xff", b"=", b"[", b"nan", b"-1", b"'"]))
        content = content[:start] + insert + content[end:]
    damaged.write_bytes(content)
    problems = problems_of(folder)
    assert all(problem.file and problem.found and problem.expected for problem in problems)


def problems_of(folder: Path) -> list[Problem]:
    """What is wrong with a folder; anything but an InputError is a defect of the reader."""
    try:
        operation = read_case_folder(folder)
    except InputError as error:
        return [*error.problems]
    return [] if operation.settings.markers else [Problem("case.toml", None, None, "no markers", "")]


# Readings


@pytest.mark.parametrize(
    ("cells", "meaning"),
    [
        ("6,9.3", TYPED),
        ("9.3,6", TYPED),
        (" 6 ,\t9.3", TYPED),
        ("6,6", HOMOZYGOUS),
        ("6,", ONE_SEEN),
        ("6,?", ONE_SEEN),
        ("?,6", ONE_SEEN),
        ("6,OL", ONE_SEEN),
        ("6,>20", ONE_SEEN),
        (",", None),
        ("?,?", None),
        ("OL,OL", None),
    ],
)
def test_cells_mean_what_the_page_says(cells: str, meaning: Reading | None, case: CaseMaker) -> None:
    assert case.reading(cells) == meaning


HEIGHTS = "sample,replicate,marker,allele1,allele2,height1,height2\n"


@pytest.mark.parametrize(
    ("cells", "meaning"),
    [
        ("6,,200,", HOMOZYGOUS),
        ("6,,199.9,", ONE_SEEN),
        ("6,6,150,", ONE_SEEN),
        ("6,6,150,150", ONE_SEEN),
        ("6,6,250,250", HOMOZYGOUS),
        ("6,?,5000,", HOMOZYGOUS),
        ("6,OL,5000,4000", ONE_SEEN),
        ("6,9.3,20,30", TYPED),
        ("6,6,,", HOMOZYGOUS),
        ("6,,,", ONE_SEEN),
    ],
)
def test_the_height_decides_about_a_single_allele_whatever_the_notation(
    cells: str, meaning: Reading, case: CaseMaker
) -> None:
    assert case.reading(cells, header=HEIGHTS, toml="stochastic_threshold = 200\n") == meaning


def test_heights_without_a_threshold_are_not_used_and_that_is_said_once(case: CaseMaker) -> None:
    rows = "B1,,TH01,6,,20,\nB1,,vWA,17,17,20,\nD1,,TH01,6,7,30,30\n"
    operation = case.read(profiles=HEIGHTS + rows)
    assert operation.individuals[0].profile.readings["vWA"][0].reads is Reads.HOMOZYGOUS
    [warning] = operation.warnings
    assert warning == (
        "profiles.csv: heights are given and no stochastic_threshold is declared, so they are not used: a "
        "single allele counts as the laboratory wrote it (3 readings)"
    )


def test_a_threshold_without_heights_is_told_once(case: CaseMaker) -> None:
    profiles = LONG + "B1,,TH01,6,6\nB1,,vWA,17,\n" + DONOR
    operation = case.read("stochastic_threshold = 200\n", profiles=profiles)
    assert operation.individuals[0].profile.readings["TH01"] == (HOMOZYGOUS,)
    [warning] = operation.warnings
    assert warning == (
        "profiles.csv: a stochastic_threshold is declared, but 2 single alleles came without a height and "
        "count as the laboratory wrote them"
    )


def test_off_ladder_alleles_alone_are_no_result_and_are_counted(case: CaseMaker) -> None:
    operation = case.read(profiles=LONG + "B1,,TH01,OL,OL\nB1,,vWA,OL,\nB1,,D3S1358,15,15\n" + DONOR)
    assert operation.individuals[0].profile.markers() == ("D3S1358",)
    assert operation.warnings == ("profiles.csv: 2 readings of off-ladder alleles alone count as no result",)


def test_an_allele_outside_the_table_is_kept_and_counted(case: CaseMaker) -> None:
    operation = case.read(profiles=LONG + "B1,,TH01,6,14\nB1,,vWA,17,18\n" + DONOR)
    assert operation.individuals[0].profile.readings["TH01"] == (Reading((Repeat(6), Repeat(14))),)
    [warning] = operation.warnings
    assert warning == (
        "profiles.csv: 1 allele of TH01 that the frequency table does not hold, first in line 2; frequency by"
        " the rule 5/2N"
    )


def test_replicates_stand_side_by_side_in_the_order_of_the_rows(case: CaseMaker) -> None:
    profile = case.profile("B1,b,TH01,6,9.3", "B1,a,TH01,6,", "B1,b,vWA,,", "B1,a,vWA,17,18")
    assert profile.readings["TH01"] == (TYPED, ONE_SEEN)
    assert profile.readings["vWA"] == (Reading((Repeat(17), Repeat(18))),)


def test_marker_names_have_any_spelling(case: CaseMaker) -> None:
    profile = case.profile("B1,,HumTH01,6,9.3", "B1,,VWA,17,18", "B1,,AM X/Y,x,Y")
    assert profile.markers() == ("TH01", "vWA", "AMEL")
    assert profile.readings["AMEL"] == (Reading((Named("X"), Named("Y"))),)


def test_markers_that_are_not_searched_are_left_out_and_counted(case: CaseMaker) -> None:
    rows = "B1,,TH01,6,7\nB1,,FGA,21,22\nB1,,DYS391,10,\nB1,,D4S2408,9,\nD1,,FGA,21,22\nB1,,D8S1179,,\n"
    operation = case.read(profiles=LONG + rows + DONOR)
    assert operation.left_out == (
        LeftOut("marker", "FGA", "not in the kit; read in 2 samples"),
        LeftOut("marker", "D4S2408", "the frequency table NIST 1036 Caucasian does not have it; read in 1 sample"),
    )
    assert operation.individuals[0].profile.markers() == ("TH01",)
    assert operation.individuals[0].lineage == Lineage(y=YHaplotype("B1", {"DYS391": (Repeat(10),)}))


WIDE_HEADERS = [
    "sample,TH01_1,TH01_2,vWA_1,vWA_2",
    "Sample,TH01 1,TH01 2,VWA 1,VWA 2",
    "sample,TH01,TH01,vWA,vWA",
    "sample,HumTH01 Allele 1,HumTH01 Allele 2,vWA Allele1,vWA Allele2",
]


@pytest.mark.parametrize("header", WIDE_HEADERS)
def test_the_wide_form_says_the_same_as_the_long_one(header: str, case: CaseMaker) -> None:
    long = case.read(profiles=LONG + "B1,,TH01,6,9.3\nB1,,vWA,17,\nD1,,TH01,6,6\nD1,,vWA,,\n")
    wide = case.read(profiles=f"{header}\nB1,6,9.3,17,\nD1,6,6,,\n")
    assert (wide.individuals, wide.families) == (long.individuals, long.families)


def test_a_wide_table_may_have_replicates_and_third_alleles(case: CaseMaker) -> None:
    profiles = "sample,replicate,TH01_1,TH01_2,TH01_3\nB1,1,6,7,\nB1,2,6,,\nD1,1,6,7,8\n"
    operation = case.read("[donors]\ndrop_in = 0.1\n", profiles=profiles)
    assert [str(reading) for reading in operation.individuals[0].profile.readings["TH01"]] == ["6/7", "6/?"]
    assert str(operation.families[0].profiles["father"].readings["TH01"][0]) == "6/7/8"


# The dead


def test_several_samples_of_one_remains_are_replicates(case: CaseMaker) -> None:
    profiles = LONG + "B1,,TH01,6,\nB2,,TH01,6,9.3\nB2,,vWA,17,18\n" + DONOR
    for remains in ("remains,sample\nR1,B1\nR1,B2\n", "remains,sample\nR1,B1;B2\n"):
        [individual] = case.read(profiles=profiles, remains=remains).individuals
        assert individual.samples == ("B1", "B2")
        assert individual.profile.sample == "B1;B2"
        assert individual.profile.readings["TH01"] == (ONE_SEEN, TYPED)


def test_remains_without_anything_to_search_are_left_out_with_the_reason(case: CaseMaker) -> None:
    profiles = LONG + "B1,,TH01,6,7\nB4,,TH01,,\nB5,,DYS391,10,\nB5,,AMEL,X,Y\n" + DONOR
    remains = "remains,sample\nR1,B1\nR2,\nR3,B3\nR4,B4\nR5,B5\nR1,B6\n"
    operation = case.read(profiles=profiles, remains=remains)
    assert [individual.id for individual in operation.individuals] == ["R1"]
    assert [(entry.what, entry.id, entry.reason) for entry in operation.left_out if entry.what != "marker"] == [
        ("sample", "B6", "no profile (remains R1)"),
        ("individual", "R2", "no sample"),
        ("individual", "R3", "no profile"),
        ("individual", "R4", "no result at any marker that is used"),
        ("individual", "R5", "no result at any marker that is used"),
    ]


THREE = "sample,replicate,marker,allele1,allele2,allele3\n"


def test_a_mixture_waits_for_resampling(case: CaseMaker) -> None:
    profiles = THREE + "B1,,TH01,6,7,8\nB1,,vWA,14,15,16\nD1,,TH01,6,7,\n"
    operation = case.read("drop_in = 0.1\n", profiles=profiles)
    assert operation.individuals == ()
    reason = "more than two alleles at 2 markers: a mixture waits for resampling"
    assert operation.left_out == (LeftOut("individual", "R1", reason),)


@pytest.mark.parametrize(
    ("drop_in", "alleles", "kept"), [(0.01, "6,7,8,", True), (0.0, "6,7,8,", False), (0.01, "6,7,8,9", False)]
)
def test_three_alleles_at_one_marker_are_kept_where_one_may_be_a_drop_in(
    drop_in: float, alleles: str, kept: bool, case: CaseMaker
) -> None:
    profiles = f"sample,marker,allele1,allele2,allele3,allele4\nB1,TH01,{alleles}\nB1,vWA,14,15,,\nD1,TH01,6,7,,\n"
    operation = case.read(f"drop_in = {drop_in}\n", profiles=profiles)
    assert ("TH01" in operation.individuals[0].profile.readings) is kept
    said = "remains ‘R1’: more than two alleles at TH01, which is left out for this person"
    one_too_many = "remains ‘R1’: three alleles at TH01, one of which may be a drop-in"
    assert operation.warnings == ((one_too_many,) if kept else (said,))


def test_up_to_two_markers_may_disagree_where_errors_are_declared(case: CaseMaker) -> None:
    profiles = LONG + "B1,1,TH01,6,6\nB1,2,TH01,6,7\nB1,1,vWA,14,15\nB1,2,vWA,14,16\n" + DONOR
    operation = case.read("typing_error = 0.01\n", profiles=profiles)
    assert operation.warnings == ("remains ‘R1’: replicates disagree at TH01, vWA, as drop-in and typing errors allow",)
    [complaint] = case.complaints(profiles=profiles)
    assert "the replicates of sample ‘B1’ of remains ‘R1’, which contradict each other at TH01, vWA" in complaint


def test_settings_that_nobody_declared_are_known_as_defaults(case: CaseMaker) -> None:
    rows = LONG + "B1,,TH01,6,7\n" + DONOR
    left = ("threshold", "prior", "frequencies", "rare_alleles", "theta", "mutation", "drop_out")
    assert case.read(profiles=rows).undeclared == left
    assert case.read("prior = 0.5\ntheta = 0\n", profiles=rows).undeclared == (
        "threshold", "frequencies", "rare_alleles", "mutation", "drop_out",
    )  # fmt: skip
    table = "marker,allele,count\n" + "".join(f"{m},{a},10\n" for m in ("D3S1358", "TH01", "vWA") for a in (6, 7))
    assert "frequencies" not in case.read(profiles=rows, frequencies=table).undeclared


def test_priors_stand_for_the_prior_that_nobody_declared(case: CaseMaker) -> None:
    rows = LONG + "B1,,TH01,6,7\n" + DONOR
    priors = PRIORS.format(transfer="T1")
    read = case.read(priors, profiles=rows, remains="remains,sample,transfer\nR1,B1,T1\n")
    assert "prior" not in read.undeclared
    assert read.settings.prior == 0.5
    assert read.settings.declared_priors() == (
        Prior("cautious", Shares(0.5, 0.2, 0.3), {"T1": Shares(0.25, 0, 0.75)}),
        Prior("bold", Shares(0.9, 0.05, 0.05)),
    )
    both = case.read(f"prior = 0.6\n{priors}", profiles=rows, remains="remains,sample,transfer\nR1,B1,T1\n")
    assert (both.settings.prior, len(both.settings.priors)) == (0.6, 2)


def test_the_prior_of_reassociation_is_declared(case: CaseMaker) -> None:
    rows = LONG + "B1,,TH01,6,7\n" + DONOR
    assert case.read(profiles=rows).settings.reassociation == ReassociationPrior()
    read = case.read("[reassociation]\nsame_bag = 2\nsiblings = 0.5\n", profiles=rows)
    assert read.settings.reassociation == ReassociationPrior(same_bag=2.0, siblings=0.5)
    with pytest.raises(InputError) as error:
        case.read("[reassociation]\nsame_bag = 0\n", profiles=rows)
    assert "same_bag" in str(error.value)
    assert "expected a number above 0" in str(error.value)


PRIORS = """
[[priors]]
name = "cautious"
listed = 0.5
listed_without_references = 0.2
not_listed = 0.3

[priors.by_transfer.{transfer}]
listed = 0.25
listed_without_references = 0
not_listed = 0.75

[[priors]]
name = "bold"
listed = 0.9
listed_without_references = 0.05
not_listed = 0.05
"""


def test_a_transfer_whose_remains_gave_no_sample_may_have_a_prior_of_its_own(case: CaseMaker) -> None:
    remains = "remains,sample,transfer\nR1,B1,T1\nR2,,T2\n"
    read = case.read(PRIORS.format(transfer="T2"), profiles=LONG + "B1,,TH01,6,7\n" + DONOR, remains=remains)
    assert list(read.settings.priors[0].by_transfer) == ["T2"]


def test_a_prior_for_a_transfer_that_no_remains_name_is_told_with_its_line(case: CaseMaker) -> None:
    [complaint] = case.complaints(
        PRIORS.format(transfer="T12"), profiles=LONG + "B1,,TH01,6,7\n" + DONOR, remains="remains,sample\nR1,B1\n"
    )
    assert complaint == (
        "case.toml, line 11, column priors[1].by_transfer.T12: found the transfer ‘T12’; expected a transfer of"
        " remains.csv (none is named there)"
    )


def test_an_operation_that_was_written_leaves_nothing_to_defaults(tmp_path: Path) -> None:
    write_case_folder(some_operation(), tmp_path / "case")
    assert read_case_folder(tmp_path / "case").undeclared == ()


def test_skeletal_elements_stand_between_semicolons(case: CaseMaker) -> None:
    remains = "remains,sample,elements\nR1,B1,skull ;left femur\nR2,B2,\n"
    read = case.read(profiles=LONG + "B1,,TH01,6,7\nB2,,TH01,6,8\n" + DONOR, remains=remains)
    assert [one.elements for one in read.individuals] == [("skull", "left femur"), ()]


def test_a_run_is_told_of_each_sample(case: CaseMaker) -> None:
    remains = "remains,sample,run\nR1,B1,P7\nR1,B2,P8\nR2,B3;B4,P8\nR3,B5,\n"
    profiles = LONG + "".join(f"B{k},,TH01,6,7\n" for k in range(1, 6)) + DONOR
    read = case.read(profiles=profiles, remains=remains)
    assert [one.runs for one in read.individuals] == [{"B1": "P7", "B2": "P8"}, {"B3": "P8", "B4": "P8"}, {}]


def test_a_run_without_a_sample_is_refused(case: CaseMaker) -> None:
    remains = "remains,sample,run\nR1,B1,\nR2,,P7\n"
    [complaint] = case.complaints(profiles=LONG + "B1,,TH01,6,7\n" + DONOR, remains=remains)
    assert complaint == (
        "remains.csv, line 3, column run: found ‘P7’; expected an empty cell, as the row names no sample that was typed"
    )


# The families


def test_the_word_that_there_is_no_unlisted_sibling_is_read_for_whom_it_was_given(case: CaseMaker) -> None:
    families = (
        "family,person,father,mother,sex,role,sample,no_unlisted_sibling\n"
        "Oak,a,f,m,M,missing,,Yes\nOak,b,f,m,M,missing,,\nOak,f,,,M,donor,D1,\nOak,m,,,F,other,,\n"
    )
    [family] = case.read(families=families, profiles=LONG + "B1,,TH01,6,7\n" + DONOR).families
    assert family.no_unlisted_sibling == {"a"}
    [family] = case.read(profiles=LONG + "B1,,TH01,6,7\n" + DONOR).families
    assert family.no_unlisted_sibling == frozenset()


def test_a_sample_of_a_missing_person_is_a_direct_reference(case: CaseMaker) -> None:
    operation = case.read(families=FAMILIES.replace("missing,", "missing,L1"), profiles=LONG + DONOR + "L1,,TH01,6,7\n")
    [family] = operation.families
    assert family.profiles["son"].sample == "L1"
    assert family.donors() == ("father",)


def test_what_a_family_lacks_is_told(case: CaseMaker) -> None:
    families = FAMILIES + (
        "Elm,a,,,F,donor,\nElm,b,,a,F,missing,\nAsh,a,,,F,other,\nFir,a,,,M,missing,\nFir,b,a,,M,donor,D9\n"
    )
    operation = case.read(profiles=LONG + "B1,,TH01,6,7\n" + DONOR, families=families)
    assert [family.name for family in operation.families] == ["Oak", "Elm", "Fir"]
    assert operation.left_out == (LeftOut("family", "Ash", "no missing person"),)
    assert operation.warnings == (
        "family Elm: donor a has no sample and is taken as untyped",
        "person ‘b’ of family ‘Fir’: sample D9 has no profile",
        "2 families: nobody in them has a profile, so nothing can be said about whom they miss: Elm, Fir",
    )
    many = "".join(f"G{k},x,,,F,missing,\n" for k in range(5))
    *_, last = case.read(profiles=LONG + "B1,,TH01,6,7\n" + DONOR, families=FAMILIES + many).warnings
    assert last.endswith("nothing can be said about whom they miss: G0, G1, G2 and 2 more")


def test_one_person_may_be_in_two_families_and_that_is_said(case: CaseMaker) -> None:
    families = FAMILIES + "Elm,cousin,aunt,,,missing,\nElm,aunt,,,,donor,D1\n"
    operation = case.read(families=families, profiles=LONG + "B1,,TH01,6,7\n" + DONOR)
    assert operation.families[0].profiles["father"] == operation.families[1].profiles["aunt"]
    [warning] = operation.warnings
    assert warning == (
        "sample D1 stands for person ‘father’ of family ‘Oak’ and for person ‘aunt’ of family ‘Elm’: they are"
        " taken for one person"
    )


def test_a_family_has_years_twins_and_inbred_founders(case: CaseMaker) -> None:
    families = (
        "family,person,father,mother,sex,role,sample,birth_year,missing_since,identical_twin,inbreeding\n"
        "Oak,b,f,,M,missing,,1990,2022,t,\nOak,c,f,,M,donor,D1,1990,,t,\nOak,f,,,M,Other,,1960,,,0.0625\n"
    )
    [family] = case.read(families=families, profiles=LONG + "B1,,TH01,6,7\n" + DONOR).families
    assert [person.id for person in family.pedigree.persons] == ["f", "b", "c"]
    assert family.pedigree["f"] == Person("f", sex=Sex.MALE, birth_year=1960, inbreeding=0.0625)
    assert family.pedigree.twins == (frozenset({"b", "c"}),)
    assert family.missing_since == {"b": 2022}


# Settings


def test_settings_are_read_as_declared(case: CaseMaker) -> None:
    toml = """
        name = "June"
        rare_alleles = 0.003
        normalisation = "none"
        theta = 0.02
        prior = 0.4
        threshold = 6
        linkage = false
        prune_untyped_founders = true
        year = 2025
        typing_error = 0.001
        [drop_out]
        rate = 0.2
        by_marker = { VWA = 0.3 }
        per_100_bases = 0.4
        reference_length = 250
        flanks = { D3S1358 = 60, TH01 = 130, vWA = 70 }
        [donors]
        drop_out = 0.01
        [silent]
        HumTH01 = 0.002
    """
    read = case.read(toml, profiles=LONG + "B1,,TH01,6,7\n" + DONOR).settings
    assert read == Settings(
        markers=("D3S1358", "TH01", "vWA"),
        theta=0.02,
        prior=0.4,
        threshold=6.0,
        rare_alleles=Floor(0.003),
        normalisation=Normalisation.NONE,
        silent={"TH01": 0.002},
        remains=SampleErrors(
            DropOut(0.2, {"vWA": 0.3}, 0.4, 250.0, {"D3S1358": 60.0, "TH01": 130.0, "vWA": 70.0}), 0.0, 0.001
        ),
        donors=SampleErrors(DropOut(0.01)),
        linkage=False,
        prune_untyped_founders=True,
        year=2025,
    )


def test_mutation_is_declared_for_both_sexes_for_each_and_by_marker(case: CaseMaker) -> None:
    toml = """
        [mutation]
        model = "equal"
        rate = 0.001
        [mutation.markers.VWA]
        model = "stepwise"
        rate = 0.003
        range = 0.5
        microvariant_rate = 1e-5
        stationary = true
        [mutation.markers.TH01.male]
        model = "proportional"
        rate = 0.002
    """
    read = case.read(toml, profiles=LONG + "B1,,TH01,6,7\n" + DONOR).settings
    assert read.mutation == Mutation.same(Equal(0.001))
    assert read.mutation_by_marker == {
        "vWA": Mutation.same(Stationary(Stepwise(0.003, 0.5, 1e-5))),
        "TH01": Mutation(Equal(0.001), Proportional(0.002)),
    }


def test_a_custom_matrix_is_brought_into_the_order_of_the_engine(case: CaseMaker) -> None:
    frequencies = "marker,allele,count\nTH01,6,5\nTH01,9.3,4\nTH01,7,1\nTH01,silent,1\n"
    toml = """
        [mutation.markers.TH01]
        model = "custom"
        alleles = [9.3, "7", 6]
        matrix = [[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0, 0.4, 0.6]]
    """
    case.write(toml, frequencies=frequencies, profiles=LONG + "B1,,TH01,6,7\n" + DONOR)
    path = case.folder / "case.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('["D3S1358", "TH01", "vWA"]', '["TH01"]'), encoding="utf-8"
    )
    model = read_case_folder(case.folder).settings.mutation_of("TH01").female
    assert model == CustomMatrix(((0.6, 0.4, 0.0), (0.1, 0.7, 0.2), (0.0, 0.1, 0.9)))


def test_without_a_kit_all_autosomal_and_x_markers_of_the_table_are_used(case: CaseMaker) -> None:
    frequencies = "".join(
        f"{name},8,50\n{name},9,50\n" for name in ("TH01", "DXS10148", "DYS391", "rs99", "DYS999", "AMEL")
    )
    case.write(frequencies="marker,allele,count\n" + frequencies, profiles=LONG + "B1,,TH01,8,9\nD1,,rs99,8,9\n")
    (case.folder / "case.toml").write_text('format = "antigone-case"\nversion = 1\n', encoding="utf-8")
    operation = read_case_folder(case.folder)
    assert operation.settings.markers == ("TH01", "DXS10148", "rs99")
    assert operation.warnings == ("markers that only the frequency table knows count as autosomal and unlinked: rs99",)
    assert operation.name == "case"


def test_a_panel_is_a_kit_and_what_it_lacks_frequencies_for_is_told(case: CaseMaker) -> None:
    case.write(
        frequencies="marker,allele,count\nTH01,6,50\nTH01,7,50\nvWA,17,1\n", profiles=LONG + DONOR + "B1,,TH01,6,7\n"
    )
    (case.folder / "case.toml").write_text('format = "antigone-case"\nversion = 1\nkit = "ess 7"\n', encoding="utf-8")
    operation = read_case_folder(case.folder)
    assert (operation.settings.kit, set(operation.settings.markers)) == ("ESS 7", {"TH01", "vWA"})
    assert {entry.id for entry in operation.left_out} == {"D3S1358", "D8S1179", "D18S51", "D21S11", "FGA"}


def test_the_built_in_table_has_any_spelling(case: CaseMaker) -> None:
    operation = case.read('frequencies = "nist-1036 caucasian"\n', profiles=LONG + "B1,,TH01,6,7\n" + DONOR)
    assert operation.frequencies is nist_1036_caucasian()


def test_the_table_of_a_case_says_what_it_is_called_and_where_it_is_from(case: CaseMaker) -> None:
    frequencies = "marker,allele,count\nD3S1358,15,1\nTH01,6,50\nTH01,7,50\nvWA,17,1\n"
    toml = 'frequencies = { file = "frequencies.csv", name = "Lithuania", source = "doi:10/x" }\n'
    table = case.read(toml, frequencies=frequencies, profiles=LONG + "B1,,TH01,6,7\n" + DONOR).frequencies
    assert (table.name, table.source) == ("Lithuania", "doi:10/x")


def test_files_that_are_not_read_are_named(case: CaseMaker) -> None:
    folder = case.write(profiles=LONG + "B1,,TH01,6,7\n" + DONOR)
    for name in ("profiles-old.csv", "notes.txt", "README.md", ".hidden.csv", "truth.csv"):
        (folder / name).write_text("x", encoding="utf-8")
    assert read_case_folder(folder).warnings == ("profiles-old.csv: not read",)


# Excel


def write_excel(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    workbook = xlsxwriter.Workbook(path)
    for name, rows in sheets.items():
        sheet = workbook.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    workbook.close()


def cells_of(text: str) -> list[list[Any]]:
    """The cells of a CSV text, numbers as numbers, the way people type them into Excel."""
    rows = [line.split(",") for line in text.splitlines()]
    return [[float(cell) if re.fullmatch(r"[0-9.]+", cell) else cell for cell in row] for row in rows]


def test_excel_says_the_same_as_csv(tmp_path: Path) -> None:
    page = write_page(tmp_path / "csv")
    one_book, books = tmp_path / "one", tmp_path / "several"
    tables = {path.stem: cells_of(path.read_text(encoding="utf-8")) for path in page.glob("*.csv")}
    for folder in (one_book, books):
        folder.mkdir()
        shutil.copy(page / "case.toml", folder)
    write_excel(one_book / "case.xlsx", tables)
    for name, rows in tables.items():
        write_excel(books / f"{name}.xlsx", {"Sheet1": rows})
    expected = read_case_folder(page)
    for folder in (one_book, books):
        operation = read_case_folder(folder)
        assert replace(operation, digests={}) == replace(expected, digests={})
        assert set(operation.digests) == {"case.toml", *(path.name for path in folder.glob("*.xlsx"))}


def test_excel_errors_name_file_sheet_row_and_column(case: CaseMaker) -> None:
    folder = case.write(profiles=None)
    header = LONG.strip().split(",")
    rows = [header, ["B1", "", "TH01", 6.0, 99.5], ["D1", "", "TH0l", 6.0, 7.0], ["D1", "", "TH01", 6.0, 7.0, "!"]]
    write_excel(folder / "case.xlsx", {"profiles": rows, "other": []})
    with pytest.raises(InputError) as error:
        read_case_folder(folder)
    place = "case.xlsx, sheet profiles, line"
    assert [str(problem) for problem in error.value.problems] == [
        f"{place} 2, column allele2: found ‘99.5’; expected {_LONGEST_UNIT}",
        f"{place} 3, column marker: found ‘TH0l’; expected the name of a marker; near it is ‘TH01’",
        f"{place} 4, column 6: found a cell beyond the header; expected a name for its column",
    ]


_LONGEST_UNIT = "an incomplete repeat of at most .3: one repeat of TH01 has 4 bases"


# There and back


def some_operation(**changes: Any) -> Operation:
    th01 = Profile("B1", {"TH01": (TYPED,), "vWA": (Reading((Repeat(17),), Reads.HOMOZYGOUS),)})
    pedigree = Pedigree.build([Person("father", sex=Sex.MALE), Person("son", "father", sex=Sex.MALE)], family="Oak")
    family = Family("Oak", pedigree, ("son",), {"father": Profile("D1", {"TH01": (ONE_SEEN,)})})
    operation = Operation(
        "Some",
        (Individual("R1", th01, samples=("B1",)),),
        (family,),
        nist_1036_caucasian(),
        Settings(markers=("TH01", "vWA")),
    )
    return replace(operation, **changes)


def content(operation: Operation) -> tuple[object, ...]:
    return (
        operation.name,
        operation.individuals,
        operation.families,
        operation.frequencies,
        operation.settings,
    )


def test_truth_and_notes_come_along_and_are_not_searched(tmp_path: Path) -> None:
    truth = [
        TruthRow("R1", "I1", None, "B1", kin="full sibling of son", sample_swapped_with="B2", contaminated_by="I2"),
        TruthRow("R2", "I2", "son", "", "Oak", "brother"),
    ]
    families = [FamilyTruthRow("Oak", "son", "the recorded father is not the father")]
    write_case_folder(some_operation(), tmp_path / "case", truth=truth, family_truth=families, notes="Made up.")
    assert read_family_truth(tmp_path / "case") == tuple(families)
    assert read_family_truth(tmp_path / "case" / "truth_families.csv") == tuple(families)
    assert read_truth(tmp_path / "case") == tuple(truth)
    assert read_truth(tmp_path / "case" / "truth.csv") == tuple(truth)
    assert (tmp_path / "case" / "notes.txt").read_text(encoding="utf-8") == "Made up.\n"
    operation = read_case_folder(tmp_path / "case")
    assert content(operation) == content(some_operation())
    assert operation.warnings == ()


def test_an_empty_operation_is_a_case(tmp_path: Path) -> None:
    write_case_folder(some_operation(individuals=(), families=()), tmp_path / "case")
    assert read_case_folder(tmp_path / "case").individuals == ()


def test_joined_samples_are_written_as_one_profile_under_all_their_names(tmp_path: Path) -> None:
    joined = Individual("R1", Profile("B1;B2", {"TH01": (ONE_SEEN, TYPED), "vWA": ()}), samples=("B1", "B2"))
    write_case_folder(some_operation(individuals=(joined,)), tmp_path / "case")
    assert "B1;B2,1,TH01,6,?\nB1;B2,2,TH01,6,9.3\n" in (tmp_path / "case" / "profiles.csv").read_text(encoding="utf-8")
    [read] = read_case_folder(tmp_path / "case").individuals
    assert (read.samples, read.profile.readings) == (("B1", "B2"), {"TH01": (ONE_SEEN, TYPED)})


def test_no_formula_is_alive_in_a_written_case_and_none_is_lost(tmp_path: Path) -> None:
    bad = ["=1+1", "+7", "-B", "@x", "'=1", "''-2", "'plain", '="a"&"b"']
    people = tuple(
        Individual(name, Profile(f"{name}s", {"TH01": (TYPED,)}), stature=name, bag=name, samples=(f"{name}s",))
        for name in bad
    )
    write_case_folder(some_operation(individuals=people), tmp_path / "case")
    for path in (tmp_path / "case").glob("*.csv"):
        cells = [cell for line in path.read_text(encoding="utf-8").split("\n") for cell in line.split(",")]
        assert not any(cell.strip('"').startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert read_case_folder(tmp_path / "case").individuals == people


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine", encoding="utf-8")
    for name in ("file", "full"):
        with pytest.raises(FileExistsError, match="is there already"):
            write_case_folder(some_operation(), tmp_path / name)
    (tmp_path / "empty").mkdir()
    write_case_folder(some_operation(), tmp_path / "empty")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full"]


def individual(**changes: Any) -> Individual:
    return replace(some_operation().individuals[0], **changes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": ""}, 'case.toml, line 3, column name: found ‘""’; expected a text'),
        ({"individuals": (individual(id="R\n1"),)}, "cannot be a cell"),
        ({"individuals": (individual(), individual())}, "two remains entries are called ‘R1’"),
        ({"individuals": (individual(bag=" 17"),)}, "cannot be a cell"),
        ({"individuals": (individual(samples=("B2",)),)}, "the profile ‘B1’ of remains ‘R1’, whose samples are ‘B2’"),
        (
            {"individuals": (individual(profile=Profile("D1", {})), individual(id="R2"))},
            "two profiles of the sample ‘D1’",
        ),
        (
            {"individuals": (individual(profile=Profile("B1", {"TH01": (Reading((Repeat(9),)),)})),)},
            "the remains ‘R1’ would not be the same",
        ),
        (
            {"individuals": (individual(profile=Profile("B1", {"TH01": (Reading((Repeat(7), Repeat(6))),)})),)},
            "the remains ‘R1’ would not be the same",
        ),
        (
            {"individuals": (individual(profile=Profile("B1", {"TH01": (Reading((Named("NR"), Repeat(6))),)})),)},
            "expected an allele",
        ),
        ({"settings": Settings(markers=("TH01", "nowhere"))}, "the name of a marker"),
        (
            {"settings": Settings(markers=("TH01",), mutation=Mutation.same(Stationary(Stationary(Equal(0.1)))))},
            "cannot be declared in case.toml",
        ),
        (
            {
                "frequencies": FrequencyTable(
                    "T", "S", {"TH01": MarkerFrequencies.from_frequencies("TH01", {Repeat(6): 0.5})}
                )
            },
            "the frequencies of TH01 sum to 0.5, not to 1",
        ),
    ],
)
def test_what_would_be_read_back_as_something_else_is_not_written(
    changes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(NotWritableError, match=re.escape(why)):
        write_case_folder(some_operation(**changes), tmp_path / "case")
    assert list(tmp_path.iterdir()) == []


def test_a_mixture_can_be_written_and_is_left_out_in_reading(tmp_path: Path) -> None:
    three = Reading((Repeat(6), Repeat(7), Repeat(8)))
    mixed = individual(
        profile=Profile("B1", {"TH01": (three,), "vWA": (Reading((Repeat(14), Repeat(15), Repeat(16))),)})
    )
    write_case_folder(some_operation(individuals=(mixed,)), tmp_path / "case")
    assert [entry.id for entry in read_case_folder(tmp_path / "case").left_out] == ["R1"]


TETRA = ("D3S1358", "TH01", "vWA", "FGA", "SE33", "DXS10135", "D1S1656")
NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters=";"), min_size=1, max_size=8
).filter(lambda text: text == text.strip())
EDGES = st.sampled_from(["=A1", "'=A1", '"', "a,b", "'", "Ω", "-", "0", "a b", "2025-06-06"])
TEXTS = NAMES | EDGES
RATES = st.floats(0, 0.5)
REPEATS = st.builds(Repeat, st.integers(3, 50), st.integers(0, 3))


@st.composite
def frequency_tables(draw: st.DrawFn) -> FrequencyTable:
    if draw(st.integers(0, 3)) == 0:
        return nist_1036_caucasian()
    entries = {}
    for name in draw(st.lists(st.sampled_from((*TETRA, "rs99", "Locus 7")), min_size=1, max_size=5, unique=True)):
        kinds = REPEATS | st.builds(Named, st.sampled_from("ACGT")) if name == "rs99" else REPEATS
        alleles: list[Allele] = draw(st.lists(kinds, min_size=2, max_size=5, unique=True))
        if draw(st.integers(0, 5)) == 0:
            alleles.append(Silent())
        counts = {allele: draw(st.integers(1, 300)) for allele in alleles}
        if draw(st.booleans()):
            entries[name] = MarkerFrequencies.from_counts(name, counts)
        else:
            shares = {allele: count / sum(counts.values()) for allele, count in counts.items()}
            chromosomes = draw(st.none() | st.integers(1, 10_000))
            entries[name] = MarkerFrequencies.from_frequencies(name, shares, chromosomes=chromosomes)
    return FrequencyTable(draw(TEXTS), draw(st.text("ab °'\"\\\n", max_size=9)), entries)


def rules_of(entries: Iterable[MarkerFrequencies]) -> st.SearchStrategy[Any]:
    known = list(entries)
    rules = [st.just(Refuse()), st.builds(Floor, st.floats(1e-6, 0.1))]
    if all(entry.chromosomes for entry in known):
        rules.append(st.just(FiveOverTwoN()))
    if all(entry.counts for entry in known):
        rules.append(st.just(Laplace()))
    return st.one_of(rules)


SIMPLE_MODELS = st.one_of(
    st.just(NoMutation()),
    st.builds(Equal, RATES),
    st.builds(Proportional, RATES),
    st.builds(Stepwise, RATES, st.floats(0.01, 2), RATES),
    st.builds(OneStep, RATES),
    st.builds(Dawid, RATES, st.floats(0.01, 0.99)),
)
MODELS = st.one_of(SIMPLE_MODELS, st.builds(Stationary, SIMPLE_MODELS))
MUTATIONS = st.builds(Mutation.same, MODELS) | st.builds(Mutation, MODELS, MODELS)


def sample_errors(markers: Sequence[str]) -> st.SearchStrategy[SampleErrors]:
    some = st.dictionaries(st.sampled_from(markers), RATES, max_size=2)
    by_length = st.builds(
        DropOut, RATES, some, st.floats(-2, 2), st.floats(1, 500), st.just(dict.fromkeys(markers, 100.5))
    )
    plain = st.builds(DropOut, RATES, some)
    can_be_long = all(name in TETRA for name in markers)
    return st.builds(SampleErrors, st.one_of(plain, by_length) if can_be_long else plain, RATES, RATES)


@st.composite
def all_settings(draw: st.DrawFn, table: FrequencyTable) -> Settings:
    usable = list(table.markers)
    markers = tuple(draw(st.lists(st.sampled_from(usable), min_size=1, max_size=6, unique=True)))
    general, by_marker = draw(MUTATIONS), draw(st.dictionaries(st.sampled_from(usable), MUTATIONS, max_size=2))
    if draw(st.booleans()):
        general = NO_MUTATION
    name = markers[0]
    shown = [allele for allele in table.markers[name].alleles if not isinstance(allele, Silent)]
    if draw(st.booleans()):
        row = tuple(1 / len(shown) for _ in shown)
        by_marker[name] = Mutation(CustomMatrix((row,) * len(shown)), NoMutation())
    silent_free = [each for each in usable if Silent() not in table.markers[each].alleles]
    silent = (
        st.dictionaries(st.sampled_from(silent_free), st.floats(0, 0.1), max_size=2) if silent_free else st.just({})
    )
    return Settings(
        markers=markers,
        kit=draw(st.just("") | TEXTS),
        theta=draw(RATES),
        prior=draw(st.floats(0.01, 0.99)),
        threshold=draw(st.floats(-5, 20)),
        mutation=general,
        mutation_by_marker=by_marker,
        rare_alleles=draw(rules_of(table.markers[each] for each in markers)),
        normalisation=draw(st.sampled_from(Normalisation)),
        silent=draw(silent),
        remains=draw(sample_errors(markers)),
        donors=draw(sample_errors(markers)),
        stochastic_threshold=draw(st.none() | st.floats(0.5, 5000)),
        linkage=draw(st.booleans()),
        prune_untyped_founders=draw(st.booleans()),
        year=draw(st.none() | st.integers(1900, 2100)),
    )


@st.composite
def profiles(draw: st.DrawFn, sample: str, table: FrequencyTable, markers: Sequence[str]) -> Profile:
    """One person's readings, which do not contradict each other; some replicates show less than others."""
    readings = {}
    for name in draw(st.lists(st.sampled_from(markers), min_size=1, unique=True)):
        alleles = st.sampled_from([a for a in table.markers[name].alleles if not isinstance(a, Silent)])
        first, second = draw(alleles), draw(alleles)
        full = [Reading.of(first, second)]
        partial = [Reading.of(first, Unknown())]
        readings[name] = tuple(draw(st.lists(st.sampled_from(full + partial), min_size=1, max_size=3)))
    if draw(st.booleans()):
        readings["AMEL"] = (Reading.of(Named("X"), draw(st.sampled_from([Named("X"), Named("Y")]))),)
    return Profile(sample, readings)


@st.composite
def families(draw: st.DrawFn, name: str, samples: list[str], table: FrequencyTable, markers: Sequence[str]) -> Family:
    drawn = draw(pedigrees(max_people=5, one_parent=True, twins=True))
    ids = {member.id: new for member, new in zip(drawn.members, draw(unique(TEXTS, len(drawn.members))), strict=True)}
    persons = [
        Person(
            ids[member.id],
            member.father and ids[member.father],
            member.mother and ids[member.mother],
            Sex(member.sex),
            inbreeding=draw(st.sampled_from([0.0, 0.25])) if not (member.father or member.mother) else 0.0,
        )
        for member in drawn.members
    ]
    twins = [[ids[each] for each in group] for group in _twin_sets(drawn.twins)]
    pedigree = Pedigree.build(persons, family=name, twins=twins)
    if draw(st.booleans()):
        persons = [replace(person, birth_year=1800 + place) for place, person in enumerate(pedigree.persons)]
        pedigree = Pedigree.build(persons, family=name, twins=twins)
    roles = [draw(st.sampled_from(["missing", "donor", "other", "reference"])) for _ in pedigree.persons]
    roles[0] = "missing" if not {"missing", "reference"} & set(roles) else roles[0]
    typed = {
        person.id: draw(profiles(samples.pop(), table, markers))
        for person, role in zip(pedigree.persons, roles, strict=True)
        if role in ("donor", "reference")
    }
    missing = tuple(p.id for p, role in zip(pedigree.persons, roles, strict=True) if role in ("missing", "reference"))
    since = {person: draw(st.integers(1950, 2025)) for person in missing[:1]}
    return Family(name, pedigree, missing, typed, since, frozenset(draw(st.lists(st.sampled_from(missing)))))


def _twin_sets(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Groups without a common member, as one label a person can say them."""
    taken: set[str] = set()
    disjoint = []
    for group in groups:
        if not taken & group:
            disjoint.append(group)
            taken |= group
    return disjoint


def unique(texts: st.SearchStrategy[str], number: int) -> st.SearchStrategy[list[str]]:
    return st.lists(texts, min_size=number, max_size=number, unique=True)


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    table = draw(frequency_tables())
    settings_ = draw(all_settings(table))
    samples = draw(unique(TEXTS, 16))
    people = []
    for name in draw(st.lists(TEXTS, max_size=3, unique=True)):
        own = tuple(samples.pop() for _ in range(draw(st.integers(1, 2))))
        low, high = sorted((draw(st.floats(0, 130)), draw(st.floats(0, 130))))
        people.append(
            Individual(
                name,
                draw(profiles(";".join(own), table, settings_.markers)),
                draw(st.sampled_from(Sex)),
                draw(st.sampled_from([None, low])),
                draw(st.sampled_from([None, high])),
                draw(st.just("") | TEXTS),
                draw(st.just("") | TEXTS),
                draw(st.just("") | TEXTS),
                own,
                elements=tuple(draw(st.lists(st.sampled_from(["skull", "left femur", "torso"]), unique=True))),
                runs={sample: run for sample in own if (run := draw(st.sampled_from(["", "P7", "P8"])))},
            )
        )
    named = draw(st.lists(TEXTS, max_size=2, unique=True))
    kin = tuple(draw(families(name, samples, table, settings_.markers)) for name in named)
    transfers = sorted({one.transfer for one in people if one.transfer})
    priors = draw(st.lists(all_priors(transfers), max_size=2, unique_by=lambda prior: prior.name))
    return Operation(draw(TEXTS), tuple(people), kin, table, replace(settings_, priors=tuple(priors)))


SHARES = st.builds(
    lambda listed, part: Shares(listed, (1 - listed) * part, (1 - listed) * (1 - part)), st.floats(0.01, 0.99), RATES
)


def all_priors(transfers: Sequence[str]) -> st.SearchStrategy[Prior]:
    by_transfer = st.dictionaries(st.sampled_from(transfers), SHARES) if transfers else st.just({})
    return st.builds(Prior, TEXTS, SHARES, by_transfer)


@settings(max_examples=100)
@given(operation=operations())
def test_an_operation_written_and_read_is_the_same(
    operation: Operation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("there-and-back") / "case"
    write_case_folder(operation, folder)
    assert content(read_case_folder(folder)) == content(operation)


def test_truth_that_cannot_be_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("remains,individual,missing_person,sample,who\n,I1,,B1,x\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"truth\.csv, line 1, column 5: found a column ‘who’"):
        read_truth(path)
    path.write_text("remains,individual,missing_person,sample\n,I1,,B1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"truth\.csv, line 2, column remains: found an empty cell"):
        read_truth(path)
    write_excel(tmp_path / "truth.xlsx", {"truth": [["remains", "individual", "missing_person", "sample"], ["R1", 1]]})
    assert read_truth(tmp_path / "truth.xlsx") == (TruthRow("R1", "1", None, ""),)
    with pytest.raises(InputError, match="no table ‘truth’"):
        read_truth(BAD_CASES / "_sound")


def test_a_case_may_lack_the_truth_about_its_families_but_a_damaged_one_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    write_case_folder(some_operation(), folder, truth=[TruthRow("R1", "I1", None, "B1")])
    assert not (folder / "truth_families.csv").exists()
    assert read_family_truth(folder) == ()
    (folder / "truth_families.csv").write_text("family,person,what\nOak,,x\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"truth_families\.csv, line 2, column person: found an empty cell"):
        read_family_truth(folder)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    write_case_folder(read_case_folder(write_page(tmp_path / "page")), tmp_path / "one")
    write_case_folder(read_case_folder(tmp_path / "one"), tmp_path / "two")
    assert {p.name: p.read_bytes() for p in (tmp_path / "one").iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "two").iterdir()
    }


# Schemas


def test_the_schemas_in_the_folder_are_made_from_the_definitions() -> None:
    assert {path.name for path in SCHEMAS.glob("*.json")} == {f"{name}.schema.json" for name in schemas()}
    for name, schema in schemas().items():
        assert (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8") == schema_text(schema)
        jsonschema.Draft202012Validator.check_schema(schema)


def test_the_schemas_accept_the_example_and_what_the_writer_writes(tmp_path: Path) -> None:
    page = write_page(tmp_path / "page")
    write_case_folder(read_case_folder(page), tmp_path / "written", truth=[TruthRow("R-001", "I1", None, "B1")])
    for folder in (page, tmp_path / "written"):
        jsonschema.validate(tomllib.loads((folder / "case.toml").read_text(encoding="utf-8")), schemas()["case"])
        for path in folder.glob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            for row in rows:
                jsonschema.validate(row, schemas()[path.stem])


def test_the_schemas_refuse_what_the_reader_refuses() -> None:
    row = {"family": "Oak", "person": "a", "father": "", "mother": "", "sex": "F", "role": "missing", "sample": ""}
    jsonschema.validate(row, schemas()["families"])
    for wrong in ({"sex": "X"}, {"role": ""}, {"birth_year": "87"}, {"extra": "1"}, {"family": ""}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**row, **wrong}, schemas()["families"])
    sound = {"format": "antigone-case", "version": 1}
    for settings_ in ({"tehta": 0.1}, {"theta": 1.0}, {"drop_out": {"rat": 0.1}}, {"mutation": {"model": "exact"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**sound, **settings_}, schemas()["case"])
    assert json.loads(schema_text(schemas()["case"])) == schemas()["case"]


@pytest.mark.long
def test_of_900_000_rows_nothing_is_kept_of_a_row(tmp_path: Path) -> None:
    markers = list(nist_1036_caucasian().markers)[:25]
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "case.toml").write_text('format = "antigone-case"\nversion = 1\n', encoding="utf-8")
    (folder / "families.csv").write_text("family,person,father,mother,sex,role,sample\n", encoding="utf-8")
    (folder / "remains.csv").write_text(
        "remains,sample\n" + "".join(f"R{i},S{i}\n" for i in range(36_000)), encoding="utf-8"
    )
    alleles = {name: nist_1036_caucasian().markers[name].alleles for name in markers}
    with (folder / "profiles.csv").open("w", encoding="utf-8") as file:
        file.write(LONG)
        for i in range(36_000):
            for k, name in enumerate(markers):
                own = alleles[name]
                file.write(f"S{i},,{name},{own[(i * 7 + k) % len(own)]},{own[(i * 3 + k) % len(own)]}\n")
    operation = read_case_folder(folder)
    assert len(operation.individuals) == 36_000
    del operation
    tracemalloc.start()
    operation = read_case_folder(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 900_000 * 200
    readings = {id(each) for one in operation.individuals for each in one.profile.readings.values()}
    assert len(readings) < 10_000
