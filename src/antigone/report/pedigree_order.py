"""Who stands in which row of a drawn pedigree, and in which order: no coordinates yet.

A generation is a row. Partners stand side by side in it; the children of a couple stand together in the next row;
couples and sibships follow one another in the same order, so that lines of descent never cross. Whatever cannot be
drawn under these rules (a third wife, a marriage across distant sibships, a loop between generations) is drawn by
letting a person stand twice.

1. `families` checks the persons, parts unconnected pedigrees, finds sibships and rows.
2. `_arrange` writes the rows from left to right as a `_Plan` says.
3. `arranged` looks for the plan that draws the fewest persons twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Sex = Literal["M", "F", "U"]
Side = Literal["left", "right"]
_Parents = tuple[int | None, int | None]


@dataclass(frozen=True)
class DrawnPerson:
    """One person of a pedigree, as it is to be drawn.

    Parameters
    ----------
    id
        Names the person within the pedigree. It is never written into the picture.
    father, mother
        The ids of the parents; None where a parent is not part of the pedigree.
    sex
        "M", "F", or "U" where unknown.
    label
        Lines beneath the symbol, the first one bold.
    typed
        Gave a sample.
    missing
        Is a person sought.
    twin_group
        Persons of the same group are identical twins (or triplets …).
    note
        One more line beneath the label, in italics.
    """

    id: str
    father: str | None
    mother: str | None
    sex: Sex
    label: tuple[str, ...]
    typed: bool
    missing: bool
    deceased: bool = False
    twin_group: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Sibship:
    """Children of the same known parents. Without parents: identical twins who are founders."""

    father: int | None
    mother: int | None
    units: tuple[tuple[int, ...], ...]  # single children, and identical twins together

    @property
    def parents(self) -> tuple[int, ...]:
        """Those who are known: two, one or none."""
        return tuple(parent for parent in (self.father, self.mother) if parent is not None)

    @property
    def children(self) -> tuple[int, ...]:
        """In the order given, identical twins together."""
        return tuple(child for unit in self.units for child in unit)

    def partner(self, parent: int) -> int | None:
        """The other parent."""
        return self.mother if self.father == parent else self.father


@dataclass(frozen=True)
class Family:
    """One connected pedigree, checked. Persons are numbered from 0; `places` says where they stood in the input."""

    places: tuple[int, ...]
    persons: tuple[DrawnPerson, ...]
    sibships: tuple[Sibship, ...]
    birth: tuple[int | None, ...]  # of each person, the sibship in which it is a child
    related: tuple[bool, ...]  # of each sibship, whether the parents are blood relatives
    person_rows: tuple[int, ...]  # counted from 0 at the top
    sibship_rows: tuple[int, ...]  # rows of the children

    def unit(self, person: int) -> tuple[int, int]:
        """Sibship of a person who has one, and number of the unit in it."""
        s = self.birth[person]
        if s is None:
            raise ValueError("a founder belongs to no sibship")
        return s, next(u for u, unit in enumerate(self.sibships[s].units) if person in unit)


@dataclass(eq=False)
class Slot:
    """One place in a row. `person` is None at the free end of a single parent's stub."""

    person: int | None
    home: bool = False  # hangs from the person's own sibship line
    centre: bool = False  # carries couples of the person; other slots hang on a partner
    hangs_on: int | None = None  # the sibship whose couple brought this slot
    left_couple: int | None = None
    right_couple: int | None = None
    became: "Slot | None" = None

    def now(self) -> "Slot":
        """The slot that this one was joined to, if it was."""
        slot = self
        while slot.became is not None:
            slot = slot.became
        return slot


_Rows = dict[int, list[Slot]]
_Node = tuple[
    str, int, int
]  # ("roots", 0, 0), ("siblings", sibship, 0), ("twins", sibship, unit), ("couples", person, 0)


@dataclass(frozen=True)
class Arrangement:
    """Rows from left to right, the two slots of each couple (by sibship), how deep each ordered thing reaches."""

    rows: _Rows
    couples: dict[int, tuple[Slot, Slot]]
    bottoms: dict[tuple[_Node, int], int]

    @property
    def slots(self) -> Iterator[Slot]:
        """Row by row and from left to right."""
        for row in sorted(self.rows):
            yield from self.rows[row]

    @property
    def drawn(self) -> int:
        """How many symbols there are."""
        return sum(slot.person is not None for slot in self.slots)


# ---------------------------------------------------------------------------------------------------------------------
# Persons and sibships


def families(persons: Sequence[DrawnPerson]) -> list[Family]:
    """Check the persons and return each connected pedigree.

    Raises
    ------
    ValueError
        No persons; an id twice; a parent who is not there, of the wrong sex, both father and mother, or their own
        descendant; a twin group of one person, or with different parents or sexes.
    """
    numbers = _numbered(persons)
    parents = [_parents(person, persons, numbers) for person in persons]
    depths = _depths(persons, parents)
    twins = _twin_groups(persons, parents)
    return [_family(places, persons, parents, depths, twins) for places in _components(parents, twins)]


def _numbered(persons: Sequence[DrawnPerson]) -> dict[str, int]:
    if not persons:
        raise ValueError("no persons to draw")
    numbers: dict[str, int] = {}
    for i, person in enumerate(persons):
        if person.id in numbers:
            raise ValueError(f"two persons have the id {person.id!r}")
        if person.sex not in ("M", "F", "U"):
            raise ValueError(f"person {person.id!r}: found sex {person.sex!r}; expected 'M', 'F' or 'U'")
        numbers[person.id] = i
    return numbers


def _parents(person: DrawnPerson, persons: Sequence[DrawnPerson], numbers: dict[str, int]) -> _Parents:
    if person.father is not None and person.father == person.mother:
        raise ValueError(f"person {person.id!r}: {person.father!r} is named as both father and mother")
    for role, name, wrong_sex in (("father", person.father, "F"), ("mother", person.mother, "M")):
        if name is not None and name not in numbers:
            raise ValueError(f"person {person.id!r}: {role} {name!r} is not in this pedigree")
        if name is not None and persons[numbers[name]].sex == wrong_sex:
            raise ValueError(f"person {person.id!r}: {role} {name!r} has sex {wrong_sex!r}")
    return (
        None if person.father is None else numbers[person.father],
        None if person.mother is None else numbers[person.mother],
    )


def _depths(persons: Sequence[DrawnPerson], parents: list[_Parents]) -> list[int]:
    """Longest way up from each person to a founder; refuses a person who is their own ancestor."""
    children: list[list[int]] = [[] for _ in persons]
    waiting = [0] * len(persons)
    for child, pair in enumerate(parents):
        for parent in pair:
            if parent is not None:
                children[parent].append(child)
                waiting[child] += 1
    depths = [0] * len(persons)
    ready = [i for i, count in enumerate(waiting) if count == 0]
    for person in ready:
        for child in children[person]:
            depths[child] = max(depths[child], depths[person] + 1)
            waiting[child] -= 1
            if waiting[child] == 0:
                ready.append(child)
    if len(ready) < len(persons):
        stuck = next(i for i, count in enumerate(waiting) if count)
        raise ValueError(f"person {persons[stuck].id!r} is, or descends from, somebody who is their own ancestor")
    return depths


def _twin_groups(persons: Sequence[DrawnPerson], parents: list[_Parents]) -> dict[str, tuple[int, ...]]:
    groups: dict[str, list[int]] = {}
    for i, person in enumerate(persons):
        if person.twin_group is not None:
            groups.setdefault(person.twin_group, []).append(i)
    for name, members in groups.items():
        if len(members) < 2:
            raise ValueError(f"person {persons[members[0]].id!r} is alone in twin group {name!r}")
        if len({parents[i] for i in members}) > 1:
            raise ValueError(f"the identical twins of group {name!r} have different parents")
        if len({persons[i].sex for i in members}) > 1:
            raise ValueError(f"the identical twins of group {name!r} have different sexes")
    return {name: tuple(members) for name, members in groups.items()}


def _components(parents: list[_Parents], twins: dict[str, tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    neighbours: list[list[int]] = [[] for _ in parents]
    links = [(child, parent) for child, pair in enumerate(parents) for parent in pair if parent is not None]
    links += [pair for group in twins.values() for pair in pairwise(group)]
    for one, other in links:
        neighbours[one].append(other)
        neighbours[other].append(one)
    seen = [False] * len(parents)
    for start in range(len(parents)):
        if seen[start]:
            continue
        seen[start], found = True, [start]
        for person in found:
            for other in neighbours[person]:
                if not seen[other]:
                    seen[other] = True
                    found.append(other)
        yield tuple(sorted(found))


def _family(
    places: tuple[int, ...],
    persons: Sequence[DrawnPerson],
    parents: list[_Parents],
    depths: list[int],
    twins: dict[str, tuple[int, ...]],
) -> Family:
    number: dict[int | None, int | None] = {None: None} | {place: i for i, place in enumerate(places)}
    units: dict[tuple[int | None, int | None, str | None], list[tuple[int, ...]]] = {}
    for i, place in enumerate(places):
        group = persons[place].twin_group
        father, mother = parents[place]
        if (father is None and mother is None and group is None) or (group is not None and twins[group][0] != place):
            continue
        unit = (i,) if group is None else tuple(places.index(twin) for twin in twins[group])
        founders = group if father is None and mother is None else None
        units.setdefault((number[father], number[mother], founders), []).append(unit)
    sibships = tuple(Sibship(father, mother, tuple(found)) for (father, mother, _), found in units.items())
    birth: list[int | None] = [None] * len(places)
    for s, sibship in enumerate(sibships):
        for child in sibship.children:
            birth[child] = s
    own_depths = [depths[place] for place in places]
    return Family(
        places,
        tuple(persons[place] for place in places),
        sibships,
        tuple(birth),
        _related(sibships, own_depths),
        *_generations(sibships, own_depths),
    )


def _related(sibships: tuple[Sibship, ...], depths: list[int]) -> tuple[bool, ...]:
    """Whether the parents of each sibship share an ancestor, or one is the other's. Identical twins count as one."""
    ancestry = [1 << person for person in range(len(depths))]  # a bit for each ancestor and the person
    for sibship in sorted(sibships, key=lambda sibship: depths[sibship.units[0][0]]):
        for unit in sibship.units:
            for child in unit:
                ancestry[child] |= 1 << unit[0]
                for parent in sibship.parents:
                    ancestry[child] |= ancestry[parent]
    return tuple(
        s.father is not None and s.mother is not None and ancestry[s.father] & ancestry[s.mother] != 0 for s in sibships
    )


# ---------------------------------------------------------------------------------------------------------------------
# Rows


class _Levels:
    """Things whose distance in rows is known once they have been joined (union–find with offsets)."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))
        self._offset = [0] * count

    def find(self, thing: int) -> tuple[int, int]:
        """What stands for everything joined with the thing, and how many rows beneath it the thing is."""
        path = []
        while self._above[thing] != thing:
            path.append(thing)
            thing = self._above[thing]
        total = 0
        for step in reversed(path):
            total += self._offset[step]
            self._above[step], self._offset[step] = thing, total
        return thing, total

    def join(self, upper: int, lower: int, rows: int) -> None:
        """Put `lower` so many rows beneath `upper`, unless their distance is known already."""
        (top, a), (bottom, b) = self.find(upper), self.find(lower)
        if top != bottom:
            self._above[bottom], self._offset[bottom] = top, a + rows - b


def _generations(sibships: tuple[Sibship, ...], depths: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Row of each person, and of each sibship.

    Children are fixed one row beneath the couple. A partner is pulled to the other partner's row, with everybody who
    hangs on them, so that each line of descent spans one row. Where two partners already stand in different rows (an
    uncle and his niece), the couple is drawn in the lower one, and the upper partner once more beside the other.
    """
    count = len(depths)
    levels = _Levels(count + len(sibships))
    for s, sibship in enumerate(sibships):
        for child in sibship.children:
            levels.join(count + s, child, 0)
    # From the founders down: when its turn comes, a sibship is joined to nothing but its children.
    for s in sorted(range(len(sibships)), key=lambda s: max((depths[p] + 1 for p in sibships[s].parents), default=0)):
        for parent in sorted(sibships[s].parents, key=lambda p: -levels.find(p)[1]):
            levels.join(parent, count + s, 1)
    rows = [levels.find(thing)[1] for thing in range(count + len(sibships))]
    top = min(rows[:count])
    return tuple(row - top for row in rows[:count]), tuple(row - top for row in rows[count:])


# ---------------------------------------------------------------------------------------------------------------------
# Plans


@dataclass(frozen=True)
class _Plan:
    """All that decides how the rows read from left to right.

    A couple and its children are drawn with one partner, the anchor. Founders come in through one couple (their host),
    or are themselves a root; roots are founders and parentless twins. `orders` lists what stands side by side: roots,
    units of a sibship, twins of a unit, couples of a person (numbers of sibships). `sides` is where the partner stands
    of a person who has one only.
    """

    anchors: dict[int, int]
    hosts: dict[int, int]
    roots: tuple[tuple[Literal["person", "twins"], int], ...]
    orders: dict[_Node, list[int]]
    sides: dict[int, Side]

    def couples_of(self, person: int) -> list[int]:
        return self.orders.get(("couples", person, 0), [])


class _Anchoring:
    """Finds a partner for each couple to be drawn with: one who has parents in the pedigree if there is one."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._reached: list[int] = []
        self.anchors: dict[int, int] = {}
        self.hosts: dict[int, int] = {}
        self.couples: list[list[int]] = [[] for _ in family.persons]
        for s, sibship in enumerate(family.sibships):
            for parent in sibship.parents:
                if family.person_rows[parent] == family.sibship_rows[s] - 1:
                    self.couples[parent].append(s)

    def from_sibships(self) -> None:
        for person, birth in enumerate(self._family.birth):
            if birth is not None:
                self._anchor_all(person)
        self._follow()

    def from_founder(self, founder: int) -> None:
        self._anchor_all(founder)
        self._follow()

    def _follow(self) -> None:
        for person in self._reached:
            self._anchor_all(person)
        self._reached.clear()

    def _anchor_all(self, person: int) -> None:
        for s in self.couples[person]:
            if s in self.anchors:
                continue
            self.anchors[s] = person
            partner = self._family.sibships[s].partner(person)
            if partner is None or partner in self.hosts or s not in self.couples[partner]:
                continue
            if self._family.birth[partner] is None:
                self.hosts[partner] = s
                self._reached.append(partner)


def _first_plan(family: Family) -> _Plan:
    """Everybody in input order, men left of women."""
    anchoring = _Anchoring(family)
    anchoring.from_sibships()
    roots: list[tuple[Literal["person", "twins"], int]] = []
    founders = [p for p, birth in enumerate(family.birth) if birth is None]
    # The founder with most couples first: they then stand in the middle of them.
    for founder in sorted(founders, key=lambda p: (-len(anchoring.couples[p]), p)):
        if founder not in anchoring.hosts:
            roots.append(("person", founder))
            anchoring.from_founder(founder)
    roots += [("twins", s) for s, sibship in enumerate(family.sibships) if not sibship.parents]
    roots.sort(key=lambda root: root[1] if root[0] == "person" else family.sibships[root[1]].children[0])
    return _Plan(
        anchoring.anchors,
        anchoring.hosts,
        tuple(roots),
        _first_orders(family, anchoring, len(roots)),
        _usual_sides(family),
    )


def _first_orders(family: Family, anchoring: _Anchoring, roots: int) -> dict[_Node, list[int]]:
    orders: dict[_Node, list[int]] = {("roots", 0, 0): list(range(roots))}
    for s, sibship in enumerate(family.sibships):
        orders["siblings", s, 0] = list(range(len(sibship.units)))
        orders |= {("twins", s, u): list(unit) for u, unit in enumerate(sibship.units) if len(unit) > 1}
        if s in anchoring.anchors:
            orders.setdefault(("couples", anchoring.anchors[s], 0), []).append(s)
    return orders


def _usual_sides(family: Family) -> dict[int, Side]:
    """On which side a partner stands: men left of women, and never between twins."""
    sides: dict[int, Side] = {i: "left" if person.sex == "F" else "right" for i, person in enumerate(family.persons)}
    for sibship in family.sibships:
        for unit in sibship.units:
            if len(unit) > 1:
                sides[unit[0]], sides[unit[-1]] = "left", "right"
    return sides


# ---------------------------------------------------------------------------------------------------------------------
# Writing the rows


def _arrange(family: Family, plan: _Plan) -> Arrangement:
    """Write the rows. Blocks (a person with couples and all descendants) are put side by side from the bottom up.

    Where the last slot of one block and the first of the next are the same person, they become one slot: so a husband
    from one sibship and a wife from the next are joined. As blocks are only ever put side by side, lines of descent
    cannot cross.
    """
    bottoms: dict[tuple[_Node, int], int] = {}
    written: list[tuple[int, Slot, Slot]] = []
    below: dict[int, _Rows] = {}

    def block(person: int, row: int) -> _Rows:
        slots, couples = _abreast(family, plan, person)
        rows = {row: slots}
        for s, left, right in couples:
            written.append((s, left, right))
            bottoms[("couples", plan.anchors[s], 0), s] = max(below[s])
            _append(rows, below.pop(s))
        return rows

    def siblings(s: int) -> _Rows:
        rows: _Rows = {}
        for u in plan.orders["siblings", s, 0]:
            bottom = 0
            for child in plan.orders.get(("twins", s, u), family.sibships[s].units[u]):
                part = block(child, family.sibship_rows[s])
                bottoms[("twins", s, u), child] = max(part)
                bottom = max(bottom, *part)
                _append(rows, part)
            bottoms[("siblings", s, 0), u] = bottom
        return rows

    for s in sorted(range(len(family.sibships)), key=lambda s: -family.sibship_rows[s]):
        below[s] = siblings(s)
    rows: _Rows = {}
    for k in plan.orders["roots", 0, 0]:
        kind, which = plan.roots[k]
        part = block(which, family.person_rows[which]) if kind == "person" else below.pop(which)
        bottoms[("roots", 0, 0), k] = max(part)
        _append(rows, part)
    return Arrangement(rows, {s: (left.now(), right.now()) for s, left, right in written}, bottoms)


def _append(rows: _Rows, block: _Rows) -> None:
    for row, slots in block.items():
        line = rows.setdefault(row, [])
        if line and slots[0].person is not None and line[-1].person == slots[0].person:
            _become_one(line[-1], slots[0])
            line.extend(slots[1:])
        else:
            line.extend(slots)


def _become_one(left: Slot, right: Slot) -> None:
    left.home |= right.home
    left.centre |= right.centre
    left.hangs_on = right.hangs_on if left.hangs_on is None else left.hangs_on
    left.right_couple = right.right_couple
    right.became = left


_Step = (
    tuple[Literal["slot"], Slot] | tuple[Literal["couple"], int, Slot, Slot] | tuple[Literal["open"], int, Slot, Side]
)


def _abreast(family: Family, plan: _Plan, person: int) -> tuple[list[Slot], list[tuple[int, Slot, Slot]]]:
    """A person and, on both sides, partners and partners' other partners; with the couples from left to right."""
    slots: list[Slot] = []
    couples: list[tuple[int, Slot, Slot]] = []
    homed = family.birth[person] is not None
    # A stack and no recursion: chains of partners may be long.
    stack = _centred(plan, person, plan.couples_of(person), homed=homed)[::-1]
    while stack:
        step = stack.pop()
        if step[0] == "slot":
            slots.append(step[1])
        elif step[0] == "couple":
            couples.append(step[1:])
        else:
            stack += _opened(family, plan, *step[1:])[::-1]
    return slots, couples


def _centred(plan: _Plan, person: int, own: list[int], *, homed: bool) -> list[_Step]:
    """A person between two couples; each two couples more need the person once more."""
    steps: list[_Step] = []
    only_left = len(own) == 1 and plan.sides[person] == "left"
    for start in range(0, max(len(own), 1), 2):
        pair = own[start : start + 2]
        slot = Slot(person, home=homed and start == 0, centre=True)
        if len(pair) == 2 or only_left:
            steps.append(("open", pair[0], slot, "left"))
        steps.append(("slot", slot))
        if pair and not only_left:
            steps.append(("open", pair[-1], slot, "right"))
    return steps


def _opened(family: Family, plan: _Plan, s: int, slot: Slot, side: Side) -> list[_Step]:
    """The partner in couple `s`, on that side of the slot, and what hangs on the partner further out."""
    partner = None if slot.person is None else family.sibships[s].partner(slot.person)
    mate = Slot(partner, hangs_on=s)
    further = plan.couples_of(partner) if partner is not None and plan.hosts.get(partner) == s else []
    outer: list[_Step] = []
    rest: list[_Step] = []
    if partner is not None and further:
        nearest, others = (further[0], further[1:]) if side == "right" else (further[-1], further[:-1])
        outer = [("open", nearest, mate, side)]
        rest = _centred(plan, partner, others, homed=False) if others else []
    if side == "right":
        slot.right_couple = mate.left_couple = s
        return [("couple", s, slot, mate), ("slot", mate), *outer, *rest]
    slot.left_couple = mate.right_couple = s
    return [*rest, *outer, ("slot", mate), ("couple", s, mate, slot)]


# ---------------------------------------------------------------------------------------------------------------------
# The search for a better plan

_Move = tuple[
    _Node, int, Side | None
]  # bring this element of this node outward; the side if it is a person's only couple


def arranged(family: Family) -> Arrangement:
    """The best arrangement found: few persons drawn twice, siblings in the order given where that allows it.

    Local search: take a person drawn twice, move and turn what stands between the two, keep what draws fewer twice.
    """
    plan = _first_plan(family)
    best = _arrange(family, plan)
    budget = max(40, 60_000 // len(family.persons))
    improving = best.drawn > len(family.persons)
    while improving:
        improving = False
        for trial in _trials(family, plan, best):
            budget -= 1
            if budget < 0:
                break
            arrangement = _arrange(family, trial)
            if arrangement.drawn < best.drawn:
                plan, best, improving = trial, arrangement, True
                break
    return best


def _trials(family: Family, plan: _Plan, now: Arrangement) -> Iterator[_Plan]:
    for row, left, right in _apart(now):
        to_right, to_left = _way_out(family, plan, now, left, "right"), _way_out(family, plan, now, right, "left")
        meeting = _meeting(to_right, to_left)
        if meeting is None:
            continue
        i, j = meeting
        for thrifty in (True, False):
            moved = _Shuffle(plan, now, row, thrifty=thrifty)
            for node, element, side in to_right[:i]:
                moved.outward(node, element, "right", side)
            for node, element, side in to_left[:j]:
                moved.outward(node, element, "left", side)
            if to_right[i][1] == to_left[j][1]:
                yield moved.hanging_on(to_right[i], "left" if to_right[i - 1][0][0] == "couples" else "right")
            else:
                yield from moved.abutting(to_right[i][0], to_right[i][1], to_left[j][1])


def _apart(now: Arrangement) -> Iterator[tuple[int, Slot, Slot]]:
    """Pairs of slots in one row that are the same person, either of them to be brought to the left of the other."""
    for row, slots in sorted(now.rows.items()):
        last: dict[int, Slot] = {}
        for slot in slots:
            if slot.person is not None:
                if slot.person in last:
                    yield row, last[slot.person], slot
                    yield row, slot, last[slot.person]
                last[slot.person] = slot


def _way_out(family: Family, plan: _Plan, now: Arrangement, slot: Slot, side: Side) -> list[_Move]:
    """What must come to which end, from the slot up to the roots, for the slot to be the outermost of its row.

    Empty if it cannot be.
    """
    start = _first_moves(plan, slot, side)
    if start is None:
        return []
    person, moves = start
    while True:
        birth, host = family.birth[person], plan.hosts.get(person)
        if birth is None and host is None:
            return [*moves, (("roots", 0, 0), plan.roots.index(("person", person)), None)]
        if host is not None:
            moves.append((("couples", plan.anchors[host], 0), host, side))
            person = plan.anchors[host]
            continue
        birth, unit = family.unit(person)
        moves += [(("twins", birth, unit), person, None), (("siblings", birth, 0), unit, None)]
        if birth not in plan.anchors:
            return [*moves, (("roots", 0, 0), plan.roots.index(("twins", birth)), None)]
        end = now.couples[birth][0 if side == "left" else 1]
        if end.home and end.person is not None and end.person != plan.anchors[birth]:
            # This parent stands in a sibship of their own further out: the way leads along that.
            if (end.left_couple if side == "left" else end.right_couple) is not None:
                return []
            person = end.person
        else:
            person = plan.anchors[birth]
            moves.append((("couples", person, 0), birth, None))


def _first_moves(plan: _Plan, slot: Slot, side: Side) -> tuple[int, list[_Move]] | None:
    """Moves about the slot itself, and the person whose block it is in."""
    if slot.person is None:
        return None
    if slot.home or slot.hangs_on is None:
        own = plan.couples_of(slot.person)
        if len(own) > 1:
            return None
        other: Side = "left" if side == "right" else "right"
        return slot.person, [(("couples", slot.person, 0), s, other) for s in own]
    anchor = plan.anchors[slot.hangs_on]
    return anchor, [(("couples", anchor, 0), slot.hangs_on, side)]


def _meeting(one: list[_Move], other: list[_Move]) -> tuple[int, int] | None:
    """The first node on both ways where two elements are to become neighbours.

    The two may be one element: a couple, and what hangs on the partner whom this couple brought.
    """
    places = {node: j for j, (node, _, _) in enumerate(other)}
    for i, (node, element, _) in enumerate(one):
        j = places.get(node)
        if j is None:
            continue
        hangs = i > 0 and j > 0 and (one[i - 1][0][0] == "couples") != (other[j - 1][0][0] == "couples")
        if other[j][1] != element or (node[0] == "couples" and hangs):
            return i, j
    return None


class _Shuffle:
    """A plan being changed.

    A thrifty shuffle passes over what does not reach down to the row in question.
    """

    def __init__(self, plan: _Plan, now: Arrangement, row: int, *, thrifty: bool) -> None:
        self._plan = plan
        self._now = now
        self._row = row
        self._thrifty = thrifty
        self._orders = dict(plan.orders)
        self._sides = dict(plan.sides)

    def outward(self, node: _Node, element: int, end: Side, side: Side | None) -> None:
        if node not in self._orders:
            return  # an only child among twins, so to speak
        order = self._orders[node]
        at = order.index(element)
        beyond = order[at + 1 :] if end == "right" else order[:at]
        if not self._thrifty or any(self._reaches(node, each) for each in beyond):
            self._to_end(node, element, end)
        if node[0] == "couples" and side is not None:
            self._sides[node[1]] = side

    def hanging_on(self, move: _Move, side: Side) -> _Plan:
        """The couple of this move on that side of its anchor."""
        node, element, _ = move
        self._to_end(node, element, side)
        self._sides[node[1]] = side
        return self._with(node, self._orders[node])

    def abutting(self, node: _Node, left: int, right: int) -> Iterator[_Plan]:
        order = self._orders[node]
        a, b = order.index(left), order.index(right)
        if self._thrifty and a < b and not any(self._reaches(node, each) for each in order[a + 1 : b]):
            yield self._with(node, order)
            return
        without_left = [each for each in order if each != left]
        k = without_left.index(right)
        yield self._with(node, [*without_left[:k], left, *without_left[k:]])
        without_right = [each for each in order if each != right]
        k = without_right.index(left) + 1
        yield self._with(node, [*without_right[:k], right, *without_right[k:]])

    def _to_end(self, node: _Node, element: int, end: Side) -> None:
        rest = [each for each in self._orders[node] if each != element]
        self._orders[node] = [*rest, element] if end == "right" else [element, *rest]

    def _reaches(self, node: _Node, element: int) -> bool:
        return self._now.bottoms.get((node, element), self._row) >= self._row

    def _with(self, node: _Node, order: list[int]) -> _Plan:
        plan = self._plan
        return _Plan(plan.anchors, plan.hosts, plan.roots, {**self._orders, node: order}, dict(self._sides))
