"""The people as they are, and the families as they reported them."""

from dataclasses import dataclass, field
from enum import StrEnum

from antigone.genetics.pedigrees import Sex

NOBODY = -1


class Reference(StrEnum):
    """A missing person's own sample."""

    LIFETIME = "lifetime sample"
    ITEM = "personal item"


@dataclass
class World:
    """Everybody who has alleles, as columns; a parent is a position, or −1 for somebody of the population at large.

    `household` numbers groups of relatives. `gone` is the year of going missing or dying, 0 for the living.
    """

    father: list[int] = field(default_factory=list)
    mother: list[int] = field(default_factory=list)
    sex: list[Sex] = field(default_factory=list)
    born: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    household: list[int] = field(default_factory=list)
    soldier: list[bool] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sex)

    def add(self, sex: Sex, born: int, household: int, *, father: int = NOBODY, mother: int = NOBODY) -> int:
        """One more person; gives their position."""
        self.father.append(father)
        self.mother.append(mother)
        self.sex.append(sex)
        self.born.append(born)
        self.gone.append(0)
        self.household.append(household)
        self.soldier.append(False)
        return len(self.sex) - 1


@dataclass(slots=True)
class Member:
    """Somebody in a family as it was reported; `father` and `mother` are suffixes of ids within the family."""

    suffix: str
    world: int
    father: str | None = None
    mother: str | None = None
    donor: bool = False
    year_known: bool = True


@dataclass
class Report:
    """One family of the register."""

    kind: str
    household: int
    members: dict[str, Member] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    references: dict[str, Reference] = field(default_factory=dict)
    civilian: bool = False

    def usable(self, suffix: str) -> bool:
        """Whether there is anything to compare this missing person with: an own sample, or a donor of their blood."""
        if suffix in self.references:
            return True
        line = self._line(suffix)
        return any(member.donor and line & self._line(other) for other, member in self.members.items())

    def _line(self, suffix: str) -> set[str]:
        """A person and all their ancestors."""
        found, waiting = set(), [suffix]
        while waiting:
            one = waiting.pop()
            found.add(one)
            waiting += [parent for parent in (self.members[one].father, self.members[one].mother) if parent]
        return found


@dataclass
class Register:
    """All reports, in the order of their numbers, and the world behind them."""

    world: World
    reports: list[Report]
    households: int

    def reports_of(self) -> dict[int, list[tuple[int, str]]]:
        """For every missing person (a position in the world): in which reports they are listed, and as whom."""
        found: dict[int, list[tuple[int, str]]] = {}
        for number, report in enumerate(self.reports):
            for suffix in report.missing:
                found.setdefault(report.members[suffix].world, []).append((number, suffix))
        return found

    def with_references(self) -> set[int]:
        """The missing persons (positions in the world) with whom a body could be compared."""
        return {
            report.members[suffix].world
            for report in self.reports
            for suffix in report.missing
            if report.usable(suffix)
        }
