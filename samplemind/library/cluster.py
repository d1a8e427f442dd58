"""Whoever does the work: processes of our own, or the workers of a Dask scheduler that runs already."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from samplemind.errors import LibraryError, ParameterError
from samplemind.library import work
from samplemind.library.pool import Pool

__all__ = ["Team", "team"]

_LOGGERS: Final = ("distributed", "distributed.core", "distributed.comm", "distributed.client", "tornado", "asyncio")


class Team(Protocol):
    """Workers, wherever they are."""

    @property
    def size(self) -> int:
        """How many tasks they run at the same time."""

    def submit(self, function: Callable[..., Any], *arguments: Any, priority: int = 0) -> Any:
        """Have a function of a module called; gives a future, with the methods of those of `concurrent.futures`."""


@contextlib.contextmanager
def team(workers: int | None, scheduler: str | None, level: str) -> Iterator[Team]:
    """Workers for as long as the block lasts, of the same version of the program as this.

    Those of our own are only begun to be started when the block is entered: the first task waits for them, and for
    kernels to be compiled.

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
    if workers is not None and workers < 1:
        raise ParameterError(f"workers: {workers}; give at least 1")
    if scheduler is None:
        with contextlib.closing(Pool(workers or _cores(), level)) as pool:
            yield pool
        return
    with _quiet(), _client(scheduler) as client:
        _introduce(client, level, scheduler)
        yield _Remote(client)


class _Remote:
    """The workers of a scheduler."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @property
    def size(self) -> int:
        return sum(int(threads) for threads in self._client.nthreads().values())

    def submit(self, function: Callable[..., Any], *arguments: Any, priority: int = 0) -> Any:
        return self._client.submit(function, *arguments, pure=False, priority=priority)


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    import dask
    import distributed

    # Dask's own annotations are incomplete.
    client_class: Any = distributed.Client
    with dask.config.set({"distributed.comm.timeouts.connect": "30s"}):
        try:
            client = client_class(address, timeout="8s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise LibraryError(
                f"scheduler {address}: no answer ({type(error).__name__}); start it with `dask scheduler`, "
                "and check address and firewall"
            ) from None
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


def _introduce(client: Any, level: str, scheduler: str) -> None:
    """Compile on one worker of each machine before there is work, and compare versions."""
    from samplemind import __version__
    from samplemind.descriptors.catalogue import GROUPS

    one_a_host = {address.rpartition(":")[0]: address for address in client.nthreads()}
    try:
        for future in [client.submit(work.introduce, level, workers=[address], pure=False, allow_other_workers=True)
                       for address in one_a_host.values()]:  # fmt: skip
            version, groups = future.result()
            if groups != GROUPS:
                raise LibraryError(
                    f"scheduler {scheduler}: its workers run samplemind {version}, whose descriptors are others than "
                    f"those of this {__version__}; install the same version there"
                )
    except ImportError as error:
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
