"""Drums and percussion. Each function makes one kind, from parameters that name what is heard; `decay` is to 1/e."""

from __future__ import annotations

import numpy as np

from samplemind.demo.effects import pan, reverb, saturate
from samplemind.demo.oscillators import CIRCULAR_MEMBRANE, modes, pulse, sine
from samplemind.demo.shaping import bandpass, fall, highpass, lowpass
from samplemind.demo.studio import Array, Studio

__all__ = [
    "bar",
    "clap",
    "cowbell",
    "cymbal",
    "hand_drum",
    "hat",
    "kick",
    "rim",
    "shaker",
    "snare",
    "tambourine",
    "tom",
    "triangle",
]

_TR808_METAL = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""The six square oscillators of the TR-808's metal sounds in Hz (Werner, Abel & Smith 2014)."""

_AIR_HZ = 8000.0
"""Where hats, cymbals and shakers begin to fade: recorded metal has its centre of power at 5 to 10 kHz, not higher."""


def _room(y: Array, studio: Studio, mix: float, seconds: float = 0.5) -> Array:
    return reverb(y, studio.rate, seconds, mix) if mix else y


def kick(
    studio: Studio,
    *,
    pitch: float = 50,
    punch: float = 3,
    drop: float = 0.02,
    decay: float = 0.06,
    click: float = 0.2,
    drive: float = 1.5,
    room: float = 0.0,
) -> Array:
    """Bass drum: a sine that falls to `pitch` Hz from `1 + punch` times that, and the beater's `click`."""
    t = studio.times(min(2.5, 7 * decay + 0.05))
    body = sine(pitch * (1 + punch * np.exp(-t / drop)), studio.rate) * fall(t, decay, 0.001)
    beater = bandpass(studio.noise(0.03), 1200, 6000, studio.rate) * fall(studio.times(0.03), 0.003)
    y = saturate(body, drive)
    y[: len(beater)] += click * beater[: len(y)]
    return _room(y, studio, room)


def snare(
    studio: Studio,
    *,
    pitch: float = 190,
    ring: float = 0.035,
    wires: float = 0.45,
    decay: float = 0.042,
    low: float = 900,
    high: float = 5500,
    drive: float = 1.0,
    room: float = 0.0,
) -> Array:
    """Snare drum: the modes of a skin at `pitch` Hz that `ring`, and wires, noise from `low` to `high` Hz."""
    seconds = min(1.5, 7 * max(ring, decay) + 0.05)
    t = studio.times(seconds)
    skin = modes(
        studio,
        seconds,
        [pitch * r for r in CIRCULAR_MEMBRANE],
        (1, 0.6, 0.3, 0.25, 0.15, 0.1),
        [ring / (1 + 0.4 * k) for k in range(6)],
    )
    thump = sine(pitch * (1 + 0.8 * np.exp(-t / 0.008)), studio.rate) * fall(t, 0.6 * ring, 0.0005)
    rattle = bandpass(studio.noise(seconds), low, high, studio.rate) * (fall(t, decay, 0.0008) + 0.5 * fall(t, 0.006))
    return _room(saturate(0.4 * skin + 0.5 * thump + 0.9 * wires * rattle, drive), studio, room, 0.8)


def clap(
    studio: Studio,
    *,
    hands: int = 4,
    spread: float = 0.011,
    decay: float = 0.04,
    low: float = 900,
    high: float = 3800,
    room: float = 0.1,
) -> Array:
    """Hand clap: `hands` short bursts about `spread` seconds apart, then the room (the TR-808's recipe of 1980)."""
    seconds = spread * hands + 7 * decay
    t = studio.times(seconds)
    envelope = np.zeros_like(t)
    for k in range(hands):
        since = t - spread * (k + 0.2 * studio.rng.uniform(-1, 1)) * (k > 0)
        envelope = np.maximum(
            envelope, (since >= 0) * np.exp(-np.maximum(since, 0) / (0.004 if k < hands - 1 else decay))
        )
    y = bandpass(studio.noise(seconds) * envelope, low, high, studio.rate, order=2)
    return _room(y, studio, room, 0.4)


def _metal(studio: Studio, seconds: float, pitch: float) -> Array:
    steady = np.ones(studio.frames(seconds))
    starts = studio.rng.uniform(0, 1, len(_TR808_METAL))
    voices = (pulse(hz * pitch * steady, studio.rate, 0.5, s) for hz, s in zip(_TR808_METAL, starts, strict=True))
    return np.asarray(np.sum(list(voices), axis=0) / 3)


def hat(
    studio: Studio,
    *,
    decay: float = 0.03,
    metal: float = 0.6,
    low: float = 5000,
    pitch: float = 1.0,
    choke: float = 0.0,
) -> Array:
    """Hi-hat: six squares, of share `metal`, and noise above `low` Hz; `choke` seconds close an open one."""
    seconds = min(1.6, 7 * decay + 0.02)
    t = studio.times(seconds)
    source = metal * _metal(studio, seconds, pitch) + (1 - metal) * studio.noise(seconds)
    source = lowpass(highpass(source, low, studio.rate, order=3), _AIR_HZ, studio.rate)
    y = source * (fall(t, decay, 0.0005) + 0.3 * fall(t, 0.004))
    return y * np.exp(-np.maximum(t - choke, 0) / 0.008) if choke else y


def cymbal(
    studio: Studio,
    *,
    decay: float = 0.5,
    low: float = 2500,
    wash: float = 0.6,
    bell: float = 0.2,
    pitch: float = 1.0,
    swell: float = 0.0,
) -> Array:
    """Crash, ride, splash or gong: crowded modes, whose treble dies first, with a `wash` of noise and a `bell`.

    Above some 700 Hz the modes of a cymbal are dense enough to pass for noise in bands (Fletcher & Rossing 1998,
    chapter 20). `swell` seconds of rise make a mallet roll. Stereo.
    """
    seconds = min(4.5, 5 * decay + swell)
    t = studio.times(seconds)
    hz = pitch * studio.rng.uniform(350, 7500, 40)
    ring = modes(studio, seconds, hz, studio.rng.uniform(0.2, 1, 40) * (hz / 3000) ** 0.3, decay * (2500 / (hz + 1500)))
    sides = []
    for _ in range(2):
        noise = studio.noise(seconds)
        bands = [
            bandpass(noise, f, 1.9 * f, studio.rate) * fall(t, decay * share, 0.003)
            for f, share in ((low, 1.0), (1.9 * low, 0.8), (3.6 * low, 0.55))
        ]
        sides.append(wash * sum(bands, np.zeros_like(t)))
    strike = modes(
        studio, seconds, [pitch * f for f in (1180, 1870, 2690, 3900)], (1, 0.8, 0.6, 0.4), [0.6 * decay] * 4
    )
    y = np.stack(sides) + 0.12 * (1 - wash) * ring + bell * strike
    y = lowpass(highpass(y, 0.35 * low, studio.rate), _AIR_HZ, studio.rate)
    return y * np.minimum(1, t / swell) ** 2 if swell else y


def tom(
    studio: Studio,
    *,
    pitch: float = 110,
    bend: float = 0.35,
    decay: float = 0.08,
    skin: float = 0.3,
    room: float = 0.06,
) -> Array:
    """Tom-tom: a skin at `pitch` Hz that begins `bend` higher, with the stick's `skin` noise."""
    seconds = 7 * decay + 0.05
    t = studio.times(seconds)
    head = sine(pitch * (1 + bend * np.exp(-t / 0.03)), studio.rate) * fall(t, decay, 0.001)
    upper = modes(studio, seconds, [pitch * r for r in CIRCULAR_MEMBRANE[1:4]], (0.3, 0.2, 0.1), [0.4 * decay] * 3)
    stick = lowpass(studio.noise(seconds), 3000, studio.rate) * fall(t, 0.007)
    return _room(saturate(0.8 * head + 0.4 * upper + 0.5 * skin * stick, 1.2), studio, room)


def rim(studio: Studio, *, pitch: float = 1700, decay: float = 0.012, body: float = 0.4, room: float = 0.05) -> Array:
    """Rim shot or side stick: two wooden modes, a click, and the shell's `body`."""
    seconds = 9 * decay + 0.06
    y = modes(studio, seconds, (pitch, 0.29 * pitch, 2.3 * pitch), (1, body, 0.3), (decay, 1.6 * decay, 0.5 * decay))
    snap = highpass(studio.noise(seconds), 2500, studio.rate) * fall(studio.times(seconds), 0.002)
    return _room(saturate(y + 0.3 * snap, 1.5), studio, room, 0.3)


def cowbell(studio: Studio, *, pitch: float = 540, decay: float = 0.06, drive: float = 1.0) -> Array:
    """Cowbell: two squares 1.48 apart through a band-pass, struck then ringing (TR-808; Werner et al. 2014)."""
    t = studio.times(min(1.2, 7 * decay + 0.05))
    steady = np.ones_like(t)
    pair = pulse(pitch * steady, studio.rate) + pulse(1.481 * pitch * steady, studio.rate)
    y = bandpass(pair, 1.1 * pitch, 3.2 * pitch, studio.rate) * (fall(t, decay, 0.001) + 0.8 * fall(t, 0.012))
    return saturate(0.5 * y, drive)


def shaker(
    studio: Studio, *, strokes: float = 0.06, low: float = 5000, grains: int = 60, decay: float = 0.004
) -> Array:
    """Shaker or maraca: `grains` beads that strike at chance times within a stroke (Cook 1997, PhISM)."""
    seconds = 2 * strokes + 0.05
    t = studio.times(seconds)
    hits = np.zeros_like(t)
    when = studio.rng.triangular(0, strokes, 2 * strokes, grains)
    np.add.at(hits, (when * studio.rate).astype(int), studio.rng.uniform(0.3, 1, grains))
    energy = np.convolve(hits, np.exp(-studio.times(8 * decay) / decay))[: len(t)]
    return lowpass(highpass(studio.noise(seconds) * energy, low, studio.rate, order=3), _AIR_HZ, studio.rate)


def tambourine(studio: Studio, *, decay: float = 0.06, jingles: int = 12, pitch: float = 1.0) -> Array:
    """Tambourine: bright small plates that ring, over a shake of noise."""
    seconds = 7 * decay + 0.05
    hz = pitch * studio.rng.uniform(5200, 11500, jingles)
    ring = modes(studio, seconds, hz, [1 / jingles] * jingles, studio.rng.uniform(0.5, 1.3, jingles) * decay)
    hiss = highpass(studio.noise(seconds), 6500, studio.rate) * fall(studio.times(seconds), 0.5 * decay, 0.002)
    return ring + 0.12 * hiss


def hand_drum(
    studio: Studio,
    *,
    pitch: float = 220,
    decay: float = 0.09,
    slap: float = 0.3,
    bend: float = 0.08,
    room: float = 0.06,
) -> Array:
    """Conga, bongo, djembe, tabla: a tight skin at `pitch` Hz under a hand; `slap` is the hand's noise."""
    seconds = 7 * decay + 0.04
    t = studio.times(seconds)
    skin = sine(pitch * (1 + bend * np.exp(-t / 0.015)), studio.rate) * fall(t, decay, 0.0008)
    over = modes(
        studio, seconds, [pitch * r for r in CIRCULAR_MEMBRANE[1:]], (0.5, 0.3, 0.25, 0.2, 0.1), [0.35 * decay] * 5
    )
    hand = bandpass(studio.noise(seconds), 900, 5000, studio.rate) * fall(t, 0.005)
    return _room(skin + 0.5 * over + slap * hand, studio, room)


def bar(
    studio: Studio,
    *,
    pitch: float = 1200,
    decay: float = 0.03,
    ratio: float = 2.76,
    click: float = 0.2,
    room: float = 0.08,
) -> Array:
    """Clave, wood block, agogo: two modes `ratio` apart, and a click."""
    seconds = 8 * decay + 0.03
    y = modes(studio, seconds, (pitch, ratio * pitch), (1, 0.4), (decay, 0.5 * decay))
    knock = bandpass(studio.noise(seconds), 1500, 7000, studio.rate) * fall(studio.times(seconds), 0.002)
    return _room(y + click * knock, studio, room)


def triangle(studio: Studio, *, pitch: float = 1600, decay: float = 0.5) -> Array:
    """Triangle: a bent steel rod, whose many high modes have no plain ratio. Stereo."""
    ratios = (1.0, 1.62, 2.71, 3.37, 4.46, 5.83)
    left, right = ([pitch * r * (1 + side * 0.0006) for r in ratios] for side in (-1, 1))
    gains, decays = (0.3, 0.5, 1, 0.8, 0.6, 0.4), [decay / (1 + 0.25 * k) for k in range(6)]
    seconds = min(3.0, 6 * decay)
    return np.asarray(
        0.5
        * (
            pan(modes(studio, seconds, left, gains, decays), -0.4)
            + pan(modes(studio, seconds, right, gains, decays), 0.4)
        )
    )
