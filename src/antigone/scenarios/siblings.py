"""Full siblings of whom the register knows nothing, and the families who gave their word that there are none."""

from collections.abc import Mapping

import numpy as np

from antigone.scenarios.presets import Preset
from antigone.scenarios.world import NOBODY, Register, World


def words_given(preset: Preset, register: Register, rng: np.random.Generator) -> dict[tuple[int, str], bool]:
    """For whom which family gave the word that there is no full sibling but the listed ones; and whether it is true.

    Keys are a report's position and the suffix of a missing person. To be called when the dead are chosen, since an
    unlisted sibling among them counts, and before recorded fathers are taken away: a family speaks of the siblings that
    it believes in.
    """
    together = _children(register.world)
    words = {}
    draws = rng.random(len(register.reports)).tolist()
    for number, (report, draw) in enumerate(zip(register.reports, draws, strict=True)):
        listed = {member.world for member in report.members.values()}
        for suffix in report.missing:
            unlisted = together.get(_parents(register.world, report.members[suffix].world), set()) - listed
            if draw < (preset.false_sibling_word if unlisted else preset.sibling_word_share):
                words[number, suffix] = not unlisted
    return words


def _children(world: World) -> Mapping[tuple[int, int], set[int]]:
    """The children of each couple."""
    found: dict[tuple[int, int], set[int]] = {}
    for person in range(len(world)):
        parents = _parents(world, person)
        if NOBODY not in parents:
            found.setdefault(parents, set()).add(person)
    return found


def _parents(world: World, person: int) -> tuple[int, int]:
    return world.father[person], world.mother[person]
