"""Whether a file looks like a laboratory's table, by its beginning."""

from antigone.formats.encodings import first_undecodable, lines_of
from antigone.formats.errors import InputError
from antigone.formats.genemapper.declared import GenemapperToml
from antigone.formats.genemapper.header import find_header
from antigone.formats.genemapper.names import MarkerSpellings
from antigone.formats.loose_rows import Rows, text_of_rows

_ROWS = 60


def looks_like_genemapper(head: bytes, declared: GenemapperToml | None = None) -> bool:
    r"""Whether these first bytes of a file (some kilobytes) hold the header of such a table.

    `declared` is what a person says of such tables. The `profiles.csv` of a case folder, whose columns are called much
    the same, is none.

    >>> looks_like_genemapper(b"Sample Name\tMarker\tAllele 1\tAllele 2\nB1\tTH01\t6\t9.3\n")
    True
    >>> looks_like_genemapper(b"sample,marker,allele1,allele2\nB1,TH01,6,9.3\n")
    False
    """
    # What is cut off in the middle of a letter or a line is not the header.
    whole = head if head.endswith((b"\n", b"\r", b"\0")) else head[: head.rfind(b"\n") + 1] or head
    if not whole.strip():
        return False
    encoding = _encoding(whole)
    declared = declared or GenemapperToml()
    try:
        header = find_header(lines_of(whole, encoding, ""), "", declared, MarkerSpellings(declared))
    except (InputError, UnicodeDecodeError):
        return False
    if header.separator != "," or header.sample is None or header.run is not None:
        return True
    return header.cells[header.sample] != "sample"


def are_genemapper(rows: Rows) -> bool:
    """Whether the rows of a sheet are such a table; some of them tell."""
    return looks_like_genemapper(text_of_rows(rows[:_ROWS]))


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head[:4]:
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    return "utf-8" if first_undecodable(head, "utf-8") is None else "cp1251"
