"""Harmonic, percussive and residual shares by median filters over the spectrogram.

After Fitzgerald 2010 (DAFx) with the separation factor of Driedger, Müller & Disch 2014 (ISMIR): a cell is harmonic
where its median over time is at least twice that over frequency, percussive the other way round, else residual.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy.fft
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frames import HOP, N_FFT, SR, centred_blocks, hann_window
from samplemind.descriptors.signal import Signal

__all__ = ["compute"]

WIDTH: Final = 17  # frames (0.2 s) and bins (366 Hz)
FACTOR: Final = 2.0
_SEGMENT: Final = 1024  # frames at a time: memory does not grow with the length of the sound
_RISE: Final = 2.0  # energy of a frame over the mean of the four before it that makes an attack
_HALF: Final = WIDTH // 2


@njit(cache=True, nogil=True)
def _median_of_rows(x, width, out):  # type: ignore[no-untyped-def]
    """Running median along each row, edges repeated; the window is kept sorted, one value leaves and one enters."""
    half = width // 2
    window = np.empty(width, np.float32)
    for r in range(x.shape[0]):
        row = x[r]
        n = len(row)
        for i in range(width):
            window[i] = row[min(n - 1, max(0, i - half))]
        window.sort()
        out[r, 0] = window[half]
        for t in range(1, n):
            old = row[max(0, t - 1 - half)]
            new = row[min(n - 1, t + half)]
            i = 0
            while window[i] != old:
                i += 1
            while i + 1 < width and window[i + 1] < new:
                window[i] = window[i + 1]
                i += 1
            while i > 0 and window[i - 1] > new:
                window[i] = window[i - 1]
                i -= 1
            window[i] = new
            out[r, t] = window[half]


def _spectrogram(blocks: Any) -> FloatArray:
    """Magnitudes of some frames [shape=(frames, bins)]."""
    magnitude: FloatArray = np.abs(scipy.fft.rfft(blocks * hann_window(), axis=1, overwrite_x=True))
    return magnitude


def _separate(magnitude: FloatArray) -> tuple[Any, Any]:
    """Which cells are harmonic, and which percussive [shape=(frames, bins)], bool."""
    by_bin = np.ascontiguousarray(magnitude.T)
    harmonic = np.empty_like(by_bin)
    _median_of_rows(by_bin, WIDTH, harmonic)
    percussive = np.empty_like(magnitude)
    _median_of_rows(magnitude, WIDTH, percussive)
    harmonic = harmonic.T
    return harmonic > FACTOR * percussive, percussive > FACTOR * harmonic


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `hpss`."""
    n = signal.frames.n
    blocks = centred_blocks(signal.y, n)
    spectra = np.zeros((3, N_FFT // 2 + 1))
    percussive_energy = np.zeros(n)
    for begin in range(0, n, _SEGMENT):
        lead = max(0, begin - _HALF)  # frames on both sides that the medians need
        stop = min(n, begin + _SEGMENT)
        magnitude = _spectrogram(blocks[lead : min(n, stop + _HALF)])
        is_harmonic, is_percussive = _separate(magnitude)
        keep = slice(begin - lead, stop - lead)
        power = magnitude[keep] ** 2
        harmonic, percussive = is_harmonic[keep] * power, is_percussive[keep] * power
        spectra += [harmonic.sum(axis=0), percussive.sum(axis=0), power.sum(axis=0)]
        percussive_energy[begin:stop] = percussive.sum(axis=1)
    shares = spectra[:2].sum(axis=1) / max(spectra[2].sum(), 1e-30)
    return {
        "harmonic_share": shares[0],
        "percussive_share": shares[1],
        "residual_share": max(0.0, 1 - shares.sum()),
        "harmonic_centroid": _centroid(spectra[0]),
        "percussive_centroid": _centroid(spectra[1]),
        "percussive_onset_rate": _attacks(percussive_energy) / max(signal.duration_s, 0.05),
    }


def _centroid(power: Any) -> float | None:
    total = power.sum()
    return float((power * np.arange(len(power))).sum() / total * SR / N_FFT) if total > 0 else None


def _attacks(energy: Any) -> int:
    """Local maxima of the percussive energy that stand out of the four frames before them."""
    loud = energy > energy.max() * 1e-4
    padded = np.concatenate([np.zeros(4), energy, np.zeros(4)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 9)
    before = windows[:, :4].mean(axis=1)
    peaks = loud & (energy >= windows.max(axis=1)) & (energy > _RISE * before)
    return int(peaks.sum())


assert HOP * 4 == N_FFT, "the widths of the medians are meant for a hop of a quarter window"
