"""`antigone certificate check`: whether a result is of this case as it is now, and everything was searched."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from antigone.cli.cases import read_case
from antigone.cli.identify import progress_bar, stages_of
from antigone.execution.country import conclude_country
from antigone.execution.engine import engine
from antigone.execution.here import Here
from antigone.formats.errors import InputError, quoted
from antigone.matching.certificate import recomputed
from antigone.matching.conclusions import Stages
from antigone.matching.country_certificate import COUNTRY_FORMAT
from antigone.matching.operation import Operation
from antigone.report.certificate import read_certificate
from antigone.report.certificate_differences import differences
from antigone.report.words import counted


def check(
    file: Path,
    case: Path | None,
    *,
    quiet: bool,
    missing: Sequence[str] = (),
    remains: Sequence[str] = (),
) -> int:
    """Compute a certificate again from its case; say what differs. The exit status: 1 if anything does."""
    stated = read_certificate(file)
    operation = read_case(_case_beside(file) if case is None else case, missing=missing, remains=remains)
    with progress_bar(quiet=quiet) as progress:
        now = _now(stated, operation, stages_of(progress))
    found = differences(stated, now)
    for line in found:
        typer.echo(line)
    if found:
        typer.echo(f"The certificate does not hold: {counted(len(found), 'difference')}.")
        return 1
    pairs = now["pairs"]
    typer.echo(
        f"The certificate holds: {counted(pairs['individuals'], 'individual')} × "
        f"{counted(pairs['missing_persons'], 'missing person')} = {counted(pairs['product'], 'pair')}, counted "
        f"{pairs['sum']:,}; {counted(now['used']['remains'], 'profile')} of the dead and "
        f"{counted(now['used']['samples_of_families'], 'sample')} of families used; "
        f"{counted(len(now['left_out']), 'entry', 'entries')} left out."
    )
    return 0


def _now(stated: Mapping[str, Any], operation: Operation, stages: Stages) -> dict[str, Any]:
    """What a certificate of the same kind states of the case as it is."""
    if stated["format"] == COUNTRY_FORMAT:
        here = Here(os.cpu_count() or 1)
        return conclude_country(operation, here, threshold=stated["threshold"], stages=stages).certificate().statement()
    return recomputed(operation, engine(), reassociation=stated["reassociation"], stages=stages).statement()


def _case_beside(file: Path) -> Path:
    """The one case folder that lies beside the folder of the report."""
    above = file.resolve().parent.parent
    found = sorted(folder for folder in above.iterdir() if (folder / "case.toml").is_file())
    if len(found) == 1:
        return found[0]
    beside = f"{len(found)} case folders" if found else "no case folder"
    names = f" ({', '.join(folder.name for folder in found)})" if found else ""
    raise InputError.at(
        file.name, None, None, found=f"{beside} beside {quoted(file.resolve().parent.name)}{names}",
        expected="--case CASE, which says of what case the certificate is",
    )  # fmt: skip
