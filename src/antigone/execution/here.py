"""Tiles in threads of this process."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from antigone.execution.tiles import Tile, Work


class Here:
    """So many threads; one computes without any."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads

    def run(self, work: Work, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        """Results in the order of the tiles; a few are computed ahead, so that memory stays bounded."""
        compute = work.begin()
        if self.threads == 1:
            yield from ((tile, compute(tile.task)) for tile in tiles)
            return
        pool = ThreadPoolExecutor(self.threads)
        try:
            waiting: deque[tuple[Tile, Future[bytes]]] = deque()
            for tile in tiles:
                waiting.append((tile, pool.submit(compute, tile.task)))
                if len(waiting) > self.threads:
                    yield _next(waiting)
            while waiting:
                yield _next(waiting)
        finally:
            pool.shutdown(cancel_futures=True)


def _next(waiting: deque[tuple[Tile, Future[bytes]]]) -> tuple[Tile, bytes]:
    tile, future = waiting.popleft()
    return tile, future.result()
