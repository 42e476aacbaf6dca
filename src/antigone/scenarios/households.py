"""How one family is written down: its missing, its relatives, and who of them gave a sample."""

from collections.abc import Sequence

import numpy as np

from antigone.genetics.pedigrees import Sex
from antigone.scenarios.presets import Preset
from antigone.scenarios.transfers import shares
from antigone.scenarios.world import NOBODY, Member, Report, World


def somebody(preset: Preset, rng: np.random.Generator, *, civilian: bool) -> tuple[Sex, int]:
    """Sex and age of somebody who died: soldiers are mostly men of serving age, civilians are everybody."""
    u, place = float(rng.random()), float(rng.beta(*preset.age_shape))
    youngest, oldest = preset.civilian_age if civilian else preset.soldier_age
    age = min(youngest + int((oldest + 1 - youngest) * place), oldest)
    women = 0.5 if civilian else preset.woman_soldier_share
    return (Sex.FEMALE if u < women else Sex.MALE), age


# Nobody older than this is asked for a sample.
OLDEST_DONOR = 90


class Household:
    """One family while it is written down: people are added around the missing person M1."""

    def __init__(self, preset: Preset, world: World, rng: np.random.Generator, report: Report) -> None:
        self.preset, self.world, self.rng, self.report = preset, world, rng, report

    # Looking

    def has(self, suffix: str) -> bool:
        """Whether somebody of this suffix is in the family."""
        return suffix in self.report.members

    def born(self, suffix: str) -> int:
        """Year of birth."""
        return self.world.born[self.report.members[suffix].world]

    def sex(self, suffix: str) -> Sex:
        """Sex."""
        return self.world.sex[self.report.members[suffix].world]

    def gone(self, suffix: str) -> int:
        """Year of going missing."""
        return self.world.gone[self.report.members[suffix].world]

    def age(self, suffix: str) -> int:
        """Age at going missing."""
        person = self.report.members[suffix].world
        return self.world.gone[person] - self.world.born[person]

    def may_give(self, suffix: str) -> bool:
        """Whether somebody is young enough to be asked for a sample."""
        return self.preset.year - self.born(suffix) <= OLDEST_DONOR

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, max(low, high) + 1))

    def chance(self, share: float) -> bool:
        """Yes in this share of cases."""
        return bool(self.rng.random() < share)

    def pick(self, weights: Sequence[float]) -> int:
        """A position, by weight."""
        return int(self.rng.choice(len(weights), p=shares(weights)))

    def any_sex(self) -> Sex:
        """Either sex."""
        return Sex.MALE if self.chance(0.5) else Sex.FEMALE

    # The missing

    def misses_one(self) -> None:
        """A missing soldier or civilian, M1."""
        gone = self.between(*self.preset.missing_since)
        sex, age = somebody(self.preset, self.rng, civilian=self.report.civilian)
        self.misses("M1", sex, gone - age, gone)

    def misses(self, suffix: str, sex: Sex, born: int, gone: int) -> None:
        """Add a missing person."""
        self.add(suffix, sex, born)
        self.is_missing(suffix, gone)

    def is_missing(self, suffix: str, gone: int) -> None:
        """Somebody of the family went missing in that year."""
        person = self.report.members[suffix].world
        self.world.gone[person] = gone
        self.world.soldier[person] = not self.report.civilian
        self.report.missing.append(suffix)

    def misses_again(self, person: int) -> None:
        """A person whom another family reported already."""
        self.report.members["M1"] = Member("M1", person)
        self.report.missing.append("M1")

    # Adding relatives

    def add(
        self, suffix: str, sex: Sex, born: int, *, father: str | None = None, mother: str | None = None,
        typed: bool = False,
    ) -> None:  # fmt: skip
        """Add a person to the report and to the world."""
        members = self.report.members
        positions = [members[parent].world if parent else NOBODY for parent in (father, mother)]
        person = self.world.add(sex, born, self.report.household, father=positions[0], mother=positions[1])
        members[suffix] = Member(suffix, person, father, mother, typed)

    def parents(self, of: str = "M1", father: str = "FA", mother: str = "MO") -> None:
        """Father and mother, untyped; the same people where the world has them already."""
        if self.has(mother):
            return
        child = self.report.members[of]
        known = self.world.father[child.world], self.world.mother[child.world]
        alive = self.preset.year - OLDEST_DONOR  # both were born after this, where that can be
        mother_born = self.born(of) - self.between(18, min(38, self.born(of) - alive))
        father_born = max(mother_born - self.between(0, 6), self.born(of) - 45, min(mother_born, alive))
        for suffix, sex, born, there in (
            (father, Sex.MALE, father_born, known[0]),
            (mother, Sex.FEMALE, mother_born, known[1]),
        ):
            if there == NOBODY:
                self.add(suffix, sex, born)
            else:
                self.report.members[suffix] = Member(suffix, there)
        child.father, child.mother = father, mother
        self.world.father[child.world] = self.report.members[father].world
        self.world.mother[child.world] = self.report.members[mother].world

    def sampled(self, *suffixes: str) -> None:
        """Take samples."""
        for suffix in suffixes:
            self.report.members[suffix].donor = True

    def sibling(self) -> None:
        """One more child of FA and MO, no twin of M1, with a sample."""
        self.parents()
        sex = self.any_sex()
        born = self.born_to("FA", "MO", unlike=self.born("M1"))
        self.add(self._next("B" if sex is Sex.MALE else "S"), sex, born, father="FA", mother="MO", typed=True)

    def uncle_or_aunt(self, of_parent: str, grandfather: str, grandmother: str) -> None:
        """One more child of the grandparents, with a sample."""
        sex = self.any_sex()
        suffix = self._next("UN" if sex is Sex.MALE else "AU")
        born = self.born_to(grandfather, grandmother, unlike=self.born(of_parent))
        self.add(suffix, sex, born, father=grandfather, mother=grandmother, typed=True)

    def born_to(self, father: str, mother: str, *, unlike: int | None = None, latest: int | None = None) -> int:
        """A year in which both parents were between 18 and 45; not too long ago to give a sample, where that can be."""
        first = max(self.born(father), self.born(mother)) + 18
        last = min(self.born(father) + 45, self.born(mother) + 45, latest or self.preset.year - 1)
        return self.year_between(max(first, min(last, self.preset.year - OLDEST_DONOR)), last, unlike=unlike)

    def year_between(self, first: int, last: int, *, unlike: int | None = None) -> int:
        """A year of this range; the next to `unlike` where it would be that one, as far as there is room."""
        year = self.between(first, last)
        if year == unlike:
            year = year + 1 if year < last else year - 1 if year > first else year
        return year

    def spouse(self, *, typed: bool) -> None:
        """The other parent of M1's children; `typed` asks for a sample, which nobody very old gives."""
        sex = Sex.FEMALE if self.sex("M1") is Sex.MALE else Sex.MALE
        children = [suffix for suffix in self.report.members if suffix[0] == "C"]
        years = [self.born(child) for child in children]
        born = min(max(self.born("M1") + self.between(-3, 5), max(years) - 45), min(years) - 18)
        self.add("SP", sex, born)
        if typed and self.may_give("SP"):
            self.sampled("SP")
        role = "mother" if sex is Sex.FEMALE else "father"
        for child in children:
            setattr(self.report.members[child], role, "SP")
            getattr(self.world, role)[self.report.members[child].world] = self.report.members["SP"].world

    def children(self, count: int) -> None:
        """Children of M1 with samples, within some years of each other; `spouse` adds their other parent."""
        role = "father" if self.sex("M1") is Sex.MALE else "mother"
        last = min(self.born("M1") + 45, self.gone("M1"))
        first = self.between(min(self.born("M1") + 19, last), min(self.born("M1") + 32, last))
        for number in range(count):
            born = min(first + number * self.between(1, 4), last)
            self.add(f"C{number + 1}", self.any_sex(), born, **{role: "M1"}, typed=True)

    def _next(self, letter: str) -> str:
        number = 1
        while self.has(f"{letter}{number}"):
            number += 1
        return f"{letter}{number}"

    # Who gave samples, where one person is missing

    def one_parent(self) -> None:
        """A sample of the mother, or less often of the father."""
        self.report.kind = "one parent"
        self.parents()
        self.sampled("MO" if self.chance(self.preset.mother_rather_than_father) else "FA")

    def both_parents(self) -> None:
        """Samples of both."""
        self.report.kind = "both parents"
        self.parents()
        self.sampled("FA", "MO")

    def parent_and_sibling(self) -> None:
        """A parent and a full sibling."""
        self.one_parent()
        self.report.kind = "parent and sibling"
        self.sibling()

    def children_and_spouse(self) -> None:
        """One to three children, and mostly their other parent."""
        self.report.kind = "children and spouse"
        self.children(1 + self.pick(self.preset.children_sampled))
        self.spouse(typed=self.chance(self.preset.spouse_sampled))
        if not self.report.members["SP"].donor:
            self.report.kind = "children without spouse"

    def parent_and_child(self) -> None:
        """A parent, and a child whose other parent was not sampled."""
        self.one_parent()
        self.report.kind = "parent and child"
        self.children(1)
        self.spouse(typed=False)

    def one_sibling(self) -> None:
        """One full sibling; both parents dead, abroad or unasked."""
        self.report.kind = "one sibling"
        self.sibling()

    def several_siblings(self) -> None:
        """Two or three full siblings."""
        self.report.kind = "several siblings"
        for _ in range(self.between(2, 3)):
            self.sibling()

    def half_sibling(self) -> None:
        """By the mother mostly; the other parent of the half-sibling is not in the family's papers."""
        self.parents()
        sex = self.any_sex()
        common = "MO" if self.chance(self.preset.half_sibling_maternal) else "FA"
        role = "mother" if common == "MO" else "father"
        last = min(self.born(common) + 45, self.preset.year - 1)
        born = self.year_between(self.born(common) + 18, last, unlike=self.born("M1"))
        suffix = "HB1" if sex is Sex.MALE else "HS1"
        self.add(suffix, sex, born, **{role: common}, typed=True)
        self.report.kind = "half-sibling"
        if self.chance(self.preset.half_sibling_parent_sampled):
            self.sampled(common)
            self.report.kind = "parent and half-sibling"

    def distant(self) -> None:
        """Parents untyped; grandparents of one side while they may live, else an uncle or aunt."""
        self.report.kind = "grandparents, uncle or aunt"
        self.parents()
        side = "P" if self.chance(0.5) else "M"
        grandfather, grandmother = f"{side}GF", f"{side}GM"
        parent = "FA" if side == "P" else "MO"
        self.parents(parent, grandfather, grandmother)
        if self.may_give(grandmother):
            self.sampled(grandmother)
            if self.may_give(grandfather) and self.chance(self.preset.grandfather_sampled):
                self.sampled(grandfather)
        else:
            self.uncle_or_aunt(parent, grandfather, grandmother)

    def no_donor(self) -> None:
        """Only the report itself; at times it names the parents."""
        self.report.kind = "no donor"
        if self.chance(self.preset.parents_named_share):
            self.parents()

    # Several missing in one family

    def two_brothers(self, *, silent: bool) -> None:
        """With parents only, which of two bodies is which cannot be told; with a child or own sample it can."""
        self.report.kind = "two brothers missing"
        self.misses_one_man(19, 55)
        self.parents()
        first, last = self.soldier_born(self.gone("M1"))
        born = self.born_to("FA", "MO", unlike=self.born("M1"), latest=last)
        if born < first:
            born = first
        self.add("M2", Sex.MALE, born, father="FA", mother="MO")
        self.is_missing("M2", self.gone("M1"))
        if silent:
            return
        who = self.pick(self.preset.brothers_references)
        if who == 2:
            self.sibling()
        else:
            self.sampled(*(("MO",), ("FA", "MO"))[who])
        if self.chance(self.preset.brothers_child) and self.age("M1") >= 22:
            self.children(1)
            self.spouse(typed=self.chance(self.preset.spouse_sampled))

    def father_and_son(self, *, silent: bool) -> None:
        """M1 and his son M2; the mother and a sister or brother of M2 gave samples, or M1's own mother."""
        self.report.kind = "father and son missing"
        self.misses_one_man(40, 60)
        gone = self.gone("M1")
        first, last = self.soldier_born(gone)
        born = min(max(self.born("M1") + self.between(19, 30), first), last)
        self.add("M2", Sex.MALE, born, father="M1")
        self.is_missing("M2", gone)
        wife = min(max(self.born("M1") + self.between(-2, 5), born - 45), born - 18)
        self.add("SP", Sex.FEMALE, wife)
        son = self.report.members["M2"]
        son.mother, self.world.mother[son.world] = "SP", self.report.members["SP"].world
        if silent:
            return
        self.sampled("SP")
        if self.chance(self.preset.father_and_son_child):
            other = self.born_to("M1", "SP", unlike=born, latest=gone)
            self.add("C1", self.any_sex(), other, father="M1", mother="SP", typed=True)
        else:
            self.parents()
            self.sampled("MO")

    def misses_one_man(self, youngest: int, oldest: int) -> None:
        """A missing man, M1, of an age between these."""
        gone = self.between(*self.preset.missing_since)
        self.misses("M1", Sex.MALE, gone - self.between(youngest, oldest), gone)

    @staticmethod
    def soldier_born(gone: int) -> tuple[int, int]:
        """First and last year of birth of somebody who was a soldier in that year."""
        return gone - 60, gone - 18

    def whole_family(self, size: int, *, silent: bool) -> None:
        """Father, mother and one to three children, whom relatives of one side or of both look for."""
        self.report.kind = "whole family missing"
        gone = self.between(*self.preset.missing_since)
        mother_age = self.between(24, 50)
        self.misses("M1", Sex.MALE, gone - min(mother_age + self.between(0, 5), 52), gone)
        self.misses("M2", Sex.FEMALE, gone - mother_age, gone)
        for number in range(min(1 + self.pick(self.preset.whole_family_children), size - 2)):
            born = self.born_to("M1", "M2", latest=gone)
            self.add(f"M{number + 3}", self.any_sex(), born, father="M1", mother="M2")
            self.is_missing(f"M{number + 3}", gone)
        if silent:
            return
        both, paternal = self.chance(self.preset.whole_family_both_sides), self.chance(0.5)
        if both or paternal:
            self._side_of("M1", "PGF", "PGM")
        if both or not paternal:
            self._side_of("M2", "MGF", "MGM")
        if self.chance(self.preset.surviving_child):
            born = self.born_to("M1", "M2", latest=gone)
            self.add("C1", self.any_sex(), born, father="M1", mother="M2", typed=True)

    def _side_of(self, parent: str, grandfather: str, grandmother: str) -> None:
        """A grandparent of the children, or both, or an uncle or aunt."""
        self.parents(parent, grandfather, grandmother)
        who = self.pick(self.preset.whole_family_references)
        if who == 2 or not self.may_give(grandmother):
            self.uncle_or_aunt(parent, grandfather, grandmother)
        else:
            self.sampled(*((grandmother,), (grandfather, grandmother))[who])
