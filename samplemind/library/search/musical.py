"""Filters of a musician: keys that go together, tempi up to half and double, notes within a few semitones."""

from __future__ import annotations

import math
import re
from typing import Final

from samplemind.errors import ParameterError
from samplemind.library.names import parse_key
from samplemind.library.search.filters import Filter

__all__ = ["TONICS", "midi_of", "near_bpm", "near_key", "near_note", "related_keys"]

TONICS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NOTE: Final = re.compile(r"\s*([A-Ga-g])((?:#|♯|b|♭){0,2})\s*(-?\d{1,2})?\s*")
_MARK: Final = re.compile(r"[\s_-]+(sharp|flat)", re.IGNORECASE)
_MODE: Final = re.compile(r"[\s_-]*(?:major|minor|maj|min|dur|moll)$", re.IGNORECASE)
_GERMAN: Final = re.compile(r"([A-Ha-h])(is|es|s)? (dur|moll)", re.IGNORECASE)
_CHANGES: Final = {"is": 1, "es": -1, "s": -1, "": 0}
_FIFTH: Final = 7
_RELATIVE: Final = 3


def near_key(key: str, *, same: bool = True, relative: bool = True, fifths: bool = True,
             parallel: bool = False) -> Filter:  # fmt: skip
    """Sounds whose key goes with another one.

    Parameters
    ----------
    key : str
        ``"A minor"``, ``"Am"``, ``"Bb"`` (a lone tonic is major), ``"F♯ major"``, ``"h-moll"`` (before `dur` and
        `moll` H is B, and B is B♭), or Camelot: ``"8A"``. However it is spelled: D♭ is C♯.
    same : bool
        The key itself.
    relative : bool
        The one with the same notes: C major for A minor.
    fifths : bool
        Those a fifth up and down, which share all notes but one: E minor and D minor.
    parallel : bool
        The one on the same tonic: A major.

    Raises
    ------
    ParameterError
        For a text that is no key, or when no key is left.

    Examples
    --------
    >>> print(near_key("A minor", fifths=False))
    (key = 'A' AND scale = 'minor') OR (key = 'C' AND scale = 'major')
    """
    understood = _key(key) if isinstance(key, str) else None
    if understood is None:
        raise ParameterError(f"key: {key!r} is none; give it as in 'A minor', 'F#m', 'Bb major' or '8A'")
    name, scale = understood.split(" ")
    keys = related_keys(name, scale, same=same, relative=relative, fifths=fifths, parallel=parallel)
    if not keys:
        raise ParameterError("near_key: every key is left out; allow same, relative, fifths or parallel")
    return _any([Filter.of("key", "=", tonic) & Filter.of("scale", "=", mode) for tonic, mode in keys])


def _key(text: str) -> str | None:
    """A key as `parse_key` gives it; its words may be joined in any way."""
    text = _MODE.sub(lambda match: " " + match[0].strip(" _-").lower(), _MARK.sub(r"\1", text.strip()))
    if match := _GERMAN.fullmatch(text):
        letter, change, mode = match[1].upper(), (match[2] or "").lower(), match[3]
        tonic = 10 if letter == "B" and not change else _STEPS[letter.replace("H", "B")] + _CHANGES[change]
        return f"{TONICS[tonic % 12]} {'minor' if mode == 'moll' else 'major'}"
    return parse_key(text)


def related_keys(name: str, scale: str, *, same: bool = True, relative: bool = False, fifths: bool = False,
                 parallel: bool = False) -> list[tuple[str, str]]:  # fmt: skip
    """The keys that `near_key` asks for, as tonics (with sharps) and scales; the arguments are the same."""
    tonic, minor = TONICS.index(name), scale == "minor"
    keys: list[tuple[int, bool]] = []
    if same:
        keys.append((tonic, minor))
    if relative:
        keys.append((tonic + (_RELATIVE if minor else -_RELATIVE), not minor))
    if fifths:
        keys += [(tonic + _FIFTH, minor), (tonic - _FIFTH, minor)]
    if parallel:
        keys.append((tonic, not minor))
    return [(TONICS[at % 12], "minor" if is_minor else "major") for at, is_minor in keys]


def near_bpm(bpm: float, tolerance: float = 2.0, *, half_double: bool = False) -> Filter:
    """Sounds of about a tempo.

    Parameters
    ----------
    bpm : float
        Beats a minute, above 0.
    tolerance : float
        How far it may be off, in percent; 0 to 50.
    half_double : bool
        Half and double the tempo as well: loops of 70, 140 and 280 fit each other.

    Raises
    ------
    ParameterError
        For numbers out of range.
    """
    if not _is_number(bpm) or not 0 < bpm < 1e6:
        raise ParameterError(f"bpm: {bpm!r}; give a tempo above 0")
    if not _is_number(tolerance) or not 0 <= tolerance <= 50:
        raise ParameterError(f"tolerance: {tolerance!r}; give 0 to 50 percent")
    tempi = [bpm, bpm / 2, bpm * 2] if half_double else [bpm]
    share = tolerance / 100
    return _any([Filter.between("bpm", tempo * (1 - share), tempo * (1 + share)) for tempo in tempi])


def near_note(note: str | int, semitones: float = 0, *, any_octave: bool = False) -> Filter:
    """Sounds of about a note.

    Parameters
    ----------
    note : str or int
        ``"A3"``, ``"F#2"``, ``"Bb-1"`` (C4 is MIDI 60), or the MIDI number; without an octave (``"A"``), any octave.
    semitones : int
        How far it may be off; 0 to 127.
    any_octave : bool
        The same note in every octave.

    Raises
    ------
    ParameterError
        For a text that is no note, or a number out of range.
    """
    if not _is_number(semitones) or not 0 <= semitones <= 127 or semitones != int(semitones):
        raise ParameterError(f"semitones: {semitones!r}; give a whole number, 0 to 127")
    midi, has_octave = midi_of(note)
    if has_octave and not any_octave:
        return Filter.between("midi_note", midi - int(semitones), midi + int(semitones))
    near = {(midi + step) % 12 for step in range(-int(semitones), int(semitones) + 1)}
    return Filter.any_of("midi_note", [number for number in range(128) if number % 12 in near])


def midi_of(note: str | int) -> tuple[int, bool]:
    """MIDI number of a note, and whether it says an octave.

    Raises
    ------
    ParameterError
        For what is no note of 0 to 127.
    """
    found, has_octave = -1, True
    if isinstance(note, str):
        if match := _NOTE.fullmatch(note):
            letter, marks, octave = match.groups()
            shift = sum(1 if mark in "#♯" else -1 for mark in marks)
            has_octave = octave is not None
            found = _STEPS[letter.upper()] + shift + 12 * (int(octave) + 1 if octave is not None else 5)
        elif note.strip().isdecimal():
            found = int(note)
    elif _is_number(note) and note == int(note):
        found = int(note)
    if not 0 <= found <= 127:
        raise ParameterError(f"note: {note!r} is none; give it as in 'A3' or 'F#2', or as a MIDI number from 0 to 127")
    return found, has_octave


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _any(filters: list[Filter]) -> Filter:
    whole = filters[0]
    for one in filters[1:]:
        whole |= one
    return whole
