"""Somebody new, in a search that is kept: whom they may be, or who may be theirs, before the next night's search.

A new individual meets every family, a new family every individual, and those who are new together meet each other.
Families that fail their own consistency check are searched as they were declared and sample by sample as well, and all
their hits are provisional. What is found is what a whole search finds with the newcomers in it (`matching.resident`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from antigone.matching.classes import marker_classes
from antigone.matching.consistency import FamilyReport, alternatives, check_families
from antigone.matching.country_coincidences import country_coincidences
from antigone.matching.near_matches import FEWEST_THE_SAME, NearMatch, OwnSamples
from antigone.matching.operation import Family, Individual, LeftOut, Operation
from antigone.matching.parentage import Verdict
from antigone.matching.resident import NewAlleleError, ResidentSearch

# What a hit of a doubtful family is marked with where the family was taken as it was declared.
AS_DECLARED = "as declared; the samples of the family do not fit its pedigree"


@dataclass(frozen=True, slots=True)
class NewHit:
    """A pair with somebody new in it. `provisional` says how a doubtful family was searched; empty for all others.

    `expected_coincidences` is the upper end of how many pairs of unrelated people would do as well in a search of all
    who are kept and new: what is estimated of those with whom the search was built, and of all other pairs at most one
    in LR.
    """

    individual: str
    family: str
    person: str
    log10_lr: float
    expected_coincidences: float
    provisional: str = ""


@dataclass(frozen=True, eq=False)
class Answer:
    """The hits of newcomers, best first, how many individuals and families they are, and how many pairs were compared.

    `left_out` is what was left out when they were read, `not_compared` who was accepted and could not be compared, and
    why. `doubtful` are those of the new families that fail their own check; `near` are individuals that are all but
    the same as the own sample of somebody missing, one of the two being new. `there_already` are names of the new that
    somebody kept has too.
    """

    hits: tuple[NewHit, ...]
    individuals: int
    families: int
    pairs: int
    left_out: tuple[LeftOut, ...]
    not_compared: tuple[LeftOut, ...]
    doubtful: tuple[str, ...]
    near: tuple[NearMatch, ...] = ()
    there_already: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sought:
    """A missing person as the kept search counts them, and how their family was searched."""

    family: str
    person: str
    provisional: str


class KeptSearch:
    """An operation that is kept ready; `ask` changes nothing, `add` makes newcomers part of it."""

    def __init__(
        self,
        operation: Operation,
        *,
        threshold: float | None = None,
        progress: Callable[[int, int], None] | None = None,
        threads: int = 1,
    ) -> None:
        self._search = ResidentSearch.of(operation, threshold=threshold)
        self._chance = country_coincidences(
            operation,
            self._search.prepared,
            marker_classes(operation.individuals, self._search.prepared.models, operation.settings),
            len(operation.missing_persons()),
            threads=threads,
        )
        reports = self._checked(operation.families, progress)
        doubtful = _doubtful(reports)
        self._ids = [one.id for one in operation.individuals]
        self._families = {family.name for family in operation.families}
        self._sought = list(_sought(operation.families, doubtful))
        parts = list(_in_parts(operation.families, reports))
        self._parts = self._search.beside([family for family, _ in parts])
        self._own = [OwnSamples(operation.families, operation.settings.markers)]
        self._counted = self.individuals * self.missing  # pairs of which `_chance` speaks
        self._sought_in_parts = [one for family, label in parts for one in _named(family, label)]

    @property
    def individuals(self) -> int:
        """How many there are."""
        return self._search.individuals

    @property
    def missing(self) -> int:
        """How many missing persons there are."""
        return self._search.missing

    @property
    def size(self) -> int:
        """Bytes that are kept for the first pass."""
        return self._search.size + self._parts.size

    @property
    def threshold(self) -> float:
        """The log10 LR from which a pair is a hit."""
        return self._search.threshold

    def ask(self, new: Operation) -> Answer:
        """Compare who is new in `new`; its own settings and frequencies are not used."""
        return self._answer(self._newcomers(new))

    def add(self, new: Operation) -> Answer:
        """Compare who is new, and keep them. Who is there already is neither compared nor kept, and is told."""
        there = set(self._ids)
        twice = [
            *(LeftOut("individual", one.id, _THERE) for one in new.individuals if one.id in there),
            *(LeftOut("family", one.name, _THERE) for one in new.families if one.name in self._families),
        ]
        newcomers = self._newcomers(
            replace(
                new,
                individuals=tuple(one for one in new.individuals if one.id not in there),
                families=tuple(one for one in new.families if one.name not in self._families),
            ),
            twice,
        )
        answer = self._answer(newcomers)
        self._search.add(newcomers.individuals, newcomers.families)
        self._parts.add(newcomers.individuals, [family for family, _ in newcomers.parts])
        self._ids += [one.id for one in newcomers.individuals]
        self._families |= {family.name for family in newcomers.families}
        self._own.append(self._own_samples(newcomers))
        self._sought += _sought(newcomers.families, newcomers.doubtful)
        self._sought_in_parts += [one for family, label in newcomers.parts for one in _named(family, label)]
        return answer

    def _newcomers(self, new: Operation, twice: Sequence[LeftOut] = ()) -> "_Newcomers":
        individuals, families, refused = self._usable(new)
        reports = self._checked(families)
        return _Newcomers(
            individuals, families, new.left_out, (*twice, *refused), _doubtful(reports),
            list(_in_parts(families, reports)),
        )  # fmt: skip

    def _answer(self, new: "_Newcomers") -> Answer:
        kept, sought = self.individuals * self.missing, sum(len(family.missing) for family in new.families)
        everybody = (self.individuals + len(new.individuals)) * (self.missing + sought)
        hits = [hit for individual in new.individuals for hit in self._of_individual(individual)]
        not_compared = list(new.not_compared)
        for family in new.families:
            found = self._of_family(family, AS_DECLARED if family.name in new.doubtful else "", new.individuals)
            hits += found.hits
            not_compared += [
                LeftOut("missing person", f"{person}, family {family.name}", why) for person, why in found.refused
            ]
        for family, label in new.parts:
            hits += self._of_family(family, label, new.individuals).hits
        # Of the pairs that chance does not speak of no more than one in LR reaches it: the mean LR of strangers is 1.
        hits = [
            replace(
                one, expected_coincidences=one.expected_coincidences + (everybody - self._counted) * _tail(one.log10_lr)
            )
            for one in hits
        ]
        there = set(self._ids)
        return Answer(
            tuple(sorted(hits, key=lambda one: (-one.log10_lr, one.individual, one.family, one.person))),
            len(new.individuals),
            len(new.families),
            everybody - kept,
            new.left_out,
            tuple(not_compared),
            tuple(new.doubtful),
            tuple(self._near(new)),
            (
                *(one.id for one in new.individuals if one.id in there),
                *(family.name for family in new.families if family.name in self._families),
            ),
        )

    def _near(self, new: "_Newcomers") -> Iterator[NearMatch]:
        """New individuals that nearly fit own samples, kept or new; and those who are kept that nearly fit new ones."""
        own_of_new = self._own_samples(new)
        for individual in new.individuals:
            for own in (*self._own, own_of_new):
                yield from own.near(individual)
        alike = {
            i: profile
            for family in new.families
            for person in family.missing
            if person in family.profiles
            for i, profile in self._search.showing_the_same(family.profiles[person], FEWEST_THE_SAME)
        }
        for i, profile in sorted(alike.items()):
            yield from own_of_new.near(Individual(self._ids[i], profile))

    def _own_samples(self, new: "_Newcomers") -> OwnSamples:
        return OwnSamples(new.families, self._search.settings.markers)

    def _usable(self, new: Operation) -> tuple[list[Individual], list[Family], list[LeftOut]]:
        """Those of whom nothing was read that would change the models, and who was refused for that."""
        refused: list[LeftOut] = []

        def holds(what: str, name: str, individuals: Sequence[Individual], families: Sequence[Family]) -> bool:
            try:
                self._search.check(individuals, families)
            except NewAlleleError as error:
                refused.append(LeftOut(what, name, str(error)))
                return False
            return True

        individuals = [one for one in new.individuals if holds("individual", one.id, [one], [])]
        families = [one for one in new.families if holds("family", one.name, [], [one])]
        return individuals, families, refused

    def _checked(
        self, families: Sequence[Family], progress: Callable[[int, int], None] | None = None
    ) -> tuple[FamilyReport, ...]:
        if not families:
            return ()
        return tuple(check_families(families, self._search.prepared, self._search.settings, progress=progress))

    def _hit(self, individual: str, sought: _Sought, log10_lr: float) -> NewHit:
        chance = self._chance.at_least(log10_lr)[1]
        return NewHit(individual, sought.family, sought.person, log10_lr, chance, sought.provisional)

    def _of_individual(self, individual: Individual) -> Iterator[NewHit]:
        for search, sought in ((self._search, self._sought), (self._parts, self._sought_in_parts)):
            found = search.against_families(individual)
            for place, log10_lr in zip(found.missing.tolist(), found.log10_lr.tolist(), strict=True):
                yield self._hit(individual.id, sought[place], log10_lr)

    def _of_family(self, family: Family, label: str, together_with: Sequence[Individual]) -> "_OfFamily":
        """Everybody whom a new family misses, against all who are kept and those who are new with it."""
        sought = list(_named(family, label))
        found = self._search.against_individuals(family)
        pairs = zip(found.individual.tolist(), found.missing.tolist(), found.log10_lr.tolist(), strict=True)
        hits = [self._hit(self._ids[i], sought[place - self.missing], log10_lr) for i, place, log10_lr in pairs]
        if together_with:
            these = self._search.of_these(together_with, [family]).found
            pairs = zip(these.individual.tolist(), these.member.tolist(), these.log10_lr.tolist(), strict=True)
            hits += [self._hit(together_with[i].id, sought[k], log10_lr) for i, k, log10_lr in pairs]
        return _OfFamily(hits, [(family.missing[place - self.missing], why) for place, why in found.refused])


@dataclass(frozen=True, eq=False)
class _Newcomers:
    """Those who can be compared; `parts` are further ways to search the doubtful ones of the families."""

    individuals: list[Individual]
    families: list[Family]
    left_out: tuple[LeftOut, ...]
    not_compared: tuple[LeftOut, ...]
    doubtful: dict[str, None]
    parts: list[tuple[Family, str]]


@dataclass(frozen=True, eq=False)
class _OfFamily:
    hits: list[NewHit]
    refused: list[tuple[str, str]]


_THERE = "is in this search already, by this name"


def _tail(log10_lr: float) -> float:
    """What a stranger's LR reaches with at most (Markov's inequality)."""
    return min(1.0, 10.0 ** -min(log10_lr, 300.0))


def _doubtful(reports: Iterable[FamilyReport]) -> dict[str, None]:
    return {report.family: None for report in reports if report.verdict is Verdict.DOUBTFUL}


def _sought(families: Iterable[Family], doubtful: dict[str, None]) -> Iterator[_Sought]:
    for family in families:
        yield from _named(family, AS_DECLARED if family.name in doubtful else "")


def _named(family: Family, provisional: str) -> Iterator[_Sought]:
    for person in family.missing:
        yield _Sought(family.name, person, provisional)


def _in_parts(families: Sequence[Family], reports: Sequence[FamilyReport]) -> Iterator[tuple[Family, str]]:
    """The ways in which doubtful families are searched beside the declared one, with what each is called."""
    by_name = {family.name: family for family in families}
    for report in reports:
        if report.verdict is Verdict.DOUBTFUL:
            for one in alternatives(by_name[report.family], report):
                yield replace(one.family, name=report.family), one.label
