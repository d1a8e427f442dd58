"""Writes the demo library to a folder: sounds, labels, and a record by which a second run skips what is there."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

import numpy as np

from samplemind.demo.catalogue import catalogue
from samplemind.demo.sound import Sound

__all__ = ["COLUMNS", "DemoReport", "label_row", "make_demo", "small_demo"]

COLUMNS = ("path", "source", "licence", "kind", "kind_detail", "sample_class", "bpm", "key", "midi_note", "notes")
"""Columns of `labels.csv`; an empty cell means that the sound has no such thing."""

_RECORD = ".demo.json"
_DETAIL = {"one-shot": "one-shot", "loop": "loop", "other": "env"}


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What `make_demo` did.

    Attributes
    ----------
    folder : Path
    labels : Path
        The table of ground truth.
    sounds : tuple of Sound
        What lies in the folder now.
    written, skipped : int
        How many were made now, and how many were there already, as they should be.
    size_bytes : int
        Of all sounds together.
    """

    folder: Path
    labels: Path
    sounds: tuple[Sound, ...]
    written: int
    skipped: int
    size_bytes: int


def label_row(sound: Sound) -> dict[str, str]:
    """Give a sound's row of `labels.csv`: the keys are `COLUMNS`."""
    notes = sound.description
    if sound.beats is not None:
        notes += f"; {sound.beats:g} beats, ending: {sound.ending}"
    return {
        "path": sound.path,
        "source": "samplemind-demo",
        "licence": "CC0-1.0",
        "kind": sound.kind,
        "kind_detail": _DETAIL[sound.kind],
        "sample_class": sound.sample_class,
        "bpm": "" if sound.bpm is None else f"{sound.bpm:g}",
        "key": sound.key or "",
        "midi_note": "" if sound.midi_note is None else str(sound.midi_note),
        "notes": notes,
    }


@cache
def _generator() -> str:
    """Name the generator by its own source and the numpy that runs it: when either changes, sounds are made again."""
    import scipy

    digest = blake2b(f"{np.__version__} {scipy.__version__}".encode(), digest_size=16)
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _encode(sound: Sound) -> bytes:
    import soundfile

    from samplemind.demo.render import render

    buffer = io.BytesIO()
    soundfile.write(
        buffer, render(sound), sound.rate, format=sound.path.rsplit(".", 1)[-1].upper(), subtype=f"PCM_{sound.bits}"
    )
    return buffer.getvalue()


def _record(folder: Path) -> dict[str, str]:
    """Read what an earlier run of this very generator wrote; nothing if it was another, or is damaged."""
    try:
        record = json.loads((folder / _RECORD).read_text("utf-8"))
        return dict(record["files"]) if record["generator"] == _generator() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _is_right(path: Path, digest: str | None) -> bool:
    return digest is not None and path.is_file() and _digest(path.read_bytes()) == digest


def _labels(sounds: tuple[Sound, ...]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(label_row(sound) for sound in sounds)
    return text.getvalue().encode()


def make_demo(to: str | Path, *, progress: Callable[[int, int], None] | None = None, subset: str = "all") -> DemoReport:
    """Synthesise the demo library.

    Parameters
    ----------
    to : str or Path
        Folder, made if it is missing. Files of other names in it are left alone.
    progress : callable, optional
        Called with (sounds done, sounds in all), first with (0, all).
    subset : {'all', 'small'}
        About 300 sounds in WAV and FLAC, or about 50 in FLAC.

    Returns
    -------
    DemoReport

    Raises
    ------
    ParameterError
        For another subset.
    OSError
        Where the folder cannot be written to, or its disk is full.

    Notes
    -----
    The same machine and numpy give the same bytes. Stopping at any point leaves whole files only, and the next call
    goes on from there.

    Examples
    --------
    >>> from samplemind.demo import make_demo
    >>> report = make_demo("demo-sounds", subset="small")  # doctest: +SKIP
    """
    folder = Path(to)
    sounds = catalogue(subset)
    return _write(folder, sounds, progress or (lambda done, total: None))


def _write(folder: Path, sounds: tuple[Sound, ...], progress: Callable[[int, int], None]) -> DemoReport:
    folder.mkdir(parents=True, exist_ok=True)
    before, now, written = _record(folder), {}, 0
    progress(0, len(sounds))
    try:
        for done, sound in enumerate(sounds, start=1):
            path = folder / sound.path
            if _is_right(path, before.get(sound.path)):
                now[sound.path] = before[sound.path]
            else:
                data = _encode(sound)
                path.parent.mkdir(parents=True, exist_ok=True)
                _replace(path, data)
                now[sound.path] = _digest(data)
                written += 1
            progress(done, len(sounds))
    finally:
        record = {"generator": _generator(), "files": before | now}
        _replace(folder / _RECORD, json.dumps(record, indent=0).encode())
    labels = folder / "labels.csv"
    _replace(labels, _labels(sounds))
    size = sum((folder / sound.path).stat().st_size for sound in sounds)
    return DemoReport(folder, labels, sounds, written, len(sounds) - written, size)


def _cache_folder() -> Path:
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        if os.environ.get(variable):
            return Path(os.environ[variable]) / "samplemind"
    return Path.home() / ".cache" / "samplemind"


def small_demo() -> Path:
    """Find the small demo library, and make it where there is none.

    Returns
    -------
    Path
        Folder with `labels.csv`: `data/demo` of a source checkout; otherwise a folder in the user's cache, which is
        filled by the first call (some seconds).
    """
    committed = Path(__file__).resolve().parents[2] / "data" / "demo"
    if (committed / "labels.csv").is_file():
        return committed
    return make_demo(_cache_folder() / "demo-small", subset="small").folder
