"""`antigone export ledger`."""

import csv
import io
from pathlib import Path
from typing import Any

import typer

from antigone.cli.office.session import session
from antigone.ledger.bundle import write_bundle
from antigone.ledger.canonical import canonical_bytes
from antigone.office.configuration import OfficeError


def run(directory: Path, who: str | None, out: Path) -> None:
    """The journal as a bundle, with the tables as CSV and JSON and a proof for each claim."""
    if out.exists():
        raise OfficeError(f"{out} is there already; an export gets a new folder")
    with session(directory, who, acts=False) as opened:
        from antigone.casework.agreements.questions import index, tables
        from antigone.casework.journal.models import Entry, SignedCheckpoint
        from antigone.ledger.proof import Proof

        office = opened.office
        if office.log_key is None:
            raise OfficeError("an export is signed with the journal’s key, which is not here")
        files: dict[str, bytes] = {}
        proved: set[int] = set()
        for name, rows in tables(office):
            files[f"{name}.csv"] = _csv(rows)
            files[f"{name}.json"] = canonical_bytes(rows) + b"\n"
            proved |= {row["entry"] for row in rows}
        files["tally.json"] = canonical_bytes(index(office).tally().to_json()) + b"\n"
        checkpoint = SignedCheckpoint.objects.using(office.using).order_by("-size").values_list("text", flat=True)[0]
        tree = office.tree(int(checkpoint.split("\n")[1]))
        for seq in sorted(proved):
            files[f"entry-{seq}.tlog-proof"] = Proof.of(tree, seq, checkpoint).text.encode()
        entries = Entry.objects.using(office.using).order_by("seq").values_list("public", flat=True)
        write_bundle(out, (bytes(raw) for raw in entries.iterator(chunk_size=2000)), checkpoint, office.log_key, files)
    typer.echo(f"{out}: {tree.size} entries and {len(files)} files. A stranger checks it with one file of Python:")
    typer.echo(f"  python -m antigone.ledger verify {out}")


def _csv(rows: list[dict[str, Any]]) -> bytes:
    """A table; what a spreadsheet would run as a formula is disarmed with an apostrophe."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict)):
        return canonical_bytes(value).decode()
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r'" and not isinstance(value, int) else text
