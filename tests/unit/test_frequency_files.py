"""Frequency files: figures as populations publish them, and what cannot be."""

from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.errors import InputError
from antigone.formats.frequencies import NOT_STATED, read_frequencies, write_frequencies
from antigone.formats.loose_rows import rows_of_text
from antigone.formats.wide_frequencies import wide_of
from antigone.genetics.alleles import Named, OffLadder, Repeat, Silent
from antigone.genetics.frequencies import FrequencyError, FrequencyTable, MarkerFrequencies, nist_1036_caucasian


def read(tmp_path: Path, text: str) -> FrequencyTable:
    path = tmp_path / "frequencies.csv"
    path.write_text(text, encoding="utf-8")
    return read_frequencies(path)


def complaints(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    return [str(problem).removeprefix("frequencies.csv, ") for problem in error.value.problems]


LONG = "marker,allele,frequency,chromosomes\nVWA,17,0.25,200\nvWA,9.3,0.745,\nTH01,6,1,\n"


def test_the_long_form_gives_frequencies_and_the_number_of_chromosomes(tmp_path: Path) -> None:
    table = read(tmp_path, LONG)
    assert table.markers == {
        "vWA": MarkerFrequencies("vWA", (Repeat(9, 3), Repeat(17)), (0.745, 0.25), None, 200),
        "TH01": MarkerFrequencies("TH01", (Repeat(6),), (1.0,), None, None),
    }
    assert (table.name, table.source) == ("frequencies.csv", NOT_STATED)


def test_counts_give_frequencies_and_their_sum_the_chromosomes(tmp_path: Path) -> None:
    table = read(tmp_path, "marker,allele,count\nTH01,6,30\nTH01,9.3,10\nTH01,10,0\n")
    assert table.markers["TH01"] == MarkerFrequencies(
        "TH01", (Repeat(6), Repeat(9, 3), Repeat(10)), (0.75, 0.25, 0.0), (30, 10, 0), 40
    )


def test_the_wide_form_says_the_same_as_the_long_one(tmp_path: Path) -> None:
    wide = "allele,vWA,TH01\n9.3,0.745,\n17,0.25,\n6,,1\nN,100,\n"
    assert read(tmp_path, wide).markers == read(tmp_path, LONG).markers
    assert read(tmp_path, wide.replace("N,100,", "2n,200,")).markers == read(tmp_path, LONG).markers


def test_excel_says_the_same_as_csv(tmp_path: Path) -> None:
    workbook = xlsxwriter.Workbook(tmp_path / "population.xlsx")
    sheet = workbook.add_worksheet("Table S2")
    for place, row in enumerate((["allele", "vWA", "TH01"], [9.3, 0.745], [17, 0.25], [6, "", 1], ["N", 100])):
        sheet.write_row(place, 0, row)
    workbook.close()
    table = read_frequencies(tmp_path / "population.xlsx", name="Population", source="doi:10/x")
    assert table.markers == read(tmp_path, LONG).markers
    assert (table.name, table.source) == ("Population", "doi:10/x")


def upright(alleles: dict[str, tuple[int, int]], typed: int, size: int) -> bytes:
    """A published table of two markers with counts of alleles by all that were typed, and a row N."""
    lines = ["Allele,TH01,FGA", *(f"{name},{a / typed:.4f},{b / typed:.4f}" for name, (a, b) in alleles.items())]
    return "\n".join([*lines, f"N,{size},{size}"]).encode()


def test_n_counts_chromosomes_where_every_frequency_is_a_whole_part_of_it() -> None:
    """404 alleles of 202 people, as STRmix writes; of 404 people half of the counts would be odd ones of 808."""
    counts = {str(place): (place, 33 - place) for place in range(5, 16)} | {"20": (294, 151)}
    read = wide_of(rows_of_text(upright(counts, 404, 404), "t.csv"), "t.csv", name="t", source="s")
    assert [entry.chromosomes for entry in read.table.markers.values()] == [404, 404]
    assert read.notes == ("t.csv: N counts chromosomes and not people: every frequency is a whole part of it",)
    people = wide_of(rows_of_text(upright(counts, 404, 202), "t.csv"), "t.csv", name="t", source="s")
    assert [entry.chromosomes for entry in people.table.markers.values()] == [404, 404]
    assert not people.notes


def test_few_or_rounded_frequencies_prove_nothing_and_n_stays_people() -> None:
    few = b"Allele,TH01\n6,0.25\n7,0.75\nN,100\n"
    rounded = b"Allele,TH01,FGA\n6,0.3,0.4\n7,0.7,0.6\nN,3000,3000\n"
    for text, chromosomes in ((few, 200), (rounded, 6000)):
        read = wide_of(rows_of_text(text, "t.csv"), "t.csv", name="t", source="s")
        assert {entry.chromosomes for entry in read.table.markers.values()} == {chromosomes}
        assert not read.notes


def test_of_several_sheets_the_one_called_frequencies_is_read(tmp_path: Path) -> None:
    for names, fits in ((("notes", "Frequencies"), True), (("a", "b"), False)):
        workbook = xlsxwriter.Workbook(tmp_path / "book.xlsx")
        for name in names:
            workbook.add_worksheet(name).write_column(0, 0, ["allele", 6])
            workbook.get_worksheet_by_name(name).write_column(0, 1, ["TH01", 1])
        workbook.close()
        if fits:
            assert list(read_frequencies(tmp_path / "book.xlsx").markers) == ["TH01"]
        else:
            with pytest.raises(InputError, match="found the sheets a, b; expected a sheet ‘frequencies’, or one sheet"):
                read_frequencies(tmp_path / "book.xlsx")


def test_alleles_may_be_named_silent_or_classes(tmp_path: Path) -> None:
    text = "marker,allele,frequency\nrs1,A,0.5\nrs1,G,0.5\nFGA,>30,0.1\nFGA,22.2,0.85\nFGA,silent,0.05\n"
    markers = read(tmp_path, text).markers
    assert markers["rs1"].alleles == (Named("A"), Named("G"))
    assert markers["FGA"].alleles == (Repeat(22, 2), OffLadder(">30"), Silent())


def test_sums_near_one_are_left_to_the_normalisation(tmp_path: Path) -> None:
    near = "marker,allele,frequency\nTH01,6,0.5\nTH01,7,0.481\n"
    assert read(tmp_path, near).markers["TH01"].frequencies == (0.5, 0.481)
    assert complaints(tmp_path, near.replace("0.481", "0.479")) == [
        "line 2: found frequencies of TH01 that sum to 0.979; expected a sum of 1 (at most 0.02 away)"
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "marker,allele\nTH01,6\n",
            "line 1: found neither frequencies nor counts; expected a column ‘frequency’ or ‘count’",
        ),
        ("marker,allele,frequency\n", "no frequencies; expected one marker at least"),
        (
            'marker,allele,frequency\nTH01,6,"0,5"\n',
            "expected a frequency from 0 to 1; with a decimal point, not a comma",
        ),
        ("marker,allele,frequency\nTH01,6,nan\n", "line 2, column frequency: found ‘nan’"),
        (
            "marker,allele,count\nTH01,6,1.5\n",
            "line 2, column count: found ‘1.5’; expected how often the allele was seen",
        ),
        ("marker,allele,count\nTH01,6,0\n", "counts of TH01 that sum to 0; expected some allele counted"),
        ("allele,TH01\n6,60\n7,40\n", "frequencies of TH01 that sum to 100; expected a sum of 1, not per cent"),
        ("allele,TH01\n6,600\n7,40\n", "expected a sum of 1; counts go into a column ‘count’ of the long form"),
        ("allele,TH01\n6,1.01\n", "expected no frequency above 1"),
        ("allele,TH01\n6,1\nN,10\nN,10\n", "line 4, column TH01: found a second sample size"),
        ("allele,TH01\n6,1\nN,10.5\n", "line 3, column TH01: found ‘10.5’; expected a whole number, or an empty cell"),
        ("allele,TH01,vWA\n6,1,\n", "line 1, column vWA: found no frequency of vWA; expected one at least"),
        ("allele,TH01\n6,-1\n", "line 2, column TH01: found ‘-1’; expected a frequency from 0 to 1"),
    ],
)
def test_figures_that_cannot_be_are_errors(text: str, complaint: str, tmp_path: Path) -> None:
    found = complaints(tmp_path, text)
    assert len(found) == 1
    assert complaint in found[0]


def test_the_built_in_table_survives_a_file(tmp_path: Path) -> None:
    table = nist_1036_caucasian()
    write_frequencies(table, tmp_path / "nist.csv")
    again = read_frequencies(tmp_path / "nist.csv", name=table.name, source=table.source)
    assert again == table
    assert again.digest == table.digest
    assert [path.name for path in tmp_path.iterdir()] == ["nist.csv"]


ALLELES = st.builds(Repeat, st.integers(1, 60), st.integers(0, 3)) | st.sampled_from(
    [Named("A"), Silent(), OffLadder("<8")]
)
COUNTS = st.dictionaries(ALLELES, st.integers(0, 500), min_size=1, max_size=6).filter(
    lambda counts: sum(counts.values()) > 0
)


@st.composite
def entries(draw: st.DrawFn, name: str) -> MarkerFrequencies:
    counts = draw(COUNTS)
    if draw(st.booleans()):
        return MarkerFrequencies.from_counts(name, counts)
    shares = {allele: count / sum(counts.values()) for allele, count in counts.items()}
    return MarkerFrequencies.from_frequencies(name, shares, chromosomes=draw(st.none() | st.integers(1, 2000)))


@settings(max_examples=200)
@given(
    data=st.data(), names=st.lists(st.sampled_from(["TH01", "vWA", "DXS10148", "rs7", "=a"]), min_size=1, unique=True)
)
def test_a_table_written_and_read_is_the_same(
    data: st.DataObject, names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = FrequencyTable("T", "S", {name: data.draw(entries(name)) for name in names})
    path = tmp_path_factory.mktemp("frequencies") / "table.csv"
    write_frequencies(table, path)
    assert read_frequencies(path, name="T", source="S") == table


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (MarkerFrequencies("TH01", (Repeat(6),), (0.9,)), "sum to 0.9"),
        (MarkerFrequencies("TH01", (Repeat(7), Repeat(6)), (0.5, 0.5)), "not in order"),
        (MarkerFrequencies("TH01", (Repeat(6),), (0.5,), (3,), 3), "do not follow from its counts"),
        (MarkerFrequencies("VWA", (Repeat(6),), (1.0,)), "would be read back as ‘vWA’"),
        (MarkerFrequencies("TH01", (Named("OL"),), (1.0,)), "‘OL’ of TH01 cannot be an allele"),
        (MarkerFrequencies("a\nb", (Repeat(6),), (1.0,)), "cannot be a cell"),
    ],
)
def test_a_table_that_would_be_read_back_as_another_is_not_written(
    entry: MarkerFrequencies, why: str, tmp_path: Path
) -> None:
    with pytest.raises(FrequencyError, match=why):
        write_frequencies(FrequencyTable("T", "S", {entry.marker: entry}), tmp_path / "table.csv")
    assert list(tmp_path.iterdir()) == []
