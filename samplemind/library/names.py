"""What the name of a file claims about its sound: tempo, key, note and class.

Claims only: they are stored beside what was heard, and never mixed with it. Being careful matters more than finding
much: a number is a tempo only where something says so, and "A" is a word before it is a key.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["NameClaims", "parse_key", "parse_name", "parse_tags"]

_LOW_BPM, _HIGH_BPM = 30.0, 300.0
#: A bare number is only read as a tempo in this range, and only in what looks like a loop.
_BARE_LOW, _BARE_HIGH = 60.0, 200.0

_NUMBER = r"(\d{2,3}(?:[.,]\d{1,2})?)"
_BPM_AFTER = re.compile(rf"(?<![\d.]){_NUMBER}[ _-]?bpm(?![a-z])", re.IGNORECASE)
_BPM_BEFORE = re.compile(rf"(?<![a-z])(?:bpm|tempo)[ _=-]?{_NUMBER}(?![\d])", re.IGNORECASE)
_BARE_NUMBER = re.compile(r"(?<![\d.A-Za-z#])(\d{2,3})(?![\d.A-Za-z])")
_LOOPISH = re.compile(
    r"(?<![a-z])(?:loops?|breaks?|breakbeats?|grooves?|beats?|tops?|fills?|phrases?|riffs?|arps?)(?![a-z])",
    re.IGNORECASE,
)

_MAJOR, _MINOR = r"(?:maj(?:or)?|Maj(?:or)?|MAJ(?:OR)?|dur)", r"(?:min(?:or)?|Min(?:or)?|MIN(?:OR)?|moll|m)"
_START, _END = r"(?:^|(?<=[\s_\-.()\[\],+]))", r"(?=$|[\s_\-.()\[\],+])"
_KEY = re.compile(rf"{_START}([A-Ga-g])(#|♯|♭|b|sharp|flat|Sharp|Flat)?[ _-]?({_MAJOR}|{_MINOR}){_END}")
_ROOT = re.compile(rf"{_START}([A-G])(#|♯|♭|b|sharp|flat|Sharp|Flat){_END}")
_BESIDE_TEMPO = re.compile(
    rf"(?:\d{{2,3}}(?:[ _-]?bpm)?[ _-]+([A-G]){_END})|(?:{_START}([A-G])[ _-]+\d{{2,3}}[ _-]?bpm)", re.IGNORECASE
)
_NOTE = re.compile(rf"{_START}([A-Ga-g])(#|♯|♭|b|s)?(-1|[0-9])(?=$|[\s_\-.()\[\],+vV])")
#: Keys 1A, 1B, 2A, … of the Camelot wheel: A is minor, B major.
_CAMELOT: Final = (
    ("Ab", "B"), ("Eb", "F#"), ("Bb", "Db"), ("F", "Ab"), ("C", "Eb"), ("G", "Bb"),
    ("D", "F"), ("A", "C"), ("E", "G"), ("B", "D"), ("F#", "A"), ("Db", "E"),
)  # fmt: skip

_SHARPS: Final = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#", "Cb": "B", "Fb": "E", "E#": "F",
                  "B#": "C"}  # fmt: skip

#: Class names are those of the descriptor `sample_class`. Where several words are found, the one that comes first in
#: this table wins: "kick loop" is a drum loop, "vocal fx" a vocal, "bass drum" a kick.
_CLASS_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("drum-loop", r"(?:drums?|beats?|perc(?:ussion)?|hats?|hihats?|kicks?|snares?|tops?|breaks?)[ _-]*loops?"
                  r"|break(?:s|beats?)?|drum[ _-]*fills?|grooves?"),
    ("music-loop", r"(?:melod(?:y|ic|ies)|music(?:al)?|synth|bass|piano|keys|guitars?|chords?|pads?|leads?|strings?"
                   r"|brass|arps?)[ _-]*loops?"),
    ("hat-open", r"open(?:ed)?[ _-]*hi?[ _-]*hats?|hi?[ _-]*hats?[ _-]*open(?:ed)?|open[ _-]*hats?|hats?[ _-]*open"
                 r"|oh[ _-]?\d*|ohh?[ _-]?\d*|hho[ _-]?\d*"),
    ("hat-closed", r"closed?[ _-]*hi?[ _-]*hats?|hi?[ _-]*hats?|closed?[ _-]*hats?|chh?[ _-]?\d+|hhc?[ _-]?\d*"
                   r"|hats?|pedal[ _-]*hats?"),
    ("kick", r"kicks?|kik|bass[ _-]?drums?|bd[ _-]?\d*|kd[ _-]?\d*|kck"),
    ("snare", r"snares?|snr|sd[ _-]?\d*|sn[ _-]?\d*"),
    ("clap", r"(?:hand[ _-]*)?claps?|cp[ _-]?\d+|clp|snaps?"),
    ("rim", r"rims?(?:[ _-]*shots?)?|side[ _-]*sticks?|rs[ _-]?\d+|cross[ _-]*sticks?"),
    ("cowbell", r"cow[ _-]*bells?|cb[ _-]?\d+"),
    ("shaker", r"shakers?|maracas?|cabasas?|tambourines?|tambs?|shekeres?"),
    ("tom", r"(?:(?:lo|low|mid|hi|high|floor)[ _-]*)?toms?[ _-]?\d*|[lmh]t[ _-]?\d+"),
    ("cymbal", r"cymbals?|cym|crash(?:es)?|rides?|splash(?:es)?|china[ _-]*cymbals?"),
    ("perc", r"percs?|percussions?|congas?|bongos?|timbales?|claves?|woodblocks?|guiros?|agogos?|djembes?|tablas?"
             r"|triangles?|cajons?|drums?"),
    ("speech", r"speech|spoken|dialogu?e?s?|voice[ _-]*overs?"),
    ("vocal", r"vocals?|vox|voices?|vocoders?|choirs?|sing(?:er|ing)|acapp?ell?as?|adlibs?|chants?"),
    ("bass", r"(?:sub[ _-]*)?bass(?:es|line|lines)?|808s?|reese|subs?"),
    ("pad", r"pads?|atmos?|textures?|drones?"),
    ("guitar", r"guitars?|gtrs?|strums?|ukuleles?|banjos?"),
    ("strings", r"strings?|violins?|violas?|cellos?|contrabass|pizz(?:icato)?"),
    ("brass", r"brass|trumpets?|trombones?|horns?|tubas?"),
    ("woodwind", r"flutes?|clarinets?|oboes?|bassoons?|sax(?:ophones?)?|woodwinds?|recorders?"),
    ("mallet", r"marimbas?|xylophones?|vibraphones?|vibes|glockenspiels?|mallets?|kalimbas?|celest[ae]s?|bells?"),
    ("keys", r"pianos?|keys|rhodes|wurli(?:tzer)?s?|organs?|clavs?|clavinets?|e[ _-]?pianos?|epianos?|harpsichords?"),
    ("lead", r"leads?|plucks?|arps?|synths?|stabs?"),
    ("fx", r"fx|sfx|risers?|sweeps?|impacts?|whoosh(?:es)?|downlifters?|uplifters?|noises?|zaps?|lasers?|glitch(?:es)?"
           r"|explosions?|transitions?|scratch(?:es)?|hits?"),
    ("ambience", r"ambien(?:ce|t|ces)|field[ _-]*rec(?:ording)?s?|rain|wind|room[ _-]*tones?|forest|ocean|street"),
)  # fmt: skip
_CLASSES: Final = tuple(
    (name, re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)) for name, words in _CLASS_WORDS
)
#: A number says nothing, but for that of a drum machine.
_WORD = re.compile(r"[A-Za-z]|808")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[a-z])(?=\d)|(?<=\d)(?=[A-Z]?[a-z]{3})")


@dataclass(frozen=True, slots=True)
class NameClaims:
    """What a name says; None where it says nothing.

    Attributes
    ----------
    bpm : float or None
        30 to 300.
    key : str or None
        ``"A minor"``, ``"F# major"``, or only the tonic where the mode is not said.
    note : str or None
        As it stands there, with sharps: ``"C#3"``. Which octave that is differs between makers.
    sample_class : str or None
        One of the classes of `sample_class`.
    """

    bpm: float | None = None
    key: str | None = None
    note: str | None = None
    sample_class: str | None = None


def parse_name(path: str) -> NameClaims:
    """Read the claims in a file's name, and its class from the two folders above where the name tells none.

    Parameters
    ----------
    path : str
        With or without folders.
    """
    *folders, name = path.replace("\\", "/").split("/")
    stem = name.rpartition(".")[0] or name
    folder = folders[-1] if folders else ""
    bpm = _bpm(stem, folder)
    note = _note(stem)
    key = _key(stem, bpm)
    return NameClaims(bpm, key, note, _class(stem, tuple(folders[-2:])))


def _bpm(stem: str, folder: str) -> float | None:
    for text in (stem, folder):
        lower = text.lower()
        if "bpm" not in lower and "tempo" not in lower:
            continue
        for pattern in (_BPM_AFTER, _BPM_BEFORE):
            for match in pattern.finditer(text):
                value = float(match[1].replace(",", "."))
                if _LOW_BPM <= value <= _HIGH_BPM:
                    return value
    bare = [int(text) for text in _BARE_NUMBER.findall(stem) if not text.startswith("0")]
    likely = [value for value in bare if _BARE_LOW <= value <= _BARE_HIGH]
    if len(likely) == 1 and (_LOOPISH.search(stem) or _LOOPISH.search(folder) or _KEY.search(stem)):
        return float(likely[0])
    return None


def _tonic(letter: str, accidental: str | None) -> str:
    mark = {"#": "#", "♯": "#", "s": "#", "b": "b", "♭": "b"}.get(accidental or "", "")
    if accidental and accidental.lower() in ("sharp", "flat"):
        mark = "#" if accidental.lower() == "sharp" else "b"
    name = letter.upper() + mark
    return _SHARPS.get(name, name)


def _key(stem: str, bpm: float | None) -> str | None:
    for match in _KEY.finditer(stem):
        letter, accidental, mode = match.groups()
        # "a min" in a sentence, and "d m" of two words: a lower-case tonic has to touch its mode.
        joined = match[0][len(letter) + len(accidental or "")] not in " _-"
        if (letter.islower() or mode == "m") and not joined:
            continue
        if letter.islower() and mode == "m" and not accidental:
            # "am" and "dm" are words; "Am" is not.
            continue
        return f"{_tonic(letter, accidental)} {'minor' if re.fullmatch(_MINOR, mode) else 'major'}"
    if root := _ROOT.search(stem):
        return _tonic(root[1], root[2])
    if bpm is not None and (beside := _BESIDE_TEMPO.search(stem)):
        letter = beside[1] or beside[2]
        return letter if letter.isupper() else None
    return None


def _note(stem: str) -> str | None:
    matches = list(_NOTE.finditer(stem))
    # Part numbers such as "A1" lead a name ("A1 Kick"), notes end it.
    for match in reversed(matches):
        letter, accidental, octave = match.groups()
        if match.start() == 0 and not accidental and match.end() < len(stem):
            continue
        return _tonic(letter, accidental) + octave
    return None


def _class(stem: str, folders: tuple[str, ...]) -> str | None:
    for text in (stem, *reversed(folders)):
        if found := _class_of(text):
            return found
    return None


@functools.lru_cache(maxsize=4096)
def _class_of(text: str) -> str | None:
    if not _WORD.search(text):
        return None
    text = _CAMEL.sub(" ", text)
    for name, pattern in _CLASSES:
        if pattern.search(text):
            return name
    return None


def parse_key(text: str) -> str | None:
    """Read a key as tags give it: ``"Am"``, ``"F#min"``, ``"Bb major"``, ``"C"``, or Camelot ``"8A"``.

    Returns
    -------
    str or None
        As in `NameClaims.key`; a lone tonic is major, as in the ID3 standard (TKEY).
    """
    text = text.strip()
    if match := re.fullmatch(r"(0?[1-9]|1[0-2])([ABab])", text):
        minor = match[2] in "Aa"
        tonic = _CAMELOT[int(match[1]) - 1][0 if minor else 1]
        return f"{_SHARPS.get(tonic, tonic)} {'minor' if minor else 'major'}"
    if match := re.fullmatch(rf"([A-Ga-g])(#|♯|♭|b|sharp|flat)?\s*({_MAJOR}|{_MINOR})?", text):
        letter, accidental, mode = match.groups()
        return f"{_tonic(letter, accidental)} {'minor' if mode and re.fullmatch(_MINOR, mode) else 'major'}"
    return None


def parse_tags(tags: Mapping[str, str]) -> tuple[float | None, str | None, int | None]:
    """Tempo (BPM), key and note (MIDI number) that the metadata inside a file claim."""
    if not tags:
        return None, None, None
    tempi = (_number(tags.get(name)) for name in ("acid_bpm", "bpm", "tbpm", "tempo", "tmpo"))
    bpm = next((value for value in tempi if value is not None and _LOW_BPM <= value <= _HIGH_BPM), None)
    keys = (parse_key(tags.get(name, "")) for name in ("key", "initialkey", "initial_key", "initial key", "tkey"))
    key = next((text for text in keys if text is not None), None)
    notes = (_number(tags.get(name)) for name in ("smpl_root", "acid_root"))
    note = next((int(value) for value in notes if value is not None and 0 < value <= 127), None)
    return bpm, key, note


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").strip().replace(",", "."))
    except ValueError:
        return None
    return value if value == value else None
