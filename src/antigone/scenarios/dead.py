"""Who the dead are: people of the register, strangers, the giver's own, and relatives of whom nobody wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from antigone.genetics.pedigrees import Sex
from antigone.scenarios.households import somebody
from antigone.scenarios.presets import Preset
from antigone.scenarios.transfers import shares
from antigone.scenarios.world import NOBODY, Register, World


class Status(StrEnum):
    """What the register knows of somebody among the dead."""

    LISTED = "listed with references"
    WITHOUT_REFERENCES = "listed without usable references"
    NOT_LISTED = "not listed"
    OWN_SOLDIER = "own soldier of the giver"
    UNLISTED_SIBLING = "unlisted sibling of a missing person"
    UNLISTED_COUSIN = "unlisted cousin of a missing person"


@dataclass(frozen=True, slots=True)
class Dead:
    """One dead individual: who of the world, what the register knows, and whose unlisted relative, if so."""

    person: int
    status: Status
    relative_of: int | None = None


def choose_the_dead(
    preset: Preset, register: Register, transfer_of: Sequence[int], chance: Mapping[str, np.random.Generator]
) -> list[Dead]:
    """Who each received individual is. `transfer_of` is each individual's (first) transfer.

    People of one family who died together come, as far as there is room, with one transfer. Persons who are in no
    report are added to the register's world.
    """
    count = len(transfer_of)
    wanted = _wanted(preset, count, chance["dead"])
    groups, short = _from_the_register(register, preset.found_together, wanted, chance["dead"])
    wanted[Status.NOT_LISTED] += short
    strangers = [
        _stranger(preset, register, status, chance["strangers"])
        for status in (Status.OWN_SOLDIER, Status.NOT_LISTED)
        for _ in range(wanted[status])
    ]
    relatives = _unlisted_relatives(register, wanted, chance["kin"])
    return _seat([*groups, *([one] for one in (*strangers, *relatives))], transfer_of, chance["seats"])


def _wanted(preset: Preset, count: int, rng: np.random.Generator) -> dict[Status, int]:
    chances = {
        Status.WITHOUT_REFERENCES: preset.without_references_share,
        Status.NOT_LISTED: preset.not_listed_share,
        Status.OWN_SOLDIER: preset.own_soldier_share,
        Status.UNLISTED_SIBLING: preset.unlisted_sibling_rate,
        Status.UNLISTED_COUSIN: preset.unlisted_cousin_rate,
    }
    u = rng.random(count)
    edges = np.cumsum(list(chances.values()))
    drawn = np.searchsorted(edges, u, side="right")
    found = {status: int(np.sum(drawn == k)) for k, status in enumerate(chances)}
    return {**found, Status.LISTED: count - sum(found.values())}


def _from_the_register(
    register: Register, together: float, wanted: dict[Status, int], rng: np.random.Generator
) -> tuple[list[list[Dead]], int]:
    """Listed people, family by family in random order; and how many the register was too small for."""
    usable = register.with_references()
    left = {Status.LISTED: wanted[Status.LISTED], Status.WITHOUT_REFERENCES: wanted[Status.WITHOUT_REFERENCES]}
    groups: list[list[Dead]] = []
    taken: set[int] = set()
    order = rng.permutation(len(register.reports)).tolist()
    for everybody in (False, True):  # a small register may have to give those too who were passed over
        for number in order:
            if not any(left.values()):
                break
            report = register.reports[number]
            people = [report.members[suffix].world for suffix in report.missing]
            people = [people[k] for k in rng.permutation(len(people)).tolist()]
            stays = rng.random(len(people)) < together
            group = []
            for k, person in enumerate(people):
                status = Status.LISTED if person in usable else Status.WITHOUT_REFERENCES
                if person not in taken and left[status] and (everybody or k == 0 or stays[k]):
                    group.append(Dead(person, status))
                    taken.add(person)
                    left[status] -= 1
            if group:
                groups.append(group)
    return groups, sum(left.values())


def _stranger(preset: Preset, register: Register, status: Status, rng: np.random.Generator) -> Dead:
    civilian = bool(rng.random() < preset.civilian_share) and status is not Status.OWN_SOLDIER
    gone = int(rng.integers(preset.missing_since[0], preset.missing_since[1] + 1))
    sex, age = somebody(preset, rng, civilian=civilian)
    person = register.world.add(sex, gone - age, register.households)
    register.households += 1
    register.world.gone[person] = gone
    register.world.soldier[person] = not civilian
    return Dead(person, status)


def _unlisted_relatives(register: Register, wanted: dict[Status, int], rng: np.random.Generator) -> list[Dead]:
    """Brothers, sisters and cousins of people in the register, of whom the register knows nothing."""
    listed = sorted(register.reports_of())
    found = []
    for status, invent in ((Status.UNLISTED_SIBLING, _sibling_of), (Status.UNLISTED_COUSIN, _cousin_of)):
        for _ in range(wanted[status]):
            target = listed[int(rng.integers(len(listed)))]
            found.append(Dead(invent(register.world, target, rng), status, target))
    return found


def _parents_in_the_world(world: World, person: int, rng: np.random.Generator) -> tuple[int, int]:
    born, household = world.born[person], world.household[person]
    if world.father[person] == NOBODY:
        world.father[person] = world.add(Sex.MALE, born - int(rng.integers(22, 39)), household)
    if world.mother[person] == NOBODY:
        world.mother[person] = world.add(Sex.FEMALE, born - int(rng.integers(20, 37)), household)
    return world.father[person], world.mother[person]


def _child_of(world: World, father: int, mother: int, like: int, rng: np.random.Generator) -> int:
    """A child of the sex of `like`, born as near to them as the parents' ages allow."""
    first = max(world.born[father], world.born[mother]) + 18
    last = min(world.born[father], world.born[mother]) + 45
    born = min(max(world.born[like] + int(rng.integers(-6, 7)), first), last)
    return world.add(world.sex[like], born, world.household[like], father=father, mother=mother)


def _dies_like(world: World, person: int, other: int) -> int:
    world.gone[person] = max(world.gone[other], world.born[person] + 1)
    world.soldier[person] = world.soldier[other]
    return person


def _sibling_of(world: World, target: int, rng: np.random.Generator) -> int:
    father, mother = _parents_in_the_world(world, target, rng)
    return _dies_like(world, _child_of(world, father, mother, target, rng), target)


def _cousin_of(world: World, target: int, rng: np.random.Generator) -> int:
    parents = _parents_in_the_world(world, target, rng)
    parent = parents[int(rng.integers(2))]
    uncle = _child_of(world, *_parents_in_the_world(world, parent, rng), parent, rng)
    role = "father" if world.sex[uncle] is Sex.MALE else "mother"
    born = min(max(world.born[target] + int(rng.integers(-8, 9)), world.born[uncle] + 18), world.born[uncle] + 45)
    cousin = world.add(world.sex[target], born, world.household[target], **{role: uncle})
    return _dies_like(world, cousin, target)


def _seat(groups: Sequence[list[Dead]], transfer_of: Sequence[int], rng: np.random.Generator) -> list[Dead]:
    """Which individual is who; the largest groups choose first."""
    free: list[list[int]] = [[] for _ in range(max(transfer_of) + 1)]
    for individual in rng.permutation(len(transfer_of)).tolist():
        free[transfer_of[individual]].append(individual)
    seats: dict[int, Dead] = {}
    order = rng.permutation(len(groups)).tolist()
    for k in sorted(order, key=lambda k: -len(groups[k])):
        room = [len(seat) for seat in free]
        here = int(rng.choice(len(room), p=shares(room)))
        for one in groups[k]:
            if not free[here]:
                here = max(range(len(free)), key=lambda t: len(free[t]))
            seats[free[here].pop()] = one
    return [seats[individual] for individual in range(len(transfer_of))]
