"""Sounds of known pitch and key to fit and to check the tonal estimators with: synthesized, and varied real notes."""

from __future__ import annotations

from typing import Any

import numpy as np

SR = 44100

Array = Any


def hz_of(midi: float) -> float:
    return float(440 * 2 ** ((midi - 69) / 12))


def _envelope(n: int, rng: np.random.Generator, percussive: bool) -> Array:
    t = np.arange(n) / SR
    attack = 10 ** rng.uniform(-3, -2 if percussive else -0.7)
    body = np.exp(-t / 10 ** rng.uniform(-1.1, 0.5)) if percussive else np.ones(n)
    env = body * np.clip(t / attack, 0, 1)
    fade = min(n, int(SR * 0.02))
    env[n - fade :] *= np.linspace(1, 0, fade)
    return env


def _additive(f0: float, n: int, rng: np.random.Generator) -> Array:
    t = np.arange(n) / SR
    ratios: Array
    family = rng.choice(
        ["harmonic", "odd", "missing", "string", "mallet", "vocal", "organ"], p=[0.3, 0.1, 0.2, 0.15, 0.08, 0.12, 0.05]
    )
    count = int(min(60, max(1, 16000 // f0)))
    k = np.arange(1, count + 1, dtype=float)
    amp = k ** -rng.uniform(0.3, 2.5) * 10 ** (rng.normal(0, rng.uniform(1, 8), count) / 20)
    b = 0.0
    if family == "odd":
        amp[1::2] *= 10 ** -rng.uniform(0.4, 2)
    elif family == "missing" and f0 < 500:
        amp[: int(rng.integers(1, 4))] *= 10 ** -rng.uniform(0.7, 3)
    elif family == "string":
        b = 10 ** rng.uniform(-4.5, -3) * max(1.0, (f0 / 300) ** 1.5) * 0.5
    elif family == "vocal":
        for centre in rng.uniform(300, 3500, 3):
            amp *= 1 + 8 * np.exp(-(((k * f0 - centre) / 150) ** 2))
    ratios = k * np.sqrt(1 + b * k**2)
    if family == "mallet":
        ratios = np.array(
            [[1, 4, 10, 18], [1, 2.756, 5.404, 8.933], [1, 3.0, 6.0, 10.0], [1, 1.5, 1.99, 2.44]][int(rng.integers(4))]
        )
        amp = 0.5 ** (np.arange(4) * rng.uniform(0.7, 3))
    elif family == "organ":
        ratios = np.array([1.0, 2, 3, 4, 6, 8])
        amp = rng.uniform(0.1, 1, 6)
    vibrato = rng.uniform(0, 0.01) * np.sin(2 * np.pi * rng.uniform(3, 7) * t) if rng.random() < 0.25 else 0
    phase = 2 * np.pi * f0 * np.cumsum(np.ones(n) + vibrato) / SR
    decay = 10 ** rng.uniform(-1, 0.5) if rng.random() < 0.6 else 50.0
    y = np.zeros(n)
    for r, a in zip(ratios, amp, strict=True):
        if r * f0 < 18000 and a > 1e-4 * amp.max():
            y += a * np.exp(-t / decay * r**0.6) * np.sin(r * phase + rng.uniform(0, 2 * np.pi))
    return y


def _analog(f0: float, n: int, rng: np.random.Generator) -> Array:
    from scipy import signal

    t = np.arange(n) / SR
    y = np.zeros(n)
    duty = {"saw": 1.0, "square": 0.5, "pulse": 0.15, "triangle": 0.5}
    shape = str(rng.choice(list(duty)))
    for _ in range(int(rng.choice([1, 1, 2, 3, 7]))):
        f = f0 * 2 ** (rng.normal(0, 8) / 1200)
        p = 2 * np.pi * (f * t + rng.random())
        y += signal.square(p, duty[shape]) if shape in ("square", "pulse") else signal.sawtooth(p, duty[shape])
    cutoff = min(20000.0, f0 * 2 ** rng.uniform(0, 6))
    filtered = signal.sosfilt(signal.butter(2, cutoff, fs=SR, output="sos"), y)
    if rng.random() < 0.2:  # a resonant filter
        edges = [cutoff * 0.93, min(21000.0, cutoff * 1.07)]
        filtered += 3 * signal.sosfilt(signal.butter(1, edges, "bandpass", fs=SR, output="sos"), y)
    return filtered


def _fm(f0: float, n: int, rng: np.random.Generator) -> Array:
    t = np.arange(n) / SR
    ratio = float(rng.choice([1, 1, 2, 3, 4, 7]))
    index = 10 ** rng.uniform(-1, 0.7) * np.exp(-t / 10 ** rng.uniform(-1, 1))
    return np.sin(2 * np.pi * f0 * t + index * np.sin(2 * np.pi * f0 * ratio * t))


def tone(rng: np.random.Generator, midi: float, seconds: float) -> Array:
    """One synthesized note of a given pitch and length, peak 1; the same generator state gives the same instrument."""
    make = [_additive, _additive, _analog, _fm][int(rng.integers(4))]
    y = make(hz_of(midi), int(seconds * SR), rng)
    y = y * _envelope(len(y), rng, rng.random() < 0.6)
    return (y / max(1e-9, float(np.abs(y).max()))).astype(np.float32)


def voice(rng: np.random.Generator, midi: float, seconds: float) -> Array:
    """One sung note of a given pitch and length, peak 1: it glides in from below, with vibrato and a vowel."""
    n = int(seconds * SR)
    t = np.arange(n) / SR
    scoop = -rng.uniform(0, 2) * np.exp(-t / rng.uniform(0.02, 0.08))
    rate, depth, late = rng.uniform(4.5, 6.5), rng.uniform(0, 0.6), rng.uniform(0.05, 0.4)
    vibrato = depth * np.clip(t / late - 0.5, 0, 1) * np.sin(2 * np.pi * rate * t)
    f0 = hz_of(midi) * 2 ** ((scoop + vibrato) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / SR
    formants = [(800, 1150, 2900), (400, 1700, 2600), (350, 2000, 2800), (450, 800, 2830), (325, 700, 2700)][
        int(rng.integers(5))
    ]
    y = np.zeros(n)
    for k in range(1, int(min(40, 9000 / hz_of(midi))) + 1):
        f = k * hz_of(midi)
        shape = sum(np.exp(-(((f - c) / (80 + 0.08 * c)) ** 2)) * 0.6**i for i, c in enumerate(formants)) + 0.05
        y += k**-1.0 * shape * np.sin(k * phase)
    y = y + rng.uniform(0, 0.02) * rng.normal(0, 1, n)
    y = y * _envelope(n, rng, False)
    return (y / max(1e-9, float(np.abs(y).max()))).astype(np.float32)


def bright(rng: np.random.Generator, midi: float, seconds: float) -> Array:
    """One note whose overtones outweigh its fundamental, peak 1: a sitar's, or an overdriven string's."""
    n = int(seconds * SR)
    t = np.arange(n) / SR
    f0 = hz_of(midi)
    k = np.arange(1, int(min(40, max(2, 9000 // f0))) + 1)
    stiff = k * np.sqrt(1 + 10 ** rng.uniform(-5.5, -3.5) * k**2)
    amp = k ** -rng.uniform(0, 0.8) * 10 ** (rng.normal(0, rng.uniform(1, 5), len(k)) / 20)
    centre, width = rng.uniform(3, 12), rng.uniform(0.3, 0.8)
    fall, decay = 10 ** rng.uniform(-0.6, 1), 10 ** rng.uniform(-0.5, 0.6)
    y = np.zeros(n)
    for partial, ratio, a in zip(k, stiff, amp, strict=True):
        # A hump over the overtones, which comes down as the string settles.
        hump = 1 + 4 * np.exp(-(((np.log2(partial / centre) + t / fall) / width) ** 2))
        y += a * hump * np.exp(-t / decay * ratio**0.3) * np.sin(2 * np.pi * f0 * ratio * t + rng.uniform(0, 2 * np.pi))
    y = y * _envelope(n, rng, False)
    return (y / max(1e-9, float(np.abs(y).max()))).astype(np.float32)


def note(rng: np.random.Generator, midi: float | None = None) -> tuple[Array, float]:
    """One synthesized note at 44.1 kHz and its pitch (MIDI, fractional)."""
    pitch = float(rng.uniform(21, 108)) if midi is None else midi
    pitch = round(pitch) + float(rng.normal(0, 0.08)) if midi is None else pitch
    seconds = float(10 ** rng.uniform(-0.75, 0.5))
    if pitch < 40:
        seconds = max(seconds, 0.3)
    n = int(seconds * SR)
    make = [_additive, _additive, _analog, _fm][int(rng.integers(4))]
    y = make(hz_of(pitch), n, rng) * _envelope(n, rng, rng.random() < 0.6)
    return finish(y, rng), pitch


def finish(y: Array, rng: np.random.Generator) -> Array:
    """Room, noise, a click, saturation, filters: what recordings do to a sound."""
    from scipy import signal

    y = y / max(1e-9, float(np.abs(y).max()))
    n = len(y)
    if rng.random() < 0.25:
        tail = rng.normal(0, 1, int(SR * rng.uniform(0.1, 0.6)))
        tail *= np.exp(-np.arange(len(tail)) / len(tail) * 6)
        wet = signal.fftconvolve(y, tail)[:n]
        y = y + rng.uniform(0.05, 0.5) * wet / max(1e-9, float(np.abs(wet).max()))
    if rng.random() < 0.2:
        y = np.tanh(y * rng.uniform(1, 6))
    if rng.random() < 0.15:
        y = signal.sosfilt(signal.butter(2, 10 ** rng.uniform(1.6, 2.6), "highpass", fs=SR, output="sos"), y)
    if rng.random() < 0.3:
        y = y + rng.normal(0, 1, n) * 10 ** rng.uniform(-4, -1.6)
    if rng.random() < 0.3:
        click = rng.normal(0, 1, min(n, 800)) * np.exp(-np.arange(min(n, 800)) / rng.uniform(40, 300))
        y[: len(click)] += click * rng.uniform(0.05, 0.6)
    return (y / max(1e-9, float(np.abs(y).max())) * 10 ** rng.uniform(-1.5, 0)).astype(np.float32)


def varied(y: Array, midi: float, rng: np.random.Generator) -> tuple[Array, float]:
    """A real note, played faster or slower, cut and treated."""
    import soxr

    step = float(rng.uniform(-5, 5))
    if not 20 <= midi + step <= 108.4:
        step = 0.0
    step = round(midi + step) - midi
    y = soxr.resample(y, SR * 2 ** (step / 12), SR) if step else y
    if rng.random() < 0.5:
        y = y[: int(SR * rng.uniform(0.3, 1.2))].copy()
        fade = min(len(y), 1000)
        y[len(y) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return finish(y.astype(np.float64), rng), midi + step


def noise(rng: np.random.Generator) -> Array:
    """A sound without pitch: filtered noise, bursts, clicks."""
    from scipy import signal

    n = int(SR * 10 ** rng.uniform(-1.2, 0.5))
    y = rng.normal(0, 1, n)
    if rng.random() < 0.7:
        low = 10 ** rng.uniform(1.3, 3.5)
        high = min(20000.0, low * 10 ** rng.uniform(0.5, 2.5))
        y = signal.sosfilt(signal.butter(2, [low, high], "bandpass", fs=SR, output="sos"), y)
    return finish(y * _envelope(n, rng, rng.random() < 0.8), rng)


def chord(rng: np.random.Generator) -> Array:
    """Three or four synthesized notes at once: a sound of no one pitch."""
    root = int(rng.integers(36, 72))
    steps = [(0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7), (0, 6, 11)][int(rng.integers(6))]
    notes = [note(rng, root + step + 12 * int(rng.integers(2)))[0] for step in steps]
    y = np.zeros(max(map(len, notes)), np.float32)
    for one in notes:
        y[: len(one)] += one / float(np.abs(one).max())
    return y * np.float32(0.2)
