"""Named sets of sounds in an order of their own, and searches that are asked anew each time."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.chosen import ids_of
from samplemind.library.lock import people_lock
from samplemind.library.schema import collections_schema
from samplemind.library.tables import Tables, quoted

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.request import Search
    from samplemind.library.shelf.export import Exported
    from samplemind.library.store import Library

__all__ = ["Collections"]

_LONGEST_NAME: Final = 200
Row = dict[str, Any]


class Collections:
    """The collections of a library.

    They hang on the content of the files, so they outlive renaming and moving. They can be changed while an ingest
    runs, and by several processes at a time.

    Parameters
    ----------
    library : Library

    Examples
    --------
    >>> library.collections.create("set one", ["kick.wav", "snare.wav"])  # doctest: +SKIP
    >>> library.collections.save_search("fast loops", library.search().where("bpm > 170"))  # doctest: +SKIP
    >>> library.collections.export("set one", "set one.m3u8")  # doctest: +SKIP
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    @property
    def _tables(self) -> Tables:
        return self._library.tables

    def frame(self) -> pl.DataFrame:
        """One row a collection: name, kind ('set' or 'search'), sounds (null for a search), note, created, changed."""
        import polars as pl
        import pyarrow as pa

        rows = pl.from_arrow(pa.Table.from_pylist(self._rows(), schema=collections_schema()))
        assert isinstance(rows, pl.DataFrame)
        kind = pl.when(pl.col("search").is_null()).then(pl.lit("set")).otherwise(pl.lit("search"))
        return rows.select("name", kind.alias("kind"), pl.col("ids").list.len().alias("sounds"), "note", "created",
                           "changed").sort("name")  # fmt: skip

    def names(self) -> list[str]:
        """All names, in the order of the alphabet."""
        return sorted(row["name"] for row in self._rows())

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def ids(self, name: str) -> list[str]:
        """The sounds of a collection, in its order; of a saved search what it finds now.

        Raises
        ------
        LibraryError
            When there is no such collection.
        """
        row = self._row(name)
        if row["search"] is None:
            return list(row["ids"])
        return list(self.search(name).ids())

    def search(self, name: str) -> Search:
        """The search that was saved under a name.

        Raises
        ------
        LibraryError
            When there is none, or it is a set.
        """
        from samplemind.library.search.request import Search

        row = self._row(name)
        if row["search"] is None:
            raise LibraryError(f"library {self._library.uri}: the collection {name!r} is a set, and no saved search")
        return Search.from_dict(self._library, json.loads(row["search"]))

    def create(self, name: str, sounds: Any = None, *, note: str | None = None, where: Any = None) -> int:
        """Make a set.

        Parameters
        ----------
        name : str
        sounds : str, path-like, iterable of them, or polars frame, optional
            Ids, paths, folders; nothing at first if not given.
        note : str, optional
        where : str or Filter, optional
            As for `Library.frame`.

        Returns
        -------
        int
            How many sounds are in it.

        Raises
        ------
        LibraryError
            When there is a collection of this name already, or a sound is not in the library.
        ParameterError
            For a name that is empty, endless, or not printable.
        """
        ids = [] if sounds is None and where is None else self._ids(sounds, where)
        self._put(name, ids=ids, note=note)
        return len(ids)

    def save_search(self, name: str, search: Search, *, note: str | None = None, replace: bool = False) -> None:
        """Keep a search; whoever asks for the collection gets what it finds then.

        Raises
        ------
        LibraryError
            When the name is taken, and `replace` is false.
        ParameterError
            When an example in it is an array, or the search is within itself.
        """
        if name in self._reached(search.collections):
            raise ParameterError(f"search: it is within the collection {name!r}, and would look for itself")
        self._put(name, search=json.dumps(search.to_dict()), note=note, replace=replace)

    def _reached(self, names: Iterable[str]) -> set[str]:
        """All collections that a search is within, also by way of other searches."""
        kept = {row["name"]: row for row in self._rows()}
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                text = kept[name]["search"] if name in kept else None
                waiting += json.loads(text).get("collections", []) if text else []
        return found

    def add(self, name: str, sounds: Any = None, *, where: Any = None, at: int | None = None) -> int:
        """Put sounds into a set, at its end or before position `at` (from 0); those that are in it stay where they are.

        Returns
        -------
        int
            How many were added.
        """
        ids = self._ids(sounds, where)

        def change(old: list[str]) -> list[str]:
            known = set(old)
            new = [key for key in ids if key not in known]
            place = len(old) if at is None else at
            return [*old[:place], *new, *old[place:]]

        before, after = self._change(name, change)
        return after - before

    def remove(self, name: str, sounds: Any = None, *, where: Any = None) -> int:
        """Take sounds out of a set.

        Returns
        -------
        int
            How many were taken out.
        """
        ids = set(self._ids(sounds, where))
        before, after = self._change(name, lambda old: [key for key in old if key not in ids])
        return before - after

    def move(self, name: str, sounds: Any, at: int) -> None:
        """Put sounds of a set, in the order given, before the sound that is at position `at` (from 0) without them."""
        ids = self._ids(sounds, None)

        def change(old: list[str]) -> list[str]:
            moving = [key for key in ids if key in set(old)]
            rest = [key for key in old if key not in set(moving)]
            return [*rest[:at], *moving, *rest[at:]]

        self._change(name, change)

    def combine(self, name: str, first: str, how: Literal["or", "and", "not"], second: str) -> int:
        """Make a set of two collections, in the order of the first.

        Parameters
        ----------
        name : str
            Of the new set.
        first, second : str
        how : {'or', 'and', 'not'}
            What is in one of them, in both, or in the first but not in the second.

        Returns
        -------
        int
            How many sounds are in it.
        """
        one, other = self.ids(first), self.ids(second)
        others = set(other)
        if how == "or":
            ids = list(dict.fromkeys([*one, *other]))
        elif how in ("and", "not"):
            ids = [key for key in one if (key in others) == (how == "and")]
        else:
            raise ParameterError(f"how: {how!r} is not one of or, and, not")
        self._put(name, ids=ids)
        return len(ids)

    def rename(self, name: str, new: str) -> None:
        """Give a collection another name."""
        row = self._row(name)
        self._put(new, ids=row["ids"], search=row["search"], note=row["note"], created=row["created"], instead_of=name)

    def delete(self, name: str) -> None:
        """Forget a collection; its sounds stay."""
        self._row(name)
        with people_lock(self._tables.folder, self._library.uri), self._tables.guard():
            self._tables.ensure("collections").delete(f"name IN ({quoted([name])})")

    def export(self, name: str, out: str | os.PathLike[str], *, links: Literal["symbolic", "hard", "copy"] = "symbolic",
               relative: bool = False) -> Exported:  # fmt: skip
        """Write a collection for other programs.

        Parameters
        ----------
        name : str
        out : path-like
            Ends in ``.csv``, ``.json`` or ``.m3u8``; anything else is a folder that is made, with a link to each file.
        links : {'symbolic', 'hard', 'copy'}
            What the folder holds.
        relative : bool
            Paths in a playlist, and symbolic links, as seen from where they lie.

        Returns
        -------
        Exported
            How many sounds were written, and which lie nowhere.
        """
        from samplemind.library.shelf.export import export

        row = self._row(name)
        return export(self._library, {**row, "ids": self.ids(name)}, out, links, relative)

    def _ids(self, sounds: Any, where: Any) -> list[str]:
        self._tables.refresh()
        return ids_of(self._tables, sounds, where)

    def _rows(self) -> list[Row]:
        table = self._tables.extra("collections")
        if table is None:
            return []
        with self._tables.guard():
            table.checkout_latest()
        return self._tables.read(table, collections_schema().names).to_dicts()

    def _row(self, name: str) -> Row:
        rows = self._rows()
        for row in rows:
            if row["name"] == name:
                return row
        import difflib

        near = difflib.get_close_matches(str(name), [row["name"] for row in rows], 3, 0.5)
        remedy = f"did you mean {' or '.join(near)}?" if near else "`samplemind collection LIBRARY` has the names"
        raise LibraryError(f"library {self._library.uri}: there is no collection {name!r}; {remedy}")

    def _put(self, name: str, *, ids: list[str] | None = None, search: str | None = None, note: str | None = None,
             created: datetime.datetime | None = None, replace: bool = False,
             instead_of: str | None = None) -> None:  # fmt: skip
        if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise ParameterError(f"name: {name!r}; give 1 to {_LONGEST_NAME} printable characters")
        now = datetime.datetime.now(datetime.UTC)
        row = {"name": name, "note": note, "search": search, "ids": ids, "created": created or now, "changed": now}
        with people_lock(self._tables.folder, self._library.uri), self._tables.guard():
            self._tables.ensure("collections")
            if name in self and name != instead_of and not replace:
                raise LibraryError(f"library {self._library.uri}: there is a collection {name!r} already; "
                                   "choose another name, or delete it first")  # fmt: skip
            self._write(row, instead_of)

    def _change(self, name: str, change: Callable[[list[str]], list[str]]) -> tuple[int, int]:
        """Change the sounds of a set; gives how many there were, and are."""
        with people_lock(self._tables.folder, self._library.uri), self._tables.guard():
            row = self._row(name)
            if row["search"] is not None:
                raise LibraryError(f"library {self._library.uri}: {name!r} is a saved search; what it finds cannot be "
                                   "changed by hand: make a set of it with create(…, collections.ids(…))")  # fmt: skip
            before = list(row["ids"])
            row |= {"ids": change(before), "changed": datetime.datetime.now(datetime.UTC)}
            self._write(row, name)
            return len(before), len(row["ids"])

    def _write(self, row: Mapping[str, Any], instead_of: str | None) -> None:
        """In one transaction; only for who holds the lock."""
        import pyarrow as pa

        rows = pa.Table.from_pylist([dict(row)], schema=collections_schema())
        job = self._tables.ensure("collections").merge_insert("name")
        job = job.when_matched_update_all().when_not_matched_insert_all().use_index(False)
        if instead_of is not None and instead_of != row["name"]:
            job = job.when_not_matched_by_source_delete(f"name IN ({quoted([instead_of])})")
        job.execute(rows)
