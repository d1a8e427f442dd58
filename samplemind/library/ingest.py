"""The way of the files into a library: scan, plan, listen, write."""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from samplemind.descriptors.catalogue import Level, parse_level
from samplemind.library.cluster import Team, team
from samplemind.library.crew import Crew
from samplemind.library.feed import Chunk, Pacer, feed
from samplemind.library.lock import writer_lock
from samplemind.library.paths import to_text
from samplemind.library.plan import FILE_COLUMNS, SAMPLE_COLUMNS, Plan, make_plan
from samplemind.library.report import IngestReport, Interrupted, Progress
from samplemind.library.scan import Scan, scan
from samplemind.library.schema import record_batch, runs_schema
from samplemind.library.search.indices import optimize
from samplemind.library.tables import Tables
from samplemind.library.words.table import refresh_words
from samplemind.library.work import Item
from samplemind.library.writer import Writer, total

if TYPE_CHECKING:
    from samplemind.settings import Settings

__all__ = ["ingest"]

_TICK_S: Final = 0.25
Tell = Callable[[Progress], None]


def ingest(
    tables: Tables,
    paths: Iterable[str | os.PathLike[str]],
    level: str,
    workers: int | None,
    scheduler: str | None,
    settings: Settings,
    tell: Tell | None,
    retry_failed: bool,
) -> IngestReport:
    """See `Library.ingest`."""
    checked = parse_level(level)
    started = time.monotonic()
    began = datetime.datetime.now(datetime.UTC)
    report = IngestReport()
    tell = tell or (lambda progress: None)
    with writer_lock(tables.folder, tables.uri):
        tables.refresh()
        tables.migrate()
        tell(Progress("scan"))
        found = scan(paths, lambda count: tell(Progress("scan", count)))
        report.scanned, report.unreadable = len(found.paths), found.unreadable
        tell(Progress("plan", 0, report.scanned))
        with contextlib.ExitStack() as stack:
            hands = _Hands(stack, workers, scheduler, checked)
            plan = _plan(tables, found, checked, retry_failed)
            report.unchanged = plan.unchanged
            writer = Writer(tables, plan, found.tops, report, settings.commit_rows)
            run = _Run(plan, writer, report, settings, tell)
            try:
                if len(plan.todo):
                    run.all(hands)
                writer.finish()
                optimize(tables, lambda done, total: tell(Progress("index", done, total)))
            except KeyboardInterrupt:
                report.interrupted = True
        report.seconds = time.monotonic() - started
        if len(plan.todo) or len(plan.gone):
            _record(tables, report, began, checked, found.tops)
        if not report.interrupted and (len(plan.todo) or len(plan.gone) or tables.extra("words") is None):
            refresh_words(tables)
        tell(run.progress("done"))
    if report.interrupted:
        raise Interrupted(report)
    return report


def _plan(tables: Tables, found: Scan, level: Level, retry_failed: bool) -> Plan:
    files = tables.read(tables.files, FILE_COLUMNS)
    samples = tables.read(tables.samples, SAMPLE_COLUMNS)
    return make_plan(found, files, samples, level, retry_failed)


class _Hands:
    """Workers that are started when they are first asked for, and end with `stack`."""

    def __init__(self, stack: contextlib.ExitStack, workers: int | None, scheduler: str | None, level: Level) -> None:
        self._stack = stack
        self._wanted = workers, scheduler, level
        self._team: Team | None = None

    def get(self) -> Team:
        if self._team is None:
            self._team = self._stack.enter_context(team(*self._wanted))
        return self._team


class _Run:
    """The part of an ingest in which files are looked into."""

    def __init__(self, plan: Plan, writer: Writer, report: IngestReport, settings: Settings, tell: Tell) -> None:
        self._plan = plan
        self._writer = writer
        self._report = report
        self._settings = settings
        self._tell = tell
        self._pacer = Pacer(settings.batch_seconds, len(plan.todo))
        self._done = 0
        self._told = 0.0

    def progress(self, stage: str) -> Progress:
        return Progress(stage, self._done, len(self._plan.todo), self._report.failed, self._report.audio_s)

    def all(self, hands: _Hands) -> None:
        """Look into all files of the plan; workers are only started if there is something to listen to."""
        chunks = feed(self._plan)
        try:
            for chunk in chunks:
                self._link(chunk)
                if chunk.items:
                    self._tell(self.progress("start"))
                    self._listen(Crew(hands.get(), self._settings, "rows"), chunk.items, chunks)
                self._commit_if_due()
        finally:
            chunks.close()
            # Also after Ctrl-C, and when the scheduler is lost: what is done is done.
            self._tell(self.progress("write"))
            self._writer.commit()

    def _listen(self, crew: Crew, items: list[Item], chunks: Iterable[Chunk]) -> None:
        for item in self._items(items, chunks):
            if batch := self._pacer.add(item, crew.size):
                self._submit(crew, batch)
        self._drain(crew)
        self._writer.commit()
        for row in self._writer.unmet():
            path, size, level = self._plan.todo.select("path", "size", "level").row(row)
            if batch := self._pacer.add(Item(row, path, size, level), crew.size):
                self._submit(crew, batch)
        self._drain(crew)

    def _items(self, items: list[Item], chunks: Iterable[Chunk]) -> Iterable[Item]:
        yield from items
        for chunk in chunks:
            self._link(chunk)
            yield from chunk.items

    def _link(self, chunk: Chunk) -> None:
        self._writer.link(chunk.links)
        self._writer.link_later(chunk.waiting)
        self._done += len(chunk.links) + len(chunk.waiting)

    def _submit(self, crew: Crew, batch: list[Item]) -> None:
        while not crew.has_room:
            self._collect(crew)
        crew.submit(batch)

    def _drain(self, crew: Crew) -> None:
        if batch := self._pacer.rest():
            crew.submit(batch)
        while crew.busy:
            self._collect(crew)

    def _collect(self, crew: Crew) -> None:
        if done := crew.take(_TICK_S):
            items, batch = done
            self._writer.add(batch)
            self._done += len(items)
            self._pacer.learn(items, total(batch["seconds_to_analyze"]))
        self._commit_if_due()

    def _commit_if_due(self) -> None:
        if self._writer.is_due:
            self._writer.commit()
        if time.monotonic() - self._told >= _TICK_S:
            self._told = time.monotonic()
            self._tell(self.progress("analyze"))


def _record(tables: Tables, report: IngestReport, began: datetime.datetime, level: str, tops: list[str]) -> None:
    """Write the run down as a row of `runs`."""
    from samplemind import __version__

    row = report.to_dict() | {
        "run": f"{began:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        "started": began,
        "program": __version__,
        "level": level,
        "roots": [to_text(top) for top in tops],
    }
    with tables.guard():
        tables.runs.add(record_batch([row], runs_schema()))
