"""What a worker computes of a search at the scale of a country. It imports no more than that takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from antigone.execution.engine import engine
from antigone.execution.results import bytes_of_result
from antigone.execution.tiles import Compute, OtherEngineError
from antigone.matching.batched_tables import Sought
from antigone.matching.country_search import Comparing
from antigone.matching.operation import Individual, Settings
from antigone.matching.preparation import Prepared


@dataclass(frozen=True)
class CountryWork:
    """What all tiles of a search have in common: the dead, and what is computed with."""

    individuals: tuple[Individual, ...]
    prepared: Prepared
    settings: Settings
    threshold: float
    engine: Mapping[str, str]

    def begin(self) -> Compute:
        """Raises `OtherEngineError` where the engine here is not the one that asks."""
        if engine() != self.engine:
            raise OtherEngineError(self.engine, engine())
        comparing = Comparing.of(self.individuals, self.prepared, self.settings, self.threshold)
        return partial(_compute, comparing, self.settings)


def _compute(comparing: Comparing, settings: Settings, sought: Sequence[Sought]) -> bytes:
    return bytes_of_result(comparing.tile(sought, settings))
