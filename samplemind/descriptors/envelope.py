"""The course of the level: attack, decay, sustain, and how many attacks there are.

All from the envelope of 2.9 ms blocks, held for 12 ms so that the swings of a low note are not taken for its course.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frames import SR
from samplemind.descriptors.signal import ENVELOPE_HOP, Signal

__all__ = ["compute", "held_envelope"]

STEP_S: Final = ENVELOPE_HOP / SR
_HOLD: Final = 4  # blocks
_SHORTEST_ATTACK_S: Final = 1e-4
_LOW, _HIGH = np.float32(0.2), np.float32(0.9)  # of the maximum: where the attack begins and ends
_SOUNDING: Final = np.float32(1e-3)  # of the maximum: where the sound begins and ends
_DB_PER_NEPER: Final = 20 / math.log(10)


@njit(cache=True, nogil=True, fastmath=True)
def _hold(envelope):  # type: ignore[no-untyped-def]
    """Highest of each value and the three before it."""
    held = envelope.copy()
    for shift in range(1, _HOLD):
        later, earlier = held[shift:], envelope[: len(envelope) - shift]
        for i in range(len(later)):
            later[i] = max(later[i], earlier[i])
    return held


def held_envelope(signal: Signal) -> FloatArray:
    """Highest of the last four envelope blocks [shape=(m,)]: rises at once, falls 12 ms late."""
    return signal.shared("held_envelope", lambda s: _hold(s.envelope))


@njit(cache=True, nogil=True)
def _attack(held, top):  # type: ignore[no-untyped-def]
    """Blocks from 20 % to 90 % of the maximum, before the first time that 90 % is reached."""
    high = 0
    while held[high] < _HIGH * top:
        high += 1
    low = high - 1
    while low >= 0 and held[low] >= _LOW * top:
        low -= 1
    # straight lines between blocks
    before = held[low] if low >= 0 else 0.0
    start = low + (_LOW * top - before) / max(held[low + 1] - before, 1e-12)
    previous = held[high - 1] if high else 0.0
    end = high - 1 + (_HIGH * top - previous) / max(held[high] - previous, 1e-12)
    return end - start


@njit(cache=True, nogil=True, fastmath=True)
def _logarithms(held, top, begin, end, lowest):  # type: ignore[no-untyped-def]
    """Natural logarithms of some blocks over the top, `lowest` at least (a pause may be digital silence)."""
    out = np.empty(end - begin, np.float32)
    for i in range(end - begin):
        out[i] = np.log(max(held[begin + i] / top, lowest))
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _rise(values):  # type: ignore[no-untyped-def]
    """Rise a step of the straight line of least squares."""
    n = len(values)
    if n < 2:
        return 0.0
    middle = (n - 1) / 2
    total = 0.0
    for i in range(n):
        total += (i - middle) * values[i]
    return total / (n * (n * n - 1) / 12)


@njit(cache=True, nogil=True, fastmath=True)
def _course(envelope, held):  # type: ignore[no-untyped-def]
    """What `compute` makes its values of, in blocks and shares of the top."""
    n = len(held)
    peak = 0
    for i in range(n):
        if held[i] > held[peak]:
            peak = i
    top = held[peak]
    first, last = 0, n - 1
    while held[first] <= top * _SOUNDING:
        first += 1
    while held[last] <= top * _SOUNDING:
        last -= 1
    fallen = peak
    while fallen < n and held[fallen] >= np.float32(0.1) * top:
        fallen += 1
    decay = -_rise(_logarithms(held, top, peak, last + 1, np.float32(1e-3)))
    total = 0.0
    energy = 0.0
    moment = 0.0
    logs = 0.0
    part = _logarithms(held, top, first, last + 1, np.float32(1e-4))
    for i in range(last + 1 - first):
        total += held[first + i]
        e = np.float64(envelope[first + i]) ** 2
        energy += e
        moment += e * (i + 0.5)
        logs += part[i]
    count = last + 1 - first
    mean = total / count / top
    flatness = np.exp(logs / count) / mean
    centroid = moment / max(energy, 1e-30) / count
    return top, peak, first, last, fallen - peak, decay, mean, flatness, centroid, _attack(held, top)


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `envelope`."""
    held = held_envelope(signal)
    top, peak, first, last, fall, decay, mean, flatness, centroid, rise = _course(signal.envelope, held)
    attack = max(_SHORTEST_ATTACK_S, rise * STEP_S)
    count = last + 1 - first
    middle = np.partition(held[first : last + 1], ((count - 1) // 2, count // 2))
    onsets = len(signal.onset_times)
    return {
        "attack_s": attack,
        "attack_log10": math.log10(attack),
        "peak_time_s": min((peak + 0.5) * STEP_S, signal.duration_s),
        "decay_s": fall * STEP_S,
        "decay_db_per_s": max(0.0, decay * _DB_PER_NEPER / STEP_S) if last - peak >= 2 else None,
        "sustain_level": float(middle[(count - 1) // 2] + middle[count // 2]) / 2 / top,
        "temporal_centroid": centroid,
        "envelope_flatness": min(1.0, flatness),
        "envelope_crest": 1 / mean,
        "onset_rate": onsets / max(count * STEP_S, 0.05),
        "onset_count": onsets,
    }
