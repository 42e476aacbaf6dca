"""Somebody new in a search that is kept: what a whole search with them finds, through a socket too."""

import json
import signal
import socket
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from antigone.cli.app import app
from antigone.execution.doorstep import DoorstepError, answer_at, ask_at
from antigone.formats.case_folder import read_case_folder, write_case_folder
from antigone.genetics.alleles import Repeat
from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile
from antigone.matching.conclusions import provisional_hits
from antigone.matching.consistency import check_families
from antigone.matching.country_search import search_country
from antigone.matching.newcomers import AS_DECLARED, KeptSearch
from antigone.matching.operation import Operation
from antigone.matching.parentage import Verdict
from antigone.matching.preparation import prepare
from antigone.matching.resident import ResidentSearch
from antigone.matching.search import search as search_all
from antigone.scenarios import parse_overrides, simulate
from small_operation import small_operation

THRESHOLD = 0.5


@pytest.fixture(scope="module")
def operation() -> Operation:
    """Families of which some do not fit."""
    overrides = parse_overrides({"misattributed_paternity": "0.5"})
    return simulate("june-2025", scale=0.003, seed=4, missing=40, overrides=overrides).operation


@pytest.fixture(scope="module")
def everything(operation):
    return whole(operation)


def whole(operation: Operation) -> dict[tuple[str, str, str, str], float]:
    """Everything that a whole search of the operation finds, doubtful families in parts too."""
    hits = search_country(operation, threshold=THRESHOLD)
    reports = check_families(operation.families, prepare(operation), operation.settings)
    doubtful = {one.family for one in reports if one.verdict is Verdict.DOUBTFUL}
    sought = operation.missing_persons()
    found = {}
    for i, m, log10_lr in zip(hits.individual.tolist(), hits.missing.tolist(), hits.log10_lr.tolist(), strict=True):
        family, person = sought[m]
        label = AS_DECLARED if family.name in doubtful else ""
        found[operation.individuals[i].id, family.name, person, label] = log10_lr
    with_threshold = replace(operation, settings=replace(operation.settings, threshold=THRESHOLD))
    for one in provisional_hits(with_threshold, reports, lambda *_: None)[0]:
        found[operation.individuals[one.individual].id, one.family, one.person, one.label] = one.log10_lr
    return found


def told(answer) -> dict[tuple[str, str, str, str], float]:
    found = {(one.individual, one.family, one.person, one.provisional): one.log10_lr for one in answer.hits}
    assert len(found) == len(answer.hits)
    assert [one.log10_lr for one in answer.hits] == sorted((one.log10_lr for one in answer.hits), reverse=True)
    return found


def without(operation: Operation, individuals: int, families: int) -> tuple[Operation, Operation]:
    """An operation without its last, and these alone."""
    dead, searching = operation.individuals, operation.families
    a, b = len(dead) - individuals, len(searching) - families
    kept = replace(operation, individuals=dead[:a], families=searching[:b])
    return kept, replace(operation, individuals=dead[a:], families=searching[b:], left_out=(), warnings=())


def with_new(found, new: Operation):
    dead, families = {one.id for one in new.individuals}, {one.name for one in new.families}
    return {key: value for key, value in found.items() if key[0] in dead or key[1] in families}


def the_same(one, other) -> None:
    assert one.keys() == other.keys()
    for key, value in one.items():
        # Families in parts are a search of their own there, whose rarest alleles count as rare in that search.
        assert value == pytest.approx(other[key], abs=1e-9 if key[3] in ("", AS_DECLARED) else 0.3)


@pytest.mark.parametrize(("individuals", "families"), [(3, 0), (0, 6), (3, 6)])
def test_newcomers_are_told_what_a_whole_search_finds(operation, everything, individuals, families):
    kept, new = without(operation, individuals, families)
    # Somebody new must not bring an allele that nobody had: that is refused, and tested below.
    search = KeptSearch(kept, threshold=THRESHOLD)
    answer = search.ask(new)
    expected = with_new(everything, new)
    assert not answer.not_compared
    assert expected
    the_same(told(answer), expected)
    chance = search_all(kept, keep=THRESHOLD).coincidences
    missing = sum(len(one.missing) for one in new.families)
    assert answer.pairs == individuals * search.missing + (search.individuals + individuals) * missing
    for one in answer.hits:
        expected = chance.at_least(one.log10_lr)[1] + answer.pairs * min(1.0, 10**-one.log10_lr)
        assert one.expected_coincidences == pytest.approx(expected, rel=1e-9)
    assert told(search.ask(new)) == told(answer)  # asking changes nothing


def test_some_families_of_the_test_do_not_fit(operation):
    reports = check_families(operation.families, prepare(operation), operation.settings)
    assert any(one.verdict is Verdict.DOUBTFUL for one in reports[-6:])
    assert any(one.verdict is Verdict.DOUBTFUL for one in reports[:-6])


def test_who_was_added_meets_who_comes_after(operation, everything):
    kept, new = without(operation, 4, 6)
    first = replace(new, individuals=new.individuals[:2], families=new.families[:3])
    second = replace(new, individuals=new.individuals[2:], families=new.families[3:])
    search = KeptSearch(kept, threshold=THRESHOLD)
    found = told(search.add(first)) | told(search.add(second))
    the_same(found, with_new(everything, new))
    again = search.add(first)
    assert not again.hits
    assert again.pairs == 0
    assert {(one.what, one.id) for one in again.not_compared} == {
        *(("individual", one.id) for one in first.individuals),
        *(("family", one.name) for one in first.families),
    }


def test_an_allele_of_no_model_is_told_by_name_and_the_others_are_compared():
    operation = small_operation()
    search = KeptSearch(operation, threshold=-5.0)
    body = operation.individuals[0]
    (marker, *_) = operation.settings.markers
    strange = Profile("S9", {**body.profile.readings, marker: (Reading((Repeat(99), Repeat(98))),)})
    new = replace(operation, individuals=(replace(body, id="N1"), replace(body, id="N2", profile=strange)), families=())
    answer = search.ask(new)
    assert {one.individual for one in answer.hits} == {"N1"}
    (refused,) = answer.not_compared
    assert (refused.what, refused.id) == ("individual", "N2")
    assert "is in no model of this search" in refused.reason
    assert answer.individuals == 1


def test_linked_markers_add_no_more_than_is_kept_of_each_missing_person():
    operation = simulate("june-2025", scale=0.004, seed=8, missing=60).operation
    missing = operation.missing_persons()
    resident = ResidentSearch.of(operation)
    (shelf,) = resident._shelves
    most = shelf._most_of_linkage(np.arange(len(missing)))
    added = np.zeros(len(missing))
    result = search_all(operation, all_pairs=True, coincidences=False)
    place = {(family.name, person): j for j, (family, person) in enumerate(missing)}
    for pair in result.pairs:
        family, person = result.missing[pair.missing]
        j = place[family.name, person]
        added[j] = max(added[j], sum(value for _, value in pair.linkage))
    assert (added <= most).all()
    assert np.isfinite(most).all()
    assert (added > 0.05).sum() > 5  # it can matter
    assert most.max() < 5  # and not that much


# The socket


def served(path: Path, answer, most: int) -> threading.Thread:
    ready = threading.Event()
    thread = threading.Thread(target=answer_at, args=(path, answer), kwargs={"ready": ready.set, "most": most})
    thread.start()
    assert ready.wait(10)
    return thread


def test_a_question_is_answered_and_the_socket_is_its_owners_alone(tmp_path):
    at = tmp_path / "s"
    thread = served(at, lambda request: {"got": request["x"]}, 2)
    assert stat.S_IMODE(at.stat().st_mode) == 0o600
    assert ask_at(at, {"x": "Ж" * 1000}) == {"got": "Ж" * 1000}
    with pytest.raises(DoorstepError, match="somebody answers there already"):
        answer_at(at, dict)  # this knock is the second that was answered
    thread.join(10)
    assert not at.exists()
    with pytest.raises(DoorstepError, match="nobody answers there"):
        ask_at(at, {})


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"{", "found 1 bytes without an end of line"),
        (b"\xff\xfe\n", "no JSON"),
        (b"[1]\n", "no object"),
        (b"[" * 60_000 + b"\n", "no JSON"),
        (b"x" * 70_000, "without an end of line"),
        (b"", "found 0 bytes"),
    ],
)
def test_bad_requests_are_told_and_end_nothing(tmp_path, sent, told):
    at = tmp_path / "s"
    thread = served(at, lambda _: {"fine": True}, 2)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(at))
        try:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            answer = json.loads(line.makefile("rb").readline() or b'{"error": "hung up"}')
        except OSError:
            answer = {"error": "hung up"}
    assert told in answer["error"] or answer["error"] == "hung up"
    assert ask_at(at, {}) == {"fine": True}
    thread.join(10)


def test_who_says_nothing_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("antigone.execution.doorstep.PATIENCE", 0.1)
    at = tmp_path / "s"
    thread = served(at, lambda _: {"fine": True}, 2)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(at))
        assert ask_at(at, {}) == {"fine": True}
    thread.join(10)


def test_a_socket_left_behind_is_taken_and_a_file_is_not(tmp_path):
    at = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(at))
    thread = served(at, lambda _: {}, 1)
    assert ask_at(at, {}) == {}
    thread.join(10)
    at.write_text("mine")
    with pytest.raises(DoorstepError, match="no socket"):
        answer_at(at, dict)
    assert at.read_text() == "mine"
    with pytest.raises(DoorstepError, match="103 bytes at most"):
        answer_at(tmp_path / ("x" * 120), dict)


# The commands


def test_a_bureau_keeps_a_case_and_asks(operation, tmp_path):
    kept, new = without(operation, 2, 3)
    case, newcomers, at = tmp_path / "case", tmp_path / "new", tmp_path / "s"
    for what, folder in ((kept, case), (new, newcomers)):
        write_case_folder(what, folder)
    command = [
        sys.executable,
        "-m",
        "antigone",
        "resident",
        str(case),
        "--at",
        str(at),
        "--threshold",
        "0.5",
        "--quiet",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own
        assert process.stdout is not None
        assert "Ready: " in process.stdout.readline()
        out = tmp_path / "hits.csv"
        run = CliRunner().invoke(app, ["ask", str(newcomers), "--at", str(at), "--out", str(out)])
        assert run.exit_code == 0
        assert "2 new individuals, 3 new families" in run.stdout
        rows = out.read_text().splitlines()
        answer = KeptSearch(read_case_folder(case), threshold=0.5).ask(read_case_folder(newcomers))
        assert len(rows) == 1 + len(answer.hits)
        assert rows[0] == "individual,missing_person,family,log10_lr,expected_coincidences,provisional"
        added = CliRunner().invoke(app, ["ask", str(newcomers), "--at", str(at), "--add"])
        assert added.exit_code == 0
        again = CliRunner().invoke(app, ["ask", str(newcomers), "--at", str(at), "--add"])
        assert again.exit_code == 1
        assert again.stderr.count("is in this search already, by this name") == 5
        nothing = CliRunner().invoke(app, ["ask", str(tmp_path / "nowhere"), "--at", str(at)])
        assert "found nothing; expected a case folder" in str(nothing.exception)
        occupied = CliRunner().invoke(app, ["ask", str(newcomers), "--at", str(at), "--out", str(out)])
        assert "is there already" in str(occupied.exception)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130
    assert not at.exists()
    nobody = CliRunner().invoke(app, ["ask", str(newcomers), "--at", str(at)])
    assert "nobody answers there" in str(nobody.exception)


def test_a_new_family_brings_strangers_of_its_own(operation):
    """One individual is kept, whom the only kept family cannot match by chance: the new family can."""
    small = small_operation(threshold=0.1)
    kept = replace(small, individuals=small.individuals[:1], families=small.families[1:])
    new = replace(small, individuals=(), families=small.families[:1])
    (hit, *_) = KeptSearch(kept).ask(new).hits
    whole = search_all(replace(small, individuals=small.individuals[:1]), keep=0.1).coincidences
    assert hit.expected_coincidences >= whole.at_least(hit.log10_lr)[1] * 0.999
    assert hit.expected_coincidences >= 10**-hit.log10_lr


def test_names_that_are_kept_already_are_told(operation):
    small = small_operation(threshold=0.1)
    answer = KeptSearch(small).ask(replace(small, families=small.families[:1]))
    assert answer.there_already == ("R1", "R2", "=R3", "F1")


def test_a_place_that_cannot_be_written_is_told_before_anybody_is_asked(tmp_path):
    result = CliRunner().invoke(
        app, ["ask", str(tmp_path), "--at", str(tmp_path / "s"), "--out", str(tmp_path / "no" / "h.csv"), "--add"]
    )
    assert result.exit_code != 0
    assert "there is no folder" in str(result.exception)
