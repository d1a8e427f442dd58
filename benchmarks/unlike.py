"""Sounds that are alike without being the same: tuned packs, other decays, and takes of one drum."""

from __future__ import annotations

from typing import Any

import numpy as np

RATE = 44100


def _falling(time: Any, end: float, fall: float, speed: float) -> Any:
    """A sine that falls to `end` (Hz)."""
    return np.sin(2 * np.pi * np.cumsum(end + fall * np.exp(-speed * time)) / RATE)


def made(seed: int = 0) -> dict[str, list[Any]]:
    """Sounds at 44.1 kHz by what they are; no two of them are the same recording."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 2) / RATE
    tuned = 36 * 2 ** (np.arange(25) / 12)

    def snare() -> Any:
        body = 0.4 * np.exp(-18 * time) * _falling(time, 180 * (1 + 0.004 * rng.standard_normal()), 60, 80)
        return body + 0.15 * np.exp(-22 * time) * rng.standard_normal(len(time))

    def kick() -> Any:
        changes = 1 + np.array([0.03, 0.006, 0.03]) * rng.standard_normal(3)
        body = 0.6 * np.exp(-12 * changes[0] * time) * _falling(time, 55 * changes[1], 200, 50 * changes[2])
        return body + 0.03 * np.exp(-60 * time) * rng.standard_normal(len(time))

    def hat() -> Any:
        noise = np.diff(rng.standard_normal(len(time)), prepend=0.0)
        return 0.1 * np.exp(-30 * time) * noise

    return {
        "sub": [0.5 * np.exp(-6 * time) * np.sin(2 * np.pi * f * time) for f in tuned],
        "short sub": [0.5 * np.exp(-20 * time) * np.sin(2 * np.pi * f * time) for f in tuned],
        "808": [0.5 * np.exp(-6 * time) * _falling(time, f, 150, 40) for f in tuned],
        "kick": [0.5 * np.exp(-15 * time) * _falling(time, f, 400, 60) for f in tuned],
        "saw": [0.3 * np.exp(-3 * time) * (2 * ((f * time) % 1) - 1) for f in tuned],
        "decay": [0.5 * np.exp(-d * time) * _falling(time, 50, 150, 40) for d in 5 * 1.15 ** np.arange(8)],
        "takes of a snare": [snare() for _ in range(8)],
        "takes of a kick": [kick() for _ in range(8)],
        "takes of a hat": [hat() for _ in range(8)],
    }
