"""A small office that is built once and copied: actors of every role, keys that follow from names, a forger's tools."""
# ruff: noqa: E402  Django's models can be imported only once it is set up.

import base64
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connections, transaction

from antigone.ledger.canonical import canonical_bytes, parsed
from antigone.ledger.checkpoint import Checkpoint, SigningKey, signed
from antigone.ledger.merkle import leaf_hash
from antigone.office.configuration import Configuration
from antigone.office.database import connect, disconnect, migrate, sqlite
from antigone.office.keys import read_key
from antigone.office.opening import DATABASE, LOG_KEY, found_office, open_office
from postgresql import Server

connect("default", sqlite(":memory:"))

from antigone.casework.accounts.actions import AddActor, AddDevice, ChangeKey, RevokeActor, RevokeDevice
from antigone.casework.action import Action, Role
from antigone.casework.agreements.actions import (
    AnnounceTransfer,
    ClaimMade,
    Days,
    LinkTransfer,
    ListPrisoner,
    Publication,
    RecordAgreement,
    RecordObligation,
    RecordPrisonerList,
    RecordReturn,
    RecordStatement,
    RecordTalks,
)
from antigone.casework.journal.actions import AcceptImport, ResolveContested, WithdrawPerson
from antigone.casework.journal.models import Entry, Node, SignedCheckpoint
from antigone.casework.journal.office import Office, StoredNodes
from antigone.casework.journal.performing import Done, approve, perform, refuse
from antigone.casework.journal.replaying import differences, replay
from antigone.casework.journal.tables import DatabaseTables
from antigone.casework.journal.verifying import verify
from antigone.casework.journal.withdrawing import finish_withdrawals
from antigone.ledger.merkle import Tree

ORIGIN = "practice.invalid/small-office"
TABLET = "tablet"

# Three who may do everything, one for each role, and one who could do everything and was revoked.
EVERYTHING = tuple(Role)
CAST: dict[str, tuple[Role, ...]] = {
    "first": EVERYTHING,
    "second": EVERYTHING,
    "third": EVERYTHING,
    **{f"only-{role.value}": (role,) for role in Role},
    "gone": EVERYTHING,
}
REVOKED = ("gone",)


def signing_key(actor: str) -> SigningKey:
    """The key that follows from an actor's name; `name#2` is the same actor's second key."""
    return SigningKey(actor.partition("#")[0], hashlib.sha256(actor.encode()).digest())


def private(actor: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(signing_key(actor).seed)


def public(actor: str) -> str:
    return base64.b64encode(private(actor).public_key().public_bytes_raw()).decode()


def by_two(office: Office, action: Action, *, proposer: str = "first", approver: str = "second") -> Done:
    """Proposed by one and approved by another."""
    return approve(office, perform(office, action, by=proposer).id, by=approver, key=private(approver))


@dataclass
class Template:
    """An office that is copied for every test: on SQLite into memory, on PostgreSQL into a database of its own."""

    folder: Path
    server: Server | None = None
    database: str = ""

    @classmethod
    def build(
        cls, folder: Path, server: Server | None = None, then: Callable[[Office], None] | None = None
    ) -> "Template":
        """Found it, add everybody, do what is to be done, close it."""
        database = server.new_database() if server else ""
        address = server.address(database) if server else "sqlite"
        founders = {actor: signing_key(actor) for actor in ("first", "second")}
        office = found_office(folder, Configuration(ORIGIN, practice=True, database=address), founders)
        for actor, roles in CAST.items():
            if actor not in founders:
                by_two(office, AddActor(actor=actor, roles=roles, key=public(actor)))
        for actor in REVOKED:
            by_two(office, RevokeActor(actor=actor))
        by_two(office, AddDevice(device=TABLET, title="tablet at the border"))
        if then:
            then(office)
        disconnect("default")
        return cls(folder, server, database)

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Office]:
        """A fresh office in a folder that is not there yet, as Django's database `default`."""
        shutil.copytree(self.folder, folder)
        database = ""
        try:
            if self.server:
                database = self.server.new_database(self.database)
                opened = Configuration(ORIGIN, practice=True, database=self.server.address(database))
                opened.write(folder)
                yield open_office(folder)
            else:
                connect("default", sqlite(":memory:"))
                load(folder / DATABASE, "default")
                yield Office(folder, origin=ORIGIN, practice=True, log_key=read_key(folder / LOG_KEY))
        finally:
            disconnect("default")
            if self.server and database:
                self.server.drop(database)


def load(path: Path, alias: str) -> None:
    """An SQLite file into a database in memory."""
    connections[alias].ensure_connection()
    with closing(sqlite3.connect(path)) as file:
        file.backup(connections[alias].connection)


class Scratch:
    """Empty tables in memory, migrated once and emptied by loading them anew."""

    def __init__(self) -> None:
        connect("scratch-template", sqlite(":memory:"))
        migrate("scratch-template")

    def differences(self, office: Office) -> list[str]:
        """What a replay of the office's journal leaves, against what its tables hold."""
        connect("scratch", sqlite(":memory:"))
        try:
            connections["scratch"].ensure_connection()
            connections["scratch-template"].connection.backup(connections["scratch"].connection)
            replay(office, DatabaseTables("scratch"))
            return [str(one) for one in differences(office.using, "scratch")]
        finally:
            disconnect("scratch")

    def close(self) -> None:
        disconnect("scratch-template")


def problems(office: Office, **options: Any) -> list[str]:
    """What `verify` finds wrong."""
    return [str(problem) for problem in verify(office, **options).problems]


def last_checkpoint(office: Office) -> str:
    """What somebody else would have kept."""
    text: str = SignedCheckpoint.objects.using(office.using).order_by("-size").values_list("text", flat=True)[0]
    return text


DAY = date(2025, 6, 13)
NAME, BORN = "Kalliste Invented-Surname", date(1991, 2, 3)


def every_action(office: Office) -> None:
    """Every action once or more, so that no table is empty. P1 and P3 stay on record; P2 is withdrawn and erased.

    Its entries are frozen (`test_action_versions`): what is new comes at the end.
    """
    days = Days(first=DAY, last=DAY)
    by_two(office, AddActor(actor="newcomer", roles=(Role.RECORDER, Role.LIAISON), key=public("newcomer")))
    by_two(office, ChangeKey(actor="newcomer", key=public("newcomer#2")))
    by_two(office, AddActor(actor="passer-by", roles=(Role.AUDITOR,), key=public("passer-by")))
    by_two(office, RevokeActor(actor="passer-by"))
    by_two(office, AddDevice(device="scanner", title="scanner at the border"))
    by_two(office, RevokeDevice(device="scanner"))
    for action in (
        RecordAgreement(agreement="accord", title="The accord", days=days, place="Harbour Town"),
        RecordObligation(
            agreement="accord", kind="remains", giver="A", receiver="B", quantity=6000, unit="bodies", term="by autumn",
            called="exchange", called_by="A",
        ),
        RecordTalks(round=2, days=days, place="Harbour Town", parties=("A", "B"), agreement="accord"),
        AnnounceTransfer(transfer="T1", days=days, place="the bridge"),
        LinkTransfer(transfer="T1", agreement="accord", ground="the day that the accord names"),
        RecordStatement(
            statement="S1", days=days, speaker="Headquarters", quoting="the envoy", side="B", digest="a" * 64,
            publications=(Publication(publisher="Gazette", on=DAY),),
            claims=(
                ClaimMade(
                    claim="C1", about="transfer:T2", agreement="accord", kind="received", quantity=1200, unit="bodies",
                    direction="to B", wording="we received 1,200 bodies",
                ),
            ),
        ),
        RecordPrisonerList(
            list="L1", side="A", day=DAY, direction="to B", agreement="accord", claimed=2, publisher="Gazette",
        ),
        ListPrisoner(list="L1", alias="P1", captured=days, person_name=NAME, born=BORN),
        ListPrisoner(list="L1", alias="P2", person_name=NAME),
        RecordReturn(list="L1", alias="P1", returned_on=DAY, verified_by="the border post"),
    ):  # fmt: skip
        perform(office, action, by="first")
    late = perform(office, AnnounceTransfer(transfer="T1"), by="second", late=True)
    by_two(office, ResolveContested(contested=late.id, resolution="announced twice, held once"))
    by_two(office, accepted_import())
    by_two(office, WithdrawPerson(subject="P2", ground="consent withdrawn"))
    finish_withdrawals(office)
    refused = perform(office, AddDevice(device="drone", title="drone"), by="first")
    refuse(office, refused.id, by="second", why="no drones")
    perform(office, AddDevice(device="boat", title="boat"), by="first")
    perform(office, ListPrisoner(list="L1", alias="P3", person_name="Another Invented"), by="first")
    by_two(office, AddDevice(device="ferry", title="ferry"))


def accepted_import(uploaded_by: str = "outside") -> AcceptImport:
    """An import of no rows, by somebody who is neither of the two."""
    return AcceptImport(
        import_id=UUID(int=7), kind="claims", rows=0, file_digest="0" * 64, actions_digest="1" * 64,
        uploaded_by=uploaded_by,
    )  # fmt: skip


@contextmanager
def undone(office: Office) -> Iterator[None]:
    """Whatever happens in the block is rolled back."""
    with transaction.atomic(using=office.using):
        try:
            yield
        finally:
            transaction.set_rollback(True, using=office.using)


# What a forger could do who has the database, and perhaps the journal's own key.


def sql(office: Office, statement: str, *values: Any) -> int:
    """Straight into the database; returns how many rows it touched."""
    with connections[office.using].cursor() as cursor:
        cursor.execute(statement, values or None)
        return int(cursor.rowcount)


def triggers(office: Office) -> list[tuple[str, str]]:
    """Name and table of every trigger."""
    asked = (
        "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if office.on_sqlite
        else "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
    )
    with connections[office.using].cursor() as cursor:
        cursor.execute(asked)
        return sorted((name, table) for name, table in cursor.fetchall())


def drop_triggers(office: Office) -> None:
    for name, table in triggers(office):
        sql(office, f"DROP TRIGGER {name}" if office.on_sqlite else f"DROP TRIGGER {name} ON {table}")


def envelopes(office: Office) -> list[dict[str, Any]]:
    """Every entry, in order."""
    rows = Entry.objects.using(office.using).order_by("seq").values_list("public", flat=True)
    return [parsed(bytes(row)) for row in rows]


def rewrite(office: Office, entries: Sequence[dict[str, Any]]) -> None:
    """The holder of the journal's key puts other entries in place of all, hashed and signed; triggers are dropped."""
    for table in (Entry, Node, SignedCheckpoint):
        if table.objects.using(office.using).exists():
            table.objects.using(office.using).all().delete()
    raw = [canonical_bytes(one) for one in entries]
    Entry.objects.using(office.using).bulk_create(
        Entry(
            seq=one["seq"],
            id=UUID(one["id"]),
            kind=one["kind"],
            action=one["action"],
            outcome=one["outcome"],
            public=public,
        )
        for one, public in zip(entries, raw, strict=True)
    )
    nodes = StoredNodes(office.using)
    tree = Tree(nodes)
    tree.append_many(leaf_hash(one) for one in raw)
    assert office.log_key is not None
    checkpoint = Checkpoint(office.origin, tree.size, tree.root())
    nodes.flush()
    SignedCheckpoint.objects.using(office.using).create(size=tree.size, text=signed(checkpoint, office.log_key))


def forge(office: Office, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Drop the triggers, change the list of entries, number them anew, hash and sign."""
    drop_triggers(office)
    entries = envelopes(office)
    change(entries)
    rewrite(office, entries)
