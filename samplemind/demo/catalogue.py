"""The list of every sound of the demo library, read from the tables: names, truth, formats. Makes no sound itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from samplemind.demo.drum_table import DRUMS
from samplemind.demo.grooves import GROOVES
from samplemind.demo.harmony import NOTES, note_name, parse_key
from samplemind.demo.scene_table import SCENES
from samplemind.demo.song_table import DRUM_LOOPS, SONGS, STYLES
from samplemind.demo.sound import Sound
from samplemind.demo.studio import seed_of
from samplemind.demo.voice_table import VOICES
from samplemind.errors import ParameterError

__all__ = ["SUBSETS", "catalogue", "drum_named"]

SUBSETS = ("all", "small")
_FOLDERS = {
    "bass": "Bass",
    "lead": "Leads",
    "pad": "Pads",
    "keys": "Keys",
    "mallet": "Mallets",
    "guitar": "Guitars",
    "strings": "Strings",
    "brass": "Brass",
    "woodwind": "Woodwinds",
    "vocal": "Vocals",
}
_SMALL_STEREO = ("keys", "clap")
_SMALL_SHARE = 7  # of the rows of a drum table the first goes into the small library, and every seventh after it


def _sound(
    stem: str, kind: str, sample_class: str, maker: str, recipe: Mapping[str, Any], description: str, **truth: Any
) -> Sound:
    """Choose the format by the name alone.

    Two fifths at 48 kHz; half of the loops and a tenth of the others in FLAC; of the loops an eighth in 24 bits, of the
    others half.
    """
    seed = seed_of(stem)
    extension = "flac" if (seed >> 16) % (2 if kind == "loop" else 10) == 0 else "wav"
    rate, bits = 48000 if seed % 5 < 2 else 44100, 16 if (seed >> 8) % (8 if kind == "loop" else 2) else 24
    return Sound(f"{stem}.{extension}", kind, sample_class, maker, recipe, description, rate=rate, bits=bits, **truth)


def _drums() -> Iterator[Sound]:
    for (folder, word, sample_class, maker), rows in DRUMS.items():
        for number, (name, settings) in enumerate(rows, start=1):
            stem = f"{folder}/{word} {number:02d} {name}"
            yield _sound(
                stem,
                "one-shot",
                sample_class,
                maker,
                settings,
                f"{name} {word}".lower(),
                small=number % _SMALL_SHARE == 1,
            )


def _notes() -> Iterator[Sound]:
    classes_begun: set[str] = set()
    for name, voice in VOICES.items():
        stem = f"Instruments/{_FOLDERS[voice.sample_class]}/{name}"
        first = voice.sample_class not in classes_begun
        classes_begun.add(voice.sample_class)
        for number, midi in enumerate(voice.notes):
            recipe = {"voice": name, "notes": (midi,), "hold": voice.hold}
            yield _sound(
                f"{stem} {note_name(midi)}",
                "one-shot",
                voice.sample_class,
                "play",
                recipe,
                f"{name.lower()}, one note",
                midi_note=midi,
                small=first and number == 0,
            )
        for key in voice.chords:
            tonic, scale = parse_key(key)
            root = min(voice.notes) - (min(voice.notes) - tonic) % 12 + (12 if min(voice.notes) < 52 else 0)
            notes = (root, root + (3 if scale == "minor" else 4), root + 7)
            short = f"{NOTES[tonic]}{'m' if scale == 'minor' else ''}"
            yield _sound(
                f"{stem} Chord {short}",
                "one-shot",
                voice.sample_class,
                "play",
                {"voice": name, "notes": notes, "hold": voice.hold},
                f"{name.lower()}, a {key} chord",
                key=key,
                small=name == "Grand Piano",
            )


def _scenes() -> Iterator[Sound]:
    chosen = {"Impact Deep", "Laser", "Coin", "Wind"}
    for folder, name, maker, settings, description in SCENES:
        place = folder == "Ambience"
        yield _sound(
            f"{folder}/{name}",
            "other" if place else "one-shot",
            "ambience" if place else "fx",
            maker,
            settings,
            description,
            small=name in chosen,
        )


def _drum_loops() -> Iterator[Sound]:
    for number, loop in enumerate(DRUM_LOOPS, start=1):
        stem = f"Loops/Drums/Drum Loop {loop.bpm:g} BPM {number:02d} {loop.groove.title()}"
        yield _sound(
            stem,
            "loop",
            "drum-loop",
            "beat",
            {"loop": loop},
            f"{loop.groove} pattern on the {loop.kit} kit",
            bpm=loop.bpm,
            beats=loop.bars * GROOVES[loop.groove].beats_per_bar,
            ending=loop.ending,
            mono=number % 3 == 0,
            small=loop.small,
        )


def _songs() -> Iterator[Sound]:
    for song in SONGS:
        tonic, scale = parse_key(song.key)
        stem = f"Loops/Music/{song.title} {song.bpm:g} BPM {NOTES[tonic]}{'m' if scale == 'minor' else ''}"
        yield _sound(
            stem,
            "loop",
            "music-loop",
            "song",
            {"song": song},
            f"{song.style} style",
            bpm=song.bpm,
            key=song.key,
            beats=song.bars * STYLES[song.style].beats_per_bar,
            ending=song.ending,
            small=song.small,
        )


@cache
def catalogue(subset: str = "all") -> tuple[Sound, ...]:
    """List the sounds of the demo library.

    Parameters
    ----------
    subset : {'all', 'small'}
        The small library has one or two sounds of each class and a few loops, all as FLAC of 16 bits
        and, to stay small, mostly in one channel.

    Returns
    -------
    tuple of Sound
        In the order of folders and numbers.

    Raises
    ------
    ParameterError
        For another subset.
    """
    if subset not in SUBSETS:
        raise ParameterError(f"subset: {subset!r} is none of {', '.join(SUBSETS)}; choose one of them")
    if subset == "all":
        return (*_drums(), *_notes(), *_scenes(), *_drum_loops(), *_songs())
    return tuple(
        replace(s, path=f"{s.stem}.flac", bits=16, mono=s.sample_class not in _SMALL_STEREO)
        for s in catalogue()
        if s.small
    )


@cache
def _drum_index() -> dict[str, Sound]:
    # 'Kick 01 Deep' is found as 'Kick Deep', so that kits need not know the numbers.
    return {" ".join(p for p in s.name.split() if not (len(p) == 2 and p.isdigit())): s for s in _drums()}


def drum_named(name: str) -> Sound:
    """Find a drum of the library by its name without number, as 'Kick Deep'."""
    return _drum_index()[name]
