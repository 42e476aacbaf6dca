"""`antigone perform`, `actions`, `proposals`, `approve`, `refuse`, `withdraw` and `sweep`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import typer
from pydantic import ValidationError

from antigone.cli.office.session import device_of, print_json, session
from antigone.office.configuration import OfficeError
from antigone.office.database import connect, sqlite

if TYPE_CHECKING:
    from antigone.casework.journal.performing import Done


def perform(
    directory: Path,
    who: str | None,
    name: str,
    fields: Path,
    *,
    identifier: UUID | None,
    device: str | None,
    late: bool,
    as_json: bool,
) -> None:
    """One action from its fields."""
    source = "standard input" if str(fields) == "-" else str(fields)
    text = sys.stdin.read() if source == "standard input" else fields.read_text(encoding="utf-8")
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise OfficeError(f"{source}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from None
    with session(directory, who, acts=True) as opened:
        from antigone.casework.accounts.actions import OFFICE_DEVICE
        from antigone.casework.action import action_class
        from antigone.casework.journal.performing import perform as run

        try:
            action = action_class(name).model_validate(given)
        except ValidationError as error:
            raise OfficeError(_explained(error, source)) from None
        source = device_of(opened.office, device) if device else OFFICE_DEVICE
        done = run(opened.office, action, by=opened.actor, device=source, id=identifier, late=late)
        practice = opened.office.practice
    _say(done, name, practice=practice, as_json=as_json)


def _explained(error: ValidationError, source: str) -> str:
    """Field by field what is wrong; what stood there is left out where it may be personal."""
    lines = []
    for one in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in one["loc"]) or "the whole"
        lines.append(f"{source}: {field}: {one['msg']}")
    return "\n".join(lines)


def _say(done: "Done", name: str, *, practice: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "entry": done.seq,
                "id": str(done.id),
                "kind": done.kind,
                "outcome": done.outcome,
                "again": done.again,
                "practice": practice,
            }
        )
        return
    again = " (performed before; answered as then)" if done.again else ""
    typer.echo(f"{name}: {done.outcome} in entry {done.seq}, {done.id}{again}")
    if done.outcome == "proposed":
        typer.echo(f"It takes a second person: antigone approve {done.id} --as OTHER")


def list_actions(name: str | None, *, as_json: bool) -> None:
    """All actions, or the fields of one."""
    connect("default", sqlite(":memory:"))
    from antigone.casework.action import action_class, action_classes

    if name is not None:
        print_json(action_class(name).model_json_schema())
        return
    rows = [
        {
            "name": cls.name,
            "version": cls.version,
            "says": (cls.__doc__ or "").strip().split("\n")[0],
            "allowed_to": list(cls.allowed_to),
            "needs_two": cls.needs_two,
            "approved_by": list(cls.approved_by) if cls.needs_two else [],
        }
        for cls in action_classes()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        two = ", by two people" if row["needs_two"] else ""
        typer.echo(f"{row['name']} (version {row['version']}){two}\n    {row['says']}")


def proposals(directory: Path, who: str | None, *, as_json: bool) -> None:
    """What waits."""
    with session(directory, who, acts=False) as opened:
        from antigone.casework.journal.models import Proposal

        rows = [
            {"id": str(row.id), "entry": row.seq, "action": row.action, "by": row.by}
            for row in Proposal.objects.using(opened.office.using).filter(state="open").order_by("seq")
        ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['action']}, proposed by {row['by']} in entry {row['entry']}")
    if not rows:
        typer.echo("Nothing waits for a second person.")


def approve(directory: Path, who: str | None, identifier: UUID, *, as_json: bool) -> None:
    """A second person agrees."""
    with session(directory, who, acts=True) as opened:
        from antigone.casework.journal import quarantine
        from antigone.casework.journal.performing import approve as run

        if identifier in quarantine.waiting(opened.office):
            done = quarantine.accept(opened.office, identifier, by=opened.actor, key=opened.key)
        else:
            done = run(opened.office, identifier, by=opened.actor, key=opened.key)
        practice = opened.office.practice
    _say(done, "approval", practice=practice, as_json=as_json)


def refuse(directory: Path, who: str | None, identifier: UUID, why: str, *, as_json: bool) -> None:
    """A second person does not want it."""
    with session(directory, who, acts=True) as opened:
        from antigone.casework.journal import quarantine
        from antigone.casework.journal.performing import refuse as run

        done = run(opened.office, identifier, by=opened.actor, why=why)
        quarantine.discard(opened.office, identifier)
        practice = opened.office.practice
    _say(done, "refusal", practice=practice, as_json=as_json)


def withdraw(directory: Path, who: str | None, subject: str, ground: str, *, as_json: bool) -> None:
    """Propose a withdrawal."""
    with session(directory, who, acts=True) as opened:
        from antigone.casework.journal.actions import WithdrawPerson
        from antigone.casework.journal.performing import perform as run

        done = run(opened.office, WithdrawPerson(subject=subject, ground=ground), by=opened.actor)
        practice = opened.office.practice
    _say(done, WithdrawPerson.name, practice=practice, as_json=as_json)


def sweep(directory: Path, who: str | None) -> None:
    """Empty the logs."""
    with session(directory, who, acts=False) as opened:
        opened.office.sweep()
        opened.office.subject_keys.sweep()
    typer.echo("The write-ahead logs are empty.")
