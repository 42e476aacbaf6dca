"""`antigone tally` and `antigone report`."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from antigone.cli.office.session import print_json, session
from antigone.office.configuration import OfficeError

if TYPE_CHECKING:
    from antigone.casework.agreements.tallies import By


def run(directory: Path, who: str | None, *, as_of: date | None, by: "By | None", as_json: bool) -> None:
    """Series never added to each other, and contradictions never resolved."""
    with session(directory, who, acts=False) as opened:
        from antigone.casework.agreements.questions import index

        found = index(opened.office).tally(as_of).to_json(by)
        practice = opened.office.practice
    if as_json:
        print_json({**found, "practice": practice})
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    for part in (*found["agreements"], *found["transfers"]):
        kind = "agreement" if "agreement" in part else "transfer"
        typer.echo(f"{kind.capitalize()} {part[kind]}")
        for row in part["series"]:
            said = f"{row['quantity']:,}" if row["quantity"] is not None else _rivals(row["quantities"])
            about = "" if row["about"] == f"{kind}:{part[kind]}" else f" ({row['about']})"
            where = f" {row['direction']}" if row["direction"] else ""
            claims = ", ".join(row["claims"]) if row["claims"] else row["basis"]
            typer.echo(f"  {row['series']}{about}{where}: {said} {row['unit']}  [{claims}]")
        for one in part.get("accusations", ()):
            typer.echo(f"  accusation by {one['side']}  [{', '.join(one['claims'])}]")
        for one in part["contradictions"]:
            typer.echo(f"  CONTRADICTION: {one['why']}  [{', '.join(one['claims'])}]")
        typer.echo()
    if not found["agreements"] and not found["transfers"]:
        typer.echo("Nothing was said that is on record.")


def _rivals(quantities: list[int]) -> str:
    return "no figure" if not quantities else " against ".join(f"{quantity:,}" for quantity in quantities)


def draw(directory: Path, who: str | None, agreement: str, out: Path, *, as_of: date | None) -> None:
    """Two pictures, SVG and PNG, for each direction and unit in which something was promised or said."""
    with session(directory, who, acts=False) as opened:
        from antigone.casework.agreements.questions import index
        from antigone.casework.agreements.tallies import courses
        from antigone.report.agreement_chart import AgreementCourse, agreement_charts

        drawn = courses(index(opened.office), agreement, as_of)
    pictures = agreement_charts(cast("AgreementCourse", course.to_json()) for course in drawn)
    if not pictures:
        raise OfficeError(f"no figure is on record of an agreement ‘{agreement}’")
    out.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        (out / name).write_bytes(content)
        typer.echo(str(out / name))
