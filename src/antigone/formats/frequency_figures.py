"""The figures of frequency files of other programs as they are read, by population and marker, and what cannot be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from antigone.formats.errors import quoted
from antigone.formats.frequencies import SUM_TOLERANCE, is_near_one
from antigone.formats.tables import Problems, as_number
from antigone.genetics.alleles import Allele, AlleleError, Unknown, parse_allele
from antigone.genetics.frequencies import MarkerFrequencies
from antigone.genetics.markers import Inheritance, canonical_name
from antigone.genetics.markers import marker as known_marker

SampleSize = Literal["chromosomes", "people"]
"""What a sample size counts."""

MAX_FIGURES = 1_000_000
_MOST_CHROMOSOMES = 1_000_000_000
_FREQUENCY = "a frequency from 0 to 1 with a decimal point"
_SIZE = "a whole number: how many were typed"
_DECIMAL_COMMA = re.compile(r"[0-9]*,[0-9]+")
_ALLELE = "an allele such as 12 or 9.3"


@dataclass
class MarkerFigures:
    """What was read of one marker in one population."""

    line: int
    column: str | int | None = None
    chromosomes: int | None = None
    values: dict[Allele, float] = field(default_factory=dict)
    is_broken: bool = False


class FrequencyFigures:
    """The figures of a file."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file, self.problems = file, problems
        self._read: dict[str, dict[str, MarkerFigures]] = {}
        self._count = 0

    def marker(self, population: str, marker: str, line: int, column: str | int | None) -> MarkerFigures:
        """Begin a marker of a population. A second one is noted as a problem."""
        name = canonical_name(marker) or marker
        own = self._read.setdefault(population, {})
        if name in own:
            found = f"{quoted(marker)}{f' of {quoted(population)}' if population else ''} a second time"
            self.complain(line, column, found=found, expected="each marker once for a population")
        own[name] = MarkerFigures(line, column, is_broken=name in own)
        return own[name]

    def size(self, marker: MarkerFigures, text: str, line: int, column: str | int | None, counts: SampleSize) -> None:
        """Take the sample size of a marker; an empty one, or 0, says nothing."""
        value = as_number(text) if text else 0.0
        if value is None or value != int(value) or not 0 <= value <= _MOST_CHROMOSOMES:
            self.complain(line, column, found=quoted(text), expected=_SIZE)
        elif value and marker.chromosomes is not None:
            self.complain(line, column, found="a second sample size", expected="one for each marker")
        elif value:
            marker.chromosomes = int(value) * (2 if counts == "people" else 1)

    def frequency(self, marker: MarkerFigures, allele: str, text: str, line: int, column: str | int | None) -> None:
        """Take one frequency."""
        self._count += 1
        if self._count > MAX_FIGURES:
            self.complain(line, None, found=f"more than {MAX_FIGURES} frequencies", expected="at most that many")
            self.problems.stop_if_any()
        before = len(self.problems)
        read = read_allele(allele)
        value = as_number(text)
        if read is None:
            self.complain(line, column, found=quoted(allele), expected=_ALLELE)
        elif read in marker.values:
            self.complain(line, column, found=f"the allele {quoted(allele)} a second time", expected="each allele once")
        if value is None or value < 0:
            self.complain(line, column, found=quoted(text), expected=_FREQUENCY)
        elif read is not None:
            marker.values[read] = value
        marker.is_broken = marker.is_broken or len(self.problems) > before

    def complain(self, line: int, column: str | int | None, *, found: str, expected: str) -> None:
        """Note a problem."""
        self.problems.add(self.file, line, column, found=found, expected=expected)

    def populations(self) -> tuple[str, ...]:
        """The populations of which anything was begun."""
        return tuple(self._read)

    def entries(self, population: str) -> dict[str, MarkerFrequencies]:
        """The markers of a population that have a frequency; those whose sum cannot be are noted as problems."""
        return {entry.marker: entry for entry in self._entries(population)}

    def _entries(self, population: str) -> Iterator[MarkerFrequencies]:
        for name, marker in self._read[population].items():
            if marker.is_broken or not any(marker.values.values()):
                continue
            expected = _why_not(marker)
            if expected is None:
                yield MarkerFrequencies.from_frequencies(name, marker.values, chromosomes=marker.chromosomes)
            else:
                where = f" in {quoted(population)}" if population else ""
                found = f"frequencies of {name}{where} that sum to {sum(marker.values.values()):.6g}"
                self.complain(marker.line, marker.column, found=found, expected=expected)


def _why_not(marker: MarkerFigures) -> str | None:
    """What would be right, where the figures of a marker cannot be."""
    total = sum(marker.values.values())
    if is_near_one(total):
        return "no frequency above 1" if max(marker.values.values()) > 1 else None
    if abs(total - 100) <= 100 * SUM_TOLERANCE:
        return "a sum of 1, not per cent"
    if total > 2 and all(value == int(value) for value in marker.values.values()):
        return "a sum of 1, not counts: divide them by their sum"
    return f"a sum of 1 (at most {SUM_TOLERANCE} away)"


def read_allele(text: str) -> Allele | None:
    """An allele, or None; one that was not seen is none of a population."""
    try:
        allele = parse_allele(text)
    except AlleleError:
        return None
    return None if isinstance(allele, Unknown) else allele


def pointed(text: str) -> str:
    """A number with a decimal point, where it had a comma.

    >>> pointed("9,3"), pointed("Kyiv, 2025")
    ('9.3', 'Kyiv, 2025')
    """
    return text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text


def is_on_x(marker: str) -> bool:
    """Whether a marker lies on X, of which only the authors know how many chromosomes their people had."""
    return canonical_name(marker) is not None and known_marker(marker).inheritance is Inheritance.X
