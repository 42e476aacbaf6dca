"""Families with bodies placed in them: whom each says the next body may be, for many families at once.

Families with like pedigrees in which the same people are known are one call of the compiled engine, whatever was read
of them. With theta, pruning or identical twins each is computed by itself (`Bodies.log10_lrs`), with which the tests
compare all of it.

What one body says is multiplied by what the next says with the first in the family, so every factor must be there: also
that of a body read at a marker at which nobody of the family is typed. It is 1 but for mutation that changes the
frequencies of alleles, and for that the order in which bodies are placed would matter, and two brothers would be told
apart whom nothing tells apart.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.elimination import TooComplexError
from antigone.genetics.genotype_rows import KnownClasses, genotype_rows
from antigone.genetics.likelihood import Known, known_from_readings
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.matching.assignment.bodies import Bodies, both_of
from antigone.matching.batched_tables import MarkerRows, structure_of
from antigone.matching.operation import Family
from antigone.matching.sweep import Sweep
from antigone.matching.tables import TableError, hardy_weinberg

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# So many questions are one piece of work: as many rows of log LRs of all individuals are held at once for each thread.
PIECE = 96


# A family with bodies in it that takes more multiplications at one marker is too large: its table would take half a
# second, and hundreds of them are asked for.
MOST_COST = 1e9


@dataclass(frozen=True, slots=True)
class Question:
    """Who may be `person`, with bodies in the family already? `among` these individuals, or the best of everybody."""

    family: Family
    placed: tuple[tuple[str, int], ...]
    person: str
    among: tuple[int, ...] | None


# Individuals with their log10 LR, best first where everybody was asked; None where the family is too large for a table.
Answer = tuple[tuple[int, float], ...] | None


@dataclass(eq=False)
class PlacedTables:
    """Answers questions. Of everybody at most `next_best` are told, those that reach their `floor` (log10 LR)."""

    bodies: Bodies
    next_best: int
    floor: Floats
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)

    def __post_init__(self) -> None:
        models = self.bodies.prepared.models
        self._sweep = Sweep(self.bodies.classes, len(self.bodies.individuals), (), np.zeros(0))
        self._classes = [KnownClasses(model) for model in models]
        self._number: list[dict[tuple[object, ...], int]] = [{} for _ in models]
        self._codes_of_donors: dict[int, Integers] = {}
        self._rates = [self.bodies.settings.remains.rates(model) for model in models]
        self._donor_rates = [self.bodies.settings.donors.rates(model) for model in models]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The answer to each."""
        found: list[Answer] = [None] * len(questions)
        alike: dict[object, list[int]] = {}
        for k, question in enumerate(questions):
            alike.setdefault(structure_of(question.family, question.person, self.bodies.prepared), []).append(k)
        pieces = []
        for structure, group in alike.items():
            size = PIECE if structure is not None else 1
            for start in range(0, len(group), size):
                these = group[start : start + size]
                codes = None if structure is None else np.stack([self._codes(questions[k]) for k in these])
                pieces.append(([questions[k] for k in these], these, codes))

        def work(piece: tuple[list[Question], list[int], Integers | None]) -> list[Answer]:
            asked, _, codes = piece
            return [self._one_by_one(one) for one in asked] if codes is None else self._together(asked, codes)

        with ThreadPoolExecutor(self.threads) as pool:
            for (_, these, _), answers in zip(pieces, pool.map(work, pieces), strict=True):
                for k, answer in zip(these, answers, strict=True):
                    found[k] = answer
        return found

    def _together(self, questions: Sequence[Question], codes: Integers) -> list[Answer]:
        family, person = questions[0].family, questions[0].person
        prepared = self.bodies.prepared
        try:
            rows = genotype_rows(
                person, family.pedigree, self._classes, codes, prepared.options, most_cost=MOST_COST,
                where_nobody_is_typed=True,
            )  # fmt: skip
        except TooComplexError:
            if len(questions) > 1:  # one of them may be, for what was read of whom differs
                return [answer for k, one in enumerate(questions) for answer in self._together([one], codes[k : k + 1])]
            return [None]
        sex = family.pedigree[person].sex
        markers = []
        for model, these in zip(prepared.models, rows, strict=True):
            haploid = model.x_linked and sex is Sex.MALE
            # Where a family contradicts itself at a marker, the marker is not used.
            possible = np.append(these.rows.any(axis=1), False)
            used = possible[these.which] & (not model.x_linked or sex is not Sex.UNKNOWN)
            which = np.where(used, these.which, -1)
            markers.append(MarkerRows(these.rows, hardy_weinberg(model, haploid=haploid)[None, :], which, haploid))
        totals = self._sweep.totals(markers)
        return [self._chosen(one, totals[:, k]) for k, one in enumerate(questions)]

    def _one_by_one(self, question: Question) -> Answer:
        try:
            logs = self.bodies.log10_lrs(question.family, dict(question.placed), question.person)
        except TableError:
            return None
        return self._chosen(question, logs)

    def _chosen(self, question: Question, logs: Floats) -> Answer:
        if question.among is not None:
            return tuple((i, float(logs[i])) for i in question.among)
        free = logs.copy()
        free[[i for _, i in question.placed]] = -np.inf
        best = np.argsort(-free, kind="stable")[: self.next_best]
        return tuple((int(i), float(free[i])) for i in best if free[i] >= self.floor[i] and free[i] > -np.inf)

    def _codes(self, question: Question) -> Integers:
        """What is known in the family, as `genotype_rows` takes it; shape (markers, persons)."""
        family = question.family
        if id(family) not in self._codes_of_donors:
            self._codes_of_donors[id(family)] = self._donors(family)
        codes = self._codes_of_donors[id(family)].copy()
        for person, i in question.placed:
            codes[:, family.pedigree.position(person)] = self._codes_of(family, person, i)
        if family.pedigree[question.person].sex is Sex.UNKNOWN:
            codes[[model.x_linked for model in self.bodies.prepared.models]] = -1
        return codes

    def _donors(self, family: Family) -> Integers:
        codes = np.full((len(self._classes), len(family.pedigree)), -1, dtype=np.int64)
        for person in family.profiles:
            codes[:, family.pedigree.position(person)] = self._codes_of(family, person, None)
        return codes

    def _codes_of(self, family: Family, person: str, body: int | None) -> list[int]:
        """What is known of one person at each marker: of their own sample, of a body that is theirs, of both."""
        sex = family.pedigree[person].sex
        profile = family.profiles.get(person)
        remains = None if body is None else self.bodies.individuals[body].profile
        found = []
        for m, model in enumerate(self.bodies.prepared.models):
            own = () if profile is None else profile.readings.get(model.name, ())
            theirs = () if remains is None else remains.readings.get(model.name, ())
            if not (own or theirs) or (model.x_linked and sex is Sex.UNKNOWN):
                found.append(-1)
            else:
                found.append(self._class_of(m, model, own, theirs, haploid=model.x_linked and sex is Sex.MALE))
        return found

    def _class_of(
        self, m: int, model: MarkerModel, own: tuple[Reading, ...], theirs: tuple[Reading, ...], *, haploid: bool
    ) -> int:
        key = (own, theirs, haploid)
        number = self._number[m].get(key)
        if number is None:
            known = self._known(m, model, own, theirs, haploid=haploid)
            number = -1 if known is None else self._classes[m].add(known, haploid=haploid)
            self._number[m][key] = number
        return number

    def _known(
        self, m: int, model: MarkerModel, own: tuple[Reading, ...], theirs: tuple[Reading, ...], *, haploid: bool
    ) -> Known | None:
        sample = known_from_readings(own, model, self._donor_rates[m], haploid=haploid) if own else None
        body = known_from_readings(theirs, model, self._rates[m], haploid=haploid) if theirs else None
        return both_of(sample, body, model)
