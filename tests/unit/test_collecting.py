"""Reading many small files in one process leaves no garbage behind."""

import gc
import weakref

from antigone.formats.collecting import MANY, uncollected


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.me = self


def read(objects: int) -> "weakref.ref[Ring]":
    with uncollected():
        kept = [[k] for k in range(objects)]
        found = weakref.ref(Ring())
        del kept
    return found


def test_what_small_files_leave_is_collected_without_being_asked_for():
    assert gc.isenabled()
    left = [read(200) for _ in range(3000)]
    assert sum(ref() is not None for ref in left) < 1000


def test_nothing_is_collected_meanwhile_and_large_files_join_what_is_old():
    with uncollected():
        assert not gc.isenabled()
        kept = [[k] for k in range(2 * MANY)]
    assert gc.isenabled()
    assert not gc.get_freeze_count()
    assert gc.get_count()[0] < MANY
    assert len(kept) == 2 * MANY
