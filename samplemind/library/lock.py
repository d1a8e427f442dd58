"""One writer at a time: a library in a folder is locked while it is written to."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from samplemind.errors import LibraryError

__all__ = ["LOCK_NAME", "writer_lock"]

LOCK_NAME = ".samplemind.lock"


@contextlib.contextmanager
def writer_lock(folder: Path | None, uri: str) -> Iterator[None]:
    """Hold the lock of a library.

    It is a lock of the operating system on a file: it ends with the process, however that ends, so a stale one cannot
    be. The file only says who has it. Object stores have no such lock: `folder` is None, and nothing is held.

    Raises
    ------
    LibraryError
        When another process has it; the text names the process.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        folder = None
    if folder is None:
        yield
        return
    path = folder / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise LibraryError(f"library {uri}: cannot be written to ({error.strerror}); allow writing there") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
