"""Orders by counting against NumPy's sorts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from antigone.matching.kernel.ranking import best_of_each, stable_order


@given(st.data())
def test_orders_are_those_of_a_sort(data):
    count = data.draw(st.integers(1, 6))
    of = np.array(data.draw(st.lists(st.integers(0, count - 1), max_size=30)), dtype=np.int32)
    values = st.sampled_from([-np.inf, -1.5, 0.0, 2.0, 2.5, np.inf])
    logs = np.array(data.draw(st.lists(values, min_size=len(of), max_size=len(of))), dtype=np.float64)
    few = data.draw(st.integers(0, 5))
    assert stable_order(of, count).tolist() == np.argsort(of, kind="stable").tolist()
    expected = []
    for i in range(count):
        mine = np.flatnonzero(of == i)
        expected += mine[np.argsort(-logs[mine], kind="stable")][:few].tolist()
    assert best_of_each(of, logs, few, count).tolist() == expected
