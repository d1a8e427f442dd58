"""From a plan to batches of work: equal content is found before it is decoded twice.

A file whose size is that of a known sound, or of another file of this run, is hashed first, by threads of the main
process. All others go straight to a worker, which hashes the bytes that it reads anyway.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from samplemind.library.content import file_ids
from samplemind.library.paths import from_text
from samplemind.library.plan import Plan
from samplemind.library.work import Item, pcm_bytes

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Chunk", "Pacer", "feed"]

_CHUNK: Final = 2048
#: No batch holds more than one in so many of the files that are left to each worker.
_BATCHES_LEFT: Final = 3


@dataclass(slots=True)
class Chunk:
    """What the next rows of a plan come to.

    Attributes
    ----------
    items : list of Item
        To be listened to.
    links : list of (int, str)
        Row and id: files whose sound the library has.
    waiting : list of (int, str)
        The same, where the sound is being listened to in this run.
    """

    items: list[Item] = field(default_factory=list)
    links: list[tuple[int, str]] = field(default_factory=list)
    waiting: list[tuple[int, str]] = field(default_factory=list)


def feed(plan: Plan) -> Generator[Chunk]:
    """Walk through `plan.todo`, one chunk ahead of whoever asks, so that hashing keeps no worker waiting."""
    ready: queue.Queue[Chunk | BaseException | None] = queue.Queue(maxsize=1)
    stop = threading.Event()

    def put(value: Chunk | BaseException | None) -> None:
        while not stop.is_set():
            try:
                ready.put(value, timeout=0.2)
                return
            except queue.Full:
                continue

    def produce() -> None:
        try:
            for chunk in _chunks(plan, stop):
                put(chunk)
            put(None)
        except BaseException as error:
            put(error)

    thread = threading.Thread(target=produce, name="samplemind-feed", daemon=True)
    thread.start()
    try:
        while (got := ready.get()) is not None:
            if isinstance(got, BaseException):
                raise got
            yield got
    finally:
        stop.set()
        thread.join()


def _chunks(plan: Plan, stop: threading.Event) -> Iterator[Chunk]:
    in_this_run: set[str] = set()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "samplemind-hash") as pool:
        for start in range(0, len(plan.todo), _CHUNK):
            if stop.is_set():
                return
            rows = plan.todo.slice(start, _CHUNK).with_row_index("row", offset=start)
            yield _chunk(rows, plan.known, in_this_run, pool)


def _chunk(rows: pl.DataFrame, known: pl.DataFrame, in_this_run: set[str], pool: ThreadPoolExecutor) -> Chunk:
    import polars as pl

    suspects = rows.filter("hash_first")
    ids = file_ids((from_text(path) for path in suspects["path"]), pool)
    hashed = pl.DataFrame({"row": suspects["row"], "hashed": ids}, schema={"row": pl.UInt32, "hashed": pl.String})
    rows = rows.join(hashed, "row", "left", maintain_order="left").with_columns(
        key=pl.coalesce("id", "hashed"), has=pl.lit(False)
    )
    mine = known.filter(pl.col("id").is_in(rows["key"].drop_nulls().unique().implode())).rename(
        {"groups": "known_groups", "level": "known_level"}
    )
    rows = rows.drop("has").join(mine.with_columns(has=pl.lit(True)), left_on="key", right_on="id", how="left",
                                 maintain_order="left")  # fmt: skip
    chunk = Chunk()
    columns = ("row", "path", "size", "level", "key", "groups", "has", "known_groups", "known_level")
    for row, path, size, level, key, groups, has, known_groups, known_level in rows.select(columns).iter_rows():
        if key is None:
            chunk.items.append(Item(row, path, size, level))
        elif key in in_this_run:
            chunk.waiting.append((row, key))
        elif has and known_level is None:
            chunk.links.append((row, key))
        else:
            # New content; or content that is known, but with groups that are stale.
            in_this_run.add(key)
            due = groups or known_groups
            chunk.items.append(Item(row, path, size, known_level or level, key, tuple(due) if due else None))
    return chunk


class Pacer:
    """Cuts items into batches of about equal duration, and learns how long things take.

    Parameters
    ----------
    batch_seconds : float
        How much work (seconds) a batch shall be.
    total : int
        How many items are expected: the last batches are small, so that all workers are done at about the same time.
    """

    #: A first guess for one core: bytes of 16-bit PCM a second, at the level of most ingests, and seconds a file.
    _START_RATE: Final = 3e6
    _A_FILE: Final = 8e4
    _MOST: Final = 512
    _LEAST: Final = 16

    def __init__(self, batch_seconds: float, total: int) -> None:
        self._batch_seconds = batch_seconds
        self._left = total
        self._rate = self._START_RATE
        self._held: list[Item] = []
        self._held_cost = 0.0

    def cost(self, item: Item) -> float:
        """Expected work, in bytes of PCM; a file costs something even if it is tiny."""
        return self._A_FILE + pcm_bytes(item)

    def add(self, item: Item, workers: int) -> list[Item] | None:
        """Take one item; gives a batch when there is enough for one, of which each worker is to have several."""
        self._left -= 1
        self._held.append(item)
        self._held_cost += self.cost(item)
        most = min(self._MOST, max(self._LEAST, self._left // (_BATCHES_LEFT * workers)))
        full = self._held_cost >= self._rate * self._batch_seconds or len(self._held) >= most
        return self.rest() if full else None

    def rest(self) -> list[Item] | None:
        """What is held, however little."""
        batch, self._held, self._held_cost = self._held, [], 0.0
        return batch or None

    def learn(self, items: list[Item], seconds: float) -> None:
        """Tell how long a batch took."""
        if seconds > 0:
            measured = sum(map(self.cost, items)) / seconds
            self._rate = min(max(0.7 * self._rate + 0.3 * measured, 1e5), 1e9)
