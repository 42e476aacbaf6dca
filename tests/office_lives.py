"""Offices whose program is killed: a worker that acts and acknowledges, and what must hold when it is opened again.

`python office_lives.py` is the nursery: for every line that it reads it forks a worker, which acts until it is killed.
A worker says on standard output what it begins, and acknowledges only what returned.
"""
# ruff: noqa: E402  Django's models can be imported only once it is set up.

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pyrage
from pyrage import x25519

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
    RecordStatement,
)
from antigone.casework.identifiers import new_identifier
from antigone.casework.journal import quarantine
from antigone.casework.journal.actions import AcceptImport, WithdrawPerson
from antigone.casework.journal.backups import checked_backup, recipients, write_backup
from antigone.casework.journal.models import Entry, Erasure, Part, Proposal, SignedCheckpoint
from antigone.casework.journal.office import Office
from antigone.casework.journal.performing import Done, Request, approve, perform, perform_all, refuse, size
from antigone.casework.journal.verifying import verify
from antigone.casework.journal.withdrawing import finish_withdrawals
from antigone.office.configuration import Configuration
from antigone.office.keys import key_of
from antigone.office.opening import found_office, open_office

_DAY = date(2025, 6, 16)
_LIST = "L-1"


def template(folder: Path) -> Path:
    """A founded office with a prisoner list, closed."""
    office = found_office(folder, Configuration("practice.invalid/killed", True, "sqlite"))
    perform(office, RecordPrisonerList(list=_LIST, side="south", day=_DAY), by="first")
    disconnect("default")
    return folder


# ---- The worker ----


class Worker:
    """Does one thing after another, at random, and acknowledges each when it has returned."""

    def __init__(self, folder: Path, name: str, to: list[str]) -> None:
        self.folder = folder
        self.name = name
        self.to = recipients(to)
        self.random = random.Random(name)  # noqa: S311  what is done, not secrets
        self.count = 0
        self.office: Office

    def live(self) -> None:
        """Until it is killed."""
        steps: list[Callable[[], None]] = [
            self.single, self.person, self.batch, self.people, self.device, self.unwanted, self.withdrawal,
            self.import_, self.backup,
        ]  # fmt: skip
        self.begin("start")
        self.office = open_office(self.folder)
        finish_withdrawals(self.office)
        self.acknowledge()
        while True:
            step = self.random.choice(steps)
            self.begin(step.__name__)
            step()

    def begin(self, what: str) -> None:
        _say({"begin": what})

    def acknowledge(self, *done: Done, **more: str) -> None:
        _say({"entries": [[one.seq, str(one.id)] for one in done], **more})

    def new_name(self) -> str:
        self.count += 1
        return f"{self.name}-{self.count}"

    def statement(self) -> RecordStatement:
        name = self.new_name()
        claim = ClaimMade(claim=name, about="transfer:T-1", agreement="A-1", kind="assessment", wording="said so")
        return RecordStatement(
            statement=name,
            days=Days(first=_DAY, last=_DAY),
            speaker="a spokesman",
            side="north",
            publications=(Publication(publisher="an agency", on=_DAY),),
            claims=(claim,),
        )

    def prisoner(self) -> ListPrisoner:
        return ListPrisoner(list=_LIST, alias=self.new_name(), person_name="a name", born=date(1990, 1, 1))

    def second(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(key_of(self.folder, "second").seed)

    def single(self) -> None:
        self.acknowledge(perform(self.office, self.statement(), by="first"))

    def person(self) -> None:
        self.acknowledge(perform(self.office, self.prisoner(), by="first"))

    def batch(self) -> None:
        requests = [Request(self.statement(), new_identifier()) for _ in range(self.random.randint(2, 20))]
        self.acknowledge(*perform_all(self.office, requests, by="first"))

    def people(self) -> None:
        requests = [Request(self.prisoner(), new_identifier()) for _ in range(self.random.randint(2, 8))]
        self.acknowledge(*perform_all(self.office, requests, by="first"))

    def device(self) -> None:
        proposed = perform(self.office, AddDevice(device=self.device_name(), title="a tablet"), by="first")
        self.acknowledge(proposed)
        approved = approve(self.office, proposed.id, by="second", key=self.second())
        self.acknowledge(approved, approved=str(proposed.id))

    def device_name(self) -> str:
        return "d" + self.new_name().lower()[-30:]

    def unwanted(self) -> None:
        proposed = perform(self.office, AddDevice(device=self.device_name(), title="a tablet"), by="first")
        self.acknowledge(proposed)
        refused = refuse(self.office, proposed.id, by="second", why="there are enough")
        self.acknowledge(refused, refused=str(proposed.id))

    def withdrawal(self) -> None:
        known = sorted(set(Part.objects.using(self.office.using).values_list("subject", flat=True)))
        if not known:
            return
        subject = self.random.choice(known)
        proposed = perform(self.office, WithdrawPerson(subject=subject, ground="asked for it"), by="first")
        self.acknowledge(proposed)
        approved = approve(self.office, proposed.id, by="second", key=self.second())
        self.acknowledge(approved, approved=str(proposed.id), withdrawn=subject)
        finish_withdrawals(self.office)
        self.acknowledge(destroyed=subject)

    def import_(self) -> None:
        file = self.folder / "statements.csv"
        file.write_text("rows\n", encoding="utf-8")
        actions = [self.statement(), self.prisoner(), self.statement()]
        incoming = [quarantine.Incoming(action, file.name, line) for line, action in enumerate(actions, 2)]
        identifier = quarantine.put(self.office, "claims", file, incoming, by="first")
        self.acknowledge(waits=str(identifier))
        done = quarantine.accept(self.office, identifier, by="second", key=self.second())
        self.acknowledge(done, approved=str(identifier))

    def backup(self) -> None:
        entries = size(self.office)
        path = self.folder / f"{self.new_name()}.backup"
        write_backup(self.office, path, self.to)
        self.acknowledge(backup=path.name, size=str(entries))


def _say(line: dict[str, Any]) -> None:
    """One write, so that a line is there or not."""
    os.write(1, json.dumps(line).encode() + b"\n")


def nursery() -> None:
    """Fork a worker for every line, and say when it is dead."""
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                Worker(Path(told["folder"]), told["name"], told["to"]).live()
            except BaseException as error:  # noqa: BLE001  whatever it is, the test is told
                _say({"failed": repr(error)})
            os._exit(1)
        _say({"pid": pid})
        os.waitpid(pid, 0)
        _say({"dead": pid})


# ---- The one who kills and looks ----


@dataclass
class Life:
    """What a worker acknowledged before it was killed, and what it was doing."""

    acknowledged: list[dict[str, Any]]
    killed_in: str


class Killer:
    """Starts workers and kills them at random moments of random steps."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  moments, not secrets
        self.seed = seed
        self.lives = 0
        self.durations: dict[str, float] = {}
        self.identities = [x25519.Identity.generate() for _ in range(2)]
        self.process = subprocess.Popen(  # noqa: S603  this very file
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def say(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "failed" not in said, said
        return said

    def life(self, folder: Path) -> Life:
        """One worker, from its start to its end."""
        assert self.process.stdin is not None
        self.lives += 1
        to = [str(one.to_public()) for one in self.identities]
        order = {"folder": str(folder), "name": f"w{self.seed}-{self.lives}", "to": to}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        last = self.random.choice((0, 1, 2, 3, 4, 6, 8, 12, 20))
        acknowledged, begun, began, doing, pid = [], -1, 0.0, "", 0
        while True:
            said = self.say()
            if "pid" in said:
                pid = said["pid"]
            elif "begin" in said:
                now = time.monotonic()
                if doing:
                    self.durations[doing] = 0.7 * self.durations.get(doing, now - began) + 0.3 * (now - began)
                begun, began, doing = begun + 1, now, said["begin"]
            elif "dead" in said:
                return Life(acknowledged, doing)
            else:
                acknowledged.append(said)
            if begun == last and pid:
                time.sleep(self.random.uniform(0, 1.1 * self.durations.get(doing, 0.03)))
                os.kill(pid, signal.SIGKILL)
                last = -2

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@contextmanager
def killing(seed: int) -> Iterator[Killer]:
    killer = Killer(seed)
    try:
        yield killer
    finally:
        killer.close()


@dataclass
class Watch:
    """Looks at an office after each death, and remembers what was promised."""

    folder: Path
    differences: Callable[[Office], list[str]]
    identity: x25519.Identity
    entries: dict[int, str] = field(default_factory=dict)
    promised: dict[str, set[str]] = field(default_factory=dict)
    checkpoint: str | None = None
    seen: Counter[str] = field(default_factory=Counter)

    def look(self, life: Life) -> None:
        """Everything acknowledged is there, nothing is half there, and what was begun is finished on opening."""
        for one in life.acknowledged:
            self.entries |= dict(one.get("entries", ()))
            for what in ("approved", "refused", "waits", "withdrawn", "destroyed"):
                if what in one:
                    self.promised.setdefault(what, set()).add(one[what])
            if "backup" in one:
                self.backed_up(one["backup"], int(one["size"]))
        office = open_office(self.folder)
        try:
            self.before_finishing(office)
            finish_withdrawals(office)
            quarantine.discard_decided(office)
            self.after_opening(office)
        finally:
            disconnect("default")
        self.seen[life.killed_in] += 1

    def backed_up(self, name: str, entries: int) -> None:
        archive = pyrage.decrypt((self.folder / name).read_bytes(), [self.identity])
        assert checked_backup(archive, name).size == entries
        assert (self.folder / f"{name}.keys").is_file()

    def before_finishing(self, office: Office) -> None:
        keys = office.subject_keys.subjects()
        assert not self.promised.get("destroyed", set()) & keys
        withdrawn = set(Erasure.objects.values_list("subject", flat=True))
        assert self.promised.get("withdrawn", set()) <= withdrawn
        if withdrawn & keys:
            self.seen["keys left to destroy"] += 1

    def after_opening(self, office: Office) -> None:
        there = dict(Entry.objects.values_list("seq", "id"))
        assert {seq: str(there.get(seq)) for seq in self.entries} == self.entries
        found = verify(office, against=self.checkpoint)
        assert found.problems == [], found.problems
        differing = self.differences(office)
        assert differing == [], differing
        withdrawn = set(Erasure.objects.values_list("subject", flat=True))
        assert not withdrawn & office.subject_keys.subjects()
        assert not Part.objects.filter(subject__in=withdrawn).exists()
        self.proposals(office)
        self.checkpoint = SignedCheckpoint.objects.order_by("-size").values_list("text", flat=True)[0]

    def proposals(self, office: Office) -> None:
        """Open, or decided with an entry that says so; an import that waits has its file, and no other has one."""
        states = {str(row.id): row.state for row in Proposal.objects.all()}
        for what in ("approved", "refused"):
            assert {states[one] for one in self.promised.get(what, ())} <= {what}
        assert self.promised.get("waits", set()) <= states.keys()
        decisions = Entry.objects.filter(kind__in=("approval", "refusal")).count()
        assert sum(state != "open" for state in states.values()) == decisions
        imports = Proposal.objects.filter(action=AcceptImport.name)
        waiting = set(quarantine.waiting(office))
        assert set(imports.filter(state="open").values_list("id", flat=True)) <= waiting
        # Who is killed before the proposal is written leaves a file that nothing acknowledged refers to.
        self.seen["files without a proposal"] = len(waiting - {UUID(one) for one in states})
        assert not waiting & set(imports.exclude(state="open").values_list("id", flat=True))


if __name__ == "__main__":
    nursery()
