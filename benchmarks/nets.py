"""Small networks for the descriptors of rhythm and kind: training, ensembles, and the file `small_net` reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent.parent / "samplemind" / "descriptors" / "data"


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
        x += np.float32(noise) * self.rng.standard_normal(x.shape, dtype=np.float32)
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
        self.offset = 0.0

    def scores(self, x: Any) -> Any:
        """Mean scores, divided by the temperature and moved by the offset."""
        return np.mean([net.scores(x) for net in self.nets], axis=0) / self.temperature + self.offset

    def store(self, name: str, inputs: Iterable[str]) -> None:
        """Write the file that `small_net.load` reads."""
        n, first = len(self.nets), self.nets[0]
        weights = {
            "mean": first.mean, "scale": first.scale,
            "hidden": np.concatenate([net.p["hidden"] for net in self.nets], axis=1),
            "bias": np.concatenate([net.p["bias"] for net in self.nets]),
            "out": np.concatenate([net.p["out"] for net in self.nets]) / n,
            "direct": sum(net.p["direct"] for net in self.nets) / n,
            "shift": sum(net.p["shift"] for net in self.nets) / n + self.offset * self.temperature,
        }  # fmt: skip
        stored = {"inputs": list(inputs), "temperature": round(self.temperature, 4),
                  "weights": {key: _rounded(value) for key, value in weights.items()}}  # fmt: skip
        DATA.mkdir(exist_ok=True)
        (DATA / f"{name}.json").write_text(json.dumps(stored, separators=(",", ":")) + "\n", encoding="utf-8")


def _rounded(array: Any) -> Any:
    if array.ndim > 1:
        return [_rounded(row) for row in array]
    return [float(f"{x:.3g}") for x in array]


def fit_classes(x: Any, y: Any, outputs: int, hidden: int, epochs: int, nets: int, decay: float,
                weight: Any = None) -> Ensemble:  # fmt: skip
    """Softmax regression through the small net; with one output, logistic. `weight` says how much each row counts."""
    counts = np.ones((len(x), 1)) if weight is None else (weight / np.mean(weight))[:, None]
    trained = []
    for seed in range(nets):
        net = Net(x, hidden, outputs, seed)
        for epoch in range(epochs):
            order = net.rng.permutation(len(x))
            for begin in range(0, len(x), 64):
                batch = order[begin : begin + 64]

                def gradient(z: Any, truth: Any = y[batch], count: Any = counts[batch]) -> Any:
                    if outputs == 1:
                        return (1 / (1 + np.exp(-z)) - truth[:, None]) * count / len(z)
                    e = np.exp(z - z.max(axis=1, keepdims=True))
                    return (e / e.sum(axis=1, keepdims=True) - np.eye(outputs)[truth]) * count / len(z)

                net.learn(x[batch], gradient, 4e-3 * (1 - epoch / epochs) + 2e-5, decay, 0.2, 0.2)
        trained.append(net)
    return Ensemble(trained)
