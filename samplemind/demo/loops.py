"""Sequences the library's own sounds into loops of exact length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from samplemind.demo.effects import pan, reverb, saturate
from samplemind.demo.grooves import GROOVES, KITS, VELOCITY
from samplemind.demo.harmony import chord
from samplemind.demo.instruments import drum, note
from samplemind.demo.shaping import fade, highpass
from samplemind.demo.song_table import STYLES, DrumLoop, Part, Song
from samplemind.demo.studio import Array, Studio

__all__ = ["beat", "finish_loop", "song"]

_LANE_GAIN = {
    "kick": 0.9,
    "snare": 0.75,
    "clap": 0.6,
    "hat": 0.3,
    "open": 0.3,
    "ride": 0.28,
    "crash": 0.4,
    "shake": 0.22,
    "cow": 0.3,
    "rim": 0.45,
}
_LANE_PLACE = {
    "hat": 0.2,
    "open": 0.25,
    "ride": -0.3,
    "crash": 0.3,
    "shake": -0.35,
    "cow": 0.3,
    "high": 0.3,
    "low": -0.3,
    "floor": -0.4,
    "perc": 0.35,
}
_RING_S = 6.0  # the longest that anything rings on after the last bar


class _Tape:
    """Two tracks, as long as the loop and what rings on after it."""

    def __init__(self, rate: int, seconds: float) -> None:
        self.rate = rate
        self.tracks = np.zeros((2, round((seconds + _RING_S) * rate)))

    def add(self, seconds: float, y: Array) -> None:
        at = round(max(0.0, seconds) * self.rate)
        end = min(at + y.shape[-1], self.tracks.shape[1])
        self.tracks[:, at:end] += y[:, : end - at]


def _swung(step: int, step_s: float, swing: float) -> float:
    return (step + (swing if step % 2 else 0.0)) * step_s


def _drums(
    tape: _Tape, studio: Studio, groove_name: str, kit: str, beats: float, beat_s: float, swing: float, gain: float
) -> None:
    """Play a groove: each stroke has its own force, and off-beat strokes come late by the swing."""
    groove = GROOVES[groove_name]
    step_s = beat_s / groove.steps
    for lane, pattern in groove.lanes.items():
        sound = pan(drum(KITS[kit][lane], tape.rate), _LANE_PLACE.get(lane, 0.0))
        for step in range(round(beats * groove.steps)):
            force = VELOCITY.get(pattern[step % len(pattern)], 0.0)
            if force:
                level = gain * _LANE_GAIN.get(lane, 0.5) * force * studio.rng.uniform(0.9, 1.0)
                tape.add(_swung(step, step_s, swing), level * sound)


def _events(pattern: str, steps: int) -> Iterator[tuple[int, str, int]]:
    """Read a pattern over a number of steps: (step, sign, steps held)."""
    signs = [pattern[k % len(pattern)] for k in range(steps)]
    for step, sign in enumerate(signs):
        if sign not in "._":
            length = 1
            while step + length < steps and signs[step + length] == "_":
                length += 1
            yield step, sign, length


def _pitches(sign: str, key: str, root: int, size: int, octave: int) -> list[int]:
    """Turn a sign of a pattern into MIDI notes; `root` is the scale step of the chord."""
    base = 12 * (octave + 1)
    tones = chord(key, root, size)
    if sign == "C":  # inverted so that every tone lies in one octave: chords follow each other in small steps
        return sorted(base + tone % 12 for tone in tones)
    octaves, which = divmod(int(sign), size)
    return [base + tones[0] % 12 + tones[which] - tones[0] + 12 * octaves]


def _part(tape: _Tape, studio: Studio, part: Part, piece: Song, beats: float) -> None:
    beat_s = 60 / piece.bpm
    steps = round(beats * 4)
    for step, sign, length in _events(part.pattern, steps):
        root = piece.chords[step * len(piece.chords) // steps]
        notes = _pitches(sign, piece.key, root, STYLES[piece.style].size, part.octave)
        level = part.gain * studio.rng.uniform(0.88, 1.0) / len(notes) ** 0.5
        for midi in notes:
            sound = note(part.voice, midi, round(0.95 * length * beat_s / 4, 4), tape.rate)
            tape.add(_swung(step, beat_s / 4, piece.swing), level * pan(sound, part.place))


def finish_loop(y: Array, frames: int, ending: str, studio: Studio) -> Array:
    """Take the rumble out of a recording, and cut it to its loop.

    Parameters
    ----------
    y : np.ndarray [shape=(2, n)]
        The loop and what rings on.
    frames : int
        Samples of the loop.
    ending : str
        One of `samplemind.demo.sound.ENDINGS`.
    studio : Studio

    Returns
    -------
    np.ndarray [shape=(2, m)]
        Exactly `frames` samples where the ending is 'wrapped' or 'cut'.
    """
    y = highpass(y, 18.0, studio.rate, order=1)
    if ending == "wrapped":
        laps = -(-y.shape[1] // frames)
        whole = np.pad(y, ((0, 0), (0, laps * frames - y.shape[1])))
        return np.asarray(whole.reshape(2, laps, frames).sum(axis=1))
    if ending == "tail":
        return fade(y[:, : frames + studio.frames(1.5)], 0, studio.frames(0.4))
    body = fade(y[:, :frames], 0, studio.frames(0.004))
    if ending == "lead":
        return np.pad(body, ((0, 0), (studio.frames(studio.rng.uniform(0.02, 0.06)), 0)))
    return body


def beat(studio: Studio, frames: int, *, loop: DrumLoop) -> Array:
    """Play a drum loop of `frames` samples, glued by a little saturation; shape as of `finish_loop`."""
    beat_s = 60 / loop.bpm
    beats = loop.bars * GROOVES[loop.groove].beats_per_bar
    tape = _Tape(studio.rate, beats * beat_s)
    _drums(tape, studio, loop.groove, loop.kit, beats, beat_s, loop.swing, 0.8)
    return saturate(finish_loop(tape.tracks, frames, loop.ending, studio), 1.1)


def song(studio: Studio, frames: int, *, song: Song) -> Array:
    """Play a music loop of `frames` samples in one common room; shape as of `finish_loop`."""
    style = STYLES[song.style]
    beats = song.bars * style.beats_per_bar
    tape = _Tape(studio.rate, beats * 60 / song.bpm)
    for part in style.parts:
        _part(tape, studio, part, song, beats)
    mix = reverb(tape.tracks, studio.rate, 1.8, style.room) if style.room else tape.tracks
    if style.groove:
        tape.tracks = mix
        _drums(tape, studio, style.groove, style.kit, beats, 60 / song.bpm, song.swing, 0.55)
    mix = finish_loop(tape.tracks if style.groove else mix, frames, song.ending, studio)
    return saturate(mix / max(1.0, float(np.max(np.abs(mix)))), 0.9)
