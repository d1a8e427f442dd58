"""Indices: when they are made, how they are kept fresh, and which engine answers."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Final, Protocol

from samplemind.library.search.resident import Resident
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import polars as pl

    from samplemind.library.search.columns import Columns
    from samplemind.library.search.filters import Filter
    from samplemind.library.search.scoring import FloatArray, Neighbours, Term

__all__ = ["RESIDENT", "Engine", "engine_for"]

#: Up to so many sounds are searched in memory, exactly.
RESIDENT: Final = 100_000


class Engine(Protocol):
    """What finds sounds, in the state of the tables that `Tables.refresh` opened last; see `Resident` for more."""

    def nearest(self, terms: Sequence[Term], count: int, condition: Filter | None = None,
                ids: Sequence[str] | None = None, skip: Collection[str] = ()) -> Neighbours:  # fmt: skip
        """The sounds that are nearest to all terms together."""

    def distances(self, terms: Sequence[Term], ids: Sequence[str]) -> Neighbours:
        """Exact distances of given sounds."""

    def rows(self, ids: Sequence[str], columns: Sequence[str], condition: Filter | None = None) -> pl.DataFrame:
        """Columns of `files` and `samples` of given sounds, one row a file."""

    def ids(self, condition: Filter | None = None) -> list[str]:
        """Sounds that lie somewhere, and of which the condition is true."""

    def vectors(self, ids: Sequence[str], columns: Sequence[str]) -> dict[str, list[FloatArray | None]]:
        """Vectors of given sounds."""

    def find(self, text: str) -> str | None:
        """The id of a sound, by that id or by one of its paths."""

    def memory(self) -> Columns:
        """The columns in memory, of the state of the tables that is asked."""


_ENGINES: weakref.WeakKeyDictionary[Tables, Engine] = weakref.WeakKeyDictionary()


def engine_for(tables: Tables) -> Engine:
    """The engine that fits the size of a library; it reads what the tables have open, and keeps what it has read."""
    engine = _ENGINES.get(tables)
    if engine is None:
        engine = _ENGINES.setdefault(tables, Resident(tables))
    return engine
