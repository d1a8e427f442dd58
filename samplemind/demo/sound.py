"""One entry of the demo library: what it is, in exact terms, and how it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ENDINGS", "Sound"]

ENDINGS = ("natural", "wrapped", "cut", "tail", "lead")
"""How a sound ends: `natural` (a single sound dies away), `wrapped` (a perfect loop: what rings on rings into the
start), `cut` (stops at the bar line), `tail` (rings on after it), `lead` (cut, with silence before the first beat)."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound with its ground truth and its recipe.

    Attributes
    ----------
    path : str
        Relative path with forward slashes, as 'Drums/Kicks/Kick 01 Deep.wav'.
    kind : str
        'one-shot', 'loop' or 'other'.
    sample_class : str
        As 'kick' or 'music-loop'.
    maker : str
        Name of the function in `samplemind.demo.instruments.INSTRUMENTS`, or 'play', 'beat', 'song'.
    recipe : mapping of str to object
        Its keyword arguments.
    description : str
        What is heard, in words.
    bpm : float or None
        Quarter notes a minute.
    key : str or None
        As 'A minor'.
    midi_note : int or None
        Sounding pitch, C4 = 60.
    beats : float or None
        Quarter notes from the first downbeat to where the loop repeats.
    ending : str
        One of `ENDINGS`.
    rate : int
        Sample rate in Hz.
    bits : int
        16 or 24.
    mono : bool
        Whether it is mixed to one channel; otherwise it has as many as its maker gives.
    small : bool
        Whether it belongs to the small library.
    """

    path: str
    kind: str
    sample_class: str
    maker: str
    recipe: Mapping[str, Any]
    description: str
    bpm: float | None = None
    key: str | None = None
    midi_note: int | None = None
    beats: float | None = None
    ending: str = "natural"
    rate: int = 44100
    bits: int = 16
    mono: bool = False
    small: bool = False

    @property
    def stem(self) -> str:
        """Path without extension: what chance is seeded by, so that the format changes nothing."""
        return self.path.rsplit(".", 1)[0]

    @property
    def name(self) -> str:
        """File name without folder and extension."""
        return self.stem.rsplit("/", 1)[-1]

    @property
    def loop_frames(self) -> int | None:
        """Samples from the first downbeat to where the loop repeats; None for a sound that is no loop."""
        if self.bpm is None or self.beats is None:
            return None
        return round(self.beats * 60 / self.bpm * self.rate)
