"""Where attacks begin: novelty of the mel bands, and its peaks.

After Böck & Widmer 2013, Maximum filter vibrato suppression for onset detection (DAFx): the rise of each band is
taken over the highest of its neighbours one frame before, so that a gliding pitch is no attack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frames import HOP, SR

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["pick_onsets"]

#: Shortest time between two attacks (s): 50 ms is a thirty-second note at 150 BPM.
MIN_INTERVAL_S: Final = 0.05
#: Novelty of a peak over its surroundings (dB a band) that makes it an attack.
THRESHOLD_DB: Final = 1.2
#: An attack this far below the loudest frame is noise of the background.
QUIET_DB: Final = 45.0


@njit(cache=True, nogil=True)
def _peaks(novelty, before, after, wide, threshold, out):  # type: ignore[no-untyped-def]
    """Indices of local maxima that exceed the mean of the last `wide` frames by `threshold`; returns how many."""
    count = 0
    last = -1000000
    n = len(novelty)
    for t in range(n):
        value = novelty[t]
        if value <= threshold:
            continue
        highest = True
        for i in range(max(0, t - before), min(n, t + before + 1)):
            if novelty[i] > value or (novelty[i] == value and i < t):
                highest = False
                break
        if not highest:
            continue
        total = np.float32(0.0)
        for i in range(max(0, t - wide), min(n, t + after + 1)):  # nothing lies beyond the ends
            total += novelty[i]
        if value - total / (wide + after + 1) < threshold or t - last < before:
            continue
        out[count] = t
        count += 1
        last = t
    return count


def pick_onsets(signal: Signal) -> tuple[Any, FloatArray]:
    """Attacks of a sound.

    Returns
    -------
    times : np.ndarray [shape=(k,)], float64
        Seconds, rising; the start of the rise, not its peak.
    weights : np.ndarray [shape=(k,)], float32
        Onset strength of each.
    """
    strength = signal.onset_strength
    # a window of 2048 sees an attack 2 frames before its centre reaches it: the rise is spread over about 4 frames
    smooth = np.convolve(np.concatenate([np.zeros(3, np.float32), strength]), np.ones(4, np.float32), "valid")
    energy_db = 10 * np.log10(np.maximum(signal.frames.energy / signal.frames.energy.max(), 1e-10))
    found = np.empty(len(smooth), np.int32)
    spacing = max(1, int(MIN_INTERVAL_S * SR / HOP))
    count = _peaks(smooth.astype(np.float32), spacing, spacing, 12, np.float32(THRESHOLD_DB * 2), found)
    frames = found[:count]
    after = np.minimum(frames[:, None] + np.arange(3), len(energy_db) - 1)
    frames = frames[energy_db[after].max(axis=1) > -QUIET_DB]
    times = np.array([_rise_time(signal.envelope, t) for t in frames], dtype=np.float64)
    return times, smooth[frames]


def _rise_time(envelope: FloatArray, frame: int) -> float:
    """Refine an onset frame to the envelope's steepest rise around it (2.9 ms steps)."""
    per_frame = HOP // 128
    begin = max(0, (frame - 3) * per_frame)
    part = envelope[begin : (frame + 2) * per_frame + 1]
    if len(part) < 2:
        return frame * HOP / SR
    step = int(np.argmax(part[1:] - part[:-1])) if begin or part[0] < part.max() * 0.5 else -1
    return float((begin + step + 1) * 128 / SR)
