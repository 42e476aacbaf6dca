"""JSON for people is the text of `json.dumps`."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.report.indented_json import indented

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(), inner)
    ),
    max_leaves=25,
)


@given(values)
def test_it_is_what_json_writes(value: object) -> None:
    assert indented(value) == json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


@pytest.mark.parametrize("value", [float("nan"), {"a": [float("inf")]}])
def test_what_is_no_number_of_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        indented(value)


@pytest.mark.parametrize("value", [{1, 2}, [b"bytes"], {"a": object()}, {1: "one"}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        indented(value)
