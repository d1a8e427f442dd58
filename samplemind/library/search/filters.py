"""Conditions that sounds have to fulfill: read from SQL, or put together from columns and values; safe either way."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import ParameterError
from samplemind.library.search.conditions import Branch, Tree, branch, decided, negated, written
from samplemind.library.search.dialect import read_condition
from samplemind.library.search.expressions import between, column, compared, fixed, is_null, like, matching, member
from samplemind.library.search.patterns import pieces
from samplemind.library.search.vocabulary import of_files

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Filter", "as_filter"]

_OURS, _POLARS, _LANCE = range(3)
_SIGNS: Final = {"==": "=", "!=": "<>"} | {sign: sign for sign in ("=", "<>", "<", "<=", ">", ">=")}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on sounds and the files they lie in; combine filters with ``&``, ``|`` and ``~``.

    Make one with `parse`, `of`, `any_of`, `between`, `missing`, `matching` or `like`. What is not known (null) fulfills
    neither a condition nor its opposite.

    Examples
    --------
    >>> from samplemind.library.search import Filter
    >>> loops = Filter.parse("kind = 'loop' AND bpm BETWEEN :low AND :high", low=118, high=122)
    >>> print(loops & ~Filter.of("channels", "=", 1))
    kind = 'loop' AND bpm >= 118 AND bpm <= 122 AND channels <> 1
    """

    tree: Tree

    @classmethod
    def parse(cls, sql: str, /, **values: Any) -> Filter:
        """Read a condition in SQL.

        Parameters
        ----------
        sql : str
            Comparisons, ``AND OR NOT``, ``BETWEEN``, ``IN (…)``, ``LIKE``, ``ILIKE``, ``REGEXP``, ``IS NULL``,
            arithmetic, and a few functions: abs, ceil, coalesce, contains, ends_with, exp, floor, length, ln, log10,
            log2, lower, regexp_like, round, sqrt, starts_with, upper.
        **values
            What ``:name`` stands for: a text, a number, or (after IN) a list of them.

        Raises
        ------
        ParameterError
            For an unknown column (the text offers the nearest ones), types that do not go together, and everything
            else that is not understood.
        """
        return _parsed(sql, (), frozenset()) if not values else cls(read_condition(sql, values, frozenset()))

    @classmethod
    def of(cls, name: str, op: str, value: str | int | float) -> Filter:
        """One column compared with one value; `op` is one of ``= != < <= > >=``."""
        if op not in _SIGNS:
            raise ParameterError(f"op: {op!r} is not one of = != < <= > >=")
        return cls(compared(_SIGNS[op], column(name), fixed(value)))

    @classmethod
    def any_of(cls, name: str, values: Iterable[str | int | float]) -> Filter:
        """One column that has one of some values; without any value nothing fulfills it."""
        if isinstance(values, str):
            raise ParameterError(f"values: {values!r} is one text; give a list")
        return cls(member(column(name), [fixed(value) for value in dict.fromkeys(values)]))

    @classmethod
    def between(cls, name: str, low: float | str, high: float | str) -> Filter:
        """One column from `low` to `high`, both included."""
        return cls(between(column(name), fixed(low), fixed(high)))

    @classmethod
    def missing(cls, name: str) -> Filter:
        """One column that has no value."""
        return cls(is_null(column(name)))

    @classmethod
    def like(cls, name: str, pattern: str, any_case: bool = True) -> Filter:
        """A text in which ``%`` stands for any characters and ``_`` for one."""
        return cls(like(column(name), pieces(pattern), any_case))

    @classmethod
    def matching(cls, name: str, regex: str) -> Filter:
        """A text in which a regular expression (of Rust's `regex`) is found."""
        return cls(matching(column(name), regex))

    @classmethod
    def everything(cls) -> Filter:
        """What every sound fulfills."""
        return cls(decided(True))

    def __and__(self, other: Filter) -> Filter:
        if not isinstance(other, Filter):
            return NotImplemented
        return Filter(branch(True, [self.tree, other.tree]))

    def __or__(self, other: Filter) -> Filter:
        if not isinstance(other, Filter):
            return NotImplemented
        return Filter(branch(False, [self.tree, other.tree]))

    def __invert__(self) -> Filter:
        return Filter(negated(self.tree))

    def __str__(self) -> str:
        return str(written(self.tree, _OURS))

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return self.tree.columns

    @property
    def is_of_samples(self) -> bool:
        """Whether the table of sounds alone, and LanceDB itself, can answer it."""
        return not (self.columns & of_files()) and written(self.tree, _LANCE) is not None

    def for_polars(self) -> str:
        """As a condition in the SQL of polars."""
        return str(written(self.tree, _POLARS))

    def for_lance(self) -> str:
        """As a condition for LanceDB.

        Raises
        ------
        ParameterError
            When it is not `is_of_samples`.
        """
        text = written(self.tree, _LANCE)
        if text is None or not self.is_of_samples:
            raise ParameterError(f"where: {str(self)[:200]}: this needs more than the table of sounds")
        return text

    def expression(self) -> pl.Expr:
        """As an expression of polars."""
        return _expression(self.for_polars())

    @property
    def parts(self) -> list[Filter]:
        """The conditions that all have to hold."""
        whole = self.tree.parts if isinstance(self.tree, Branch) and self.tree.all else (self.tree,)
        return [Filter(part) for part in whole]

    def split(self, names: frozenset[str]) -> tuple[Filter | None, Filter | None]:
        """The part that names none of some columns, and the part that does; both have to hold."""
        whole = self.tree.parts if isinstance(self.tree, Branch) and self.tree.all else (self.tree,)
        free = [part for part in whole if not part.columns & names]
        bound = [part for part in whole if part.columns & names]
        return (Filter(branch(True, free)) if free else None, Filter(branch(True, bound)) if bound else None)


@functools.lru_cache(256)
def _expression(sql: str) -> pl.Expr:
    import polars as pl

    return pl.sql_expr(sql)


@functools.lru_cache(256)
def _parsed(sql: str, values: tuple[()], results: frozenset[str]) -> Filter:
    return Filter(read_condition(sql, {}, results))


def as_filter(where: str | Filter | None, values: Mapping[str, Any] | None = None,
              results: frozenset[str] = frozenset()) -> Filter | None:  # fmt: skip
    """A condition that came as SQL or as a filter; None for none, and for a text without anything in it.

    Parameters
    ----------
    where : str, Filter or None
    values : mapping, optional
        What ``:name`` stands for in SQL.
    results : frozenset of str
        Columns that only the answer has (`distance`).
    """
    if isinstance(where, Filter):
        if values:
            raise ParameterError(
                f"where: a Filter has no place for {', '.join(values)}; give the values to Filter.parse"
            )
        return where
    if where is None or (isinstance(where, str) and not where.strip()):
        if values:
            raise ParameterError(f"where: no condition names {', '.join(f':{name}' for name in values)}")
        return None
    return Filter(read_condition(where, values or {}, results)) if values or not isinstance(where, str) else _parsed(
        where, (), results)  # fmt: skip
