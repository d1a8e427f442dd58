"""Fit the small network that tells the kinds apart, and write it into samplemind/descriptors/data.

    python benchmarks/fit_kind.py --loops LABELS.csv ... --sounds LABELS.csv ... --rendered LABELS.csv ... [--also ...]

`--loops`: rendered loops (render_loops.py and the like). `--sounds`: labelled real sounds with kind, source and
licence. `--rendered`: sounds made by render_kinds.py. `--also`: further real sounds that are learned from and not
judged; the shipped network has learned from notes of fluid-soundfont-gm, timgm6mb-soundfont and freepats, from
hydrogen-drumkits and hydrogen-drumkits-effects, and from speech, music and places of klettres-data, ktuberling-data,
tuxpaint-stamps-default, hedgewars-data (music), freedroidrpg-data, supertux-data and wesnoth-1.16-data (Debian
packages). Rows whose licence is not free are never trained on. Every report
is by leave-one-source-out: what is said of a source was learnt without its sounds, and without what was rendered from
them. `--pairs` writes the confidence, whether it was right, and the source of each such prediction. The network reads
the tempo found, so `fit_tempo.py` comes first.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from corpus import is_free, labelled
from nets import Ensemble, fit_classes
from render_kinds import RATE, recorded_otherwise

from samplemind.audio.clip import Clip
from samplemind.descriptors import kind_features
from samplemind.descriptors.kind import KINDS
from samplemind.descriptors.signal import Signal

#: How much a sound counts by where it comes from.
WEIGHTS = {"real": 1.0, "again": 0.5, "rendered": 0.6, "speech": 1.8, "loop": 0.6}
#: How often loops and other things, which are few, are recorded again for each time that a single hit is.
AGAIN = 3
#: A source with more sounds of one kind counts by less than their number: to this power.
GROWTH = 0.7
#: Shares of the kinds that the network takes for granted: those of a library.
SHARES = {"one-shot": 0.78, "loop": 0.07, "other": 0.15}
HIDDEN, EPOCHS, DECAY = 32, 30, 1e-3


@dataclass
class Item:
    """One sound: its kind, where it is from, and what the estimator sees of it."""

    kind: int
    source: str
    origin: str
    free: bool
    inputs: Any


def _inputs(clip: Clip) -> Any:
    signal = Signal(clip)
    return None if signal.is_silent else kind_features.kind_features(signal)


def read(labels: Path, origin: str) -> Iterable[Item]:
    """Describe every file of a table whose kind is known; real ones that are free also as other chains record them."""
    rng = np.random.default_rng(7)
    for row, clip in labelled(labels, "kind"):
        free = origin != "real" or is_free(row["licence"])
        source, kind = "loops" if origin == "loop" else row["source"], KINDS.index(row["kind"])
        made = "speech" if origin == "rendered" and row["kind_detail"] == "speech" else origin
        clips = [clip]
        if origin == "real" and free:
            for _ in range(1 if row["kind"] == "one-shot" else AGAIN):
                y = soxr.resample(clip.at(RATE), RATE * 2 ** rng.uniform(-0.25, 0.25), RATE)
                clips.append(Clip.from_array(recorded_otherwise(rng, y), RATE))
        for number, each in enumerate(clips):
            inputs = _inputs(each)
            if inputs is not None:
                yield Item(kind, source, "again" if number else made, free, inputs)


def _weights(items: list[Item]) -> Any:
    """What each counts: no source may outvote the others, and the kinds have the shares of a library."""
    weight = np.array([WEIGHTS[item.origin] for item in items])
    real = np.array([item.origin in ("real", "again") for item in items])
    groups = [(item.source, item.kind) for item in items]
    sizes = Counter(group for group, is_real in zip(groups, real, strict=True) if is_real)
    balanced = np.array([sizes[group] ** (GROWTH - 1) if sizes[group] else 1.0 for group in groups])
    weight[real] *= (balanced * real.sum() / balanced[real].sum())[real]
    kinds = np.array([item.kind for item in items])
    for number, kind in enumerate(KINDS):
        weight[kinds == number] *= SHARES[kind] / weight[kinds == number].sum()
    return weight


def _fit(items: list[Item], nets: int) -> Ensemble:
    x, y = np.array([item.inputs for item in items]), np.array([item.kind for item in items])
    return fit_classes(x, y, len(KINDS), HIDDEN, EPOCHS, nets, DECAY, _weights(items))


def _chances(scores: Any) -> Any:
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _surprise(scores: Any, truth: Any) -> float:
    return float(-np.log(np.maximum(_chances(scores)[np.arange(len(truth)), truth], 1e-9)).mean())


def report_reliability(confidence: Any, right: Any) -> None:
    """Print, for ten bins of confidence, how many there are, how sure they are and how many are right."""
    bins = np.minimum(9, (confidence * 10).astype(int))
    gap = 0.0
    for k in range(10):
        inside = bins == k
        if inside.any():
            sure, share = float(confidence[inside].mean()), float(right[inside].mean())
            gap += abs(sure - share) * inside.mean()
            print(f"  {k / 10:.1f}-{k / 10 + 0.1:.1f}: {inside.sum():5d}, sure {sure:.3f}, right {share:.3f}")
    print(f"  expected calibration error {gap:.3f}")


def report_confusion(truth: Any, guess: Any) -> None:
    """Print what each kind was taken for."""
    for number, kind in enumerate(KINDS):
        taken = Counter(KINDS[g] for g in guess[truth == number])
        print(f"  {kind:9}" + "".join(f"{name:>10} {taken[name]:5d}" for name in KINDS))


def leave_out(sounds: list[Item], extra: list[Item], nets: int) -> tuple[Any, Any, list[str]]:
    """Scores, truths and sources of the real sounds, each source scored by what was learnt without it."""
    real = [item for item in sounds if item.origin == "real"]
    found: list[tuple[Any, Any, list[str]]] = []
    for source in sorted({item.source for item in real}):
        tested = [item for item in real if item.source == source]
        ensemble = _fit([item for item in sounds + extra if item.free and item.source != source], nets)
        scores, truth = ensemble.scores(np.array([s.inputs for s in tested])), np.array([s.kind for s in tested])
        wrong = Counter((KINDS[a], KINDS[b]) for a, b in zip(truth, scores.argmax(axis=1), strict=True) if a != b)
        told = ", ".join(f"{a} taken for {b}: {count}" for (a, b), count in wrong.most_common())
        print(f"without {source}: {(scores.argmax(axis=1) == truth).mean():.3f} of {len(tested)}  {told}", flush=True)
        found.append((scores, truth, [source] * len(tested)))
    return (np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found]),
            [source for f in found for source in f[2]])  # fmt: skip


def calibrate_kind(sounds: list[Item], extra: list[Item], nets: int, pairs: Path | None) -> None:
    """Fit and store the kinds."""
    scores, truth, sources = leave_out(sounds, extra, nets)
    guess = scores.argmax(axis=1)
    right = guess == truth
    print(f"kind, leave one source out: {right.mean():.3f} of {len(truth)}")
    report_confusion(truth, guess)
    temperature = float(min(np.arange(0.5, 5.01, 0.05), key=lambda t: _surprise(scores / t, truth)))
    confidence = _chances(scores / temperature).max(axis=1)
    print(f"temperature {temperature:.2f}")
    report_reliability(confidence, right)
    if pairs:
        with pairs.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["confidence", "right", "source"])
            writer.writerows((f"{c:.4f}", int(r), s) for c, r, s in zip(confidence, right, sources, strict=True))
    final = _fit([item for item in sounds + extra if item.free], nets)
    final.temperature = temperature
    real = [item for item in sounds if item.origin == "real"]
    shipped = _chances(final.scores(np.array([item.inputs for item in real])))
    known = np.array([item.kind for item in real])
    print(f"as shipped, on sounds mostly learnt from: {(shipped.argmax(axis=1) == known).mean():.3f}")
    report_reliability(shipped.max(axis=1), shipped.argmax(axis=1) == known)
    final.store("kind", kind_features.FEATURES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=Path, nargs="+", default=[])
    parser.add_argument("--sounds", type=Path, nargs="+", default=[])
    parser.add_argument("--rendered", type=Path, nargs="+", default=[])
    parser.add_argument("--also", type=Path, nargs="+", default=[])
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--nets", type=int, default=4, help="how many are averaged")
    args = parser.parse_args()
    sounds = [item for path in args.sounds for item in read(path, "real")]
    extra = [item for path in args.loops for item in read(path, "loop")]
    extra += [item for path in args.rendered for item in read(path, "rendered")]
    extra += [item for path in args.also for item in read(path, "real") if item.origin == "real"]
    calibrate_kind(sounds, extra, args.nets, args.pairs)


if __name__ == "__main__":
    main()
