"""The bytes of one file, whether they were read by the caller already or are still on disk."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Sequence
from types import TracebackType
from typing import Any, BinaryIO

from samplemind.audio.limits import Limits
from samplemind.errors import AudioError

__all__ = ["WHOLE_FILE_BYTES", "Source", "Unreadable"]

#: Up to here a file is read once and decoded from memory; above, the readers take it from disk bit by bit.
WHOLE_FILE_BYTES = 32 * 2**20
HEAD_BYTES = 4096


class _Memory(io.BytesIO):
    """Bytes as a file in which a seek to nowhere stays where it was.

    Damaged headers make libsndfile seek before the start; an exception there would be printed to the terminal.
    """

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except (ValueError, OverflowError):
            return self.tell()


class _Part(io.RawIOBase):
    """A stretch of a file as a file of its own."""

    def __init__(self, path: str, offset: int, size: int) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by close()
        self._offset, self._size, self._at = offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        self._file.seek(self._offset + self._at)
        got = self._file.readinto(memoryview(buffer)[: max(0, self._size - self._at)]) or 0
        self._at += got
        return got

    def close(self) -> None:
        self._file.close()
        super().close()


class Unreadable(Exception):
    """A reader refused the file."""


class Source:
    """One file, readable at any offset.

    Parameters
    ----------
    path : str
        Where it lies. It is not opened when `data` is given.
    data : bytes, optional
        The whole content, where the caller has read it already.
    limits : Limits
        A file above its `max_bytes` is refused before it is read.
    keep_on_disk : bool
        Leave even small files on disk: for looking at headers only.

    Raises
    ------
    AudioError
        When there is no such file, it is no regular file, may not be read, is too large, or holds nothing.

    Attributes
    ----------
    size : int
        Bytes.
    head : bytes
        Its beginning.
    chunks : sequence or None
        What `chunks.chunks` has found in it.
    """

    def __init__(self, path: str, data: bytes | None = None, *, limits: Limits, keep_on_disk: bool = False) -> None:
        self.path = path
        self.data = data
        self.chunks: Sequence[Any] | None = None
        self._file: BinaryIO | None = None
        if data is None:
            self.size = self._open(limits, keep_on_disk)
        else:
            limits.check_file(path, len(data))
            self.size = len(data)
        if self.size == 0:
            self.close()
            raise AudioError(path, "empty file (0 bytes)")
        self.head = self.read_at(0, HEAD_BYTES)

    def _open(self, limits: Limits, keep_on_disk: bool) -> int:
        try:
            status = os.stat(self.path)
            if stat.S_ISDIR(status.st_mode):
                raise AudioError(self.path, "is a folder, not a file")
            if not stat.S_ISREG(status.st_mode):  # a pipe or device could block for ever
                raise AudioError(self.path, "is not a regular file (a pipe, socket or device)")
            limits.check_file(self.path, status.st_size)
            self._file = open(self.path, "rb")  # noqa: SIM115 - closed by close()
            if keep_on_disk or status.st_size > WHOLE_FILE_BYTES:
                return status.st_size
            self.data = self._file.read()
            self.close()
            return len(self.data)
        except FileNotFoundError:
            raise AudioError(self.path, "no such file") from None
        except PermissionError:
            raise AudioError(self.path, "may not be read (permission denied)") from None
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL character
            raise AudioError(self.path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None

    def read_at(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer at the end of the file."""
        if self.data is not None:
            return self.data[offset : offset + length]
        if self._file is None:
            return b""
        self._file.seek(offset)
        return self._file.read(length)

    def stream(self, offset: int = 0, size: int | None = None) -> BinaryIO:
        """Open a fresh file object over the content, or a stretch of it; the caller closes it."""
        if size is not None:
            if self.data is not None:
                return _Memory(self.data[offset : offset + size])
            return io.BufferedReader(_Part(self.path, offset, size))
        return _Memory(self.data) if self.data is not None else open(self.path, "rb")

    def close(self) -> None:
        """Let go of the file on disk."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
