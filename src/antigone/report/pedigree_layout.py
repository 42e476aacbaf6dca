"""Where each symbol and line of a drawn pedigree stands: pure geometry, no picture format.

`pedigree_order` has said who stands in which row and in which order. Here the rows get coordinates: least squares for
x (children beneath the middle of their parents, couples and siblings close) under the condition that nothing overlaps;
sibship lines that would meet get different heights.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from antigone.report.pedigree_order import DrawnPerson, Family, Sibship, Slot, arranged, families

__all__ = ["Branch", "CoupleLine", "Descent", "DrawnPerson", "Layout", "Symbol", "label_lines", "lay_out", "text_width"]

RADIUS = 17.0  # Half the side of a square. All lengths are CSS pixels.
LABEL_DROP = 8.0  # From the lower edge of a symbol to its label.
LINE_HEIGHT = 15.0
FONT_SIZE = 12.0
COUPLE_GAP = 22.0  # Between the labels of two partners; the line of descent runs through it.
SIBLING_GAP = 20.0
STRANGER_GAP = 34.0
STUB = 14.0  # How far the line of a single parent reaches beyond the parent's label.
ROW_CLEARANCE = 24.0  # Above the highest and below the lowest sibship line of a generation gap.
LEVEL_STEP = 11.0
TWIN_CLEARANCE = 12.0  # More height for the slanting lines of twins.
ARC_CLEARANCE = 12.0  # More height for the curves between two symbols of one person.
COMPONENT_GAP = 56.0
SHELF_WIDTH = 1400.0


@dataclass(frozen=True)
class Symbol:
    """One square, circle or diamond: where its centre stands, and the space that it and its label fill.

    `person` counts from 0 in the order given. `again` marks the second and later symbols of a person.
    """

    person: int
    x: float
    y: float
    width: float
    label_height: float
    again: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of symbol and label."""
        bottom = self.y + RADIUS + (LABEL_DROP + self.label_height if self.label_height else 0.0)
        return (self.x - self.width / 2, self.y - RADIUS, self.x + self.width / 2, bottom)


@dataclass(frozen=True)
class CoupleLine:
    """The line between two partners, or the stub beside a single parent (one of the symbols is None).

    `left` and `right` are indices of symbols; the line runs from `x_left` to `x_right` at height `y`.
    """

    left: int | None
    right: int | None
    x_left: float
    x_right: float
    y: float
    consanguineous: bool


@dataclass(frozen=True)
class Branch:
    """What hangs at one point of a sibship line: one child, or identical twins (indices of symbols)."""

    x: float
    children: tuple[int, ...]


@dataclass(frozen=True)
class Descent:
    """From a couple down to its children: a drop at `x_drop`, a sibship line at `y_bar`, a branch to each child.

    `couple` is an index into the couple lines, None above twins whose parents are not part of the pedigree.
    """

    couple: int | None
    x_drop: float
    y_drop: float
    y_bar: float
    branches: tuple[Branch, ...]

    @property
    def extent(self) -> tuple[float, float]:
        """From where to where the sibship line runs."""
        ends = [self.x_drop, *(branch.x for branch in self.branches)]
        return min(ends), max(ends)


@dataclass(frozen=True)
class Layout:
    """A pedigree laid out; `same_person` holds pairs of symbols that are one person."""

    symbols: tuple[Symbol, ...]
    couples: tuple[CoupleLine, ...]
    descents: tuple[Descent, ...]
    same_person: tuple[tuple[int, int], ...]
    width: float
    height: float
    generations: int


def lay_out(persons: Sequence[DrawnPerson]) -> Layout:
    """Find a place for each person and line of a pedigree.

    A child with one known parent hangs from a stub beside that parent: nothing is drawn for the other parent, and
    nothing is said about whether such children share them. A person who would have to stand in two places gets a symbol
    in each.

    Returns
    -------
    Layout
        In px, y downward, with the upper left corner of the drawing at (0, 0). Symbols with their labels do not
        overlap; couples' and descent lines do not cross.

    Raises
    ------
    ValueError
        No persons; an id twice; a parent who is not there, of the wrong sex, both father and mother, or their own
        descendant; a twin group of one person, or with different parents or sexes.

    Examples
    --------
    >>> layout = lay_out([
    ...     DrawnPerson("mother", None, None, "F", ("Mother",), typed=True, missing=False),
    ...     DrawnPerson("father", None, None, "M", ("Father",), typed=True, missing=False),
    ...     DrawnPerson("child", "father", "mother", "U", ("Child",), typed=False, missing=True),
    ... ])
    >>> mother, father, child = sorted(layout.symbols, key=lambda symbol: symbol.person)
    >>> father.x < child.x < mother.x, abs(child.x - (father.x + mother.x) / 2) < 0.1, child.y > father.y == mother.y
    (True, True, True)
    """
    return _on_shelves(_Component(family).layout() for family in families(tuple(persons)))


def label_lines(person: DrawnPerson, *, again: bool = False) -> tuple[str, ...]:
    """The lines beneath a symbol: label and note; beneath a repeated symbol the first line only."""
    if again:
        return person.label[:1]
    return (*person.label, person.note) if person.note else person.label


# Widths in em of DejaVu Sans Bold, the widest of the usual screen fonts, rounded up by class.
_WIDTHS = {
    0.40: " '/\\|IJijl,.·’:;ІЇЈіїј",
    0.50: "-f!()[]tr–",
    0.74: '*"?_`abcdeghknopqsuvxyzFLETSY0123456789${}гґсэєзтвьяузҐГТЁЕЀекѐёќхбийѝпџонўч',
    1.12: "@%#+=&<>MWmwМжЗФфЫыЦюЪњљЂЋД×~^—",
    1.35: "ЖЮЉЊШшЩщ…",
}
_EM = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_UNLISTED, _IDEOGRAPH = 0.90, 1.10
_REGULAR = 0.94  # of the width of bold letters


def text_width(text: str, *, bold: bool = False) -> float:
    """How wide a line of text may become, in px, erring on the wide side (fonts differ from machine to machine).

    >>> text_width("14 / 16") < text_width("14 / 16", bold=True) < 60
    True
    """
    ems = sum(_EM.get(letter, _UNLISTED if ord(letter) < 0x1100 else _IDEOGRAPH) for letter in text)
    return ems * FONT_SIZE * (1.0 if bold else _REGULAR)


# ---------------------------------------------------------------------------------------------------------------------
# One connected pedigree


class _Component:
    """A connected pedigree on its way to a layout. Slots are numbered row by row and from left to right."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self._arrangement = arranged(family)
        self.slots = tuple(self._arrangement.slots)
        number = {slot: i for i, slot in enumerate(self.slots)}
        rows = self._arrangement.rows
        self.rows = {row: [number[slot] for slot in rows[row]] for row in sorted(rows)}
        self.row_of = [row for row, places in self.rows.items() for _ in places]
        self.couples = {
            s: (number[left], number[right]) for s, (left, right) in sorted(self._arrangement.couples.items())
        }
        self.homes = _homes(self.slots)
        self.repeats = list(_repeats(self.slots))
        shown = [self._lines(i) for i in range(len(self.slots))]
        self.widths = [_width(slot, lines) for slot, lines in zip(self.slots, shown, strict=True)]
        self.labels = [LINE_HEIGHT * len(lines) for lines in shown]

    def _lines(self, i: int) -> tuple[str, ...]:
        person = self.slots[i].person
        return () if person is None else label_lines(self.family.persons[person], again=self.again(i))

    def again(self, i: int) -> bool:
        person = self.slots[i].person
        return person is not None and self.homes[person] != i

    def ends(self, sibship: Sibship) -> tuple[int, int]:
        """The outermost children."""
        places = [self.homes[child] for child in sibship.children]
        return min(places), max(places)

    def distance(self, a: int, b: int) -> float:
        """Least distance between the centres of two neighbours."""
        one, other = self.slots[a], self.slots[b]
        half = (self.widths[a] + self.widths[b]) / 2
        couple = one.right_couple is not None and one.right_couple == other.left_couple
        if one.person is None or other.person is None:
            return half + (STUB if couple else STRANGER_GAP)
        if couple:
            # As wide on both sides, so that the middle lies between the labels.
            return max(self.widths[a], self.widths[b]) + COUPLE_GAP
        births = (self.family.birth[one.person], self.family.birth[other.person])
        siblings = one.home and other.home and births[0] == births[1]
        return half + (SIBLING_GAP if siblings else STRANGER_GAP)

    def middle(self, s: int) -> tuple[int, int]:
        """The two slots between which the line of descent drops: for a single parent, twice the end of the stub."""
        left, right = self.couples[s]
        if self.slots[left].person is None:
            return left, left
        return (right, right) if self.slots[right].person is None else (left, right)

    @cached_property
    def x(self) -> list[float]:
        rows = list(self.rows.values())
        neighbours = [(a, b) for row in rows for a, b in pairwise(row)]
        siblings = [
            pair for s in self.family.sibships for pair in pairwise(sorted(self.homes[child] for child in s.children))
        ]
        springs = _Springs(
            rows,
            [[self.distance(a, b) for a, b in pairwise(row)] for row in rows],
            [(*self.middle(s), *self.ends(self.family.sibships[s])) for s in self.couples],
            {
                "couple": [(a, b, self.distance(a, b)) for a, b in self.couples.values()],
                "siblings": [(a, b, 0.0) for a, b in siblings],
                "others": [(a, b, 0.0) for a, b in self.repeats + neighbours],
            },
        )
        found = _settled(springs, len(self.slots))
        left = min(place - width / 2 for place, width in zip(found, self.widths, strict=True))
        return [round(place - left, 1) for place in found]

    def drop(self, s: int) -> float:
        left, right = self.middle(s)
        return round((self.x[left] + self.x[right]) / 2, 2)

    def layout(self) -> Layout:
        y, bars, height = self._heights()
        symbol_of: dict[int, int] = {}
        symbols: list[Symbol] = []
        for i, slot in enumerate(self.slots):
            if slot.person is not None:
                symbol_of[i] = len(symbols)
                place = self.family.places[slot.person]
                symbols.append(
                    Symbol(place, self.x[i], y[self.row_of[i]], self.widths[i], self.labels[i], self.again(i))
                )
        couples = [
            CoupleLine(
                symbol_of.get(a), symbol_of.get(b), self.x[a], self.x[b], y[self.row_of[a]], self.family.related[s]
            )
            for s, (a, b) in self.couples.items()
        ]
        number = {s: i for i, s in enumerate(self.couples)}
        descents = []
        for s, sibship in enumerate(self.family.sibships):
            branches = self._branches(sibship, symbol_of)
            if s not in number:
                descents.append(Descent(None, branches[0].x, bars[s], bars[s], branches))
                continue
            # Rounding may leave an only child a hair beside the drop; the line shall be straight.
            straight = len(branches) == 1 and abs(self.drop(s) - branches[0].x) < 0.2
            drop = branches[0].x if straight else self.drop(s)
            descents.append(Descent(number[s], drop, couples[number[s]].y, bars[s], branches))
        width = max(place + w / 2 for place, w in zip(self.x, self.widths, strict=True))
        same_person = tuple((symbol_of[a], symbol_of[b]) for a, b in self.repeats)
        return Layout(
            tuple(symbols),
            tuple(couples),
            tuple(descents),
            same_person,
            round(width, 1),
            round(height, 1),
            len(self.rows),
        )

    def _branches(self, sibship: Sibship, symbol_of: dict[int, int]) -> tuple[Branch, ...]:
        branches = []
        for unit in sibship.units:
            places = sorted(self.homes[child] for child in unit)
            middle = round((self.x[places[0]] + self.x[places[-1]]) / 2, 2)
            branches.append(Branch(middle, tuple(symbol_of[i] for i in places)))
        return tuple(sorted(branches, key=lambda branch: branch.x))

    def _heights(self) -> tuple[dict[int, float], dict[int, float], float]:
        """Height of each row's centre and of each sibship line, and of the whole."""
        y: dict[int, float] = {}
        bars: dict[int, float] = {}
        bottom = 0.0
        for row, places in self.rows.items():
            sibships = [s for s, its_row in enumerate(self.family.sibship_rows) if its_row == row]
            levels = _bar_levels([self._bar(s) for s in sibships])
            above = ROW_CLEARANCE if bottom else 0.0
            bars |= {s: bottom + above + LEVEL_STEP * level for s, level in zip(sibships, levels, strict=True)}
            y[row] = bottom + self._space(row, sibships, above, levels) + RADIUS
            tallest = max(self.labels[i] for i in places)
            bottom = y[row] + RADIUS + (LABEL_DROP + tallest if tallest else 0.0)
        return y, bars, bottom

    def _bar(self, s: int) -> tuple[float | None, float, float]:
        first, last = self.ends(self.family.sibships[s])
        return (self.drop(s) if s in self.couples else None), self.x[first], self.x[last]

    def _space(self, row: int, sibships: list[int], above: float, levels: list[int]) -> float:
        """Between the labels of one row and the symbols of the next."""
        twins = any(len(unit) > 1 for s in sibships for unit in self.family.sibships[s].units)
        arcs = any(self.row_of[a] == self.row_of[b] == row for a, b in self.repeats)
        space = above + LEVEL_STEP * max(levels, default=0) + (TWIN_CLEARANCE if twins else 0.0)
        if sibships or above:
            space += ROW_CLEARANCE + (ARC_CLEARANCE if arcs else 0.0)
        elif arcs:
            space = ROW_CLEARANCE
        return space


def _width(slot: Slot, lines: tuple[str, ...]) -> float:
    if slot.person is None:
        return 0.0
    widest = max((text_width(line, bold=i == 0) for i, line in enumerate(lines)), default=0.0)
    return math.ceil(10 * max(2.4 * RADIUS, widest)) / 10


def _homes(slots: tuple[Slot, ...]) -> dict[int, int]:
    """The slot of each person that counts: beneath the parents, else with the most couples, else the first."""

    def rank(slot: Slot) -> tuple[bool, bool, int]:
        return slot.home, slot.centre, (slot.left_couple is not None) + (slot.right_couple is not None)

    homes: dict[int, int] = {}
    for i, slot in enumerate(slots):
        if slot.person is not None and (slot.person not in homes or rank(slot) > rank(slots[homes[slot.person]])):
            homes[slot.person] = i
    return homes


def _repeats(slots: tuple[Slot, ...]) -> Iterable[tuple[int, int]]:
    """Each symbol of a person with the next one."""
    last: dict[int, int] = {}
    for i, slot in enumerate(slots):
        if slot.person is not None:
            if slot.person in last:
                yield last[slot.person], i
            last[slot.person] = i


def _bar_levels(bars: list[tuple[float | None, float, float]]) -> list[int]:
    """Levels, from 0 at the top, for sibship lines given as (drop, first child, last child).

    A line under whose drop another line would run must lie above that line. Rows are in the same order as the couples
    above them, so that this can always be had.
    """
    near = SIBLING_GAP * 0.6
    above: list[list[int]] = [[] for _ in bars]
    for i, (drop, first, last) in enumerate(bars):
        low = (first if drop is None else min(first, drop)) - near
        high = (last if drop is None else max(last, drop)) + near
        for j, (other, start, end) in enumerate(bars):
            if other is None and drop is not None and low < end and start < high:
                above[j].append(i)  # Twins without parents hang from nothing: they stay beneath other lines.
            elif i != j and other is not None and low < other < high:
                above[i].append(j)
    return _longest_ways(above)


def _longest_ways(above: list[list[int]]) -> list[int]:
    levels = [0] * len(above)
    for _ in above:
        new = [max((levels[j] + 1 for j in higher), default=0) for higher in above]
        if new == levels:
            break
        levels = new
    return levels


# ---------------------------------------------------------------------------------------------------------------------
# Least squares


@dataclass
class _Springs:
    """Weighted squares to be made small, and rows in which neighbours keep their distances.

    A centre (a, b, c, d) wants the middle of c and d beneath the middle of a and b. A tie (a, b, distance) wants b so
    far right of a.
    """

    rows: list[list[int]]
    distances: list[list[float]]
    centres: list[tuple[int, int, int, int]]
    ties: dict[str, list[tuple[int, int, float]]] = field(default_factory=dict)


# Weights of the ties (of the centres: 1), one stage after the other: first everything is drawn together, then centring
# decides, and ties have a say only in what it leaves open.
_STAGES: tuple[dict[str, float], ...] = (
    {"couple": 0.2, "siblings": 0.05, "others": 0.005},
    {"couple": 0.02, "siblings": 0.004, "others": 0.0004},
    {"couple": 0.002, "siblings": 0.0004, "others": 0.00004},
    {},
)
_ENOUGH = 0.002  # px of movement in one step
_MOST_STEPS = 500


def _settled(springs: _Springs, count: int) -> list[float]:
    """Least squares under distances: accelerated projected gradients, stage by stage (Beck & Teboulle 2009).

    The projection onto the distances is isotonic regression, row by row, and exact. Plain floating-point arithmetic in
    a fixed order, so that every machine finds the same drawing.
    """
    x = [0.0] * count
    for row, distances in zip(springs.rows, springs.distances, strict=True):
        reach = -sum(distances) / 2
        for place, distance in zip(row, [0.0, *distances], strict=True):
            reach += distance
            x[place] = reach
    for weights in _STAGES:
        ties = [(weights[kind], *tie) for kind, found in springs.ties.items() if kind in weights for tie in found]
        x = _stage(springs, ties, x)
    return x


def _stage(springs: _Springs, ties: list[tuple[float, int, int, float]], x: list[float]) -> list[float]:
    stiffness = [1e-6] * len(x)  # bounds the second derivative from above, place by place
    for centre in springs.centres:
        for place in centre:
            stiffness[place] += 1.0
    for weight, a, b, _ in ties:
        stiffness[a] += 2 * weight
        stiffness[b] += 2 * weight
    ahead, pace = x, 1.0
    for _ in range(_MOST_STEPS):
        pull = _gradient(springs, ties, ahead)
        new = _kept_apart(springs, [a - p / s for a, p, s in zip(ahead, pull, stiffness, strict=True)], stiffness)
        moved = [n - o for n, o in zip(new, x, strict=True)]
        overshoot = sum((a - n) * m * s for a, n, m, s in zip(ahead, new, moved, stiffness, strict=True)) > 0
        next_pace = 1.0 if overshoot else (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        momentum = 0.0 if overshoot else (pace - 1) / next_pace
        ahead = [n + momentum * m for n, m in zip(new, moved, strict=True)]
        x, pace = new, next_pace
        if max(map(abs, moved)) < _ENOUGH:
            break
    return x


def _gradient(springs: _Springs, ties: list[tuple[float, int, int, float]], x: list[float]) -> list[float]:
    gradient = [0.0] * len(x)
    for a, b, c, d in springs.centres:
        strain = 0.25 * (x[a] + x[b] - x[c] - x[d])
        gradient[a] += strain
        gradient[b] += strain
        gradient[c] -= strain
        gradient[d] -= strain
    for weight, a, b, distance in ties:
        strain = weight * (x[b] - x[a] - distance)
        gradient[a] -= strain
        gradient[b] += strain
    return gradient


def _kept_apart(springs: _Springs, target: list[float], stiffness: list[float]) -> list[float]:
    """The nearest places that keep the distances: neighbours that come too close move as one block."""
    result = list(target)
    for row, distances in zip(springs.rows, springs.distances, strict=True):
        offsets = [0.0]
        for distance in distances:
            offsets.append(offsets[-1] + distance)
        blocks: list[tuple[float, float, int]] = []  # weight, weighted sum of (place - offset), how many
        for place, offset in zip(row, offsets, strict=True):
            weight, total, size = stiffness[place], stiffness[place] * (target[place] - offset), 1
            while blocks and blocks[-1][1] * weight > total * blocks[-1][0]:
                weight, total, size = weight + blocks[-1][0], total + blocks[-1][1], size + blocks[-1][2]
                blocks.pop()
            blocks.append((weight, total, size))
        k = 0
        for weight, total, size in blocks:
            for _ in range(size):
                result[row[k]] = total / weight + offsets[k]
                k += 1
    return result


# ---------------------------------------------------------------------------------------------------------------------
# Several unconnected pedigrees


def _on_shelves(parts: Iterable[Layout]) -> Layout:
    """Unconnected pedigrees side by side, and on a new line when one is full."""
    symbols: list[Symbol] = []
    couples: list[CoupleLine] = []
    descents: list[Descent] = []
    same_person: list[tuple[int, int]] = []
    x = y = shelf = width = 0.0
    generations = 0
    for part in parts:
        if x and x + part.width > SHELF_WIDTH:
            x, y, shelf = 0.0, round(y + shelf + COMPONENT_GAP, 1), 0.0
        before, couples_before = len(symbols), len(couples)
        symbols += [replace(s, x=round(s.x + x, 1), y=round(s.y + y, 1)) for s in part.symbols]
        couples += [_moved_couple(couple, x, y, before) for couple in part.couples]
        descents += [_moved_descent(descent, x, y, before, couples_before) for descent in part.descents]
        same_person += [(a + before, b + before) for a, b in part.same_person]
        width, shelf = max(width, x + part.width), max(shelf, part.height)
        generations = max(generations, part.generations)
        x = round(x + part.width + COMPONENT_GAP, 1)
    return Layout(
        tuple(symbols), tuple(couples), tuple(descents), tuple(same_person), width, round(y + shelf, 1), generations
    )


def _moved_couple(couple: CoupleLine, x: float, y: float, before: int) -> CoupleLine:
    return replace(
        couple,
        left=None if couple.left is None else couple.left + before,
        right=None if couple.right is None else couple.right + before,
        x_left=round(couple.x_left + x, 1),
        x_right=round(couple.x_right + x, 1),
        y=round(couple.y + y, 1),
    )


def _moved_descent(descent: Descent, x: float, y: float, before: int, couples_before: int) -> Descent:
    return Descent(
        None if descent.couple is None else descent.couple + couples_before,
        round(descent.x_drop + x, 2),
        round(descent.y_drop + y, 1),
        round(descent.y_bar + y, 1),
        tuple(
            Branch(round(branch.x + x, 2), tuple(child + before for child in branch.children))
            for branch in descent.branches
        ),
    )
