"""Chords over time: templates of major and minor triads, and the smoothest path through them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.pitch_classes import NAMES, PitchClasses, pitch_classes
from samplemind.descriptors.signal import Signal

__all__ = ["LABELS", "chord_chances", "chords"]

#: Major triads from C on, then minor ones, then none.
LABELS: Final = (*NAMES, *(f"{name}m" for name in NAMES), "N")
SMOOTHING: Final = 5  # frames, about half a second
BASS_SHARE: Final = 0.3
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


@njit(cache=True, nogil=True, fastmath=True)
def _chances(frames, bass, templates, out):  # type: ignore[no-untyped-def]
    """Likeness of half a second around each frame to each triad, as chances."""
    n = len(frames)
    reach = min(SMOOTHING, n) // 2
    around = np.empty(12, np.float32)
    for t in range(n):
        around[:] = 0
        for s in range(max(0, t - reach), min(n, t + reach + 1)):
            for i in range(12):
                around[i] += frames[s, i] + np.float32(BASS_SHARE) * bass[s, i]
        square = np.float32(1e-18)
        for i in range(12):
            square += around[i] * around[i]
        top = np.float32(NONE_LIKENESS)
        for c in range(24):
            likeness = np.float32(0.0)
            for i in range(12):
                likeness += templates[c, i] * around[i]
            out[t, c] = likeness / np.sqrt(square)
            top = max(top, out[t, c])
        out[t, 24] = NONE_LIKENESS
        total = np.float32(0.0)
        for c in range(25):
            out[t, c] = np.exp(np.float32(SHARPNESS) * (out[t, c] - top))
            total += out[t, c]
        for c in range(25):
            out[t, c] /= total


def chord_chances(classes: PitchClasses) -> FloatArray:
    """Chance of each triad in each frame [shape=(n, 25)], the last for none of them."""
    out = np.empty((len(classes.frames), 25), np.float32)
    _chances(classes.frames, classes.bass, _templates(), out)
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _best_path(chances):  # type: ignore[no-untyped-def]
    """Viterbi with one price for any change."""
    scores = np.log(chances + 1e-6)
    back = np.zeros(scores.shape, np.int64)
    total = scores[0].copy()
    for t in range(1, len(scores)):
        leap = int(total.argmax())
        best = total[leap] - STAY
        for state in range(len(total)):
            stays = total[state] >= best
            back[t, state] = state if stays else leap
            total[state] = (total[state] if stays else best) + scores[t, state]
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
