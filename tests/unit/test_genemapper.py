"""GeneMapper and GeneMarker tables: what a laboratory wrote is what is read, and what is doubtful is asked for."""

import contextlib
import random
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import assume, given
from hypothesis import strategies as st

from antigone.formats.case_folder import read_case_folder
from antigone.formats.errors import InputError
from antigone.formats.genemapper import (
    GenemapperToml,
    Layout,
    declared_beside,
    genemapper_text,
    looks_like_genemapper,
    read_genemapper,
    read_genemapper_toml,
    write_genemapper,
)
from antigone.formats.genemapper.reader import _Reader
from antigone.formats.laboratory import LaboratoryProfiles, Run, call_of, laboratory_of
from antigone.genetics.alleles import OffLadder, Repeat
from antigone.genetics.observation import Reading, Reads
from examples import examples
from workbooks import ods, xlsx

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "genemapper"
GOOD = sorted((CORPUS / "good").iterdir())
BAD = sorted((CORPUS / "bad").iterdir())
HEADER = "Sample Name\tMarker\tAllele 1\tAllele 2\n"


def read(text, toml=None, **declared):
    said = read_genemapper_toml(toml.encode()) if toml else GenemapperToml(**declared)
    return read_genemapper(text.encode(), declared=said, file="table.txt")


def readings_at(table, sample, marker):
    return [str(reading) for reading in table.profiles()[sample].readings.get(marker, ())]


def shown(table):
    """A table as the corpus keeps it."""
    lines = [table.dialect.describe(), ""]
    lines += [f"left out: {one.what} {one.id}: {one.reason}" for one in table.left_out]
    lines += [f"note: {note}" for note in table.notes]
    return "\n".join([*lines, "", table.profiles_csv()])


# The corpus


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_a_good_table_is_read_as_frozen(folder):
    table = read_genemapper(folder / "table.txt", file="table.txt")
    assert shown(table) == (folder / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", BAD, ids=lambda folder: folder.name)
def test_a_bad_table_is_refused_in_the_frozen_words(folder):
    with pytest.raises(InputError) as caught:
        read_genemapper(folder / "table.txt", file="table.txt")
    told = str(caught.value).replace(f"{folder}/", "") + "\n"
    assert told == (folder / "expected.txt").read_text(encoding="utf-8")


def test_the_corpus_is_there():
    assert len(GOOD) >= 43
    assert len(BAD) >= 43


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_a_good_table_is_known_by_its_beginning(folder):
    head = (folder / "table.txt").read_bytes()[:4096]
    says_the_toml = folder.name == "columns_declared" or folder.name == "markers_declared"
    assert looks_like_genemapper(head) or says_the_toml


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "sample,replicate,marker,allele1,allele2\nB1,,TH01,6,7\n",
        "sample,TH01_1,TH01_2\nB1,6,7\n",
        "Allele,TH01,vWA\n6,0.2,\n",
        "family,person,father,mother,sex,role,sample\n",
        '<?xml version="1.0"?><CODISImportFile/>',
        "Name;Notes\nB1;TH01\n",
    ],
)
def test_other_files_are_not_taken_for_such_tables(text):
    assert not looks_like_genemapper(text.encode())


# Sheets


@pytest.mark.parametrize("make", [xlsx, ods])
def test_errors_in_a_sheet_name_the_cell(make, tmp_path):
    path = tmp_path / "plate"
    rows = [["Plate 4"], [], ["Sample", "TH01", "TH01", "FGA", "FGA"], ["B1", "6", "x", "21", "22"]]
    path.write_bytes(make({"Runs": [*rows, ["B2_R1", "6", "7", "21", "22"], ["B2_R2", "6", "7", "21", "22"]]}))
    with pytest.raises(InputError) as caught:
        read_genemapper(path, file="plate")
    first, second = caught.value.problems
    assert str(first).startswith("plate, sheet Runs, line 4, column TH01, cell C4: found ‘x’; expected an allele")
    assert str(second).startswith("plate, sheet Runs, line 6, column Sample, cell A6: found the samples ‘B2_R1’ and")


def test_what_is_no_value_in_a_sheet_is_told_by_its_cell(tmp_path):
    path = tmp_path / "plate.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Runs")
        sheet.write_row(0, 0, ["Sample Name", "Marker", "Allele 1", "Allele 2"])
        sheet.write_row(1, 0, ["B1", "TH01", 6])
        sheet.write_formula(1, 3, "=A1", None, "9.3")
    with pytest.raises(InputError, match=r"^plate.xlsx, sheet Runs, line 2, column D: found a formula"):
        read_genemapper(path)


@pytest.mark.parametrize(("encoding", "is_read"), [("cp1251", True), ("koi8-r", False), ("cp866", False)])
def test_cyrillic_in_another_code_page_is_asked_about(encoding, is_read):
    data = (HEADER + "Кость Пять\tTH01\t6\t7\n").encode(encoding)
    if is_read:
        assert list(read_genemapper(data).samples) == ["Кость Пять"]
    else:
        with pytest.raises(InputError, match=r"line 2, column 1: found the byte 0x.., which is not UTF-8"):
            read_genemapper(data)


# By hand


def test_one_allele_alone_is_not_homozygous():
    table = read(HEADER + "B1\tTH01\t6\t\nB1\tvWA\t16\t16\n")
    readings = table.profiles()["B1"].readings
    assert readings["TH01"] == (Reading((Repeat(6),), Reads.OTHER_UNSEEN),)
    assert readings["vWA"] == (Reading((Repeat(16),), Reads.HOMOZYGOUS),)


def test_an_off_ladder_allele_is_kept_said_and_not_used():
    table = read(HEADER.replace("\n", "\tAllele 3\n") + "B1\tTH01\t6\tOL\t\nB1\tFGA\t20\tOL\t22\n")
    calls = table.samples["B1"][0].calls
    assert OffLadder("OL") in calls["TH01"].alleles
    assert OffLadder("OL") in calls["FGA"].alleles
    assert readings_at(table, "B1", "TH01") == ["6/?"]
    assert readings_at(table, "B1", "FGA") == []  # two named ones and a third: nobody knows which two are of a person
    assert [one.id for one in table.left_out] == ["B1 FGA"]


def test_three_alleles_stand_for_the_mixture_rule_to_judge():
    table = read(HEADER.replace("\n", "\tAllele 3\n") + "B1\tTH01\t6\t7\t9.3\n")
    assert readings_at(table, "B1", "TH01") == ["6/7/9.3"]


def test_runs_are_replicates_in_the_order_of_the_file():
    header = "Sample Name\tSample File\tMarker\tAllele 1\tAllele 2\n"
    table = read(header + "B1\tb.fsa\tTH01\t6\t7\nB1\ta.fsa\tTH01\t6\t\n")
    assert [run.name for run in table.samples["B1"]] == ["b.fsa", "a.fsa"]
    assert readings_at(table, "B1", "TH01") == ["6/7", "6/?"]


def test_rows_of_a_sample_need_not_stand_together():
    table = read(HEADER + "B1\tTH01\t6\t7\nB2\tTH01\t8\t9\nB1\tvWA\t16\t17\n")
    assert readings_at(table, "B1", "vWA") == ["16/17"]
    assert len(table.samples["B1"]) == 1


def test_heights_stay_beside_their_alleles():
    table = read("Sample Name\tMarker\tAllele 1\tAllele 2\tHeight 1\tHeight 2\nB1\tTH01\t6\t9.3\t812\t790.5\n")
    assert table.samples["B1"][0].heights == {"TH01": (812.0, 790.5)}
    assert "B1,,TH01,6,9.3,812,790.5" in table.profiles_csv()


def test_y_markers_are_copies_and_no_reading():
    table = read(HEADER + "B1\tDYS391\t10\t\nB1\tDYS385\t11\t14\nB1\tTH01\t6\t7\n")
    assert table.y() == {"B1": {"DYS391": ((Repeat(10),),), "DYS385": ((Repeat(11), Repeat(14)),)}}
    assert table.profiles()["B1"].markers() == ("TH01",)


def test_a_negative_control_with_alleles_is_told():
    table = read(HEADER + "NTC\tTH01\t6\t7\nNTC\tvWA\t\t\nB1\tTH01\t6\t7\n")
    assert [one.reason for one in table.left_out] == [
        "a negative control, with alleles at 1 marker: is there contamination?"
    ]


def test_a_body_that_is_numbered_like_a_control_is_asked_about_and_never_left_out():
    for name in ("9948", "9947A", "2800M", "K562", "007", "AL12"):
        with pytest.raises(InputError, match="may be a control"):
            read(HEADER + f"{name}\tTH01\t6\t7\n")
        assert name in read(HEADER + f"{name}\tTH01\t6\t7\n", names={name: "sample"}).samples


def test_two_bones_are_never_joined_because_their_names_end_alike():
    text = HEADER + "Bag4_R1\tTH01\t6\t7\nBag4_R2\tTH01\t6\t7\n"
    with pytest.raises(InputError, match="replicate_suffixes"):
        read(text)
    assert len(read(text, replicate_suffixes=[]).samples) == 2
    assert len(read(text, replicate_suffixes=["_R#"]).samples) == 1


def test_the_dialect_is_told_in_words():
    dialect = read("Sample Name;Marker;Allele 1;Allele 2;Height 1\nB1;TH01;6;9,3;410\n").dialect
    assert (dialect.separator, dialect.decimal, dialect.layout) == ("semicolon", ",", Layout.LONG)
    assert dialect.describe() == (
        "columns between semicolons, in UTF-8; header in line 1; long: one marker a row, named in ‘Marker’; "
        "sample in ‘Sample Name’; 2 columns of alleles and 1 of heights; decimal comma"
    )


def test_a_table_is_told_in_words():
    table = read(HEADER + "B1\tTH01\t6\t7\nB1\tvWA\t16\t17\nNTC\tTH01\t\t\n")
    assert table.describe().startswith(
        "GeneMapper table: samples 1, runs 1, markers 2; left out 1; columns between tabs"
    )


def test_what_is_declared_travels_in_the_folder(tmp_path):
    (tmp_path / "table.txt").write_text(HEADER + "B1\tTH01\tINC\t\n", encoding="utf-8")
    with pytest.raises(InputError, match="no_result"):
        read_genemapper(tmp_path / "table.txt")
    (tmp_path / "genemapper.toml").write_text('no_result = ["INC"]\n', encoding="utf-8")
    assert declared_beside(tmp_path / "table.txt").no_result == ["INC"]
    assert read_genemapper(tmp_path / "table.txt").dialect.declared == ("no_result",)


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("decimal = 3", 'line 1, column decimal: found ‘3’; expected "." or ","'),
        ('[markers]\n"D3" = "D3S1385"', 'line 2, column markers.D3: found "D3S1385"; expected the name of a marker'),
        ('[columns]\nallele = "A"', 'line 2, column columns.allele: found "A"; expected a text with one #'),
        ('replicate_suffixes = ["_R"]', 'line 1, column replicate_suffixes: found "_R"; expected endings with one #'),
        ('[names]\n"007" = "standard"', "line 2, column names.007"),
        ("decimal = ", "line 1: found ‘decimal =’; expected TOML"),
    ],
)
def test_mistakes_in_the_toml_are_told_with_their_line(toml, told):
    with pytest.raises(InputError) as caught:
        read_genemapper_toml(toml.encode())
    assert told in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="expected a readable file"):
        read_genemapper(tmp_path / "absent.txt")


def test_a_table_of_the_case_folder_reads_as_the_same_profiles(tmp_path):
    header = "Sample Name\tSample File\tMarker\tAllele 1\tAllele 2\tAllele 3\tHeight 1\tHeight 2\tHeight 3\n"
    table = read(
        header
        + "B1\ta\tTH01\t6\t9.3\t\t810\t790\t\nB1\ta\tvWA\t16\tOL\t\t400\t80\t\nB1\ta\tDYS391\t10\t\t\t500\t\t\n"
        + "B1\tb\tTH01\t6\t\t\t120\t\t\nB1\tb\tD3S1358\t15\t15\t\t900\t\t\nB1\tb\tFGA\t20\t22\tOL\t500\t480\t70\n"
        + "D1\tc\tTH01\t6\t7\t\t810\t790\t\nD1\tc\tvWA\t16\t16\t\t400\t400\t\n"
    )
    (tmp_path / "case.toml").write_text(
        'format = "antigone-case"\nversion = 1\nkit = ["D3S1358", "TH01", "vWA", "FGA"]\n', encoding="utf-8"
    )
    (tmp_path / "profiles.csv").write_text(table.profiles_csv(), encoding="utf-8")
    (tmp_path / "remains.csv").write_text("remains,sample\nR1,B1\n", encoding="utf-8")
    (tmp_path / "families.csv").write_text(
        "family,person,father,mother,sex,role,sample\nOak,son,father,,M,missing,\nOak,father,,,M,donor,D1\n",
        encoding="utf-8",
    )
    operation = read_case_folder(tmp_path)
    own = table.profiles()
    assert dict(operation.individuals[0].profile.readings) == dict(own["B1"].readings)
    assert dict(operation.families[0].profiles["father"].readings) == dict(own["D1"].readings)
    assert operation.individuals[0].lineage.y.alleles["DYS391"] == (Repeat(10),)


# Both ways of reading


def both_ways(text, declared=None):
    """What the whole columns give, which may decline, and what the lines give."""
    data, said = text if isinstance(text, bytes) else text.encode(), declared or GenemapperToml()
    return _Reader(data, "table.txt", said).read_at_once(), _Reader(data, "table.txt", said).read()


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_whole_columns_give_what_lines_give(folder):
    data = (folder / "table.txt").read_bytes()
    at_once, by_line = both_ways(data, declared_beside(folder / "table.txt"))
    if at_once is not None:
        assert at_once == by_line


def test_plain_tables_are_taken_in_whole_columns():
    header = "Sample Name\tSample File\tMarker\tDye\tAllele 1\tAllele 2\tHeight 1\tHeight 2\n"
    long = header + "B1\ta\tTH01\tB\t6\t9.3\t812\t790\nB1\ta\tQS1\tB\t1\t\t500\t\nB1\tb\tTH01\tB\t6\t\t318\t\n"
    wide = "Sample Name\tTH01 1\tTH01 2\nB1\t6\t7\nLadder\t6\t7\nB2\t8\t\n"
    for text in (long, wide, HEADER + "B1\tTH01\t6\t7\n", long.replace("\n", "\r\n")):
        at_once, by_line = both_ways(text)
        assert at_once is not None
        assert at_once == by_line


@pytest.mark.parametrize(
    "rows",
    [
        "B1\tTH01\t6\t7\t8\nB1\tvWA\t16\n",  # one cell too many here, one too few there
        "B1\tTH01\t6\n\tB1\tvWA\t16\t17\n",
        "B1\tTH01\t6\t7\n\nB1\tvWA\t16\t17\n",
        "\nB1\tTH01\t6\t7\n",
        'B1\tTH01\t"6"\t7\n',
        "B1\tTH01\t6\t7\nB1\tTH01\t6\t7\n",
        "B1\tTH01\t6\t7\nB2\tTH01\t6\t7\nB1\tvWA\t16\t17\n",
        "B1\tTH01\t6\t9.3\nB2\tTH01\t6\t9,3\n",
        "007\tTH01\t6\t7\n",
        "",
    ],
)
def test_what_is_not_plain_is_left_to_the_lines(rows):
    assert _Reader((HEADER + rows).encode(), "table.txt", GenemapperToml()).read_at_once() is None


def test_pieces_of_a_table_are_put_together(monkeypatch):
    monkeypatch.setattr("antigone.formats.genemapper.at_once._PIECE", 40)
    header = "Sample Name\tMarker\tAllele 1\tAllele 2\tHeight 1\tHeight 2\n"
    rows = [f"B{n}\t{marker}\t6\t9\t{100 + n}\t{200 + n}\n" for n in range(30) for marker in ("TH01", "vWA", "TPOX")]
    at_once, by_line = both_ways(header + "".join(rows))
    assert at_once is not None
    assert at_once == by_line
    wide = "Sample Name\tTH01 1\tTH01 2\n" + "".join(f"B{n}\t6\t{7 + n % 3}\n" for n in range(40))
    at_once, by_line = both_ways(wide)
    assert at_once is not None
    assert at_once == by_line


# Round trips

MARKERS = ("TH01", "vWA", "FGA", "D3S1358", "AMEL", "DYS391", "DYS385", "Penta E", "SE33")
names = st.text("ABCXYZ0123456789/+ ёї№", min_size=1, max_size=12).map(lambda text: f"S{text}s".strip())
numbers = st.sampled_from(["5", "6", "9.3", "12", "13", "14.2", "17", "21", "OL", ">40"])


@st.composite
def calls(draw, marker):
    if marker == "AMEL":
        return call_of(marker, draw(st.sampled_from([("X", "Y"), ("X", "X"), ("X",), ("",), ("OL",)])))
    most = 1 if marker == "DYS391" else 2 if marker == "DYS385" else 4
    alleles = draw(st.lists(numbers, max_size=most, unique=True))
    if len(alleles) == 1 and alleles[0][0].isdigit() and marker != "DYS391" and draw(st.booleans()):
        alleles = alleles * 2
    return call_of(marker, tuple(alleles) or ("",))


@st.composite
def laboratory_profiles(draw):
    samples = {}
    for name in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        runs = []
        for number in range(draw(st.integers(1, 3))):
            markers = draw(st.lists(st.sampled_from(MARKERS), min_size=1, max_size=5, unique=True))
            own = {marker: draw(calls(marker)) for marker in markers}
            heights = {}
            for marker, call in own.items():
                tall = [draw(st.none() | st.integers(0, 30_000) | st.floats(0, 1e4)) for _ in call.alleles]
                if len(call.alleles) == 2 and call.alleles[0] == call.alleles[1]:
                    tall = [tall[0], tall[0]]
                if any(height is not None for height in tall):
                    heights[marker] = tuple(None if height is None else float(height) for height in tall)
            runs.append(Run(f"{name} {number}.x", 1, own, heights))
        samples[name] = tuple(runs)
    return LaboratoryProfiles("", samples)


def as_read(profiles):
    return {
        sample: [(run.name, dict(run.calls), dict(run.heights)) for run in runs]
        for sample, runs in profiles.samples.items()
    }


@given(laboratory_profiles())
@examples(60)
def test_what_is_written_is_read_back(profiles):
    text = genemapper_text(profiles)
    again = read_genemapper(text.encode(), declared=GenemapperToml(replicate_suffixes=[]))
    assert as_read(again) == as_read(profiles)
    assert again.profiles() == profiles.profiles()
    at_once, by_line = both_ways(text, GenemapperToml(replicate_suffixes=[]))
    assert at_once is None or at_once == by_line


@given(laboratory_profiles())
@examples(30)
def test_profiles_of_a_case_are_written_and_read_back(profiles):
    own = {sample: profile for sample, profile in profiles.profiles().items() if profile.readings}
    assume(own)
    text = genemapper_text(laboratory_of(own.values()))
    again = read_genemapper(text.encode(), declared=GenemapperToml(replicate_suffixes=[])).profiles()
    assert {sample: dict(one.readings) for sample, one in again.items()} == {
        sample: dict(one.readings) for sample, one in own.items()
    }


def test_what_would_not_be_read_back_is_not_written(tmp_path):
    call = call_of("TH01", ("6", "7"))
    for sample, runs in {
        "NTC": (Run("NTC", 1, {"TH01": call}),),
        "B1.fsa": (Run("B1", 1, {"TH01": call}),),
        "B\t1": (Run("B1", 1, {"TH01": call}),),
        "B1": (Run("x", 1, {"TH01": call}), Run("x", 1, {"TH01": call})),
        "B2": (Run("B2", 1, {}),),
    }.items():
        with pytest.raises(ValueError, match=r"read back|cannot be a cell"):
            write_genemapper(LaboratoryProfiles("", {sample: runs}), tmp_path / "table.txt")
    assert not list(tmp_path.iterdir())


# Any bytes


def read_or_refuse(data):
    problems = []
    try:
        table = read_genemapper(data, declared=GenemapperToml())
    except InputError as error:
        problems = error.problems
    else:
        table.profiles()
        table.y()
        table.profiles_csv()
        assert table.dialect.describe()
        return
    assert problems
    assert all(problem.found and problem.expected for problem in problems)


def mutated(data, rng):
    """Some bytes changed, lost, doubled, or put in from elsewhere."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            data[at:at] = rng.choice([b"\t", b"\n", b"\r", b'"', b",", b";", b"\xff", b"\0", b"OL", b"9.3", b"?"])
        elif kind == 1:
            del data[at : at + rng.randint(1, 20)]
        elif kind == 2 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 3:
            start = rng.randrange(len(data) + 1)
            data[at:at] = data[start : start + rng.randint(1, 60)]
        elif kind == 4:
            data = bytearray(bytes(data).replace(rng.choice([b"\t", b" ", b"1", b"Allele", b"\n"]), b"", 1))
        else:
            data = data[: max(at, 1)]
    return bytes(data)


def test_mutated_tables_are_read_or_refused():
    rng = random.Random(6)  # noqa: S311 - no secret
    seeds = [(folder / "table.txt").read_bytes() for folder in (*GOOD, *BAD)]
    for _ in range(1500):
        data = mutated(rng.choice(seeds), rng)
        read_or_refuse(data)
        looks_like_genemapper(data[:4096])


@given(st.binary(max_size=400))
@examples(100)
def test_any_bytes_are_read_or_refused(data):
    read_or_refuse(data)
    read_or_refuse(HEADER.encode() + data)
    looks_like_genemapper(data)


@given(st.binary(max_size=200))
@examples(50)
def test_any_toml_is_read_or_refused(data):
    with contextlib.suppress(InputError):
        read_genemapper_toml(data)


# Speed

# The kernel's mark of this process alone: ru_maxrss survives exec, so a child of a large run would show its parent's.
MEASURE = """
import re, sys
from antigone.formats.genemapper import read_genemapper
table = read_genemapper(sys.argv[1])
most = re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())
print(int(most[1]) / 1024, len(table.samples))
"""


@pytest.mark.long
@pytest.mark.parametrize("with_heights", [False, True])
def test_200_000_profiles_of_24_markers_fit_into_1_gib(tmp_path, with_heights):
    rng = random.Random(1)  # noqa: S311 - no secret
    markers = [
        "D3S1358", "vWA", "D16S539", "CSF1PO", "TPOX", "D8S1179", "D21S11", "D18S51", "D2S441", "D19S433", "TH01",
        "FGA", "D5S818", "D13S317", "D7S820", "SE33", "D10S1248", "D1S1656", "D12S391", "D2S1338", "Penta D", "Penta E",
        "D6S1043", "AMEL",
    ]  # fmt: skip
    alleles = [str(number) for number in range(7, 20)]

    def two(marker):
        return rng.choice(["X\tY", "X\tX"]) if marker == "AMEL" else f"{rng.choice(alleles)}\t{rng.choice(alleles)}"

    path = tmp_path / "table.txt"
    with path.open("w", encoding="utf-8") as file:
        if with_heights:
            file.write("Sample Name\tMarker\tAllele 1\tAllele 2\tHeight 1\tHeight 2\n")
            for number in range(200_000):
                for marker in markers:
                    height = rng.randint(50, 9999)
                    file.write(f"B{number}\t{marker}\t{two(marker)}\t{height}\t{height}\n")
        else:
            file.write("Sample Name\t" + "\t".join(f"{marker} 1\t{marker} 2" for marker in markers) + "\n")
            for number in range(200_000):
                file.write(f"B{number}\t" + "\t".join(two(marker) for marker in markers) + "\n")
    command = [sys.executable, "-c", MEASURE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    mebibytes, samples = (float(word) for word in done.stdout.split())
    assert samples == 200_000
    assert mebibytes < 1024  # how long it takes stands in docs/speed.md: a test that is timed tells of the machine


def test_a_cell_that_is_longer_than_any_name_makes_no_header():
    """What is matched with names takes the square of their length: five thousand points took two seconds."""
    rows = f"Samample Name\tMarker\tAllele 1\tAllele 2\nB1\tTH01\t6\t9{'.' * 5000}\n"
    with pytest.raises(InputError, match="line 1: found the column ‘Samample Name’"):
        read_genemapper(rows.encode(), file="x")
    with pytest.raises(InputError, match="found a cell of 301 characters; expected"):
        read_genemapper(f"{'n' * 301}\tTH01\nB1\t6,9\n".encode(), file="x")


def test_amelogenin_in_one_cell_is_not_said_to_be_a_suffix():
    """Y as a suffix that says nothing made a man's X Y an X."""
    rows = b"Sample Name\tMarker\tAllele 1\tAllele 2\nB1\tAMEL\tXY\t\nB1\tTH01\t6\t9\n"
    with pytest.raises(InputError, match="found ‘XY’; expected X in one cell and Y in the next"):
        read_genemapper(rows, file="x")
