"""The markers that forensic kits read: where each lies, what each kit holds, and which are inherited together.

The tables stand in `data/`, with all their sources in `data/README.md`. A laboratory writes a marker's name in many
ways; `canonical_name` brings each of them to the one that the rest of the program uses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files

# Laboratories, kits and papers disagree about these and about case, and about nothing else in a name. The hyphens
# after the first are those that typesetters put into marker names.
_IGNORED_IN_NAMES = frozenset(" \t\u00a0_/-\u2010\u2011\u2012\u2013\u2014")


class Inheritance(StrEnum):
    """How a marker passes from parents to children."""

    AUTOSOMAL = "autosomal"
    X = "X"
    Y = "Y"
    SEX = "sex"
    """Tells X from Y, and is no evidence of kinship beyond sex (amelogenin)."""


@dataclass(frozen=True)
class Marker:
    """One place in the genome at which people differ and which kits read.

    `position` is the first base of the repeat on GRCh38, counted from 1; None where no source could be cited, and then
    `source` says so. `repeat_length` is the number of bases in one repeat unit; None for what is not a repeat.
    """

    name: str
    chromosome: str
    position: int | None
    repeat_length: int | None
    inheritance: Inheritance
    source: str


@dataclass(frozen=True)
class LinkedPair:
    """Two markers so close on one chromosome that a child often gets both from the same grandparent.

    `recombination` is the probability that one meiosis separates them: 0 for never, 0.5 for no linkage. On X it is
    that of a mother; a father passes his X on whole.
    """

    first: str
    second: str
    recombination: float
    source: str


@dataclass(frozen=True)
class Panel:
    """A set of markers that laboratories type together: a kit, or the core of a national database."""

    name: str
    markers: tuple[str, ...]

    @property
    def linked_pairs(self) -> tuple[LinkedPair, ...]:
        """The linked pairs that this panel contains."""
        return linked_pairs(self.markers)


class UnknownMarkerError(ValueError):
    """Nobody here knows a marker of this name."""


class UnknownPanelError(ValueError):
    """Nobody here knows a panel of this name."""


def canonical_name(name: str) -> str | None:
    """Give the one name that the program uses for a marker, from any spelling or synonym; None when unknown.

    Case, spaces, hyphens, underscores and slashes make no difference.

    >>> canonical_name("PENTA_D"), canonical_name("vwa"), canonical_name("AM X/Y"), canonical_name("D99S1")
    ('Penta D', 'vWA', 'AMEL', None)
    """
    return _names_by_spelling().get(_spelling(name))


def marker(name: str) -> Marker:
    """Give the marker of this name, in any spelling.

    Raises
    ------
    UnknownMarkerError
        With the names that look like the one asked for.

    >>> marker("D12S391").chromosome
    '12'
    """
    known = canonical_name(name)
    if known is None:
        raise UnknownMarkerError(f"no marker is called ‘{name}’{_suggestion(name, _names_by_spelling())}")
    return _markers()[known]


def all_markers() -> tuple[Marker, ...]:
    """All markers, in the order of chromosomes and positions."""
    return tuple(_markers().values())


def panel(name: str) -> Panel:
    """Give the panel of this name; case, spaces, hyphens and underscores make no difference.

    Raises
    ------
    UnknownPanelError
        With the names that look like the one asked for.

    >>> len(panel("codis 20").markers)
    20
    """
    known = _panel_names_by_spelling().get(_spelling(name))
    if known is None:
        raise UnknownPanelError(f"no panel is called ‘{name}’{_suggestion(name, _panel_names_by_spelling())}")
    return _panels()[known]


def all_panels() -> tuple[Panel, ...]:
    """All panels, in the order of the table."""
    return tuple(_panels().values())


def linked_pairs(names: Iterable[str]) -> tuple[LinkedPair, ...]:
    """Give the pairs of the table whose members are both among `names`, in the order of the genome.

    `names` are canonical. A name that the table does not know is in no pair: nothing is known about its place.

    Raises
    ------
    UnknownMarkerError
        When a name is a synonym. Passing it over would treat linked markers as independent without a word.

    >>> [(pair.first, pair.second) for pair in linked_pairs(["vWA", "TH01", "D12S391"])]
    [('vWA', 'D12S391')]
    """
    among = frozenset(names)
    for name in among:
        _refuse_synonym(name)
    return tuple(pair for pair in _pairs() if pair.first in among and pair.second in among)


def disjoint_linked_pairs(names: Iterable[str]) -> tuple[LinkedPair, ...]:
    """Give linked pairs of which no two share a marker, the tightest first.

    A two-locus computation takes each marker once. Taking the tightest pair first keeps the strongest dependence;
    what is left over (a third marker of the same arm) is then treated as independent, which is an approximation.
    """
    chosen: list[LinkedPair] = []
    taken: set[str] = set()
    for pair in sorted(linked_pairs(names), key=lambda pair: (pair.recombination, pair.first, pair.second)):
        if taken.isdisjoint((pair.first, pair.second)):
            chosen.append(pair)
            taken.update((pair.first, pair.second))
    return tuple(chosen)


def _spelling(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in _IGNORED_IN_NAMES)


def _suggestion(name: str, by_spelling: Mapping[str, str]) -> str:
    near = get_close_matches(_spelling(name), list(by_spelling), n=5, cutoff=0.6)
    names = list(dict.fromkeys(by_spelling[spelling] for spelling in near))[:3]
    return f"; near it are {', '.join(names)}" if names else ""


def _refuse_synonym(name: str) -> None:
    known = canonical_name(name)
    if known is not None and known != name:
        raise UnknownMarkerError(f"‘{name}’ is not a canonical name; the marker is called ‘{known}’")


@cache
def _table(name: str, columns: tuple[str, ...]) -> tuple[dict[str, str], ...]:
    """Read one of our own tables: no field contains a comma, a quotation mark or a line end."""
    lines = files("antigone.genetics").joinpath("data", name).read_text(encoding="utf-8").splitlines()
    if tuple(lines[0].split(",")) != columns:
        raise ValueError(f"{name}, line 1: found ‘{lines[0]}’; expected ‘{','.join(columns)}’")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split(",")
        if len(fields) != len(columns) or '"' in line:
            raise ValueError(f"{name}, line {number}: found ‘{line}’; expected {len(columns)} fields without quotation")
        rows.append(dict(zip(columns, fields, strict=True)))
    return tuple(rows)


def _marker_rows() -> tuple[dict[str, str], ...]:
    columns = ("name", "chromosome", "position", "repeat_length", "inheritance", "source", "synonyms")
    return _table("markers.csv", columns)


@cache
def _markers() -> dict[str, Marker]:
    markers: dict[str, Marker] = {}
    for row in _marker_rows():
        if row["name"] in markers:
            raise ValueError(f"markers.csv: ‘{row['name']}’ stands there twice; expected once")
        markers[row["name"]] = Marker(
            name=row["name"],
            chromosome=row["chromosome"],
            position=_whole_number(row["position"]),
            repeat_length=_whole_number(row["repeat_length"]),
            inheritance=Inheritance(row["inheritance"]),
            source=row["source"],
        )
    return markers


def _whole_number(text: str) -> int | None:
    return int(text) if text else None


@cache
def _names_by_spelling() -> dict[str, str]:
    names: dict[str, str] = {}
    for row in _marker_rows():
        synonyms = row["synonyms"].split("|") if row["synonyms"] else []
        for spelled in {_spelling(name) for name in [row["name"], *synonyms]}:
            if spelled in names:
                raise ValueError(f"markers.csv: {names[spelled]} and {row['name']} both claim ‘{spelled}’")
            names[spelled] = row["name"]
    return names


@cache
def _panels() -> dict[str, Panel]:
    members: dict[str, list[str]] = {}
    for row in _table("panels.csv", ("panel", "marker")):
        if row["marker"] not in _markers():
            raise ValueError(f"panels.csv: ‘{row['panel']}’ names ‘{row['marker']}’, which markers.csv does not have")
        members.setdefault(row["panel"], []).append(row["marker"])
    return {name: Panel(name, tuple(markers)) for name, markers in members.items()}


@cache
def _panel_names_by_spelling() -> dict[str, str]:
    names: dict[str, str] = {}
    for name in _panels():
        if _spelling(name) in names:
            raise ValueError(f"panels.csv: {names[_spelling(name)]} and {name} are spelled alike")
        names[_spelling(name)] = name
    return names


@cache
def _pairs() -> tuple[LinkedPair, ...]:
    pairs: dict[frozenset[str], LinkedPair] = {}
    for row in _table("linked_pairs.csv", ("first", "second", "recombination", "source", "remark")):
        members = frozenset((row["first"], row["second"]))
        if len(members) != 2 or members in pairs or not members <= _markers().keys():
            raise ValueError(f"linked_pairs.csv: ‘{row['first']}’ and ‘{row['second']}’ are no new pair of two markers")
        pairs[members] = LinkedPair(row["first"], row["second"], float(row["recombination"]), row["source"])
    return tuple(pairs.values())
