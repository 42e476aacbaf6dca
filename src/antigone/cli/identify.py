"""`antigone identify`: from files to a ranked list and a report."""

import time
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from antigone.cli.cases import read_case
from antigone.matching.search import SearchResult, search
from antigone.report.results import OutputError, refuse_occupied, write_results
from antigone.report.words import chance_pairs, counted

# How many contradictions of families are said on the terminal; the report lists all of them.
SAID = 20


def run(case: Path, out: Path, *, all_pairs: bool, replace: bool, quiet: bool) -> None:
    """Read, search, write; what was found is said in a few lines."""
    refuse_occupied(out, replace=replace)
    _refuse_in_the_case(out, case)
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

    def seconds() -> dict[str, float]:
        now = time.perf_counter()
        spans = {"reading": read - started, "searching": searched - read, "writing": now - searched}
        return {name: round(span, 3) for name, span in {**spans, "total": now - started}.items()}

    write_results(result, out, seconds=seconds, replace=replace)
    _say(result, out)


def _refuse_in_the_case(out: Path, case: Path) -> None:
    """Results among the files of a case would be taken for a part of it by the next who reads it."""
    place, source = out.resolve(), case.resolve()
    if case.is_dir() and place.is_relative_to(source):
        raise OutputError(f"{out} lies in the case folder {case}, which holds what was given; give a folder beside it")
    if source.is_relative_to(place):
        raise OutputError(f"{out} holds the case {case}, which would go with it; give another folder")


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
    missing = counted(len(result.missing), "missing person")
    typer.echo(f"{individuals} × {missing}: {counted(result.compared, 'pair')} compared.")
    reached = sum(pair.log10_lr >= threshold for pair in result.pairs)
    chance = chance_pairs(*result.coincidences.at_least(threshold))
    typer.echo(
        f"{counted(reached, 'hit')} at log10 LR {threshold:g} or more; chance alone is expected to bring {chance}."
    )
    if result.not_searched:
        typer.echo(f"NOT SEARCHED: {counted(len(result.not_searched), 'missing person')}; the report says who and why.")
    if result.left_out:
        typer.echo(f"{counted(len(result.left_out), 'entry', 'entries')} left out; the report says which and why.")
    for note in result.notes:
        typer.echo(f"Note: {note}", err=True)
    for left_out in result.not_searched[:SAID]:
        typer.echo(f"Not searched: {left_out.id}: {left_out.reason}", err=True)
    for one in result.contradictions[:SAID]:
        typer.echo(f"Not used: {one}", err=True)
    if len(result.contradictions) > SAID:
        typer.echo(f"and {len(result.contradictions) - SAID:,} more that the report lists", err=True)
    typer.echo(f"Report: {out / 'report.html'}")
