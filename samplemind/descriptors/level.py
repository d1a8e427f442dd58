"""Peaks, power, offset, clipping and silence, at the file's own rate and over all channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.signal import Signal

__all__ = ["FULL_SCALE", "REACH", "STRETCH", "Measured", "clipped", "compute", "product_of", "silence_below", "sums_of",
           "to_db", "tops_of", "true_peak", "values_of"]  # fmt: skip

SILENCE_DB: Final = 60.0
LOWEST_DB: Final = -200.0
FULL_SCALE: Final = np.float32(0.9999)  # 16-bit full scale is 32767/32768
_TAPS: Final = 12
REACH: Final = _TAPS // 2  # samples on either side that a value between two samples depends on
STRETCH: Final = 32  # samples that are looked at together for a true peak


def to_db(amplitude: float) -> float:
    """Decibels of an amplitude, not below `LOWEST_DB`."""
    return max(LOWEST_DB, 20 * math.log10(amplitude)) if amplitude > 0 else LOWEST_DB


@njit(cache=True, nogil=True)
def tops_of(row):  # type: ignore[no-untyped-def]
    """Highest absolute value in each `STRETCH` samples of one channel.

    Without their signs, floats have the order of the whole numbers with the same bits, whose maximum vectorises.
    """
    bits = row.view(np.int32)
    tops = np.empty(-(-len(row) // STRETCH), np.int32)
    for at in range(len(tops)):
        tops[at] = _highest_bits(bits[at * STRETCH : (at + 1) * STRETCH])
    return tops.view(np.float32)


@njit(cache=True, nogil=True, inline="always")
def _highest_bits(bits):  # type: ignore[no-untyped-def]
    found = np.int32(0)
    for i in range(len(bits)):
        found = max(found, bits[i] & np.int32(0x7FFFFFFF))
    return found


@njit(cache=True, nogil=True, fastmath=True)
def sums_of(row):  # type: ignore[no-untyped-def]
    """Sum of squares and sum of one channel."""
    squares, total = 0.0, 0.0
    for i in range(len(row)):
        x = np.float64(row[i])
        squares += x * x
        total += x
    return squares, total


@njit(cache=True, nogil=True, fastmath=True)
def product_of(left, right):  # type: ignore[no-untyped-def]
    """Sum of the products of two channels, in float64: the width of an almost mono sound is a small difference."""
    total = 0.0
    for i in range(len(left)):
        total += np.float64(left[i]) * np.float64(right[i])
    return total


@njit(cache=True, nogil=True)
def clipped(row, full_scale, run, last):  # type: ignore[no-untyped-def]
    """Samples in runs of three or more equal values at full scale.

    `run` and `last` are the length and the value of the run right before this row. Returns the samples in runs that end
    within it, and how long the run is that is still going on.
    """
    count = 0
    for x in row:
        if abs(x) >= full_scale and (run == 0 or x == last):
            run += 1
        else:
            if run >= 3:
                count += run
            run = 1 if abs(x) >= full_scale else 0
        last = x
    return count, run


@njit(cache=True, nogil=True)
def _edges(samples, threshold):  # type: ignore[no-untyped-def]
    """First and last index at which any channel reaches the threshold; (0, -1) where none does."""
    channels, n = samples.shape
    first = n
    last = -1
    for c in range(channels):
        row = samples[c]
        i = 0
        while i < first and abs(row[i]) < threshold:
            i += 1
        first = min(first, i)
        i = n - 1
        while i > last and abs(row[i]) < threshold:
            i -= 1
        last = max(last, i)
    if last < 0:
        first = 0
    return first, last


@njit(cache=True, nogil=True, fastmath=True)
def _between(around, taps, point, values):  # type: ignore[no-untyped-def]
    """The highest interpolated value behind each sample, of samples with those around them."""
    phases, width = taps.shape
    values[:] = np.float32(0.0)
    for p in range(phases):
        point[:] = np.float32(0.0)
        for k in range(width):
            for i in range(len(point)):
                point[i] += taps[p, k] * around[k + i]
        for i in range(len(point)):
            values[i] = max(values[i], abs(point[i]))


@njit(cache=True, nogil=True, fastmath=True)
def _true_peak(row, tops, first_stretch, stop, taps, gain, rise, best):  # type: ignore[no-untyped-def]
    """Highest interpolated value of some stretches, or `best`; those that cannot exceed the best so far are skipped.

    Between two samples the curve is at most `gain` times as high as the highest sample around, and exceeds that by at
    most `rise` times the largest step from one sample to the next.
    """
    n, half = len(row), taps.shape[1] // 2
    around = np.empty(STRETCH + 2 * half, np.float32)
    steps = np.empty(len(around) - 1, np.float32)
    point, values = np.empty(STRETCH, np.float32), np.empty(STRETCH, np.float32)
    step_bits, value_bits = steps.view(np.int32), values.view(np.int32)
    top = np.empty(1, np.float32)
    top_bits = top.view(np.int32)
    for at in range(first_stretch, stop):
        local = max(tops[max(0, at - 1)], tops[at], tops[min(len(tops) - 1, at + 1)])
        if local * gain <= best:
            continue
        begin = at * STRETCH
        first = begin - half + 1
        around[:] = np.float32(0.0)
        for i in range(max(0, first), min(n, first + len(around))):
            around[i - first] = row[i]
        for i in range(len(steps)):
            steps[i] = around[i + 1] - around[i]
        top_bits[0] = _highest_bits(step_bits)
        if local + rise * top[0] > best:
            _between(around, taps, point, values)
            top_bits[0] = _highest_bits(value_bits[: n - begin])
            best = max(best, top[0])
    return best


@lru_cache(maxsize=1)
def _interpolator() -> tuple[FloatArray, np.float32, np.float32]:
    """Taps of the three points between two samples [shape=(3, 12)], Kaiser-windowed sinc, and their limits.

    These are the highest value that samples within -1 and 1 can give, and how far samples that rise or fall by 1 at
    most can lift it above the line between its neighbours.
    """
    phase = np.arange(1, 4)[:, None] / 4
    x = np.arange(_TAPS) - (_TAPS // 2 - 1) - phase
    window = np.i0(5.0 * np.sqrt(np.maximum(0, 1 - (x / (_TAPS / 2)) ** 2))) / np.i0(5.0)
    taps = np.sinc(x) * window
    taps /= taps.sum(axis=1, keepdims=True)
    line = np.maximum(0, 1 - np.abs(x))
    rise = np.abs(np.cumsum(taps - line, axis=1)).sum(axis=1).max()
    return taps.astype(np.float32), np.float32(np.abs(taps).sum(axis=1).max()), np.float32(1.001 * rise)


def true_peak(samples: FloatArray, tops: Sequence[FloatArray], first: int = 0, stop: int | None = None) -> float:
    """Highest absolute value of the signal between its samples, 4 times oversampled (ITU-R BS.1770 annex 2).

    Parameters
    ----------
    samples : np.ndarray [shape=(channels, n)], float32
    tops : sequence of np.ndarray
        For each channel, the highest absolute value in each 32 samples.
    first, stop : int, optional
        Look only at these stretches of 32 samples; the others are what lies around them.

    Returns
    -------
    float
        Linear, at least that of the highest sample.
    """
    best = max(top.max() for top in tops)
    stop = len(tops[0]) if stop is None else stop
    for row, top in zip(samples, tops, strict=True):
        best = _true_peak(row, top, first, stop, *_interpolator(), best)
    return float(best)


def silence_below(peak: float) -> float:
    """What is below this does not count as sound, for a sound with that highest sample."""
    return max(peak * 10 ** (-SILENCE_DB / 20), 1e-9)


class Measured(NamedTuple):
    """What the values are made of.

    Attributes
    ----------
    frames, rate : int
        Samples a channel, and their rate in Hz.
    peak, true_peak : float
    squares, sums : sequence of float
        Sums over each channel.
    product : float
        Sum of left times right; any number for one channel.
    first, last : int
        Where the sound begins and ends; `last` is -1 where there is none.
    clipped, nonfinite : int
        Samples.
    """

    frames: int
    rate: int
    peak: float
    true_peak: float
    squares: Sequence[float]
    sums: Sequence[float]
    product: float
    first: int
    last: int
    clipped: int
    nonfinite: int


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `level`."""
    samples = signal.clip.samples
    tops = [tops_of(row) for row in samples]
    squares, sums = zip(*map(sums_of, samples), strict=True)
    peak = float(max(top.max() for top in tops))
    first, last = _edges(samples, np.float32(silence_below(peak)))
    return values_of(Measured(
        samples.shape[1], signal.clip.sample_rate, peak, true_peak(samples, tops), squares, sums,
        product_of(samples[0], samples[1]) if len(samples) >= 2 else 0.0, first, last,
        sum(map(_all_clipped, samples)) if peak >= FULL_SCALE else 0, signal.clip.nonfinite_samples,
    ))  # fmt: skip


def _all_clipped(row: FloatArray) -> int:
    count, run = clipped(row, FULL_SCALE, 0, np.float32(0))
    return int(count + (run if run >= 3 else 0))


def values_of(m: Measured) -> dict[str, Any]:
    """Values of the group `level` from what was measured over all of a sound."""
    size = m.frames * len(m.squares)
    rms = math.sqrt(sum(m.squares) / size)
    values: dict[str, Any] = {
        "peak_dbfs": to_db(m.peak),
        "true_peak_dbtp": to_db(m.true_peak),
        "rms_dbfs": to_db(rms),
        "crest_factor_db": max(0.0, to_db(m.peak) - to_db(rms)) if rms > 0 else 0.0,
        "dc_offset": sum(m.sums) / size,
        "leading_silence_s": (m.first if m.last >= 0 else m.frames) / m.rate,
        "trailing_silence_s": (m.frames - 1 - m.last) / m.rate if m.last >= 0 else 0.0,
        "effective_duration_s": (m.last - m.first + 1) / m.rate if m.last >= 0 else 0.0,
        "clipped_samples": m.clipped,
        "nonfinite_samples": m.nonfinite,
        "stereo_correlation": None,
        "stereo_width": None,
    }
    if len(m.squares) >= 2:
        values |= _stereo(m.squares[0], m.squares[1], m.product)
    return values


def _stereo(ll: float, rr: float, lr: float) -> dict[str, float | None]:
    mid, side = ll + rr + 2 * lr, ll + rr - 2 * lr
    return {
        "stereo_correlation": max(-1.0, min(1.0, lr / math.sqrt(ll * rr))) if ll > 0 and rr > 0 else None,
        "stereo_width": max(0.0, min(1.0, side / (mid + side))) if mid + side > 0 else None,
    }
