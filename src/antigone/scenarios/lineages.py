"""Y haplotypes: those of an invented population of paternal lines, handed down from fathers to sons, and who is typed.

The dead men of some remains are typed, and in some families the men who, by the papers, are of a missing man's paternal
line. Mutation follows the model by which haplotypes are compared, but for losses and doublings of copies, which do not
happen here.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Repeat
from antigone.genetics.haplotypes import Lineage, LineageSettings, YHaplotype
from antigone.genetics.markers import panel
from antigone.genetics.pedigrees import Sex
from antigone.scenarios.presets import Preset
from antigone.scenarios.records import Happening
from antigone.scenarios.world import NOBODY, Report, World

Haplotypes = NDArray[np.int16]

MARKERS = panel("Yfiler").markers
# A common European haplotype; every invented line is some hundred meioses away from a neighbour of it.
_COMMON = {
    "DYS456": 16, "DYS389I": 13, "DYS390": 24, "DYS389II": 16, "DYS458": 17, "DYS19": 14, "DYS393": 13, "DYS391": 11,
    "DYS439": 12, "DYS635": 23, "DYS392": 13, "YGATAH4": 12, "DYS437": 15, "DYS438": 12, "DYS448": 19,
}  # fmt: skip
_COPIES = tuple((marker, copy) for marker in MARKERS for copy in range(2 if marker == "DYS385" else 1))
_BRANCHES = 30
_MEIOSES_TO_A_BRANCH = (10, 120)


def y_haplotypes(world: World, rng: np.random.Generator) -> Haplotypes:
    """Repeats of everybody's paternal line, a column for each copy of a marker; of women, that of their father.

    DYS389II stands without the repeats of DYS389I, which it contains.
    """
    settings = LineageSettings()
    rates = np.array([settings.y_rate_of(marker) for marker, _ in _COPIES])
    common = np.array([_COMMON.get(marker, (11, 14)[copy]) for marker, copy in _COPIES])
    branches = common + rng.integers(-2, 3, (_BRANCHES, len(_COPIES)))
    father = np.array(world.father, dtype=np.int64)
    branch = rng.integers(_BRANCHES, size=len(world))
    meioses = rng.integers(*_MEIOSES_TO_A_BRANCH, size=len(world))
    found = branches[branch] + _steps(rates * meioses[:, None], settings.y_range, rng)
    mutation = _steps(np.broadcast_to(rates, found.shape), settings.y_range, rng)
    generation = _generations(father)
    for depth in range(1, int(generation.max(initial=0)) + 1):
        sons = np.flatnonzero(generation == depth)
        found[sons] = found[father[sons]] + mutation[sons]
    return np.asarray(np.maximum(found, 1), dtype=np.int16)


def _steps(rates: NDArray[np.float64], further: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Repeats gained or lost: none, or one, or with the chance `further` each time one more."""
    happens, up = rng.random(rates.shape) < rates, rng.random(rates.shape) < 0.5
    return np.asarray(np.where(happens, np.where(up, 1, -1) * rng.geometric(1 - further, rates.shape), 0))


def _generations(father: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many known forefathers everybody has."""
    generation = np.zeros(len(father), dtype=np.int64)
    while True:
        above = np.where(father == NOBODY, 0, generation[father] + 1)
        if np.array_equal(above, generation):
            return generation
        generation = above


def of_the_dead(
    preset: Preset, happening: Happening, haplotypes: Haplotypes, failure: NDArray[np.float64], rng: np.random.Generator
) -> dict[int, dict[str, tuple[Repeat, ...]]]:
    """What is read of the remains of men, by their place: a share of them is typed, and markers fail as others do."""
    world, owners = happening.register.world, happening.owners()
    typed = rng.random(len(owners)) < preset.y_remains_share
    fails = rng.random((len(owners), len(MARKERS))) < failure[:, None]
    return {
        k: _shown(haplotypes[person], fails[k])
        for k, person in enumerate(owners)
        if typed[k] and world.sex[person] is Sex.MALE
    }


def of_donors(
    preset: Preset, happening: Happening, haplotypes: Haplotypes, rng: np.random.Generator
) -> dict[tuple[int, str], dict[str, tuple[Repeat, ...]]]:
    """What is read of donors, by report and suffix."""
    register = happening.register
    chosen = rng.random(len(register.reports)) < preset.y_family_share
    none_fails = np.zeros(len(MARKERS), dtype=bool)
    return {
        (number, suffix): _shown(haplotypes[report.members[suffix].world], none_fails)
        for number, report in enumerate(register.reports)
        if chosen[number]
        for suffix in _paternal_donors(register.world, report)
    }


def _paternal_donors(world: World, report: Report) -> list[str]:
    """Men with a sample who are of the paternal line of a missing man, by the papers; the missing with a sample too."""
    lines = {_forefather(report, suffix) for suffix in report.missing if _is_man(world, report, suffix)}
    return [
        suffix
        for suffix, member in report.members.items()
        if (member.donor or suffix in report.references)
        and _is_man(world, report, suffix)
        and _forefather(report, suffix) in lines
    ]


def _is_man(world: World, report: Report, suffix: str) -> bool:
    return world.sex[report.members[suffix].world] is Sex.MALE


def _forefather(report: Report, suffix: str) -> str:
    father = report.members[suffix].father
    return suffix if father is None else _forefather(report, father)


def _shown(haplotype: Haplotypes, fails: NDArray[np.bool_]) -> dict[str, tuple[Repeat, ...]]:
    """Alleles by marker, as a laboratory writes them: DYS389II holds the repeats of DYS389I."""
    repeats: dict[str, list[int]] = {}
    for (marker, _), value in zip(_COPIES, haplotype.tolist(), strict=True):
        repeats.setdefault(marker, []).append(value)
    repeats["DYS389II"] = [repeats["DYS389I"][0] + repeats["DYS389II"][0]]
    return {
        marker: tuple(Repeat(value) for value in sorted(repeats[marker]))
        for marker, failed in zip(MARKERS, fails.tolist(), strict=True)
        if not failed
    }


def under_labels(
    read: Mapping[str, Mapping[str, tuple[Repeat, ...]]], swapped: Mapping[str, str]
) -> dict[str, Lineage]:
    """Lineages by sample number; where labels were exchanged, what was read of the other sample."""
    found = {}
    for sample, alleles in read.items():
        label = swapped.get(sample, sample)
        if alleles:
            found[label] = Lineage(YHaplotype.of(label, alleles))
    return found
