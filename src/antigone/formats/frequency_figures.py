"""The figures of frequency files of other programs as they are read, by population and marker, and what cannot be."""

import re
from collections.abc import Iterable, Iterator
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
_PROVES_PEOPLE, _PROVES_CHROMOSOMES = 5, 20
_DECIMAL_COMMA = re.compile(r"[0-9]*,[0-9]+")
_ALLELE = "an allele such as 12 or 9.3"


@dataclass
class MarkerFigures:
    """What was read of one marker in one population."""

    line: int
    column: str | int | None = None
    chromosomes: int | None = None
    unexplained: int | None = None
    """The sample size where the file calls it `n` only, which may count people or chromosomes."""
    values: dict[Allele, float] = field(default_factory=dict)
    decimals: int = 0
    """How many decimals the frequencies are written with, zeros at the end left away."""
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

    def size(
        self,
        marker: MarkerFigures,
        text: str,
        line: int,
        column: str | int | None,
        counts: SampleSize,
        *,
        is_explained: bool = True,
    ) -> None:
        """Take the sample size of a marker; an empty one, or 0, says nothing.

        `counts` is what it is taken for; `is_explained` tells that the file, or somebody, says so.
        """
        value = as_number(text) if text else 0.0
        if value is None or value != int(value) or not 0 <= value <= _MOST_CHROMOSOMES:
            self.complain(line, column, found=quoted(text), expected=_SIZE)
        elif value and marker.chromosomes is not None:
            self.complain(line, column, found="a second sample size", expected="one for each marker")
        elif value:
            marker.chromosomes = int(value) * (2 if counts == "people" else 1)
            marker.unexplained = None if is_explained else int(value)

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
            marker.decimals = max(marker.decimals, len(text.casefold().partition("e")[0].partition(".")[2]))
        marker.is_broken = marker.is_broken or len(self.problems) > before

    def explain_sizes(self, population: str) -> SampleSize | None:
        """Take the sizes that the file does not explain for what the frequencies of a population prove them to count.

        Returns what that is; None where they prove nothing, and the sizes stay what they were taken for.
        """
        markers = [one for one in self._read[population].values() if one.unexplained and not one.is_broken]
        counted = counted_by(markers)
        for marker in markers if counted is not None else ():
            marker.chromosomes = (marker.unexplained or 0) * (2 if counted == "people" else 1)
        return counted

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


def counted_by(markers: Iterable[MarkerFigures]) -> SampleSize | None:
    """What unexplained sample sizes count, as the frequencies prove: each is a count of alleles by all that were typed.

    Of `people`, all frequencies, five at least, are whole parts of twice the size, and some are odd ones. Of
    `chromosomes`, all are whole parts of the size; had people been counted, each of them but the last of a marker would
    be so by chance of one half, and twenty are asked. Frequencies with too few decimals to tell, or that somebody
    changed, prove nothing.

    >>> from antigone.genetics.alleles import Repeat
    >>> frequencies = {Repeat(6): 0.0025, Repeat(7): 0.1, Repeat(8): 0.2, Repeat(9): 0.3, Repeat(10): 0.3975}
    >>> counted_by([MarkerFigures(1, unexplained=200, values=frequencies, decimals=4)])
    'people'
    >>> counted_by([MarkerFigures(1, unexplained=400, values=frequencies, decimals=4)])
    """
    own = list(markers)
    rounding = 0.5 * 10.0 ** -max((marker.decimals for marker in own), default=0)
    odd = even = free = 0
    for marker in own:
        typed = 2 * (marker.unexplained or 0)
        seen = [value for value in marker.values.values() if value]
        free += max(len(seen) - 1, 0)
        for value in seen:
            if value > 1:  # no frequency, which is told where it is used
                return None
            # Six significant digits, as STRidER writes, are fewer decimals than its smallest number shows.
            off = max(rounding, value * 5e-6) * typed
            nearest = round(value * typed)
            if off > 0.2 or abs(value * typed - nearest) > off + 1e-6:
                return None
            odd, even = odd + nearest % 2, even + 1 - nearest % 2
    if odd:
        return "people" if odd + even >= _PROVES_PEOPLE else None
    return "chromosomes" if free >= _PROVES_CHROMOSOMES else None


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
