"""From a clip to an analysis: run the groups of a level over one shared signal."""

from __future__ import annotations

import math
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.audio.clip import AudioInfo, Clip
from samplemind.descriptors.catalogue import CATALOGUE, GROUPS, Descriptor, Level, groups_of, parse_level
from samplemind.descriptors.catalogue import descriptors as catalogue_of
from samplemind.errors import AudioError, ParameterError

if TYPE_CHECKING:
    from samplemind.audio.stream import Stream
    from samplemind.descriptors.signal import Signal
    from samplemind.settings import Settings

__all__ = ["Analysis", "analyze", "analyze_file", "warm_up"]

#: Groups that have something to say of silence; all others say null.
_OF_SILENCE: Final = ("container", "level", "loudness")


@dataclass(slots=True, repr=False)
class Analysis:
    """What was heard in one file.

    Attributes
    ----------
    path : str
    status : {'ok', 'failed'}
    error : str or None
        Why it failed, in words for a person.
    level : {'basic', 'standard', 'detailed'}
    values : dict
        By names of the catalogue: numbers, texts, float32 arrays, lists; None where there is nothing to say.
    versions : dict of str to int
        Version of each group that was computed.
    info : AudioInfo or None
        Facts of the file; None where it could not be opened.
    """

    path: str
    status: str
    error: str | None
    level: Level
    values: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    info: AudioInfo | None = None

    def __repr__(self) -> str:
        if self.status != "ok":
            return f"Analysis({self.path!r}, failed: {self.error})"
        told = {name: _plain(self.values.get(name)) for name in _FIXED if self.values.get(name) is not None}
        words = ", ".join(f"{name}={value!r}" for name, value in told.items())
        return f"Analysis({self.path!r}, {self.level}, {len(self.values)} values: {words})"

    def to_json(self, vectors: bool = False) -> dict[str, Any]:
        """The fixed form of one line of JSON.

        Parameters
        ----------
        vectors : bool
            With the vectors of similarity (`embedding` and the aspects) and the fingerprint.

        Returns
        -------
        dict
            `path`, `status`, `error`, then every value of the level; floats rounded to 6 significant digits.
        """
        row: dict[str, Any] = {"path": self.path, "status": self.status, "error": self.error}
        for entry in catalogue_of(self.level):
            if vectors or entry.group not in ("vectors", "fingerprint"):
                row[entry.name] = _plain(self.values.get(entry.name))
        return row | {name: None for name in _FIXED if name not in row}


#: Names that every line of JSON has, also at levels that do not compute them.
_FIXED: Final = ("duration_s", "sample_rate", "channels", "kind", "kind_confidence", "bpm", "bpm_confidence", "key",
                 "scale", "key_confidence", "f0_hz", "midi_note", "pitch_confidence", "loudness_lufs", "peak_dbfs",
                 "sample_class", "sample_class_confidence")  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, np.ndarray):
        return [float(f"{x:.6g}") for x in value.tolist()]
    if isinstance(value, (list, tuple)):
        return [_plain(x) for x in value]
    return value


def analyze(clip: Clip, level: str = "standard", groups: Iterable[str] | None = None) -> Analysis:
    """Listen to a clip.

    Parameters
    ----------
    clip : Clip
    level : {'basic', 'standard', 'detailed'}
    groups : iterable of str, optional
        Only these groups of the level (and nothing is reported of the others).

    Returns
    -------
    Analysis
        With status 'ok'.

    Raises
    ------
    ParameterError
        For an unknown level or group, or for anything but a clip.
    """
    from samplemind.audio.stream import even_blocks
    from samplemind.descriptors import long
    from samplemind.descriptors.signal import Signal

    if not isinstance(clip, Clip):
        raise ParameterError(f"clip: a {type(clip).__name__} is no Clip; give a path to `analyze_file`, "
                             "or an array to `Clip.from_array`")  # fmt: skip
    checked = parse_level(level)
    chosen = _check_groups(groups, checked)
    if long.is_long(clip):
        return _analyze_blocks(even_blocks([clip], long.block_frames(clip.info)), clip.info, checked, chosen)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        values = _listen(Signal(clip, checked), chosen)
    return Analysis(clip.info.path, "ok", None, checked, values, {g: GROUPS[g] for g in chosen}, clip.info)


def _listen(signal: Signal, groups: Sequence[str]) -> dict[str, Any]:
    """The values of some groups, as the catalogue's types."""
    rows = _rows_by_group(signal.level)
    values: dict[str, Any] = {}
    for group in groups:
        if signal.is_silent and group not in _OF_SILENCE:
            values |= {entry.name: None for entry in rows[group]}
            continue
        computed = signal.values(group)
        for entry in rows[group]:
            values[entry.name] = _checked(entry, computed[entry.name])
    return values


def _analyze_blocks(clips: Iterable[Clip], info: AudioInfo, level: Level, groups: Sequence[str]) -> Analysis:
    """Listen to a long sound, which comes in blocks."""
    from samplemind.descriptors import long

    rows = _rows_by_group(level)
    entries = [entry for group in groups for entry in rows[group]]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        joined = long.analyze_blocks(clips, info, level, entries, _listen)
    values = {entry.name: _checked(entry, joined[entry.name]) for entry in entries}
    info = replace(info, frames=joined["frames"]) if "frames" in joined else info
    return Analysis(info.path, "ok", None, level, values, {g: GROUPS[g] for g in groups}, info)


def _check_groups(groups: Iterable[str] | None, level: Level) -> tuple[str, ...]:
    if groups is None:
        return groups_of(level)
    wanted = set(groups)
    for group in wanted - set(groups_of(level)):
        raise ParameterError(f"groups: {group!r} is not one of {', '.join(groups_of(level))} (level {level})")
    return tuple(group for group in GROUPS if group in wanted)


@lru_cache
def _rows_by_group(level: Level) -> dict[str, list[Descriptor]]:
    """What a level asks of each group, in the order of computation."""
    rows: dict[str, list[Descriptor]] = {group: [] for group in groups_of(level)}
    for entry in catalogue_of(level):
        rows[entry.group].append(entry)
    return rows


def _checked(entry: Descriptor, value: Any) -> Any:
    """The value as the catalogue's type; None for anything that is not finite."""
    if value is None:
        return None
    if entry.dtype == "float":
        number = float(value)
        return number if math.isfinite(number) else None
    if entry.dtype == "int":
        return int(value)
    if entry.dtype == "text":
        return str(value)
    if entry.dtype == "texts":
        return [str(text) for text in value]
    array = np.asarray(value, dtype=np.float32)
    if entry.size is not None and array.shape != (entry.size,):
        raise ValueError(f"{entry.name}: shape {array.shape}, the catalogue says ({entry.size},)")
    # a product is finite only if all of its terms are, and takes a tenth of the time to find out
    return array if math.isfinite(array.dot(array)) or np.isfinite(array).all() else None


def analyze_file(path: str, level: str = "standard", *, groups: Iterable[str] | None = None,
                 settings: Settings | None = None, data: bytes | None = None) -> Analysis:  # fmt: skip
    """Decode a file and listen to it; a file that is no sound gives an analysis that says so.

    Parameters
    ----------
    path : str
    level : {'basic', 'standard', 'detailed'}
    groups : iterable of str, optional
        See `analyze`.
    settings : Settings, optional
        For the limits on length and size.
    data : bytes, optional
        The bytes of the file, where they have been read already.

    Returns
    -------
    Analysis
        With status 'failed' and the reason where it cannot be decoded.
    """
    from samplemind.audio.limits import Limits
    from samplemind.audio.stream import Stream

    checked = parse_level(level)
    seconds, size = (None, None) if settings is None else (settings.max_duration_s, settings.max_bytes)
    limits = Limits(seconds, size, in_blocks=True)
    try:
        with Stream(path, data, limits) as stream:
            analysis = _analyze_stream(stream, checked, groups)
    except AudioError as error:
        return Analysis(path, "failed", error.reason, checked)
    except MemoryError:
        return Analysis(path, "failed", "not enough memory for a sound of this length", checked)
    except ParameterError:
        raise
    except Exception as error:
        # one file never stops a batch: what broke is in its row, and `--debug` on that file shows where
        return Analysis(path, "failed", f"analysis failed: {type(error).__name__}: {error}", checked)
    analysis.path = path
    return analysis


def _analyze_stream(stream: Stream, level: Level, groups: Iterable[str] | None) -> Analysis:
    """Listen to a file as a whole, or block by block where it turns out to be long."""
    from samplemind.audio.stream import even_blocks, joined
    from samplemind.descriptors import long

    frames, longest = long.block_frames(stream.info), long.longest_whole(stream.info)
    first: deque[Clip] = deque()
    ended = False
    while not ended and len(first) * frames <= longest:
        first.append(stream.read(frames))
        ended = first[-1].samples.shape[1] < frames
    if ended and sum(clip.samples.shape[1] for clip in first) <= longest:
        return analyze(joined(first), level, groups)

    def pieces() -> Iterator[Clip]:
        while first:  # each is let go of as soon as it has been listened to
            yield first.popleft()
        if not ended:
            yield from stream.clips(frames)

    return _analyze_blocks(even_blocks(pieces(), frames), stream.info, level, _check_groups(groups, level))


def warm_up(level: str = "detailed") -> None:
    """Compile every kernel, or load it from the cache: once, in one process, before workers start.

    Workers that write one cache at the same time can crash; after this they only read it.
    """
    checked = parse_level(level)
    rng = np.random.default_rng(0)
    time = np.arange(79380) / 44100  # 1.8 s: `loudness` runs over shorter sounds with another kernel
    tone = 0.3 * np.sin(2 * np.pi * 220 * time) * np.exp(-4 * (time % 0.375)) + 0.01 * rng.standard_normal(len(time))
    strokes = np.clip(rng.standard_normal(len(time)) * np.exp(-60 * (time % 0.375)), -1, 1)
    # two channels, clipped samples with a rhythm, and a single frame, whose arrays lie otherwise in memory
    for samples in (tone, np.stack([tone, -tone]), strokes, tone[:300]):
        analyze(Clip.from_array(samples, 44100), level)
    clip = Clip.from_array(tone, 44100)
    _analyze_blocks([clip], clip.info, checked, ("level",))  # as long sounds are heard


assert {entry.group for entry in CATALOGUE} == set(GROUPS), "every group of the catalogue has a version"
