"""Paths as the library keeps them: absolute text that any table can hold."""

from __future__ import annotations

import os

__all__ = ["absolute", "from_text", "is_beneath", "is_gone", "is_storable", "to_text"]

#: Bytes of a name that are no UTF-8 reach Python as lone surrogates, which no Arrow text can hold. Each is kept as one
#: character of the last private plane, and turned back when the file is opened.
_PRIVATE = 0x10FE00
_TO_TEXT = {0xDC00 + byte: _PRIVATE + byte for byte in range(0x80, 0x100)}
_FROM_TEXT = {private: surrogate for surrogate, private in _TO_TEXT.items()}


def to_text(path: str) -> str:
    """A path of the system as storable text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return path.translate(_TO_TEXT)
    return path


def is_storable(text: str) -> bool:
    """Whether a text can be kept: half a character cannot, unless it stands for a byte of a name."""
    try:
        to_text(text).encode()
    except UnicodeEncodeError:
        return False
    return True


def from_text(text: str) -> str:
    """Undo `to_text`."""
    return text if text.isascii() else text.translate(_FROM_TEXT)


def absolute(path: str | os.PathLike[str]) -> str:
    """Absolute and without `.` and `..`, but with links left as they are; a leading `~` is the home folder."""
    return os.path.abspath(os.path.expanduser(os.fspath(path)))


def is_beneath(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies in it."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def is_gone(path: str) -> bool:
    """Whether it is certain that nothing is there: a folder that may not be looked into says neither yes nor no."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
