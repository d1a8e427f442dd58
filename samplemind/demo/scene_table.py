"""The effects and places of the demo library: maker, name, settings, what is heard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["SCENES"]

SCENES: tuple[tuple[str, str, str, Mapping[str, Any], str], ...] = (
    # (folder, name, maker, settings, what is heard)
    ("FX/Risers", "Riser Noise", "riser", {"tone": 0.0, "seconds": 3.0}, "noise that climbs"),
    ("FX/Risers", "Riser Saw", "riser", {"tone": 1.0, "seconds": 2.5, "low": 400}, "saws and noise that climb"),
    ("FX/Risers", "Riser Long", "riser", {"tone": 0.5, "seconds": 5.0}, "a long climb"),
    ("FX/Risers", "Downlifter", "riser", {"falling": True, "seconds": 2.5}, "noise and saws that fall"),
    ("FX/Risers", "Reverse Cymbal", "reverse", {}, "a cymbal backwards"),
    ("FX/Risers", "Reverse Hiss", "reverse", {"seconds": 1.2, "decay": 0.25, "low": 4000}, "a short swell of hiss"),
    ("FX/Impacts", "Impact Deep", "impact", {}, "a deep hit in a large hall"),
    ("FX/Impacts", "Impact Crash", "impact", {"debris": 1.2, "pitch": 60, "decay": 0.4}, "a crashing hit"),
    (
        "FX/Impacts",
        "Sub Drop",
        "zap",
        {"top": 140, "bottom": 32, "glide": 0.5, "decay": 0.45},
        "a sine that falls out of hearing",
    ),
    ("FX/Zaps", "Laser", "zap", {"delay": 0.11}, "a laser with echoes"),
    ("FX/Zaps", "Zap Short", "zap", {"top": 9000, "glide": 0.02, "decay": 0.05}, "a short zap"),
    ("FX/Zaps", "Zap Metal", "zap", {"top": 3000, "bottom": 300, "ratio": 1.41, "decay": 0.2}, "a metallic zap"),
    (
        "FX/Zaps",
        "Power Up",
        "zap",
        {"top": 100, "bottom": 2400, "glide": 0.3, "decay": 0.4, "ratio": 2.0},
        "a pitch that climbs",
    ),
    (
        "FX/Zaps",
        "Tape Stop",
        "zap",
        {"top": 700, "bottom": 25, "glide": 0.35, "decay": 0.35, "ratio": 1.0},
        "a tone that runs down",
    ),
    ("FX/Computer", "Blips Fast", "blips", {"step": 0.045, "steps": 10}, "fast computer talk"),
    ("FX/Computer", "Blips Slow", "blips", {"step": 0.12, "steps": 6, "high": 1500}, "slow computer talk"),
    (
        "FX/Computer",
        "Coin",
        "blips",
        {"steps": 2, "step": 0.11, "low": 900, "high": 2600, "echoes": False},
        "two notes of an arcade",
    ),
    ("FX/Noise", "Radio Static", "static", {}, "a radio between stations"),
    ("FX/Noise", "Glitch Static", "static", {"gates": 60, "seconds": 0.7, "low": 1500}, "short torn noise"),
    ("FX/Noise", "White Burst", "static", {"gates": 1, "seconds": 0.4, "low": 100, "high": 16000}, "a burst of noise"),
    ("Ambience", "Wind", "flow", {}, "wind over a plain"),
    (
        "Ambience",
        "Sea",
        "flow",
        {"low": 350, "high": 3500, "speed": 0.6, "depth": 0.9, "seconds": 6.0},
        "waves on a beach",
    ),
    ("Ambience", "Breath of a Cave", "flow", {"low": 90, "high": 500, "speed": 0.3}, "slow dark air"),
    ("Ambience", "Rain", "rain", {}, "rain on leaves"),
    ("Ambience", "Fire", "rain", {"drops": 35, "hiss": 0.06, "low": 500, "high": 4500}, "a small fire"),
    ("Ambience", "Record Run-out", "crackle", {}, "the end of a record"),
    ("Ambience", "Machine Room", "drone", {}, "a room full of machines"),
    ("Ambience", "Spaceship", "drone", {"pitch": 42, "rough": 0.004, "air": 0.4}, "the hum of a ship"),
)
