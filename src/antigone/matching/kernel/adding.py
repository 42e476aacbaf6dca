"""Adding bytes that saturate: all individuals against 32 missing persons at a time.

A block's deficits are laid out `[row][32 missing persons]`; an individual is a list of rows, one a marker. Their sum,
saturated at 255, says of 32 pairs at once which may reach the threshold (`deficits` says why none is lost). In compiled
code that is one load and one saturating add of 32 bytes a marker; the rows of four markers are read at once. A sum that
saturates is the same in whatever order it is made.

`survivors_plainly` says the same in NumPy. Before the compiled code is used for the first time it must say what the
plain one says about made-up blocks: should a compiler, a processor or a stale cache of compiled code ever differ, a
warning is given and the plain code is used.

All that is compiled stands in this module, for Numba's cache does not notice changes of imported ones. Loads of vectors
assume no alignment: an aligned load from an array that happens not to be aligned would end the interpreter.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

# Missing persons side by side: the bytes of one vector register.
LANES = 32

# The sum at which a pair is out.
OUT = 255

_Search = Callable[["Codes", Bytes], tuple[NDArray[np.int32], NDArray[np.uint32]]]


# A processor multiplies an address by at most 8: rows of 32 bytes are numbered in fours.
_NUMBERED_BY = 4
_TIMES = LANES // _NUMBERED_BY


@dataclass(frozen=True, eq=False)
class Codes:
    """The rows of every individual, several to a word of 64 bits: shape (individuals, words).

    A word holds four times the number of a row, for four rows of 16 bits, or for two of 32 where there are more rows
    than these can number. Words are filled up with `neutral`, whose deficits are 0 in every block. `rows` is one more
    than the largest row.
    """

    words: NDArray[np.uint64]
    wide: bool
    rows: int
    neutral: int

    @classmethod
    def of(cls, rows: NDArray[np.integer[Any]], neutral: int) -> "Codes":
        """From shape (individuals, markers). Raises `ValueError` for a row that is none.

        >>> Codes.of(np.array([[0, 3, 5]]), neutral=6).words.tolist() == [[0 | 12 << 16 | 20 << 32 | 24 << 48]]
        True
        """
        count = neutral + 1
        if rows.size and not 0 <= int(rows.min()) <= int(rows.max()) < count:
            raise ValueError(f"rows from {rows.min()} to {rows.max()}; expected rows from 0 to {neutral}")
        wide = count > 2**16 // _NUMBERED_BY
        each = 2 if wide else 4
        filled = -(-max(1, rows.shape[1]) // each) * each
        laid = np.full((len(rows), filled), neutral, dtype=np.uint32 if wide else np.uint16)
        laid[:, : rows.shape[1]] = rows
        laid *= _NUMBERED_BY
        return cls(laid.view(np.uint64), wide, count, neutral)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def by_marker(self) -> NDArray[np.uint32] | NDArray[np.uint16]:
        """The same, the number of each row; shape (individuals, markers filled up to whole words)."""
        laid = self.words.view(np.uint32) if self.wide else self.words.view(np.uint16)
        return laid // _NUMBERED_BY


def survivors(codes: Codes, deficits: Bytes) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Which individuals have a missing person whose deficits do not add up to 255, and which persons these are.

    `deficits` has shape (rows, 32). Returns the individuals, in order, and for each a mask: bit k is lane k.
    """
    if deficits.shape != (codes.rows, LANES) or deficits.dtype != np.uint8:
        raise ValueError(f"deficits of {deficits.dtype} {deficits.shape}; expected bytes of {(codes.rows, LANES)}")
    return _chosen()(codes, np.ascontiguousarray(deficits))


def survivors_plainly(codes: Codes, deficits: Bytes) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """The same in plain NumPy."""
    individuals, masks = [], []
    rows = codes.by_marker
    for start in range(0, len(codes), 4096):
        total = np.zeros((len(rows[start : start + 4096]), LANES), dtype=np.uint16)
        for column in rows[start : start + 4096].T:
            total += deficits[column]
            np.minimum(total, OUT, out=total)
        mask = np.packbits(total < OUT, axis=1, bitorder="little").view(np.uint32)[:, 0]
        found = np.flatnonzero(mask)
        individuals.append((found + start).astype(np.int32))
        masks.append(mask[found])
    return np.concatenate([np.zeros(0, np.int32), *individuals]), np.concatenate([np.zeros(0, np.uint32), *masks])


def survivors_compiled(codes: Codes, deficits: Bytes) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """The same, compiled, unchecked."""
    individuals, masks = np.empty(len(codes), np.int32), np.empty(len(codes), np.uint32)
    found = _adder(codes.words.shape[1], 2 if codes.wide else 4)(codes.words, deficits, individuals, masks)
    return individuals[:found].copy(), masks[:found].copy()


@lru_cache(maxsize=1)
def _chosen() -> _Search:
    """The compiled code, if it says what the plain code says."""
    if _agree():
        return survivors_compiled
    warnings.warn(
        "the compiled first pass of the search does not say what the plain one says; the plain one is used, which is "
        "slow. Empty Numba's cache (NUMBA_CACHE_DIR) and report this if it stays.",
        RuntimeWarning,
        stacklevel=3,
    )
    return survivors_plainly


def _agree() -> bool:
    rng = np.random.default_rng(5)
    for rows, markers in ((40, 7), (2**16 + 5, 3)):
        codes = Codes.of(rng.integers(0, rows, (300, markers)), neutral=rows)
        deficits = rng.integers(0, 2 * OUT // markers, (rows + 1, LANES)).astype(np.uint8)
        deficits[rows] = 0
        plain, compiled = survivors_plainly(codes, deficits), survivors_compiled(codes, deficits)
        if not all(np.array_equal(mine, theirs) for mine, theirs in zip(plain, compiled, strict=True)):
            return False
    return True


def read_vectors(count: int) -> None:
    """Load so many vectors of 32 bytes from the first-level cache, and do next to nothing with them.

    The time that takes is the limit of any kernel that loads a vector for each marker of 32 pairs. `count` is rounded
    up to a multiple of 32.
    """
    _read(empty_bytes(8192 // LANES).ravel(), -(-count // 32))


def empty_bytes(rows: int) -> Bytes:
    """Room for a block's deficits, at an address where no row crosses a line of the cache: that is twice as fast."""
    room = np.zeros(rows * LANES + 63, dtype=np.uint8)
    begin = -room.ctypes.data % 64
    return room[begin : begin + rows * LANES].reshape(rows, LANES)


_instruction: Any = intrinsic  # mypy takes what it decorates for a function of the same arguments


class _Vector(types.Type):
    """32 bytes in a register."""

    def __init__(self) -> None:
        super().__init__(name="antigone_vector_of_32_bytes")


_VECTOR = _Vector()
_BYTES = ir.VectorType(ir.IntType(8), LANES)


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _BYTES)  # type: ignore[no-untyped-call]  # Numba has no types


@_instruction
def _zero(typing_context):  # type: ignore[no-untyped-def]  # noqa: ARG001  # Numba asks for it by position
    """No deficit in any lane."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return ir.Constant(_BYTES, [0] * LANES)

    return _VECTOR(), generate


def _load(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """32 bytes from `array` + `offset`, at whatever address."""
    array = context.make_array(signature.args[1])(context, builder, arguments[1])
    address = builder.gep(array.data, [arguments[2]])
    loaded = builder.load(builder.bitcast(address, _BYTES.as_pointer()))
    loaded.align = 1
    return loaded


@_instruction
def _plus(typing_context, vector, array, offset):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """`vector` + the 32 bytes at `offset`, saturated."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return _saturated(builder, arguments[0], _load(context, builder, signature, arguments))

    return _VECTOR(vector, array, types.uint64), generate


@_instruction
def _both(typing_context, one, other):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """`one` + `other`, saturated."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return _saturated(builder, *arguments)

    return _VECTOR(one, other), generate


def _saturated(builder: Any, one: Any, other: Any) -> Any:
    kind = ir.FunctionType(_BYTES, [_BYTES, _BYTES])
    name = f"llvm.uadd.sat.v{LANES}i8"
    add = cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]
    return builder.call(add, [one, other])


@_instruction
def _or(typing_context, vector, array, offset):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """`vector` or the 32 bytes at `offset`: the cheapest thing to do with what was loaded."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.or_(arguments[0], _load(context, builder, signature, arguments))

    return _VECTOR(vector, array, types.uint64), generate


@_instruction
def _below_out(typing_context, vector):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """One bit a lane: set where it is below 255."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        lanes = builder.icmp_unsigned("!=", arguments[0], ir.Constant(_BYTES, [255] * LANES))
        return builder.bitcast(lanes, ir.IntType(LANES))

    return types.uint32(vector), generate


# Each number of words has a kernel of its own: that its loop has a known length is worth a fifth of its time.


@lru_cache(maxsize=64)
def _adder(words_of_each: int, rows_of_each: int) -> Callable[..., int]:
    """The kernel for so many words of so many rows.

    Sums go two ways, for one addition must wait for the one before; and every individual is written down, few are kept,
    for a branch that is seldom taken is seldom foreseen. Each is worth a tenth of the time or more.
    """
    pairs, bits, times = rows_of_each // 2, np.uint64(64 // rows_of_each), np.uint64(_TIMES)
    low = np.uint64(2 ** (64 // rows_of_each) - 1)

    @njit(cache=True, nogil=True)
    def add(words, deficits, individuals, masks):  # type: ignore[no-untyped-def]
        table = deficits.reshape(deficits.size)
        found = 0
        for i in range(words.shape[0]):
            one, other = _zero(), _zero()
            for k in range(words_of_each):
                word = words[i, k]
                for _ in range(pairs):
                    one = _plus(one, table, (word & low) * times)
                    word >>= bits
                    other = _plus(other, table, (word & low) * times)
                    word >>= bits
            mask = _below_out(_both(one, other))
            individuals[found], masks[found] = i, mask
            found += mask != 0
        return found

    return add


@njit(cache=True, nogil=True)
def _read(table, turns):  # type: ignore[no-untyped-def]
    """Eight independent chains, 1024 bytes a turn, 8192 bytes in all."""
    a, b, c, d, e, f, g, h = _zero(), _zero(), _zero(), _zero(), _zero(), _zero(), _zero(), _zero()
    for turn in range(turns):
        begin = np.uint64((turn & 7) * 1024)
        for k in range(4):
            at = begin + np.uint64(k * 256)
            a = _or(a, table, at)
            b = _or(b, table, at + np.uint64(32))
            c = _or(c, table, at + np.uint64(64))
            d = _or(d, table, at + np.uint64(96))
            e = _or(e, table, at + np.uint64(128))
            f = _or(f, table, at + np.uint64(160))
            g = _or(g, table, at + np.uint64(192))
            h = _or(h, table, at + np.uint64(224))
    return (
        _below_out(a) ^ _below_out(b) ^ _below_out(c) ^ _below_out(d)
        ^ _below_out(e) ^ _below_out(f) ^ _below_out(g) ^ _below_out(h)
    )  # fmt: skip
