"""That a search was complete: what was accepted, that all of it was used, and what was left out and why.

A certificate is made from what the search counted while it compared (`search.Comparisons`), never from what it should
have compared. What was accepted and is not accounted for is an error that names it. Everything in a certificate follows
from the input and the engine: the same input gives the same certificate, however many threads searched.

Of a family whose samples contradict each other at a marker the certificate gives the number of such markers over all
families and not the names, because they can tell of parentage and a certificate is made to be handed on.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.ledger.canonical import canonical_bytes
from antigone.matching.conclusions import Conclusions
from antigone.matching.consistency import check_families
from antigone.matching.digests import (
    PeopleDigests,
    describe_settings,
    digest_beside_pedigree,
    digest_beside_profile,
    digest_of_pedigree,
    digests,
    digests_of_people,
)
from antigone.matching.odd import FamilyContradiction
from antigone.matching.operation import Family, Individual, LeftOut, Operation
from antigone.matching.parentage import Verdict
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.reassociation import reassociate, reassociated
from antigone.matching.search import Comparisons, search

FORMAT = "antigone completeness certificate"
VERSION = 1

# So many are named in an error.
NAMED = 10

Stages = Callable[[str, int, int], None]


class Searched(Protocol):
    """What is asked of a search, be it `search.SearchResult` or `country_result.CountryResult`."""

    @property
    def operation(self) -> Operation:
        """What was searched."""

    @property
    def prepared(self) -> Prepared:
        """The models."""

    @property
    def missing(self) -> tuple[tuple[Family, str], ...]:
        """Who was searched."""

    @property
    def contradictions(self) -> tuple[FamilyContradiction, ...]:
        """Markers of families that were not used."""

    @property
    def not_searched(self) -> tuple[LeftOut, ...]:
        """Missing persons, and why."""

    @property
    def unusable(self) -> tuple[LeftOut, ...]:
        """Readings, and why."""

    @property
    def comparisons(self) -> Comparisons:
        """What was counted while it was compared."""


class IncompleteSearchError(Exception):
    """Something was accepted and not searched. Nothing of such a search may be believed, and nothing is written."""

    def __init__(self, what: Sequence[str]) -> None:
        self.what = tuple(what)
        more = f"; and {len(what) - NAMED:,} more" if len(what) > NAMED else ""
        super().__init__(f"accepted and not searched: {'; '.join(what[:NAMED])}{more}. No result may be used.")


@dataclass(frozen=True)
class CertifiedRemains:
    """Remains whose profile was accepted: digests of the readings, and of what is recorded beside them."""

    id: str
    profile: str
    beside: str


@dataclass(frozen=True)
class CertifiedFamily:
    """A family that was accepted: digests of its pedigree, of each sample's readings by person, and of the rest."""

    name: str
    missing: tuple[str, ...]
    pedigree: str
    samples: Mapping[str, str]
    beside: str


@dataclass(frozen=True)
class CertifiedPairs:
    """The number of pairs twice: as a product, and as the sum of what was counted in each block."""

    individuals: int
    missing_persons: int
    blocks: tuple[int, ...]

    @property
    def product(self) -> int:
        """How many pairs there are."""
        return self.individuals * self.missing_persons

    @property
    def sum(self) -> int:
        """How many pairs were compared."""
        return sum(self.blocks)


@dataclass(frozen=True)
class Certificate:
    """What was accepted, that it was searched, with what, and what was left out."""

    case: str
    engine: Mapping[str, str]
    digests: Mapping[str, str]
    settings: Mapping[str, Any]
    markers: tuple[str, ...]
    reassociation: bool
    remains: tuple[CertifiedRemains, ...]
    individuals: Mapping[str, tuple[str, ...]]  # of each that was searched, the remains that it is made of
    families: tuple[CertifiedFamily, ...]
    pairs: CertifiedPairs
    remains_used: int
    samples_used: int
    provisional: tuple[str, ...]  # families whose samples do not fit: searched as declared and sample by sample
    left_out: tuple[LeftOut, ...]
    left_out_in_one_family: int  # markers

    def statement(self) -> dict[str, Any]:
        """Plain values, ready for JSON, with a digest of all the others."""
        stated = self.stated()
        return {**stated, "digest": digest_of_statement(stated)}

    def stated(self) -> dict[str, Any]:
        """The statement without its digest."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "case": self.case,
            "engine": dict(self.engine),
            "digests": dict(self.digests),
            "settings": dict(self.settings),
            "markers": list(self.markers),
            "reassociation": self.reassociation,
            "pairs": {
                "individuals": self.pairs.individuals,
                "missing_persons": self.pairs.missing_persons,
                "product": self.pairs.product,
                "blocks": list(self.pairs.blocks),
                "sum": self.pairs.sum,
            },
            "used": {"remains": self.remains_used, "samples_of_families": self.samples_used},
            "provisional": list(self.provisional),
            "left_out": [{"what": one.what, "id": one.id, "reason": one.reason} for one in self.left_out],
            "markers_left_out_in_one_family": self.left_out_in_one_family,
            "individuals": {name: list(parts) for name, parts in self.individuals.items()},
            "remains": {one.id: {"profile": one.profile, "beside": one.beside} for one in self.remains},
            "families": {
                one.name: {
                    "missing": list(one.missing),
                    "pedigree": one.pedigree,
                    "samples": dict(one.samples),
                    "beside": one.beside,
                }
                for one in self.families
            },
        }


def digest_of_statement(statement: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes of a statement, without its own `digest`."""
    stated = {name: value for name, value in statement.items() if name != "digest"}
    return hashlib.sha256(canonical_bytes(stated)).hexdigest()


def certificate_of(conclusions: Conclusions, engine: Mapping[str, str]) -> Certificate:
    """The certificate of everything that was concluded; `engine` is what computed it, with versions and digests.

    Raises `IncompleteSearchError` where a profile, a donor or a missing person was accepted and not searched, and where
    a family that does not fit was not searched sample by sample.
    """
    refuse_forgotten(conclusions.result, tuple(conclusions.doubtful), conclusions.provisional_pairs)
    return certify(
        conclusions.given,
        conclusions.result,
        engine,
        doubtful=tuple(conclusions.doubtful),
        reassociation=conclusions.reassociation is not None,
    )


def refuse_forgotten(result: Searched, doubtful: Sequence[str], provisional_pairs: Mapping[str, int]) -> None:
    """Raise `IncompleteSearchError` where a family that does not fit was not searched sample by sample."""
    searched = {family.name for family, _ in result.missing}
    forgotten = [
        f"family {name}, sample by sample (its samples do not fit its pedigree)"
        for name in doubtful
        if name in searched and result.operation.individuals and not provisional_pairs.get(name)
    ]
    if forgotten:
        raise IncompleteSearchError(forgotten)


def recomputed(
    given: Operation, engine: Mapping[str, str], *, reassociation: bool, stages: Stages | None = None
) -> Certificate:
    """The certificate of a case as it is now: everybody is compared with everybody again.

    What follows from the comparison (coincidences, the joint answer, policies) is no part of a certificate, and is not
    computed.
    """

    def at(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: None if stages is None else stages(stage, done, total)

    searched = reassociated(given, reassociate(given)) if reassociation else given
    reports = check_families(searched.families, prepare(searched), searched.settings, progress=at("Checking families"))
    result = search(searched, coincidences=False, progress=at("Comparing"))
    doubtful = tuple(one.family for one in reports if one.verdict is Verdict.DOUBTFUL)
    return certify(given, result, engine, doubtful=doubtful, reassociation=reassociation)


def certify(
    given: Operation,
    result: Searched,
    engine: Mapping[str, str],
    *,
    doubtful: Sequence[str],
    reassociation: bool,
    people: PeopleDigests | None = None,
) -> Certificate:
    """Account for everything that `given` holds in a search of it; raises `IncompleteSearchError`.

    `people` are the digests of those given, where they were made before.
    """
    accounted = _Accounted(given, result)
    people = digests_of_people(given) if people is None else people
    return Certificate(
        given.name,
        engine,
        digests(given, result.prepared, people),
        describe_settings(given),
        tuple(model.name for model in result.prepared.models),
        reassociation,
        tuple(_remains(given.individuals, people.profiles)),
        {one.id: _parts(one) for one in result.operation.individuals},
        tuple(_families(given.families, people.samples)),
        accounted.pairs,
        accounted.remains_used,
        accounted.samples_used,
        tuple(doubtful),
        (
            *result.not_searched, *given.left_out, *result.prepared.left_out, *result.unusable, *accounted.left_out
        ),
        len(result.contradictions),
    )  # fmt: skip


def _remains(individuals: Sequence[Individual], profiles: Sequence[str]) -> Iterator[CertifiedRemains]:
    for one, profile in zip(individuals, profiles, strict=True):
        yield CertifiedRemains(one.id, profile, digest_beside_profile(one))


def _families(families: Sequence[Family], samples: Sequence[Mapping[str, str]]) -> Iterator[CertifiedFamily]:
    for family, of_family in zip(families, samples, strict=True):
        beside = digest_beside_pedigree(family)
        yield CertifiedFamily(family.name, family.missing, digest_of_pedigree(family), of_family, beside)


def _parts(individual: Individual) -> tuple[str, ...]:
    return individual.remains or (individual.id,)


class _Accounted:
    """Goes through everything that was accepted and finds it in what the search counted."""

    def __init__(self, given: Operation, result: Searched) -> None:
        self.given, self.result = given, result
        self.models = result.prepared.models
        self.left_out: list[LeftOut] = []
        self.remains_used = self.samples_used = 0
        counted = result.comparisons
        self.pairs = CertifiedPairs(len(result.operation.individuals), len(result.missing), counted.by_block)
        missed = [*self._remains(), *self._mixtures(), *self._missing_persons(), *self._samples()]
        if missed:
            raise IncompleteSearchError(missed)
        by_individual, by_missing = int(counted.by_individual.sum()), int(counted.by_missing.sum())
        if not self.pairs.product == self.pairs.sum == by_individual == by_missing:
            pairs = f"{self.pairs.individuals:,} × {self.pairs.missing_persons:,} = {self.pairs.product:,} pairs"
            counts = f"blocks {self.pairs.sum:,}, individuals {by_individual:,}, missing persons {by_missing:,}"
            raise IncompleteSearchError([f"some of {pairs}, as counted by {counts}"])

    def _remains(self) -> Iterator[str]:
        """Remains that were not compared with all missing persons, or not with everything that was read of them."""
        place = {part: i for i, one in enumerate(self.result.operation.individuals) for part in _parts(one)}
        times = Counter(part for one in self.result.operation.individuals for part in _parts(one))
        compared = self.result.comparisons.by_individual.tolist()
        names = {model.name for model in self.models}
        parts: dict[int, list[Individual]] = {}
        for one in self.given.individuals:
            where = [place.get(part) for part in _parts(one)]
            if where[0] is None or where != where[:1] * len(where):
                yield f"remains {one.id}, which no individual of the search is made of"
                continue
            i = where[0]
            if max(times[part] for part in _parts(one)) > 1:
                yield f"remains {one.id} as one individual: several of the search are made of it"
            if compared[i] != len(self.result.missing):
                yield f"remains {one.id}, compared with {compared[i]:,} of {len(self.result.missing):,} missing persons"
            parts.setdefault(i, []).append(one)
            if names.isdisjoint(one.profile.markers()):
                self.left_out.append(
                    LeftOut("individual", one.id, "too few markers: nothing was read at a marker of this search")
                )
            else:
                self.remains_used += 1
        for i, these in parts.items():
            markers = _different_readings(these, self.result.operation.individuals[i])
            if markers:
                yield f"remains {' and '.join(one.id for one in these)}, all that was read at {', '.join(markers)}"

    def _mixtures(self) -> Iterator[str]:
        named = {one.id for one in self.given.left_out}
        for one in self.given.mixtures:
            if one.id not in named:
                yield f"remains {one.id}, a mixture that does not stand among what was left out"

    def _missing_persons(self) -> Iterator[str]:
        compared = {
            (family.name, person): count
            for (family, person), count in zip(
                self.result.missing, self.result.comparisons.by_missing.tolist(), strict=True
            )
        }
        told = {one.id for one in self.result.not_searched}
        silent = {
            (family.name, person)
            for (family, person), said in zip(self.result.missing, self.result.comparisons.said, strict=True)
            if not said.any()
        }
        for family, person in self.given.missing_persons():
            who = f"{person}, family {family.name}"
            count = compared.get((family.name, person))
            if count is None and who not in told:
                yield f"missing person {who}"
            elif count is not None and count != self.pairs.individuals:
                yield f"missing person {who}, compared with {count:,} of {self.pairs.individuals:,} individuals"
            if (family.name, person) in silent:
                reason = "too few markers: nothing that was read in the family can be used, so no LR says anything"
                self.left_out.append(LeftOut("missing person", who, reason))

    def _samples(self) -> Iterator[str]:
        """Samples of families, of donors and of missing persons themselves, that went into no table."""
        rows: dict[str, list[int]] = {}
        for j, (family, _) in enumerate(self.result.missing):
            rows.setdefault(family.name, []).append(j)
        said = self._said(rows)
        contradicted = {(one.family, one.marker) for one in self.result.contradictions}
        searched = {family.name: family for family, _ in self.result.missing}
        for family in self.given.families:
            for person in family.profiles:
                which = f"{person}, family {family.name}"
                if family.name not in rows:
                    self.left_out.append(LeftOut("sample", which, "nobody whom the family misses was searched"))
                elif family.profiles[person] != searched[family.name].profiles.get(person):
                    yield f"the sample of {which}"
                else:
                    yield from self._sample(family, person, rows[family.name], said[family.name], contradicted)

    def _said(self, rows: Mapping[str, Sequence[int]]) -> dict[str, list[bool]]:
        """Of each family that was searched, at which markers its samples said something of anybody."""
        of = np.zeros(len(self.result.missing), dtype=np.int64)
        for k, these in enumerate(rows.values()):
            of[these] = k
        said = np.zeros((len(rows), len(self.models)), dtype=np.bool_)
        for m in range(len(self.models)):
            said[of[self.result.comparisons.said[:, m]], m] = True
        return dict(zip(rows, said.tolist(), strict=True))

    def _sample(
        self, family: Family, person: str, rows: Sequence[int], said: Sequence[bool], contradicted: set[tuple[str, str]]
    ) -> Iterator[str]:
        """One sample whose family was searched; `said` is by marker, of the family."""
        which = f"{person}, family {family.name}"
        unknown = family.pedigree[person].sex is Sex.UNKNOWN
        read = family.profiles[person].readings
        at = [m for m, one in enumerate(self.models) if read.get(one.name) and not (one.x_linked and unknown)]
        if not at:
            reason = "too few markers: nothing that was read of it can be used at a marker of this search"
            self.left_out.append(LeftOut("sample", which, reason))
            return
        if person not in self.result.comparisons.samples[family.name]:
            yield f"the sample of {which}"
            return
        if any(said[m] for m in at):
            self.samples_used += 1
            return
        # Of a missing person whose sex is unknown nothing X-linked is used; at other markers the family must have been
        # found to contradict itself.
        sexes = {self.result.missing[j][0].pedigree[self.result.missing[j][1]].sex for j in rows}
        if all(
            (family.name, self.models[m].name) in contradicted or (self.models[m].x_linked and sexes == {Sex.UNKNOWN})
            for m in at
        ):
            self.left_out.append(LeftOut("sample", which, "no marker of it could be used"))
        else:
            yield f"the sample of {which}"


def _different_readings(parts: Sequence[Individual], whole: Individual) -> list[str]:
    """Markers at which the readings of the parts together are not those of the individual that was searched."""
    if len(parts) == 1 and parts[0].profile.readings == whole.profile.readings:
        return []  # the usual case, without counting
    given = Counter(reading for part in parts for reading in _readings(part))
    searched = Counter(_readings(whole))
    return sorted({marker for marker, _ in (given - searched) | (searched - given)})


def _readings(one: Individual) -> list[tuple[str, Reading]]:
    return [(marker, reading) for marker, readings in one.profile.readings.items() for reading in readings]
