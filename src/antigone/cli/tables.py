"""`antigone tables`: what a person hands to others of a report."""

from pathlib import Path

import typer

from antigone.report.exporting import KEPT_BACK, export_tables


def run(report: Path, out: Path) -> None:
    """Write the tables and say what is not among them."""
    export_tables(report, out)
    for what, why in KEPT_BACK.items():
        typer.echo(f"Not in {out}: {what}: {why}", err=True)
    typer.echo(f"Written: {out}")
