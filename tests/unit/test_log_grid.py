"""Cells of a grid in log10 by tables, against the logarithm itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit
from tests.examples import examples

from antigone.matching.log_grid import cell_of, log_grid

LARGEST = float(np.finfo(np.float64).max)


@njit
def cells(values, grid):
    found = np.empty(len(values), dtype=np.int64)
    for k, value in enumerate(values):
        found[k] = cell_of(value, grid)
    return found


@njit(error_model="numpy")
def cells_plainly(values, step):
    found = np.empty(len(values), dtype=np.int64)
    for k, value in enumerate(values):
        found[k] = int(np.floor(np.log10(value) / step))
    return found


def agree(values, step):
    assert cells(values, log_grid(step)).tolist() == cells_plainly(values, step).tolist()


@pytest.mark.parametrize("step", [0.005, 0.01, 0.3, 1.0, 10.0])
def test_every_border_and_the_doubles_beside_it(step):
    borders = log_grid(step)[3][:-1]
    agree(np.concatenate([borders, np.nextafter(borders, 0), np.nextafter(borders, np.inf)]), step)


@given(st.lists(st.floats(5e-324, LARGEST), min_size=1))
@examples(100)
def test_any_positive_double(values):
    agree(np.array(values), 0.01)


def test_the_ends_of_the_doubles():
    agree(np.array([5e-324, 2.0**-1022, np.nextafter(2.0**-1022, 0), 1.0, np.nextafter(1.0, 0), LARGEST]), 0.01)


def test_runs_of_doubles_are_narrower_than_a_cell():
    for step in (0.0005, 0.003, 0.01, 0.1):
        _, shift, _, _ = log_grid(step)
        assert np.log10(1 + 2.0 ** -(52 - shift)) <= step


@pytest.mark.parametrize("step", [0.0, 1e-4, 11.0, -1.0, np.nan])
def test_another_step_is_refused(step):
    with pytest.raises(ValueError, match=r"from 0\.0005 to 10"):
        log_grid(step)
