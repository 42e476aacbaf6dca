"""A quick look at many families at once: those that are alike are planned once, and computed as arrays.

Families are alike where their pedigrees are, names apart, the same persons are typed, in one order, and amelogenin
shows the same sexes. Then every single change is the same for all of them, and so is who sits where; only genotypes
differ.
At each marker a likelihood depends on the genotypes in the seats alone, so each distinct set of them is computed once.

That shares arithmetic of one shape, never evidence: no number of a family depends on what another family's samples say
(`test_what_is_found_of_a_family_does_not_depend_on_the_others`). Identical twins, pedigrees that are large or too
large, and names that this program gives itself are left to `arrangements.log_likelihoods_of`, the slow twin, with which
the tests compare every digit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.genotype_rows import distinct_codes
from antigone.genetics.likelihood import is_evaluated_as_it_is, typed_problems
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.matching.arrangements import (
    UNNAMED,
    Arrangement,
    Seating,
    all_unrelated,
    exact_genotype,
    kinds_of_markers,
    shown_sexes,
    single_changes,
)
from antigone.matching.operation import Family
from antigone.matching.tables import UNRELATED

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

# So many likelihoods are held at once, about 64 MiB with what they are computed from.
MOST_LIKELIHOODS = 2**20

# So many problems go to the engine at once.
MOST_PROBLEMS = 2**14

_NOT_READ, _NOT_USED = -1, -2


@dataclass(frozen=True, eq=False)
class AlikeFamilies:
    """What the exact genotypes of some families say of the single changes that all of them have in common.

    `members` are their places in the sequence given. `arrangements` are those of the first: all unrelated, as declared,
    then `single_changes`; `sexes` is what amelogenin shows in its samples. `logs`, shape (families, arrangements,
    markers), are `arrangements.log_likelihoods_of`; `used`, shape (families,), is `Evidence.used`.
    """

    members: Integers
    arrangements: Sequence[Arrangement]
    sexes: dict[str, Sex]
    logs: Floats
    used: Floats


class QuickLooks:
    """Looks at families under one set of models; what was planned for a structure is kept for the next families."""

    def __init__(self, models: Sequence[MarkerModel]) -> None:
        self.models = models
        self.x_linked = any(model.x_linked for model in models)
        self.kinds = kinds_of_markers(models)
        self.base = max((len(model) for model in models), default=1)  # a genotype a ≤ b is the number a · base + b
        self.plans: dict[object, _Plan] = {}
        self.codes: dict[Sex, list[dict[int, int]]] = {}  # by the identity of readings that are in `kept`
        self.kept: list[tuple[Reading, ...]] = []

    def look(self, families: Sequence[Family]) -> Iterator[AlikeFamilies]:
        """Those of the families with two samples or more that can be looked at together, each once."""
        self.codes, self.kept = {sex: [{} for _ in self.models] for sex in Sex}, []
        alike: dict[object, list[int]] = {}
        for k, family in enumerate(families):
            if len(family.profiles) > 1 and (key := _structure(family)) is not None:
                alike.setdefault(key, []).append(k)
        for key, members in alike.items():
            if key not in self.plans:
                self.plans[key] = _Plan(families[members[0]], x_linked=self.x_linked)
            plan = self.plans[key]
            together = max(1, MOST_LIKELIHOODS // max(1, len(plan.arrangements) * len(self.models)))
            for start in range(0, len(members), together):
                here = members[start : start + together]
                yield from self._alike(plan, [families[k] for k in here], np.array(here, dtype=np.int64))

    def _alike(self, plan: "_Plan", families: Sequence[Family], members: Integers) -> Iterator[AlikeFamilies]:
        codes = self._codes(families)
        read, exact = codes != _NOT_READ, codes >= 0
        counts = np.maximum(read.sum(axis=2), 1)
        used = np.where(read.any(axis=2), exact.sum(axis=2) / counts, 1.0).min(axis=1)
        possible = self._as_they_are(plan, exact)
        if possible.any():
            codes = np.where(exact, codes, -1)[possible]
            logs = self._log_likelihoods(plan, codes)
            yield AlikeFamilies(members[possible], plan.arrangements, plan.sexes, logs, used[possible])

    def _codes(self, families: Sequence[Family]) -> Integers:
        """What was read of whom, shape (families, samples, markers): the number of an exact genotype, or why none."""
        # Nearly all that is read was read before: then a row is looked up by identity alone.
        columns = {
            sex: [(model.name, known) for model, known in zip(self.models, codes, strict=True)]
            for sex, codes in self.codes.items()
        }
        rows: list[list[int]] = []
        for family in families:
            for person, profile in family.profiles.items():
                sex, readings = family.pedigree[person].sex, profile.readings
                row = [known.get(id(readings.get(name))) for name, known in columns[sex]]
                if None in row:
                    row = [self._code(m, readings, sex) if code is None else code for m, code in enumerate(row)]
                rows.append(row)  # type: ignore[arg-type]  # no code is None here
        return np.array(rows, dtype=np.int64).reshape(len(families), -1, len(self.models))

    def _code(self, m: int, profile: Mapping[str, tuple[Reading, ...]], sex: Sex) -> int:
        model = self.models[m]
        readings = profile.get(model.name)
        genotype = exact_genotype(readings or (), model, sex)
        code = _NOT_READ if not readings else _NOT_USED
        if genotype is not None:
            code = min(genotype) * self.base + max(genotype)
        if readings is not None:
            self.kept.append(readings)  # its identity is its own as long as it lives
        self.codes[sex][m][id(readings)] = code
        return code

    def _as_they_are(self, plan: "_Plan", exact: Booleans) -> Booleans:
        """The families all of whose likelihoods are evaluated with all alleles apart; `exact` as `_codes`."""
        possible = np.ones(len(exact), dtype=bool)
        for kind, where in enumerate(self.kinds):
            models = [self.models[m] for m in where]
            here = exact[:, :, where].transpose(0, 2, 1).reshape(-1, exact.shape[1])
            patterns, which = np.unique(here, axis=0, return_inverse=True) if not here.all() else (here[:1], None)
            fine = np.array([plan.is_simple(kind, models, pattern) for pattern in patterns], dtype=bool)
            if not fine.all():
                bad = ~fine[np.zeros(len(here), dtype=np.int64) if which is None else which.ravel()]
                possible &= ~bad.reshape(len(exact), -1).any(axis=1)
        return possible

    def _log_likelihoods(self, plan: "_Plan", codes: Integers) -> Floats:
        """Shape (families, arrangements, markers); `codes` as `_codes`, −1 where there is no exact genotype."""
        answers = np.zeros((len(codes), len(plan.arrangements), len(self.models)))
        for rows in plan.shapes.values():
            seated = [self._seated(plan.seatings[row], codes) for row in rows]
            impossible = np.stack([one for _, one in seated], axis=1)
            places = sorted({place for seats, _ in seated for place in seats})
            empty = np.full(codes[:, 0].shape, -1, dtype=np.int64)
            for where in self.kinds:
                columns = [
                    np.stack([seats.get(place, empty)[:, where] for seats, _ in seated], axis=1) for place in places
                ]
                possible = ~impossible[:, :, where]
                found = np.full(possible.shape, -np.inf)
                found[possible] = self._distinct(plan.seatings[rows[0]], where, places, columns, possible)
                answers[np.ix_(range(len(codes)), rows, where)] = found
        return answers

    def _seated(self, seating: Seating, codes: Integers) -> tuple[dict[int, Integers], Booleans]:
        """What is known in each seat, and where two samples of one person differ: shape (families, markers) each."""
        x_linked = np.array([model.x_linked for model in self.models])
        seats: dict[int, Integers] = {}
        impossible = np.zeros(codes[:, 0].shape, dtype=bool)
        for sample, place in enumerate(seating.place.values()):
            mine = codes[:, sample]
            if self.x_linked and seating.pedigree.persons[place].sex is Sex.MALE:
                impossible |= x_linked & (mine >= 0) & (mine // self.base != mine % self.base)
            if place in seats:
                impossible |= (seats[place] >= 0) & (mine >= 0) & (seats[place] != mine)
                seats[place] = np.where(mine >= 0, mine, seats[place])
            else:
                seats[place] = mine
        return seats, impossible

    def _distinct(
        self,
        seating: Seating,
        where: Sequence[int],
        places: Sequence[int],
        columns: Sequence[Integers],
        possible: Booleans,
    ) -> Floats:
        """The likelihoods of what is possible, in its order; each distinct one is computed once."""
        models = [self.models[m] for m in where]
        marker = np.broadcast_to(np.arange(len(where)), possible.shape)[possible]
        kept, at = [], []
        for place, column in zip(places, columns, strict=True):
            if not (models[0].x_linked and seating.pedigree.persons[place].sex is Sex.UNKNOWN):
                kept.append(column[possible])
                at.append(place)
        distinct, which = distinct_codes(np.stack([marker, *kept], axis=1), max(self.base**2, len(where)))
        answers = np.zeros(len(distinct))
        for start in range(0, len(distinct), MOST_PROBLEMS):
            here = distinct[start : start + MOST_PROBLEMS]
            genotypes = np.full((len(here), len(seating.pedigree), 2), -1, dtype=np.int64)
            for place, code in zip(at, here.T[1:], strict=True):
                genotypes[:, place, 0] = np.where(code >= 0, code // self.base, -1)
                genotypes[:, place, 1] = np.where(code >= 0, code % self.base, -1)
            answers[start : start + MOST_PROBLEMS] = typed_problems(seating.pedigree, models, genotypes, here[:, 0])
        return np.asarray(answers[which])


class _Plan:
    """All single changes of one structure, where each sample sits under each, and which of them have one shape."""

    def __init__(self, family: Family, *, x_linked: bool) -> None:
        declared = Arrangement.declared(family)
        self.sexes = shown_sexes(family)
        self.arrangements = [all_unrelated(declared), declared, *single_changes(family, x_linked=x_linked)]
        self.seatings = [Seating.of(one, x_linked=x_linked) for one in self.arrangements]
        self.shapes: dict[object, list[int]] = {}
        for row, seating in enumerate(self.seatings):
            self.shapes.setdefault(seating.shape, []).append(row)
        self.simple: dict[tuple[int, bytes], bool] = {}

    def is_simple(self, kind: int, models: Sequence[MarkerModel], pattern: Booleans) -> bool:
        """Whether no likelihood of one kind of markers needs alleles lumped where these samples have a genotype."""
        key = kind, pattern.tobytes()
        if key not in self.simple:
            self.simple[key] = all(
                is_evaluated_as_it_is(
                    seating.pedigree, models, self._typed(seating, pattern, x_linked=models[0].x_linked)
                )
                for seating in self.seatings
            )
        return self.simple[key]

    @staticmethod
    def _typed(seating: Seating, pattern: Booleans, *, x_linked: bool) -> Booleans:
        typed = np.zeros(len(seating.pedigree), dtype=bool)
        for place, exact in zip(seating.place.values(), pattern, strict=True):
            typed[place] |= exact and not (x_linked and seating.pedigree.persons[place].sex is Sex.UNKNOWN)
        return typed


def _structure(family: Family) -> object | None:
    """All of a family that its single changes depend on, names apart; None for what is looked at by itself."""
    pedigree = family.pedigree
    if pedigree.twins or any(one.id.startswith((UNNAMED, UNRELATED)) for one in pedigree.persons):
        return None
    at: dict[str | None, int] = {one.id: i for i, one in enumerate(pedigree.persons)}
    at[None] = -1
    persons = tuple((at[one.father], at[one.mother], one.sex, one.inbreeding) for one in pedigree.persons)
    return persons, tuple(at[person] for person in family.profiles), tuple(shown_sexes(family).values())
