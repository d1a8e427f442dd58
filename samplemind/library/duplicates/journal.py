"""What was put aside, written down before and after each step, so that a power cut loses nothing."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from samplemind.errors import LibraryError

__all__ = ["Journal", "move_file"]

_FORMAT: Final = 1
_BLOCK: Final = 1 << 20


class Journal:
    """Lines of JSON that are on the disk before what they say is done.

    The first line says which library it is of. Each file that is moved has a line before it is touched, with all that
    the library knew of the path; a line that was cut short by a crash was not followed by anything.

    Parameters
    ----------
    path : pathlib.Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def start(cls, path: Path, uri: str, created: str) -> Journal:
        """Make a new one."""
        journal = cls(path)
        journal.write({"samplemind": "duplicates", "format": _FORMAT, "library": uri, "created": created})
        _sync_folder(path.parent)
        return journal

    def write(self, line: dict[str, Any]) -> None:
        """Add a line, and wait until it is on the disk."""
        # Names that are no text come as lone surrogates, which JSON escapes.
        with open(self.path, "ab") as file:
            file.write(json.dumps(line).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def moves(self) -> list[dict[str, Any]]:
        """Every file that was about to be moved, in order.

        Raises
        ------
        LibraryError
            When it cannot be read, or is no journal.
        """
        lines = list(self._lines())
        if not lines or lines[0].get("samplemind") != "duplicates" or lines[0].get("format") != _FORMAT:
            raise LibraryError(f"{self.path}: no journal of duplicates; they end in .journal, in the trash folder")
        return [line for line in lines[1:] if "from" in line]

    @property
    def library(self) -> str:
        """Where the library is that it belongs to."""
        return str(next(self._lines(), {}).get("library", ""))

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise LibraryError(f"{self.path}: cannot be read ({error.strerror}); name a journal that exists") from None
        for line in content.split(b"\n"):
            with contextlib.suppress(ValueError):  # the end of one that was cut short
                found = json.loads(line)
                if isinstance(found, dict):
                    yield found


def move_file(source: str, target: str) -> None:
    """Move a file, also to another file system; at every moment it is whole at one place at least.

    What is at `target` already is never written over.

    Raises
    ------
    OSError
        Where that cannot be done; the source is still there then.
    """
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target):
        raise FileExistsError(17, "there is a file already", target)
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != 18:  # EXDEV: another file system
            raise
        _copy(source, target)
        os.unlink(source)
    _sync_folder(Path(target).parent)
    _sync_folder(Path(source).parent)


def _copy(source: str, target: str) -> None:
    """A copy with the times of the original, complete and on the disk before it has its name."""
    import shutil

    part = f"{target}.part"
    with open(source, "rb") as reading, open(part, "wb") as writing:
        while block := reading.read(_BLOCK):
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    shutil.copystat(source, part)
    os.rename(part, target)


def _sync_folder(folder: Path) -> None:
    # Not every system lets a folder be synchronised.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
