"""`antigone convert`: from one way of writing a case to another."""

from pathlib import Path

import typer

from antigone.cli.cases import read_case
from antigone.formats.case_folder import write_case_folder
from antigone.formats.familias import write_familias
from antigone.formats.familias_case import familias_from_operation
from antigone.matching.odd import default_used
from antigone.matching.operation import LeftOut, Operation
from antigone.report.results import OutputError, refuse_impossible


def run(source: Path, target: Path) -> None:
    """Read one, write the other, say what did not fit."""
    refuse_impossible(target)
    if target.exists():
        raise OutputError(f"{target} is there already; give a name that is not")
    operation = read_case(source)
    if target.suffix.lower() == ".fam":
        project, lost = familias_from_operation(operation)
        write_familias(project, target)
    else:
        write_case_folder(operation, target)
        lost = []
        _say_defaults(operation, target)
    _say(operation, target, lost)


def _say(operation: Operation, target: Path, lost: list[str]) -> None:
    for warning in operation.warnings:
        typer.echo(f"Note: {warning}", err=True)
    left_out: tuple[LeftOut, ...] = operation.left_out
    for one in left_out:
        typer.echo(f"Not in {target}: {one.what} {one.id}: {one.reason}", err=True)
    for text in lost:
        typer.echo(f"{target} cannot hold: {text}", err=True)
    typer.echo(f"Written: {target}")


def _say_defaults(operation: Operation, target: Path) -> None:
    """A case folder states every setting: what nobody declared would look declared there."""
    if operation.undeclared:
        values = ", ".join(f"{name} ({default_used(operation, name)})" for name in operation.undeclared)
        typer.echo(
            f"Note: {target}/case.toml states defaults that nobody declared: {values}; decide them there", err=True
        )
