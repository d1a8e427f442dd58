"""Questions to the store that do not wait for each other, of tables that stay at one version."""

from __future__ import annotations

import asyncio
import functools
import threading
import weakref
from collections.abc import Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from samplemind.library.schema import SAMPLES_KEY, samples_schema
from samplemind.library.tables import Tables, completed, stored

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Pinned"]

Answer = TypeVar("Answer")
#: One for each library that is open: it keeps what was read of indices, whichever version of the tables is asked.
_CONNECTIONS: Final[weakref.WeakKeyDictionary[Tables, Any]] = weakref.WeakKeyDictionary()


@functools.cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="samplemind-search", daemon=True).start()
    return loop


class Pinned:
    """The tables of sounds and files as they are open now, whatever is written or opened later.

    Each question costs a third less here than where the store asks its tables for their schema again and again.

    Attributes
    ----------
    versions : (int, int)
    samples, files : lancedb.table.AsyncTable
    """

    def __init__(self, tables: Tables) -> None:
        self._guard = tables.guard
        self.versions = tables.versions()
        self.samples, self.files = self.wait(self._open(tables))

    async def _open(self, tables: Tables) -> list[Any]:
        import lancedb

        connection = _CONNECTIONS.get(tables)
        if connection is None:
            connection = _CONNECTIONS[tables] = await lancedb.connect_async(tables.uri)
        opened = [await connection.open_table(name) for name in ("samples", "files")]
        for table, version in zip(opened, self.versions, strict=True):
            await table.checkout(version)
        self._schemas = {table.name: await table.schema() for table in opened}
        return opened

    def wait(self, question: Coroutine[Any, Any, Answer]) -> Answer:
        """Ask, and wait for the answer."""
        with self._guard():
            return asyncio.run_coroutine_threadsafe(question, _loop()).result()

    async def rows(self, table: Any, columns: Sequence[str], where: str | None = None) -> pa.Table:
        """Columns of a table, and `_rowid`."""
        query = table.query().select(self._there(table, columns)).with_row_id()
        found: pa.Table = await (query.where(where) if where is not None else query).to_arrow()
        return completed(found, table.name, columns)

    async def take(self, row_ids: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Columns of sounds, and `_rowid`, in order of the rows; each once."""
        there = self._there(self.samples, columns)
        found: pa.Table = await self.samples.take_row_ids(list(row_ids)).select(there).with_row_id().to_arrow()
        return completed(found, self.samples.name, columns)

    def _there(self, table: Any, columns: Sequence[str]) -> list[str]:
        return stored(self._schemas[table.name], table.name, columns) or [SAMPLES_KEY]

    def lacking(self, columns: Collection[str]) -> frozenset[str]:
        """Those columns of sounds that the library does not have yet: an older program made it."""
        ours = [name for name in columns if name in samples_schema().names]
        return frozenset(ours).difference(stored(self._schemas[self.samples.name], self.samples.name, ours))
