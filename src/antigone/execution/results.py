"""What was found about a tile, as bytes: the same result is the same bytes on every machine."""

import io
import json
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antigone.matching.country_search import Part, TileFound
from antigone.matching.kernel.filtering import Filtered

# Arrays one after the other, each as NumPy's .npy (version 1.0, little endian), in this order; `refused` and `taken` as
# JSON text. Another order or kind is another number in `store._FORM` and in the digests of tiles (`country.py`).
_KINDS = {
    "members": "<i8", "said": "|b1", "individual": "<i4", "member": "<i8", "log10_lr": "<f8", "cut_lr": "<f8",
    "cut_lr_of_member": "<f8", "survived": "<i8", "ceiling": "<f8", "reaches": "|b1", "compared": "<i8",
    "contradicted": "|b1", "refused": "|u1", "taken": "|u1",
}  # fmt: skip
_OF_FILTERED = tuple(field.name for field in fields(Filtered))


def bytes_of_result(found: TileFound) -> bytes:
    """See `_KINDS`."""
    part = found.part
    values: dict[str, Any] = {
        "members": part.members,
        "said": part.said,
        **{name: getattr(part.found, name) for name in _OF_FILTERED},
        "compared": found.compared,
        "contradicted": found.contradicted,
        "refused": _text(part.refused),
        "taken": _text([[int(one) for one in samples] for samples in found.taken]),
    }
    out = io.BytesIO()
    for name, kind in _KINDS.items():
        array = np.ascontiguousarray(values[name], dtype=kind)
        np.lib.format.write_array(out, array, version=(1, 0), allow_pickle=False)
    return out.getvalue()


def result_of_bytes(content: bytes) -> TileFound:
    """What `bytes_of_result` wrote; whoever calls knows by a digest that it is whole."""
    source = io.BytesIO(content)
    of = {name: _array(source, kind) for name, kind in _KINDS.items()}
    refused = tuple((int(k), str(why)) for k, why in json.loads(of["refused"].tobytes()))
    taken = tuple(tuple(bool(one) for one in samples) for samples in json.loads(of["taken"].tobytes()))
    found = Filtered(**{name: of[name] for name in _OF_FILTERED})
    return TileFound(Part(of["members"], found, of["said"], refused), of["compared"], of["contradicted"], taken)


def _text(value: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value, separators=(",", ":")).encode("ascii"), dtype=np.uint8)


def _array(source: io.BytesIO, kind: str) -> NDArray[Any]:
    array: NDArray[Any] = np.lib.format.read_array(source, allow_pickle=False)
    if array.dtype.str != kind:
        raise ValueError(f"an array of kind {array.dtype.str}, where {kind} stands in every result")
    return array
