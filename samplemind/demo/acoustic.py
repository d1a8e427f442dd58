"""Instruments after wood, wire, air and voice. Each plays a MIDI note that is held for `hold` seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from samplemind.demo.effects import chorus, reverb, saturate
from samplemind.demo.harmony import hz_of
from samplemind.demo.oscillators import additive, fm, modes, pluck, pulse, saw
from samplemind.demo.shaping import adsr, bandpass, fall, formants, highpass, lowpass, sweep
from samplemind.demo.studio import Array, Studio

__all__ = ["bowed", "brass", "clav", "electric_piano", "flute", "mallet", "organ", "piano", "reed", "string", "voice"]

_VOWELS = {  # centre, bandwidth (Hz) and gain of the first formants of adult voices (Peterson & Barney 1952, rounded)
    "ah": ((730, 130, 1.0), (1090, 150, 0.6), (2440, 220, 0.18), (3400, 300, 0.08)),
    "oh": ((570, 110, 1.0), (840, 130, 0.5), (2410, 220, 0.1), (3300, 300, 0.05)),
    "ee": ((300, 90, 1.0), (2300, 200, 0.35), (3000, 260, 0.25), (3600, 300, 0.1)),
    "oo": ((330, 90, 1.0), (870, 120, 0.25), (2240, 220, 0.06), (3200, 300, 0.03)),
}
_WOOD = ((105, 60, 0.7), (220, 90, 0.6), (410, 160, 0.35), (1100, 600, 0.25))  # air and top modes of a guitar body


def _sway(studio: Studio, t: Array, hz: float, cents: float, speed: float) -> Array:
    """Frequency with a vibrato that comes in late, and the small wandering of a hand or a breath."""
    drift = studio.wander(len(t) / studio.rate, 3.0)
    come = np.clip((t - 0.2) / 0.4, 0, 1)
    return np.asarray(hz * 2 ** ((cents * come * np.sin(2 * np.pi * speed * t) + 3 * drift) / 1200))


def piano(
    studio: Studio, midi: float, hold: float, *, tone: float = 1.0, release: float = 0.12, room: float = 0.1
) -> Array:
    """Piano: stretched partials (Fletcher 1964) that die in two stages (Weinreich 1977), a knock. Stereo."""
    hz = hz_of(midi)
    stiffness = 2.5e-4 * 2 ** ((midi - 60) / 14)
    count = min(28, int(0.4 * studio.rate / hz))
    k = np.arange(1, count + 1)
    ratios = k * np.sqrt((1 + stiffness * k**2) / (1 + stiffness))
    gains = np.abs(np.sin(np.pi * k / 7.6)) * k ** -(1.15 / tone) * np.exp(-k * hz / (5200 * tone))
    decay = np.asarray(1.5 * 2 ** ((60 - midi) / 18) / (1 + 0.25 * (k - 1)), dtype=np.float64)
    seconds = hold + 7 * release
    partials = [
        modes(studio, seconds, hz * ratios * bend, gains, share * decay) for bend, share in ((1.0, 0.35), (1.0003, 1.3))
    ]
    t = studio.times(seconds)
    knock = bandpass(studio.noise(seconds), 150, 1800, studio.rate) * fall(t, 0.012)
    y = (partials[0] + 0.5 * partials[1] + 0.05 * knock) * np.exp(-np.maximum(t - hold, 0) / release)
    return reverb(y, studio.rate, 1.2, room)


def electric_piano(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    tine: float = 0.6,
    bark: float = 1.2,
    decay: float = 1.2,
    tremolo: float = 0.0,
) -> Array:
    """Tine piano of two FM pairs, one for the bar, one 14 times higher for the tine (as the DX7, 1983). Stereo."""
    release = 0.12
    t = studio.times(hold + 7 * release)
    hz = hz_of(midi) * np.ones_like(t)
    body = fm(hz, studio.rate, 1.0, bark * np.exp(-t / (0.6 * decay)))
    high = fm(hz, studio.rate, 14.0 if midi < 72 else 7.0, tine * np.exp(-t / 0.08))
    y = (0.7 * body + 0.4 * high) * adsr(t, hold, 0.002, decay, 0.08, release)
    y = y * (1 - 0.5 * tremolo * (1 + np.sin(2 * np.pi * 5.2 * t))) if tremolo else y
    return chorus(y, studio.rate, 0.0012, 0.8, 0.4)


def organ(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    drawbars: Sequence[float] = (0.8, 0.4, 0.8, 0.5, 0.3, 0.2),
    rotor: float = 6.4,
    drive: float = 1.2,
) -> Array:
    """Drawbar organ: harmonics by level with a key click, through a rotating speaker. Stereo."""
    release = 0.03
    t = studio.times(hold + 7 * release)
    y = additive(hz_of(midi) * np.ones_like(t), studio.rate, drawbars) / sum(drawbars)
    y = saturate(y, drive) + 0.03 * highpass(studio.noise(len(t) / studio.rate), 2000, studio.rate) * fall(t, 0.004)
    y = y * adsr(t, hold, 0.006, 1.0, 1.0, release)
    turn = np.sin(2 * np.pi * rotor * t)
    return chorus(y, studio.rate, 0.0003, rotor, 0.4) * np.stack([1 + 0.2 * turn, 1 - 0.2 * turn])


def clav(
    studio: Studio, midi: float, hold: float, *, brightness: float = 0.9, decay: float = 0.5, wah: float = 0.0
) -> Array:
    """Clavinet or harpsichord: a short bright string under two pickups; `wah` opens a resonant filter on it."""
    t = studio.times(hold + 0.3)
    y = pluck(studio, len(t) / studio.rate, hz_of(midi), decay, brightness, 0.24)
    y = highpass(y, 0.8 * hz_of(midi), studio.rate, order=1)
    if wah:
        y = sweep(y, 500 + 2500 * wah * np.exp(-t / 0.12), studio.rate, 1.5)
    return y * np.exp(-np.maximum(t - hold, 0) / 0.03)


def mallet(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    ratios: Sequence[float],
    decay: float = 0.5,
    hardness: float = 0.4,
    tremolo: float = 0.0,
    room: float = 0.12,
) -> Array:
    """Struck bar: the modes of `ratios` over the note, the higher the sooner gone; `hold` changes nothing. Stereo."""
    hz = hz_of(midi)
    decay = decay * 2 ** ((72 - midi) / 24)
    seconds = max(0.2, min(4.0, 7 * decay))
    gains = [hardness**k for k in range(len(ratios))]
    y = modes(studio, seconds, [hz * r for r in ratios], gains, [decay / r**0.8 for r in ratios])
    t = studio.times(seconds)
    y += 0.1 * hardness * bandpass(studio.noise(seconds), 800, 6000, studio.rate) * fall(t, 0.004)
    y *= np.minimum(1, t / 0.001)
    y = y * (1 + tremolo * np.sin(2 * np.pi * 5 * t)) if tremolo else y
    return reverb(y, studio.rate, 1.1, room)


def string(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    decay: float = 1.2,
    brightness: float = 0.5,
    pick: float = 0.13,
    release: float = 0.06,
    body: float = 0.6,
    drive: float = 0.0,
    room: float = 0.06,
) -> Array:
    """Plucked string on a wooden `body`; with `drive`, through an amplifier instead. Stereo if there is a room."""
    t = studio.times(min(hold, 6 * decay) + 6 * release)
    y = pluck(studio, len(t) / studio.rate, hz_of(midi), decay, brightness, pick)
    y = y * np.exp(-np.maximum(t - hold, 0) / release) / max(float(np.max(np.abs(y))), 1e-9)
    if drive:
        y = lowpass(saturate(y, drive), 4200, studio.rate) * np.exp(-0.5 * t / decay)
    else:
        y = y + body * formants(y, _WOOD, studio.rate)
    return reverb(y, studio.rate, 0.9, room) if room else y


def bowed(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    players: int = 6,
    attack: float = 0.12,
    release: float = 0.25,
    vibrato: float = 14,
    cutoff: float = 9.0,
    tremolo: float = 0.0,
    room: float = 0.25,
) -> Array:
    """Bowed strings: a saw (Helmholtz 1863) for each player, none quite together, and the body. Stereo."""
    t = studio.times(hold + 6 * release)
    y = np.zeros((2, len(t)))
    for player in range(players):
        cents = studio.rng.normal(0, 4 if players > 1 else 0)
        hz = _sway(studio, t, hz_of(midi + cents / 100), vibrato, studio.rng.uniform(5.0, 6.2))
        place = 0.0 if players == 1 else 1.6 * player / (players - 1) - 0.8
        y += np.outer((1 - place, 1 + place), saw(hz, studio.rate, float(studio.rng.uniform())))
    y = lowpass(y / players, min(cutoff * hz_of(midi), 9000), studio.rate)
    y = y + 0.5 * formants(y, ((290, 80, 0.5), (460, 120, 0.5), (2400, 1200, 0.5)), studio.rate)
    y += 0.02 * bandpass(studio.noise(len(t) / studio.rate), 2000, 7000, studio.rate)
    y = y * adsr(t, hold, attack, 1.0, 0.9, release)
    y = y * (1 - tremolo * (0.5 + 0.5 * np.sin(2 * np.pi * 11 * t))) if tremolo else y
    return reverb(y, studio.rate, 1.8, room)


def brass(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    players: int = 1,
    bright: float = 4.0,
    attack: float = 0.05,
    release: float = 0.09,
    vibrato: float = 8,
    room: float = 0.15,
) -> Array:
    """Brass: FM at 1:1 whose index follows the loudness (Chowning 1973), scooping up to the note. Stereo."""
    t = studio.times(hold + 6 * release)
    y = np.zeros_like(t)
    for _ in range(players):
        lag = studio.rng.uniform(0, 0.02) if players > 1 else 0.0
        loud = adsr(np.maximum(t - lag, 0), hold, attack, 0.4, 0.75, release)
        tune = studio.rng.normal(0, 5) if players > 1 else 0.0
        hz = _sway(studio, t, hz_of(midi + tune / 100), vibrato, 5.2) * 2 ** (-0.6 * np.exp(-t / 0.03) / 12)
        y += fm(hz, studio.rate, 1.0, bright * loud) * loud
    return reverb(y / players, studio.rate, 1.5, room)


def flute(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    breath: float = 0.12,
    vibrato: float = 12,
    chiff: float = 0.4,
    room: float = 0.15,
) -> Array:
    """Flute, whistle, pan pipe: few harmonics, `breath` around the note, and the `chiff` of its start. Stereo."""
    t = studio.times(hold + 0.5)
    hz = _sway(studio, t, hz_of(midi), vibrato, 4.9)
    tone = additive(hz, studio.rate, (1.0, 0.32, 0.12, 0.04, 0.02))
    air = bandpass(studio.noise(len(t) / studio.rate), 0.9 * hz_of(midi), 4 * hz_of(midi), studio.rate)
    y = tone * (1 + 0.1 * np.sin(2 * np.pi * 4.9 * t)) + air * (breath + chiff * np.exp(-t / 0.03))
    return reverb(y * adsr(t, hold, 0.05, 0.6, 0.85, 0.07), studio.rate, 1.6, room)


def reed(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    hollow: float = 1.0,
    nasal: float = 0.0,
    vibrato: float = 6,
    room: float = 0.12,
) -> Array:
    """Clarinet (`hollow`: a square, without even harmonics) to oboe or saxophone (`nasal`: formants). Stereo."""
    t = studio.times(hold + 0.4)
    hz = _sway(studio, t, hz_of(midi), vibrato, 5.3)
    y = hollow * pulse(hz, studio.rate) + (1 - hollow) * pulse(hz, studio.rate, 0.2)
    y = lowpass(y, min(7 * hz_of(midi), 5000), studio.rate)
    y = y + nasal * formants(y, ((1100, 350, 1.0), (2900, 700, 0.7)), studio.rate) if nasal else y
    y += 0.02 * bandpass(studio.noise(len(t) / studio.rate), 1500, 6000, studio.rate)
    return reverb(y * adsr(t, hold, 0.04, 0.5, 0.85, 0.05), studio.rate, 1.4, room)


def voice(
    studio: Studio,
    midi: float,
    hold: float,
    *,
    vowel: str = "ah",
    singers: int = 1,
    attack: float = 0.12,
    room: float = 0.25,
) -> Array:
    """Singer or choir on one vowel: saws for the glottis through formants (Klatt 1980). Stereo."""
    t = studio.times(hold + 1.0)
    glottis = np.zeros((2, len(t)))
    for singer in range(singers):
        tune = studio.rng.normal(0, 6) if singers > 1 else 0.0
        place = 0.0 if singers == 1 else 1.4 * singer / (singers - 1) - 0.7
        hz = _sway(studio, t, hz_of(midi + tune / 100), 25, studio.rng.uniform(4.8, 5.8))
        glottis += np.outer((1 - place, 1 + place), saw(hz, studio.rate, float(studio.rng.uniform())))
    glottis = lowpass(glottis / singers, 1800, studio.rate, order=1)
    glottis += 0.05 * studio.noise(len(t) / studio.rate)
    y = formants(glottis, _VOWELS[vowel], studio.rate) + 0.12 * lowpass(glottis, 1.5 * hz_of(midi), studio.rate)
    return reverb(y * adsr(t, hold, attack, 1.0, 0.9, 0.15), studio.rate, 1.8, room)
