"""One writer at a time: a library in a folder is locked while it is written to."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from samplemind.errors import LibraryError

__all__ = ["LOCK_NAME", "PEOPLE_LOCK_NAME", "people_lock", "writer_lock"]

LOCK_NAME = ".samplemind.lock"
#: Of the tables that people write into, labels and collections: they may be changed while an ingest runs.
PEOPLE_LOCK_NAME = ".samplemind.people.lock"
_PAUSE_S = 0.02


@contextlib.contextmanager
def writer_lock(folder: Path | None, uri: str) -> Iterator[None]:
    """Hold the lock of a library, for all that is known of sounds and files.

    It is a lock of the operating system on a file: it ends with the process, however that ends, so a stale one cannot
    be. The file only says who has it. Object stores have no such lock: `folder` is None, and nothing is held.

    Raises
    ------
    LibraryError
        When another process has it; the text names the process.
    """
    with _held(folder, uri, LOCK_NAME, 0.0):
        yield


@contextlib.contextmanager
def people_lock(folder: Path | None, uri: str, wait_s: float = 10.0) -> Iterator[None]:
    """Hold the lock of labels and collections; these are written in moments, so another process is waited for.

    Raises
    ------
    LibraryError
        When another process has it for longer than `wait_s`.
    """
    with _held(folder, uri, PEOPLE_LOCK_NAME, wait_s):
        yield


@contextlib.contextmanager
def _held(folder: Path | None, uri: str, name: str, wait_s: float) -> Iterator[None]:
    # Systems that are not POSIX have no such lock either.
    if folder is None or importlib.util.find_spec("fcntl") is None:
        yield
        return
    path = folder / name
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise LibraryError(f"library {uri}: cannot be written to ({error.strerror}); allow writing there") from None
    try:
        end = time.monotonic() + wait_s
        try:
            while not _taken(descriptor):
                if time.monotonic() >= end:
                    raise BlockingIOError
                time.sleep(_PAUSE_S)
        except BlockingIOError:
            owner = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
            raise LibraryError(f"library {uri}: {owner} is writing to it; wait until it is done, or stop it") from None
        except OSError:
            # Some network file systems have no locks; a library there is written to as one on an object store is.
            yield
            return
        # A full disk has no room for this note either; the lock holds without it.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
