"""A sound to compare with becomes vectors: an id, a path, a file from outside, samples, or a region of any of these."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.audio.clip import Clip
from samplemind.errors import AudioError, LibraryError, ParameterError
from samplemind.library.paths import absolute, from_text, is_storable, to_text
from samplemind.library.query import find_id
from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, vector_columns
from samplemind.library.search.scoring import FloatArray
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    from samplemind.library.search.indices import Engine

__all__ = ["ASPECTS", "OVERALL", "Given", "Heard", "aspect_column", "aspect_name",
           "check_region", "hear"]  # fmt: skip

OVERALL: Final = "overall"
_SUFFIX: Final = "_vector"
#: What a sound can be compared by: name, column.
ASPECTS: Final = {OVERALL: "embedding"} | {
    name.removesuffix(_SUFFIX): name for name in vector_columns() if name.endswith(_SUFFIX)
}
#: What is computed of a sound from outside.
_GROUPS: Final = ("container", "vectors")
#: An end may be as far (s) behind that of the sound: lengths are shown rounded.
_ROUNDED: Final = 0.01


def aspect_column(name: object, what: str = "aspects") -> str:
    """The column of an aspect, by its name or that of the column.

    Raises
    ------
    ParameterError
        For one that there is not.
    """
    for aspect, column in ASPECTS.items():
        if name in (aspect, column):
            return column
    raise ParameterError(f"{what}: {name!r} is no vector; choose one of {', '.join(ASPECTS)}")


def aspect_name(column: str) -> str:
    """Name of the aspect that a column holds."""
    return next(name for name, of in ASPECTS.items() if of == column)


@dataclass(frozen=True, eq=False)  # arrays do not compare as one
class Given:
    """A sound as it was given.

    Attributes
    ----------
    sound : str, path-like or array_like
    sample_rate : int or None
        Of an array.
    start, end : float or None
        Only this part of it (s).
    """

    sound: Any
    sample_rate: int | None = None
    start: float | None = None
    end: float | None = None

    @property
    def name(self) -> str:
        """For a person, without its region."""
        if isinstance(self.sound, (str, os.PathLike)):
            return str(os.fspath(self.sound))
        return f"an array of shape {np.shape(self.sound)}"

    @property
    def said(self) -> str:
        """For a person."""
        if self.start is None and self.end is None:
            return self.name
        return f"{self.name} from {self.start or 0:g} s to {'its end' if self.end is None else f'{self.end:g} s'}"


@dataclass(frozen=True)
class Heard:
    """What is known of it.

    Attributes
    ----------
    key : str or None
        Its id, where it is (or would be) a sound of the library.
    audio_hash : str or None
        Of its samples, where they were listened to just now.
    vectors : dict of str to numpy.ndarray
    """

    key: str | None
    audio_hash: str | None
    vectors: dict[str, FloatArray]


def hear(tables: Tables, engine: Engine, given: Given, columns: Sequence[str]) -> Heard:
    """The vectors of a sound.

    Raises
    ------
    LibraryError
        When there is no such sound, or it has no such vector: it failed, or was only analyzed at level basic.
    AudioError
        For a file that is no sound, or silent.
    ParameterError
        For an array that is no sound, or a region outside it.
    """
    if not isinstance(given.sound, (str, os.PathLike)):
        return _of_clip(_array(given), given, columns)
    text = os.fspath(given.sound)
    if not isinstance(text, str):
        raise ParameterError(f"sound: {text!r}; give a text or an array of samples")
    key = _known(tables, engine, text)
    if given.start is None and given.end is None:
        return _of_library(tables, engine, key, text, columns) if key is not None else _of_file(text, tables, columns)
    path = absolute(text) if key is None else _place(tables, engine, key)
    return _of_clip(_part_of_file(_existing(path, text, tables), given), given, columns)


def _known(tables: Tables, engine: Engine, text: str) -> str | None:
    if not is_storable(text):
        return None
    for name in dict.fromkeys((to_text(text), to_text(absolute(text)))):
        if (key := engine.find(name)) is not None:
            return key
    return find_id(tables, text)


def _of_library(tables: Tables, engine: Engine, key: str, said: str, columns: Sequence[str]) -> Heard:
    found = {name: vectors[0] for name, vectors in engine.vectors([key], columns).items()}
    if lacking := [name for name, vector in found.items() if vector is None]:
        rows = tables.read(tables.samples, ["level", "error"], f"id = '{key}'")
        level, error = rows.row(0) if len(rows) else (None, "it is there no longer")
        if error is None and level == "basic":
            error = "it was analyzed at level basic; ingest it at level standard"
        raise LibraryError(f"library {tables.uri}: {said} has no {lacking[0]}: "
                           f"{error or 'there is nothing of that to be heard in it'}")  # fmt: skip
    return Heard(key, None, {name: vector for name, vector in found.items() if vector is not None})


def _existing(path: str, said: str, tables: Tables) -> str:
    if not os.path.isfile(path):
        raise LibraryError(f"library {tables.uri}: {said!r} is neither a path in it, nor the start of an id, nor a "
                           "file; see `samplemind list`")  # fmt: skip
    return path


def _of_file(text: str, tables: Tables, columns: Sequence[str]) -> Heard:
    from samplemind.descriptors.engine import analyze_file
    from samplemind.library.content import file_id

    path = _existing(absolute(text), text, tables)
    analysis = analyze_file(path, "standard", groups=_GROUPS)
    if analysis.status != "ok":
        raise AudioError(path, analysis.error or "cannot be analyzed")
    for name in columns:
        if analysis.values.get(name) is None:
            raise AudioError(path, f"it has no {name} (silence has none)")
    return Heard(file_id(path), analysis.values["audio_hash"], {name: analysis.values[name] for name in columns})


def _of_clip(clip: Clip, given: Given, columns: Sequence[str]) -> Heard:
    from samplemind.descriptors.engine import analyze

    analysis = analyze(clip, "standard", _GROUPS)
    for name in columns:
        if analysis.values.get(name) is None:
            raise ParameterError(f"sound: {given.said} has no {name} (silence has none)")
    return Heard(None, analysis.values["audio_hash"], {name: analysis.values[name] for name in columns})


def _place(tables: Tables, engine: Engine, key: str) -> str:
    """A file on the disk in which a sound of the library lies."""
    rows = engine.rows([key], [SAMPLES_KEY, FILES_KEY])
    paths = [from_text(text) for text in rows[FILES_KEY].to_list()]
    for path in paths:
        if os.path.isfile(path):
            return path
    where = paths[0] if paths else "no file"
    raise LibraryError(f"library {tables.uri}: a part of sound {key} cannot be heard: {where} is not on the disk")


def _array(given: Given) -> Clip:
    if given.sample_rate is None:
        raise ParameterError("sample_rate: of an array it has to be given (Hz)")
    try:
        samples = np.asarray(given.sound)
        if samples.dtype.kind not in "if":
            raise TypeError
    except (TypeError, ValueError):
        raise ParameterError(
            f"sound: a {type(given.sound).__name__} is none; give an id, a path, or an array"
        ) from None
    rate, whole = given.sample_rate, Clip.from_array(samples, given.sample_rate)
    first, last = _frames(given, rate, whole.samples.shape[1])
    return (
        whole if (first, last) == (0, whole.samples.shape[1]) else Clip.from_array(whole.samples[:, first:last], rate)
    )


def _frames(given: Given, rate: int, frames: int) -> tuple[int, int]:
    """The region in samples.

    Raises
    ------
    ParameterError
        When it is not within the sound.
    """
    start, end = given.start or 0.0, given.end
    check_region(given.start, end)
    length = frames / rate
    if round(start * rate) >= frames:
        raise ParameterError(f"start: {start:g} s is after the end of {given.name} ({length:.3f} s)")
    if end is not None and end - length > _ROUNDED:
        raise ParameterError(f"end: {end:g} s is after the end of {given.name} ({length:.3f} s)")
    first = round(start * rate)
    return first, max(first + 1, frames if end is None else min(frames, round(end * rate)))


def _part_of_file(path: str, given: Given) -> Clip:
    """A region of a file, of which no more is kept in memory."""
    from samplemind.audio.decode import decode_blocks

    start, end = given.start or 0.0, given.end
    parts: list[FloatArray] = []
    at, rate = 0, 0
    for clip in decode_blocks(path):
        rate, count = clip.sample_rate, clip.samples.shape[1]
        first, last = round(start * rate) - at, (count if end is None else round(end * rate) - at)
        if first < count and last > 0:
            parts.append(clip.samples[:, max(first, 0) : min(last, count)])
        at += count
        if end is not None and at >= round(end * rate):
            break
    _frames(given, rate, at)
    return Clip.from_array(np.concatenate(parts, axis=1), rate)


def check_region(start: float | None, end: float | None) -> None:
    """That a region can be one.

    Raises
    ------
    ParameterError
        For times that are no numbers, negative, or in the wrong order.
    """
    for name, value in (("start", start), ("end", end)):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not (is_number and 0 <= value < float("inf")):
            raise ParameterError(f"{name}: {value!r}; give seconds, 0 or more")
    if end is not None and end <= (start or 0.0):
        raise ParameterError(f"end: {end:g} s is not after start: {start or 0:g} s")
