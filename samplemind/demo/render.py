"""Turns an entry of the catalogue into samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samplemind.demo.effects import finish
from samplemind.demo.instruments import INSTRUMENTS, play
from samplemind.demo.loops import beat, song
from samplemind.demo.sound import Sound
from samplemind.demo.studio import Studio, seed_of

__all__ = ["PEAK_DB", "render"]

PEAK_DB = (-7.0, -0.5)
"""Every sound has its peak between these levels in dBFS, chosen by its name."""


def render(sound: Sound) -> npt.NDArray[np.int32]:
    """Make a sound.

    Parameters
    ----------
    sound : Sound
        Entry of `samplemind.demo.catalogue`.

    Returns
    -------
    np.ndarray [shape=(n,) or (n, 2)], int32
        Samples of `sound.bits` bits in the upper bits of each number, as soundfile writes them. Rounded here, so
        that they are the same whatever library writes the file.
    """
    studio = Studio.of(sound.stem, sound.rate)
    frames = sound.loop_frames
    if frames is not None:
        y = (beat if sound.maker == "beat" else song)(studio, frames, **sound.recipe)
    elif sound.maker == "play":
        y = play(sound.rate, **sound.recipe)
    else:
        y = INSTRUMENTS[sound.maker](studio, **sound.recipe)
    peak_db = PEAK_DB[0] + (PEAK_DB[1] - PEAK_DB[0]) * (seed_of(sound.stem) % 1000) / 999
    y = y.mean(axis=0) if sound.mono and y.ndim == 2 else y
    y = finish(y, sound.rate, peak_db, trim=frames is None)
    steps = np.rint(y.T * (2 ** (sound.bits - 1) - 1)).astype(np.int32)
    return np.ascontiguousarray(steps << (32 - sound.bits))
