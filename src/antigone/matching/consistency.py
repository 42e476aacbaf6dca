"""Do the samples of a family fit its pedigree? Asked of each family by itself, before it is searched.

The pedigree as declared is weighed against everything that commonly goes wrong (`antigone.matching.arrangements`), with
declared rates of each. Mutation is in, and so are the declared error rates of donors; beyond them any one marker may
have gone wrong in a way that says nothing (`marker_error`), so that a single mismatch never condemns a family.

A doubtful family is still searched: sample by sample and under the pedigrees that `alternatives` gives.

No living donor is compared with another family: every function here takes its families one by one, and what is computed
together is arithmetic of one shape, not evidence.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.hypotheses import relation
from antigone.genetics.likelihood import Options
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching.arrangements import (
    Arrangement,
    Case,
    Change,
    Doubt,
    Evidence,
    all_unrelated,
    combined_changes,
    log_likelihoods_of,
    log_sex,
    single_changes,
)
from antigone.matching.operation import Family, Settings, SettingsError
from antigone.matching.parentage import (
    Alternative,
    Claim,
    FamilyDetails,
    ParentageFinding,
    Verdict,
    for_everyone,
    to_do_for_everyone,
)
from antigone.matching.preparation import Prepared
from antigone.matching.quick_looks import QuickLooks

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Progress = Callable[[int, int], None]

AMELOGENIN = "AMEL"

# So many families are looked at together: enough to share arithmetic, few enough for memory.
LOOKED_AT_TOGETHER = 32_000

# And so many of those that are odd, or unlike the others, weighed together.
TOGETHER = 250

# Natural logarithms at a marker that differ by less are those of one and the same likelihood.
INDISTINGUISHABLE = 1e-9

# A quick look has to use this share of each sample's readings; a family of which it uses less is checked in full.
QUICK_LOOK_USES = 0.75


@dataclass(frozen=True)
class ConsistencySettings:
    """How often things are otherwise than declared, and from when on a family is doubtful.

    Rates are of one chance each: `misattributed_paternity` and `other_mother` of one recorded parent and child,
    `not_of_family` of one sample (mislabelled, or given by somebody who is not related, such as an adopted child),
    `exchanged` and `same_person` of two samples of one family, `sibling_of_parent` of one typed parent.
    `marker_error` is the rate at which one marker of a family says nothing true of it, beyond the declared mutation and
    error rates (an unlisted silent allele, a misread one); `amelogenin_error` that of a wrong sex, read or recorded.

    A family is doubtful where the posterior of its pedigree as declared is below `doubtful_below`; alternatives are
    searched from a posterior of `plausible_from`, `at_most` of them. A quick look ends the check where it leaves a
    posterior of `screen_from` or more. Where the default rates come from: docs/methods/consistency.md.
    """

    misattributed_paternity: float = 0.02
    other_mother: float = 0.001
    not_of_family: float = 0.005
    exchanged: float = 0.001
    same_person: float = 0.0005
    sibling_of_parent: float = 0.002
    marker_error: float = 0.001
    amelogenin_error: float = 0.002
    doubtful_below: float = 0.5
    plausible_from: float = 0.01
    at_most: int = 6
    screen_from: float = 0.9

    def __post_init__(self) -> None:
        for name in (*_RATES.values(), "marker_error", "amelogenin_error"):
            if not 0 <= getattr(self, name) < 0.5:
                raise SettingsError(f"{name} is a rate from 0 to below one half, got {getattr(self, name)}")
        for name in ("doubtful_below", "plausible_from"):
            if not 0 < getattr(self, name) < 1:
                raise SettingsError(f"{name} is a posterior between 0 and 1, got {getattr(self, name)}")
        if self.screen_from <= self.doubtful_below:
            raise SettingsError(
                f"a quick look that ends at a posterior of {self.screen_from} would pass families that are doubtful "
                f"below {self.doubtful_below}; screen_from has to be higher (above 1: every family in full)"
            )

    def log_odds(self, changes: Sequence[Change]) -> float:
        """Natural logarithm of the prior odds of these changes against none."""
        rates = [getattr(self, _RATES[change.doubt]) for change in changes]
        # Two samples of one person: of the first person or of the second.
        rates = [
            rate / 2 if change.doubt is Doubt.SAME_PERSON else rate for rate, change in zip(rates, changes, strict=True)
        ]
        return sum(math.log(rate / (1 - rate)) if rate else -math.inf for rate in rates)


_RATES = {
    Doubt.NOT_OF_FAMILY: "not_of_family",
    Doubt.EXCHANGED: "exchanged",
    Doubt.SAME_PERSON: "same_person",
    Doubt.SIBLING_OF_PARENT: "sibling_of_parent",
    Doubt.OTHER_FATHER: "misattributed_paternity",
    Doubt.OTHER_MOTHER: "other_mother",
}


@dataclass(frozen=True)
class FamilyReport:
    """Whether one family's samples fit its pedigree.

    `for_everyone` and `to_do` may be read by anybody; what was found about parentage is sealed in `finding`.
    """

    family: str
    verdict: Verdict
    for_everyone: str
    to_do: str
    finding: ParentageFinding


@dataclass(frozen=True)
class AlternativeFamily:
    """A family as it is searched beside the declared one; its hits are provisional. The label gives nothing away.

    The pedigree of `family` may: it is for the search, and is not shown (`repr` leaves it out).
    """

    label: str
    family: Family = field(repr=False)


def check_families(
    families: Sequence[Family],
    prepared: Prepared,
    settings: Settings,
    consistency: ConsistencySettings | None = None,
    progress: Progress | None = None,
    *,
    every_claim: bool = False,
) -> tuple[FamilyReport, ...]:
    """A report of each family, in their order. What one family's says does not depend on the others.

    With `every_claim` the pairs of typed persons are weighed in families too that a quick look found consistent
    (`claims` does so for one family). `progress` is told how far it is: so many families, of how many.
    """
    check = _Check(prepared, settings, consistency or ConsistencySettings(), every_claim)
    quick_looks = QuickLooks(prepared.models)
    reports: list[FamilyReport] = []

    def told(done: int) -> None:
        if progress is not None:
            progress(len(reports) + done, len(families))

    for start in range(0, len(families), LOOKED_AT_TOGETHER):
        here = families[start : start + LOOKED_AT_TOGETHER]
        reports += _reports(here, _looks(here, quick_looks, check.rates), check, told)
        told(0)
    return tuple(reports)


def claims(family: Family, prepared: Prepared, settings: Settings) -> tuple[Claim, ...]:
    """Every pair of typed persons of one family, with the LR of the relation declared and of the nearest others."""
    return _claims([Evidence.full(family, prepared.models, settings)], prepared, settings)[0]


def alternatives(family: Family, report: FamilyReport) -> tuple[AlternativeFamily, ...]:
    """What a doubtful family is searched as, beside the pedigree given: nothing for any other family.

    Each sample alone under the pedigree given, and the family without each sample in turn, whichever of them is in
    doubt: a list of some would tell which. Then the family under each plausible alternative.
    """
    if report.family != family.name:
        raise ValueError(f"the report of family {report.family} was given for family {family.name}")
    if report.verdict is not Verdict.DOUBTFUL:
        return ()
    found = [AlternativeFamily(f"sample of {one} alone", _with_samples(family, (one,))) for one in family.profiles]
    if len(family.profiles) > 2:
        for person in family.profiles:
            rest = tuple(one for one in family.profiles if one != person)
            found.append(AlternativeFamily(f"without the sample of {person}", _with_samples(family, rest)))
    details = report.finding.details()
    for number, one in enumerate(details.alternatives[: details.plausible], 1):
        found.append(AlternativeFamily(f"alternative {number}", one.arrangement.family(family)))
    return tuple(_distinct(found))


def _distinct(found: Sequence[AlternativeFamily]) -> Iterator[AlternativeFamily]:
    """The first of those that come to the same pedigree and samples."""
    seen = []
    for one in found:
        what = (one.family.pedigree, one.family.profiles)
        if what not in seen:
            seen.append(what)
            yield one


def _with_samples(family: Family, kept: Sequence[str]) -> Family:
    """The family with these samples only, whatever they were taken from."""
    gone = set(family.profiles) - set(kept)
    return replace(
        family,
        profiles={person: family.profiles[person] for person in kept},
        lineages={person: line for person, line in family.lineages.items() if person not in gone},
    )


# --- weighing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Check:
    """What is the same for all families of one check."""

    prepared: Prepared
    settings: Settings
    rates: ConsistencySettings
    every_claim: bool

    @property
    def x_linked(self) -> bool:
        return any(model.x_linked for model in self.prepared.models)


def _reports(
    families: Sequence[Family], looks: Mapping[int, "_LookAmongOthers"], check: _Check, told: Callable[[int], None]
) -> list[FamilyReport]:
    """`looks` are those at families that were looked at together; at the others one is taken here."""
    rates = check.rates
    testable = [k for k, family in enumerate(families) if len(family.profiles) > 1]
    seen: dict[int, _Look | _LookAmongOthers] = {**looks}
    for part in _parts([k for k in testable if k not in looks]):
        seen |= zip(part, _slow_looks([families[k] for k in part], check), strict=True)
    odd = {k for k in testable if seen[k].posterior_as_declared < rates.screen_from or seen[k].used < QUICK_LOOK_USES}
    details: dict[int, FamilyDetails] = {}
    asked = testable if check.every_claim else sorted(odd)
    for number, part in enumerate(_parts(asked)):
        told(len(families) * number * TOGETHER // len(asked))
        evidence = {k: Evidence.full(families[k], check.prepared.models, check.settings) for k in part}
        in_full = [k for k in part if k in odd]
        details |= zip(in_full, _in_full([evidence[k] for k in in_full], check), strict=True)
        found = _claims(list(evidence.values()), check.prepared, check.settings)
        for k, these in zip(part, found, strict=True):
            details[k] = replace(details[k] if k in odd else seen[k].details(), claims=these)
    return [
        _report(details[k], rates)
        if k in details
        else _report_of_look(seen[k], rates)
        if k in seen
        else _report(_untested(family), rates)
        for k, family in enumerate(families)
    ]


def _parts(places: Sequence[int]) -> Iterator[Sequence[int]]:
    yield from (places[start : start + TOGETHER] for start in range(0, len(places), TOGETHER))


def _in_full(evidence: Sequence[Evidence], check: _Check) -> list[FamilyDetails]:
    """Families that look odd: all that was read, and two changes together."""
    tried = [[*single_changes(one.family, x_linked=check.x_linked), *combined_changes(one.family)] for one in evidence]
    found = _weigh(evidence, tried, check.prepared, check.settings, check.rates)
    return [replace(one, in_full=True) for one in found]


def _untested(family: Family) -> FamilyDetails:
    return FamilyDetails(family.name, Verdict.UNTESTED, 1.0, (), (), (), in_full=False)


def _report(details: FamilyDetails, rates: ConsistencySettings) -> FamilyReport:
    finding = ParentageFinding.of(_with_plausible(details, rates))
    words, to_do = for_everyone(details.family, details.verdict), to_do_for_everyone(details.verdict)
    return FamilyReport(details.family, details.verdict, words, to_do, finding)


def _with_plausible(details: FamilyDetails, rates: ConsistencySettings) -> FamilyDetails:
    if not details.alternatives:
        return details
    plausible = sum(one.posterior >= rates.plausible_from for one in details.alternatives)
    return replace(details, plausible=min(plausible, rates.at_most))


def _report_of_look(look: "_Look | _LookAmongOthers", rates: ConsistencySettings) -> FamilyReport:
    """The alternatives of a family that a quick look found consistent are put down when somebody asks for them."""
    name, verdict = look.family.name, _verdict(look.posterior_as_declared, rates)
    if isinstance(look, _Look):
        return _report(look.details(), rates)
    finding = ParentageFinding.later(name, look.details_with_plausible)
    return FamilyReport(name, verdict, for_everyone(name, verdict), to_do_for_everyone(verdict), finding)


# --- quick looks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """What a quick look found of one family by itself; `used` is `Evidence.used`."""

    family: Family
    found: FamilyDetails
    used: float

    @property
    def posterior_as_declared(self) -> float:
        return self.found.posterior_as_declared

    def details(self) -> FamilyDetails:
        return self.found


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """What quick looks found of families that are alike: shapes (families, arrangements, …), see `_ratios`, `_told`."""

    ratios: Floats
    told: Booleans
    names: Sequence[str]
    rates: ConsistencySettings
    x_linked: bool


@dataclass(frozen=True, slots=True, eq=False)
class _LookAmongOthers:
    """The same of one family in a batch."""

    family: Family
    batch: _Batch
    row: int
    posterior_as_declared: float
    used: float

    def details(self) -> FamilyDetails:
        """In the family's own names."""
        batch = self.batch
        others = single_changes(self.family, x_linked=batch.x_linked)
        return _found(self.family.name, others, batch.ratios[self.row], batch.told[self.row], batch.names, batch.rates)

    def details_with_plausible(self) -> FamilyDetails:
        return _with_plausible(self.details(), self.batch.rates)


def _slow_looks(families: Sequence[Family], check: _Check) -> list[_Look]:
    """Families one by one; theta and pruning change little in a quick look and would cost much."""
    models, without = check.prepared.models, replace(check.prepared, options=Options())
    quick = [Evidence.exact(family, models) for family in families]
    tried = [single_changes(family, x_linked=check.x_linked) for family in families]
    found = _weigh(quick, tried, without, check.settings, check.rates)
    return [_Look(evidence.family, one, evidence.used(models)) for one, evidence in zip(found, quick, strict=True)]


def _looks(
    families: Sequence[Family], quick_looks: QuickLooks, rates: ConsistencySettings
) -> dict[int, _LookAmongOthers]:
    """Looks at those of the families that are like others, by their places: the numbers of `_slow_looks`."""
    names = [model.name for model in quick_looks.models]
    looks: dict[int, _LookAmongOthers] = {}
    for alike in quick_looks.look(families):
        _, declared, *others = alike.arrangements
        ratios = _ratios(alike.logs, _log_sexes(alike.sexes, declared, others, rates), rates)
        told = _told(ratios)
        batch = _Batch(ratios, told, names, rates, quick_looks.x_linked)
        posteriors = _posteriors_as_declared(others, ratios, told, rates)
        used = alike.used.tolist()
        for row, k in enumerate(alike.members.tolist()):
            looks[k] = _LookAmongOthers(families[k], batch, row, posteriors[row], used[row])
    return looks


def _posteriors_as_declared(
    others: Sequence[Arrangement], ratios: Floats, told: Booleans, rates: ConsistencySettings
) -> list[float]:
    """Posteriors of the declared arrangement of families that have these others in common.

    Those of whom the same is told are summed together: then every sum has the terms, and their order, of one by itself.
    """
    prior = np.array([rates.log_odds(one.changes) for one in others])
    totals = ratios.sum(axis=-1)
    posteriors = np.ones(len(ratios))
    for pattern in np.unique(told, axis=0):
        here = np.flatnonzero((told == pattern).all(axis=1))
        odds = prior[pattern] + totals[here][:, pattern]
        posteriors[here] = _posteriors(odds)[:, 0]
    return [float(one) for one in posteriors]  # of Python, as everywhere in details


def _weigh(
    evidence: Sequence[Evidence],
    tried: Sequence[Sequence[Arrangement]],
    prepared: Prepared,
    settings: Settings,
    rates: ConsistencySettings,
) -> list[FamilyDetails]:
    """The declared arrangement of each family against those tried."""
    rows: list[Case] = []
    places: list[slice] = []
    for one, others in zip(evidence, tried, strict=True):
        declared = Arrangement.declared(one.family)
        start = len(rows)
        rows += [Case(one, arrangement) for arrangement in (all_unrelated(declared), declared, *others)]
        places.append(slice(start, len(rows)))
    logs = log_likelihoods_of(rows, prepared, settings)
    names = [model.name for model in prepared.models]
    return [
        _details(one, others, logs[place], names, rates)
        for one, others, place in zip(evidence, tried, places, strict=True)
    ]


def _details(
    evidence: Evidence, others: Sequence[Arrangement], logs: Floats, names: Sequence[str], rates: ConsistencySettings
) -> FamilyDetails:
    """`logs` has a row for all unrelated, one for the declared arrangement, and one for each of the others."""
    too_large = np.asarray(np.isnan(logs).any(axis=1))
    if np.any(too_large[:2]):
        return _untested(evidence.family)
    declared = Arrangement.declared(evidence.family)
    ratios = _ratios(logs, _log_sexes(evidence.sexes, declared, others, rates), rates)
    told = _told(ratios) & ~too_large[2:]
    return _found(evidence.family.name, others, ratios, told, names, rates)


def _log_sexes(
    shown: Mapping[str, Sex], declared: Arrangement, others: Sequence[Arrangement], rates: ConsistencySettings
) -> Floats:
    return np.array([log_sex(shown, one, rates.amelogenin_error) for one in (declared, *others)])


def _ratios(logs: Floats, sexes: Floats, rates: ConsistencySettings) -> Floats:
    """Natural logarithms of likelihood ratios of each other arrangement against the declared one.

    `logs` as in `_details`, with any axes before: shape (…, arrangements, markers). The result has one row less two,
    and one column more, for amelogenin.
    """
    unrelated, given = logs[..., :1, :], logs[..., 1:, :]
    # Readings that no genotype can show are impossible whoever is whose child: they say nothing here.
    robust = np.where(np.isfinite(unrelated), with_marker_error(given, unrelated, rates.marker_error), 0.0)
    ratios = np.empty((*logs.shape[:-2], len(sexes) - 1, logs.shape[-1] + 1))
    np.subtract(robust[..., 1:, :], robust[..., :1, :], out=ratios[..., :-1])
    ratios[..., -1] = sexes[1:] - sexes[0]
    return ratios


def _told(ratios: Floats) -> Booleans:
    """Which arrangements the samples can tell from the declared one."""
    return np.asarray(np.any(np.abs(ratios) > INDISTINGUISHABLE, axis=-1))


def _found(
    family: str,
    others: Sequence[Arrangement],
    ratios: Floats,
    told: Booleans,
    names: Sequence[str],
    rates: ConsistencySettings,
) -> FamilyDetails:
    kept = np.flatnonzero(told).tolist()
    odds = np.array([rates.log_odds(others[k].changes) for k in kept]) + ratios[kept].sum(axis=1)
    posteriors = _posteriors(odds)
    found = [
        _alternative(others[k], ratios[k], names, float(posterior))
        for k, posterior in zip(kept, posteriors[1:], strict=True)
    ]
    found.sort(key=lambda one: (-one.posterior, -one.log10_lr))
    untold = tuple(change for k in np.flatnonzero(~told).tolist() for change in others[k].changes)
    declared = float(posteriors[0])
    return FamilyDetails(family, _verdict(declared, rates), declared, tuple(found), untold, (), in_full=False)


def _verdict(posterior_as_declared: float, rates: ConsistencySettings) -> Verdict:
    return Verdict.DOUBTFUL if posterior_as_declared < rates.doubtful_below else Verdict.CONSISTENT


def _alternative(arrangement: Arrangement, ratios: Floats, names: Sequence[str], posterior: float) -> Alternative:
    by_marker = dict(zip((*names, AMELOGENIN), (ratios / math.log(10)).tolist(), strict=True))
    return Alternative(arrangement, sum(by_marker.values()), by_marker, posterior)


def with_marker_error(logs: Floats, unrelated: Floats, error: float) -> Floats:
    """Natural logarithm of (1 − error) · L + error · L of the same samples of unrelated persons, marker by marker.

    >>> import numpy as np
    >>> impossible, unrelated = np.array([-np.inf]), np.log(np.array([0.02]))
    >>> round(float(np.exp(with_marker_error(impossible, unrelated, 0.001))[0]), 12)
    2e-05
    """
    if error == 0:
        return np.array(logs)
    return np.asarray(np.logaddexp(logs + math.log1p(-error), unrelated + math.log(error)))


def _posteriors(log_odds: Floats) -> Floats:
    """Posteriors of the declared arrangement and of each other, from the natural logarithms of posterior odds.

    The last axis is over the others; that of the result is longer by one.
    """
    against = np.concatenate([np.zeros((*log_odds.shape[:-1], 1)), log_odds], axis=-1)
    weights = np.exp(against - against.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


# --- claimed relations ------------------------------------------------------------------------------------------------


def _claims(evidence: Sequence[Evidence], prepared: Prepared, settings: Settings) -> list[tuple[Claim, ...]]:
    """Every pair of every family, each within its own."""
    rows: list[Case] = []
    pairs: list[list[tuple[str, str, int, list[str]]]] = []
    for one in evidence:
        pairs.append([])
        for a, b in combinations(one.samples, 2):
            nearest = nearest_relations(one.family.pedigree, a, b)
            whose = {a: a, b: b}
            declared = Arrangement(one.family.pedigree, whose)
            both = _restricted(one, (a, b))
            pairs[-1].append((a, b, len(rows), list(nearest)))
            rows += [Case(both, arrangement) for arrangement in (declared, *nearest.values())]
    logs = log_likelihoods_of(rows, prepared, settings)
    names = [model.name for model in prepared.models]
    return [
        tuple(
            _claim(one.family.pedigree, (a, b), logs[start : start + 1 + len(others)], others, names)
            for a, b, start, others in these
        )
        for one, these in zip(evidence, pairs, strict=True)
    ]


def _claim(
    pedigree: Pedigree, persons: tuple[str, str], logs: Floats, others: Sequence[str], names: Sequence[str]
) -> Claim:
    unrelated = logs[1 + others.index(UNRELATED_PERSONS)]
    with np.errstate(invalid="ignore"):  # impossible under both
        ratios = (logs - unrelated) / math.log(10)
    by_marker = [dict(zip(names, row, strict=True)) for row in ratios.tolist()]
    totals = ratios.sum(axis=1).tolist()
    told = [(k, name) for k, name in enumerate(others, 1) if name != UNRELATED_PERSONS]
    return Claim(
        persons,
        relation(pedigree, *persons),
        totals[0],
        by_marker[0],
        {name: totals[k] for k, name in told},
        {name: by_marker[k] for k, name in told},
    )


UNRELATED_PERSONS = "unrelated"


def nearest_relations(pedigree: Pedigree, a: str, b: str) -> dict[str, Arrangement]:
    """Two persons of one family in the relations that are commonly taken for one another.

    The parent, or uncle or aunt, is the one who is recorded as a parent of the other, else the older one as far as
    known, else the first. Half-siblings have one mother.
    """
    elder, younger = (b, a) if _is_older(pedigree, b, a) else (a, b)
    one, other = (Person(name, sex=pedigree[name].sex) for name in (elder, younger))
    side = "mother" if one.sex is Sex.FEMALE else "father"
    whose = {a: a, b: b}
    father, mother, parent = (f"unnamed {word}" for word in ("father", "mother", "parent"))
    founders = [Person(father, sex=Sex.MALE), Person(mother, sex=Sex.FEMALE)]

    def related(*persons: Person) -> Arrangement:
        return Arrangement(Pedigree.build(persons, family=pedigree.family), whose)

    both = {"father": father, "mother": mother}
    between = Person(parent, father, mother, Sex.FEMALE if side == "mother" else Sex.MALE)
    return {
        "same person": Arrangement(Pedigree.build([one, other]), {a: elder, b: elder}),
        "parent and child": related(one, _child(other, {side: elder})),
        "full siblings": related(*founders, _child(one, both), _child(other, both)),
        "half-siblings": related(founders[1], _child(one, {"mother": mother}), _child(other, {"mother": mother})),
        "uncle or aunt": related(*founders, _child(one, both), between, _child(other, {side: parent})),
        UNRELATED_PERSONS: related(one, other),
    }


def _child(person: Person, parents: Mapping[str, str]) -> Person:
    return Person(person.id, parents.get("father"), parents.get("mother"), person.sex)


def _is_older(pedigree: Pedigree, one: str, other: str) -> bool:
    """Whether somebody is the other's parent, or else was born before."""
    first, second = pedigree[one], pedigree[other]
    if one in (second.father, second.mother) or other in (first.father, first.mother):
        return one in (second.father, second.mother)
    born, other_born = first.birth_year, second.birth_year
    return born is not None and other_born is not None and born < other_born


def _restricted(evidence: Evidence, kept: tuple[str, str]) -> Evidence:
    """What was read of two persons of one family, the others left out."""
    rows = [evidence.samples.index(person) for person in kept]
    known = {m: {person: one for person, one in here.items() if person in kept} for m, here in evidence.known.items()}
    return Evidence(evidence.family, kept, evidence.codes[rows], known, evidence.sexes)
