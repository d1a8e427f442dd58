"""Electronic instruments: basses, leads, pads. Each plays a MIDI note that is held for `hold` seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from samplemind.demo.effects import chorus, echo, reverb, saturate
from samplemind.demo.harmony import hz_of
from samplemind.demo.oscillators import fm, pulse, saw, sine
from samplemind.demo.shaping import adsr, fall, lowpass, sweep
from samplemind.demo.studio import Array, Studio

__all__ = ["boom", "fm_tone", "reese", "sub", "subtractive", "supersaw", "warm_pad"]


def _vibrato(t: Array, hz: float, cents: float, speed: float = 5.5, delay: float = 0.25) -> Array:
    swing = cents * np.sin(2 * np.pi * speed * t) * np.clip((t - delay) / 0.3, 0, 1)
    return hz * 2 ** (swing / 1200)


def sub(
    studio: Studio, midi: float, hold: float, *, drive: float = 1.2, attack: float = 0.006, release: float = 0.06
) -> Array:
    """Sine bass, warmed by saturation."""
    t = studio.times(hold + 7 * release)
    return saturate(sine(hz_of(midi) * np.ones_like(t), studio.rate) * adsr(t, hold, attack, 0.8, 0.8, release), drive)


def boom(
    studio: Studio, midi: float, hold: float, *, decay: float = 0.5, drive: float = 2.5, punch: float = 2.0
) -> Array:
    """Long 808 bass: a kick that settles on a note; `hold` cuts it short where it is less than the decay."""
    t = studio.times(min(7 * decay, hold + 0.3))
    hz = hz_of(midi) * (1 + punch * np.exp(-t / 0.008))
    y = sine(hz, studio.rate) * fall(t, decay, 0.002) * np.exp(-np.maximum(t - hold, 0) / 0.04)
    return saturate(y, drive)


def subtractive(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    shape: str = "saw",
    width: float = 0.5,
    detune: float = 0.0,
    octave_below: float = 0.0,
    cutoff: float = 6.0,
    contour: float = 20.0,
    contour_decay: float = 0.15,
    resonance: float = 0.4,
    attack: float = 0.004,
    decay: float = 0.4,
    sustain: float = 0.7,
    release: float = 0.08,
    vibrato: float = 0.0,
    drive: float = 1.0,
    glide: float = 0.0,
    delay: float = 0.0,
) -> Array:
    """Classic monosynth: saw or pulse, low-pass with an envelope, amplifier.

    Parameters
    ----------
    studio, midi, hold
        As for every instrument: where, which note, seconds held.
    shape : {'saw', 'pulse'}
    width : float
        Of the pulse.
    detune : float
        Cents between the two oscillators; 0 for one oscillator.
    octave_below : float
        Level of a square one octave down.
    cutoff, contour : float
        The filter opens at `cutoff + contour` times the note's frequency and closes to `cutoff` times it.
    contour_decay, attack, decay, release : float
        Seconds.
    resonance, sustain, drive : float
    vibrato : float
        Cents.
    glide : float
        Semitones below the note from which it slides up, in about 60 ms.
    delay : float
        Seconds between echoes; 0 for none.
    """
    t = studio.times(hold + 7 * release)
    hz = _vibrato(t, hz_of(midi), vibrato) * 2 ** (-glide * np.exp(-t / 0.02) / 12)
    bend = 2 ** (detune / 2400)
    voices = [hz / bend, hz * bend] if detune else [hz]
    y = np.zeros_like(t)
    for voice in voices:
        start = float(studio.rng.uniform()) if detune else 0.0
        y += saw(voice, studio.rate, start) if shape == "saw" else pulse(voice, studio.rate, width, start)
    if octave_below:
        y += octave_below * pulse(hz / 2, studio.rate)
    opening = hz_of(midi) * (cutoff + contour * np.exp(-t / contour_decay))
    y = sweep(y / len(voices), np.clip(opening, 60, 0.45 * studio.rate), studio.rate, resonance)
    y = saturate(0.7 * y, drive) * adsr(t, hold, attack, decay, sustain, release)
    return echo(y, studio.rate, delay, 0.45, 0.35) if delay else y


def reese(
    studio: Studio, midi: float, hold: float, *, detune: float = 24, cutoff: float = 900, drive: float = 2.0
) -> Array:
    """Reese bass: detuned saws that beat against each other under a dark filter, on a firm sine."""
    t = studio.times(hold + 0.4)
    hz = hz_of(midi) * np.ones_like(t)
    beat = [saw(hz * 2 ** (c / 1200), studio.rate, float(studio.rng.uniform())) for c in (-detune / 2, 0, detune / 2)]
    y = lowpass(np.sum(beat, axis=0) / 3, cutoff, studio.rate, order=4) + 0.6 * sine(hz, studio.rate)
    return saturate(y, drive) * adsr(t, hold, 0.01, 1.0, 0.85, 0.05)


def fm_tone(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    ratio: float = 1.0,
    index: float = 3.0,
    index_decay: float = 0.3,
    floor: float = 0.2,
    attack: float = 0.003,
    decay: float = 0.5,
    sustain: float = 0.5,
    release: float = 0.1,
    feedback: float = 0.0,
    drive: float = 0.5,
    vibrato: float = 0.0,
    room: float = 0.0,
) -> Array:
    """One pair of FM operators (Chowning 1973): `index` falls to `floor` of itself, so that the tone mellows."""
    t = studio.times(hold + 7 * release)
    hz = _vibrato(t, hz_of(midi), vibrato)
    bright = index * (floor + (1 - floor) * np.exp(-t / index_decay))
    y = saturate(fm(hz, studio.rate, ratio, bright, feedback), drive) * adsr(t, hold, attack, decay, sustain, release)
    return reverb(y, studio.rate, 1.6, room) if room else y


def supersaw(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    voices: int = 7,
    spread: float = 26,
    cutoff: float = 7000,
    attack: float = 0.01,
    sustain: float = 0.8,
    release: float = 0.15,
    room: float = 0.12,
) -> Array:
    """Unison of detuned saws across the field (the JP-8000's, after Szabo 2010); `spread` in cents. Stereo."""
    t = studio.times(hold + 6 * release)
    places = np.linspace(-1, 1, voices)
    hz = hz_of(midi)
    y = np.zeros((2, len(t)))
    for place in places:
        voice = saw(hz * 2 ** (spread * place / 2400) * np.ones_like(t), studio.rate, float(studio.rng.uniform()))
        y += np.outer((1 - 0.7 * place, 1 + 0.7 * place), (1.6 if place == 0 else 1.0) * voice)
    y = lowpass(y / voices, cutoff, studio.rate) * adsr(t, hold, attack, 0.5, sustain, release)
    return reverb(y, studio.rate, 1.4, room)


def warm_pad(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    levels: Sequence[float] = (1.0, 0.5, 0.3),
    cutoff: float = 4.0,
    motion: float = 2.0,
    speed: float = 0.3,
    attack: float = 0.5,
    release: float = 0.5,
    air: float = 0.0,
    room: float = 0.35,
    glass: float = 0.0,
) -> Array:
    """Pad: slow saws under a filter that sways, with `air` (noise) or `glass` (FM an octave up), in a hall.

    `levels` are of the saw, the square, and the sine an octave below; cutoff and motion are in multiples of the note.
    Stereo.
    """
    t = studio.times(hold + 4 * release)
    hz = hz_of(midi) * np.ones_like(t)
    start = float(studio.rng.uniform())
    y = levels[0] * (0.7 * saw(hz, studio.rate, start) + 0.3 * saw(hz * 1.004, studio.rate, start + 0.3))
    y += levels[1] * pulse(hz, studio.rate, 0.4) + levels[2] * sine(hz, studio.rate)
    if glass:
        y += glass * fm(2 * hz, studio.rate, 2.0, 1.5 * np.exp(-t / 1.5))
    opening = hz_of(midi) * (cutoff + motion * (1 + np.sin(2 * np.pi * speed * t)))
    y = sweep(y, np.clip(opening, 120, 0.45 * studio.rate), studio.rate, 0.15)
    y += air * lowpass(studio.noise(len(t) / studio.rate), 6 * hz_of(midi), studio.rate)
    y *= adsr(t, hold, attack, 1.0, 0.85, release)
    return reverb(chorus(y, studio.rate), studio.rate, 2.2, room)
