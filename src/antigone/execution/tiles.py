"""A tile of work, who can run it, and what can go wrong with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Compute = Callable[[Any], bytes]


@dataclass(frozen=True, slots=True)
class Tile:
    """One piece of work. `digest` is the SHA-256 of all its input, `what` says in words what it is.

    `task` is what a `Work` computes from; it can be pickled.
    """

    digest: str
    what: str
    task: Any

    def __str__(self) -> str:
        return f"tile {self.digest[:12]} ({self.what})"


class Work(Protocol):
    """What all tiles of a run have in common. It can be pickled, and is made ready once by whoever computes."""

    def begin(self) -> Compute:
        """A function from the `task` of a tile to its result, the same bytes each time; threads may share it."""


class TileExecutor(Protocol):
    """Who computes tiles."""

    def run(self, work: Work, tiles: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
        """Results in whatever order they come; the same may come twice. What a tile raises is raised.

        Closing the iterator stops the work.
        """


class TileError(Exception):
    """Something about the running of tiles, not about what they compute."""


class TileLostError(TileError):
    """A tile whose workers died or fell silent, as often as was allowed."""

    def __init__(self, tile: object, attempts: int) -> None:
        super().__init__(
            f"{tile} was given up: {attempts} workers in turn died or fell silent over it. It may need more memory "
            "than there is; what other tiles found is kept if --tiles was given."
        )


class TileConflictError(TileError):
    """One tile, two results: something is not deterministic, or was tampered with. Neither may be believed."""

    def __init__(self, tile: object, one: str, other: str) -> None:
        super().__init__(f"{tile} has two results that differ (SHA-256 {one} and {other}). No result may be used.")


class OtherEngineError(TileError):
    """A worker that would compute with another engine than the one that asks."""

    def __init__(self, asked: Mapping[str, str], here: Mapping[str, str]) -> None:
        super().__init__(asked, here)

    def __str__(self) -> str:
        asked, here = self.args
        differing = [
            f"{name} {asked.get(name)} of the search, {here.get(name)} of the worker"
            for name in dict.fromkeys((*asked, *here))
            if asked.get(name) != here.get(name)
        ]
        return f"a worker has another engine than the search: {'; '.join(differing)}"
