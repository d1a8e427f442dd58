"""Pitch of a sound: one note, how sure it is, and how it moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

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
MAX_STEADY: Final = 10
STEADY_DB: Final = 25.0
VOICED: Final = 0.55
#: Below this chance of being right a note is not told.
TOLD: Final = 0.08
#: A sound with less of its energy in clear peaks is noise, and nothing further is looked for.
NOISE_SHARE: Final = 0.01
TREBLE_HZ: Final = 5000.0


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


def steady_frames(found: Partials) -> tuple[Any, FloatArray]:
    """Up to 10 frames spread over the loud part of a sound, and weights by their level that sum to 1."""
    loud = np.flatnonzero(found.total >= found.total.max() * 10 ** (-STEADY_DB / 10))
    if len(loud) > MAX_STEADY:
        loud = loud[np.linspace(0, len(loud) - 1, MAX_STEADY).astype(np.int64)]
    weights = np.sqrt(found.total[loud]) + np.float32(1e-9)
    return loud, (weights / weights.sum()).astype(np.float32)


def softmax(scores: FloatArray) -> FloatArray:
    """Chances of candidates from their scores [shape=(c,)]."""
    e = np.exp(scores - scores.max())
    chances: FloatArray = np.divide(e, e.sum())
    return chances


def treble_share(signal: Signal) -> float:
    """Share of power above 5 kHz, which the low-rate frames do not see."""
    power = signal.frames.mean_power
    split = round(TREBLE_HZ * 2 * (len(power) - 1) / signal.sr)
    return float(power[split:].sum() / max(float(power.sum()), 1e-20))


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
    row = dict(zip(EVIDENCE, table[best].tolist(), strict=True))
    second = float(np.partition(chances, -2)[-2]) if len(chances) > 1 else 0.0
    pitch_hz, heights, level = pitch_course(found.x, RATE, float(hz[best]))
    sounding = level > level.max() * 10 ** (-30 / 20)
    voiced = sounding & (heights > VOICED) & (pitch_hz > 0)
    cents = 1200 * np.log2(pitch_hz[voiced] / hz[best])
    folded = np.abs((cents + 600) % 1200 - 600)
    amps = found.amps[rows]
    square = amps * amps
    height = float(heights[sounding].mean())
    clear = float((square * found.clear[rows]).sum()) / max(float(square.sum()), 1e-20)
    others = chances.sum() - chances[best]
    return np.array([
        chances[best], chances[best] - second, row["acf"], row["explained"], row["explained_power"], row["filled"],
        row["partials"], min(2.0, row["steady"]), voiced.sum() / max(1, sounding.sum()), height,
        (folded < 60).sum() / max(1, sounding.sum()), clear,
        np.log10(len(found.x) / RATE), row["height"], treble,
        min(12.0, float(np.std(cents)) / 100) if len(cents) else 12.0, row["below"], np.log(1e-3 + float(others)),
    ], np.float32), cents.astype(np.float32), height  # fmt: skip


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
    confidence = 1 / (1 + np.exp(-logit))
    return PitchEstimate(f0, float(confidence), float(inputs[PITCHED.index("voicing")]), height, cents, rows, weights)


def estimate(signal: Signal) -> PitchEstimate:
    """The pitch, estimated once for all groups that need it."""
    return signal.shared("pitch", _make)


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `pitch`."""
    found = estimate(signal)
    told = found.told and 20 <= found.f0_hz <= 5000
    note = 69 + 12 * np.log2(found.f0_hz / 440) if told else None
    course = found.course_cents
    inside = course[np.abs(course) < 2400] if told else course[:0]
    edge = max(1, len(inside) // 6)
    return {
        "f0_hz": found.f0_hz if told else None,
        "cents_off": 100 * (note - round(note)) if note is not None else None,
        "voicing": found.voicing,
        "pitch_confidence": found.confidence,
        "pitch_salience": min(1.0, max(0.0, found.height)) if found.f0_hz else None,
        "pitch_range_cents": np.subtract(*np.percentile(inside, [90, 10])) if len(inside) > 2 else None,
        "pitch_glide_cents": np.median(inside[-edge:]) - np.median(inside[:edge]) if len(inside) > 2 else None,
        "midi_note": round(note) if note is not None else None,
    }
