"""Values in conditions and sort orders: columns, constants, and what is computed of them; and how they compare.

The same question has to have the same answer in memory (polars) and in the store (LanceDB), whatever their own rules
for mixed types are: so columns are compared with constants of just their type, and all arithmetic is done with 64-bit
floats.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from samplemind.errors import ParameterError
from samplemind.library.search.conditions import Leaf, Texts, Tree, branch, constant, decided
from samplemind.library.search.patterns import Piece, checked_regex, to_like, to_regex
from samplemind.library.search.vocabulary import Known, Sort, known, near

__all__ = ["FUNCTIONS", "Value", "between", "called", "coalesced", "column", "compared", "computed", "fixed", "is_null",
           "like", "matching", "member"]  # fmt: skip

_DEEPEST: Final = 12
_MOST_VALUES: Final = 10_000
_GREATEST: Final = 3.4028234663852886e38
_OPPOSITE: Final = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED: Final = {"=": "=", "<>": "<>", "<": ">", ">=": "<=", ">": "<", "<=": ">="}
_COMPARE: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">=": operator.ge, ">": operator.gt, "<=": operator.le,
}  # fmt: skip
#: What can be called: of what, giving what, and whether LanceDB computes just the same.
FUNCTIONS: Final[dict[str, tuple[Sort, Sort, bool]]] = {
    "abs": ("number", "number", True), "floor": ("number", "number", True), "ceil": ("number", "number", True),
    "sqrt": ("number", "number", False), "ln": ("number", "number", False), "log10": ("number", "number", False),
    "log2": ("number", "number", False), "exp": ("number", "number", False), "round": ("number", "number", False),
    "lower": ("text", "text", True), "upper": ("text", "text", True), "length": ("text", "number", False),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Value:
    """Something that can be compared.

    Attributes
    ----------
    sort : {'number', 'text', 'list'}
    texts : Texts
    columns : frozenset of str
    known : Known or None
        Where it is a column and nothing else.
    constant : str, int, float or None
        Where it is one.
    depth : int
    """

    sort: Sort
    texts: Texts
    columns: frozenset[str] = field(default_factory=frozenset)
    known: Known | None = None
    constant: str | int | float | None = None
    depth: int = 0

    @property
    def wide(self) -> Texts:
        """A number as a 64-bit float."""
        if self.constant is not None:
            return _same(constant(float(self.constant)))
        if self.known is None:
            return self.texts
        ours, polars, lance = self.texts
        return Texts(ours, f"CAST({polars} AS DOUBLE)", None if lance is None else f"CAST({lance} AS DOUBLE)")


def _same(text: str) -> Texts:
    return Texts(text, text, text)


def column(name: str, results: frozenset[str] = frozenset()) -> Value:
    """A column of the tables, or one of `results`, numbers which only the answer has.

    Raises
    ------
    ParameterError
        For one that there is not; the text offers the nearest ones.
    """
    if name in results:
        return Value("number", Texts(name, f'"{name}"', None), frozenset({name}), Known(name, "number", single=True))
    entry = known().get(name)
    if entry is None:
        shown = name[:60]
        raise ParameterError(
            f"there is no column {shown!r}; {near(shown)} (a text goes in single quotes, as '{shown}')"
        )
    return Value(entry.sort, Texts(name, f'"{name}"', f"`{name}`"), frozenset({name}), entry)


def fixed(value: object) -> Value:
    """A constant.

    Raises
    ------
    ParameterError
        For anything but a text or a finite number.
    """
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # of NumPy
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        said = "write IS NULL for what is not known" if value is None else "give a text or a number"
        raise ParameterError(f"{str(value)[:60]}: a {type(value).__name__} cannot be compared; {said}")
    if isinstance(value, int) and abs(value) >= 2**63:
        value = _wide(value)
    return Value("text" if isinstance(value, str) else "number", _same(constant(value)), constant=value)


def _wide(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ParameterError(f"a whole number of {len(hex(value))} digits is too large") from None


def _must(value: Value, sort: Sort) -> None:
    if value.sort == sort:
        return
    what = value.texts.ours[:60]
    if value.constant is None and value.sort == "list":
        raise ParameterError(f"{what} is a list; it can only be asked whether it IS NULL")
    if sort == "number":
        raise ParameterError(f"{what} is a text, where a number should be (numbers are not quoted)")
    raise ParameterError(f"{what} is a number, where a text should be (a text goes in single quotes)")


def _deeper(*values: Value) -> int:
    depth = 1 + max(value.depth for value in values)
    if depth > _DEEPEST:
        raise ParameterError(f"computations lie more than {_DEEPEST} deep in each other; write it flatter")
    return depth


def _join(values: Sequence[Value], form: str, wide: bool = True, in_lance: bool = True) -> Texts:
    """Fill a form with values, in each dialect."""
    each = [value.wide if wide else value.texts for value in values]
    ours = form.format(*(value.texts.ours for value in values))
    lance = [texts.lance for texts in each]
    there = in_lance and None not in lance
    return Texts(ours, form.format(*(texts.polars for texts in each)), form.format(*lance) if there else None)


def _columns(values: Sequence[Value]) -> frozenset[str]:
    return frozenset().union(*(value.columns for value in values))


def computed(sign: str, left: Value, right: Value) -> Value:
    """`left` and `right` joined by ``+ - * /``, with 64-bit floats."""
    for value in (left, right):
        _must(value, "number")
    depth = _deeper(left, right)
    if left.constant is not None and right.constant is not None:
        return fixed(_folded(sign, float(left.constant), float(right.constant)))
    # What is no number (0 / 0) comes first in LanceDB and last in polars.
    texts = _join([left, right], f"({{}} {sign} {{}})", in_lance=sign != "/")
    return Value("number", texts, _columns([left, right]), depth=depth)


def _folded(sign: str, left: float, right: float) -> float:
    if sign == "/" and right == 0:
        raise ParameterError("division by 0")
    compute = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
    return float(compute[sign](left, right))


def called(name: str, argument: Value, digits: int | None = None) -> Value:
    """One of `FUNCTIONS` of a value; `digits` after the point are for ``round``."""
    takes, gives, in_lance = FUNCTIONS[name]
    _must(argument, takes)
    form = f"{name}({{}}{'' if digits is None else f', {digits}'})"
    ours, polars, lance = _join([argument], form, takes == "number", in_lance)
    polars = polars.replace("length(", "char_length(", 1) if name == "length" else polars
    # A count of characters is compared like everything that is computed.
    polars = f"CAST({polars} AS DOUBLE)" if name == "length" else polars
    return Value(gives, Texts(ours, polars, lance), argument.columns, depth=_deeper(argument))


def coalesced(values: Sequence[Value]) -> Value:
    """The first of some values that is known."""
    for value in values:
        _must(value, "text" if values[0].sort == "text" else "number")
    form = f"coalesce({', '.join(['{}'] * len(values))})"
    return Value(values[0].sort, _join(values, form, values[0].sort == "number"), _columns(values),
                 depth=_deeper(*values))  # fmt: skip


def _exactly(entry: Known, number: int | float) -> str | None:
    """A constant as a literal of just the type of a column; None where there is no such one."""
    if not entry.whole_bits:
        if not entry.single:
            return constant(float(number))
        import numpy as np

        return constant(float(np.float32(min(max(float(number), -_GREATEST), _GREATEST))))
    if isinstance(number, float) and not number.is_integer():
        return None
    whole, limit = int(number), 1 << (entry.whole_bits - 1)
    return str(whole) if -limit < whole < limit else None


def _comparable(value: Value, others: Sequence[Value]) -> tuple[Texts, list[Texts]]:
    """A value and what it is compared with, in types that every dialect compares alike."""
    sort: Sort = "text" if value.sort == "text" else "number"
    for one in (value, *others):
        _must(one, sort)
    if sort == "text":
        return value.texts, [other.texts for other in others]
    numbers = [other.constant for other in others]
    if value.known is not None and all(isinstance(number, (int, float)) for number in numbers):
        exact = [_exactly(value.known, number) for number in numbers if isinstance(number, (int, float))]
        if None not in exact:
            said = [Texts(other.texts.ours, str(text), str(text)) for other, text in zip(others, exact, strict=True)]
            return value.texts, said
    return _signless(value.wide), [_signless(other.wide) for other in others]


def _signless(texts: Texts) -> Texts:
    """To LanceDB -0 is less than 0, as far as no constant is compared: adding 0 makes them one."""
    return texts if texts.lance is None else Texts(texts.ours, texts.polars, f"({texts.lance} + 0.0)")


def _leaf(value: Texts, yes: str, no: str, others: Sequence[Texts], columns: frozenset[str]) -> Leaf:
    def said(form: str) -> Texts:
        filled = [
            None if value[at] is None or any(other[at] is None for other in others)
            else form.format(value[at], *(other[at] for other in others)) for at in range(3)
        ]  # fmt: skip
        return Texts(str(filled[0]), str(filled[1]), filled[2])

    return Leaf(said(yes), said(no), columns)


def compared(sign: str, left: Value, right: Value) -> Tree:
    """One value compared with another by ``= <> < <= > >=``."""
    if left.constant is not None:
        if right.constant is not None:
            _comparable(left, [right])
            return decided(_COMPARE[sign](left.constant, right.constant))
        return compared(_TURNED[sign], right, left)
    value, (other,) = _comparable(left, [right])
    return _leaf(value, f"{{}} {sign} {{}}", f"{{}} {_OPPOSITE[sign]} {{}}", [other], _columns([left, right]))


def between(value: Value, low: Value, high: Value) -> Tree:
    """Whether a value is neither below `low` nor above `high`."""
    return branch(True, [compared(">=", value, low), compared("<=", value, high)])


def member(value: Value, others: Sequence[Value]) -> Tree:
    """Whether a value is one of some constants."""
    if len(others) > _MOST_VALUES:
        raise ParameterError(f"IN has {len(others)} values; give {_MOST_VALUES} at most")
    if not others:
        return decided(False)
    if value.constant is not None or any(other.constant is None for other in others):
        return branch(False, [compared("=", value, other) for other in others])
    this, those = _comparable(value, others)
    form = ", ".join(["{}"] * len(those))
    return _leaf(this, f"{{}} IN ({form})", f"{{}} NOT IN ({form})", those, value.columns)


def is_null(value: Value) -> Tree:
    """Whether a value is not known."""
    return _leaf(value.texts, "{} IS NULL", "{} IS NOT NULL", [], value.columns)


def like(value: Value, parts: Sequence[Piece], any_case: bool) -> Tree:
    """Whether a text fits a pattern of `patterns.pieces`."""
    _must(value, "text")
    word = "ILIKE" if any_case else "LIKE"
    escape = "\\" if any(part and part in ("%", "_") for part in parts) else ""
    plain = constant(to_like(parts, escape)) + (f" ESCAPE '{escape}'" if escape else "")
    escaped = constant(to_like(parts, "\\"))
    regex = constant(to_regex(parts, any_case))
    # LanceDB knows upper and lower case of ASCII only.
    in_lance = value.texts.lance is not None and (not any_case or all(part is None or part.isascii() for part in parts))

    def said(no: str) -> Texts:
        ours, polars, lance = value.texts
        lance = f"{lance} {no}{word} {escaped}" if in_lance else None
        return Texts(f"{ours} {no}{word} {plain}", f"{no}REGEXP_LIKE({polars}, {regex})", lance)

    return Leaf(said(""), said("NOT "), value.columns)


def matching(value: Value, pattern: str) -> Tree:
    """Whether a regular expression is found in a text."""
    _must(value, "text")
    regex = checked_regex(pattern)
    ours, polars = f"regexp_like({value.texts.ours}, {regex})", f"REGEXP_LIKE({value.texts.polars}, {regex})"
    lance = None if value.texts.lance is None else f"regexp_like({value.texts.lance}, {regex})"
    yes = Texts(ours, polars, lance)
    return Leaf(yes, Texts(*(None if text is None else f"NOT {text}" for text in yes)), value.columns)  # type: ignore[arg-type]
