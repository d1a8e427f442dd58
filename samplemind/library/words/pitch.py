"""Keys and notes in a phrase."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from samplemind.library.names import parse_key
from samplemind.library.search.musical import related_keys
from samplemind.library.words.parts import Check, Limit

__all__ = ["CHORD", "pitches"]

#: How far before a key one looks.
_REACH: Final = 48
_NOTES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "H": 11}
_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_SHARP: Final = r"#|♯|b|♭| ?sharp| ?flat"
_B, _E = r"(?<![\w#])", r"(?![\w#])"
#: What makes an interval or a chord of "minor" and "major": "minor third", "C major 7".
CHORD: Final = (
    r"[\s-]{0,2}(?:second|third|fourth|fifth|sixth|seventh|ninth|eleventh|thirteenth|2nd|3rd|[4-9]th|1[13]th"
    r"|(?:[679]|1[13])(?!\.?\w|[ -]?(?:s|secs?|seconds?|ms|min|minutes?|bars?|beats?|bpm|k?hz|bits?|db)(?!\w)))(?!\w)"
)
#: "A minor", "a minor", "Bb-major", "F#min"; "Am" and "C#m", but not "am".
_KEY: Final = re.compile(rf"{_B}([A-Ga-g])({_SHARP})?[ -]?(major|maj|minor|min){_E}(?!{CHORD})", re.IGNORECASE)
_SHORT: Final = re.compile(rf"{_B}(?:([A-G])({_SHARP})?|([a-g])(#|♯))m{_E}")
#: In these languages H is B, and B is Bb.
_GERMAN: Final = re.compile(rf"{_B}([a-h])(is|es|s)?[ -]?(dur|moll){_E}", re.IGNORECASE)
_CAMELOT: Final = re.compile(rf"{_B}(1[0-2]|0?[1-9])([AB]){_E}")
_NOTE: Final = re.compile(
    rf"{_B}(?:(?:note|midi|(?:tuned|pitched) (?:to|at))\s+)?(?:([A-G])(#|♯|b|♭)?|([a-g])(#|♯))(-1|\d){_E}"
)
_NOTES_TO: Final = re.compile(
    rf"{_B}([A-G])([#♯b♭])?(-1|\d)\s{{0,2}}(?:-|–|to|and|\.\.)\s{{0,2}}([A-G])([#♯b♭])?(-1|\d){_E}"
)
_TONIC: Final = re.compile(rf"{_B}(?:([A-G])({_SHARP})|([a-g])(#|♯)){_E}")
#: A lone letter is a tonic only where something says so.
_LONE: Final = re.compile(
    rf"{_B}(?:(?:in|the|of|is|root|tonic|note|key|key of|key is|key:)\s+){{1,4}}([A-H])({_SHARP})?"
    rf"(?=\s*(?:$|[,;.)]|\bor\b|\band\b|\d|under\b|over\b|around\b|with\b))"
)
#: "in the key of A pad" says it beyond doubt; so do these for notes.
_KEY_OF: Final = re.compile(rf"{_B}(?:in\s+)?(?:the\s+)?key\s+of\s+([A-H])({_SHARP})?(?![\w#'’]|\s+m(?:aj|in))", re.I)
_TUNED: Final = re.compile(rf"{_B}(?:(?:tuned|pitched)\s+(?:to|at|in)|at)\s+([A-G])({_SHARP})?(?![\w#'’])")
#: "in C or D".
_FURTHER: Final = re.compile(rf"\s*(?:,?\s+or\s+|/)([A-H])({_SHARP})?(?![\w#'’]|[ -]?m(?:aj|in))")
_BEFORE_KEY: Final = re.compile(r"(?<!\w)(?:in\s+)?(?:the\s+)?keys?\s+(?:of\s+|is\s+|:\s*)?$", re.IGNORECASE)
#: "F# minor or its relative major", "the relative major of F# minor".
_RELATED: Final = re.compile(
    r"\s*(?:,?\s*(?:or|and)|[,/+&])\s*(?:(?:in\s+)?(?:its|the|their)\s+)?(relative|parallel)s?"
    r"(?:\s+(?:major|minor|key)s?)?(?!\w)",
    re.IGNORECASE,
)
_RELATED_OF: Final = re.compile(
    r"(?<!\w)(?:the\s+)?(relative|parallel)(?:\s+(?:major|minor|key))?\s+(?:of|to)\s+$", re.IGNORECASE
)
_NOTE_WORD: Final = re.compile(rf"{_B}(?:note|root note)\s+([A-Ga-g])({_SHARP})?{_E}")


def _degree(letter: str, mark: str | None) -> int:
    text = (mark or "").strip().lower()
    return (_NOTES[letter.upper()] + (1 if text in ("#", "♯", "sharp") else -1 if text else 0)) % 12


def _midi(letter: str, mark: str | None, octave: str) -> int:
    change = {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(mark or "", 0)
    return (int(octave) + 1) * 12 + _NOTES[letter.upper()] + change


def _key(match: re.Match[str], tonic: int, scale: str) -> Limit:
    """A key with what is said around it: that it is one, and which others are meant with it or instead."""
    phrase, start, end = match.string, match.start(), match.end()
    if found := _BEFORE_KEY.search(phrase, max(0, start - _REACH), start):
        start = found.start()
    if instead := _RELATED_OF.search(phrase, max(0, start - _REACH), start):
        start = instead.start()
    beside = _RELATED.match(phrase, end)
    end = beside.end() if beside else end
    said = {found[1].lower() for found in (instead, beside) if found}
    keys = related_keys(
        _NAMES[tonic], scale, same=instead is None, relative="relative" in said, parallel="parallel" in said
    )
    cases = tuple((Check("key", "=", (name,)), Check("scale", "=", (mode,))) for name, mode in keys)
    return Limit(start, end, phrase[start:end], False, cases)


def _all_octaves(degree: int) -> Check:
    return Check("midi_note", "=", tuple(range(degree, 128, 12)))


def _either(match: re.Match[str], degree: int) -> Limit:
    """Loops have a key, single sounds a note: either is meant."""
    degrees, end = [degree], match.end()
    while further := _FURTHER.match(match.string, end):
        degrees, end = [*degrees, _degree(further[1], further[2])], further.end()
    cases = [case for one in degrees for case in ((Check("key", "=", (_NAMES[one],)),), (_all_octaves(one),))]
    return Limit(match.start(), end, match.string[match.start() : end], False, tuple(cases))


def pitches(phrase: str) -> Iterator[Limit]:
    """Every key and note of a phrase as a limit; where two readings overlap, the first one given is the longer.

    C4 is MIDI note 60, as everywhere here. A tonic alone stands for a key or a note.
    """
    for match in _GERMAN.finditer(phrase):
        letter, change, mode = match[1].upper(), (match[2] or "").lower(), match[3].lower()
        tonic = 10 if letter == "B" and not change else _NOTES[letter] + {"is": 1, "": 0}.get(change, -1)
        yield _key(match, tonic % 12, "minor" if mode == "moll" else "major")
    for match in _KEY.finditer(phrase):
        if match[2] == "B":
            continue
        yield _key(match, _degree(match[1], match[2]), "minor" if match[3].lower().startswith("min") else "major")
    for match in _SHORT.finditer(phrase):
        yield _key(match, _degree(match[1] or match[3], match[2] or match[4]), "minor")
    for match in _CAMELOT.finditer(phrase):
        tonic_name, _, scale = (parse_key(match[0]) or "").partition(" ")
        yield _key(match, _NAMES.index(tonic_name), scale)
    for match in _NOTE.finditer(phrase):
        note = _midi(match[1] or match[3], match[2] or match[4], match[5])
        if 0 <= note <= 127:
            yield Limit(match.start(), match.end(), match[0], False, ((Check("midi_note", "=", (note,)),),))
    for match in _NOTES_TO.finditer(phrase):
        low, high = sorted((_midi(*match.group(1, 2, 3)), _midi(*match.group(4, 5, 6))))
        check = Check("midi_note", "between", (low, high))
        yield Limit(match.start(), match.end(), match[0], False, ((check,),))
    for match in _NOTE_WORD.finditer(phrase):
        yield Limit(match.start(), match.end(), match[0], False, ((_all_octaves(_degree(match[1], match[2])),),))
    for match in _TUNED.finditer(phrase):
        yield Limit(match.start(), match.end(), match[0], False, ((_all_octaves(_degree(match[1], match[2])),),))
    for match in (*_KEY_OF.finditer(phrase), *_LONE.finditer(phrase)):
        yield _either(match, _degree(match[1], match[2]))
    for match in _TONIC.finditer(phrase):
        yield _either(match, _degree(match[1] or match[3], match[2] or match[4]))
