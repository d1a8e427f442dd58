"""Drum patterns and kits.

A pattern has one character a step: `X` accent, `x` normal, `o` soft, `.` rest. Patterns longer than a bar span several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["GROOVES", "KITS", "VELOCITY", "Groove"]

VELOCITY = {"X": 1.0, "x": 0.7, "o": 0.35}


@dataclass(frozen=True, slots=True)
class Groove:
    """A drum pattern.

    Attributes
    ----------
    lanes : mapping of str to str
        Lane of the kit to its pattern.
    beats_per_bar : float
        Quarter notes a bar: 4, 3, 5, or 3.5 for 7/8.
    steps : int
        Steps a quarter note: 4 for sixteenths, 3 for triplets.
    """

    lanes: Mapping[str, str]
    beats_per_bar: float = 4
    steps: int = 4


GROOVES: Mapping[str, Groove] = {
    "four": Groove(
        {"kick": "X...X...X...X...", "clap": "....X.......X...", "open": "..x...x...x...x.", "hat": "x.o.x.o.x.o.x.oo"}
    ),
    "deep": Groove(
        {
            "kick": "X...X...X...X..o",
            "rim": "...x..x....x....",
            "open": "..x...x...x...x.",
            "shake": "xoxoxoxoxoxoxoxo",
            "clap": "....x.......x...",
        }
    ),
    "techno": Groove(
        {"kick": "X...X...X...X...", "hat": "..x...x...x...x.", "perc": "...x..o..x....o.", "clap": "............x..."}
    ),
    "break": Groove({"kick": "X.X.......XX....", "snare": "....X..o.o..X..o", "hat": "x.x.x.x.x.x.x.x."}),
    "amen": Groove(
        {
            "kick": "X.X.......xx....X.X.......x.....",
            "snare": "....X..o.o..X..o....X..o.o....X.",
            "ride": "x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.x.",
        }
    ),
    "dnb": Groove(
        {
            "kick": "X.........X.....",
            "snare": "....X.......X..o",
            "hat": "x.x.x.x.x.x.x.x.",
            "shake": ".o.o.o.o.o.o.o.o",
        }
    ),
    "hiphop": Groove({"kick": "X......xX.......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.xo"}),
    "boombap": Groove(
        {
            "kick": "X..x....x.x.....X......x..x.....",
            "snare": "....X.......X.......X.......X..o",
            "hat": "x.x.x.x.x.x.xoxo",
        }
    ),
    "trap": Groove(
        {
            "kick": "X..x......x.....X.....x...x.....",
            "clap": "........X...............X.......",
            "hat": "xoxoxoxoxoxoxoxoxoxoxoxxxxxxxoxo",
            "open": "..............x.................",
        }
    ),
    "rock": Groove(
        {
            "kick": "X.......X.x.....",
            "snare": "....X.......X...",
            "hat": "x.x.x.x.x.x.x.x.",
            "crash": "X...............................",
        }
    ),
    "funk": Groove(
        {"kick": "X.x...x...x..x..", "snare": "....X..o.o.oX..o", "hat": "xoxoxoxoxoxoxo..", "open": "..............x."}
    ),
    "latin": Groove(
        {
            "kick": "X..x..X.x..x..X.",
            "rim": "x..x..x...x.x...",
            "cow": "x.x.xx.xx.x.xx.x",
            "low": "......x.......xx",
            "high": "..x.....x.x.....",
        }
    ),
    "dembow": Groove({"kick": "X...X...X...X...", "snare": "...x..x....x..x.", "hat": "x.x.x.x.x.x.x.x."}),
    "reggae": Groove({"kick": "........X.......", "rim": "........X.......", "hat": "o.x.o.x.o.x.o.xo"}),
    "fill": Groove(
        {
            "kick": "X.......X.......X.......X.......",
            "snare": "....X.......X.......X.......X...",
            "hat": "x.x.x.x.x.x.x.x.x.x.x.x.x.......",
            "high": "........................xx......",
            "mid": "..........................xx....",
            "floor": "............................xXxX",
        }
    ),
    "sparse": Groove({"kick": "X...............", "snare": "........x.......", "perc": "...o.......x...."}),
    "hand": Groove(
        {
            "low": "x......xx......x",
            "high": "..xo..x...xo..x.",
            "slap": "....X.......X...",
            "shake": "xoxoxoxoxoxoxoxo",
            "clave": "x..x...x..x.x...",
        }
    ),
    "waltz": Groove({"kick": "X...........", "rim": "....x...x...", "hat": "x.o.x.o.x.o."}, beats_per_bar=3),
    "five": Groove(
        {"kick": "X.....x.....X.......", "snare": "........X.......x...", "ride": "x..xx..xx..xx..xx..x"},
        beats_per_bar=5,
    ),
    "seven": Groove({"kick": "X.....X...x...", "snare": "....X.......X.", "hat": "x.x.x.x.x.x.x."}, beats_per_bar=3.5),
    "shuffle": Groove({"kick": "X..X..X..X..", "snare": "...X.....X..", "ride": "x.xx.xx.xx.x"}, steps=3),
    "twelve": Groove({"kick": "X.....x..o..", "snare": "...X.....X.o", "hat": "xoxxoxxoxxox"}, steps=3),
}

_BASE = {
    "kick": "Kick Acoustic",
    "snare": "Snare Acoustic",
    "clap": "Clap Classic",
    "hat": "Hat Closed Acoustic",
    "open": "Hat Open 909",
    "ride": "Cymbal Ride Ping",
    "crash": "Cymbal Crash Bright",
    "rim": "Rim Side Stick",
    "cow": "Cowbell 808",
    "shake": "Shaker Short",
    "floor": "Tom Floor",
    "mid": "Tom Mid",
    "high": "Tom High",
    "low": "Tom Low",
    "perc": "Wood Block High",
    "slap": "Conga Slap",
    "clave": "Clave Bright",
}

KITS: Mapping[str, Mapping[str, str]] = {
    "acoustic": _BASE,
    "808": _BASE
    | {
        "kick": "Kick 808 Long",
        "snare": "Snare 808",
        "hat": "Hat Closed 808",
        "open": "Hat Open 808",
        "rim": "Rim 808",
        "perc": "Cowbell High",
    },
    "909": _BASE
    | {"kick": "Kick 909", "snare": "Snare 909", "clap": "Clap 909", "hat": "Hat Closed 909", "perc": "Rim Sharp"},
    "techno": _BASE | {"kick": "Kick Techno", "clap": "Clap Dark", "hat": "Hat Open Short", "perc": "Agogo Low"},
    "dusty": _BASE
    | {"kick": "Kick Dusty", "snare": "Snare Lo-Fi", "hat": "Hat Closed Lo-Fi", "ride": "Cymbal Sizzle Ride"},
    "break": _BASE | {"kick": "Kick Boxy", "snare": "Snare Break", "hat": "Hat Closed Shuffle"},
    "trap": _BASE
    | {
        "kick": "Kick Trap",
        "snare": "Snare Trap",
        "clap": "Clap Tight",
        "hat": "Hat Closed Tight",
        "open": "Hat Open Choked",
    },
    "rock": _BASE | {"kick": "Kick Room", "snare": "Snare Rock", "hat": "Hat Closed Metal"},
    "minimal": _BASE
    | {
        "kick": "Kick Minimal",
        "snare": "Snare Snap",
        "clap": "Clap Snap",
        "hat": "Hat Closed Tick",
        "shake": "Shaker Sand",
    },
    "jazz": _BASE | {"kick": "Kick Jazz", "snare": "Snare Brush", "hat": "Hat Closed Soft", "rim": "Rim Woody"},
    "hands": _BASE
    | {"low": "Conga Low", "high": "Conga High", "shake": "Shaker Egg", "kick": "Kick Soft", "rim": "Rim Woody"},
    "electro": _BASE
    | {
        "kick": "Kick Electro",
        "snare": "Snare Electro",
        "clap": "Clap Wide",
        "hat": "Hat Closed Noise",
        "open": "Hat Open Sizzle",
        "cow": "Cowbell Driven",
    },
}
