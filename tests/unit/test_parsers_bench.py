"""A sample of the mutated inputs that `antigone bench parsers` feeds to every reader."""

import base64
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from antigone.bench import parsers
from antigone.bench.parsers import PARSERS, can_be_guided, feed, feed_apart, mutated
from antigone.cli.app import app
from antigone.formats.errors import InputError


@pytest.mark.parametrize("parser", PARSERS)
def test_no_damaged_input_does_worse_than_to_be_refused(parser: str) -> None:
    figure = feed(parser, 150, 7)
    assert figure.failed == {}
    assert figure.slowest_seconds < parsers.MOST_SECONDS
    assert figure.refused > 0 or parser == "recognition"


@pytest.mark.parametrize("parser", PARSERS)
def test_what_the_mutations_begin_with_is_sound(parser: str) -> None:
    made, sound = PARSERS[parser]
    read = made()
    for data in sound():
        assert read(data) is not None


def test_an_input_is_the_same_for_the_same_seed_and_number() -> None:
    seeds = (b"abcdefgh" * 20, b"12345678" * 20)
    assert mutated(seeds, 1, 5) == mutated(seeds, 1, 5)
    assert len({mutated(seeds, 1, number) for number in range(20)}) > 15


def test_a_failure_is_told_with_the_number_of_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(data: bytes) -> None:
        if data.count(b"\n") > 2:
            raise KeyError("there")
        raise InputError.at("x", None, None, found="nothing", expected="something")

    monkeypatch.setitem(PARSERS, "wrong", (lambda: read, lambda: (b"a\nb\n",)))
    figure = feed("wrong", 100, 1)
    assert not figure.holds
    number, what = next(iter(figure.failed.items()))
    assert what == "KeyError: 'there'"
    assert mutated((b"a\nb\n",), 1, int(number)).count(b"\n") > 2


guided = pytest.mark.skipif(not can_be_guided(), reason="Atheris has no wheel for this machine")


@guided
@pytest.mark.long
def test_what_coverage_guides_does_no_worse_than_to_be_refused() -> None:
    figure = feed_apart("map", 400, 1, guided=True)
    assert figure.failed == {}
    assert (figure.parser, figure.inputs, figure.guided) == ("map", 400, True)
    assert 0 < figure.refused < 400
    assert base64.b64decode(figure.worst[str(figure.slowest)])


@guided
@pytest.mark.long
@pytest.mark.parametrize("parser", ["codis", "genemapper", "xls"])
def test_readers_of_each_kind_hold_when_coverage_guides(parser: str) -> None:
    assert feed_apart(parser, 1000, 3, guided=True).failed == {}


def test_a_guided_failure_keeps_its_input() -> None:
    tally = parsers.Tally("wrong", 3, 1, guided=True)
    for data in (b"one", b"two", b"three"):
        tally.feed(lambda data: int(data), data)
    assert set(tally.figure().failed) == {"0", "1", "2"}
    assert {k: tally.worst[k] for k in (0, 1, 2)} == {0: b"one", 1: b"two", 2: b"three"}


def test_without_atheris_nothing_is_guided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antigone.cli.bench_parsers.can_be_guided", lambda: False)
    result = CliRunner().invoke(app, ["bench", "parsers", "--guided", "--inputs", "5", "--only", "map"])
    assert result.exit_code != 0
    assert "Atheris, which guides the inputs, is not installed" in str(result.exception)


def test_a_reader_whose_process_dies_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = feed_apart("no such reader", 1, 1)
    assert not figure.holds
    assert "the process ended with 1" in figure.failed["?"]


def test_the_command_keeps_its_figures_and_says_whether_all_held(tmp_path: Path) -> None:
    arguments = ["bench", "parsers", "--inputs", "50", "--only", "map", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith("map                 50 inputs in ")
    (kept,) = json.loads((tmp_path / "parsers.json").read_text(encoding="utf-8"))["parsers"]
    assert (kept["parser"], kept["inputs"], kept["failed"]) == ("map", 50, {})
    assert 0 < kept["mebibytes_before"] <= kept["peak_mebibytes"]
