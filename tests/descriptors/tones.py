"""Tones, chords and noises of exactly known pitch."""

from __future__ import annotations

from typing import Any

import numpy as np

from samplemind.audio.clip import Clip
from samplemind.descriptors.signal import Signal

SR = 44100
Array = Any


def hz_of(midi: float) -> float:
    return float(440 * 2 ** ((midi - 69) / 12))


def harmonic(f0: float, seconds: float = 1.0, *, sr: int = SR, first: int = 1, slope: float = 1.0, stretch: float = 0.0,
             only_odd: bool = False, decay_s: float = 0.8) -> Array:  # fmt: skip
    """Decaying partials k ** -slope from `first` on, stretched as those of a stiff string."""
    t = np.arange(int(seconds * sr)) / sr
    y = np.zeros(len(t))
    for k in range(first, 41):
        f = k * f0 * np.sqrt(1 + stretch * k * k)
        if f > 0.45 * sr or (k > first + 7 and f > 9000):
            break
        if only_odd and k % 2 == 0:
            continue
        y += k**-slope * np.sin(2 * np.pi * f * t + 0.7 * k * k)
    y *= np.exp(-t / decay_s) * np.minimum(1, t / 0.004)
    return (0.5 * y / np.abs(y).max()).astype(np.float32)


def chord(midi: list[int], seconds: float = 1.0) -> Array:
    return np.sum([harmonic(hz_of(m), seconds, slope=1.5) for m in midi], axis=0) / len(midi)


def cadence(tonic: int, mode: str) -> Array:
    """I IV V I, or i iv v i, with the root an octave and more below."""
    scale = (0, 2, 4, 5, 7, 9, 11) if mode == "major" else (0, 2, 3, 5, 7, 8, 10)
    parts = []
    for degree in (0, 3, 4, 0):
        tones = [scale[(degree + k) % 7] + 12 * ((degree + k) // 7) for k in (0, 2, 4)]
        parts.append(chord([36 + tonic + tones[0], *(60 + tonic + tone for tone in tones)], 0.8))
    return np.concatenate(parts)


def signal_of(y: Array, sr: int = SR) -> Signal:
    return Signal(Clip.from_array(y, sr))
