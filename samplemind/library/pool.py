"""Worker processes of our own, on this machine: they start at once, and cost nothing but their work.

Each worker has a thread here that hands it tasks, one ahead of what it does, and takes its answers. When a process
ends, the task that it was at fails with `ProcessEnded`, the one behind it goes to the next worker that is free, and
another process takes its place.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from samplemind.descriptors.catalogue import GROUPS
from samplemind.errors import LibraryError
from samplemind.library import work
from samplemind.library.process import Process, ProcessEnded

__all__ = ["Pool"]

#: The processes are what runs side by side; a second layer of threads would only get in their way.
_ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    # What glibc gives back to the system after an array is cleared for the next one, which costs time. What is kept is
    # reused; arrays of 4 MiB and more still go back at once.
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
    "MALLOC_MMAP_THRESHOLD_": str(4 * 2**20),
}
#: So many tasks a process has at hand: while the main process writes, nobody waits for it to hand out work.
_AT_HAND: Final = 2
#: A process that ends so many times before it has done anything will not come to anything.
_STARTS: Final = 3
#: How often the memory of the workers is looked at, and which part of its share each may take.
_LOOK_S: Final = 0.5
_SHARE: Final = 0.95
_FIRST: Final = 2**31
_RUN_AGAIN: Final = "if it was updated just now, run the command again, else install it anew"


@dataclass(order=True)
class _Task:
    """A call that waits for a worker; the most urgent first, then the oldest."""

    priority: int
    number: int
    function: Callable[..., Any] = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False)
    future: Future[Any] = field(compare=False, default_factory=Future)


class Pool:
    """Workers that are there from now on until `close`.

    Parameters
    ----------
    workers : int
    level : str
        What they will be asked for: their kernels are made ready for it.
    """

    def __init__(self, workers: int, level: str) -> None:
        self.size = workers
        self._level = level
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._hopeless = 0
        self._broken: LibraryError | None = None
        self._processes = [Process(_ENVIRONMENT) for _ in range(workers)]
        self._threads = [threading.Thread(target=self._serve, args=(slot,), daemon=True) for slot in range(workers)]
        self._threads.append(threading.Thread(target=self._watch, daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., Any], *arguments: Any, priority: int = 0) -> Future[Any]:
        """Have a worker call a function of a module; of what waits, that of the highest priority comes first."""
        task = _Task(-priority, next(self._numbers), function, arguments)
        self._tasks.put(task)
        if self._broken is not None:
            self._fail(self._broken)
        return task.future

    def close(self) -> None:
        """End the workers, whatever they do; nobody learns what became of tasks that are not done."""
        with self._lock:
            self._closing.set()
            for process in self._processes:
                process.kill()
        for _ in self._threads:  # wakes those that wait for a task
            self._tasks.put(_Task(-_FIRST, next(self._numbers), _nothing, ()))
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.close()

    def _serve(self, slot: int) -> None:
        """Keep one worker at work; what each of the threads does."""
        failures = 0
        while failures < _STARTS:
            process = self._processes[slot]
            try:
                self._introduce(process)
                failures = 0
                self._hand_out(process)
            except ProcessEnded as ended:
                failures += 1
                why = f"workers: they end as soon as they start ({ended}); `samplemind doctor` shows what is missing"
            except LibraryError as error:
                self._fail(error)
                return
            process.close()
            with self._lock:
                if self._closing.is_set():
                    return
                self._processes[slot] = Process(_ENVIRONMENT)
        with self._lock:
            self._hopeless += 1
        if self._hopeless == self.size:
            self._fail(LibraryError(why))

    def _introduce(self, process: Process) -> None:
        """Have a new worker load what it needs, and make sure that it is of this version."""
        try:
            process.ask(work.introduce, self._level)
            _, groups = process.answer()
        except ImportError as error:
            raise LibraryError(f"workers: they cannot load samplemind ({error}); {_RUN_AGAIN}") from None
        if groups != GROUPS:
            raise LibraryError(f"workers: they run another version of samplemind; {_RUN_AGAIN}")

    def _hand_out(self, process: Process) -> None:
        """Give tasks to a worker until the pool is closed, or the worker ends."""
        at_hand: deque[_Task] = deque()
        try:
            while not self._closing.is_set():
                while len(at_hand) < _AT_HAND and (task := self._next(wait=not at_hand)):
                    at_hand.append(task)
                    process.ask(task.function, *task.arguments)
                _settle(at_hand, process)
        except ProcessEnded as ended:
            at_hand.popleft().future.set_exception(ended)
            raise
        finally:
            for task in at_hand:  # not begun: again the oldest of those that wait
                self._tasks.put(task)

    def _next(self, wait: bool) -> _Task | None:
        try:
            return self._tasks.get(block=wait)
        except queue.Empty:
            return None

    def _watch(self) -> None:
        """End workers that take more memory than is there for each, before the system ends something else."""
        most = _memory_a_worker(self.size)
        while not self._closing.wait(_LOOK_S):
            for process in self._processes:
                if process.memory_bytes() > most:
                    process.kill()

    def _fail(self, error: LibraryError) -> None:
        """Nothing can be done any more: tell everyone who waits."""
        self._broken = error
        while task := self._next(wait=False):
            task.future.set_exception(error)


def _settle(at_hand: deque[_Task], process: Process) -> None:
    """Take the answer to the oldest task."""
    try:
        value = process.answer()
    except ProcessEnded:
        raise
    except Exception as error:
        at_hand.popleft().future.set_exception(error)
    else:
        at_hand.popleft().future.set_result(value)


def _nothing() -> None:
    """What there is left to do when the pool is closed."""


def _memory_a_worker(workers: int) -> float:
    """Bytes that one worker may take: nearly its share of what this machine, or this container, has."""
    import psutil

    there: list[int] = [psutil.virtual_memory().total]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # "max": there is none
            there.append(int(Path(limit).read_text()))
    return _SHARE * min(there) / max(workers, 2)
