"""The views of one sound that several descriptors share, each made once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import Any, Final, TypeVar

import numpy as np
from numba import njit

from samplemind.audio.clip import Clip, FloatArray
from samplemind.descriptors import frames as _frames
from samplemind.descriptors.catalogue import Level
from samplemind.descriptors.frames import HOP, SR, Frames

__all__ = ["ENVELOPE_HOP", "Signal"]

ENVELOPE_HOP: Final = 128  # samples, 2.9 ms
ACTIVE_DB: Final = 60.0  # a frame this far below the loudest is not part of the sound
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
        out[block] = np.sqrt(total / (end - begin))


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
        mean = y.mean(dtype=np.float64)
        if abs(mean) > 1e-5:
            y = y - np.float32(mean)
        return y

    def at(self, rate: int) -> FloatArray:
        """Mono samples at another rate, kept; see `Clip.at`."""
        return self.clip.at(rate)

    @cached_property
    def frames(self) -> Frames:
        """The one pass over the spectrogram."""
        return _frames.analyze_frames(self.y)

    @cached_property
    def frame_times(self) -> FloatArray:
        """Centre of each frame in seconds [shape=(n,)]."""
        return (np.arange(self.frames.n, dtype=np.float32) * np.float32(HOP / SR)).astype(np.float32)

    @cached_property
    def active(self) -> Any:
        """Which frames sound [shape=(n,)], bool: within 60 dB of the loudest; at least one."""
        energy = self.frames.energy
        return energy >= energy.max() * 10 ** (-ACTIVE_DB / 10)

    @cached_property
    def mel_db(self) -> FloatArray:
        """Mel bands in dB below the loudest band of the sound [shape=(n, 40)], 0 to -80."""
        mel = self.frames.mel
        loudest = max(float(mel.max()), 1e-12)
        db: FloatArray = 10 * np.log10(np.maximum(mel * np.float32(1 / loudest), np.float32(1e-8)))
        return db

    @cached_property
    def envelope(self) -> FloatArray:
        """Root mean square of every `ENVELOPE_HOP` samples [shape=(ceil(m / 128),)]."""
        out = np.empty(-(-len(self.y) // ENVELOPE_HOP), np.float32)
        _block_rms(self.y, ENVELOPE_HOP, out)
        return out

    @cached_property
    def is_silent(self) -> bool:
        """Nothing above -100 dBFS anywhere, or nothing but a constant offset."""
        return max(float(self.y.max()), -float(self.y.min())) < 1e-5

    @cached_property
    def onset_strength(self) -> FloatArray:
        """Novelty of each frame [shape=(n,)], >= 0; see `onsets.onset_strength`."""
        from samplemind.descriptors.onsets import onset_strength

        return onset_strength(self)

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
        module = import_module(f"samplemind.descriptors.{MODULES.get(group, group)}")
        return self.shared(f"values of {group}", module.compute)

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
