"""`antigone certificate check`: whether a result is of this case as it is now, and everything was searched."""

from collections.abc import Sequence
from pathlib import Path

import typer

from antigone.cli.cases import read_case
from antigone.cli.identify import progress_bar, stages_of
from antigone.formats.errors import InputError, quoted
from antigone.matching.certificate import recomputed
from antigone.report.certificate import engine, read_certificate
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
        now = recomputed(
            operation, engine(), reassociation=stated["reassociation"], stages=stages_of(progress)
        ).statement()
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
