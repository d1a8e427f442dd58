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
_QUIET: Final = np.float32(10 ** (-QUIET_DB / 10))
_SPREAD: Final = 4  # frames over which a window of 2048 spreads a rise
_WIDE: Final = 12  # frames before a peak that are its surroundings
_PER_FRAME: Final = HOP // 128  # envelope blocks
_SPACING: Final = max(1, int(MIN_INTERVAL_S * SR / HOP))
_THRESHOLD: Final = np.float32(THRESHOLD_DB * 2)  # of novelty added up over a rise


@njit(cache=True, nogil=True)
def _is_peak(novelty, t, reach, threshold):  # type: ignore[no-untyped-def]
    """Whether no value within `reach` is higher, nor an earlier one as high, and `threshold` over the surroundings."""
    n = len(novelty)
    value = novelty[t]
    if value <= threshold:
        return False
    for i in range(max(0, t - reach), min(n, t + reach + 1)):
        if novelty[i] > value or (novelty[i] == value and i < t):
            return False
    total = np.float32(0.0)
    for i in range(max(0, t - _WIDE), min(n, t + reach + 1)):  # nothing lies beyond the ends
        total += novelty[i]
    return value - total / (_WIDE + reach + 1) >= threshold


@njit(cache=True, nogil=True)
def _rise_block(envelope, frame):  # type: ignore[no-untyped-def]
    """The envelope block after the steepest rise around a frame; the first one where the sound begins at once."""
    begin = max(0, (frame - 3) * _PER_FRAME)
    end = min(len(envelope), (frame + 2) * _PER_FRAME + 1)
    if end - begin < 2:
        return frame * _PER_FRAME
    steepest = begin
    highest = envelope[begin]
    for i in range(begin, end - 1):
        highest = max(highest, envelope[i + 1])
        if envelope[i + 1] - envelope[i] > envelope[steepest + 1] - envelope[steepest]:
            steepest = i
    if begin == 0 and envelope[0] >= highest * np.float32(0.5):
        return 0
    return steepest + 1


@njit(cache=True, nogil=True)
def _attacks(strength, energy, envelope, reach, threshold):  # type: ignore[no-untyped-def]
    """Envelope block and novelty of every attack."""
    n = len(strength)
    novelty = np.empty(n, np.float32)
    loudest = np.float32(0.0)
    for t in range(n):
        total = np.float32(0.0)
        for i in range(max(0, t - _SPREAD + 1), t + 1):
            total += strength[i]
        novelty[t] = total
        loudest = max(loudest, energy[t])
    blocks = np.empty(n, np.int64)
    weights = np.empty(n, np.float32)
    count = 0
    last = -reach
    for t in range(n):
        if t - last < reach or not _is_peak(novelty, t, reach, threshold):
            continue
        last = t
        after = energy[t]
        for i in range(t + 1, min(n, t + 3)):
            after = max(after, energy[i])
        if after > loudest * _QUIET:
            blocks[count] = _rise_block(envelope, t)
            weights[count] = novelty[t]
            count += 1
    return blocks[:count], weights[:count]


def pick_onsets(signal: Signal) -> tuple[Any, FloatArray]:
    """Attacks of a sound.

    Returns
    -------
    times : np.ndarray [shape=(k,)], float64
        Seconds, rising; the start of the rise, not its peak, in steps of 2.9 ms.
    weights : np.ndarray [shape=(k,)], float32
        Onset strength of each.
    """
    blocks, weights = _attacks(signal.onset_strength, signal.frames.energy, signal.envelope, _SPACING, _THRESHOLD)
    return blocks * (128 / SR), weights
