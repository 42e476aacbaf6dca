"""`antigone search`: all against all at the scale of a country, in tiles, to ranked lists on disk."""

import gc
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from antigone.cli.cases import read_case
from antigone.cli.identify import SAID, progress_bar, refuse_in_the_case, stages_of
from antigone.execution.country import CountryConclusions, conclude_country, country_chance
from antigone.execution.dask_cluster import DaskCluster
from antigone.execution.here import Here
from antigone.execution.pool import ProcessPool
from antigone.execution.store import TileStore
from antigone.execution.tiles import TileExecutor
from antigone.matching.coincidences import CoincidenceCount
from antigone.report.country_results import write_country_results
from antigone.report.results import OutputError, refuse_occupied
from antigone.report.words import counted

# Full rounds of the collector of garbage while a search runs: so many times more seldom than elsewhere.
SELDOM = 100


@dataclass(frozen=True)
class Computed:
    """By whom, and where what was computed is kept."""

    cores: int | None = None
    processes: int | None = None
    dask: str | None = None
    tiles: Path | None = None

    def executor(self) -> TileExecutor:
        """Who computes. Raises `typer.BadParameter` where more than one was asked for, `NoClusterError`."""
        asked = [f"--{name}" for name in ("cores", "processes", "dask") if getattr(self, name) is not None]
        if len(asked) > 1:
            raise typer.BadParameter(f"{' and '.join(asked)} exclude each other: who is to compute?")
        if self.dask is not None:
            return DaskCluster(self.dask)
        if self.processes is not None:
            return ProcessPool(self.processes)
        return Here(self.cores or os.cpu_count() or 1)


def run(
    case: Path,
    out: Path,
    computed: Computed,
    *,
    threshold: float | None,
    best: int,
    replace: bool,
    quiet: bool,
    missing: Sequence[str] = (),
    remains: Sequence[str] = (),
) -> None:
    """Read, search, write; what was found is said in a few lines."""
    refuse_occupied(out, replace=replace)
    refuse_in_the_case(out, case)
    executor = computed.executor()
    if computed.tiles is not None:
        refuse_in_the_case(computed.tiles, case)
        _refuse_no_store(computed.tiles)
    store = None if computed.tiles is None else TileStore(computed.tiles)
    started = time.perf_counter()
    operation = read_case(case, missing=missing, remains=remains)
    read = time.perf_counter()
    with _seldom_collected():
        with progress_bar(quiet=quiet) as progress:
            tell = stages_of(progress)
            found = conclude_country(operation, executor, threshold=threshold, store=store, stages=tell)
            chance = country_chance(
                found.result, computed.cores, lambda done, of: tell("Counting what chance would give", done, of)
            )
        searched = time.perf_counter()

        def seconds() -> dict[str, float]:
            now = time.perf_counter()
            spans = {"reading": read - started, "searching": searched - read, "writing": now - searched}
            return {name: round(span, 3) for name, span in {**spans, "total": now - started}.items()}

        write_country_results(found, chance, out, best=best, seconds=seconds, replace=replace)
    for name in [] if store is None else store.damaged:
        typer.echo(f"Damaged, thrown away and computed again: {name}", err=True)
    for line in _lines(found, chance):
        typer.echo(line)
    for one in found.result.not_searched[:SAID]:
        typer.echo(f"Not searched: {one.id}: {one.reason}", err=True)
    typer.echo(f"Ranked lists: {out / 'best_by_individual.csv'}, {out / 'best_by_missing_person.csv'}")


def _refuse_no_store(tiles: Path) -> None:
    """A folder of something else would be read with tiles in it."""
    if tiles.exists() and not tiles.is_dir():
        raise OutputError(f"{tiles} is no folder; give one for tiles alone")
    others = (
        [path.name for path in tiles.iterdir() if path.suffix not in (".tile", ".partial")] if tiles.is_dir() else []
    )
    if others:
        raise OutputError(f"{tiles} holds something else ({others[0]}); give a folder for tiles alone")


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """What there is now is no garbage until this ends, and what comes to stay is looked through for it seldom.

    A country's people and what is found of each are millions of objects, nearly all of which stay to the end. The
    collector went through them again each time that a quarter more had come. Young garbage is collected as ever.
    """
    young, middle, old = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(young, middle, old * SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)
        gc.unfreeze()


def _lines(found: CountryConclusions, chance: CoincidenceCount) -> Iterator[str]:
    result = found.result
    individuals = counted(len(result.operation.individuals), "individual")
    missing = counted(len(result.missing), "missing person")
    tiles = counted(len(result.tiles), "tile")
    yield f"{individuals} × {missing}: {counted(result.hits.pairs, 'pair')} compared, in {tiles}."
    low, high = chance.at_least(result.hits.threshold)
    yield (
        f"{counted(len(result.hits), 'hit')} at log10 LR {result.hits.threshold:g} or more; of unrelated pairs alone "
        f"{low:,.3g} to {high:,.3g} would be expected."
    )
    if len(result.hits.cannot_reach):
        yield f"{counted(len(result.hits.cannot_reach), 'missing person')} could reach that with nobody."
    if found.doubtful:
        families = counted(len(found.doubtful), "family", "families")
        hits = counted(len(found.provisional), "provisional hit")
        yield f"The samples of {families} do not fit the pedigree given: {hits}, sample by sample."
    if found.near:
        remains = counted(len({one.remains for one in found.near}), "individual")
        yield (
            f"ALARM: {remains} all but the same as a missing person's own sample; nearly_own_samples.csv says which "
            "markers contradict. Type both again before anybody is identified by either."
        )
    if result.not_searched:
        yield f"NOT SEARCHED: {counted(len(result.not_searched), 'missing person')}; left_out.csv says who and why."
