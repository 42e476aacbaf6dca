"""An operation in which accepted groups of remains are one individual each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from antigone.genetics.haplotypes import Lineage
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching.classes import sex_of
from antigone.matching.description import NO_MARKS, NOTHING_RECORDED, Description
from antigone.matching.odd import SEXES
from antigone.matching.operation import Individual, Operation
from antigone.matching.reassociation.results import Reassociation


class MergeError(ValueError):
    """Groups that this operation's individuals cannot be merged by."""


def reassociated(
    operation: Operation, reassociation: Reassociation, *, accepted: Iterable[Sequence[str]] | None = None
) -> Operation:
    """The operation with each group as one individual, whose name is those of its parts with "+" between them.

    `accepted` are the groups that people accepted, all proposed ones where it is not given. The profiles of the parts
    are replicates of each other. Whoever is in no group stays as they are. What the parts disagree on is told in
    `warnings`.

    Raises `MergeError` where a group names somebody twice, or somebody who is not there.
    """
    groups = [group.remains for group in reassociation.groups] if accepted is None else [tuple(one) for one in accepted]
    by_id = {individual.id: individual for individual in operation.individuals}
    order = {individual.id: row for row, individual in enumerate(operation.individuals)}
    group_of = _group_of(groups, order)
    merged, warnings = [], list(operation.warnings)
    for individual in operation.individuals:
        names = group_of.get(individual.id)
        if names is None:
            merged.append(individual)
        elif names[0] == individual.id:
            joined = _Merge([by_id[name] for name in names])
            merged.append(joined.individual())
            warnings.extend(joined.warnings)
    return replace(operation, individuals=tuple(merged), warnings=tuple(warnings))


def _group_of(groups: Sequence[Sequence[str]], order: dict[str, int]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in groups:
        unknown = [name for name in group if name not in order]
        if unknown:
            raise MergeError(f"no individual of this operation is called {unknown[0]!r}")
        for name in group:
            if name in found:
                raise MergeError(f"{name!r} stands in two groups, or twice in one; each is one person")
            found[name] = tuple(sorted(group, key=lambda one: order[one]))
    return {name: group for name, group in found.items() if len(group) > 1}


@dataclass
class _Merge:
    """Parts of one person on their way to one individual."""

    parts: Sequence[Individual]
    warnings: list[str] = field(default_factory=list)

    def individual(self) -> Individual:
        age_min, age_max = self._ages()
        return Individual(
            self._id,
            self._profile(),
            self._sex(),
            age_min,
            age_max,
            self._distinct("stature"),
            self._distinct("bag"),
            self._distinct("transfer"),
            tuple(dict.fromkeys(sample for part in self.parts for sample in part.samples)),
            tuple(dict.fromkeys(name for part in self.parts for name in part.remains or (part.id,))),
            tuple(element for part in self.parts for element in part.elements),
            self._description(),
            self._lineage(),
            {sample: run for part in self.parts for sample, run in part.runs.items()},
        )

    @property
    def _id(self) -> str:
        return "+".join(part.id for part in self.parts)

    def _profile(self) -> Profile:
        profile = self.parts[0].profile
        for part in self.parts[1:]:
            profile = profile.joined(part.profile, f"{profile.sample};{part.profile.sample}")
        return profile

    def _sex(self) -> Sex:
        recorded = {part.sex for part in self.parts} - {Sex.UNKNOWN}
        known = {sex_of(part) for part in self.parts} - {Sex.UNKNOWN}
        if len(known) > 1:
            said = ", ".join(
                f"{part.id} {SEXES[sex_of(part)]}" for part in self.parts if sex_of(part) is not Sex.UNKNOWN
            )
            self._warn(f"sexes that differ ({said}): taken for unknown")
            return Sex.UNKNOWN
        return recorded.pop() if len(recorded) == 1 else Sex.UNKNOWN

    def _ages(self) -> tuple[float | None, float | None]:
        """What all ranges have in common; where that is nothing, all that any of them holds."""
        low = [part.age_min for part in self.parts if part.age_min is not None]
        high = [part.age_max for part in self.parts if part.age_max is not None]
        age_min, age_max = max(low, default=None), min(high, default=None)
        if age_min is None or age_max is None or age_min <= age_max:
            return age_min, age_max
        ranged = [part for part in self.parts if part.age_min is not None or part.age_max is not None]
        # An open end stays open.
        age_min = None if any(part.age_min is None for part in ranged) else min(low)
        age_max = None if any(part.age_max is None for part in ranged) else max(high)
        self._warn("ranges of age that have nothing in common: all of them are kept")
        return age_min, age_max

    def _distinct(self, name: str) -> str:
        values = [value.strip() for part in self.parts for value in getattr(part, name).split(";")]
        return "; ".join(dict.fromkeys(value for value in values if value))

    def _description(self) -> Description | None:
        present = [part.description for part in self.parts if part.description is not None]
        if len(present) < 2:
            return present[0] if present else None
        merged = {one.name: self._one_of(present, one.name) for one in fields(Description)}
        return Description(**merged)

    def _one_of(self, present: Sequence[Description], name: str) -> Any:
        nothing = getattr(NOTHING_RECORDED, name)
        values = [getattr(one, name) for one in present if getattr(one, name) != nothing]
        if not values:
            return nothing
        if name in ("marks", "documents"):
            several = tuple(dict.fromkeys(value for each in values for value in each))
            # No marks on one part says nothing of the others.
            return tuple(value for value in several if value != NO_MARKS) or several
        if name == "marks_text":
            return "; ".join(dict.fromkeys(values))
        if any(value != values[0] for value in values):
            self._warn(f"descriptions that differ in {name}: that of the first part is kept")
        return values[0]

    def _lineage(self) -> Lineage | None:
        present = [part.lineage for part in self.parts if part.lineage is not None]
        if len(present) < 2:
            return present[0] if present else None
        return Lineage(self._first_of(present, "y"), self._first_of(present, "mt"))

    def _first_of(self, present: Sequence[Lineage], name: str) -> Any:
        values = [getattr(one, name) for one in present if getattr(one, name) is not None]
        if not values:
            return None
        read = [replace(value, sample="") for value in values]
        if any(one != read[0] for one in read):
            self._warn(f"haplotypes ({name}) that differ: that of the first part is kept")
        return values[0]

    def _warn(self, what: str) -> None:
        self.warnings.append(f"{self._id}: {what}")
