"""Deficits: no pair at the threshold is lost, whatever rounding does; most of the others are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.matching.kernel.adding import survivors
from antigone.matching.kernel.deficits import Reach, block_deficits, plain_deficits
from antigone.matching.kernel.filtering import filtered
from antigone.matching.kernel.layout import Layout
from antigone.matching.kernel.log_tables import ERROR, ClassRatios, LogRows, LogTables, RatioRows
from examples import examples


class Cells:
    """As much of `MarkerClasses` as a layout asks for."""

    def __init__(self, of: np.ndarray, classes: int) -> None:
        self.of = of
        self.readings = ((),) * classes


def layout_of(*markers: tuple[list[int], int]) -> Layout:
    return Layout.of([Cells(np.array(of), classes) for of, classes in markers], len(markers[0][0]))


def test_deficits_by_hand():
    # One marker, three classes and one individual who was not read; log10 LR 2, 1, -50 and 0, threshold 1. The best is
    # 2, so that 254 steps are as wide as 2 − 1: what lies one power of ten behind has 254 of them, and 0 has 255.
    layout = layout_of(([0, 1, 2, -1], 3))
    tables = LogTables.of([LogRows(np.array([[2.0, 1.0, -50.0]]))], np.array([[0]]), layout)
    reach = Reach.of(tables, 1.0)
    deficits = block_deficits(tables, np.array([0]), reach, layout)
    by_cell = deficits[layout.row, 0].tolist()
    assert by_cell[0] == 0
    assert by_cell[1] in (253, 254)  # the margin for rounding may hold it back by one
    assert by_cell[2:] == [255, 255]
    individuals, masks = survivors(layout.codes, deficits)
    assert individuals[masks & 1 == 1].tolist() == [0, 1]


def test_not_read_is_zero_in_logarithms_not_in_deficits():
    layout = layout_of(([0, -1], 1), ([0, 0], 1))
    tables = LogTables.of([LogRows(np.array([[3.0]])), LogRows(np.array([[1.0]]))], np.array([[0, 0]]), layout)
    deficits = block_deficits(tables, np.array([0]), Reach.of(tables, 2.0), layout)
    unread = deficits[layout.row[1], 0]
    assert unread == 255  # 3 − 0 behind the best, of 4 − 2
    assert filtered(tables, layout, 2.0).individual.tolist() == [0]


def test_who_cannot_reach_the_threshold_is_told_and_skipped():
    layout = layout_of(([0, 1], 2))
    tables = LogTables.of([LogRows(np.array([[2.0, 3.9], [4.0, 1.0]]))], np.array([[0], [1], [-1]]), layout)
    found = filtered(tables, layout, 4.0)
    assert found.reaches.tolist() == [False, True, False]
    assert found.individual.tolist() == [0]
    assert found.member.tolist() == [1]
    assert found.ceiling == pytest.approx([3.9, 4.0, 0.0], abs=1e-4)


values = st.one_of(
    st.floats(-12, 12), st.sampled_from([-np.inf, np.nan, 0.0, -300.0, 1e-9, 5.0]), st.integers(-3, 6).map(float)
)


@given(st.data())
@examples(150)
def test_no_pair_at_the_threshold_is_lost_and_none_below_is_shown(data):
    markers = data.draw(st.integers(1, 8))
    individuals = data.draw(st.integers(1, 12))
    families = data.draw(st.integers(1, 40))
    columns, rows, which = [], [], []
    for _ in range(markers):
        classes = data.draw(st.integers(1, 4))
        columns.append(
            (data.draw(st.lists(st.integers(-1, classes - 1), min_size=individuals, max_size=individuals)), classes)
        )
        distinct = data.draw(st.integers(1, 3))
        rows.append(np.array(data.draw(st.lists(values, min_size=distinct * classes, max_size=distinct * classes))))
        rows[-1] = rows[-1].reshape(distinct, classes)
        which.append(data.draw(st.lists(st.integers(-1, distinct - 1), min_size=families, max_size=families)))
    layout = layout_of(*columns)
    tables = LogTables.of([LogRows(each) for each in rows], np.array(which).T, layout)
    every = plainly(columns, rows, which)
    # A threshold that some pair meets to the last digit, or any.
    finite = every[np.isfinite(every)]
    threshold = float(data.draw(st.sampled_from(sorted(set(finite.tolist())) or [0.0]) | st.floats(-20, 20)))
    found = filtered(tables, layout, threshold)
    reached = np.greater_equal(every.T, threshold)
    expected = list(zip(*(places.tolist() for places in np.nonzero(reached)), strict=True))
    assert list(zip(found.member.tolist(), found.individual.tolist(), strict=True)) == expected
    np.testing.assert_array_equal(found.log10_lr, every.T[reached])
    below = np.where(every < threshold, 10.0**every, 0.0)
    assert np.all(found.cut_lr <= below.sum(axis=1) * 1.005 + 1e-300)
    assert np.all(found.cut_lr_of_member <= below.sum(axis=0) * 1.005 + 1e-300)
    most = found.cut_lr_of_member + (individuals - found.survived) * 10.0**found.ceiling
    assert np.all(most >= below.sum(axis=0) * (1 - 1e-12))


def plainly(columns, rows, which) -> np.ndarray:
    """log10 LR of all pairs, marker after marker; shape (individuals, families)."""
    total = np.zeros((len(columns[0][0]), len(which[0])))
    for (of, _), logs, row in zip(columns, rows, which, strict=True):
        wide = np.zeros((len(logs) + 1, logs.shape[1] + 1))
        wide[:-1, :-1] = np.nan_to_num(logs, nan=0.0, neginf=-np.inf)
        total += wide[np.array(row)][:, np.array(of)].T
    return total


@given(st.integers(0, 2**32), st.floats(-5, 9))
@examples(20)
def test_deficits_are_those_of_plain_double_precision_but_for_rounding(seed, threshold):
    rng = np.random.default_rng(seed)
    classes = [1, 6, 14, 15, 16, 31, 40, 47, 48]  # with "not read", squares of 16 and what is left of them
    layout = layout_of(*((rng.integers(-1, count, 50).tolist(), count) for count in classes))
    rows = [LogRows(rng.normal(0, 2, (5, count))) for count in classes]
    tables = LogTables.of(rows, rng.integers(-1, 5, (40, 9)), layout)
    reach = Reach.of(tables, threshold)
    members = np.flatnonzero(reach.reaches)[:32]
    mine = block_deficits(tables, members, reach, layout).astype(int)
    plain = plain_deficits(tables, members, reach, layout).astype(int)
    assert np.abs(mine - plain).max(initial=0) <= 1


class Columns:
    """P(genotype) of some rows, as a family group gives them (`GenotypeSource`)."""

    def __init__(self, rows: np.ndarray) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def columns(self, start: int, stop: int, out: np.ndarray) -> None:
        out[:, : stop - start] = self.rows[start:stop].T


def classes_alone(unrelated: np.ndarray) -> ClassRatios:
    """Each genotype is a class of its own; `unrelated` are the probabilities of these."""
    return ClassRatios.of(np.eye(len(unrelated)), unrelated)


def filled(rows: RatioRows, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    ratios, quick = np.empty((len(rows), classes + 1)), np.empty((len(rows), classes + 1), dtype=np.float32)
    highest = np.empty(len(rows), dtype=np.float32)
    return ratios, quick, highest, rows.fill(ratios, quick, highest)


@given(st.integers(0, 2**32))
@examples(20)
def test_ratios_and_quick_logarithms_are_those_of_plain_arithmetic(seed):
    rng = np.random.default_rng(seed)
    genotypes = rng.dirichlet(np.full(15, 0.3), 700)
    genotypes[rng.random(700) < 0.1] = 0.0  # what is known is impossible
    likelihood = rng.random((40, 15)) * (rng.random((40, 15)) < 0.3)
    unrelated = rng.dirichlet(np.ones(15))
    sources = [Columns(genotypes[:1]), Columns(genotypes[1:1]), Columns(genotypes[1:])]
    ratios, quick, highest, possible = filled(RatioRows(sources, 15, ClassRatios.of(likelihood, unrelated)), 40)
    shown = likelihood @ unrelated
    plain = np.where(shown > 0, genotypes @ likelihood.T / np.where(shown > 0, shown, 1.0), 1.0)
    np.testing.assert_allclose(ratios[:, :-1], plain, rtol=1e-12)
    np.testing.assert_array_equal(possible, genotypes.any(axis=1))
    assert np.all(ratios[:, -1] == 1.0)
    assert not quick[:, -1].any()
    np.testing.assert_array_equal(highest, quick[:, :-1].max(axis=1))


@given(st.integers(0, 2**32))
@examples(20)
def test_quick_logarithms_are_never_lower_than_their_error(seed):
    rng = np.random.default_rng(seed)
    related = 10.0 ** rng.uniform(-45, 0, (200, 40))
    related[rng.random(related.shape) < 0.05] = 0.0
    related[0, :] = rng.choice([0.0, 1.0, 0.5, np.sqrt(0.5), 1e-37, 1e-38, 5e-324], 40)
    unrelated = 10.0 ** rng.uniform(-7, 0, 40)
    unrelated[:5] = 10.0 ** rng.uniform(-60, -30, 5)
    ratios, quick, _, _ = filled(RatioRows([Columns(related)], 40, classes_alone(unrelated)), 40)
    with np.errstate(divide="ignore"):
        exact = np.log10(related / unrelated)
    np.testing.assert_allclose(ratios[:, :-1], related / unrelated, rtol=1e-12, atol=1e-320)
    above = quick[:, :-1] - exact
    assert above.min() > -ERROR
    assert above[(exact > -37) & (exact < 37)].max() < ERROR


def test_infinite_and_undefined_cells_are_what_the_sweep_makes_of_them():
    # Impossible under both: nothing is said. Impossible for a stranger alone: above every threshold.
    rows = RatioRows([Columns(np.array([[0.0, 0.5, 0.0]]))], 3, classes_alone(np.array([0.0, 0.0, 0.1])))
    assert filled(rows, 3)[0].tolist() == [[1.0, np.inf, 0.0, 1.0]]
    layout = layout_of(([0, 1, 2, -1], 3))
    found = filtered(LogTables.of([rows], np.array([[0]]), layout), layout, 2.0)
    assert found.individual.tolist() == [1]
    assert found.log10_lr.tolist() == [np.inf]


@given(st.integers(0, 2**32), st.sampled_from([-40.0, -3.0, 0.0, 2.0]), st.sampled_from([0.5, 40.0]))
@examples(20)
def test_products_decide_as_sums_of_logarithms_do(seed, threshold, spread):
    """Also where a product would leave the range of double precision, and where pairs lie at the threshold."""
    rng = np.random.default_rng(seed)
    markers, individuals, families = 20, 40, 70
    columns = [(rng.integers(-1, 6, individuals).tolist(), 6) for _ in range(markers)]
    layout = layout_of(*columns)
    rows, which, logs = [], rng.integers(-1, 5, (families, markers)), np.zeros((families, individuals))
    for m, (of, _) in enumerate(columns):
        genotypes, unrelated = 10.0 ** rng.normal(-2, spread, (5, 6)), 10.0 ** rng.normal(-2, spread, 6)
        genotypes[0] = unrelated  # says nothing of anybody
        rows.append(RatioRows([Columns(genotypes)], 6, classes_alone(unrelated)))
        table = np.zeros((6, 7))
        table[:5, :6] = np.log10(filled(rows[-1], 6)[0][:, :-1])
        logs += table[which[:, m]][:, of]
    some = logs.ravel()[0] if seed % 2 else threshold  # one that a pair meets to the last digit
    found = filtered(LogTables.of(rows, which, layout), layout, float(some))
    reached = logs >= some
    assert list(zip(found.member.tolist(), found.individual.tolist(), strict=True)) == list(
        zip(*(places.tolist() for places in np.nonzero(reached)), strict=True)
    )
    np.testing.assert_allclose(found.log10_lr, logs[reached], rtol=1e-12, atol=1e-12)
    with np.errstate(over="ignore"):
        below = np.where(reached, 0.0, 10.0**logs)
    assert np.all(found.cut_lr <= below.sum(axis=0) * (1 + 1e-9) + 1e-300)
