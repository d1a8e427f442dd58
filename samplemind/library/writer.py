"""The one writer: batches from the workers become rows, in large fragments.

At any moment the tables are a valid library: a sound is written before the paths that point to it, and paths that are
gone are taken out last. So whatever ends the process, the same command goes on from what is there.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError
from samplemind.library.content import UNREAD
from samplemind.library.names import parse_name
from samplemind.library.paths import to_text
from samplemind.library.plan import Plan
from samplemind.library.report import IngestReport
from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, files_schema, overlay, record_batch, samples_schema
from samplemind.library.tables import Tables, quoted

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Writer", "merge", "total"]

#: Commits are frequent at first, and rarer in a long run: each makes a fragment and a version of each table.
_COMMIT_S: Final = (5.0, 60.0)
_COMMIT_SHARE: Final = 0.05
#: So many small fragments are put together at the end of a run.
_FRAGMENTS: Final = 64
_DELETE_ROWS: Final = 5000


class Writer:
    """Takes what workers give and commits it now and then.

    Parameters
    ----------
    tables : Tables
    plan : Plan
    tops : list of str
        The scanned folders; `plan.todo` has indices into them.
    report : IngestReport
        Is counted up.
    commit_rows : int
        Most rows that are held before they are written.
    """

    def __init__(self, tables: Tables, plan: Plan, tops: list[str], report: IngestReport, commit_rows: int) -> None:
        self._tables = tables
        self._plan = plan
        self._tops = [to_text(top) for top in tops]
        self._report = report
        self._commit_rows = commit_rows
        self._batches: list[pa.RecordBatch] = []
        self._links: list[tuple[int, str]] = []
        self._waiting: dict[str, list[int]] = {}
        self._left = set(plan.gone["id"].to_list())
        self._held = 0
        self._is_broken = False
        self._started = self._committed = time.monotonic()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of a batch (`work.batch_schema`)."""
        self._batches.append(batch)
        self._held += batch.num_rows
        failed = batch.select(["status", "row", "error"]).filter(_is(batch["status"], "failed"))
        self._report.analyzed += batch.num_rows
        self._report.failed += failed.num_rows
        self._report.audio_s += total(batch["duration_s"])
        paths = self._plan.todo["path"]
        reasons = zip(failed["row"].to_pylist(), failed["error"].to_pylist(), strict=True)
        self._report.failures.extend((paths[row], reason) for row, reason in reasons)

    def link(self, links: Iterable[tuple[int, str]]) -> None:
        """Take rows of the plan whose sound is in the library."""
        before = len(self._links)
        self._links.extend(links)
        self._held += len(self._links) - before

    def link_later(self, waiting: Iterable[tuple[int, str]]) -> None:
        """Take rows of the plan whose sound is being analyzed for another path, or has just been."""
        pairs = list(waiting)
        if not pairs:
            return
        ids = list({key for _, key in pairs})
        written = set(self._tables.read(self._tables.samples, [SAMPLES_KEY], f"id IN ({quoted(ids)})")[SAMPLES_KEY])
        self.link(pair for pair in pairs if pair[1] in written)
        for row, key in pairs:
            if key not in written:
                self._waiting.setdefault(key, []).append(row)

    def unmet(self) -> list[int]:
        """Rows that wait, when all is written, for a sound that did not come: its file changed while it was read."""
        rows = [row for waiting in self._waiting.values() for row in waiting]
        self._waiting.clear()
        return rows

    @property
    def is_due(self) -> bool:
        """Whether it is time to commit."""
        now = time.monotonic()
        shortest, longest = _COMMIT_S
        interval = min(max(_COMMIT_SHARE * (now - self._started), shortest), longest)
        return self._held >= self._commit_rows or (self._held > 0 and now - self._committed >= interval)

    def commit(self) -> None:
        """Write what is held: sounds first, then paths. Ctrl-C waits until that is done."""
        if not self._held or self._is_broken:
            return
        # After an error nothing is known of what was written; the next run looks, this one must not write it twice.
        self._is_broken = True
        with _undisturbed(), self._tables.guard():
            pairs = list(self._links)
            if self._batches:
                pairs += self._write_samples()
            self._write_files(pairs)
            self._tell_failed(pairs)
        self._is_broken = False
        self._batches.clear()
        self._links.clear()
        self._held = 0
        self._committed = time.monotonic()

    def _write_samples(self) -> list[tuple[int, str]]:
        """Write sounds; gives the rows of the plan that may point to them now."""
        import pyarrow as pa

        table = pa.Table.from_batches(self._batches)
        ids: list[str] = table[SAMPLES_KEY].to_pylist()
        rows: list[int] = table["row"].to_pylist()
        groups: list[list[str] | None] = table["groups"].to_pylist()
        first = {key: at for at, key in reversed(list(enumerate(ids)))}
        table = table.take(pa.array(sorted(first.values()))).select(samples_schema().names)
        table = table.cast(samples_schema()).combine_chunks()
        samples = self._tables.samples
        stored = self._tables.read_arrow(samples, (SAMPLES_KEY, "status"), f"id IN ({quoted(list(first))})")
        is_stored = _in(table[SAMPLES_KEY], stored[SAMPLES_KEY])
        new, again = table.filter(_not(is_stored)), table.filter(is_stored)
        if new.num_rows:
            samples.add(new)
        # A sound that was heard well before is not thrown away because something failed now.
        good = stored.filter(_is(stored["status"], "ok"))[SAMPLES_KEY]
        again = again.filter(_not(_and(_is(again["status"], "failed"), _in(again[SAMPLES_KEY], good))))
        if again.num_rows:
            self._replace(again, {key: groups[at] for key, at in first.items()})
        pairs = list(zip(rows, ids, strict=True))
        return pairs + [(row, key) for key in first for row in self._waiting.pop(key, ())]

    def _replace(self, again: pa.Table, groups: dict[str, list[str] | None]) -> None:
        import pyarrow as pa

        partial = {key: done for key, done in groups.items() if done is not None}
        is_partial = _in(again[SAMPLES_KEY], pa.array(list(partial), pa.utf8()))
        parts = [again.filter(_not(is_partial))]
        if fresh := again.filter(is_partial):
            names = samples_schema().names
            old = self._tables.read_arrow(self._tables.samples, names, f"id IN ({quoted(fresh['id'].to_pylist())})")
            parts.append(overlay(old.cast(samples_schema()), fresh, partial))
        merge(self._tables, self._tables.samples, SAMPLES_KEY, pa.concat_tables(parts))

    def _write_files(self, pairs: list[tuple[int, str]]) -> None:
        import pyarrow as pa

        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        columns = ("path", "root", "size", "mtime_ns", "old_id", "id")
        facts = self._plan.todo.select(columns)[[row for row, _ in pairs]]
        for (_, key), (path, root, size, mtime_ns, old_id, expected) in zip(pairs, facts.iter_rows(), strict=True):
            self._count(key, old_id)
            if key != expected:
                row = _file_row(path, key, self._tops[root], size, mtime_ns)
                (new if old_id is None else changed).append(row)
        files = self._tables.files
        if new:
            files.add(pa.Table.from_batches([record_batch(new, files_schema())]))
        if changed:
            rows = pa.Table.from_batches([record_batch(changed, files_schema())])
            merge(self._tables, files, FILES_KEY, rows)

    def _tell_failed(self, pairs: list[tuple[int, str]]) -> None:
        """Count the files whose sound failed for an equal file; `add` has counted those that were read themselves."""
        read = {row for batch in self._batches for row in batch["row"].to_pylist()}
        equal = [(row, key) for row, key in pairs if row not in read]
        if not equal:
            return
        failed = self._tables.read(self._tables.samples, (SAMPLES_KEY, "error"), "status = 'failed'")
        reasons = dict(failed.iter_rows())
        paths = self._plan.todo["path"]
        told = [(paths[row], reasons[key]) for row, key in equal if key in reasons]
        self._report.failed += len(told)
        self._report.failures.extend(told)

    def _count(self, key: str, old_id: str | None) -> None:
        report = self._report
        if old_id == key:
            report.unchanged += 1
        elif old_id is not None:
            report.changed += 1
        elif key in self._left:
            report.moved += 1
        else:
            report.new += 1

    def finish(self) -> None:
        """After the last commit: take out paths that are gone, and stand-ins for files that can be read now."""
        with _undisturbed(), self._tables.guard():
            gone = self._plan.gone["path"].to_list()
            for start in range(0, len(gone), _DELETE_ROWS):
                self._tables.files.delete(f"path IN ({quoted(gone[start : start + _DELETE_ROWS])})")
            self._report.gone = len(gone)
            self._drop_stand_ins()
            for table in (self._tables.samples, self._tables.files):
                if table.stats()["fragment_stats"]["num_small_fragments"] > _FRAGMENTS:
                    table.optimize()

    def _drop_stand_ins(self) -> None:
        stand_in = f"id LIKE '{UNREAD}%'"
        stored = set(self._tables.read(self._tables.samples, ["id"], stand_in)["id"])
        used = set(self._tables.read(self._tables.files, ["id"], stand_in)["id"]) if stored else set()
        if unused := sorted(stored - used):
            self._tables.samples.delete(f"id IN ({quoted(unused)})")


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C: a write that is broken off in this thread may still happen in those of the store."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def merge(tables: Tables, table: Any, key: str, rows: pa.Table) -> None:
    """Replace rows by key, and make sure that this is what happened.

    No index takes part: with one, merges have been seen to update nothing and to say so only in their counts.

    Raises
    ------
    LibraryError
        When the store did anything but replace each of the rows once.
    """
    job = table.merge_insert(key).when_matched_update_all().use_index(False)
    done = job.execute(rows.combine_chunks(), on_bad_vectors="null")
    if (done.num_updated_rows, done.num_inserted_rows) != (rows.num_rows, 0):
        raise LibraryError(
            f"library {tables.uri}: {done.num_updated_rows} of {rows.num_rows} rows of `{table.name}` were replaced; "
            "run `samplemind verify`, and the same command again"
        )


def _file_row(path: str, key: str, root: str, size: int, mtime_ns: int) -> dict[str, Any]:
    folder, _, name = path.rpartition("/")
    claims = parse_name(path[len(root) :] if path.startswith(root) and path != root else path)
    return {
        "path": path, "id": key, "root": root, "folder": folder, "name": name,
        "ext": name.rpartition(".")[2].lower() if "." in name else "", "size": size, "mtime_ns": mtime_ns,
        "name_bpm": claims.bpm, "name_key": claims.key, "name_note": claims.note, "name_class": claims.sample_class,
    }  # fmt: skip


def _is(column: Any, value: str) -> Any:
    import pyarrow.compute as pc

    return pc.equal(column, value)


def total(column: Any) -> float:
    """Sum of an Arrow column; what is null counts nothing."""
    import pyarrow.compute as pc

    return pc.sum(column).as_py() or 0.0


def _in(column: Any, values: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.is_in(column, value_set=values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)


def _not(mask: Any) -> Any:
    import pyarrow.compute as pc

    return pc.invert(mask)


def _and(left: Any, right: Any) -> Any:
    import pyarrow.compute as pc

    return pc.and_(left, right)
