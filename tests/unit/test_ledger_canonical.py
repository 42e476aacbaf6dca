"""Canonical bytes against RFC 8785's own samples, and against what they promise; commitments."""

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.ledger.canonical import LARGEST_INTEGER, CanonicalError, _written, canonical_bytes, parsed
from antigone.ledger.commitments import commitment, new_salt
from antigone.ledger.verifier import spelled

# RFC 8785, Appendix B: IEEE 754 bits, and the JSON number.
RFC_NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(("bits", "written"), RFC_NUMBERS.items())
def test_numbers_of_appendix_b(bits: str, written: str) -> None:
    number = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert canonical_bytes(number) == written.encode()
    assert canonical_bytes({"n": [number]}) == f'{{"n":[{written}]}}'.encode()
    assert spelled(number) == written  # the verifier's own hand
    assert parsed(written.encode()) == number


def test_sample_of_section_3_2() -> None:
    value = json.loads(
        r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
             "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
             "literals": [null, true, false]}"""
    )
    assert canonical_bytes(value).hex() == (
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e33"
        "3333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e"
        "4127425c225c5c5c5c5c222f227d"
    )


def test_keys_are_sorted_by_utf_16_units() -> None:
    """RFC 8785 §3.2.3: the pair of surrogates of the emoji comes before U+FB33, its code point after it."""
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert canonical_bytes(value) == (
        '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'.encode()
    )
    assert spelled(value).encode() == canonical_bytes(value)


def test_control_characters_have_the_shortest_escapes() -> None:
    assert canonical_bytes('\b\t\n\f\r"\\/\x00\x1f\x7f') == b'"\\b\\t\\n\\f\\r\\"\\\\/\\u0000\\u001f\x7f"'


@given(json_values)
def test_canonical_bytes_read_back_as_the_same_value_and_have_one_spelling(value: object) -> None:
    written = canonical_bytes(value)
    assert parsed(written) == value
    assert canonical_bytes(parsed(written)) == written
    assert spelled(json.loads(written)).encode() == written  # two hands


@given(st.lists(json_values, max_size=4), st.dictionaries(st.text(max_size=2), json_values, max_size=4))
def test_parts_by_the_encoder_in_c_are_those_of_the_slow_way(listed: list[object], named: dict[str, object]) -> None:
    value = {"whole": 1.0, "listed": [listed, *listed], "named": {"below": named, **named}}
    assert canonical_bytes(value) == "".join(_written(value, ())).encode()


@pytest.mark.parametrize("beside", [None, 1.0, "\U00010400"])
def test_what_is_refused_is_refused_at_the_same_place_whatever_stands_beside_it(beside: object) -> None:
    for wrong in (math.nan, 2**53, "\ud800", {1: "one"}, (1, 2)):
        value = {"first": beside, "then": {"a": [1, {"b": wrong}], "c": 0.5}}
        with pytest.raises(CanonicalError) as slowly:
            "".join(_written(value, ()))
        with pytest.raises(CanonicalError) as found:
            canonical_bytes(value)
        assert str(found.value) == str(slowly.value)


@given(json_values)
def test_any_other_spelling_is_refused(value: object) -> None:
    written = canonical_bytes(value)
    for other in (
        json.dumps(value, indent=1).encode(),
        json.dumps(value, sort_keys=True, separators=(",", ":")).encode(),
        written + b"\n",
        b" " + written,
    ):
        if other != written:
            with pytest.raises(CanonicalError):
                parsed(other)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "$: NaN is not a JSON number"),
        ({"bags": [1, {"count": -math.inf}]}, "$.bags[1].count: infinity is not a JSON number"),
        ({"n": 2**53}, "$.n: the integer lies beyond"),
        ([-(2**53)], "$[0]: the integer lies beyond"),
        ({"a": {1: "x"}}, "$.a: a key is int, where text is right"),
        ({True: 1}, "$: a key is bool"),
        ({"no name": "\ud800"}, "$['no name']: the text has a lone surrogate, U+D800, at position 0"),
        ({"\udc00": 1}, "$: a key has a lone surrogate, U+DC00"),
        ({"when": (1, 2)}, "$.when: builtins.tuple is not a type of JSON"),
        ({"b": b"x"}, "$.b: builtins.bytes is not"),
        (struct, "$: builtins.module is not"),
    ],
)
def test_what_is_no_json_is_refused_with_its_path(value: object, message: str) -> None:
    with pytest.raises(CanonicalError) as caught:
        canonical_bytes(value)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a":1,"a":1}', "$: the key 'a' stands twice in one object"),
        (b'{"b":1,"a":1}', '$: not canonical at byte 2: \'b":1,"a":1}\' stands where \'a":1,"b":1}\' is right'),
        (b'{"a":1.0}', "$: not canonical at byte 6"),
        (b'{"a":-0}', "$: not canonical at byte 5"),
        (b'{"a":1e5}', "$: not canonical at byte 6"),
        (b'{"a":9007199254740993}', "$: not canonical at byte 20"),
        (b'{"a":NaN}', "$: NaN is not a JSON number"),
        (b'{"a":1e999}', "$: the number 1e999 is too large"),
        (b'{"a":' + b"9" * 5000 + b"}", "$: the number 99999999999999999999 is too large"),
        (b'"\\u00e9"', "$: not canonical at byte 1"),
        (b'"\\ud800"', "$: the text has a lone surrogate"),
        (b'"\xff"', "$: not UTF-8 at byte 1"),
        (b"\xef\xbb\xbf1", "$: not JSON at character 0"),
        (b"", "$: not JSON at character 0"),
        (b"1 2", "$: not JSON at character 2"),
        (b"[" * 102 + b"]" * 102, "$[0][0][0]: nested deeper than 100"),
        (b"[" * 100_000, "$: nested deeper than 100"),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(CanonicalError) as caught:
        parsed(data)
    assert str(caught.value).startswith(message)


def test_one_hundred_levels_are_allowed_on_both_ways() -> None:
    value: list[object] = []
    for _ in range(99):
        value = [value]
    assert parsed(canonical_bytes([*value, 1.0])) == [*value, 1]
    with pytest.raises(CanonicalError, match="nested deeper"):
        canonical_bytes([[[value]]])


def test_frozen_bytes_of_an_entry() -> None:
    """These bytes may never change: every digest of every journal depends on them."""
    entry = {
        "v": 1, "seq": 0, "payload": {"t": 0.1, "big": 1e21, "place": "Мішок № 7", "seal": "A/1\n"}, "personal": {},
    }  # fmt: skip
    assert canonical_bytes(entry) == (
        '{"payload":{"big":1e+21,"place":"Мішок № 7","seal":"A/1\\n","t":0.1},"personal":{},"seq":0,"v":1}'.encode()
    )


def test_a_commitment_is_the_hmac_of_the_canonical_bytes() -> None:
    salt = bytes(range(32))
    assert commitment(salt, {"b": 1, "a": "x"}) == commitment(salt, {"a": "x", "b": 1.0})
    # by openssl dgst -mac HMAC
    assert commitment(salt, {"a": "x"}) == "d781267d2f04504b2b498cd2f9c516c5281598a49488dd710b77ccb4c7619f33"
    assert commitment(bytes(32), {"a": "x"}) != commitment(salt, {"a": "x"})


def test_salts_are_32_bytes_and_never_the_same() -> None:
    assert len(new_salt()) == 32
    assert new_salt() != new_salt()
    with pytest.raises(ValueError, match="32 bytes, this one 16"):
        commitment(bytes(16), 1)
