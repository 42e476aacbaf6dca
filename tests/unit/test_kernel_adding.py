"""The first pass in bytes: the compiled one is the plain one, at any address and with any number of rows."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.matching.kernel import adding
from antigone.matching.kernel.adding import LANES, Codes, empty_bytes, survivors, survivors_compiled, survivors_plainly
from examples import examples


def made_up(seed: int, individuals: int, markers: int, rows: int, largest: int) -> tuple[Codes, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = Codes.of(rng.integers(0, rows, (individuals, markers)), neutral=rows)
    deficits = rng.integers(0, largest + 1, (rows + 1, LANES)).astype(np.uint8)
    deficits[rows] = 0
    return codes, deficits


def test_a_pair_is_out_when_its_deficits_reach_255_by_hand():
    codes = Codes.of(np.array([[0, 1, 1], [0, 1, 2]]), neutral=3)
    deficits = np.zeros((4, LANES), dtype=np.uint8)
    deficits[:3, 7] = [100, 77, 78]  # 100 + 77 + 77 = 254 stays, 100 + 77 + 78 = 255 is out
    deficits[:3, 9] = [255, 255, 255]  # 765 does not come round to 253
    individuals, masks = survivors(codes, deficits)
    everybody = 2**32 - 1
    assert individuals.tolist() == [0, 1]
    assert masks.tolist() == [everybody - 2**9, everybody - 2**9 - 2**7]


@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 30), st.integers(1, 200), st.integers(0, 255))
@examples(40)
def test_compiled_is_plain(seed, individuals, markers, rows, largest):
    codes, deficits = made_up(seed, individuals, markers, rows, largest)
    for mine, theirs in zip(survivors_compiled(codes, deficits), survivors_plainly(codes, deficits), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_more_rows_than_sixteen_bits_can_number_in_fours():
    codes, deficits = made_up(3, 500, 5, 2**14 + 200, 90)
    assert codes.wide
    for mine, theirs in zip(survivors(codes, deficits), survivors_plainly(codes, deficits), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not made_up(3, 500, 5, 2**14 - 1, 90)[0].wide


@pytest.mark.parametrize("shift", [1, 7, 16, 31, 33, 63])
def test_an_array_at_any_address_is_read(shift):
    codes, deficits = made_up(4, 300, 9, 50, 60)
    room = np.zeros(deficits.size + 64, dtype=np.uint8)
    elsewhere = room[shift : shift + deficits.size].reshape(deficits.shape)
    elsewhere[:] = deficits
    for mine, theirs in zip(survivors(codes, elsewhere), survivors(codes, deficits), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_room_for_deficits_begins_at_a_line_of_the_cache():
    assert empty_bytes(5).shape == (5, LANES)
    assert empty_bytes(5).ctypes.data % 64 == 0


def test_what_does_not_fit_is_refused_before_anything_is_read():
    codes, deficits = made_up(5, 4, 3, 10, 90)
    with pytest.raises(ValueError, match=r"expected bytes of \(11, 32\)"):
        survivors(codes, deficits[:-1])
    with pytest.raises(ValueError, match="uint16"):
        survivors(codes, deficits.astype(np.uint16))
    with pytest.raises(ValueError, match="expected rows from 0 to 9"):
        Codes.of(np.array([[0, 10]]), neutral=9)
    with pytest.raises(ValueError, match="expected rows from 0 to 9"):
        Codes.of(np.array([[-1, 3]]), neutral=9)


def test_compiled_code_that_differs_from_the_plain_one_is_not_used(monkeypatch):
    codes, deficits = made_up(6, 200, 6, 30, 80)

    def stale(codes, deficits):
        individuals, masks = survivors_plainly(codes, deficits)
        return individuals, masks ^ np.uint32(1)

    monkeypatch.setattr(adding, "survivors_compiled", stale)
    adding._chosen.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="the plain one is used"):
            found = survivors(codes, deficits)
        for mine, theirs in zip(found, survivors_plainly(codes, deficits), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    finally:
        adding._chosen.cache_clear()
    monkeypatch.undo()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        survivors(codes, deficits)
