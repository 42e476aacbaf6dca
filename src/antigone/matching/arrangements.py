"""Who else the samples of one family may be of: its pedigree and its labels as declared, and otherwise.

An arrangement is a pedigree and, for every sample of the family, the person of that pedigree who gave it. As declared,
each sample is of the person it is recorded for. Each alternative changes one thing, or a few: a sample is of somebody
who is no relative, two samples are exchanged, two are of one person, somebody recorded as a parent is that parent's
full sibling, a child has another father or mother than the one recorded.

Everything here is about one family. No arrangement, and no function, holds samples of two.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.elimination import TooComplexError
from antigone.genetics.likelihood import (
    Known,
    Observed,
    Typed,
    known_from_readings,
    log_likelihoods,
    typed_log_likelihoods,
)
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.classes import sex_by_amelogenin
from antigone.matching.operation import Family, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import UNRELATED, what_is_known

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Beyond so many typed persons no two changes are tried together: their number grows with the square.
COMBINED_UP_TO = 8


class Doubt(StrEnum):
    """What may be otherwise than declared."""

    NOT_OF_FAMILY = "not of the family"
    EXCHANGED = "two samples exchanged"
    SAME_PERSON = "two samples of one person"
    SIBLING_OF_PARENT = "full sibling of the parent"
    OTHER_FATHER = "another father"
    OTHER_MOTHER = "another mother"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise than declared, and the persons it concerns, in the order that its words need.

    EXCHANGED: both; SAME_PERSON: who gave both samples, then whose name the other bears; SIBLING_OF_PARENT: the person
    recorded as a parent; OTHER_FATHER and OTHER_MOTHER: the parent recorded, then the children concerned.
    """

    doubt: Doubt
    persons: tuple[str, ...]


@dataclass(frozen=True)
class Arrangement:
    """A pedigree, of whom in it each sample is (`whose`: recorded → giver), and the changes that led here."""

    pedigree: Pedigree
    whose: Mapping[str, str]
    changes: tuple[Change, ...] = ()

    @classmethod
    def declared(cls, family: Family) -> "Arrangement":
        """The family as it was entered."""
        return cls(family.pedigree, {person: person for person in family.profiles})

    def family(self, family: Family) -> Family:
        """The family under this arrangement, for a search: samples of no relative are left out, two of one joined."""
        profiles: dict[str, Profile] = {}
        lineages = {person: line for person, line in family.lineages.items() if person not in family.profiles}
        for recorded, giver in self.whose.items():
            if _is_stranger(giver):
                continue
            profile = family.profiles[recorded]
            profiles[giver] = profiles[giver].joined(profile, profiles[giver].sample) if giver in profiles else profile
            if recorded in family.lineages:
                lineages.setdefault(giver, family.lineages[recorded])
        kept = [person for person in self.pedigree.persons if not _is_stranger(person.id)]
        pedigree = Pedigree.build(kept, family=self.pedigree.family, twins=self.pedigree.twins)
        return replace(family, pedigree=pedigree, profiles=profiles, lineages=lineages)


def single_changes(family: Family, *, x_linked: bool = False) -> list[Arrangement]:
    """Every arrangement of one family that differs from the declared one by one change.

    With `x_linked` markers a sample is not put in the place of a person whose sex nobody recorded: there they could not
    be used, and likelihoods of more and of less data do not compare.
    """
    declared = Arrangement.declared(family)
    typed = tuple(family.profiles)
    found = [not_of_family(declared, person) for person in typed]
    seated = [person for person in typed if not x_linked or family.pedigree[person].sex is not Sex.UNKNOWN]
    found += [_exchanged(declared, a, b) for a, b in combinations(seated, 2) if _may_be_exchanged(family, a, b)]
    found += [_same_person(declared, a, b) for a, b in permutations(seated, 2)]
    found += [_sibling_of_parent(declared, person) for person in typed if _typed_children(declared, person)]
    for child in _children_with_typed_line(declared):
        found += [
            changed for changed in (_other_father(declared, (child,)), _other_mother(declared, (child,))) if changed
        ]
    return found


def combined_changes(family: Family) -> list[Arrangement]:
    """Two changes at a time, as far as they are cheap, and all samples of persons who are not related at all."""
    declared = Arrangement.declared(family)
    typed = tuple(family.profiles)
    found: list[Arrangement | None] = []
    if len(typed) > 3:
        found.append(all_unrelated(declared, but_one=True))
    if len(typed) > COMBINED_UP_TO:
        return [one for one in found if one]
    if len(typed) > 2:
        found += [not_of_family(not_of_family(declared, a), b) for a, b in combinations(typed, 2)]
    children = _children_with_typed_line(declared)
    for a, b in combinations(children, 2):
        first = _other_father(declared, (a,))
        found.append(first and _other_father(first, (b,)))
        found.append(_other_father(declared, (a, b)))
    if len(typed) > 2:
        changed = (_other_father(declared, (child,)) for child in children)
        found += [not_of_family(one, person) for one in changed if one for person in typed]
    return [one for one in found if one]


def all_unrelated(arrangement: Arrangement, *, but_one: bool = False) -> Arrangement:
    """Every sample of somebody unrelated; with `but_one` the first stays where it is, which is the same likelihood."""
    for person in list(arrangement.whose)[1 if but_one else 0 :]:
        arrangement = not_of_family(arrangement, person)
    return arrangement


def not_of_family(arrangement: Arrangement, person: str) -> Arrangement:
    """The sample recorded for this person is of somebody unrelated; the person stays in the pedigree, untyped."""
    stranger = f"{UNRELATED} {person}"
    sex = arrangement.pedigree[person].sex
    pedigree = arrangement.pedigree.joined(Pedigree.build([Person(stranger, sex=sex)]))
    return _changed(arrangement, Change(Doubt.NOT_OF_FAMILY, (person,)), pedigree, {person: stranger})


def _exchanged(arrangement: Arrangement, a: str, b: str) -> Arrangement:
    return _changed(arrangement, Change(Doubt.EXCHANGED, (a, b)), arrangement.pedigree, {a: b, b: a})


def _same_person(arrangement: Arrangement, giver: str, recorded: str) -> Arrangement:
    change = Change(Doubt.SAME_PERSON, (giver, recorded))
    return _changed(arrangement, change, arrangement.pedigree, {recorded: giver})


def _sibling_of_parent(arrangement: Arrangement, person: str) -> Arrangement:
    """The person recorded as a parent is that parent's full sibling; the parent is somebody untyped."""
    pedigree = arrangement.pedigree
    here = pedigree[person]
    is_father = any(child.father == person for child in pedigree.persons)
    fresh = _fresh_names(pedigree)
    father, mother = here.father or next(fresh), here.mother or next(fresh)
    parent = Person(next(fresh), father, mother, Sex.MALE if is_father else Sex.FEMALE)
    rows = [Person(name, sex=sex) for name, sex in ((father, Sex.MALE), (mother, Sex.FEMALE)) if name not in pedigree]
    alike = _alike(pedigree, person)
    for one in pedigree.persons:
        moved = one
        if one.id in alike:
            moved = replace(moved, father=father, mother=mother, inbreeding=0.0)
        if one.father == person:
            moved = replace(moved, father=parent.id)
        if one.mother == person:
            moved = replace(moved, mother=parent.id)
        rows.append(moved)
    changed = Pedigree.build([*rows, parent], family=pedigree.family, twins=pedigree.twins)
    return _changed(arrangement, Change(Doubt.SIBLING_OF_PARENT, (person,)), changed, {})


def _other_father(arrangement: Arrangement, children: tuple[str, ...]) -> Arrangement | None:
    """These children of one recorded father have one other father; None where they have no common recorded one."""
    fathers = {arrangement.pedigree[child].father for child in children}
    recorded = next(iter(fathers))
    if len(fathers) > 1 or recorded is None:
        return None
    name = next(_fresh_names(arrangement.pedigree))
    pedigree = _with_parent(arrangement.pedigree, children, Person(name, sex=Sex.MALE))
    return _changed(arrangement, Change(Doubt.OTHER_FATHER, (recorded, *children)), pedigree, {})


def _other_mother(arrangement: Arrangement, children: tuple[str, ...]) -> Arrangement | None:
    mothers = {arrangement.pedigree[child].mother for child in children}
    recorded = next(iter(mothers))
    if len(mothers) > 1 or recorded is None:
        return None
    name = next(_fresh_names(arrangement.pedigree))
    pedigree = _with_parent(arrangement.pedigree, children, Person(name, sex=Sex.FEMALE))
    return _changed(arrangement, Change(Doubt.OTHER_MOTHER, (recorded, *children)), pedigree, {})


def _with_parent(pedigree: Pedigree, children: Sequence[str], parent: Person) -> Pedigree:
    """The children, and their identical twins, get another parent."""
    alike = frozenset().union(*(_alike(pedigree, child) for child in children))
    rows = [
        one
        if one.id not in alike
        else replace(one, father=parent.id)
        if parent.sex is Sex.MALE
        else replace(one, mother=parent.id)
        for one in pedigree.persons
    ]
    return Pedigree.build([*rows, parent], family=pedigree.family, twins=pedigree.twins)


def _changed(arrangement: Arrangement, change: Change, pedigree: Pedigree, givers: Mapping[str, str]) -> Arrangement:
    return Arrangement(pedigree, {**arrangement.whose, **givers}, (*arrangement.changes, change))


def _alike(pedigree: Pedigree, person: str) -> frozenset[str]:
    """A person and identical twins."""
    return next((group for group in pedigree.twins if person in group), frozenset({person}))


UNNAMED = "unnamed "


def _fresh_names(pedigree: Pedigree) -> Iterator[str]:
    """Names for people whom nobody named, which say nothing of who they are."""
    number = 0
    while True:
        number += 1
        if (name := f"{UNNAMED}{number}") not in pedigree:
            yield name


def _is_stranger(person: str) -> bool:
    return person.startswith(UNRELATED)


def _typed_children(arrangement: Arrangement, person: str) -> bool:
    """Whether somebody who is typed descends from the person."""
    return any(child.id in _with_typed_line(arrangement) for child in arrangement.pedigree.children(person))


def _children_with_typed_line(arrangement: Arrangement) -> list[str]:
    """Everybody with a recorded parent who is typed or an ancestor of somebody typed; of identical twins the first."""
    line = _with_typed_line(arrangement)
    found = []
    for person in arrangement.pedigree.persons:
        first = min(_alike(arrangement.pedigree, person.id), key=arrangement.pedigree.position)
        if person.id == first and line & _alike(arrangement.pedigree, person.id):
            found.append(person.id)
    return found


def _with_typed_line(arrangement: Arrangement) -> set[str]:
    line = set(arrangement.whose.values())
    for person in reversed(arrangement.pedigree.persons):  # children before parents
        if person.id in line:
            line |= {parent for parent in (person.father, person.mother) if parent is not None}
    return line


def _may_be_exchanged(family: Family, a: str, b: str) -> bool:
    """Of one sex as recorded; or the samples themselves show that one of the sexes recorded is not theirs."""
    sexes = [family.pedigree[person].sex for person in (a, b)]
    if Sex.UNKNOWN in sexes or sexes[0] is sexes[1]:
        return True
    shown = [sex_by_amelogenin(family.profiles[person]) for person in (a, b)]
    return any(seen not in (sex, Sex.UNKNOWN) for seen, sex in zip(shown, sexes, strict=True))


# --- what was read, as the likelihoods take it ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Evidence:
    """What was read of the typed persons of one family.

    `codes` has shape (samples, markers, 2): exact genotypes as indices of alleles, −1 where there is none. `known` is
    what was read under the declared error rates where that is more than an exact genotype (marker → person); it is
    empty in a quick look, which leaves such readings out. `sexes` are the sexes that amelogenin shows.
    """

    family: Family
    samples: tuple[str, ...]
    codes: Integers
    known: Mapping[int, Mapping[str, Known]]
    sexes: Mapping[str, Sex]

    @classmethod
    def exact(cls, family: Family, models: Sequence[MarkerModel]) -> "Evidence":
        """Only what was read as an exact genotype, taken at its word: for a quick look."""
        codes = np.full((len(family.profiles), len(models), 2), -1, dtype=np.int64)
        for row, (person, profile) in enumerate(family.profiles.items()):
            sex = family.pedigree[person].sex
            for m, model in enumerate(models):
                genotype = exact_genotype(profile.readings.get(model.name, ()), model, sex)
                if genotype is not None:
                    codes[row, m] = genotype
        return cls(family, tuple(family.profiles), codes, {}, shown_sexes(family))

    @classmethod
    def full(cls, family: Family, models: Sequence[MarkerModel], settings: Settings) -> "Evidence":
        """All that was read, under the declared error rates of donors."""
        samples = tuple(family.profiles)
        codes = np.full((len(samples), len(models), 2), -1, dtype=np.int64)
        known: dict[int, Mapping[str, Known]] = {}
        for m, (model, here) in enumerate(zip(models, what_is_known(family, models, settings), strict=True)):
            if all(isinstance(one, Typed) for one in here.values()):
                for person, one in here.items():
                    alleles = one.alleles if isinstance(one, Typed) else ()
                    codes[samples.index(person), m] = model.index[alleles[0]], model.index[alleles[-1]]
            else:
                known[m] = here
        return cls(family, samples, codes, known, shown_sexes(family))

    def used(self, models: Sequence[MarkerModel]) -> float:
        """The share of what was read that a quick look uses, in the sample where it is least."""
        shares = []
        for row, profile in enumerate(self.family.profiles.values()):
            read = sum(bool(profile.readings.get(model.name)) for model in models)
            shares.append(np.count_nonzero(self.codes[row, :, 0] >= 0) / read if read else 1.0)
        return min(shares)


def exact_genotype(readings: Sequence[Reading], model: MarkerModel, sex: Sex) -> tuple[int, int] | None:
    """Readings of one person taken at their word, as indices of alleles; None where they are no exact genotype."""
    reading = _at_its_word(readings)
    if reading is None or (model.x_linked and sex is Sex.UNKNOWN):
        return None
    alleles = reading.alleles
    if len(alleles) > (1 if model.x_linked and sex is Sex.MALE else 2):
        return None
    return model.index[alleles[0]], model.index[alleles[-1]]


def _at_its_word(readings: Sequence[Reading]) -> Reading | None:
    """What all replicates show alike, where they do and claim to show everything."""
    if len(set(readings)) != 1 or readings[0].reads is Reads.OTHER_UNSEEN:
        return None
    return readings[0]


def shown_sexes(family: Family) -> dict[str, Sex]:
    """The sex that amelogenin shows in each sample."""
    return {person: sex_by_amelogenin(profile) for person, profile in family.profiles.items()}


@dataclass(frozen=True, eq=False)
class Case:
    """One arrangement of one family and what was read: one row of likelihoods to be computed."""

    evidence: Evidence
    arrangement: Arrangement


def log_sex(sexes: Mapping[str, Sex], arrangement: Arrangement, error: float) -> float:
    """Natural logarithm of P(sexes that amelogenin shows | arrangement); `error` is the rate of a wrong one.

    Of somebody unrelated, and of a person whose sex is not recorded, either sex is as likely.
    """
    total = 0.0
    for recorded, giver in arrangement.whose.items():
        shown = sexes[recorded]
        sex = Sex.UNKNOWN if _is_stranger(giver) else arrangement.pedigree[giver].sex
        if shown is not Sex.UNKNOWN:
            total += float(np.log(0.5 if sex is Sex.UNKNOWN else 1 - error if shown is sex else error))
    return total


def log_likelihoods_of(cases: Sequence[Case], prepared: Prepared, settings: Settings) -> Floats:
    """Natural logarithm of P(what was read | arrangement), one row a case, one column a marker.

    −inf: impossible; nan: the pedigree is too large to be computed. Cases of one shape are computed together, whatever
    their families: that shares arithmetic, not evidence. All arrangements of a family are computed without theta where
    one of them leaves more than `MOST_UNKNOWN_WITH_THETA` founder alleles open.
    """
    if prepared.options.theta:
        many = {id(case.evidence) for case in cases if _unknown_founder_alleles(case) > MOST_UNKNOWN_WITH_THETA}
        apart = [k for k, case in enumerate(cases) if id(case.evidence) in many]
        with_theta = [k for k, case in enumerate(cases) if id(case.evidence) not in many]
        without = replace(prepared, options=replace(prepared.options, theta=0.0))
        answers = np.zeros((len(cases), len(prepared.models)))
        answers[apart] = _log_likelihoods_of([cases[k] for k in apart], without, settings)
        answers[with_theta] = _log_likelihoods_of([cases[k] for k in with_theta], prepared, settings)
        return answers
    return _log_likelihoods_of(cases, prepared, settings)


# With theta the work grows with the ways to group the unknown founder alleles: 203 for six, 115,975 for ten.
MOST_UNKNOWN_WITH_THETA = 6


def _unknown_founder_alleles(case: Case) -> int:
    """At most so many at any marker: alleles of untyped founders who are parents, and of parents nobody recorded."""
    typed = set(case.arrangement.whose.values())
    pedigree = _without_untyped_leaves(case.arrangement.pedigree, typed)
    meioses = {one.id: len(pedigree.children(one.id)) for one in pedigree.persons}
    total = 0
    for one in pedigree.persons:
        if one.father is None and one.mother is None:
            total += 0 if one.id in typed else min(2, meioses[one.id])
        else:
            total += (one.father is None) + (one.mother is None)
    return total


def _log_likelihoods_of(cases: Sequence[Case], prepared: Prepared, settings: Settings) -> Floats:
    answers = np.zeros((len(cases), len(prepared.models)))
    groups: dict[tuple[object, ...], list[int]] = {}
    seats = [_seats(case, prepared.models) for case in cases]
    for k, seat in enumerate(seats):
        groups.setdefault(seat.shape, []).append(k)
    for where in groups.values():
        codes = np.array([seats[k].codes for k in where])
        try:
            answers[where] = _exact(seats[where[0]].pedigree, prepared, codes)
        except TooComplexError:
            answers[where] = np.nan
    for k, case in enumerate(cases):
        answers[k, seats[k].impossible] = -np.inf
        try:
            _add_observed(answers[k], case, prepared, settings)
        except TooComplexError:
            answers[k] = np.nan
    return answers


@dataclass(frozen=True, eq=False)
class Seating:
    """A pedigree from which childless untyped people were taken out, and in which place of it each sample is.

    Cases of one `shape` have the same likelihoods where the same is read in the same places.
    """

    pedigree: Pedigree
    shape: tuple[object, ...]
    place: Mapping[str, int]  # recorded → where the giver stands

    @classmethod
    def of(cls, arrangement: Arrangement, *, x_linked: bool) -> "Seating":
        """The seats of an arrangement; with `x_linked` markers sexes are part of the shape."""
        pedigree = _without_untyped_leaves(arrangement.pedigree, set(arrangement.whose.values()))
        position = {person.id: i for i, person in enumerate(pedigree.persons)}
        rows = tuple(
            (
                position.get(p.father or "", -1),
                position.get(p.mother or "", -1),
                p.inbreeding,
                p.sex if x_linked else None,
            )
            for p in pedigree.persons
        )
        twins = tuple(sorted(tuple(sorted(position[name] for name in group)) for group in pedigree.twins))
        place = {recorded: position[giver] for recorded, giver in arrangement.whose.items()}
        return cls(pedigree, (rows, twins), place)


@dataclass(frozen=True, eq=False)
class _Seats:
    """Exact genotypes in the seats of a pedigree."""

    pedigree: Pedigree
    shape: tuple[object, ...]
    codes: Integers  # (markers, persons, 2)
    impossible: NDArray[np.bool_]  # markers at which two samples of one person differ


def _seats(case: Case, models: Sequence[MarkerModel]) -> _Seats:
    evidence, x_linked = case.evidence, any(model.x_linked for model in models)
    seating = Seating.of(case.arrangement, x_linked=x_linked)
    codes = np.full((len(models), len(seating.pedigree), 2), -1, dtype=np.int64)
    impossible = np.zeros(len(models), dtype=bool)
    for row, recorded in enumerate(evidence.samples):
        place = seating.place[recorded]
        seat, mine = codes[:, place], np.sort(evidence.codes[row], axis=-1)
        if x_linked:
            impossible |= _two_alleles_of_a_man(mine, seating.pedigree.persons[place], models)
        both = (seat[:, 0] >= 0) & (mine[:, 0] >= 0)
        impossible |= both & np.any(seat != mine, axis=1)
        codes[:, place] = np.where((mine[:, :1] >= 0) & ~impossible[:, None], mine, seat)
    return _Seats(seating.pedigree, seating.shape, codes, impossible)


def _two_alleles_of_a_man(codes: Integers, person: Person, models: Sequence[MarkerModel]) -> NDArray[np.bool_]:
    x_linked = np.array([model.x_linked for model in models])
    return x_linked & (codes[:, 0] != codes[:, 1]) & (person.sex is Sex.MALE)


def _without_untyped_leaves(pedigree: Pedigree, typed: set[str]) -> Pedigree:
    """Childless untyped people change no likelihood; without them, and in one order, more pedigrees are alike."""
    kept = list(pedigree.persons)
    while True:
        parents = {parent for one in kept for parent in (one.father, one.mother)}
        fewer = [one for one in kept if one.id in typed or one.id in parents]
        if len(fewer) == len(kept):
            break
        kept = fewer
    names = {one.id for one in kept}
    twins = [group & names for group in pedigree.twins if len(group & names) > 1]
    return Pedigree.build(_in_one_order(kept, typed), family=pedigree.family, twins=twins)


def _in_one_order(persons: Sequence[Person], typed: set[str]) -> list[Person]:
    """By generation, parents, role, number of children and whether they are typed: not by who was entered first."""
    depth: dict[str | None, int] = {None: -1}
    children: dict[str, int] = {}
    fathers = {one.father for one in persons}
    for one in persons:
        depth[one.id] = 1 + max(depth[one.father], depth[one.mother])
        for parent in (one.father, one.mother):
            if parent is not None:
                children[parent] = children.get(parent, 0) + 1
    place: dict[str | None, int] = {None: -1}

    def key(one: Person) -> tuple[int | bool, ...]:
        role = (one.id in fathers, children.get(one.id, 0), one.id in typed)
        return (place[one.father], place[one.mother], *role)

    for generation in range(max(depth.values()) + 1):
        here = sorted((one for one in persons if depth[one.id] == generation), key=key)
        place |= {one.id: len(place) - 1 + k for k, one in enumerate(here)}
    return sorted(persons, key=lambda one: place[one.id])


def _exact(pedigree: Pedigree, prepared: Prepared, codes: Integers) -> Floats:
    """Many cases of one pedigree; autosomal and X-linked markers, and small and large ones, apart.

    Large markers are lumped case by case, which would cost the small ones more than it saves.
    """
    answers = np.zeros(codes.shape[:2])
    for where in kinds_of_markers(prepared.models):
        models = [prepared.models[m] for m in where]
        here = codes[:, where]
        if models[0].x_linked:
            unknown = [i for i, person in enumerate(pedigree.persons) if person.sex is Sex.UNKNOWN]
            here[:, :, unknown] = -1
            men = [i for i, person in enumerate(pedigree.persons) if person.sex is Sex.MALE]
            here[:, :, men, 1] = here[:, :, men, 0]  # where they differ the case is impossible, and marked as such
        answers[:, where] = typed_log_likelihoods(pedigree, models, here, prepared.options)
    return answers


def kinds_of_markers(models: Sequence[MarkerModel]) -> list[list[int]]:
    """Places of the markers that are computed together: of one inheritance, and all small or all large."""
    kinds: dict[tuple[bool, bool], list[int]] = {}
    for m, model in enumerate(models):
        kinds.setdefault((model.x_linked, len(model) > 20), []).append(m)
    return list(kinds.values())


def _add_observed(answers: Floats, case: Case, prepared: Prepared, settings: Settings) -> None:
    """Markers at which something else than exact genotypes was read, by the general engine."""
    where = list(case.evidence.known)
    if not where:
        return
    models = [prepared.models[m] for m in where]
    known = [_in_seats(case, m, model, settings) for m, model in zip(where, models, strict=True)]
    answers[where] = log_likelihoods(case.arrangement.pedigree, models, known, prepared.options)


def _in_seats(case: Case, m: int, model: MarkerModel, settings: Settings) -> dict[str, Known]:
    """What is known of whom at one marker, two samples of one person together."""
    seated: dict[str, Known] = {}
    for recorded, one in case.evidence.known[m].items():
        giver = case.arrangement.whose[recorded]
        person = case.arrangement.pedigree[giver]
        if model.x_linked and person.sex is not case.evidence.family.pedigree[recorded].sex:
            if person.sex is Sex.UNKNOWN:
                continue
            readings = case.evidence.family.profiles[recorded].readings[model.name]
            rates = settings.donors.rates(model)
            one = known_from_readings(readings, model, rates, haploid=person.sex is Sex.MALE)
        if giver in seated:
            haploid = model.x_linked and person.sex is Sex.MALE
            one = Observed(_as_array(seated[giver], model, haploid) * _as_array(one, model, haploid))
        seated[giver] = one
    return seated


def _as_array(known: Known, model: MarkerModel, haploid: bool) -> Floats:
    if isinstance(known, Observed):
        return known.likelihood
    first, second = model.index[known.alleles[0]], model.index[known.alleles[-1]]
    if haploid:
        return np.asarray(np.arange(len(model)) == first, dtype=np.float64)
    array = np.zeros((len(model), len(model)))
    array[first, second] = array[second, first] = 1.0
    return array
