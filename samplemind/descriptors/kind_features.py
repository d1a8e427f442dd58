"""What tells single hits, loops and everything else apart: course of the level, attacks, repetition, colour."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.frames import HOP, N_MELS, SR
from samplemind.descriptors.kind_kernels import (
    COURSE,
    MOVES,
    attack_features,
    colour_features,
    course_features,
    grid_strength,
)
from samplemind.descriptors.signal import ENVELOPE_HOP
from samplemind.descriptors.tempo import estimate

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["FEATURES", "kind_features", "onset_periodicity", "seam_continuity", "tail_ratio"]

_STEP: Final = 4 * ENVELOPE_HOP / SR
_PERIODS_HZ: Final = np.geomspace(1.0, 10.0, 160)  # of regular attacks
_MAX_ONSETS: Final = 128
_AFTER: Final = 3  # frames from the start of an attack to its colour

_ATTACKS: Final = ("onsets", "onset_rate", "strong_onsets", "second_onset", "later_onsets", "first_onset", "last_onset",
                   "rest", "usual_gap", "uneven_gaps", "rest_in_gaps", "has_gaps")  # fmt: skip
_PARTS: Final = ("mean", "deviation", "moves", "with_level")
_DETAILS: Final = ("entropy", "flatness", "crest", "zcr")  # of `FRAME_FEATURES`
_COLOURS: Final = (
    *(f"band_{name}_{part}" for name in ("centre", "spread", "entropy", "flatness") for part in _PARTS),
    *(f"cepstrum_{k}_{part}" for part in ("mean", "deviation") for k in range(13)),
    *(f"cepstrum_{k}_moves" for k in range(6)), "attacks_apart", "attacks_from_first", "attacks_from_last",
    *(f"{name}_{part}" for name in _DETAILS for part in _PARTS), *(f"colour_moves_{k}" for k in range(MOVES)),
)  # fmt: skip
_TEMPO: Final = ("has_tempo", "tempo_mass", "tempo_from_length", "repetition", "clarity", "tempo_beats", "off_beats",
                 "off_bars", "tempo_rest", "tempo_tail")  # fmt: skip

FEATURES: Final = ("log_duration", *(f"course_{name}" for name in COURSE), *_ATTACKS, *_COLOURS, "periodicity", "seam",
                   *_TEMPO)  # fmt: skip


def onset_periodicity(signal: Signal) -> float:
    """How regularly attacks lie: the squared length of the mean phase vector at the best period, less chance.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    float
        0 (or fewer than three attacks) to 1 (all on one grid of 0.1 to 1 s).
    """
    return signal.shared("onset periodicity", _onset_periodicity)


def _onset_periodicity(signal: Signal) -> float:
    times = signal.onset_times[:_MAX_ONSETS]
    return grid_strength(times, _PERIODS_HZ) if len(times) > 2 else 0.0


def seam_continuity(signal: Signal) -> float:
    """Likeness of the last and the first moment: 1 where the spectrum at the end is that of the start."""
    return signal.shared("seam continuity", _seam_continuity)


def _seam_continuity(signal: Signal) -> float:
    level = signal.mel_db
    end = level[-4:-1].mean(axis=0) if len(level) > 4 else level[-1]
    return float(np.exp(-np.abs(end - level[:3].mean(axis=0)).mean() / 20))


def tail_ratio(signal: Signal) -> float:
    """Level of the last 10 % of the file over that of its loudest tenth."""
    return float(kind_features(signal)[1 + COURSE.index("tail")])


def kind_features(signal: Signal) -> Any:
    """Numbers of about unit size.

    Returns
    -------
    np.ndarray [shape=(len(FEATURES),)], float32
    """
    return signal.shared("kind features", _kind_features)


def _kind_features(signal: Signal) -> FloatArray:
    out = np.empty(len(FEATURES), np.float32)
    duration = signal.duration_s
    out[0] = np.log2(max(duration, 0.02))
    at = 1 + len(COURSE)
    begin, sounding = course_features(signal.envelope, duration, _STEP, out[1:at])
    times = signal.onset_times
    attack_features(times, signal.onset_weights, duration, begin, sounding, out[at : at + len(_ATTACKS)])
    at += len(_ATTACKS)
    frames = signal.frames
    after = np.minimum((times * (SR / HOP)).astype(np.int64) + _AFTER, frames.n - 1)
    details = frames.features[:, _columns()]
    colour_features(frames.mel, signal.mel_db, frames.energy, after, _cosines(), details, frames.step,
                    out[at : at + len(_COLOURS)])  # fmt: skip
    at += len(_COLOURS)
    out[at], out[at + 1] = onset_periodicity(signal), seam_continuity(signal)
    out[at + 2 :] = _tempo_features(signal)
    return out


def _tempo_features(signal: Signal) -> list[float]:
    """What the tempo found says of a loop: how sure it is, and whether the sound ends with a beat and with a bar."""
    tempo = estimate(signal)
    if tempo is None:
        return [0.0] * len(_TEMPO)
    beats, evidence = tempo.beats, tempo.evidence
    rest = (tempo.length_s + tempo.origin_s - evidence.last_onset_s) * tempo.bpm / 60
    return [1.0, tempo.mass, float(tempo.from_length), tempo.repetition, tempo.clarity, np.log2(beats + 1) / 4,
            abs(beats - round(beats)), abs(beats / 4 - round(beats / 4)) * 2, min(4.0, rest) / 2,
            evidence.tail_db / 40]  # fmt: skip


@cache
def _columns() -> list[int]:
    names = list(FRAME_FEATURES)
    return [names.index(name) for name in _DETAILS]


@cache
def _cosines() -> FloatArray:
    """Orthonormal DCT-II of the mel bands, without its first row [shape=(N_MELS, 13)]."""
    k = np.arange(1, 14)
    basis = np.cos(np.pi / N_MELS * np.outer(np.arange(N_MELS) + 0.5, k)) * np.sqrt(2 / N_MELS)
    matrix: FloatArray = basis.astype(np.float32)
    return matrix
