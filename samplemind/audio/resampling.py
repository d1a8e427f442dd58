"""One sound at another rate: by halves with a kernel of ours where the ratio is a power of two, else by soxr."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["resample"]

FloatArray = npt.NDArray[np.float32]

#: Taps on each side that are not zero. The last halving is sharp: level within 0.01 dB up to 0.94 of the new highest
#: frequency, 80 dB down from 1.06 of it on. Those before it only keep clear of what the last one lets through.
_SHARP: Final = 40
_WIDE: Final = 8
_KAISER: Final = 8.0
_TILE: Final = 1024  # outputs that stay in the cache while all taps go over them


@lru_cache(maxsize=2)
def _half_band(pairs: int) -> FloatArray:
    """Taps at distances 1, 3, 5, ... from the middle one, which is 0.5 [shape=(pairs,)]; those at even ones are 0."""
    distance = 2 * np.arange(pairs) + 1.0
    window = np.i0(_KAISER * np.sqrt(1 - (distance / (2 * pairs)) ** 2)) / np.i0(_KAISER)
    taps = np.sinc(distance / 2) * window
    half: FloatArray = (taps / (4 * taps.sum())).astype(np.float32)
    return half


@njit(cache=True, nogil=True, fastmath=True)
def _halve(x, taps, out):  # type: ignore[no-untyped-def]
    """Every other sample of the filtered signal; nothing lies beyond the ends."""
    pairs, whole = len(taps), len(x) // 2
    two_by_two = x[: 2 * whole].reshape(whole, 2)
    dropped = np.empty(_TILE + 2 * pairs, np.float32)  # the samples between those that are kept, side by side
    for begin in range(0, len(out), _TILE):
        part = out[begin : begin + _TILE]
        here = two_by_two[begin : begin + _TILE]
        for i in range(len(here)):
            part[i] = np.float32(0.5) * here[i, 0]
        if len(here) < len(part):
            part[-1] = np.float32(0.5) * x[-1]
        first = max(0, begin - pairs)
        around = two_by_two[first : begin + len(part) + pairs]
        at = first - (begin - pairs)
        dropped[:at] = np.float32(0.0)
        dropped[at + len(around) :] = np.float32(0.0)
        filled = dropped[at : at + len(around)]
        for i in range(len(around)):
            filled[i] = around[i, 1]
        for k in range(pairs):
            tap = taps[k]
            before, after = dropped[pairs - 1 - k :], dropped[pairs + k :]
            for i in range(len(part)):
                part[i] += tap * (before[i] + after[i])


def resample(y: FloatArray, rate: int, new_rate: int) -> FloatArray:
    """Resample a sound, without delay.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], float32
        At least one sample.
    rate, new_rate : int
        Hz, above 0.

    Returns
    -------
    np.ndarray [shape=(m,)], float32
        At least one sample; `y` itself where the rates are equal.
    """
    ratio = rate // new_rate
    if ratio * new_rate == rate and ratio.bit_count() == 1:
        while ratio > 1:
            ratio //= 2
            half = np.empty(-(-len(y) // 2), np.float32)
            _halve(y, _half_band(_WIDE if ratio > 1 else _SHARP), half)
            y = half
        return y
    import soxr

    z: FloatArray = soxr.resample(y, rate, new_rate, quality="HQ")
    return z if len(z) else np.zeros(1, np.float32)
