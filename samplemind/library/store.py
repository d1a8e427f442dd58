"""A library: sounds that were listened to, where they lie, and what can be asked of them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from samplemind.errors import ParameterError
from samplemind.library.report import IngestReport, LibraryInfo, Progress, VerifyReport
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.chosen import Sounds
    from samplemind.library.duplicates import Applied, DuplicateReport
    from samplemind.library.labels import Labels
    from samplemind.library.search.filters import Filter
    from samplemind.library.search.request import Search
    from samplemind.library.shelf import Collections
    from samplemind.settings import Settings

__all__ = ["Library"]


class Library:
    """A library in a folder, or under the URI of an object store (``s3://bucket/name``).

    Make one with `create`, `open` or `open_or_create`. Several processes may read it while one writes.

    Examples
    --------
    >>> import samplemind as sm
    >>> library = sm.Library.open_or_create("drums.lib")  # doctest: +SKIP
    >>> library.ingest("~/Samples").analyzed  # doctest: +SKIP
    1204
    >>> library.frame(["path", "bpm"], where="kind = 'loop'", sort="bpm")  # doctest: +SKIP
    """

    def __init__(self, tables: Tables) -> None:
        if not isinstance(tables, Tables):
            raise ParameterError(f"Library({tables!r}): use Library.open, Library.create or Library.open_or_create")
        self._tables = tables

    @classmethod
    def create(cls, uri: str | os.PathLike[str]) -> Library:
        """Make a new library.

        Raises
        ------
        LibraryError
            Where something is already, or nothing can be written.
        """
        return cls(Tables.create(os.fspath(uri)))

    @classmethod
    def open(cls, uri: str | os.PathLike[str]) -> Library:
        """Open a library that exists.

        Raises
        ------
        LibraryError
            Where there is none, or one of a newer format.
        """
        return cls(Tables.open(os.fspath(uri)))

    @classmethod
    def open_or_create(cls, uri: str | os.PathLike[str]) -> Library:
        """Open a library, or make it where there is none yet."""
        name = os.fspath(uri)
        return cls(Tables.open(name) if Tables.exists(name) else Tables.create(name))

    @property
    def uri(self) -> str:
        """Where it is."""
        return self._tables.uri

    @property
    def tables(self) -> Tables:
        """The LanceDB tables themselves, for what the methods here do not offer."""
        return self._tables

    @functools.cached_property
    def labels(self) -> Labels:
        """What people and models say of the sounds: tags, labels, their history."""
        from samplemind.library.labels import Labels

        return Labels(self._tables)

    @functools.cached_property
    def collections(self) -> Collections:
        """Named sets of sounds, and saved searches."""
        from samplemind.library.shelf import Collections

        return Collections(self)

    def __repr__(self) -> str:
        return f"Library({self.uri!r})"

    def __len__(self) -> int:
        return self._tables.fresh(lambda tables: int(tables.files.count_rows()))

    def ingest(self, paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, level: str | None = None,
               workers: int | None = None, scheduler: str | None = None,
               progress: Callable[[Progress], None] | None = None, settings: Settings | None = None,
               retry_failed: bool = False) -> IngestReport:  # fmt: skip
        """Bring the library up to date with folders and files: only what is new or changed is listened to.

        Paths that are in the library, lie beneath a given folder, and are no longer on the disk are taken out; their
        sounds are kept, so that they are known again wherever they turn up.

        Parameters
        ----------
        paths : path-like or iterable of path-like
        level : {'basic', 'standard', 'detailed'}, optional
            How much to compute; what a sound lacks of it is added.
        workers : int, optional
            Worker processes; one a core if not given.
        scheduler : str, optional
            Address of a running Dask scheduler, whose workers see the files under the same paths.
        progress : callable, optional
            Is given a `Progress` a few times a second.
        settings : Settings, optional
        retry_failed : bool
            Try the files again that failed before.

        Returns
        -------
        IngestReport

        Raises
        ------
        ParameterError
            For a path that does not exist, or an unknown level.
        LibraryError
            When another process writes to it, the disk is full, or the scheduler is lost. What was written is kept,
            and the same call goes on from there.
        Interrupted
            After Ctrl-C (a `KeyboardInterrupt` with the report so far).
        """
        from samplemind.library.ingest import ingest
        from samplemind.settings import Settings

        chosen = settings or Settings()
        if workers is not None and workers < 1:
            raise ParameterError(f"workers: {workers}; give 1 or more, or None for one a core")
        return ingest(self._tables, _each(paths), level or chosen.level, workers or chosen.workers,
                      scheduler or chosen.scheduler, chosen, progress, retry_failed)  # fmt: skip

    def frame(self, columns: Sequence[str] | None = None, where: str | Filter | None = None, sort: str | None = None,
              limit: int | None = None) -> pl.DataFrame:  # fmt: skip
        """Files with what was heard in them, one row a file.

        Parameters
        ----------
        columns : sequence of str, optional
            Of the tables `files` and `samples`; a selection if not given.
        where : str or Filter, optional
            A condition in SQL: ``"kind = 'loop' AND bpm BETWEEN 118 AND 122"``; see `Filter.parse`.
        sort : str, optional
            Columns or expressions: ``"bpm DESC, name"``. Nulls come last.
        limit : int, optional

        Returns
        -------
        polars.DataFrame

        Raises
        ------
        ParameterError
            For an unknown column (the text offers the nearest ones), or SQL that cannot be read.
        """
        from samplemind.library.query import frame

        return self._tables.fresh(frame, columns, where, sort, limit)

    def get(self, sound: str | os.PathLike[str]) -> dict[str, Any]:
        """Everything about one sound.

        Parameters
        ----------
        sound : str or path-like
            Its id (4 characters or more from the start of it), or a path in the library.

        Returns
        -------
        dict
            Every column of `samples`, and `paths`.

        Raises
        ------
        LibraryError
            When there is none, or more than one.
        """
        from samplemind.library.query import get

        return self._tables.fresh(get, sound)

    def search(self) -> Search:
        """Look for sounds by sound, by words and by numbers, in any combination.

        Returns
        -------
        Search
            To be said more of: ``library.search().like("kick.wav").where("kind = 'one-shot'").limit(20).to_polars()``.
        """
        from samplemind.library.search.request import Search

        return Search(self)

    def similar(self, sound: str | os.PathLike[str], *, limit: int = 10, where: str | Filter | None = None,
                by: str | Mapping[str, float] = "overall", columns: Sequence[str] | None = None,
                skip_equal: bool = False) -> pl.DataFrame:  # fmt: skip
        """Sounds that are like another one, the most similar first; one row a sound. `search` can ask for more.

        Parameters
        ----------
        sound : str or path-like
            Id, path in the library, or any sound file, which is then listened to.
        limit : int
        where : str or Filter, optional
            As for `frame`.
        by : str or mapping of str to float
            One aspect, or several with their weights: ``"overall"``, ``"timbre"``, ``"rhythm"``, … (or the names of
            their columns).
        columns : sequence of str, optional
            As for `frame`; `distance` (cosine, 0 to 2) comes first. `where` may ask for it, too.
        skip_equal : bool
            Leave out sounds whose samples are the same, in another container or with other tags.

        Raises
        ------
        LibraryError
            When the sound has no such vector: it failed, or was only analyzed at level basic.
        ParameterError
            For an unknown aspect or column, or a limit below 1.
        """
        asked = self.search().like(sound, aspects=by).where(where).skip_equal(skip_equal).limit(limit)
        found = (asked if columns is None else asked.columns(columns)).to_polars()
        keep = {"distance", *(columns or ())}
        return found.select([name for name in found.columns if name in keep or not name.startswith("distance_")])

    def label(self, sounds: Sounds | None, value: object, task: str = "class", **how: Any) -> str:
        """Say one thing of one sound or of many; see `Labels.label`."""
        return self.labels.label(sounds, value, task, **how)

    def duplicates(self, kinds: Iterable[str] = ("exact", "audio", "near"), where: Any = None, *,
                   progress: Callable[[int, int], None] | None = None) -> DuplicateReport:  # fmt: skip
        """Find files that hold the same sound.

        Parameters
        ----------
        kinds : iterable of str
            ``"exact"`` (bytes), ``"audio"`` (samples), ``"near"`` (coded anew, trimmed, padded), ``"hit"`` (alike).
        where : str or Filter, optional
            Only among files for which it holds.
        progress : callable, optional
            Called with how many pairs that look alike have been listened to, and how many there are.
        """
        from samplemind.library.duplicates.find import find

        return self._tables.fresh(find, kinds, where, progress)

    def undo_duplicates(self, journal: str | os.PathLike[str]) -> Applied:
        """Bring back what a plan for duplicates put aside, however far it came; `Applied.journal` names the file."""
        from samplemind.library.duplicates.trash import undo

        return undo(self._tables, journal)

    def relocate(self, old: str | os.PathLike[str], new: str | os.PathLike[str]) -> int:
        """Say that a folder (or file) lies elsewhere now, without looking at it.

        Returns
        -------
        int
            How many files were renamed.

        Raises
        ------
        LibraryError
            When none lies beneath `old`, or a path beneath `new` is taken by a file that is not moved.
        ParameterError
            When `old` and `new` are the same.
        """
        from samplemind.library.places import relocate

        return relocate(self._tables, old, new)

    def remove(self, paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | None = None, *,
               where: str | Filter | None = None, missing: bool = False) -> int:  # fmt: skip
        """Take files out of the library, and sounds that then lie nowhere; nothing on the disk is touched.

        Parameters
        ----------
        paths : path-like or iterable of path-like, optional
            Files, or folders with all that is in them.
        where : str, optional
            As for `frame`.
        missing : bool
            All files that are no longer on the disk; one in a folder that may not be looked into is not among them.

        Returns
        -------
        int
            How many files were taken out.

        Raises
        ------
        ParameterError
            When nothing says what to remove.
        """
        from samplemind.library.places import remove

        return remove(self._tables, None if paths is None else _each(paths), where, missing)

    def compact(self, *, keep_s: float = 300.0) -> tuple[int, int]:
        """Put small fragments together, bring indices up to date, and drop old versions.

        Parameters
        ----------
        keep_s : float
            Versions of the last so many seconds are kept for those who still read them; their space is free after
            the next time.

        Returns
        -------
        (int, int)
            Bytes on disk before and after; 0 for object stores.
        """
        from samplemind.library.look import compact

        return compact(self._tables, keep_s)

    def optimize(self) -> list[str]:
        """Make the indices that a library of this size needs, and bring them up to date; each ingest does the same.

        Returns
        -------
        list of str
            What was done; nothing where all is well, or where the library is searched in memory.
        """
        from samplemind.library.look import optimized

        return optimized(self._tables)

    def verify(self, deep: bool = False) -> VerifyReport:
        """Check that the library is sound.

        Parameters
        ----------
        deep : bool
            Also read and hash every file.
        """
        from samplemind.library.verify import verify

        return self._tables.fresh(verify, deep)

    def info(self) -> LibraryInfo:
        """The library in numbers."""
        from samplemind.library.look import info

        return self._tables.fresh(info)

    def export(self, out: str | os.PathLike[str], *, columns: Sequence[str] | None = None,
               where: str | Filter | None = None, sort: str | None = None) -> int:  # fmt: skip
        """Write files with what was heard in them to a table for other programs.

        Parameters
        ----------
        out : path-like
            Its extension says the form: ``.parquet``, ``.csv`` (vectors as JSON) or ``.jsonl``.
        columns, where, sort
            As for `frame`; all columns if not given.

        Returns
        -------
        int
            How many rows.

        Raises
        ------
        ParameterError
            For another extension, or a folder that does not exist.
        OSError
            Where the file cannot be written, or the disk is full; what was there before stays.
        """
        from samplemind.library.look import export

        return self._tables.fresh(export, out, columns, where, sort)


def _each(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str | os.PathLike[str]]:
    """One path or many; the characters of a text are no paths."""
    return [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
