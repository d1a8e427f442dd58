"""Drum patterns made here, with exactly known tempo."""

from __future__ import annotations

from typing import Any

import numpy as np

RATE = 44100
#: Sixteenths of a bar on which each part plays.
ROCK = {"kick": (0, 8, 10), "snare": (4, 12), "hat": tuple(range(0, 16, 2))}
HOUSE = {"kick": (0, 4, 8, 12), "snare": (4, 12), "hat": (2, 6, 10, 14)}
WALTZ = {"kick": (0,), "snare": (4, 8), "hat": tuple(range(0, 12, 2))}


def hit(part: str, rate: int = RATE) -> Any:
    """A kick, snare or hat of 60 to 250 ms."""
    rng = np.random.default_rng(len(part))
    t = np.arange(int(0.25 * rate)) / rate
    if part == "kick":
        return np.sin(2 * np.pi * (50 * t + 12 * (1 - np.exp(-t * 40)) / 2)) * np.exp(-t * 18)
    noise = rng.standard_normal(len(t))
    if part == "snare":
        return (0.5 * noise + 0.5 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 25)
    return np.diff(noise, prepend=0) * np.exp(-t * 80) * 0.4


def loop(pattern: dict[str, tuple[int, ...]], bpm: float, bars: int = 2, per_bar: int = 4, *, swing: float = 0.0,
         tail_s: float = 0.0, lead_s: float = 0.0, rate: int = RATE) -> Any:  # fmt: skip
    """Samples of a loop: tails ring into its start unless there is room for them after the end (`tail_s`)."""
    step = 15 / bpm
    length = round(bars * per_bar * 60 / bpm * rate)
    mix = np.zeros(length + rate)
    for part, steps in pattern.items():
        sound = hit(part, rate)
        for bar in range(bars):
            for s in steps:
                at = round((bar * per_bar * 4 + s + (swing if s % 2 else 0)) * step * rate)
                mix[at : at + len(sound)] += sound
    if tail_s:
        body = mix[: length + round(tail_s * rate)]
    else:
        body = mix[:length].copy()
        body[:rate] += mix[length : length + min(rate, length)][: len(body[:rate])]
    body = np.concatenate([np.zeros(round(lead_s * rate)), body])
    return (0.8 * body / np.abs(body).max()).astype(np.float32)
