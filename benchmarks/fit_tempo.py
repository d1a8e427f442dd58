"""Fit the small networks of tempo and metre, and write them into samplemind/descriptors/data.

    python benchmarks/fit_tempo.py --loops LABELS.csv ... --sounds LABELS.csv ... [--only tempo metre]

`--loops`: rendered loops (render_loops.py and the like) with bpm and beats_per_bar. `--sounds`: labelled real sounds
with source, licence and sometimes bpm. Rows whose licence is not free are never trained on. Every report is by
leave-one-source-out: what is said of a source was learnt without it. A table given twice counts twice.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from corpus import is_free, labelled
from nets import Ensemble, Net, fit_classes

from samplemind.audio.clip import Clip
from samplemind.descriptors import tempo_candidates
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.tempo_evidence import gather

#: Real loops are also learnt from at these speeds.
SPEEDS = (0.89, 0.95, 1.06, 1.13)


@dataclass
class Item:
    """One sound: its labels, and what the estimator sees of it."""

    row: dict[str, str]
    source: str
    free: bool
    original: bool = True
    bpm: Any = None
    inputs: Any = None

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


def fit_tempo(items: list[Item], hidden: int = 48, epochs: int = 30, nets: int = 2, real: float = 2.0) -> Ensemble:
    """Candidates compete; each way of playing a real loop counts `real` times."""
    items = [item for item in items if item.right().any()]
    inputs = np.concatenate([item.inputs for item in items])
    trained = []
    for seed in range(nets):
        net = Net(inputs, hidden, 1, seed)
        for epoch in range(epochs):
            order = net.rng.permutation(len(items))
            for begin in range(0, len(items), 64):
                batch = [items[i] for i in order[begin : begin + 64]]
                groups = np.repeat(np.arange(len(batch)), [len(item.bpm) for item in batch])
                right = np.concatenate([item.right() for item in batch])
                weight = np.array([1.0 if item.source == "rendered" else real for item in batch])[groups]
                net.learn(np.concatenate([item.inputs for item in batch]), _ranking_gradient(groups, right, weight),
                          4e-3 * (1 - epoch / epochs) + 2e-5, 2e-3, 0.3, 0.35)  # fmt: skip
        trained.append(net)
    return Ensemble(trained)


def decide(scores: Any, bpm: Any) -> tuple[float, float]:
    """Tempo and its mass, as samplemind.descriptors.tempo does it."""
    p = np.exp(scores - scores.max())
    p /= p.sum()
    near = np.abs(np.log(bpm[:, None] / bpm[None, :])) < 0.006
    mass = near @ p
    group = near[int(np.argmax(mass))]
    return float(bpm[int(np.argmax(np.where(group, p, -1)))]), float(mass.max())


def _best_temperature(left_out: list[tuple[Ensemble, list[Item]]]) -> float:
    """The temperature under which the right tempos of sounds that were left out are most likely."""
    pairs = [(ensemble.scores(item.inputs)[:, 0], item.right())
             for ensemble, items in left_out for item in items if item.right().any()]  # fmt: skip

    def loss(t: float) -> float:
        total = 0.0
        for z, right in pairs:
            p = np.exp((z - z.max()) / t)
            total -= np.log(max(1e-6, p[right].sum() / p.sum()))
        return total

    return float(min(np.arange(0.7, 3.01, 0.05), key=loss))


def report_tempo(name: str, left_out: list[tuple[Ensemble, list[Item]]]) -> None:
    """Print how often the tempo is within 1 %, and how the sure ones fare."""
    hits, sure = [], []
    for ensemble, items in left_out:
        for item in items:
            bpm, mass = decide(ensemble.scores(item.inputs)[:, 0], item.bpm)
            hits.append(abs(bpm / float(item.row["bpm"]) - 1) < 0.01)
            if mass >= 0.8:
                sure.append(hits[-1])
    share = len(sure) / max(1, len(hits))
    print(f"{name}: {np.mean(hits):.3f} of {len(hits)}; sure {share:.3f}, right {np.mean(sure or [0]):.3f}", flush=True)


def calibrate_tempo(loops: list[Item], sounds: list[Item]) -> None:
    """Fit and store the ranking of tempos."""
    # the label of these was read from a folder's name or file name, and the length does not bear it out
    real = [s for s in sounds if "SUSPECT" not in s.row.get("notes", "")]
    free = [s for s in real if s.free]
    held, train = loops[::10], [item for k, item in enumerate(loops) if k % 10]
    left_out: list[tuple[Ensemble, list[Item]]] = []
    for source in sorted({s.source for s in real}):
        tested = [s for s in real if s.original and s.source == source]
        ensemble = fit_tempo(train + [s for s in free if s.source != source], epochs=16, nets=1)
        left_out.append((ensemble, tested))
        report_tempo(f"without {source}", left_out[-1:])
    report_tempo("leave one source out", left_out)
    report_tempo("held-out rendered loops", [(ensemble, held)])
    final = fit_tempo(loops + free)
    final.temperature = _best_temperature([*left_out, (ensemble, held[:: max(1, len(held) // 150)])])
    print(f"temperature {final.temperature:.2f}")
    final.store("tempo", tempo_candidates.FEATURES)


def _best_inputs(items: list[Item]) -> tuple[Any, Any]:
    """Inputs of the right candidate of loops whose metre is known, and whether it is 3."""
    rows = [(item.inputs[np.flatnonzero(item.right())[0]], item.row["beats_per_bar"] == "3")
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
    args = parser.parse_args()
    loops = [item for path in args.loops for item in read(path, True)]
    if "tempo" in args.only:
        calibrate_tempo(loops, [item for path in args.sounds for item in read(path, False)])
    if "metre" in args.only:
        calibrate_metre(loops)


if __name__ == "__main__":
    main()
