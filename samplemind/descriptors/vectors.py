"""Vectors of similarity: one of the whole sound, and one of each aspect. All have length 1.

The whole-sound vector is a projection of `traits` (about two hundred numbers that do not depend on gain): the
directions that tell classes of sounds apart (Fisher's discriminants), then the principal directions of the rest.
The projection is fitted by `benchmarks/fit_vectors.py` on freely licensed and synthesised sounds and kept in
`data/vectors.npz`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.aspects import envelope_aspect, harmony_aspect, pitch_aspect, rhythm_aspect
from samplemind.descriptors.frames import HOP, SR
from samplemind.descriptors.signal import Signal

__all__ = ["LIMIT", "compute", "standardized", "traits"]

LIMIT: Final = 4.0  # standard deviations: one odd trait does not outweigh all others
#: Seconds after the start of the sound at which its course is sampled.
COURSE_S: Final = (0.0, 0.012, 0.035, 0.07, 0.12, 0.2, 0.35, 0.6, 1.0)
_COURSE_FRAMES: Final = np.round(np.array(COURSE_S) * SR / HOP).astype(np.int64)
_COURSE_BANDS: Final = 10  # four mel bands each


class _Number(NamedTuple):
    """How a value becomes a trait: with `floor`, its binary logarithm; 0, or that of the floor, where it is null."""

    group: str
    name: str
    floor: float = 0.0
    low: float = -math.inf
    high: float = math.inf
    scale: float = 1.0


_NUMBERS: Final = (
    *(_Number("spectrum", f"{name}_{stat}", 1e-2) for name in ("centroid", "spread", "rolloff", "rolloff95", "zcr",
                                                               "kurtosis") for stat in ("mean", "std")),
    *(_Number("spectrum", f"{name}_{stat}") for name in ("flatness", "entropy", "crest", "slope", "decrease", "flux",
                                                         "skewness") for stat in ("mean", "std")),
    *(_Number("timbre", f"{band}_energy_ratio", 1e-5) for band in ("low", "mid", "high")),
    _Number("timbre", "harmonic_percussive_ratio"),
    _Number("envelope", "attack_log10"),
    _Number("envelope", "decay_s", 1e-3),
    _Number("envelope", "decay_db_per_s", 0.1),
    _Number("level", "effective_duration_s", 1e-3),
    _Number("envelope", "sustain_level"),
    _Number("envelope", "temporal_centroid"),
    _Number("envelope", "envelope_flatness"),
    _Number("envelope", "envelope_crest", 1.0),
    _Number("envelope", "onset_count", 0.5),
    _Number("envelope", "onset_rate", 0.1),
    _Number("pitch", "f0_hz", 20.0),
    _Number("pitch", "f0_hz", low=0.0, high=1.0),  # whether there is one
    _Number("pitch", "voicing"),
    _Number("pitch", "pitch_confidence"),
    _Number("pitch", "pitch_salience"),
    _Number("pitch", "pitch_range_cents", 1.0),
    _Number("pitch", "pitch_glide_cents", low=-2400.0, high=2400.0, scale=1 / 1200),
    _Number("harmonic", "inharmonicity"),
    _Number("harmonic", "harmonic_energy_ratio"),
    _Number("harmonic", "odd_even_ratio", low=-40.0, high=40.0),
    _Number("tonality", "hpcp_entropy"),
    _Number("tonality", "tonal_share"),
    _Number("rhythm", "pulse_clarity"),
    _Number("kind", "onset_periodicity"),
    _Number("kind", "tail_ratio"),
)  # fmt: skip
_WHERE: Final = tuple((number.group, number.name) for number in _NUMBERS)
_GROUPS: Final = tuple(dict.fromkeys(number.group for number in _NUMBERS))
_FLOORS, _LOWS, _HIGHS, _SCALES = (
    np.array([getattr(number, field) for number in _NUMBERS]) for field in ("floor", "low", "high", "scale")
)
_NO_TRISTIMULUS: Final = np.zeros(3, np.float32)


@njit(cache=True, nogil=True)
def _scaled(values, floors, lows, highs, scales):  # type: ignore[no-untyped-def]
    """Numbers as traits; NaN stands for null."""
    out = np.empty(len(values), np.float32)
    for i in range(len(values)):
        value = 0.0 if math.isnan(values[i]) else values[i]
        if floors[i] > 0:
            out[i] = math.log2(max(value, floors[i]))
        else:
            out[i] = min(max(value, lows[i]), highs[i]) * scales[i]
    return out


@njit(cache=True, nogil=True)
def _course(mel_db, frames, bands):  # type: ignore[no-untyped-def]
    """Level of some bands in some frames, dB below the loudest band, -60 (also after the end) to 0."""
    width = mel_db.shape[1] // bands
    out = np.full(len(frames) * bands, np.float32(-60.0))
    for k in range(len(frames)):
        if frames[k] < len(mel_db):
            for band in range(bands):
                total = np.float32(0.0)
                for i in range(band * width, (band + 1) * width):
                    total += max(mel_db[frames[k], i], np.float32(-60.0))
                out[k * bands + band] = total / np.float32(width)
    return out


@njit(cache=True, nogil=True)
def _deviations(values, mean, deviation, limit):  # type: ignore[no-untyped-def]
    out = np.empty(len(values), np.float32)
    for i in range(len(values)):
        out[i] = min(max((values[i] - mean[i]) / deviation[i], -limit), limit)
    return out


def traits(signal: Signal) -> FloatArray:
    """What the whole-sound vector and the classes are made from.

    Parameters
    ----------
    signal : Signal
        Not silent.

    Returns
    -------
    np.ndarray [shape=(d,)], float32
        Finite; independent of gain.
    """
    of = {group: signal.values(group) for group in _GROUPS}
    values = np.array([of[group][name] for group, name in _WHERE], np.float64)
    timbre, spectrum, tristimulus = of["timbre"], of["spectrum"], of["harmonic"]["tristimulus"]
    start = int(np.argmax(signal.active))
    return np.concatenate([
        timbre["mfcc_mean"], timbre["mfcc_std"], timbre["mfcc_delta_std"],
        spectrum["contrast_mean"], spectrum["contrast_std"],
        _course(signal.mel_db, start + _COURSE_FRAMES, _COURSE_BANDS),
        _NO_TRISTIMULUS if tristimulus is None else tristimulus,
        _scaled(values, _FLOORS, _LOWS, _HIGHS, _SCALES),
    ], dtype=np.float32)  # fmt: skip


@lru_cache(maxsize=1)
def _fitted() -> dict[str, FloatArray]:
    with (files("samplemind.descriptors") / "data" / "vectors.npz").open("rb") as handle, np.load(handle) as stored:
        return {name: np.ascontiguousarray(stored[name], dtype=np.float32) for name in stored.files}


def _standardize(signal: Signal) -> FloatArray:
    fitted = _fitted()
    deviations: FloatArray = _deviations(traits(signal), fitted["mean"], fitted["deviation"], np.float32(LIMIT))
    return deviations


def standardized(signal: Signal) -> FloatArray:
    """Traits as deviations from those of an average sound [shape=(d,)], within -4 and 4."""
    return signal.shared("deviations of traits", _standardize)


def _unit(vector: FloatArray) -> FloatArray | None:
    """The vector with length 1; None for one without direction."""
    length = math.sqrt(vector @ vector)
    return vector / np.float32(length) if length > 1e-9 else None


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `vectors`."""
    deviations = standardized(signal)
    bands = signal.values("timbre")["mel_mean"]
    harmony = harmony_aspect(signal)
    return {
        "embedding": _unit(deviations @ _fitted()["projection"]),
        "spectrum_vector": _unit(bands - bands.sum() / np.float32(len(bands))),
        "timbre_vector": _unit(deviations[:40]),  # the means and deviations of the cepstral coefficients
        "pitch_vector": _unit(pitch_aspect(signal)),
        "envelope_vector": _unit(envelope_aspect(signal)),
        "rhythm_vector": _unit(rhythm_aspect(signal)),
        "harmony_vector": _unit(harmony) if harmony is not None else None,
    }
