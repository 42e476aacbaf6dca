"""Power cuts without a power cut: what SQLite writes is recorded, and every disk that a cut could leave is built.

An office is run once, for real, and every SQL statement of its two databases is traced (`traced`). The statements are
then run again through APSW on a VFS that records writes, truncations, syncs and changes of the directory (`replayed`).
From the record follow the disks that a power cut may leave at any moment (`power_cuts`), under strict POSIX: what was
not synced is kept, dropped or torn by sector, write by write; a file that was made or removed without a sync of its
directory may be missing or back.
"""

import random
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apsw

SECTOR = 512

# ---- What the office does: statements, and what it acknowledged in between ----


@dataclass(frozen=True)
class Opened:
    connection: int
    file: str


@dataclass(frozen=True)
class Ran:
    connection: int
    sql: str


@dataclass(frozen=True)
class Closed:
    connection: int


@dataclass(frozen=True)
class Acknowledged:
    """From here on this is promised."""

    number: int


Step = Opened | Ran | Closed | Acknowledged


@contextmanager
def traced(steps: list[Step]) -> Iterator[None]:
    """Every statement, with its values, of every file that is opened by `sqlite3` meanwhile.

    SQLite tells a statement again for each trigger that it fires; what is told twice in a row ran once.
    """
    numbers = iter(range(10**9))

    class Traced(sqlite3.Connection):
        def __init__(self, database: Any, *arguments: Any, **options: Any) -> None:
            super().__init__(database, *arguments, **options)
            self.number = None if str(database) == ":memory:" else next(numbers)
            if self.number is not None:
                steps.append(Opened(self.number, Path(database).name))
                self.set_trace_callback(self.ran)

        def ran(self, sql: str) -> None:
            if steps[-1] != (step := Ran(self.number, sql)):
                steps.append(step)

        def close(self) -> None:
            if self.number is not None:
                self.set_trace_callback(None)
                steps.append(Closed(self.number))
                self.number = None
            super().close()

    plain = sqlite3.connect

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return plain(*arguments, **options, factory=Traced)

    with patch.object(sqlite3, "connect", connect), patch.object(sqlite3.dbapi2, "connect", connect):
        yield


# ---- What the disk is asked to do ----


@dataclass(frozen=True)
class Made:
    name: str
    inode: int


@dataclass(frozen=True)
class Removed:
    name: str


@dataclass(frozen=True)
class Wrote:
    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True)
class Truncated:
    inode: int
    size: int


@dataclass(frozen=True)
class Synced:
    inode: int


@dataclass(frozen=True)
class SyncedDirectory:
    by_log: bool  # with the first sync of a journal or log, not with a deletion


Event = Made | Removed | Wrote | Truncated | Synced | SyncedDirectory | Acknowledged

_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_SUPER_JOURNAL


class RecordingVFS(apsw.VFS):
    """Passes everything to the system's files and tells it, but never really syncs."""

    def __init__(self, name: str, events: list[Event]) -> None:
        self.events = events
        self.inodes: dict[str, int] = {}
        self._next = 0
        super().__init__(name, "")

    def inode(self, name: str) -> int:
        if name not in self.inodes:
            self._next += 1
            self.inodes[name] = self._next
            self.events.append(Made(name, self._next))
        return self.inodes[name]

    def xOpen(self, name: Any, flags: list[int]) -> "RecordingFile":  # noqa: N802  SQLite's name
        return RecordingFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, False)
        name = Path(filename).name
        if self.inodes.pop(name, None) is not None:
            self.events.append(Removed(name))
        if syncdir:
            self.events.append(SyncedDirectory(by_log=False))


class RecordingFile(apsw.VFSFile):
    def __init__(self, vfs: RecordingVFS, name: Any, flags: list[int]) -> None:
        self.events = vfs.events
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        made = flags[0] & apsw.SQLITE_OPEN_CREATE
        super().__init__("", name, flags)
        self.inode = vfs.inode(Path(path).name)
        # As SQLite's own unixOpen and unixSync: the first sync of a journal or log syncs its directory too.
        self.sync_directory = bool(made and flags[0] & _JOURNALS)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self.events.append(Wrote(self.inode, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self.events.append(Truncated(self.inode, newsize))

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802
        self.events.append(Synced(self.inode))
        if self.sync_directory:
            self.events.append(SyncedDirectory(by_log=True))
            self.sync_directory = False


def replayed(steps: Iterable[Step], folder: Path, change: Callable[[str], str] = str) -> list[Event]:
    """Run the statements again in an empty folder, each changed as asked; what the disk was asked to do."""
    events: list[Event] = []
    vfs = RecordingVFS(f"recording-{folder.name}", events)
    connections: dict[int, apsw.Connection] = {}
    try:
        for step in steps:
            match step:
                case Opened(connection, file):
                    connections[connection] = apsw.Connection(str(folder / file), vfs=f"recording-{folder.name}")
                case Ran(connection, sql):
                    for _ in connections[connection].execute(change(sql)):
                        pass
                case Closed(connection):
                    connections.pop(connection).close()
                case Acknowledged():
                    events.append(step)
    finally:
        for connection in connections.values():
            connection.close()
        vfs.unregister()
    return events


def opened_with(**pragmas: str) -> Callable[[str], str]:
    """A change of statements for `replayed`: other values of these pragmas."""

    def change(sql: str) -> str:
        for name, value in pragmas.items():
            sql = re.sub(rf"^PRAGMA {name}\s*=\s*\w+$", f"PRAGMA {name}={value}", sql)
        return sql

    return change


# ---- What a power cut leaves ----


@dataclass
class _Inode:
    durable: bytearray = field(default_factory=bytearray)
    pending: list[Wrote | Truncated] = field(default_factory=list)


@dataclass(frozen=True)
class Cut:
    """The files after a power cut at some event, and how much had been acknowledged before it (−1: nothing)."""

    at: int
    files: dict[str, bytes]
    acknowledged: int


class _Disk:
    """What is safe, and what is not yet.

    On a `lazy` disk the sync that SQLite gives a directory with a new log makes that log's own name safe and no other:
    a file that was removed before may come back until a deletion is synced for its own sake.
    """

    def __init__(self, *, lazy: bool) -> None:
        self.lazy = lazy
        self.inodes: dict[int, _Inode] = {}
        self.names: dict[str, int] = {}
        self.pending_names: list[tuple[str, int | None]] = []
        self.acknowledged = -1

    def take(self, event: Event) -> None:
        match event:
            case Made(name, inode):
                self.inodes[inode] = _Inode()
                self.pending_names.append((name, inode))
            case Removed(name):
                self.pending_names.append((name, None))
            case Wrote(inode) | Truncated(inode):
                self.inodes[inode].pending.append(event)
            case Synced(inode):
                for one in self.inodes[inode].pending:
                    _apply(self.inodes[inode].durable, one)
                self.inodes[inode].pending.clear()
                if self.lazy:
                    self._settle_name(inode)
            case SyncedDirectory(by_log):
                if not (self.lazy and by_log):
                    _rename(self.names, self.pending_names)
                    self.pending_names.clear()
            case Acknowledged(number):
                self.acknowledged = number

    def _settle_name(self, inode: int) -> None:
        """A file that was made and synced stands under its name, with all that had happened to the name before."""
        for place, (name, made) in enumerate(self.pending_names):
            if made == inode:
                before, after = self.pending_names[: place + 1], self.pending_names[place + 1 :]
                _rename(self.names, [change for change in before if change[0] == name])
                self.pending_names = [change for change in before if change[0] != name] + after
                return

    def cut(self, at: int, rng: random.Random) -> Cut:
        """One of the disks that a power cut may leave now."""
        names = dict(self.names)
        # Each name keeps its own changes up to some point: between names a disk promises no order.
        for name in {name for name, _ in self.pending_names}:
            own = [change for change in self.pending_names if change[0] == name]
            _rename(names, own[: rng.randint(0, len(own))])
        files = {name: _left_of(self.inodes[inode], rng) for name, inode in names.items()}
        return Cut(at, files, self.acknowledged)


def _rename(names: dict[str, int], changes: Sequence[tuple[str, int | None]]) -> None:
    for name, inode in changes:
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def _apply(data: bytearray, operation: Wrote | Truncated) -> None:
    if isinstance(operation, Truncated):
        del data[operation.size :]
        data.extend(bytes(operation.size - len(data)))
        return
    end = operation.offset + len(operation.data)
    if len(data) < end:
        data.extend(bytes(end - len(data)))
    data[operation.offset : end] = operation.data


def _left_of(inode: _Inode, rng: random.Random) -> bytes:
    """What is safe, and of the rest everything, nothing, or some: write by write, or sector by sector."""
    data = bytearray(inode.durable)
    kept = rng.choice((0.0, 1.0, 0.5, 0.1, 0.9))
    torn = rng.random() < 0.5
    for one in inode.pending:
        pieces: Iterable[Wrote | Truncated] = _sectors(one) if torn and isinstance(one, Wrote) else (one,)
        for piece in pieces:
            if rng.random() < kept:
                _apply(data, piece)
    return bytes(data)


def _sectors(write: Wrote) -> Iterator[Wrote]:
    start, end = write.offset, write.offset + len(write.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield Wrote(write.inode, start, write.data[start - write.offset : stop - write.offset])
        start = stop


def power_cuts(events: Sequence[Event], count: int, seed: int, *, lazy: bool = False) -> Iterator[Cut]:
    """So many power cuts, in order of time: half of them anywhere, half right after something was acknowledged."""
    rng = random.Random(seed)  # noqa: S311  moments, not secrets
    after = [index + 1 for index, event in enumerate(events) if isinstance(event, Acknowledged)]
    moments = sorted(
        rng.randint(0, len(events)) if k % 2 or not after else min(len(events), rng.choice(after) + rng.randint(0, 3))
        for k in range(count)
    )
    disk, taken = _Disk(lazy=lazy), 0
    for moment in moments:
        for event in events[taken:moment]:
            disk.take(event)
        taken = moment
        yield disk.cut(moment, rng)
