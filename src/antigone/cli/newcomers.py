"""`antigone resident` and `antigone ask`: a search that stays in memory, and somebody new who is compared with it."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import typer

from antigone.cli.cases import read_case
from antigone.cli.errors import explained
from antigone.cli.identify import progress_bar, stages_of
from antigone.execution.doorstep import answer_at, ask_at
from antigone.matching.newcomers import KeptSearch
from antigone.report.results import OutputError, write_csv
from antigone.report.words import counted

# So many hits are printed; a file has all.
SHOWN = 20


def stay(
    case: Path,
    at: Path,
    *,
    threshold: float | None,
    quiet: bool,
    missing: Sequence[str] = (),
    remains: Sequence[str] = (),
) -> None:
    """Read a case, keep it ready, and answer until stopped."""
    operation = read_case(case, missing=missing, remains=remains)
    with progress_bar(quiet=quiet) as progress:
        tell = stages_of(progress)
        kept = KeptSearch(
            operation,
            threshold=threshold,
            progress=lambda done, of: tell("Checking families", done, of),
            threads=os.cpu_count() or 1,
        )

    def ready() -> None:
        people = f"{counted(kept.individuals, 'individual')} and {counted(kept.missing, 'missing person')}"
        typer.echo(f"Ready: {people}, {kept.size / 2**20:,.0f} MiB kept; hits from log10 LR {kept.threshold:g}.")
        typer.echo(f"Ask with: antigone ask NEW --at {at}. Ctrl-C ends it.")
        sys.stdout.flush()

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)  # what stops services; the socket is taken away as after Ctrl-C
    answer_at(at, lambda request: _answered(kept, request), ready=ready)


def _answered(kept: KeptSearch, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is sent back: the answer, or the words of an error that is about the input."""
    path = request.get("case")
    if not isinstance(path, str):
        return {"error": "found no ‘case’; expected the path of a case with who is new"}
    started = time.perf_counter()
    try:
        new = read_case(Path(path), missing=request.get("missing", ()), remains=request.get("remains", ()))
        read = time.perf_counter()
        answer = kept.add(new) if request.get("add") else kept.ask(new)
    except Exception as error:  # noqa: BLE001 - a mistake of ours is told to who asked, and ends nobody else's search
        words = explained(error)
        return {"error": words if words is not None else f"a mistake of this program: {error!r}"}
    seconds = {"reading": read - started, "comparing": time.perf_counter() - read}
    near = [{**asdict(one), "words": one.words} for one in answer.near]
    return {**asdict(answer), "near": near, "warnings": list(new.warnings), "seconds": seconds}


def ask(
    new: Path, at: Path, *, add: bool, out: Path | None, missing: Sequence[str] = (), remains: Sequence[str] = ()
) -> None:
    """Ask, print the best hits, and write all; who was accepted and not compared is told, with exit status 1.

    Raises `OutputError` where the answer is an error.
    """
    if out is not None and out.exists():
        raise OutputError(f"{out} is there already")
    if out is not None and not out.resolve().parent.is_dir():
        raise OutputError(f"{out} cannot be written: there is no folder {out.parent}")
    request = {"case": str(new.resolve()), "add": add, "missing": list(missing), "remains": list(remains)}
    reply = ask_at(at, request)
    if "error" in reply:
        raise OutputError(str(reply["error"]))
    for line in _lines(reply):
        typer.echo(line)
    for one in reply["left_out"]:
        typer.echo(f"Left out: {one['what']} {one['id']}: {one['reason']}", err=True)
    for warning in reply["warnings"]:
        typer.echo(f"Note: {warning}", err=True)
    if out is not None:
        write_csv(_table(reply["hits"]), out)
        typer.echo(f"All hits: {out}")
    for one in reply["not_compared"]:
        typer.echo(f"NOT COMPARED: {one['what']} {one['id']}: {one['reason']}", err=True)
    if reply["not_compared"]:
        raise typer.Exit(1)


def _lines(reply: Mapping[str, Any]) -> Iterator[str]:
    people = (
        f"{counted(reply['individuals'], 'new individual')}, {counted(reply['families'], 'new family', 'new families')}"
    )
    seconds = reply["seconds"]
    yield (
        f"{people}: {counted(reply['pairs'], 'pair')} compared in {1000 * seconds['comparing']:.0f} ms "
        f"(reading {1000 * seconds['reading']:.0f} ms); {counted(len(reply['hits']), 'hit')}."
    )
    for name in reply["doubtful"]:
        yield f"The samples of family {name} do not fit its pedigree: its hits are provisional, sample by sample too."
    if reply["there_already"]:
        names = ", ".join(reply["there_already"])
        yield f"Of these names somebody is kept already, and hits do not say which of the two is meant: {names}"
    for one in reply["near"]:
        yield f"ALARM: {one['remains']} {one['words']}"
    if reply["hits"]:
        yield " log10 LR strangers  (so many unrelated pairs would do as well in a search of everybody, at most)"
    for one in reply["hits"][:SHOWN]:
        provisional = f"  PROVISIONAL, {one['provisional']}" if one["provisional"] else ""
        figures = f"{one['log10_lr']:9.2f} {one['expected_coincidences']:9.2g}"
        yield f"{figures}  {one['individual']}  {one['person']}, family {one['family']}{provisional}"
    if len(reply["hits"]) > SHOWN:
        yield f"and {len(reply['hits']) - SHOWN:,} more; --out FILE.csv writes all"


def _table(hits: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    texts = dict.fromkeys(("individual", "person", "family"), pl.String)
    schema = {**texts, "log10_lr": pl.Float64, "expected_coincidences": pl.Float64, "provisional": pl.String}
    table = pl.DataFrame([dict(one) for one in hits], schema=schema)
    return table.rename({"person": "missing_person"})
