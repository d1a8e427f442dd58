"""The loops of the demo library: drum loops by groove and kit, music loops by style and key.

A part's pattern has one character a sixteenth: `0` to `9` a tone of the chord (beyond its size an octave up), `C` the
chord, `_` holds, `.` rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["DRUM_LOOPS", "SONGS", "STYLES", "DrumLoop", "Part", "Song", "Style"]


@dataclass(frozen=True, slots=True)
class DrumLoop:
    """A drum loop: `swing` is how far every second step comes late, as a part of a step."""

    groove: str
    kit: str
    bpm: float
    bars: int
    ending: str = "wrapped"
    swing: float = 0.0
    small: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A voice of a style: what it plays, from which octave up, how loud, and where from -1 (left) to 1 (right)."""

    voice: str
    pattern: str
    octave: int
    gain: float = 0.5
    place: float = 0.0


@dataclass(frozen=True, slots=True)
class Style:
    """Parts, with or without a groove; `size` is the number of tones in a chord, `room` the level of a common hall."""

    parts: tuple[Part, ...]
    groove: str = ""
    kit: str = "acoustic"
    beats_per_bar: float = 4
    size: int = 3
    room: float = 0.06


@dataclass(frozen=True, slots=True)
class Song:
    """A music loop: the chords are scale steps (0 is I), each as long as the others."""

    title: str
    style: str
    key: str
    bpm: float
    bars: int
    chords: tuple[int, ...]
    ending: str = "wrapped"
    swing: float = 0.0
    small: bool = False


DRUM_LOOPS = (
    DrumLoop("four", "909", 124, 2, small=True),
    DrumLoop("four", "electro", 128, 4),
    DrumLoop("deep", "808", 120, 4, swing=0.16),
    DrumLoop("techno", "techno", 132, 4, "cut"),
    DrumLoop("techno", "minimal", 138, 2, "lead", small=True),
    DrumLoop("break", "break", 110, 2, small=True),
    DrumLoop("break", "acoustic", 98.5, 4, "tail"),
    DrumLoop("amen", "break", 165, 4),
    DrumLoop("dnb", "electro", 174, 2, small=True),
    DrumLoop("dnb", "break", 170, 4, "cut"),
    DrumLoop("hiphop", "dusty", 88, 2, swing=0.24, small=True),
    DrumLoop("boombap", "dusty", 92, 4, "tail", swing=0.3),
    DrumLoop("trap", "trap", 140, 4),
    DrumLoop("trap", "808", 70, 2, "cut"),
    DrumLoop("rock", "rock", 116, 4, "tail"),
    DrumLoop("funk", "acoustic", 104, 2, swing=0.12),
    DrumLoop("latin", "hands", 100, 2, "lead"),
    DrumLoop("dembow", "808", 95, 2),
    DrumLoop("fill", "rock", 122, 2, "tail"),
    DrumLoop("hand", "hands", 112, 4),
    DrumLoop("waltz", "jazz", 90, 4),
    DrumLoop("five", "jazz", 150, 1, "cut", small=True),
    DrumLoop("seven", "minimal", 126, 4),
    DrumLoop("shuffle", "jazz", 118, 4),
    DrumLoop("twelve", "dusty", 76, 2, "lead"),
)

STYLES: Mapping[str, Style] = {
    "house": Style(
        (Part("Tine Piano", "C__C__C...C__C..", 4, 0.4, -0.2), Part("Saw Bass", "..0_..0_..0_..01", 2, 0.5)),
        "four",
        "909",
        size=4,
    ),
    "lofi": Style(
        (Part("Felt Piano", "C_______..C_____", 4, 0.5), Part("Pluck Bass", "0_____0.2_____0.", 2, 0.6)),
        "hiphop",
        "dusty",
        size=4,
        room=0.1,
    ),
    "ballad": Style(
        (
            Part("Grand Piano", "0_1_2_3_4_3_2_1_", 4, 0.5),
            Part("String Ensemble", "C_______________", 4, 0.16, 0.2),
            Part("Sub Bass", "0_______________", 2, 0.3),
        )
    ),
    "waltz": Style(
        (Part("Nylon Guitar", "0___C___C___", 3, 0.5, -0.2), Part("Flute", "2_______1___0_______1_2_", 5, 0.3, 0.3)),
        "waltz",
        "jazz",
        beats_per_bar=3,
    ),
    "trance": Style(
        (
            Part("Super Lead", "0.2.1.3.2.4.3.1.", 4, 0.35),
            Part("Warm Pad", "C_______________", 4, 0.25),
            Part("Saw Bass", "..00..00..00..00", 2, 0.45),
        ),
        "four",
        "electro",
    ),
    "trap": Style(
        (
            Part("Glockenspiel", "2..1..0.....1..2", 6, 0.25, 0.2),
            Part("808 Bass", "0_____..0___2_..", 1, 0.6),
            Part("Dark Pad", "C_______________", 3, 0.25),
        ),
        "trap",
        "trap",
    ),
    "dnb": Style(
        (Part("Reese Bass", "0______.0___2_..", 1, 0.5), Part("Warm Pad", "C_______________________________", 4, 0.3)),
        "dnb",
        "break",
        size=4,
    ),
    "funk": Style(
        (
            Part("Clavinet", "C..C.C..C.C..C.C", 4, 0.35, -0.3),
            Part("Slap Bass", "0..0..3.0..02.1.", 2, 0.6),
            Part("Brass Section", "......C_........", 4, 0.3, 0.3),
        ),
        "funk",
        "acoustic",
        size=4,
    ),
    "ambient": Style(
        (
            Part("Glass Pad", "C_______________________________", 4, 0.4),
            Part("Kalimba", "0...2...4...3.1.", 5, 0.35, 0.3),
        ),
        room=0.3,
    ),
    "techno": Style(
        (Part("Acid Bass", "00.03.00.02.0.13", 2, 0.45), Part("Dark Pad", "C_______________", 3, 0.2)),
        "techno",
        "techno",
    ),
    "folk": Style(
        (
            Part("Steel Guitar", "0_2_1_2_3_2_1_2_", 3, 0.5, -0.15),
            Part("Marimba", "0...1...2...1...", 4, 0.25, 0.3),
            Part("Pluck Bass", "0_______2_______", 2, 0.4),
        )
    ),
    "chip": Style(
        (Part("Chip Lead", "0123210121432101", 5, 0.3), Part("Square Bass", "0_0_0_0_2_2_0_0_", 2, 0.45)),
        "dembow",
        "electro",
        room=0.0,
    ),
    "reggae": Style(
        (
            Part("Drawbar Organ", "..C...C...C...C.", 4, 0.35, 0.2),
            Part("Sub Bass", "0__0__2_..0_1_2_", 2, 0.55),
            Part("Muted Guitar", "..C...C...C...C.", 4, 0.3, -0.4),
        ),
        "reggae",
        "acoustic",
    ),
    "orchestra": Style(
        (
            Part("String Ensemble", "C_______________", 4, 0.4),
            Part("Pizzicato", "0.1.2.1.3.2.1.2.", 4, 0.35, -0.3),
            Part("Horn", "0_______2_______", 3, 0.3, 0.3),
        ),
        room=0.25,
    ),
    "choir": Style(
        (
            Part("Choir Ah", "C_______________", 4, 0.4),
            Part("Harpsichord", "0_2_1_2_3_2_1_2_", 4, 0.25, 0.2),
            Part("Solo Cello", "0_______________", 2, 0.3),
        ),
        room=0.25,
    ),
    "five": Style(
        (Part("Vibraphone", "C_____C_____C___C___", 4, 0.4), Part("Pluck Bass", "0_____2_____0___1___", 2, 0.5)),
        "five",
        "jazz",
        beats_per_bar=5,
        size=4,
    ),
    "wave": Style(
        (
            Part("Pluck Synth", "0.1.2.3.4.3.2.1.", 4, 0.35, 0.3),
            Part("Square Bass", "0.0.0.0.0.0.0.0.", 2, 0.45),
            Part("Air Pad", "C_______________", 4, 0.25),
        ),
        "rock",
        "electro",
    ),
}

# Minor keys keep off i-VI-III-VII: those four chords are as much the relative major's own.
SONGS = (
    Song("Warehouse", "house", "A minor", 124, 4, (0, 3, 5, 4)),
    Song("Terrace", "house", "C major", 122, 4, (0, 5, 3, 4), "tail"),
    Song("Late Bus", "lofi", "D minor", 84, 2, (0, 3), swing=0.22, small=True),
    Song("Window Seat", "lofi", "F major", 78, 2, (3, 0), swing=0.26),
    Song("First Snow", "ballad", "E minor", 72, 2, (0, 4), "tail"),
    Song("Harbour", "ballad", "G major", 88, 4, (0, 4, 5, 3)),
    Song("Carousel", "waltz", "A major", 132, 8, (0, 3, 4, 0)),
    Song("Old Mirror", "waltz", "B minor", 108, 4, (0, 3, 4, 0), "cut"),
    Song("Horizon", "trance", "F# minor", 138, 4, (0, 5, 3, 4)),
    Song("Skyline", "trance", "E major", 140, 4, (0, 4, 5, 3), "cut"),
    Song("Cold Chain", "trap", "C# minor", 142, 4, (0, 0, 5, 4)),
    Song("Porcelain", "trap", "G minor", 75, 2, (0, 5), "lead", small=True),
    Song("Undertow", "dnb", "F minor", 174, 4, (0, 5)),
    Song("Skyway", "dnb", "A# major", 172, 2, (0, 3), small=True),
    Song("Corner Shop", "funk", "D# minor", 105, 4, (0, 0, 3, 0)),
    Song("Stiletto", "funk", "D major", 112, 2, (0, 3), swing=0.14),
    Song("Drift", "ambient", "G# major", 70, 2, (0, 3)),
    Song("Acid Rain", "techno", "A# minor", 130, 4, (0, 0, 5, 6)),
    Song("Hill Road", "folk", "D# major", 96, 4, (0, 4, 5, 3), "tail"),
    Song("Boss Level", "chip", "C minor", 160, 2, (0, 5), small=True),
    Song("Island", "reggae", "C# major", 76, 2, (0, 3), "lead"),
    Song("Procession", "orchestra", "G# minor", 92, 4, (0, 5, 3, 4), "tail"),
    Song("Evensong", "choir", "B major", 80, 2, (0, 4)),
    Song("Five Doors", "five", "F# major", 156, 4, (0, 3, 1, 4)),
    Song("Neon", "wave", "A minor", 100, 4, (0, 0, 5, 4)),
)
