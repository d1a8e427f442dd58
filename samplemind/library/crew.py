"""Batches in flight: a window of tasks for the workers, and what to do when one of them dies of its task."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError
from samplemind.library.isolate import run_isolated
from samplemind.library.work import Form, Item, pack, run_batch, set_aside

if TYPE_CHECKING:
    from samplemind.library.cluster import Team
    from samplemind.settings import Settings

__all__ = ["Crew"]

#: Tasks a worker thread that are under way or waiting; more would only fill memory.
_WINDOW: Final = 3
#: A batch whose files run in child processes cannot kill its worker; if that dies all the same, something else did it.
_MOST_DEATHS: Final = 4
_NO_WORKERS_S: Final = 120.0


class Crew:
    """Hands batches to the workers and collects what they give.

    Parameters
    ----------
    team : Team
    settings : Settings
    form : {'rows', 'analyses'}
    """

    def __init__(self, team: Team, settings: Settings, form: Form) -> None:
        self._team = team
        self._settings = settings
        self._form: Form = form
        self._in_flight: dict[Any, tuple[list[Item], int]] = {}
        self._done: queue.Queue[Any] = queue.Queue()
        self._idle_s = 0.0
        #: How many workers there are, as far as is known: to ask the scheduler costs as much as to hear a short sound.
        self.size = max(1, team.size)
        self._window = _WINDOW * self.size

    @property
    def has_room(self) -> bool:
        """Whether another batch is welcome."""
        return len(self._in_flight) < self._window

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self._in_flight)

    def submit(self, items: Sequence[Item], deaths: int = 0) -> None:
        """Send a batch; after `deaths` workers died of it, each of its files in a process of its own."""
        function = run_isolated if deaths else run_batch
        future = self._team.submit(function, list(items), self._settings, self._form, priority=deaths)
        self._in_flight[future] = (list(items), deaths)
        future.add_done_callback(self._done.put)

    def take(self, timeout_s: float) -> tuple[list[Item], Any] | None:
        """The next finished batch, or None when none finishes in time.

        Raises
        ------
        LibraryError
            When the scheduler, or its last worker, is gone.
        """
        try:
            future = self._done.get(timeout=timeout_s)
        except queue.Empty:
            self._look_for_workers(timeout_s)
            return None
        self._idle_s = 0.0
        items, deaths = self._in_flight.pop(future)
        if future.cancelled():
            raise LibraryError("scheduler: the connection to it is lost; what was done is kept, run the command again")
        error = future.exception()
        if error is None:
            return items, future.result()
        if deaths < _MOST_DEATHS:
            # A worker that died, or an error that is not of one file: one by one it shows which file it is.
            self.submit(items, deaths + 1)
            return None
        reason = f"set aside: {_MOST_DEATHS + 1} workers ended while they had this file ({error})"
        return items, pack([set_aside(item, reason) for item in items], self._form)

    def _look_for_workers(self, waited_s: float) -> None:
        size = self._team.size
        self.size = max(1, size)
        self._window = _WINDOW * self.size
        self._idle_s += waited_s
        if self._in_flight and self._idle_s > _NO_WORKERS_S and not size:
            raise LibraryError("scheduler: all of its workers are gone; start some, and run the command again")
