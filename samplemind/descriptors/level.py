"""Peaks, power, offset, clipping and silence, at the file's own rate and over all channels."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.signal import Signal

__all__ = ["compute", "to_db", "true_peak"]

SILENCE_DB: Final = 60.0
LOWEST_DB: Final = -200.0
_FULL_SCALE: Final = np.float32(0.9999)  # 16-bit full scale is 32767/32768
_TAPS: Final = 12


def to_db(amplitude: float) -> float:
    """Decibels of an amplitude, not below `LOWEST_DB`."""
    return max(LOWEST_DB, 20 * math.log10(amplitude)) if amplitude > 0 else LOWEST_DB


@njit(cache=True, nogil=True, fastmath=True)
def _moments(samples, out):  # type: ignore[no-untyped-def]
    """Peak, sum of squares, sum, clipped samples of all channels."""
    peak = np.float32(0.0)
    squares = 0.0
    total = 0.0
    for c in range(samples.shape[0]):
        row = samples[c]
        n = len(row)
        for begin in range(0, n, 4096):  # float32 sums of short stretches, added up in float64
            square = np.float32(0.0)
            part = np.float32(0.0)
            for i in range(begin, min(n, begin + 4096)):
                x = row[i]
                square += x * x
                part += x
                peak = max(peak, abs(x))
            squares += float(square)
            total += float(part)
    out[0] = peak
    out[1] = squares
    out[2] = total


@njit(cache=True, nogil=True)
def _clipped(samples, full_scale):  # type: ignore[no-untyped-def]
    """Samples in runs of three or more equal values at full scale."""
    count = 0
    for c in range(samples.shape[0]):
        row = samples[c]
        run = 0
        for i in range(len(row)):
            if abs(row[i]) >= full_scale and (run == 0 or row[i] == row[i - 1]):
                run += 1
            else:
                if run >= 3:
                    count += run
                run = 1 if abs(row[i]) >= full_scale else 0
        if run >= 3:
            count += run
    return count


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
def _true_peak(samples, taps, gain, peak):  # type: ignore[no-untyped-def]
    """Highest interpolated value; stretches that cannot exceed the best so far are passed over."""
    phases, width = taps.shape
    half = width // 2
    best = peak
    for c in range(samples.shape[0]):
        row = samples[c]
        n = len(row)
        for begin in range(0, n, 32):
            around = row[max(0, begin - half) : begin + 32 + half]
            local = np.float32(0.0)
            for i in range(len(around)):
                local = max(local, abs(around[i]))
            if local * gain <= best:
                continue
            for i in range(begin, min(n, begin + 32)):
                # between two samples the curve rises above both only by a share of what lies around them
                for p in range(phases):
                    value = np.float32(0.0)
                    for k in range(width):
                        j = i - half + 1 + k
                        if 0 <= j < n:
                            value += taps[p, k] * row[j]
                    best = max(best, abs(value))
    return best


@lru_cache(maxsize=1)
def _interpolator() -> tuple[FloatArray, np.float32]:
    """Taps of the three points between two samples [shape=(3, 12)], Kaiser-windowed sinc, and their highest gain."""
    phase = np.arange(1, 4)[:, None] / 4
    x = np.arange(_TAPS) - (_TAPS // 2 - 1) - phase
    window = np.i0(5.0 * np.sqrt(np.maximum(0, 1 - (x / (_TAPS / 2)) ** 2))) / np.i0(5.0)
    taps = np.sinc(x) * window
    taps /= taps.sum(axis=1, keepdims=True)
    return taps.astype(np.float32), np.float32(np.abs(taps).sum(axis=1).max())


def true_peak(samples: FloatArray, peak: float) -> float:
    """Highest absolute value of the signal between its samples, 4 times oversampled (ITU-R BS.1770 annex 2).

    Parameters
    ----------
    samples : np.ndarray [shape=(channels, n)], float32
    peak : float
        The highest absolute sample.

    Returns
    -------
    float
        Linear, at least `peak`.
    """
    taps, gain = _interpolator()
    return float(_true_peak(samples, taps, gain, np.float32(peak)))


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `level`."""
    samples = signal.clip.samples
    rate = signal.clip.sample_rate
    n = samples.shape[1]
    moments = np.zeros(3)
    _moments(samples, moments)
    peak, rms = float(moments[0]), math.sqrt(moments[1] / samples.size)
    first, last = _edges(samples, np.float32(max(peak * 10 ** (-SILENCE_DB / 20), 1e-9)))
    values: dict[str, Any] = {
        "peak_dbfs": to_db(peak),
        "true_peak_dbtp": to_db(true_peak(samples, peak)),
        "rms_dbfs": to_db(rms),
        "crest_factor_db": max(0.0, to_db(peak) - to_db(rms)) if rms > 0 else 0.0,
        "dc_offset": moments[2] / samples.size,
        "leading_silence_s": first / rate if last >= 0 else n / rate,
        "trailing_silence_s": (n - 1 - last) / rate if last >= 0 else 0.0,
        "effective_duration_s": (last - first + 1) / rate if last >= 0 else 0.0,
        "clipped_samples": int(_clipped(samples, _FULL_SCALE)) if peak >= _FULL_SCALE else 0,
        "nonfinite_samples": signal.clip.nonfinite_samples,
        "stereo_correlation": None,
        "stereo_width": None,
    }
    if len(samples) >= 2:
        values |= _stereo(samples[0], samples[1])
    return values


def _stereo(left: FloatArray, right: FloatArray) -> dict[str, float | None]:
    ll, rr, lr = (float(np.dot(a, b)) for a, b in ((left, left), (right, right), (left, right)))
    mid, side = ll + rr + 2 * lr, ll + rr - 2 * lr
    return {
        "stereo_correlation": max(-1.0, min(1.0, lr / math.sqrt(ll * rr))) if ll > 0 and rr > 0 else None,
        "stereo_width": max(0.0, min(1.0, side / (mid + side))) if mid + side > 0 else None,
    }
