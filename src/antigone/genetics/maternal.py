"""Mitochondrial sequences: their notation, and how two of one maternal line compare.

A sequence is written as its differences to the rCRS: `263G` (another base), `16093Y` (two bases, by the codes of
IUPAC), `315.1C` (the first base inserted after 315), `249DEL` (a base that is not there), and the ranges of positions
that were read. What lies outside them was not read; what lies within and is not written is as in the rCRS.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from antigone.genetics.haplotypes import LineageError, LineageSettings, MtHaplotype, reference_sequence

LENGTH = 16_569
"""Positions of the rCRS; the last is followed by the first."""

IUPAC: Mapping[str, frozenset[str]] = {
    "A": frozenset("A"), "C": frozenset("C"), "G": frozenset("G"), "T": frozenset("T"),
    "R": frozenset("AG"), "Y": frozenset("CT"), "S": frozenset("CG"), "W": frozenset("AT"),
    "K": frozenset("GT"), "M": frozenset("AC"), "N": frozenset("ACGT-"),
}  # fmt: skip
"""What a letter stands for: one base, two of them (heteroplasmy), or N where a base was not read."""

LENGTH_HOTSPOTS = frozenset({309, 315, 523, 524, 573, 16193})
"""Where insertions and deletions are ignored: stretches of C, and the AC repeat that ends at 524."""

_ABSENT = "-"
_DELETION = "DEL"
_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_DIFFERENCE = re.compile(r"([ACGT])?([0-9]{1,5})(?:\.([0-9]{1,2}))?([A-Z]+)")
_SMALL = re.compile(r"[ACGT]?[0-9]{1,5}(?:\.[0-9]{1,2})?[acgt]")

Ranges = tuple[tuple[int, int], ...]
Site = tuple[int, int]
"""A position and 0, or the position before an insertion and which inserted base it is, from 1."""


@dataclass(frozen=True)
class NotationProblem:
    """What stood there, and what would be right."""

    found: str
    expected: str


class NotationError(LineageError):
    """A mitochondrial sequence that is not written as it should be; carries every problem found."""

    def __init__(self, problems: Sequence[NotationProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"‘{problem.found}’: expected {problem.expected}" for problem in problems))


def parse_ranges(text: str) -> Ranges:
    """Read ranges of positions, between semicolons; one that crosses the end of the rCRS is given as two.

    >>> parse_ranges("16024-16365;73-340"), parse_ranges("16560-5")
    (((73, 340), (16024, 16365)), ((1, 5), (16560, 16569)))
    >>> parse_ranges("73-20000")
    Traceback (most recent call last):
        ...
    antigone.genetics.maternal.NotationError: ‘73-20000’: expected a range of positions from 1 to 16569, such as 73-340
    """
    problems = []
    found: list[tuple[int, int]] = []
    for part in (part.strip() for part in text.split(";")):
        match = _RANGE.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not (1 <= first <= LENGTH and 1 <= last <= LENGTH):
            expected = f"a range of positions from 1 to {LENGTH}, such as 73-340"
            problems.append(NotationProblem(part, expected))
        elif first <= last:
            found.append((first, last))
        else:
            found += [(first, LENGTH), (1, last)]
    found.sort()
    for earlier, later in pairwise(found):
        if later[0] <= earlier[1]:
            problems.append(NotationProblem(f"{later[0]}-{later[1]}", f"ranges that do not overlap (to {earlier[1]})"))
    if problems:
        raise NotationError(problems)
    return tuple(found)


def write_ranges(ranges: Ranges) -> str:
    """Ranges as `parse_ranges` reads them."""
    return ";".join(f"{first}-{last}" for first, last in ranges)


def parse_differences(text: str, ranges: Ranges) -> tuple[str, ...]:
    """Read the differences of a sequence, between spaces, and give them in order of position, as they are kept.

    Raises `NotationError` with every problem: what is no difference, lies outside the ranges, is what the rCRS has
    there, stands twice, or is a second inserted base without a first.

    >>> parse_differences("315.1C A263G 249del", ((73, 340),))
    ('249DEL', '263G', '315.1C')
    >>> parse_differences("263A 249D", ((73, 340),))
    Traceback (most recent call last):
        ...
    antigone.genetics.maternal.NotationError: ‘263A’: expected another base than the rCRS has at 263; ‘249D’: expected
    a base, R Y S W K M for two of them, N, or DEL for a base that is not there, as in 263G, 16093Y, 315.1C, 249DEL
    """
    problems: list[NotationProblem] = []
    sites: dict[Site, str] = {}
    for part in text.split():
        read = _read_difference(part, ranges)
        if isinstance(read, NotationProblem):
            problems.append(read)
        elif read[0] in sites:
            problems.append(NotationProblem(part, "each position once: heteroplasmy is one letter, such as Y"))
        else:
            sites[read[0]] = read[1]
    problems += [
        NotationProblem(_written(site, symbol), f"{site[0]}.{site[1] - 1} before it")
        for site, symbol in sites.items()
        if site[1] > 1 and (site[0], site[1] - 1) not in sites
    ]
    if problems:
        raise NotationError(problems)
    return tuple(_written(site, sites[site]) for site in sorted(sites))


def _read_difference(part: str, ranges: Ranges) -> tuple[Site, str] | NotationProblem:
    upper = part.upper() if part.endswith("del") else part
    match = _DIFFERENCE.fullmatch(upper)
    symbol = match[4] if match else ""
    if match is None or (symbol not in IUPAC and symbol != _DELETION):
        expected = "a base, R Y S W K M for two of them, N, or DEL for a base that is not there"
        small = "; a small letter (of some molecules only, or back to an older base) is not held"
        return NotationProblem(
            part, f"{expected}, as in 263G, 16093Y, 315.1C, 249DEL{small if _SMALL.fullmatch(part) else ''}"
        )
    position, insertion = int(match[2]), int(match[3] or 0)
    if not any(first <= position <= last for first, last in ranges):
        return NotationProblem(part, f"a position within the ranges read, {write_ranges(ranges)}")
    reference = reference_sequence()[position - 1]
    if match[1] and (insertion or match[1] != reference):
        said = "no letter before an insertion" if insertion else f"{reference} before {position}, as in the rCRS"
        return NotationProblem(part, said)
    if match[3] is not None and (insertion == 0 or symbol == _DELETION):
        return NotationProblem(part, f"an inserted base, such as {position}.1C")
    if not insertion and symbol == reference:
        return NotationProblem(part, f"another base than the rCRS has at {position}")
    return (position, insertion), symbol


def _written(site: Site, symbol: str) -> str:
    position, insertion = site
    return f"{position}.{insertion}{symbol}" if insertion else f"{position}{symbol}"


def mt_haplotype(sample: str, ranges: str, differences: str) -> MtHaplotype:
    """A sequence from its written form; raises `NotationError`."""
    read = parse_ranges(ranges)
    return MtHaplotype(sample, read, parse_differences(differences, read))


@lru_cache(maxsize=65_536)
def _sites(differences: tuple[str, ...]) -> dict[Site, frozenset[str]]:
    """The bases that each written difference allows."""
    found = {}
    for text in differences:
        match = _DIFFERENCE.fullmatch(text)
        if match is None:
            raise LineageError(f"‘{text}’ is no difference to the rCRS")
        symbol = match[4]
        bases = frozenset(_ABSENT) if symbol == _DELETION else IUPAC[symbol]
        found[int(match[2]), int(match[3] or 0)] = bases
    return found


def common_ranges(first: Ranges, second: Ranges) -> Ranges:
    """The positions in both, as ranges in order.

    >>> common_ranges(((73, 340), (16024, 16365)), ((200, 16100),))
    ((200, 340), (16024, 16100))
    """
    found = []
    for a, b in first:
        for c, d in second:
            if max(a, c) <= min(b, d):
                found.append((max(a, c), min(b, d)))
    return tuple(sorted(found))


def covers(ranges: Ranges, wanted: Ranges) -> bool:
    """Whether every wanted position was read."""
    return size_of(common_ranges(ranges, wanted)) == size_of(wanted)


def size_of(ranges: Ranges) -> int:
    """How many positions ranges hold."""
    return sum(last - first + 1 for first, last in ranges)


def mt_differences(
    first: tuple[str, ...], second: tuple[str, ...], ranges: Ranges, *, most: int | None = None
) -> tuple[str, ...]:
    """In what two sequences differ within ranges that both read, each difference as the second is written there.

    Bases agree where one of them may be that of the other (heteroplasmy). Length variants at `LENGTH_HOTSPOTS` are no
    difference. Neighbouring positions that one of them lacks, and bases inserted at one place, are one event. With
    `most` it stops counting beyond it.

    >>> read = ((73, 340), (16024, 16365))
    >>> mt_differences(("263G", "16093Y"), ("263G", "309.1C", "315.1C"), read)
    ()
    >>> mt_differences(("263G",), ("249DEL", "250DEL"), read)
    ('249DEL', '263A')
    """
    one, other = _sites(first), _sites(second)
    told: list[str] = []
    before: tuple[Site, bool] | None = None  # the last place where one of them lacked a base, and which
    for site in sorted(one.keys() | other.keys()):
        if not any(start <= site[0] <= end for start, end in ranges):
            continue
        mine, theirs = (each.get(site) or _as_reference(site) for each in (one, other))
        if mine & theirs or _is_length_variant(site, mine, theirs):
            continue
        lacking = _lacks(mine, theirs)
        if lacking is None or before is None or not _continues(before, site, lacking):
            told.append(_told(site, theirs))
            if most is not None and len(told) > most:
                break
        before = None if lacking is None else (site, lacking)
    return tuple(told)


def _as_reference(site: Site) -> frozenset[str]:
    return frozenset(_ABSENT) if site[1] else frozenset(reference_sequence()[site[0] - 1])


def _is_length_variant(site: Site, mine: frozenset[str], theirs: frozenset[str]) -> bool:
    return site[0] in LENGTH_HOTSPOTS and _lacks(mine, theirs) is not None


def _lacks(mine: frozenset[str], theirs: frozenset[str]) -> bool | None:
    """Whether the first (True) or the second (False) lacks a base that the other has; None where both have one."""
    if mine == {_ABSENT}:
        return True
    return False if theirs == {_ABSENT} else None


def _continues(before: tuple[Site, bool], site: Site, lacking: bool) -> bool:
    """Whether a gap goes on: the next deleted position, or the next base of one insertion."""
    (position, insertion), same = before
    following = {(position, insertion + 1)} if insertion else {(position + 1, 0)}
    return same is lacking and site in following


def _told(site: Site, bases: frozenset[str]) -> str:
    if bases == {_ABSENT}:
        return f"no {site[0]}.{site[1]}" if site[1] else f"{site[0]}{_DELETION}"
    symbol = next(letter for letter, meant in IUPAC.items() if meant == bases)
    return _written(site, symbol)


@dataclass(frozen=True)
class MtComparison:
    """Two sequences side by side: over which ranges, and how many differences; see `mt_differences`."""

    ranges: Ranges
    differences: tuple[str, ...]
    log10_transmission: float


def compare_mt(first: MtHaplotype, second: MtHaplotype, meioses: int, settings: LineageSettings) -> MtComparison:
    """Compare two people of one maternal line, `meioses` apart.

    No difference has the probability (1 − rate)^meioses, one has the rest of it, and two or more have the declared
    `mt_beyond`: they speak against the line without making it impossible.

    >>> a = mt_haplotype("A", "16024-16365", "16093C")
    >>> b = mt_haplotype("B", "16024-16365", "16093Y")
    >>> settings = LineageSettings(mt_rate=0.01)
    >>> round(10 ** compare_mt(a, b, 2, settings).log10_transmission, 10)  # by hand: 0.99²
    0.9801
    >>> round(10 ** compare_mt(a, mt_haplotype("B", "16024-16365", ""), 2, settings).log10_transmission, 10)
    0.0199
    """
    ranges = common_ranges(first.ranges, second.ranges)
    differences = mt_differences(first.differences, second.differences, ranges)
    same = (1 - settings.mt_rate) ** meioses
    probability = same if not differences else 1 - same if len(differences) == 1 else 0.0
    if len(differences) > 0:
        # Meioses of 0 are one person, in whom a difference is as unlikely as many within a line.
        probability = max(probability, settings.mt_beyond)
    return MtComparison(ranges, differences, math.log10(probability))


def merged_ranges(positions: Iterable[int]) -> Ranges:
    """Positions, in order, as ranges."""
    found: list[tuple[int, int]] = []
    for position in positions:
        if found and found[-1][1] == position - 1:
            found[-1] = (found[-1][0], position)
        else:
            found.append((position, position))
    return tuple(found)
