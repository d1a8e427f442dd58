"""What a person wrote in SQL becomes a condition or a sort order; only a few sorts of nodes are understood."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from samplemind.errors import ParameterError
from samplemind.library.search.conditions import Tree, branch, decided, negated
from samplemind.library.search.expressions import (
    FUNCTIONS,
    Value,
    between,
    called,
    coalesced,
    column,
    compared,
    computed,
    fixed,
    is_null,
    like,
    matching,
    member,
)
from samplemind.library.search.patterns import pieces

__all__ = ["EXAMPLES", "Order", "read_condition", "read_orders"]

EXAMPLES: Final = {"where": "\"kind = 'loop' AND bpm > 120\"", "sort": '"bpm DESC, path"'}
_LONGEST: Final = 20_000
_MOST_BRACKETS: Final = 12
Made = TypeVar("Made")


class Order(NamedTuple):
    """One part of a sort order."""

    by: Value
    descending: bool
    nulls_first: bool

    @property
    def ours(self) -> str:
        """As it would be written."""
        return self.by.texts.ours + " DESC" * self.descending + " NULLS FIRST" * self.nulls_first


def read_condition(sql: str, values: Mapping[str, Any], results: frozenset[str]) -> Tree:
    """A condition; ``:name`` stands for one of `values`, and `results` are columns that only the answer has.

    Raises
    ------
    ParameterError
        For what is not understood.
    """
    reader = _Reader(values, results)
    tree = _guarded("where", sql, lambda: reader.condition(_parsed(sql, "where")))
    if unused := [name for name in values if name not in reader.used]:
        names = ", ".join(f":{name}" for name in unused)
        raise ParameterError(f"where: {_shown(sql)}: {names} is given, but the condition does not name it")
    return tree


def read_orders(sql: str, results: frozenset[str] = frozenset()) -> tuple[Order, ...]:
    """The parts of a sort order.

    Raises
    ------
    ParameterError
        For what is not understood.
    """
    return _guarded("sort", sql, lambda: tuple(_Reader({}, results).orders(_parsed(sql, "sort"))))


def _guarded(what: str, sql: object, read: Callable[[], Made]) -> Made:
    if not isinstance(sql, str):
        raise ParameterError(f"{what}: {sql!r}; give a text in SQL, as in {EXAMPLES[what]}")
    if len(sql) > _LONGEST:
        raise ParameterError(f"{what}: a text of {len(sql)} characters; give {_LONGEST} at most")
    try:
        return read()
    except ParameterError as error:
        reason = str(error).removeprefix("where: ")
        said = f"{what}: {_shown(sql)}: cannot be read: {reason}; write {what} as in {EXAMPLES[what]}"
        raise ParameterError(said) from None
    except RecursionError:
        raise ParameterError(f"{what}: {_shown(sql)}: cannot be read: it is nested too deeply") from None


def _shown(sql: str) -> str:
    return sql if len(sql) <= 200 else sql[:200] + "…"


@functools.cache
def _dialect() -> Any:
    import logging

    from sqlglot import Dialect

    # What it finds odd is refused here in our own words.
    logging.getLogger("sqlglot").addHandler(logging.NullHandler())

    class Asked(Dialect):
        """Standard SQL, with nulls last unless something else is said."""

        NULL_ORDERING = "nulls_are_last"

    return Asked()


def _parsed(sql: str, what: str) -> Any:
    from sqlglot import exp

    dialect = _dialect()
    try:
        tokens = dialect.tokenize(sql if what == "where" else f"ORDER BY {sql}")
        _check_brackets(tokens)
        if tokens and tokens[-1].text == ",":
            raise ParameterError("it ends with a comma")
        kind = exp.Condition if what == "where" else exp.Order
        (tree,) = dialect.parser().parse_into(kind, tokens, sql)
    except (ParameterError, RecursionError):
        raise
    except Exception:
        # Whatever a parser does with odd input, it is odd input.
        raise ParameterError("it is no SQL") from None
    if tree is None:
        raise ParameterError("it says nothing")
    return tree


def _check_brackets(tokens: list[Any]) -> None:
    depth = 0
    for token in tokens:
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if depth > _MOST_BRACKETS:
            raise ParameterError(f"brackets lie more than {_MOST_BRACKETS} deep in each other; write it flatter")


class _Reader:
    """Goes down a tree of sqlglot; whatever it does not know by name is refused."""

    def __init__(self, values: Mapping[str, Any], results: frozenset[str]) -> None:
        self._values = values
        self._results = results
        self.used: set[str] = set()

    def condition(self, node: Any) -> Tree:
        name = type(node).__name__
        if name in ("And", "Or"):
            return branch(name == "And", [self.condition(part) for part in _row(node)])
        if name in _SIGNS:
            return compared(_SIGNS[name], self.value(node.this), self.value(node.expression))
        read = getattr(self, f"_{name.lower()}", None) if name in _CONDITIONS else None
        if read is None:
            raise ParameterError(f"{_said(node)} is no condition that is understood here")
        tree: Tree = read(node)
        # `x NOT LIKE y` may be a property of its node.
        return negated(tree) if node.args.get("negate") else tree

    def _paren(self, node: Any) -> Tree:
        return self.condition(node.this)

    def _not(self, node: Any) -> Tree:
        return negated(self.condition(node.this))

    def _boolean(self, node: Any) -> Tree:
        return decided(bool(node.this))

    def _is(self, node: Any) -> Tree:
        if type(node.expression).__name__ != "Null":
            raise ParameterError("IS is understood as IS NULL and IS NOT NULL only")
        return is_null(self.value(node.this))

    def _between(self, node: Any) -> Tree:
        if node.args.get("symmetric"):
            raise ParameterError("SYMMETRIC is not understood here; give the lower value first")
        return between(self.value(node.this), self.value(node.args["low"]), self.value(node.args["high"]))

    def _in(self, node: Any) -> Tree:
        refused = [key for key, value in node.args.items() if value and key not in ("this", "expressions", "field")]
        if refused:
            raise ParameterError("IN takes a list of values")
        given = [*node.expressions, *([node.args["field"]] if node.args.get("field") is not None else [])]
        return member(self.value(node.this), [value for one in given for value in self._several(one)])

    def _several(self, node: Any) -> list[Value]:
        """One value, or the values of a placeholder that stands for many."""
        if type(node).__name__ == "Placeholder":
            given = self._given(node)
            if isinstance(given, (list, tuple, set, frozenset)) or hasattr(given, "__array__"):
                return [fixed(one) for one in given]
        return [self.value(node)]

    def _like(self, node: Any, any_case: bool = False, escape: str = "") -> Tree:
        return like(self.value(node.this), pieces(self._text(node.expression), escape), any_case)

    def _ilike(self, node: Any) -> Tree:
        return self._like(node, True)

    def _escape(self, node: Any) -> Tree:
        character = self._text(node.expression)
        inner = node.this
        if type(inner).__name__ not in ("Like", "ILike") or len(character) != 1:
            raise ParameterError("ESCAPE takes one character, after LIKE or ILIKE")
        tree = self._like(inner, type(inner).__name__ == "ILike", character)
        return negated(tree) if inner.args.get("negate") else tree

    def _regexplike(self, node: Any) -> Tree:
        if node.args.get("flag") is not None:
            raise ParameterError("give flags within the regular expression, as in '(?i)kick'")
        return matching(self.value(node.this), self._text(node.expression))

    def _startswith(self, node: Any) -> Tree:
        return like(self.value(node.this), [*self._text(node.expression), None], False)

    def _endswith(self, node: Any) -> Tree:
        return like(self.value(node.this), [None, *self._text(node.expression)], False)

    def _contains(self, node: Any) -> Tree:
        return like(self.value(node.this), [None, *self._text(node.expression), None], False)

    def _text(self, node: Any) -> str:
        found = self.value(node).constant
        if not isinstance(found, str):
            raise ParameterError(f"{_said(node)}: a text in single quotes should be here")
        return found

    def value(self, node: Any) -> Value:
        name = type(node).__name__
        if name in _ARITHMETIC:
            left, right = self.value(node.this), self.value(node.expression)
            return computed(_ARITHMETIC[name], left, right)
        if name in _CALLS:
            return self._call(_CALLS[name], node)
        if name == "Paren":
            return self.value(node.this)
        if name == "Literal":
            return fixed(node.this if node.is_string else _number(node.this))
        if name == "Neg":
            inner = self.value(node.this)
            if isinstance(inner.constant, (int, float)):
                return fixed(-inner.constant)
            return computed("-", fixed(0), inner)
        if name == "Placeholder":
            return fixed(self._given(node))
        if name == "Column" and type(node.this).__name__ == "Identifier" and not node.args.get("table"):
            return column(node.this.this, self._results)
        if name == "Null":
            raise ParameterError("nothing equals NULL; write IS NULL or IS NOT NULL")
        raise ParameterError(f"{_said(node)} is no value that is understood here")

    def _call(self, name: str, node: Any) -> Value:
        if name == "coalesce":
            return coalesced([self.value(part) for part in (node.this, *node.expressions)])
        if name == "log":
            base, of = node.this, node.expression
            bases = {"2": "log2", "10": "log10"}
            if of is None or type(base).__name__ != "Literal" or base.this not in bases:
                raise ParameterError("write ln(x), log2(x) or log10(x)")
            return called(bases[base.this], self.value(of))
        digits = node.args.get("decimals")
        if digits is None:
            return called(name, self.value(node.this))
        count = self.value(digits).constant
        if not isinstance(count, int) or not 0 <= count <= 15:
            raise ParameterError("round takes 0 to 15 digits after the point")
        return called(name, self.value(node.this), count)

    def _given(self, node: Any) -> Any:
        name = node.this
        if not isinstance(name, str) or name not in self._values:
            known = ", ".join(f":{key}" for key in self._values) or "none"
            raise ParameterError(f"the value of {':' + name if isinstance(name, str) else '?'} is not given "
                                 f"({known} is)")  # fmt: skip
        self.used.add(name)
        return self._values[name]

    def orders(self, node: Any) -> Iterator[Order]:
        for part in node.expressions:
            if type(part).__name__ != "Ordered" or part.args.get("with_fill"):
                raise ParameterError(f"{_said(part)} is no order that is understood here")
            by = self.value(part.this)
            if by.sort == "list":
                raise ParameterError(f"{by.texts.ours} is a list, which has no order")
            if not by.columns:
                raise ParameterError(f"{by.texts.ours} is the same for every row; name a column")
            yield Order(by, bool(part.args.get("desc")), bool(part.args.get("nulls_first")))


def _row(node: Any) -> list[Any]:
    """The parts of a row of AND, or of OR; such a row may be long, and its tree is as deep."""
    kind, parts = type(node), []
    while type(node) is kind:
        parts.append(node.expression)
        node = node.this
    return [node, *reversed(parts)]


def _number(text: str) -> int | float:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise ParameterError(f"{text[:40]} is no number, or too large") from None


def _said(node: Any) -> str:
    """A part of a condition for a person."""
    name = type(node).__name__
    if name == "Column":
        return f"the column {str(node.name)[:60]} alone"
    if name == "Literal":
        return f"the value {str(node.this)[:60]!r} alone"
    return _WORDS.get(name, name.upper())


_WORDS: Final = {
    "Subquery": "a query within it", "Select": "a query", "Union": "a query", "Anonymous": "a function of that name",
    "Placeholder": "a value alone", "Paren": "what is in brackets", "Null": "NULL", "Star": "*", "Tuple": "a list",
    "Ordered": "such an order", "Identifier": "a name alone", "Dot": "a name with a dot",
}  # fmt: skip
_SIGNS: Final = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_ARITHMETIC: Final = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}
_CONDITIONS: Final = frozenset({
    "Paren", "Not", "Boolean", "Is", "Between", "In", "Like", "ILike", "Escape", "RegexpLike", "StartsWith", "EndsWith",
    "Contains",
})  # fmt: skip
#: Nodes of sqlglot that are functions of ours.
_CALLS: Final = {name.capitalize(): name for name in FUNCTIONS} | {"Coalesce": "coalesce", "Log": "log"}
