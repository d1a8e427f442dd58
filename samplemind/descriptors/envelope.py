"""The course of the level: attack, decay, sustain, and how many attacks there are.

All from the envelope of 2.9 ms blocks, held for 12 ms so that the swings of a low note are not taken for its course.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frames import SR
from samplemind.descriptors.signal import ENVELOPE_HOP, Signal

__all__ = ["compute", "held_envelope"]

STEP_S: Final = ENVELOPE_HOP / SR
_HOLD: Final = 4  # blocks
_SHORTEST_ATTACK_S: Final = 1e-4


def held_envelope(signal: Signal) -> FloatArray:
    """Highest of the last four envelope blocks [shape=(m,)]: rises at once, falls 12 ms late."""

    def hold(s: Signal) -> FloatArray:
        held = s.envelope.copy()
        for shift in range(1, _HOLD):
            np.maximum(held[shift:], s.envelope[:-shift], out=held[shift:])
        return held

    return signal.shared("held_envelope", hold)


def _attack(held: FloatArray, top: float) -> float:
    """Seconds from 20 % to 90 % of the maximum, before the first time that 90 % is reached."""
    high = int(np.argmax(held >= 0.9 * top))
    below = np.flatnonzero(held[:high] < 0.2 * top)
    low = int(below[-1]) if len(below) else -1
    before = float(held[low]) if low >= 0 else 0.0
    # straight lines between blocks
    start = low + (0.2 * top - before) / max(float(held[low + 1]) - before, 1e-12)
    previous = float(held[high - 1]) if high else 0.0
    end = high - 1 + (0.9 * top - previous) / max(float(held[high]) - previous, 1e-12)
    return max(_SHORTEST_ATTACK_S, (end - start) * STEP_S)


def _slope(values: FloatArray) -> float:
    """Rise a step of the straight line of least squares."""
    n = len(values)
    return float((np.arange(n) - (n - 1) / 2) @ values) / (n * (n * n - 1) / 12)


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `envelope`."""
    held = held_envelope(signal)
    top = float(held.max())
    peak = int(np.argmax(held))
    sounding = held > top * 1e-3
    first, last = int(np.argmax(sounding)), len(held) - 1 - int(np.argmax(sounding[::-1]))
    part = held[first : last + 1]
    fallen = np.flatnonzero(held[peak:] < 0.1 * top)
    tail_db = 20 * np.log10(np.maximum(held[peak : last + 1] / top, 1e-3))  # a pause may be digital silence
    decay_rate = max(0.0, -_slope(tail_db) / STEP_S) if len(tail_db) >= 3 else None
    energy = signal.envelope[first : last + 1].astype(np.float64) ** 2
    centroid = float((energy * (np.arange(len(energy)) + 0.5)).sum() / max(energy.sum(), 1e-30)) / len(energy)
    attack = _attack(held, top)
    effective_s = max(len(part) * STEP_S, 0.05)
    mean = float(part.mean())
    return {
        "attack_s": attack,
        "attack_log10": float(np.log10(attack)),
        "peak_time_s": min((peak + 0.5) * STEP_S, signal.duration_s),
        "decay_s": (int(fallen[0]) if len(fallen) else len(held) - peak) * STEP_S,
        "decay_db_per_s": decay_rate,
        "sustain_level": float(np.median(part)) / top,
        "temporal_centroid": centroid,
        "envelope_flatness": min(1.0, float(np.exp(np.log(np.maximum(part, top * 1e-4)).mean())) / mean),
        "envelope_crest": top / mean,
        "onset_rate": len(signal.onset_times) / effective_s,
        "onset_count": len(signal.onset_times),
    }
