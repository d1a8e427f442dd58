"""Sounds, and looks at libraries, that the tests of this room share."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from samplemind.library import Library

HOOK = Path(__file__).parent / "hook"


def make_sound(path: Path, seed: int, seconds: float = 0.25) -> Path:
    """A short decaying tone over noise, another one for every seed."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(int(22050 * seconds)) / 22050
    tone = 0.4 * np.sin(2 * np.pi * rng.uniform(80, 2000) * time_s) * np.exp(-rng.uniform(2, 20) * time_s)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone + 0.02 * rng.standard_normal(len(time_s)), 22050)
    return path


def make_sounds(folder: Path, count: int, seed: int = 0, seconds: float = 0.25) -> Path:
    """`count` different sounds, of different sizes (so that none needs to be hashed first)."""
    for index in range(count):
        make_sound(folder / f"tone_{index:03d}.wav", seed * 10_000 + index, seconds + index / 22050)
    return folder


def assert_sound(library: Library) -> None:
    """The library is valid: what has to hold after whatever was done to it."""
    report = library.verify()
    assert report.problems == []
    assert report.checked["samples"] > 0


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
