"""Which files there are: names, sizes and times only, nothing is opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from samplemind.errors import ParameterError
from samplemind.library.paths import absolute, is_beneath, to_text

__all__ = ["AUDIO_EXTENSIONS", "Scan", "scan", "tops_of"]

#: What is taken from a folder, in any case. A file that is named itself is always taken.
AUDIO_EXTENSIONS: Final = frozenset({
    "wav", "wave", "w64", "rf64", "bwf", "aif", "aiff", "aifc", "afc", "caf", "au", "snd", "voc", "iff", "8svx", "svx",
    "sd2", "sf", "flac", "ape", "wv", "tta", "ogg", "oga", "opus", "spx", "mp3", "mp2", "mpga", "m4a", "m4b", "mp4",
    "aac", "ac3", "alac", "wma", "mka", "webm", "weba", "amr",
})  # fmt: skip

_REPORT_EVERY = 5000


@dataclass(slots=True)
class Scan:
    """What was found, one entry a file in each of the lists.

    Attributes
    ----------
    paths : list of str
        Absolute, as storable text (see `paths.to_text`).
    roots : list of int
        Index into `tops` of the argument under which the file was found.
    sizes, mtimes : list of int
        Bytes; nanoseconds since 1970.
    tops : list of str
        The arguments, absolute; one that lies in another is left out.
    unreadable : list of (str, str)
        Folders that could not be listed, and why.
    """

    paths: list[str] = field(default_factory=list)
    roots: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    mtimes: list[int] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)

    def _add(self, path: str, root: int, size: int, mtime: int) -> None:
        self.paths.append(path)
        self.roots.append(root)
        self.sizes.append(size)
        self.mtimes.append(mtime)


def scan(paths: Iterable[str | os.PathLike[str]], progress: Callable[[int], None] | None = None) -> Scan:
    """Find the audio files in folders, and the files that are named.

    Hidden files and folders and those of macOS (`._name`, `__MACOSX`) are left out. Links to files and folders are
    followed, each folder once, so that loops end.

    Parameters
    ----------
    paths : iterable of path-like
        Folders and files.
    progress : callable, optional
        Called now and then with the number of files found so far.

    Raises
    ------
    ParameterError
        For a path that does not exist, or if none is given.
    """
    found = Scan(tops=tops_of(paths))
    seen_folders: set[tuple[int, int]] = set()
    for root, top in enumerate(found.tops):
        status = os.stat(top)
        if stat.S_ISDIR(status.st_mode):
            _walk(top, root, found, seen_folders, progress)
        else:
            found._add(to_text(top), root, status.st_size, status.st_mtime_ns)
    return found


def tops_of(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Absolute arguments, sorted, each once; what lies in another one is found there anyway.

    Raises
    ------
    ParameterError
        For a path that does not exist, or if none is given.
    """
    tops: list[str] = []
    given = sorted({absolute(path) for path in paths})
    if not given:
        raise ParameterError("paths: none given; name a folder or a file")
    for path in given:
        try:
            os.stat(path)
        except OSError as error:
            raise ParameterError(f"{path}: {error.strerror}; check the path, or connect its drive") from None
        # A named file that the walk of its folder would pass over still has to be taken.
        found_anyway = any(is_beneath(path, top) and not _hidden_between(path, top) for top in tops)
        if not found_anyway or (os.path.isfile(path) and not _is_audio(os.path.basename(path))):
            tops.append(path)
    return tops


def _hidden_between(path: str, top: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in os.path.relpath(path, top).split(os.sep))


def _is_audio(name: str) -> bool:
    return not name.startswith(".") and name.rpartition(".")[2].lower() in AUDIO_EXTENSIONS and "." in name


def _walk(top: str, root: int, found: Scan, seen: set[tuple[int, int]], progress: Callable[[int], None] | None) -> None:
    stack = [top]
    links: list[str] = []
    report_at = len(found.paths) + _REPORT_EVERY
    # Links wait until all real folders are done: a folder that has both is found under its own name, every time.
    while stack or links:
        folder = stack.pop() if stack else links.pop()
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                _list(entries, root, found, stack, links)
        except OSError as error:
            found.unreadable.append((to_text(folder), error.strerror or str(error)))
        if progress is not None and len(found.paths) >= report_at:
            progress(len(found.paths))
            report_at = len(found.paths) + _REPORT_EVERY


def _list(entries: Iterable[os.DirEntry[str]], root: int, found: Scan, stack: list[str], links: list[str]) -> None:
    extensions = AUDIO_EXTENSIONS
    for entry in entries:
        name = entry.name
        if name.startswith("."):
            continue
        stem, _, extension = name.rpartition(".")
        audio = bool(stem) and extension.lower() in extensions
        try:
            if entry.is_dir():
                if name != "__MACOSX":
                    (links if entry.is_symlink() else stack).append(entry.path)
            elif audio:
                status = entry.stat()
                # Pipes and devices would block whoever opens them.
                if stat.S_ISREG(status.st_mode):
                    path = entry.path
                    found._add(path if path.isascii() else to_text(path), root, status.st_size, status.st_mtime_ns)
        except OSError:
            # A broken link, or gone since the folder was listed.
            continue
