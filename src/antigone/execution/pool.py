"""Tiles in processes of this machine. One that dies or falls silent is replaced, and its tile is run again.

Python's own pools break as a whole when one process is killed, so these are ours: a thread for each process waits for
what it says, and one thread decides. A process that is stopped (SIGSTOP), or hangs without a sign of life, loses its
lease and is killed.
"""

import itertools
import multiprocessing
import pickle
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from antigone.execution.leases import Leases
from antigone.execution.tiles import Tile, TileLostError, Work
from antigone.execution.worker import ALIVE, DONE, FAILED, serve

# Seconds. A sign of life every few of them; a lease outlasts a machine that is very busy.
HEARTBEAT, LEASE = 2.0, 60.0
# How many workers in turn may die over one tile.
ATTEMPTS = 3

_GONE = "gone"

# New processes start afresh: threads and locks of this one are not copied.
_processes = multiprocessing.get_context("spawn")


@dataclass(eq=False)
class _Worker:
    """A process, and the thread that speaks with it."""

    number: int
    process: BaseProcess
    connection: Connection
    inbox: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)
    busy: bool = False

    def converse(self, work: bytes, events: "queue.SimpleQueue[tuple[_Worker, tuple[Any, ...]]]") -> None:
        """Give the work, then tile by tile; tell of all that is said, and of the end."""
        try:
            self.connection.send_bytes(work)
            while (task := self.inbox.get()) is not None:
                self.connection.send_bytes(task)
                said = (ALIVE,)
                while said[0] == ALIVE:
                    said = self.connection.recv()
                    events.put((self, said))
        except (EOFError, OSError):
            events.put((self, (_GONE,)))
        finally:
            self.connection.close()

    def end(self) -> None:
        """Kill it: it holds nothing that would be lost."""
        self.process.kill()
        self.process.join()
        self.inbox.put(None)


class ProcessPool:
    """So many processes. `lease` and `heartbeat` are in seconds; see `ATTEMPTS`."""

    def __init__(
        self, processes: int, *, lease: float = LEASE, heartbeat: float = HEARTBEAT, attempts: int = ATTEMPTS
    ) -> None:
        self.processes, self.lease, self.heartbeat, self.attempts = processes, lease, heartbeat, attempts
        self._workers: dict[int, _Worker] = {}

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that hold a tile now."""
        return tuple(one.process.pid for one in self._workers.values() if one.busy and one.process.pid is not None)

    def run(self, work: Work, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        """Results as they come. Raises `TileLostError`, and what a tile raises."""
        run = _Run(self, pickle.dumps(work), tiles, self._workers)
        try:
            yield from run.results()
        finally:
            run.end()


class _Run:
    """One run of some tiles."""

    def __init__(self, pool: ProcessPool, work: bytes, tiles: Sequence[Tile], workers: dict[int, _Worker]) -> None:
        self.pool, self.work, self.tiles, self.workers = pool, work, tiles, workers
        self.leases = Leases(len(tiles), seconds=pool.lease, now=time.monotonic)
        self.events: queue.SimpleQueue[tuple[_Worker, tuple[Any, ...]]] = queue.SimpleQueue()
        self.numbers = itertools.count()

    def results(self) -> Iterator[tuple[Tile, bytes]]:
        while not self.leases.done:
            self._hand_out()
            with suppress(queue.Empty):
                yield from self._heard(*self.events.get(timeout=self.pool.heartbeat))
            for number in self.leases.expired():
                self._lost(self.workers[number])

    def _hand_out(self) -> None:
        """A tile for each worker without one; workers are started while there are tiles for them."""
        for worker in [*self.workers.values()]:
            if not worker.busy:
                self._give(worker)
        while self.leases.waiting and len(self.workers) < self.pool.processes:
            self._give(self._start())

    def _give(self, worker: _Worker) -> None:
        tile = self.leases.hand_out(worker.number)
        if tile is not None:
            worker.busy = True
            worker.inbox.put(pickle.dumps((tile, self.tiles[tile].task)))

    def _start(self) -> _Worker:
        mine, its = _processes.Pipe()
        process = _processes.Process(target=serve, args=(its, self.pool.heartbeat), daemon=True)
        process.start()
        its.close()  # so that the pipe ends with the process
        worker = _Worker(next(self.numbers), process, mine)
        threading.Thread(target=worker.converse, args=(self.work, self.events), daemon=True).start()
        self.workers[worker.number] = worker
        return worker

    def _heard(self, worker: _Worker, said: tuple[Any, ...]) -> Iterator[tuple[Tile, bytes]]:
        kind, *rest = said
        if kind == ALIVE:
            self.leases.renew(worker.number)
        elif kind == DONE:
            number, result = rest
            self.leases.finish(worker.number, number)
            worker.busy = False
            self._hand_out()  # before whoever asked looks at the result
            yield self.tiles[number], result
        elif kind == FAILED:
            raise rest[0]
        else:
            self._lost(worker)

    def _lost(self, worker: _Worker) -> None:
        """A worker died, or its lease ran out: it is killed, and its tile is handed out again."""
        worker.end()
        self.workers.pop(worker.number, None)
        tile = self.leases.lose(worker.number)
        if tile is not None and self.leases.attempts(tile) >= self.pool.attempts:
            raise TileLostError(self.tiles[tile], self.pool.attempts)

    def end(self) -> None:
        """Nobody is left behind, whatever ended the run."""
        for worker in self.workers.values():
            worker.end()
        self.workers.clear()
