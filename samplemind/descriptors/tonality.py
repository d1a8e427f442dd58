"""Key, tuning and pitch classes."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors import small_net
from samplemind.descriptors.chords import chord_chances
from samplemind.descriptors.pitch import estimate
from samplemind.descriptors.pitch_classes import NAMES, PitchClasses, pitch_classes
from samplemind.descriptors.signal import Signal

__all__ = ["KEY_CERTAINTY", "KEY_EVIDENCE", "PROFILES", "certainty_inputs", "compute", "key_chances", "key_table"]

#: Strength of the twelve degrees in major and in minor, as published.
PROFILES: Final[dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    # Krumhansl & Kessler 1982, from listeners
    "krumhansl": ((6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
                  (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)),
    # Temperley 1999, corrected from them
    "temperley": ((5.0, 2.0, 3.5, 2.0, 4.5, 4.0, 2.0, 4.5, 2.0, 3.5, 1.5, 4.0),
                  (5.0, 2.0, 3.5, 4.5, 2.0, 4.0, 2.0, 4.5, 3.5, 2.0, 1.5, 4.0)),
    # Temperley 2007, from the scores of a harmony textbook (Kostka & Payne)
    "temperley-2007": ((0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
                       (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330)),
    # Gómez 2006, as in KeyFinder
    "gomez": ((0.82, 0.00, 0.55, 0.00, 0.53, 0.30, 0.08, 1.00, 0.00, 0.38, 0.00, 0.47),
              (0.81, 0.00, 0.53, 0.54, 0.00, 0.27, 0.07, 1.00, 0.27, 0.07, 0.10, 0.36)),
    # Sha'ath 2011, from dance music (KeyFinder)
    "shaath": ((6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4),
               (6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2)),
    # Albrecht & Shanahan 2013, from scores
    "albrecht": ((0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
                 (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)),
    # Faraldo et al. 2016, from electronic dance music
    "edma": ((1.00, 0.29, 0.50, 0.40, 0.60, 0.56, 0.32, 0.80, 0.31, 0.45, 0.42, 0.39),
             (1.00, 0.31, 0.44, 0.58, 0.33, 0.49, 0.29, 0.78, 0.43, 0.29, 0.53, 0.32)),
    # Faraldo et al. 2017, from the same, the least of the degrees left out
    "bgate": ((1.00, 0.00, 0.42, 0.00, 0.53, 0.37, 0.00, 0.77, 0.00, 0.38, 0.21, 0.30),
              (1.00, 0.00, 0.36, 0.39, 0.00, 0.38, 0.00, 0.74, 0.27, 0.00, 0.42, 0.23)),
}  # fmt: skip
_PARTS: Final = ("notes", "bass", "first", "last", "opening", "opening_bass", "major_chord", "minor_chord")
_DEGREES: Final = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
#: What speaks for a key, seen from its tonic: columns of `key_table`.
KEY_EVIDENCE: Final = (
    *(f"like_{name}" for name in PROFILES),
    *(f"{part}_{degree}" for part in _PARTS for degree in _DEGREES),
)
_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
#: What decides whether a sound has a key, and whether the one chosen is right.
KEY_CERTAINTY: Final = (
    "chance", "margin", "relative", "parallel", "strength", "clear_share", "tuning_focus", "entropy", "top_class",
    "third_class", "no_chord", "pitch_confidence", "voicing", "log_duration", "bass_focus", "change", "profiles_agree",
    "outside", "tonic_bass", "tonic_first", "tonic_last", "tonic_opening", "tonic_opening_bass", "tonic_chord",
    "log_clear",
)  # fmt: skip
EDGE_SHARE: Final = 0.2
EDGE_FRAMES: Final = 40  # at most 4 s
OPENING_FRAMES: Final = 1  # what sounds in the first 0.37 s: often the tonic
#: Frames count by their length more than by their loudness: by this power of their sum less.
EVENING: Final = 0.6
FAINT: Final = 0.08  # and not at all where they are this much weaker (44 dB) than the strongest: tails, rooms
#: Sounds with less of their energy in clear peaks, or shorter, are not searched for a key.
LEAST_CLEAR: Final = 0.03
SHORTEST_S: Final = 0.12
#: Below this chance of being right a key is not told.
TOLD: Final = 0.45


@lru_cache(maxsize=1)
def _profiles() -> FloatArray:
    """Standardised profiles [shape=(2, len(PROFILES), 12)], of major and of minor."""
    table = np.array(list(PROFILES.values()), np.float32).transpose(1, 0, 2)
    table = table - table.mean(axis=2, keepdims=True)
    out: FloatArray = np.ascontiguousarray(table / (12 * table.std(axis=2, keepdims=True)))
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _sum(row):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for i in range(len(row)):
        total += row[i]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _add(row, weight, out):  # type: ignore[no-untyped-def]
    for i in range(12):
        out[i] += weight * row[i]


@njit(cache=True, nogil=True, fastmath=True)
def _parts(frames, bass, notes, chances, out):  # type: ignore[no-untyped-def]
    """Shares of the twelve classes in each of `_PARTS`."""
    level = np.empty(len(frames), np.float32)
    for t in range(len(frames)):
        level[t] = _sum(frames[t])
    sounding = np.flatnonzero(level > FAINT * level.max())
    edge = max(1, min(EDGE_FRAMES, int(np.round(len(sounding) * EDGE_SHARE))))
    mass = np.float32(1e-9)
    for rank in range(len(sounding)):
        t = sounding[rank]
        for whole, view in enumerate((notes, bass)):
            total = _sum(view[t])
            if total <= 0:
                continue
            weight = total ** np.float32(-EVENING)
            _add(view[t], weight, out[whole])
            if rank < edge:
                _add(view[t], weight, out[2])
            if rank >= len(sounding) - edge:
                _add(view[t], weight, out[3])
            if rank < OPENING_FRAMES:
                _add(view[t], np.float32(1.0), out[4 + whole])
        weight = level[t] ** np.float32(1 - EVENING)
        mass += weight
        _add(chances[t, :12], weight, out[6])
        _add(chances[t, 12:24], weight, out[7])
    for part in range(6):
        out[part] /= max(_sum(out[part]), np.float32(1e-9))
    out[6:] /= mass


@njit(cache=True, nogil=True, fastmath=True)
def _turn(parts, profiles, out):  # type: ignore[no-untyped-def]
    """The parts as each key sees them from its tonic, and the correlation of the first with the profiles."""
    likes = profiles.shape[1]
    whole = parts[0]
    spread = max(np.sqrt(np.mean((whole - whole.mean()) ** 2)), np.float32(1e-9))
    for key in range(24):
        tonic = key % 12
        for degree in range(12):
            at = (tonic + degree) % 12
            for part in range(len(parts)):
                out[key, likes + 12 * part + degree] = parts[part, at]
            for j in range(likes):
                out[key, j] += profiles[key // 12, j, degree] * (whole[at] - whole.mean()) / spread


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
    parts = np.zeros((len(_PARTS), 12), np.float32)
    _parts(classes.frames, classes.bass, classes.notes, chances, parts)
    out = np.zeros((24, len(KEY_EVIDENCE)), np.float32)
    _turn(parts, _profiles(), out)
    return out


def key_chances(table: FloatArray) -> FloatArray:
    """Chance of each key, if there is one [shape=(24,)], from the evidence for it."""
    major = small_net.load("key_major", KEY_EVIDENCE)(table[:12])
    minor = small_net.load("key_minor", KEY_EVIDENCE)(table[12:])
    scores = np.concatenate((major[:, 0], minor[:, 0]))
    e = np.exp(scores - scores.max())
    chances: FloatArray = e / e.sum()
    return chances


@njit(cache=True, nogil=True, fastmath=True)
def _entropy(strengths):  # type: ignore[no-untyped-def]
    total = max(strengths.sum(), np.float32(1e-9))
    entropy = 0.0
    for strength in strengths:
        p = strength / total
        entropy -= p * np.log(p + 1e-12)
    return min(1.0, max(0.0, entropy / np.log(12.0)))


@njit(cache=True, nogil=True, fastmath=True)
def _change(chances):  # type: ignore[no-untyped-def]
    """How much the chords change from frame to frame, 0 to 2."""
    total = 0.0
    for t in range(1, len(chances)):
        for c in range(chances.shape[1]):
            total += abs(chances[t, c] - chances[t - 1, c])
    return total / max(1, len(chances) - 1)


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
    ranked = np.sort(keys)
    best = int(keys.argmax())
    minor, tonic = divmod(best, 12)
    relative = (tonic + 3) % 12 if minor else 12 + (tonic + 9) % 12
    parallel = tonic + 12 * (1 - minor)
    likes = len(PROFILES)
    degrees = table[best, likes:].reshape(len(_PARTS), 12)
    notes, bass = degrees[:2]
    shares = np.sort(notes)
    pitch = estimate(signal)
    return np.array([
        ranked[-1], ranked[-1] - ranked[-2], keys[relative], keys[parallel], table[best, :likes].max(),
        classes.clear_share, classes.tuning_focus, _entropy(shares), shares[-1], shares[-3], chances[:, 24].mean(),
        pitch.confidence, pitch.voicing, math.log10(max(0.01, signal.duration_s)),
        bass.max(), _change(chances), (table[:, :likes].argmax(axis=0) == best).mean(),
        1 - notes[list(_SCALES[minor])].sum(), *degrees[1:6, 0], degrees[6 + minor, 0],
        math.log10(classes.clear_share + 0.01),  # drums have a twentieth, music that is drowned by them a fifth
    ], np.float32)  # fmt: skip


def _judge(signal: Signal, classes: PitchClasses) -> tuple[int, float, float]:
    """The likeliest key (0 to 23), the chance that it is right, and its correlation with the best profile."""
    if classes.clear_share < LEAST_CLEAR or signal.duration_s < SHORTEST_S:
        return 0, 0.0, 0.0
    chances = chord_chances(classes)
    table = key_table(classes, chances)
    keys = key_chances(table)
    inputs = certainty_inputs(signal, classes, chances, keys, table)
    logit = float(small_net.load("key_confidence", KEY_CERTAINTY)(inputs[np.newaxis])[0, 0])
    return int(keys.argmax()), 1 / (1 + math.exp(-logit)), float(inputs[KEY_CERTAINTY.index("strength")])


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `tonality`."""
    classes = pitch_classes(signal)
    best, confidence, strength = _judge(signal, classes)
    told = confidence >= TOLD
    whole = classes.frames.sum(axis=0)
    top = float(whole.max())
    return {
        "key": NAMES[best % 12] if told else None,
        "scale": ("minor" if best >= 12 else "major") if told else None,
        "key_confidence": confidence,
        "key_strength": strength if told else None,
        "tuning_cents": classes.tuning_cents if top > 0 else None,
        "hpcp_entropy": _entropy(whole) if top > 0 else None,
        "tonal_share": classes.clear_share,
        "hpcp": whole * np.float32(1 / top) if top > 0 else None,
    }
