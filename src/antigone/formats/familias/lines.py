"""From bytes to lines, and the walk through them with errors that say where.

The format counts instead of delimiting: "3", then three blocks. So a reader walks from line to line and says at each
what it expects there.
"""

import re
from pathlib import Path
from typing import Literal

from antigone.formats.errors import InputError, Problem, quoted
from antigone.formats.familias.project import Number

Encoding = Literal["utf-8", "utf-8-sig", "cp1251", "cp1252"]

BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_MOST_PROBLEMS = 100
_MOST_WARNINGS = 200


def decode(data: bytes, file: str, encoding: Encoding | None) -> tuple[str, Encoding]:
    """The text of a file and the encoding it was in.

    A byte order mark means UTF-8. Without one, and without word from the caller, the file must be valid UTF-8 (as
    plain ASCII is): which of the Windows code pages another file is in, its bytes do not tell.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError.at(file, 1, 1, found="the mark of UTF-16", expected="UTF-8, cp1251 or cp1252")
    if data.startswith(BOM):
        if encoding in ("cp1251", "cp1252"):
            raise InputError.at(file, 1, 1, found="the mark of UTF-8", expected=f"{encoding}, as asked for")
        return _strictly(data[len(BOM) :], file, "utf-8"), "utf-8-sig"
    chosen: Encoding = "utf-8" if encoding in (None, "utf-8-sig") else encoding
    return _strictly(data, file, chosen), chosen


def _strictly(data: bytes, file: str, encoding: Encoding) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        start = data.rfind(b"\n", 0, error.start) + 1
        line = data[start:].partition(b"\n")[0].rstrip(b"\r")
        readings = (f"{page}: {quoted(line.decode(page, 'replace'))}" for page in ("cp1251", "cp1252"))
        other = "; ".join(readings)
        raise InputError.at(
            file,
            data.count(b"\n", 0, error.start) + 1,
            error.start - start + 1,
            found=f"the byte {data[error.start]:#04x}",
            expected=f"{encoding}, or the name of another encoding in `encoding`. This line in {other}",
        ) from None


def split(text: str, file: str) -> tuple[list[str], str]:
    """The lines and the line end, which must be the same everywhere and must not lack at the end of the file."""
    if not text:
        raise InputError.at(file, 1, 1, found="nothing", expected="a Familias project")
    newline = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    lines = text.split(newline)
    for number, line in enumerate(lines, 1):
        if "\r" in line or "\n" in line:
            expected = "the line end of the first line, which is " + ("CR LF" if newline == "\r\n" else "LF")
            raise InputError.at(file, number, None, found="another line end", expected=expected)
        if control := _CONTROL.search(line):
            found = f"the control character {ord(control[0]):#04x}"
            raise InputError.at(file, number, control.start() + 1, found=found, expected="text")
    if lines[-1]:
        expected = "an end of this last line: the file seems to be cut short"
        raise InputError.at(file, len(lines), len(lines[-1]) + 1, found=quoted(lines[-1]), expected=expected)
    return lines[:-1], newline


class Lines:
    """A walk through the lines of a file. `at` is the number of the line last taken, from 1."""

    def __init__(self, lines: list[str], file: Path | str) -> None:
        self.file = str(file)
        self.at = 0
        self.warnings: list[Problem] = []
        self._lines = lines
        self._problems: list[Problem] = []
        self._decimal_comma = False

    def peek(self) -> str | None:
        """The next line, or None at the end."""
        return self._lines[self.at] if self.at < len(self._lines) else None

    def take(self, expected: str) -> str:
        """The next line; an error at the end of the file."""
        line = self.peek()
        if line is None:
            raise InputError.at(self.file, self.at + 1, None, found="the end of the file", expected=expected)
        self.at += 1
        return line

    def error(self, expected: str, *, column: int | None = 1, found: str | None = None) -> InputError:
        """An error about the line last taken."""
        shown = quoted(self._lines[self.at - 1]) if found is None else found
        return InputError.at(self.file, self.at, column, found=shown, expected=expected)

    def unexpected(self, expected: str) -> InputError:
        """An error about the next line, or about the end of the file."""
        line = self.peek()
        found = "the end of the file" if line is None else quoted(line)
        return InputError.at(self.file, self.at + 1, None if line is None else 1, found=found, expected=expected)

    def complain(self, line: int, *, found: str, expected: str) -> None:
        """Note a problem after which reading can go on, so that all of them are told together."""
        self._problems.append(Problem(self.file, line, None, found, expected))
        if len(self._problems) >= _MOST_PROBLEMS:
            self.stop_on_problems()

    def stop_on_problems(self) -> None:
        """Raise what was noted, if anything was."""
        if self._problems:
            raise InputError(sorted(self._problems, key=lambda problem: problem.line or 0))

    def warn(self, line: int | None, *, found: str, expected: str) -> None:
        """Note what a person should know although the file can be read."""
        if len(self.warnings) == _MOST_WARNINGS:
            found, expected = "more than that", f"at most {_MOST_WARNINGS} things to warn of; the others are not listed"
        if len(self.warnings) <= _MOST_WARNINGS:
            self.warnings.append(Problem(self.file, line, None, found, expected))

    def text(self, what: str) -> str:
        """A line that is a text between quotes."""
        line = self.take(f"{what} between quotes").rstrip()
        if len(line) < 2 or line[0] != '"' or line[-1] != '"':
            raise self.error(f"{what} between quotes")
        inner = line[1:-1]
        if '"' in inner:
            self.warn(self.at, found=quoted(inner), expected="no quote within a text: it cannot be written back")
        return inner

    def flag(self, what: str) -> bool:
        """A line that is `#TRUE#` or `#FALSE#`."""
        line = self.take(f"#TRUE# or #FALSE# ({what})").strip()
        if line not in ("#TRUE#", "#FALSE#"):
            raise self.error(f"#TRUE# or #FALSE# ({what})")
        return line == "#TRUE#"

    def count(self, what: str, most: int) -> int:
        """A line that is a whole number."""
        return self.whole(self.take(f"{what}, a whole number").strip(), what, most)

    def whole(self, text: str, what: str, most: int, column: int = 1) -> int:
        """A whole number from 0 to `most` within the line last taken."""
        if not _WHOLE.fullmatch(text):
            raise self.error(f"{what}, a whole number", found=quoted(text), column=column)
        if int(text) > most:
            raise self.error(f"{what}, at most {most}", found=quoted(text), column=column)
        return int(text)

    def number(self, what: str, most: float = float("inf")) -> Number:
        """A line that is a decimal number."""
        return self.decimal(self.take(f"{what}, a number").strip(), what, most)

    def decimal(self, text: str, what: str, most: float = float("inf"), column: int = 1) -> Number:
        """A number from 0 to `most` within the line last taken."""
        try:
            number = Number(text)
        except ValueError:
            raise self.error(f"{what}, a number", found=quoted(text), column=column) from None
        if not 0 <= number.value <= most:
            bounds = "from 0" if most == float("inf") else f"from 0 to {most:g}"
            raise self.error(f"{what}, {bounds}", found=quoted(text), column=column)
        if "," in text and not self._decimal_comma:
            self._decimal_comma = True
            self.warn(
                self.at, found=quoted(text), expected="a decimal point; the comma was read as one, here and below"
            )
        return number
