"""Loops and phrases of known key, played with the single sounds of a labelled corpus and with synthesized notes."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import tonal_material as material
from corpus import is_free

from samplemind.audio.decode import decode
from samplemind.errors import AudioError

SR = material.SR
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
#: Common progressions by scale degree from 0; others are drawn at random.
COMMON = {
    "major": ((0, 4, 5, 3), (0, 3, 4, 4), (0, 5, 3, 4), (0, 3, 0, 4), (0, 1, 4, 0), (0, 4), (0, 3), (5, 3, 0, 4),
              (3, 4, 0, 0),
              (0, 2, 3, 4), (1, 4, 0, 0), (0, 0, 3, 4), (0, 5, 1, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 4, 4), (0, 5, 3, 4), (0, 6, 5, 4), (0, 3, 0, 4), (0, 6), (0, 3), (0, 5),
              (0, 6, 5, 6),
              (5, 6, 0, 0), (0, 2, 6, 3), (0, 0, 5, 6), (3, 0, 4, 0)),
}  # fmt: skip
DRUMS = ("kick", "snare", "hat-closed", "clap", "perc", "shaker")


class Band:
    """Instruments and drums of the corpus rows of a free licence.

    Parameters
    ----------
    labels : Path
        labels.csv; paths in it are relative to it.
    without : str
        Source whose instruments do not play.
    only : str
        The only source whose instruments play.
    """

    def __init__(self, labels: Path, without: str = "", only: str = "") -> None:
        self.notes: dict[str, list[tuple[int, Path]]] = {}
        self.drums: dict[str, list[Path]] = {}
        self._cache: dict[Path, Any] = {}
        with labels.open(newline="", encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                path = labels.parent / row["path"]
                if row["kind"] != "one-shot" or not is_free(row["licence"]):
                    continue
                if row["midi_note"]:
                    if row["source"] != without and (not only or row["source"] == only):
                        name = path.stem.rsplit("_", 1)[0] if "berklee" in row["path"] else ""
                        self.notes.setdefault(f"{path.parent}/{name}", []).append(
                            (round(float(row["midi_note"])), path)
                        )
                elif row["sample_class"] in DRUMS:
                    self.drums.setdefault(row["sample_class"], []).append(path)
        self.notes = {name: notes for name, notes in self.notes.items() if len(notes) >= 3}

    def _sound(self, path: Path) -> Any:
        if path not in self._cache:
            try:
                y = decode(str(path)).at(SR)
            except AudioError:
                y = np.zeros(1, np.float32)
            top = float(np.abs(y).max())
            loud = np.flatnonzero(np.abs(y) > 0.02 * top)
            self._cache[path] = y[loud[0] : loud[0] + 4 * SR] / top if top > 0 else y
        return self._cache[path]

    def player(self, rng: np.random.Generator, low: int, high: int) -> Any:
        """A function of (MIDI note, seconds) that plays one instrument."""
        near = [name for name, notes in self.notes.items() if any(low - 4 <= n <= high + 4 for n, _ in notes)]
        if near and rng.random() < 0.7:
            notes = self.notes[str(rng.choice(near))]

            def real(midi: float, seconds: float) -> Any:
                root, path = min(notes, key=lambda n: abs(n[0] - midi))
                if abs(root - midi) > 7:
                    return np.zeros(1, np.float32)
                y = soxr.resample(self._sound(path), SR * 2 ** ((midi - root) / 12), SR)
                return _cut(y, seconds)

            return real
        state = int(rng.integers(1 << 31))

        def synthesized(midi: float, seconds: float) -> Any:
            y = material.tone(np.random.default_rng(state), midi, max(0.15, seconds))
            return _cut(y, seconds)

        return synthesized

    def drum(self, rng: np.random.Generator, name: str) -> Any:
        """One of the drums of a class."""
        return self._sound(self.drums[name][int(rng.integers(len(self.drums[name])))])


def _cut(y: Any, seconds: float) -> Any:
    y = y[: int(seconds * SR)].copy()
    fade = min(len(y), int(0.03 * SR))
    y[len(y) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return y


def _progression(rng: np.random.Generator, mode: str) -> tuple[int, ...]:
    if rng.random() < 0.15:
        return (0,)
    if rng.random() < 0.65:
        return COMMON[mode][int(rng.integers(len(COMMON[mode])))]
    first = 0 if rng.random() < 0.8 else int(rng.integers(7))
    return (first, *(int(d) for d in rng.choice([0, 1, 2, 3, 4, 5, 6], 3, p=[0.2, 0.1, 0.08, 0.2, 0.2, 0.14, 0.08])))


def loop(band: Band, rng: np.random.Generator) -> tuple[Any, int, str]:
    """One loop at 44.1 kHz, its tonic (0 to 11) and its mode ('major', 'minor')."""
    mode = str(rng.choice(["major", "minor"]))
    tonic = int(rng.integers(12))
    scale = list(MAJOR if mode == "major" else MINOR)
    degrees = _progression(rng, mode)
    beat = 60 / float(rng.uniform(65, 180))
    span = int(rng.choice([1, 2, 4], p=[0.3, 0.4, 0.3]))
    repeats = int(rng.choice([1, 2])) if len(degrees) * span * beat < 6 else 1
    detune = float(rng.normal(0, 0.12)) if rng.random() < 0.4 else 0.0
    y = np.zeros(int((len(degrees) * span * repeats * beat + 4) * SR), np.float32)

    def place(at: float, sound: Any, gain: float) -> None:
        start = max(0, int((at * beat + rng.normal(0, 0.003)) * SR))
        stop = min(len(y), start + len(sound))
        y[start:stop] += gain * sound[: stop - start]

    low = int(rng.integers(28, 46))
    middle = int(rng.integers(48, 72))
    bass, chord, lead = band.player(rng, low, low + 12), band.player(rng, middle, middle + 16), band.player(rng, 60, 84)
    style = str(rng.choice(["block", "arp", "stab", "power", "melody"], p=[0.32, 0.25, 0.22, 0.06, 0.15]))
    with_bass = rng.random() < 0.8 or style == "melody"
    with_lead = style == "melody" or rng.random() < 0.2
    seventh = rng.random() < 0.15
    leading = mode == "minor" and rng.random() < 0.25  # harmonic minor: a major dominant
    for slot, degree in enumerate(degrees * repeats):
        start = slot * span
        steps = [degree + k for k in ((0, 4) if style == "power" else (0, 2, 4, 6) if seventh else (0, 2, 4))]
        tones = [scale[s % 7] + 12 * (s // 7) for s in steps]
        if leading and degree == 4:
            tones = [tone + (tone % 12 == 10) for tone in tones]
        base = middle + (tonic - middle) % 12 + detune
        root = low + (tonic + tones[0] - low) % 12 + detune
        if with_bass:
            pulse = float(rng.choice([span, 1, 0.5]))
            for k in range(int(span / pulse)):
                place(start + k * pulse, bass(root, pulse * beat), 0.6)
        if style in ("block", "power"):
            for tone in tones:
                place(start, chord(base + tone - 12 * (tone > 9), span * beat), 0.35)
        elif style == "arp":
            for k in range(2 * span):
                place(start + k / 2, chord(base + tones[k % len(tones)], beat / 2), 0.4)
        elif style == "stab":
            for k in range(span):
                if rng.random() < 0.8:
                    for tone in tones:
                        place(start + k + (0.5 if rng.random() < 0.5 else 0), chord(base + tone, beat / 2), 0.3)
        if with_lead:
            for k in range(2 * span):
                if rng.random() < 0.6:
                    tone = tones[int(rng.integers(len(tones)))] if rng.random() < 0.6 else scale[int(rng.integers(7))]
                    place(start + k / 2, lead(60 + tonic + tone + detune, beat / 2), 0.4)
    if rng.random() < 0.5:
        for beats in range(len(degrees) * span * repeats):
            place(beats, band.drum(rng, "kick"), float(rng.uniform(0.3, 0.9)))
            if beats % 2:
                place(beats, band.drum(rng, str(rng.choice(["snare", "clap"]))), float(rng.uniform(0.3, 0.8)))
            place(
                beats + 0.5,
                band.drum(rng, str(rng.choice(["hat-closed", "shaker", "perc"]))),
                float(rng.uniform(0.2, 0.6)),
            )
    end = int(len(degrees) * span * repeats * beat * SR)
    y = y[: end + (SR if rng.random() < 0.25 else 0)]
    if rng.random() < 0.06:  # an excerpt: it begins anywhere
        y = np.roll(y, -int(rng.integers(len(y))))
    return y, tonic, mode


def single_chord(band: Band, rng: np.random.Generator) -> tuple[Any, int, str]:
    """One chord, struck or strummed, and the key of its root."""
    mode = str(rng.choice(["major", "minor"]))
    kinds = (
        ((0, 4, 7), (0, 4, 7, 11), (0, 4, 7, 14), (0, 4, 7, 9))
        if mode == "major"
        else ((0, 3, 7), (0, 3, 7, 10), (0, 3, 7, 10, 14))
    )
    kind = kinds[int(rng.choice(len(kinds), p=[0.7, *[0.3 / (len(kinds) - 1)] * (len(kinds) - 1)]))]
    root = int(rng.integers(40, 66))
    play = band.player(rng, root, root + 16)
    tones = [root + step for step in kind]
    if rng.random() < 0.6:
        tones.append(root - 12)
    if rng.random() < 0.5:
        tones += [tone + 12 for tone in _some(rng, tones)]
    strum = float(rng.choice([0.0, 0.02, 0.15, 0.4])) * float(rng.uniform(0.5, 1.5))
    seconds = float(rng.uniform(0.6, 4))
    y = np.zeros(int((seconds + strum * len(tones)) * SR) + 1, np.float32)
    detune = float(rng.normal(0, 0.12)) if rng.random() < 0.4 else 0.0
    for i, midi in enumerate(sorted(tones)):
        sound = play(midi + detune, seconds)
        at = int(i * strum * SR)
        y[at : at + len(sound)] += float(rng.uniform(0.6, 1)) * sound[: len(y) - at]
    return y, root % 12, mode


def _some(rng: np.random.Generator, tones: list[int]) -> list[int]:
    """Some of the notes, to be doubled."""
    return [tone for tone in tones if rng.random() < 0.5]


def beat_only(band: Band, rng: np.random.Generator) -> Any:
    """Drums alone: a sound of no key."""
    beat = 60 / float(rng.uniform(70, 180))
    count = int(rng.integers(4, 17))
    y = np.zeros(int((count * beat + 1) * SR), np.float32)
    kit = {name: band.drum(rng, name) for name in DRUMS}
    for k in range(4 * count):
        for name, chance in (
            ("kick", 0.3),
            ("snare", 0.12),
            ("hat-closed", 0.5),
            ("clap", 0.05),
            ("perc", 0.2),
            ("shaker", 0.2),
        ):
            if rng.random() < chance:
                at = int(k * beat / 4 * SR)
                sound = kit[name][: len(y) - at]
                y[at : at + len(sound)] += float(rng.uniform(0.3, 0.9)) * sound
    return y
