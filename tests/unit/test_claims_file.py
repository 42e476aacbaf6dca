"""Tables of claims: what is read, and what is wrong told by line and column."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.formats import claims as claims_module
from antigone.formats.claims import FORMAT, ClaimRow, Kind, claims_as_csv, read_claims
from antigone.formats.errors import InputError

REQUIRED = [column.name for column in FORMAT.columns if column.required]
SOUND = {
    "claim_id": "K1",
    "said_on": "2031-03-04",
    "speaker": "Bureau of Osterra",
    "quoting": "",
    "side": "Osterra",
    "about": "transfer:2031-03-04",
    "agreement": "ford-2031",
    "kind": "received",
    "quantity": "120",
    "unit": "bodies",
    "direction": "to Osterra",
    "wording": "120 were returned",
    "publisher": "River Post",
    "published_on": "2031-03-05",
}


def written(folder: Path, *rows: dict[str, str], columns: list[str] | None = None) -> Path:
    columns = columns or [*REQUIRED, "supersedes", "digest"]
    lines = [",".join(columns)]
    for row in rows:
        cells = [{**SOUND, **row}.get(column, "") for column in columns]
        lines.append(",".join('"' + cell.replace('"', '""') + '"' if set(cell) & set(',"') else cell for cell in cells))
    path = folder / "said.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def problems_of(path: Path) -> list[tuple[int | None, str | int | None, str, str]]:
    with pytest.raises(InputError) as error:
        read_claims(path)
    assert {problem.file for problem in error.value.problems} == {"said.csv"}
    return [(problem.line, problem.column, problem.found, problem.expected) for problem in error.value.problems]


def test_a_row_becomes_a_claim_with_days_names_and_figures(tmp_path):
    published = {"publisher": "River Post; Hill News", "published_on": "2031-03-05; 2031-03-07"}
    row = {"said_on": "2031-03-04/2031-03-06", "quoting": "Velmark side", "supersedes": "K0", "digest": "ab" * 32}
    (claim,) = read_claims(written(tmp_path, {**row, **published}))
    assert claim == ClaimRow(
        claim_id="K1",
        said_on=(date(2031, 3, 4), date(2031, 3, 6)),
        speaker="Bureau of Osterra",
        quoting="Velmark side",
        side="Osterra",
        about="transfer:2031-03-04",
        agreement="ford-2031",
        kind=Kind.RECEIVED,
        quantity=120,
        unit="bodies",
        direction="to Osterra",
        wording="120 were returned",
        publishers=("River Post", "Hill News"),
        published_on=(date(2031, 3, 5), date(2031, 3, 7)),
        supersedes="K0",
        digest="ab" * 32,
    )
    assert claim.line == 2


def test_empty_cells_are_nothing_and_the_extra_columns_may_be_absent(tmp_path):
    row = {"kind": "accusation", "quantity": "", "unit": "", "direction": "", "agreement": ""}
    (claim,) = read_claims(written(tmp_path, row, columns=REQUIRED))
    assert (claim.quantity, claim.unit, claim.direction, claim.agreement) == (None, "", "", None)
    assert (claim.supersedes, claim.digest) == (None, None)


@pytest.mark.parametrize(
    ("change", "column", "expected"),
    [
        ({"claim_id": ""}, "claim_id", "letters, digits"),
        ({"claim_id": "K 1"}, "claim_id", "letters, digits"),
        ({"said_on": "4 March 2031"}, "said_on", "2025-06-11"),
        ({"said_on": "2031-02-29"}, "said_on", "a day as"),
        ({"said_on": "2031-03-06/2031-03-04"}, "said_on", "the earlier day first"),
        ({"said_on": "2031-03-04/2031-03-04"}, "said_on", "one day as 2031-03-04"),
        ({"said_on": "2031-03-04/2031-03-05/2031-03-06"}, "said_on", "first and last"),
        ({"speaker": ""}, "speaker", "who said it"),
        ({"side": ""}, "side", "the side"),
        ({"speaker": "x" * 201}, "speaker", "at most 200"),
        ({"about": "2031-03-04"}, "about", "transfer:DAY"),
        ({"about": "convoy:1"}, "about", "transfer:DAY"),
        ({"about": "transfer:2031-02-30"}, "about", "a day of the calendar"),
        ({"about": "agreement:other"}, "agreement", "‘other’, as in the column ‘about’"),
        ({"agreement": "a:b"}, "agreement", "the name of the agreement"),
        ({"kind": "rumour"}, "kind", "promise, declared, handed over, received, cumulative"),
        ({"quantity": "1,200"}, "quantity", "whole number"),
        ({"quantity": "-1"}, "quantity", "whole number"),
        ({"quantity": "1000000001"}, "quantity", "whole number"),
        ({"unit": ""}, "unit", "the unit of the quantity"),
        ({"direction": ""}, "direction", "for the kind ‘received’"),
        ({"direction": "Osterra"}, "direction", "‘to’ and a side"),
        ({"wording": ""}, "wording", "the words"),
        ({"publisher": ""}, "publisher", "who published it"),
        ({"publisher": "A;;B", "published_on": "2031-03-05; 2031-03-05; 2031-03-05"}, "publisher", "each semicolon"),
        ({"publisher": "A; B"}, "published_on", "2 days, one for each publisher"),
        ({"published_on": "yesterday"}, "published_on", "a day for each publisher"),
        ({"supersedes": "K 0"}, "supersedes", "claim_id"),
        ({"supersedes": "K1"}, "supersedes", "an earlier claim"),
        ({"digest": "ABC"}, "digest", "SHA-256"),
    ],
)
def test_each_bad_cell_is_told_with_its_place_and_what_is_right(tmp_path, change, column, expected):
    problems = problems_of(written(tmp_path, change))
    line, found_column, found, told = problems[0]
    assert (len(problems), line, found_column) == (1, 2, column)
    assert expected in told
    value = change.get(column, SOUND.get(column, ""))
    assert (value[:50] in found) if value else found == "an empty cell"


def test_all_problems_of_a_file_are_told_together_and_nothing_is_read(tmp_path):
    path = written(tmp_path, {"kind": "gossip", "quantity": "many"}, {"claim_id": "K2"}, {"claim_id": "K3", "unit": ""})
    assert [(line, column) for line, column, _, _ in problems_of(path)] == [(2, "quantity"), (2, "kind"), (4, "unit")]


def test_a_claim_id_twice_names_the_line_of_the_first(tmp_path):
    ((line, column, found, expected),) = problems_of(written(tmp_path, {}, {"wording": "again"}))
    assert (line, column, found, expected) == (3, "claim_id", "‘K1’", "another: line 2 has it")


def test_an_unknown_column_and_a_missing_one_are_errors(tmp_path):
    columns = [name for name in REQUIRED if name != "unit"] + ["untis"]
    told = problems_of(written(tmp_path, {}, columns=columns))
    assert [(line, column) for line, column, _, _ in told] == [(1, 14), (1, None)]
    assert "‘untis’" in told[0][2]
    assert "‘unit’" in told[1][2]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"side": "osterra"}, "side"),
        ({"direction": "to OSTERRA"}, "direction"),
        ({"unit": "Bodies"}, "unit"),
        ({"agreement": "Ford-2031"}, "agreement"),
    ],
)
def test_a_name_that_differs_only_in_case_is_no_second_name(tmp_path, change, column):
    ((line, told_column, _, expected),) = problems_of(written(tmp_path, {}, {"claim_id": "K2", **change}))
    assert (line, told_column) == (3, column)
    assert "as on line 2" in expected


def test_no_side_corrects_what_the_other_said(tmp_path):
    path = written(tmp_path, {}, {"claim_id": "K2", "side": "Velmark", "supersedes": "K1"})
    ((line, column, _, expected),) = problems_of(path)
    assert (line, column) == (3, "supersedes")
    assert "K1 is of ‘Osterra’" in expected


def test_a_correction_is_not_older_than_what_it_corrects(tmp_path):
    path = written(tmp_path, {}, {"claim_id": "K2", "said_on": "2031-03-01", "supersedes": "K1"})
    assert [(line, column) for line, column, _, _ in problems_of(path)] == [(3, "supersedes")]


def test_corrections_that_go_round_in_a_circle_are_refused(tmp_path):
    path = written(tmp_path, {"supersedes": "K2"}, {"claim_id": "K2", "supersedes": "K1"})
    assert [(line, column) for line, column, _, _ in problems_of(path)] == [(2, "supersedes"), (3, "supersedes")]


def test_a_correction_of_a_claim_in_another_file_is_read(tmp_path):
    assert read_claims(written(tmp_path, {"supersedes": "Z9"}))[0].supersedes == "Z9"


def test_too_many_claims_and_too_many_bytes_are_refused(tmp_path, monkeypatch):
    path = written(tmp_path, {}, {"claim_id": "K2"}, {"claim_id": "K3"})
    monkeypatch.setattr(claims_module, "MAX_CLAIMS", 2)
    assert problems_of(path)[0][:3] == (4, None, "more than 2 claims")
    monkeypatch.setattr(claims_module, "MAX_BYTES", 100)
    assert problems_of(path) == [(None, None, "more than 100 bytes", "a smaller file")]


def test_a_file_that_is_not_there_says_so(tmp_path):
    assert problems_of(tmp_path / "said.csv")[0][3] == "a readable file"


@pytest.mark.parametrize(("name", "count"), [("claims.csv", 51), ("claims-seed.csv", 8)])
def test_the_public_statements_are_read_and_written_without_a_change(shared, tmp_path, name, count):
    rows = read_claims(shared / "data" / name)
    assert len(rows) == count
    path = tmp_path / "again.csv"
    path.write_text(claims_as_csv(rows), encoding="utf-8")
    assert read_claims(path) == rows


words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
days = st.dates(date(2000, 1, 1), date(2050, 1, 1))


@st.composite
def rows_of_a_file(draw) -> list[ClaimRow]:
    rows = []
    for number in range(draw(st.integers(0, 4))):
        first, last = sorted((draw(days), draw(days)))
        published = draw(st.lists(days, min_size=1, max_size=3))
        quantity = draw(st.none() | st.integers(0, 10**9))
        rows.append(
            ClaimRow(
                claim_id=f"K{number}",
                said_on=(first, last),
                speaker=draw(words),
                quoting=draw(st.just("") | words),
                side=draw(st.sampled_from(["Osterra", "Velmark", "joint", "press"])),
                about=draw(st.sampled_from(["agreement:a", "transfer:2031-03-04", "transfer:old bridge"])),
                agreement=draw(st.sampled_from([None, "a"])),
                kind=draw(st.sampled_from(list(Kind))),
                quantity=quantity,
                unit=draw(st.sampled_from(["bodies", "bodies (remains)"])),
                direction=draw(st.sampled_from(["to Osterra", "to Velmark", "both ways"])),
                wording=draw(words),
                publishers=tuple(f"paper {place}" for place in range(len(published))),
                published_on=tuple(published),
                digest=draw(st.none() | st.just("0f" * 32)),
            )
        )
    return rows


@given(rows_of_a_file())
def test_what_is_written_is_read_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("claims") / "said.csv"
    path.write_text(claims_as_csv(rows), encoding="utf-8")
    assert list(read_claims(path)) == rows
