"""The office under power cuts: a day of its work, recorded once, and what must hold on every disk that is left."""
# ruff: noqa: E402  Django's models can be imported only once it is set up.

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

from antigone.office.database import connect, disconnect, sqlite

connect("default", sqlite(":memory:"))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antigone.casework.accounts.actions import AddDevice
from antigone.casework.agreements.actions import (
    ClaimMade,
    Days,
    ListPrisoner,
    Publication,
    RecordPrisonerList,
    RecordReturn,
    RecordStatement,
)
from antigone.casework.identifiers import new_identifier
from antigone.casework.journal import quarantine
from antigone.casework.journal.actions import WithdrawPerson
from antigone.casework.journal.office import Office
from antigone.casework.journal.performing import Request, approve, perform, perform_all, refuse, size
from antigone.casework.journal.verifying import record_digest, verify
from antigone.casework.journal.withdrawing import finish_withdrawals
from antigone.ledger.checkpoint import SigningKey
from antigone.office.configuration import Configuration
from antigone.office.keys import key_of, read_key
from antigone.office.opening import DATABASE, LOG_KEY, found_office, open_office
from crash_vfs import Acknowledged, Cut, Ran, Step, traced

KEYS = "subjects.db"
_DAY = date(2025, 6, 16)
_plain_connect = sqlite3.connect


def statement(name: str) -> RecordStatement:
    claim = ClaimMade(
        claim=f"{name}-1",
        about="transfer:T-1",
        agreement="A-1",
        kind="declared",
        quantity=1212,
        unit="bodies",
        direction="north to south",
        wording="said that so many would be handed over",
    )
    return RecordStatement(
        statement=name,
        days=Days(first=_DAY, last=_DAY),
        speaker="a spokesman",
        side="north",
        publications=(Publication(publisher="an agency", on=_DAY),),
        claims=(claim,),
    )


def prisoner(alias: str) -> ListPrisoner:
    return ListPrisoner(list="L-1", alias=alias, person_name=f"name of {alias}", born=date(1990, 1, 1))


def private(office: Office, actor: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key_of(office.directory, actor).seed)


@dataclass(frozen=True)
class Promise:
    """What was acknowledged: the content of the database, the keys of people, and keys that were destroyed."""

    content: str
    keys: dict[str, bytes]
    destroyed: frozenset[bytes]


@dataclass
class Day:
    """A day in an office: what it did to its databases, and what it promised after each step."""

    folder: Path
    steps: list[Step] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)

    def acknowledge(self) -> None:
        keys = keys_in(self.folder / KEYS)
        before = self.promises[-1] if self.promises else Promise("", {}, frozenset())
        destroyed = {key for subject, key in before.keys.items() if subject not in keys}
        content = content_of(self.folder / DATABASE)
        self.steps.append(Acknowledged(len(self.promises)))
        self.promises.append(Promise(content, keys, before.destroyed | destroyed))


def content_of(path: Path) -> str:
    """A digest of every row of every table."""
    digest = hashlib.sha256()
    with closing(_plain_connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for table, sql in connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall():
            digest.update(repr((table, sql)).encode())
            if sql and sql.startswith("CREATE TABLE"):
                for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid'):  # noqa: S608
                    digest.update(repr(row).encode())
    return digest.hexdigest()


def keys_in(path: Path) -> dict[str, bytes]:
    with closing(_plain_connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        rows = connection.execute("SELECT subject, key, salt FROM subject_key").fetchall()
        return {subject: key + salt for subject, key, salt in rows}


def recorded_day(folder: Path, source: Path) -> Day:
    """Founded, single actions, small batches, approvals, a refusal, personal parts, a withdrawal, an import."""
    day = Day(folder)
    source.write_text("a file of statements\n", encoding="utf-8")
    with traced(day.steps):
        office = found_office(folder, Configuration("practice.invalid/power", True, "sqlite"))
        day.acknowledge()
        key = private(office, "second")
        for done in _work(office, key, source):
            done()
            day.acknowledge()
        # The office is closed and opened again: its write-ahead log is written back and removed.
        disconnect("default")
        office = open_office(folder)
        for name in ("S-80", "S-81", "S-82"):
            perform(office, statement(name), by="first")
            day.acknowledge()
        assert verify(office).problems == []
        disconnect("default")
    return day


def _work(office: Office, key: Ed25519PrivateKey, source: Path) -> list[Callable[[], object]]:
    def batch(first: int, last: int) -> list[Request]:
        return [Request(statement(f"S-{k}"), new_identifier()) for k in range(first, last)]

    def people(first: int, last: int) -> list[Request]:
        return [Request(prisoner(f"P-{k}"), new_identifier()) for k in range(first, last)]

    returned = RecordReturn(list="L-1", alias="P-1", returned_on=_DAY, verified_by="a nurse")
    device, unwanted, gone = (new_identifier() for _ in range(3))
    waiting: list[UUID] = []

    def put() -> None:
        incoming = [quarantine.Incoming(one.action, source.name, k) for k, one in enumerate(batch(60, 66), 2)]
        waiting.append(quarantine.put(office, "claims", source, incoming, by="first"))

    return [
        lambda: perform(office, statement("S-1"), by="first"),
        lambda: perform(office, statement("S-2"), by="second"),
        lambda: perform(office, RecordPrisonerList(list="L-1", side="south", day=_DAY), by="first"),
        lambda: perform(office, prisoner("P-1"), by="first"),
        lambda: perform_all(office, batch(10, 22), by="first"),
        lambda: perform_all(office, people(10, 14), by="first"),
        lambda: perform(office, AddDevice(device="tablet", title="at the border"), by="first", id=device),
        lambda: approve(office, device, by="second", key=key),
        lambda: perform(office, AddDevice(device="other", title="not wanted"), by="first", id=unwanted),
        lambda: refuse(office, unwanted, by="second", why="there is one"),
        lambda: perform(office, WithdrawPerson(subject="P-11", ground="asked for it"), by="first", id=gone),
        lambda: approve(office, gone, by="second", key=key),
        lambda: finish_withdrawals(office),
        lambda: perform(office, returned, by="first"),
        put,
        lambda: quarantine.accept(office, waiting[0], by="second", key=key),
        lambda: record_digest(office, size(office)),
        lambda: perform(office, prisoner("P-40"), by="second"),
    ]  # fmt: skip


# ---- What must hold afterwards ----


@dataclass
class Judge:
    """Looks at what power cuts left, and counts what it saw."""

    day: Day
    folder: Path
    verify_every: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.place = {promise.content: number for number, promise in enumerate(self.day.promises)}
        self.log_key: SigningKey = read_key(self.day.folder / LOG_KEY)
        self.folder.mkdir()
        (self.folder / "log.vkey").write_bytes((self.day.folder / "log.vkey").read_bytes())

    def judge(self, cuts: Iterable[Cut]) -> Counter[str]:
        """How many cuts left the office `whole`, and how many left what else."""
        for cut in cuts:
            self.seen[self._one(cut)] += 1
        return self.seen

    def _one(self, cut: Cut) -> str:
        for old in self.folder.glob("*.db*"):
            old.unlink()
        for name, data in cut.files.items():
            (self.folder / name).write_bytes(data)
        try:
            return self._main(cut)
        except sqlite3.DatabaseError:
            return "corrupt"

    def _main(self, cut: Cut) -> str:
        if cut.acknowledged < 0 and DATABASE not in cut.files:
            return "whole"
        path = self.folder / DATABASE
        with closing(_plain_connect(path)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return "corrupt"
        if cut.acknowledged < 0:
            return "whole"
        number = self.place.get(content_of(path))
        if number is None:
            return "half"
        if number < cut.acknowledged:
            return "lost"
        return self._keys(cut, number)

    def _keys(self, cut: Cut, number: int) -> str:
        """Whoever has a part in the database has the key; whose key was destroyed, has none, on no sector."""
        promised = self.day.promises[cut.acknowledged]
        for data in cut.files.values():
            if any(key[:32] in data or key[32:] in data for key in promised.destroyed):
                return "key back"
        if KEYS not in cut.files or not self.day.promises[number].keys.items() <= keys_in(self.folder / KEYS).items():
            return "key lost"
        if self.verify_every and sum(self.seen.values()) % self.verify_every == 0:
            return self._verified()
        return "whole"

    def _verified(self) -> str:
        connect("default", sqlite(self.folder / DATABASE))
        try:
            office = Office(self.folder, origin="practice.invalid/power", practice=True, log_key=self.log_key)
            finish_withdrawals(office)
            self.seen["verified"] += 1
            return "whole" if not verify(office).problems else "not verified"
        finally:
            disconnect("default")


def swapped_opening(steps: Sequence[Step]) -> list[Step]:
    """The same day with the write-ahead log asked for before `synchronous`."""
    result = list(steps)
    first: dict[int, int] = {}
    for index, step in enumerate(steps):
        if isinstance(step, Ran) and step.sql.startswith("PRAGMA synchronous="):
            first.setdefault(step.connection, index)
        elif isinstance(step, Ran) and step.sql.startswith("PRAGMA journal_mode=") and step.connection in first:
            before = first.pop(step.connection)
            result[before], result[index] = step, steps[before]
    return result
