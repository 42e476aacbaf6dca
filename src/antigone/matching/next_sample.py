"""The next best sample: which relative, or which method on which sample, most raises the chance to decide a case.

For each sample that could be taken, the chance that the policy's numbers are reached if the remains are the missing
person's is averaged over everything that the sample may show, given all that is known. `matching.power_case` does that
exactly at each marker, with four simplifications that it names; over markers the values are convolved
(`matching.power_distribution`). Nothing is simulated.

Two missing people with two bodies that fit either way are another question: which sample tells the two orders apart
(`symmetry_breakers`).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.kinship import same_maternal_line, same_paternal_line
from antigone.genetics.likelihood import (
    GenotypeDistribution,
    Known,
    Options,
    genotype_distributions,
    known_from_readings,
    log_likelihoods,
)
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reads
from antigone.genetics.pedigrees import Sex
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.power import FULL_PROFILE, RemainsQuality, Requirement, lines_of_evidence
from antigone.matching.power_candidates import (
    Candidate,
    candidates,
    candidates_of_two,
    closeness,
    groups,
    listed_relatives,
)
from antigone.matching.power_case import Case, Knowledge, both_known, can_be_asked, smaller_models, told_as_table_error
from antigone.matching.power_distribution import Distribution, Entry, if_related
from antigone.matching.preparation import Prepared
from antigone.matching.tables import what_is_known

Floats = NDArray[np.float64]

MOST_ALLELES = 8
FEWEST_ALLELES = 6

# A sample that adds less than this to the expected log10 LR, and to the chance, is no advice; nor is one that takes as
# much from the chance, for then the case is decided as it is.
LEAST_GAIN = 0.01

# Another method is a line of evidence of its own from this log10 LR on.
SECOND_LINE = 3.0

# log10 LR at which one marker alone settles the order of two people: an impossible order stays finite.
SETTLED = 12.0

# A direct reference stands for all the lines that a policy asks for.
_ENOUGH_LINES = 1_000

# A log10 LR that is rounded elsewhere reaches what it equals.
_TIE = 1e-9


@dataclass(frozen=True)
class NextSample:
    """One sample or method that could be tried.

    `what` is its kind, `who` the people who would give it (empty: the remains alone, or somebody who is not in the
    family tree). The chances are P(the policy's numbers are reached | the remains are the person's) as it is and with
    the sample; `log10_lr` is the expected log10 LR with it. `sentence` can be read aloud.
    """

    what: str
    who: tuple[str, ...]
    chance_before: float
    chance_after: float
    log10_lr: float
    sentence: str


@dataclass(frozen=True)
class Methods:
    """What further methods can be expected to give.

    `y` and `mt` are the log10 LR of a paternal and of a maternal line that agree: those of a line that a database of
    3,000 men, or of 300 people, never saw, at the upper 95 % bound of counting. `panels` are further sets of markers by
    name, such as X-STR, at which nobody is typed yet.
    """

    y: float = 3.0
    mt: float = 2.0
    panels: Mapping[str, Sequence[MarkerModel]] = field(default_factory=dict)


DEFAULT_METHODS = Methods()


def next_samples(
    family: Family,
    person: str,
    prepared: Prepared,
    settings: Settings,
    requirement: Requirement,
    *,
    individual: Individual | None = None,
    log10_lr: float | None = None,
    quality: RemainsQuality = FULL_PROFILE,
    methods: Methods = DEFAULT_METHODS,
    cheaply: bool = False,
    most_alleles: int | None = MOST_ALLELES,
) -> tuple[NextSample, ...]:
    """What would most raise the chance to decide, best first.

    With an `individual` the case is that hit, and `log10_lr` what the search says of it (else it is computed here);
    without one it is remains of this `quality` that may turn up. `most_alleles` are told apart at a marker, beside
    those that somebody carries; None: all. `cheaply` tells fewer apart and leaves out pairs of people and people who
    are not in the family tree. Raises `TableError` where the family is too large.
    """

    def case(most: int | None) -> Case:
        return Case.of(family, person, prepared, settings, individual, quality, most)

    with told_as_table_error():
        ranking = _Ranking(family, case(FEWEST_ALLELES if cheaply else most_alleles), requirement, log10_lr)
        found = [*_samples_of_relatives(ranking, candidates(family, person, cheaply=cheaply))]
        if not cheaply:
            few = ranking.case if individual is not None else case(FEWEST_ALLELES)
            found += _samples_of_relatives(ranking, groups(family, listed_relatives(family, person), person), few)
        found += _lineages(ranking, individual, methods)
        found += _panels(ranking, methods)
        if individual is not None:
            found += _samples_of_remains(ranking, individual)
    return _ranked(found)


def _ranked(found: Sequence[NextSample]) -> tuple[NextSample, ...]:
    return tuple(sorted(found, key=lambda one: (-round(one.chance_after, 4), -round(one.log10_lr, 6), one.who)))


class _Ranking:
    """What each sample does to the chance of one case."""

    def __init__(self, family: Family, case: Case, requirement: Requirement, log10_lr: float | None) -> None:
        self.family, self.case, self.requirement = family, case, requirement
        self.now = case.now()
        self.lines = lines_of_evidence(family, case.person)
        if case.person in family.profiles:
            self.lines = _ENOUGH_LINES
        self.offset = self._offset(log10_lr)
        self.mean, self.before = self._reached(self.now, self.lines, 0.0)

    def _offset(self, log10_lr: float | None) -> float:
        """What the search says of a hit beside this reckoning: theta, linkage, all alleles told apart."""
        if log10_lr is None or not self.case.individual:
            return 0.0
        here = sum(float(entry.log10[0]) for entry in self.now)
        return log10_lr - here if math.isfinite(log10_lr) and math.isfinite(here) else 0.0

    def _reached(self, entries: Sequence[Entry], lines: int, shift: float) -> tuple[float, float]:
        distribution = if_related(entries, self.offset + shift)
        # What is certain is no matter of cells.
        certain = all(len(entry.log10) == 1 for entry in entries)
        needed = self.requirement.log10_lr - _TIE
        reached = float(distribution.mean >= needed) if certain else distribution.at_least(needed)
        return distribution.mean, reached if lines >= self.requirement.lines else 0.0

    def advice(
        self, candidate: Candidate, entries: Sequence[Entry], lines: int = 0, shift: float = 0.0
    ) -> Iterator[NextSample]:
        """A line of advice, unless the sample adds nothing; `lines` of evidence and a log10 LR come with it."""
        mean, after = self._reached(entries, self.lines + lines, shift)
        gains = mean - self.mean > LEAST_GAIN or after - self.before > LEAST_GAIN
        if gains and after > self.before - LEAST_GAIN:
            sentence = candidate.sentence(f"a clear answer about {self.case.person}", self.before, after)
            yield NextSample(candidate.what, candidate.who, self.before, after, mean, sentence)


def _samples_of_relatives(
    ranking: _Ranking, asked: Iterable[Candidate], case: Case | None = None
) -> Iterator[NextSample]:
    for candidate in asked:
        entries = (case or ranking.case).after(candidate.asked, candidate.pedigree)
        lines = _ENOUGH_LINES if candidate.what == "direct reference" else candidate.lines
        yield from ranking.advice(candidate, entries, lines)


def _samples_of_remains(ranking: _Ranking, individual: Individual) -> Iterator[NextSample]:
    """Reading the remains again where nothing was read; a second extract, which would give the whole profile."""
    case = ranking.case
    unread = [place.read_whole() for place in case.unread]
    pedigree = ranking.family.pedigree
    if unread:
        markers = "1 marker" if len(unread) == 1 else f"{len(unread)} markers"
        words = f"Reading the remains again at the {markers} without a result"
        yield from ranking.advice(Candidate("markers again", (), (), pedigree, words), [*case.now(), *unread])
    if any(_leaves_open(individual, place.model.name) for place in case.read):
        words = "A second sample of the remains, if it can be read in full,"
        whole = [place.read_whole() for place in case.read]
        yield from ranking.advice(Candidate("second extract", (), (), pedigree, words), [*whole, *unread])


def _leaves_open(individual: Individual, marker: str) -> bool:
    readings = individual.profile.readings.get(marker, ())
    return all(reading.reads is Reads.OTHER_UNSEEN for reading in readings)


def _lineages(ranking: _Ranking, individual: Individual | None, methods: Methods) -> Iterator[NextSample]:
    """Y chromosome and mitochondrial DNA, with somebody of the same line, where they are not compared already."""
    family, person = ranking.family, ranking.case.person
    lineage = None if individual is None else individual.lineage
    for what, kind, gain, of_line, rare in (
        ("Y-STR", "male line (Y chromosome)", methods.y, same_paternal_line, "man"),
        ("mtDNA", "maternal line (mitochondrial DNA)", methods.mt, same_maternal_line, "person"),
    ):
        read = "y" if what == "Y-STR" else "mt"
        mine = lineage is not None and getattr(lineage, read) is not None
        line = [
            one.id
            for one in family.pedigree.persons
            if one.id not in family.missing and of_line(family.pedigree, person, one.id)
        ]
        typed = [name for name in line if getattr(family.lineages.get(name), read, None) is not None]
        if gain <= 0 or not line or (mine and typed):
            continue
        line.sort(key=lambda name: closeness(family.pedigree, person, name))
        who = next(iter([*typed, *(name for name in line if name in family.profiles), *line]))
        words = f"Comparing the {kind} of the remains with {who}, if as few as 1 {rare} in {10**gain:,.0f} share it,"
        candidate = Candidate(what, (who,), (), family.pedigree, words)
        yield from ranking.advice(candidate, ranking.now, int(gain >= SECOND_LINE), gain)


def _panels(ranking: _Ranking, methods: Methods) -> Iterator[NextSample]:
    """Further markers of a donor and of the remains, such as X-STR."""
    for what, models in methods.panels.items():
        for donor in ranking.family.donors():
            entries = ranking.case.panel(models, donor, ranking.family.pedigree)
            words = f"Reading {what} of {donor} and of the remains"
            candidate = Candidate(what, (donor,), (), ranking.family.pedigree, words)
            yield from ranking.advice(candidate, [*ranking.now, *entries])


# --- two missing people, two bodies -----------------------------------------------------------------------------------


def symmetry_breakers(
    family: Family,
    persons: tuple[str, str],
    individuals: tuple[Individual, Individual],
    prepared: Prepared,
    settings: Settings,
    *,
    needed: float = 4.0,
    most_alleles: int | None = MOST_ALLELES,
) -> tuple[NextSample, ...]:
    """Which sample would tell which of two individuals is which of two missing persons, best first.

    Ranked by the chance that the two orders then differ by a log10 LR of `needed`, whichever is true: each order has
    the weight that the samples so far give it. `log10_lr` of the answer is the expected log10 LR of the true order over
    the other, infinite where a sample may make one impossible. Samples that leave the symmetry as it is, such as one of
    a common parent, are not listed; where the orders differ by that much already nothing is.
    """
    found = []
    with told_as_table_error():
        orders = _Orders.of(family, persons, individuals, prepared, settings, most_alleles)
        before = orders.differ(orders.now, needed)
        if before == 1:
            return ()  # they are told apart as it is
        for candidate in candidates_of_two(family, persons):
            entries = orders.after(candidate)
            expected = orders.expected(entries)
            if expected - orders.expected(orders.now) > LEAST_GAIN:
                after = orders.differ(entries, needed)
                aim = f"telling which is {persons[0]} and which is {persons[1]}"
                sentence = candidate.sentence(aim, before, after)
                found.append(NextSample(candidate.what, candidate.who, before, after, expected, sentence))
    return _ranked(found)


@dataclass(frozen=True, eq=False)
class _Place:
    """One marker: what is known with the individuals in one order, and in the other."""

    model: MarkerModel
    known: tuple[Knowledge, Knowledge]
    logs: tuple[float, float]  # log10 P(known) in both orders


@dataclass(frozen=True, eq=False)
class _Orders:
    """Two individuals in the places of two missing persons, either way.

    Of each marker an `Entry` holds log10 of P(first order) over P(second), with its probabilities where the first is
    true (`related`) and where the second is (`unrelated`).
    """

    places: tuple[_Place, ...]
    options: Options

    @classmethod
    def of(
        cls,
        family: Family,
        persons: tuple[str, str],
        individuals: tuple[Individual, Individual],
        prepared: Prepared,
        settings: Settings,
        most_alleles: int | None,
    ) -> "_Orders":
        """At the markers at which one order or the other is possible."""
        sexes = [family.pedigree[person].sex for person in persons]
        models = smaller_models(prepared, family, individuals, most_alleles)
        models = [model for model in models if not (model.x_linked and Sex.UNKNOWN in sexes)]
        options = replace(prepared.options, theta=0.0)
        orders = []
        for first, second in (individuals, individuals[::-1]):
            known: list[Knowledge] = [*what_is_known(family, models, settings)]
            for person, individual in zip(persons, (first, second), strict=True):
                known = [
                    _with_profile(family, knowledge, person, individual, model, settings)
                    for knowledge, model in zip(known, models, strict=True)
                ]
            orders.append((known, log_likelihoods(family.pedigree, models, known, options) / math.log(10)))
        (one, first_logs), (other, second_logs) = orders
        return cls(
            tuple(
                _Place(model, (one[m], other[m]), (float(first_logs[m]), float(second_logs[m])))
                for m, model in enumerate(models)
                if np.isfinite(first_logs[m]) or np.isfinite(second_logs[m])
            ),
            options,
        )

    @property
    def now(self) -> list[Entry]:
        """What each marker says of the order as it is."""
        return [_order_entry(*(np.array([log]) for log in place.logs)) for place in self.places]

    def after(self, candidate: Candidate) -> list[Entry]:
        """What each marker may say of the order once somebody is typed."""
        entries = self.now
        usable = [
            k for k, place in enumerate(self.places) if can_be_asked(candidate.asked, candidate.pedigree, place.model)
        ]
        models = [self.places[k].model for k in usable]
        both = [
            genotype_distributions(
                candidate.asked, candidate.pedigree, models, [self.places[k].known[order] for k in usable], self.options
            )
            for order in (0, 1)
        ]
        for k, first, second in zip(usable, *both, strict=True):
            entries[k] = _order_entry(_log10(first), _log10(second))
        return entries

    def differ(self, entries: Sequence[Entry], needed: float) -> float:
        """P(the two orders differ by that log10 LR or more), either being true as far as is known."""
        weight = self._weight_of_first()
        mirrored = [Entry(-entry.log10, entry.unrelated, entry.related) for entry in entries]
        chances = [_beyond(entries, needed), _beyond(mirrored, needed)]
        return weight * chances[0] + (1 - weight) * chances[1]

    def expected(self, entries: Sequence[Entry]) -> float:
        """The expected log10 LR of the true order over the other; infinite where a sample may settle it."""
        if any(np.any(np.abs(entry.log10[entry.related + entry.unrelated > 0]) >= SETTLED) for entry in entries):
            return math.inf
        weight = self._weight_of_first()
        first = sum(float(entry.related @ entry.log10) for entry in entries)
        second = sum(float(entry.unrelated @ -entry.log10) for entry in entries)
        return weight * first + (1 - weight) * second

    def _weight_of_first(self) -> float:
        """The posterior of the first order, both being as probable before."""
        difference = sum(float(entry.log10[0]) for entry in self.now)
        return float(1 / (1 + 10.0 ** np.clip(-difference, -300, 300)))


def _beyond(entries: Sequence[Entry], needed: float) -> float:
    """P(log10 LR ≥ needed or ≤ −needed), the first order being true."""
    distribution: Distribution = if_related(entries)
    if all(len(entry.log10) == 1 for entry in entries):
        return float(abs(distribution.mean) >= needed - _TIE)
    return distribution.at_least(needed - _TIE) + 1 - distribution.at_least(-needed + distribution.step)


def _order_entry(first: Floats, second: Floats) -> Entry:
    """From log10 P(a genotype, all that is known) in both orders."""
    with np.errstate(invalid="ignore"):
        difference = np.nan_to_num(first - second, nan=0.0, posinf=SETTLED, neginf=-SETTLED)
    return Entry(np.clip(difference, -SETTLED, SETTLED), _chances(first), _chances(second))


def _chances(logs: Floats) -> Floats:
    """Probabilities that sum to 1; where the order is impossible, anything."""
    top = float(logs.max())
    weights = 10.0 ** (logs - top) if math.isfinite(top) else np.ones(len(logs))
    return np.asarray(weights / weights.sum())


def _log10(distribution: GenotypeDistribution) -> Floats:
    """log10 of P(genotype, all that is known), for each genotype."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(distribution.joint.ravel()) + distribution.exponent * math.log10(2.0))


def _with_profile(
    family: Family, knowledge: Knowledge, person: str, individual: Individual, model: MarkerModel, settings: Settings
) -> Knowledge:
    readings = individual.profile.readings.get(model.name, ())
    if not readings:
        return knowledge
    haploid = model.x_linked and family.pedigree[person].sex is Sex.MALE
    known: Known = known_from_readings(readings, model, settings.remains.rates(model), haploid=haploid)
    return both_known(knowledge, person, known, model)
