"""What a file contains, as a short name: equal content, equal id."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor

__all__ = ["READING", "UNREAD", "content_id", "file_id", "file_ids", "unread_id"]

#: Ids of files whose bytes could not be read begin so.
UNREAD = "unread-"
#: How files are opened for it: a plain descriptor costs half of what a file object does.
READING = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_DIGITS = 32
_BLOCK = 1 << 20
#: Files that a thread hashes in one go.
_A_TASK = 32


def content_id(data: bytes) -> str:
    """First 128 bits of the BLAKE3 hash of `data`, in hexadecimal."""
    from blake3 import blake3

    digest: str = blake3(data).hexdigest(_DIGITS // 2)
    return digest


def file_id(path: str) -> str:
    """`content_id` of a file, without holding it in memory.

    Raises
    ------
    OSError
        When it cannot be read.
    """
    descriptor = os.open(path, READING)
    try:
        size = os.fstat(descriptor).st_size
        block = os.read(descriptor, min(size + 1, _BLOCK))
        if len(block) == size < _BLOCK:
            return content_id(block)
        from blake3 import blake3

        hasher = blake3()
        while block:
            hasher.update(block)
            block = os.read(descriptor, _BLOCK)
        digest: str = hasher.hexdigest(_DIGITS // 2)
        return digest
    finally:
        os.close(descriptor)


def file_ids(paths: Iterable[str], pool: Executor) -> list[str | None]:
    """`file_id` of each, by the threads of `pool` (BLAKE3 and reading let go of the GIL); None where unreadable."""

    def some(names: Sequence[str]) -> list[str | None]:
        return [_id_or_none(name) for name in names]

    every = list(paths)
    tasks = (every[start : start + _A_TASK] for start in range(0, len(every), _A_TASK))
    return list(itertools.chain.from_iterable(pool.map(some, tasks)))


def _id_or_none(path: str) -> str | None:
    try:
        return file_id(path)
    except OSError:
        return None


def unread_id(path: str) -> str:
    """Stand-in for the id of a file that cannot be read: of its path, since nothing else is known of it."""
    return UNREAD + content_id(path.encode(errors="surrogateescape"))[: _DIGITS - len(UNREAD)]
