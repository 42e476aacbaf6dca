"""The commands, as a new user would type them."""

import csv
import json
import re
import sys
from pathlib import Path

import polars as pl
import pytest

from antigone.cli import app
from antigone.formats.case_folder import write_case_folder
from small_operation import small_operation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def antigone(capsys, monkeypatch):
    """Run a command in this process; gives exit status, what was printed, and what was said as errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["antigone", *map(str, arguments)])
        try:
            app.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def case(tmp_path) -> Path:
    write_case_folder(small_operation(), tmp_path / "case")
    return tmp_path / "case"


def test_identify_writes_a_list_and_a_report(antigone, case, tmp_path):
    status, out, _ = antigone("identify", case, "--out", tmp_path / "report", "--quiet")
    assert status == 0
    assert "3 individuals × 2 missing persons: 6 pairs compared." in out
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "hits.csv", "hits.parquet", "report.html", "summary.json",
    ]  # fmt: skip
    assert json.loads((tmp_path / "report" / "summary.json").read_text())["pairs"] == 6


def test_identify_twice_gives_the_same_bytes(antigone, case, tmp_path):
    for name in ("one", "two"):
        antigone("identify", case, "--out", tmp_path / name, "--quiet")
    for file in ("hits.csv", "hits.parquet", "report.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_all_pairs_are_listed_on_request(antigone, case, tmp_path):
    antigone("identify", case, "--out", tmp_path / "all", "--all-pairs", "--quiet")
    assert len(pl.read_parquet(tmp_path / "all" / "hits.parquet")) == 6


def test_an_occupied_folder_is_refused_before_the_search(antigone, case, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "mine.txt").write_text("mine")
    status, _, err = antigone("identify", case, "--out", tmp_path / "report")
    assert status == 2
    assert "is there already" in err
    assert "Traceback" not in err


def test_bad_input_is_told_without_a_trace_and_leaves_nothing(antigone, case, tmp_path):
    profiles = case / "profiles.csv"
    profiles.write_text(profiles.read_text().replace("14", "14;x", 1))
    status, _, err = antigone("identify", case, "--out", tmp_path / "report")
    assert status == 2
    assert re.search(r"profiles\.csv, line \d+, column allele1: found ‘14;x’; expected", err)
    assert err.rstrip().endswith("Nothing was read.")
    assert "Traceback" not in err
    assert not (tmp_path / "report").exists()


def test_a_case_that_is_not_there_says_so(antigone, tmp_path):
    status, _, err = antigone("identify", tmp_path / "nowhere", "--out", tmp_path / "report")
    assert status == 2
    assert "expected a case folder or a Familias project" in err


def test_the_rule_refuse_names_the_allele(antigone, case, tmp_path):
    toml, profiles = case / "case.toml", case / "profiles.csv"
    toml.write_text(toml.read_text().replace('rare_alleles = "5/2N"', 'rare_alleles = "refuse"'))
    profiles.write_text(profiles.read_text().replace("D3S1358,18,18", "D3S1358,25,25"))
    status, _, err = antigone("identify", case, "--out", tmp_path / "report")
    assert status == 2
    assert "25" in err
    assert "D3S1358" in err


def test_a_familias_project_is_a_case(antigone, shared, tmp_path):
    project = shared / "cases" / "familias" / "exclusionExample.fam"
    status, out, _ = antigone("identify", project, "--out", tmp_path / "report", "--quiet")
    assert status == 0
    assert "16 individuals × 15 missing persons: 240 pairs compared." in out


def test_convert_there_and_back_keeps_every_likelihood_ratio(antigone, shared, tmp_path):
    project = shared / "cases" / "familias" / "exclusionExample.fam"
    assert antigone("convert", project, tmp_path / "case")[0] == 0
    status, _, err = antigone("convert", tmp_path / "case", tmp_path / "again.fam")
    assert status == 0
    assert "cannot hold: linkage between markers" in err
    tables = []
    for k, one in enumerate((project, tmp_path / "case", tmp_path / "again.fam")):
        antigone("identify", one, "--out", tmp_path / f"report{k}", "--all-pairs", "--quiet")
        table = pl.read_parquet(tmp_path / f"report{k}" / "hits.parquet").sort("individual", "family", "missing_person")
        tables.append(table["log10_lr"].to_list())
    assert tables[0] == tables[1] == tables[2]


def test_convert_overwrites_nothing(antigone, case, tmp_path):
    (tmp_path / "there.fam").write_text("mine")
    status, _, err = antigone("convert", case, tmp_path / "there.fam")
    assert status == 2
    assert "is there already" in err
    assert (tmp_path / "there.fam").read_text() == "mine"


def test_validate_passes_on_the_peers_answers_and_prints_json(antigone, shared):
    files = [shared / "answers" / name for name in ("conditional.json", "linked_markers.json")]
    status, out, _ = antigone("validate", *files)
    assert status == 0
    assert "18 cases, 18 passed" in out
    status, out, _ = antigone("validate", "--json", *files)
    content = json.loads(out)
    assert status == 0
    assert content["passed"] is True
    assert [set(file) for file in content["files"]] == [
        {"file", "family", "cases", "passed", "worst_relative_error", "failed"}
    ] * 2


def test_validate_says_which_answer_falls_short(antigone, shared, tmp_path):
    cases = json.loads((shared / "answers" / "linked_markers.json").read_text())
    cases[3]["answer"]["likelihood"] *= 1 + 1e-6
    (tmp_path / "wrong.json").write_text(json.dumps(cases))
    status, out, _ = antigone("validate", "--json", tmp_path / "wrong.json")
    content = json.loads(out)
    assert status == 1
    assert content["passed"] is False
    assert [failed["id"] for failed in content["files"][0]["failed"]] == [cases[3]["id"]]
    assert antigone("validate", tmp_path / "wrong.json")[0] == 1


def test_simulate_and_identify_find_the_true_persons(antigone, tmp_path):
    status, out, _ = antigone(
        "simulate",
        "--preset",
        "june-2025",
        "--scale",
        "0.01",
        "--seed",
        "3",
        "--missing",
        "40",
        "--out",
        tmp_path / "case",
    )
    assert status == 0
    assert "Case folder:" in out
    assert antigone("identify", tmp_path / "case", "--out", tmp_path / "report", "--quiet")[0] == 0
    with (tmp_path / "case" / "truth.csv").open(newline="") as file:
        truth = {row["remains"]: row for row in csv.DictReader(file)}
    with (tmp_path / "report" / "hits.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    right = [hit for hit in listed if truth[hit["individual"]]["missing_person"] == hit["missing_person"]]
    assert len(right) >= 10
    assert json.loads((tmp_path / "report" / "summary.json").read_text())["missing_persons"] == 40


def test_simulate_lists_presets_and_settings(antigone):
    status, out, _ = antigone("simulate", "--list")
    assert status == 0
    assert "june-2025" in out
    assert "unlisted_sibling_rate" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "atlantis"], "atlantis"),
        (["--set", "unlisted_siblings=0.1"], "unlisted_sibling_rate"),
        (["--set", "nonsense"], "--set takes NAME=VALUE"),
        (["--scale", "-1"], "scale"),
    ],
)
def test_simulate_says_what_is_wrong(antigone, tmp_path, arguments, message):
    status, _, err = antigone("simulate", "--out", tmp_path / "case", *arguments)
    assert status == 2
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "case").exists()


def test_swapping_the_names_of_the_sides_changes_nothing_but_the_names(antigone, tmp_path):
    from dataclasses import replace

    from antigone.scenarios import PRESETS, simulate

    preset = PRESETS["june-2025"]
    swapped = replace(preset, giver=preset.receiver, receiver=preset.giver)
    pages = []
    for k, one in enumerate((preset, swapped)):
        scenario = simulate(one, scale=0.005, seed=5, missing=20)
        write_case_folder(scenario.operation, tmp_path / f"case{k}", truth=scenario.truth)
        antigone("identify", tmp_path / f"case{k}", "--out", tmp_path / f"report{k}", "--quiet")
        text = "\n".join(
            (tmp_path / f"{folder}{k}" / name).read_text()
            for folder, name in [("case", "profiles.csv"), ("case", "families.csv"), ("case", "case.toml"),
                                 ("report", "hits.csv"), ("report", "report.html")]
        )  # fmt: skip
        pages.append(text)
    neutral = [
        re.sub(r"[0-9a-f]{64}", "DIGEST", page.replace(preset.giver, "A SIDE").replace(preset.receiver, "A SIDE"))
        for page in pages
    ]
    assert neutral[0] == neutral[1]
    assert pages[0] != pages[1]


def test_commands_of_the_office_say_that_it_is_missing(antigone):
    status, _, err = antigone("init", "somewhere")
    assert status == 2
    assert "‘init’ is a command of the office. Install it with: pip install 'antigone[office]'" in err
    _, out, _ = antigone("--help")
    assert "init" not in out.split()


def test_an_unknown_command_is_an_error(antigone):
    status, _, err = antigone("identfy")
    assert status == 2
    assert "identfy" in err


def test_a_stopped_search_leaves_nothing(antigone, case, tmp_path, monkeypatch):
    from antigone.cli import identify

    def stopped_halfway(operation, *, all_pairs, progress):
        progress(1, 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(identify, "search", stopped_halfway)
    status, _, err = antigone("identify", case, "--out", tmp_path / "report")
    assert status == 130
    assert "Stopped; nothing was written." in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]


def blocks_of(page: Path) -> dict[str, str]:
    """The files that a page shows: a name in backticks before a fenced block."""
    return dict(re.findall(r"`([\w.]+)`:\n\n```\w+\n(.*?)```", page.read_text(), re.DOTALL))


def test_the_worked_case_of_the_readme_is_what_the_program_answers(antigone, tmp_path):
    files = blocks_of(ROOT / "README.md")
    assert set(files) == {"case.toml", "families.csv", "remains.csv", "profiles.csv"}
    (tmp_path / "case").mkdir()
    for name, text in files.items():
        (tmp_path / "case" / name).write_text(text)
    assert antigone("identify", tmp_path / "case", "--out", tmp_path / "report", "--quiet")[0] == 0
    (hit,) = pl.read_csv(tmp_path / "report" / "hits.csv").to_dicts()
    said = (ROOT / "README.md").read_text()
    assert f"a log10 LR of {hit['log10_lr']:.2f}" in said
    assert f"{10 ** hit['log10_lr']:.1f} times as probable" in said
    assert 0.17 < hit["expected_coincidences_low"] < hit["expected_coincidences"] < 0.21  # about one in five
    assert f"= {hit['lr_TH01']:.2f}." in said
