"""Indices: when they are made, how they are kept fresh, and which engine answers.

Below `RESIDENT` sounds everything is searched in memory, exactly, and there are no indices. Above it each vector has
one (IVF with 8 bits a number), and so have the columns that filters name most. Rows that are written later are not in
an index until it is brought up to date; until then the store looks through them one by one, so nothing is missed, and
they may not become many.
"""

from __future__ import annotations

import functools
import math
import re
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

from samplemind.library.lock import people_lock
from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, vector_columns
from samplemind.library.search.indexed import Indexed
from samplemind.library.search.resident import Resident
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import polars as pl

    from samplemind.library.search.columns import Columns, Mask
    from samplemind.library.search.filters import Filter
    from samplemind.library.search.scoring import FloatArray, Neighbours, Term

__all__ = ["RESIDENT", "Engine", "engine_for", "indexed_shares", "optimize"]

#: Up to so many sounds are searched in memory, exactly.
RESIDENT: Final = 100_000
#: Columns with an index for comparisons, and those of few values with one for equality.
_ORDERED: Final = (SAMPLES_KEY, "bpm", "duration_s", "midi_note", "loudness_lufs", "centroid_mean", "audio_hash")
_EQUAL: Final = ("status", "kind", "sample_class", "key", "scale")
_OF_FILES: Final = (SAMPLES_KEY, FILES_KEY)
#: So many rows, or this share of all, may be missing from an index.
_UNINDEXED: Final = (5_000, 0.01)
#: An index of vectors is made anew when the library is so many times as large as it was then.
_GROWN: Final = 2.0
#: Fragments of a table that are put together before indices are made: each costs every question a little.
_FRAGMENTS: Final = 8


class Engine(Protocol):
    """What finds sounds, in the state of the tables that `Tables.refresh` opened last; see `Resident` for more."""

    def nearest(self, terms: Sequence[Term], count: int, condition: Filter | None = None,
                ids: Sequence[str] | None = None, skip: Collection[str] = (),
                fits: Mask | None = None) -> Neighbours:  # fmt: skip
        """The sounds that are nearest to all terms together; `fits` says where in `memory` the condition is true."""

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


_ENGINES: Final[weakref.WeakKeyDictionary[Tables, Engine]] = weakref.WeakKeyDictionary()


def engine_for(tables: Tables) -> Engine:
    """The engine that fits the size of a library; it reads what the tables have open, and keeps what it has read."""
    kind = Resident if tables.samples.count_rows() <= RESIDENT else Indexed
    engine = _ENGINES.get(tables)
    if not isinstance(engine, kind):
        engine = _ENGINES[tables] = kind(tables)
    return engine


def optimize(tables: Tables, tell: Callable[[int, int], None] | None = None) -> list[str]:
    """Make the indices that are worth it, and bring those up to date that have fallen behind.

    Only for who holds the writer's lock. Whatever moment it is stopped at, each index is either there or not, and the
    next call goes on.

    Parameters
    ----------
    tables : Tables
    tell : callable, optional
        Is given how many of how many steps are done.

    Returns
    -------
    list of str
        What was done, in words; nothing for a library that needs no indices.
    """
    rows = tables.samples.count_rows()
    if rows <= RESIDENT:
        return []
    done: list[str] = []
    steps = list(_steps(tables, rows))
    for number, (what, step) in enumerate(steps):
        if tell is not None:
            tell(number, len(steps))
        with tables.guard():
            step()
        done.append(what)
    if tell is not None and steps:
        tell(len(steps), len(steps))
    tables.refresh()
    return done


def indexed_shares(tables: Tables) -> dict[str, float]:
    """For each column with an index, the share of rows that are in it (0 to 1); those of `files` as ``files.id``."""
    shares = {}
    with tables.guard():
        for table, prefix in ((tables.samples, ""), (tables.files, "files.")):
            for index in table.list_indices():
                whole = (index.num_indexed_rows or 0) + (index.num_unindexed_rows or 0)
                shares[prefix + index.columns[0]] = (index.num_indexed_rows or 0) / max(whole, 1)
    return shares


def _steps(tables: Tables, rows: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    for table, columns in ((tables.samples, (*_ORDERED, *_EQUAL)), (tables.files, _OF_FILES)):
        there = {index.columns[0]: index for index in table.list_indices()}
        missing = max((index.num_unindexed_rows or 0 for index in there.values()), default=0)
        few, share = _UNINDEXED
        small = table.stats()["fragment_stats"]["num_small_fragments"]
        if missing > max(few, share * rows) or small > _FRAGMENTS:
            yield f"{table.name}: brought up to date", table.optimize
        for column in columns:
            if column not in there:
                yield (
                    f"{table.name}.{column}: indexed",
                    functools.partial(_make, table, column, _plain(column), f"{column}_idx"),
                )
    words = tables.extra("words")
    if words is not None and any((i.num_unindexed_rows or 0) > _UNINDEXED[0] for i in words.list_indices()):
        # Whoever was stopped between writing words and taking them into their index has left this behind.
        yield "words: brought up to date", functools.partial(_words, tables, words)
    made = tables.samples.list_indices()
    for column in vector_columns():
        old = sorted((_rows_then(index.name), index.name) for index in made if index.columns == [column])
        if not old or rows > _GROWN * old[-1][0]:
            new = f"{column}_{rows}"
            yield f"samples.{column}: indexed", functools.partial(_make, tables.samples, column, _of_vectors(rows), new)
            stale = [name for _, name in old if name != new]
        else:
            stale = [name for _, name in old[:-1]]
        for name in stale:
            yield f"samples.{column}: an old index dropped", functools.partial(tables.samples.drop_index, name)


def _make(table: Any, column: str, config: Any, name: str) -> None:
    table.create_index(column, config=config, name=name, replace=True)


def _words(tables: Tables, words: Any) -> None:
    with people_lock(tables.folder, tables.uri):
        words.optimize()


def _rows_then(name: str) -> int:
    """How many rows there were when an index of vectors was made: its name says so."""
    number = re.search(r"_(\d+)$", name)
    return int(number[1]) if number else 0


def _plain(column: str) -> Any:
    from lancedb.index import Bitmap, BTree

    return Bitmap() if column in _EQUAL else BTree()


def _of_vectors(rows: int) -> Any:
    """As many partitions as rows in each; 8 bits a number take a quarter of the vectors and hardly lose a neighbor.

    Beside it, of a million vectors of 128 on 2 cores: product quantization takes a quarter of that space, and six times
    as long to make; one bit a number (RaBitQ) needs more candidates, and is too coarse for short vectors. Graphs (HNSW)
    were not measured.
    """
    from lancedb.index import IvfSq

    return IvfSq(distance_type="cosine", num_partitions=max(1, math.isqrt(rows)))
