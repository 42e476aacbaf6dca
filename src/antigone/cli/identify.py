"""`antigone identify`: from files to a ranked list and a report."""

import time
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from antigone.cli.cases import read_case
from antigone.matching.search import SearchResult, search
from antigone.report.results import refuse_occupied, write_results
from antigone.report.words import counted


def run(case: Path, out: Path, *, all_pairs: bool, replace: bool, quiet: bool) -> None:
    """Read, search, write; what was found is said in a few lines."""
    refuse_occupied(out, replace=replace)
    started = time.perf_counter()
    operation = read_case(case)
    read = time.perf_counter()
    with _progress(quiet=quiet) as progress:
        task = progress.add_task("Comparing", total=None)
        result = search(
            operation,
            all_pairs=all_pairs,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    searched = time.perf_counter()
    seconds = {"reading": round(read - started, 3), "searching": round(searched - read, 3)}
    seconds["total"] = round(time.perf_counter() - started, 3)
    write_results(result, out, seconds=seconds, replace=replace)
    _say(result, out)


def _progress(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("missing persons"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
        transient=True,
    )


def _say(result: SearchResult, out: Path) -> None:
    operation = result.operation
    threshold = operation.settings.threshold
    individuals = counted(len(operation.individuals), "individual")
    typer.echo(f"{individuals} × {counted(len(result.missing), 'missing person')}: {result.compared:,} pairs compared.")
    reached = sum(pair.log10_lr >= threshold for pair in result.pairs)
    _, high = result.coincidences.at_least(threshold)
    typer.echo(
        f"{counted(reached, 'hit')} at log10 LR {threshold:g} or more; "
        f"chance alone is expected to bring up to {high:.2g}."
    )
    if result.left_out:
        typer.echo(f"{counted(len(result.left_out), 'entry', 'entries')} left out; the report says which and why.")
    for warning in operation.warnings:
        typer.echo(f"Note: {warning}", err=True)
    typer.echo(f"Report: {out / 'report.html'}")
