"""Rebuild: the whole journal replayed into empty tables, and the canonical dump by which two sets are compared.

Replay calls `apply` of each entry's own version and never `check`. A personal part that is gone arrives as `ERASED`.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connections

from antigone.casework.action import Action, Written
from antigone.casework.journal.errors import JournalError
from antigone.casework.journal.models import Entry
from antigone.casework.journal.office import Office
from antigone.casework.journal.performing import Done, action_of, decide, entered, opened_parts
from antigone.casework.journal.tables import DatabaseTables, projections
from antigone.ledger.canonical import canonical_bytes, parsed

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the journal says."""

    table: str
    key: str
    here: str | None  # canonical row in the office's tables; None where it is missing
    replayed: str | None

    def __str__(self) -> str:
        if self.here is None:
            return f"{self.table} {self.key}: missing; the journal says {self.replayed}"
        if self.replayed is None:
            return f"{self.table} {self.key}: no entry made it: {self.here}"
        return f"{self.table} {self.key}: is {self.here}; the journal says {self.replayed}"


class _Replay:
    """Stands for the office while its journal is replayed into other tables."""

    def __init__(self, tables: DatabaseTables) -> None:
        self.tables = tables


def replay(office: Office, into: DatabaseTables, progress: Callable[[int], None] | None = None) -> int:
    """Replay every entry into empty tables; returns how many there were."""
    stand_in = _Replay(into)
    waiting: dict[UUID, tuple[int, Action]] = {}
    count = 0
    for batch in _batches(Entry.objects.using(office.using).order_by("seq").iterator(chunk_size=_BATCH)):
        parts = opened_parts(office, [row.seq for row in batch])
        for row in batch:
            if row.seq != count:
                raise JournalError(f"entry {count} is missing: the next one is {row.seq}")
            _replay_one(stand_in, parsed(bytes(row.public)), parts.get(row.seq, {}), waiting)
            count += 1
        into.flush()  # so that what waits in memory does not grow with the journal
        if progress:
            progress(count)
    return count


def _replay_one(
    stand_in: _Replay,
    public: dict[str, Any],
    parts: dict[str, dict[str, Any]],
    waiting: dict[UUID, tuple[int, Action]],
) -> None:
    done = Done(public["seq"], UUID(public["id"]), public["kind"], public["outcome"])
    written = Written(done.seq, done.id, public["actor"], public["at"])
    if done.kind in ("approval", "refusal"):
        proposal = UUID(public["payload"]["proposal"])
        if proposal not in waiting:
            raise JournalError(f"entry {done.seq} decides proposal {proposal}, which is not open before it")
        _, action = waiting.pop(proposal)
        if done.kind == "approval":
            action.apply(stand_in.tables, written)
        decide(stand_in, proposal, "approved" if done.kind == "approval" else "refused", written.actor, done.seq)
        return
    action = action_of(public, parts)
    entered(stand_in.tables, done, action, by=written.actor, why=public.get("why"))
    if done.kind == "proposal":
        waiting[done.id] = (done.seq, action)
    elif done.outcome == "applied":
        action.apply(stand_in.tables, written)


def _batches(rows: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def dump(using: str) -> Iterator[tuple[str, str, bytes]]:
    """Table, key and canonical bytes of every row of every projection, in one order on every database."""
    for table in projections():
        names = [field.attname for field in table._meta.concrete_fields]  # noqa: SLF001  Django's public name
        at = names.index(table._meta.pk.attname)  # noqa: SLF001
        rows = []
        for values in table._default_manager.using(using).values_list(*names).iterator(chunk_size=2000):  # noqa: SLF001
            plain = [_PLAIN.get(type(value), _same)(value) for value in values]
            rows.append((str(plain[at]), canonical_bytes(dict(zip(names, plain, strict=True)))))
        for key, row_bytes in sorted(rows):
            yield table._meta.db_table, key, row_bytes  # noqa: SLF001


def dump_digest(using: str) -> str:
    """SHA-256 over the canonical dump."""
    digest = hashlib.sha256()
    for table, _key, row in dump(using):
        digest.update(table.encode() + b"\0" + row + b"\n")
    return digest.hexdigest()


def differences(here: str, replayed: str) -> Iterator[Difference]:
    """Row by row what two sets of tables do not agree on."""
    ours = {(table, key): row for table, key, row in dump(here)}
    for table, key, row in dump(replayed):
        mine = ours.pop((table, key), None)
        if mine != row:
            yield Difference(table, key, None if mine is None else mine.decode(), row.decode())
    for (table, key), row in ours.items():
        yield Difference(table, key, row.decode(), None)


def _same(value: Any) -> Any:
    return value


# What databases answer that JSON has no word for.
_PLAIN: dict[type, Callable[[Any], Any]] = {
    UUID: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    bytes: bytes.hex,
    memoryview: memoryview.hex,
}


def rebuild_in_place(office: Office, progress: Callable[[int], None] | None = None) -> int:
    """Empty the tables and replay, in one transaction; returns the number of entries."""
    with office.writing():
        with _erasures_may_go(office):
            for table in projections():
                table._default_manager.using(office.using).all()._raw_delete(office.using)  # noqa: SLF001  no collecting
        return replay(office, office.tables, progress)


@contextmanager
def _erasures_may_go(office: Office) -> Iterator[None]:
    """Erasures are guarded by triggers; for this transaction alone they are lifted."""
    with connections[office.using].cursor() as cursor:
        if office.on_sqlite:
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'journal_erasure_no_delete'")
            row = cursor.fetchone()
            if row:
                cursor.execute("DROP TRIGGER journal_erasure_no_delete")
            yield
            if row:
                cursor.execute(row[0])
        else:
            cursor.execute("ALTER TABLE journal_erasure DISABLE TRIGGER USER")
            yield
            cursor.execute("ALTER TABLE journal_erasure ENABLE TRIGGER USER")
