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
from typing import Any, Final

import numpy as np
import scipy.fft

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.envelope import held_envelope
from samplemind.descriptors.frames import HOP, SR
from samplemind.descriptors.signal import Signal

__all__ = ["compute", "standardized", "traits"]

#: Seconds after the start of the sound at which its course is sampled.
COURSE_S: Final = (0.0, 0.012, 0.035, 0.07, 0.12, 0.2, 0.35, 0.6, 1.0)
_COURSE_BANDS: Final = 10  # four mel bands each
_LIMIT: Final = 4.0  # standard deviations: one odd trait does not outweigh all others
_NOT_NEGATIVE: Final = ("centroid", "spread", "rolloff", "rolloff95", "zcr", "kurtosis")
_LEVEL_FREE: Final = ("flatness", "entropy", "crest", "slope", "decrease", "flux", "skewness")


def _log(value: float | None, floor: float) -> float:
    return math.log2(max(value or 0.0, floor))


def _course(signal: Signal) -> FloatArray:
    """Level of ten bands at nine moments after the start, dB below the loudest band, -60 to 0 [shape=(90,)]."""
    start = int(np.argmax(signal.active))
    frames = start + np.round(np.array(COURSE_S) * SR / HOP).astype(int)
    frames = frames[frames < signal.frames.n]
    bands = np.maximum(signal.mel_db[frames], np.float32(-60))
    course = np.full((len(COURSE_S), _COURSE_BANDS), np.float32(-60))
    course[: len(frames)] = bands.reshape(len(frames), _COURSE_BANDS, -1).mean(axis=2)
    return course.ravel()


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
    return signal.shared("traits", _traits)


def _traits(signal: Signal) -> FloatArray:
    timbre, spectrum, envelope = (signal.values(group) for group in ("timbre", "spectrum", "envelope"))
    pitch, harmonic, tonality = (signal.values(group) for group in ("pitch", "harmonic", "tonality"))
    rhythm, kind, level = (signal.values(group) for group in ("rhythm", "kind", "level"))
    numbers = [
        *(_log(spectrum[f"{name}_{stat}"], 1e-2) for name in _NOT_NEGATIVE for stat in ("mean", "std")),
        *(float(spectrum[f"{name}_{stat}"]) for name in _LEVEL_FREE for stat in ("mean", "std")),
        *(_log(timbre[f"{band}_energy_ratio"], 1e-5) for band in ("low", "mid", "high")),
        timbre["harmonic_percussive_ratio"],
        envelope["attack_log10"],
        _log(envelope["decay_s"], 1e-3),
        _log(envelope["decay_db_per_s"], 0.1),
        _log(level["effective_duration_s"], 1e-3),
        envelope["sustain_level"],
        envelope["temporal_centroid"],
        envelope["envelope_flatness"],
        _log(envelope["envelope_crest"], 1.0),
        _log(envelope["onset_count"], 0.5),
        _log(envelope["onset_rate"], 0.1),
        _log(pitch["f0_hz"], 20.0),
        float(pitch["f0_hz"] is not None),
        pitch["voicing"] or 0.0,
        pitch["pitch_confidence"] or 0.0,
        pitch["pitch_salience"] or 0.0,
        _log(pitch["pitch_range_cents"], 1.0),
        max(-2400.0, min(2400.0, pitch["pitch_glide_cents"] or 0.0)) / 1200,
        harmonic["inharmonicity"] or 0.0,
        harmonic["harmonic_energy_ratio"] or 0.0,
        max(-40.0, min(40.0, harmonic["odd_even_ratio"] or 0.0)),
        *(harmonic["tristimulus"] if harmonic["tristimulus"] is not None else (0.0, 0.0, 0.0)),
        tonality["hpcp_entropy"] or 0.0,
        tonality["tonal_share"] or 0.0,
        rhythm["pulse_clarity"] or 0.0,
        kind["onset_periodicity"] or 0.0,
        kind["tail_ratio"] or 0.0,
    ]
    parts = [timbre["mfcc_mean"], timbre["mfcc_std"], timbre["mfcc_delta_std"], spectrum["contrast_mean"],
             spectrum["contrast_std"], _course(signal), np.array(numbers, dtype=np.float32)]  # fmt: skip
    return np.nan_to_num(np.concatenate(parts).astype(np.float32), nan=0.0, posinf=1e4, neginf=-1e4)


@lru_cache(maxsize=1)
def _fitted() -> dict[str, FloatArray]:
    with (files("samplemind.descriptors") / "data" / "vectors.npz").open("rb") as handle, np.load(handle) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def standardized(signal: Signal) -> FloatArray:
    """Traits as deviations from those of an average sound [shape=(d,)], within -4 and 4."""
    fitted = _fitted()
    deviations: FloatArray = np.clip((traits(signal) - fitted["mean"]) / fitted["deviation"], -_LIMIT, _LIMIT)
    return deviations


def _unit(values: Any) -> FloatArray | None:
    """The vector with length 1; None for one without direction."""
    vector: FloatArray = np.asarray(values, dtype=np.float32)
    length = float(np.sqrt(np.dot(vector, vector)))
    return vector / np.float32(length) if length > 1e-9 else None


def _envelope_aspect(signal: Signal) -> FloatArray:
    """Level in dB at 28 points over the sound, and how long it lasts."""
    held = held_envelope(signal)
    top = float(held.max())
    sounding = np.flatnonzero(held > top * 1e-3)
    part = held[sounding[0] : sounding[-1] + 1]
    # half of the points are spent on the first eighth of the sound
    positions = np.linspace(0, 1, 28) ** 2 * (len(part) - 1)
    level = np.interp(positions, np.arange(len(part)), part)
    course = 1 + np.maximum(20 * np.log10(np.maximum(level / top, 1e-3)), -60) / 60
    envelope = signal.values("envelope")
    lengths = [_log(envelope["attack_s"], 1e-4) + 8, _log(envelope["decay_s"], 1e-3) + 4,
               _log(len(part) * 128 / SR, 1e-3) + 2, envelope["temporal_centroid"] * 4]  # fmt: skip
    return np.concatenate([course - 0.5, np.array(lengths) * 0.4])


def _rhythm_aspect(signal: Signal) -> FloatArray:
    """Autocorrelation of the onset strength at 30 lags of 0.06 to 2 s, equally spaced in pitch of tempo, and rates."""
    strength = signal.onset_strength - signal.onset_strength.mean()
    size = scipy.fft.next_fast_len(2 * len(strength), real=True)
    spectrum = np.abs(scipy.fft.rfft(strength, size)) ** 2
    correlation = scipy.fft.irfft(spectrum, size)[: len(strength)]
    lags = 0.06 * 2 ** (np.arange(30) / 6) * SR / HOP
    curve = np.interp(lags, np.arange(len(correlation)), correlation / max(float(correlation[0]), 1e-9), right=0.0)
    envelope = signal.values("envelope")
    rates = [0.15 * _log(envelope["onset_rate"], 0.1), 0.15 * _log(envelope["onset_count"], 0.5)]
    return np.concatenate([curve, rates])


def _pitch_aspect(signal: Signal) -> FloatArray:
    """Position on the circle of fifths and of semitones, height, and how steady the pitch is."""
    values = signal.values("pitch")
    if values["f0_hz"] is None:
        none = np.zeros(16, dtype=np.float32)
        none[14:] = 0.3 * (values["voicing"] or 0.0), 1.0
        return none
    note = 69 + 12 * math.log2(values["f0_hz"] / 440)
    height = np.exp(-0.5 * ((np.linspace(24, 108, 12) - note) / 5) ** 2)
    angle = 2 * math.pi * note / 12
    return np.concatenate([height, [0.5 * math.cos(angle), 0.5 * math.sin(angle),
                                    0.2 * (values["voicing"] or 0.0), 0.0]])  # fmt: skip


_TONICS: Final = {name: i for i, name in enumerate(("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"))}


def _harmony_aspect(signal: Signal) -> FloatArray | None:
    """Pitch classes as they are, and again from the tonic on, so that equal progressions in other keys are near."""
    tonality = signal.values("tonality")
    hpcp = tonality["hpcp"]
    if hpcp is None:
        return None
    hpcp = np.asarray(hpcp, dtype=np.float32) - np.mean(hpcp)
    tonic = _TONICS.get(tonality["key"] or "", int(np.argmax(hpcp)))
    return np.concatenate([hpcp, np.roll(hpcp, -tonic)])


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `vectors`."""
    fitted = _fitted()
    deviations = standardized(signal)
    timbre = signal.values("timbre")
    harmony = _harmony_aspect(signal)
    return {
        "embedding": _unit(deviations @ fitted["projection"]),
        "spectrum_vector": _unit(timbre["mel_mean"] - timbre["mel_mean"].mean()),
        "timbre_vector": _unit(deviations[:40]),  # the means and deviations of the cepstral coefficients
        "pitch_vector": _unit(_pitch_aspect(signal)),
        "envelope_vector": _unit(_envelope_aspect(signal)),
        "rhythm_vector": _unit(_rhythm_aspect(signal)),
        "harmony_vector": _unit(harmony) if harmony is not None else None,
    }
