"""What tells single hits, loops and everything else apart: course of the level, attacks, repetition, colour."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.frames import N_MELS, SR
from samplemind.descriptors.tempo import estimate

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["FEATURES", "kind_features", "onset_periodicity", "seam_continuity", "tail_ratio"]

_SEGMENTS: Final = 8  # of the sounding part, whose levels draw the course of the sound
_COLOURS: Final = ("centroid", "spread", "flatness", "entropy", "zcr", "crest", "slope")
_FLOOR_DB: Final = -60.0
_CEPSTRUM: Final = 13
_PERIODS_HZ: Final = np.geomspace(1.0, 10.0, 160)  # of regular attacks
_MAX_ONSETS: Final = 128

FEATURES: Final = (
    "log_duration", "log_sounding", "lead", "trail", "tail", "onsets", "onset_rate", "strong_onsets", "second_onset",
    "last_onset", "periodicity", "centre", "first_50_ms", "first_200_ms", "rise_total", "rise_most", "rise_rate",
    "seam",
    *(f"level_{k}" for k in range(_SEGMENTS)),
    *(f"{name}_{part}" for name in _COLOURS for part in ("mean", "deviation")),
    *(f"cepstrum_{k}_{part}" for part in ("mean", "deviation") for k in range(_CEPSTRUM)),
    "mel_movement", "tempo_mass", "tempo_from_length", "tempo_beats", "has_tempo", "repetition",
)  # fmt: skip


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
    times = signal.onset_times
    count = min(len(times), _MAX_ONSETS)
    if count < 3:
        return 0.0
    turns = np.outer(_PERIODS_HZ, times[:count] - times[0]).astype(np.float32)
    phase = np.exp(np.complex64(2j * np.pi) * turns)
    best = float(np.abs(phase.mean(axis=1)).max()) ** 2
    return max(0.0, (count * best - 1) / (count - 1))


def seam_continuity(signal: Signal) -> float:
    """Likeness of the last and the first moment: 1 where the spectrum at the end is that of the start."""
    return signal.shared("seam continuity", _seam_continuity)


def _seam_continuity(signal: Signal) -> float:
    level = signal.mel_db
    end = level[-4:-1].mean(axis=0) if len(level) > 4 else level[-1]
    return float(np.exp(-np.abs(end - level[:3].mean(axis=0)).mean() / 20))


def tail_ratio(signal: Signal) -> float:
    """Level of the last 10 % of the file over that of its loudest tenth."""
    return signal.shared("tail ratio", _tail_ratio)


def _tail_ratio(signal: Signal) -> float:
    envelope = signal.envelope
    width = max(1, len(envelope) // 10)
    power = np.concatenate([[0.0], np.cumsum(envelope.astype(np.float64) ** 2)])
    loudest = float((power[width:] - power[:-width]).max())
    return float(np.sqrt(min(1.0, (power[-1] - power[-1 - width]) / loudest))) if loudest > 0 else 0.0


def _level_db(signal: Signal) -> Any:
    """Envelope in dB below its highest point, in steps of 12 ms."""
    envelope = signal.envelope
    coarse = np.maximum.reduceat(envelope, np.arange(0, len(envelope), 4))
    return np.maximum(20 * np.log10(np.maximum(coarse / max(float(coarse.max()), 1e-9), 1e-3)), _FLOOR_DB)


def kind_features(signal: Signal) -> Any:
    """Numbers of about unit size.

    Returns
    -------
    np.ndarray [shape=(len(FEATURES),)], float32
    """
    duration = signal.duration_s
    level = _level_db(signal)
    loud = np.flatnonzero(level > -50)
    first, last = int(loud[0]), int(loud[-1]) + 1
    step = 4 * 128 / SR
    sounding = (last - first) * step
    part = level[first:last]
    power = 10 ** (part / 10)
    share = np.cumsum(power) / power.sum()
    onsets, weights = signal.onset_times, signal.onset_weights
    strongest = float(weights.max()) if len(weights) else 1.0
    strong = onsets[weights > 0.5 * strongest]
    after = part[int(np.argmax(part)) :]
    rises = np.maximum(np.diff(after[:: 2 if len(after) > 8 else 1]), 0)
    rises = rises[rises > 1.5]
    edges = np.minimum(np.arange(_SEGMENTS) * len(part) // _SEGMENTS, len(part) - 1)
    chunks = np.add.reduceat(part, edges) / np.maximum(1, np.diff(edges, append=len(part)))
    frames = signal.frames
    energy = frames.energy[:: frames.step]
    heard = energy * (1 / energy.sum())
    colours = frames.features[:, _columns()]
    mean = heard @ colours
    deviation = np.sqrt(np.maximum(heard @ (colours - mean) ** 2, 0))
    mel_db = np.maximum(signal.mel_db, -np.float32(60))
    movement = float(np.abs(mel_db[1:] - mel_db[:-1]).mean()) if len(mel_db) > 1 else 0.0
    cepstrum = mel_db[signal.active] @ _cosines()
    shape = np.concatenate([cepstrum.mean(axis=0), cepstrum.std(axis=0)]) / 10
    tempo = estimate(signal)
    plain = [
        np.log2(max(duration, 0.02)), np.log2(max(sounding, 0.02)), min(first * step, 1.0),
        min(1, duration - last * step), tail_ratio(signal), np.log2(1 + len(onsets)),
        len(onsets) / max(sounding, 0.1) / 4, np.log2(1 + len(strong)),
        float(np.sort(weights)[-2]) / strongest if len(weights) > 1 else 0.0,
        (onsets[-1] - first * step) / max(sounding, 0.05) if len(onsets) else 0.0,
        onset_periodicity(signal), float((power @ np.arange(len(power))) / power.sum() / len(power)),
        float(share[min(len(share) - 1, 4)]), float(share[min(len(share) - 1, 17)]),
        np.log2(1 + rises.sum()) / 4, float(rises.max(initial=0)) / 20, rises.sum() / max(sounding, 0.1) / 50,
        seam_continuity(signal),
    ]  # fmt: skip
    colour = np.stack([mean / _SCALES, deviation / _SCALES], axis=1).ravel()
    beat = [0.0] * 5
    if tempo is not None:
        beat = [tempo.mass, float(tempo.from_length), np.log2(tempo.beats + 1) / 4, 1.0, tempo.repetition]
    return np.concatenate([plain, chunks / 30, colour, shape, [movement / 5], beat]).astype(np.float32)


_SCALES: Final = np.array([5000.0, 4000.0, 0.3, 0.5, 5000.0, 20.0, 5.0], np.float32)


@cache
def _columns() -> list[int]:
    names = list(FRAME_FEATURES)
    return [names.index(name) for name in _COLOURS]


@cache
def _cosines() -> FloatArray:
    """Orthonormal DCT-II of the mel bands, without its first row [shape=(N_MELS, 13)]."""
    k = np.arange(1, _CEPSTRUM + 1)
    basis = np.cos(np.pi / N_MELS * np.outer(np.arange(N_MELS) + 0.5, k)) * np.sqrt(2 / N_MELS)
    matrix: FloatArray = basis.astype(np.float32)
    return matrix
