"""Writes PED files and the `.dat` file that names their markers."""

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from antigone.formats.errors import quoted
from antigone.formats.linkage.marker_files import DataColumn, Holds, dat_text
from antigone.formats.linkage.pedigree_file import UNKNOWN, PedFile, PedPerson
from antigone.formats.tables import write_whole
from antigone.genetics.pedigrees import Sex

_CODES = {Sex.MALE: "1", Sex.FEMALE: "2", Sex.UNKNOWN: UNKNOWN}
_WORD = re.compile(r"[^\s#\x00-\x1f\x7f][^\s\x00-\x1f\x7f]{0,99}")


def write_ped(pedigrees: PedFile, path: Path | str) -> None:
    """Write a PED file, and beside it a `.dat` file of the same name; read back, they are the same.

    Raises `ValueError` for a name that such a file cannot hold: columns stand between spaces.
    """
    path = Path(path)
    text = ped_text(pedigrees)
    write_whole(path.with_suffix(".dat"), dat_text(pedigrees.columns))
    write_whole(path, text)


def ped_text(pedigrees: PedFile) -> str:
    """The text of a PED file. Raises `ValueError` as `write_ped` does."""
    for column in pedigrees.columns:
        if column.name and (column.name != " ".join(column.name.split()) or "#" in column.name):
            raise ValueError(f"{quoted(column.name)} cannot name a column of a PED file")
    return "".join(_line(person, pedigrees.columns) for person in pedigrees.persons)


def _line(person: PedPerson, columns: Iterable[DataColumn]) -> str:
    words = [person.family, person.id, person.father or UNKNOWN, person.mother or UNKNOWN, _CODES[person.sex]]
    genotypes, other = iter(person.genotypes), iter(person.other)
    for column in columns:
        words += next(genotypes) if column.holds is Holds.MARKER else islice(other, column.width)
    for word in words:
        if not _WORD.fullmatch(word):
            raise ValueError(f"{quoted(word)} cannot stand in a PED file, whose columns stand between spaces")
    return "\t".join(words) + "\n"
