"""Exact search in memory, for libraries that fit: no index is needed, and none can be out of date.

What a question needs (vectors, columns that its filter and its answer name) is read once for each version of the
tables and kept; the next question finds it there.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from samplemind.library.schema import FILES_KEY, SAMPLES_KEY
from samplemind.library.search.asking import Pinned
from samplemind.library.search.columns import Columns, Mask
from samplemind.library.search.scoring import FloatArray, Neighbours, Term, distances, in_order, totals
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.filters import Filter

__all__ = ["Resident"]

#: Sums of 32 bits are wrong by less than this: so much farther sounds are compared again with 64.
_SLACK: Final = 1e-5


class Resident:
    """The engine for libraries whose columns fit into memory.

    Parameters
    ----------
    tables : Tables
        Read at the versions that they have open; `Tables.refresh` moves on.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._kept: Columns | None = None
        self._lock = threading.Lock()

    def nearest(self, terms: Sequence[Term], count: int, condition: Filter | None = None,
                ids: Sequence[str] | None = None, skip: Collection[str] = (),
                fits: Mask | None = None) -> Neighbours:  # fmt: skip
        """The sounds that are nearest to all terms together.

        Only sounds that lie somewhere (that have a path), and have at least one of the vectors, are found.

        Parameters
        ----------
        terms : sequence of Term
            With none, sounds come in order of their ids.
        count : int
            How many at most.
        condition : Filter, optional
            What has to be true of a sound, or of one of its files.
        ids : sequence of str, optional
            Only these.
        skip : collection of str
            None of these.
        fits : np.ndarray of bool, optional
            Where in `memory` the condition is true, if the caller knows.
        """
        kept = self._now()
        if fits is None:
            fits = kept.placed if condition is None else kept.fitting(condition)
        if terms:
            fits = fits & np.logical_or.reduce([kept.has(term.column) for term in terms])
        if skip:
            fits = fits.copy()
            fits[kept.at(skip)] = False
        if ids is None:
            at = np.flatnonzero(fits)
        else:
            at = np.unique(kept.at(ids))
            at = at[fits[at]]
        looked_at = len(at)
        if terms:
            at = at[_nearly_best(self._rough(kept, terms, at), count)]
        near = in_order(kept.ids(at), terms, [kept.vectors(term.column)[at] for term in terms], max(count, 0))
        near.candidates = looked_at
        return near

    def _rough(self, kept: Columns, terms: Sequence[Term], at: npt.NDArray[np.int64]) -> FloatArray:
        """Total distances with 32 bits."""
        # Where most take part, to compare all of them costs less than to gather these.
        gathered = len(at) < kept.size // 2
        parts = []
        for term in terms:
            vectors = kept.vectors(term.column)
            parts.append(distances(term, vectors[at]) if gathered else distances(term, vectors)[at])
        return totals(terms, parts)

    def distances(self, terms: Sequence[Term], ids: Sequence[str]) -> Neighbours:
        """Exact distances of given sounds; those that are not in the library are left out."""
        kept = self._now()
        at = np.unique(kept.at(ids))
        return in_order(kept.ids(at), terms, [kept.vectors(term.column)[at] for term in terms], None)

    def rows(self, ids: Sequence[str], columns: Sequence[str], condition: Filter | None = None) -> pl.DataFrame:
        """Columns of `files` and `samples` of given sounds, one row a file.

        Parameters
        ----------
        ids : sequence of str
        columns : sequence of str
        condition : Filter, optional
            Leaves out the files of which it is not true.

        Returns
        -------
        polars.DataFrame
            `id`, `path` and the columns, in order of `ids`, then of paths.
        """
        names = list(dict.fromkeys([SAMPLES_KEY, FILES_KEY, *columns]))
        rows = self._now().rows(ids, {*names, *(condition.columns if condition else ())})
        return (rows if condition is None else rows.filter(condition.expression())).select(names)

    def ids(self, condition: Filter | None = None) -> list[str]:
        """Sounds that lie somewhere, and of which (or of one of whose files) the condition is true, in order."""
        kept = self._now()
        return sorted(kept.ids(np.flatnonzero(kept.placed if condition is None else kept.fitting(condition))))

    def vectors(self, ids: Sequence[str], columns: Sequence[str]) -> dict[str, list[FloatArray | None]]:
        """Vectors of given sounds.

        Returns
        -------
        dict of str to list
            For each column one for each id, None where the sound has none, or is not in the library.
        """
        kept = self._now()
        rows = [kept.one(key) for key in ids]
        return {
            name: [kept.vectors(name)[at] if at is not None and kept.has(name)[at] else None for at in rows]
            for name in columns
        }

    def find(self, text: str) -> str | None:
        """The id of a sound, by that id or by one of its paths."""
        return self._now().find(text)

    def memory(self) -> Columns:
        """The columns in memory."""
        return self._now()

    def _now(self) -> Columns:
        with self._lock:
            if self._kept is None or self._kept.pinned.versions != self._tables.versions():
                self._kept = Columns(Pinned(self._tables))
            return self._kept


def _nearly_best(total: FloatArray, count: int) -> npt.NDArray[np.int64]:
    """Where the `count` smallest are, and all that may be as small but for rounding."""
    if count <= 0:
        return np.empty(0, np.int64)
    if count >= len(total):
        return np.arange(len(total))
    last = np.partition(total, count - 1)[count - 1]
    return np.flatnonzero(total <= last + _SLACK)
