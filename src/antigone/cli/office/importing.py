"""`antigone import` and `accept`."""

from pathlib import Path
from uuid import UUID

import typer

from antigone.cli.errors import SHOWN
from antigone.cli.office.session import print_json, session
from antigone.formats.errors import InputError
from antigone.office.configuration import OfficeError


def run(directory: Path, who: str | None, kind: str, file: Path, *, as_json: bool) -> int:
    """Put a file into quarantine; 1 where a row is wrong, and then nothing waits."""
    with session(directory, who, acts=True) as opened:
        from antigone.casework.agreements.imports import KINDS, kinds
        from antigone.casework.journal.quarantine import put, rehearse

        if kind not in KINDS:
            raise OfficeError(f"‘{kind}’ cannot be imported; there are {', '.join(kinds())}")
        if not file.is_file():
            raise OfficeError(f"{file}: there is no such file")
        errors: list[str] = []
        identifier: UUID | None = None
        rows, differences = 0, []
        try:
            read = KINDS[kind](opened.office, file)
        except InputError as error:
            errors = [str(problem) for problem in error.problems]
        else:
            rows = read.rows
            differences = [difference.to_json() for difference in read.differences]
            errors = [str(row) for row in rehearse(opened.office, read.incoming, by=opened.actor)]
            if not errors and read.incoming:
                identifier = put(opened.office, kind, file, read.incoming, by=opened.actor)
        practice = opened.office.practice
    if as_json:
        print_json(
            {
                "id": str(identifier) if identifier else None,
                "rows": rows,
                "differences": differences,
                "errors": errors,
                "practice": practice,
            }
        )
        return 1 if errors else 0
    for text in errors[:SHOWN]:
        typer.echo(text, err=True)
    if errors:
        typer.echo(f"{len(errors)} errors; nothing was imported.", err=True)
        return 1
    new = sum(difference["change"] == "new" for difference in differences)
    typer.echo(
        f"{rows} rows: {new} new, {len(differences) - new} corrections, {rows - len(differences)} on record already."
    )
    for difference in differences:
        for field, values in difference["fields"].items():
            typer.echo(
                f"  {difference['what']} {difference['id']}: {field} was {values['here']!r}, is {values['file']!r}"
            )
    if identifier is None:
        typer.echo("There is nothing to accept.")
    else:
        typer.echo(f"Import {identifier} waits for another person: antigone accept {identifier} --as OTHER")
    return 0


def accept(directory: Path, who: str | None, identifier: UUID, *, as_json: bool) -> None:
    """A second person agrees."""
    with session(directory, who, acts=True) as opened:
        from antigone.casework.journal.performing import size
        from antigone.casework.journal.quarantine import accept as agree
        from antigone.casework.journal.verifying import record_digest

        done = agree(opened.office, identifier, by=opened.actor, key=opened.key)
        entries = size(opened.office)
        record_digest(opened.office, entries)
        practice = opened.office.practice
    if as_json:
        rows = entries - done.seq - 1
        print_json({"id": str(identifier), "entry": done.seq, "rows": rows, "entries": entries, "practice": practice})
    else:
        typer.echo(f"Accepted in entry {done.seq}; its {entries - done.seq - 1} actions follow it.")
