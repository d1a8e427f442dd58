"""Places, animals and voices made from nothing, for `render_kinds.py`: none is a recording."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import scipy.signal
import soundfile
import soxr

from samplemind.demo.instruments import INSTRUMENTS, play
from samplemind.demo.studio import Studio
from samplemind.demo.voice_table import VOICES

RATE = 44100
Rng = np.random.Generator


def walk(rng: Rng, n: int, hz: float) -> Any:
    """A wandering curve with deviation 1 that changes about `hz` times a second [shape=(n,)]."""
    points = rng.standard_normal(max(4, int(n / RATE * hz) + 3))
    return np.interp(np.linspace(0, len(points) - 1, n), np.arange(len(points)), points)


def shaped_noise(rng: Rng, n: int, centre_hz: Any, octaves: float) -> Any:
    """Noise around a frequency that may move, falling off by a Gaussian of so many octaves [shape=(n,)]."""
    _, _, spectrum = scipy.signal.stft(rng.standard_normal(n), RATE, nperseg=1024)
    hz = np.fft.rfftfreq(1024, 1 / RATE)
    centre = np.interp(np.linspace(0, n - 1, spectrum.shape[1]), np.arange(n), np.broadcast_to(centre_hz, n))
    gain = np.exp(-0.5 * (np.log2(np.maximum(hz, 20)[:, None] / centre) / octaves) ** 2)
    _, y = scipy.signal.istft(spectrum * gain, RATE, nperseg=1024)
    y = np.concatenate([y, np.zeros(max(0, n - len(y)))])[:n]
    return y / max(1e-9, np.sqrt(np.mean(y**2)))


def scattered(rng: Rng, n: int, per_second: float, make: Callable[[], Any]) -> Any:
    """Small sounds at random moments, of random strength [shape=(n,)]."""
    y = np.zeros(n)
    for _ in range(max(1, rng.poisson(per_second * n / RATE))):
        part = make()
        at = int(rng.integers(-len(part) // 3, max(1, n - 1)))
        part, at = part[max(0, -at) :], max(0, at)
        part = part[: n - at]
        y[at : at + len(part)] += part * rng.gamma(1.0)
    return y


def sweep(hz: Any, phase: float = 0.0) -> Any:
    """A sine whose frequency moves [shape=(n,)]."""
    return np.sin(2 * np.pi * np.cumsum(hz) / RATE + phase)


def _bubble(rng: Rng) -> Any:
    n = int(rng.uniform(0.008, 0.12) * RATE)
    t = np.arange(n) / n
    return sweep(rng.uniform(300, 3500) * (1 + rng.uniform(0, 0.8) * t)) * np.exp(-5 * t) * np.minimum(1, t * 30)


def _drop(rng: Rng) -> Any:
    n = int(rng.uniform(0.001, 0.02) * RATE)
    return shaped_noise(rng, max(n, 1100), rng.uniform(800, 8000), 0.6)[:n] * np.exp(-np.linspace(0, 6, n))


def wind(rng: Rng, n: int) -> Any:
    """Gusts, or the sea."""
    gust = walk(rng, n, rng.uniform(0.4, 3))
    y = shaped_noise(rng, n, rng.uniform(120, 1800) * 2 ** (0.4 * gust), rng.uniform(0.2, 1.2))
    return y * np.exp(rng.uniform(0.2, 0.9) * gust)


def rain(rng: Rng, n: int) -> Any:
    """Drops, or a fire, over hiss."""
    hiss = shaped_noise(rng, n, rng.uniform(1000, 6000), 1.2) * rng.uniform(0, 0.3)
    return scattered(rng, n, float(np.exp(rng.uniform(2.5, 5.5))), lambda: _drop(rng)) + hiss


def water(rng: Rng, n: int) -> Any:
    """Bubbles, pouring and splashes."""
    y = scattered(rng, n, float(np.exp(rng.uniform(1.6, 5))), lambda: _bubble(rng))
    splash = shaped_noise(rng, n, rng.uniform(600, 4000), 1.0) * np.exp(rng.uniform(0, 1.5) * walk(rng, n, 6))
    return y + splash * rng.uniform(0, 0.25)


def birds(rng: Rng, n: int) -> Any:
    """Songs of chirps and trills with pauses."""
    y, at = np.zeros(n), int(rng.uniform(0, 0.15) * RATE)
    base, glide = rng.uniform(1800, 6500), rng.uniform(-0.6, 0.6)
    while at < n:
        length = int(rng.uniform(0.02, 0.25) * RATE)
        if rng.random() < 0.4:
            base, glide = base * 2 ** rng.uniform(-0.5, 0.5), rng.uniform(-0.7, 0.7)
        base = float(np.clip(base, 1200, 8500))
        t = np.linspace(0, 1, length)
        trill = rng.uniform(0, 0.06) * np.sin(2 * np.pi * rng.uniform(15, 60) * t * length / RATE)
        part = (sweep(base * 2 ** (glide * t + trill)) * np.sin(np.pi * t) ** 0.7 * rng.uniform(0.3, 1))[: n - at]
        y[at : at + len(part)] += part
        at += length + int(rng.choice([rng.uniform(0.01, 0.12), rng.uniform(0.1, 0.8)], p=[0.75, 0.25]) * RATE)
    return y + shaped_noise(rng, n, rng.uniform(300, 4000), 1.5) * rng.choice([0, 0.003, 0.02])


def animal(rng: Rng, n: int) -> Any:
    """A bark, caw, moo or bleat, or several: a rough voice that rises and falls."""
    y, at = np.zeros(n), int(rng.uniform(0, 0.06) * RATE)
    f0, length_s = np.exp(rng.uniform(np.log(90), np.log(900))), rng.uniform(0.12, 0.6)
    formants = [(rng.uniform(500, 1200), 150.0), (rng.uniform(1200, 3000), 250.0)]
    rough, breath = rng.uniform(0, 0.5), rng.uniform(0.05, 0.8)
    while at < n:
        length = int(length_s * rng.uniform(0.8, 1.2) * RATE)
        t = np.linspace(0, 1, length)
        jitter = 1 + 0.06 * rough * np.repeat(rng.standard_normal(length // 200 + 1), 200)[:length]
        hz = f0 * 2 ** (rng.uniform(0.1, 0.8) * np.sin(np.pi * t ** rng.uniform(0.5, 1.5)) - 0.3) * jitter
        turns = np.cumsum(hz) / RATE
        source = scipy.signal.sawtooth(2 * np.pi * turns) * (1 + rough * np.sin(np.pi * turns))
        source = source + breath * rng.standard_normal(length)
        part = resonate(source, formants) * np.sin(np.pi * t) ** rng.uniform(0.3, 0.9)
        part = (part / np.abs(part).max())[: n - at]
        y[at : at + len(part)] += part * rng.uniform(0.6, 1)
        at += length + int(rng.uniform(0.05, 0.7) * RATE)
    return y + shaped_noise(rng, n, rng.uniform(300, 4000), 1.5) * rng.choice([0, 0.003, 0.02])


def insects(rng: Rng, n: int) -> Any:
    """Pulses of a high tone, for as long as the file lasts."""
    t = np.arange(n) / RATE
    pulses = np.maximum(0, np.sin(2 * np.pi * rng.uniform(8, 90) * t)) ** rng.uniform(0.5, 6)
    chirps = 1.0 if rng.random() < 0.5 else scipy.signal.square(2 * np.pi * rng.uniform(1.5, 6) * t, 0.6) > 0
    tone = shaped_noise(rng, n, rng.uniform(2500, 12000), rng.uniform(0.02, 0.2))
    return tone * pulses * chirps * (1 + 0.2 * walk(rng, n, 4)) + 0.01 * rng.standard_normal(n)


def machine(rng: Rng, n: int) -> Any:
    """Hum, hiss and slow beats of motors; rooms."""
    t = np.arange(n) / RATE
    f0 = rng.uniform(35, 140)
    y = shaped_noise(rng, n, rng.uniform(100, 3000), rng.uniform(0.5, 2)) * rng.uniform(0.1, 1)
    for k in range(1, int(rng.integers(3, 20))):
        hz = k * f0 * (1 + 2e-3 * rng.standard_normal())
        y += np.sin(2 * np.pi * hz * t + rng.uniform(0, 6)) * rng.gamma(1) / k
    return y * (1 + rng.uniform(0, 0.4) * walk(rng, n, rng.uniform(0.5, 8)))


def steps(rng: Rng, n: int) -> Any:
    """Footsteps, rustling, knocking, doors: hits of noise without metre."""
    gap, lengths = rng.uniform(0.12, 0.9), rng.uniform(0.02, 0.3)
    y, at = np.zeros(n), int(rng.uniform(0, 0.2) * RATE)
    centre = np.exp(rng.uniform(np.log(150), np.log(5000)))
    while at < n:
        length = int(lengths * rng.uniform(0.5, 1.6) * RATE) + 1200
        part = shaped_noise(rng, length, centre * 2 ** rng.normal(0, 0.4), 0.8)
        part = (part * np.exp(-np.linspace(0, rng.uniform(4, 9), length)) * rng.uniform(0.2, 1))[: n - at]
        y[at : at + len(part)] += part
        at += int(gap * rng.lognormal(0, 0.45) * RATE) + 600
    return y + shaped_noise(rng, n, rng.uniform(200, 2000), 1.5) * rng.choice([0.003, 0.02, 0.08])


def crackle(rng: Rng, n: int) -> Any:
    """The surface of a record, radio between stations."""
    clicks = scattered(rng, n, float(np.exp(rng.uniform(1, 4))), lambda: _drop(rng)[:60])
    return clicks + shaped_noise(rng, n, rng.uniform(200, 5000), 1.5) * rng.uniform(0.02, 0.4)


def thunder(rng: Rng, n: int) -> Any:
    """Rumbling that comes and goes."""
    y = shaped_noise(rng, n, rng.uniform(50, 250), 1.0)
    return y * np.exp(1.2 * walk(rng, n, rng.uniform(2, 6)) - rng.uniform(0, 3) * np.linspace(0, 1, n))


SCENES = (wind, rain, water, birds, animal, insects, machine, steps, crackle, thunder)


def place(rng: Rng) -> Any:
    """Somewhere outdoors, or beside a machine; most cut out of the middle."""
    n = int(np.exp(rng.uniform(np.log(0.25), np.log(10))) * RATE)
    y = SCENES[int(rng.integers(len(SCENES)))](rng, n)
    if rng.random() < 0.4:
        fade = min(n // 2, int(rng.uniform(0.02, 0.5) * RATE))
        y[:fade] *= np.linspace(0, 1, fade)
        y[-fade:] *= np.linspace(1, 0, fade)
    return y


def resonate(y: Any, formants: list[tuple[float, float]]) -> Any:
    """Sum of second-order resonances of (frequency, width) in Hz, as in Klatt (1980)."""
    out = np.zeros(len(y))
    for k, (hz, width) in enumerate(formants):
        radius = np.exp(-np.pi * width / RATE)
        turn = -2 * radius * np.cos(2 * np.pi * hz / RATE)
        out += scipy.signal.lfilter([1 - radius], [1, turn, radius**2], y) / (k + 1)
    return out


def sung_note(rng: Rng) -> Any:
    """One held vowel: what a voice sounds like where it is no speech."""
    n = int(rng.uniform(0.3, 4) * RATE)
    t = np.arange(n) / RATE
    vibrato = rng.uniform(0, 0.03) * np.sin(2 * np.pi * rng.uniform(4, 7) * t) * np.minimum(1, t / rng.uniform(0.1, 1))
    hz = np.exp(rng.uniform(np.log(90), np.log(800))) * (1 + vibrato + 0.003 * walk(rng, n, 8))
    source = np.cumsum(hz) / RATE % 1 - 0.5 + rng.uniform(0, 0.05) * rng.standard_normal(n)
    vowel = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410)]
    formants = [(f * rng.uniform(0.9, 1.25), 90.0 + 40 * k) for k, f in enumerate(vowel[int(rng.integers(5))])]
    rise, fall = int(rng.uniform(0.01, 0.3) * RATE), int(rng.uniform(0.02, 0.8) * RATE)
    level = np.minimum(1, np.arange(n) / rise) * np.minimum(1, np.arange(n)[::-1] / fall)
    return resonate(source, formants) * level * (1 + rng.uniform(0, 0.15) * walk(rng, n, 5))


def synthetic_note(rng: Rng) -> Any:
    """A note or a chord of one of the demo library's instruments, held for a while."""
    voice = str(rng.choice(list(VOICES)))
    root = int(rng.choice(VOICES[voice].notes)) + int(rng.integers(-7, 8))
    notes = (root,) if rng.random() < 0.7 else (root, root + int(rng.choice([3, 4])), root + 7)
    y = play(RATE, voice=voice, notes=notes, hold=float(np.exp(rng.uniform(np.log(0.05), np.log(5)))))
    return y.mean(axis=0) if y.ndim == 2 else y


def effect(rng: Rng) -> Any:
    """A riser, a zap, a drop, a hit or some blips: one gesture."""
    studio = Studio.of(str(rng.integers(1 << 40)), RATE)
    name = str(rng.choice(["riser", "zap", "zap", "impact", "reverse", "blips"]))
    settings: dict[str, dict[str, Any]] = {
        "riser": {"seconds": rng.uniform(0.4, 5), "low": rng.uniform(80, 800), "high": rng.uniform(2000, 12000),
                  "tone": rng.uniform(0, 1), "falling": bool(rng.random() < 0.5)},
        "zap": {"top": np.exp(rng.uniform(5, 9)), "bottom": np.exp(rng.uniform(3.5, 8)),
                "glide": rng.uniform(0.01, 0.5), "decay": rng.uniform(0.04, 0.6),
                "ratio": rng.choice([0, rng.uniform(0.5, 4)]), "delay": rng.choice([0, rng.uniform(0.05, 0.2)])},
        "impact": {"pitch": rng.uniform(30, 90), "decay": rng.uniform(0.2, 1), "debris": rng.uniform(0, 1.5)},
        "reverse": {"seconds": rng.uniform(0.4, 3), "decay": rng.uniform(0.2, 0.8), "low": rng.uniform(500, 5000)},
        "blips": {"steps": int(rng.integers(1, 6)), "step": rng.uniform(0.02, 0.1), "low": rng.uniform(150, 900)},
    }  # fmt: skip
    y = INSTRUMENTS[name](studio, **settings[name])
    return y.mean(axis=0) if y.ndim == 2 else y


def moving_note(rng: Rng) -> Any:
    """A held synthetic note that moves: its filter, its pitch or its level turns slowly or fast."""
    n = int(np.exp(rng.uniform(np.log(0.2), np.log(7))) * RATE)
    t = np.arange(n) / RATE
    turns = 0.5 - 0.5 * np.cos(2 * np.pi * np.exp(rng.uniform(-1.5, 2.5)) * t)
    fall = np.exp(-rng.choice([0, rng.uniform(0.3, 6)]) * t)
    hz = np.exp(rng.uniform(np.log(35), np.log(700)))
    glide = rng.choice([0, 0, rng.uniform(-1, 1)]) * np.exp(-t / rng.uniform(0.02, 0.6))
    hz = hz * 2 ** (glide + rng.choice([0, 0, 0.04]) * turns)
    phases = [np.cumsum(hz) / RATE * detune for detune in 1 + rng.normal(0, 0.006, int(rng.integers(1, 5)))]
    course = fall if rng.random() < 0.5 else turns
    bright, harmonics = rng.uniform(0.02, 1.5), np.arange(1, 40)
    y = np.zeros(n)
    for k in harmonics[harmonics * hz.max() < 16000]:
        y += np.exp(-k * bright * (1.1 - course)) * sum(np.sin(2 * np.pi * k * p) for p in phases)
    y = np.tanh(y / np.abs(y).max() * rng.choice([0.5, rng.uniform(1, 6)]))
    rise = int(rng.choice([0.002, rng.uniform(0.01, 1)]) * RATE)
    end = int(rng.choice([0.005, rng.uniform(0.02, 1.5)]) * RATE)
    level = np.minimum(1, np.arange(n) / rise) * np.minimum(1, np.arange(n)[::-1] / end)
    return y * level * fall * (1 - rng.choice([0, 0, rng.uniform(0, 0.9)]) * turns)


def swell(rng: Rng) -> Any:
    """A wash, swoosh or scream: noise and tone that come and go once."""
    n = int(rng.uniform(0.3, 4) * RATE)
    t = np.linspace(0, 1, n)
    top, width = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.6)
    course = np.exp(-(((t - top) / width) ** 2))
    hz = np.exp(rng.uniform(6, 8.5)) * 2 ** (rng.uniform(-2, 2) * course)
    y = shaped_noise(rng, n, hz, rng.uniform(0.05, 1))
    return y * course * np.minimum(1, (1 - t) * 20) * np.minimum(1, t * 20)


@cache
def _speakers() -> list[str]:
    if not shutil.which("espeak-ng"):
        return []
    listed = subprocess.run(["espeak-ng", "--voices"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line.split()[1] for line in listed[1:]]


_VARIANTS = ("", "+m1", "+m3", "+m5", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+whisper", "+croak", "+klatt",
             "+klatt3")  # fmt: skip
_WORDS = (
    "yes", "no", "go", "stop", "left", "right", "up", "down", "on", "off", "hello", "love", "music", "fire", "drum",
    "bass", "come", "back", "now", "check", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "zero", "ten", "house", "party", "people", "world", "time", "light", "dream", "baby", "night", "again", "never",
    "forward", "robot", "system", "error", "welcome", "listen", "move", "your", "body", "the", "of", "and", "a",
    "to", "in", "is", "you", "that", "it", "he", "was", "for", "are", "with", "as", "his", "they", "be", "at",
    "this", "have", "from", "or", "had", "by", "but", "some", "what", "there", "we", "can", "out", "other", "were",
    "all", "when", "use", "how", "said", "an", "each", "she", "which", "do", "their", "if", "will", "way", "about",
    "many", "then", "them", "would", "write", "like", "so", "these", "her", "long", "make", "thing", "see", "him",
    "has", "look", "more", "day", "could", "did", "my", "sound", "number", "water", "call", "first", "side", "been",
    "who", "oil", "its", "find",
)  # fmt: skip


def _text(rng: Rng) -> str:
    what = rng.random()
    if what < 0.3:
        return str(int(rng.integers(0, 10)))
    if what < 0.45:
        return str(rng.choice(list("abcdefghijklmnopqrstuvwxyz")))
    if what < 0.7:
        return str(rng.choice(_WORDS))
    return " ".join(str(w) for w in rng.choice(_WORDS, int(rng.integers(2, 12))))


def speech(rng: Rng) -> Any:
    """A letter, a number, a word or a sentence by a synthesiser of speech (espeak-ng, or flite), if there is one."""
    text = _text(rng)
    if shutil.which("flite") and rng.random() < 0.4:
        voice = str(rng.choice(["kal", "kal16", "awb", "rms", "slt"]))
        stretch = f"duration_stretch={rng.uniform(0.7, 1.3):.2f}"
        command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "/dev/stdout"]
    elif _speakers():
        speaker = "en" if rng.random() < 0.4 else str(rng.choice(_speakers()))
        command = ["espeak-ng", "-v", speaker + str(rng.choice(_VARIANTS)), "-p", str(int(rng.integers(5, 95))),
                   "-s", str(int(rng.integers(90, 240))), "--stdout", text]  # fmt: skip
    else:
        return None
    made = subprocess.run(command, capture_output=True, check=False).stdout
    if len(made) < 2000:
        return None
    made = made[:4] + b"\xff\xff\xff\x7f" + made[8:]  # a stream has no length
    try:
        y, rate = soundfile.read(io.BytesIO(made))
    except soundfile.LibsndfileError:
        return None
    y = soxr.resample(y, rate * 2 ** rng.choice([rng.normal(0, 0.1), rng.normal(0, 0.4)]), RATE)
    loud = np.flatnonzero(np.abs(y) > 0.01 * max(1e-6, float(np.abs(y).max(initial=0))))
    return y[loud[0] : loud[-1] + 1] if len(loud) else None
