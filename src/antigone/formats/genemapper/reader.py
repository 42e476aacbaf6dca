"""Reads GeneMapper and GeneMarker tables into samples, runs and calls."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from antigone.formats.collecting import uncollected
from antigone.formats.encodings import encoding_of, lines_of, note_of_encoding
from antigone.formats.genemapper.at_once import ColumnReader, NotPlainError
from antigone.formats.genemapper.by_line import LineReader
from antigone.formats.genemapper.declared import GenemapperToml, declared_beside
from antigone.formats.genemapper.detection import are_genemapper
from antigone.formats.genemapper.dialect import Dialect
from antigone.formats.genemapper.gathering import Gathering
from antigone.formats.genemapper.header import Layout, find_header
from antigone.formats.genemapper.names import MarkerSpellings
from antigone.formats.laboratory import LaboratoryProfiles, bytes_of
from antigone.formats.loose_rows import rows_of_file, text_of_rows
from antigone.formats.tables import is_workbook


@dataclass(frozen=True)
class GenemapperTable(LaboratoryProfiles):
    """The profiles of a table, and the dialect in which it is written."""

    dialect: Dialect | None = None

    def describe(self) -> str:
        """The table in words: what it holds, and how it is written."""
        runs = sum(len(runs) for runs in self.samples.values())
        parts = [f"GeneMapper table: samples {len(self.samples)}, runs {runs}, markers {len(self.markers())}"]
        if self.left_out:
            parts.append(f"left out {len(self.left_out)}")
        return "; ".join([*parts, self.dialect.describe() if self.dialect is not None else ""])


def read_genemapper(
    source: Path | str | bytes,
    *,
    declared: GenemapperToml | None = None,
    file: str | None = None,
    sheet: str | None = None,
) -> GenemapperTable:
    """Read a GeneMapper or GeneMarker table from a file or its bytes, or from a sheet of a workbook, given as a file.

    `declared` is what a person says of the tables; without it, `genemapper.toml` in the folder of the file is read
    where there is one. `file` is the name that errors use; those of a workbook name `sheet`, which need not be given
    where one sheet alone is such a table.

    Raises `InputError` where the file is no such table, where something can be read in two ways (the error says what to
    write into `genemapper.toml`), or where it exceeds a limit. Nothing of it is then used.
    """
    data, name = bytes_of(source, file)
    if not isinstance(source, bytes) and is_workbook(data):
        rows, name = rows_of_file(Path(source), data, are_genemapper, what="a GeneMapper table", sheet=sheet)
        table = _read(text_of_rows(rows), name, declared or declared_beside(Path(source)), in_sheet=True)
        dialect = None if table.dialect is None else replace(table.dialect, encoding="")
        return replace(table, dialect=dialect)
    if declared is None:
        declared = GenemapperToml() if isinstance(source, bytes) else declared_beside(Path(source))
    return _read(data, name, declared)


def _read(data: bytes, file: str, declared: GenemapperToml, *, in_sheet: bool = False) -> GenemapperTable:
    with uncollected():
        at_once = _Reader(data, file, declared, in_sheet=in_sheet).read_at_once()
        return _Reader(data, file, declared, in_sheet=in_sheet).read() if at_once is None else at_once


class _Reader:
    """A table whose encoding and header were found, to be read in one of two ways."""

    def __init__(self, data: bytes, file: str, declared: GenemapperToml, *, in_sheet: bool = False) -> None:
        self._data = data
        self._declared = declared
        self._encoding = encoding_of(data, file, declared.encoding)
        spellings = MarkerSpellings(declared)
        header = find_header(lines_of(data, self._encoding, file), file, declared, spellings)
        self._gathering = Gathering(file, header, declared, spellings, in_sheet=in_sheet)

    def read_at_once(self) -> GenemapperTable | None:
        """All profiles of a plain table; None where it is not plain, or where anything is amiss in it."""
        try:
            ColumnReader(self._gathering, self._data, self._encoding).read()
        except NotPlainError:
            return None
        return self._table()

    def read(self) -> GenemapperTable:
        """All profiles of any table, line by line."""
        LineReader(self._gathering, self._data, self._encoding).read()
        table = self._table()
        self._gathering.problems.stop_if_any()
        assert table is not None  # noqa: S101 - without one, a problem was noted
        return table

    def _table(self) -> GenemapperTable | None:
        gathering = self._gathering
        samples = gathering.samples()
        if len(gathering.problems):
            return None
        notes = (*gathering.notes(samples), *self._note_of_encoding())
        return GenemapperTable(gathering.file, samples, gathering.left_out(samples), notes, self._dialect())

    def _note_of_encoding(self) -> Iterator[str]:
        if self._encoding == "cp1251" and self._declared.encoding is None:
            yield note_of_encoding(self._data, self._gathering.file, self._encoding)

    def _dialect(self) -> Dialect:
        header, cells = self._gathering.header, self._gathering.header.cells
        marker = header.blocks[0].marker
        return Dialect(
            encoding=self._encoding,
            separator=header.separator_name,
            layout=header.layout,
            header_line=header.line,
            sample="" if header.sample is None else cells[header.sample],
            run="" if header.run is None else cells[header.run],
            marker="" if marker is None else cells[marker],
            markers=tuple(block.name for block in header.blocks if block.name),
            alleles=max(len(block.alleles) for block in header.blocks),
            heights=max(len(block.heights) for block in header.blocks),
            decimal=self._gathering.cells.decimal,
            list_sign=self._gathering.cells.list_sign,
            rows_of_several=header.layout is Layout.LONG and len(header.blocks) > 1,
            unused=header.unused,
            declared=tuple(sorted(self._declared.model_fields_set - {"format", "version"})),
        )
