"""Sixteen float32, or eight float64, as one value in compiled kernels: vectors, written as if they were numbers.

A compiler makes vectors of a loop only where it can see that nothing it writes is read again, and checks that anew on
every turn. Here a kernel says itself what goes side by side, and its running sums stay in registers. What the machine
has in registers of another width, LLVM takes apart or puts together.
"""

from __future__ import annotations

import operator
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic, models, register_model, type_callable
from numba.extending import lower_builtin as lower

__all__ = ["DOUBLES", "LANES", "LOG2", "absent", "evens", "highest", "load", "log2", "lowest", "odds", "root", "store",
           "turned"]  # fmt: skip

#: Numbers in one value: of float32, and of float64.
LANES: Final = 16
DOUBLES: Final = 8
_FLOAT, _INT = ir.FloatType(), ir.IntType(32)
_FLOATS, _INTS = ir.VectorType(_FLOAT, LANES), ir.VectorType(_INT, LANES)
#: Polynomial, from the highest power down to the first, that is log2(1 + m) to 1e-5 for m from 0 to 1.
LOG2: Final = (-0.03459521, 0.14643361, -0.30338967, 0.46930169, -0.72044237, 1.44268325)


_made_inline: Any = intrinsic  # to a type checker a decorator of no signature: kernels have none either


class _Lanes(types.Type):
    def __init__(self, element: Any, row: ir.VectorType) -> None:
        super().__init__(name=f"{row.count} lanes of {element}")
        self.element, self.row = element, row


_lanes = _Lanes(types.float32, _FLOATS)
_doubles = _Lanes(types.float64, ir.VectorType(ir.DoubleType(), DOUBLES))
_OF_ELEMENT: Final = {kind.element: kind for kind in (_lanes, _doubles)}


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, fe_type.row)  # type: ignore[no-untyped-call]


def _all(value: float) -> ir.Constant:
    return ir.Constant(_FLOATS, [value] * LANES)


def _whole(value: int) -> ir.Constant:
    return ir.Constant(_INTS, [value] * LANES)


def _spread(builder: Any, number: Any, row: ir.VectorType) -> Any:
    """The same number in all lanes."""
    unknown = ir.Constant(row, ir.Undefined)
    first = builder.insert_element(unknown, number, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, unknown, ir.Constant(ir.VectorType(_INT, row.count), [0] * row.count))


def _define(operation: Any, instruction: str) -> None:
    """An operator between lanes, or lanes and a number of their type."""

    @type_callable(operation)
    def typed(context: Any) -> Any:
        def of(a: Any, b: Any) -> Any:
            kinds = (kind for kind in (a, b) if isinstance(kind, _Lanes))
            return next((kind for kind in kinds if {a, b} <= {kind, kind.element}), None)

        return of

    def lowered(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row = sig.return_type.row
        pairs = zip(sig.args, args, strict=True)
        a, b = (value if kind is sig.return_type else _spread(builder, value, row) for kind, value in pairs)
        return getattr(builder, instruction)(a, b)

    for kind in _OF_ELEMENT.values():
        for pair in ((kind, kind), (kind, kind.element), (kind.element, kind)):
            lower(operation, *pair)(lowered)  # type: ignore[no-untyped-call]


for _operation, _instruction in (
    (operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"),
    (operator.iadd, "fadd"), (operator.isub, "fsub"), (operator.imul, "fmul"),
):  # fmt: skip
    _define(_operation, _instruction)


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    """Where the numbers from a flat index on lie; nobody checks that there are as many."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _OF_ELEMENT[array_type.dtype].row.as_pointer())


@_made_inline
def load(typing: Any, array: Any, index: Any) -> Any:
    """The numbers of a C-contiguous array of float32 or float64 from a flat index on."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load(_address(context, builder, sig.args[0], *args), align=array.dtype.bitwidth // 8)

    return _OF_ELEMENT[array.dtype](array, index), code


@_made_inline
def store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    """Put numbers into a C-contiguous array of their type, from a flat index on."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        numbers, at, row = args
        builder.store(row, _address(context, builder, sig.args[0], numbers, at), align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, index, value), code


@_made_inline
def absent(typing: Any) -> Any:
    """Zeros of float32."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _all(0.0)

    return _lanes(), code


def _chosen(name: str, relation: str, meaning: str) -> Any:
    def choose(typing: Any, a: Any, b: Any) -> Any:
        def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            x, y = args
            return builder.select(builder.fcmp_ordered(relation, x, y), x, y)

        return _lanes(a, b), code

    choose.__name__, choose.__doc__ = name, meaning
    return _made_inline(choose)


highest = _chosen("highest", ">", "The higher of two numbers, lane by lane.")
lowest = _chosen("lowest", "<", "The lower of two numbers, lane by lane.")


@_made_inline
def root(typing: Any, a: Any) -> Any:
    """Square roots."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = ir.FunctionType(_FLOATS, [_FLOATS])
        function = get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f32")  # type: ignore[no-untyped-call]
        return builder.call(function, args)

    return _lanes(a), code


@_made_inline
def log2(typing: Any, a: Any) -> Any:
    """Base-2 logarithms of positive numbers, to 1e-5: exponent and polynomial of the rest."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        bits = builder.bitcast(args[0], _INTS)
        m = builder.fmul(builder.sitofp(builder.and_(bits, _whole(0x7FFFFF)), _FLOATS), _all(2.0**-23))
        p = _all(LOG2[0])
        for factor in LOG2[1:]:
            p = builder.fadd(builder.fmul(p, m), _all(factor))
        exponent = builder.sitofp(builder.sub(builder.ashr(bits, _whole(23)), _whole(127)), _FLOATS)
        return builder.fadd(exponent, builder.fmul(p, m))

    return _lanes(a), code


def _shuffled(name: str, order: range, meaning: str) -> Any:
    """Some of the lanes of two values, or of one; those of the second are counted on from those of the first."""

    def shuffle(builder: Any, a: Any, b: Any) -> Any:
        return builder.shuffle_vector(a, b, ir.Constant(_INTS, list(order)))

    def of_two(typing: Any, a: Any, b: Any) -> Any:
        return _lanes(a, b), lambda context, builder, sig, args: shuffle(builder, *args)

    def of_one(typing: Any, a: Any) -> Any:
        return _lanes(a), lambda context, builder, sig, args: shuffle(builder, args[0], args[0])

    function = of_two if max(order) >= LANES else of_one
    function.__name__, function.__doc__ = name, meaning
    return _made_inline(function)


evens = _shuffled("evens", range(0, 2 * LANES, 2), "Every other number of two values in a row, from the first on.")
odds = _shuffled("odds", range(1, 2 * LANES, 2), "Every other number of two values in a row, from the second on.")
turned = _shuffled("turned", range(LANES - 1, -1, -1), "The numbers in reverse.")
