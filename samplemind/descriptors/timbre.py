"""Mel bands and cepstral coefficients, and where in frequency the energy lies."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frame_statistics import mean_and_deviation
from samplemind.descriptors.frames import N_FFT, N_MELS, SR
from samplemind.descriptors.signal import Signal

__all__ = ["compute", "mfcc"]

N_MFCC: Final = 20
_EDGES: Final = (round(200 * N_FFT / SR), round(4000 * N_FFT / SR))  # bins between low, mid and high energy
_FLOOR_DB: Final = np.float32(-60)


@cache
def _cosines() -> FloatArray:
    """Orthonormal DCT-II [shape=(N_MELS, N_MFCC)]."""
    order = np.arange(N_MFCC)
    waves = np.cos(np.pi * (np.arange(N_MELS)[:, None] + 0.5) * order / N_MELS)
    table: FloatArray = (waves * np.where(order, np.sqrt(2 / N_MELS), np.sqrt(1 / N_MELS))).astype(np.float32)
    return table


def mfcc(signal: Signal) -> FloatArray:
    """Cepstral coefficients of each frame [shape=(n, 20)]: orthonormal DCT-II of the mel bands in dB.

    Levels are relative to the loudest band of the sound, so gain changes nothing.
    """
    return signal.mel_db @ _cosines()


@njit(cache=True, nogil=True, fastmath=True)
def _slopes(rows):  # type: ignore[no-untyped-def]
    """Slope over 9 frames by least squares; beyond the ends the first and the last one go on."""
    n, columns = rows.shape
    out = np.empty((n, columns), np.float32)
    for t in range(n):
        slope = out[t]
        slope[:] = np.float32(0.0)
        for reach in range(1, 5):
            before, after = rows[max(0, t - reach)], rows[min(n - 1, t + reach)]
            weight = np.float32(reach / 60)
            for k in range(columns):
                slope[k] += weight * (after[k] - before[k])
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _sum(values):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for value in values:
        total += value
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _squares(now, before):  # type: ignore[no-untyped-def]
    """Sum of squared differences of levels, none lower than `_FLOOR_DB`."""
    total = np.float32(0.0)
    for b in range(len(now)):
        d = max(now[b], _FLOOR_DB) - max(before[b], _FLOOR_DB)
        total += d * d
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _anisotropy(bands, active):  # type: ignore[no-untyped-def]
    """How much rougher the bands are over frequency than over time (Ono et al. 2008, EUSIPCO), 0 to 1."""
    over_time = 0.0
    over_frequency = 0.0
    last = -1
    for t in range(len(bands)):
        if active[t]:
            row = bands[t]
            if last >= 0:
                over_time += _squares(row, bands[last])
                over_frequency += _squares(row[1:], row[:-1])
            last = t
    over_time *= bands.shape[1] / (bands.shape[1] - 1)
    return over_frequency / max(over_frequency + over_time, 1e-9)


@njit(cache=True, nogil=True, fastmath=True)
def _energy_shares(power, low, high):  # type: ignore[no-untyped-def]
    """Shares of energy below bin `low` and from bin `high` on."""
    total = max(_sum(power[1:]), np.float32(1e-30))
    return _sum(power[1:low]) / total, _sum(power[high:]) / total


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `timbre`."""
    active, bands, cepstra = signal.active, signal.mel_db, mfcc(signal)
    mfcc_mean, mfcc_std = mean_and_deviation(cepstra, active)
    mel_mean, mel_std = mean_and_deviation(bands, active)
    low, high = _energy_shares(signal.frames.mean_power, *_EDGES)
    return {
        "mfcc_mean": mfcc_mean,
        "mfcc_std": mfcc_std,
        "mfcc_delta_std": mean_and_deviation(_slopes(cepstra), active)[1],
        "mel_mean": mel_mean,
        "mel_std": mel_std,
        "harmonic_percussive_ratio": _anisotropy(bands, active),
        "low_energy_ratio": low,
        "mid_energy_ratio": max(0.0, 1 - low - high),
        "high_energy_ratio": high,
    }
