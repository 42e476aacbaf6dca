"""`descriptions.csv` and `[evidence]`: what they mean, and that nothing is lost between two of them."""

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli_w
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.case_folder import NotWritableError, read_case_folder, write_case_folder
from antigone.formats.case_folder.descriptions import FORMAT
from antigone.formats.case_folder.evidence import EvidenceToml, evidence_as_toml
from antigone.formats.case_folder.schemas import schemas
from antigone.matching.description import BODY_PLACES, HAIR_COLOURS, MARK_KINDS, MARKS, NO_MARKS, Description
from antigone.matching.nongenetic import non_dna_evidence
from antigone.matching.nongenetic_rates import (
    AgeRates,
    DateRates,
    DocumentRates,
    HairRates,
    MarkRates,
    NonGeneticRates,
    PlaceRates,
    SexRates,
    StatureRates,
)
from antigone.matching.operation import Operation
from small_operation import small_operation

HERE = Path(__file__).parent
SOUND = HERE / "bad_cases" / "_sound"
PAGE = HERE.parents[1] / "docs" / "formats" / "descriptions.md"


def sound_case(folder: Path, **files: str) -> Path:
    """The folder from which the bad ones are made, with other files: `descriptions_csv` for `descriptions.csv`."""
    shutil.copytree(SOUND, folder)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return folder


def files_of_the_page() -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"### `([\w.]+)`\n```\w+\n(.*?)```", text, re.DOTALL)
    return {name.replace(".", "_"): content for name, content in found}


# The page


def test_the_example_of_the_page_is_read_as_the_page_says(tmp_path: Path) -> None:
    operation = read_case_folder(sound_case(tmp_path / "case", **files_of_the_page()))
    assert operation.warnings == ()
    first, second = operation.individuals
    assert first.description == Description(
        (173, 181), "brown", ("tattoo left forearm", "scar back"), "an eagle over a rose", ("AB 123456",),
        (50.45, 30.52), "2025-06-06",
    )  # fmt: skip
    assert second.description == Description(marks=(NO_MARKS,), date="2025-06-06")
    [family] = operation.families
    assert family.descriptions == {
        "son": Description(
            (178, 178), "brown", ("tattoo left forearm",), "a bird on the arm", ("AB123456", "TAG 7"), (50.1, 30.9),
            "2022-03-01",
        )
    }  # fmt: skip
    rates = operation.settings.non_dna
    assert rates.sex == SexRates(0.1, 0.02)
    assert rates.age == AgeRates(((0, 17, 0.05), (18, 29, 0.4), (30, 59, 0.5), (60, 99, 0.05)))
    assert rates.hair == HairRates((0.1, 0.5, 0.25, 0.05, 0.1))
    assert rates.stature == StatureRates()
    items = non_dna_evidence(first, family, "son", rates, operation.settings.year)
    words = [item.words.rpartition(": LR ")[0] for item in items]
    assert words == [
        "sex: male (so recorded in 88 % of the dead) against male",
        "age: 20–35 years against 27–31 years",
        "stature: 173–181 cm against 178 cm",
        "hair: brown (found on 42 % of the dead) against brown",
        "tattoos: left forearm on both",
        "scars: back found alone",
        "birthmarks: none on either side",
        "piercings: none on either side",
        "documents: 1 of 1 found belong to the missing person, which others may carry",
        "place: recovered 47 km from where last seen",
        "dates: recovered 2025-06-06, last seen 2022-03-01",
    ]


def test_the_page_names_every_column_key_code_and_default() -> None:
    text = PAGE.read_text(encoding="utf-8")
    keys = [key for table in EvidenceToml().model_dump().values() for key in table]
    keys += list(MarkRates.__slots__)
    for name in (*(column.name for column in FORMAT.columns), *keys, *HAIR_COLOURS, *MARK_KINDS):
        assert re.search(rf"\b{name}\b", text), name
    for place in BODY_PLACES:
        assert place.removeprefix("left ").removeprefix("right ") in text
    rates = NonGeneticRates()
    for figure in (rates.sex.error, rates.age.error, rates.stature.men_mean, rates.place.reach_km, rates.dates.later):
        assert f"{figure:g}" in text


# What stands where


def test_a_description_of_somebody_left_out_is_not_used_and_that_is_said(tmp_path: Path) -> None:
    folder = sound_case(
        tmp_path / "case",
        remains_csv="remains,sample\nR1,B1\nR2,B2\nR3,\n",
        descriptions_csv="remains,family,person,hair\nR3,,,red\nR1,,,red\n,Elm,x,red\n",
    )
    with (folder / "families.csv").open("a", encoding="utf-8") as families:
        families.write("Elm,x,,,F,other,,\n")
    operation = read_case_folder(folder)
    assert operation.warnings == (
        "remains ‘R3’: the description is not used, since they are left out",
        "person ‘x’ of family ‘Elm’: the description is not used, since they are left out",
    )
    assert [one.description for one in operation.individuals] == [Description(hair="red"), None]


def test_who_could_not_be_read_is_not_called_unknown_beside(tmp_path: Path) -> None:
    folder = sound_case(
        tmp_path / "case",
        remains_csv="remains,sample\n,B1\nR2,B2\n",
        descriptions_csv="remains,family,person,hair\nR1,,,red\nR2,,,rd\n",
    )
    with pytest.raises(Exception, match="rd") as error:
        read_case_folder(folder)
    colours = "one of black, brown, blond, red, grey, or an empty cell"
    assert str(error.value).split("\n") == [
        "remains.csv, line 2, column remains: found an empty cell; expected the number of some remains",
        f"descriptions.csv, line 3, column hair: found ‘rd’; expected {colours}",
    ]


def test_a_sheet_says_the_same_as_csv(tmp_path: Path) -> None:
    text = files_of_the_page()["descriptions_csv"]
    as_csv = read_case_folder(sound_case(tmp_path / "csv", descriptions_csv=text))
    folder = sound_case(tmp_path / "excel")
    workbook = xlsxwriter.Workbook(str(folder / "case.xlsx"))
    sheet = workbook.add_worksheet("descriptions")
    for line, row in enumerate(csv.reader(text.splitlines())):
        for place, cell in enumerate(row):
            number = line > 0 and re.fullmatch(r"[0-9.]+", cell)
            sheet.write(line, place, float(cell) if number else cell)
    workbook.close()
    as_sheet = read_case_folder(folder)
    assert (as_sheet.individuals, as_sheet.families) == (as_csv.individuals, as_csv.families)
    assert as_sheet.warnings == ()


def test_without_descriptions_nobody_has_one_and_no_file_is_written(tmp_path: Path) -> None:
    write_case_folder(small_operation(), tmp_path / "case")
    assert not (tmp_path / "case" / "descriptions.csv").exists()
    assert all(one.description is None for one in read_case_folder(tmp_path / "case").individuals)


# There and back


PROBABILITIES = st.floats(0, 0.99)
CENTIMETRES = st.floats(0.5, 50)
NUMBERS = st.text("AB123 -/=+'\"", min_size=1, max_size=6).filter(lambda text: text == text.strip())


@st.composite
def descriptions(draw: st.DrawFn) -> Description:
    ends = sorted(draw(st.tuples(st.floats(20, 260), st.floats(20, 260))))
    low, high = (draw(st.sampled_from((end, None))) for end in ends)
    marks = draw(st.just((NO_MARKS,)) | st.lists(st.sampled_from(MARKS), unique=True, max_size=3).map(tuple))
    return Description(
        (low, high),
        draw(st.sampled_from(("", *HAIR_COLOURS))),
        marks,
        draw(st.just("") | NUMBERS),
        tuple(draw(st.lists(NUMBERS, unique=True, max_size=3))),
        draw(st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180))),
        draw(st.just("") | st.dates().map(str)),
    )


@st.composite
def shares(draw: st.DrawFn, count: int) -> tuple[float, ...]:
    weights = draw(st.lists(st.integers(1, 100), min_size=count, max_size=count))
    return tuple(weight / sum(weights) for weight in weights)


@st.composite
def rates(draw: st.DrawFn) -> NonGeneticRates:
    groups = zip(((0, 17), (18, 44), (45, 130)), draw(shares(3)), strict=True)
    return NonGeneticRates(
        SexRates(draw(PROBABILITIES), draw(PROBABILITIES)),
        AgeRates(tuple((low, high, share) for (low, high), share in groups), draw(PROBABILITIES), draw(CENTIMETRES)),
        draw(st.builds(StatureRates, st.floats(100, 200), CENTIMETRES, st.floats(100, 200), *[CENTIMETRES] * 3,
                       PROBABILITIES)),
        HairRates(draw(shares(5)), tuple(draw(shares(5)) for _ in range(5))),
        {kind: draw(st.builds(MarkRates, *[PROBABILITIES] * 6)) for kind in MARK_KINDS},
        draw(st.builds(DocumentRates, PROBABILITIES, PROBABILITIES, st.floats(1, 1000))),
        draw(st.builds(PlaceRates, st.floats(1, 100), st.floats(0, 10), st.floats(1, 500), PROBABILITIES)),
        draw(st.builds(DateRates, PROBABILITIES, PROBABILITIES)),
    )  # fmt: skip


def described(operation: Operation) -> tuple[object, ...]:
    told = {family.name: dict(family.descriptions) for family in operation.families}
    return tuple(one.description for one in operation.individuals), told, operation.settings.non_dna


@settings(max_examples=8)
@given(drawn=st.lists(descriptions(), min_size=3, max_size=3), declared=rates())
def test_descriptions_and_rates_written_and_read_are_the_same(
    drawn: list[Description], declared: NonGeneticRates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    small = small_operation()
    first, second, *others = small.individuals
    dead = (replace(first, description=drawn[0]), replace(second, description=drawn[1]), *others)
    families = (replace(small.families[0], descriptions={"F1-M1": drawn[2]}), *small.families[1:])
    operation = replace(small, individuals=dead, families=families, settings=replace(small.settings, non_dna=declared))
    folder = tmp_path_factory.mktemp("there") / "case"
    write_case_folder(operation, folder)
    nothing = Description()
    expected_dead = tuple(None if one.description in (None, nothing) else one.description for one in dead)
    told = {"F1": {} if drawn[2] == nothing else {"F1-M1": drawn[2]}, "F2": {}}
    assert described(read_case_folder(folder)) == (expected_dead, told, declared)
    if (folder / "descriptions.csv").exists():
        schema = schemas()["descriptions"]
        with (folder / "descriptions.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                plain = {name: re.sub(r"^'(?='*[=+@-])", "", cell) for name, cell in row.items()}
                jsonschema.validate(plain, schema)


@pytest.mark.parametrize("lost", [{"documents": ("A;B",)}, {"marks_text": "two\nlines"}, {"documents": (" 7",)}])
def test_what_a_cell_cannot_hold_is_not_written(lost: dict[str, Any], tmp_path: Path) -> None:
    small = small_operation()
    dead = (replace(small.individuals[0], description=Description(**lost)), *small.individuals[1:])
    with pytest.raises(NotWritableError):
        write_case_folder(replace(small, individuals=dead), tmp_path / "case")


def test_the_defaults_of_the_file_are_those_of_the_rates() -> None:
    assert EvidenceToml.model_validate(evidence_as_toml(NonGeneticRates())).sex.women == NonGeneticRates().sex.women
    assert tomli_w.dumps(evidence_as_toml(NonGeneticRates())).count("[marks.") == len(MARK_KINDS)


def test_a_case_that_declares_nothing_has_the_defaults(tmp_path: Path) -> None:
    assert read_case_folder(sound_case(tmp_path / "case")).settings.non_dna == NonGeneticRates()
