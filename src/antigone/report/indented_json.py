"""JSON for people to read, two blanks a level: the text of `json.dumps`, which writes it several times slower."""

import json
from typing import Any

_string = json.JSONEncoder(ensure_ascii=False).encode
_scalar = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def indented(value: Any, line: str = "\n") -> str:
    """What `json.dumps` writes with `indent=2`, without escapes; `line` begins a line at the level of the value.

    Raises `ValueError` for NaN and infinity, and `TypeError` for what is no value of JSON and for keys that are no
    text.

    >>> print(indented({"pairs": [1, 2.5], "left_out": []}))
    {
      "pairs": [
        1,
        2.5
      ],
      "left_out": []
    }
    """
    kind = type(value)
    if kind is str:
        return _string(value)
    below = f"{line}  "
    if kind is dict and value:
        members = [f"{_string(_text(key))}: {indented(one, below)}" for key, one in value.items()]
        return f"{{{below}{f',{below}'.join(members)}{line}}}"
    if kind is list and value:
        return f"[{below}{f',{below}'.join([indented(one, below) for one in value])}{line}]"
    if isinstance(value, dict | list | tuple) and value:
        return indented(dict(value) if isinstance(value, dict) else list(value), line)
    return _scalar(value)


def _text(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key is text, got {key!r}")
    return key
