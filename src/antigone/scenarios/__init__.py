"""Synthetic operations with known truth: the transfers of June 2025, an invented war, and how they may go wrong.

>>> scenario = simulate("june-2025", scale=0.001, seed=1, missing=5)
>>> [transfer["bags"] for transfer in scenario.story["counts"]["transfers"]]
[1, 1, 1, 1, 1]
>>> len(scenario.operation.missing_persons())
5
"""

from antigone.formats.case_folder.truth import FamilyTruthRow, TruthRow
from antigone.scenarios.presets import (
    PRESETS,
    Preset,
    ScenarioError,
    Setting,
    Transfer,
    described,
    parse_overrides,
    preset,
)
from antigone.scenarios.simulate import Scenario, Untold, simulate

__all__ = [
    "PRESETS",
    "FamilyTruthRow",
    "Preset",
    "Scenario",
    "ScenarioError",
    "Setting",
    "Transfer",
    "TruthRow",
    "Untold",
    "described",
    "parse_overrides",
    "preset",
    "simulate",
]
