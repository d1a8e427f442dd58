"""One aspect of a sound each, as a vector in which what sounds alike is near: course, rhythm, pitch, harmony."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.envelope import held_envelope
from samplemind.descriptors.frames import HOP, SR
from samplemind.descriptors.signal import ENVELOPE_HOP, Signal

__all__ = ["envelope_aspect", "harmony_aspect", "pitch_aspect", "rhythm_aspect"]

_POINTS: Final = 28  # of the course
_LAGS: Final = 30
_FIRST_LAG: Final = 0.06 * SR / HOP  # frames
_HEIGHTS: Final = np.linspace(24, 108, 12).astype(np.float32)  # MIDI notes, fuzzily told apart
_TONICS: Final = {name: i for i, name in enumerate(("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"))}


def _log(value: float | None, floor: float) -> float:
    return math.log2(max(value or 0.0, floor))


@njit(cache=True, nogil=True)
def _course(held, out):  # type: ignore[no-untyped-def]
    """Level at points over the sounding part, 0.5 at the top to -0.5 at 60 dB below; how many blocks that part has."""
    top = held.max()
    first, last = 0, len(held) - 1
    while held[first] <= top * 1e-3:
        first += 1
    while held[last] <= top * 1e-3:
        last -= 1
    for k in range(len(out)):
        # half of the points are spent on the first eighth of the sound
        at = (k / (len(out) - 1)) ** 2 * (last - first)
        left = first + min(int(at), last - first)
        level = held[left] + (at + first - left) * (held[min(left + 1, last)] - held[left])
        out[k] = 0.5 + max(-60.0, 20 * math.log10(max(level / top, 1e-3))) / 60
    return last - first + 1


def envelope_aspect(signal: Signal) -> FloatArray:
    """Level in dB at 28 points over the sound, and how long it lasts [shape=(32,)]."""
    out = np.empty(_POINTS + 4, np.float32)
    blocks = _course(held_envelope(signal), out[:_POINTS])
    envelope = signal.values("envelope")
    lengths = ((envelope["attack_s"], 1e-4, 8), (envelope["decay_s"], 1e-3, 4), (blocks * ENVELOPE_HOP / SR, 1e-3, 2))
    out[_POINTS:-1] = [0.4 * (_log(seconds, floor) + shift) for seconds, floor, shift in lengths]
    out[-1] = 1.6 * envelope["temporal_centroid"]
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _correlation(x, lag):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    later = x[lag:]
    for i in range(len(later)):
        total += x[i] * later[i]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _periodicity(strength, first_lag, out):  # type: ignore[no-untyped-def]
    """Normalised autocorrelation at lags that grow by a sixth of an octave, between frames by a straight line."""
    x = strength - strength.sum() / np.float32(len(strength))
    power = max(_correlation(x, 0), np.float32(1e-9))
    for k in range(len(out)):
        lag = first_lag * 2 ** (k / 6)
        left = int(lag)
        out[k] = 0.0
        if lag <= len(x) - 1:
            right = _correlation(x, left + 1)
            out[k] = ((left + 1 - lag) * _correlation(x, left) + (lag - left) * right) / power


def rhythm_aspect(signal: Signal) -> FloatArray:
    """Autocorrelation of the onset strength at 30 lags of 0.06 to 2 s, and rates [shape=(32,)]."""
    out = np.empty(_LAGS + 2, np.float32)
    _periodicity(signal.onset_strength, _FIRST_LAG, out[:_LAGS])
    envelope = signal.values("envelope")
    out[_LAGS:] = 0.15 * _log(envelope["onset_rate"], 0.1), 0.15 * _log(envelope["onset_count"], 0.5)
    return out


def pitch_aspect(signal: Signal) -> FloatArray:
    """Height, position on the circle of semitones, how steady the pitch is, and whether there is none [shape=(16,)]."""
    values = signal.values("pitch")
    voicing = values["voicing"] or 0.0
    out = np.zeros(16, np.float32)
    if values["f0_hz"] is None:
        out[14:] = 0.3 * voicing, 1.0
        return out
    note = 69 + 12 * math.log2(values["f0_hz"] / 440)
    out[:12] = np.exp(-0.5 * ((_HEIGHTS - np.float32(note)) / 5) ** 2)
    angle = 2 * math.pi * note / 12
    out[12:15] = 0.5 * math.cos(angle), 0.5 * math.sin(angle), 0.2 * voicing
    return out


def harmony_aspect(signal: Signal) -> FloatArray | None:
    """Pitch classes as they are, and again from the tonic on, so that equal progressions in other keys are near."""
    tonality = signal.values("tonality")
    if tonality["hpcp"] is None:
        return None
    hpcp: FloatArray = np.asarray(tonality["hpcp"], dtype=np.float32)
    hpcp = hpcp - hpcp.sum() / np.float32(len(hpcp))
    tonic = _TONICS.get(tonality["key"], -1)
    tonic = int(hpcp.argmax()) if tonic < 0 else tonic
    return np.concatenate([hpcp, hpcp[tonic:], hpcp[:tonic]])
