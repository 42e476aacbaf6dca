"""Writes Familias project files, and only those that read back as the same project."""

from pathlib import Path

from antigone.formats.errors import InputError, quoted
from antigone.formats.familias.layout import render
from antigone.formats.familias.lines import BOM
from antigone.formats.familias.project import FamiliasProject
from antigone.formats.familias.reader import read_text


def to_text(project: FamiliasProject) -> str:
    """The text of a project file.

    Raises `InputError` where the project cannot be written so that the same project is read back: a quote or a line
    end within a name, a relation of somebody who is not there, an allele that the database does not have.
    """
    text = render(project)
    again = read_text(text, "<project>")
    own = (project.version, project.newline)
    if (again.version, again.newline) != own or _content(again) != _content(project):
        found = f"a project that would be read back as another one, {_first_difference(project, again)}"
        raise InputError.at("<project>", None, None, found=found, expected="values that the format can hold")
    return text


def write_familias(project: FamiliasProject, path: Path | str) -> None:
    """Write a project file in the encoding of the project. The file appears whole or not at all.

    Raises `InputError` where the project cannot be written, as in `to_text`, or has letters that its encoding lacks.
    """
    path = Path(path)
    data = _encoded(to_text(project), project.encoding)
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)


def _encoded(text: str, encoding: str) -> bytes:
    page = "utf-8" if encoding == "utf-8-sig" else encoding
    try:
        data = text.encode(page)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        found = quoted(text[error.start])
        raise InputError.at("<project>", line, None, found=found, expected=f"letters that {page} has") from None
    return BOM + data if encoding == "utf-8-sig" else data


def _content(project: FamiliasProject) -> tuple[object, ...]:
    """All that stands in the text."""
    return tuple(getattr(project, name) for name in _CONTENT)


_CONTENT = ("persons", "known", "pedigrees", "frequencies", "dvi", "sections", "banner", "notice", "comment")


def _first_difference(project: FamiliasProject, again: FamiliasProject) -> str:
    names = (name for name in _CONTENT if getattr(project, name) != getattr(again, name))
    return f"with other {next(names, 'lines')}"
