"""Normalised autocorrelation of frames, and the course of the pitch over time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.fourier import autocorrelation, power_spectrum, size_for, twiddles, workspace

__all__ = ["frames_acf", "hann", "lag_value", "pitch_course"]

COURSE_FRAMES: Final = 8
COURSE_WINDOW: Final = 1024
LOWEST_HZ: Final = 20.0
HIGHEST_HZ: Final = 4600.0
#: Of the taper of `lag_value` at its 16 points; what lies between two of them turns them by the sum of angles.
_COSINES: Final = np.cos(np.pi * np.arange(-7, 9) / 8.5)
_SINES: Final = np.sin(np.pi * np.arange(-7, 9) / 8.5)


@njit(cache=True, nogil=True, fastmath=True)
def lag_value(acf, lag):  # type: ignore[no-untyped-def]
    """Autocorrelation at a fractional lag, by a windowed sinc of 16 points: good down to a period of 2.4 samples."""
    base = int(np.floor(lag))
    frac = lag - base
    if frac < 1e-4:
        return acf[min(base, len(acf) - 1)]
    total = 0.0
    sign_sin = np.sin(np.pi * frac)
    cosine, sine = np.cos(np.pi * frac / 8.5), np.sin(np.pi * frac / 8.5)
    for j in range(-7, 9):
        at = abs(base + j)
        if at >= len(acf):
            continue
        d = frac - j
        # sin(pi d) alternates in sign with j, and a Hann taper of half-width 8.5 keeps the sum short.
        s = sign_sin if j % 2 == 0 else -sign_sin
        total += acf[at] * s / (np.pi * d) * (0.5 + 0.5 * (cosine * _COSINES[j + 7] + sine * _SINES[j + 7]))
    return total


@lru_cache(maxsize=32)
def hann(width: int) -> Any:
    """Hann window without zeros at its ends [shape=(width,)], float32."""
    return np.hanning(width + 2)[1:-1].astype(np.float32)


@lru_cache(maxsize=64)
def _untaper(width: int, lags: int) -> FloatArray:
    """1 over the autocorrelation of a Hann window, at each lag; 0 beyond 3/4 of it, where it explodes."""
    u = np.arange(lags) / width
    taper = (1 - u) * (2 / 3 + np.cos(2 * np.pi * u) / 3) + np.sin(2 * np.pi * u) / (2 * np.pi)
    return np.where(u < 0.75, 1 / np.where(u < 0.75, taper, 1), 0).astype(np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def _acf_of_frames(x, starts, window, w, work, untaper, acf):  # type: ignore[no-untyped-def]
    power = np.empty(w.shape[2] + 1, np.float32)
    for t in range(len(starts)):
        row = acf[t]
        power_spectrum(x[starts[t] : starts[t] + len(window)], window, work, w, power)
        autocorrelation(power, work, w, row)
        scale = np.float32(1.0) / max(row[0], np.float32(1e-20))
        for lag in range(len(row)):
            row[lag] *= scale * untaper[lag]


def frames_acf(x: FloatArray, starts: Any, width: int, lags: int) -> FloatArray:
    """Autocorrelation of Hann-windowed frames, corrected for the window.

    Parameters
    ----------
    x : np.ndarray [shape=(m,)], float32
    starts : np.ndarray of int [shape=(n,)]
        Where each frame begins.
    width : int
        Length of the window in samples, at most 4096.
    lags : int
        At most how many lags; there are none beyond half of the transform.

    Returns
    -------
    np.ndarray [shape=(n, lags)]
        1 at lag 0; beyond 3/4 of the window, where the correction explodes, 0.

    Notes
    -----
    After Boersma 1993: the autocorrelation of a windowed signal over that of its window.
    """
    size = size_for(width + 3 * width // 4)
    lags = min(lags, size // 2)
    acf = np.empty((len(starts), lags), np.float32)
    _acf_of_frames(x, starts, hann(width), twiddles(size), workspace(), _untaper(width, lags), acf)
    return acf


@njit(cache=True, nogil=True, fastmath=True)
def _best_lags(acf, rate, low_hz, high_hz, guess_hz, out_hz, out_height):  # type: ignore[no-untyped-def]
    """For each frame the period with the best autocorrelation, long ones and ones far from the guess handicapped."""
    for t in range(acf.shape[0]):
        row = acf[t]
        first = max(2, int(rate / high_hz))
        last = min(len(row) - 2, int(rate / low_hz))
        best, best_lag = 0.0, 0.0
        lag = first
        while lag < last and row[lag] < row[lag - 1] and row[lag] > 0:
            lag += 1  # down the slope of lag 0
        for i in range(lag, last):
            a, b, c = row[i - 1], row[i], row[i + 1]
            if b > 0.2 and b >= a and b > c:
                bend = a - 2 * b + c
                shift = 0.5 * (a - c) / bend if bend < -1e-9 else 0.0
                height = min(1.0, b - 0.25 * (a - c) * shift)
                octaves = np.log2((i + shift) * guess_hz / rate) if guess_hz > 0 else 0.0
                score = height - 0.02 * np.log2(i / first) - 0.12 * min(1.5, abs(octaves))
                if score > best:
                    best, best_lag = score, i + shift
                    out_height[t] = height
        out_hz[t] = rate / best_lag if best_lag > 0 else 0.0


@njit(cache=True, nogil=True, fastmath=True)
def _levels(x, starts, width, level):  # type: ignore[no-untyped-def]
    for t in range(len(starts)):
        part = x[starts[t] : starts[t] + width]
        total = np.float32(0.0)
        for i in range(width):
            total += part[i] * part[i]
        level[t] = np.sqrt(total / width)


def pitch_course(x: FloatArray, rate: int, guess_hz: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Pitch over time from short windows.

    Parameters
    ----------
    x : np.ndarray [shape=(m,)]
        The sounding part.
    rate : int
        Its rate in Hz.
    guess_hz : float
        The pitch of the whole, 0 for none: decides between octaves.

    Returns
    -------
    pitch_hz, height, level : np.ndarray [shape=(n,)]
        Pitch (0 where there is none), height of the normalised autocorrelation at its period, and root mean square.
    """
    width = min(COURSE_WINDOW, len(x))
    if 0 < guess_hz < 3.2 * rate / width:
        width = min(2 * COURSE_WINDOW, len(x))
    n = int(min(COURSE_FRAMES, max(1, 1 + (len(x) - width) // (width // 4))))
    starts: Any = np.linspace(0, len(x) - width, n).astype(np.int64)
    acf = frames_acf(x, starts, width, 5 * width // 8)
    hz, height, level = np.zeros((3, n), np.float32)
    low = max(LOWEST_HZ, guess_hz / 4, 1.6 * rate / width)
    _levels(x, starts, width, level)
    _best_lags(acf, rate, low, min(HIGHEST_HZ, guess_hz * 8 if guess_hz else HIGHEST_HZ), guess_hz, hz, height)
    return hz, height, level
