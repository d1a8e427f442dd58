"""The tables of a library as LanceDB has them: make, open, bring up to date, read."""

from __future__ import annotations

import contextlib
import datetime
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from samplemind.errors import LibraryError
from samplemind.library.loading import lancedb
from samplemind.library.lock import LOCK_NAME, PEOPLE_LOCK_NAME
from samplemind.library.schema import (
    EXTRA_TABLES,
    FORMAT,
    TABLES,
    collections_schema,
    files_schema,
    labels_schema,
    meta_schema,
    runs_schema,
    samples_schema,
    version_column,
    words_schema,
)

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["CompactedError", "Tables", "completed", "quoted", "storage", "stored"]

P = ParamSpec("P")
Answer = TypeVar("Answer")
#: How often a question is asked while what it reads is compacted away.
_TRIES: Final = 3
#: What the store says of a version, or a file of one, that was dropped.
_GONE: Final = re.compile(r"version \d+ no longer exists|not found: |at location .* not found", re.I | re.S)

_SCHEMAS: Final = {
    "samples": samples_schema, "files": files_schema, "runs": runs_schema, "meta": meta_schema,
    "labels": labels_schema, "collections": collections_schema, "words": words_schema,
}  # fmt: skip


class CompactedError(LibraryError):
    """A version of a library, or a file of one, is gone: compacted by another process, or else damaged."""


def quoted(texts: Sequence[str]) -> str:
    """Texts as a list of SQL literals."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


class Tables:
    """The open tables of one library.

    Attributes
    ----------
    uri : str
    folder : pathlib.Path or None
        None for an object store.
    samples, files, runs, meta : lancedb.table.Table
    kept : dict of str to object
        What others have made of these tables and want to find again; it goes when they go.
    """

    def __init__(self, uri: str, folder: Path | None, connection: Any) -> None:
        self.uri = uri
        self.folder = folder
        self._connection = connection
        self.samples, self.files, self.runs, self.meta = (connection.open_table(name) for name in TABLES)
        self._extra: dict[str, Any] = {}
        self._versions: tuple[int, int] | None = None
        self.kept: dict[str, Any] = {}

    @classmethod
    def create(cls, uri: str) -> Tables:
        """Make a new library.

        Raises
        ------
        LibraryError
            Where something else is already, or nothing can be written.
        """
        uri, folder = _place(uri)
        if folder is not None:
            _refuse_file(uri, folder)
            foreign = [] if not folder.exists() else _foreign(folder)
            if foreign:
                raise LibraryError(f"library {uri}: the folder holds other things ({', '.join(foreign[:3])}…); "
                                   "name a new or empty folder")  # fmt: skip
        with storage(uri, folder):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            connection = _connect(uri)
            there = _present(connection)
            if "meta" in there:
                raise LibraryError(f"library {uri}: it exists already; open it instead")
            for name in sorted(there):
                # One that was left behind half made holds nothing yet, and may be made again.
                if rows := connection.open_table(name).count_rows():
                    raise LibraryError(f"library {uri}: its table `meta` is lost, but `{name}` has {rows} rows; put "
                                       "`meta.lance` back from a copy, or name another folder")  # fmt: skip
            for name in TABLES[:-1]:
                connection.create_table(name, schema=_SCHEMAS[name](), mode="overwrite")
            import pyarrow as pa

            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            facts = pa.table({"key": ["format", "created"], "value": [str(FORMAT), now]}, schema=meta_schema())
            connection.create_table("meta", data=facts, mode="overwrite")
            return cls(uri, folder, connection)

    @classmethod
    def open(cls, uri: str) -> Tables:
        """Open a library that exists.

        Raises
        ------
        LibraryError
            Where there is none, or one that this version cannot read.
        """
        uri, folder = _place(uri)
        if folder is not None and not folder.is_dir():
            _refuse_file(uri, folder)
            raise LibraryError(f"library {uri}: there is no such folder; make a library with `samplemind ingest`")
        with storage(uri, folder):
            connection = _connect(uri)
            missing = set(TABLES) - _present(connection)
            if missing:
                raise LibraryError(f"library {uri}: no library is there (it lacks {', '.join(sorted(missing))}); "
                                   "check the path, or make one with `samplemind ingest`")  # fmt: skip
            tables = cls(uri, folder, connection)
            version = int(tables.facts().get("format", "0"))
        if version > FORMAT:
            raise LibraryError(f"library {uri}: it has format {version}, not {FORMAT}; update samplemind")
        return tables

    @classmethod
    def exists(cls, uri: str) -> bool:
        """Whether a complete library is there."""
        uri, folder = _place(uri)
        if folder is not None and not (folder / "meta.lance").is_dir():
            return False
        with storage(uri, folder):
            return set(TABLES) <= _present(_connect(uri))

    def facts(self) -> dict[str, str]:
        """What `meta` says."""
        rows = self.meta.search().limit(None).to_arrow()
        return dict(zip(rows["key"].to_pylist(), rows["value"].to_pylist(), strict=True))

    def refresh(self) -> None:
        """See what other processes have written since.

        Files first: sounds are written before the paths that point to them, so none is missing for a path seen here.
        """
        with self.guard():
            for table in (self.files, self.samples, self.runs, self.meta, *self._extra.values()):
                table.checkout_latest()
        self._versions = None

    def versions(self) -> tuple[int, int]:
        """Which versions of `samples` and `files` were opened by the last `refresh`."""
        if self._versions is None:
            self._versions = self.samples.version, self.files.version
        return self._versions

    def fresh(self, ask: Callable[Concatenate[Tables, P], Answer], *values: P.args, **named: P.kwargs) -> Answer:
        """Ask the newest state, as ``ask(tables, *values)``.

        Where another process compacts just that state away, which is seen from a version or a file that is gone, it is
        asked anew of the next one.
        """
        for rest in range(_TRIES, 0, -1):
            try:
                self.refresh()
                return ask(self, *values, **named)
            except CompactedError:
                if rest == 1:
                    raise
        raise AssertionError("the last try returns or raises")

    def extra(self, name: str) -> Any | None:
        """One of `schema.EXTRA_TABLES`, or None while nothing has been written into it."""
        if name not in self._extra:
            with self.guard():
                if name not in _names(self._connection):
                    return None
                self._extra[name] = self._connection.open_table(name)
        return self._extra[name]

    def extras(self) -> list[Any]:
        """Those of `schema.EXTRA_TABLES` that there are."""
        return [table for name in EXTRA_TABLES if (table := self.extra(name)) is not None]

    def ensure(self, name: str) -> Any:
        """One of `schema.EXTRA_TABLES`, made where it is not there yet; only for who holds its lock (see `lock`)."""
        table = self.extra(name)
        if table is None:
            with self.guard():
                table = self._connection.create_table(name, schema=_SCHEMAS[name](), mode="overwrite")
            self._extra[name] = table
        return table

    def read(self, table: Any, columns: Sequence[str], where: str | None = None) -> pl.DataFrame:
        """Columns of a table as a frame; only these are read from disk."""
        import polars as pl

        frame = pl.from_arrow(self.read_arrow(table, columns, where))
        assert isinstance(frame, pl.DataFrame)
        return frame

    def read_arrow(self, table: Any, columns: Sequence[str], where: str | None = None) -> pa.Table:
        """The same as an Arrow table."""
        with self.guard():
            there = stored(table.schema, table.name, columns)
            # Of no column at all the store would not even say how many rows there are.
            query = table.search().select(there or [table.schema.names[0]]).limit(None)
            rows: pa.Table = (query.where(where) if where is not None else query).to_arrow()
            return completed(rows, table.name, columns).select(list(columns))

    def migrate(self) -> None:
        """Give the tables the columns of this version's catalogue; what is new is empty until the next ingest."""
        with self.guard():
            for name, table in (("samples", self.samples), ("files", self.files)):
                wanted, present = _SCHEMAS[name](), table.schema
                retyped = [f.name for f in wanted if f.name in present.names and present.field(f.name).type != f.type]
                obsolete = [column for column in present.names if column not in wanted.names] + retyped
                if obsolete:
                    table.drop_columns(obsolete)
                added = [f for f in wanted if f.name not in table.schema.names]
                if added:
                    table.add_columns(_schema_of(added))
                if name == "samples" and added:
                    self._outdate([f.name for f in added])

    def _outdate(self, columns: Sequence[str]) -> None:
        """Mark the groups of new columns as not computed, so that the next ingest fills them."""
        from samplemind.descriptors.catalogue import CATALOGUE

        groups = {entry.group for entry in CATALOGUE if entry.name in columns}
        if groups and self.samples.count_rows():
            self.samples.update(values_sql={version_column(group): "CAST(NULL AS SMALLINT)" for group in groups})

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Say in words what the storage layer raises."""
        with storage(self.uri, self.folder):
            yield


def stored(present: pa.Schema, name: str, columns: Sequence[str]) -> list[str]:
    """Those of `columns` that a table has, as this version knows them; those of an older program lack some.

    Parameters
    ----------
    present : pyarrow.Schema
        Of the table.
    name : str
        Of the table.
    columns : sequence of str
    """
    wanted = _SCHEMAS[name]()
    types = dict(zip(present.names, present.types, strict=True))
    return [one for one in columns if one not in wanted.names or types.get(one) == wanted.field(one).type]


def completed(rows: pa.Table, name: str, columns: Sequence[str]) -> pa.Table:
    """Rows of a table with nulls for those of `columns` that it lacks: they were not computed yet."""
    import pyarrow as pa

    for one in columns:
        if one not in rows.column_names:
            type_ = _SCHEMAS[name]().field(one).type
            # Polars cannot read a slice of lists without values, so they are in parts like the others.
            parts = [pa.nulls(len(part), type_) for part in rows.to_batches()]
            rows = rows.append_column(pa.field(one, type_), pa.chunked_array(parts, type_))
    return rows


def _schema_of(fields: list[Any]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([field.with_nullable(True) for field in fields])


def _place(uri: str) -> tuple[str, Path | None]:
    if "://" in uri and not uri.startswith("file://"):
        return uri, None
    folder = Path(uri.removeprefix("file://")).expanduser().absolute()
    return str(folder), folder


def _refuse_file(uri: str, folder: Path) -> None:
    if folder.is_file():
        raise LibraryError(f"library {uri}: it is a file, and a library is a folder; name the folder of one")


def _foreign(folder: Path) -> list[str]:
    ours = {f"{name}.lance" for name in (*TABLES, *EXTRA_TABLES)} | {LOCK_NAME, PEOPLE_LOCK_NAME}
    return sorted(entry.name for entry in folder.iterdir() if entry.name not in ours)


def _connect(uri: str) -> Any:
    return lancedb().connect(uri)


def _present(connection: Any) -> set[str]:
    """Tables of ours that can be opened: a folder whose making was broken off is none."""
    found = set()
    for name in set(_names(connection)) & set(TABLES):
        with contextlib.suppress(ValueError):
            connection.open_table(name)
            found.add(name)
    return found


def _names(connection: Any) -> list[str]:
    return list(connection.list_tables().tables)


@contextlib.contextmanager
def storage(uri: str, folder: Path | None) -> Iterator[None]:
    """Turn errors of the storage layer into a `LibraryError` that names the library and the remedy."""
    try:
        yield
    except LibraryError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        text = str(error)
        if "No space left" in text or "os error 28" in text or getattr(error, "errno", 0) == 28:
            free = shutil.disk_usage(folder).free / 2**20 if folder and folder.exists() else 0.0
            raise LibraryError(
                f"library {uri}: no space left on its disk ({free:.1f} MiB free); make room and run the same command "
                "again: what was written is kept"
            ) from error
        if "ermission denied" in text:
            raise LibraryError(f"library {uri}: permission denied; allow reading and writing there") from error
        first = text.strip().splitlines()[0][:300] if text.strip() else type(error).__name__
        kind = CompactedError if _GONE.search(text) else LibraryError
        raise kind(f"library {uri}: the storage layer says: {first}; `samplemind verify` shows what is "
                   "still readable") from error  # fmt: skip
