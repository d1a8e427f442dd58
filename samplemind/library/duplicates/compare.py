"""How far two fingerprints are apart."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.descriptors.fingerprint import BANDS, DEEPEST_DB, FINE, FRAME_S, STRETCHES, stretch_edges

__all__ = ["compare", "distances"]

#: How far one may begin after the other, in frames: 50 ms, and what an attack that was cut changes.
_LAGS: Final = 7
#: What a quarter of a frame can change (dB).
_PART: Final = np.float32(2.5)
#: Cells this far below the loudest (dB) do not count, and those within `_FULL` count in full.
_LOWEST: Final = np.float32(DEEPEST_DB - 45)
_FULL: Final = np.float32(DEEPEST_DB - 20)
#: Frames that the cut at the start or end of a trimmed sound reaches into.
_CUT: Final = 2
#: Share of the lighter one's weight that has to be compared.
_OVERLAP: Final = np.float32(0.35)
#: A rise or fall in dB from one frame to the next, between which levels count half.
_LEAP: Final = np.float32(8.0)
_FAR: Final = np.float32(99.0)


@njit(cache=True, nogil=True, inline="always")
def _weight(a, b):  # type: ignore[no-untyped-def]
    level = max(a, b)
    return min(max((level - _LOWEST) / (_FULL - _LOWEST), np.float32(0.0)), np.float32(1.0))


@njit(cache=True, nogil=True)
def _last(levels):  # type: ignore[no-untyped-def]
    """Last single frame that sounds."""
    for t in range(FINE - 1, -1, -1):
        for band in range(BANDS):
            if levels[t, band] > _LOWEST:
                return t
    return 0


@njit(cache=True, nogil=True)
def _mass(levels):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for t in range(FINE):
        for band in range(BANDS):
            total += _weight(np.float32(levels[t, band]), np.float32(0.0))
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _at_lag(a, b, lag, last_a, last_b):  # type: ignore[no-untyped-def]
    """Weight, weighted mean and deviation of the differences in dB, where b begins `lag` frames before a."""
    whole = int(np.floor(lag))
    part = np.float32(lag - whole)
    first_t, first_u = 0.0, 0.0
    if lag < -0.5:
        first_u = _CUT
    if lag > 0.5:
        first_t = _CUT
    end_t, end_u = float(last_a), float(last_b)
    if last_a < FINE - 1 or last_b < FINE - 1:
        if last_b - lag < last_a - 0.5:
            end_u -= _CUT
        elif last_b - lag > last_a + 0.5:
            end_t -= _CUT
    total = np.float32(0.0)
    first_moment = np.float32(0.0)
    second = np.float32(0.0)
    for t in range(FINE):
        u = t + lag
        if t < first_t or u < first_u or t > end_t or u > end_u or u < 0 or u > FINE - 1:
            continue
        low = t + whole
        high = min(low + 1, FINE - 1)
        before, beyond = max(low - 1, 0), min(low + 2, FINE - 1)
        for band in range(BANDS):
            x = np.float32(a[t, band])
            y = np.float32(b[low, band])
            trust = np.float32(1.0)
            if part > 0:
                # A cubic through four frames (Catmull & Rom 1974); where levels leap, nothing between them is certain.
                after = np.float32(b[high, band])
                left, right = np.float32(b[before, band]), np.float32(b[beyond, band])
                leap = (after - y) / _LEAP
                trust = np.float32(1.0) / (
                    np.float32(1.0) + np.float32(4.0) * part * (np.float32(1.0) - part) * leap * leap
                )
                y += np.float32(0.5) * part * (after - left + part * (2 * left - 5 * y + 4 * after - right
                                               + part * (3 * (y - after) + right - left)))  # fmt: skip
            weight = trust * _weight(x, y)
            difference = x - y
            total += weight
            first_moment += weight * difference
            second += weight * difference * difference
    return total, first_moment, second


@njit(cache=True, nogil=True, inline="always")
def _try(a, b, lag, last_a, last_b, needed, best):  # type: ignore[no-untyped-def]
    """Keep deviation, lag and offset in dB in `best` if this lag fits better."""
    total, first_moment, second = _at_lag(a, b, lag, last_a, last_b)
    if total >= needed and total > 0:
        mean = first_moment / total
        deviation = np.sqrt(max(second / total - mean * mean, np.float32(0.0)))
        if deviation < best[0]:
            best[0], best[1], best[2] = deviation, lag, mean


@njit(cache=True, nogil=True)
def compare(a, b, frames_a, frames_b, edges, limit, out):  # type: ignore[no-untyped-def]
    """Compare two sounds: see `distances`; what is certainly beyond `limit` is not looked at any closer."""
    last_a, last_b = _last(a), _last(b)
    needed = _OVERLAP * min(_mass(a), _mass(b))
    best = np.array([_FAR, np.float32(0.0), np.float32(0.0)], np.float32)
    for whole in range(-_LAGS, _LAGS + 1):
        _try(a, b, float(whole), last_a, last_b, needed, best)
    if best[0] < limit + _PART:
        nearest = best[1]
        for step in (-3, -2, -1, 1, 2, 3):
            _try(a, b, nearest + step / 4, last_a, last_b, needed, best)
    out[0], out[2] = best[0], best[1]
    out[1] = _what_follows(a, b, frames_a, frames_b, edges, best[1], best[2]) if best[0] <= limit else np.float32(0.0)


@njit(cache=True, nogil=True, fastmath=True)
def _what_follows(a, b, frames_a, frames_b, edges, lag, offset):  # type: ignore[no-untyped-def]
    """Root mean square difference in dB of the stretches that both fill."""
    total = np.float32(0.0)
    squares = np.float32(0.0)
    ends = min(frames_a, frames_b) - _CUT
    for stretch in range(STRETCHES):
        if edges[stretch + 1] > ends:
            break  # one that is not filled says how long the sound is
        row = FINE + stretch
        # Levels of b as they would be in stretches that began with those of a: between it and a neighbour.
        other = row + 1 if lag > 0 else row - 1
        if other >= FINE + STRETCHES or (lag > 0 and edges[stretch + 2] > ends):
            other = row
        share = np.float32(min(abs(lag) / (edges[stretch + 1] - edges[stretch]), 1.0))
        for band in range(BANDS):
            x = np.float32(a[row, band])
            y = np.float32(b[row, band]) * (np.float32(1.0) - share) + np.float32(b[other, band]) * share
            weight = _weight(x, y)
            total += weight
            squares += weight * (x - y - offset) ** 2
    return np.sqrt(squares / total) if total > 0 else np.float32(0.0)


@njit(cache=True, nogil=True)
def _many(levels, frames, edges, pairs, out):  # type: ignore[no-untyped-def]
    for i in range(len(pairs)):
        a, b = pairs[i]
        compare(levels[a], levels[b], frames[a], frames[b], edges, _FAR, out[i])


def distances(levels: Any, seconds: Any, pairs: Any) -> Any:
    """Compare sounds in pairs.

    Parameters
    ----------
    levels : np.ndarray [shape=(n, 32, 16)], uint8
        As `fingerprint.unpack` gives them.
    seconds : np.ndarray [shape=(n,)]
        How long each sounds.
    pairs : np.ndarray [shape=(m, 2)], int
        Indices into them.

    Returns
    -------
    np.ndarray [shape=(m, 3)], float32
        Deviation in dB of the levels of the first 0.28 s, at the shift and gain that fit best; root mean square
        difference in dB of what follows, at that gain; and the shift in frames.
    """
    out = np.zeros((len(pairs), 3), np.float32)
    frames = np.asarray(seconds, np.float64) / FRAME_S
    _many(levels, frames, stretch_edges(), np.ascontiguousarray(pairs, np.int64), out)
    return out
