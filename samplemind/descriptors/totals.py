"""What is known exactly of a sound that comes in blocks: groups `container`, `level` and `loudness`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from samplemind.audio.clip import AudioInfo, Clip, FloatArray
from samplemind.descriptors import container, level, loudness
from samplemind.descriptors.level import FULL_SCALE, REACH, STRETCH, Measured

__all__ = ["Totals"]

#: Two steps of the stairs to a maximum differ by this share (0.001 dB): 70 000 steps span the 60 dB that matter.
_STEP: Final = 1e-4
_MOST_STEPS: Final = 80_000
_RANGE: Final = 0.999e-3
Indices = npt.NDArray[np.int64]


class Totals:
    """The sums over the blocks of one sound, in order.

    Parameters
    ----------
    info : AudioInfo
        Facts of the file.
    """

    def __init__(self, info: AudioInfo) -> None:
        self._info = info
        self.frames = 0
        self._hash = container.AudioHash(info.channels)
        self._levels = _Levels(info.channels)
        self._energies: list[loudness.Doubles] = []
        self._last_step: FloatArray | None = None

    def add(self, clip: Clip) -> None:
        """Go on with this block; all but the last have to be whole steps of the loudness."""
        samples = clip.samples
        self.frames += samples.shape[1]
        self._hash.add(samples)
        self._levels.add(samples, clip.nonfinite_samples)
        self._energies.append(loudness.step_energies(samples, clip.sample_rate, self._last_step))
        self._last_step = samples[:, -loudness.step_samples(clip.sample_rate) :].copy()

    def values(self) -> dict[str, Any]:
        """Values of the three groups."""
        rate = self._info.sample_rate
        return {
            **container.values_of(self._info, self.frames, self._hash),
            **level.values_of(self._levels.measured(rate)),
            **loudness.values_of(np.concatenate(self._energies), self.frames, rate),
        }


class _Levels:
    """Peaks, sums and edges so far."""

    def __init__(self, channels: int) -> None:
        self._frames = 0
        self._peak = 0.0
        self._true_peak = 0.0
        self._squares = np.zeros(channels)
        self._sums = np.zeros(channels)
        self._product = 0.0
        self._nonfinite = 0
        self._clipped = 0
        self._runs = [0] * channels
        self._last = [np.float32(0)] * channels
        self._before: FloatArray = np.empty((channels, 0), np.float32)
        self._up = _Stairs()
        self._down = _Stairs()

    def add(self, samples: FloatArray, nonfinite: int) -> None:
        peak = max(float(samples.max()), -float(samples.min()))
        for channel, row in enumerate(samples):
            squares, total = level.sums_of(row)
            self._squares[channel] += squares
            self._sums[channel] += total
        if len(samples) >= 2:
            self._product += level.product_of(samples[0], samples[1])
        self._nonfinite += nonfinite
        self._count_clipped(samples, peak)
        self._look_between(samples)
        self._up.climb(samples, self._frames, peak, self._peak)
        self._down.descend(samples, self._frames, peak)
        self._peak = max(self._peak, peak)
        self._frames += samples.shape[1]

    def _count_clipped(self, samples: FloatArray, peak: float) -> None:
        if peak < FULL_SCALE and not any(self._runs):
            return
        for channel, row in enumerate(samples):
            count, self._runs[channel] = level.clipped(row, FULL_SCALE, self._runs[channel], self._last[channel])
            self._clipped += count
            self._last[channel] = row[-1]

    def _look_between(self, samples: FloatArray) -> None:
        """Seek the true peak where all that lies around is known: within a block, and across the seam to the next."""
        tops = [level.tops_of(row) for row in samples]
        begin, stop = 0, samples.shape[1] // STRETCH - 1
        if self._before.size:
            begin = 1
            seam = np.concatenate([self._before, samples[:, : 4 * STRETCH]], axis=1)
            seam_tops = [level.tops_of(row) for row in seam]
            known = (seam.shape[1] - REACH) // STRETCH  # the stretches whose surroundings are all there
            self._true_peak = max(self._true_peak, level.true_peak(seam, seam_tops, 1, known))
        self._true_peak = max(self._true_peak, level.true_peak(samples, tops, begin, max(begin, stop)))
        self._before = samples[:, max(0, stop - 1) * STRETCH :].copy()

    def measured(self, rate: int) -> Measured:
        tops = [level.tops_of(row) for row in self._before]
        self._true_peak = max(self._true_peak, level.true_peak(self._before, tops, 1))
        limit = level.silence_below(self._peak)
        first, last = self._up.first(limit), self._down.last(limit)
        clipped = self._clipped + sum(run for run in self._runs if run >= 3)
        return Measured(self._frames, rate, self._peak, max(self._peak, self._true_peak), self._squares.tolist(),
                        self._sums.tolist(), self._product, first, last, clipped, self._nonfinite)  # fmt: skip


class _Stairs:
    """Where a sound is first (or last) as loud as this: steps from the edge to the maximum, over all channels."""

    def __init__(self) -> None:
        self._at: Indices = np.empty(0, np.int64)
        self._height: FloatArray = np.empty(0, np.float32)

    def climb(self, samples: FloatArray, offset: int, peak: float, top: float) -> None:
        """Add the steps of a block that rise above the top of all blocks before."""
        if peak > top:
            self._add(samples, offset, np.float32(max(top, peak * _RANGE)), False)

    def descend(self, samples: FloatArray, offset: int, peak: float) -> None:
        """Put the steps from the end of a block up to its maximum in place of all that are not higher."""
        higher = self._height > peak
        self._at, self._height = self._at[higher], self._height[higher]
        if peak > 0:
            self._add(samples, offset, np.float32(peak * _RANGE), True)

    def _add(self, samples: FloatArray, offset: int, above: np.float32, from_end: bool) -> None:
        for row in samples:
            at, height = _steps(row, above, np.float32(1 + _STEP), from_end, _MOST_STEPS)
            self._at = np.concatenate([self._at, at + offset])
            self._height = np.concatenate([self._height, height])

    def first(self, limit: float) -> int:
        """Index of the first sample that reaches the limit; 0 where none does."""
        return int(self._at[self._height >= limit].min(initial=np.iinfo(np.int64).max)) if self._reaches(limit) else 0

    def last(self, limit: float) -> int:
        """Index of the last sample that reaches the limit; -1 where none does."""
        return int(self._at[self._height >= limit].max()) if self._reaches(limit) else -1

    def _reaches(self, limit: float) -> bool:
        return bool((self._height >= limit).any())


@njit(cache=True, nogil=True)
def _steps(row, above, factor, from_end, most):  # type: ignore[no-untyped-def]
    """Samples that are higher than all before them (or after them), by a factor, and how high they are."""
    at = np.empty(most, np.int64)
    height = np.empty(most, np.float32)
    count = 0
    n = len(row)
    for k in range(n):
        i = n - 1 - k if from_end else k
        value = abs(row[i])
        if value >= above and count < most:
            at[count] = i
            height[count] = value
            count += 1
            above = value * factor
    return at[:count].copy(), height[:count].copy()
