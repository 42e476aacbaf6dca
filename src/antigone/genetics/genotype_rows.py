"""Somebody's genotype in many families of one pedigree, from arrays: the fast twin of `genotype_distributions`.

Families that say the same at a marker are one problem. Problems in which the same people are typed in the same way have
one shape, whatever the marker, and the compiled engine takes them in one call. The numbers are those of
`likelihood.genotype_distributions`, with which the tests compare them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.elimination import TooComplexError, schedule
from antigone.genetics.evaluation import ModelPack, Problems, evaluate, evaluate_plain
from antigone.genetics.likelihood import (
    DEFAULT_OPTIONS,
    Known,
    LikelihoodError,
    Observed,
    Options,
    _checked,
    _Frame,
    _inbreeding,
    _indices,
    _is_haploid,
    _with_states,
)
from antigone.genetics.models import MarkerModel
from antigone.genetics.network import Role, Shape, build
from antigone.genetics.pedigrees import Pedigree

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Numbers in the answers of one call of the engine: 64 MiB.
MOST_ANSWERS = 2**23


@dataclass(eq=False)
class KnownClasses:
    """The distinct things that are known of anybody at one marker, each with a number.

    A class is an exact genotype, or a likelihood of every genotype. At an X-linked marker one reading of a man and of a
    woman is two classes.
    """

    model: MarkerModel
    _genotypes: list[tuple[int, int]] = field(default_factory=list)
    _likelihoods: list[Floats] = field(default_factory=list)  # empty for an exact genotype
    _arrays: "_ClassArrays | None" = None

    @classmethod
    def of_genotypes(cls, model: MarkerModel, genotypes: Integers) -> "KnownClasses":
        """Exact genotypes, numbered as they stand: shape (classes, 2), indices of alleles in ascending order."""
        if genotypes.size and not 0 <= genotypes.min() <= genotypes.max() < len(model):
            raise LikelihoodError(f"alleles {genotypes.min()} to {genotypes.max()} of {len(model)} at {model.name}")
        pairs = [(a, b) for a, b in genotypes.tolist()]
        return cls(model, pairs, [_NOTHING] * len(pairs))

    def add(self, known: Known, *, haploid: bool = False) -> int:
        """The number of a new class. Raises `LikelihoodError` for an allele that the model does not hold."""
        if isinstance(known, Observed):
            self._likelihoods.append(_checked(known, "somebody", self.model, haploid).ravel())
            self._genotypes.append((-1, -1))
        else:
            self._likelihoods.append(np.zeros(0))
            self._genotypes.append(_indices(known, "somebody", self.model, haploid))
        self._arrays = None
        return len(self._genotypes) - 1

    def __len__(self) -> int:
        return len(self._genotypes)

    @property
    def arrays(self) -> "_ClassArrays":
        """All classes, and one more at the end (number −1) of which nothing is known."""
        if self._arrays is None:
            genotypes = np.array([*self._genotypes, (-1, -1)], dtype=np.int64)
            roles = np.where(genotypes[:, 0] >= 0, int(Role.TYPED), int(Role.OBSERVED))
            roles[-1] = int(Role.UNTYPED)
            at = np.array([0, *accumulate(len(one) for one in self._likelihoods)], dtype=np.int64)
            self._arrays = _ClassArrays(genotypes, roles, np.concatenate([np.zeros(0), *self._likelihoods]), at)
        return self._arrays


_NOTHING: Floats = np.zeros(0)


@dataclass(frozen=True, eq=False)
class _ClassArrays:
    genotypes: Integers  # (classes + 1, 2): alleles in order, −1 where not certain
    roles: Integers  # (classes + 1,)
    likelihoods: Floats  # those that are not certain, flattened
    likelihood_at: Integers  # (classes + 1,): where each begins

    def likelihood_of(self, k: int) -> Floats:
        """The likelihood of one class; empty for an exact genotype, and for the last, of which nothing is known."""
        return (
            self.likelihoods[self.likelihood_at[k] : self.likelihood_at[k + 1]]
            if k + 1 < len(self.likelihood_at)
            else _NOTHING
        )


@dataclass(frozen=True, eq=False)
class GenotypeRows:
    """P(genotype of the person asked for | what is known) at one marker, for many families.

    `rows` has shape (distinct, genotypes): unordered genotypes in the order of `numpy.triu_indices`, or alleles for a
    male at an X-linked marker. A row is all zeros where what is known is impossible. `which` says for each family which
    row is its own, −1 where nothing is known of anybody.
    """

    rows: Floats
    which: Integers


def genotype_rows(
    target: str,
    pedigree: Pedigree,
    classes: Sequence[KnownClasses],
    codes: Integers,
    options: Options = DEFAULT_OPTIONS,
    *,
    most_cost: float = np.inf,
    where_nobody_is_typed: bool = False,
) -> list[GenotypeRows]:
    """The genotype of `target` at each marker, in many families that have one pedigree.

    `codes` has shape (families, markers, persons): the class of what is known of each person, −1 for nothing, persons
    in the order of `pedigree.persons`. Theta, pruning and identical twins are left to `genotype_distributions`. With
    `where_nobody_is_typed` there is a row there too: what the pedigree alone says, which is not quite what the
    population says where mutation changes the frequencies of alleles from one generation to the next.

    Raises `TooComplexError` for a pedigree that takes too much memory, or more than `most_cost` multiplications a
    family and marker (`Schedule.cost`).

    >>> from antigone.genetics.alleles import Repeat
    >>> from antigone.genetics.likelihood import Typed
    >>> from antigone.genetics.pedigrees import Person
    >>> at_th01 = KnownClasses(MarkerModel.build("TH01", [Repeat(6), Repeat(7)], [0.2, 0.8]))
    >>> father = at_th01.add(Typed((Repeat(6), Repeat(6))))
    >>> pedigree = Pedigree.build([Person("F"), Person("C", "F")])
    >>> (found,) = genotype_rows("C", pedigree, [at_th01], np.array([[[father, -1]]]))
    >>> [round(float(q), 9) for q in found.rows[found.which[0]]]  # 6/6, 6/7, 7/7: the mother is anybody
    [0.2, 0.8, 0.0]
    """
    if options.theta or options.prune_untyped_founders or pedigree.twins:
        raise LikelihoodError("with theta, pruning or identical twins families are computed one by one")
    if codes.shape[1:] != (len(classes), len(pedigree)):
        raise LikelihoodError(f"codes of shape {codes.shape} for {len(classes)} markers and {len(pedigree)} persons")
    work = _Work(target, pedigree, classes, options)
    found = [work.marker(m, codes[:, m], everywhere=where_nobody_is_typed) for m in range(len(classes))]
    work.refuse_above(most_cost)
    work.evaluate()
    return found


@dataclass(frozen=True, eq=False)
class PhasedRows:
    """P(genotype of the person asked for, which alleles were passed on, what is known) at one marker.

    `rows` has shape (distinct, 2**meioses, genotypes), up to one factor a row. The second axis says of each of
    `meioses` (child, side), the first one most slowly, whether the parent passed the allele of their own father (0) or
    mother (1). What the two alleles of a founder are called is arbitrary, so each row is symmetric under exchanging
    them.
    """

    rows: Floats
    which: Integers
    meioses: tuple[tuple[int, int], ...]


def phased_meioses(
    target: str, pedigree: Pedigree, classes: KnownClasses, codes: Integers, options: Options = DEFAULT_OPTIONS
) -> tuple[tuple[int, int], ...]:
    """The meioses that `phased_rows` will tell apart."""
    work = _PhasedWork(target, pedigree, classes, options, ())
    work.marker(0, codes)
    return tuple(sorted({meiosis for shape in work.tasks for meiosis in build(shape).selected}))


def phased_rows(
    target: str,
    pedigree: Pedigree,
    classes: KnownClasses,
    codes: Integers,
    meioses: tuple[tuple[int, int], ...],
    options: Options = DEFAULT_OPTIONS,
) -> PhasedRows:
    """`genotype_rows` at one marker, by who passed what; `codes` has shape (families, persons).

    `meioses` hold at least those of `phased_meioses`. Two markers with a recombination fraction between them are
    independent given these, so that products of such rows are what linked markers say together.
    """
    work = _PhasedWork(target, pedigree, classes, options, meioses)
    found = work.marker(0, codes)
    work.evaluate()
    distinct = len(found.rows)
    return PhasedRows(found.rows.reshape(distinct, 2 ** len(meioses), -1), found.which, meioses)


@dataclass(frozen=True, eq=False)
class _Task:
    """Problems of one shape at one marker: `codes` (problems, persons); answers go to `at` in `rows`."""

    marker: int
    codes: Integers
    rows: Floats
    at: Integers

    def part(self, start: int, stop: int) -> "_Task":
        return _Task(self.marker, self.codes[start:stop], self.rows, self.at[start:stop])


class _Work:
    """Sorts the problems of all markers by shape, then has them evaluated."""

    phases = 1  # answers for each genotype

    def __init__(self, target: str, pedigree: Pedigree, classes: Sequence[KnownClasses], options: Options) -> None:
        self.target = pedigree.position(target)
        self.classes = classes
        self.options = options
        self.inbreeding = _inbreeding(pedigree)
        self.frames = {
            x_linked: _Frame(pedigree, x_linked, (target,), options)
            for x_linked in dict.fromkeys(these.model.x_linked for these in classes)
        }
        self.pack = _pack_of(tuple(these.model for these in classes))
        self.tasks: dict[Shape, list[_Task]] = {}

    def marker(self, m: int, codes: Integers, *, everywhere: bool = False) -> GenotypeRows:
        """Rows that `evaluate` will fill; `everywhere` also where nobody is typed."""
        these = self.classes[m]
        distinct, which = distinct_codes(codes, len(these))
        frame = self.frames[these.model.x_linked]
        roles = these.arrays.roles[distinct]
        anybody = np.asarray(roles.any(axis=1)) | everywhere
        haploid = frame.x_linked and frame.members[self.target].male is True
        genotypes = len(these.model) if haploid else len(_unordered(len(these.model))[0])
        rows = np.zeros((len(distinct), self.phases * genotypes))
        patterns, pattern_of = distinct_codes(roles, len(Role))
        for k, pattern in enumerate(patterns):
            if pattern.any() or everywhere:
                at = np.flatnonzero(pattern_of == k)
                shape = self.shape(frame, tuple(Role(role) for role in pattern))
                self.tasks.setdefault(shape, []).append(_Task(m, distinct[at], rows, at))
        return GenotypeRows(rows, np.where(anybody[which], which, -1))

    def shape(self, frame: _Frame, roles: tuple[Role, ...]) -> Shape:
        return frame.shape(roles)

    def refuse_above(self, most_cost: float) -> None:
        """Raise `TooComplexError` where a family takes more at one marker, before anything is computed."""
        if most_cost == np.inf:
            return
        for shape, tasks in self.tasks.items():
            largest = max(len(self.classes[task.marker].model) for task in tasks)
            cost = schedule(shape, (largest,)).cost
            if cost > most_cost:
                raise TooComplexError(
                    f"this pedigree needs {cost:.1e} multiplications a marker; at most {most_cost:.1e}"
                )

    def evaluate(self) -> None:
        for shape, tasks in self.tasks.items():
            for chunk in self._chunks(tasks):
                self._evaluate(shape, chunk)

    def _chunks(self, tasks: Sequence[_Task]) -> Iterator[list[_Task]]:
        """Tasks whose answers fit into memory together, markers of about the same size side by side."""
        chunk: list[_Task] = []
        count = 0
        for task in sorted(tasks, key=lambda task: len(self.classes[task.marker].model)):
            most = max(1, MOST_ANSWERS // (self.phases * len(self.classes[task.marker].model) ** 2))
            done = 0
            while done < len(task.codes):
                if count >= most:
                    yield chunk
                    chunk, count = [], 0
                part = task.part(done, done + most - count)
                chunk.append(part)
                done, count = done + len(part.codes), count + len(part.codes)
        if chunk:
            yield chunk

    def _evaluate(self, shape: Shape, tasks: Sequence[_Task]) -> None:
        problems = self._problems(shape, tasks)
        run = evaluate if self.options.compiled else evaluate_plain
        largest = max(len(self.classes[task.marker].model) for task in tasks)
        values = run(schedule(shape, (largest,)), problems).values
        done = 0
        for task in tasks:
            mine = values[done : done + len(task.codes)]
            done += len(task.codes)
            rows = self._folded(shape, task, mine)
            total = rows.sum(axis=1, keepdims=True)  # no more than a factor where rows are by phase
            task.rows[task.at] = np.divide(rows, total, out=np.zeros_like(rows), where=total > 0)

    def _problems(self, shape: Shape, tasks: Sequence[_Task]) -> Problems:
        arrays = [self.classes[task.marker].arrays for task in tasks]
        which = np.repeat([task.marker for task in tasks], [len(task.codes) for task in tasks])[:, None]
        genotypes = np.concatenate([each.genotypes[task.codes] for each, task in zip(arrays, tasks, strict=True)])
        problems = _with_states(shape, self.pack, which, genotypes[:, None], self.inbreeding, np.zeros(0), 0.0)
        if any(role is Role.OBSERVED for member in shape.members for role in member.roles):
            pieces, at = _observations(arrays, [task.codes for task in tasks])
            problems.observations = pieces
            problems.observation_at = at[:, None]
        return problems

    def _folded(self, shape: Shape, task: _Task, values: Floats) -> Floats:
        """From ordered alleles to unordered genotypes; not yet divided by their sum."""
        n = len(self.classes[task.marker].model)
        haploid = _is_haploid(shape, self.target)
        if shape.members[self.target].roles[0] is Role.TYPED:
            return self._certain(task, values, n, haploid=haploid)
        if haploid:
            return values[:, :n]
        upper, unlike, lower = _unordered(n)
        rows = values[:, upper]
        rows[:, unlike] += values[:, lower]
        return rows

    def _certain(self, task: _Task, values: Floats, n: int, *, haploid: bool) -> Floats:
        """The person's own sample leaves one genotype, which is possible or not; `values` are over its states."""
        genotypes = self.classes[task.marker].arrays.genotypes[task.codes[:, self.target]]
        a, b = genotypes[:, 0], genotypes[:, 1]
        place = a if haploid else a * (2 * n - a + 1) // 2 + b - a
        rows = np.zeros((len(values), task.rows.shape[1]))
        rows[np.arange(len(rows)), place] = values.any(axis=1)
        return rows


class _PhasedWork(_Work):
    """The same with the selectors of all meioses in front of the answers."""

    def __init__(
        self,
        target: str,
        pedigree: Pedigree,
        classes: KnownClasses,
        options: Options,
        meioses: tuple[tuple[int, int], ...],
    ) -> None:
        super().__init__(target, pedigree, [classes], options)
        self.meioses = meioses
        self.phases = 2 ** len(meioses)

    def shape(self, frame: _Frame, roles: tuple[Role, ...]) -> Shape:
        return replace(frame.shape(roles), phased=True)

    def _folded(self, shape: Shape, task: _Task, values: Floats) -> Floats:
        selected = schedule(shape, (len(self.classes[0].model),)).network.selected
        phases, count = 2 ** len(selected), len(values)
        if shape.members[self.target].roles[0] is Role.TYPED:
            rows = self._certain_phased(shape, task, values, phases)
        else:
            n = len(self.classes[0].model)
            wide = n if _is_haploid(shape, self.target) else n * n
            flat = values[:, : phases * wide].reshape(count * phases, wide)
            rows = super()._folded(shape, task, flat).reshape(count, phases, -1)
        return self._among_all(rows, selected).reshape(count, -1)

    def _certain_phased(self, shape: Shape, task: _Task, values: Floats, phases: int) -> Floats:
        """The person's genotype is certain: a sum over which of its alleles came from whom."""
        genotypes = self.classes[0].arrays.genotypes[task.codes[:, self.target]]
        a, b = genotypes[:, 0], genotypes[:, 1]
        n, haploid = len(self.classes[0].model), _is_haploid(shape, self.target)
        place = a if haploid else a * (2 * n - a + 1) // 2 + b - a
        one = values[:, :phases]
        if haploid:
            sums = one
        else:
            two = values[:, : 2 * phases]
            two = np.pad(two, ((0, 0), (0, 2 * phases - two.shape[1]))).reshape(len(values), phases, 2)
            sums = np.where((a != b)[:, None], two.sum(axis=2), one)
        rows = np.zeros((len(values), phases, task.rows.shape[1] // self.phases))
        rows[np.arange(len(rows)), :, place] = sums
        return rows

    def _among_all(self, rows: Floats, selected: Sequence[tuple[int, int]]) -> Floats:
        """The axes of these meioses among those of all; the others make no difference here."""
        count, genotypes = len(rows), rows.shape[2]
        order = sorted(range(len(selected)), key=lambda k: self.meioses.index(selected[k]))
        cube = rows.reshape(count, *[2] * len(selected), genotypes)
        cube = cube.transpose(0, *[1 + k for k in order], len(selected) + 1)
        here = [2 if meiosis in selected else 1 for meiosis in self.meioses]
        cube = cube.reshape(count, *here, genotypes)
        return np.broadcast_to(cube, (count, *[2] * len(self.meioses), genotypes)).reshape(count, -1, genotypes)


def _observations(arrays: Sequence["_ClassArrays"], codes: Sequence[Integers]) -> tuple[Floats, Integers]:
    """The likelihoods that these problems use, and where each person's begins; there may be far more classes."""
    pieces, at = [np.zeros(0)], []
    filled = 0
    for each, these in zip(arrays, codes, strict=True):
        used, place = np.unique(these, return_inverse=True)
        used = used % len(each.likelihood_at)  # nothing known is the last class
        own = [each.likelihood_of(int(k)) for k in used]
        begins = filled + np.array([0, *accumulate(len(one) for one in own)], dtype=np.int64)
        at.append(begins[place.reshape(these.shape)])
        pieces += own
        filled = int(begins[-1])
    return np.concatenate(pieces), np.concatenate(at)


_pack_of = lru_cache(maxsize=8)(ModelPack.of)


@lru_cache(maxsize=512)
def _unordered(alleles: int) -> tuple[Integers, Integers, Integers]:
    """Where unordered genotypes lie in a flat square of ordered ones; which are heterozygous, and their other place."""
    a, b = np.triu_indices(alleles)
    unlike = np.flatnonzero(a != b)
    return a * alleles + b, unlike, b[unlike] * alleles + a[unlike]


def distinct_codes(rows: Integers, classes: int) -> tuple[Integers, Integers]:
    """The distinct rows of numbers from −1 to `classes` − 1, and which of them each row is."""
    radix = classes + 1
    keys = np.zeros(len(rows), dtype=np.int64)
    for column in np.flatnonzero(rows.max(axis=0, initial=-1) >= 0):
        if keys.max(initial=0) >= 2**62 // radix:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)  # in the same order
        keys = keys * radix + rows[:, column] + 1
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], which
