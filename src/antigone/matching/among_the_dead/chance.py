"""How often two unrelated people would look like kin, at most.

Both are read once at the markers at which two of the dead were compared; their readings are drawn from the population,
with the errors of remains. The log10 LR of a marker is rounded up to a grid and added up over markers by Fourier
transform; tilted by LR, so that no far tail drowns in rounding. What is not listed (three alleles of one person), and
everything where an X-linked marker was compared, is bounded by E[LR | unrelated] = 1: P(LR ≥ x) ≤ 1/x.

A pair has two LRs, one with either as the family of one, whose mean is its own; the mean reaches x only where one of
the two does, so their chances are added up unless the two are the same.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from antigone.genetics.observation import reading_table
from antigone.matching.among_the_dead.relations import MarkerRelations, Relation
from antigone.matching.classes import MarkerClasses, Rows
from antigone.matching.operation import Settings
from antigone.matching.tables import hardy_weinberg

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

STEP = 0.01  # grid in log10 LR
LOWEST = -8.0  # of a marker; what is lower counts as this


@dataclass(frozen=True, eq=False)
class _Spread:
    """The log10 LR of one marker: Σ P · LR in each cell from `first` on, LR as rounded.

    `mean` is Σ P · LR of what is listed, not rounded; `symmetric` says that both directions are one.
    """

    first: int
    tilted: Floats
    mean: float
    symmetric: bool


class ChanceOfKin:
    """Answers how often chance alone reaches an LR; what was computed once is kept. `sexes` are asked about."""

    def __init__(self, markers: Sequence[MarkerRelations], settings: Settings, sexes: Iterable[int]) -> None:
        self._sexes = tuple(sexes)
        self._markers = [_Outcomes(one, settings) for one in markers]
        self._spreads: dict[tuple[Relation, int, int], _Spread] = {}
        self._transforms: dict[tuple[Relation, int, int], Complexes] = {}
        self._rooms: dict[Relation, int] = {}
        self._tails: dict[object, tuple[int, Floats, float]] = {}

    def at_least(
        self, relation: Relation, log10_lr: float, markers: Sequence[int], sexes: Sequence[int], linkage: float
    ) -> float:
        """P(LR ≥ 10^log10_lr) of two unrelated people of these sexes (`SEXES`), read at these markers, at most.

        `linkage` is the most that linked markers together add to what they say apart.
        """
        markov = min(1.0, 10.0**-log10_lr)
        if relation is Relation.SAME_PERSON or any(self._markers[m].x_linked for m in markers):
            return markov
        sides = (0,) if relation is Relation.FULL_SIBLINGS else tuple(dict.fromkeys(sexes))
        once = len(sides) == 1 and all(self._spread(relation, m, sides[0]).symmetric for m in markers)
        both = [self._tail(relation, tuple(markers), side, log10_lr - linkage) for side in sides]
        return min(markov, sum(both) * (1 if once or len(sides) == 2 else 2))

    def _spread(self, relation: Relation, m: int, sex: int) -> _Spread:
        key = (relation, m, sex if self._markers[m].sexes_differ else 0)
        if key not in self._spreads:
            self._spreads[key] = self._markers[m].spread(relation, sex)
        return self._spreads[key]

    def _tail(self, relation: Relation, markers: tuple[int, ...], sex: int, log10_lr: float) -> float:
        key = (relation, markers, sex)
        if key not in self._tails:
            self._tails[key] = self._added_up(relation, markers, sex)
        first, tails, unlisted = self._tails[key]
        cell = int(np.clip(np.floor(log10_lr / STEP) - first, 0, len(tails) - 1))
        return float(tails[cell]) + unlisted * 10.0 ** min(-log10_lr, 300.0)

    def _added_up(self, relation: Relation, markers: Sequence[int], sex: int) -> tuple[int, Floats, float]:
        """The first cell, the chance of each cell or a higher one, and E[LR] of what is not listed."""
        spreads = [self._spread(relation, m, sex) for m in markers]
        first = sum(one.first for one in spreads)
        length = sum(len(one.tilted) - 1 for one in spreads) + 1
        transformed = np.prod([self._transformed(relation, m, sex) for m in markers], axis=0)
        tilted = np.maximum(irfft(transformed, self._room(relation))[:length], 0.0)
        mass = tilted * 10.0 ** np.minimum(-STEP * (first + np.arange(length)), 300.0)
        tails = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
        listed = float(np.prod([one.mean for one in spreads]))
        return first, np.minimum(tails, 1.0), max(0.0, 1.0 - listed)

    def _transformed(self, relation: Relation, m: int, sex: int) -> Complexes:
        """The Fourier transform of a marker's cells, in as much room as all markers together need."""
        key = (relation, m, sex)
        if key not in self._transforms:
            self._transforms[key] = rfft(self._spread(relation, m, sex).tilted, self._room(relation))
        return self._transforms[key]

    def _room(self, relation: Relation) -> int:
        """Cells enough for the sum over all markers, whoever is the parent."""
        if relation not in self._rooms:
            autosomal = [m for m, marker in enumerate(self._markers) if not marker.x_linked]
            sexes = self._sexes if relation is Relation.PARENT_AND_CHILD else (0,)
            widths = [max(len(self._spread(relation, m, sex).tilted) for sex in sexes) for m in autosomal]
            self._rooms[relation] = int(next_fast_len(sum(widths) + 1, real=True))
        return self._rooms[relation]


class _Outcomes:
    """All that may be read of a person once at one marker, each with its chance."""

    def __init__(self, marker: MarkerRelations, settings: Settings) -> None:
        self._marker, self._settings = marker, settings
        self.x_linked = marker.model.x_linked
        self.sexes_differ = marker.sexes_differ

    @cached_property
    def _likelihood(self) -> Floats:
        table = reading_table(self._marker.model, self._settings.remains.rates(self._marker.model))
        likelihood = np.concatenate([table.singles, table.pairs])
        return np.asarray(likelihood[likelihood.any(axis=1)])

    def spread(self, relation: Relation, sex: int) -> _Spread:
        """The log10 LR of two of them, who are unrelated."""
        likelihood = self._likelihood
        count = len(likelihood)
        nobody = np.zeros(0, dtype=np.int64)
        rows = Rows(np.arange(count), likelihood, likelihood > 0)
        nothing = Rows(nobody, np.zeros((0, len(self._marker.model))), np.zeros((0, 0), dtype=np.bool_))
        haploid = np.zeros(count, dtype=np.bool_)
        classes = MarkerClasses(nobody, ((),) * count, haploid, rows, nothing, frozenset())
        ratios = MarkerRelations(self._marker.model, classes).lrs(relation, np.arange(count), sex)
        genotypes = hardy_weinberg(self._marker.model)
        shown = likelihood @ (genotypes / genotypes.sum())
        cells = np.ceil(np.log10(np.maximum(ratios, 10.0**LOWEST)) / STEP - 1e-9).astype(np.int64)
        first, last = int(cells.min(initial=0)), int(cells.max(initial=0))
        powers = 10.0 ** (STEP * np.arange(first, last + 1))
        both = np.bincount((cells - first).ravel(), np.outer(shown, shown).ravel(), minlength=len(powers))
        mean = float(shown @ ratios @ shown)
        return _Spread(first, both * powers, mean, bool(np.allclose(ratios, ratios.T, rtol=1e-9)))
