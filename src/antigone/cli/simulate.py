"""`antigone simulate`: a synthetic operation with known truth, as a case folder."""

import json
from collections.abc import Sequence
from pathlib import Path

import typer

from antigone.formats.case_folder import write_case_folder
from antigone.report.results import OutputError, refuse_impossible
from antigone.report.words import counted
from antigone.scenarios import PRESETS, described, parse_overrides, simulate
from antigone.scenarios import preset as preset_named


def run(
    out: Path,
    *,
    preset: str,
    scale: float,
    seed: int,
    missing: int | None,
    hostile: bool,
    settings: Sequence[str],
) -> None:
    """Simulate and write."""
    refuse_impossible(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} is there already; give a folder that is not")
    overrides = parse_overrides(dict(_split(setting) for setting in settings))
    scenario = simulate(preset, scale=scale, seed=seed, missing=missing, hostile=hostile, overrides=overrides)
    notes = json.dumps(scenario.story, indent=2, ensure_ascii=False)
    write_case_folder(
        scenario.operation,
        out,
        truth=scenario.truth,
        family_truth=scenario.family_truth,
        true_settings=scenario.true_settings,
        notes=notes,
    )
    operation = scenario.operation
    bags = len({individual.bag for individual in operation.individuals})
    typer.echo(f"{operation.name}")
    remains = counted(len(operation.individuals), "remains", "remains")
    missing_persons = counted(len(operation.missing_persons()), "missing person")
    families = counted(len(operation.families), "family", "families")
    typer.echo(f"{counted(bags, 'bag')} with {remains}; a register of {missing_persons} in {families}.")
    typer.echo(f"Case folder: {out}")


def list_settings(preset: str) -> None:
    """Print every setting of a preset: name, value, value in hostile mode, meaning, source."""
    for setting in described(preset_named(preset)):
        typer.echo(
            f"{setting.name} = {setting.value!r} (hostile {setting.hostile!r}): {setting.meaning} [{setting.source}]"
        )


def list_presets() -> None:
    """Print the presets."""
    for name in PRESETS:
        typer.echo(name)


def _split(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals:
        raise OutputError(f"--set takes NAME=VALUE, got ‘{setting}’")
    return name.strip(), value.strip()
