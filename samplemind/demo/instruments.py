"""Plays a single sound of the library, and remembers what loops will play again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from samplemind.demo import acoustic, drums, scenes, synths
from samplemind.demo.catalogue import drum_named
from samplemind.demo.effects import stereo
from samplemind.demo.studio import Array, Studio
from samplemind.demo.voice_table import VOICES

__all__ = ["INSTRUMENTS", "drum", "note", "play"]

INSTRUMENTS: Mapping[str, Callable[..., Array]] = {
    name: getattr(module, name) for module in (drums, synths, acoustic, scenes) for name in module.__all__
}


@lru_cache(maxsize=256)
def drum(name: str, rate: int) -> Array:
    """Play a drum of the library at its full level.

    Parameters
    ----------
    name : str
        Without its number, as 'Kick Deep'.
    rate : int
        Hz.

    Returns
    -------
    np.ndarray [shape=(2, n)]
        With a peak of 1; not to be written to.
    """
    sound = drum_named(name)
    y = INSTRUMENTS[sound.maker](Studio.of(sound.stem, rate), **sound.recipe)
    return stereo(y / np.max(np.abs(y)))


@lru_cache(maxsize=512)
def note(voice: str, midi: int, hold: float, rate: int) -> Array:
    """Play a note of a preset.

    Parameters
    ----------
    voice : str
        Key of `VOICES`.
    midi : int
    hold : float
        Seconds.
    rate : int
        Hz.

    Returns
    -------
    np.ndarray [shape=(n,) or (2, n)]
        With a peak of 1; not to be written to.
    """
    preset = VOICES[voice]
    y = INSTRUMENTS[preset.maker](Studio.of(f"{voice} {midi}", rate), midi, hold, **preset.settings)
    return y / float(np.max(np.abs(y)))


def play(rate: int, *, voice: str, notes: tuple[int, ...], hold: float) -> Array:
    """Play one note or a chord of a preset [shape=(n,) or (2, n)]."""
    parts = [note(voice, midi, hold, rate) for midi in notes]
    total = np.zeros((*parts[0].shape[:-1], max(p.shape[-1] for p in parts)))
    for part in parts:
        total[..., : part.shape[-1]] += part
    return total
