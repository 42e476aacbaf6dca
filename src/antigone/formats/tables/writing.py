"""Files written so that they appear whole or not at all, and tables without live formulas."""

import csv
import io
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from antigone.formats.errors import quoted
from antigone.formats.tables.table import MAX_FIELD, escaped

_CONTROL = re.compile("[\x00-\x1f\x7f]")


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The text of a CSV file. Cells that a spreadsheet would take for formulas get a single quote before them.

    Raises `ValueError` for a cell that would not be read back as it is.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    # Markers, alleles and samples recur in row after row.
    sound = cache(_sound)
    for row in rows:
        writer.writerow([sound(cell) for cell in row])
    return text.getvalue()


def _sound(cell: str) -> str:
    if _CONTROL.search(cell) or cell != cell.strip() or len(cell) > MAX_FIELD - 10:
        raise ValueError(
            f"{quoted(repr(cell))} cannot be a cell: it has a line end, a control character, spaces around it or about "
            f"{MAX_FIELD} characters"
        )
    return escaped(cell)


def write_whole(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all, in UTF-8."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        write_durably(partial, text)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_durably(path: Path, text: str) -> None:
    """Write a text file in UTF-8 and wait until the disk has it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
