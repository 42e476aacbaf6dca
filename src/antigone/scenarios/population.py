"""The register: who is reported missing, by which relatives, with whose samples."""

from collections.abc import Callable

import numpy as np

from antigone.scenarios.households import Household
from antigone.scenarios.presets import REFERENCE_WEIGHTS, Preset
from antigone.scenarios.transfers import shares
from antigone.scenarios.world import NOBODY, Reference, Register, Report, World


def invent_register(
    preset: Preset, missing: int, rng: np.random.Generator, references: np.random.Generator
) -> Register:
    """Families that miss exactly so many persons, counting those twice who are reported twice."""
    writer = _Writer(preset, World(), rng)
    while (left := missing - writer.missing) > 0:
        writer.write_family(left)
    _shuffle(writer.reports, rng)
    _own_samples(preset, writer, references)
    return Register(writer.world, writer.reports, writer.households)


def _shuffle(reports: list[Report], rng: np.random.Generator) -> None:
    """A second report of somebody bears a number that has nothing to do with the first."""
    reports[:] = [reports[k] for k in rng.permutation(len(reports)).tolist()]


def _own_samples(preset: Preset, writer: "_Writer", rng: np.random.Generator) -> None:
    """Lifetime samples of soldiers, items in use of others; who is reported twice left one sample, in one family."""
    seen: set[int] = set()
    for report in writer.reports:
        for suffix in report.missing:
            person = report.members[suffix].world
            lifetime, item = rng.random(2)
            if person in seen:
                continue
            seen.add(person)
            if writer.world.soldier[person] and lifetime < preset.lifetime_sample_share:
                report.references[suffix] = Reference.LIFETIME
            elif report.kind != "no donor" and item < preset.personal_item_share:
                report.references[suffix] = Reference.ITEM


class _Writer:
    """Writes one family after another, with the people behind them."""

    def __init__(self, preset: Preset, world: World, rng: np.random.Generator) -> None:
        self.preset, self.world, self.rng = preset, world, rng
        self.reports: list[Report] = []
        self.missing = 0
        self.households = 0
        self.patterns: tuple[Callable[[Household], None], ...] = (
            Household.one_parent,
            Household.both_parents,
            Household.parent_and_sibling,
            Household.children_and_spouse,
            Household.parent_and_child,
            Household.one_sibling,
            Household.several_siblings,
            Household.half_sibling,
            Household.distant,
        )
        self.weights = np.array([getattr(preset, name) for name in REFERENCE_WEIGHTS])

    def write_family(self, room: int) -> None:
        """One family that misses at most `room` persons; at times a second report of the same person."""
        u = self.rng.random(5)
        preset = self.preset
        civilian = bool(u[0] < preset.civilian_share)
        silent = bool(u[1] < preset.no_donor_share)
        home = self._household(civilian)
        if civilian and u[2] < preset.whole_family_share and room >= 3:
            home.whole_family(min(room, 6), silent=silent)
        elif not civilian and u[2] < preset.several_missing_share and room >= 2:
            brothers = u[3] * (preset.two_brothers + preset.father_and_son) < preset.two_brothers
            home.two_brothers(silent=silent) if brothers else home.father_and_son(silent=silent)
        else:
            home.misses_one()
            if silent:
                home.no_donor()
            else:
                self._pattern(home)(home)
            if u[4] < preset.reported_twice_share and room >= 2:
                self._keep(self._second_report(home))
        self._keep(home)

    def _household(self, civilian: bool) -> Household:
        home = Household(self.preset, self.world, self.rng, Report("", self.households, civilian=civilian))
        self.households += 1
        return home

    def _keep(self, home: Household) -> None:
        for member in home.report.members.values():
            known = member.donor or member.suffix in home.report.missing
            member.year_known = bool(self.rng.random() >= self.preset.birth_year_unknown_share) or known
        self.reports.append(home.report)
        self.missing += len(home.report.missing)

    def _pattern(self, home: Household) -> Callable[[Household], None]:
        """Who gave samples: nobody of 70 has parents to ask, nobody of 10 has children.

        Where no pattern that has a weight fits the age, a sibling did.
        """
        weights = self.weights * _possible_at(home.age("M1"), self.preset.year - home.born("M1"))
        if not weights.any():
            return Household.one_sibling
        return self.patterns[int(self.rng.choice(len(weights), p=shares(weights)))]

    def _second_report(self, home: Household) -> Household:
        """The same person, reported by other relatives under another number: wife and child, or a sibling."""
        first = home.report
        again = Household(
            self.preset, self.world, self.rng, Report("reported again", first.household, civilian=first.civilian)
        )
        again.misses_again(first.members["M1"].world)
        if home.age("M1") >= 22 and not home.has("C1") and not home.has("SP"):
            again.children(1)
            again.spouse(typed=again.chance(self.preset.spouse_sampled))
        else:
            again.sibling()
        return again


def _possible_at(age: int, age_now: int) -> np.ndarray:
    """Which patterns fit somebody who went missing at this age and would be `age_now` today, as 0 and 1."""
    parents, children, siblings, grandparents = age_now <= 66, age >= 20, age_now <= 90, age_now <= 45
    fits = (parents, parents, parents, children, parents and children, siblings, siblings, parents, grandparents)
    return np.array(fits, dtype=np.float64)


def misattribute_fathers(register: Register, rate: float, rng: np.random.Generator) -> list[tuple[int, str]]:
    """Take recorded fathers away from their children in the world; gives the reports and children concerned."""
    found = []
    for number, report in enumerate(register.reports):
        for suffix, member in report.members.items():
            if member.father is None:
                continue
            if rng.random() < rate and register.world.father[member.world] != NOBODY:
                register.world.father[member.world] = NOBODY
                found.append((number, suffix))
    return found
