"""A damaged `.xls` file may end the process that reads it; that process is never this one."""

from pathlib import Path

import pytest

from antigone.formats.errors import InputError
from antigone.formats.tables import open_workbook, trial
from antigone.formats.tables.trial import BROKEN_OFF, Trial, one_process_for_all, what_is_wrong
from workbooks import xls

# Reads as the real one does, but ends itself over one file, and never answers about another.
ODD_CHILD = """
import os, struct, sys, time
while len(head := sys.stdin.buffer.read(8)) == 8:
    data = sys.stdin.buffer.read(struct.unpack("<Q", head)[0])
    if data == b"fatal":
        os.abort()
    if data == b"slow":
        time.sleep(600)
    sys.stdout.buffer.write(b".")
    sys.stdout.buffer.flush()
"""


def test_a_sound_file_is_read_there_too() -> None:
    assert what_is_wrong(xls({"s": [["a"], [1.0]]})) is None
    assert what_is_wrong(b"no workbook at all") is None  # an error, which reading it here will tell


def test_a_file_that_ends_the_process_is_refused_and_the_next_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_CHILD", ODD_CHILD)
    one = Trial()
    try:
        assert [one.what_is_wrong(data) for data in (b"sound", b"fatal", b"sound")] == [None, BROKEN_OFF, None]
    finally:
        one.close()


def test_a_file_that_is_not_read_in_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_CHILD", ODD_CHILD)
    monkeypatch.setattr(trial, "SECONDS", 0)
    assert what_is_wrong(b"slow") == "a file that is not read within 120 seconds"


def test_a_benchmark_keeps_one_process_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = Trial._start
    monkeypatch.setattr(Trial, "_start", lambda self: started.append(1) or start(self))
    sound = xls({"s": [["a"]]})
    with one_process_for_all():
        assert [what_is_wrong(sound) for _ in range(5)] == [None] * 5
    assert len(started) == 1
    assert what_is_wrong(sound) is None
    assert len(started) == 2


def test_the_reader_of_workbooks_says_what_was_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book"
    path.write_bytes(xls({"s": [["a"]]}))
    assert open_workbook(path, "book").sheet_names == ("s",)
    monkeypatch.setattr(trial, "_CHILD", "import os; os.abort()")
    with pytest.raises(InputError, match=f"^book: found {BROKEN_OFF}; expected an Excel file"):
        open_workbook(path, "book")
