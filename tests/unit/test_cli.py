"""The commands, as a new user would type them."""

import csv
import json
import re
import signal
from pathlib import Path

import polars as pl
import pytest

from antigone.cli import app
from antigone.cli.app import app as commands
from antigone.cli.cases import read_case
from antigone.formats.case_folder import write_case_folder
from antigone.matching.search import search
from small_operation import small_operation

ROOT = Path(__file__).resolve().parents[2]


def test_identify_writes_a_list_and_a_report(antigone, case, tmp_path):
    status, out, _ = antigone("identify", case, "--out", tmp_path / "report", "--quiet")
    assert status == 0
    assert "3 individuals × 2 missing persons: 6 pairs compared." in out
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "among_the_dead.csv", "certificate.json", "consistency.json", "families.csv", "hits.csv", "hits.parquet",
        "individuals.csv", "joint.csv", "nobody.csv", "proposals.csv", "provisional.csv", "report.html", "summary.json",
    ]  # fmt: skip
    assert json.loads((tmp_path / "report" / "summary.json").read_text())["pairs"] == 6


def test_the_terminal_says_in_few_lines_what_it_came_to(antigone, case, tmp_path):
    _, out, _ = antigone("identify", case, "--out", tmp_path / "report", "--quiet")
    assert out.splitlines()[:-1] == [
        "3 individuals × 2 missing persons: 6 pairs compared.",
        "2 hits at log10 LR 0.5 or more; chance alone is expected to bring 0.20 to 0.21 pairs.",
        "2 pairs lead, all pairs together.",
        (
            "2 missing persons cannot be identified with the samples that their families gave so far; "
            "families.csv says why."
        ),
        "The numbers of strict v1 are met by 0 pairs; two people decide.",
    ]


def test_remains_are_put_together_unless_asked_not_to(antigone, case, tmp_path):
    for name, options in (("with", []), ("without", ["--no-reassociation"])):
        assert antigone("identify", case, "--out", tmp_path / name, "--quiet", *options)[0] == 0
    said = [json.loads((tmp_path / name / "summary.json").read_text())["reassociation"] for name in ("with", "without")]
    assert said[0]["groups_proposed"] == 0
    assert said[1] is None


def test_identify_twice_gives_the_same_bytes(antigone, case, tmp_path):
    for name in ("one", "two"):
        antigone("identify", case, "--out", tmp_path / name, "--quiet")
    for file in ("hits.csv", "hits.parquet", "joint.csv", "nobody.csv", "families.csv", "report.html"):
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
    found = []
    for one in (project, tmp_path / "case", tmp_path / "again.fam"):
        operation = read_case(one)
        result = search(operation, all_pairs=True, coincidences=False)
        found.append({
            (operation.individuals[pair.individual].id, family.name, person): pair.log10_lr
            for pair in result.pairs
            for family, person in (result.missing[pair.missing],)
        })  # fmt: skip
    assert len(found[0]) == 240
    assert found[0] == found[1] == found[2]


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
    # An individual may be several remains.
    right = [
        hit
        for hit in listed
        if {truth[part]["missing_person"] for part in hit["individual"].split("+")} == {hit["missing_person"]}
    ]
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


@pytest.mark.long
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


def test_commands_of_the_office_say_that_it_is_missing(antigone, monkeypatch):
    monkeypatch.setattr(app, "office_is_installed", lambda: False)
    status, _, err = antigone("init", "somewhere")
    assert status == 2
    assert "‘init’ is a command of the office. Install it with: pip install 'antigone[office]'" in err


def test_an_unknown_command_is_an_error(antigone):
    status, _, err = antigone("identfy")
    assert status == 2
    assert "identfy" in err


def test_a_stopped_search_leaves_nothing(antigone, case, tmp_path, monkeypatch):
    from antigone.cli import identify

    def stopped_halfway(operation, *, all_pairs, reassociation, stages):
        stages("Comparing", 1, 2)
        raise KeyboardInterrupt

    monkeypatch.setattr(identify, "conclude", stopped_halfway)
    status, _, err = antigone("identify", case, "--out", tmp_path / "report")
    assert status == 130
    assert "Stopped; nothing was written." in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]


def test_a_stop_while_writing_leaves_nothing_whichever_way_it_comes(antigone, case, tmp_path, monkeypatch):
    from antigone.report import results

    def stopped(*_):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(results, "render_search_report", stopped)
    before = signal.getsignal(signal.SIGTERM)
    status, _, err = antigone("identify", case, "--out", tmp_path / "report", "--quiet")
    assert status == 130
    assert "Stopped; nothing was written." in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_stop_before_a_command_began_leaves_no_trace_of_the_program(antigone, monkeypatch):
    def stopped(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "office_is_missing", stopped)
    assert antigone("version") == (130, "", "Stopped.\n")


@pytest.mark.parametrize("command", [["identify", "CASE", "--out"], ["convert", "CASE"], ["simulate", "--out"]])
def test_a_place_where_nothing_can_be_made_is_told_in_words(antigone, case, tmp_path, command):
    (tmp_path / "file").write_text("")
    for out, message in (
        (".", "‘.’ is no name for something new; give one, such as report"),
        ("", "‘.’ is no name for something new; give one, such as report"),
        (tmp_path / "file" / "x", f"{tmp_path}/file/x cannot be made: {tmp_path}/file is a file, not a folder"),
    ):
        arguments = [case if part == "CASE" else part for part in command]
        assert antigone(*arguments, out) == (2, "", message + "\n")


def test_results_are_not_put_among_the_files_of_the_case_nor_around_it(antigone, case, tmp_path):
    for inside in (case / "report", case / ".." / "case" / "new"):
        status, _, err = antigone("identify", case, "--out", inside)
        assert status == 2
        assert "lies in the case folder" in err
    antigone("identify", case, "--out", tmp_path / "report", "--quiet")
    case.rename(tmp_path / "report" / "case")
    status, _, err = antigone("identify", tmp_path / "report" / "case", "--out", tmp_path / "report", "--replace")
    assert status == 2
    assert "which would go with it" in err
    assert (tmp_path / "report" / "case" / "case.toml").is_file()


def test_one_is_counted_as_one(antigone, tmp_path):
    write_worked_case(tmp_path / "case")
    _, out, err = antigone("identify", tmp_path / "case", "--out", tmp_path / "report", "--quiet")
    assert "1 individual × 1 missing person: 1 pair compared." in out
    assert "1 hit at log10 LR 0 or more; chance alone is expected to bring 0.28 pairs." in out
    words = (tmp_path / "report" / "report.html").read_text()
    assert "compared, all with all: 1 pair." in words
    assert "1 pair compared, and what unrelated pairs alone would give" in words
    assert "the individual is the one missing person searched, with probability 0.5" in words
    assert not re.search(r"\b1 (pairs|markers|missing persons|individuals)\b", words)
    assert "theta (0), mutation (none)" in err  # what nobody declared


def test_a_contradiction_of_the_family_is_said_on_the_terminal(antigone, tmp_path):
    write_worked_case(tmp_path / "case")
    profiles, families = tmp_path / "case" / "profiles.csv", tmp_path / "case" / "families.csv"
    profiles.write_text(profiles.read_text() + "S3,TH01,7,8\n")
    families.write_text(families.read_text().replace("M,missing,,1995", "M,missing,S3,1995"))
    _, out, err = antigone("identify", tmp_path / "case", "--out", tmp_path / "report", "--quiet")
    assert "Warning: family F1: at 1 marker its samples do not fit the pedigree given; not used" in err
    assert f"{tmp_path / 'report' / 'consistency.json'}, for two geneticists only" in err
    assert "F1-mother" not in out + err
    assert "1 entry left out; the report says which and why." in out
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary["family_contradictions"]["markers"] == 1
    named = json.loads((tmp_path / "report" / "consistency.json").read_text())
    said = "the samples of F1-mother (S1) and F1-son (S3) do not fit the pedigree given"
    assert [one["what"] for one in named["family_contradictions"]] == [
        f"{said}; a label, a typing or the pedigree may be wrong"
    ]


def test_a_file_that_cannot_be_read_keeps_no_other_from_being_validated(antigone, shared, tmp_path):
    good, empty, broken = shared / "answers" / "linked_markers.json", tmp_path / "e.json", tmp_path / "b.json"
    empty.write_text("[]")
    broken.write_text("[{")
    status, out, _ = antigone("validate", empty, broken, tmp_path / "none.json", good)
    assert status == 2
    assert out.count("NOT READ") == 3
    assert f"{empty}, column $: found an empty list; expected one case or more" in out
    assert "10 cases, 10 passed" in out
    status, out, _ = antigone("validate", "--json", broken, good)
    content = json.loads(out)
    assert (status, content["passed"]) == (2, False)
    assert [(file["cases"], file["passed"], len(file["failed"])) for file in content["files"]] == [
        (0, 0, 1),
        (10, 10, 0),
    ]
    assert "line 1, column 3" in content["files"][0]["failed"][0]["why"]


def test_the_version_is_an_option_too(antigone):
    assert antigone("--version") == antigone("version")
    assert antigone("--version")[1].startswith("antigone ")


def blocks_of(page: Path) -> dict[str, str]:
    """The files that a page shows: a name in backticks before a fenced block."""
    return dict(re.findall(r"`([\w.]+)`:\n\n```\w+\n(.*?)```", page.read_text(), re.DOTALL))


def write_worked_case(folder: Path) -> None:
    files = blocks_of(ROOT / "README.md")
    assert set(files) == {"case.toml", "families.csv", "remains.csv", "profiles.csv"}
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)


def test_the_worked_case_of_the_readme_is_what_the_program_answers(antigone, tmp_path):
    write_worked_case(tmp_path / "case")
    assert antigone("identify", tmp_path / "case", "--out", tmp_path / "report", "--quiet")[0] == 0
    (hit,) = pl.read_csv(tmp_path / "report" / "hits.csv").to_dicts()
    said = (ROOT / "README.md").read_text()
    assert f"a log10 LR of {hit['log10_lr']:.2f}" in said
    assert f"{10 ** hit['log10_lr']:.1f} times as probable" in said
    assert 0.17 < hit["expected_coincidences_low"] < hit["expected_coincidences"] < 0.21  # about one in five
    assert f"= {hit['lr_TH01']:.2f}." in said


def test_no_help_loses_what_stands_in_brackets():
    """Rich takes [word] for a style and swallows it."""
    help_texts = [command.help or command.callback.__doc__ or "" for command in commands.registered_commands]
    assert len(help_texts) > 10
    assert [text for text in help_texts if re.search(r"(?<!\\)\[\w+\]", text)] == []


def test_a_truth_that_is_of_another_case_is_refused_by_name(antigone, tmp_path):
    case = tmp_path / "case"
    assert antigone("simulate", "--scale", "0.001", "--seed", "1", "--missing", "3", "--out", case)[0] == 0
    assert antigone("evaluate", case, "--quiet")[0] == 0
    truth = case / "truth.csv"
    lines = truth.read_text(encoding="utf-8").splitlines(keepends=True)
    named = next(line for line in lines[1:] if line.split(",")[2])
    remains, person = named.split(",")[0], named.split(",")[2]
    for changed, said in (
        ([line for line in lines if line != named], f"column remains: found no row of ‘{remains}’"),
        ([line.replace(person, f"{person}X") if line == named else line for line in lines], f"found ‘{person}X’"),
        ([line.replace(f"{remains},", "R9999,", 1) if line == named else line for line in lines], "found ‘R9999’"),
    ):
        truth.write_text("".join(changed), encoding="utf-8")
        status, _, error = antigone("evaluate", case, "--quiet")
        assert status == 2
        assert said in error
        assert "truth.csv" in error


def test_a_case_folder_is_not_called_like_a_file(antigone, tmp_path):
    write_case_folder(small_operation(), tmp_path / "case")
    status, _, error = antigone("convert", tmp_path / "case", tmp_path / "case.xlsx")
    assert status == 2
    assert "would be a case folder, and is called like a file" in error
    assert not (tmp_path / "case.xlsx").exists()


def test_tiles_are_kept_in_a_folder_of_their_own(antigone, tmp_path):
    write_case_folder(small_operation(), tmp_path / "case")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    for tiles, said in (
        (tmp_path / "case" / "tiles", "lies in the case folder"),
        (tmp_path / "other", "holds something else (letter.txt)"),
        (tmp_path / "other" / "letter.txt", "is no folder"),
    ):
        status, _, error = antigone(
            "search", tmp_path / "case", "--out", tmp_path / "lists", "--tiles", tiles, "--quiet"
        )
        assert status == 2
        assert said in error
    for _ in range(2):
        again = ("--out", tmp_path / "lists", "--replace", "--tiles", tmp_path / "tiles", "--quiet")
        assert antigone("search", tmp_path / "case", *again)[0] == 0
