"""The files of an answer, all or none: tables, `summary.json`, `report.html`, and what certifies or is sealed."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from antigone.execution.engine import engine
from antigone.matching.certificate import certificate_of
from antigone.matching.conclusions import Conclusions
from antigone.matching.digests import digests
from antigone.matching.search import SearchResult
from antigone.report.certificate import NAME as CERTIFICATE
from antigone.report.certificate import certificate_text
from antigone.report.family_warnings import NAME as CONSISTENCY
from antigone.report.family_warnings import consistency_text
from antigone.report.listed import listed_pairs
from antigone.report.result_tables import (
    among_the_dead_table,
    families_table,
    hits_table,
    individuals_table,
    joint_table,
    nobody_table,
    proposals_table,
    provisional_table,
)
from antigone.report.search_report import render_search_report
from antigone.report.summary import summarise
from antigone.report.supplements import Supplement, supplement


class OutputError(Exception):
    """The results cannot be written where they were asked for."""


def write_results(
    conclusions: Conclusions,
    out: Path,
    *,
    seconds: Callable[[], Mapping[str, float]],
    replace: bool = False,
    beside: Supplement | None = None,
) -> None:
    """Write all files of an answer into the folder `out`, which appears whole or not at all.

    `beside` is computed unless given. `seconds` is asked what took how long when all but the summary, which states it,
    is written.

    Raises `IncompleteSearchError` where something was accepted and not searched, and `OutputError` where `out` is there
    already and `replace` was not asked for, or cannot be written.
    """
    refuse_occupied(out, replace=replace)
    try:
        _write(conclusions, beside or supplement(conclusions), out, seconds=seconds, replace=replace)
    except OSError as error:
        # Its own text names a file of ours that is gone by now.
        raise OutputError(f"{out} could not be written: {error.strerror or error}") from error


def _write(
    conclusions: Conclusions,
    beside: Supplement,
    out: Path,
    *,
    seconds: Callable[[], Mapping[str, float]],
    replace: bool,
) -> None:
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    result = conclusions.result
    listed = listed_pairs(conclusions)
    certificate = certificate_of(conclusions, engine())
    marks = {**digests(conclusions.given, result.prepared), **_files(result)}
    try:
        partial.mkdir(parents=True)
        table = hits_table(conclusions, listed)
        table.write_parquet(partial / "hits.parquet", statistics=False)
        for name, content in (
            ("hits", table),
            ("joint", joint_table(conclusions)),
            ("nobody", nobody_table(conclusions)),
            ("individuals", individuals_table(conclusions)),
            ("proposals", proposals_table(conclusions)),
            ("among_the_dead", among_the_dead_table(conclusions)),
            ("families", families_table(conclusions, beside)),
            ("provisional", provisional_table(conclusions)),
        ):
            write_csv(content, partial / f"{name}.csv")
        _write_private(partial / CONSISTENCY, consistency_text(result))
        _write_text(partial / CERTIFICATE, certificate_text(certificate))
        _write_text(partial / "report.html", render_search_report(conclusions, listed, beside, marks))
        summary = summarise(conclusions, listed, beside, marks, seconds())
        _write_text(partial / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        move_into_place(partial, out, replace=replace)
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


def _files(result: SearchResult) -> dict[str, str]:
    return {f"file {name}": digest for name, digest in result.operation.digests.items()}


def write_csv(table: pl.DataFrame, path: Path) -> None:
    """Texts that a spreadsheet would run as a formula get a quotation mark in front."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    table.with_columns(_without_formula(pl.col(name)).alias(name) for name in texts).write_csv(path)


def _without_formula(text: pl.Expr) -> pl.Expr:
    dangerous = text.str.contains(r"^[=+\-@\t\r]")
    return pl.when(dangerous).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_private(path: Path, text: str) -> None:
    """Write a text that the account alone reads under which this runs, whatever the machine gives other files."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)


def move_into_place(partial: Path, out: Path, *, replace: bool) -> None:
    """Rename a finished folder; an earlier result steps aside first and goes only when the new one stands."""
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
