"""The keys and salts of people in the record, in a file of their own outside the database.

Each person has a key, under which personal fields are encrypted, and a salt, with which they are committed. Destroying
both is what a withdrawal does: what is left in any old copy of the database cannot be read or guessed any more.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from antigone.ledger.canonical import canonical_bytes, parsed

# EXTRA before WAL: with the opposite order a power cut can bring the old journal back (SAFETY §2, measured).
_OPENING = (
    "PRAGMA synchronous=EXTRA",
    "PRAGMA journal_mode=WAL",
    "PRAGMA secure_delete=ON",
    "PRAGMA busy_timeout=5000",
)
_TABLE = (
    "CREATE TABLE IF NOT EXISTS subject_key (subject TEXT PRIMARY KEY, key BLOB NOT NULL, salt BLOB NOT NULL) STRICT"
)
_NONCE = 12
_SWEEPS = 20
_SWEEP_WAITS = 100  # milliseconds


class NotSweptError(RuntimeError):
    """Destroyed keys or deleted parts may still stand in a write-ahead log, because somebody is reading."""


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """One person's key and salt."""

    key: bytes
    salt: bytes

    def sealed(self, value: Mapping[str, object], context: str) -> bytes:
        """Encrypted with AES-256-GCM, bound to its place in the record."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, canonical_bytes(dict(value)), context.encode())

    def opened(self, sealed: bytes, context: str) -> dict[str, object]:
        """What was sealed. Raises `cryptography.exceptions.InvalidTag` where it was changed or moved."""
        plain = AESGCM(self.key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        value = parsed(plain)
        if not isinstance(value, dict):
            raise TypeError("a part is an object")
        return value


class SubjectKeys:
    """The file of keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, SubjectKey] = {}
        self._prepared: dict[str, SubjectKey] = {}
        self._absent: set[str] = set()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        fresh = not self.path.exists()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in _OPENING:
                connection.execute(statement)
            if fresh:
                connection.execute(_TABLE)
                self.path.chmod(0o600)
            yield connection

    def create(self) -> None:
        """An empty file, where there is none."""
        with self._open():
            pass

    def get(self, subjects: Iterable[str]) -> dict[str, SubjectKey]:
        """Keys of those who have one; the withdrawn have none."""
        wanted = set(subjects)
        missing = wanted - self._known.keys()
        if missing:
            with self._open() as connection:
                for subject in missing:
                    row = connection.execute(
                        "SELECT key, salt FROM subject_key WHERE subject = ?", (subject,)
                    ).fetchone()
                    if row:
                        self._known[subject] = SubjectKey(*row)
        return {subject: self._known[subject] for subject in wanted if subject in self._known}

    def all(self) -> dict[str, SubjectKey]:
        """Every key; for `verify` and backups."""
        with self._open() as connection:
            rows = connection.execute("SELECT subject, key, salt FROM subject_key").fetchall()
        self._known = {subject: SubjectKey(key, salt) for subject, key, salt in rows}
        return dict(self._known)

    def subjects(self) -> set[str]:
        """Everybody who has a key."""
        with self._open() as connection:
            return {subject for (subject,) in connection.execute("SELECT subject FROM subject_key")}

    def sweep(self) -> None:
        """Empty the log of this file. Raises `NotSweptError`."""
        with self._open() as connection:
            truncate_log(lambda sql: connection.execute(sql).fetchone(), self.path.name)

    def expect(self, subjects: Iterable[str]) -> None:
        """Look up at once who has a key, for a transaction that will ask for them one by one."""
        wanted = set(subjects)
        self._absent |= wanted - self.get(wanted).keys()

    def prepare(self, subjects: Iterable[str]) -> dict[str, SubjectKey]:
        """Keys for these people, made where they have none. The new ones are nowhere but in memory until `keep`."""
        wanted = list(dict.fromkeys(subjects))
        found = {subject: self._prepared[subject] for subject in wanted if subject in self._prepared}
        found |= self.get(subject for subject in wanted if subject not in found and subject not in self._absent)
        for subject in wanted:
            if subject not in found:
                found[subject] = SubjectKey(secrets.token_bytes(32), secrets.token_bytes(32))
                self._prepared[subject] = found[subject]
        return found

    def keep(self) -> None:
        """Make the prepared keys durable: before the entries that were made with them are."""
        if not self._prepared:
            return
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO subject_key VALUES (?, ?, ?)", [(s, k.key, k.salt) for s, k in self._prepared.items()]
            )
            connection.execute("COMMIT")
        self._known |= self._prepared
        self.forget()

    def forget(self) -> None:
        """Drop the keys that were prepared and not kept: nothing was made with them."""
        self._prepared.clear()
        self._absent.clear()

    def put(self, keys: Mapping[str, SubjectKey]) -> None:
        """Keys from a backup."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT OR IGNORE INTO subject_key VALUES (?, ?, ?)", [(s, k.key, k.salt) for s, k in keys.items()]
            )
            connection.execute("COMMIT")

    def destroy(self, subjects: Iterable[str]) -> None:
        """Key and salt are overwritten, in the log too. Raises `NotSweptError` where a reader holds the log open."""
        gone = list(subjects)
        for subject in gone:
            self._known.pop(subject, None)
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM subject_key WHERE subject = ?", [(subject,) for subject in gone])
            connection.execute("COMMIT")
            truncate_log(lambda sql: connection.execute(sql).fetchone(), str(self.path.name))


def truncate_log(execute: Callable[[str], tuple[int, ...]], name: str) -> None:
    """Write the log back and cut it to nothing, again until nobody reads it. Raises `NotSweptError`."""
    (waits,) = execute("PRAGMA busy_timeout")
    execute(f"PRAGMA busy_timeout={_SWEEP_WAITS}")
    try:
        for _ in range(_SWEEPS):
            busy, _pages, _done = execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if busy == 0:
                return
    finally:
        execute(f"PRAGMA busy_timeout={waits}")
    raise NotSweptError(
        f"{name}: another program is reading it, so the write-ahead log could not be emptied and may still hold what "
        "was withdrawn. Close the other program and run ‘antigone sweep’"
    )
