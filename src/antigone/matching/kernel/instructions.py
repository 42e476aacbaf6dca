"""Single instructions for compiled code, where Numba has no word for them.

They become part of whatever calls them, and Numba's cache does not notice that they changed: whoever changes one has to
empty the cache (NUMBA_CACHE_DIR). Nothing is taken for aligned: an aligned load from an array that happens not to be
aligned would end the interpreter.
"""

from collections.abc import Iterable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Stretches that `turn` takes side by side, and the bytes of each.
STRETCHES = 32
EACH = 16

_BYTE, _NUMBER, _LONG = ir.IntType(8), ir.IntType(32), ir.IntType(64)

_instruction: Any = intrinsic  # mypy takes what it decorates for a function of the same arguments


@_instruction
def lowest_bit(typing_context, mask):  # type: ignore[no-untyped-def]  # noqa: ARG001  # Numba asks for it by position
    """The place of the lowest bit that is set; `mask` must not be 0."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint32(types.uint32), generate


@_instruction
def bits_of(typing_context, value):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The 64 bits of a double, as a number."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ARG001
        return builder.bitcast(arguments[0], _LONG)

    return types.int64(types.float64), generate


@_instruction
def fetch(typing_context, array, place):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Ask for the line of the cache around `array[place]`, that will be read soon; the place may be outside."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        address = builder.gep(_data(context, builder, signature, arguments, 0), [arguments[1]])
        address = builder.bitcast(address, _BYTE.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [address.type, _NUMBER, _NUMBER, _NUMBER])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        builder.call(ask, [address, *(ir.Constant(_NUMBER, value) for value in (0, 3, 1))])  # to read, to be kept, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@_instruction
def turn(typing_context, stretches, at, stride, rows, first, out):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The 16 bytes from `at` on of each of 32 stretches, `stride` apart, into 16 rows of 32 bytes.

    `rows`, from `first` on, says which rows of `out` (flat). Vectors whose halves are interleaved four times have
    changed rows and columns: two squares of 16 side by side.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        source, numbers, target = (_data(context, builder, signature, arguments, k) for k in (0, 3, 5))
        halves = [_half(builder, source, arguments[1], arguments[2], lane) for lane in range(STRETCHES)]
        vectors = [_chosen(builder, halves[k], halves[k + EACH], range(STRETCHES)) for k in range(EACH)]
        for _ in range(4):
            pairs = [(vectors[k], vectors[k + 8], begin) for k in range(8) for begin in (0, 8)]
            vectors = [_chosen(builder, one, other, _interleaved(begin)) for one, other, begin in pairs]
        for k, vector in enumerate(vectors):
            number = builder.load(builder.gep(numbers, [builder.add(arguments[4], ir.Constant(_LONG, k))]))
            place = builder.mul(builder.zext(number, _LONG), ir.Constant(_LONG, STRETCHES))
            address = builder.bitcast(builder.gep(target, [place]), vector.type.as_pointer())
            builder.store(vector, address).align = 1
        return context.get_dummy_value()

    return types.void(stretches, types.int64, types.int64, rows, types.int64, out), generate


def _data(context: Any, builder: Any, signature: Any, arguments: Any, k: int) -> Any:
    """Where the numbers of an array begin."""
    return context.make_array(signature.args[k])(context, builder, arguments[k]).data


def _half(builder: Any, source: Any, at: Any, stride: Any, lane: int) -> Any:
    place = builder.add(at, builder.mul(stride, ir.Constant(_LONG, lane)))
    address = builder.bitcast(builder.gep(source, [place]), ir.VectorType(_BYTE, EACH).as_pointer())
    loaded = builder.load(address)
    loaded.align = 1
    return loaded


def _chosen(builder: Any, one: Any, other: Any, which: Iterable[int]) -> Any:
    return builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(_NUMBER, STRETCHES), list(which)))


def _interleaved(begin: int) -> list[int]:
    """Eight bytes of one vector and eight of another in turn, in each half of both."""
    return [half + begin + k + which for half in (0, EACH) for k in range(8) for which in (0, STRETCHES)]
