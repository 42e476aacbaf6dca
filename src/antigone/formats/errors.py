"""What a reader says when a file is not what it should be."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Problem:
    """One thing wrong in one place of a file.

    `line` and `column` count from 1, as editors do; `column` is the name of the column where the file has named ones,
    else its number. `found` is what stood there, `expected` what would be right.
    """

    file: str
    line: int | None
    column: str | int | None
    found: str
    expected: str

    def __str__(self) -> str:
        place = printable(self.file)
        if self.line is not None:
            place += f", line {self.line}"
        if self.column is not None:
            place += f", column {self.column}"
        return f"{place}: found {self.found}; expected {self.expected}"


class InputError(Exception):
    """A file could not be read. Nothing of it was used.

    Carries every problem found, so that a person can mend them in one go.
    """

    def __init__(self, problems: "list[Problem] | Problem") -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def at(
        cls, file: Path | str, line: int | None, column: str | int | None, *, found: str, expected: str
    ) -> "InputError":
        """One problem, as an error."""
        return cls(Problem(str(file), line, column, found, expected))


def printable(text: str) -> str:
    r"""A text with its control characters spelled out, so that the name of a file cannot move a terminal's cursor.

    >>> printable("a\x1b[2J\n")
    'a\\x1b[2J\\n'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def quoted(text: object, limit: int = 60) -> str:
    r"""What stood there, between quotes and never longer than a line; control characters are spelled out.

    >>> quoted("12\x1b[2J")
    '‘12\\x1b[2J’'
    """
    shown = printable(str(text))
    if len(shown) > limit:
        shown = shown[:limit] + "…"
    return f"‘{shown}’"
