"""Leases, the store, the pool: a tile is computed whatever happens to who computes it, and believed only when whole."""

import os
import time
from functools import partial

import pytest

from antigone.execution.here import Here
from antigone.execution.leases import Leases
from antigone.execution.pool import ProcessPool
from antigone.execution.running import run_tiles
from antigone.execution.store import TileStore
from antigone.execution.tiles import Tile, TileConflictError, TileError, TileLostError
from execution_work import Deadly, tiles_of, tried

# --- leases -----------------------------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_that_is_not_renewed_runs_out_and_the_tile_is_the_next():
    clock = Clock()
    leases = Leases(3, seconds=10, now=clock)
    assert [leases.hand_out(holder) for holder in (7, 8)] == [0, 1]
    clock.now = 9
    leases.renew(7)
    clock.now = 11
    assert leases.expired() == (8,)
    assert leases.lose(8) == 1
    assert leases.hand_out(9) == 1  # before tile 2, which nobody has tried
    assert leases.attempts(1) == 2
    clock.now = 19.5
    assert leases.expired() == (7,)


def test_a_late_result_counts_and_is_not_computed_again():
    clock = Clock()
    leases = Leases(1, seconds=10, now=clock)
    leases.hand_out(1)
    clock.now = 11
    assert leases.lose(1) == 0
    leases.finish(1, 0)
    assert leases.done
    assert not leases.waiting
    assert leases.hand_out(2) is None


def test_whoever_holds_nothing_loses_nothing():
    leases = Leases(1, seconds=10, now=Clock())
    leases.renew(5)
    assert leases.lose(5) is None
    assert leases.hand_out(1) == 0
    leases.finish(1, 0)
    assert leases.lose(1) is None
    assert leases.done


# --- the store --------------------------------------------------------------------------------------------------------

DIGEST = "ab" * 32


def test_a_result_is_read_as_it_was_written(tmp_path):
    store = TileStore(tmp_path / "new" / "tiles")
    assert store.get(DIGEST) is None
    store.put(DIGEST, b"\x00result\n")
    store.put(DIGEST, b"\x00result\n")
    assert TileStore(store.folder).get(DIGEST) == b"\x00result\n"
    assert [path.name for path in store.folder.iterdir()] == [f"{DIGEST}.tile"]
    assert store.damaged == []


@pytest.mark.parametrize("at", [0, 20, 90, 146, -1])
def test_one_bit_that_turned_over_is_found_wherever_it_is(tmp_path, at):
    store = TileStore(tmp_path)
    store.put(DIGEST, b"a result of some length")
    path = tmp_path / f"{DIGEST}.tile"
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)
    assert store.get(DIGEST) is None
    assert store.damaged == [f"{DIGEST}.tile"]
    assert not path.exists()


@pytest.mark.parametrize("length", [0, 10, 140, 150])
def test_a_file_that_was_cut_off_is_found(tmp_path, length):
    store = TileStore(tmp_path)
    store.put(DIGEST, b"a result of some length")
    path = tmp_path / f"{DIGEST}.tile"
    path.write_bytes(path.read_bytes()[:length])
    assert store.get(DIGEST) is None
    assert store.damaged == [path.name]


def test_a_result_under_the_name_of_another_tile_is_not_believed(tmp_path):
    store = TileStore(tmp_path)
    store.put(DIGEST, b"a result")
    other = "cd" * 32
    (tmp_path / f"{DIGEST}.tile").rename(tmp_path / f"{other}.tile")
    assert store.get(other) is None


def test_two_results_of_one_tile_are_an_error(tmp_path):
    store = TileStore(tmp_path)
    store.put(DIGEST, b"one")
    with pytest.raises(TileConflictError, match=r"tile abababababab has two results that differ"):
        store.put(DIGEST, b"other")
    assert store.get(DIGEST) == b"one"


# --- running ----------------------------------------------------------------------------------------------------------


class Told:
    """Gives results that were told beforehand, in the order in which they were told."""

    def __init__(self, *results: tuple[int, bytes]) -> None:
        self.results, self.asked = results, []

    def run(self, _work, tiles):
        self.asked = [tile.what for tile in tiles]
        by_what = {tile.what: tile for tile in tiles}
        for number, result in self.results:
            yield by_what[f"t{number}"], result


TILES = [Tile(f"{k:064x}", f"t{k}", None) for k in range(4)]
IN_DISORDER = ((2, b"two"), (0, b"zero"), (2, b"two"), (3, b"three"), (1, b"one"), (0, b"zero"))


def _note(told: list[tuple[int, int]], done: int, of: int) -> None:
    told.append((done, of))


def test_results_come_in_the_order_of_the_tiles_and_once(tmp_path):
    for store in (None, TileStore(tmp_path)):
        told = []
        found = run_tiles(Deadly(), TILES, Told(*IN_DISORDER), store=store, progress=partial(_note, told))
        assert list(found) == [b"zero", b"one", b"two", b"three"]
        assert told[0] == (0, 4)
        assert told[-1] == (4, 4)


def test_what_the_store_has_is_not_computed_again(tmp_path):
    store = TileStore(tmp_path)
    store.put(TILES[1].digest, b"one")
    executor = Told((3, b"three"), (0, b"zero"), (2, b"two"))
    assert list(run_tiles(Deadly(), TILES, executor, store=store)) == [b"zero", b"one", b"two", b"three"]
    assert executor.asked == ["t0", "t2", "t3"]
    nobody = Told()
    assert list(run_tiles(Deadly(), TILES, nobody, store=store)) == [b"zero", b"one", b"two", b"three"]
    assert nobody.asked == []


def test_a_second_result_that_differs_names_the_tile(tmp_path):
    for store in (None, TileStore(tmp_path)):
        twice = Told((1, b"one"), (0, b"zero"), (1, b"eins"))
        with pytest.raises(TileConflictError, match=r"tile 000000000000 \(t1\) has two results that differ"):
            list(run_tiles(Deadly(), TILES, twice, store=store))


def test_a_tile_of_which_nobody_speaks_is_an_error():
    with pytest.raises(TileError, match=r"\(t3\) was not computed"):
        list(run_tiles(Deadly(), TILES, Told((2, b"2"), (0, b"0"), (1, b"1"))))


def test_a_result_that_goes_while_the_search_runs_is_an_error(tmp_path):
    store = TileStore(tmp_path)
    store.put(TILES[1].digest, b"one")
    found = run_tiles(Deadly(), TILES[:2], Told((0, b"zero")), store=store)
    assert next(found) == b"zero"
    (tmp_path / f"{TILES[1].digest}.tile").unlink()
    with pytest.raises(TileError, match=r"\(t1\) was changed or taken away"):
        next(found)


# --- the pool: real processes, really killed --------------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_tiles_of_a_killed_and_of_a_stopped_worker_are_run_again(tmp_path):
    tiles = tiles_of(tmp_path, a=("", ""), b=("kill", ""), c=("", ""), d=("stop", ""), e=("", ""))
    # A lease counts from when a tile is handed out: on a machine that is busy another worker may lose its tile too.
    pool = ProcessPool(2, lease=3.0, heartbeat=0.2, attempts=8)
    found = list(run_tiles(Deadly(), tiles, pool))
    assert found == [b"a", b"b", b"c", b"d", b"e"]
    assert len(tried(tmp_path, "b")) >= 2
    assert len(tried(tmp_path, "d")) >= 2
    assert pool.pids == ()
    assert not any(alive(pid) for name in "abcde" for pid in tried(tmp_path, name))


def test_a_tile_that_kills_whoever_touches_it_is_given_up_by_name(tmp_path):
    tiles = tiles_of(tmp_path, good=("", ""), bad=("", "kill"))
    with pytest.raises(TileLostError, match=r"tile 000000000000 \(bad\) was given up: 2 workers in turn"):
        list(run_tiles(Deadly(), tiles, ProcessPool(1, attempts=2)))
    assert len(tried(tmp_path, "bad")) == 2


def test_what_a_tile_raises_is_raised_and_nobody_is_left_behind(tmp_path):
    tiles = tiles_of(tmp_path, good=("", ""), bad=("", "raise"))
    with pytest.raises(ValueError, match="bad cannot be computed"):
        list(run_tiles(Deadly(), tiles, ProcessPool(1)))
    assert not alive(tried(tmp_path, "bad")[0])
    with pytest.raises(ValueError, match="bad cannot be computed"):
        list(run_tiles(Deadly(), tiles, Here(2)))


def test_workers_go_when_a_search_is_left(tmp_path):
    tiles = tiles_of(tmp_path, a=("", ""), b=("", "stop"))
    found = run_tiles(Deadly(), tiles, ProcessPool(1))
    assert next(found) == b"a"
    while not (tmp_path / "b.tried").exists():  # somebody is at work on the second
        time.sleep(0.01)
    found.close()
    assert not alive(tried(tmp_path, "a")[0])
