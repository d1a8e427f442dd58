"""Normalised autocorrelation of frames, and the course of the pitch over time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray

__all__ = ["frames_acf", "hann", "lag_value", "pitch_course"]

COURSE_FRAMES: Final = 12
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


@lru_cache(maxsize=32)
def _taper(width: int, lags: int) -> FloatArray:
    """Autocorrelation of the window; infinite beyond 3/4 of it."""
    u = np.arange(lags, dtype=np.float32) / np.float32(width)
    taper = np.where(
        u < 0.75, (1 - u) * (2 / 3 + np.cos(2 * np.pi * u) / 3) + np.sin(2 * np.pi * u) / (2 * np.pi), np.inf
    )
    return taper.astype(np.float32)


def frames_acf(power: FloatArray, width: int, lags: int) -> FloatArray:
    """Autocorrelation of windowed frames, corrected for the window.

    Parameters
    ----------
    power : np.ndarray [shape=(n, n_fft // 2 + 1)]
        Power spectra of Hann-windowed frames.
    width : int
        Length of the window in samples.
    lags : int
        How many lags, at most half of the transform.

    Returns
    -------
    np.ndarray [shape=(n, lags)]
        1 at lag 0; beyond 3/4 of the window, where the correction explodes, 0.

    Notes
    -----
    After Boersma 1993: the autocorrelation of a windowed signal over that of its window.
    """
    from scipy import fft

    acf: FloatArray = fft.irfft(power, axis=1)[:, :lags]
    corrected: FloatArray = np.divide(acf / np.maximum(acf[:, :1], 1e-20), _taper(width, lags))
    return corrected


@njit(cache=True, nogil=True, fastmath=True)
def _best_lags(acf, rate, low_hz, high_hz, guess_hz, out_hz, out_height):  # type: ignore[no-untyped-def]
    """For each frame the period with the best autocorrelation, long ones and ones far from the guess handicapped."""
    for t in range(acf.shape[0]):
        row = acf[t]
        first = max(2, int(rate / high_hz))
        last = min(len(row) - 2, int(rate / low_hz))
        best, best_lag = 0.0, 0.0
        lag = first
        while lag > 1 and row[lag] < row[lag - 1] and lag < last and row[lag] > 0:
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
    from scipy import fft

    width = min(COURSE_WINDOW, len(x))
    if 0 < guess_hz < 3.2 * rate / width:
        width = min(2 * COURSE_WINDOW, len(x))
    n_fft = 1 << (2 * width - 1).bit_length() - 1
    n = int(min(COURSE_FRAMES, max(1, 1 + (len(x) - width) // (width // 4))))
    starts: Any = np.linspace(0, len(x) - width, n).astype(np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(x, width)[starts]
    level = np.sqrt(np.einsum("ij,ij->i", frames, frames) / width)
    spectrum = fft.rfft(frames * hann(width), n_fft, axis=1)
    acf = frames_acf(spectrum.real**2 + spectrum.imag**2, width, n_fft // 2)
    hz, height = np.zeros(n, np.float32), np.zeros(n, np.float32)
    low = max(LOWEST_HZ, guess_hz / 4, 1.6 * rate / width)
    _best_lags(acf, rate, low, min(HIGHEST_HZ, guess_hz * 8 if guess_hz else HIGHEST_HZ), guess_hz, hz, height)
    return hz, height, level
