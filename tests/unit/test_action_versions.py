"""Frozen vectors: an old entry means for ever what it meant.

`tests/vectors/actions.jsonl` is a journal in which every version of every action stands once or more, a line an entry:
its bytes, the personal parts as they were, and each row that it left new, changed or gone (null). A line is never
changed; tables and columns that came later are not compared. A new action or version is done at the end of
`small_office.every_action`; then

    PYTHONPATH=tests python tests/unit/test_action_versions.py

adds its lines, and refuses to where an older line would come out otherwise.
"""
# ruff: noqa: E402  Django's models can be imported only once it is set up; `small_office` does that.

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

import pytest

import small_office
from antigone.ledger.canonical import canonical_bytes, parsed
from antigone.office.database import connect, disconnect, migrate, sqlite

connect("default", sqlite(":memory:"))

from antigone.casework.accounts.actions import FoundOffice, NewActor
from antigone.casework.action import Role, action_classes
from antigone.casework.journal.models import Entry
from antigone.casework.journal.office import Office
from antigone.casework.journal.performing import found, opened_parts
from antigone.casework.journal.replaying import _Replay, _replay_one, dump
from antigone.casework.journal.subject_keys import SubjectKey
from antigone.casework.journal.tables import DatabaseTables

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "actions.jsonl"
LOG_KEY = small_office.signing_key(small_office.ORIGIN)

Rows = dict[tuple[str, str], bytes]


def frozen() -> list[dict[str, Any]]:
    return [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]


def bytes_of(line: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return line["entry"], line["parts"]


def rows_of(alias: str) -> Rows:
    return {(table, key): row for table, key, row in dump(alias)}


def left(before: Rows, after: Rows) -> list[list[Any]]:
    """What one entry left: table, key and row of each that is new, changed or (null) gone."""
    changed = [[*place, json.loads(row)] for place, row in after.items() if before.get(place) != row]
    return sorted(changed + [[*place, None] for place in before.keys() - after.keys()], key=lambda one: one[:2])


@contextmanager
def empty_tables(alias: str) -> Iterator[DatabaseTables]:
    connect(alias, sqlite(":memory:"))
    try:
        migrate(alias)
        yield DatabaseTables(alias)
    finally:
        disconnect(alias)


def replayed(lines: list[dict[str, Any]], erased: tuple[str, ...] = ()) -> tuple[list[list[list[Any]]], Rows]:
    """What each line leaves when it is replayed, and all rows in the end; the erased have no part any more."""
    with empty_tables("scratch") as tables:
        found_left, waiting, before = [], {}, {}
        for line in lines:
            parts = {subject: part for subject, part in line["parts"].items() if subject not in erased}
            _replay_one(_Replay(tables), parsed(line["entry"].encode()), parts, waiting)
            tables.flush()
            after = rows_of("scratch")
            found_left.append(left(before, after))
            before = after
        return found_left, before


def performed(folder: Path) -> list[dict[str, Any]]:
    """The story as it is performed today, with a fixed clock, fixed identifiers, keys and salts."""
    numbers, minutes = (count(1) for _ in range(2))
    lines: list[dict[str, Any]] = []

    def clock() -> str:
        return f"2025-06-14T{next(minutes) // 60:02}:00:00.000Z"

    def noting(doing: Callable[..., Any]) -> Callable[..., Any]:
        def note(office: Office, *arguments: Any, **options: Any) -> Any:
            before = rows_of(office.using)
            done = doing(office, *arguments, **options)
            entry = bytes(Entry.objects.using(office.using).values_list("public", flat=True).get(seq=done.seq))
            parts = opened_parts(office, [done.seq]).get(done.seq, {})
            lines.append({"entry": entry.decode(), "parts": parts, "left": left(before, rows_of(office.using))})
            return done

        return note

    def identifier() -> UUID:
        return UUID(int=7 << 76 | 2 << 62 | next(numbers))

    fixed = mock.patch("antigone.casework.journal.performing.new_identifier", identifier)
    acts = mock.patch.multiple(
        small_office, **{name: noting(getattr(small_office, name)) for name in ("perform", "approve", "refuse")}
    )
    with empty_tables("default"), fixed, acts:
        office = Office(folder, origin=small_office.ORIGIN, practice=True, log_key=LOG_KEY, clock=clock)
        office.subject_keys.create()
        office.subject_keys.put({f"P{n}": SubjectKey(bytes([n] * 32), bytes([n + 100] * 32)) for n in range(1, 10)})
        actors = tuple(
            NewActor(actor=actor, roles=tuple(Role), key=small_office.public(actor)) for actor in ("first", "second")
        )
        founding = FoundOffice(origin=small_office.ORIGIN, practice=True, actors=actors)
        noting(found)(office, founding)
        small_office.every_action(office)
    return lines


def test_every_version_of_every_action_has_a_vector():
    vectors = {
        (entry["action"], entry["version"])
        for entry in (json.loads(line["entry"]) for line in frozen())
        if entry["outcome"] == "applied"
    }
    registered = {(cls.name, cls.version) for cls in action_classes() if cls.__module__.startswith("antigone.")}
    assert registered - vectors == set(), "do them at the end of small_office.every_action and add their lines"
    assert len(registered) >= 18


@pytest.mark.parametrize("outcome", ["contested", "refused", "proposed"])
def test_what_was_not_applied_has_a_vector_too(outcome):
    assert [line for line in frozen() if json.loads(line["entry"])["outcome"] == outcome]


def test_each_frozen_entry_leaves_the_rows_that_it_left():
    lines = frozen()
    tables = {table for line in lines for table, _, _ in line["left"]}
    assert len(tables) >= 16
    found_left, _ = replayed(lines)
    for line, now in zip(lines, found_left, strict=True):
        known = {(table, key): row or {} for table, key, row in line["left"]}
        now = [
            [table, key, row and {name: row[name] for name in known.get((table, key), row)}]
            for table, key, row in now
            if table in tables
        ]
        assert now == line["left"], line["entry"]


def test_the_frozen_bytes_are_canonical_and_their_numbers_run():
    for seq, line in enumerate(frozen()):
        entry = parsed(line["entry"].encode())
        assert canonical_bytes(entry).decode() == line["entry"]
        assert entry["seq"] == seq


def test_after_an_erasure_the_frozen_journal_comes_to_the_same_rows():
    lines = frozen()
    erased = tuple(key for line in lines for table, key, _ in line["left"] if table == "journal_erasure")
    assert erased == ("P2",)
    assert [line for line in lines if "P2" in line["parts"]]
    _, as_it_was = replayed(lines)
    _, after = replayed(lines, erased)
    assert after == as_it_was


def test_what_is_performed_today_has_the_frozen_bytes(tmp_path):
    """An envelope's form is frozen too: a proof of an old entry must be made from the same bytes."""
    assert [bytes_of(line) for line in performed(tmp_path)] == [bytes_of(line) for line in frozen()]


def test_the_approvals_in_the_frozen_journal_still_hold(tmp_path):
    with empty_tables("default"):
        office = Office(tmp_path, origin=small_office.ORIGIN, practice=True, log_key=LOG_KEY)
        office.subject_keys.create()
        (tmp_path / "log.vkey").write_text(LOG_KEY.verifier.text)
        lines = frozen()
        small_office.rewrite(office, [json.loads(line["entry"]) for line in lines])
        verified = small_office.verify(office)
        assert verified.approvals == 10
        assert [str(one) for one in verified.problems if "personal part" not in str(one)] == []


def write() -> int:
    """Add the lines that are not there yet."""
    with tempfile.TemporaryDirectory() as folder:
        now = performed(Path(folder))
    before = frozen() if VECTORS.is_file() else []
    if [bytes_of(line) for line in now[: len(before)]] != [bytes_of(line) for line in before]:
        print("a frozen line would change; new actions are done at the end of small_office.every_action")
        return 1
    new = now[len(before) :]
    with VECTORS.open("ab") as file:
        file.writelines(canonical_bytes(line) + b"\n" for line in new)
    print(f"{VECTORS.name}: {len(new)} lines added to {len(before)}")
    return 0


if __name__ == "__main__":
    sys.exit(write())
