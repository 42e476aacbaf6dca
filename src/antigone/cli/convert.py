"""`antigone convert`: from one way of writing a case, or a part of one, to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import typer

from antigone.cli.cases import read_case
from antigone.formats.case_folder import write_case_folder
from antigone.formats.codis import CmfHeader, cmf_from_operation, read_cmf, write_cmf
from antigone.formats.errors import InputError
from antigone.formats.familias import write_familias
from antigone.formats.familias_case import familias_from_operation
from antigone.formats.frequencies import frequencies_as_csv, read_frequencies
from antigone.formats.genemapper import read_genemapper
from antigone.formats.haplotype_tables_mt import read_mt_table
from antigone.formats.haplotype_tables_y import Zero, read_y_table
from antigone.formats.laboratory import MAX_BYTES
from antigone.formats.linkage import ped_from_operation, write_ped
from antigone.formats.loose_rows import notes_of_encoding
from antigone.formats.plain_text import read_bytes
from antigone.formats.recognition import Kind, recognise
from antigone.formats.strider import population, read_strider
from antigone.formats.tables import write_whole
from antigone.formats.wide_frequencies import read_wide_frequencies
from antigone.genetics.frequencies import FrequencyTable
from antigone.matching.odd import default_used
from antigone.matching.operation import LeftOut, Operation
from antigone.report.results import OutputError, refuse_impossible

_CASES = (Kind.CASE_FOLDER, Kind.CASE_WORKBOOK, Kind.FAMILIAS, Kind.PED)
# Which table of a case folder a part of a case can become; the name of the target says which of them is meant.
_TABLES = {
    Kind.CODIS: ("profiles.csv",),
    Kind.GENEMAPPER: ("profiles.csv",),
    Kind.STRIDER: ("frequencies.csv",),
    Kind.FREQUENCIES: ("frequencies.csv",),
    Kind.CASE_TABLE: ("frequencies.csv",),
    Kind.MT_TABLE: ("mtdna.csv", "mt_database.csv"),
    Kind.Y_TABLE: ("profiles.csv", "y_database.csv"),
}


@dataclass(frozen=True)
class Said:
    """What a file does not say itself, and somebody says beside it."""

    missing: Sequence[str] = ()
    remains: Sequence[str] = ()
    population: str | None = None
    zero: Zero = "refuse"
    kit: str | None = None
    sheet: str | None = None
    header: Mapping[str, str] = field(default_factory=dict)


_SHEETS = (Kind.GENEMAPPER, Kind.FREQUENCIES, Kind.MT_TABLE, Kind.Y_TABLE)
_ROWS = (Kind.FREQUENCIES, Kind.MT_TABLE, Kind.Y_TABLE)
"""Kinds that are read as rows in whatever encoding they are."""
_HEADER = {
    "DESTINATIONORI": "destination_ori",
    "SOURCELAB": "source_lab",
    "SUBMITBYUSERID": "submit_by",
    "SUBMITDATETIME": "submit_datetime",
    "HEADERVERSION": "version",
}
"""What a CODIS CMF file says of itself, as `--header NAME=VALUE`."""

# A case folder is not called so.
_ENDINGS_OF_FILES = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods", ".pdf", ".json", ".toml", ".dat", ".map", ".html")


def header_said(texts: Sequence[str]) -> dict[str, str]:
    """What somebody said of the header of a CMF file. Raises `OutputError` for what is no part of it."""
    said: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in _HEADER:
            raise OutputError(f"--header takes NAME=VALUE with one of {', '.join(_HEADER)}, not ‘{text}’")
        if name in said:
            raise OutputError(f"--header {name} is given twice")
        said[name] = value
    return said


def zero_said(text: str) -> Zero:
    """What somebody said an allele 0 is. Raises `OutputError` for anything else."""
    known: dict[str, Zero] = {"refuse": "refuse", "silent": "silent", "no result": "no result"}
    if text not in known:
        raise OutputError(f"an allele 0 is ‘silent’ or ‘no result’, not ‘{text}’")
    return known[text]


@dataclass(frozen=True)
class _Part:
    """The text of one table, what was left out of it, and what a person should know."""

    text: str
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def run(source: Path, target: Path, said: Said | None = None) -> None:
    """Read one, write the other, say what did not fit."""
    said = said or Said()
    refuse_impossible(target)
    if target.exists():
        raise OutputError(f"{target} is there already; give a name that is not")
    kind = _kind(source, said)
    _refuse_of_others(kind, said, target)
    if kind in _CASES:
        _convert_case(read_case(source, missing=said.missing, remains=said.remains), target, said.header)
    else:
        _convert_part(source, kind, target, said)


def _kind(source: Path, said: Said) -> Kind:
    if not source.is_file():
        return Kind.CASE_FOLDER
    # Without a header, a table does not say what it is: somebody does, who names the kit.
    return Kind.Y_TABLE if said.kit is not None else recognise(source, sheet=said.sheet).kind


# A whole case


def _convert_case(operation: Operation, target: Path, header: Mapping[str, str]) -> None:
    lost: list[str] = []
    match target.suffix.lower():
        case ".fam":
            project, lost = familias_from_operation(operation)
            write_familias(project, target)
        case ".ped":
            lost = _write_ped(operation, target)
        case ".xml":
            lost = _write_cmf(operation, target, header)
        case ending if ending in _ENDINGS_OF_FILES:
            expected = "a name that ends in .fam, .ped or .xml, or one without such an ending, for a case folder"
            raise OutputError(f"{target} would be a case folder, and is called like a file; give {expected}")
        case _:
            write_case_folder(operation, target)
            _say_defaults(operation, target)
    _say(operation.warnings, operation.left_out, target, lost)


def _write_ped(operation: Operation, target: Path) -> list[str]:
    beside = target.with_suffix(".dat")
    if beside.exists():
        raise OutputError(f"{beside}, which names the markers of {target}, is there already; give another name")
    try:
        pedigrees, lost = ped_from_operation(operation)
        write_ped(pedigrees, target)
    except ValueError as error:
        raise OutputError(f"{target} cannot hold this case: {error}") from error
    return lost


def _write_cmf(operation: Operation, target: Path, header: Mapping[str, str]) -> list[str]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    header = {"SUBMITDATETIME": now, "HEADERVERSION": "3.2", **header}
    absent = [name for name in _HEADER if name not in header]
    if absent:
        wanted = " ".join(f"--header {name}=…" for name in absent)
        raise OutputError(f"a CODIS CMF file says who hands over to whom, and a case does not: give {wanted}")
    try:
        cmf, lost = cmf_from_operation(operation, CmfHeader(**{_HEADER[name]: text for name, text in header.items()}))
        write_cmf(cmf, target)
    except ValueError as error:
        raise OutputError(f"{target} cannot hold this case: {error}") from error
    return lost


def _say_defaults(operation: Operation, target: Path) -> None:
    """A case folder states every setting: what nobody declared would look declared there."""
    if operation.undeclared:
        values = ", ".join(f"{name} ({default_used(operation, name)})" for name in operation.undeclared)
        typer.echo(
            f"Note: {target}/case.toml states defaults that nobody declared: {values}; decide them there", err=True
        )


def _is_xml(target: Path) -> bool:
    return target.suffix.lower() == ".xml"


def _refuse_of_others(kind: Kind, said: Said, target: Path) -> None:
    """An option that a file or its target has no use for is not passed over in silence."""
    useless = (
        (said.kit is not None and kind is not Kind.Y_TABLE, "--kit is of Y haplotypes"),
        (said.sheet is not None and kind not in _SHEETS, "--sheet is of a table in a workbook that is no case"),
        (len(said.header) > 0 and not (kind in _CASES and _is_xml(target)), "--header is of a case that becomes .xml"),
    )
    for is_useless, words in useless:
        if is_useless:
            raise OutputError(f"{words}, and here {kind} becomes {target.name}")


# A part of a case


def _convert_part(source: Path, kind: Kind, target: Path, said: Said) -> None:
    if kind not in _TABLES or target.name not in _TABLES[kind]:
        can = " or ".join(_TABLES.get(kind, ()))
        raise OutputError(f"{source} is {kind}; it can become {can or 'nothing else'}, so call the target that")
    part = _part(source, kind, target, said)
    notes = notes_of_encoding(source, read_bytes(source, source.name, MAX_BYTES)) if kind in _ROWS else ()
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, part.text)
    _say((*notes, *part.notes), part.left_out, target, [])


def _part(source: Path, kind: Kind, target: Path, said: Said) -> _Part:
    match kind:
        case Kind.CODIS:
            laboratory = read_cmf(source).laboratory()
            return _Part(laboratory.profiles_csv(), laboratory.left_out, laboratory.notes)
        case Kind.GENEMAPPER:
            table = read_genemapper(source, sheet=said.sheet)
            return _Part(table.profiles_csv(), table.left_out, table.notes)
        case Kind.MT_TABLE:
            mt = read_mt_table(source, sheet=said.sheet)
            notes = tuple(f"the column {name} is not used" for name in mt.beside)
            return _Part(mt.mtdna_csv() if target.name == "mtdna.csv" else mt.database_csv(), notes=notes)
        case Kind.Y_TABLE:
            y = read_y_table(source, kit=said.kit, sheet=said.sheet, zero=said.zero)
            notes = tuple(f"the column {name} is not used" for name in y.beside)
            return _Part(y.profiles_csv() if target.name == "profiles.csv" else y.database_csv(), notes=notes)
        case _:
            frequencies, notes = _frequencies(source, kind, said)
            return _Part(frequencies_as_csv(frequencies), notes=notes)


def _frequencies(source: Path, kind: Kind, said: Said) -> tuple[FrequencyTable, tuple[str, ...]]:
    if kind is Kind.FREQUENCIES:
        read = read_wide_frequencies(source, sheet=said.sheet)
        return read.table, read.notes
    if kind is not Kind.STRIDER:
        return read_frequencies(source), ()
    tables = read_strider(source)
    if said.population is None:
        found, expected = f"{len(tables)} populations", f"--population with one of {', '.join(tables)}"
        raise InputError.at(source.name, None, None, found=found, expected=expected)
    table = population(tables, said.population, source.name)
    return table, (f"name and source go into case.toml: {table.name}; {table.source}",)


def _say(notes: Sequence[str], left_out: Sequence[LeftOut], target: Path, lost: Sequence[str]) -> None:
    for note in notes:
        typer.echo(f"Note: {note}", err=True)
    for one in left_out:
        typer.echo(f"Not in {target}: {one.what} {one.id}: {one.reason}", err=True)
    for text in lost:
        typer.echo(f"{target} cannot hold: {text}", err=True)
    typer.echo(f"Written: {target}")
