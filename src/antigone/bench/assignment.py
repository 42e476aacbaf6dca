"""How long the joint answer takes at full scale: a made-up hit graph of 6,057 individuals and 70,000 missing persons.

Only likelihood ratios are drawn, no genotypes. True pairs have the log10 LR of their kind of reference, normal by kind;
pairs of strangers have what follows from it, since the density of an LR among strangers is that among true pairs over
the LR. So there are as many chance hits as a search would meet, and what lies below the floor is summed as a search
sums it.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from antigone.bench.machine import peak_bytes
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.assignment.answer import JointAnswer, weighed
from antigone.matching.assignment.candidates import WEAKEST, Listed, Several
from antigone.matching.assignment.packing import Option
from antigone.matching.coincidences import CoincidenceCount
from antigone.matching.lookup import Pair
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.preparation import prepare
from antigone.matching.prior import Prior, Shares
from antigone.matching.search import HISTOGRAM_EDGES, Comparisons, Kept, SearchResult

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

INDIVIDUALS, MISSING = 6_057, 70_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of reference: its share of the missing persons, and the log10 LR of true pairs."""

    share: float
    mean: float
    deviation: float

    def of_strangers(self, floor: float) -> float:
        """The probability that a stranger reaches the floor: ∫ f(x) 10⁻ˣ dx from there."""
        tilt = np.log(10.0)
        whole = np.exp(-self.mean * tilt + (self.deviation * tilt) ** 2 / 2)
        return float(whole * norm.sf(floor, self._mean_of_strangers, self.deviation))

    def below(self, floor: float) -> float:
        """E[LR; LR below the floor] among strangers: the chance that a true pair lies below it."""
        return float(norm.cdf(floor, self.mean, self.deviation))

    def draw_strangers(self, floor: float, count: int, rng: np.random.Generator) -> Floats:
        """log10 LR of strangers who reach the floor."""
        uniform = rng.random(count) * norm.sf(floor, self._mean_of_strangers, self.deviation)
        return np.asarray(norm.isf(uniform, self._mean_of_strangers, self.deviation))

    @property
    def _mean_of_strangers(self) -> float:
        return self.mean - self.deviation**2 * float(np.log(10.0))


# About 21 autosomal markers. Shares are those of the scenario june-2025; its lifetime samples are the first line.
KINDS = (
    Kind(0.27, 26.0, 2.5),  # the missing person's own sample
    Kind(0.14, 14.0, 2.0),  # both parents
    Kind(0.15, 10.0, 2.0),  # a parent and a sibling, or a child
    Kind(0.15, 6.5, 1.4),  # one parent
    Kind(0.11, 9.5, 2.0),  # children and their other parent
    Kind(0.08, 5.5, 1.9),  # one sibling
    Kind(0.05, 9.0, 2.4),  # several siblings
    Kind(0.02, 1.8, 1.1),  # a half-sibling
    Kind(0.03, 1.0, 0.8),  # distant relatives
)
NO_REFERENCE = 0.12
SEVERAL_MISSING = 0.04
REPORTED_TWICE = 0.01

PRIORS = (
    Prior("middle", Shares(0.72, 0.08, 0.20)),
    Prior("cautious", Shares(0.50, 0.15, 0.35)),
    Prior("hopeful", Shares(0.85, 0.05, 0.10)),
)


@dataclass(frozen=True)
class AssignmentFigure:
    """What was solved, how long it took, and what came out."""

    individuals: int
    missing: int
    pairs: int
    options: int
    components: int
    largest: int
    exact_share: float
    exact_pairs: float
    bounds: tuple[float, float]
    right: int
    wrong: int
    seconds: float
    peak_mebibytes: float
    load: float

    def as_row(self) -> dict[str, object]:
        """Plain values."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class HitGraph:
    """What a search would hand on, and who is who."""

    result: SearchResult
    listed: Listed
    together: Several
    truth: dict[int, int]  # individual → missing person, or one who is reported twice


def solve(*, individuals: int = INDIVIDUALS, missing: int = MISSING, seed: int = 1) -> AssignmentFigure:
    """Make the hit graph, and solve it under three priors; only the solving is timed."""
    graph = hit_graph(individuals, missing, np.random.default_rng(seed))
    # Compile, and read what is lazily imported, with a small one.
    small = hit_graph(40, 200, np.random.default_rng(1))
    weighed(small.result, small.listed, small.together, PRIORS, np.random.default_rng(1))
    started = time.perf_counter()
    answer = weighed(graph.result, graph.listed, graph.together, PRIORS, np.random.default_rng(seed))
    return _figure(graph, answer, time.perf_counter() - started)


def _figure(graph: HitGraph, answer: JointAnswer, seconds: float) -> AssignmentFigure:
    accepted = [one for part in answer.components for one in part.pairs if one.lowest >= 0.9995]
    widths = np.array([one.highest - one.lowest for part in answer.components for one in part.pairs])
    right = sum(graph.truth.get(one.individual) == one.missing for one in accepted)
    pairs = [one for part in answer.components for one in part.pairs]
    return AssignmentFigure(
        len(answer.nobody),
        len(answer.result.missing),
        len(answer.result.kept),
        sum(part.options for part in answer.components),
        len(answer.components),
        max((len(part.individuals) for part in answer.components), default=0),
        answer.exact_share,
        sum(one.exact for one in pairs) / max(len(pairs), 1),
        (float(np.median(widths)), float(np.quantile(widths, 0.99))) if len(widths) else (0.0, 0.0),
        right,
        len(accepted) - right,
        seconds,
        peak_bytes() / 2**20,
        os.getloadavg()[0],
    )


def hit_graph(individuals: int, missing: int, rng: np.random.Generator) -> HitGraph:
    """Draw kinds, families, who is who, and every pair above the floor."""
    kind = rng.choice(len(KINDS), missing, p=np.array([one.share for one in KINDS]))
    usable = rng.random(missing) >= NO_REFERENCE
    family = _families(missing, rng)
    twice = _reported_twice(missing, family, usable, rng)
    kind[list(twice)] = kind[list(twice.values())]
    odds = max(prior.shares.odds for prior in PRIORS)
    floor = float(np.log10(WEAKEST * usable.sum() / odds))
    truth = _truth(individuals, usable, family, twice, rng)
    pairs = _pairs(individuals, kind, usable, family, twice, truth, floor, rng)
    operation = _operation(individuals, family)
    result = _result(operation, pairs, floor, kind, usable)
    return HitGraph(result, Listed(usable, usable), _together(pairs, family, truth, usable, odds, rng), truth)


def _families(missing: int, rng: np.random.Generator) -> Integers:
    """The family of each missing person: some families miss two, one beside the other."""
    begins = np.ones(missing, dtype=bool)
    begins[1:] = rng.random(missing - 1) >= SEVERAL_MISSING
    begins[2:] |= ~begins[1:-1]
    return np.cumsum(begins) - 1


def _reported_twice(
    missing: int, family: Integers, usable: NDArray[np.bool_], rng: np.random.Generator
) -> dict[int, int]:
    """Missing persons who are another one, reported by another family."""
    alone = np.flatnonzero((np.bincount(family)[family] == 1) & usable)
    chosen = rng.permutation(alone)[: 2 * round(REPORTED_TWICE * missing / 2)]
    return dict(zip(chosen[0::2].tolist(), chosen[1::2].tolist(), strict=False))


def _truth(
    individuals: int, usable: NDArray[np.bool_], family: Integers, twice: dict[int, int], rng: np.random.Generator
) -> dict[int, int]:
    """Who is who: families with several of them found together, mostly."""
    listed = rng.permutation(np.flatnonzero(rng.random(individuals) < PRIORS[0].shares.listed)).tolist()
    truth: dict[int, int] = {}
    found: set[int] = set()
    for m in rng.permutation(np.flatnonzero(usable)).tolist():
        together = [o for o in (m - 1, m, m + 1) if 0 <= o < len(family) and family[o] == family[m] and usable[o]]
        for one in [m, *(o for o in together if o != m and rng.random() < 0.8)]:
            if listed and one not in found and one not in twice:
                found.add(one)
                truth[listed.pop()] = one
        if not listed:
            break
    return truth


def _pairs(
    individuals: int,
    kind: Integers,
    usable: NDArray[np.bool_],
    family: Integers,
    twice: dict[int, int],
    truth: dict[int, int],
    floor: float,
    rng: np.random.Generator,
) -> dict[tuple[int, int], float]:
    """log10 LR of every pair above the floor, by missing person and individual."""
    found: dict[tuple[int, int], float] = {}
    for k, of_kind in enumerate(KINDS):
        persons = np.flatnonzero((kind == k) & usable)
        count = rng.poisson(of_kind.of_strangers(floor) * individuals * len(persons))
        logs = of_kind.draw_strangers(floor, count, rng)
        who = zip(rng.choice(persons, count).tolist(), rng.integers(individuals, size=count).tolist(), strict=True)
        found.update(zip(who, logs.tolist(), strict=True))
    for i, m in truth.items():
        of_kind = KINDS[kind[m]]
        log = rng.normal(of_kind.mean, of_kind.deviation)
        # Brothers of one family look alike to it; a sample of their own tells them apart.
        for one in (m, *(o for o in (m - 1, m + 1) if _brothers(o, m, family, kind) and usable[o])):
            if log >= floor:
                found[one, i] = max(float(log), found.get((one, i), -np.inf))
    of_missing: dict[int, list[tuple[int, float]]] = {}
    for (m, i), log in found.items():
        of_missing.setdefault(m, []).append((i, log))
    again = set(twice)
    single = {(m, i): log for (m, i), log in found.items() if m not in again}
    return single | {(m, i): log for m, first in twice.items() for i, log in of_missing.get(first, ())}


def _brothers(one: int, other: int, family: Integers, kind: Integers) -> bool:
    return bool(0 <= one < len(family) and family[one] == family[other] and 0 not in (kind[one], kind[other]))


def _together(
    pairs: dict[tuple[int, int], float],
    family: Integers,
    truth: dict[int, int],
    usable: NDArray[np.bool_],
    odds: float,
    rng: np.random.Generator,
) -> Several:
    """Options of two: more than their product where both are right, less where one is not."""
    number = {int(f): k for k, f in enumerate(dict.fromkeys(family.tolist()))}
    size = np.bincount(family)
    by_family: dict[int, dict[int, dict[int, float]]] = {}
    for (m, i), log in pairs.items():
        if size[family[m]] > 1:
            by_family.setdefault(int(family[m]), {}).setdefault(m, {})[i] = log
    options = []
    weakest = float(np.log10(WEAKEST * (usable.sum() / odds) ** 2))
    for f, persons in by_family.items():
        if len(persons) < 2:
            continue
        first, second = sorted(persons)
        true = {i for i in persons[first] if family[truth.get(i, -1)] == f and i in truth}
        for i, j in permutations(sorted(set(persons[first]) | set(persons[second])), 2):
            if i not in persons[first] or j not in persons[second]:
                continue
            more = 3.0 if {i, j} <= true else float(_more(i, j, rng))
            log = persons[first][i] + persons[second][j] + more
            if log >= weakest:
                options.append(Option(number[f], ((first, i), (second, j)), log * float(np.log(10.0))))
    return Several(tuple(options), ())


def _more(i: int, j: int, rng: np.random.Generator) -> float:
    """The same for two bodies whichever is placed first: strangers are no brothers."""
    return rng.normal(-3.0, 1.0) if i < j else -3.0


def _operation(individuals: int, family: Integers) -> Operation:
    names = ("M1", "M2")
    pedigrees = [
        Pedigree.build([Person("F"), Person("M"), *(Person(name, "F", "M", Sex.MALE) for name in names[:count])])
        for count in (1, 2)
    ]
    sizes = np.bincount(family).tolist()
    return Operation(
        "bench",
        tuple(Individual(f"I{i}", Profile(f"I{i}", {}), Sex.MALE, transfer="T1") for i in range(individuals)),
        tuple(Family(f"F{f}", pedigrees[size - 1], names[:size], {}) for f, size in enumerate(sizes)),
        nist_1036_caucasian(),
        Settings((), prior=PRIORS[0].shares.listed, priors=PRIORS),
    )


def _result(
    operation: Operation, pairs: dict[tuple[int, int], float], floor: float, kind: Integers, usable: NDArray[np.bool_]
) -> SearchResult:
    individuals, missing = len(operation.individuals), len(kind)
    order = sorted(pairs)
    kept = Kept(
        floor,
        np.array([i for _, i in order], dtype=np.int32),
        np.array([m for m, _ in order], dtype=np.int32),
        np.array([pairs[one] for one in order]),
    )
    cut = np.where(usable, np.array([one.below(floor) for one in KINDS])[kind], 1.0)
    lr = 10.0 ** np.minimum(kept.log10_lr, 300.0)
    nothing = np.zeros(0)
    return SearchResult(
        operation, prepare(operation), operation.missing_persons(), tuple(_listed(kept, operation.settings.threshold)),
        kept,
        np.full(individuals, cut.sum()) + np.bincount(kept.individual, lr, individuals),
        individuals * cut + np.bincount(kept.missing, lr, missing),
        np.full(individuals, cut.sum()), individuals * cut, np.zeros(missing), np.zeros(len(HISTOGRAM_EDGES) + 1),
        HISTOGRAM_EDGES, CoincidenceCount(1.0, 0.0, nothing, nothing, nothing, 0.0, 0.0), (), (), (),
        # The pairs are drawn; nothing was compared.
        Comparisons(
            np.zeros(individuals, np.int64), np.zeros(missing, np.int64), (), np.zeros((missing, 0), np.bool_), {}
        ),
    )  # fmt: skip


def _listed(kept: Kept, threshold: float) -> Iterator[Pair]:
    for k in np.flatnonzero(kept.log10_lr >= threshold):
        yield Pair(
            int(kept.individual[k]), int(kept.missing[k]), float(kept.log10_lr[k]), np.zeros(0), (), exclusions=0
        )
