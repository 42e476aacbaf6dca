"""What the columns of a PED file hold: the `.dat` of MERLIN and the `.map` of MERLIN and PLINK."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from antigone.formats.errors import quoted
from antigone.formats.linkage.limits import MAX_BYTES, MAX_MARKERS
from antigone.formats.plain_text import lines_of, read_bytes
from antigone.formats.tables import Problems
from antigone.genetics.markers import canonical_name


class Holds(StrEnum):
    """What a column, or the two of a marker, hold; the letters are those of a `.dat` file."""

    MARKER = "M"
    AFFECTION = "A"
    TRAIT = "T"
    COVARIATE = "C"
    SKIPPED = "S"
    SKIPPED_PAIR = "S2"


@dataclass(frozen=True)
class DataColumn:
    """One entry of the columns that follow the sex."""

    holds: Holds
    name: str

    @property
    def width(self) -> int:
        """How many columns of the file it takes."""
        return 2 if self.holds in (Holds.MARKER, Holds.SKIPPED_PAIR) else 1


_ENDS = ("E", "END OF DATA", "E END OF DATA")
_WORDS = re.compile(r"\S+")
_POSITION = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_LINE_EXPECTED = "a letter and a name, such as ‘M TH01’ (M marker, A affection, T trait, C covariate, S skipped)"


def read_dat(path: Path | str) -> tuple[DataColumn, ...]:
    """The columns that a `.dat` file declares, in order. Raises `InputError`."""
    path = Path(path)
    return dat_of(read_bytes(path, path.name, MAX_BYTES), path.name)


def dat_of(data: bytes, file: str) -> tuple[DataColumn, ...]:
    """The columns of the bytes of a `.dat` file; `file` is the name that errors use. Raises `InputError`."""
    problems = Problems()
    columns: list[DataColumn] = []
    at: list[int] = []
    lines = lines_of(data, file)
    if lines and re.fullmatch(r"\s*[0-9]+(?:\s+[0-9]+){2,3}(?:\s.*)?", lines[0]):
        expected = f"{_LINE_EXPECTED}; this is a parameter file of LINKAGE itself, which does not name its markers"
        problems.add(file, 1, 1, found=quoted(lines[0].strip()), expected=expected)
        problems.stop_if_any()
    for number, line in enumerate(lines, 1):
        words = _WORDS.findall(line.partition("#")[0])
        if not words or " ".join(words).upper().replace("-", " ") in _ENDS:
            continue
        column = _dat_line(words)
        if column is None:
            problems.add(file, number, 1, found=quoted(line.strip()), expected=_LINE_EXPECTED)
        else:
            columns.append(column)
            at.append(number)
    _check(columns, at, file, problems)
    return tuple(columns)


def _dat_line(words: list[str]) -> DataColumn | None:
    letter = words[0].upper()
    if letter not in {one.value for one in Holds} or (len(words) < 2 and not letter.startswith("S")):
        return None
    return DataColumn(Holds(letter), " ".join(words[1:]))


def read_map(path: Path | str) -> tuple[DataColumn, ...]:
    """The markers of a `.map` file, after the affection that stands before them. Raises `InputError`."""
    path = Path(path)
    return map_of(read_bytes(path, path.name, MAX_BYTES), path.name)


def map_of(data: bytes, file: str) -> tuple[DataColumn, ...]:
    """The columns that the bytes of a `.map` file stand for. Raises `InputError`.

    Three or four columns: chromosome, marker, position (MERLIN, with a header), or chromosome, marker, distance,
    position (PLINK).
    """
    problems = Problems()
    columns = [DataColumn(Holds.AFFECTION, "affection")]
    at = [0]
    for number, line in enumerate(lines_of(data, file), 1):
        words = _WORDS.findall(line.partition("#")[0])
        if not words or (number == 1 and words[0].upper() in ("CHROMOSOME", "CHR", "CHROM")):
            continue
        if not 3 <= len(words) <= 4 or not all(_POSITION.fullmatch(word) for word in words[2:]):
            expected = "chromosome, marker and position, or chromosome, marker, distance and position"
            problems.add(file, number, 1, found=quoted(line.strip()), expected=expected)
        else:
            columns.append(DataColumn(Holds.MARKER, words[1]))
            at.append(number)
    _check(columns, at, file, problems)
    return tuple(columns)


def _check(columns: list[DataColumn], at: list[int], file: str, problems: Problems) -> None:
    """Whether there are markers, and each once; `at` are the lines of the columns."""
    markers = [(column.name, line) for column, line in zip(columns, at, strict=True) if column.holds is Holds.MARKER]
    if not markers and not len(problems):
        problems.add(file, None, None, found="no marker", expected="the markers of a PED file, one a line")
    if len(markers) > MAX_MARKERS:
        problems.add(file, None, None, found=f"{len(markers)} markers", expected=f"at most {MAX_MARKERS}")
        problems.stop_if_any()
    seen: dict[str, str] = {}
    for name, line in markers:
        known = canonical_name(name) or name
        if known in seen:
            found = f"{quoted(name)} a second time" + ("" if seen[known] == name else f", as {quoted(seen[known])}")
            problems.add(file, line, 2, found=found, expected="each marker once")
        seen.setdefault(known, name)
    problems.stop_if_any()


def dat_text(columns: tuple[DataColumn, ...]) -> str:
    """The text of a `.dat` file; read back, it is the same columns."""
    return "".join(f"{column.holds} {column.name}".rstrip() + "\n" for column in columns)
