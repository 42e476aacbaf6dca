"""Tiles run once each: what is kept already is not run again, what comes twice must be the same."""

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from antigone.execution.store import TileStore
from antigone.execution.tiles import Tile, TileConflictError, TileError, TileExecutor, Work

Progress = Callable[[int, int], None]


def run_tiles(
    work: Work,
    tiles: Sequence[Tile],
    executor: TileExecutor,
    *,
    store: TileStore | None = None,
    progress: Progress | None = None,
) -> Iterator[bytes]:
    """The result of each tile, in their order, whoever computed them and in whatever order they came.

    Results are kept in the `store` as they come, so that a search that was stopped goes on where it was. `progress` is
    told how many tiles are done, of how many. No two tiles have one digest. Raises `TileConflictError` where a tile has
    two results, and what a tile raises.
    """
    results = _Results(tiles, store)
    tell = progress or _nothing
    tell(len(results), len(tiles))
    todo = [tile for tile in tiles if not results.has(tile)]
    given = 0
    with closing(_computed(executor, work, todo)) as computed:
        for tile, result in computed:
            results.take(tile, result)
            tell(len(results), len(tiles))
            while given < len(tiles) and results.has(tiles[given]):
                yield results.give(tiles[given])
                given += 1
    for tile in tiles[given:]:
        if not results.has(tile):
            raise TileError(f"{tile} was not computed, and nobody said why. No result may be used.")
        yield results.give(tile)


def _nothing(_done: int, _of: int) -> None:
    """Nobody is told."""


def _computed(executor: TileExecutor, work: Work, tiles: Sequence[Tile]) -> Generator[tuple[Tile, bytes], None, None]:
    if tiles:  # nobody is started for nothing
        yield from executor.run(work, tiles)


class _Results:
    """What came: in the store where there is one, else in memory until it is asked for."""

    def __init__(self, tiles: Sequence[Tile], store: TileStore | None) -> None:
        self._store = store
        self._waiting: dict[str, bytes] = {}
        self._digests: dict[str, str] = {}  # SHA-256 of each result, by the digest of its tile
        for tile in tiles if store is not None else ():
            result = store.get(tile.digest)  # type: ignore[union-attr]
            if result is not None:
                self._digests[tile.digest] = _sha256(result)

    def __len__(self) -> int:
        return len(self._digests)

    def has(self, tile: Tile) -> bool:
        return tile.digest in self._digests

    def take(self, tile: Tile, result: bytes) -> None:
        digest = _sha256(result)
        earlier = self._digests.get(tile.digest)
        if earlier is not None:
            if earlier != digest:
                raise TileConflictError(tile, earlier, digest)
            return
        if self._store is None:
            self._waiting[tile.digest] = result
        else:
            self._store.put(tile.digest, result)
        self._digests[tile.digest] = digest

    def give(self, tile: Tile) -> bytes:
        """Once."""
        result = self._waiting.pop(tile.digest) if self._store is None else self._store.get(tile.digest)
        if result is None or _sha256(result) != self._digests[tile.digest]:
            raise TileError(f"the result of {tile} was changed or taken away while the search ran; start it again")
        return result


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
