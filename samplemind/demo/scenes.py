"""Effects and places: risers, zaps, impacts, wind, rain, machines."""

from __future__ import annotations

import numpy as np

from samplemind.demo.effects import echo, reverb, saturate, stereo
from samplemind.demo.oscillators import fm, modes, pulse, saw, sine
from samplemind.demo.shaping import bandpass, fade, fall, highpass, lowpass, sweep
from samplemind.demo.studio import Array, Studio

__all__ = ["blips", "crackle", "drone", "flow", "impact", "rain", "reverse", "riser", "static", "zap"]


def riser(
    studio: Studio,
    *,
    seconds: float = 3.0,
    low: float = 200,
    high: float = 9000,
    tone: float = 0.4,
    falling: bool = False,
) -> Array:
    """Noise and saws that climb from `low` to `high` Hz, louder all the way; `falling` plays it downhill. Stereo."""
    t = studio.times(seconds)
    way = t / seconds
    hz = low * (high / low) ** way
    noise = np.stack([sweep(studio.noise(seconds), hz, studio.rate, 1.0) for _ in range(2)])
    pitch = 0.25 * low * 8**way
    tones = np.stack([saw(pitch * bend, studio.rate) for bend in (0.994, 1.006)])
    y = (noise + tone * tones) * way**1.5
    y = y[:, ::-1] if falling else y
    return reverb(fade(y, 200, studio.frames(0.02)), studio.rate, 1.5, 0.2)


def zap(
    studio: Studio,
    *,
    top: float = 6000,
    bottom: float = 80,
    glide: float = 0.05,
    decay: float = 0.12,
    ratio: float = 0.0,
    delay: float = 0.0,
) -> Array:
    """Laser, zap, drop: a pitch that falls (or climbs) from `top` to `bottom` Hz; `ratio` adds FM, `delay` echoes."""
    t = studio.times(7 * decay + 0.02)
    hz = bottom + (top - bottom) * np.exp(-t / glide)
    y = fm(hz, studio.rate, ratio, 2.5 * np.exp(-t / decay)) if ratio else sine(hz, studio.rate)
    y = saturate(y * fall(t, decay, 0.001), 1.5)
    return echo(y, studio.rate, delay, 0.5, 0.5) if delay else y


def impact(
    studio: Studio, *, pitch: float = 45, decay: float = 0.6, debris: float = 0.4, seconds: float = 2.5
) -> Array:
    """Cinematic hit: a deep fall, a crack, and a large hall. Stereo."""
    t = studio.times(seconds)
    boom = sine(pitch * (1 + 2 * np.exp(-t / 0.05)), studio.rate) * fall(t, decay, 0.001)
    crack = sweep(studio.noise(seconds, 1.0), 200 + 9000 * np.exp(-t / 0.12), studio.rate) * fall(t, 0.5 * decay)
    return reverb(saturate(boom + debris * crack, 2.0), studio.rate, 2.8, 0.45)


def reverse(studio: Studio, *, seconds: float = 2.0, decay: float = 0.5, low: float = 1500) -> Array:
    """Reversed cymbal: a swell that stops at once. Stereo."""
    t = studio.times(seconds)
    sides = [highpass(studio.noise(seconds, 0.5), low, studio.rate) for _ in range(2)]
    y = np.stack(sides) * fall(t, decay, 0.002)
    ring = modes(studio, seconds, studio.rng.uniform(600, 8000, 30), [0.15] * 30, [decay] * 30)
    return (y + ring)[:, ::-1]


def blips(
    studio: Studio, *, steps: int = 8, step: float = 0.07, low: float = 300, high: float = 3000, echoes: bool = True
) -> Array:
    """Computer talk: short squares of chance pitch, one after the other."""
    parts = []
    for hz in np.exp(studio.rng.uniform(np.log(low), np.log(high), steps)):
        t = studio.times(step)
        parts.append(
            fade(
                pulse(hz * np.ones_like(t), studio.rate, float(studio.rng.uniform(0.2, 0.5))) * fall(t, 0.6 * step),
                20,
                60,
            )
        )
    y = lowpass(np.concatenate(parts), 9000, studio.rate)
    return echo(y, studio.rate, 3 * step, 0.4, 0.3) if echoes else y


def static(
    studio: Studio, *, seconds: float = 1.5, slope: float = 0.0, gates: float = 20, low: float = 500, high: float = 9000
) -> Array:
    """Radio between stations: noise that opens and shuts by chance, about `gates` times a second."""
    noise = bandpass(studio.noise(seconds, slope), low, high, studio.rate)
    gate = np.clip(4 * studio.wander(seconds, gates) + 1, 0, 1)
    whistle = 0.15 * sine(900 + 500 * studio.wander(seconds, 2), studio.rate)
    return fade(noise * (0.1 + gate) + whistle * (1 - gate), studio.frames(0.005), studio.frames(0.05))


def flow(
    studio: Studio,
    *,
    seconds: float = 4.0,
    low: float = 200,
    high: float = 1800,
    speed: float = 0.5,
    depth: float = 0.7,
    slope: float = 1.0,
) -> Array:
    """Wind, sea: noise through a filter that wanders from `low` to `high` Hz, `speed` turns a second. Stereo."""
    course = studio.wander(seconds, speed)
    sides = []
    for _ in range(2):
        path = 0.8 * course + 0.2 * studio.wander(seconds, speed)
        hz = low * (high / low) ** (0.5 + 0.5 * path)
        swell = 1 - depth + depth * (0.5 + 0.5 * path) ** 2
        sides.append(sweep(studio.noise(seconds, slope), hz, studio.rate, 0.8) * swell)
    return fade(highpass(np.stack(sides), 60, studio.rate), studio.frames(0.3), studio.frames(0.5))


def rain(
    studio: Studio,
    *,
    seconds: float = 5.0,
    drops: float = 300,
    hiss: float = 0.15,
    low: float = 900,
    high: float = 6000,
) -> Array:
    """Rain, fire: `drops` small resonant clicks a second over a bed of noise. Stereo."""
    n = studio.frames(seconds)
    sides = []
    for _ in range(2):
        hits = np.zeros(n)
        count = int(drops * seconds)
        np.add.at(
            hits,
            studio.rng.integers(0, n, count),
            studio.rng.standard_normal(count) * studio.rng.uniform(0, 1, count) ** 3,
        )
        fine = bandpass(hits, low, 1.6 * low, studio.rate) + bandpass(hits, 0.6 * high, high, studio.rate)
        sides.append(fine / np.std(fine) + hiss * bandpass(studio.noise(seconds), 400, 9000, studio.rate))
    return fade(reverb(np.stack(sides), studio.rate, 0.8, 0.15)[:, :n], studio.frames(0.2), studio.frames(0.3))


def crackle(studio: Studio, *, seconds: float = 4.0, clicks: float = 25, hum: float = 0.05) -> Array:
    """Run-out groove of a record: clicks, hiss, and the motor at 33 1/3 turns a minute."""
    t = studio.times(seconds)
    hits = np.zeros_like(t)
    count = int(clicks * seconds)
    np.add.at(
        hits,
        studio.rng.integers(0, len(t), count),
        studio.rng.standard_normal(count) * studio.rng.uniform(0.1, 1, count) ** 2,
    )
    turn = 1 + 0.4 * np.sin(2 * np.pi * t * 33.333 / 60)
    y = bandpass(hits, 1500, 9000, studio.rate) + 0.012 * turn * studio.noise(seconds, 1.0)
    return fade(y + 0.02 * hum * np.sin(2 * np.pi * 50 * t), 500, studio.frames(0.1))


def drone(
    studio: Studio,
    *,
    seconds: float = 6.0,
    pitch: float = 60,
    partials: int = 24,
    rough: float = 0.02,
    air: float = 0.2,
) -> Array:
    """Machine room or spaceship: partials of a low hum, each slowly swaying, and air. Stereo."""
    t = studio.times(seconds)
    y = np.zeros((2, len(t)))
    for k in range(1, partials + 1):
        tone = np.sin(2 * np.pi * (pitch * k * (1 + rough * studio.rng.normal()) * t + studio.rng.uniform()))
        y += np.outer(studio.rng.uniform(0.3, 1, 2), tone * (1 + 0.8 * studio.wander(seconds, 0.7))) / k**1.2
    y += air * stereo(lowpass(studio.noise(seconds, 1.0), 2500, studio.rate))
    return fade(y, studio.frames(0.4), studio.frames(0.6))
