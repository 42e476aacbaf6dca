"""The story of a synthetic operation: what was invented, counted in each unit by itself."""

from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from antigone.matching.prior import Shares
from antigone.scenarios.dead import Status
from antigone.scenarios.laboratory import Quality
from antigone.scenarios.presets import Preset, Value, hostile_values
from antigone.scenarios.records import Happening
from antigone.scenarios.transfers import Arrival


def counts(preset: Preset, happening: Happening, quality: Quality, thrown_away: int, donors: int) -> dict[str, Any]:
    """Everything that can be counted. Bags, remains, individuals and persons are never added to one another."""
    arrival, register, dead = happening.arrival, happening.register, happening.dead
    reported = register.reports_of()
    parts = Counter(remains.individual for remains in arrival.remains)
    return {
        "transfers": _transfers(preset, arrival),
        "bags": len(arrival.bags),
        "remains": len(arrival.remains),
        "individuals": arrival.individuals,
        "individuals_in_several_parts": sum(number > 1 for number in parts.values()),
        "individuals_by_status": {str(status): sum(one.status is status for one in dead) for status in Status},
        "civilians_among_individuals": sum(not register.world.soldier[one.person] for one in dead),
        "missing_persons": sum(len(report.missing) for report in register.reports),
        "missing_persons_reported_twice": sum(len(entries) > 1 for entries in reported.values()),
        "missing_persons_with_own_sample": sum(len(report.references) for report in register.reports),
        "families": len(register.reports),
        "families_by_kind": dict(sorted(Counter(report.kind for report in register.reports).items())),
        "samples_of_remains": len(arrival.remains),
        "samples_of_remains_by_degradation": np.bincount(
            quality.degree, minlength=len(preset.degradation) + 1
        ).tolist(),
        "samples_of_remains_typed_twice": int(np.sum(quality.replicates > 1)),
        "second_typings_thrown_away": thrown_away,
        "samples_of_families": donors,
    }


def shares(of: Shares) -> dict[str, float]:
    """The three shares of a prior."""
    return asdict(of)


def settings(preset: Preset) -> dict[str, Any]:
    """All settings as JSON can hold them."""
    return {name: plain(value) for name, value in preset.settings().items()}


def declared_otherwise(preset: Preset, told: Preset) -> dict[str, Any]:
    """The departures from the model that a case knows nothing of, with the values that it takes for true."""
    true, assumed = preset.settings(), told.settings()
    return {name: plain(assumed[name]) for name in hostile_values() if assumed[name] != true[name]}


def plain(value: Value) -> Any:
    """A setting as JSON can hold it."""
    return list(value) if isinstance(value, tuple) else value


def _transfers(preset: Preset, arrival: Arrival) -> list[dict[str, Any]]:
    rows = []
    for t, (transfer, bags) in enumerate(
        zip(preset.transfers, arrival.bags_by_transfer(len(preset.transfers)), strict=True)
    ):
        here = [remains for remains in arrival.remains if remains.transfer == t]
        rows.append(
            {
                "transfer": f"T{t + 1}",
                "day": transfer.day,
                "bags": bags,
                "remains": len(here),
                "individuals_with_remains": len({remains.individual for remains in here}),
            }
        )
    return rows
