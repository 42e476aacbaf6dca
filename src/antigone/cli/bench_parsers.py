"""`antigone bench parsers`: damaged input to every reader, and what it did to them."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from antigone.bench.machine import describe
from antigone.bench.parsers import MOST_MEBIBYTES, MOST_SECONDS, PARSERS, ParserFigure, can_be_guided, feed_apart
from antigone.report.results import OutputError


def run(*, inputs: int, seed: int, only: Sequence[str], out: Path | None, as_json: bool, guided: bool = False) -> int:
    """Feed each reader, print what came of it, keep it where asked for; 1 where a reader did not hold."""
    unknown = [name for name in only if name not in PARSERS]
    if unknown:
        raise OutputError(f"‘{unknown[0]}’ is no reader; there are {', '.join(PARSERS)}")
    if guided and not can_be_guided():
        raise OutputError("Atheris, which guides the inputs, is not installed; without --guided they are blind")
    figures = []
    for name in only or PARSERS:
        figures.append(feed_apart(name, inputs, seed, guided=guided))
        if not as_json:
            _print(figures[-1])
    content = {"machine": describe(), "parsers": [asdict(one) for one in figures]}
    text = json.dumps(content, indent=2, ensure_ascii=False)
    if as_json:
        typer.echo(text)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "parsers.json").write_text(text + "\n", encoding="utf-8")
    return 0 if all(one.holds for one in figures) else 1


def _print(one: ParserFigure) -> None:
    grown = one.peak_mebibytes - one.mebibytes_before
    typer.echo(
        f"{one.parser:12}{one.inputs:>10,} inputs in {one.seconds:8.1f} s, {one.refused:>9,} refused; slowest "
        f"{one.slowest_seconds:.3f} s (no. {one.slowest}), {grown:.0f} MiB more at the peak"
        f"{'' if one.holds else '  DOES NOT HOLD'}"
    )
    for number, what in one.failed.items():
        typer.echo(f"  no. {number} of seed {one.seed}: {what}")
        if number in one.worst:
            typer.echo(f"    in base 64: {one.worst[number]}")
    if one.slowest_seconds > MOST_SECONDS or grown > MOST_MEBIBYTES:
        typer.echo(f"  allowed are {MOST_SECONDS:g} s and {MOST_MEBIBYTES:g} MiB")
