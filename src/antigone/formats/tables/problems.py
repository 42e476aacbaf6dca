"""All that is wrong with some files, gathered so that a person can mend it in one go."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

from antigone.formats.errors import InputError, Problem

MOST_PROBLEMS = 200


class Problems:
    """A list of problems that grows while reading goes on, and stops the reading when it is long enough.

    After `MOST_PROBLEMS` it raises, and its last entry says that there are more.
    """

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, file: str, line: int | None, column: str | int | None, *, found: str, expected: str) -> None:
        """Note one problem, after which reading can go on."""
        if len(self._found) == MOST_PROBLEMS - 1:
            expected = f"the {len(self._found)} problems above mended first"
            self._found.append(Problem(file, None, None, "more problems than are listed", expected))
            self.stop_if_any()
        self._found.append(Problem(file, line, column, found, expected))

    def take(self, error: InputError) -> None:
        """Note what an error carries."""
        for problem in error.problems:
            self.add(problem.file, problem.line, problem.column, found=problem.found, expected=problem.expected)

    def stop_if_any(self) -> None:
        """Raise what was noted, if anything was: file by file, and line by line."""
        if not self._found:
            return
        files = {problem.file: place for place, problem in reversed(list(enumerate(self._found)))}
        told = sorted(self._found[: MOST_PROBLEMS - 1], key=lambda problem: (files[problem.file], problem.line or 0))
        raise InputError(told + self._found[MOST_PROBLEMS - 1 :])


def near(text: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence; empty where nothing is near.

    >>> near("tehta", ["theta", "prior"])
    '; near it is ‘theta’'
    """
    by_spelling = {name.casefold(): name for name in known}
    matches = get_close_matches(text.casefold()[:100], list(by_spelling), n=3, cutoff=0.6)
    if not matches:
        return ""
    shown = ", ".join(f"‘{by_spelling[match]}’" for match in matches)
    return f"; near it {'is' if len(matches) == 1 else 'are'} {shown}"


def foreign_letters(text: str) -> str:
    """Name the letters that look like others, as the end of a sentence; empty for plain text.

    >>> foreign_letters("ТH01")
    ' (with ‘Т’, which is a CYRILLIC CAPITAL LETTER TE)'
    """
    letters = dict.fromkeys(letter for letter in text if not letter.isascii())
    if not letters:
        return ""
    names = [f"‘{letter}’, which is a {unicodedata.name(letter, 'letter without a name')}" for letter in letters]
    return f" (with {'; '.join(names[:3])})"
