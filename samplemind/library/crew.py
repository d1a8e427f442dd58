"""Batches in flight: a window of tasks on a cluster, and what to do when a worker dies of one."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError
from samplemind.library.cluster import threads_of
from samplemind.library.isolate import run_isolated
from samplemind.library.work import Form, Item, pack, run_batch, set_aside

if TYPE_CHECKING:
    from samplemind.settings import Settings

__all__ = ["Crew"]

#: Tasks a worker thread that are under way or waiting; more would only fill memory.
_WINDOW: Final = 3
#: A batch whose files run in child processes cannot kill its worker; if that dies all the same, something else did it.
_MOST_DEATHS: Final = 4
_NO_WORKERS_S: Final = 120.0


class Crew:
    """Hands batches to the workers of a cluster and collects what they give.

    Parameters
    ----------
    client : distributed.Client
    settings : Settings
    form : {'rows', 'analyses'}
    """

    def __init__(self, client: Any, settings: Settings, form: Form) -> None:
        self._client = client
        self._settings = settings
        self._form: Form = form
        self._in_flight: dict[Any, tuple[list[Item], int]] = {}
        self._done: queue.Queue[Any] = queue.Queue()
        self._idle_s = 0.0
        self._window = _WINDOW * threads_of(client)

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
        future = self._client.submit(function, list(items), self._settings, self._form, pure=False, priority=deaths)
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
        if future.status == "finished":
            return items, future.result()
        if future.status == "cancelled":
            raise LibraryError("scheduler: the connection to it is lost; what was done is kept, run the command again")
        if deaths < _MOST_DEATHS:
            # A worker that died, or an error that is not of one file: one by one it shows which file it is.
            self.submit(items, deaths + 1)
            return None
        reason = f"set aside: {_MOST_DEATHS + 1} workers ended while they had this file ({future.exception()})"
        return items, pack([set_aside(item, reason) for item in items], self._form)

    def _look_for_workers(self, waited_s: float) -> None:
        self._window = _WINDOW * threads_of(self._client)
        self._idle_s += waited_s
        if self._in_flight and self._idle_s > _NO_WORKERS_S and not self._client.nthreads():
            raise LibraryError("scheduler: all of its workers are gone; start some, and run the command again")

    def cancel(self) -> None:
        """Forget what is under way."""
        self._client.cancel(list(self._in_flight))
        self._in_flight.clear()
