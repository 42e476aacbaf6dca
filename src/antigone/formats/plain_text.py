"""Text files of other programs as lines: limits on size, UTF-8, and nothing that is not text."""

import re
import stat
from pathlib import Path

from antigone.formats.errors import InputError

MAX_LINE = 1_000_000

# Line ends and tabs are text; the other control characters are not.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def refuse_odd(path: Path, file: str) -> None:
    """Raise `InputError` for what is no plain file: a pipe may make its reader wait for ever, a device never ends."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return  # opening it says why
    if not stat.S_ISREG(mode):
        found = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise InputError.at(file, None, None, found=found, expected="a file")


def read_bytes(path: Path, file: str, most: int) -> bytes:
    """The bytes of a file. `file` is the name that errors use.

    Raises `InputError` where it has more than `most`, and for a folder, a pipe or a device.
    """
    refuse_odd(path, file)
    try:
        with path.open("rb") as opened:
            data = opened.read(most + 1)
    except (OSError, ValueError) as error:  # a name that no file can have is a ValueError
        found = getattr(error, "strerror", None) or type(error).__name__
        raise InputError.at(file, None, None, found=found, expected="a readable file") from error
    if len(data) > most:
        raise InputError.at(file, None, None, found=f"more than {most} bytes", expected="a smaller file")
    return data


def lines_of(data: bytes, file: str) -> list[str]:
    r"""The lines of a text without their ends; a byte order mark is passed over.

    Raises `InputError` for what is not UTF-8, for control characters and for lines without end.

    >>> lines_of(b"\xef\xbb\xbfa\r\nb", "x")
    ['a', 'b']
    >>> lines_of(b"a\nb\xff", "x")
    Traceback (most recent call last):
        ...
    antigone.formats.errors.InputError: x, line 2, column 2: found the byte 0xff; expected UTF-8 (save as ‘UTF-8’)
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError.at(file, 1, 1, found="the mark of UTF-16", expected="UTF-8 (save as ‘UTF-8’)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_utf8(data, file) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_sound = len(max(lines, key=len)) <= MAX_LINE and not _CONTROL.search(text)
    for number, line in enumerate(() if is_sound else lines, 1):
        if len(line) > MAX_LINE:
            found = f"more than {MAX_LINE} characters"
            raise InputError.at(file, number, None, found=found, expected="a line end before that")
        if control := _CONTROL.search(line):
            found = f"the control character {ord(control[0]):#04x}"
            raise InputError.at(file, number, control.start() + 1, found=found, expected="text")
    if not lines[-1]:
        lines.pop()
    return lines


def _not_utf8(data: bytes, file: str) -> InputError:
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            found = f"the byte {line[error.start]:#04x}"
            return InputError.at(file, number, error.start + 1, found=found, expected="UTF-8 (save as ‘UTF-8’)")
    return InputError.at(file, None, None, found="bytes that are not UTF-8", expected="UTF-8 (save as ‘UTF-8’)")
