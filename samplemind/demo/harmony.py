"""Names and arithmetic of notes, scales and chords."""

from __future__ import annotations

__all__ = ["NOTES", "SCALES", "chord", "degree", "hz_of", "note_name", "parse_key"]

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}


def hz_of(midi: float) -> float:
    """Frequency in Hz of a MIDI note number, A4 = 69 = 440 Hz (ISO 16:1975)."""
    return float(440.0 * 2 ** ((midi - 69) / 12))


def note_name(midi: int) -> str:
    """Name with octave, C4 = 60: 57 is 'A3'."""
    return f"{NOTES[midi % 12]}{midi // 12 - 1}"


def parse_key(key: str) -> tuple[int, str]:
    """Split 'A minor' into the pitch class 9 and 'minor'."""
    tonic, scale = key.split()
    return NOTES.index(tonic), scale


def degree(key: str, step: int) -> int:
    """Semitones above the C below the key's tonic of a scale step; step 0 is the tonic, 7 its octave."""
    tonic, scale = parse_key(key)
    return tonic + 12 * (step // 7) + SCALES[scale][step % 7]


def chord(key: str, root: int, size: int = 3) -> tuple[int, ...]:
    """Stack thirds of a scale on one of its steps; values as of `degree`.

    Parameters
    ----------
    key : str
        As 'A minor'.
    root : int
        Scale step of the root: 0 is I, 4 is V.
    size : int
        Number of tones: 3 a triad, 4 a seventh chord, 5 a ninth chord.
    """
    return tuple(degree(key, root + 2 * k) for k in range(size))
