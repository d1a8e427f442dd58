"""Fit the small networks of tempo, metre and kind, and write them into samplemind/descriptors/data.

    python benchmarks/calibrate_rhythm.py --loops LABELS.csv ... --sounds LABELS.csv ... [--only tempo metre kind]

`--loops`: rendered loops (render_loops.py and the like) with bpm and beats_per_bar. `--sounds`: labelled real sounds
with kind, source, licence and sometimes bpm. Rows whose licence is not free are never trained on. Every report is by
leave-one-source-out: what is said of a source was learnt without it. A table given twice counts twice.
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
from corpus import is_free

from samplemind.audio.clip import Clip
from samplemind.audio.decode import decode
from samplemind.descriptors import kind_features, small_net, tempo_candidates
from samplemind.descriptors.kind import KINDS
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.tempo_evidence import gather
from samplemind.errors import AudioError

#: Real loops are also learnt from at these speeds.
SPEEDS = (0.89, 0.95, 1.06, 1.13)
DATA = Path(__file__).parent.parent / "samplemind" / "descriptors" / "data"


@dataclass
class Item:
    """One sound: its labels, and what the estimators see of it."""

    row: dict[str, str]
    source: str
    free: bool
    original: bool = True
    bpm: Any = None
    inputs: Any = None
    kind_inputs: Any = None

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


def read(labels: Path, rendered: bool, with_kind: bool) -> Iterable[Item]:
    """Describe every file of a table."""
    with labels.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    for row in rows:
        if not row["kind" if with_kind else "bpm"]:
            continue
        try:
            clip = decode(labels.parent / row["path"])
        except AudioError:
            continue
        signal = Signal(clip)
        if signal.is_silent:
            continue
        item = Item(row, "rendered" if rendered else row["source"], rendered or is_free(row["licence"]))
        if with_kind:
            item.kind_inputs = kind_features.kind_features(signal)
        elif item.free and not rendered:
            yield from played_otherwise(item, clip)
        yield item if with_kind else item.with_tempo(signal)


class Net:
    """One hidden layer with a linear path beside it, trained by Adam (Kingma & Ba 2015), dropout and input noise."""

    def __init__(self, inputs: Any, hidden: int, outputs: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.mean, self.scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
        f = inputs.shape[1]
        self.p = {
            "hidden": self.rng.normal(0, f**-0.5, (f, hidden)).astype(np.float32),
            "bias": np.zeros(hidden, np.float32),
            "out": self.rng.normal(0, hidden**-0.5, (hidden, outputs)).astype(np.float32),
            "direct": np.zeros((f, outputs), np.float32),
            "shift": np.zeros(outputs, np.float32),
        }
        self.m = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.p.items()}
        self.steps = 0

    def scores(self, x: Any) -> Any:
        """Scores of inputs as they come."""
        x = (x - self.mean) / self.scale
        p = self.p
        return np.maximum(x @ p["hidden"] + p["bias"], 0) @ p["out"] + x @ p["direct"] + p["shift"]

    def learn(self, x: Any, gradient: Callable[[Any], Any], rate: float, decay: float,
              drop: float, noise: float) -> None:  # fmt: skip
        """One step; `gradient` gives the derivative of the loss for the scores."""
        x = ((x - self.mean) / self.scale).astype(np.float32)
        x = x + self.rng.normal(0, noise, x.shape).astype(np.float32)
        p = self.p
        kept = (self.rng.random(p["bias"].shape) > drop).astype(np.float32) / np.float32(1 - drop)
        active = x @ p["hidden"] + p["bias"]
        layer = np.maximum(active, 0) * kept
        dz = gradient(layer @ p["out"] + x @ p["direct"] + p["shift"]).astype(np.float32)
        back = (dz @ p["out"].T) * kept * (active > 0)
        grads = {"out": layer.T @ dz, "direct": x.T @ dz + decay * p["direct"], "shift": dz.sum(axis=0),
                 "hidden": x.T @ back + decay * p["hidden"], "bias": back.sum(axis=0)}  # fmt: skip
        self.steps += 1
        for key, grad in grads.items():
            self.m[key] = 0.9 * self.m[key] + 0.1 * grad
            self.v[key] = 0.999 * self.v[key] + 0.001 * grad * grad
            step = self.m[key] / (1 - 0.9**self.steps) / (np.sqrt(self.v[key] / (1 - 0.999**self.steps)) + 1e-8)
            p[key] = (p[key] - rate * step).astype(np.float32)


class Ensemble:
    """Several nets whose scores are averaged; stored as one wide net."""

    def __init__(self, nets: list[Net]) -> None:
        self.nets = nets
        self.temperature = 1.0

    def scores(self, x: Any) -> Any:
        """Mean scores, after temperature."""
        return np.mean([net.scores(x) for net in self.nets], axis=0) / self.temperature

    def store(self, name: str, inputs: Iterable[str]) -> None:
        """Write the file that `small_net.load` reads."""
        n, first = len(self.nets), self.nets[0]
        weights = {
            "mean": first.mean, "scale": first.scale,
            "hidden": np.concatenate([net.p["hidden"] for net in self.nets], axis=1),
            "bias": np.concatenate([net.p["bias"] for net in self.nets]),
            "out": np.concatenate([net.p["out"] for net in self.nets]) / n,
            "direct": sum(net.p["direct"] for net in self.nets) / n,
            "shift": sum(net.p["shift"] for net in self.nets) / n,
        }  # fmt: skip
        stored = {"inputs": list(inputs), "temperature": round(self.temperature, 4),
                  "weights": {key: _rounded(value) for key, value in weights.items()}}  # fmt: skip
        DATA.mkdir(exist_ok=True)
        (DATA / f"{name}.json").write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


def _rounded(array: Any) -> Any:
    if array.ndim > 1:
        return [_rounded(row) for row in array]
    return [float(f"{x:.4g}") for x in array]


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


def fit_classes(x: Any, y: Any, outputs: int, hidden: int, epochs: int, nets: int, decay: float) -> Ensemble:
    """Softmax regression through the small net; with one output, logistic."""
    trained = []
    for seed in range(nets):
        net = Net(x, hidden, outputs, seed)
        for epoch in range(epochs):
            order = net.rng.permutation(len(x))
            for begin in range(0, len(x), 64):
                batch = order[begin : begin + 64]

                def gradient(z: Any, truth: Any = y[batch]) -> Any:
                    if outputs == 1:
                        return (1 / (1 + np.exp(-z)) - truth[:, None]) / len(z)
                    e = np.exp(z - z.max(axis=1, keepdims=True))
                    return (e / e.sum(axis=1, keepdims=True) - np.eye(outputs)[truth]) / len(z)

                net.learn(x[batch], gradient, 4e-3 * (1 - epoch / epochs) + 2e-5, decay, 0.2, 0.2)
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


def calibrate_kind(loops: list[Item], sounds: list[Item]) -> None:
    """Fit and store the kinds."""
    extra = loops[:: max(1, len(loops) // 300)]  # about as many as there are other things than single hits
    scores, truth = [], []
    for source in sorted({s.source for s in sounds}):
        ensemble = _fit_kind([s for s in sounds if s.free and s.source != source] + extra, nets=1)
        tested = [s for s in sounds if s.source == source]
        scores.append(ensemble.scores(np.array([s.kind_inputs for s in tested])))
        truth.append(np.array([KINDS.index(s.row["kind"]) for s in tested]))
        print(f"kind without {source}: {(scores[-1].argmax(axis=1) == truth[-1]).mean():.3f} of {len(tested)}")
    z, y = np.concatenate(scores), np.concatenate(truth)
    print(f"kind, leave one source out: {(z.argmax(axis=1) == y).mean():.3f} of {len(y)}")

    def loss(t: float) -> float:
        scaled = z / t
        top = scaled.max(axis=1)
        return float((np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top - scaled[np.arange(len(y)), y]).mean())

    final = _fit_kind([s for s in sounds if s.free] + extra, nets=3)
    final.temperature = float(min(np.arange(0.7, 5.01, 0.05), key=loss))
    print(f"temperature {final.temperature:.2f}")
    final.store("kind", kind_features.FEATURES)


def _fit_kind(items: list[Item], nets: int) -> Ensemble:
    x = np.array([item.kind_inputs for item in items])
    y = np.array([KINDS.index(item.row["kind"]) for item in items])
    return fit_classes(x, y, len(KINDS), 32, 60, nets, 1e-3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=Path, nargs="+", default=[])
    parser.add_argument("--sounds", type=Path, nargs="+", default=[])
    parser.add_argument("--only", nargs="+", default=["tempo", "metre", "kind"])
    args = parser.parse_args()
    if {"tempo", "metre"} & set(args.only):
        loops = [item for path in args.loops for item in read(path, True, False)]
        if "tempo" in args.only:
            calibrate_tempo(loops, [item for path in args.sounds for item in read(path, False, False)])
        if "metre" in args.only:
            calibrate_metre(loops)
    if "kind" in args.only:  # afterwards and anew, because it looks at the tempo
        small_net.load.cache_clear()
        loops = [item for path in args.loops[:2] for item in read(path, True, True)]
        calibrate_kind(loops, [item for path in args.sounds for item in read(path, False, True)])


if __name__ == "__main__":
    main()
