"""The tempos that a sound could have, and what speaks for each.

Two sorts of candidate: those that make the file, or the file without the silence around the sound, a whole number of
beats, and those that the onsets suggest by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from samplemind.descriptors.tempo_evidence import CURVES, Evidence

__all__ = ["FEATURES", "MAX_BPM", "MIN_BPM", "Candidates", "candidates", "features", "pulse"]

MIN_BPM: Final = 48.0
MAX_BPM: Final = 212.0
#: Numbers of beats that loops are made of; longer ones come in whole bars of four.
_BEATS: Final = np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 21, 24, 27, 28, 30, 32, 36, 40, 42, 44,
                          48, 52, 56, 60, 64, 72, 80, 96, 112, 128], dtype=np.float64)  # fmt: skip
_MAX_PADDING_S: Final = 0.12  # more silence than this around a sound belongs to its music
_LONGEST_LOOP_S: Final = 40.0  # beyond it a whole number of beats fits any tempo
_FROM_ONSETS: Final = 14
_GRID: Final = np.exp(np.arange(np.log(MIN_BPM), np.log(MAX_BPM), 0.004))
#: Frequencies at which the onset curves are looked at, in quarters of the beat's frequency.
_MULTIPLES: Final = np.array([0.5, 1, 4 / 3, 2, 8 / 3, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 32])
_LAGS: Final = np.array([0.25, 1 / 3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16])  # beats
_PRIOR_CENTRES: Final = np.log2(np.array([50, 60, 70, 80, 90, 100, 112, 125, 140, 155, 172, 195, 215]) / 120)

FEATURES: Final = (
    *(f"{curve}_{part}_{k}" for part in ("magnitude", "real") for curve in CURVES for k in range(len(_MULTIPLES))),
    *(f"repetition_{k}" for k in range(len(_LAGS))),
    *(f"prior_{k}" for k in range(len(_PRIOR_CENTRES))),
    "log_bpm", "whole_bpm", "half_bpm", "from_length", "length_is_file", "beats_of_4", "beats_of_8", "beats_of_3",
    "beats_power", "beats_whole", "log_beats", "fits_closely", "fits_nearly", "fits_roughly", "rest_bars", "rest_beats",
    "tail", "has_lead", "duration",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidates:
    """Hypotheses, one a row.

    Attributes
    ----------
    bpm : np.ndarray [shape=(c,)], float64
    length_s : np.ndarray [shape=(c,)], float64
        The musical length that `bpm` was made from; for those from onsets the nearest thing, file without lead.
    origin_s : np.ndarray [shape=(c,)], float64
        When the first beat would fall.
    from_length : np.ndarray [shape=(c,)], bool
    """

    bpm: Any
    length_s: Any
    origin_s: Any
    from_length: Any


def _lengths(evidence: Evidence) -> list[tuple[float, float]]:
    """Musical length and origin of the loop that the file could be."""
    whole = evidence.duration_s
    lead, trail = evidence.lead_s, evidence.trail_s
    found = [(whole, 0.0)]
    if 0.003 < lead < _MAX_PADDING_S:
        found.append((whole - lead, lead))
    if 0.003 < trail < _MAX_PADDING_S:
        found.extend([(length - trail, origin) for length, origin in found])
    return found


def pulse(evidence: Evidence) -> Any:
    """How well the onsets lie on the grid of each tempo of `_GRID` [shape=(g,)]."""
    hz = _GRID[None, :] / 60 * np.array([[1.0], [2.0], [4.0], [3.0]])
    of_beat, of_half, of_quarter, of_third = np.abs(evidence.spectra(hz, 0.0)).sum(axis=0)
    return of_beat + 0.8 * of_half + 0.6 * np.maximum(of_quarter, 0.7 * of_third)


def _peaks(strength: Any, count: int) -> Any:
    inner = strength[1:-1]
    at = np.flatnonzero((inner >= strength[:-2]) & (inner > strength[2:])) + 1
    at = at[np.argsort(-strength[at])[:count]]
    left, middle, right = strength[at - 1], strength[at], strength[at + 1]
    shift = 0.5 * (left - right) / np.minimum(left - 2 * middle + right, -1e-12)
    return _GRID[at] * np.exp(0.004 * np.clip(shift, -0.5, 0.5))


def candidates(evidence: Evidence) -> Candidates:
    """List the tempos worth judging.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    Candidates
        At least one.
    """
    rows: list[tuple[float, float, float, bool]] = []
    if evidence.duration_s < _LONGEST_LOOP_S:
        for length, origin in _lengths(evidence):
            tempo = 60 * _BEATS / length
            keep = (tempo > MIN_BPM) & (tempo < MAX_BPM) & ((_BEATS % 4 == 0) | (_BEATS < 30) & (length < 20))
            rows.extend((bpm, length, origin, True) for bpm in tempo[keep])
    lead = evidence.lead_s if evidence.lead_s < _MAX_PADDING_S else 0.0
    rows.extend((bpm, evidence.duration_s - lead, lead, False) for bpm in _peaks(pulse(evidence), _FROM_ONSETS))
    if not rows:
        rows.append((120.0, evidence.duration_s, lead, False))
    table = np.array(rows, dtype=np.float64)
    return Candidates(table[:, 0], table[:, 1], table[:, 2], table[:, 3] > 0)


def features(evidence: Evidence, found: Candidates) -> Any:
    """Describe each candidate by numbers of about unit size.

    Returns
    -------
    np.ndarray [shape=(c, len(FEATURES))], float32
    """
    bpm = found.bpm
    beat = 60 / bpm
    hz = np.minimum(bpm[:, None] / 240 * _MULTIPLES, 42.0)
    coefficients = evidence.spectra(hz, found.origin_s[:, None])  # (4, c, k)
    flat = np.concatenate([np.abs(coefficients), coefficients.real]).transpose(1, 0, 2).reshape(len(bpm), -1)
    repetition = evidence.repetition_at(beat[:, None] * _LAGS)
    log_bpm = np.log2(bpm / 120)
    prior = np.exp(-(((log_bpm[:, None] - _PRIOR_CENTRES) / 0.12) ** 2))
    beats = found.length_s / beat
    whole = np.round(beats)
    bars = 4 * np.maximum(1, np.round(beats / 4))
    miss = np.abs(beats / bars - 1)
    is_loop = found.from_length
    rest = (found.length_s + found.origin_s - evidence.last_onset_s) / beat
    tail = evidence.tail_db / 40
    off = np.abs(bpm - np.round(bpm)) * found.length_s / 0.003  # in steps of the precision that a length gives
    half = np.abs(2 * bpm - np.round(2 * bpm)) * found.length_s / 0.006
    one = np.ones_like(bpm)
    extra = np.stack([
        log_bpm, is_loop * np.exp(-off), is_loop * np.exp(-half), is_loop,
        is_loop * (found.length_s == evidence.duration_s),
        is_loop * (whole % 4 == 0), is_loop * (whole % 8 == 0), is_loop * (whole % 3 == 0),
        is_loop * (np.log2(np.maximum(whole, 1)) % 1 == 0), np.exp(-np.abs(beats - whole) * 20),
        np.log2(np.maximum(beats, 0.5)) / 4,
        np.exp(-miss / 0.001), np.exp(-miss / 0.005), np.exp(-miss / 0.02),
        np.clip(rest / 4, 0, 3), np.clip(rest, 0, 2), tail * one, (evidence.lead_s > 0.003) * one,
        np.log2(max(evidence.duration_s, 0.3)) / 3 * one,
    ], axis=1)  # fmt: skip
    return np.concatenate([flat, repetition, prior, extra], axis=1).astype(np.float32)
