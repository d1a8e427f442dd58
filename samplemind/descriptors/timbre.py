"""Mel bands and cepstral coefficients, and where in frequency the energy lies."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.fft

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frames import N_FFT, SR
from samplemind.descriptors.signal import Signal

__all__ = ["compute", "mfcc"]

N_MFCC: Final = 20
_SLOPE: Final = np.arange(-4, 5, dtype=np.float32) / 60  # least-squares slope over 9 frames


def mfcc(signal: Signal) -> FloatArray:
    """Cepstral coefficients of each frame [shape=(n, 20)]: orthonormal DCT-II of the mel bands in dB.

    Levels are relative to the loudest band of the sound, so gain changes nothing.
    """
    return signal.shared("mfcc", lambda s: scipy.fft.dct(s.mel_db, axis=1, norm="ortho")[:, :N_MFCC])


def _slopes(rows: FloatArray) -> FloatArray:
    padded = np.concatenate([np.repeat(rows[:1], 4, axis=0), rows, np.repeat(rows[-1:], 4, axis=0)])
    out = np.zeros_like(rows)
    for i, weight in enumerate(_SLOPE):
        if weight:
            out += weight * padded[i : i + len(rows)]
    return out


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `timbre`."""
    active = signal.active
    cepstra, bands = mfcc(signal), signal.mel_db
    power = signal.frames.mean_power
    low, high = (round(edge * N_FFT / SR) for edge in (200, 4000))
    total = max(float(power[1:].sum()), 1e-30)
    low_share, high_share = float(power[1:low].sum()) / total, float(power[high:].sum()) / total
    return {
        "mfcc_mean": cepstra[active].mean(axis=0),
        "mfcc_std": cepstra[active].std(axis=0),
        "mfcc_delta_std": _slopes(cepstra)[active].std(axis=0),
        "mel_mean": bands[active].mean(axis=0),
        "mel_std": bands[active].std(axis=0),
        "harmonic_percussive_ratio": _anisotropy(np.maximum(bands[active], np.float32(-60))),
        "low_energy_ratio": low_share,
        "mid_energy_ratio": max(0.0, 1 - low_share - high_share),
        "high_energy_ratio": high_share,
    }


def _anisotropy(bands: FloatArray) -> float:
    """How much rougher the bands are over frequency than over time (Ono et al. 2008, EUSIPCO), 0 to 1."""
    over_time = float(((bands[1:] - bands[:-1]) ** 2).sum()) * bands.shape[1] / (bands.shape[1] - 1)
    over_frequency = float(((bands[1:, 1:] - bands[1:, :-1]) ** 2).sum())
    return over_frequency / max(over_frequency + over_time, 1e-9) if len(bands) > 1 else 0.0
