"""Columns of a library in memory: each is read when first needed, at one version of the tables, and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, files_schema, samples_schema
from samplemind.library.search.asking import Pinned
from samplemind.library.search.scoring import FloatArray

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.filters import Filter

__all__ = ["Columns", "dense"]

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
#: Answers of filters that are kept.
_MASKS: Final = 64
_AT: Final = "at of sounds"


class Columns:
    """One version of the tables; sounds and files are numbered as they lie in their tables.

    Parameters
    ----------
    pinned : Pinned
    columns : collection of str
        What to read at once; the rest is read when it is needed.
    """

    def __init__(self, pinned: Pinned, columns: Collection[str] = ()) -> None:
        self.pinned = pinned
        of_files = set(files_schema().names)
        samples = _Kept(pinned, pinned.samples, [SAMPLES_KEY, *(name for name in columns if name not in of_files)])
        files = _Kept(pinned, pinned.files, [SAMPLES_KEY, *(name for name in columns if name in of_files)])
        self._samples, self._files = samples, files
        self.size = len(samples.row_ids)
        self._by_id = _Lookup(samples[SAMPLES_KEY])
        self._sounds = self._by_id.many(files[SAMPLES_KEY])
        self._in_order = np.argsort(self._sounds, kind="stable")
        counts = np.bincount(self._sounds[self._sounds >= 0], minlength=self.size)
        # Files of no sound (there should be none) come first.
        self._starts = np.concatenate([[0], np.cumsum(counts)]) + int((self._sounds < 0).sum())
        #: Which sounds lie somewhere.
        self.placed: Mask = counts > 0
        self._by_path: _Lookup | None = None
        self._vectors: dict[str, tuple[FloatArray, Mask]] = {}
        self._masks: OrderedDict[str, Mask] = OrderedDict()

    @property
    def row_ids(self) -> npt.NDArray[np.uint64]:
        """The numbers of the sounds in the store."""
        return self._samples.row_ids

    def at_rows(self, row_ids: npt.NDArray[Any]) -> Places:
        """Where the rows of the store are here."""
        return self._samples.at_rows(row_ids)

    @property
    def names(self) -> set[str]:
        """The columns that are at hand."""
        return self._samples.names | self._files.names

    def at(self, ids: Collection[str]) -> Places:
        """Where sounds are, in the same order; those that there are not are left out."""
        found = self.places(ids)
        return found[found >= 0]

    def places(self, ids: Collection[str]) -> Places:
        """The same, with -1 for those that there are not."""
        return self._by_id.several(list(ids))

    def one(self, key: str) -> int | None:
        """Where a sound is."""
        return self._by_id.one(key)

    def find(self, text: str) -> str | None:
        """The id of a sound, by that id or by a path."""
        if self._by_id.one(text) is not None:
            return text
        if self._by_path is None:
            self._by_path = _Lookup(self._files[FILES_KEY])
        at = self._by_path.one(text)
        return None if at is None or self._sounds[at] < 0 else str(self._samples[SAMPLES_KEY][int(self._sounds[at])])

    def ids(self, at: npt.NDArray[np.int64]) -> list[str]:
        """Ids of sounds."""
        return self._samples[SAMPLES_KEY].gather(at).to_list()

    def read(self, columns: Collection[str]) -> None:
        """Have columns at hand: reading several at once is quicker than each when it is needed."""
        of_files = set(files_schema().names)
        self._files.read([name for name in columns if name in of_files])
        self._samples.read([name for name in columns if name not in of_files])

    def values(self, column: str) -> pl.Series:
        """A column of sounds."""
        return self._samples[column]

    def of_files(self, column: str) -> tuple[Places, pl.Series]:
        """A column of files, and the sound of each; -1 where there is none."""
        return self._sounds, self._files[column]

    def vectors(self, column: str) -> FloatArray:
        """[shape=(sounds, d)], zeros where a sound has none."""
        return self._vector(column)[0]

    def has(self, column: str) -> Mask:
        """Which sounds have that vector."""
        return self._vector(column)[1]

    @property
    def vector_names(self) -> set[str]:
        """The vectors that are at hand."""
        return set(self._vectors)

    def vector_bytes(self, column: str | None = None) -> int:
        """What the vectors of one column take in memory; without a name, what those at hand take."""
        if column is None:
            return sum(vectors.nbytes for vectors, _ in self._vectors.values())
        return 4 * self.size * int(samples_schema().field(column).type.list_size)

    def _vector(self, column: str) -> tuple[FloatArray, Mask]:
        if column not in self._vectors:
            table = self.pinned.wait(self.pinned.rows(self.pinned.samples, [column]))
            order = _places(table["_rowid"].to_numpy(), self._samples.row_ids)
            self._vectors[column] = dense(table[column].combine_chunks(), order)
        return self._vectors[column]

    def fitting(self, condition: Filter) -> Mask:
        """Which sounds lie somewhere and fulfill a condition, by what they are or by one of their files."""
        text = condition.for_polars()
        mask = self._masks.pop(text, None)
        if mask is None:
            import polars as pl

            mask = np.zeros(self.size, bool)
            columns = condition.columns or frozenset({SAMPLES_KEY})
            self.read(columns)
            if condition.is_of_samples:
                rows = pl.DataFrame({**{name: self._samples[name] for name in columns}, _AT: np.arange(self.size)})
                mask[rows.filter(condition.expression())[_AT].to_numpy()] = True
                mask &= self.placed
            else:
                whole = np.flatnonzero(self._sounds >= 0)
                mask[self._joined(whole, columns).filter(condition.expression())[_AT].to_numpy()] = True
        self._masks[text] = mask
        while len(self._masks) > _MASKS:
            self._masks.popitem(last=False)
        return mask

    def rows(self, ids: Sequence[str], columns: Collection[str]) -> pl.DataFrame:
        """The files of sounds, in order of `ids`, then of paths."""
        import polars as pl

        sounds = self.at(ids)
        parts = [self._in_order[self._starts[at] : self._starts[at + 1]] for at in sounds]
        rank = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        rows = self._joined(np.concatenate(parts) if parts else np.empty(0, np.int64), {FILES_KEY, *columns})
        if all(len(part) <= 1 for part in parts):  # nearly always
            return rows.drop(_AT)
        return rows.with_columns(pl.Series(_AT, rank)).sort(_AT, FILES_KEY).drop(_AT)

    def _joined(self, at: npt.NDArray[np.int64], columns: Collection[str]) -> pl.DataFrame:
        """Rows of files, with what was heard in them."""
        import polars as pl

        sounds = self._sounds[at]
        of_files = set(files_schema().names)
        self.read(columns)
        values = {
            name: self._files[name].gather(at) if name in of_files else self._samples[name].gather(sounds)
            for name in columns
        }
        return pl.DataFrame({**values, _AT: sounds})


class _Kept:
    """Columns of one table."""

    def __init__(self, pinned: Pinned, table: Any, first: Sequence[str]) -> None:
        self._pinned = pinned
        self._table = table
        rows = self._frame(first)
        self.row_ids: npt.NDArray[np.uint64] = rows["_rowid"].to_numpy()
        self._columns = {name: rows[name] for name in first}
        self._is_sorted = bool(np.all(self.row_ids[:-1] < self.row_ids[1:]))

    def _frame(self, columns: Sequence[str]) -> pl.DataFrame:
        import polars as pl

        rows = pl.from_arrow(self._pinned.wait(self._pinned.rows(self._table, list(dict.fromkeys(columns)))))
        assert isinstance(rows, pl.DataFrame)
        return rows

    def __getitem__(self, name: str) -> pl.Series:
        self.read([name])
        return self._columns[name]

    @property
    def names(self) -> set[str]:
        return set(self._columns)

    def read(self, names: Collection[str]) -> None:
        """Have columns at hand: of several at once this is quicker than of each when it is needed."""
        missing = [name for name in names if name not in self._columns]
        if missing:
            rows = self._frame(missing)
            # Two reads need not come in the same order.
            order = _places(rows["_rowid"].to_numpy(), self.row_ids)
            self._columns |= {name: rows[name] if order is None else rows[name].gather(order) for name in missing}

    def at_rows(self, row_ids: npt.NDArray[Any]) -> Places:
        if self._is_sorted:
            return np.searchsorted(self.row_ids, row_ids)
        order = _places(self.row_ids, row_ids)
        return np.arange(len(row_ids)) if order is None else order


class _Lookup:
    """Where each of many different texts is, by their hashes: a tenth of the memory and time of a dictionary."""

    def __init__(self, texts: pl.Series) -> None:
        self._texts = texts
        hashes = texts.hash().to_numpy()
        self._order = np.argsort(hashes)
        self._hashes = hashes[self._order]

    def one(self, text: str) -> int | None:
        import polars as pl

        key = pl.Series([text], dtype=pl.String).hash()[0]
        first = int(np.searchsorted(self._hashes, np.uint64(key)))
        while first < len(self._hashes) and self._hashes[first] == key:
            if self._texts[at := int(self._order[first])] == text:
                return at
            first += 1
        return None

    def several(self, texts: Sequence[str]) -> Places:
        """Where some texts are, -1 where there is none."""
        import polars as pl

        wanted = pl.Series(texts, dtype=pl.String)
        if not len(wanted) or not len(self._hashes):
            return np.full(len(wanted), -1, np.int64)
        hashes = wanted.hash().to_numpy()
        first = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        there = self._hashes[first] == hashes
        at = np.where(there, self._order[first], 0)
        is_right = (self._texts.gather(at) == wanted).to_numpy()
        places = np.where(there & is_right, at, -1)
        for index in np.flatnonzero(there & ~is_right):  # another text of the same hash
            one = self.one(texts[int(index)])
            places[index] = -1 if one is None else one
        return places

    def many(self, texts: pl.Series) -> Places:
        """Where texts are, -1 where there is none; by their hashes alone, of which no two of 10 million are equal."""
        import polars as pl

        once = np.concatenate([[True], self._hashes[1:] != self._hashes[:-1]])[: len(self._hashes)]
        places = pl.DataFrame({"hash": self._hashes[once], "at": self._order[once]})
        wanted = pl.DataFrame({"hash": texts.hash()})
        return wanted.join(places, "hash", "left", maintain_order="left")["at"].fill_null(-1).to_numpy()


def _places(row_ids: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> Places | None:
    """Where each wanted row is; None if they are the same rows in the same order."""
    if len(row_ids) == len(wanted) and np.array_equal(row_ids, wanted):
        return None
    if np.all(row_ids[:-1] < row_ids[1:]):
        return np.searchsorted(row_ids, wanted)
    order = np.argsort(row_ids, kind="stable")
    return order[np.searchsorted(row_ids, wanted, sorter=order)]


def dense(column: Any, at: Places | None) -> tuple[FloatArray, Mask]:
    """Vectors of an Arrow column (those at given places), zeros where there is none; and which there are."""
    import pyarrow.compute as pc

    width = column.type.list_size
    values = column.values.to_numpy(zero_copy_only=False)[column.offset * width :].reshape(-1, width)[: len(column)]
    there = pc.is_valid(column).to_numpy(zero_copy_only=False)
    if at is not None:
        values, there = values[at], there[at]
    if not there.all():
        values = np.where(there[:, None], values, np.float32(0))
    return np.ascontiguousarray(values, np.float32), there
