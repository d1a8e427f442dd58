"""Pitch of a sound: one note, how sure it is, and how it moves."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors import small_net
from samplemind.descriptors.evidence import EVIDENCE, evidence
from samplemind.descriptors.partials import RATE, Partials, partials
from samplemind.descriptors.periodicity import pitch_course
from samplemind.descriptors.signal import Signal

__all__ = [
    "NOISE_SHARE",
    "PITCHED",
    "PitchEstimate",
    "compute",
    "estimate",
    "inputs_of",
    "softmax",
    "steady_frames",
    "treble_share",
]

#: What decides whether a sound has a pitch at all, and whether the note chosen is right.
PITCHED: Final = (
    "chance", "margin", "acf", "explained", "explained_power", "filled", "partials", "unsteady", "voicing", "height",
    "agreement", "clear", "log_duration", "note", "treble", "spread", "below", "salience_odds",
)  # fmt: skip
MAX_STEADY: Final = 8
STEADY_DB: Final = 25.0
VOICED: Final = 0.55
#: Below this chance of being right a note is not told.
TOLD: Final = 0.08
LOWEST_HZ: Final = 20.0
HIGHEST_HZ: Final = 5000.0
#: A sound with less of its energy in clear peaks is noise, and nothing further is looked for.
NOISE_SHARE: Final = 0.01
TREBLE_HZ: Final = 5000.0
_ACF, _EXPLAINED, _EXPLAINED_POWER, _FILLED, _PARTIALS, _STEADY, _HEIGHT, _BELOW = (
    EVIDENCE.index(name)
    for name in ("acf", "explained", "explained_power", "filled", "partials", "steady", "height", "below")
)


@dataclass(frozen=True, slots=True)
class PitchEstimate:
    """What is known of the pitch, whether or not it is good enough to be told.

    Attributes
    ----------
    f0_hz : float
        Most likely fundamental, 0 where there is no candidate.
    confidence : float
        Chance that its nearest note is right.
    voicing, height : float
        Share of short frames with a clear period; mean normalised autocorrelation at the period.
    course_cents : np.ndarray [shape=(n,)]
        Pitch of the voiced short frames against `f0_hz`.
    rows : np.ndarray of int
        Frames of the partials that were looked at.
    weights : np.ndarray
        Their weights, summing to 1.
    """

    f0_hz: float
    confidence: float
    voicing: float
    height: float
    course_cents: FloatArray
    rows: Any
    weights: FloatArray

    @property
    def told(self) -> bool:
        """Whether the sound has a pitch worth telling."""
        return self.f0_hz > 0 and self.confidence >= TOLD


@njit(cache=True, nogil=True, fastmath=True)
def _steady_frames(total, most, drop):  # type: ignore[no-untyped-def]
    floor = total.max() * drop
    loud = np.empty(len(total), np.int64)
    count = 0
    for t in range(len(total)):
        loud[count] = t
        count += total[t] >= floor
    used = min(count, most)
    rows, weights = np.empty(used, np.int64), np.empty(used, np.float32)
    for i in range(used):
        rows[i] = loud[i * (count - 1) // max(1, used - 1)]
        weights[i] = np.sqrt(total[rows[i]]) + np.float32(1e-9)
    return rows, weights / weights.sum()


def steady_frames(found: Partials) -> tuple[Any, FloatArray]:
    """Up to 8 frames spread over the loud part of a sound, and weights by their level that sum to 1."""
    rows, weights = _steady_frames(found.total, MAX_STEADY, 10 ** (-STEADY_DB / 10))
    return rows, weights


@njit(cache=True, nogil=True)
def _softmax(scores):  # type: ignore[no-untyped-def]
    chances = np.exp(scores - scores.max())
    return chances / chances.sum()


def softmax(scores: FloatArray) -> FloatArray:
    """Chances of candidates from their scores [shape=(c,)]."""
    chances: FloatArray = _softmax(scores)
    return chances


@njit(cache=True, nogil=True, fastmath=True)
def _share_from(power, split):  # type: ignore[no-untyped-def]
    below, above = 0.0, 0.0
    for i in range(split):
        below += power[i]
    for i in range(split, len(power)):
        above += power[i]
    return above / max(below + above, 1e-20)


def treble_share(signal: Signal) -> float:
    """Share of power above 5 kHz, which the low-rate frames do not see."""
    power = signal.frames.mean_power
    split = round(TREBLE_HZ * 2 * (len(power) - 1) / signal.sr)
    return float(_share_from(power, min(split, len(power))))


@njit(cache=True, nogil=True, fastmath=True)
def _judge_course(pitch_hz, heights, level, f0):  # type: ignore[no-untyped-def]
    """Of the short frames: share with a clear period, share that agrees, mean height, spread (semitones), and cents."""
    floor = level.max() * np.float32(10**-1.5)
    cents = np.empty(len(level), np.float32)
    sounding, voiced, agreeing, height = 0, 0, 0, 0.0
    for t in range(len(level)):
        if level[t] <= floor:
            continue
        sounding += 1
        height += heights[t]
        if heights[t] > VOICED and pitch_hz[t] > 0:
            cents[voiced] = 1200.0 * np.log2(pitch_hz[t] / f0)
            agreeing += abs((cents[voiced] + 600.0) % 1200.0 - 600.0) < 60.0
            voiced += 1
    cents = cents[:voiced]
    spread = min(12.0, np.std(cents) / 100.0) if voiced else 12.0
    n = max(1, sounding)
    return voiced / n, agreeing / n, height / n, spread, cents


@njit(cache=True, nogil=True, fastmath=True)
def _clear_share(amps, clear, counts, rows):  # type: ignore[no-untyped-def]
    """Share of clear ones in the energy of the peaks of some frames."""
    of_clear, of_all = 0.0, 1e-20
    for t in rows:
        for p in range(counts[t]):
            energy = amps[t, p] * amps[t, p]
            of_all += energy
            of_clear += energy * clear[t, p]
    return of_clear / of_all


@njit(cache=True, nogil=True, fastmath=True)
def _inputs(chances, best, row, pitch_hz, heights, level, f0, clear, seconds, treble):  # type: ignore[no-untyped-def]
    """The numbers of `PITCHED`, the course in cents, and the mean height."""
    second, others = 0.0, 1e-3
    for c in range(len(chances)):
        if c != best:
            second = max(second, chances[c])
            others += chances[c]
    voicing, agreement, height, spread, cents = _judge_course(pitch_hz, heights, level, f0)
    inputs = np.array([
        chances[best], chances[best] - second, row[_ACF], row[_EXPLAINED], row[_EXPLAINED_POWER], row[_FILLED],
        row[_PARTIALS], min(2.0, row[_STEADY]), voicing, height, agreement, clear, np.log10(seconds),
        row[_HEIGHT], treble, spread, row[_BELOW], np.log(others),
    ], np.float32)  # fmt: skip
    return inputs, cents, height


def inputs_of(found: Partials, rows: Any, hz: FloatArray, table: FloatArray, chances: FloatArray,
              treble: float) -> tuple[FloatArray, FloatArray, float]:  # fmt: skip
    """What the network for the confidence looks at.

    Parameters
    ----------
    found : Partials
    rows : np.ndarray of int
        Frames that were looked at.
    hz, table : np.ndarray [shape=(c,)], [shape=(c, len(EVIDENCE))]
        Candidates and what speaks for each.
    chances : np.ndarray [shape=(c,)]
        Chance of each to be the pitch, if there is one.
    treble : float
        Share of power above 5 kHz.

    Returns
    -------
    inputs : np.ndarray [shape=(len(PITCHED),)]
    course_cents : np.ndarray [shape=(n,)]
        Pitch of the voiced short frames against the chosen one.
    height : float
        Mean normalised autocorrelation of the short frames.
    """
    best = int(chances.argmax())
    f0 = float(hz[best])
    course = pitch_course(found.x, RATE, f0)
    clear = _clear_share(found.amps, found.clear, found.counts, rows)
    made: tuple[FloatArray, FloatArray, float] = _inputs(
        chances, best, table[best], *course, f0, clear, len(found.x) / RATE, treble
    )
    return made


def _make(signal: Signal) -> PitchEstimate:
    found = partials(signal)
    rows, weights = steady_frames(found)
    nothing = PitchEstimate(0.0, 0.0, 0.0, 0.0, np.zeros(0, np.float32), rows, weights)
    if found.clear_share < NOISE_SHARE:
        return nothing
    hz, table = evidence(found, rows, weights)
    if not len(hz):
        return nothing
    chances = softmax(small_net.load("pitch_choice", EVIDENCE)(table)[:, 0])
    best = int(chances.argmax())
    f0 = float(hz[best])
    inputs, cents, height = inputs_of(found, rows, hz, table, chances, treble_share(signal))
    logit = float(small_net.load("pitch_confidence", PITCHED)(inputs[np.newaxis])[0, 0])
    confidence = 1 / (1 + math.exp(-logit))
    return PitchEstimate(f0, confidence, float(inputs[PITCHED.index("voicing")]), height, cents, rows, weights)


def estimate(signal: Signal) -> PitchEstimate:
    """The pitch, estimated once for all groups that need it."""
    return signal.shared("pitch", _make)


def _movement(cents: FloatArray) -> tuple[float, float] | tuple[None, None]:
    """How far a course reaches (10th to 90th percentile), and where it goes (median of its end less its beginning)."""
    inside = [value for value in cents.tolist() if abs(value) < 2400]
    if len(inside) < 3:
        return None, None
    edge = max(1, len(inside) // 4)
    glide = statistics.median(inside[-edge:]) - statistics.median(inside[:edge])
    inside.sort()
    tenth = (len(inside) - 1) / 10
    low, share = int(tenth), tenth - int(tenth)
    ends = (values[low] + share * (values[low + 1] - values[low]) for values in (inside, inside[::-1]))
    return abs(next(ends) - next(ends)), glide


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `pitch`."""
    found = estimate(signal)
    told = found.told and LOWEST_HZ <= found.f0_hz <= HIGHEST_HZ
    note = 69 + 12 * math.log2(found.f0_hz / 440) if told else None
    span, glide = _movement(found.course_cents) if told else (None, None)
    return {
        "f0_hz": found.f0_hz if told else None,
        "cents_off": 100 * (note - round(note)) if note is not None else None,
        "voicing": found.voicing,
        "pitch_confidence": found.confidence,
        "pitch_salience": min(1.0, max(0.0, found.height)) if found.f0_hz else None,
        "pitch_range_cents": span,
        "pitch_glide_cents": glide,
        "midi_note": round(note) if note is not None else None,
    }
