"""Loops and phrases of known key, played with the single sounds of a labelled corpus and with synthesized notes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import tonal_material as material
from corpus import is_free
from tonal_scores import CHORDS, Note, Score, score

from samplemind.audio.decode import decode
from samplemind.errors import AudioError

__all__ = ["DRUMS", "SR", "Band", "beat_only", "loop"]

SR = material.SR
DRUMS = ("kick", "snare", "hat-closed", "hat-open", "clap", "perc", "shaker", "tom", "rim", "cowbell")
MAX_S = 14.0
#: Kinds of scores to which drums are often played.
DRUMMED = ("full", "vamp", "bass", "riff", "chords", "arp", "drone", "accompanied tune", "piece")
Player = Callable[[float, float], Any]


class Band:
    """Instruments and drums of the corpus rows of a free licence.

    Parameters
    ----------
    labels : Path
        labels.csv; paths in it are relative to it.
    only : str
        The only source whose instruments play.
    """

    def __init__(self, labels: Path, only: str = "") -> None:
        self.notes: dict[str, list[tuple[int, Path]]] = {}
        self.drums: dict[str, list[Path]] = {}
        self._cache: dict[Path, Any] = {}
        with labels.open(newline="", encoding="utf-8") as handle:
            for row in csv.DictReader(handle):
                path = labels.parent / row["path"]
                if row["kind"] != "one-shot" or not is_free(row["licence"]):
                    continue
                if row["midi_note"]:
                    if not only or row["source"] == only:
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

    def player(self, rng: np.random.Generator, pitches: list[float]) -> Player:
        """A function of (MIDI note, seconds) that plays one instrument which has these pitches."""
        low, high = min(pitches, default=60.0), max(pitches, default=60.0)
        near = [name for name, notes in self.notes.items() if min(notes)[0] <= low + 6 and max(notes)[0] >= high - 6]
        if near and rng.random() < 0.6:
            notes = self.notes[str(rng.choice(near))]

            def play(midi: float, seconds: float) -> Any:
                root, path = min(notes, key=lambda n: abs(n[0] - midi))
                return soxr.resample(self._sound(path), SR * 2 ** ((midi - root) / 12), SR)

        else:
            state = int(rng.integers(1 << 31))
            drawn = rng.random()
            make = material.voice if drawn < 0.12 and low > 40 else material.bright if drawn > 0.85 else material.tone

            def play(midi: float, seconds: float) -> Any:
                return make(np.random.default_rng(state), midi, max(0.15, seconds))

        kept: dict[tuple[float, float], Any] = {}

        def play_once(midi: float, seconds: float) -> Any:
            if (midi, seconds) not in kept:
                kept[midi, seconds] = _cut(play(midi, seconds), seconds)
            return kept[midi, seconds]

        return play_once

    def drum(self, rng: np.random.Generator, name: str) -> Any:
        """One of the drums of a class."""
        return self._sound(self.drums[name][int(rng.integers(len(self.drums[name])))])


def _cut(y: Any, seconds: float) -> Any:
    y = y[: int(seconds * SR)].copy()
    fade = min(len(y), int(0.03 * SR))
    y[len(y) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return y


def _place(y: Any, at_s: float, sound: Any, gain: float) -> None:
    start = max(0, int(at_s * SR))
    stop = min(len(y), start + len(sound))
    if stop > start:
        y[start:stop] += gain * sound[: stop - start]


def _play(y: Any, band: Band, rng: np.random.Generator, part: list[Note], beat: float, gain: float) -> None:
    """One instrument plays its part, a little apart from the tuning and from the beat."""
    if not part:
        return
    detune = round(float(rng.normal(0, 0.05)), 2)
    play = band.player(rng, [note for _, note, _ in part])
    loose, uneven = float(rng.uniform(0, 0.012)), float(rng.uniform(0, 0.5))
    for at, note, length in part:
        sound = play(note + detune, round(min(6.0, length * beat), 3))
        _place(y, at * beat + rng.normal(0, loose), sound, gain * (1 - uneven * rng.random()))


def _drums(y: Any, band: Band, rng: np.random.Generator, beat: float, beats: float, gain: float) -> None:
    """A drum loop on a grid of sixteenths."""
    kit = {name: band.drum(rng, name) for name in DRUMS}
    straight = rng.random() < 0.6
    back = str(rng.choice(["snare", "clap", "rim"]))
    top = str(rng.choice(["hat-closed", "shaker", "perc", "cowbell"], p=[0.6, 0.2, 0.15, 0.05]))
    for k in range(int(4 * beats)):
        hits = []
        if (straight and k % 4 == 0) or (not straight and (k % 16 == 0 or rng.random() < 0.15)):
            hits.append("kick")
        if k % 8 == 4:
            hits.append(back)
        if k % 2 == 0 or rng.random() < 0.2:
            hits.append("hat-open" if k % 4 == 2 and rng.random() < 0.3 else top)
        if rng.random() < 0.04:
            hits.append("tom")
        for name in hits:
            _place(y, k * beat / 4, kit[name], gain * float(rng.uniform(0.4, 1)))


def render(band: Band, rng: np.random.Generator, notes: Score) -> Any:
    """Samples at 44.1 kHz of a score, played by a band."""
    beat = 60 / float(rng.uniform(65, 180))
    beat = min(beat, MAX_S / notes.beats) if notes.kind not in CHORDS else float(rng.uniform(0.25, 1))
    seconds = notes.beats * beat
    y = np.zeros(int((seconds + 5) * SR), np.float32)
    tuning = round(float(rng.normal(0, 0.15)), 2) if rng.random() < 0.35 else 0.0
    for part, gain in ((notes.bass, 0.6), (notes.chords, 0.35), (notes.lead, 0.4)):
        _play(y, band, rng, [(at, n + tuning, s) for at, n, s in part], beat, gain * 2 ** float(rng.normal(0, 0.5)))
    chance = 0.45 if notes.kind in DRUMMED else 0.1
    if rng.random() < chance and notes.kind not in CHORDS:
        _drums(y, band, rng, beat, notes.beats, float(rng.uniform(0.15, 0.9)))
    y = y[: int((seconds + (float(rng.uniform(0, 2)) if rng.random() < 0.3 else 0)) * SR)]
    if rng.random() < 0.06:  # an excerpt: it begins anywhere
        y = np.roll(y, -int(rng.integers(len(y))))
    if rng.random() < 0.5 and float(np.abs(y).max()) > 0:
        y = material.finish(y.astype(np.float64), rng)
    return y


def loop(band: Band, rng: np.random.Generator, kind: str = "") -> tuple[Any, int, str, str]:
    """One loop at 44.1 kHz, its tonic (0 to 11), its mode ('major', 'minor') and its kind (see `score`)."""
    notes = score(rng, kind)
    return render(band, rng, notes), notes.tonic, notes.mode, notes.kind


def beat_only(band: Band, rng: np.random.Generator) -> Any:
    """Drums alone: a sound of no key."""
    beat, beats = 60 / float(rng.uniform(70, 180)), int(rng.integers(4, 17))
    y = np.zeros(int((min(MAX_S, beats * beat) + 1) * SR), np.float32)
    _drums(y, band, rng, beat, beats, 1.0)
    return y
