"""The views of one sound that several descriptors share, each made once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any, Final, TypeVar

import numpy as np
from numba import njit

from samplemind.audio.clip import Clip, FloatArray
from samplemind.audio.resampling import resample
from samplemind.descriptors import frames as _frames
from samplemind.descriptors.catalogue import Level
from samplemind.descriptors.frame_statistics import sounding
from samplemind.descriptors.frames import SR, Frames

__all__ = ["ENVELOPE_HOP", "Signal"]

ENVELOPE_HOP: Final = 128  # samples, 2.9 ms
#: The module of each group whose name is not the group's own.
MODULES: Final = {"class": "sample_class"}
T = TypeVar("T")


@njit(cache=True, nogil=True, fastmath=True)
def _block_rms(y, hop, out):  # type: ignore[no-untyped-def]
    for block in range(len(out)):
        total = np.float32(0.0)
        end = min(len(y), (block + 1) * hop)
        begin = max(0, end - hop)  # the last block reaches back: few samples have no root mean square to speak of
        part = y[begin:end]
        for i in range(len(part)):
            total += part[i] * part[i]
        out[block] = np.sqrt(total / np.float32(end - begin))


@njit(cache=True, nogil=True, fastmath=True)
def _mean(y):  # type: ignore[no-untyped-def]
    """In float32 over short stretches, which are added up in float64."""
    total = 0.0
    for begin in range(0, len(y), 4096):
        part = np.float32(0.0)
        for x in y[begin : begin + 4096]:
            part += x
        total += np.float64(part)
    return total / len(y)


@njit(cache=True, nogil=True)
def _reaches(y, level):  # type: ignore[no-untyped-def]
    """Whether any sample is as far from zero."""
    for x in y:  # noqa: SIM110 - compiled
        if abs(x) >= level:
            return True
    return False


@lru_cache
def _compute_of(group: str) -> Callable[[Signal], dict[str, Any]]:
    """The function of a group's module."""
    compute: Callable[[Signal], dict[str, Any]] = import_module(
        f"samplemind.descriptors.{MODULES.get(group, group)}"
    ).compute
    return compute


class Signal:
    """A clip seen at the rate of analysis.

    Parameters
    ----------
    clip : Clip
    level : {'basic', 'standard', 'detailed'}
        What is asked for: groups may leave out what only a higher level says.

    Attributes
    ----------
    sr : int
        44100 Hz: descriptors mean the same whatever the rate of the file.
    """

    sr: Final = SR

    def __init__(self, clip: Clip, level: Level = "detailed") -> None:
        self.clip = clip
        self.level = level
        self._shared: dict[str, Any] = {}

    @property
    def duration_s(self) -> float:
        """Exact length of the file in seconds."""
        return self.clip.duration_s

    @cached_property
    def y(self) -> FloatArray:
        """Mono samples at `sr` [shape=(m,)], without their mean (but for sounds too short to have one)."""
        y = self.clip.at(SR)
        if len(y) < SR // 20:
            return y
        mean = _mean(y)
        if abs(mean) > 1e-5:
            y = y - np.float32(mean)
        return y

    def at(self, rate: int) -> FloatArray:
        """Mono samples at another rate, kept: made from those at `sr`, which every sound has anyway."""
        return self.shared(f"at {rate} Hz", lambda s: resample(s.clip.at(SR), SR, rate))

    @cached_property
    def frames(self) -> Frames:
        """The one pass over the spectrogram."""
        return _frames.analyze_frames(self.y)

    @cached_property
    def active(self) -> Any:
        """Which frames sound [shape=(n,)], bool: within 60 dB of the loudest; at least one."""
        return sounding(self.frames.energy, 1)

    @property
    def mel_db(self) -> FloatArray:
        """Mel bands in dB below the loudest band of the sound [shape=(n, 40)], 0 to -80."""
        return self.frames.mel_db

    @cached_property
    def envelope(self) -> FloatArray:
        """Root mean square of every `ENVELOPE_HOP` samples [shape=(ceil(m / 128),)]."""
        out = np.empty(-(-len(self.y) // ENVELOPE_HOP), np.float32)
        _block_rms(self.y, ENVELOPE_HOP, out)
        return out

    @cached_property
    def is_silent(self) -> bool:
        """Nothing above -100 dBFS anywhere, or nothing but a constant offset."""
        return not _reaches(self.y, np.float32(1e-5))

    @property
    def onset_strength(self) -> FloatArray:
        """Novelty of each frame [shape=(n,)], >= 0; see `onsets`."""
        return self.frames.onset_strength

    @cached_property
    def _onsets(self) -> tuple[Any, FloatArray]:
        from samplemind.descriptors.onsets import pick_onsets

        return pick_onsets(self)

    @property
    def onset_times(self) -> Any:
        """When attacks begin, in seconds [shape=(k,)], float64."""
        return self._onsets[0]

    @property
    def onset_weights(self) -> FloatArray:
        """How strong each attack is [shape=(k,)]."""
        return self._onsets[1]

    def values(self, group: str) -> dict[str, Any]:
        """What a group of the catalogue says of this sound, computed once; see the module of that group."""
        return self.shared(f"values of {group}", _compute_of(group))

    def shared(self, key: str, make: Callable[[Signal], T]) -> T:
        """A result that several groups use, made by the first that asks.

        Parameters
        ----------
        key : str
            Name of the result.
        make : callable
            Makes it from this signal.
        """
        if key not in self._shared:
            self._shared[key] = make(self)
        result: T = self._shared[key]
        return result
