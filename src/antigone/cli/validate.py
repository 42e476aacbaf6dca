"""`antigone validate`: other programs' answers, computed again."""

import json
from collections.abc import Sequence
from pathlib import Path

import typer

from antigone.formats.answers import FileReport, validate_file


def run(files: Sequence[Path], *, as_json: bool) -> int:
    """Print a line for each file, or JSON; 1 if an answer falls short, else 0."""
    reports = []
    for path in files:
        reports.append(validate_file(path))
        if not as_json:
            _print(reports[-1])
    passed = all(report.passed == len(report.cases) for report in reports)
    if as_json:
        content = {"files": [report.as_json() for report in reports], "passed": passed}
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
    return 0 if passed else 1


def _print(report: FileReport) -> None:
    verdict = "passed" if report.passed == len(report.cases) else "FELL SHORT"
    typer.echo(
        f"{report.file}: {len(report.cases)} cases, {report.passed} passed, worst relative error "
        f"{report.worst_relative_error:.1e}: {verdict}"
    )
    for case in report.cases:
        if not case.passed:
            typer.echo(f"  {case.case}: {case.why[0]}" + (f" (and {len(case.why) - 1} more)" if case.why[1:] else ""))
