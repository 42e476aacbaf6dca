"""The discrete Laplace model of Y haplotypes: a mixture of clusters, each a man of long ago and his descendants.

In a cluster the alleles of the markers are independent: P(x) = (1 − p)/(1 + p) · p^|x − y|, with y the cluster's allele
and p its dispersion, log p = a term of the cluster + a term of the marker. Centres, dispersions and shares are fitted
by expectation and maximisation, the number of clusters is chosen by the Bayesian information criterion (Andersen,
Eriksen & Morling, J Theor Biol 329, 2013, 39; Andersen, Caliebe et al., FSI Genetics 7, 2013, 264).

It takes whole repeats at markers that lie on the Y chromosome once. What it says is shown beside the count, which
decides.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Repeat
from antigone.genetics.haplotypes import COPIES, LineageError, YDatabase
from antigone.genetics.paternal import without_nested

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LOG_P_LEAST, _LOG_P_MOST = math.log(1e-6), math.log(1 - 1e-6)
_MOST_STEPS = 500
_TOLERANCE = 1e-8
_MOST_FOR_CENTRES = 1_500
_PATIENCE = 2


@dataclass(frozen=True, eq=False)
class DiscreteLaplace:
    """A fitted mixture: `shares` (clusters,), `centres` and `dispersions` (clusters, markers)."""

    markers: tuple[str, ...]
    shares: Floats
    centres: Integers
    dispersions: Floats
    log_likelihood: float = math.nan
    bic: float = math.nan

    def probabilities(self, haplotypes: Integers, markers: Sequence[str] | None = None) -> Floats:
        """P(haplotype), shape (haplotypes,), over some of the markers or all.

        By hand: one cluster, one marker, y = 13 and p = 0.2: P(13) = 0.8/1.2, P(15) = 0.8/1.2 · 0.04.

        >>> model = DiscreteLaplace(("DYS19",), np.array([1.0]), np.array([[13]]), np.array([[0.2]]))
        >>> model.probabilities(np.array([[13], [15]])).round(6).tolist()
        [0.666667, 0.026667]
        """
        chosen = list(range(len(self.markers)))
        if markers is not None:
            chosen = [self.markers.index(name) for name in markers]
        logs = _log_by_cluster(haplotypes, self.centres[:, chosen], np.log(self.dispersions[:, chosen]))
        return np.asarray(np.exp(_log_sum(logs + np.log(self.shares))))


def fit_discrete_laplace(
    markers: Sequence[str], haplotypes: Integers, counts: Sequence[int] | Integers, *, most_clusters: int = 12
) -> DiscreteLaplace:
    """The mixture that the Bayesian information criterion prefers among 1 to `most_clusters` clusters.

    `haplotypes` has shape (haplotypes, markers), `counts` says how often each was seen. The search ends when two more
    clusters have not improved it.
    """
    observed = np.asarray(haplotypes, dtype=np.int64)
    weights = np.asarray(counts, dtype=np.float64)
    if observed.ndim != 2 or observed.shape != (len(weights), len(markers)) or observed.size == 0:
        raise LineageError(f"haplotypes of shape {observed.shape} for {len(weights)} counts and {len(markers)} markers")
    medoids = _medoids(observed, weights, most_clusters)
    best: DiscreteLaplace | None = None
    without_progress = 0
    for clusters in range(1, len(medoids) + 1):
        fitted = _fit(tuple(markers), observed, weights, medoids[:clusters])
        if best is None or fitted.bic < best.bic:
            best, without_progress = fitted, 0
        else:
            without_progress += 1
        if without_progress == _PATIENCE:
            break
    if best is None:
        raise LineageError("no haplotype to fit")
    return best


def fit_database(database: YDatabase) -> DiscreteLaplace | None:
    """The mixture of a database, over the markers that at least half of it shows as one whole number of repeats.

    DYS389II is taken less DYS389I, and left out without it. Haplotypes that lack one of the markers, or show a
    microvariant or two alleles at one, are left out. None where nothing remains.
    """
    rows = [whole_repeats(haplotype.alleles) for haplotype in database.haplotypes]
    total = sum(database.counts)
    having: dict[str, int] = {}
    for row, count in zip(rows, database.counts, strict=True):
        for marker in row:
            having[marker] = having.get(marker, 0) + count
    markers = tuple(marker for marker, count in having.items() if 2 * count >= total)
    complete = [
        (row, count)
        for row, count in zip(rows, database.counts, strict=True)
        if all(marker in row for marker in markers)
    ]
    if not markers or not complete:
        return None
    table = np.array([[row[marker] for marker in markers] for row, _ in complete])
    return fit_discrete_laplace(markers, table, [count for _, count in complete])


def whole_repeats(alleles: Mapping[str, tuple[Allele, ...]]) -> dict[str, int]:
    """The markers that the model can take, with their repeats."""
    reduced = without_nested(alleles)
    found = {
        marker: copies[0].repeats
        for marker, copies in reduced.items()
        if len(copies) == 1 and isinstance(copies[0], Repeat) and copies[0].bases == 0 and marker not in COPIES
    }
    if reduced.get("DYS389II") == alleles.get("DYS389II"):
        found.pop("DYS389II", None)
    return found


def _fit(markers: tuple[str, ...], x: Integers, weights: Floats, centres: Integers) -> DiscreteLaplace:
    clusters, total = len(centres), weights.sum()
    shares = np.full(clusters, 1 / clusters)
    log_p = np.full(centres.shape, math.log(0.3))
    previous = -math.inf
    for _ in range(_MOST_STEPS):
        logs = _log_by_cluster(x, centres, log_p) + np.log(shares)
        by_haplotype = _log_sum(logs)
        likelihood = float(weights @ by_haplotype)
        if likelihood - previous < _TOLERANCE * abs(likelihood):
            break
        previous = likelihood
        belonging = np.exp(logs - by_haplotype[:, None]) * weights[:, None]
        sizes = belonging.sum(axis=0)
        shares = np.maximum(sizes / total, 1e-12)
        shares /= shares.sum()
        centres = _weighted_medians(x, belonging)
        distances = np.einsum("ij,ijk->jk", belonging, np.abs(x[:, None, :] - centres).astype(np.float64))
        log_p = _dispersions(sizes, distances, log_p)
    logs = _log_by_cluster(x, centres, log_p) + np.log(shares)
    likelihood = float(weights @ _log_sum(logs))
    parameters = centres.size + sum(centres.shape) - 1 + clusters - 1
    bic = -2 * likelihood + parameters * math.log(total)
    return DiscreteLaplace(markers, shares, centres, np.exp(log_p), likelihood, bic)


def _log_by_cluster(x: Integers, centres: Integers, log_p: Floats) -> Floats:
    """Logarithm of P(haplotype | cluster): shape (haplotypes, clusters)."""
    p = np.exp(log_p)
    at_centre = (np.log1p(-p) - np.log1p(p)).sum(axis=1)
    distances = np.abs(x[:, None, :] - centres)
    return np.asarray(at_centre + np.einsum("ijk,jk->ij", distances.astype(np.float64), log_p))


def _log_sum(logs: Floats) -> Floats:
    highest = logs.max(axis=1)
    return np.asarray(highest + np.log(np.exp(logs - highest[:, None]).sum(axis=1)))


def _weighted_medians(x: Integers, belonging: Floats) -> Integers:
    """For each cluster and marker the allele with the least weighted distance: shape (clusters, markers)."""
    medians = np.empty((belonging.shape[1], x.shape[1]), dtype=np.int64)
    for k in range(x.shape[1]):
        alleles, which = np.unique(x[:, k], return_inverse=True)
        mass = np.zeros((len(alleles), belonging.shape[1]))
        np.add.at(mass, which.ravel(), belonging)
        below = np.cumsum(mass, axis=0)
        medians[:, k] = alleles[np.argmax(below >= below[-1] / 2, axis=0)]
    return medians


def _dispersions(sizes: Floats, distances: Floats, log_p: Floats) -> Floats:
    """The logarithms ω of the cluster + λ of the marker where the likelihood is highest, from `log_p`.

    The likelihood is concave in ω and λ; each in turn is moved to its best by Newton's steps, held within bounds.
    """
    base = float(log_p.mean())
    of_cluster, of_marker = log_p.mean(axis=1) - base, log_p.mean(axis=0)
    for _ in range(50):
        before = of_cluster[:, None] + of_marker
        of_cluster = _newton(of_cluster, sizes[:, None], distances, of_marker[None, :], axis=1)
        of_marker = _newton(of_marker, sizes[:, None], distances, of_cluster[:, None], axis=0)
        after = of_cluster[:, None] + of_marker
        if np.abs(after - before).max() < 1e-7:
            break
    return np.asarray(np.clip(of_cluster[:, None] + of_marker, _LOG_P_LEAST, _LOG_P_MOST))


def _newton(terms: Floats, sizes: Floats, distances: Floats, others: Floats, *, axis: int) -> Floats:
    """Each term at the root of Σ (distance − size · 2p/(1 − p²)) along an axis, by steps that stay within a bracket."""

    def at(values: Floats) -> tuple[Floats, Floats]:
        shaped = values[:, None] if axis == 1 else values[None, :]
        p = np.exp(np.clip(shaped + others, _LOG_P_LEAST, _LOG_P_MOST))
        one = 1 - p**2
        gradient = distances - sizes * 2 * p / one
        curvature = sizes * 2 * p * (1 + p**2) / one**2
        return gradient.sum(axis=axis), curvature.sum(axis=axis)

    low = np.full_like(terms, _LOG_P_LEAST - float(np.max(others)))
    high = np.full_like(terms, _LOG_P_MOST - float(np.min(others)))
    values = np.clip(terms, low, high)
    for _ in range(100):
        gradient, curvature = at(values)
        low, high = np.where(gradient > 0, values, low), np.where(gradient > 0, high, values)
        stepped = values + gradient / np.maximum(curvature, 1e-300)
        new = np.where((stepped > low) & (stepped < high), stepped, (low + high) / 2)
        if np.abs(new - values).max() < 1e-10:
            return new
        values = new
    return values


def _medoids(x: Integers, weights: Floats, most: int) -> Integers:
    """Haplotypes to begin with: each next one takes most off the distances to the nearest of those chosen before.

    Without chance, so that the same database gives the same model; of a large database every so manieth is asked.
    """
    distinct, which = np.unique(x, axis=0, return_inverse=True)
    mass = np.bincount(which.ravel(), weights=weights)
    step = -(-len(distinct) // _MOST_FOR_CENTRES)
    candidates = distinct[::step]
    distances = np.zeros((len(candidates), len(distinct)))
    for k in range(x.shape[1]):  # marker by marker, so that no array of all three sizes is needed
        distances += np.abs(candidates[:, None, k] - distinct[None, :, k])
    chosen: list[int] = []
    nearest = np.full(len(distinct), np.inf)
    for _ in range(min(most, len(candidates))):
        totals = np.minimum(distances, nearest) @ mass
        best = int(np.argmin(totals))
        if best in chosen:
            break
        chosen.append(best)
        nearest = np.minimum(nearest, distances[best])
    return candidates[chosen]
