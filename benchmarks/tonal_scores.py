"""Scores of loops in known keys: which notes are played when, and the key that a musician would write on the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["CHORDS", "KINDS", "Note", "Rng", "Score", "chord_part", "near", "pick", "score"]

Rng = np.random.Generator
#: Beat, MIDI note, beats it lasts.
Note = tuple[float, float, float]

#: Steps of each scale, the mode on the label, how often it is drawn, and progressions by degree from 0.
SCALES: dict[str, tuple[tuple[int, ...], str, float, tuple[tuple[int, ...], ...]]] = {
    "major": ((0, 2, 4, 5, 7, 9, 11), "major", 0.34, (
        (0, 4, 5, 3), (0, 3, 4, 4), (0, 5, 3, 4), (0, 3, 0, 4), (0, 1, 4, 0), (0, 4), (0, 3), (0, 5), (5, 3, 0, 4),
        (3, 4, 0, 0), (0, 2, 3, 4), (1, 4, 0, 0), (0, 0, 3, 4), (0, 5, 1, 4), (3, 0, 4, 0), (0, 2, 5, 3), (0, 1))),
    "minor": ((0, 2, 3, 5, 7, 8, 10), "minor", 0.3, (
        (0, 5, 2, 6), (0, 3, 4, 4), (0, 5, 3, 4), (0, 6, 5, 4), (0, 3, 0, 4), (0, 6), (0, 3), (0, 5), (0, 6, 5, 6),
        (5, 6, 0, 0), (0, 2, 6, 3), (0, 0, 5, 6), (3, 0, 4, 0), (0, 5, 6, 4), (5, 2, 6, 0), (0, 4), (0, 2), (5, 6))),
    "harmonic minor": ((0, 2, 3, 5, 7, 8, 11), "minor", 0.1, (
        (0, 3, 4, 0), (0, 5, 4, 4), (0, 4), (0, 3, 4, 4), (0, 5, 3, 4), (0, 0, 4, 0), (3, 0, 4, 0))),
    "dorian": ((0, 2, 3, 5, 7, 9, 10), "minor", 0.09, ((0, 3), (0, 6, 3, 0), (0, 3, 0, 6), (0, 1), (0, 2, 3, 0))),
    "mixolydian": ((0, 2, 4, 5, 7, 9, 10), "major", 0.07, ((0, 6, 3, 0), (0, 6), (0, 3, 6, 3), (0, 6, 3, 3), (0, 4))),
    "phrygian": ((0, 1, 3, 5, 7, 8, 10), "minor", 0.06, ((0, 1), (0, 1, 2, 1), (0, 1, 0, 6), (0, 0, 1, 0))),
    "lydian": ((0, 2, 4, 6, 7, 9, 11), "major", 0.04, ((0, 1), (0, 1, 0, 4), (0, 0, 1, 1))),
}  # fmt: skip
#: What plays in a loop, and how often. Beside these there are "plain" (triads from the tonic on, roots in the
#: bass) and "rich chord" (one chord of four or five notes, struck or rolled).
KINDS: dict[str, float] = {
    "full": 0.29, "chords": 0.14, "pad": 0.08, "arp": 0.09, "vamp": 0.09, "single chord": 0.12,
    "bass": 0.06, "melody": 0.04, "riff": 0.04, "drone": 0.04, "scale": 0.01,
}  # fmt: skip
CHORDS = ("single chord", "rich chord")
PENTATONIC = {"major": (0, 2, 4, 7, 9), "minor": (0, 3, 5, 7, 10)}
BLUES = (0, 3, 5, 6, 7, 10)
#: Chords with more than three notes, or fewer, by steps of the scale from the root.
COLOURS = ((0, 2, 4), (0, 2, 4, 6), (0, 2, 4, 8), (0, 2, 4, 6, 8), (0, 2, 4, 5), (0, 4), (0, 1, 4), (0, 3, 4))
COLOUR_CHANCES = (0.62, 0.13, 0.06, 0.05, 0.04, 0.05, 0.03, 0.02)
RICH_CHANCES = (0.1, 0.35, 0.12, 0.28, 0.1, 0.0, 0.03, 0.02)


@dataclass
class Score:
    """Notes of three instruments, and the key.

    Attributes
    ----------
    kind : str
        Of `KINDS`.
    tonic, mode : int, str
        0 to 11, and 'major' or 'minor'.
    beats : float
        How long it is.
    bass, chords, lead : list of Note
    """

    kind: str
    tonic: int
    mode: str
    beats: float
    bass: list[Note] = field(default_factory=list)
    chords: list[Note] = field(default_factory=list)
    lead: list[Note] = field(default_factory=list)


def pick(rng: Rng, options: Any, chances: Any = None) -> Any:
    return options[int(rng.choice(len(options), p=None if chances is None else np.array(chances) / np.sum(chances)))]


def _step(scale: tuple[int, ...], step: int) -> int:
    """Semitones from the tonic to a step of the scale, which may lie octaves away."""
    return scale[step % len(scale)] + 12 * (step // len(scale))


def near(note: int, wanted: float) -> int:
    """The octave of a note that lies nearest to another."""
    return note + 12 * round((wanted - note) / 12)


def _progression(rng: Rng, name: str, kind: str) -> tuple[int, ...]:
    common = SCALES[name][3]
    if kind in ("vamp", "drone", *CHORDS) or (kind != "plain" and rng.random() < 0.07):
        return (0,)
    if kind == "plain":
        return tuple(pick(rng, [degrees for degrees in common if degrees[0] == 0]))
    if kind != "riff" and (name not in ("major", "minor") or rng.random() < 0.72):
        return tuple(pick(rng, common))
    first = 0 if rng.random() < 0.8 else int(rng.integers(7))
    if kind == "riff":  # of the pentatonic scale, coming back to the tonic
        return (first, *(int(d) for d in rng.choice((0, 2, 3, 4, 6), 3, p=[0.35, 0.2, 0.15, 0.1, 0.2])))
    others = rng.choice(7, 3, p=[0.2, 0.1, 0.08, 0.2, 0.2, 0.14, 0.08])
    return (first, *(int(d) for d in others))


def _voicing(rng: Rng, tones: list[int], middle: float) -> list[int]:
    """Close position around a height, in any inversion, perhaps with the root doubled or the highest note dropped."""
    notes = [tones[0], *(tones[0] + (tone - tones[0]) % 12 for tone in tones[1:])]
    notes = sorted(near(note, middle + rng.uniform(-3, 3)) for note in notes)
    if rng.random() < 0.25:
        notes.append(near(tones[0], notes[0] - 10))
    if len(notes) > 2 and rng.random() < 0.12:
        notes[-1] -= 12
    return notes


def chord_part(rng: Rng, style: str, notes: list[int], start: float, span: float) -> list[Note]:
    """One chord in one of the ways chords are played."""
    if style == "block":
        return [(start, n, span) for n in notes]
    if style == "arp":
        step = float(pick(rng, (0.25, 0.5)))
        order = pick(rng, (notes, notes[::-1], notes + notes[-2:0:-1]))
        return [(start + k * step, order[k % len(order)], step * 1.5) for k in range(int(span / step))]
    if style == "strum":
        lag = float(rng.uniform(0.01, 0.12))
        hits = np.flatnonzero(rng.random(int(max(1, span))) < 0.6)
        return [
            (start + k + i * lag, n, 1.0) for k in (hits if len(hits) else [0]) for i, n in enumerate(sorted(notes))
        ]
    if style == "rolled":
        lag = float(rng.uniform(0, span / 12))
        return [(start + i * lag, n, span - i * lag) for i, n in enumerate(sorted(notes))]
    length = float(pick(rng, (0.2, 0.4, 0.75)))
    hits = np.flatnonzero(rng.random(int(2 * span)) < 0.4)
    return [(start + k / 2, n, length) for k in (hits if len(hits) else [0]) for n in notes]


def _bass_part(rng: Rng, style: str, low: int, chord: list[int], scale: tuple[int, ...], start: float,
               span: float) -> list[Note]:  # fmt: skip
    """The bass under one chord; offsets are from the tonic."""
    root = low + (chord[0] - low) % 12
    if style == "hold":
        return [(start, root, span)]
    if style == "pulse":
        pulse = float(pick(rng, (1.0, 0.5)))
        return [(start + k * pulse, root, pulse * 0.9) for k in range(int(span / pulse))]
    fifth = root + (chord[-1 if len(chord) == 2 else 2] - chord[0]) % 12
    out: list[Note] = []
    for k in range(int(2 * span)):
        if k and rng.random() < 0.35:
            continue
        if k == 0 or rng.random() < 0.45:
            note = root
        elif style == "octaves":
            note = pick(rng, (root + 12, root, fifth), (0.5, 0.2, 0.3))
        elif k >= 2 * span - 1 and rng.random() < 0.3:
            note = root + int(pick(rng, (-1, -2, 1)))  # leads into the next
        else:
            note = near(_step(scale, int(rng.integers(len(scale)))), root + 4)
        out.append((start + k / 2, note, float(pick(rng, (0.4, 0.5, 0.9)))))
    return out


def _line(
    rng: Rng, scale: tuple[int, ...], chords: list[list[int]], span: float, middle: float, dense: float
) -> list[Note]:
    """A melody: steps and leaps of the scale that lean on the chord on the beat, begin and end somewhere stable."""
    out: list[Note] = []
    beats = span * len(chords)
    step, at = float(pick(rng, (0.25, 0.5, 0.5, 1.0))), 0.0
    degree = int(pick(rng, (0, 2, 4, 0)))
    home = round(middle / 12) * len(scale)
    while at < beats - 0.1:
        length = step * float(pick(rng, (1, 2, 3), (0.7, 0.22, 0.08)))
        chord = {tone % 12 for tone in chords[min(len(chords) - 1, int(at / span))]}
        if at % 1 == 0 and rng.random() < 0.6:  # on the beat a tone of the chord, if one is close
            close = sorted(range(degree - 2, degree + 3), key=lambda d: abs(d - degree) + rng.uniform(0, 0.5))
            degree = next((d for d in close if _step(scale, d) % 12 in chord), degree)
        if rng.random() < dense:
            note = _step(scale, home + degree)
            out.append((at, note + (int(pick(rng, (-1, 1))) if rng.random() < 0.03 else 0), length))
        degree += int(pick(rng, (-1, 1, -2, 2, 0, 3, -3), (0.28, 0.28, 0.12, 0.12, 0.1, 0.05, 0.05)))
        degree = int(np.clip(degree, -6, 9))
        at += length
    if out and rng.random() < 0.5:
        out[-1] = (out[-1][0], near(0, out[-1][1]), max(out[-1][2], beats - out[-1][0]))
    if out and rng.random() < 0.35:
        out[0] = (out[0][0], near(0, out[0][1]), out[0][2])
    return out


def score(rng: Rng, kind: str = "") -> Score:
    """Compose a loop.

    Parameters
    ----------
    rng : np.random.Generator
    kind : str
        Of `KINDS`, "plain" or "rich chord"; drawn from `KINDS` if empty.
    """
    kind = kind or str(pick(rng, list(KINDS), list(KINDS.values())))
    plain = kind == "plain"
    weights = [w * (0.6 if kind in ("bass", "riff") and m == "major" else 1.0) for _, m, w, _ in SCALES.values()]
    weights = weights[:2] + [0.0] * (len(weights) - 2) if plain or kind == "rich chord" else weights
    name = str(pick(rng, list(SCALES), weights))
    scale, mode, _, _ = SCALES[name]
    tonic = int(rng.integers(12))
    degrees = _progression(rng, name, kind)
    span = float(pick(rng, (1, 2, 4), (0.25, 0.4, 0.35))) * (2 if len(degrees) == 1 else 1)
    repeats = int(pick(rng, (1, 2))) if len(degrees) * span <= 8 and kind not in CHORDS else 1
    degrees = degrees * repeats
    out = Score(kind, tonic, mode, span * len(degrees))
    colours = COLOURS[0] if plain else pick(rng, COLOURS, RICH_CHANCES if kind == "rich chord" else COLOUR_CHANCES)
    rich = not plain and rng.random() < 0.2
    raised = name == "minor" and rng.random() < 0.2  # a major dominant in minor
    chords = []
    for degree in degrees:
        steps = pick(rng, COLOURS, COLOUR_CHANCES) if rich else colours if kind != "riff" else (0, 4)
        tones = [_step(scale, degree + s) for s in steps]
        chords.append([t + (t % 12 == 10) for t in tones] if raised and degree == 4 else tones)
    middle, low = float(rng.uniform(50, 74)) - tonic, int(rng.integers(26, 46)) - tonic
    narrow = scale if rng.random() < 0.6 else PENTATONIC[mode]
    if kind not in ("bass", "melody", "drone", "scale"):
        manners = {
            "rich chord": ("rolled",),
            "pad": ("block",),
            "arp": ("arp",),
            "single chord": ("block", "block", "strum", "arp"),
        }
        style = str(pick(rng, manners.get(kind, ("block", "arp", "strum", "stab"))))
        for i, chord in enumerate(chords):
            notes = _voicing(rng, chord, middle)
            if kind == "rich chord" and rng.random() < 0.8:  # on its root
                notes = sorted(chord[0] + (n - chord[0]) % 12 + 12 * round((middle - chord[0]) / 12) for n in notes)
                notes += [notes[0] - 12] if rng.random() < 0.5 else []
            out.chords += chord_part(rng, style, notes, i * span, span)
    if kind in ("plain", "full", "bass", "riff") or (kind in ("vamp", "single chord", "pad") and rng.random() < 0.55):
        styles = {"plain": ("hold", "pulse"), "bass": ("pulse", "octaves", "octaves", "walk", "walk")}
        style = str(pick(rng, styles.get(kind, ("hold", "pulse", "octaves", "walk"))))
        pedal, inverted = not plain and rng.random() < 0.06, not plain and rng.random() < 0.08
        for i, chord in enumerate(chords):
            under = (
                [0, *chord[1:]] if pedal else [chord[int(rng.integers(len(chord)))], *chord[1:]] if inverted else chord
            )
            out.bass += _bass_part(rng, style, low, under, narrow, i * span, span)
    if kind == "melody" or (kind in ("full", "chords", "vamp", "riff") and rng.random() < 0.3):
        out.lead = _line(rng, narrow, chords, span, rng.uniform(57, 79) - tonic, float(rng.uniform(0.6, 1)))
    if kind == "drone":  # the tonic, perhaps with its fifth, held or struck again and again under a line
        again, root = float(pick(rng, (0.5, 1, 2, out.beats))), near(0, low)
        held = (root, root + 7) if rng.random() < 0.5 else (root,)
        out.bass = [(k * again, note, again) for k in range(int(out.beats / again)) for note in held]
        narrow = BLUES if mode == "minor" and rng.random() < 0.2 else narrow
        out.lead = _line(rng, narrow, chords, span, rng.uniform(48, 74) - tonic, float(rng.uniform(0.6, 1)))
    if kind == "scale":
        up = [_step(scale, s + len(scale) * 5) for s in range(len(scale) + 1)]
        line = up + up[-2::-1] if rng.random() < 0.6 else up
        out.lead, out.beats = [(float(i), n, 1.0) for i, n in enumerate(line)], float(len(line))
    for part in (out.bass, out.chords, out.lead):
        part[:] = [(at, note + tonic, length) for at, note, length in part]
    return out
