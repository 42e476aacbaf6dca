"""How long the office takes: imports, single actions, verification, tallies, and that no forged proof is accepted.

The office is founded in a folder on disk with the settings that every office has; what is compared beside it is SQLite
alone, with the same settings, on the same disk, storing the same entries.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from antigone.bench.ledger import forged_proofs_accepted

if TYPE_CHECKING:  # they need Django, which may not be installed
    from antigone.casework.agreements.tallies import Index
    from antigone.casework.journal.office import Office
    from antigone.casework.journal.performing import Request

CLAIMS = 100_000
LONG = 1_000_000
BATCH = 10_000
SINGLES = 200
FORGERIES = 1_000_000
# Agreements that begin four days apart, each with five transfers and 200 claims within a month.
CLAIMS_OF_AN_AGREEMENT = 200
_FIRST_DAY = date(2020, 1, 1)
_DAYS_APART, _DAYS_OF_AN_AGREEMENT = 4, 30
_DAYS = CLAIMS // CLAIMS_OF_AN_AGREEMENT * _DAYS_APART + _DAYS_OF_AN_AGREEMENT


class BenchError(RuntimeError):
    """What was measured gave a wrong answer, so that its time means nothing."""


@dataclass(frozen=True)
class OfficeFigure:
    """One measured figure with its target, beside SQLite alone where that says something."""

    what: str
    figure: float
    unit: str
    target: str
    reached: bool
    load: float
    times_sqlite_alone: float | None = None

    def as_row(self) -> dict[str, object]:
        """Plain values."""
        return dict(vars(self))


def is_installed() -> bool:
    """Whether antigone[office] is here."""
    return all(find_spec(name) is not None for name in ("django", "pyrage"))


def office_figures(where: Path, *, long: bool = False) -> Iterator[OfficeFigure]:
    """Each figure as soon as it is there; with `long` also the verification of a million entries.

    Parameters
    ----------
    where
        A folder on the disk that is to be measured.
    long
        Whether the office is filled to a million entries (minutes, and about two gigabytes).
    """
    from antigone.office.configuration import Configuration
    from antigone.office.database import disconnect
    from antigone.office.opening import found_office

    with tempfile.TemporaryDirectory(prefix=".antigone-bench-", dir=where) as name:
        folder = Path(name)
        office = found_office(folder / "office", Configuration("practice.invalid/bench", True, "sqlite"))
        try:
            yield _import(office, folder)
            yield from _single(office, folder)
            yield from _tallies(office)
            yield _verify(office, CLAIMS)
            yield _replay(office)
            yield _bundle(office, folder)
            if long:
                _fill(office, CLAIMS + SINGLES, LONG)
                yield _verify(office, LONG)
        finally:
            disconnect("default")
    yield _forgeries()


# ---- Writing ----


def _import(office: "Office", folder: Path) -> OfficeFigure:
    seconds = _fill(office, 0, CLAIMS)
    with closing(_plain_sqlite(folder / "import.db")) as plain:
        alone = 0.0
        for entries in _batches(_entries(office), BATCH):
            started = time.perf_counter()
            _insert(plain, entries)
            alone += time.perf_counter() - started
    rate = CLAIMS / seconds
    return OfficeFigure(
        "batch import, each action with its entry",
        rate,
        "actions a second",
        "at least 2,000",
        rate >= 2000,
        _load(),
        seconds / alone,
    )


def _fill(office: "Office", first: int, last: int) -> float:
    """Seconds on the clock for statements of one claim, many in a transaction."""
    from antigone.casework.journal.performing import perform_all

    seconds = 0.0
    for start in range(first, last, BATCH):
        requests = [_request(k) for k in range(start, min(start + BATCH, last))]
        started = time.perf_counter()
        perform_all(office, requests, by="first")
        seconds += time.perf_counter() - started
    return seconds


def _single(office: "Office", folder: Path) -> Iterator[OfficeFigure]:
    """One acknowledged action after another, with all claims on record."""
    from antigone.casework.journal.performing import perform_all

    requests = [_request(k) for k in range(CLAIMS, CLAIMS + SINGLES)]
    ours = [_seconds(partial(perform_all, office, [one], by="first")) for one in requests]
    entries = list(_entries(office))[-SINGLES:]
    with closing(_plain_sqlite(folder / "single.db")) as plain:
        alone = [_seconds(partial(_insert, plain, [one])) for one in entries]
    for name, place in (("median", 0.5), ("95 of 100 within", 0.95)):
        milliseconds = _quantile(ours, place) * 1000
        yield OfficeFigure(
            f"a single acknowledged action at {CLAIMS:,} claims, {name}",
            milliseconds,
            "ms",
            "under 20",
            milliseconds < 20,
            _load(),
            _quantile(ours, place) / _quantile(alone, place),
        )


def _request(number: int) -> "Request":
    """A statement of one claim: how many there were in one transfer, by one of four speakers."""
    from antigone.casework.agreements.actions import ClaimMade, Days, Publication, RecordStatement
    from antigone.casework.identifiers import new_identifier
    from antigone.casework.journal.performing import Request

    agreement, place = divmod(number, CLAIMS_OF_AN_AGREEMENT)
    day = agreement * _DAYS_APART + place * _DAYS_OF_AN_AGREEMENT // CLAIMS_OF_AN_AGREEMENT
    said = _FIRST_DAY + timedelta(days=day)
    claim = ClaimMade(
        claim=f"C-{number}",
        about=f"transfer:T-{agreement}-{place * 5 // CLAIMS_OF_AN_AGREEMENT}",
        agreement=f"A-{agreement}",
        kind=("declared", "handed over", "received")[number % 3],
        quantity=1000 + number % 5,
        unit="bodies",
        direction="north to south",
        wording="said how many bodies there were in this transfer",
    )
    statement = RecordStatement(
        statement=f"S-{number}",
        days=Days(first=said, last=said),
        speaker=f"speaker {number % 4}",
        side=("north", "south")[number % 2],
        publications=(Publication(publisher="an agency", on=said),),
        claims=(claim,),
    )
    return Request(statement, new_identifier())


# ---- Reading ----


def _tallies(office: "Office") -> Iterator[OfficeFigure]:
    from antigone.casework.agreements.questions import index

    started = time.thread_time()
    claims = index(office)
    read = time.thread_time() - started
    yield OfficeFigure(f"reading {CLAIMS:,} claims for tallies, once", read, "s of a core", "", True, _load())
    first = _core_seconds(partial(claims.tally, _FIRST_DAY + timedelta(days=_DAYS)))
    yield OfficeFigure(f"tally of {CLAIMS:,} claims, the first of all", first, "s of a core", "", True, _load())
    days = [_FIRST_DAY + timedelta(days=_DAYS - 37 * (k + 1)) for k in range(25)]
    fresh = [_core_seconds(partial(claims.tally, day)) for day in days]
    yield _tally_figure("on a day not asked for before", fresh)
    yield _tally_figure("after one more claim", list(_after_one_more(claims)))


def _tally_figure(when: str, seconds: Sequence[float]) -> OfficeFigure:
    milliseconds = median(seconds) * 1000
    what = f"tally of {CLAIMS:,} claims {when}"
    return OfficeFigure(what, milliseconds, "ms of a core", "at most 50", milliseconds <= 50, _load())


def _after_one_more(claims: "Index") -> Iterator[float]:
    from antigone.casework.agreements.tallies import Claim

    day = _FIRST_DAY + timedelta(days=_DAYS)
    for k in range(25):
        claim = Claim(
            id=f"more-{k}",
            said=(day, day),
            speaker="speaker 1",
            side="south",
            about=f"transfer:T-{k}-0",
            agreement=f"A-{k}",
            kind="received",
            quantity=1001,
            unit="bodies",
            direction="north to south",
        )

        def tally_again(claim: Claim = claim) -> None:
            claims.extend([claim])
            claims.tally(day)

        yield _core_seconds(tally_again)


def _verify(office: "Office", entries: int) -> OfficeFigure:
    """With the projections' digest, which is the dearer form."""
    from antigone.casework.journal.performing import size
    from antigone.casework.journal.verifying import record_digest, verify

    record_digest(office, size(office))
    started = time.thread_time()
    found = verify(office)
    seconds = time.thread_time() - started
    if found.problems or found.entries < entries:
        raise BenchError(f"verify looked at {found.entries} entries and found {found.problems[:1]}")
    # A part of a million is measured; all of it in the long form.
    target, limit = ("under 60", 60.0) if entries >= LONG else ("under 6: a million in under 60", 6.0)
    what = f"verify {entries:,} entries, tables and all"
    return OfficeFigure(what, seconds, "s of a core", target, seconds < limit, _load())


def _replay(office: "Office") -> OfficeFigure:
    """The whole journal into empty tables in memory, and compared."""
    from antigone.casework.journal.replaying import differences, replay
    from antigone.casework.journal.tables import DatabaseTables
    from antigone.office.database import connect, disconnect, migrate, sqlite

    connect("scratch", sqlite(":memory:"))
    try:
        migrate("scratch")
        started = time.thread_time()
        entries = replay(office, DatabaseTables("scratch"))
        if next(differences(office.using, "scratch"), None) is not None:
            raise BenchError("the replayed tables are not those of the office")
        seconds = time.thread_time() - started
    finally:
        disconnect("scratch")
    return OfficeFigure(f"rebuild --check of {entries:,} entries", seconds, "s of a core", "", True, _load())


def _bundle(office: "Office", folder: Path) -> OfficeFigure:
    from antigone.casework.journal.models import SignedCheckpoint
    from antigone.ledger.bundle import write_bundle
    from antigone.ledger.verifier import Verifier

    entries = list(_entries(office))
    row = SignedCheckpoint.objects.using(office.using).get(size=len(entries))
    if office.log_key is None:
        raise BenchError("the office has no key")
    write_bundle(folder / "bundle", entries, row.text, office.log_key)
    check = Verifier(folder / "bundle")
    started = time.thread_time()
    check.verify(None)
    seconds = time.thread_time() - started
    if check.problems:
        raise BenchError(f"the bundle has problems: {check.problems[0]}")
    what = f"verify an exported bundle of {len(entries):,} entries"
    return OfficeFigure(what, seconds, "s of a core", "", True, _load())


def _forgeries() -> OfficeFigure:
    accepted = forged_proofs_accepted(FORGERIES, seed=int.from_bytes(os.urandom(4)))
    return OfficeFigure(f"of {FORGERIES:,} forged proofs accepted", accepted, "", "0", accepted == 0, _load())


# ---- SQLite alone ----


def _plain_sqlite(path: Path) -> sqlite3.Connection:
    """A table of entries alone, opened as the office opens its database."""
    from antigone.office.database import SQLITE_OPENING

    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in SQLITE_OPENING.split(";"):
        connection.execute(pragma)
    connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, public BLOB NOT NULL)")
    return connection


def _insert(connection: sqlite3.Connection, entries: Sequence[bytes]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO entry (public) VALUES (?)", [(entry,) for entry in entries])
    connection.execute("COMMIT")


def _entries(office: "Office") -> Iterator[bytes]:
    from antigone.casework.journal.models import Entry

    rows = Entry.objects.using(office.using).order_by("seq").values_list("public", flat=True)
    return (bytes(row) for row in rows.iterator(chunk_size=2000))


def _batches(entries: Iterator[bytes], length: int) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == length:
            yield batch
            batch = []
    if batch:
        yield batch


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _core_seconds(work: Callable[[], Any]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def _quantile(seconds: Sequence[float], place: float) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(place * len(seconds)))]


def _load() -> float:
    return os.getloadavg()[0]
