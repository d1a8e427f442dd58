"""Render loops of many metres, styles and endings with exactly known tempo, to fit and test the tempo model.

    python benchmarks/render_loops.py LABELS.csv OUT [--count 500] [--seed 1] [--threes 0.1]

LABELS.csv lists single sounds (columns path, kind, sample_class, midi_note; paths absolute or relative to it). The
loops are played with them: drums by class, notes by pitch. OUT gets FLAC files and a labels.csv with bpm, beats,
beats_per_bar, ending, swing and start_s (when the first beat falls). Patterns are drawn at random around the usual ones
of each style, so that a model cannot learn a handful by heart. `--threes 1` renders waltzes only: few are made, and
a model has to see many.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

RATE = 44100
Rng = np.random.Generator
#: style: (lowest, highest tempo, kicks, backbeats, subdivision of hats), in sixteenths of a 4/4 bar
STYLES: dict[str, tuple[int, int, list[list[int]], list[list[int]], list[int]]] = {
    "house": (112, 136, [[0, 4, 8, 12]], [[4, 12], []], [2, 4]),
    "techno": (120, 150, [[0, 4, 8, 12]], [[4, 12], [], [12]], [1, 2, 4]),
    "hardcore": (155, 190, [[0, 4, 8, 12]], [[4, 12], []], [2, 4]),
    "break": (85, 178, [[0, 2, 10, 11], [0, 10], [0, 2, 10], [0, 3, 10]], [[4, 12], [4, 7, 9, 12, 15]], [2]),
    "jungle": (155, 180, [[0, 10], [0, 2, 10, 11], [0, 4, 10]], [[4, 12], [4, 7, 9, 12, 15]], [1, 2]),
    "hiphop": (72, 108, [[0, 7, 8], [0, 10], [0, 3, 8, 10], [0, 2, 7, 10]], [[4, 12]], [1, 2]),
    "trap": (120, 165, [[0, 3, 10], [0, 6, 10], [0, 7, 14]], [[8]], [1, 2]),
    "rock": (75, 165, [[0, 8], [0, 8, 10], [0, 6, 8]], [[4, 12]], [2, 4]),
    "funk": (85, 125, [[0, 2, 10], [0, 3, 10, 13], [0, 6, 8, 11]], [[4, 12], [4, 7, 9, 12]], [1, 2]),
    "reggaeton": (82, 105, [[0, 4, 8, 12]], [[3, 6, 11, 14]], [2]),
    "reggae": (65, 95, [[8], [0, 8]], [[8]], [2]),
    "two-step": (125, 142, [[0, 10], [0, 7, 10]], [[4, 12]], [2, 1]),
    "latin": (85, 130, [[0, 6, 8, 14], [0, 3, 8, 11]], [[0, 3, 6, 10, 12], [2, 4, 8, 11, 14]], [1, 2]),
    "sparse": (65, 150, [[0], [0, 8]], [[8], [4, 12], [12]], [4]),
}
NOTE_STYLES = ("block", "stab", "arp", "bass8", "bass16", "acid", "offbeat", "strum", "melody")
ENDINGS = ("wrapped", "cut", "tail", "lead", "trimmed", "padded")


class Sounds:
    """Single sounds of a labelled corpus, decoded when used."""

    def __init__(self, labels: Path) -> None:
        with labels.open(newline="", encoding="utf-8") as handle:
            rows = [row for row in csv.DictReader(handle) if row["kind"] == "one-shot"]
        self.drums: dict[str, list[Path]] = {}
        notes: dict[str, list[tuple[int, Path]]] = {}
        for row in rows:
            path = labels.parent / row["path"]
            if row["midi_note"]:
                notes.setdefault(str(path.parent), []).append((round(float(row["midi_note"])), path))
            else:
                self.drums.setdefault(row["sample_class"], []).append(path)
        self.notes = [found for found in notes.values() if len(found) >= 6]
        self._cache: dict[Path, Any] = {}

    def read(self, path: Path) -> Any:
        """Samples at `RATE`, from where they begin to sound, at peak 1."""
        if path not in self._cache:
            try:
                y, rate = soundfile.read(path, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:  # such a sound is not used
                y, rate = np.zeros((1, 1), np.float32), RATE
            y = soxr.resample(y.mean(axis=1), rate, RATE)
            peak = max(1e-9, float(np.abs(y).max(initial=0)))
            loud = np.flatnonzero(np.abs(y) > 0.02 * peak)
            self._cache[path] = y[loud[0] :] / peak if len(loud) else np.zeros(1, np.float32)
        return self._cache[path]

    def drum(self, rng: Rng, *names: str) -> Any:
        """One sound of one of the classes."""
        paths = self.drums.get(str(rng.choice([n for n in names if n in self.drums])), [])
        return self.read(paths[int(rng.integers(len(paths)))])

    def note(self, instrument: list[tuple[int, Path]], midi: int, seconds: float) -> Any:
        """A note, moved from the nearest sampled one and faded out."""
        near, path = min(instrument, key=lambda item: abs(item[0] - midi))
        y = self.read(path)
        if near != midi:
            y = soxr.resample(y, RATE * 2 ** ((midi - near) / 12), RATE)
        y = y[: max(64, int(seconds * RATE))].copy()
        fade = min(len(y), int(0.02 * RATE))
        y[len(y) - fade :] *= np.linspace(1, 0, fade)
        return y


class Score:
    """Sounds placed on a timeline of sixteenths (or, in compound time, of thirds of a beat)."""

    def __init__(self, rng: Rng, beat: float, steps: int, swing: float, jitter: float) -> None:
        self.rng, self.beat, self.steps, self.swing, self.jitter = rng, beat, steps, swing, jitter
        self.events: list[tuple[float, Any, float]] = []

    def place(self, step: float, sound: Any, gain: float) -> None:
        """Put a sound on a step, late by the swing where the step is odd."""
        late = self.swing * self.beat / self.steps if int(step) % 2 and self.steps == 4 else 0.0
        at = step * self.beat / self.steps + late + self.rng.normal(0, self.jitter)
        self.events.append((max(0.0, at), sound, gain))


def _drums(score: Score, sounds: Sounds, style: str, bars: int, per_bar: int) -> None:
    rng, steps = score.rng, score.steps
    bar = steps * per_bar
    _, _, kicks, backbeats, subdivisions = STYLES[style]
    kick = list(kicks[int(rng.integers(len(kicks)))])
    snare = list(backbeats[int(rng.integers(len(backbeats)))])
    every = int(rng.choice(subdivisions))
    if per_bar == 3 and steps == 4:
        kick = [0] if rng.random() < 0.6 else [0, int(rng.choice([6, 8, 10]))]
        snare = [[4, 8], [8], [4], [6]][int(rng.integers(4))]
    elif steps == 3:
        every = 1
        kick = [0, *(s for s in range(1, bar) if rng.random() < 0.12)]
        snare = [s for s in range(bar) if s % (2 * steps) == steps]
    hat = list(range(2 if rng.random() < 0.15 else 0, bar, every))
    if rng.random() < 0.3:  # a line of its own
        hat = sorted({*hat, *(int(s) for s in rng.integers(0, bar, 2))})
    parts = {"kick": (kick, sounds.drum(rng, "kick")),
             "snare": (snare, sounds.drum(rng, "snare", "clap", "rim", "snare")),
             "hat": (hat, sounds.drum(rng, "hat-closed", "hat-closed", "shaker", "perc"))}  # fmt: skip
    if rng.random() < 0.3:
        parts["perc"] = (sorted(int(s) for s in rng.choice(bar, int(rng.integers(1, 6)), replace=False)),
                         sounds.drum(rng, "perc", "tom", "cowbell", "rim"))  # fmt: skip
    if rng.random() < 0.2:
        parts["open"] = ([s for s in range(bar) if s % steps == steps // 2], sounds.drum(rng, "hat-open", "cymbal"))
    solo = rng.random()
    if solo < 0.2:  # one part on its own, as loop packs have them
        name = str(rng.choice(list(parts)))
        parts = {name: parts[name] if parts[name][0] else (list(range(0, bar, steps)), parts[name][1])}
    elif solo < 0.35:
        parts.pop(str(rng.choice(list(parts))))
    loudness = {name: float(rng.uniform(0.6, 1)) * (0.5 if name in ("hat", "perc") else 1) for name in parts}
    dropped, ghosts = rng.choice([0, 0.03, 0.08]), rng.choice([0, 0, 0.03])
    for b in range(bars):
        for name, (where, sound) in parts.items():
            for step in range(bar):
                if (step in where and rng.random() > dropped) or rng.random() < ghosts / 2:
                    accent = 1.0 if step % steps == 0 else rng.uniform(0.6, 1)
                    score.place(b * bar + step, sound, loudness[name] * accent)
        if b == bars - 1 and rng.random() < 0.25:
            fill = sounds.drum(rng, "tom", "snare")
            for step in range(bar - steps, bar):
                score.place(b * bar + step, fill, 0.6)


def _music(score: Score, sounds: Sounds, style: str, bars: int, per_bar: int) -> None:
    rng, steps, beat = score.rng, score.steps, score.beat
    bar, step_s = steps * per_bar, beat / steps
    instrument = sounds.notes[int(rng.integers(len(sounds.notes)))]
    middle = int(np.median([midi for midi, _ in instrument]))
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.5 else [0, 2, 3, 5, 7, 8, 10])
    root = middle - 6 + int(rng.integers(12))

    def tone(degree: int) -> int:
        return int(root + scale[degree % 7] + 12 * (degree // 7))

    def chord(at: float, degree: int, seconds: float, spread: float = 0.0) -> None:
        for i, k in enumerate((0, 2, 4)):
            score.place(at + i * spread / step_s, sounds.note(instrument, tone(degree + k), seconds), 0.4)

    pattern = [s for s in range(bar) if rng.random() < 0.45] or [0]
    if rng.random() < 0.8 and 0 not in pattern:
        pattern = [0, *pattern]
    line = rng.integers(0, 7, bar)
    per_chord = int(rng.choice([1, 1, 2]))
    degree = 0
    for b in range(bars):
        degree = int(rng.integers(7)) if b % per_chord == 0 else degree
        start = b * bar
        if style == "block":
            for half in (0, 1) if rng.random() < 0.3 and per_bar == 4 else (0,):
                chord(start + half * bar / 2, degree, bar * step_s)
        elif style == "strum":
            for step in (0, *(s for s in range(2, bar, 2) if rng.random() < 0.5)):
                chord(start + step, degree, 2 * beat, 0.012)
        elif style in ("stab", "melody"):
            for step in pattern:
                if style == "stab":
                    chord(start + step, degree, beat / 2)
                else:
                    score.place(start + step, sounds.note(instrument, tone(int(line[step])), beat), 0.6)
        else:
            every = {"bass8": steps // 2, "bass16": 1, "acid": 1, "arp": steps // 2, "offbeat": steps}[style]
            for step in range(steps // 2 if style == "offbeat" else 0, bar, every):
                if style == "acid" and step not in pattern:
                    continue
                above = (0, 2, 4)[step // every % 3] if style == "arp" else 0
                pitch = tone(int(line[step]) if style == "acid" else degree + above)
                score.place(start + step, sounds.note(instrument, pitch, every * step_s * 0.9), 0.6)


def render(sounds: Sounds, rng: Rng, threes: float = 0.1) -> tuple[Any, dict[str, Any]] | None:
    """One loop and its labels, or None where nothing sounds; `threes` is the chance of three beats a bar."""
    style = str(rng.choice(list(STYLES)))
    low, high = STYLES[style][:2]
    with_drums = rng.random() < 0.72
    if not with_drums:
        low, high = 68, 178
    if rng.random() < 0.08:  # every style is also played slow and fast
        low, high = 50, 205
    bpm = float(rng.integers(low, high + 1))
    if rng.random() < 0.2:
        bpm += round(float(rng.uniform(-0.5, 0.5)), 2)
    steps = 3 if rng.random() < 0.06 else 4
    per_bar = 3 if rng.random() < threes else 4
    bars = int(rng.choice([1, 2, 3, 4, 6, 8], p=[0.22, 0.34, 0.02, 0.31, 0.02, 0.09]))
    beat = 60 / bpm
    while bars > 1 and bars * per_bar * beat > 18:
        bars //= 2
    swing, jitter = rng.choice([0, 0, 0, 0, 0.1, 0.2, 0.33]), rng.choice([0, 0.002, 0.004, 0.008])
    score = Score(rng, beat, steps, float(swing), float(jitter))
    if with_drums:
        _drums(score, sounds, style, bars, per_bar)
    for _ in range(0 if with_drums and rng.random() < 0.55 else int(rng.integers(1, 3))):
        music = str(rng.choice(NOTE_STYLES))
        _music(score, sounds, music, bars, per_bar)
    length = round(bars * per_bar * beat * RATE)
    if not score.events:
        return None
    end = max(int(at * RATE) + len(y) for at, y, _ in score.events)
    mix = np.zeros(max(end, length) + length + 6 * RATE, np.float32)
    for at, y, gain in score.events:
        mix[int(at * RATE) : int(at * RATE) + len(y)] += gain * y
    ending = str(rng.choice(ENDINGS, p=[0.34, 0.24, 0.2, 0.08, 0.08, 0.06]))
    body, start = mix[:length].copy(), 0.0
    if ending == "wrapped":
        body += mix[length : 2 * length]
    elif ending == "tail":
        extra = float(rng.choice([beat, per_bar * beat, rng.uniform(0.1, 1), rng.uniform(1, 3)]))
        body = mix[: length + int(extra * RATE)].copy()
        fade = int(0.02 * RATE)
        body[-fade:] *= np.linspace(1, 0, fade)
    elif ending == "lead":
        start = float(rng.uniform(0.005, 0.08))
        body = np.concatenate([np.zeros(int(start * RATE), np.float32), body])
    elif ending == "trimmed":  # cut by hand, a little long or short
        body = mix[: int(length * (1 + rng.normal(0, 0.008)))].copy()
    elif ending == "padded":  # silence of a lossy codec on both sides
        start = float(rng.choice([1105, 2257])) / RATE
        body = np.concatenate([np.zeros(round(start * RATE)), body, np.zeros(int(rng.integers(200, 1900)))])
        body = body.astype(np.float32)
    peak = float(np.abs(body).max())
    if peak < 1e-3:
        return None
    labels = {"bpm": f"{bpm:g}", "beats": bars * per_bar, "beats_per_bar": per_bar, "ending": ending, "kind": "loop",
              "sample_class": "drum-loop" if with_drums else "music-loop", "swing": score.swing,
              "start_s": f"{start:.4f}", "notes": style if with_drums else "music"}  # fmt: skip
    return body * np.float32(rng.uniform(0.3, 0.95) / peak), labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threes", type=float, default=0.1, help="share of loops with three beats a bar (default 0.1)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    sounds, rng = Sounds(args.labels), np.random.default_rng(args.seed)
    fields = ["path", "source", "kind", "sample_class", "bpm", "beats", "beats_per_bar", "ending", "swing", "start_s",
              "notes"]  # fmt: skip
    with (args.out / "labels.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, fields, restval="")
        writer.writeheader()
        made = 0
        while made < args.count:
            result = render(sounds, rng, args.threes)
            if result is None:
                continue
            name = f"{args.seed:03d}-{made:05d}.flac"
            soundfile.write(args.out / name, result[0], RATE)
            writer.writerow({"path": name, "source": "rendered", **result[1]})
            made += 1
    print(f"{made} loops in {args.out}")


if __name__ == "__main__":
    main()
