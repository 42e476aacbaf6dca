"""A search in tiles: the same bytes whoever computed them, in whatever order, and however often somebody was killed."""

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest
from test_batched_tables import linked, several_brothers
from test_execution import alive

from antigone.execution.country import search_in_tiles
from antigone.execution.country_work import CountryWork
from antigone.execution.here import Here
from antigone.execution.pool import ProcessPool
from antigone.execution.results import bytes_of_result, result_of_bytes
from antigone.execution.store import TileStore
from antigone.execution.tiles import OtherEngineError
from antigone.matching import country_search
from antigone.matching.country_search import Comparing, CountryHits, plan_tiles, search_country
from antigone.matching.operation import Operation, SettingsError
from antigone.matching.preparation import prepare

__all__ = ["linked"]  # a fixture that all tests use

THRESHOLD = -1.0


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Twelve missing persons in six tiles: five to whom linkage matters in three, the others in as many or more."""
    monkeypatch.setattr(country_search, "TILE", 2)
    monkeypatch.setattr(country_search, "SLOW_TILE", 2)


def as_bytes(hits: CountryHits) -> dict[str, object]:
    """All that was found, to the last bit."""
    values = {field.name: getattr(hits, field.name) for field in fields(hits)}
    return {
        name: (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else repr(value)
        for name, value in values.items()
    }


def sent(value):
    """As another process has it."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # our own


class Counting:
    """An executor that notes which tiles it was asked for."""

    def __init__(self, executor) -> None:
        self.executor, self.asked = executor, []

    def run(self, work, tiles):
        self.asked += [tile.digest for tile in tiles]
        yield from self.executor.run(work, tiles)


class Backwards:
    """Computes the last tile first, and each of them twice."""

    def run(self, work, tiles):
        for tile in [*reversed(tiles), *tiles]:
            yield from Here(1).run(work, [tile])


@pytest.fixture
def operation() -> Operation:
    return several_brothers()


@pytest.fixture
def expected(operation) -> dict[str, object]:
    found = search_country(operation, threshold=THRESHOLD, threads=1)
    assert len(found) > 20
    return as_bytes(found)


def test_every_missing_person_is_in_one_tile_and_slow_ones_stand_apart(operation):
    prepared = prepare(operation)
    tiles = plan_tiles(operation.missing_persons(), prepared)
    assert sorted(j for tile in tiles for j in tile.tolist()) == list(range(12))
    assert max(map(len, tiles)) == 2
    country_search.SLOW_TILE = 12
    assert len(plan_tiles(operation.missing_persons(), prepared)) < len(tiles)


def test_a_result_is_the_same_bytes_whoever_else_is_missing(operation):
    prepared, settings = prepare(operation), operation.settings
    missing = operation.missing_persons()
    comparing = Comparing.of(operation.individuals, prepared, settings, THRESHOLD)
    alone = Comparing.of(operation.individuals, prepared, settings, THRESHOLD)
    for tile in plan_tiles(missing, prepared):
        sought = [missing[j] for j in tile]
        content = bytes_of_result(comparing.tile(sought, settings))
        assert content == bytes_of_result(alone.tile(sent(sought), settings))
        again = result_of_bytes(content)
        assert bytes_of_result(again) == content
        assert again.compared.tolist() == [40] * len(tile)
    # Found about all of them at once, it is the same but for the last bits of a sum.
    whole = comparing.tile(missing, settings).part.found
    apart = [comparing.tile([one], settings).part.found for one in missing]
    np.testing.assert_array_equal(whole.individual, np.concatenate([one.individual for one in apart]))
    np.testing.assert_allclose(whole.log10_lr, np.concatenate([one.log10_lr for one in apart]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("executor", [Here(1), Here(2), Backwards()], ids=["one thread", "two threads", "backwards"])
def test_the_same_bytes_whoever_computes(operation, expected, executor):
    found = search_in_tiles(operation, executor, threshold=THRESHOLD)
    assert as_bytes(found.hits) == expected


@pytest.fixture
def unlinked(operation) -> Operation:
    """Linked pairs are patched in by a fixture that other processes do not have; and without, they start sooner."""
    return replace(operation, settings=replace(operation.settings, linkage=False))


@pytest.fixture
def expected_unlinked(unlinked) -> dict[str, object]:
    return as_bytes(search_country(unlinked, threshold=THRESHOLD, threads=1))


@pytest.mark.long  # three processes to start; `test_execution.py` kills workers of the pool in ordinary runs
def test_the_same_bytes_where_a_worker_is_killed_in_the_middle(unlinked, expected_unlinked, tmp_path):
    pool, killed = ProcessPool(2, heartbeat=0.5), []

    def kill(done: int, _of: int) -> None:
        if done == 2:
            killed.append(pool.pids[0])  # it holds the tile after
            os.kill(killed[0], signal.SIGKILL)

    found = search_in_tiles(unlinked, pool, threshold=THRESHOLD, store=TileStore(tmp_path), progress=kill)
    assert as_bytes(found.hits) == expected_unlinked
    assert not alive(killed[0])


# A search that is killed as a whole when two tiles are done: its workers have to notice by themselves.
KILLED = """
import os, pickle, signal, sys
from pathlib import Path
from antigone.execution.country import search_in_tiles
from antigone.execution.pool import ProcessPool
from antigone.execution.store import TileStore
from antigone.matching import country_search

if __name__ == "__main__":
    country_search.TILE = country_search.SLOW_TILE = 2
    operation, folder = pickle.loads(Path(sys.argv[1]).read_bytes()), Path(sys.argv[2])
    pool = ProcessPool(1, heartbeat=0.2)

    def die(done, of):
        if done == 2:
            print(*pool.pids, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)

    search_in_tiles(operation, pool, threshold=float(sys.argv[3]), store=TileStore(folder), progress=die)
"""


def test_a_search_that_was_killed_goes_on_where_it_was(unlinked, expected_unlinked, tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    (tmp_path / "operation").write_bytes(pickle.dumps(unlinked))
    folder = tmp_path / "tiles"
    command = [sys.executable, tmp_path / "killed.py", tmp_path / "operation", folder, str(THRESHOLD)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603  # our own
    assert done.returncode == -signal.SIGKILL, done.stderr
    kept = {path.stem for path in folder.glob("*.tile")}
    assert len(kept) == 2

    damaged = folder / f"{min(kept)}.tile"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    store, here = TileStore(folder), Counting(Here(1))
    found = search_in_tiles(unlinked, here, threshold=THRESHOLD, store=store)
    assert as_bytes(found.hits) == expected_unlinked
    assert store.damaged == [damaged.name]
    assert set(here.asked) == {*found.tiles} - kept | {damaged.stem}

    nobody = Counting(Here(1))
    again = search_in_tiles(unlinked, nobody, threshold=THRESHOLD, store=TileStore(folder))
    assert as_bytes(again.hits) == expected_unlinked
    assert nobody.asked == []
    for pid in map(int, done.stdout.split()):
        while alive(pid):  # until its next heartbeat, which finds nobody
            time.sleep(0.05)


def test_what_goes_into_a_tile_changes_its_digest_and_nothing_else_does(operation):
    def digests(changed: Operation, threshold: float = THRESHOLD) -> tuple[str, ...]:
        return search_in_tiles(changed, Here(1), threshold=threshold).tiles

    tiles = digests(operation)
    assert len({*tiles}) == len(tiles)
    assert digests(replace(operation, name="another name", warnings=("said",))) == tiles
    assert not {*digests(operation, 0.0)} & {*tiles}
    assert not {*digests(replace(operation, individuals=operation.individuals[1:]))} & {*tiles}
    other = replace(operation.families[0], profiles={"B0": operation.families[1].profiles["B0"]})
    changed = digests(replace(operation, families=(other, *operation.families[1:])))
    assert len({*changed} - {*tiles}) >= 1
    assert len({*changed} & {*tiles}) >= len(tiles) - 3  # all but the tile of the family, and those that shift with it


def test_another_engine_does_not_compute(operation):
    asked = {"antigone": "0", "code": "0"}
    work = CountryWork(operation.individuals, prepare(operation), operation.settings, 0.0, asked)
    with pytest.raises(OtherEngineError, match=r"antigone 0 of the search, .* of the worker; code 0 of the search"):
        work.begin()
    with pytest.raises(OtherEngineError, match="antigone 0 of the search"):  # said across processes too
        raise sent(OtherEngineError({"antigone": "0"}, {"antigone": "1"}))


@pytest.mark.parametrize("threshold", [np.nan, np.inf])
def test_a_threshold_is_a_number(operation, threshold):
    with pytest.raises(SettingsError, match="the threshold is a log10 LR"):
        search_in_tiles(operation, Here(1), threshold=threshold)


# --- a Dask cluster, really there -------------------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[str]:
    """The address of what `antigone cluster` started, as a user has it."""
    pytest.importorskip("distributed", reason="antigone[cluster] is not installed")
    command = [sys.executable, "-m", "antigone", "cluster", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130


@pytest.mark.long  # a cluster to start; the pool loses workers in ordinary runs
def test_the_same_bytes_on_a_dask_cluster_one_of_whose_workers_is_killed(unlinked, expected_unlinked, cluster):
    from distributed import Client

    from antigone.execution.dask_cluster import DaskCluster

    with Client(cluster, set_as_default=False) as client:
        pids = list(client.run(os.getpid).values())
    assert len(pids) == 2

    def kill(done: int, _of: int) -> None:
        if done == 1:
            os.kill(pids[0], signal.SIGKILL)

    found = search_in_tiles(unlinked, DaskCluster(cluster), threshold=THRESHOLD, progress=kill)
    assert as_bytes(found.hits) == expected_unlinked
    assert not alive(pids[0])


def test_a_cluster_that_is_not_there_is_said(operation, monkeypatch):
    pytest.importorskip("distributed", reason="antigone[cluster] is not installed")
    from antigone.execution import dask_cluster

    monkeypatch.setattr(dask_cluster, "PATIENCE", 0.5)
    with pytest.raises(dask_cluster.NoClusterError, match=r"no Dask cluster answers at tcp://127\.0\.0\.1:1"):
        search_in_tiles(operation, dask_cluster.DaskCluster("tcp://127.0.0.1:1"), threshold=THRESHOLD)


def test_without_dask_it_is_said_what_to_install(monkeypatch):
    from antigone.execution.dask_cluster import DaskCluster, NoClusterError

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoClusterError, match=r"pip install 'antigone\[cluster\]'"):
        DaskCluster("tcp://127.0.0.1:1")
