"""How strongly each of the twelve pitch classes sounds, frame by frame, from the spectral peaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.partials import partials
from samplemind.descriptors.signal import Signal

__all__ = ["NAMES", "PitchClasses", "pitch_classes"]

NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
LOW_HZ: Final = 60.0
HIGH_HZ: Final = 2200.0
BASS_HZ: Final = 300.0


@dataclass(frozen=True, slots=True)
class PitchClasses:
    """Pitch classes of a sound, from C on.

    Attributes
    ----------
    times : np.ndarray [shape=(n,)]
        Centre of each frame in seconds.
    frames, bass : np.ndarray [shape=(n, 12)], float32
        Strength of each class, of the whole range and below 300 Hz; loud frames have more of it.
    tuning_cents : float
        Distance of the notes from A4 = 440 Hz, -50 to 50.
    tuning_focus : float
        How well the peaks agree on it, 0 to 1.
    clear_share : float
        Share of energy in clear peaks.
    clear_shares : np.ndarray [shape=(n,)]
        The same for each frame.
    """

    times: FloatArray
    frames: FloatArray
    bass: FloatArray
    tuning_cents: float
    tuning_focus: float
    clear_share: float
    clear_shares: FloatArray


@njit(cache=True, nogil=True, fastmath=True)
def _fold(freqs, amps, heard, clear, counts, low_hz, high_hz, bass_hz, chroma, bass, tuning):  # type: ignore[no-untyped-def]
    """Two passes: agree on the tuning, then give each peak to the classes that it may be the first six partials of."""
    real, imag, mass = 0.0, 0.0, 1e-12
    for t in range(len(counts)):
        for p in range(counts[t]):
            f = freqs[t, p]
            if low_hz < f < high_hz and clear[t, p] > 0:
                w = clear[t, p] * np.sqrt(heard[t, p])
                angle = 2.0 * np.pi * 12.0 * np.log2(f / 440.0)
                real += w * np.cos(angle)
                imag += w * np.sin(angle)
                mass += w
    shift = np.arctan2(imag, real) / (2.0 * np.pi)
    tuning[0] = shift * 100.0
    tuning[1] = np.sqrt(real * real + imag * imag) / mass
    for t in range(len(counts)):
        for p in range(counts[t]):
            f = freqs[t, p]
            if f > high_hz or f < 27.0 or clear[t, p] <= 0:
                continue
            note = 69.0 + 12.0 * np.log2(f / 440.0) - shift
            w = clear[t, p] * np.sqrt(heard[t, p])
            if f > low_hz:
                decay = 1.0
                for k in range(1, 7):
                    at = note - 12.0 * np.log2(float(k))
                    near = int(np.round(at))
                    off = abs(at - near)
                    chroma[t, near % 12] += w * decay * np.cos(np.pi * off) ** 2
                    decay *= 0.6
            if f < bass_hz:
                near = int(np.round(note))
                off = abs(note - near)
                # The root of a bass lies lower than its partials.
                depth = min(2.0, bass_hz / f - 0.5)
                bass[t, near % 12] += clear[t, p] * np.sqrt(amps[t, p]) * depth * np.cos(np.pi * off) ** 2


def _make(signal: Signal) -> PitchClasses:
    found = partials(signal)
    chroma, bass = np.zeros((found.n, 12), np.float32), np.zeros((found.n, 12), np.float32)
    tuning = np.zeros(2)
    _fold(
        found.freqs, found.amps, found.heard, found.clear, found.counts, LOW_HZ, HIGH_HZ, BASS_HZ, chroma, bass, tuning
    )
    return PitchClasses(
        found.times, chroma, bass, float(tuning[0]), float(tuning[1]), found.clear_share, found.clear_shares
    )


def pitch_classes(signal: Signal) -> PitchClasses:
    """The pitch classes, folded once for key and chords; after Gómez 2006, with the tuning as reference."""
    return signal.shared("pitch_classes", _make)
