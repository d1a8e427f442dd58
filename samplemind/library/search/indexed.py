"""Search in large libraries: the store's indices offer candidates, which are then compared exactly.

An index of vectors keeps a coarse picture of each (product quantization, Jégou 2011), grouped around centers. The
nearest by that picture are fetched and put into their true order, so that an answer is wrong only where a near sound
was not among the candidates. Filters are answered by indices of columns first. Where less than was asked for is left
by a filter, all of it was looked at, and the answer is exact.

Ids, places of files and what answers show are read into memory beside the first questions: to fetch ten rows of a
table of 200 columns costs the store as long as to find them among a million.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt

from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.errors import LibraryError
from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, files_schema, vector_columns
from samplemind.library.search.asking import Pinned
from samplemind.library.search.columns import Columns, Mask, dense
from samplemind.library.search.scoring import FloatArray, Neighbours, Term, directions, in_order
from samplemind.library.tables import Tables, quoted

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from samplemind.library.search.filters import Filter

__all__ = ["Indexed"]

#: Numbers of rows in the store.
Rows = npt.NDArray[np.uint64]

#: Candidates of an index: so many for each neighbour that is wanted, and at least so many.
_EACH: Final = 3
#: Where this share of all sounds fits, candidates are chosen among all.
_COMMON: Final = 0.25
_LEAST: Final = 36
#: With several terms the nearest of all together need not be near by each.
_LEAST_OF_MANY: Final = 1000
#: Neighbours beyond those wanted, for sounds that lie nowhere any more.
_SPARE: Final = 4
#: Partitions of an index that are looked into; all of them where these have too little.
_PROBES: Final = 20
#: With a filter the nearest that fit lie farther out: so many times as many.
_PROBES_FILTERED: Final = 2
#: Who asks for many gets one partition more for each so many.
_DEEPER: Final = 50
#: So many that fulfill a filter are compared one by one.
_FEW: Final = 2_000
#: Beyond so many candidates the whole column is compared.
_MOST: Final = 20_000
#: Vectors that are fetched at a time.
_FETCH: Final = 20_000
#: A column is read into memory when it is asked for so often (a question asks more than once): not for the only one
#: of a process, which would wait for it at its end.
_OFTEN: Final = 6
#: And vectors, when they are compared so often, as long as they take no more than this.
_OFTEN_VECTOR: Final = 8
_VECTOR_BYTES: Final = 2**30
_FILES: Final = frozenset(files_schema().names)
_VECTORS: Final = frozenset(vector_columns())
_LISTS: Final = frozenset(entry.name for entry in CATALOGUE if entry.dtype in ("vector", "floats", "texts")) - _VECTORS


class Indexed:
    """The engine for large libraries; see `Resident` for what each method gives.

    Parameters
    ----------
    tables : Tables
        Read at the versions that they have open; `Tables.refresh` moves on.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        self._state: _State | None = None

    def nearest(self, terms: Sequence[Term], count: int, condition: Filter | None = None,
                ids: Sequence[str] | None = None, skip: Collection[str] = (),
                fits: Mask | None = None) -> Neighbours:  # fmt: skip
        """The sounds that are nearest to all terms together."""
        state = self._now(term.column for term in terms)
        where = None
        new = state.pinned.lacking(condition.columns) if condition is not None else frozenset()
        if ids is not None or fits is None or np.count_nonzero(fits) < _COMMON * len(fits):
            fits = None
        elif state.is_in_memory and len(fits) == state.memory().size:
            condition = None  # so many fit that some of the nearest do: the store need not know which
        if fits is not None:
            pass
        elif condition is not None and condition.is_of_samples and not new:
            where = condition.for_lance()
        elif condition is not None:
            free, _ = condition.split(_FILES | new)
            where = free.for_lance() if free is not None and free.is_of_samples else None
            kept = state.memory()
            fits = kept.fitting(condition)
            if ids is None and np.count_nonzero(fits) <= _FETCH:
                ids, condition = kept.ids(np.flatnonzero(fits)), None
        if ids is not None or not terms:
            found = sorted({*(self.ids(condition) if ids is None else ids)}.difference(skip))
            found = found if ids is None else state.placed(found, condition)
            return state.compared(*state.rows_of(found), terms, max(count, 0))
        wanted = count + len(skip) + _SPARE
        while True:
            row_ids, is_all = state.candidates(terms, wanted, where)
            near = state.compared(state.allowed(row_ids, skip, fits), None, terms, None, is_all)
            first = near.ids if is_all else near.ids[:wanted]
            keep = set(first if state.is_in_memory else state.placed([key for key in first if key not in skip], None))
            at = [index for index, key in enumerate(first) if key in keep][: max(count, 0)]
            if len(at) >= count or is_all:
                return Neighbours([first[index] for index in at], near.distance[at], near.by_term[at], is_all,
                                  near.candidates)  # fmt: skip
            wanted *= _EACH

    def distances(self, terms: Sequence[Term], ids: Sequence[str]) -> Neighbours:
        """Exact distances of given sounds; those that are not in the library are left out."""
        state = self._now()
        return state.compared(*state.rows_of(list(dict.fromkeys(ids))), terms, None, lacking=True)

    def rows(self, ids: Sequence[str], columns: Sequence[str], condition: Filter | None = None) -> pl.DataFrame:
        """Columns of `files` and `samples` of given sounds, one row a file."""
        names = list(dict.fromkeys([SAMPLES_KEY, FILES_KEY, *columns]))
        wanted = {*names, *(condition.columns if condition else ())}
        rows = self._now(wanted).rows(ids, wanted)
        return (rows if condition is None else rows.filter(condition.expression())).select(names)

    def ids(self, condition: Filter | None = None) -> list[str]:
        """Sounds that lie somewhere, and of which (or of one of whose files) the condition is true, in order."""
        kept = self._now().memory()
        return sorted(kept.ids(np.flatnonzero(kept.placed if condition is None else kept.fitting(condition))))

    def vectors(self, ids: Sequence[str], columns: Sequence[str]) -> dict[str, list[FloatArray | None]]:
        """Vectors of given sounds."""
        state = self._now()
        row_ids, keys = state.rows_of(list(dict.fromkeys(ids)))
        vectors, there, _ = state.fetched(row_ids, list(dict.fromkeys(columns)))
        at = {key: index for index, key in enumerate(keys)}
        return {
            name: [vectors[name][at[key]] if key in at and there[name][at[key]] else None for key in ids]
            for name in columns
        }

    def find(self, text: str) -> str | None:
        """The id of a sound, by that id or by one of its paths."""
        return self._now().find(text)

    def memory(self) -> Columns:
        """The columns in memory; where they are not there yet, this waits for them."""
        return self._now().memory()

    def _now(self, asked: Iterable[str] = ()) -> _State:
        """The state that is open; `asked` are columns that are shown or compared now."""
        with self._lock:
            if self._state is None or self._state.pinned.versions != self._tables.versions():
                self._state = _State(Pinned(self._tables))
            self._state.remember(asked)
            return self._state


class _State:
    """One version of the tables: from memory what is there already, the rest from the store."""

    def __init__(self, pinned: Pinned) -> None:
        self.pinned = pinned
        self._columns: Columns | None = None
        self._loading: threading.Thread | None = None
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        self._asked: Counter[str] = Counter()
        self._tried: set[str] = set()

    def remember(self, asked: Iterable[str]) -> None:
        """Read columns into memory, beside what is being asked, when this state was asked for them often enough."""
        self._asked.update(name for name in asked if name not in _LISTS)
        often = {
            name for name, times in self._asked.items() if times >= (_OFTEN if name not in _VECTORS else _OFTEN_VECTOR)
        }
        missing = often - self._tried
        if missing and (self._loading is None or not self._loading.is_alive()):
            self._tried |= missing
            # Not a daemon: a process that ends while the store hands over what it has read would crash.
            self._loading = threading.Thread(target=self._load, args=(missing,), name="samplemind-columns")
            self._loading.start()

    def _load(self, names: set[str]) -> None:
        # Where a file of this version is gone, there is a newer version; until it is opened the store answers.
        with contextlib.suppress(LibraryError):
            plain = sorted(names - _VECTORS)
            kept = self._columns or Columns(self.pinned, plain)
            kept.read(plain)
            self._columns = kept
            for name in sorted(names & _VECTORS):
                if kept.vector_bytes(name) <= min(_VECTOR_BYTES - kept.vector_bytes(), _free_bytes() // 4):
                    kept.vectors(name)
                self.pinned.wait(self._warm(name))

    async def _warm(self, column: str) -> None:
        """Read the index of a column, which else each question would do for the partitions it comes to."""
        for index in await self.pinned.samples.list_indices():
            if index.columns == [column]:
                await self.pinned.samples.prewarm_index(index.name)

    def memory(self) -> Columns:
        """The columns in memory, as soon as they are there."""
        with self._lock:
            if self._columns is None:
                if self._loading is not None:
                    self._loading.join()
                self._columns = self._columns or Columns(self.pinned)
            return self._columns

    @property
    def is_in_memory(self) -> bool:
        """Whether ids, and where sounds lie, are in memory."""
        return self._columns is not None

    def allowed(self, row_ids: Rows, skip: Collection[str], fits: Mask | None) -> Rows:
        """The rows of sounds that lie somewhere, fit, and are not to be skipped, as far as memory tells."""
        kept = self._columns
        if kept is None:
            return row_ids
        at = kept.at_rows(row_ids)
        keep = (kept.placed if fits is None else fits)[at]
        return row_ids[keep & ~np.isin(at, kept.at(skip))] if skip else row_ids[keep]

    def candidates(self, terms: Sequence[Term], count: int, where: str | None) -> tuple[Rows, bool]:
        """Rows of the store among which the nearest are, and whether these are all that there are."""
        new = self.pinned.lacking([term.column for term in terms])
        ways = [(term.column, way) for term in terms if term.column not in new for way in directions(term)]
        each = max(_EACH * count, _LEAST if len(ways) == 1 else _LEAST_OF_MANY)
        found = self.pinned.wait(self._nearest(ways, each, where))
        return np.unique(np.concatenate([np.empty(0, np.uint64), *found])), all(len(rows) < each for rows in found)

    async def _nearest(self, ways: Sequence[tuple[str, FloatArray]], count: int, where: str | None) -> list[Rows]:
        return list(await asyncio.gather(*(self._around(column, way, count, where) for column, way in ways)))

    async def _around(self, column: str, way: FloatArray, count: int, where: str | None) -> Rows:
        query = self.pinned.samples.query().nearest_to(way).column(column).distance_type("cosine").limit(count)
        query = query.select(["_distance"]).with_row_id()
        query = query.where(where) if where is not None else query
        probes = _PROBES if where is None else _PROBES * _PROBES_FILTERED
        rows = await (
            query.nprobes(probes + count // _DEEPER) if count <= _MOST else query.bypass_vector_index()
        ).to_arrow()
        if len(rows) < count <= _MOST:  # a filter leaves little in these partitions
            few = where is not None and await self.pinned.samples.count_rows(where) <= _FEW
            again = query.bypass_vector_index() if few else query.minimum_nprobes(_PROBES).maximum_nprobes(0)
            rows = await again.to_arrow()
        return cast("Rows", rows["_rowid"].to_numpy())

    def compared(self, row_ids: Rows, keys: Sequence[str] | None, terms: Sequence[Term], count: int | None,
                 is_all: bool = True, lacking: bool = False) -> Neighbours:  # fmt: skip
        """Rows of the store in their true order; those that have none of the vectors only if `lacking`."""
        columns = list(dict.fromkeys(term.column for term in terms))
        if keys is None and self._columns is not None:
            keys = self._columns.ids(self._columns.at_rows(row_ids))
        vectors, there, named = self.fetched(row_ids, columns, keys is None)
        keys = keys if keys is not None else named
        if terms and not lacking:
            at = np.flatnonzero(np.logical_or.reduce(list(there.values())))
            keys, vectors = [keys[index] for index in at.tolist()], {name: part[at] for name, part in vectors.items()}
        near = in_order(keys, terms, [vectors[term.column] for term in terms], count)
        near.exact = is_all
        return near

    def fetched(self, row_ids: Rows, columns: Sequence[str],
                named: bool = False) -> tuple[dict[str, FloatArray], dict[str, Mask], list[str]]:  # fmt: skip
        """Vectors of rows, in the same order, which of them there are, and (if `named`) the ids."""
        if not columns and not named:
            return {}, {}, []
        kept = self._columns
        if kept is not None and not named and kept.vector_names.issuperset(columns):
            at = kept.at_rows(row_ids)
            return (
                {name: kept.vectors(name)[at] for name in columns},
                {name: kept.has(name)[at] for name in columns},
                [],
            )
        names = [SAMPLES_KEY, *columns] if named else list(columns)
        found: list[dict[str, tuple[FloatArray, Mask]]] = []
        keys: list[str] = []
        for start in range(0, max(len(row_ids), 1), _FETCH):
            wanted = row_ids[start : start + _FETCH]
            rows = self.pinned.wait(self.pinned.take(wanted.tolist(), names))
            order = np.searchsorted(rows["_rowid"].to_numpy(), wanted)
            found.append({name: dense(rows[name].combine_chunks(), order) for name in columns})
            keys += rows[SAMPLES_KEY].take(order).to_pylist() if named else []
        if named:
            self._rows |= zip(keys, row_ids.tolist(), strict=True)
        vectors = {name: np.concatenate([part[name][0] for part in found]) for name in columns}
        return vectors, {name: np.concatenate([part[name][1] for part in found]) for name in columns}, keys

    def rows_of(self, ids: Sequence[str]) -> tuple[Rows, list[str]]:
        """Rows of sounds in the store, and the sounds; those that there are not are left out."""
        if self._columns is not None:
            at = self._columns.at(ids)
            return self._columns.row_ids[at], self._columns.ids(at)
        missing = [key for key in ids if key not in self._rows]
        for start in range(0, len(missing), _FETCH):
            where = f"{SAMPLES_KEY} IN ({quoted(missing[start : start + _FETCH])})"
            rows = self.pinned.wait(self.pinned.rows(self.pinned.samples, [SAMPLES_KEY], where))
            self._rows |= zip(rows[SAMPLES_KEY].to_pylist(), rows["_rowid"].to_pylist(), strict=True)
        keys = [key for key in ids if key in self._rows]
        return np.array([self._rows[key] for key in keys], np.uint64), keys

    def placed(self, ids: Sequence[str], condition: Filter | None) -> list[str]:
        """Those of the sounds that lie somewhere, and of which the condition is true, in the same order."""
        kept = self._columns
        if condition is None and kept is not None:
            places = kept.places(ids)
            there = (places >= 0) & kept.placed[places]
            return [key for key, yes in zip(ids, there.tolist(), strict=True) if yes]
        rows = self.rows(ids, set(condition.columns) if condition is not None else set())
        found = set((rows if condition is None else rows.filter(condition.expression()))[SAMPLES_KEY].to_list())
        return [key for key in ids if key in found]

    def rows(self, ids: Sequence[str], columns: Collection[str]) -> pl.DataFrame:
        """The files of sounds with these columns, in order of `ids`, then of paths."""
        import polars as pl

        wanted = {SAMPLES_KEY, FILES_KEY, *columns}
        kept = self._columns
        if kept is not None:
            missing = sorted(wanted - kept.names - _FILES)
            rows = kept.rows(ids, wanted - set(missing))
            return (
                rows.join(self._of_samples(ids, missing), SAMPLES_KEY, "left", maintain_order="left")
                if missing
                else rows
            )
        order = pl.DataFrame({SAMPLES_KEY: ids, "at": range(len(ids))}, schema_overrides={SAMPLES_KEY: pl.String})
        files = self._of_files(ids, sorted(wanted & _FILES))
        rows = order.join(files, SAMPLES_KEY, "inner")
        if of_samples := sorted(wanted - _FILES):
            rows = rows.join(self._of_samples(ids, of_samples), SAMPLES_KEY, "left")
        return rows.sort("at", FILES_KEY).drop("at")

    def _of_files(self, ids: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
        parts = []
        for start in range(0, max(len(ids), 1), _FETCH):
            where = f"{SAMPLES_KEY} IN ({quoted(ids[start : start + _FETCH])})" if ids else "false"
            parts.append(self.pinned.wait(self.pinned.rows(self.pinned.files, columns, where)))
        return _frame(parts, columns)

    def _of_samples(self, ids: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
        row_ids, _ = self.rows_of(ids)
        parts = [
            self.pinned.wait(self.pinned.take(row_ids[start : start + _FETCH].tolist(), [SAMPLES_KEY, *columns]))
            for start in range(0, max(len(row_ids), 1), _FETCH)
        ]
        return _frame(parts, [SAMPLES_KEY, *columns])

    def find(self, text: str) -> str | None:
        if self._columns is not None:
            return self._columns.find(text)
        if self.rows_of([text])[1]:
            return text
        found = self.pinned.wait(self.pinned.rows(self.pinned.files, [SAMPLES_KEY], f"{FILES_KEY} = {quoted([text])}"))
        return str(found[SAMPLES_KEY][0]) if len(found) else None


def _frame(parts: Sequence[pa.Table], columns: Sequence[str]) -> pl.DataFrame:
    import polars as pl
    import pyarrow as pa

    rows = pl.from_arrow(pa.concat_tables(parts).select(list(columns)))
    assert isinstance(rows, pl.DataFrame)
    return rows


def _free_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().available)
