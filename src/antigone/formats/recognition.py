"""What a file is, by what stands in it and not by what it is called."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from antigone.formats.case_folder.descriptions import FORMAT as DESCRIPTIONS
from antigone.formats.case_folder.families import FORMAT as FAMILIES
from antigone.formats.case_folder.folder import SETTINGS_FILE, TABLES
from antigone.formats.case_folder.lineage_databases import MT_FORMAT as MT_DATABASE
from antigone.formats.case_folder.lineages import FORMAT as MTDNA
from antigone.formats.case_folder.profiles import FORMAT as PROFILES
from antigone.formats.case_folder.remains import FORMAT as REMAINS
from antigone.formats.case_folder.truth import FORMAT as TRUTH
from antigone.formats.codis import looks_like_cmf
from antigone.formats.encodings import encoding_of
from antigone.formats.errors import InputError, quoted
from antigone.formats.frequencies import FORMAT as FREQUENCIES
from antigone.formats.genemapper import are_genemapper, declared_beside, looks_like_genemapper
from antigone.formats.haplotype_tables_mt import is_emp, is_mt_table
from antigone.formats.haplotype_tables_y import is_y_table
from antigone.formats.loose_rows import Rows, rows_of_text
from antigone.formats.plain_text import refuse_odd
from antigone.formats.strider import is_xml
from antigone.formats.tables import Problems, Workbook, is_workbook, near, open_workbook, plain_name
from antigone.formats.wide_frequencies import is_wide_table
from antigone.genetics.markers import canonical_name


class Kind(StrEnum):
    """What a file can be; the value says it in words."""

    CASE_FOLDER = "a case folder"
    CASE_WORKBOOK = "a workbook with the tables of a case"
    CASE_TABLE = "a table of a case folder"
    FAMILIAS = "a Familias project"
    CODIS = "a CODIS CMF file"
    GENEMAPPER = "a GeneMapper or GeneMarker table"
    PED = "a PED file: pedigrees with genotypes"
    PED_MARKERS = "the markers of a PED file (.dat or .map)"
    STRIDER = "allele frequencies of STRidER"
    FREQUENCIES = "allele frequencies as a population publishes them"
    MT_TABLE = "mitochondrial sequences as differences to the rCRS"
    Y_TABLE = "Y-STR haplotypes"


@dataclass(frozen=True)
class Recognised:
    """What a file is; `table` names which table of a case folder, where it is one."""

    kind: Kind
    table: str = ""


_HEAD = 200_000
_HEADER_ROWS = 20
_CASE_TABLES = {
    one.name: one for one in (PROFILES, REMAINS, FAMILIES, DESCRIPTIONS, FREQUENCIES, MTDNA, MT_DATABASE, TRUTH)
}
_PEOPLE = ("profiles", "remains", "families")
_SEXES = frozenset(("0", "1", "2", "m", "f", "u", "male", "female", "unknown"))
_SAMPLES_COLUMN = re.compile(r"sample[ _.]?(?:name|file)|(?:marker|locus)\b.*\ballele|маркер.*алел", re.IGNORECASE)
# What heads the first column of a table with a row a person; with markers beside it, it is a laboratory's.
_PERSONS = frozenset(("sample", "sampleid", "id", "ind", "individual", "stain", "specimenid", "name", "person"))
_FEW_MARKERS = 3
_DAT_LINE = re.compile(r"\s*(?:[MATC]\s+\S.*|S2?(?:\s.*)?|E|END OF DATA|E\s+END[ -]OF[ -]DATA)\s*", re.IGNORECASE)
_PARAMETER_FILE = re.compile(r"\s*[0-9]+(?:\s+[0-9]+){2,3}(?:\s*(?:<<|#|//).*)?\s*")
_MAP_LINE = re.compile(r"\s*(?:[0-9]{1,2}|X|Y|XY|MT)\s+\S+(?:\s+-?[0-9.]+){1,2}\s*", re.IGNORECASE)
_EXPECTED = (
    "a case folder, a workbook with its tables, a Familias project, a CODIS CMF file, a GeneMapper table, a PED file, "
    "frequencies, or haplotypes"
)


def recognise(path: Path | str, *, sheet: str | None = None) -> Recognised:
    """What a file or folder is; of a workbook, what `sheet` is, where that is given.

    Raises `InputError` for what is none of the kinds, or cannot be opened.
    """
    path = Path(path)
    if not path.exists():
        raise InputError.at(path, None, None, found="nothing", expected=_EXPECTED)
    if path.is_dir():
        if any((path / name).is_file() for name in (SETTINGS_FILE, *(f"{table}.csv" for table in TABLES))):
            return Recognised(Kind.CASE_FOLDER)
        raise InputError.at(path.name, None, None, found=f"a folder without {SETTINGS_FILE}", expected="a case folder")
    refuse_odd(path, path.name)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputError.at(path.name, None, None, found=why, expected="a readable file") from error
    if is_workbook(head):
        return _of_workbook(open_workbook(path, path.name), sheet)
    is_whole = len(head) < _HEAD
    found = recognise_bytes(head, whole=is_whole) or _as_declared(path, head if is_whole else _whole_lines(head))
    if found is None:
        raise InputError.at(path.name, None, None, found=_described(head), expected=_EXPECTED)
    return found


def _as_declared(path: Path, text: bytes) -> Recognised | None:
    """A laboratory's table that only the `genemapper.toml` beside it makes one."""
    declared = declared_beside(path)
    is_one = declared.model_fields_set and looks_like_genemapper(text, declared)
    return Recognised(Kind.GENEMAPPER) if is_one else None


def _whole_lines(head: bytes) -> bytes:
    """The beginning of a file without its last line: one that was cut in two would look like another one."""
    end = head.rfind(b"\n") + 1
    return head[: end + end % 2 if head.startswith(codecs.BOM_UTF16_LE) else end]


def recognise_bytes(head: bytes, *, whole: bool = True) -> Recognised | None:
    """What the first bytes of a file that is no workbook begin; None for none of the kinds."""
    if head.removeprefix(b"\xef\xbb\xbf").startswith(b'"Output from Familias'):
        return Recognised(Kind.FAMILIAS)
    if looks_like_cmf(head):
        return Recognised(Kind.CODIS)
    if is_xml(head):
        return Recognised(Kind.STRIDER) if re.search(rb"<(?:[\w.-]+:)?marker[\s>]", head) else None
    text = head if whole else _whole_lines(head)
    if is_emp(text):
        return Recognised(Kind.MT_TABLE)
    return _of_rows(text) or _of_words(text)


def _of_rows(head: bytes) -> Recognised | None:
    """What a text is whose cells stand between separators."""
    rows = _rows(head)
    if rows is None:
        # An encoding that is not ours, or quotation marks: of the tables that may have those there is one.
        return Recognised(Kind.GENEMAPPER) if looks_like_genemapper(head) else None
    table = _case_table(rows)
    # Tables of a case stand between commas; another one may have the same columns.
    if table is not None and _is_between_commas(head):
        return Recognised(Kind.CASE_TABLE, table)
    checks: tuple[tuple[Kind, Callable[[], bool]], ...] = (
        (Kind.STRIDER, lambda: _is_strider_csv(rows)),
        (Kind.Y_TABLE, lambda: is_y_table(rows)),
        (Kind.MT_TABLE, lambda: is_mt_table(rows)),
        (Kind.GENEMAPPER, lambda: looks_like_genemapper(head)),
        (Kind.FREQUENCIES, lambda: is_wide_table(rows)),
        # Its own reader says best what is wrong with a header.
        (Kind.GENEMAPPER, lambda: _names_samples(rows)),
    )
    found = next((Recognised(kind) for kind, check in checks if check()), None)
    return Recognised(Kind.CASE_TABLE, table) if found is None and table is not None else found


def _is_between_commas(head: bytes) -> bool:
    first = head.lstrip().splitlines()[0]
    return b"\t" not in first and b";" not in first


def _names_samples(rows: Rows) -> bool:
    """Whether a row names samples, or markers and alleles, as a laboratory's table does."""
    return any(
        _SAMPLES_COLUMN.search(" ".join(cells))
        or (len(cells) > 1 and plain_name(cells[0]) in ("marker", "locus"))
        or (plain_name(cells[0]) in _PERSONS and sum(map(_is_marker, cells)) >= _FEW_MARKERS)
        for _, cells in rows[:_HEADER_ROWS]
    )


def _is_marker(text: str) -> bool:
    return canonical_name(text) is not None


def _rows(head: bytes) -> Rows | None:
    try:
        return rows_of_text(head, "")
    except InputError:
        return None


def _case_table(rows: Rows) -> str | None:
    """Which table of a case folder has this header: it has every column that is needed, and knows all others."""
    if not rows or rows[0][0] != 1:
        return None
    header = [plain_name(cell) for cell in rows[0][1]]
    for name, table in _CASE_TABLES.items():
        needed = [plain_name(column.name) for column in table.columns if column.required]
        known = {plain_name(column.name) for column in table.columns}
        others = [text for text in header if text not in known and not re.fullmatch(r"(?:allele|height)[0-9]+", text)]
        if all(text in header for text in needed) and not others:
            return name
    named = [text for text in header if text in ("haplotype", "count")]
    is_ours = named and all(text in named or canonical_name(text) is not None for text in header)
    return "y_database" if is_ours and is_y_table(rows) else None


def _is_strider_csv(rows: Rows) -> bool:
    if len(rows) < 2:
        return False
    named, header = ([cell for cell in cells if cell] for _, cells in rows[:2])
    return len(named) == 1 and canonical_name(named[0]) is not None and header[0].casefold() == "allele"


def _of_words(head: bytes) -> Recognised | None:
    """What a text is whose cells stand between spaces."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    lines = [line for line in text.splitlines()[:50] if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return None
    words = [line.split() for line in lines]
    if all(" Ped: " in line and " Per: " in line for line in lines[:2]):
        return Recognised(Kind.PED)  # through makeped, as its reader says
    # Some lines may be wrong, which its reader says better.
    if 2 * sum(len(line) >= 6 and line[4].casefold() in _SEXES for line in words) >= len(words):
        return Recognised(Kind.PED)
    if _PARAMETER_FILE.fullmatch(lines[0]) and len(words) > 2 and all(word[0][0].isdigit() for word in words[:3]):
        return Recognised(Kind.PED_MARKERS)
    if all(map(_DAT_LINE.fullmatch, lines)) or all(map(_MAP_LINE.fullmatch, lines[lines[0][:3].casefold() == "chr" :])):
        return Recognised(Kind.PED_MARKERS)
    return None


def _of_workbook(workbook: Workbook, sheet: str | None) -> Recognised:
    """What a workbook is: by the names of its sheets, or by what stands in one of them, or in the one that is meant."""
    names = [name.casefold() for name in workbook.sheet_names]
    if sheet is not None and sheet not in workbook.sheet_names:
        expected = f"one of {', '.join(workbook.sheet_names)}{near(sheet, workbook.sheet_names)}"
        raise InputError.at(workbook.file, None, None, found=f"no sheet {quoted(sheet)}", expected=expected)
    if sheet is None and any(table in names for table in _PEOPLE):
        return Recognised(Kind.CASE_WORKBOOK)
    for name in workbook.sheet_names if sheet is None else (sheet,):
        rows = workbook.grid(name, Problems())
        table = name.casefold() if name.casefold() in TABLES else _case_table(rows)
        if table is not None:
            return Recognised(Kind.CASE_TABLE, table)
        for kind, check in (
            (Kind.Y_TABLE, is_y_table),
            (Kind.MT_TABLE, is_mt_table),
            (Kind.GENEMAPPER, are_genemapper),
            (Kind.FREQUENCIES, is_wide_table),
        ):
            if check(rows):
                return Recognised(kind)
    found = f"a workbook with the sheets {', '.join(map(quoted, workbook.sheet_names))}"
    raise InputError.at(workbook.file, None, None, found=found, expected=_EXPECTED)


def _described(head: bytes) -> str:
    """The beginning of a file of no kind, in words."""
    if not head.strip():
        return "an empty file"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "a text in UTF-16, which is none of the kinds that may be (save it as UTF-8)"
    if head.startswith(b"%PDF"):
        return "a PDF document, which holds pictures of tables and not the tables"
    if is_xml(head):
        root = re.search(rb"<([A-Za-z][\w:.-]{0,60})", head)
        name = root[1].decode("utf-8") if root else ""
        meant = _XML_KINDS.get(name.rpartition(":")[2].casefold(), "")
        return f"XML of another kind, which begins with <{name}>{meant}" if name else "XML of another kind"
    if _is_without_header(head):
        return "a table without a header (for Y haplotypes, `antigone convert --kit` says whose order it is)"
    first = head.lstrip().split(b"\n", 1)[0][:200]
    if b"\0" in first or not _is_text(first):
        return "bytes that are no text"
    return f"a text that begins {quoted(first.decode('utf-8', 'replace').strip())}"


_XML_KINDS = {
    "html": ", a page of the web: save it as .xlsx or CSV",
    "workbook": ", as Excel 2003 wrote XML: save it as .xlsx",
    "codisrapidimportfile": ": arrestees of a Rapid DNA instrument, who are not compared here",
}


def _is_text(line: bytes) -> bool:
    """Whether a line, perhaps cut within a letter, is UTF-8, or Cyrillic words in cp1251."""
    try:
        encoding_of(line[: line.rfind(b" ") + 1] or line, "")
    except InputError:
        return False
    return True


def _is_without_header(head: bytes) -> bool:
    """Whether the first row holds a name and alleles, as below a header."""
    rows = _rows(head)
    cells = rows[0][1] if rows else []
    return len(cells) > 5 and all(re.fullmatch(r"[0-9]{1,2}(?:\.[0-9])?(?:[,;/-][0-9.]+)?|", one) for one in cells[1:])
