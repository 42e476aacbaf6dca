"""What the examiner of the remains writes down: sex, a range of ages."""

from dataclasses import dataclass

import numpy as np

from antigone.genetics.pedigrees import Sex
from antigone.scenarios.presets import Preset

_OTHER = {Sex.MALE: Sex.FEMALE, Sex.FEMALE: Sex.MALE}


@dataclass(frozen=True, slots=True)
class Examination:
    """What was recorded of one remains; `wrong` names what of it is not true."""

    sex: Sex
    age_min: float | None
    age_max: float | None
    wrong: tuple[str, ...]


def examine(preset: Preset, sex: Sex, age: int, *, part: bool, rng: np.random.Generator) -> Examination:
    """Examine one remains of somebody who died at this age.

    A range of ages holds the true age, narrow in children and wide in the old, unless `age_error` strikes.
    """
    u = rng.random(6)
    wrong = []
    recorded = sex
    if u[0] < (preset.part_sex_unknown_share if part else preset.sex_unknown_share):
        recorded = Sex.UNKNOWN
    elif u[1] < preset.sex_error:
        recorded = _OTHER[sex]
        wrong.append("sex")
    youngest: int | None = None
    oldest: int | None = None
    if u[2] >= (preset.part_age_unknown_share if part else preset.age_unknown_share):
        youngest, oldest = _range_around(age, float(u[3]))
        if u[4] < preset.age_error:
            youngest, oldest = _range_beside(youngest, oldest, older=bool(u[5] < 0.5))
            wrong.append("age")
    return Examination(
        recorded,
        None if youngest is None else float(youngest),
        None if oldest is None else float(oldest),
        tuple(wrong),
    )


def _range_around(age: int, where: float) -> tuple[int, int]:
    width = 3 if age < 15 else 6 if age < 25 else 10 if age < 45 else 15
    youngest = max(0, age - int(where * (width + 1)))
    return youngest, youngest + width


def _range_beside(youngest: int, oldest: int, *, older: bool) -> tuple[int, int]:
    """The range next to the true one."""
    width = oldest - youngest + 1
    if older or youngest < width:
        return youngest + width, oldest + width
    return youngest - width, oldest - width
