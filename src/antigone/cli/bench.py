"""`antigone bench`: figures as a table, as JSON, and as pictures."""

import json
import os
from pathlib import Path
from typing import Any

import typer

from antigone.bench.assignment import AssignmentFigure, solve
from antigone.bench.inputs import find_timed_inputs
from antigone.bench.large_families import LargeFamilyFigure, large_families
from antigone.bench.likelihoods import Figure, growth, kinship, likelihoods, pairwise
from antigone.bench.machine import describe
from antigone.bench.office import is_installed, office_figures
from antigone.bench.reading import MOST_MEBIBYTES, MOST_SECONDS, PROFILES, reading_figures
from antigone.bench.scaling import ScalingFigure, largest_deviation, scaling
from antigone.bench.search import SearchFigure, SearchSize, search_figure
from antigone.report.charts import growth_curve
from antigone.report.results import OutputError
from antigone.report.speed_charts import scaling_curves, stage_bars

# The long form of the office's fills an office with a million entries: minutes, and two gigabytes of disk.
KINDS = (
    "all", "likelihood", "growth", "search", "scaling", "assignment", "reading", "office", "office-long", "parsers",
)  # fmt: skip
# `parsers` is a command of its own (cli/bench_parsers.py): a million inputs to each reader take hours.


def run(
    what: str,
    *,
    out: Path | None,
    answers: Path | None,
    as_json: bool,
    size: SearchSize | None = None,
    keep: Path | None = None,
) -> None:
    """Measure, print, and keep where asked for."""
    if what not in KINDS:
        raise OutputError(f"‘{what}’ is no benchmark; there are {', '.join(KINDS)}")
    timed_inputs = find_timed_inputs(answers)  # before minutes of work, for the folder may be a wrong one
    content: dict[str, Any] = {
        "machine": describe(),
        "figures": [],
        "growth": [],
        "search": [],
        "large_families": [],
        "scaling": [],
        "assignment": [],
        "reading": [],
        "office": [],
    }
    if what in ("all", "search"):
        content["search"] = _search(size or SearchSize(), keep, as_json=as_json)
        content["large_families"] = _large_families(as_json=as_json)
    if what == "scaling":
        content["scaling"] = _scaling(size or SearchSize(), as_json=as_json)
    if what in ("all", "likelihood", "search"):
        content["figures"] = _beside_peers(what, timed_inputs, as_json=as_json)
    if what in ("all", "growth"):
        content["growth"] = growth()
        if not as_json:
            _print_growth(content["growth"])
    if what in ("all", "assignment"):
        content["assignment"] = _assignment(as_json=as_json)
    if what in ("all", "reading"):
        content["reading"] = _reading(as_json=as_json)
    if what in ("all", "office", "office-long"):
        content["office"] = _office(out, long=what == "office-long", as_json=as_json)
    content["machine"]["load_average_after"] = [round(load, 2) for load in os.getloadavg()]
    if as_json:
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False))
    if out is not None:
        _keep(content, out)


def _beside_peers(what: str, folder: Path | None, *, as_json: bool) -> list[dict[str, object]]:
    """What peers were timed on, timed here."""
    if folder is None:
        typer.echo("The peers' timed inputs are not beside this checkout; give --answers FOLDER. Skipped.", err=True)
        return []
    figures: list[Figure] = []
    if what in ("all", "likelihood"):
        figures += likelihoods(folder) + kinship(folder)
    if what in ("all", "search"):
        figures += pairwise(folder)
    if not as_json:
        _print(figures)
    return [figure.as_row() for figure in figures]


def _print(figures: list[Figure]) -> None:
    typer.echo(f"{'what':11}{'case':28}{'model':10}{'ours':>11}  {'unit':24}{'plain/ours':>10}{'load':>6}  peers (ms)")
    for figure in figures:
        plain = "" if figure.times_faster_than_plain is None else f"{figure.times_faster_than_plain:.0f}×"
        others = ", ".join(
            f"{program} {milliseconds:g} ({milliseconds / figure.milliseconds:,.0f}×)"
            for program, milliseconds in figure.peers.items()
        )
        typer.echo(
            f"{figure.what:11}{figure.case:28}{figure.model:10}{figure.milliseconds:11.4f}  {figure.unit:24}"
            f"{plain:>10}{figure.load:6.2f}  {others}"
        )


def _print_growth(rows: list[dict[str, float]]) -> None:
    typer.echo("\nGrowth with the size of the pedigree (stepwise, 15 alleles, half typed)")
    for row in rows:
        typer.echo(f"{row['people']:6.0f} people {row['ms_a_marker']:9.3f} ms a marker   load {row['load']:.2f}")


def _search(size: SearchSize, keep: Path | None, *, as_json: bool) -> list[dict[str, object]]:
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise OutputError(f"{keep} is there already; give the name of a new folder")
    one = search_figure(size, keep)
    if not as_json:
        _print_search(one)
    return [one.as_row()]


def _print_search(one: SearchFigure) -> None:
    cores = "one core" if one.cores == 1 else f"{one.cores} cores"
    same = "all hits of a sample are" if one.identical_to_reference else "NOT ALL HITS of a sample ARE"
    typer.echo(
        f"\nA country: {one.remains:,} remains, {one.missing:,} missing persons, {one.markers} markers, "
        f"{one.pairs:,} pairs\n"
        f"{one.seconds_total:.1f} s from files to ranked lists on {cores} ({one.core_seconds_total:.1f} s of a core), "
        f"{one.peak_rss_bytes / 2**30:.2f} GiB at the peak, load {one.load_average[0]:.2f}\n"
        f"{one.seconds_to_first_pair:.2f} s of a core from what was read to the first pair; somebody new: a profile "
        f"{one.milliseconds_one_profile:.0f} ms of a core, a family {one.milliseconds_one_family:.0f} ms, with "
        f"{one.resident_bytes / 1e6:,.0f} MB kept in memory\n"
        f"start {one.seconds_start:.1f} s, reading {one.seconds_read:.1f}, search {one.seconds_search:.1f}, "
        f"writing {one.seconds_write:.1f}; of a core: tables {one.seconds_tables:.2f}, bytes "
        f"{one.seconds_deficits:.2f}, first pass {one.seconds_kernel:.2f}, rescoring {one.seconds_rescoring:.2f}\n"
        f"{one.pairs_per_second_per_core / 1e9:.2f} billion pairs a second and core in the first pass, "
        f"{one.share_of_limit:.0%} of what can be loaded, {one.times_plain:.0f} times plain NumPy; "
        f"{one.families_per_second_per_core:,.0f} families a second and core\n"
        f"{same} those of {one.pairs_compared_with_reference:,} pairs computed plainly; "
        f"{one.true_pairs_in_best:,} of {one.true_pairs:,} true pairs among the best of their individual"
    )


def _large_families(*, as_json: bool) -> list[dict[str, object]]:
    figures: list[LargeFamilyFigure] = large_families()
    if not as_json:
        typer.echo(f"\nFamilies of eleven, {figures[0].markers} markers of {figures[0].alleles} alleles, stepwise")
        for one in figures:
            way = "vectors over alleles" if one.by_vectors else "elimination"
            typer.echo(
                f"{one.kind:58}{one.families_per_second_per_core:9,.0f} a second and core by {way}, load {one.load:.2f}"
            )
    return [one.as_row() for one in figures]


def _scaling(size: SearchSize, *, as_json: bool) -> list[dict[str, object]]:
    figures: list[ScalingFigure] = scaling(size)
    if not as_json:
        for one in figures:
            typer.echo(
                f"{one.along:8}{one.remains:9,} remains {one.missing:9,} missing persons {one.cores:2} cores "
                f"{one.core_seconds_search:8.2f} s of a core, {one.core_seconds_search / one.pairs * 1e9:6.2f} ns a "
                f"pair, {one.seconds_search:8.2f} s by the clock, {one.peak_rss_bytes / 2**20:6,.0f} MiB, "
                f"load {one.load:.2f}"
            )
        for along in ("remains", "missing"):
            typer.echo(f"{along}: within {largest_deviation(figures, along):.0%} of a straight line")
    return [one.as_row() for one in figures]


def _assignment(*, as_json: bool) -> list[dict[str, object]]:
    one = solve()
    if not as_json:
        _print_assignment(one)
    return [one.as_row()]


def _print_assignment(one: AssignmentFigure) -> None:
    typer.echo(
        f"\nThe joint answer: {one.individuals:,} individuals, {one.missing:,} missing persons, {one.pairs:,} pairs, "
        f"three priors\n"
        f"{one.seconds:.1f} s, {one.peak_mebibytes:,.0f} MiB at the peak, load {one.load:.2f}; "
        f"{one.options:,} options in {one.components:,} components, the largest of {one.largest} individuals; "
        f"{one.exact_share:.1%} of components summed exactly; {one.right:,} pairs certain and right, {one.wrong} wrong"
    )


def _reading(*, as_json: bool) -> list[dict[str, object]]:
    """Each form as soon as it was read: all of them take some minutes."""
    rows = []
    if not as_json:
        goal = f"goal for {PROFILES:,}: {MOST_SECONDS:.0f} s of all threads, {MOST_MEBIBYTES:,.0f} MiB"
        typer.echo(f"\nProfiles read, with every check; {goal}")
    for one in reading_figures():
        rows.append(one.as_row())
        if not as_json:
            reached = "fewer fit" if one.reached is None else "reached" if one.reached else "NOT REACHED"
            typer.echo(
                f"{one.form:36}{one.profiles:9,} profiles of {one.markers} markers {one.file_bytes / 1e6:6,.0f} MB "
                f"{one.seconds:7.1f} s, {one.clock_seconds:6.1f} s by the clock, {one.peak_mebibytes:6,.0f} MiB at the "
                f"peak, load {one.load:.2f}  {reached}"
            )
    return rows


def _office(out: Path | None, *, long: bool, as_json: bool) -> list[dict[str, object]]:
    """Measure on the disk where the figures are kept, or where the command was given."""
    if not is_installed():
        typer.echo("The office is not here (pip install 'antigone[office]'); its figures are skipped.", err=True)
        return []
    where = out or Path()
    where.mkdir(parents=True, exist_ok=True)
    rows = []
    if not as_json:
        typer.echo(f"\n{'The office':66}{'ours':>10}  {'unit':17}{'target':31}{'':11}{'load':>5}  against SQLite alone")
    for figure in office_figures(where.resolve(), long=long):
        rows.append(figure.as_row())
        if not as_json:
            alone = "" if figure.times_sqlite_alone is None else f"{figure.times_sqlite_alone:.1f} times its time"
            reached = "" if not figure.target else "reached" if figure.reached else "NOT REACHED"
            value = f"{figure.figure:,.0f}" if figure.figure >= 1000 or not figure.unit else f"{figure.figure:.2f}"
            measured = f"{figure.what:66}{value:>10}  {figure.unit:17}"
            typer.echo(f"{measured}{figure.target:31}{reached:11}{figure.load:5.2f}  {alone}")
    return rows


def _keep(content: dict[str, Any], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if content["growth"]:
        picture = growth_curve([(row["people"], row["ms_a_marker"]) for row in content["growth"]])
        (out / "growth.svg").write_text(picture + "\n", encoding="utf-8")
    if content["search"]:
        (out / "stages.svg").write_text(stage_bars(_stages(content["search"])) + "\n", encoding="utf-8")
    if content["scaling"]:
        (out / "scaling.svg").write_text(scaling_curves(_panels(content["scaling"])) + "\n", encoding="utf-8")
    typer.echo(f"Kept in {out}", err=True)


def _stages(rows: list[dict[str, Any]]) -> dict[str, list[tuple[str, float]]]:
    """Seconds of a core of each stage, by search; beside the first pass what loading alone would take."""
    found = {}
    for row in rows:
        limit = row["pairs"] / row["limit_pairs_per_second_per_core"]
        stages = [
            ("reading four files", row["core_seconds_read"]), ("tables", row["seconds_tables"]),
            ("bytes", row["seconds_deficits"]), ("first pass", row["seconds_kernel"]),
            ("  of that, loading alone", limit), ("survivors", row["seconds_rescoring"]),
            ("ranking and writing", row["core_seconds_write"]),
        ]  # fmt: skip
        known = sum(seconds for name, seconds in stages if not name.startswith(" "))
        stages.append(("start-up and the rest", max(0.0, row["core_seconds_total"] - known)))
        found[f"{row['remains']:,} × {row['missing']:,}, load {row['load_average'][0]:.1f}"] = stages
    return found


def _panels(rows: list[dict[str, Any]]) -> dict[str, tuple[list[tuple[float, float]], list[tuple[float, float]]]]:
    """Seconds of a core and mebibytes, by what grows."""
    panels = {}
    for along, name in (("remains", "remains"), ("missing", "missing persons"), ("cores", "cores")):
        mine = [row for row in rows if row["along"] == along]
        seconds = [(float(row[along]), float(row["core_seconds_search"])) for row in mine]
        panels[name] = (seconds, [(float(row[along]), row["peak_rss_bytes"] / 2**20) for row in mine])
    return panels
