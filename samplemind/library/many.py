"""Listening to many files without a library."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from samplemind.descriptors.catalogue import parse_level
from samplemind.library.cluster import team
from samplemind.library.crew import Crew
from samplemind.library.feed import Pacer
from samplemind.library.paths import absolute, to_text
from samplemind.library.report import Progress
from samplemind.library.scan import scan
from samplemind.library.work import Item, Outcome

if TYPE_CHECKING:
    from samplemind.descriptors.engine import Analysis
    from samplemind.settings import Settings

__all__ = ["analyze_many", "expand"]

_TICK_S = 0.25
#: Finished analyses that wait for an earlier file; more are not begun.
_AHEAD = 2000


def expand(paths: Iterable[str | os.PathLike[str]]) -> list[tuple[str, int]]:
    """Files as they are named, and those of folders, in order: path (storable text) and size.

    A path that does not exist is kept: its analysis says so.
    """
    files: list[tuple[str, int]] = []
    for path in paths:
        if os.path.isdir(os.path.expanduser(path)):
            found = scan([path])
            files.extend(sorted(zip(found.paths, found.sizes, strict=True)))
        else:
            name = absolute(path)
            files.append((to_text(name), os.path.getsize(name) if os.path.isfile(name) else 0))
    return files


def analyze_many(paths: Iterable[str | os.PathLike[str]], *, level: str | None = None, workers: int | None = None,
                 scheduler: str | None = None, settings: Settings | None = None,
                 progress: Callable[[Progress], None] | None = None) -> Iterator[Analysis]:  # fmt: skip
    """Listen to files side by side, without a library.

    Parameters
    ----------
    paths : iterable of path-like
        Files and folders.
    level, workers, scheduler, settings, progress
        As for `Library.ingest`.

    Yields
    ------
    Analysis
        One a file, in the order of the files; one that ends its process is a failed analysis.
    """
    from samplemind.settings import Settings

    chosen = settings or Settings()
    checked = parse_level(level or chosen.level)
    items = [Item(row, path, size, checked) for row, (path, size) in enumerate(expand(paths))]
    if not items:
        return
    with team(workers or chosen.workers, scheduler or chosen.scheduler, checked) as hands:
        crew = Crew(hands, chosen, "analyses")
        pacer = Pacer(chosen.batch_seconds, len(items))
        ready: dict[int, Outcome] = {}
        coming = iter(items)
        state = Progress("analyze", 0, len(items))
        at = 0
        while at < len(items):
            while crew.has_room and len(ready) < _AHEAD and (batch := _next_batch(pacer, coming, crew.size)):
                crew.submit(batch)
            if done := crew.take(_TICK_S):
                state = _collect(done, pacer, ready, state)
            if progress is not None:
                progress(state)
            while at in ready:
                yield ready.pop(at).analysis
                at += 1


def _collect(
    done: tuple[list[Item], list[Outcome]], pacer: Pacer, ready: dict[int, Outcome], so_far: Progress
) -> Progress:
    items, outcomes = done
    ready.update({outcome.row: outcome for outcome in outcomes})
    pacer.learn(items, sum(outcome.seconds for outcome in outcomes))
    failed = sum(outcome.analysis.status != "ok" for outcome in outcomes)
    audio_s = sum(outcome.analysis.values.get("duration_s") or 0.0 for outcome in outcomes)
    return Progress("analyze", so_far.done + len(items), so_far.total, so_far.failed + failed, so_far.audio_s + audio_s)


def _next_batch(pacer: Pacer, coming: Iterator[Item], workers: int) -> list[Item] | None:
    for item in coming:
        if batch := pacer.add(item, workers):
            return batch
    return pacer.rest()
