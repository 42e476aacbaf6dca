"""The files of a search: `hits.csv`, `hits.parquet`, `summary.json` and `report.html`, all or none."""

import json
import math
import os
import platform
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from antigone import __version__
from antigone.matching.digests import describe_settings, digests
from antigone.matching.hits import Hit, hits
from antigone.matching.odd import default_used
from antigone.matching.search import SearchResult
from antigone.report.search_report import render_search_report


class OutputError(Exception):
    """The results cannot be written where they were asked for."""


def write_results(
    result: SearchResult, out: Path, *, seconds: Callable[[], Mapping[str, float]], replace: bool = False
) -> None:
    """Write all files of a search into the folder `out`, which appears whole or not at all.

    `seconds` is asked what took how long when all but the summary, which states it, is written.

    Raises `OutputError` where `out` is there already and `replace` was not asked for, or cannot be written.
    """
    refuse_occupied(out, replace=replace)
    try:
        _write(result, out, seconds=seconds, replace=replace)
    except OSError as error:
        # Its own text names a file of ours that is gone by now.
        raise OutputError(f"{out} could not be written: {error.strerror or error}") from error


def _write(result: SearchResult, out: Path, *, seconds: Callable[[], Mapping[str, float]], replace: bool) -> None:
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    listed = hits(result)
    marks = digests(result.operation, result.prepared)
    shown = [hit for hit in listed if hit.log10_lr >= result.operation.settings.threshold]
    try:
        partial.mkdir(parents=True)
        table = hits_table(listed, [model.name for model in result.prepared.models])
        _write_csv(table, partial / "hits.csv")
        table.write_parquet(partial / "hits.parquet", statistics=False)
        _write_text(partial / "report.html", render_search_report(result, shown, {**marks, **_files(result)}))
        summary = summarise(result, listed, marks, seconds())
        _write_text(partial / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        _move_into_place(partial, out, replace=replace)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def refuse_occupied(out: Path, *, replace: bool) -> None:
    """Say early that a folder is taken or cannot be made: before hours of searching, not after."""
    refuse_impossible(out)
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; give a folder that is not there yet")
    if out.is_dir() and any(out.iterdir()):
        if not replace:
            raise OutputError(f"{out} is there already; give another folder, or --replace to replace it as a whole")
        if not (out / "summary.json").is_file():
            raise OutputError(f"{out} holds no earlier result of a search; --replace replaces nothing else")


def refuse_impossible(out: Path) -> None:
    """Say that nothing can be made under a name: none at all, or one within a file."""
    if out.name in ("", ".."):
        raise OutputError(f"‘{out}’ is no name for something new; give one, such as report")
    above = next((folder for folder in out.absolute().parents if folder.exists()), Path("/"))
    if not above.is_dir():
        raise OutputError(f"{out} cannot be made: {above} is a file, not a folder")
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError(f"{out} cannot be made: {above} may not be written to")


def hits_table(listed: Sequence[Hit], markers: Sequence[str]) -> pl.DataFrame:
    """One row a pair, best first; `lr_MARKER` is empty where a side is untyped, or as `not_used` says."""
    columns: dict[str, list[Any]] = {
        "individual": [hit.individual.id for hit in listed],
        "missing_person": [hit.missing_person for hit in listed],
        "family": [hit.family.name for hit in listed],
        "log10_lr": [hit.log10_lr for hit in listed],
        "expected_coincidences": [hit.expected_coincidences[1] for hit in listed],
        "exclusions": [hit.exclusions for hit in listed],
        "posterior": [hit.posterior for hit in listed],
        "expected_coincidences_low": [hit.expected_coincidences[0] for hit in listed],
        "log10_linkage": [math.fsum(hit.linkage.values()) for hit in listed],
        "contradictions": ["; ".join(hit.contradictions) for hit in listed],
        "not_used": ["; ".join(f"{marker}: {why}" for marker, why in hit.unused.items()) for hit in listed],
    }
    texts = {"individual", "missing_person", "family", "contradictions", "not_used"}
    schema: dict[str, Any] = {
        name: pl.String if name in texts else pl.Int64 if name == "exclusions" else pl.Float64 for name in columns
    }
    for marker in markers:
        logs = [hit.by_marker.get(marker) for hit in listed]
        columns[f"lr_{marker}"] = [None if log is None else 10.0**log for log in logs]
        schema[f"lr_{marker}"] = pl.Float64
    return pl.DataFrame(columns, schema=schema)


def summarise(
    result: SearchResult, listed: Sequence[Hit], marks: Mapping[str, str], seconds: Mapping[str, float]
) -> dict[str, Any]:
    """What was searched, with what, and how it went: plain values, ready for JSON."""
    operation, frequencies = result.operation, result.prepared.frequencies
    threshold = operation.settings.threshold
    low, high = result.coincidences.at_least(threshold)
    used = {model.name: frequencies.markers[model.name] for model in result.prepared.models}
    return {
        "case": operation.name,
        "individuals": len(operation.individuals),
        "missing_persons": len(result.missing),
        "missing_persons_not_searched": len(result.not_searched),
        "pairs": result.compared,
        "hits": sum(hit.log10_lr >= threshold for hit in listed),
        "pairs_listed": len(listed),
        "families": len(operation.families),
        "donors": sum(len(family.donors()) for family in operation.families),
        "direct_references": sum(len(set(family.profiles) & set(family.missing)) for family in operation.families),
        "bags": _different(individual.bag for individual in operation.individuals),
        "transfers": _different(individual.transfer for individual in operation.individuals),
        "expected_coincidences_at_threshold": {"low": low, "high": high},
        "markers": [model.name for model in result.prepared.models],
        "linked_pairs": [
            {"first": pair.first, "second": pair.second, "recombination": pair.recombination, "source": pair.source}
            for pair in result.prepared.linked
        ],
        "frequencies": {
            "table": frequencies.table,
            "source": frequencies.source,
            "rule": frequencies.rule,
            "normalisation": frequencies.normalisation,
            "added": _alleles(used, "added"),
            "raised": _alleles(used, "raised"),
        },
        "left_out": [{"what": one.what, "id": one.id, "reason": one.reason} for one in result.left_out],
        "warnings": list(result.notes),
        "family_contradictions": [
            {"family": one.family, "marker": one.marker, "what": one.what} for one in result.contradictions
        ],
        "settings": describe_settings(operation),
        "settings_left_to_defaults": {name: default_used(operation, name) for name in operation.undeclared},
        "digests": {**marks, **_files(result)},
        "versions": {
            "antigone": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "numba", "polars")},
        },
        "seconds": dict(seconds),
    }


def _different(places: Iterable[str]) -> int | None:
    """How many different ones; None where none is recorded, which is no count of zero."""
    return len({place for place in places if place}) or None


def _alleles(markers: Mapping[str, Any], which: str) -> dict[str, list[str]]:
    found = {name: [str(allele) for allele in getattr(marker, which)] for name, marker in sorted(markers.items())}
    return {name: alleles for name, alleles in found.items() if alleles}


def _files(result: SearchResult) -> dict[str, str]:
    return {f"file {name}": digest for name, digest in result.operation.digests.items()}


def _write_csv(table: pl.DataFrame, path: Path) -> None:
    """Texts that a spreadsheet would run as a formula get a quotation mark in front."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    table.with_columns(_without_formula(pl.col(name)).alias(name) for name in texts).write_csv(path)


def _without_formula(text: pl.Expr) -> pl.Expr:
    dangerous = text.str.contains(r"^[=+\-@\t\r]")
    return pl.when(dangerous).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _move_into_place(partial: Path, out: Path, *, replace: bool) -> None:
    """Rename; an earlier result steps aside first and goes only when the new one stands."""
    refuse_occupied(out, replace=replace)
    if not out.is_dir():
        partial.rename(out)
        return
    earlier = out.with_name(f".{out.name}.earlier-{os.getpid()}")
    out.rename(earlier)
    try:
        partial.rename(out)
    except BaseException:  # a stop, too, must not leave the reader without any
        if not out.exists():
            earlier.rename(out)
        raise
    shutil.rmtree(earlier)
