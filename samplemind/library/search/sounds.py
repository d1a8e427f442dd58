"""A sound to compare with becomes vectors: an id, a path, a file from outside, samples, or a region of any of these."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.audio.clip import Clip
from samplemind.errors import AudioError, LibraryError, ParameterError, printable
from samplemind.library.paths import absolute, from_text, is_storable, to_text
from samplemind.library.query import find_id
from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, vector_columns, version_column
from samplemind.library.search.scoring import FloatArray
from samplemind.library.search.variants import HARMONY
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    from samplemind.library.search.indices import Engine

__all__ = ["ASPECTS", "NUMBERS", "OVERALL", "Given", "Heard", "aspect_column", "aspect_name", "check_region",
           "check_sound", "hear"]  # fmt: skip

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
#: So many sounds from outside are remembered: the next page compares with the same ones.
_REMEMBERED: Final = 16
#: What can be a number; those of NumPy are not all among Python's.
NUMBERS: Final = (int, float, np.integer, np.floating)
#: No time (s) and no rate (Hz) is as large.
_GREATEST: Final = 1e9


def aspect_column(name: object, what: str = "aspects") -> str:
    """The column of an aspect, by its name or that of the column.

    Raises
    ------
    ParameterError
        For one that there is not.
    """
    for aspect, column in ASPECTS.items():
        if isinstance(name, str) and name in (aspect, column):
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
    sound : str, path-like, Clip or array_like
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
            return printable(str(os.fspath(self.sound)))
        if isinstance(self.sound, Clip):
            return f"a clip of {self.sound.duration_s:.3f} s"
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
        Its id, where it was given as a sound of the library.
    audio_hash : str or None
        Of its samples, where they were listened to just now.
    vectors : dict of str to numpy.ndarray
        Those that it has.
    lacking : dict of str to str
        Columns of which it has no vector, and why.
    """

    key: str | None
    audio_hash: str | None
    vectors: dict[str, FloatArray]
    lacking: dict[str, str] = field(default_factory=dict)

    def notes(self, said: str) -> list[str]:
        """What it cannot be compared by, for a person."""
        return [_lacks(said, column, reason) for column, reason in self.lacking.items()]


def check_sound(sound: object, sample_rate: object) -> None:
    """That something can be a sound.

    Raises
    ------
    ParameterError
        For anything but a text, a path, a `Clip`, or samples with their rate.
    """
    is_whole = isinstance(sound, (str, os.PathLike, Clip))
    if not (is_whole or isinstance(sound, (list, tuple)) or hasattr(sound, "__array__")):
        raise ParameterError(f"sound: a {type(sound).__name__} is none; give the start of an id, a path, a Clip, or an "
                             "array of samples with its sample_rate")  # fmt: skip
    if is_whole and sample_rate is not None:
        raise ParameterError(f"sample_rate: {sample_rate!r}: it is known of a file or clip; leave it out")
    if not is_whole and sample_rate is None:
        raise ParameterError("sample_rate: of an array it has to be given (Hz)")
    if sample_rate is not None and not (_is_number(sample_rate) and sample_rate == int(sample_rate)):  # type: ignore[call-overload]
        raise ParameterError(f"sample_rate: {sample_rate!r}; give a whole number (Hz)")


def hear(tables: Tables, engine: Engine, given: Given, columns: Sequence[str], required: bool = True) -> Heard:
    """The vectors of a sound.

    Parameters
    ----------
    tables : Tables
    engine : Engine
    given : Given
    columns : sequence of str
        Of vectors.
    required : bool
        Whether it has to have one of them.

    Raises
    ------
    LibraryError
        When there is no such sound, or it has no such vector: it failed, or was only analyzed at level basic.
    AudioError
        For a file that is no sound, or silent.
    ParameterError
        For an array that is no sound, or a region outside it.
    """
    heard, refused = _heard(tables, engine, given, columns)
    if required and not heard.vectors and heard.lacking:
        column, reason = next(iter(heard.lacking.items()))
        if heard.key is not None:
            raise LibraryError(f"library {tables.uri}: {_lacks(given.said, column, reason)}")
        if refused is not None:
            raise AudioError(refused, _lacks("it", column, reason))
        raise ParameterError(f"sound: {_lacks(given.said, column, reason)}")
    return heard


def _lacks(said: str, column: str, reason: str) -> str:
    return f"{said} has no {aspect_name(column)}: {reason}"


def _heard(tables: Tables, engine: Engine, given: Given,
           columns: Sequence[str]) -> tuple[Heard, str | None]:  # fmt: skip
    """A sound, and the path where it is a file from outside."""
    if not isinstance(given.sound, (str, os.PathLike)):
        return _of_values(_of_clip(_cut(given)), columns), None
    text = os.fspath(given.sound)
    if not isinstance(text, str):
        raise ParameterError(f"sound: {text!r}; give a text or an array of samples")
    key = _known(tables, engine, text)
    is_whole = given.start is None and given.end is None
    if key is not None and is_whole:
        return _of_library(tables, engine, key, columns), None
    path = _existing(absolute(text) if key is None else _place(tables, engine, key), text, tables)
    state = os.stat(path)
    return _of_values(_of_file(path, state.st_mtime_ns, state.st_size, given.start, given.end), columns), (
        path if is_whole else None
    )


def _known(tables: Tables, engine: Engine, text: str) -> str | None:
    if not is_storable(text):
        return None
    for name in dict.fromkeys((to_text(text), to_text(absolute(text)))):
        if (key := engine.find(name)) is not None:
            return key
    return find_id(tables, text)


def _of_library(tables: Tables, engine: Engine, key: str, columns: Sequence[str]) -> Heard:
    found = {name: vectors[0] for name, vectors in engine.vectors([key], columns).items()}
    there = {name: vector for name, vector in found.items() if vector is not None}
    lacking = [name for name, vector in found.items() if vector is None]
    if not lacking:
        return Heard(key, None, there)
    names = ["level", "error", version_column("vectors"), ASPECTS[OVERALL]]
    rows = tables.read(tables.samples, names, f"id = '{key}'")
    level, error, version, overall = rows.row(0) if len(rows) else (None, "it is there no longer", None, None)
    if error is None and level == "basic":
        error = "it was analyzed at level basic; ingest it at level standard"
    elif error is None and version is None and overall is None:
        error = "that was not computed yet; ingest its folder anew"
    return Heard(key, None, there, {name: error or _unheard(name, overall) for name in lacking})


def _unheard(column: str, overall: object) -> str:
    """Why a sound that was listened to has no vector."""
    if overall is None:
        return "it is silent"
    return "nothing tonal is heard in it" if column == HARMONY else "nothing of that is heard in it"


def _existing(path: str, said: str, tables: Tables) -> str:
    if not os.path.isfile(path):
        raise LibraryError(f"library {tables.uri}: {said!r} is neither a path in it, nor the start of an id, nor a "
                           "file; see `samplemind list`")  # fmt: skip
    return path


@functools.lru_cache(_REMEMBERED)
def _of_file(path: str, mtime_ns: int, size: int, start: float | None, end: float | None) -> Mapping[str, Any]:
    """A file, or a part of one; as long as it stays as it is (`mtime_ns`, `size`) it is heard once."""
    if start is not None or end is not None:
        return _of_clip(_part_of_file(path, Given(path, None, start, end)))
    from samplemind.descriptors.engine import analyze_file

    analysis = analyze_file(path, "standard", groups=_GROUPS)
    if analysis.status != "ok":
        raise AudioError(path, analysis.error or "cannot be analyzed")
    return analysis.values


def _of_clip(clip: Clip) -> Mapping[str, Any]:
    from samplemind.descriptors.engine import analyze

    return analyze(clip, "standard", _GROUPS).values


def _of_values(values: Mapping[str, Any], columns: Sequence[str]) -> Heard:
    there = {name: values[name] for name in columns if values.get(name) is not None}
    overall = values.get(ASPECTS[OVERALL])
    lacking = {name: _unheard(name, overall) for name in columns if name not in there}
    return Heard(None, values["audio_hash"], there, lacking)


def _place(tables: Tables, engine: Engine, key: str) -> str:
    """A file on the disk in which a sound of the library lies."""
    rows = engine.rows([key], [SAMPLES_KEY, FILES_KEY])
    paths = [from_text(text) for text in rows[FILES_KEY].to_list()]
    for path in paths:
        if os.path.isfile(path):
            return path
    where = printable(paths[0]) if paths else "no file"
    raise LibraryError(f"library {tables.uri}: a part of sound {key} cannot be heard: {where} is not on the disk")


def _cut(given: Given) -> Clip:
    """Samples, or that part of them."""
    check_sound(given.sound, given.sample_rate)
    whole = given.sound if isinstance(given.sound, Clip) else _array(given)
    rate, frames = whole.sample_rate, whole.samples.shape[1]
    first, last = _frames(given, rate, frames)
    return whole if (first, last) == (0, frames) else Clip.from_array(whole.samples[:, first:last], rate)


def _array(given: Given) -> Clip:
    try:
        samples = np.asarray(given.sound)
        if samples.dtype.kind not in "if":
            raise TypeError
    except (TypeError, ValueError):
        raise ParameterError(
            f"sound: a {type(given.sound).__name__} is none; give an id, a path, or an array"
        ) from None
    assert given.sample_rate is not None
    return Clip.from_array(samples, int(given.sample_rate))


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
        if value is not None and not (_is_number(value) and value >= 0):
            raise ParameterError(f"{name}: {value!r}; give seconds, 0 or more")
    if end is not None and end <= (start or 0.0):
        raise ParameterError(f"end: {end:g} s is not after start: {start or 0:g} s")


def _is_number(value: Any) -> bool:
    number: Any = value
    return isinstance(value, NUMBERS) and not isinstance(value, bool) and bool(abs(number) < _GREATEST)
