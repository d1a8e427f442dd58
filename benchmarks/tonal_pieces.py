"""Excerpts of written music in a known key: fiddle tunes, airs, chorales and quartets of the corpus music21 brings.

music21 (Cuthbert & Ariza 2010; `pip install music21`) is asked for only here. All of these works are in the public
domain; collections whose encodings are for some uses only, such as Essen's folk songs, are left out. No note of them
is stored in this repository.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from tonal_scores import Note, Rng, Score, chord_part, near, pick

__all__ = ["KINDS", "Piece", "excerpt", "paths", "read"]

#: What an excerpt may become: a line alone or with something added, or several parts.
KINDS = ("tune", "tune on a drone", "accompanied tune", "line of a piece", "piece", "broken piece")
#: Collections, and of how many of their files one is read.
COLLECTIONS = {"oneills1850": 2, "ryansMammoth": 1, "airdsAirs": 2, "miscFolk": 1, "bach": 1, "haydn": 1, "mozart": 2}
MAJORS = ("major", "ionian", "mixolydian", "lydian")
LEAST_INSIDE = 0.9
#: What may sound in a piece: of minor both sixths and sevenths, of major the lower seventh as well.
SCALES = {"major": (0, 2, 4, 5, 7, 9, 10, 11), "minor": (0, 2, 3, 5, 7, 8, 9, 10, 11)}
#: Degrees and triads to accompany a tune with.
TRIADS = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (10, 14, 17), (8, 12, 15)),
}
FROM_START, FROM_END = 16, 8  # bars of a piece in several parts: what lies between may be in other keys


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that ends on the tonic of its signature.

    Attributes
    ----------
    tonic, mode : int, str
        0 to 11, and 'major' or 'minor'.
    bars : tuple of float
        Where each bar begins and the last ends, in quarters.
    parts : tuple of tuple of Note
        From the highest to the lowest.
    """

    tonic: int
    mode: str
    bars: tuple[float, ...]
    parts: tuple[tuple[Note, ...], ...]


def _music21() -> Any:
    try:
        return import_module("music21")
    except ImportError:
        raise SystemExit("music21 is not installed, whose corpus has the pieces to play: pip install music21") from None


def paths() -> list[Path]:
    """Files of the collections."""
    corpus = _music21().corpus
    return [path for name, every in COLLECTIONS.items() for path in sorted(corpus.getComposer(name))[::every]]


def read(path: Path) -> list[Piece]:
    """Pieces of one file whose key is beyond doubt, as far as it can be read."""
    music21 = _music21()
    try:
        found = music21.converter.parse(path)
        scores = list(found.scores) if isinstance(found, music21.stream.Opus) else [found]
    except (music21.exceptions21.Music21Exception, ValueError, IndexError, KeyError):
        return []
    pieces = [_piece(music21, score) for score in scores]
    return [piece for piece in pieces if piece]


def _notes(part: Any) -> list[Note]:
    """Notes of a part with the tied ones joined."""
    out: list[Note] = []
    for event in part.flatten().notes:
        length = float(event.quarterLength)
        if length <= 0 or not hasattr(event, "pitches"):
            continue
        for pitch in event.pitches:
            at, note = float(event.offset), float(pitch.midi)
            if event.tie is not None and event.tie.type != "start":
                held = next((i for i in range(len(out) - 1, max(-1, len(out) - 9), -1) if out[i][1] == note), None)
                if held is not None and abs(out[held][0] + out[held][2] - at) < 0.01:
                    out[held] = (out[held][0], note, out[held][2] + length)
                    continue
            out.append((at, note, length))
    return out


def _piece(music21: Any, score: Any) -> Piece | None:
    parts = [notes for notes in (_notes(part) for part in score.parts) if len(notes) > 8]
    signatures = list(score.recurse().getElementsByClass(music21.key.KeySignature))
    if not parts or not signatures or len({s.sharps for s in signatures}) > 1:
        return None
    parts.sort(key=lambda notes: -float(np.mean([note for _, note, _ in notes])))
    last = max(parts[-1])[1] % 12 if len(parts) > 1 else parts[0][-1][1] % 12
    major = 7 * signatures[0].sharps % 12
    mode = {0: "major", 9: "minor", 2: "minor", 7: "major"}.get(int(last - major) % 12)
    named = getattr(signatures[0], "mode", None)
    # Of a tune the mode is written as well; elsewhere it may have been filled in.
    written = len(parts) == 1 and named in music21.key.modeSharpsAlter
    if mode is None or (written and (named in MAJORS) != (mode == "major")):
        return None
    bars = sorted({round(float(bar.offset), 3) for bar in score.parts[0].getElementsByClass("Measure")})
    end = max(at + length for notes in parts for at, _, length in notes)
    bars = [bar for bar in bars if bar < end - 0.5]
    if len(bars) < 4:
        return None
    return Piece(int(last), mode, (*bars, end), tuple(tuple(sorted(notes)) for notes in parts))


def _cut(notes: Iterable[Note], begin: float, end: float) -> list[Note]:
    """What sounds between two times, from the first on."""
    return [
        (max(at, begin) - begin, note, min(at + length, end) - max(at, begin))
        for at, note, length in notes
        if at < end - 0.05 and at + length > begin + 0.05
    ]


def _plausible(parts: list[list[Note]], tonic: int, mode: str) -> bool:
    """Whether an excerpt is still in the key of its piece: little lies outside, least of all the other third."""
    sounds = np.zeros(12)
    for part in parts:
        for _, note, length in part:
            sounds[int(note - tonic) % 12] += length
    third, other = (4, 3) if mode == "major" else (3, 4)
    inside = sounds[list(SCALES[mode])].sum()
    return len(parts[0]) > 2 and inside >= LEAST_INSIDE * sounds.sum() and sounds[other] <= 0.5 * sounds[third]


def _choose(rng: Rng, pieces: list[Piece]) -> tuple[Piece, list[list[Note]], list[float]]:
    """Some bars of a piece, each part from 0 on, and where its bars begin and end."""
    while True:
        piece = pieces[int(rng.integers(len(pieces)))]
        if rng.random() > (1.0 if piece.mode == "minor" else 0.4) * (1.0 if len(piece.parts) > 1 else 0.5):
            continue  # most are tunes in major
        n = len(piece.bars) - 1
        count = min(n, int(pick(rng, (1, 2, 4, 8), (0.1, 0.3, 0.4, 0.2))))
        first = int(rng.integers(n - count + 1))
        if rng.random() < 0.4:
            first = min(n - count, int(rng.integers(2)))  # a bar before the first may be a short one
        elif rng.random() < 0.3:
            first = n - count
        if len(piece.parts) > 1 and FROM_START < first + count < n - FROM_END:
            continue
        begin, end = piece.bars[first], piece.bars[first + count]
        parts = [part for part in (_cut(part, begin, end) for part in piece.parts) if part]
        if parts and 1.5 <= end - begin <= 33 and _plausible(parts, piece.tonic, piece.mode):
            return piece, parts, [bar - begin for bar in piece.bars[first : first + count + 1]]


def excerpt(rng: Rng, pieces: list[Piece]) -> Score:
    """One to eight bars of a piece, in any key, for one to three instruments.

    Parameters
    ----------
    rng : np.random.Generator
    pieces : list of Piece

    Returns
    -------
    Score
        Its kind is of `KINDS`; of a broken piece the chords come note by note.
    """
    piece, parts, bars = _choose(rng, pieces)
    shift = int(rng.integers(12)) - piece.tonic
    parts = [[(at, note + shift, length) for at, note, length in part] for part in parts]
    out = Score("", (piece.tonic + shift) % 12, piece.mode, bars[-1])
    if len(piece.parts) == 1:
        _arrange_tune(rng, out, parts[0], bars)
    else:
        _arrange_parts(rng, out, parts)
    return out


def _arrange_tune(rng: Rng, out: Score, tune: list[Note], bars: list[float]) -> None:
    octave = 12 * int(pick(rng, (0, -1, -2), (0.5, 0.35, 0.15)))
    out.lead = [(at, note + octave, length) for at, note, length in tune]
    out.kind = str(pick(rng, KINDS[:3], (0.4, 0.2, 0.4)))
    low = near(out.tonic, float(rng.uniform(34, 50)))
    if out.kind == "tune on a drone":
        tones = [low, low + 7] if rng.random() < 0.5 else [low]
        span = float(pick(rng, (1, 2, bars[-1])))
        out.bass = [(k * span, note, span) for k in range(int(np.ceil(bars[-1] / span))) for note in tones]
    elif out.kind == "accompanied tune":
        style, middle = str(pick(rng, ("block", "arp", "strum", "stab"))), float(rng.uniform(50, 66))
        for begin, end in pairwise(bars):
            chord = _fitting(rng, _cut(tune, begin, end), out.tonic, out.mode)
            voiced = sorted(near(tone, middle) for tone in chord)
            out.chords += [(min(at, end), n, s) for at, n, s in chord_part(rng, style, voiced, begin, end - begin)]
            out.bass.append((begin, near(chord[0], low), end - begin))


def _fitting(rng: Rng, notes: list[Note], tonic: int, mode: str) -> list[int]:
    """The triad that most of a bar belongs to."""
    sounds = np.zeros(12)
    for _, note, length in notes:
        sounds[int(note) % 12] += length
    fits = [
        sounds[[(tonic + tone) % 12 for tone in triad]].sum() * (1.15 if i == 0 else 1) + 0.1 * rng.random()
        for i, triad in enumerate(TRIADS[mode])
    ]
    return [tonic + tone for tone in TRIADS[mode][int(np.argmax(fits))]]


def _arrange_parts(rng: Rng, out: Score, parts: list[list[Note]]) -> None:
    out.kind = str(pick(rng, KINDS[3:], (0.3, 0.45, 0.25)))
    if out.kind == "line of a piece":
        out.lead = parts[int(pick(rng, (0, -1, int(rng.integers(len(parts))))))]
    elif out.kind == "piece":
        out.lead, out.bass = parts[0], parts[-1] if len(parts) > 1 else []
        out.chords = [note for part in parts[1:-1] for note in part]
        if rng.random() < 0.4:  # all for one instrument
            out.chords, out.lead, out.bass = out.lead + out.chords + out.bass, [], []
    else:
        everything = [note for part in parts for note in part]
        for beat in range(int(out.beats)):
            notes = sorted({note for at, note, length in everything if at < beat + 0.9 and at + length > beat + 0.1})
            notes = notes[::-1] if rng.random() < 0.2 else notes
            step = 1 / max(1, len(notes))
            out.chords += [(beat + k * step, note, 1.0) for k, note in enumerate(notes)]
