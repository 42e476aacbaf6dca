"""`antigone template`: a workbook to fill in."""

from pathlib import Path

import typer

from antigone.formats.template import write_template
from antigone.formats.template_words import Language
from antigone.report.results import OutputError, refuse_impossible

_LANGUAGES: dict[str, Language] = {"en": "en", "uk": "uk"}


def run(target: Path, *, language: str) -> None:
    """Write the workbook and say how it is checked."""
    if language not in _LANGUAGES:
        raise OutputError(f"the template is written in {' and '.join(_LANGUAGES)}, not in ‘{language}’")
    if target.suffix.lower() != ".xlsx":
        raise OutputError(f"{target} is to be an Excel file; give a name that ends in .xlsx")
    refuse_impossible(target)
    write_template(target, _LANGUAGES[language])
    typer.echo(f"Written: {target}. When it is filled in: antigone inspect {target}")
