"""Which options a joint answer weighs, and the sums of what it leaves out.

Everything that could move a probability is kept, as long as the hit graph falls into components that can be summed. A
weak pair is cut where it is 10⁻⁹ of what its individual has elsewhere; in a component that is too wide, the weakest
pairs are cut, from weak to less weak, up to a declared weight. What was cut is summed and carried.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.pedigrees import Sex
from antigone.matching.among_the_dead import KinAmongTheDead
from antigone.matching.assignment.bodies import Bodies
from antigone.matching.assignment.families import Limits, Start, placings
from antigone.matching.assignment.kin_starts import kin_starts
from antigone.matching.assignment.packing import Option, Packing
from antigone.matching.assignment.parts import PartOdds, options_in_parts
from antigone.matching.assignment.plan import Plan, make_plan
from antigone.matching.assignment.posterior import Cut
from antigone.matching.classes import sex_by_amelogenin
from antigone.matching.operation import Family, Operation
from antigone.matching.references import ReferenceKind, kind_of_reference, kinds_of_references, typed_persons
from antigone.matching.search import Progress, SearchResult

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# The weight of a pair, against its individual being nobody here, below which the search need not keep it.
WEAKEST = 1e-3
# In components that are too wide, pairs below these weights are cut, one after another, until they can be summed.
CUT_IN_WIDE = (1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3)
# What no cut makes narrow enough is sampled, and sampling needs no cuts: pairs and options within such a component are
# put back from this weight on.
SAMPLED_FROM = 3e-3
# A pair that is so little of what its individual has elsewhere is cut, if it is weak by itself too: where somebody else
# takes the better place, what is left counts.
NEGLIGIBLE = 1e-9
WEAK = 0.03
JUST_ABOVE_1 = 0.01
# Steps that summing one component may take: the answer is summed hundreds of times, for each t and each prior.
MOST_STEPS = 4_000_000
# Small searches keep every pair: nothing is cut unless a component is too wide.
SMALL = 50_000


@dataclass(frozen=True, eq=False)
class Listed:
    """The missing persons with usable references: who they are among those searched, and how many.

    `usable` are those of whom somebody typed is a relative by blood, or who have a sample of their own; and relatives
    of these of whom the same family is in search, for a body that is the one tells of the other. Whom only a body would
    tell apart from others has an LR of 1 with everybody until one is placed: they are not `alone`.
    """

    usable: Flags
    alone: Flags

    @classmethod
    def of(cls, result: SearchResult) -> "Listed":
        """By the references that the operation has."""
        settings = result.operation.settings
        through: dict[str, frozenset[str]] = {}
        for family in {family.name: family for family, _ in result.missing}.values():
            through[family.name] = _through_others(family, typed_persons(family, settings.markers))
        kinds = kinds_of_references(result.operation)
        return cls(
            np.array([person in through[family.name] for family, person in result.missing], bool),
            np.array([kinds[family.name, person] is not ReferenceKind.NONE for family, person in result.missing], bool),
        )

    def __len__(self) -> int:
        return int(self.usable.sum())


def _through_others(family: Family, typed: frozenset[str]) -> frozenset[str]:
    """The missing persons who have a relative by blood that was typed, or that is such a missing person."""
    found: set[str] = set()
    more = True
    while more:
        known = typed | found
        new = [
            person
            for person in family.missing
            if person not in found and kind_of_reference(family.pedigree, person, known) is not ReferenceKind.NONE
        ]
        found.update(new)
        more = bool(new)
    return frozenset(found)


def floor_for(operation: Operation) -> float:
    """The log10 LR from which the search should keep pairs for the joint answer; −∞ where it can keep them all."""
    individuals, missing = len(operation.individuals), len(operation.missing_persons())
    if individuals * missing <= SMALL:
        return -np.inf
    listed = sum(
        len(_through_others(family, typed_persons(family, operation.settings.markers))) for family in operation.families
    )
    odds = [
        shares.odds
        for prior in operation.settings.declared_priors()
        for shares in (prior.shares, *prior.by_transfer.values())
    ]
    floor = float(np.log10(WEAKEST * max(listed, 1) / max(odds)))
    # Families that say nothing have an LR of 1 with everybody, but for rounding: a floor just below would keep all.
    floor = JUST_ABOVE_1 if -0.5 < floor < JUST_ABOVE_1 else floor
    return min(floor, operation.settings.threshold)


@dataclass(frozen=True, eq=False)
class Candidates:
    """The plan of what is weighed, and of what is not: the sums of likelihood ratios that were cut.

    `incomplete` are families with several missing in which not every placing could be looked at.
    """

    plan: Plan
    cut: Cut
    incomplete: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Single:
    """Pairs with their natural log LR and their greatest weight under any declared prior."""

    individual: Integers
    missing: Integers
    log_lr: Floats
    weight: Floats

    def chosen(self, keep: Flags) -> "_Single":
        return _Single(self.individual[keep], self.missing[keep], self.log_lr[keep], self.weight[keep])


@dataclass(frozen=True, eq=False)
class Several:
    """Options that place several in one family, and the families in which not every placing could be looked at."""

    options: tuple[Option, ...]
    incomplete: tuple[str, ...]


# The rate at which amelogenin shows the other sex (a deletion of the Y copy, a lost allele that was not noticed).
AMELOGENIN_ERROR = 0.002


def log_of_sexes(result: SearchResult, individual: Integers, missing: Integers) -> Floats:
    """Natural log of what amelogenin says of pairs: the rate of its errors where it shows the other sex, else nothing.

    It is DNA, and the only DNA that tells a brother from a sister; what an examiner recorded stays beside the DNA. That
    it shows the sex of the missing person is not counted in favour: of an operation's dead nearly all are men.
    """
    number = {Sex.MALE: 1, Sex.FEMALE: -1}
    shown = np.array([number.get(sex_by_amelogenin(one.profile), 0) for one in result.operation.individuals], np.int64)
    sought = np.array([number.get(family.pedigree[who].sex, 0) for family, who in result.missing], np.int64)
    differ = shown[individual] * sought[missing] < 0
    return np.where(differ, np.log(AMELOGENIN_ERROR), 0.0)


def candidates(result: SearchResult, listed: Listed, odds: Floats, of_several: Several) -> Candidates:
    """Choose what is weighed. `odds` are, for each individual, the greatest of all declared priors."""
    missing_of, _ = families_of(result)
    singles = _singles(result, listed, odds, sexes=True)
    together = of_several.options
    added = _added(together, singles, odds, len(listed))
    negligible = _negligible(singles, len(result.operation.individuals))
    # Where the search kept every pair, so does the answer, if it can be summed.
    keep = np.ones(len(negligible), dtype=bool) if result.kept.floor == -np.inf else ~negligible
    beside = np.ones(len(together), dtype=bool)  # which options of several are kept

    def planned() -> Plan:
        chosen = [option for option, kept in zip(together, beside.tolist(), strict=True) if kept]
        return make_plan(_packing(singles.chosen(keep), chosen, result, missing_of), most_steps=MOST_STEPS)

    plan = planned()
    if not plan.exact.all():
        keep &= listed.alone[singles.missing] & ~negligible
        plan = planned()
    at_first = keep.copy()
    for weight in CUT_IN_WIDE:
        if plan.exact.all():
            break
        pairs, options = (_weaker(plan, one, weight, missing_of) for one in (singles, added))
        if (pairs & keep).any() or (options & beside).any():
            keep &= ~pairs
            beside &= ~options
            plan = planned()
    if not plan.exact.all():
        pairs, options = _within_wide(plan, singles, together, missing_of)
        keep |= at_first & pairs & (singles.weight >= SAMPLED_FROM)
        beside |= options & (added.weight >= SAMPLED_FROM)
        plan = planned()
    return Candidates(
        plan, _cut(result, listed, singles, [singles.chosen(~keep), added.chosen(~beside)]), of_several.incomplete
    )


def _added(together: Sequence[Option], singles: _Single, odds: Floats, listed: int) -> _Single:
    """For each option of several the pair that adds least to the others of the option, and what it adds.

    Where the option is cut, that is what was cut: the option without the pair stays, or was cut for itself. An option
    that has no such part is never cut.
    """
    logs: dict[tuple[tuple[int, int], ...], float] = {
        ((m, i),): log
        for m, i, log in zip(
            singles.missing.tolist(), singles.individual.tolist(), singles.log_lr.tolist(), strict=True
        )
        if together
    }
    logs |= {option.placed: option.log_lr for option in together}
    least = [min(_parts(option, logs, odds, listed), default=(np.inf, np.inf, 0, 0)) for option in together]
    weight, log_lr, missing, individual = np.array(least, dtype=np.float64).reshape(-1, 4).T
    return _Single(individual.astype(np.int64), missing.astype(np.int64), log_lr, weight)


def _parts(
    option: Option, logs: Mapping[tuple[tuple[int, int], ...], float], odds: Floats, listed: int
) -> Iterator[tuple[float, float, int, int]]:
    """Weight and log LR that each pair adds to the others, with the pair."""
    persons = [m for m, _ in option.placed]
    for k, (m, i) in enumerate(option.placed):
        others = logs.get(option.placed[:k] + option.placed[k + 1 :])
        if others is not None:
            more = option.log_lr - others
            prior = 1.0 if persons.count(m) > 1 else float(odds[i]) / max(listed, 1)
            yield prior * float(np.exp(min(more, 600.0))), more, m, i


def families_of(result: SearchResult) -> tuple[Integers, list[str]]:
    """For each missing person the family's number, in the order of the search."""
    number: dict[str, int] = {}
    of = [number.setdefault(family.name, len(number)) for family, _ in result.missing]
    return np.array(of, dtype=np.int64), list(number)


def _singles(result: SearchResult, listed: Listed, odds: Floats, *, sexes: bool = False) -> _Single:
    """The pairs that were kept; with `sexes` amelogenin counts too."""
    kept = result.kept
    usable = listed.usable[kept.missing] & (kept.log10_lr > -np.inf)
    individual, missing = kept.individual[usable].astype(np.int64), kept.missing[usable].astype(np.int64)
    log_lr = kept.log10_lr[usable] * np.log(10.0)
    if sexes:
        log_lr = log_lr + log_of_sexes(result, individual, missing)
    return _Single(
        individual, missing, log_lr, odds[individual] / max(len(listed), 1) * np.exp(np.minimum(log_lr, 600.0))
    )


def _negligible(singles: _Single, individuals: int) -> Flags:
    total = 1.0 + np.bincount(singles.individual, singles.weight, minlength=individuals)
    return np.asarray((singles.weight / total[singles.individual] < NEGLIGIBLE) & (singles.weight < WEAK))


def _packing(singles: _Single, several: Sequence[Option], result: SearchResult, missing_of: Integers) -> Packing:
    count = len(result.operation.individuals)
    pairs = Packing.of_pairs(
        singles.individual, singles.missing, singles.log_lr, individuals=count, missing_of=missing_of
    )
    return pairs.joined(Packing.of(several, individuals=count, missing_of=missing_of)) if several else pairs


def _weaker(plan: Plan, singles: _Single, weight: float, missing_of: Integers) -> Flags:
    """The pairs of components that are too wide whose weight is below this one."""
    component = plan.component_of_family[missing_of[singles.missing]]
    wide = (component >= 0) & ~plan.exact[component]
    return np.asarray(wide & (singles.weight < weight))


def _within_wide(plan: Plan, singles: _Single, together: Sequence[Option], missing_of: Integers) -> tuple[Flags, Flags]:
    """Which pairs, and which options of several, lie within components that are too wide, and join them to no others.

    An individual of whom everything was cut is in no component, and joins none.
    """
    packing = plan.packing
    of_individual = np.full(packing.individuals, -1, dtype=np.int64)
    of_individual[packing.individual] = plan.component_of_option[packing.option_of_place]

    def within(family: Integers, individual: Integers) -> Flags:
        component = plan.component_of_family[family]
        theirs = of_individual[individual]
        return np.asarray((component >= 0) & ~plan.exact[component] & ((theirs == component) | (theirs < 0)))

    of_option = [
        bool(within(np.full(len(one.placed), one.family), np.array([i for _, i in one.placed])).all())
        for one in together
    ]
    return within(missing_of[singles.missing], singles.individual), np.array(of_option, dtype=bool)


def _cut(result: SearchResult, listed: Listed, singles: _Single, cut: Sequence[_Single]) -> Cut:
    individuals, missing = len(result.operation.individuals), len(result.missing)
    gone = _Single(*(np.concatenate([getattr(one, field.name) for one in cut]) for field in fields(_Single)))
    # Those without usable references have an LR of 1 with everybody, and are no part of the listed.
    of_nobody = np.count_nonzero(~listed.usable) if result.kept.floor > 0 else 0
    below = np.maximum(result.cut_lr - of_nobody, 0.0)
    lr = np.exp(np.minimum(gone.log_lr, 600.0))
    claimed = np.bincount(singles.missing, singles.weight, minlength=missing)[gone.missing] - gone.weight
    of_individual: Floats = below + np.bincount(gone.individual, lr, minlength=individuals)
    expected: Floats = below + np.bincount(gone.individual, lr / (1 + np.maximum(claimed, 0.0)), minlength=individuals)
    below_of_missing = np.where(listed.usable, result.cut_lr_of_missing, 0.0)

    def of_missing(odds: Floats) -> Floats:
        weighed = np.bincount(gone.missing, lr * odds[gone.individual], minlength=missing)
        return np.asarray(weighed + odds.max(initial=0.0) * below_of_missing)

    return Cut(of_individual, expected, of_missing)


def several(
    result: SearchResult,
    listed: Listed,
    odds: Floats,
    bodies: Bodies,
    *,
    parts: PartOdds | None = None,
    kin: KinAmongTheDead | None = None,
    progress: Progress | None = None,
) -> Several:
    """Place several in each family that misses several, from every pair that is worth it on.

    With `parts` several individuals may be parts of one missing person. With `kin` individuals who are kin to each
    other are tried in families that miss kin, though neither pair by itself was worth it.
    """
    missing_of, names = families_of(result)
    singles = _singles(result, listed, odds)
    count = len(result.operation.individuals)
    few = count <= _FEW
    # As for pairs: what is negligible beside what an individual has elsewhere is not placed.
    total = 1.0 + np.bincount(singles.individual, singles.weight, minlength=count)
    prior = np.log10(odds / max(len(listed), 1))
    thorough = count <= _VERY_FEW
    with np.errstate(divide="ignore"):
        floor = np.log10(np.maximum(0.0 if thorough else WEAKEST, 0.0 if thorough else NEGLIGIBLE * total)) - prior
    certain = CERTAIN - float(prior.max(initial=0.0))
    limits = Limits(
        floor,
        -np.inf if few else certain,
        tables=1000 if thorough else 40,
        next_best=count if thorough else 6,
        every=1000 if thorough else 400,
        thorough=thorough,
    )
    families: dict[int, list[int]] = {}
    for j, (family, _) in enumerate(result.missing):
        if len(family.missing) > 1:
            families.setdefault(int(missing_of[j]), []).append(j)
    starts = _starts(singles, floor, set(families), missing_of, result)
    if kin is not None and result.kept.floor > -np.inf:  # else every pair is a place to start from already
        numbers = [f for f, these in families.items() if listed.usable[these].sum() > 1]
        missed = [result.missing[families[f][0]][0] for f in numbers]
        for k, start in kin_starts(kin, missed, bodies, prior):
            starts.setdefault(numbers[k], []).append(start)
    asked = {f: (result.missing[these[0]][0], starts[f]) for f, these in families.items() if f in starts}
    options: list[Option] = []
    incomplete = []
    pairs = {
        (m, i): (log, float(np.log10(weight)))
        for m, i, log, weight in zip(
            singles.missing.tolist(), singles.individual.tolist(), singles.log_lr.tolist(), singles.weight.tolist(),
            strict=True,
        )
        if weight > 0
    }  # fmt: skip
    for f, found in placings(asked, bodies, limits, prior, progress).items():
        place = {result.missing[j][1]: j for j in families[f]}
        options += [_option(f, placed, log10, place) for placed, log10 in found.options.items()]
        if found.refused or found.incomplete:
            incomplete.append(f)
    if parts is not None:
        options += options_in_parts(result, pairs, options, bodies, missing_of.tolist(), parts)
    return Several(tuple(_with_sexes(result, options)), tuple(names[f] for f in incomplete))


def _with_sexes(result: SearchResult, options: Sequence[Option]) -> Iterator[Option]:
    """What amelogenin shows of everybody placed depends on nobody else: it is put on top."""
    if not options:
        return
    count = [len(option.placed) for option in options]
    missing, individual = np.array([pair for option in options for pair in option.placed], dtype=np.int64).T
    logs = np.add.reduceat(log_of_sexes(result, individual, missing), np.cumsum([0, *count[:-1]]))
    for option, log in zip(options, logs.tolist(), strict=True):
        yield replace(option, log_lr=option.log_lr + log)


# With so few individuals every one is tried beside every other.
_FEW = 25
_VERY_FEW = 8
# log10 of the weight from which a pair is always a place to start from.
CERTAIN = -0.5


def _starts(
    singles: _Single, floor: Floats, families: set[int], missing_of: Integers, result: SearchResult
) -> dict[int, list[Start]]:
    log10 = singles.log_lr / np.log(10.0)
    these = np.flatnonzero(np.isin(missing_of[singles.missing], list(families)) & (log10 >= floor[singles.individual]))
    found: dict[int, list[Start]] = {}
    for k in these.tolist():
        j = int(singles.missing[k])
        start = Start(result.missing[j][1], int(singles.individual[k]), float(log10[k]))
        found.setdefault(int(missing_of[j]), []).append(start)
    return found


def _option(family: int, placed: frozenset[tuple[str, int]], log10: float, place: Mapping[str, int]) -> Option:
    return Option(family, tuple(sorted((place[name], i) for name, i in placed)), log10 * float(np.log(10.0)))
