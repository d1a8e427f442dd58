"""Notes that few free samples have, to fit the pitch estimator with: choirs, and pianos to the ends of the keyboard."""

from __future__ import annotations

from typing import Any

import numpy as np
from tonal_material import SR, finish, hz_of, voice

__all__ = ["choir", "piano"]

Array = Any


def choir(rng: np.random.Generator) -> tuple[Array, float]:
    """One to five voices in unison, each with its own vowel, vibrato and tuning, and the pitch (MIDI)."""
    midi = int(rng.integers(38, 85))
    seconds = float(rng.uniform(0.4, 1.8))
    voices = [voice(rng, midi + rng.normal(0, 0.12), seconds) for _ in range(int(rng.integers(1, 6)))]
    return finish(np.sum(voices, axis=0, dtype=float), rng), float(midi)


def piano(rng: np.random.Generator) -> tuple[Array, float]:
    """A struck string with a soundboard that hardly radiates below 90 Hz, a hammer's knock, and its pitch (MIDI).

    More of the lowest and highest octaves than of the middle. Inharmonicity after Young 1952: it doubles about every
    eight semitones upwards from the middle, and rises again, slowly, in the wound strings.
    """
    midi = int(rng.choice([rng.integers(21, 45), rng.integers(45, 85), rng.integers(85, 109)], p=[0.4, 0.25, 0.35]))
    f0 = hz_of(midi + rng.normal(0, 0.06))
    stiff = 10 ** (rng.normal(-3.9, 0.15) + (0.0376 * (midi - 50) if midi > 50 else 0.012 * (50 - midi)))
    t = np.arange(int(SR * rng.uniform(0.5, 2.0))) / SR
    strike, slope, decay = rng.uniform(0.08, 0.14), rng.uniform(0.8, 2.2), rng.uniform(0.4, 1.5)
    y = np.zeros(len(t))
    for k in range(1, 70):
        hz = k * f0 * np.sqrt(1 + stiff * k * k)
        if hz > 16000:
            break
        loud = k**-slope * (abs(np.sin(np.pi * k * strike)) + 0.02) * 10 ** rng.normal(0, 0.2)
        fades = np.exp(-t * decay * (1 + 0.15 * k**0.8) * midi / 45)
        y += loud * min(1.0, (hz / 90) ** 2) * fades * np.sin(2 * np.pi * hz * t + rng.uniform(0, 6))
    knock = rng.normal(0, 1, len(t)) * np.exp(-t / rng.uniform(0.005, 0.03))
    y += knock * float(np.abs(y).max()) * 10 ** rng.uniform(-2.5, -0.4)
    return finish(y, rng), float(midi)
