"""`antigone identify`: from files to a ranked list and a report."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from antigone.cli.cases import read_case
from antigone.matching.assignment import Standing
from antigone.matching.conclusions import Conclusions, Stages, conclude
from antigone.report.family_warnings import NAME as CONSISTENCY
from antigone.report.family_warnings import family_warnings
from antigone.report.results import OutputError, refuse_occupied, write_results
from antigone.report.supplements import Supplement, supplement
from antigone.report.words import chance_pairs, counted

# How many contradictions of families are said on the terminal; the report lists all of them.
SAID = 20
# How many notes; the report and summary.json have all of them.
NOTES_SAID = 12


def run(
    case: Path,
    out: Path,
    *,
    all_pairs: bool,
    replace: bool,
    quiet: bool,
    reassociation: bool = True,
    missing: Sequence[str] = (),
    remains: Sequence[str] = (),
) -> None:
    """Read, conclude, write; what was found is said in a few lines. `missing` and `remains` are said of a PED file."""
    refuse_occupied(out, replace=replace)
    refuse_in_the_case(out, case)
    started = time.perf_counter()
    operation = read_case(case, missing=missing, remains=remains)
    read = time.perf_counter()
    with progress_bar(quiet=quiet) as progress:
        stages = stages_of(progress)
        conclusions = conclude(operation, reassociation=reassociation, all_pairs=all_pairs, stages=stages)
        concluded = time.perf_counter()
        beside = supplement(conclusions, stages)
    supplemented = time.perf_counter()

    def seconds() -> dict[str, float]:
        now = time.perf_counter()
        spans = {
            "reading": read - started,
            "searching": concluded - read,
            "asking": supplemented - concluded,
            "writing": now - supplemented,
        }
        return {name: round(span, 3) for name, span in {**spans, "total": now - started}.items()}

    write_results(conclusions, out, seconds=seconds, replace=replace, beside=beside)
    _say(conclusions, beside, out)


def refuse_in_the_case(out: Path, case: Path) -> None:
    """Results among the files of a case would be taken for a part of it by the next who reads it."""
    place, source = out.resolve(), case.resolve()
    if case.is_dir() and place.is_relative_to(source):
        raise OutputError(f"{out} lies in the case folder {case}, which holds what was given; give a folder beside it")
    if source.is_relative_to(place):
        raise OutputError(f"{out} holds the case {case}, which would go with it; give another folder")


def progress_bar(*, quiet: bool) -> Progress:
    """What shows on the terminal how far a search is; nothing where it is to be quiet."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet,
        transient=True,
    )


def stages_of(progress: Progress) -> Stages:
    """Shows each stage of a search in its turn."""
    return _Stages(progress)


class _Stages:
    """A bar for each stage, begun when the stage is first told of and full when the next begins."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._name = ""
        self._task: TaskID | None = None

    def __call__(self, name: str, done: int, total: int) -> None:
        if name != self._name or self._task is None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._name, self._task = name, self._progress.add_task(name, total=total)
        self._progress.update(self._task, completed=done, total=total)


def _say(conclusions: Conclusions, beside: Supplement, out: Path) -> None:
    result = conclusions.result
    for line in _lines(conclusions, beside):
        typer.echo(line)
    if result.not_searched:
        typer.echo(f"NOT SEARCHED: {counted(len(result.not_searched), 'missing person')}; the report says who and why.")
    if result.left_out:
        typer.echo(f"{counted(len(result.left_out), 'entry', 'entries')} left out; the report says which and why.")
    for note in result.notes[:NOTES_SAID]:
        typer.echo(f"Note: {note}", err=True)
    if len(result.notes) > NOTES_SAID:
        typer.echo(f"and {counted(len(result.notes) - NOTES_SAID, 'more note')} in the report", err=True)
    for left_out in result.not_searched[:SAID]:
        typer.echo(f"Not searched: {left_out.id}: {left_out.reason}", err=True)
    warned = family_warnings(result.contradictions)
    for one in warned[:SAID]:
        typer.echo(f"Warning: {one.id}: {one.reason}", err=True)
    if len(warned) > SAID:
        typer.echo(f"and {len(warned) - SAID:,} more families that the report lists", err=True)
    if warned:
        typer.echo(f"Which markers and samples: {out / CONSISTENCY}, for two geneticists only", err=True)
    typer.echo(f"Report: {out / 'report.html'}")


def _lines(conclusions: Conclusions, beside: Supplement) -> Iterator[str]:
    """What was searched and what it came to, one thing a line."""
    result, joint = conclusions.result, conclusions.joint
    threshold = result.operation.settings.threshold
    yield from _remains(conclusions)
    individuals = counted(len(result.operation.individuals), "individual")
    missing = counted(len(result.missing), "missing person")
    yield f"{individuals} × {missing}: {counted(result.compared, 'pair')} compared."
    reached = sum(pair.log10_lr >= threshold for pair in result.pairs)
    chance = chance_pairs(*result.coincidences.at_least(threshold))
    yield f"{counted(reached, 'hit')} at log10 LR {threshold:g} or more; chance alone is expected to bring {chance}."
    standings = Counter(one.standing for part in joint.components for one in part.pairs)
    leading = standings[Standing.UNDISPUTED] + standings[Standing.LEADING]
    together = f"{counted(leading, 'pair leads', 'pairs lead')}, all pairs together"
    sets = counted(len(joint.symmetric), "symmetric set")
    yield f"{together}; {sets} that these samples cannot tell apart." if joint.symmetric else f"{together}."
    doubtful, never = len(conclusions.doubtful), len(beside.never())
    if doubtful:
        families = counted(doubtful, "family", "families")
        hits = counted(len(conclusions.provisional), "provisional hit")
        yield f"The samples of {families} do not fit the pedigree given: {hits}."
    if never:
        yield (
            f"{counted(never, 'missing person')} cannot be identified with the samples that their families gave so "
            "far; families.csv says why."
        )
    policy = conclusions.policies[0]
    passed = sum(case.judgements[0].passed for case in conclusions.cases)
    yield f"The numbers of {policy.name} v{policy.version} are met by {counted(passed, 'pair')}; two people decide."


def _remains(conclusions: Conclusions) -> Iterator[str]:
    found = conclusions.reassociation
    if found is None or not (found.groups or found.ambiguous or found.alarms):
        return
    parts = counted(sum(len(group.remains) for group in found.groups), "remains", "remains")
    said = f"{parts} are proposed as {counted(len(found.groups), 'person', 'persons')}"
    unclear = [f"{len(found.ambiguous):,} ambiguous"] if found.ambiguous else []
    unclear += [counted(len(found.alarms), "alarm")] if found.alarms else []
    given = counted(len(conclusions.given.individuals), "given remains", "given remains")
    yield f"{given}: {'; '.join([said, *unclear])}. Somebody accepts or refuses each."
