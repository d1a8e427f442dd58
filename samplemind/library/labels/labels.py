"""Labels of a library: said by people and models, taken back by undoing, never overwritten."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.chosen import Sounds, ids_of
from samplemind.library.labels import view
from samplemind.library.labels.state import State
from samplemind.library.labels.statements import (
    MODEL,
    PERSON,
    TAG,
    UNTAG,
    author_name,
    batch_name,
    checked_confidence,
    checked_task,
    checked_value,
    rows_of,
    tag_name,
    to_arrow,
)
from samplemind.library.lock import people_lock
from samplemind.library.schema import SAMPLES_KEY
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.labels.exchange import Imported

__all__ = ["Labels"]

#: So many small fragments are put together after a statement.
_FRAGMENTS: Final = 64


class Labels:
    """Statements about sounds: who said what of which sound, when, and what holds of it now.

    A statement is one row and stays one: it is about the content of a file, so it outlives renaming, moving and
    another ingest, and is still there when a sound was taken out and comes back. Statements can be made while an
    ingest runs, by several processes at a time.

    Every method sees what other processes have written up to then. What holds now is worked out once for each state of
    the table (`samplemind.library.labels.view` has the rules).

    Parameters
    ----------
    tables : Tables
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._state = State(tables)

    def __len__(self) -> int:
        return int(self._state.latest().rows["undoes"].null_count())

    def label(self, sounds: Sounds | None, value: object, task: str = "class", *, by: str | None = None,
              confidence: float | None = None, source: str = PERSON, version: str | None = None,
              where: Any = None) -> str:  # fmt: skip
        """Say one thing of one sound or of many; nothing that was said before is lost.

        Parameters
        ----------
        sounds : str, path-like, iterable of them, or polars frame
            Ids, paths, folders, or a frame with a column `id` or `path`; None: all for which `where` holds.
        value : str, number or None
            None takes back what was said.
        task : str
            What it is about: ``"class"``, ``"bpm"``, ``"rating"`` (1 to 5), ``"note"`` (any text), ``"tag"`` (of which
            a sound has many), or one of your own.
        by : str, optional
            Who says it; the `user` of the settings if not given.
        confidence : float, optional
            0 to 1.
        source : {'person', 'model'}
        version : str, optional
            Of the model, which needs one.
        where : str or Filter, optional
            As for `Library.frame`.

        Returns
        -------
        str
            Name of the batch, for `undo`.

        Raises
        ------
        ParameterError
            For a value, task or name that is not accepted.
        LibraryError
            For a sound that is not in the library, or when none fits.
        """
        task = checked_task(task)
        author, version = _author(by, source, version)
        columns = {"task": task, "value": checked_value(task, value), "source": source, "author": author,
                   "version": version, "confidence": checked_confidence(confidence)}  # fmt: skip
        self._tables.refresh()
        ids = ids_of(self._tables, sounds, where)
        if not ids:
            raise LibraryError(f"library {self._tables.uri}: no sound fits; nothing was labelled")
        import polars as pl

        return self._append(pl.Series(ids, dtype=pl.String), columns)

    def tag(self, sounds: Sounds | None, *tags: str, by: str | None = None, where: Any = None) -> str:
        """Give sounds one tag or several (`"favourite"`); a sound has as many as anyone likes.

        Returns
        -------
        str
            Name of the batch, for `undo`.
        """
        return self._tag(TAG, sounds, tags, by, where)

    def untag(self, sounds: Sounds | None, *tags: str, by: str | None = None, where: Any = None) -> str:
        """Take tags away again, whoever gave them.

        Returns
        -------
        str
            Name of the batch, for `undo`.
        """
        return self._tag(UNTAG, sounds, tags, by, where)

    def _tag(self, task: str, sounds: Sounds | None, tags: Sequence[str], by: str | None, where: Any) -> str:
        import polars as pl

        names = [tag_name(tag) for tag in tags]
        if not names:
            raise ParameterError("tags: give at least one")
        author, _ = _author(by, PERSON, None)
        self._tables.refresh()
        ids = ids_of(self._tables, sounds, where)
        if not ids:
            raise LibraryError(f"library {self._tables.uri}: no sound fits; nothing was tagged")
        values = pl.Series([name for name in names for _ in ids], dtype=pl.String)
        keys = pl.Series(ids * len(names), dtype=pl.String)
        return self._append(keys, {"task": task, "value": values, "source": PERSON, "author": author})

    def add(self, rows: pl.DataFrame, *, task: str = "class", by: str | None = None, source: str = PERSON,
            version: str | None = None) -> str:  # fmt: skip
        """Say something else of every sound, in one batch: what a table holds, or what a model found.

        Parameters
        ----------
        rows : polars.DataFrame
            Columns `id` (as in the library) and `value`; `task` and `confidence` if there are such columns.
        task : str
            Where the frame has no column `task`.
        by, source, version
            As for `label`.

        Returns
        -------
        str
            Name of the batch, for `undo`.

        Raises
        ------
        ParameterError
            For a frame without these columns or rows, or a value that is not accepted.
        LibraryError
            For an id that is not in the library.
        """
        import polars as pl

        missing = {SAMPLES_KEY, "value"} - set(rows.columns)
        if missing or rows.is_empty():
            what = f"no column {' or '.join(sorted(missing))}" if missing else "no rows"
            raise ParameterError(f"rows: a frame with {what}; it needs `id` and `value`, and at least one row")
        author, version = _author(by, source, version)
        tasks = rows["task"] if "task" in rows.columns else pl.Series([task] * len(rows), dtype=pl.String)
        # Each different pair is looked at once, however many rows say it.
        pairs = pl.DataFrame({"task": tasks, "value": rows["value"]})
        known = {pair: checked_value(checked_task(pair[0]), pair[1]) for pair in pairs.unique().rows()}
        values = pl.Series([known[pair] for pair in pairs.iter_rows()], dtype=pl.String)
        sure = rows["confidence"] if "confidence" in rows.columns else None
        if sure is not None and not sure.drop_nulls().is_between(0, 1).all():
            raise ParameterError("confidence: the frame has values outside 0 to 1")
        self._tables.refresh()
        ids = rows[SAMPLES_KEY].cast(pl.String)
        there = self._tables.read(self._tables.samples, [SAMPLES_KEY])[SAMPLES_KEY]
        if len(strange := ids.filter(~ids.is_in(there.implode()))):
            raise LibraryError(f"library {self._tables.uri}: {strange[0]!r} is no id of a sound in it; "
                               "`library.frame(['id', 'path'])` has them")  # fmt: skip
        return self._append(ids, {"task": tasks, "value": values, "source": source, "author": author,
                                  "version": version, "confidence": sure})  # fmt: skip

    def undo(self, batch: str | None = None, *, by: str | None = None) -> str:
        """Take back all that was said in one go; undoing an undoing brings it back.

        Parameters
        ----------
        batch : str, optional
            Its name, or enough of the start of it; the last one of `by` that holds if not given.
        by : str, optional
            Who takes it back.

        Returns
        -------
        str
            Name of the batch that does it: undo that one to have it as before.

        Raises
        ------
        LibraryError
            When there is no such batch, or it is undone already.
        """
        import polars as pl

        author = author_name(by, PERSON)
        state = self._state.latest()
        rows, dead = state.rows, state.dead
        if batch is None:
            mine = (rows["author"] == author) & (rows["source"] == PERSON) & rows["undoes"].is_null()
            left = rows.filter(mine & ~rows["batch"].is_in(list(dead)))
            if left.is_empty():
                raise LibraryError(f"library {self._tables.uri}: {author} has said nothing that could be undone; "
                                   "name a batch, or give another name with by")  # fmt: skip
            name = str(left["batch"][-1])
        else:
            name = self._batch(rows, batch)
            if name in dead:
                raise LibraryError(f"library {self._tables.uri}: batch {name} is undone already; undo the batch that "
                                   "did it to have it back")  # fmt: skip
        return self._append(pl.Series([""], dtype=pl.String),
                            {"source": PERSON, "author": author, "undoes": name})  # fmt: skip

    def redo(self, *, by: str | None = None) -> str:
        """Bring back what `by` took back last.

        Returns
        -------
        str
            Name of the batch that does it.
        """
        author = author_name(by, PERSON)
        state = self._state.latest()
        rows, dead = state.rows, state.dead
        # An undoing of an undoing is a redo already: what is looked for undoes what was said.
        undoing = set(rows.filter(rows["undoes"].is_not_null())["batch"])
        left = rows.filter((rows["author"] == author) & rows["undoes"].is_not_null()
                           & ~rows["undoes"].is_in(list(undoing)) & ~rows["batch"].is_in(list(dead)))  # fmt: skip
        if left.is_empty():
            raise LibraryError(f"library {self._tables.uri}: {author} has undone nothing that could be brought back")
        return self.undo(str(left["batch"][-1]), by=by)

    def _batch(self, rows: pl.DataFrame, start: str) -> str:
        names = rows["batch"].unique(maintain_order=True)
        fitting = names.filter(names.str.starts_with(start)).to_list()
        if start in fitting:
            return start
        if len(fitting) != 1 or not start:
            what = f"begins {len(fitting)} batches; give more of it" if fitting else "is no batch"
            raise LibraryError(f"library {self._tables.uri}: {start!r} {what}; `samplemind label LIBRARY --history` "
                               "has their names")  # fmt: skip
        return str(fitting[0])

    def current(self, task: str | None = None, ids: Iterable[str] | None = None) -> pl.DataFrame:
        """What holds now: one row a sound and task, and one a sound and tag.

        Parameters
        ----------
        task : str, optional
            Only this one (`"tag"`, `"class"`, …).
        ids : iterable of str, optional
            Only these sounds.

        Returns
        -------
        polars.DataFrame
            Columns id, task, value, source, author, version, confidence, created, batch.
        """
        now = self._state.latest().current
        if task is not None:
            now = now.filter(now["task"] == task)
        return now if ids is None else now.filter(now[SAMPLES_KEY].is_in(list(ids)))

    def history(self, sound: str | os.PathLike[str] | None = None) -> pl.DataFrame:
        """All that was ever said, of one sound or of all, the oldest first; `holds` is false for what was undone.

        Parameters
        ----------
        sound : str or path-like, optional
            Id (a whole one also of a sound that is no longer in the library) or path.

        Returns
        -------
        polars.DataFrame
            The columns of the table, and `holds`.
        """
        import polars as pl

        state = self._state.latest()
        rows = state.rows.with_columns(holds=~pl.col("batch").is_in(list(state.dead)))
        if sound is None:
            return rows
        text = os.fspath(sound)
        keys = [text] if (rows[SAMPLES_KEY] == text).any() else ids_of(self._tables, sound)
        return rows.filter(rows[SAMPLES_KEY].is_in(keys))

    def disagreements(self, *, with_models: bool = False) -> pl.DataFrame:
        """Sounds of which people say different things.

        Parameters
        ----------
        with_models : bool
            Also where a model says something else than a person, or than another model.

        Returns
        -------
        polars.DataFrame
            Columns id, task, values, authors.
        """
        state = self._state.latest()
        return view.disagreements(state.rows, state.dead, with_models)

    def ids_tagged(self, tags: str | Iterable[str], without: str | Iterable[str] = ()) -> set[str]:
        """Sounds that have all of `tags`, and none of `without`; all sounds with a tag where `tags` is empty."""
        wanted, unwanted = ([tag_name(tag) for tag in ([names] if isinstance(names, str) else names)]
                            for names in (tags, without))  # fmt: skip
        now = self.current(TAG)
        of_tag = {tag: set(now.filter(now["value"] == tag)[SAMPLES_KEY]) for tag in {*wanted, *unwanted}}
        found = set.intersection(*(of_tag[tag] for tag in wanted)) if wanted else set(now[SAMPLES_KEY])
        return found.difference(*(of_tag[tag] for tag in unwanted))

    def ids_labelled(self, task: str, value: object = None) -> set[str]:
        """Sounds of which `value` holds for a task; of which anything does where it is None."""
        now = self.current(checked_task(task))
        if value is not None:
            now = now.filter(now["value"] == checked_value(task, value))
        return set(now[SAMPLES_KEY])

    def counts(self, task: str | None = None) -> pl.DataFrame:
        """How many sounds have which value, the most frequent first: columns task, value, count."""
        return self.current(task).group_by("task", "value").len("count").sort(
            ["task", "count", "value"], descending=[False, True, False]
        )  # fmt: skip

    def tags(self) -> dict[str, int]:
        """All tags that are in use, and how many sounds have each, the most frequent first."""
        return dict(self.counts(TAG).select("value", "count").rows())

    def export(self, out: str | os.PathLike[str], task: str | None = None) -> int:
        """Write what holds: a table (``.csv``), or a folder with a JAMS file for each sound.

        Returns
        -------
        int
            How many statements.
        """
        from samplemind.library.labels.exchange import export

        return export(self, self._tables, out, task)

    def import_(self, source: str | os.PathLike[str], by: str | None = None) -> Imported:
        """Add what a CSV file (columns `value`, and `id` or `path`), a JAMS file or a folder of them says.

        What holds already is not said again; `by` says what names nobody. Sounds that are not in the library are
        counted and left out.
        """
        from samplemind.library.labels.exchange import import_

        return import_(self, self._tables, source, by)

    def _append(self, ids: pl.Series, columns: Mapping[str, Any]) -> str:
        tables = self._tables
        with people_lock(tables.folder, tables.uri), tables.guard():
            table = tables.ensure("labels")
            table.checkout_latest()
            name, created = batch_name(None)
            ahead = tables.read(table, ["created"], f"created >= TIMESTAMP '{created:%Y-%m-%dT%H:%M:%S.%f}'")["created"]
            if len(ahead):
                name, created = batch_name(ahead.max())  # type: ignore[arg-type]
            write(tables, table, rows_of(ids, name, created, columns))
        return name


def write(tables: Tables, table: Any, rows: pl.DataFrame) -> None:
    """Add rows, in one transaction; only for who holds the lock."""
    with tables.guard():
        table.add(to_arrow(rows))
        if table.stats()["fragment_stats"]["num_small_fragments"] > _FRAGMENTS:
            table.optimize()


def _author(by: str | None, source: str, version: str | None) -> tuple[str, str | None]:
    if source not in (PERSON, MODEL):
        raise ParameterError(f"source: {source!r}; choose {PERSON} or {MODEL}")
    if source == MODEL and not version:
        raise ParameterError(f"version: {version!r}; what a model says needs the version of the model")
    return author_name(by, source), version
