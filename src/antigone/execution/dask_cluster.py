"""Tiles on a Dask cluster (`antigone[cluster]`).

Dask gives a task whose worker died to another; a worker that falls silent is given up after the scheduler's
`worker-ttl`, which is the lease here: five minutes unless the cluster says otherwise, and that of `pool.LEASE` where
`antigone cluster` started it.
"""

import hashlib
import pickle
import secrets
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from antigone.execution.pool import ATTEMPTS, LEASE
from antigone.execution.tiles import Compute, Tile, TileError, TileLostError, Work

# Seconds until a cluster has to answer, and to have a worker.
PATIENCE = 30
# Tiles that are with the cluster at once, for each of its threads: the next is there when one is done.
AHEAD = 2


class NoClusterError(TileError):
    """There is no cluster to compute on."""


def distributed() -> Any:
    """The package. Raises `NoClusterError` where it is not installed."""
    try:
        import distributed
    except ImportError:
        raise NoClusterError("Dask is not installed. Install it with: pip install 'antigone[cluster]'") from None
    return distributed


class DaskCluster:
    """The cluster whose scheduler is at an address, such as tcp://192.0.2.7:8786."""

    def __init__(self, address: str) -> None:
        if ":" not in address:
            raise NoClusterError(f"no address of a Dask cluster: {address}; expected one such as tcp://192.0.2.7:8786")
        self.address = address
        self._distributed = distributed()

    def run(self, work: Work, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        """Results as they come. Raises `TileLostError`, `NoClusterError`, and what a tile raises."""
        with self._client() as client:
            yield from self._results(client, work, tiles)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        try:
            client = self._distributed.Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise NoClusterError(f"no Dask cluster answers at {self.address}: {error}") from None
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            client.close()
            raise NoClusterError(f"the Dask cluster at {self.address} has no worker") from None
        with client:
            yield client

    def _results(self, client: Any, work: Work, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        # Keys of their own: what an earlier search left on the cluster under another engine is not asked for.
        run = secrets.token_hex(8)
        content = pickle.dumps(work)
        # A task and no scattered data: where the last worker that holds it dies, it is there again.
        shared = _submit(client, _same, content, key=f"antigone-work-{run}")
        digest = hashlib.sha256(content).hexdigest()
        asked: dict[Any, Tile] = {}
        coming = iter(tiles)
        results = self._distributed.as_completed(loop=client.loop)

        def ask() -> None:
            while len(asked) < AHEAD * max(1, sum(client.nthreads().values())):
                tile = next(coming, None)
                if tile is None:
                    return
                future = _submit(client, compute, digest, shared, pickle.dumps(tile.task), key=f"{tile.digest}-{run}")
                asked[future] = tile
                results.add(future)

        ask()
        for future in results:
            tile = asked.pop(future)
            try:
                result = future.result()
            except self._distributed.KilledWorker:
                raise TileLostError(tile, ATTEMPTS) from None
            ask()
            yield tile, result


def _submit(client: Any, *arguments: Any, key: str) -> Any:
    with warnings.catch_warnings():
        # Profiles of a country are large, and are sent once.
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        return client.submit(*arguments, key=key)


def _same(content: bytes) -> bytes:
    return content


def compute(digest: str, work: bytes, task: bytes) -> bytes:
    """What a worker does; the work is made ready once, for all its threads."""
    return _ready(digest, work)(pickle.loads(task))  # noqa: S301  # a cluster runs what its clients send


_readying = threading.Lock()
_made_ready: dict[str, Compute] = {}


def _ready(digest: str, work: bytes) -> Compute:
    with _readying:
        if digest not in _made_ready:
            _made_ready.clear()  # of one search at a time: it is large
            _made_ready[digest] = pickle.loads(work).begin()  # noqa: S301
        return _made_ready[digest]


@contextmanager
def local_cluster(workers: int) -> Iterator[str]:
    """A cluster of so many processes of this machine, that only this machine can reach; its address."""
    package = distributed()
    import dask

    settings = {
        "distributed.scheduler.worker-ttl": f"{LEASE:g} s",
        "distributed.scheduler.allowed-failures": ATTEMPTS - 1,
    }
    with (
        dask.config.set(settings),
        package.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
    ):
        yield cluster.scheduler_address
