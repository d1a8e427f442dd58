"""Fit the two networks of the key estimator and report how they do on sources they have not seen.

    python benchmarks/fit_key.py LABELS.csv [--out samplemind/descriptors/data] [--count 3000]

LABELS.csv has path, source, licence, kind, sample_class, midi_note, key (paths relative to it). Loops of known key are
played with its notes and drums of a free licence and with synthesized ones; its labelled keys are scored, not used.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
import tonal_loops as loops
import tonal_material as material
from corpus import is_free
from fit_net import NetFitter

from samplemind.audio.clip import Clip
from samplemind.audio.decode import decode
from samplemind.descriptors.chords import chord_chances
from samplemind.descriptors.pitch import softmax
from samplemind.descriptors.pitch_classes import NAMES, pitch_classes
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.tonality import KEY_CERTAINTY, KEY_EVIDENCE, certainty_inputs, key_table
from samplemind.errors import AudioError

KEYLESS = {
    "hat-closed",
    "hat-open",
    "snare",
    "clap",
    "shaker",
    "cymbal",
    "kick",
    "tom",
    "rim",
    "perc",
    "cowbell",
    "drum-loop",
}
FOLDS = 5


class Case:
    """One sound, what was found in it, and its key (0 to 23, None for none)."""

    def __init__(self, y: Any, key: int | None, group: str, weight: float = 1.0) -> None:
        self.signal = Signal(Clip.from_array(y, material.SR))
        self.classes = pitch_classes(self.signal)
        self.chances = chord_chances(self.classes)
        self.table = key_table(self.classes, self.chances)
        self.key, self.group, self.weight = key, group, weight
        self.inputs, self.right = np.zeros(len(KEY_CERTAINTY), np.float32), False

    def decide(self, net: NetFitter) -> None:
        """Choose a key, note what its confidence is read from, and let go of the samples."""
        keys = softmax(net.score(self.table))
        self.inputs = certainty_inputs(self.signal, self.classes, self.chances, keys, self.table)
        self.right = int(keys.argmax()) == self.key
        self.best = int(keys.argmax())
        self.signal.clip = None  # type: ignore[assignment]
        self.signal._shared.clear()


def report_labelled(labels: Path, net: NetFitter) -> None:
    """Score the real sounds with a labelled key, of any licence: none of them shaped the network."""
    weights = []
    with labels.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["key"]:
                tonic, mode = row["key"].split()
                case = Case(
                    decode(str(labels.parent / row["path"])).at(material.SR),
                    _key(NAMES.index(tonic), mode),
                    row["source"],
                )
                guess = int(net.score(case.table).argmax())
                weights.append(mirex(int(case.key or 0), guess))
                found = f"{NAMES[guess % 12]} {'minor' if guess > 11 else 'major'}"
                print(f"  {row['path'][-60:]:60s} {row['key']:9s} {found}")
    print(f"labelled sounds: {len(weights)}, MIREX {np.mean(weights):.3f}")


def _key(tonic: int, mode: str) -> int:
    return tonic + 12 * (mode == "minor")


def mirex(truth: int, guess: int) -> float:
    """Weight of a guess: same 1, fifth 0.5, relative 0.3, parallel 0.2."""
    if truth == guess:
        return 1.0
    step, same = (guess - truth) % 12, truth // 12 == guess // 12
    if same:
        return 0.5 if step in (5, 7) else 0.0
    if step == (9 if truth < 12 else 3):
        return 0.3
    return 0.2 if step == 0 else 0.0


def gather(labels: Path, count: int) -> list[Case]:
    rng = np.random.default_rng(11)
    with labels.open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if is_free(row["licence"])]
    sources = sorted({row["source"] for row in rows if row["midi_note"]})
    cases = []
    # Every source plays alone in some loops, so that it can be left out as a whole.
    bands = {source: loops.Band(labels, only=source) for source in sources}
    bands = {source: band for source, band in bands.items() if band.notes}
    for source, band in bands.items():
        for _ in range(count // len(bands)):
            y, tonic, mode = (loops.single_chord if rng.random() < 0.15 else loops.loop)(band, rng)
            if np.abs(y).max() > 1e-3:
                cases.append(Case(y, _key(tonic, mode), source))
    for i in range(count // 12):
        cases.append(Case(loops.beat_only(band, rng), None, f"made {i % FOLDS}"))
        cases.append(Case(material.noise(rng), None, f"made {i % FOLDS}"))
        cases.append(Case(material.note(rng)[0], None, f"made {i % FOLDS}", 0.3))
    for row in rows:
        if row["sample_class"] in KEYLESS:
            try:
                y = decode(str(labels.parent / row["path"])).at(material.SR)
            except AudioError:
                continue
            if np.abs(y).max() > 1e-4:
                cases.append(Case(y[: 20 * material.SR], None, row["source"]))
    return cases


def fit_choice(cases: list[Case], decay: float = 1e-2, hidden: int = 8) -> NetFitter:
    used = [c for c in cases if c.key is not None]
    return NetFitter(hidden, decay, 400).fit_choice(
        [c.table for c in used], [int(c.key or 0) for c in used], np.ones(len(used))
    )


def fit_chance(cases: list[Case]) -> NetFitter:
    return NetFitter(8, 3e-3, 400).fit_chance(
        np.array([c.inputs for c in cases]), [c.right for c in cases], [c.weight for c in cases]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--out", type=Path, default=Path("samplemind/descriptors/data"))
    parser.add_argument("--count", type=int, default=3000)
    args = parser.parse_args()
    cases = gather(args.labels, args.count)
    keyed = sorted({c.group for c in cases if c.key is not None})
    whole = fit_choice(cases)
    for group in sorted({c.group for c in cases}):
        net = fit_choice([c for c in cases if c.group != group]) if group in keyed else whole
        mine = [c for c in cases if c.group == group]
        for case in mine:
            case.decide(net)
        truths = [(c.key, c.best) for c in mine if c.key is not None]
        if truths:
            print(f"{group:40s} left out: {len(truths)} loops, exact {np.mean([t == g for t, g in truths]):.3f}, "
                  f"MIREX {np.mean([mirex(t, g) for t, g in truths]):.3f}")  # fmt: skip
    groups = sorted({c.group for c in cases})
    confidence = np.zeros(len(cases))
    for fold in range(FOLDS):
        inside = np.array([groups.index(c.group) % FOLDS == fold for c in cases])
        net = fit_chance([c for c, held in zip(cases, inside, strict=True) if not held])
        confidence[inside] = 1 / (
            1 + np.exp(-net.score(np.array([c.inputs for c, held in zip(cases, inside, strict=True) if held])))
        )
    right = np.array([c.right for c in cases])
    keyless = np.array([c.key is None for c in cases])
    for low in np.arange(0, 1, 0.1):
        inside = (confidence >= low) & (confidence < low + 0.1 + (low > 0.85))
        if inside.any():
            print(f"said {confidence[inside].mean():.2f}, right {right[inside].mean():.2f} of {inside.sum()}")
    for limit in (0.1, 0.2, 0.3, 0.4, 0.5):
        print(f"told from {limit}: {np.mean(confidence[~keyless] >= limit):.3f} of loops with a key, "
              f"{np.mean(confidence[keyless] >= limit):.3f} of drums, noise and single notes")  # fmt: skip
    report_labelled(args.labels, whole)
    whole.save(args.out / "key_choice.json", KEY_EVIDENCE, "benchmarks/fit_key.py; loops of free and synthesized notes")
    fit_chance(cases).save(args.out / "key_confidence.json", KEY_CERTAINTY, "benchmarks/fit_key.py")


if __name__ == "__main__":
    main()
