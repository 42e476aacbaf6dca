"""`antigone verify`, `rebuild` and `prove`."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from antigone.cli.errors import SHOWN
from antigone.cli.office.session import print_json, session
from antigone.office.configuration import OfficeError
from antigone.office.database import connect, disconnect, migrate, sqlite

if TYPE_CHECKING:
    from antigone.casework.journal.models import Entry
    from antigone.casework.journal.office import Office
    from antigone.casework.journal.replaying import Difference
    from antigone.casework.journal.verifying import Verified


def verify(directory: Path, who: str | None, *, against: Path | None, as_json: bool) -> int:
    """Print what was checked and what was found; 1 if anything is wrong."""
    with session(directory, who, acts=False) as opened:
        from antigone.casework.journal.verifying import verify as check

        kept = against.read_text(encoding="utf-8") if against else None
        with _progress() as progress:
            task = progress.add_task("entries")
            found = check(opened.office, against=kept, progress=lambda n: progress.update(task, completed=n))
        if as_json:
            print_json(_as_json(opened.office, found))
        else:
            _print(found)
    return 1 if found.problems else 0


def _as_json(office: "Office", found: "Verified") -> dict[str, object]:
    return {
        "practice": office.practice,
        "origin": office.origin,
        "entries": found.entries,
        "root": found.root,
        "checkpoints": found.checkpoints,
        "approvals": found.approvals,
        "parts": found.parts,
        "erased": found.erased,
        "problems": [{"where": problem.where, "what": problem.what} for problem in found.problems],
        "remarks": found.remarks,
        "verified": not found.problems,
    }


def _print(found: "Verified") -> None:
    typer.echo(f"{found.entries} entries, root {found.root}")
    typer.echo(
        f"{found.checkpoints} checkpoints, {found.approvals} approvals by a second person, "
        f"{found.parts} personal parts, {found.erased} erased"
    )
    for remark in found.remarks:
        typer.echo(f"Note: {remark}")
    for problem in found.problems[:SHOWN]:
        typer.echo(f"WRONG: {problem}")
    if len(found.problems) > SHOWN:
        typer.echo(f"and {len(found.problems) - SHOWN} more")
    typer.echo("Verified." if not found.problems else "NOT verified.")


def rebuild(directory: Path, who: str | None, *, check: bool, as_json: bool) -> int:
    """Replay; with `check` into a scratch database, 1 if anything differs."""
    with session(directory, who, acts=False) as opened:
        from antigone.casework.journal.performing import size
        from antigone.casework.journal.replaying import dump_digest, rebuild_in_place
        from antigone.casework.journal.verifying import record_digest

        office = opened.office
        if not check:
            entries = rebuild_in_place(office)
            digest = record_digest(office, entries)
            if as_json:
                print_json({"practice": office.practice, "entries": entries, "digest": digest})
            else:
                typer.echo(f"Made the tables anew from {entries} entries; their digest is {digest}.")
            return 0
        found = compare_with_journal(office)
        digest = dump_digest(office.using)
        if not found:
            record_digest(office, size(office))
    if as_json:
        rows = [{"table": d.table, "key": d.key, "here": d.here, "replayed": d.replayed} for d in found]
        content = {"practice": office.practice, "same": not found, "digest": digest, "differences": rows}
        print_json(content)
    else:
        for difference in found[:SHOWN]:
            typer.echo(str(difference))
        if len(found) > SHOWN:
            typer.echo(f"and {len(found) - SHOWN} more")
        typer.echo(
            f"{len(found)} rows differ from the journal."
            if found
            else f"The tables are what the journal says: {digest}"
        )
    return 1 if found else 0


def compare_with_journal(office: "Office", limit: int = 100_000) -> "list[Difference]":
    """Replay into a scratch database; the rows that differ."""
    from antigone.casework.journal.replaying import differences, replay
    from antigone.casework.journal.tables import DatabaseTables

    connect("scratch", sqlite(":memory:"))
    try:
        migrate("scratch")
        with _progress() as progress:
            task = progress.add_task("entries replayed")
            replay(office, DatabaseTables("scratch"), lambda n: progress.update(task, completed=n))
        return list(islice(differences(office.using, "scratch"), limit))
    finally:
        disconnect("scratch")


def prove(directory: Path, who: str | None, entry: str, out: Path | None) -> None:
    """Print the proof, or write it beside the entry's bytes."""
    with session(directory, who, acts=False) as opened:
        from antigone.casework.journal.models import SignedCheckpoint
        from antigone.ledger.proof import Proof

        office = opened.office
        row = _entry(office, entry)
        checkpoint = SignedCheckpoint.objects.using(office.using).order_by("-size").values_list("text", flat=True)[0]
        size = int(checkpoint.split("\n")[1])
        text = Proof.of(office.tree(size), row.seq, checkpoint).text
        if out is None:
            typer.echo(text, nl=False)
            return
        if out.exists():
            raise OfficeError(f"{out} is there already")
        out.with_name(out.name + ".entry").write_bytes(bytes(row.public))
        out.write_text(text, encoding="utf-8")
    typer.echo(f"{out}: entry {row.seq} stands in the journal of {size} entries; its bytes are in {out.name}.entry")


def _entry(office: "Office", text: str) -> "Entry":
    from antigone.casework.journal.models import Entry

    rows = Entry.objects.using(office.using)
    if text.isdecimal():
        row = rows.filter(seq=int(text)).first()
    else:
        try:
            row = rows.filter(id=UUID(text)).first()
        except ValueError:
            raise OfficeError(f"‘{text}’ is neither the number nor the identifier of an entry") from None
    if row is None:
        raise OfficeError(f"there is no entry {text}")
    return row


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,} {task.description}"),
        console=Console(stderr=True),
        transient=True,
    )
