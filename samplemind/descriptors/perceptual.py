"""Scales of how a sound seems to a listener, from its specific loudness and its partials.

Reduced forms: the scales of Pearce, Brookes & Mason 2019 (AudioCommons deliverable D5.8) are regressions on listening
tests over several features each; here each scale is the quantity that carries most of it, mapped to 0-100 so that
the sounds of a large library spread over the range. They order sounds; their numbers are not those of the originals.
The sound is taken as played at 70 dB SPL, so that gain changes nothing.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from samplemind.descriptors.frames import HOP, N_FFT, SR
from samplemind.descriptors.partials import partials
from samplemind.descriptors.signal import Signal

__all__ = ["compute", "specific_loudness"]

#: Edges of the critical bands in Hz, Zwicker 1961; the last is closed at the top of the spectrum.
BARK_EDGES: Final = (0, 100, 200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700,
                     4400, 5300, 6400, 7700, 9500, 12000, 15500)  # fmt: skip
LISTENING_DB: Final = 70.0
_ROUGH_FRAMES: Final = 40
#: Height of the middle of each band in Bark, and how much it adds to sharpness (von Bismarck's weight, DIN 45692).
_HEIGHT: Final = np.arange(len(BARK_EDGES) - 1) + 0.5
_SHARPNESS: Final = _HEIGHT * np.where(_HEIGHT > 15.8, 0.15 * np.exp(0.42 * (_HEIGHT - 15.8)) + 0.85, 1.0)
_BOOM: Final = np.array([1.0, 0.8, 0.4])
Doubles = npt.NDArray[np.float64]


@lru_cache(maxsize=1)
def _band_starts() -> Any:
    return np.maximum(1, np.round(np.array(BARK_EDGES) * N_FFT / SR)).astype(int)


@lru_cache(maxsize=1)
def _threshold_db() -> Doubles:
    """Threshold in quiet at the centre of each band, dB SPL (Terhardt 1979)."""
    khz = (np.array(BARK_EDGES[:-1]) + np.array(BARK_EDGES[1:])) / 2000
    curve: Doubles = 3.64 * khz**-0.8 - 6.5 * np.exp(-0.6 * (khz - 3.3) ** 2) + 1e-3 * khz**4
    return np.minimum(curve, 60)


def specific_loudness(power: Doubles) -> Doubles:
    """Loudness of each critical band.

    Parameters
    ----------
    power : np.ndarray [shape=(1025,)]
        Power spectrum, any gain.

    Returns
    -------
    np.ndarray [shape=(24,)]
        Sone per Bark of the sound at 70 dB SPL, with upward masking of 10 dB a band (Zwicker & Fastl 1990, eq. 8.7,
        without its second-order terms).
    """
    starts = _band_starts()
    band = np.add.reduceat(power, starts[:-1])
    band[-1] = power[starts[-2] : starts[-1]].sum()
    level = 10 * np.log10(np.maximum(band / max(power[1:].sum(), 1e-30), 1e-12)) + LISTENING_DB
    for z in range(1, len(level)):
        level[z] = max(level[z], level[z - 1] - 10)
    quiet = _threshold_db()
    above = 0.5 + 0.5 * 10 ** ((level - quiet) / 10)
    loudness: Doubles = np.maximum(0, 0.08 * 10 ** (0.023 * quiet) * (above**0.23 - 1))
    return loudness


def _scale(value: float, low: float, high: float) -> float:
    """Map `low`..`high` to 5..95 with a smooth knee at both ends."""
    return 100 / (1 + math.exp(-5.9 * ((value - low) / (high - low) - 0.5)))


@njit(cache=True, nogil=True, fastmath=True)
def _pairs(freqs, amps, count):  # type: ignore[no-untyped-def]
    """Roughness (Vassilakis 2001) and dissonance (Sethares 1998) of the pairs of partials of one frame."""
    rough = 0.0
    dissonance = 0.0
    weight = 0.0
    for i in range(count):
        for j in range(i + 1, count):
            low = freqs[i]
            gap = freqs[j] - low
            s = 0.24 / (0.0207 * low + 18.96)
            x = s * gap
            if x > 2.0:
                break
            small = min(amps[i], amps[j])
            both = amps[i] + amps[j]
            curve = math.exp(-3.5 * x) - math.exp(-5.75 * x)
            rough += (amps[i] * amps[j]) ** 0.1 * 0.5 * (2 * small / both) ** 3.11 * curve * small
            dissonance += small * curve
            weight += small
    return rough, dissonance, weight


@njit(cache=True, nogil=True, fastmath=True)
def _mean_pairs(freqs, amps, counts, chosen):  # type: ignore[no-untyped-def]
    """Means over the chosen frames that have pairs at all: roughness, amplitudes to the loudest, and dissonance."""
    rough = 0.0
    dissonance = 0.0
    frames = 0
    for t in chosen:
        count = counts[t]
        if count < 2:
            continue
        relative = amps[t, :count] / max(amps[t, :count].max(), np.float32(1e-12))
        r, d, weight = _pairs(freqs[t], relative, count)
        rough += r
        dissonance += d / weight if weight > 0 else 0.0
        frames += 1
    return rough / max(1, frames), dissonance / max(1, frames)


def _roughness(signal: Signal) -> tuple[float, float]:
    """Roughness relative to the loudest partial, and dissonance 0 to 1, means over at most 40 frames."""
    peaks = partials(signal)
    chosen = np.unique(np.linspace(0, peaks.n - 1, min(peaks.n, _ROUGH_FRAMES)).astype(int))
    rough, dissonance = _mean_pairs(peaks.freqs, peaks.amps, peaks.counts, chosen)
    return rough, min(1.0, dissonance / 0.18)


def _attack_centroid(signal: Signal) -> float:
    """Centroid (Hz) of the 125 ms after the loudest rise."""
    frames = signal.frames
    begin = int(np.argmax(signal.onset_strength)) // frames.step
    rows = slice(begin, begin + max(1, int(0.125 * SR / HOP) // frames.step))
    energy = frames.energy[:: frames.step][rows]
    return float((frames.feature("centroid")[rows] * energy).sum() / max(float(energy.sum()), 1e-30))


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `perceptual`."""
    loudness = specific_loudness(signal.frames.mean_power.astype(np.float64))
    total = max(float(loudness.sum()), 1e-9)
    share = loudness / total
    attack = signal.values("envelope")["attack_log10"]
    rough, dissonance = _roughness(signal)
    return {
        "sharpness_acum": 0.11 * float(share @ _SHARPNESS),
        # above 3 kHz, with the loudness-weighted height in Bark
        "brightness": _scale(float(share[16:].sum()) * 8 + float(share @ _HEIGHT), 4, 20),
        "hardness": _scale(math.log2(max(_attack_centroid(signal), 50.0)) - 1.5 * attack, 8.5, 19),
        "depth": _scale(float(share[:2].sum()) + 0.5 * float(share[2:4].sum()), 0.0, 0.7),
        "warmth": _scale(float(share[1:6].sum()) - 0.7 * float(share[16:].sum()), -0.4, 0.6),
        "boominess": _scale(float(share[:3] @ _BOOM), 0.0, 0.5),
        "roughness": 100 * rough / (rough + 0.15),
        "dissonance": dissonance,
    }
