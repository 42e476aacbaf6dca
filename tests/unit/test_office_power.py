"""Power cuts: hundreds of disks that a cut may leave of an office's day (the long tests look at thousands).

That the same cuts find what weaker settings lose shows that the tests can fail.
"""

import pytest

from antigone.office.database import SQLITE_OPENING
from crash_vfs import Cut, opened_with, power_cuts, replayed
from office_power import Day, Judge, recorded_day, swapped_opening

LAZY = pytest.mark.parametrize(
    "lazy", [False, True], ids=["as SQLite syncs folders", "folders synced by deletions only"]
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    folder = tmp_path_factory.mktemp("power")
    return recorded_day(folder / "office", folder / "statements.csv")


@LAZY
def test_a_power_cut_loses_nothing_that_was_acknowledged(day, tmp_path, lazy):
    (tmp_path / "replayed").mkdir()
    events = replayed(day.steps, tmp_path / "replayed")
    judge = Judge(day, tmp_path / "cut", verify_every=50)
    seen = judge.judge(power_cuts(events, 300, seed=1, lazy=lazy))
    assert seen.pop("verified") >= 5
    assert seen == {"whole": 300}


@LAZY
@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_same_cuts_find_what_a_weaker_setting_loses(day, tmp_path, synchronous, lazy):
    (tmp_path / "replayed").mkdir()
    events = replayed(day.steps, tmp_path / "replayed", opened_with(synchronous=synchronous))
    seen = Judge(day, tmp_path / "cut").judge(power_cuts(events, 100, seed=1, lazy=lazy))
    assert seen["lost"] + seen["half"] + seen["corrupt"] >= 20


def test_extra_comes_before_the_write_ahead_log(day, tmp_path):
    """With the opposite order the old journal may come back and roll the office back, on a disk that is lazy enough."""
    assert SQLITE_OPENING.index("synchronous=EXTRA") < SQLITE_OPENING.index("journal_mode=WAL")
    (tmp_path / "replayed").mkdir()
    events = replayed(swapped_opening(day.steps), tmp_path / "replayed")
    seen = Judge(day, tmp_path / "cut").judge(power_cuts(events, 100, seed=1, lazy=True))
    assert seen["lost"] + seen["half"] + seen["corrupt"] >= 20


def test_an_office_forged_after_the_cut_is_not_called_whole(day, tmp_path):
    """The judge sees one changed byte of one row, a lost file of keys, and a key that came back."""
    files = {
        name: (day.folder / name).read_bytes() for name in ("antigone.db", "subjects.db")
    }  # as the day ended: closed, without logs
    last = len(day.promises) - 1
    judge = Judge(day, tmp_path / "cut")
    assert judge.judge([Cut(0, files, last)]) == {"whole": 1}
    changed = files["antigone.db"].replace(b"a spokesman", b"a spokesmen", 1)
    assert judge.judge([Cut(0, files | {"antigone.db": changed}, last)])["half"] == 1
    assert judge.judge([Cut(0, {"antigone.db": files["antigone.db"]}, last)])["key lost"] == 1
    (gone,) = day.promises[last].destroyed
    assert judge.judge([Cut(0, files | {"subjects.db-wal": gone}, last)])["key back"] == 1
