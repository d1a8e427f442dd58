"""The errors that SampleMind raises on purpose: each names what came, and what to do about it."""

from __future__ import annotations

__all__ = ["AudioError", "LibraryError", "ParameterError", "SampleMindError", "printable"]


def printable(text: str) -> str:
    """Text without control characters, so that the name of a file steers neither a terminal nor a log."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class SampleMindError(Exception):
    """Base class of every error raised on purpose; its text is meant for the person at the keyboard."""


class AudioError(SampleMindError):
    """A file that cannot be turned into sound.

    Parameters
    ----------
    path : str
        The file.
    reason : str
        Why, in words a person understands.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.reason}"


class ParameterError(SampleMindError):
    """An argument or setting outside what is accepted: the text names it, its value, and the remedy."""


class LibraryError(SampleMindError):
    """A library that cannot be opened, read or written: the text names it and the remedy."""
