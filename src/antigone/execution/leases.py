"""Which tile is whose, and until when: a worker that dies or falls silent loses its tile to another."""

from collections import Counter, deque
from collections.abc import Callable


class Leases:
    """Tiles 0 … count − 1, each handed out until it is finished.

    A holder keeps a tile for `seconds` from the last sign of life. `now` is a clock that never goes back.
    """

    def __init__(self, count: int, *, seconds: float, now: Callable[[], float]) -> None:
        self.seconds, self._now = seconds, now
        self._waiting = deque(range(count))
        self._unfinished = set(range(count))
        self._held: dict[int, tuple[int, float]] = {}  # by holder: the tile, and until when
        self._attempts: Counter[int] = Counter()

    @property
    def done(self) -> bool:
        """Whether every tile is finished."""
        return not self._unfinished

    @property
    def waiting(self) -> bool:
        """Whether there is a tile that nobody holds."""
        return any(tile in self._unfinished for tile in self._waiting)

    def hand_out(self, holder: int) -> int | None:
        """A tile for somebody who holds none; None where none is left."""
        while self._waiting:
            tile = self._waiting.popleft()
            if tile in self._unfinished:  # a result may have come late
                self._held[holder] = tile, self._now() + self.seconds
                self._attempts[tile] += 1
                return tile
        return None

    def attempts(self, tile: int) -> int:
        """How often a tile was handed out."""
        return self._attempts[tile]

    def renew(self, holder: int) -> None:
        """A sign of life."""
        if holder in self._held:
            tile, _ = self._held[holder]
            self._held[holder] = tile, self._now() + self.seconds

    def finish(self, holder: int, tile: int) -> None:
        """A result came, perhaps from somebody who had lost the tile."""
        self._unfinished.discard(tile)
        if self._held.get(holder, (None,))[0] == tile:
            del self._held[holder]

    def lose(self, holder: int) -> int | None:
        """The holder is gone; the tile that was held, if any, is the next to be handed out."""
        tile, _ = self._held.pop(holder, (None, 0.0))
        if tile is not None and tile in self._unfinished:
            self._waiting.appendleft(tile)
            return tile
        return None

    def expired(self) -> tuple[int, ...]:
        """Holders who have given no sign of life for too long."""
        now = self._now()
        return tuple(holder for holder, (_, until) in self._held.items() if until < now)
