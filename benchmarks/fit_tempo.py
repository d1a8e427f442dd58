"""Fit the small networks of tempo, its trust and the metre, and write them into samplemind/descriptors/data.

    python benchmarks/fit_tempo.py --loops LABELS.csv ... --sounds LABELS.csv ... [--only tempo metre] [--pairs OUT.csv]

`--loops`: rendered loops (render_loops.py and the like) with bpm and beats_per_bar. `--sounds`: labelled real sounds
with source, licence and sometimes bpm. Rows whose licence is not free are never trained on. Every report is by
leave-one-source-out: what is said of a source was learnt without it (sources of a few loops are left out together).
Tables may hold more loops in three than are made: all of them together count as `THREES`.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from corpus import is_free, labelled
from nets import DATA, Ensemble, Net, fit_classes

from samplemind.audio.clip import Clip
from samplemind.descriptors import tempo, tempo_candidates, tempo_kernels, tempo_trust
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.tempo_evidence import gather

#: Real loops are also learnt from at these speeds.
SPEEDS = (0.89, 0.95, 1.06, 1.13)
#: What each way of playing a real loop counts, against one rendered loop.
REAL = 2.0
#: Share of three beats a bar among what is learnt from: over what packs hold, so that it is learnt at all.
THREES = 0.16
#: Sources with fewer loops than this are left out together.
FEW = 10


@dataclass
class Item:
    """One sound: its labels, and what the estimator sees of it."""

    row: dict[str, str]
    source: str
    free: bool
    original: bool = True
    bpm: Any = None
    inputs: Any = None

    @property
    def is_three(self) -> bool:
        """Whether it is known to have three beats a bar."""
        return self.row.get("beats_per_bar") == "3"

    def right(self) -> Any:
        """Which candidates lie within 1 % of the labelled tempo."""
        return np.abs(self.bpm / float(self.row["bpm"]) - 1) < 0.01

    def with_tempo(self, signal: Signal) -> Item:
        """Itself, with the candidates of tempo."""
        evidence = gather(signal)
        found = tempo_candidates.candidates(evidence)
        self.bpm, self.inputs = found.bpm, tempo_candidates.features(evidence, found)
        return self


def played_otherwise(item: Item, clip: Clip) -> Iterable[Item]:
    """The same loop slower, faster, and its first half: real loops are few, and no tempo is to be learnt by heart."""
    bpm = float(item.row["bpm"])
    beats = clip.duration_s * bpm / 60
    halves = [1.0, 0.5] if round(beats) % 8 == 0 and abs(beats - round(beats)) < 0.02 else [1.0]
    for speed in SPEEDS:
        if not 50 < bpm * speed < 205:
            continue
        y = soxr.resample(clip.mono, clip.sample_rate * speed, clip.sample_rate)
        for part in halves:
            row = item.row | {"bpm": repr(bpm * speed)}
            variant = Item(row, item.source, item.free, original=False)
            yield variant.with_tempo(Signal(Clip.from_array(y[: round(len(y) * part)], clip.sample_rate)))


def read(labels: Path, rendered: bool) -> Iterable[Item]:
    """Describe every file of a table whose tempo is known."""
    for row, clip in labelled(labels, "bpm"):
        signal = Signal(clip)
        if signal.is_silent:
            continue
        item = Item(row, "rendered" if rendered else row["source"], rendered or is_free(row["licence"]))
        if item.free and not rendered:
            yield from played_otherwise(item, clip)
        yield item.with_tempo(signal)


def _ranking_gradient(groups: Any, right: Any, weight: Any) -> Callable[[Any], Any]:
    """Of -log of the softmax mass of the right candidates of each sound."""

    def gradient(scores: Any) -> Any:
        z = scores[:, 0]
        count = groups[-1] + 1
        top = np.full(count, -np.inf)
        np.maximum.at(top, groups, z)
        e = np.exp(z - top[groups])
        p = e / np.bincount(groups, e)[groups]
        good = np.bincount(groups, p * right)[groups]
        return ((p - p * right / np.maximum(good, 1e-6)) * weight / count)[:, None]

    return gradient


def weights(items: list[Item]) -> Any:
    """What each sound counts, by `REAL` and `THREES`."""
    three = np.array([item.is_three for item in items])
    rendered = np.array([item.source == "rendered" for item in items])
    weight = np.where(rendered, 1.0, REAL)
    if three.any():
        weight[three] = THREES / (1 - THREES) * np.count_nonzero(rendered & ~three) / np.count_nonzero(three)
    return weight


def fit_tempo(items: list[Item], hidden: int = 64, epochs: int = 16, nets: int = 2) -> Ensemble:
    """Candidates compete."""
    items = [item for item in items if item.right().any()]
    inputs = np.concatenate([item.inputs for item in items])
    counts = weights(items)
    trained = []
    for seed in range(nets):
        net = Net(inputs, hidden, 1, seed)
        for epoch in range(epochs):
            order = net.rng.permutation(len(items))
            for begin in range(0, len(items), 64):
                chosen = order[begin : begin + 64]
                batch = [items[i] for i in chosen]
                groups = np.repeat(np.arange(len(batch)), [len(item.bpm) for item in batch])
                right = np.concatenate([item.right() for item in batch])
                net.learn(np.concatenate([item.inputs for item in batch]),
                          _ranking_gradient(groups, right, counts[chosen][groups]),
                          4e-3 * (1 - epoch / epochs) + 2e-5, 2e-3, 0.3, 0.35)  # fmt: skip
        trained.append(net)
    return Ensemble(trained)


@dataclass
class Guess:
    """What was said of a sound that was left out."""

    item: Item
    fold: int
    bpm: float
    mass: float
    confidence: float = 0.0

    @property
    def right(self) -> bool:
        """Whether the tempo is within 1 %."""
        return abs(self.bpm / float(self.item.row["bpm"]) - 1) < 0.01

    @property
    def is_real(self) -> bool:
        """Whether it is no rendered loop."""
        return self.item.source != "rendered"


def guess(ensemble: Ensemble, item: Item, fold: int) -> Guess:
    """Let an ensemble judge, as samplemind.descriptors.tempo does."""
    scores = ensemble.scores(item.inputs)[:, 0].astype(np.float32)
    best, mass, _ = tempo_kernels.choose(scores, item.bpm, tempo.SAME, tempo.OTHER)
    return Guess(item, fold, float(item.bpm[best]), float(mass))


def _folds(sounds: list[Item]) -> list[set[str]]:
    count: dict[str, int] = {}
    for sound in sounds:
        count[sound.source] = count.get(sound.source, 0) + sound.original
    return [*({source} for source in sorted(count) if count[source] >= FEW),
            {source for source in count if count[source] < FEW}]  # fmt: skip


def leave_out(loops: list[Item], sounds: list[Item]) -> list[Guess]:
    """Guesses at real sounds by ensembles that know nothing of their source, and at a tenth of the rendered loops."""
    guesses = []
    held, train = loops[::10], [item for k, item in enumerate(loops) if k % 10]
    for fold, sources in enumerate(_folds(sounds)):
        known = [s for s in sounds if s.free and not is_doubtful(s) and s.source not in sources]
        ensemble = fit_tempo(train + known)
        guesses += [guess(ensemble, s, fold) for s in sounds if s.source in sources]
        share = held[fold :: len(_folds(sounds))]
        guesses += [guess(ensemble, item, fold) for item in share]
        print(f"left out: {', '.join(sorted(sources))}", flush=True)
    return guesses


def is_doubtful(item: Item) -> bool:
    """Whether the label was read from the name of a folder or file, and the length does not bear it out."""
    return "SUSPECT" in item.row.get("notes", "")


def fit_trust(guesses: list[Guess]) -> tuple[float, float]:
    """Slope and shift of the logistic (Platt 1999) that makes log odds a chance.

    Rendered loops count twice as much as real ones in sum: they are many, and their labels exact. All other ways of
    playing a real loop count as much as itself.
    """
    known = [g for g in guesses if not is_doubtful(g.item)]
    x = np.array([[tempo_trust.log_odds(g.mass), 1.0] for g in known])
    y = np.array([g.right for g in known], dtype=float)
    real = np.array([g.is_real for g in known])
    weight = np.array([1.0 if g.item.original else 1 / (2 * len(SPEEDS)) for g in known])
    weight[~real] *= 2 * weight[real].sum() / weight[~real].sum()
    found = np.array([1.0, 0.0])
    for _ in range(20):  # Newton's method; the loss is convex
        chance = 1 / (1 + np.exp(-x @ found))
        slope = x.T @ (weight * (chance - y))
        bend = (x * (weight * chance * (1 - chance))[:, None]).T @ x
        found -= np.linalg.solve(bend + 1e-6 * np.eye(2), slope)
    return float(found[0]), float(found[1])


def say_trust(scale: tuple[float, float], guesses: list[Guess]) -> None:
    """Fill in the confidence of guesses."""
    for g in guesses:
        g.confidence = float(1 / (1 + np.exp(-scale[0] * tempo_trust.log_odds(g.mass) - scale[1])))


def store_trust(scale: tuple[float, float]) -> None:
    """Write the file that samplemind.descriptors.tempo_trust reads."""
    stored = {"slope": round(scale[0], 4), "shift": round(scale[1], 4)}
    (DATA / "tempo_trust.json").write_text(json.dumps(stored) + "\n", encoding="utf-8")


def report(name: str, guesses: list[Guess]) -> None:
    """Print how often the tempo is within 1 %, how the sure ones fare, and how far confidence is from truth."""
    right = np.array([g.right for g in guesses], dtype=float)
    confidence = np.array([g.confidence for g in guesses])
    sure = confidence >= 0.8
    bins = np.minimum(9, (confidence * 10).astype(int))
    rows = [(b, np.count_nonzero(bins == b), confidence[bins == b].mean(), right[bins == b].mean())
            for b in range(10) if (bins == b).any()]  # fmt: skip
    error = sum(count * abs(said - true) for _, count, said, true in rows) / len(guesses)
    print(f"{name}: {right.mean():.3f} of {len(right)}; sure {sure.mean():.3f}, right {right[sure].mean():.3f}; "
          f"expected calibration error {error:.3f}")  # fmt: skip
    for b, count, said, true in rows:
        print(f"  {b / 10:.1f}-{(b + 1) / 10:.1f}  {count:5d}  says {said:.3f}  right {true:.3f}")


def write_pairs(path: Path, guesses: list[Guess]) -> None:
    """Confidence and truth of each guess, for diagrams of reliability."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["confidence", "right", "source", "bpm"])
        writer.writerows([f"{g.confidence:.4f}", int(g.right), g.item.source, g.item.row["bpm"]] for g in guesses)


def calibrate_tempo(loops: list[Item], sounds: list[Item], pairs: Path | None) -> None:
    """Fit and store the ranking of tempos, and how far it can be trusted."""
    calibrate_trust(leave_out(loops, sounds), pairs)
    free = [s for s in sounds if s.free and not is_doubtful(s)]
    fit_tempo(loops + free).store("tempo", tempo_candidates.FEATURES)


def calibrate_trust(guesses: list[Guess], pairs: Path | None) -> None:
    """Report on what was left out, and store how far it can be trusted."""
    for fold in sorted({g.fold for g in guesses}):  # how far to trust is learnt from the others, too
        say_trust(fit_trust([g for g in guesses if g.fold != fold]), [g for g in guesses if g.fold == fold])
    real = [g for g in guesses if g.is_real and g.item.original and not is_doubtful(g.item)]
    rendered = [g for g in guesses if not g.is_real]
    report("real loops, each source left out", real)
    for g in real:
        if not g.right:
            print(f"  {g.item.row['path']}: {g.bpm:.2f}, confidence {g.confidence:.2f}")
    report("rendered loops left out", rendered)
    report("those in three", [g for g in rendered if g.item.is_three])
    if pairs:
        write_pairs(pairs, real + rendered)
    store_trust(fit_trust(guesses))


def _best_inputs(items: list[Item]) -> tuple[Any, Any]:
    """Inputs of the right candidate of loops whose metre is known, and whether it is 3."""
    rows = [(item.inputs[np.flatnonzero(item.right())[0]], item.is_three)
            for item in items if item.right().any() and item.row.get("beats_per_bar")]  # fmt: skip
    return np.array([x for x, _ in rows]), np.array([y for _, y in rows], dtype=np.int64)


def calibrate_metre(loops: list[Item]) -> None:
    """Fit and store the choice between 3 and 4 beats a bar."""
    x, y = _best_inputs(loops)
    test = np.arange(len(x)) % 5 == 0
    guess = fit_classes(x[~test], y[~test], 1, 8, 20, 2, 3e-3).scores(x[test])[:, 0] > 0
    print(f"metre: {(guess == y[test]).mean():.3f} of {test.sum()}; of 3/4: {guess[y[test] == 1].mean():.3f}")
    fit_classes(x, y, 1, 8, 20, 2, 3e-3).store("metre", tempo_candidates.FEATURES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=Path, nargs="+", default=[])
    parser.add_argument("--sounds", type=Path, nargs="+", default=[])
    parser.add_argument("--only", nargs="+", default=["tempo", "metre"])
    parser.add_argument("--pairs", type=Path, help="CSV of confidence, right, source and bpm of all that was left out")
    args = parser.parse_args()
    loops = [item for path in args.loops for item in read(path, True)]
    if "tempo" in args.only:
        calibrate_tempo(loops, [item for path in args.sounds for item in read(path, False)], args.pairs)
    if "metre" in args.only:
        calibrate_metre(loops)


if __name__ == "__main__":
    main()
