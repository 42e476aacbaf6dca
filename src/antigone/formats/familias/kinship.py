"""Whether the relations of one pedigree can be: two parents at most, of different sex, and nobody their own ancestor.

Familias itself refuses cycles and second fathers (`AddRelation` in the source of its R version), so a file with one is
damaged.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Protocol

from antigone.formats.errors import quoted
from antigone.formats.familias.lines import Lines
from antigone.formats.familias.project import Relation, Sex, infer_sexes


class Placed(Protocol):
    """A relation and the line that it stands in."""

    @property
    def line(self) -> int:
        """The number of the line."""

    @property
    def relation(self) -> Relation:
        """The relation."""


def check_relations(lines: Lines, sexes: Mapping[str, Sex], placed: Iterable[Placed]) -> None:
    """Complain of relations that cannot be. "Direct" references do not count."""
    parents: dict[str, dict[str, int]] = {}
    for item in placed:
        if not item.relation.is_direct:
            _add_parent(lines, sexes, parents, item)
    _complain_of_circles(lines, parents)
    _complain_of_both_sexes(lines, sexes, parents)


def _add_parent(lines: Lines, sexes: Mapping[str, Sex], parents: dict[str, dict[str, int]], item: Placed) -> None:
    parent, child = item.relation.parent, item.relation.child
    found = f"{quoted(parent)} as a parent of {quoted(child)}"
    others = parents.setdefault(child, {})
    if parent in others:
        lines.complain(item.line, found=f"{found} again", expected=f"it once, as in line {others[parent]}")
    elif len(others) == 2:
        lines.complain(item.line, found=found, expected="two parents at most")
    elif any(_same_sex(sexes, parent, other) for other in others):
        (other,) = others
        lines.complain(item.line, found=found, expected=f"a parent of another sex than {quoted(other)} is")
    else:
        others[parent] = item.line


def _same_sex(sexes: Mapping[str, Sex], one: str, other: str) -> bool:
    sex = sexes.get(one, Sex.UNKNOWN)
    return sex is not Sex.UNKNOWN and sex is sexes.get(other, Sex.UNKNOWN)


def _complain_of_circles(lines: Lines, parents: Mapping[str, Mapping[str, int]]) -> None:
    """Take away those without parents, generation by generation; who is left descends from a circle."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    waiting_for: dict[str, int] = {}
    for child, own in parents.items():
        waiting_for[child] = len(own)
        for parent in own:
            children[parent].append(child)
    ready = deque(name for name in children if not waiting_for.get(name))
    while ready:
        for child in children[ready.popleft()]:
            waiting_for[child] -= 1
            if not waiting_for[child]:
                ready.append(child)
    left = [min(parents[child].values()) for child, count in waiting_for.items() if count]
    if left:
        lines.complain(min(left), found="somebody who is their own ancestor", expected="no circle of parents")


def _complain_of_both_sexes(lines: Lines, sexes: Mapping[str, Sex], parents: Mapping[str, Mapping[str, int]]) -> None:
    """Somebody of unknown sex cannot have children both with a woman and with a man."""
    known = infer_sexes(sexes, [(parent, child) for child, own in parents.items() for parent in own])
    partners: defaultdict[str, dict[Sex, int]] = defaultdict(dict)
    for own in parents.values():
        for name, line in own.items():
            if known[name] is Sex.UNKNOWN:
                partners[name] |= {known[other]: line for other in own if other != name}
    for name, by_sex in partners.items():
        if Sex.FEMALE in by_sex and Sex.MALE in by_sex:
            found = f"{quoted(name)} with children by a woman and by a man"
            lines.complain(by_sex[Sex.MALE], found=found, expected="partners of one sex")
