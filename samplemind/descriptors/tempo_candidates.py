"""The tempos that a sound could have, and what speaks for each.

Two sorts of candidate: those that make the file, or the file without the silence around the sound, a whole number of
beats, and those that the onsets suggest by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from samplemind.descriptors import tempo_kernels
from samplemind.descriptors.tempo_evidence import CURVES, FRAME_RATE, Evidence

__all__ = ["FEATURES", "MAX_BPM", "MIN_BPM", "Candidates", "candidates", "features"]

MIN_BPM: Final = 48.0
MAX_BPM: Final = 212.0
#: Numbers of beats that loops are made of; longer ones come in whole bars of four.
_BEATS: Final = np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 21, 24, 27, 28, 30, 32, 36, 40, 42, 44,
                          48, 52, 56, 60, 64, 72, 80, 96, 112, 128], dtype=np.float64)  # fmt: skip
_MAX_PADDING_S: Final = 0.12  # more silence than this around a sound belongs to its music
_LONGEST_LOOP_S: Final = 40.0  # beyond it a whole number of beats fits any tempo
_FROM_ONSETS: Final = 14
_STEP: Final = 0.004  # natural logarithm
_GRID: Final = MIN_BPM * np.exp(np.arange(0, np.log(MAX_BPM / MIN_BPM), _STEP))
#: Frequencies at which the onset curves are looked at, in quarters of the beat's frequency: the parts of a bar of four,
#: and in thirds those of a bar of three.
_MULTIPLES: Final = np.array([0.5, 2 / 3, 1, 4 / 3, 2, 8 / 3, 3, 4, 5, 16 / 3, 6, 20 / 3, 7, 8, 28 / 3, 10, 32 / 3, 12,
                              40 / 3, 14, 16, 20, 24, 32])  # fmt: skip
_MOST_HZ: Final = 42.0  # just under half the frame rate
#: Beats after which the sound as a whole, and each onset curve, is compared with itself.
_LAGS: Final = np.array([0.25, 1 / 3, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16])
_ONSET_LAGS: Final = np.array([0.5, 2 / 3, 0.75, 1, 1.5, 2, 3, 4, 5, 6, 8, 12, 16])
_PRIOR_CENTRES: Final = np.log2(np.array([50, 60, 70, 80, 90, 100, 112, 125, 140, 155, 172, 195, 215]) / 120)
_COUNTS: Final = np.array([3, 6, 8, 12, 16, 24])  # lengths in beats that are loops of their own kind

FEATURES: Final = (
    *(f"{curve}_{part}_{k}" for part in ("magnitude", "real", "imaginary") for curve in CURVES
      for k in range(len(_MULTIPLES))),
    *(f"repetition_{k}" for k in range(len(_LAGS))),
    *(f"{curve}_repetition_{k}" for curve in CURVES for k in range(len(_ONSET_LAGS))),
    *(f"prior_{k}" for k in range(len(_PRIOR_CENTRES))),
    "log_bpm", "whole_bpm", "half_bpm", "from_length", "length_is_file", "beats_of_4", "beats_of_8", "beats_of_3",
    "beats_power", "beats_whole", "log_beats", "fits_closely", "fits_nearly", "fits_roughly", "rest_bars", "rest_beats",
    *(f"beats_are_{count}" for count in _COUNTS),
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


def _of_onsets(evidence: Evidence) -> Any:
    """Tempos on whose grid the onsets lie best."""
    strength = np.empty(len(_GRID))
    tempo_kernels.pulse(evidence.spectra, evidence.bins_per_hz, _GRID, strength)
    return MIN_BPM * np.exp(_STEP * tempo_kernels.peaks(strength, _FROM_ONSETS))


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
    rows.extend((bpm, evidence.duration_s - lead, lead, False) for bpm in _of_onsets(evidence))
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
    out = np.empty((len(found.bpm), len(FEATURES)), np.float32)
    same = np.array([evidence.tail_db / 40, evidence.lead_s > 0.003, np.log2(max(evidence.duration_s, 0.3)) / 3])
    tempo_kernels.describe(
        evidence.spectra, evidence.bins_per_hz, evidence.centre_s, evidence.likeness, FRAME_RATE, found.bpm,
        found.length_s, found.origin_s, found.from_length, evidence.duration_s, evidence.last_onset_s, same,
        _MULTIPLES, _MOST_HZ, _LAGS, _ONSET_LAGS, _PRIOR_CENTRES, _COUNTS, out,
    )  # fmt: skip
    return out
