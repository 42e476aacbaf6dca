"""`antigone validate`: other programs' answers, computed again."""

import json
from collections.abc import Sequence
from pathlib import Path

import typer

from antigone.formats.answers import FileReport, validate_file
from antigone.formats.errors import InputError
from antigone.report.words import counted


def run(files: Sequence[Path], *, as_json: bool) -> int:
    """Print a line for each file, or JSON; 1 if an answer falls short, 2 if a file cannot be read, else 0.

    A file that cannot be read keeps none of the others from being computed.
    """
    reports = []
    for path in files:
        reports.append(_report(path))
        if not as_json:
            _print(reports[-1])
    passed = all(report.agrees for report in reports)
    if as_json:
        content = {"files": [report.as_json() for report in reports], "passed": passed}
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False))
    if any(report.error for report in reports):
        return 2
    return 0 if passed else 1


def _report(path: Path) -> FileReport:
    try:
        return validate_file(path)
    except InputError as error:
        return FileReport(str(path), "", (), str(error))
    except OSError as error:
        return FileReport(str(path), "", (), f"{path}: {error.strerror or error}")


def _print(report: FileReport) -> None:
    if report.error:
        typer.echo(f"NOT READ: {report.error}")
        return
    verdict = "passed" if report.agrees else "FELL SHORT"
    typer.echo(
        f"{report.file}: {counted(len(report.cases), 'case')}, {report.passed} passed, worst relative error "
        f"{report.worst_relative_error:.1e}: {verdict}"
    )
    for case in report.cases:
        if not case.passed:
            typer.echo(f"  {case.case}: {case.why[0]}" + (f" (and {len(case.why) - 1} more)" if case.why[1:] else ""))
