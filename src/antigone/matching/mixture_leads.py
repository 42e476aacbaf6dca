"""Whom a mixture may hold: leads for the laboratory, which types the remains again. No lead is a hit.

Every mixture is asked about every individual, and about every missing person who has a sample of their own. Living
donors are not asked about: a mixture of the dead does not search them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile
from antigone.matching.mixtures import ONLY_A_LEAD, MixtureAtMarker, genotypes_of, minimum_contributors
from antigone.matching.operation import Individual, Operation, SampleErrors

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MixtureLead:
    """A mixture that one person and one unknown explain better than two unknown people.

    `who` is an individual, or a missing person with a sample of their own (then `family` is theirs). `markers` were
    used.
    """

    remains: str
    at_least: int
    family: str
    who: str
    log10_lr: float
    markers: int
    note: str = ONLY_A_LEAD


@dataclass(frozen=True, slots=True)
class _Asked:
    family: str
    who: str
    profile: Profile
    errors: SampleErrors


def mixture_leads(
    operation: Operation, individuals: Sequence[Individual], models: Sequence[MarkerModel], *, log10_lr: float
) -> tuple[MixtureLead, ...]:
    """All leads of at least this log10 LR, by mixture and best first.

    `individuals` are those that were searched: parts put together are one. Mixtures of more than two people are asked
    as if they were of two, which `at_least` tells.
    """
    asked = [_Asked("", one.id, one.profile, operation.settings.remains) for one in individuals]
    asked += [
        _Asked(family.name, person, family.profiles[person], operation.settings.donors)
        for family in operation.families
        for person in family.missing
        if person in family.profiles
    ]
    if not operation.mixtures or not asked:
        return ()
    people = [_People(asked, model) for model in models]
    return tuple(lead for mixture in operation.mixtures for lead in _leads(mixture, asked, people, operation, log10_lr))


class _People:
    """All that was read of anybody at one marker: distinct readings, and who has which."""

    def __init__(self, asked: Sequence[_Asked], model: MarkerModel) -> None:
        self.model = model
        number: dict[tuple[tuple[Reading, ...], int], int] = {}
        genotypes: list[Floats | None] = []
        self.of = np.full(len(asked), -1, dtype=np.int64)
        for k, one in enumerate(asked):
            readings = one.profile.readings.get(model.name, ())
            if readings and not model.x_linked:
                key = (readings, id(one.errors))
                if key not in number:
                    number[key] = len(genotypes)
                    genotypes.append(genotypes_of(readings, model, one.errors))
                self.of[k] = number[key]
        self.genotypes = genotypes


def _leads(
    mixture: Individual, asked: Sequence[_Asked], people: Sequence[_People], operation: Operation, log10_lr: float
) -> Iterator[MixtureLead]:
    totals, used = np.zeros(len(asked)), np.zeros(len(asked), dtype=np.int64)
    for of_marker in people:
        mixed = mixture.profile.readings.get(of_marker.model.name, ())
        at = MixtureAtMarker.of(mixed, of_marker.model, operation.settings.remains) if mixed else ""
        if isinstance(at, str):
            continue
        logs = np.array([*(at.log10_lr(one) for one in of_marker.genotypes), 0.0])
        totals += logs[of_marker.of]
        used += of_marker.of >= 0
    at_least = max(2, minimum_contributors(mixture.profile))
    for k in sorted(np.flatnonzero(totals >= log10_lr).tolist(), key=lambda k: (-totals[k], k)):
        one = asked[k]
        yield MixtureLead(mixture.id, at_least, one.family, one.who, float(totals[k]), int(used[k]))
