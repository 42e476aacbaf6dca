"""Canonical bytes: one value has one spelling, so that its digest means the value (RFC 8785, standard library only).

What is accepted is exactly what JSON can carry and every reader understands alike (I-JSON, RFC 7493): dict with
str keys, list, str without lone surrogates, bool, None, int within ±(2**53 − 1), finite float. Subclasses, tuples,
bytes, dates and decimals are refused: what they should become is for the caller to say.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

LARGEST_INTEGER = 2**53 - 1
DEEPEST = 100  # A fixed limit, because Python's own depends on who calls.
_TRIED = 2  # Levels; see `_in_parts`.

# Python's C encoder writes strings exactly as RFC 8785 §3.2.2.2 asks, and integers too. It is used wherever the other
# rules (order of keys, form of floats) are known to come out the same.
_encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode
_string = json.JSONEncoder(ensure_ascii=False).encode
# Keys sorted by code point are sorted by UTF-16 unit too, unless some character lies beyond the basic plane.
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
# In compact JSON: a float, or an integer of 15 digits or more. What hits inside a string only costs time; the colon of
# a member stands behind a quotation mark, that of a clock time behind a digit.
_NUMBER_TO_LOOK_AT = re.compile(r"[:\[,](?<!\d:)[-0-9]\d*(?:[.eE]|(?<=\d{15}))", re.ASCII)
_SIMPLE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

_Path = tuple[str | int, ...]
_Writes = Callable[[Any, _Path], Iterator[str]]


class CanonicalError(ValueError):
    """A value, or a line of bytes, that has no canonical form. The message begins with the path inside the value."""

    def __init__(self, path: _Path, what: str) -> None:
        self.path = _path_text(path)
        self.what = what
        super().__init__(f"{self.path}: {what}")


def canonical_bytes(value: Any) -> bytes:
    """The one spelling of a JSON value, in UTF-8 (RFC 8785).

    Raises
    ------
    CanonicalError
        For NaN and infinity, integers beyond ±(2**53 − 1), keys that are no text, lone surrogates, nesting deeper
        than 100, and every type that is not JSON's.

    Examples
    --------
    >>> canonical_bytes({"b": [1.0, 1e-7, True], "a": None})
    b'{"a":null,"b":[1,1e-7,true]}'
    >>> canonical_bytes({"bags": [{"count": float("nan")}]})
    Traceback (most recent call last):
    antigone.ledger.canonical.CanonicalError: $.bags[0].count: NaN is not a JSON number
    """
    text = _encoded_in_c(value, DEEPEST)
    return ("".join(_written(value, (), _in_parts)) if text is None else text).encode("utf-8")


def parsed(data: bytes) -> Any:
    """The value of canonical bytes; every other spelling of it is refused.

    An integer literal beyond ±(2**53 − 1) is a float, as RFC 8785 writes large floats without point or exponent.

    Raises
    ------
    CanonicalError
        Not UTF-8, not JSON, a key twice, or not the canonical spelling (the message names the first byte that
        differs, and what should stand there).

    Examples
    --------
    >>> parsed(b'{"a":1}')
    {'a': 1}
    >>> parsed(b'{"a": 1}')
    Traceback (most recent call last):
    antigone.ledger.canonical.CanonicalError: $: not canonical at byte 5: ' 1}' stands where '1}' is right
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CanonicalError((), f"not UTF-8 at byte {error.start}") from None
    try:
        value = json.loads(text)
        plain = type(value) is dict and text.count("{") + text.count("[") <= DEEPEST
        agrees = (plain and not _NUMBER_TO_LOOK_AT.search(text)) or _encoder_agrees(value)
        if agrees and _encoded(value) == text and (text.isascii() or not _ASTRAL.search(text)):
            return value
    except (ValueError, RecursionError):
        pass  # The slow way says what is wrong.
    return _parsed_strictly(text, data)


def _in_parts(value: Any, path: _Path) -> Iterator[str]:
    """The spelling of a part of a value with which the C encoder does not agree as a whole.

    It may agree with the part: one float that is a whole number is enough against the whole. Large parts stand in the
    first levels; further down trying costs more than it saves.
    """
    tried = type(value) in (dict, list)
    text = _encoded_in_c(value, DEEPEST - len(path)) if tried else None
    if text is not None:
        yield text
    else:
        yield from _written(value, path, _in_parts if len(path) < _TRIED else None)


def _encoded_in_c(value: Any, deepest: int) -> str | None:
    """What the C encoder writes of a value nested so deep at most; None where RFC 8785 asks, or may ask, otherwise."""
    if not _encoder_agrees(value, deepest):
        return None
    text = _encoded(value)
    if text.isascii():
        return text
    if _ASTRAL.search(text):
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return None  # A lone surrogate: the slow way says where.
    return text


def _encoder_agrees(value: Any, deepest: int = DEEPEST) -> bool:
    """Whether the C encoder writes this value as RFC 8785 does (the order of astral keys and surrogates apart)."""
    level = [value]
    for _ in range(deepest + 1):
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is str or kind is bool or item is None:
                continue
            if kind is int:
                if not -LARGEST_INTEGER <= item <= LARGEST_INTEGER:
                    return False
            elif kind is dict:
                for key in item:
                    if type(key) is not str:
                        return False
                below.extend(item.values())
            elif kind is list:
                below.extend(item)
            elif kind is not float or not _repr_agrees(item):
                return False
        if not below:
            return True
        level = below
    return False


def _repr_agrees(number: float) -> bool:
    """Whether Python writes this float as ECMAScript does: between the two exponent ranges, and not a whole number."""
    return 1e-4 <= abs(number) < 1e16 and not number.is_integer()


def _written(value: Any, path: _Path, below: _Writes | None = None) -> Iterator[str]:
    """The spelling of a value without the C encoder; `below` writes what it holds."""
    if len(path) > DEEPEST:
        raise CanonicalError(path[:3], f"nested deeper than {DEEPEST}")
    below = below or _written
    kind = type(value)
    if kind is dict:
        yield from _written_object(value, path, below)
    elif kind is list:
        yield "["
        for index, item in enumerate(value):
            yield "," if index else ""
            yield from below(item, (*path, index))
        yield "]"
    else:
        yield _scalar(value, path)


def _written_object(value: dict[Any, Any], path: _Path, below: _Writes) -> Iterator[str]:
    for key in value:
        if type(key) is not str:
            raise CanonicalError(path, f"a key is {type(key).__name__}, where text is right")
        _refuse_surrogates(key, path, "a key")
    yield "{"
    for index, key in enumerate(sorted(value, key=_utf16)):
        yield "," if index else ""
        yield _string(key) + ":"
        yield from below(value[key], (*path, key))
    yield "}"


def _scalar(value: Any, path: _Path) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    kind = type(value)
    if kind is str:
        _refuse_surrogates(value, path, "the text")
        return _string(value)
    if kind is int:
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise CanonicalError(path, "the integer lies beyond ±(2**53 − 1), where readers round it; write it as text")
        return str(value)
    if kind is float:
        return _number(value, path)
    raise CanonicalError(path, f"{kind.__module__}.{kind.__qualname__} is not a type of JSON")


def _number(number: float, path: _Path) -> str:
    """ECMAScript's Number::toString, from the shortest digits that read back as the same float (RFC 8785 §3.2.2.3)."""
    if not math.isfinite(number):
        raise CanonicalError(path, f"{'NaN' if math.isnan(number) else 'infinity'} is not a JSON number")
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(digits) - len(fraction) + int(exponent or 0)  # The value is 0.digits × 10**point.
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"


def _refuse_surrogates(text: str, path: _Path, what: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        unit = ord(text[error.start])
        raise CanonicalError(path, f"{what} has a lone surrogate, U+{unit:04X}, at position {error.start}") from None


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _parsed_strictly(text: str, data: bytes) -> Any:
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        raise CanonicalError((), f"not JSON at character {error.pos}: {error.msg}") from None
    except RecursionError:
        raise CanonicalError((), f"nested deeper than {DEEPEST}") from None
    expected = canonical_bytes(value)
    if expected != data:
        at = next((i for i, (a, b) in enumerate(zip(data, expected, strict=False)) if a != b), None)
        at = min(len(data), len(expected)) if at is None else at
        found, right = (bytes(part[at : at + 12]).decode("utf-8", "replace") for part in (data, expected))
        raise CanonicalError((), f"not canonical at byte {at}: {found!a} stands where {right!a} is right")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise CanonicalError((), f"the key {twice!a} stands twice in one object")
    return value


def _integer(literal: str) -> int | float:
    if len(literal) <= 17 and abs(integer := int(literal)) <= LARGEST_INTEGER:
        return integer
    return _float(literal)


def _float(literal: str) -> float:
    number = float(literal)
    if math.isinf(number):
        raise CanonicalError((), f"the number {literal[:20]} is too large for a float")
    return number


def _no_constant(literal: str) -> Any:
    raise CanonicalError((), f"{literal} is not a JSON number")


def _path_text(path: _Path) -> str:
    parts = ["$"]
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _SIMPLE_KEY.fullmatch(step):
            parts.append(f".{step}")
        else:
            parts.append(f"[{step!a}]")
    return "".join(parts)
