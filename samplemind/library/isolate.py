"""Listening to suspects: in a process of their own, so that the one at fault is known for certain.

When a worker dies, every file of its batch, and of what waited behind it, is a suspect. Each is given to a child
process, one after another. A child that dies names its file; the file gets one more try in a new child, and after
that is set aside. The worker itself lives on, so this is exact on any cluster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from samplemind.library.process import Process, ProcessEnded
from samplemind.library.work import Form, Item, Outcome, analyze_item, pack, set_aside, time_limit_s

if TYPE_CHECKING:
    import pyarrow as pa

    from samplemind.settings import Settings

__all__ = ["run_isolated"]

_TRIES = 2
#: A child has to start, and to load its kernels, before its first file.
_START_S = 60.0


def run_isolated(items: Sequence[Item], settings: Settings, form: Form = "rows") -> pa.RecordBatch | list[Outcome]:
    """`work.run_batch`, with every file in a child process that may die of it."""
    outcomes = []
    child: _Child | None = None
    try:
        for item in items:
            outcome = None
            reason = ""
            for _ in range(_TRIES):
                child = child or _Child()
                outcome, reason = child.run(item, settings)
                if outcome is not None:
                    break
                late = child.is_late
                child.close()
                child = None
                if late:
                    break
            outcomes.append(outcome or set_aside(item, reason))
    finally:
        if child is not None:
            child.close()
    return pack(outcomes, form)


class _Child:
    """A process that listens to one file at a time."""

    def __init__(self) -> None:
        self._process = Process()
        self._is_ready = False
        self.is_late = False

    def run(self, item: Item, settings: Settings) -> tuple[Outcome | None, str]:
        """The outcome; or None, and why this process can no longer give one."""
        limit = time_limit_s(item, settings)
        try:
            if not self._is_ready:
                # Whatever the answer is: by then it has loaded all that it needs.
                self._call(_START_S, time_limit_s, item, settings)
                self._is_ready = True
            outcome: Outcome = self._call(limit, analyze_item, item, settings)
        except ProcessEnded as ended:
            if self.is_late:
                return None, f"set aside: the analysis did not end within {limit:.0f} s"
            return None, f"set aside: analysis of this file ended the worker process ({ended})"
        return outcome, ""

    def _call(self, limit_s: float, function: Callable[..., Any], *arguments: Any) -> Any:
        timer = threading.Timer(limit_s, self._end_late)
        timer.start()
        try:
            self._process.ask(function, *arguments)
            return self._process.answer()
        finally:
            timer.cancel()

    def _end_late(self) -> None:
        self.is_late = True
        self._process.kill()

    def close(self) -> None:
        self._process.close()
