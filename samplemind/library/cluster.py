"""Dask workers: processes of our own, or those of a scheduler that runs already."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library import work

__all__ = ["Team", "team"]

#: The processes are what runs side by side; a second layer of threads would only get in their way.
_ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    # Dask has glibc give memory back after every array, and the system clears it for the next one: a sixth of a
    # worker's time. What is kept is reused; arrays of 4 MiB and more still go back at once.
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
    "MALLOC_MMAP_THRESHOLD_": str(4 * 2**20),
}
_CONFIG: Final = {
    "distributed.worker.multiprocessing-method": "spawn",
    # A worker has its next task at hand: while the main process writes, nobody waits for it to hand out work.
    "distributed.scheduler.worker-saturation": 2.0,
    # One file may need much memory for a moment. Nothing here can be spilled, and a paused worker would never go on.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.comm.timeouts.connect": "30s",
    # Nobody looks at Dask's own profile, for which a thread of each worker wakes a hundred times a second.
    "distributed.worker.profile.enabled": False,
}
_LOGGERS: Final = ("distributed", "distributed.worker", "distributed.nanny", "distributed.scheduler",
                   "distributed.core", "distributed.comm", "distributed.client", "tornado", "asyncio")  # fmt: skip


class Team:
    """Workers, wherever they are.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def size(self) -> int:
        """How many tasks they run at the same time."""
        return sum(int(threads) for threads in self._client.nthreads().values())

    def submit(self, function: Callable[..., Any], *arguments: Any, priority: int = 0) -> Any:
        """Have a function of a module called; gives a future, with the methods of those of `concurrent.futures`."""
        return self._client.submit(function, *arguments, pure=False, priority=priority)


@contextlib.contextmanager
def team(workers: int | None, scheduler: str | None, level: str) -> Iterator[Team]:
    """Workers for as long as the block lasts, with kernels compiled and the same version of the program as here.

    Parameters
    ----------
    workers : int or None
        Processes of our own; None: as many as there are cores.
    scheduler : str or None
        Address of a running scheduler, whose workers are used instead.
    level : str
        What the workers will be asked for.

    Raises
    ------
    ParameterError
        When there shall be fewer workers than one.
    LibraryError
        When no scheduler answers, it has no workers, or they run another version.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_quiet())
        client = stack.enter_context(_remote(scheduler) if scheduler else _local(workers))
        _introduce(client, level, scheduler)
        yield Team(client)


@contextlib.contextmanager
def _local(workers: int | None) -> Iterator[Any]:
    import dask
    import distributed

    from samplemind.library.silence import Silence

    if workers is not None and workers < 1:
        raise ParameterError(f"workers: {workers}; give at least 1")
    count = workers or _cores()
    environment = {**dask.config.get("distributed.nanny.pre-spawn-environ"), **_ENVIRONMENT}
    # Dask's own annotations are incomplete.
    pool_class: Any = distributed.LocalCluster
    client_class: Any = distributed.Client
    config = {**_CONFIG, "distributed.nanny.pre-spawn-environ": environment}
    with (
        _without_main(),
        dask.config.set(config),
        pool_class(
            n_workers=count, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
            worker_dashboard_address=None, silence_logs=logging.CRITICAL,
            # No second worker shall die of what killed one: see `crew` and `isolate`.
            scheduler_kwargs={"allowed_failures": 0}, env=_ENVIRONMENT,
        ) as pool,
        client_class(pool, set_as_default=False) as client,
    ):  # fmt: skip
        client.register_plugin(Silence())
        yield client


@contextlib.contextmanager
def _remote(address: str) -> Iterator[Any]:
    import distributed

    client_class: Any = distributed.Client
    try:
        client = client_class(address, timeout="8s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise LibraryError(f"scheduler {address}: no answer ({type(error).__name__}); start it with `dask scheduler`, "
                           "and check address and firewall") from None  # fmt: skip
    with client:
        try:
            client.wait_for_workers(1, timeout=30)
        except TimeoutError:
            raise LibraryError(
                f"scheduler {address}: it has no workers; start some with `dask worker {address}`"
            ) from None
        yield client


def _cores() -> int:
    # What this process may use (containers, taskset) rather than what the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _introduce(client: Any, level: str, scheduler: str | None) -> None:
    """Have every worker load its kernels (`kernels.make_ready` sees to it that one compiles), and compare versions."""
    from samplemind import __version__
    from samplemind.descriptors.catalogue import GROUPS

    try:
        for future in [client.submit(work.introduce, level, workers=[address], pure=False, allow_other_workers=True)
                       for address in client.nthreads()]:  # fmt: skip
            version, groups = future.result()
            if groups != GROUPS:
                raise LibraryError(
                    f"scheduler {scheduler}: its workers run samplemind {version}, whose descriptors are others than "
                    f"those of this {__version__}; install the same version there"
                )
    except ImportError as error:
        if scheduler is None:
            raise LibraryError(f"workers: they cannot load samplemind ({error}); if it was updated just now, run the "
                               "command again, else install it anew") from None  # fmt: skip
        raise LibraryError(f"scheduler {scheduler}: its workers cannot import samplemind ({error}); install the same "
                           f"version ({__version__}) there") from None  # fmt: skip


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's own log lines and warnings are about its machinery; what matters of them is said in words of ours."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


_alive = 0
_alive_lock = threading.Lock()


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Keep new Dask processes from running the user's script again.

    A spawned process imports the parent's `__main__`; a script without `if __name__ == "__main__"` would start
    another ingest there. Our workers need nothing from it. Other processes of the user's are left as they are.
    """
    from multiprocessing import spawn

    global _alive
    with _alive_lock:
        _alive += 1
        if not getattr(spawn.get_preparation_data, "samplemind", False):
            spawn.get_preparation_data = _preparation_of(spawn.get_preparation_data)
    try:
        yield
    finally:
        with _alive_lock:
            _alive -= 1


def _preparation_of(original: Any) -> Any:
    def get_preparation_data(name: str) -> dict[str, Any]:
        data: dict[str, Any] = original(name)
        if _alive and name.startswith("Dask Worker process"):
            data.pop("init_main_from_name", None)
            data.pop("init_main_from_path", None)
        return data

    get_preparation_data.samplemind = True  # type: ignore[attr-defined]
    return get_preparation_data
