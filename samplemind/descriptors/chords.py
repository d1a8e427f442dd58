"""Chords over time: templates of major and minor triads, and the smoothest path through them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.pitch_classes import NAMES, PitchClasses, pitch_classes
from samplemind.descriptors.signal import Signal

__all__ = ["LABELS", "chord_chances", "chords"]

#: Major triads from C on, then minor ones, then none.
LABELS: Final = (*NAMES, *(f"{name}m" for name in NAMES), "N")
SMOOTHING: Final = 5  # frames, about half a second
SHARPNESS: Final = 18.0
NONE_LIKENESS: Final = 0.62  # a frame less like any triad than this has no chord
NOISY_SHARE: Final = 0.05  # nor has one with less of its energy in clear peaks
STAY: Final = 4.0  # log odds of a chord going on


@lru_cache(maxsize=1)
def _templates() -> Any:
    third = {"major": 4, "minor": 3}
    rows = []
    for mode in third.values():
        for root in range(12):
            row = np.zeros(12, np.float32)
            row[[root, (root + mode) % 12, (root + 7) % 12]] = (1.0, 0.85, 0.9)
            rows.append(row / np.linalg.norm(row))
    return np.array(rows)


def chord_chances(classes: PitchClasses) -> FloatArray:
    """Chance of each triad in each frame [shape=(n, 25)], the last for none of them."""
    smooth = classes.frames + 0.3 * classes.bass
    if len(smooth) > 1:
        width = min(SMOOTHING, len(smooth))
        sums = np.cumsum(np.vstack([np.zeros((1, 12), np.float32), smooth]), axis=0)
        first = np.maximum(np.arange(len(smooth)) - width // 2, 0)
        last = np.minimum(np.arange(len(smooth)) + width // 2 + 1, len(smooth))
        smooth = sums[last] - sums[first]
    norm = np.linalg.norm(smooth, axis=1, keepdims=True)
    likeness = np.full((len(smooth), 25), NONE_LIKENESS, np.float32)
    likeness[:, :24] = smooth @ _templates().T / np.maximum(norm, 1e-9)
    e = np.exp(SHARPNESS * (likeness - likeness.max(axis=1, keepdims=True)))
    chances: FloatArray = e / e.sum(axis=1, keepdims=True)
    return chances


def _best_path(chances: FloatArray) -> Any:
    """Viterbi with one price for any change."""
    scores = np.log(chances + 1e-6)
    back = np.zeros(scores.shape, np.int64)
    total = scores[0].copy()
    states = np.arange(scores.shape[1])
    for t in range(1, len(scores)):
        leap = int(total.argmax())
        stays = total >= total[leap] - STAY
        back[t] = np.where(stays, states, leap)
        total = np.where(stays, total, total[leap] - STAY) + scores[t]
    path = np.zeros(len(scores), np.int64)
    path[-1] = int(total.argmax())
    for t in range(len(scores) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def chords(signal: Signal) -> tuple[FloatArray, list[str]]:
    """When each chord begins, and which it is.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    times : np.ndarray [shape=(k,)]
        Seconds; the first is where the sound begins.
    labels : list of str
        Of `LABELS`, as many; neighbours differ. Both are empty for silence.

    Notes
    -----
    Templates after Fujishima 1999, on the pitch classes of Gómez 2006; path by Viterbi, as Sheh & Ellis 2003 do.
    """
    if signal.is_silent:
        return np.zeros(0, np.float32), []
    classes = pitch_classes(signal)
    chances = chord_chances(classes)
    noisy = classes.clear_shares < NOISY_SHARE
    chances[noisy, :24] = 0
    chances[noisy, 24] = 1
    path = _best_path(chances)
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    # Between the centres of two frames lies the change; the first chord begins with the sound.
    times = np.where(starts > 0, (classes.times[starts] + classes.times[np.maximum(starts - 1, 0)]) / 2, 0.0)
    return times.astype(np.float32), [LABELS[i] for i in path[starts]]
