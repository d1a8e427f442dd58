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
LOWEST_HZ: Final = 27.0
LOW_HZ: Final = 60.0
HIGH_HZ: Final = 2200.0
BASS_HZ: Final = 300.0
ROOTS: Final = 6  # a peak may be any of the first six partials of its note
DECAY: Final = 0.6  # and is so the less likely, the higher
EXPLAINED: Final = 0.7  # of a peak's height is expected at its double, less at higher multiples
NEAR: Final = 0.5  # semitones
#: 12 log2(k): semitones from a note to its k-th partial.
_STEPS: Final = 12 * np.log2(np.maximum(np.arange(11), 1))


@dataclass(frozen=True, slots=True)
class PitchClasses:
    """Pitch classes of a sound, from C on.

    Attributes
    ----------
    times : np.ndarray [shape=(n,)]
        Centre of each frame in seconds.
    frames, bass, notes : np.ndarray [shape=(n, 12)], float32
        Strength of each class: each peak counted for every class of which it may be a partial; peaks below 300 Hz only;
        and peaks without what the partials of lower ones explain. Loud frames have more of it.
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
    notes: FloatArray
    tuning_cents: float
    tuning_focus: float
    clear_share: float
    clear_shares: FloatArray


@njit(cache=True, nogil=True, fastmath=True)
def _tuning(freqs, heard, clear, counts, note):  # type: ignore[no-untyped-def]
    """Note of each peak (MIDI, fractional), and the circular mean of their distances from whole ones."""
    real, imag, mass = 0.0, 0.0, 1e-12
    for t in range(len(counts)):
        for p in range(counts[t]):
            note[t, p] = 69.0 + 12.0 * np.log2(freqs[t, p] / 440.0)
            if LOW_HZ < freqs[t, p] < HIGH_HZ and clear[t, p] > 0:
                w = clear[t, p] * np.sqrt(heard[t, p])
                real += w * np.cos(2.0 * np.pi * note[t, p])
                imag += w * np.sin(2.0 * np.pi * note[t, p])
                mass += w
    return np.arctan2(imag, real) / (2.0 * np.pi), np.sqrt(real * real + imag * imag) / mass


@njit(cache=True, nogil=True, fastmath=True)
def _add(row, note, amount):  # type: ignore[no-untyped-def]
    """Give to the nearest class what the distance from it leaves."""
    near = int(np.round(note))
    row[near % 12] += amount * np.cos(np.pi * (note - near)) ** 2


@njit(cache=True, nogil=True, fastmath=True)
def _take_overtones(note, height, count):  # type: ignore[no-untyped-def]
    """Lower each peak by what is expected of it as a partial of lower ones."""
    for p in range(count):
        if height[p] <= 0:
            continue
        q = p + 1
        for k in range(2, len(_STEPS)):
            place = note[p] + _STEPS[k]
            while q < count and note[q] < place - NEAR:
                q += 1
            while q < count and note[q] < place + NEAR:
                height[q] = max(0.0, height[q] - EXPLAINED * height[p] / np.sqrt(k))
                q += 1


@njit(cache=True, nogil=True, fastmath=True)
def _fold(freqs, amps, heard, clear, counts, note, shift, chroma, bass, notes):  # type: ignore[no-untyped-def]
    """Three views of the pitch classes of each frame."""
    height = np.empty(freqs.shape[1])
    for t in range(len(counts)):
        for p in range(counts[t]):
            note[t, p] -= shift
            height[p] = heard[t, p] * clear[t, p]
        _take_overtones(note[t], height, counts[t])
        for p in range(counts[t]):
            f = freqs[t, p]
            if f > HIGH_HZ or f < LOWEST_HZ or clear[t, p] <= 0:
                continue
            if f > LOW_HZ:
                share = clear[t, p] * np.sqrt(heard[t, p])
                for k in range(1, ROOTS + 1):
                    _add(chroma[t], note[t, p] - _STEPS[k], share)
                    share *= DECAY
                _add(notes[t], note[t, p], np.sqrt(height[p]))
            if f < BASS_HZ:
                # The root of a bass lies lower than its partials.
                depth = min(2.0, BASS_HZ / f - 0.5)
                _add(bass[t], note[t, p], clear[t, p] * np.sqrt(amps[t, p]) * depth)


def _make(signal: Signal) -> PitchClasses:
    found = partials(signal)
    chroma, bass, notes = np.zeros((3, found.n, 12), np.float32)
    note = np.empty(found.freqs.shape)
    shift, focus = _tuning(found.freqs, found.heard, found.clear, found.counts, note)
    _fold(found.freqs, found.amps, found.heard, found.clear, found.counts, note, shift, chroma, bass, notes)
    return PitchClasses(found.times, chroma, bass, notes, 100 * shift, focus, found.clear_share, found.clear_shares)


def pitch_classes(signal: Signal) -> PitchClasses:
    """The pitch classes, folded once for key and chords; after Gómez 2006, with the tuning as reference."""
    return signal.shared("pitch_classes", _make)
