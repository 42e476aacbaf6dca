"""Frequencies as populations publish them: what is around the figures is said, and nothing of them is guessed."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.errors import InputError
from antigone.formats.loose_rows import rows_of_text
from antigone.formats.wide_frequencies import read_wide_frequencies, wide_of
from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import MarkerFrequencies
from corpus_files import CORPUS, bad_files, check_errors
from workbooks import ods, xls, xlsx

FREQUENCIES = CORPUS / "frequencies"
TWO = {
    "TH01": MarkerFrequencies("TH01", (Repeat(6), Repeat(9, 3)), (0.25, 0.75), None, 200),
    "vWA": MarkerFrequencies("vWA", (Repeat(17),), (1.0,), None, 400),
}


@pytest.mark.parametrize("name", bad_files("frequencies", ".csv"))
def test_a_bad_table_gets_exactly_these_errors(name: str) -> None:
    check_errors(read_wide_frequencies, FREQUENCIES / name)


@pytest.mark.parametrize("name", ["semicolons.csv", "tabs.txt", "on_its_side.csv"])
def test_separators_decimal_commas_and_sides_say_the_same(name: str) -> None:
    assert read_wide_frequencies(FREQUENCIES / name).table.markers == TWO


@pytest.mark.parametrize(
    "name",
    [
        "familias_blocks.txt",
        "long.csv",
        "row_names_of_r.csv",
        "with_amelogenin.csv",
        "ukrainian_cp1251.csv",
        "utf16.txt",
    ],
)
def test_other_layouts_and_encodings_say_the_same(name: str) -> None:
    read = read_wide_frequencies(FREQUENCIES / name)
    assert read.table.markers == {marker: replace(entry, chromosomes=None) for marker, entry in TWO.items()}
    assert any("AMEL has no frequencies that are used" in note for note in read.notes) == (
        name == "with_amelogenin.csv"
    )


@pytest.mark.parametrize(("last", "is_refused"), [("0.5", False), ("0.4999", False), ("0.505", True)])
def test_a_sum_may_be_two_hundredths_away(last: str, is_refused: bool, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"Allele,TH01\n6,0.22\n7,0.3\n9.3,{last}\n", encoding="utf-8")  # 1.02, to begin with
    if is_refused:
        with pytest.raises(InputError, match=r"that sum to 1.025; expected a sum of 1"):
            read_wide_frequencies(path)
    else:
        assert len(read_wide_frequencies(path).table.markers["TH01"].alleles) == 3


def test_titles_sizes_in_names_and_statistics_are_known_for_what_they_are() -> None:
    read = read_wide_frequencies(FREQUENCIES / "published.csv", name="Arcadia", source="a paper")
    assert (read.table.name, read.table.source) == ("Arcadia", "a paper")
    assert {name: read.table.markers[name] for name in TWO} == TWO
    assert read.table.markers["D3S1358"].chromosomes is None
    assert read.notes == (
        "published.csv, line 1: above the table, not used: ‘Table S1. Arcadia’",
        "published.csv, line 9: not a frequency, not used: ‘Ho 0.4 0.1 0.5’",
        "published.csv, line 10: not a frequency, not used: ‘PD 0.9 0.8 0.9’",
        "published.csv, line 11: not a frequency, not used: ‘p-value 0.03 0.5 0.1’",
        "published.csv, line 12: not a frequency, not used: ‘* not corrected’",
    )


def test_a_marker_that_nobody_knows_is_kept_and_said() -> None:
    read = read_wide_frequencies(FREQUENCIES / "one_unknown.csv")
    assert list(read.table.markers) == ["TH01", "D99S9"]
    assert read.notes[0].startswith("one_unknown.csv, line 1: the marker ‘D99S9’ is not known")


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_the_one_sheet_with_a_table_is_read_and_errors_name_it(make, tmp_path: Path) -> None:
    table = [["Arcadia", "", ""], ["Allele", "TH01", "vWA"], [6.0, 0.25, ""], [9.3, 0.75, ""], [17.0, "", 1.0]]
    sizes = [["N", 100.0, 200.0]]
    path = tmp_path / "book"
    path.write_bytes(make({"notes": [["see table S1"]], "S1": table + sizes}))
    assert read_wide_frequencies(path).table.markers == TWO
    path.write_bytes(make({"S1": table + sizes, "S2": table}))
    assert read_wide_frequencies(path, sheet="S1").table.markers == TWO
    with pytest.raises(
        InputError, match=r"several sheets with a frequency table \(S1, S2\); expected one, or its name"
    ):
        read_wide_frequencies(path)
    with pytest.raises(InputError, match="no sheet ‘S3’; expected one of S1, S2"):
        read_wide_frequencies(path, sheet="S3")
    path.write_bytes(make({"S1": [*table, [18.0, "x", ""]]}))
    with pytest.raises(InputError, match="book, sheet S1, line 6, column TH01, cell B6: found ‘x’"):
        read_wide_frequencies(path)


@st.composite
def published(draw: st.DrawFn) -> tuple[str, dict[str, MarkerFrequencies]]:
    markers = draw(st.lists(st.sampled_from(["TH01", "vWA", "FGA", "D3S1358"]), min_size=1, unique=True))
    made = {}
    for name in markers:
        counts = draw(st.lists(st.integers(1, 99), min_size=1, max_size=4))
        first = draw(st.integers(2, 30))
        alleles = tuple(Repeat(first + place, place % 4) for place in range(len(counts)))
        shares = tuple(one / sum(counts) for one in counts)
        made[name] = MarkerFrequencies(name, alleles, shares, None, 2 * draw(st.integers(1, 999)))
    separator = draw(st.sampled_from("\t;"))
    lines = [["Allele", *markers], ["N", *(str((one.chromosomes or 0) // 2) for one in made.values())]]
    for allele in sorted({allele for one in made.values() for allele in one.alleles}, key=str):
        shares_of = [dict(zip(one.alleles, one.frequencies, strict=True)).get(allele) for one in made.values()]
        lines.append([str(allele), *("" if share is None else repr(share) for share in shares_of)])
    if draw(st.booleans()):
        lines = [list(column) for column in zip(*lines, strict=True)]
        lines[0][0] = "Locus"
    text = "\n".join(separator.join(line) for line in lines)
    return text.replace(".", ",") if draw(st.booleans()) else text, made


@given(published())
def test_what_is_published_in_whatever_form_is_read_as_it_is(case: tuple[str, dict[str, MarkerFrequencies]]) -> None:
    text, made = case
    assert wide_of(rows_of_text(text.encode(), "x"), "x", name="n", source="s").table.markers == made


SOUND = [path.read_bytes() for path in sorted(FREQUENCIES.iterdir()) if not path.name.startswith("bad_")]


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_bytes_give_problems_or_a_result_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SOUND)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    with suppress(InputError):
        wide_of(rows_of_text(bytes(content), "x"), "x", name="n", source="s")
