"""In which encoding a table of somebody else's is, as far as its bytes tell."""

import codecs
import io
import re
from collections.abc import Iterator

from antigone.formats.errors import InputError, quoted

MAX_LINE = 1_000_000
_BLOCK = 1 << 20
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_CONTROL_BYTES = bytes(byte for byte in range(256) if _CONTROL.match(chr(byte)))
_OTHER_BYTES = bytes(byte for byte in range(256) if byte not in _CONTROL_BYTES)
# What small letters after a capital one become where KOI8 is read as cp1251.
_TURNED_CASE = re.compile("[а-яёґєії][А-ЯЁҐЄІЇ]")
# The letters of Ukrainian and Russian as cp1251 has them, and the signs that stand beside them in tables.
_CYRILLIC = re.compile("[А-яЁёҐґЄєІіЇї]")
_CYRILLIC_WORD = re.compile("[А-яЁёҐґЄєІіЇї]{3,}")
_SIGNS = frozenset("№«»“”„‘’–—\u00a0°")


TO_DECLARE = 'encoding = "cp1251" or "cp1252" in genemapper.toml'


def encoding_of(data: bytes, file: str, declared: str | None = None, *, advice: str = TO_DECLARE) -> str:
    """The encoding of a table: as its mark says, else as declared, else UTF-8 where its bytes are, else as they tell.

    `advice` is what would be right where they do not tell.

    Bytes that are not UTF-8 are cp1251 where they make Cyrillic words of three letters and more and nothing else;
    otherwise they could be of several code pages, and `InputError` asks. Raises it also for bytes that the encoding
    does not know.
    """
    marked = _marked(data)
    if marked is not None:
        if declared is not None and not marked.startswith(declared):
            raise InputError.at(file, 1, 1, found=f"the mark of {name_of(marked)}", expected=f"{declared}, as declared")
        chosen = marked
    elif declared is not None:
        chosen = "utf-16-le" if declared == "utf-16" and data[1:2] == b"\0" else declared
        chosen = "utf-16-be" if chosen == "utf-16" else chosen
    elif (unmarked := _utf16_without_mark(data)) is not None:
        chosen = unmarked
    elif (at := first_undecodable(data, "utf-8")) is None:
        return "utf-8"
    else:
        return _code_page(data, at, file, advice)
    at = first_undecodable(data, chosen)
    if at is not None:
        line, column = place_of(data, at, chosen)
        expected = f"text in {name_of(chosen)}"
        raise InputError.at(file, line, column, found=f"the byte {data[at]:#04x}", expected=expected)
    return chosen


def name_of(encoding: str) -> str:
    """An encoding as it is shown to people.

    >>> name_of("utf-8-sig"), name_of("cp1251")
    ('UTF-8 with a mark', 'cp1251')
    """
    names = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a mark", "utf-16": "UTF-16"}
    return names.get(encoding, "UTF-16 without a mark" if encoding.startswith("utf-16") else encoding)


def note_of_encoding(data: bytes, file: str, encoding: str) -> str:
    """What a person should know of a table that was read as cp1251: its first line that shows it."""
    line = next(line for line in lines_of(data, encoding, file) if not line.isascii())
    shown = quoted(re.sub(r"\s+", " ", line.strip()))
    return f"{file}: read as {encoding}, because all beyond ASCII then makes Cyrillic words: {shown}"


def _marked(data: bytes) -> str | None:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 where every other byte of the beginning is zero, as in tables of digits and Latin letters."""
    head = data[:200]
    if len(head) >= 4 and len(head) % 2 == 0:
        if not any(head[1::2]) and all(head[::2]):
            return "utf-16-le"
        if not any(head[::2]) and all(head[1::2]):
            return "utf-16-be"
    return None


def first_undecodable(data: bytes, encoding: str) -> int | None:
    """The place of the first byte that an encoding does not know, looked for without a copy of the whole."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    for start in range(0, len(data) + 1, _BLOCK):
        block = data[start : start + _BLOCK]
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=start + _BLOCK > len(data))
        except UnicodeDecodeError as error:
            return min(done - pending + error.start, len(data) - 1)
        done += len(block)
    return None


def place_of(data: bytes, at: int, encoding: str) -> tuple[int, int]:
    """Line and column of a byte, both from 1; the column counts characters."""
    text = data[:at].decode(encoding, "replace").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines.count("\n") + 1, len(lines) - lines.rfind("\n")


def _code_page(data: bytes, at: int, file: str, advice: str) -> str:
    """cp1251 where the bytes beyond ASCII tell; else an error that shows how the line reads in each code page."""
    if first_undecodable(data, "cp1251") is None and _reads_as_cyrillic(data):
        return "cp1251"
    line, column = place_of(data, at, "utf-8")
    start = max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at)) + 1
    shown = data[start : start + 200].splitlines()[0] if at > start else data[at : at + 200].splitlines()[0]
    readings = "; ".join(f"cp{page}: {quoted(shown.decode(f'cp{page}', 'replace'), 40)}" for page in (1251, 1252))
    raise InputError.at(
        file,
        line,
        column,
        found=f"the byte {data[at]:#04x}, which is not UTF-8",
        expected=f"{advice}. This line in {readings}",
    )


def _reads_as_cyrillic(data: bytes) -> bool:
    """Whether all beyond ASCII is Cyrillic, in words that no Western language could have as accented letters."""
    has_word = False
    for start in range(0, len(data), _BLOCK):
        text = data[start : start + _BLOCK].decode("cp1251", "replace")
        beyond = {letter for letter in set(text) if not letter.isascii()}
        if any(not _CYRILLIC.match(letter) and letter not in _SIGNS for letter in beyond) or _TURNED_CASE.search(text):
            return False
        has_word = has_word or bool(_CYRILLIC_WORD.search(text))
    return has_word


def has_control(data: bytes) -> bool:
    """Whether there are control characters among the bytes, other than tabs and line ends."""
    return bool(data.translate(None, _OTHER_BYTES))


def lines_of(data: bytes, encoding: str, file: str) -> Iterator[str]:
    """The lines without their ends. Raises `InputError` for control characters and for lines without end."""
    # Of UTF-16 half of the bytes look like control characters: there each line is looked at.
    suspicious = encoding.startswith("utf-16") or has_control(data)
    with io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline=None) as stream:
        for number, line in enumerate(stream, 1):
            if len(line) > MAX_LINE:
                found = f"more than {MAX_LINE} characters"
                raise InputError.at(file, number, None, found=found, expected="a line end before that")
            if suspicious and (control := _CONTROL.search(line)):
                found = f"the control character {ord(control[0]):#04x}"
                raise InputError.at(file, number, control.start() + 1, found=found, expected="text")
            yield line.removesuffix("\n")
