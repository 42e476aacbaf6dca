"""An open office: its database, its keys, its name in checkpoints."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.db import connections, transaction

from antigone.casework.journal.models import Node
from antigone.casework.journal.subject_keys import SubjectKeys, truncate_log
from antigone.casework.journal.tables import DatabaseTables
from antigone.ledger.checkpoint import SigningKey
from antigone.ledger.merkle import Tree

LEVEL_BITS = 48  # bits of the index within a level


def now() -> str:
    """The office's clock, in UTC to the millisecond: a claim that stands in the entry, never an order."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class StoredNodes:
    """The tree's nodes in the database; new ones are written at `flush`."""

    def __init__(self, using: str) -> None:
        self.using = using
        self._fresh: dict[tuple[int, int], bytes] = {}
        self._seen: dict[tuple[int, int], bytes] = {}

    def get(self, level: int, index: int) -> bytes:
        """A stored node."""
        place = (level, index)
        if place in self._fresh:
            return self._fresh[place]
        if place not in self._seen:
            row = Node.objects.using(self.using).values_list("hash", flat=True).get(place=level << LEVEL_BITS | index)
            self._seen[place] = bytes(row)
            if len(self._seen) > 10_000:
                self._seen.clear()
                self._seen[place] = bytes(row)
        return self._seen[place]

    def expect(self, places: Iterable[tuple[int, int]]) -> None:
        """Read stored nodes at once that will be asked for one by one."""
        wanted = [level << LEVEL_BITS | index for level, index in places]
        for place, value in Node.objects.using(self.using).filter(place__in=wanted).values_list("place", "hash"):
            self._seen[place >> LEVEL_BITS, place & (1 << LEVEL_BITS) - 1] = bytes(value)

    def put(self, items: Iterable[tuple[int, int, bytes]]) -> None:
        """New nodes: level, index, hash."""
        self._fresh.update({(level, index): value for level, index, value in items})

    def flush(self) -> None:
        """Write the new nodes."""
        fresh, self._fresh = self._fresh, {}
        # Two nodes for each entry of an import: rows without a Django object for each take a quarter of the time.
        with connections[self.using].cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {Node._meta.db_table} (place, hash) VALUES (%s, %s)",  # noqa: S608, SLF001  its own name
                [(level << LEVEL_BITS | index, value) for (level, index), value in fresh.items()],
            )
        self._seen |= fresh

    def forget(self) -> None:
        """Drop what was not written, and what was read: another process may have gone on."""
        self._fresh.clear()
        self._seen.clear()


class Office:
    """One office, open for reading and for performing actions."""

    def __init__(
        self,
        directory: Path,
        *,
        origin: str,
        practice: bool,
        log_key: SigningKey | None,
        using: str = "default",
        clock: Callable[[], str] = now,
    ) -> None:
        self.directory = directory
        self.origin = origin
        self.practice = practice
        self.log_key = log_key
        self.using = using
        self.clock = clock
        self.subject_keys = SubjectKeys(directory / "subjects.db")
        self.tables = DatabaseTables(using)
        self.nodes = StoredNodes(using)

    def tree(self, size: int) -> Tree:
        """The tree over the first `size` entries."""
        # What its root is made of is what appending asks for: the whole subtrees, one for each bit of the size.
        self.nodes.expect((level, (size >> level) - 1) for level in range(size.bit_length()) if size >> level & 1)
        return Tree(self.nodes, size)

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is SQLite."""
        return connections[self.using].vendor == "sqlite"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction, in which nobody else appends. What fails leaves nothing."""
        try:
            with transaction.atomic(using=self.using):
                if not self.on_sqlite:  # SQLite is opened so that every transaction begins as a writer's
                    with connections[self.using].cursor() as cursor:
                        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('antigone journal'))")
                yield
                self.tables.flush()
                self.nodes.flush()
        finally:
            self.tables.forget()
            self.nodes.forget()
            self.subject_keys.forget()

    def sweep(self) -> None:
        """Empty the write-ahead log of what was deleted. Raises `NotSweptError`."""
        if self.on_sqlite:

            def execute(sql: str) -> tuple[int, ...]:
                with connections[self.using].cursor() as cursor:
                    cursor.execute(sql)
                    return tuple(cursor.fetchone())

            truncate_log(execute, "antigone.db")
