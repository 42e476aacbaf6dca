"""The benchmark of reading: what it writes is read whole, in each form, and its figures are told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from antigone.bench import reading
from antigone.bench.reading import FORMS, Form, ReadingFigure, read_elsewhere, read_here, reading_figures
from antigone.cli.app import app
from antigone.formats.codis import cmf_text, read_cmf


@pytest.mark.parametrize("form", FORMS)
def test_all_profiles_of_a_form_are_read(form: str, tmp_path: Path) -> None:
    path = FORMS[form].write(tmp_path, 11)
    found = read_here(form, path)
    assert found["profiles"] == 11
    assert found["peak_mebibytes"] > 0


def test_a_made_up_cmf_file_is_one_as_it_is_written(tmp_path: Path) -> None:
    path = FORMS["CODIS CMF"].write(tmp_path, 3)
    assert cmf_text(read_cmf(path)) == path.read_text(encoding="utf-8")


def test_a_form_is_read_in_another_process(tmp_path: Path) -> None:
    path = FORMS["GeneMapper, wide"].write(tmp_path, 5)
    figure = read_elsewhere("GeneMapper, wide", path, 5)
    assert (figure.profiles, figure.markers, figure.file_bytes) == (5, 24, path.stat().st_size)
    with pytest.raises(ValueError, match="GeneMapper, wide: not all of 6 profiles were read"):
        read_elsewhere("GeneMapper, wide", path, 6)


def test_no_more_is_written_than_a_form_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def stub(form: str, path: Path, number: int) -> ReadingFigure:
        asked.append((form, path.name, number))
        return FIGURE

    monkeypatch.setattr(reading, "read_elsewhere", stub)

    def write(folder: Path, number: int) -> Path:
        return folder / f"{number}.csv"

    forms = {"small": Form(write, lambda _: 0, most=3), "large": Form(write, lambda _: 0)}
    assert list(reading_figures(7, forms)) == [FIGURE, FIGURE]
    assert asked == [("small", "3.csv", 3), ("large", "7.csv", 7)]


FIGURE = ReadingFigure("PED", 200_000, 24, 30_000_000, 12.0, 9.9, 700.0, 0.5)


def test_the_command_says_which_form_reached_the_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = ReadingFigure("case folder, wide", 200_000, 24, 30_000_000, 12.0, 10.1, 700.0, 0.5)
    few = ReadingFigure("CODIS CMF", 60_000, 24, 400_000_000, 90.0, 80.0, 700.0, 0.5)
    monkeypatch.setattr("antigone.cli.bench.reading_figures", lambda: iter([FIGURE, slow, few]))
    run = CliRunner().invoke(app, ["bench", "reading"])
    assert run.exit_code == 0
    said = [line.rsplit("  ", 1)[1] for line in run.stdout.splitlines() if "MiB at the peak" in line]
    assert said == ["reached", "NOT REACHED", "fewer fit"]
    as_json = json.loads(CliRunner().invoke(app, ["bench", "reading", "--json"]).stdout)
    assert [(row["form"], row["reached"]) for row in as_json["reading"]] == [
        ("PED", True), ("case folder, wide", False), ("CODIS CMF", None),
    ]  # fmt: skip
