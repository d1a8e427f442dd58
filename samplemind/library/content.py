"""What a file contains, as a short name: equal content, equal id."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import Executor

__all__ = ["UNREAD", "content_id", "file_id", "file_ids", "unread_id"]

#: Ids of files whose bytes could not be read begin so.
UNREAD = "unread-"
_DIGITS = 32


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
    with open(path, "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size == 0:
            return content_id(b"")
        from blake3 import blake3

        hasher = blake3()
        while block := file.read(1 << 20):
            hasher.update(block)
        digest: str = hasher.hexdigest(_DIGITS // 2)
        return digest


def file_ids(paths: Iterable[str], pool: Executor) -> list[str | None]:
    """`file_id` of each, by the threads of `pool` (BLAKE3 and reading let go of the GIL); None where unreadable."""

    def one(path: str) -> str | None:
        try:
            return file_id(path)
        except OSError:
            return None

    return list(pool.map(one, paths, chunksize=1))


def unread_id(path: str) -> str:
    """Stand-in for the id of a file that cannot be read: of its path, since nothing else is known of it."""
    return UNREAD + content_id(path.encode(errors="surrogateescape"))[: _DIGITS - len(UNREAD)]
