"""Questions in SQL: only the columns that a question names are read."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.paths import absolute, to_text
from samplemind.library.schema import SAMPLES_KEY, column_names, files_schema, samples_schema
from samplemind.library.search.dialect import Order, read_orders
from samplemind.library.search.filters import Filter, as_filter
from samplemind.library.search.vocabulary import near
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DEFAULT_COLUMNS", "checked", "find_id", "frame", "get", "in_order", "load", "orders_of", "whole"]

#: What is shown when nobody says what.
DEFAULT_COLUMNS: Final = (
    "path", "id", "status", "error", "duration_s", "kind", "sample_class", "bpm", "key", "scale", "midi_note",
    "loudness_lufs", "peak_dbfs",
)  # fmt: skip
#: More than any library has, and few enough for whoever counts with 32 bits.
_MOST_ROWS: Final = 10**9


def frame(tables: Tables, columns: Sequence[str] | None, where: str | Filter | None, sort: str | None,
          limit: int | None) -> pl.DataFrame:  # fmt: skip
    """See `Library.frame`."""
    chosen = checked(columns if columns is not None else DEFAULT_COLUMNS)
    limit = None if limit is None else whole(limit, 0)
    condition, orders = as_filter(where), orders_of(sort)
    named = [*(condition.columns if condition else ()), *(name for order in orders for name in order.by.columns)]
    rows = load(tables, [*chosen, *named])
    if condition is not None:
        rows = rows.filter(condition.expression())
    return in_order(rows, orders).head(len(rows) if limit is None else limit).select(chosen)


def orders_of(sort: str | None, results: frozenset[str] = frozenset()) -> tuple[Order, ...]:
    """The parts of a sort order; none for a text without anything in it.

    Raises
    ------
    ParameterError
        For what is not understood.
    """
    if sort is None or (isinstance(sort, str) and not sort.strip()):
        return ()
    return read_orders(sort, results)


def in_order(rows: pl.DataFrame, orders: Sequence[Order]) -> pl.DataFrame:
    """Rows in a sort order; what is equal by it stays as it was."""
    import polars as pl

    if not orders:
        return rows
    by = [pl.sql_expr(order.by.texts.polars) for order in orders]
    return rows.sort(by, descending=[order.descending for order in orders],
                     nulls_last=[not order.nulls_first for order in orders], maintain_order=True)  # fmt: skip


def whole(limit: int, least: int, name: str = "limit") -> int:
    """A limit, as long as it is a whole number that is large enough; no table has more rows than the largest.

    Raises
    ------
    ParameterError
        For anything else.
    """
    if not isinstance(limit, Integral) or isinstance(limit, bool) or limit < least:
        raise ParameterError(f"{name}: {limit!r}; give a whole number, {least} or more")
    return min(int(limit), _MOST_ROWS)


def checked(columns: Sequence[str], also: Collection[str] = ()) -> list[str]:
    """Column names, each once; `also` are names that no table has.

    Raises
    ------
    ParameterError
        For one that does not exist.
    """
    if isinstance(columns, str):
        raise ParameterError(f"columns: {columns!r} is one text; give a list of names")
    for name in columns:
        if name not in column_names() and name not in also:
            raise ParameterError(f"columns: there is no column {name!r}; {near(name)}")
    return list(dict.fromkeys(columns))


def load(tables: Tables, columns: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Files joined with samples, as far as `columns` need them; `path` and `id` are always there."""
    from samplemind.library.tables import quoted

    only = f"id IN ({quoted(ids)})" if ids is not None else None
    of_files = [name for name in files_schema().names if name in {"path", SAMPLES_KEY, *columns}]
    of_samples = [name for name in samples_schema().names if name in columns and name not in of_files]
    rows = tables.read(tables.files, of_files, only)
    if of_samples:
        rows = rows.join(tables.read(tables.samples, [SAMPLES_KEY, *of_samples], only), SAMPLES_KEY, "left")
    return rows.sort("path")


def find_id(tables: Tables, sound: str | os.PathLike[str]) -> str | None:
    """The id of a sound in the library, by the start of its id or by a path; None if there is none.

    Raises
    ------
    LibraryError
        When the start of an id fits more than one.
    """
    from samplemind.library.tables import quoted

    text = os.fspath(sound)
    paths = [to_text(absolute(text)), to_text(text)]
    rows = tables.read(tables.files, [SAMPLES_KEY], f"path IN ({quoted(paths)})")
    if len(rows):
        return str(rows[SAMPLES_KEY][0])
    if len(text) < 4 or not re.fullmatch(r"[0-9a-z-]+", text):
        return None
    ids = tables.read(tables.samples, [SAMPLES_KEY], f"starts_with(id, {quoted([text])})")[SAMPLES_KEY].to_list()
    if len(ids) > 1:
        raise LibraryError(f"library {tables.uri}: {text!r} begins {len(ids)} ids ({', '.join(ids[:3])}…); give more")
    return ids[0] if ids else None


def get(tables: Tables, sound: str | os.PathLike[str]) -> dict[str, Any]:
    """See `Library.get`."""
    from samplemind.library.tables import quoted

    key = find_id(tables, sound)
    if key is None:
        raise LibraryError(
            f"library {tables.uri}: no sound {os.fspath(sound)!r} (neither a path in it nor the start of an id); "
            "see `samplemind list`"
        )
    rows = tables.read(tables.samples, samples_schema().names, f"id IN ({quoted([key])})")
    row: dict[str, Any] = rows.row(0, named=True)
    paths = tables.read(tables.files, ["path"], f"id IN ({quoted([key])})")["path"]
    return {**row, "paths": sorted(paths)}
