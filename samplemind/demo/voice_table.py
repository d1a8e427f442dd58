"""The instruments of the demo library: presets that loops play too, and the single notes and chords taken of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from samplemind.demo.oscillators import FREE_BAR, TUNED_BAR

__all__ = ["VOICES", "Voice"]


@dataclass(frozen=True, slots=True)
class Voice:
    """A preset and what is sampled of it.

    Attributes
    ----------
    sample_class : str
    maker : str
        Name of the function in `samplemind.demo.instruments.INSTRUMENTS`.
    hold : float
        Seconds a sampled note is held.
    notes : tuple of int
        MIDI notes that become files.
    chords : tuple of str
        Keys, as 'A minor', whose tonic chord becomes a file.
    settings : mapping
        Keyword arguments of the maker.
    """

    sample_class: str
    maker: str
    hold: float
    notes: tuple[int, ...]
    chords: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


VOICES: Mapping[str, Voice] = {
    "Sub Bass": Voice("bass", "sub", 0.6, (33, 36)),
    "808 Bass": Voice("bass", "boom", 1.2, (31, 36)),
    "Saw Bass": Voice(
        "bass", "subtractive", 0.4, (36, 41), settings={"octave_below": 0.0, "cutoff": 4, "contour": 14, "drive": 1.5}
    ),
    "Acid Bass": Voice(
        "bass",
        "subtractive",
        0.2,
        (36, 43),
        settings={"cutoff": 3, "contour": 26, "contour_decay": 0.1, "resonance": 3, "drive": 2, "sustain": 0.5},
    ),
    "Square Bass": Voice("bass", "subtractive", 0.3, (38, 45), settings={"shape": "pulse", "cutoff": 5, "contour": 8}),
    "FM Bass": Voice(
        "bass",
        "fm_tone",
        0.35,
        (35, 40),
        settings={"ratio": 1.0, "index": 4.0, "index_decay": 0.12, "floor": 0.15, "decay": 0.4},
    ),
    "Reese Bass": Voice("bass", "reese", 1.5, (33, 38)),
    "Pluck Bass": Voice(
        "bass", "string", 0.9, (40, 45), settings={"decay": 0.5, "brightness": 0.25, "body": 0.3, "room": 0.0}
    ),
    "Slap Bass": Voice(
        "bass",
        "string",
        0.5,
        (40, 33),
        settings={"decay": 0.6, "brightness": 0.8, "pick": 0.05, "body": 0.2, "room": 0.0},
    ),
    "Super Lead": Voice("lead", "supersaw", 0.6, (60, 69)),
    "Square Lead": Voice(
        "lead", "subtractive", 0.4, (64, 72), settings={"shape": "pulse", "vibrato": 12, "cutoff": 8, "delay": 0.18}
    ),
    "Chip Lead": Voice(
        "lead", "subtractive", 0.2, (72, 76), settings={"shape": "pulse", "width": 0.25, "cutoff": 20, "resonance": 0.0}
    ),
    "Glide Lead": Voice(
        "lead", "subtractive", 0.7, (62, 67), settings={"detune": 9, "glide": 5, "vibrato": 15, "cutoff": 7}
    ),
    "FM Lead": Voice(
        "lead",
        "fm_tone",
        0.5,
        (65, 70),
        settings={"ratio": 2.0, "index": 2.5, "floor": 0.5, "sustain": 0.8, "vibrato": 10, "room": 0.15},
    ),
    "Pluck Synth": Voice(
        "lead",
        "subtractive",
        0.15,
        (60, 67, 74),
        settings={
            "detune": 8,
            "cutoff": 2,
            "contour": 18,
            "contour_decay": 0.08,
            "sustain": 0.2,
            "decay": 0.15,
            "release": 0.1,
        },
    ),
    "Warm Pad": Voice("pad", "warm_pad", 2.5, (48, 57), ("A minor", "F major")),
    "Glass Pad": Voice(
        "pad", "warm_pad", 2.2, (60,), ("E minor",), {"levels": (0.4, 0.2, 0.5), "glass": 0.5, "attack": 0.25}
    ),
    "Air Pad": Voice(
        "pad", "warm_pad", 2.5, (53,), ("D major",), {"levels": (0.6, 0.0, 0.4), "air": 0.12, "attack": 0.8}
    ),
    "Dark Pad": Voice("pad", "warm_pad", 2.8, (45, 50), ("C minor",), {"cutoff": 2, "motion": 1.0, "speed": 0.15}),
    "Grand Piano": Voice("keys", "piano", 1.6, (48, 60, 72), ("C major", "G minor")),
    "Felt Piano": Voice("keys", "piano", 1.4, (55, 64), ("A# major",), {"tone": 0.6, "room": 0.2}),
    "Tine Piano": Voice("keys", "electric_piano", 1.2, (52, 64), ("D minor", "E major"), {"tremolo": 0.3}),
    "Drawbar Organ": Voice("keys", "organ", 0.9, (55, 67), ("G major",)),
    "Clavinet": Voice("keys", "clav", 0.3, (50, 62), settings={"wah": 0.6}),
    "Harpsichord": Voice("keys", "clav", 0.8, (60,), ("B minor",), {"brightness": 0.97, "decay": 0.8}),
    "Marimba": Voice(
        "mallet", "mallet", 0.3, (55, 67, 72), settings={"ratios": TUNED_BAR, "decay": 0.16, "hardness": 0.3}
    ),
    "Vibraphone": Voice(
        "mallet",
        "mallet",
        1.0,
        (65, 74),
        settings={"ratios": TUNED_BAR, "decay": 0.8, "hardness": 0.2, "tremolo": 0.35},
    ),
    "Glockenspiel": Voice(
        "mallet", "mallet", 0.5, (84, 91), settings={"ratios": FREE_BAR, "decay": 0.5, "hardness": 0.4}
    ),
    "Xylophone": Voice(
        "mallet", "mallet", 0.2, (77, 84), settings={"ratios": (1.0, 3.0, 6.0, 10.0), "decay": 0.08, "hardness": 0.5}
    ),
    "Kalimba": Voice(
        "mallet", "mallet", 0.4, (69, 76), settings={"ratios": (1.0, 5.4, 14.0), "decay": 0.3, "hardness": 0.25}
    ),
    "Nylon Guitar": Voice("guitar", "string", 1.6, (52, 59, 64), ("A major",), {"brightness": 0.45}),
    "Steel Guitar": Voice(
        "guitar", "string", 2.0, (45, 57), ("E minor",), {"brightness": 0.8, "decay": 1.8, "pick": 0.09}
    ),
    "Muted Guitar": Voice("guitar", "string", 0.12, (50, 57), settings={"decay": 0.15, "brightness": 0.5, "body": 0.8}),
    "Drive Guitar": Voice(
        "guitar", "string", 1.2, (40, 47), settings={"drive": 6, "brightness": 0.7, "decay": 1.5, "room": 0.12}
    ),
    "String Ensemble": Voice("strings", "bowed", 1.6, (55, 62), ("F# minor", "D# major")),
    "Solo Cello": Voice("strings", "bowed", 1.4, (43, 50), settings={"players": 1, "vibrato": 20, "cutoff": 12}),
    "Tremolo Strings": Voice("strings", "bowed", 1.5, (60,), settings={"tremolo": 0.7}),
    "Pizzicato": Voice(
        "strings",
        "string",
        0.3,
        (55, 67),
        settings={"decay": 0.16, "brightness": 0.35, "pick": 0.2, "body": 0.7, "room": 0.2},
    ),
    "Solo Trumpet": Voice("brass", "brass", 0.8, (65, 70), settings={"bright": 5}),
    "Horn": Voice("brass", "brass", 1.2, (53, 58), settings={"bright": 2, "attack": 0.08, "room": 0.3}),
    "Brass Section": Voice(
        "brass", "brass", 0.35, (57, 62), ("G# major",), {"players": 4, "bright": 5, "attack": 0.03}
    ),
    "Trombone": Voice("brass", "brass", 0.9, (46,), settings={"bright": 6, "attack": 0.06}),
    "Flute": Voice("woodwind", "flute", 1.2, (74, 79)),
    "Pan Pipe": Voice("woodwind", "flute", 0.6, (67,), settings={"breath": 0.35, "chiff": 1.2}),
    "Clarinet": Voice("woodwind", "reed", 1.0, (58, 65)),
    "Oboe": Voice("woodwind", "reed", 1.0, (69,), settings={"hollow": 0.1, "nasal": 1.2, "vibrato": 12}),
    "Choir Ah": Voice("vocal", "voice", 2.0, (57,), ("C# minor",), {"singers": 6}),
    "Choir Oo": Voice("vocal", "voice", 1.8, (60,), settings={"singers": 5, "vowel": "oo"}),
    "Voice Oh": Voice("vocal", "voice", 1.0, (55,), settings={"vowel": "oh", "attack": 0.05}),
    "Voice Ee": Voice("vocal", "voice", 0.8, (62,), settings={"vowel": "ee", "attack": 0.05}),
}
