"""`antigone inspect`: what a file is, what it holds and what is odd about it, in words."""

import json
from pathlib import Path

import typer

from antigone.cli.errors import SHOWN
from antigone.formats.errors import printable
from antigone.formats.inspection import Inspection, inspect


def run(path: Path, *, as_json: bool, sheet: str | None = None) -> int:
    """Look at a file and say it; 1 where nothing of it can be used."""
    found = inspect(path, sheet=sheet)
    if as_json:
        typer.echo(json.dumps(_as_row(found), indent=2, ensure_ascii=False))
    else:
        _say(found)
    return 1 if found.problems else 0


def _say(found: Inspection) -> None:
    typer.echo(f"{printable(found.path)}: {found.what}")
    if found.problems:
        typer.echo("\nIt cannot be read:")
        for problem in found.problems[:SHOWN]:
            typer.echo(f"- {problem}")
        return
    typer.echo("\nIt holds:")
    for text in found.holds:
        typer.echo(f"- {text}")
    typer.echo("\nOdd about it:" if found.odd else "\nNothing odd was seen.")
    for text in found.odd:
        typer.echo(f"- {text}")


def _as_row(found: Inspection) -> dict[str, object]:
    return {
        "path": found.path,
        "kind": found.recognised.kind.name.lower(),
        "table": found.recognised.table or None,
        "holds": found.holds,
        "odd": found.odd,
        "problems": [
            {
                "file": one.file,
                "line": one.line,
                "column": one.column,
                "found": one.found,
                "expected": one.expected,
            }
            for one in found.problems
        ],
    }
