"""The discrete Laplace model: by hand, by listing, and known parameters found again."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from antigone.genetics.discrete_laplace import DiscreteLaplace, fit_discrete_laplace
from antigone.genetics.haplotypes import LineageError

MARKERS = ("DYS19", "DYS390", "DYS391")


def drawn(model: DiscreteLaplace, number: int, seed: int) -> np.ndarray:
    """Haplotypes of a mixture: a discrete Laplace step is the difference of two geometric ones."""
    rng = np.random.default_rng(seed)
    cluster = rng.choice(len(model.shares), number, p=model.shares)
    p = model.dispersions[cluster]
    return model.centres[cluster] + rng.geometric(1 - p) - rng.geometric(1 - p)


def test_one_marker_by_hand() -> None:
    """All men at 13 but one at 14 and one at 12, of ten: mean distance 0.2, p = (√(1 + 0.2²) − 1)/0.2."""
    fitted = fit_discrete_laplace(["DYS19"], np.array([[13], [14], [12]]), [8, 1, 1], most_clusters=1)
    p = (math.sqrt(1 + 0.2**2) - 1) / 0.2
    assert fitted.centres.tolist() == [[13]]
    assert fitted.dispersions[0, 0] == pytest.approx(p, rel=1e-9)
    likelihood = 8 * math.log((1 - p) / (1 + p)) + 2 * math.log((1 - p) / (1 + p) * p)
    assert fitted.log_likelihood == pytest.approx(likelihood, rel=1e-12)
    # Parameters: one centre and one dispersion.
    assert fitted.bic == pytest.approx(-2 * likelihood + 2 * math.log(10), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_probabilities_of_all_haplotypes_sum_to_one(data: st.DataObject) -> None:
    clusters = data.draw(st.integers(1, 3))
    shares = np.array(data.draw(st.lists(st.floats(0.1, 1), min_size=clusters, max_size=clusters)))
    dispersions = np.array(
        data.draw(
            st.lists(st.lists(st.floats(0.01, 0.4), min_size=2, max_size=2), min_size=clusters, max_size=clusters)
        )
    )
    centres = np.array([[10 + j, 14 - j] for j in range(clusters)])
    model = DiscreteLaplace(MARKERS[:2], shares / shares.sum(), centres, dispersions)
    every = np.array(list(itertools.product(range(-30, 60), repeat=2)))
    assert model.probabilities(every).sum() == pytest.approx(1, abs=1e-9)


def test_leaving_a_marker_out_is_summing_over_it() -> None:
    model = DiscreteLaplace(
        MARKERS[:2], np.array([0.3, 0.7]), np.array([[13, 24], [15, 22]]), np.array([[0.1, 0.3], [0.2, 0.25]])
    )
    every = np.array([(14, x) for x in range(-40, 80)])
    alone = model.probabilities(np.array([[14]]), ["DYS19"])[0]
    assert model.probabilities(every).sum() == pytest.approx(alone, rel=1e-12)


def test_known_parameters_are_found_again() -> None:
    truth = DiscreteLaplace(
        MARKERS,
        np.array([0.6, 0.4]),
        np.array([[13, 24, 10], [16, 21, 11]]),
        np.array([[0.1, 0.2, 0.05], [0.2, 0.4, 0.1]]),  # the second is twice the first: a cluster and a marker term
    )
    drawn_here = drawn(truth, 8_000, seed=7)
    x, counts = np.unique(drawn_here, axis=0, return_counts=True)
    fitted = fit_discrete_laplace(MARKERS, x, counts, most_clusters=4)
    assert len(fitted.shares) == 2
    order = np.argsort(-fitted.shares)
    np.testing.assert_allclose(fitted.shares[order], truth.shares, atol=0.02)
    np.testing.assert_array_equal(fitted.centres[order], truth.centres)
    np.testing.assert_allclose(fitted.dispersions[order], truth.dispersions, atol=0.02)
    # The likelihood is at least that of the truth, which maximising may not fall below.
    assert fitted.log_likelihood >= counts @ np.log(truth.probabilities(x))
    common = counts > 80
    np.testing.assert_allclose(fitted.probabilities(x[common]), counts[common] / 8_000, rtol=0.3)


def test_one_cluster_is_where_the_likelihood_is_highest() -> None:
    """With one cluster each marker stands alone: a search over p, marker by marker, is the slow twin."""
    x = drawn(DiscreteLaplace(MARKERS, np.ones(1), np.array([[13, 24, 10]]), np.array([[0.1, 0.3, 0.2]])), 300, seed=3)
    fitted = fit_discrete_laplace(MARKERS, x, np.ones(300), most_clusters=1)
    for k in range(3):
        distance = np.abs(x[:, k] - np.median(x[:, k])).sum()
        best = minimize_scalar(
            lambda p, d=distance: -(300 * math.log((1 - p) / (1 + p)) + d * math.log(p)),
            bounds=(1e-6, 0.999), method="bounded", options={"xatol": 1e-10},
        )  # fmt: skip
        assert fitted.dispersions[0, k] == pytest.approx(best.x, abs=1e-6)


def test_a_marker_at_which_nobody_differs_leaves_a_small_dispersion() -> None:
    x = np.array([[13, 24], [14, 24], [13, 24], [12, 24]])
    fitted = fit_discrete_laplace(MARKERS[:2], x, [1, 1, 1, 1], most_clusters=1)
    assert 0 < fitted.dispersions[0, 1] < 1e-3
    assert np.all(fitted.probabilities(np.array([[13, 25]])) > 0)


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(LineageError, match=r"shape \(2, 1\) for 2 counts and 2 markers"):
        fit_discrete_laplace(MARKERS[:2], np.array([[1], [2]]), [1, 1])
