"""What a worker computes of a search at the scale of a country. It imports no more than that takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from antigone.execution.engine import engine
from antigone.execution.results import bytes_of_result
from antigone.execution.tiles import Compute, OtherEngineError
from antigone.matching.batched_tables import Sought
from antigone.matching.classes import MarkerClasses, marker_classes
from antigone.matching.country_search import Comparing
from antigone.matching.operation import Individual, Settings
from antigone.matching.preparation import Prepared


@dataclass(frozen=True)
class CountryWork:
    """What all tiles of a search have in common: the dead, and what is computed with.

    `classes` are theirs, where they were made already. They stay here: whoever else computes makes them sooner than
    they would travel.
    """

    individuals: tuple[Individual, ...]
    prepared: Prepared
    settings: Settings
    threshold: float
    engine: Mapping[str, str]
    classes: Sequence[MarkerClasses] | None = field(default=None, compare=False, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "classes": None}

    def begin(self) -> Compute:
        """Raises `OtherEngineError` where the engine here is not the one that asks."""
        if engine() != self.engine:
            raise OtherEngineError(self.engine, engine())
        classes = self.classes or marker_classes(self.individuals, self.prepared.models, self.settings)
        comparing = Comparing(classes, len(self.individuals), self.prepared, self.threshold)
        return partial(_compute, comparing, self.settings)


def _compute(comparing: Comparing, settings: Settings, sought: Sequence[Sought]) -> bytes:
    return bytes_of_result(comparing.tile(sought, settings))
