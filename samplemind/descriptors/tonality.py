"""Key, tuning and pitch classes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors import small_net
from samplemind.descriptors.chords import chord_chances
from samplemind.descriptors.pitch import NOISE_SHARE, estimate, softmax
from samplemind.descriptors.pitch_classes import NAMES, PitchClasses, pitch_classes
from samplemind.descriptors.signal import Signal

__all__ = ["KEY_CERTAINTY", "KEY_EVIDENCE", "PROFILES", "certainty_inputs", "compute", "key_table"]

#: Strength of the twelve degrees in major and in minor, as published.
PROFILES: Final[dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    # Krumhansl & Kessler 1982, from listeners
    "krumhansl": ((6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
                  (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)),
    # Temperley 1999, corrected from them
    "temperley": ((5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
                  (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)),
    # Sha'ath 2011, from dance music (KeyFinder)
    "shaath": ((6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4),
               (6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2)),
    # Albrecht & Shanahan 2013, from scores
    "albrecht": ((0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
                 (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)),
}  # fmt: skip
_PARTS: Final = ("all", "bass", "first", "last")
_DEGREES: Final = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
#: What speaks for a key, seen from its tonic: columns of `key_table`. Majors fill one half and minors the other.
KEY_EVIDENCE: Final = (
    *(f"like_{name}" for name in PROFILES),
    *(f"{mode}_{part}_{degree}" for mode in ("major", "minor") for part in _PARTS for degree in _DEGREES),
    *(f"{mode}_chord_{degree}{kind}" for mode in ("major", "minor") for kind in ("", "m") for degree in _DEGREES),
)
#: What decides whether a sound has a key, and whether the one chosen is right.
KEY_CERTAINTY: Final = (
    "chance", "margin", "relative", "strength", "clear_share", "tuning_focus", "entropy", "top_class", "third_class",
    "no_chord", "pitch_confidence", "voicing", "log_duration", "bass_focus", "change",
)  # fmt: skip
EDGE_SHARE: Final = 0.2
EDGE_FRAMES: Final = 40  # at most 4 s
#: Below this chance of being right a key is not told.
TOLD: Final = 0.2


@lru_cache(maxsize=1)
def _profiles() -> FloatArray:
    """Standardised profiles of all keys [shape=(24, len(PROFILES), 12)], majors from C on, then minors."""
    out = np.zeros((24, len(PROFILES), 12), np.float32)
    for j, modes in enumerate(PROFILES.values()):
        for m, profile in enumerate(modes):
            values = np.array(profile, np.float32)
            values = (values - values.mean()) / (values.std() * 12)
            for tonic in range(12):
                out[12 * m + tonic, j] = np.roll(values, tonic)
    return out


@lru_cache(maxsize=1)
def _turns() -> Any:
    """Index that turns twelve classes to begin at each tonic [shape=(12, 12)]."""
    return (np.arange(12)[:, None] + np.arange(12)) % 12


def _share(strengths: FloatArray) -> FloatArray:
    return strengths / max(float(strengths.sum()), 1e-9)


def key_table(classes: PitchClasses, chances: FloatArray) -> FloatArray:
    """Evidence for each of the 24 keys.

    Parameters
    ----------
    classes : PitchClasses
    chances : np.ndarray [shape=(n, 25)]
        Of the chords, see `chord_chances`.

    Returns
    -------
    np.ndarray [shape=(24, len(KEY_EVIDENCE))]
        Majors from C on, then minors. Turning the sound by a semitone turns the rows.
    """
    n = len(classes.frames)
    edge = max(1, min(EDGE_FRAMES, round(n * EDGE_SHARE)))
    level = classes.frames.sum(axis=1)
    parts = [_share(classes.frames.sum(axis=0)), _share(classes.bass.sum(axis=0)),
             _share((classes.frames + classes.bass)[:edge].sum(axis=0)),
             _share((classes.frames + classes.bass)[n - edge :].sum(axis=0))]  # fmt: skip
    whole = parts[0]
    standard = (whole - whole.mean()) / max(float(whole.std()), 1e-9)
    chord = level @ chances[:, :24] / max(float(level.sum()), 1e-9)
    turned = np.hstack([part[_turns()] for part in (*parts, chord[:12], chord[12:])])
    likes, split = len(PROFILES), len(_PARTS) * 12
    out = np.zeros((24, len(KEY_EVIDENCE)), np.float32)
    out[:, :likes] = _profiles() @ standard
    for mode in range(2):
        rows = slice(12 * mode, 12 * mode + 12)
        out[rows, likes + split * mode : likes + split * (mode + 1)] = turned[:, :split]
        start = likes + 2 * split + 24 * mode
        out[rows, start : start + 24] = turned[:, split:]
    return out


def _entropy(hpcp: FloatArray) -> float:
    p = hpcp / max(float(hpcp.sum()), 1e-9)
    return float(-(p * np.log(p + 1e-12)).sum() / np.log(12))


def certainty_inputs(signal: Signal, classes: PitchClasses, chances: FloatArray, keys: FloatArray,
                     table: FloatArray) -> FloatArray:  # fmt: skip
    """What the network for the confidence looks at [shape=(len(KEY_CERTAINTY),)].

    Parameters
    ----------
    signal : Signal
    classes : PitchClasses
    chances : np.ndarray [shape=(n, 25)]
        Of the chords.
    keys : np.ndarray [shape=(24,)]
        Chance of each key, if there is one.
    table : np.ndarray [shape=(24, len(KEY_EVIDENCE))]
        See `key_table`.
    """
    best = int(keys.argmax())
    relative = (best + 9) % 12 + 12 if best < 12 else (best - 12 + 3) % 12
    whole = _share(classes.frames.sum(axis=0))
    ranked = np.sort(whole)[::-1]
    bass = _share(classes.bass.sum(axis=0))
    pitch = estimate(signal)
    turn = np.abs(np.diff(chances, axis=0)).sum() / max(1, len(chances) - 1) if len(chances) > 1 else 0.0
    return np.array([
        keys[best], keys[best] - float(np.partition(keys, -2)[-2]), keys[relative], table[best, : len(PROFILES)].max(),
        classes.clear_share, classes.tuning_focus, _entropy(whole), ranked[0], ranked[2], chances[:, 24].mean(),
        pitch.confidence, pitch.voicing, np.log10(max(0.01, signal.duration_s)), bass.max(), turn,
    ], np.float32)  # fmt: skip


def _judge(signal: Signal, classes: PitchClasses) -> tuple[int, float, float]:
    """The likeliest key (0 to 23), the chance that it is right, and its correlation with the best profile."""
    if classes.clear_share < NOISE_SHARE:
        return 0, 0.0, 0.0
    chances = chord_chances(classes)
    table = key_table(classes, chances)
    keys = softmax(small_net.load("key_choice", KEY_EVIDENCE)(table)[:, 0])
    inputs = certainty_inputs(signal, classes, chances, keys, table)
    logit = float(small_net.load("key_confidence", KEY_CERTAINTY)(inputs[np.newaxis])[0, 0])
    return int(keys.argmax()), float(1 / (1 + np.exp(-logit))), float(inputs[KEY_CERTAINTY.index("strength")])


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `tonality`."""
    classes = pitch_classes(signal)
    best, confidence, strength = _judge(signal, classes)
    told = confidence >= TOLD
    whole = classes.frames.sum(axis=0)
    sounding = float(whole.max()) > 0
    return {
        "key": NAMES[best % 12] if told else None,
        "scale": ("minor" if best >= 12 else "major") if told else None,
        "key_confidence": confidence,
        "key_strength": strength if told else None,
        "tuning_cents": classes.tuning_cents if sounding else None,
        "hpcp_entropy": min(1.0, max(0.0, _entropy(whole))) if sounding else None,
        "tonal_share": classes.clear_share,
        "hpcp": whole / whole.max() if sounding else None,
    }
