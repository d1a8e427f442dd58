"""Exact search in memory, for libraries that fit: no index is needed, and none can be out of date.

What a question needs (vectors, columns that its filter and its answer name) is read once for each version of the
tables and kept; the next question finds it there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, files_schema
from samplemind.library.search.scoring import FloatArray, Neighbours, Term, distances, in_order, totals
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.filters import Filter

__all__ = ["Resident"]

#: Sums of 32 bits are wrong by less than this: so much farther sounds are compared again with 64.
_SLACK: Final = 1e-5
#: Answers of filters that are kept.
_MASKS: Final = 64


class Resident:
    """The engine for libraries whose columns fit into memory.

    Parameters
    ----------
    tables : Tables
        Read at the versions that they have open; `Tables.refresh` moves on.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._kept: _Columns | None = None
        self._lock = threading.Lock()

    def nearest(self, terms: Sequence[Term], count: int, condition: Filter | None = None,
                ids: Sequence[str] | None = None, skip: Collection[str] = ()) -> Neighbours:  # fmt: skip
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
        """
        kept = self._columns()
        fits = kept.placed if condition is None else kept.fitting(condition)
        if terms:
            fits = fits & np.logical_or.reduce([kept.has(term.column) for term in terms])
        if skip:
            fits = fits.copy()
            fits[kept.rows_of(skip)] = False
        if ids is not None:
            at = np.unique(kept.rows_of(ids))
            at = at[fits[at]]
        else:
            # Filters that let much through cost less where nothing is gathered.
            at = np.flatnonzero(fits)
        if not terms:
            return in_order(kept.ids_of(at[: max(count, 0)]), (), (), count)
        at = at[_nearly_best(self._rough(kept, terms, at), count)]
        vectors = [kept.vectors(term.column)[at] for term in terms]
        return in_order(kept.ids_of(at), terms, vectors, count)

    def _rough(self, kept: _Columns, terms: Sequence[Term], at: npt.NDArray[np.int64]) -> FloatArray:
        """Total distances with 32 bits."""
        gathered = len(at) < kept.size // 2
        parts = []
        for term in terms:
            vectors = kept.vectors(term.column)
            parts.append(distances(term, vectors[at]) if gathered else distances(term, vectors)[at])
        return totals(terms, parts)

    def distances(self, terms: Sequence[Term], ids: Sequence[str]) -> Neighbours:
        """Exact distances of given sounds; those that are not in the library are left out."""
        kept = self._columns()
        at = np.unique(kept.rows_of(ids))
        return in_order(kept.ids_of(at), terms, [kept.vectors(term.column)[at] for term in terms], None)

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
        kept = self._columns()
        names = list(dict.fromkeys([SAMPLES_KEY, FILES_KEY, *columns]))
        rows = kept.files_of(ids, list(dict.fromkeys([*names, *(condition.columns if condition else ())])))
        if condition is not None:
            rows = satisfying(rows, condition)
        return rows.select(names)

    def ids(self, condition: Filter | None = None) -> list[str]:
        """Sounds that lie somewhere, and of which (or of one of whose files) the condition is true, in order."""
        kept = self._columns()
        return kept.ids_of(np.flatnonzero(kept.placed if condition is None else kept.fitting(condition)))

    def vectors(self, ids: Sequence[str], columns: Sequence[str]) -> dict[str, list[FloatArray | None]]:
        """Vectors of given sounds.

        Returns
        -------
        dict of str to list
            For each column one for each id, None where the sound has none, or is not in the library.
        """
        kept = self._columns()
        rows = [kept.row_of(key) for key in ids]
        return {
            name: [kept.vectors(name)[at] if at is not None and kept.has(name)[at] else None for at in rows]
            for name in columns
        }

    def find(self, text: str) -> str | None:
        """The id of a sound, by that id or by one of its paths."""
        kept = self._columns()
        return text if kept.row_of(text) is not None else kept.id_of_path(text)

    def _columns(self) -> _Columns:
        with self._lock:
            versions = (self._tables.samples.version, self._tables.files.version)
            if self._kept is None or self._kept.versions != versions:
                self._kept = _Columns(self._tables, versions)
            return self._kept


def satisfying(rows: pl.DataFrame, condition: Filter) -> pl.DataFrame:
    """The rows of which a condition is true, in the same order."""
    import polars as pl

    at = rows.with_row_index("at of rows")
    with pl.SQLContext(frames={"files": at.lazy()}) as context:
        found = context.execute(f'SELECT "at of rows" FROM files WHERE ({condition.for_polars()}\n)', eager=True)
    return rows[found["at of rows"].sort()]


def _nearly_best(total: FloatArray, count: int) -> npt.NDArray[np.int64]:
    """Where the `count` smallest are, and all that may be as small but for rounding."""
    if count <= 0:
        return np.empty(0, np.int64)
    if count >= len(total):
        return np.arange(len(total))
    last = np.partition(total, count - 1)[count - 1]
    return np.flatnonzero(total <= last + _SLACK)


class _Columns:
    """Columns of one version of the tables; sounds are in order of their ids, files in that of sounds and paths."""

    def __init__(self, tables: Tables, versions: tuple[int, int]) -> None:
        import polars as pl

        self.versions = versions
        self._tables = tables
        samples = _numbered(tables, tables.samples, [SAMPLES_KEY])
        order = samples[SAMPLES_KEY].arg_sort()
        self._ids: pl.Series = samples[SAMPLES_KEY][order]
        self._row_ids = samples["_rowid"].to_numpy()[order.to_numpy()]
        self._of_id = dict(zip(self._ids.to_list(), range(len(self._ids)), strict=True))
        self.size = len(self._ids)
        files = _numbered(tables, tables.files, [SAMPLES_KEY, FILES_KEY])
        sound = pl.Series("at", [self._of_id.get(key, -1) for key in files[SAMPLES_KEY].to_list()], pl.Int64)
        files = files.with_columns(sound).filter(pl.col("at") >= 0).sort("at", FILES_KEY)
        self._file_row_ids = files["_rowid"].to_numpy()
        self._files: dict[str, pl.Series] = {name: files[name] for name in (SAMPLES_KEY, FILES_KEY)}
        self._sounds = files["at"].to_numpy()
        self._starts = np.searchsorted(self._sounds, np.arange(self.size + 1))
        self.placed: npt.NDArray[np.bool_] = np.diff(self._starts) > 0
        self._of_path: dict[str, int] | None = None
        self._samples: dict[str, pl.Series] = {}
        self._vectors: dict[str, tuple[FloatArray, npt.NDArray[np.bool_]]] = {}
        self._masks: OrderedDict[str, npt.NDArray[np.bool_]] = OrderedDict()

    def row_of(self, key: str) -> int | None:
        return self._of_id.get(key)

    def id_of_path(self, path: str) -> str | None:
        """The sound of a path."""
        if self._of_path is None:
            self._of_path = dict(zip(self._files[FILES_KEY].to_list(), self._sounds.tolist(), strict=True))
        at = self._of_path.get(path)
        return None if at is None else str(self._ids[at])

    def rows_of(self, ids: Collection[str]) -> npt.NDArray[np.int64]:
        """Where sounds are; those that there are not are left out."""
        found = (self._of_id.get(key, -1) for key in ids)
        return np.array([at for at in found if at >= 0], np.int64)

    def ids_of(self, at: npt.NDArray[np.int64]) -> list[str]:
        return self._ids.gather(at).to_list()

    def vectors(self, column: str) -> FloatArray:
        """[shape=(sounds, d)], zeros where a sound has none."""
        return self._vector(column)[0]

    def has(self, column: str) -> npt.NDArray[np.bool_]:
        """Which sounds have that vector."""
        return self._vector(column)[1]

    def _vector(self, column: str) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
        if column not in self._vectors:
            table = _read(self._tables, self._tables.samples, [column])
            at = self._places(table["_rowid"].to_numpy(), self._row_ids)
            self._vectors[column] = dense(table[column].combine_chunks(), at)
        return self._vectors[column]

    def _places(self, row_ids: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Where each wanted row is among those that were read: two reads need not come in the same order."""
        order = np.argsort(row_ids, kind="stable")
        return order[np.searchsorted(row_ids, wanted, sorter=order)]

    def _of_samples(self, column: str) -> pl.Series:
        if column not in self._samples:
            rows = _numbered(self._tables, self._tables.samples, [column])
            self._samples[column] = rows[column].gather(self._places(rows["_rowid"].to_numpy(), self._row_ids))
        return self._samples[column]

    def _of_files(self, column: str) -> pl.Series:
        if column not in self._files:
            rows = _numbered(self._tables, self._tables.files, [column])
            self._files[column] = rows[column].gather(self._places(rows["_rowid"].to_numpy(), self._file_row_ids))
        return self._files[column]

    def fitting(self, condition: Filter) -> npt.NDArray[np.bool_]:
        """Which sounds lie somewhere and fulfill a condition, by what they are or by one of their files."""
        text = condition.for_polars()
        mask = self._masks.pop(text, None)
        if mask is None:
            mask = np.zeros(self.size, bool)
            columns = condition.columns or (SAMPLES_KEY,)
            if condition.is_of_samples:
                rows = self._frame({name: self._of_samples(name) for name in columns})
                mask[satisfying(rows, condition)["at of sounds"].to_numpy()] = True
                mask &= self.placed
            else:
                rows = self._joined(slice(None), columns)
                mask[satisfying(rows, condition)["at of sounds"].to_numpy()] = True
        self._masks[text] = mask
        while len(self._masks) > _MASKS:
            self._masks.popitem(last=False)
        return mask

    def _frame(self, columns: dict[str, pl.Series]) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame({**columns, "at of sounds": np.arange(self.size)})

    def _joined(self, at: Any, columns: Collection[str]) -> pl.DataFrame:
        """Rows of files, with what was heard in them."""
        import polars as pl

        sounds = self._sounds[at]
        of_files = set(files_schema().names)
        values = {
            name: self._of_files(name)[at] if name in of_files else self._of_samples(name).gather(sounds)
            for name in columns
        }
        return pl.DataFrame({**values, "at of sounds": sounds})

    def files_of(self, ids: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
        """The files of sounds, in order of `ids`, then of paths."""
        sounds = self.rows_of(ids)
        ranges = [np.arange(self._starts[at], self._starts[at + 1]) for at in sounds]
        at = np.concatenate(ranges) if ranges else np.empty(0, np.int64)
        return self._joined(at, columns).drop("at of sounds")


def dense(column: Any, at: npt.NDArray[np.int64]) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Vectors of an Arrow column at given places, zeros where there is none; and which there are."""
    import pyarrow.compute as pc

    width = column.type.list_size
    values = column.values.to_numpy(zero_copy_only=False)[column.offset * width :].reshape(-1, width)[at]
    there = pc.is_valid(column).to_numpy(zero_copy_only=False)[at]
    if not there.all():
        values = np.where(there[:, None], values, np.float32(0))
    return np.ascontiguousarray(values, np.float32), there


def _read(tables: Tables, table: Any, columns: Sequence[str]) -> Any:
    with tables.guard():
        return table.search().with_row_id(True).select(list(columns)).limit(None).to_arrow()


def _numbered(tables: Tables, table: Any, columns: Sequence[str]) -> pl.DataFrame:
    import polars as pl

    rows = pl.from_arrow(_read(tables, table, columns))
    assert isinstance(rows, pl.DataFrame)
    return rows
