"""Fit the small networks of the tonal descriptors, in the form that `samplemind.descriptors.small_net` reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

Array = Any


class NetFitter:
    """One hidden layer beside a linear path, with a softmax over the candidates of each case, or a logistic output.

    Parameters
    ----------
    hidden : int
    decay : float
        L2 penalty.
    steps : int
        Of Adam on the whole set.
    random_state : int

    Attributes
    ----------
    weights_ : dict of str to np.ndarray
        By the names of `SmallNet`.
    """

    def __init__(self, hidden: int = 12, decay: float = 1e-3, steps: int = 600, random_state: int = 0) -> None:
        self.hidden, self.decay, self.steps, self.random_state = hidden, decay, steps, random_state

    def fit_choice(self, tables: list[Array], right: list[int], weight: Array) -> NetFitter:
        """Fit on tables of candidates [shape=(c_i, f)] and the row that is right in each."""
        most = max(len(t) for t in tables)
        x = np.zeros((len(tables), most, tables[0].shape[1]), np.float32)
        mask = np.zeros((len(tables), most), bool)
        for i, t in enumerate(tables):
            x[i, : len(t)], mask[i, : len(t)] = t, True
        target = np.zeros(mask.shape, np.float32)
        target[np.arange(len(right)), right] = 1
        w = (np.asarray(weight) / np.sum(weight)).astype(np.float32)[:, None]

        def slope(scores: Array) -> Array:
            scores = np.where(mask, scores, -1e9)
            e = np.exp(scores - scores.max(1, keepdims=True))
            return (e / e.sum(1, keepdims=True) - target) * w

        return self._fit(x, x[mask], slope)

    def fit_chance(self, x: Array, right: Array, weight: Array) -> NetFitter:
        """Fit the chance of a yes on rows [shape=(n, f)]."""
        w = (np.asarray(weight) / np.sum(weight)).astype(np.float32)
        target = np.asarray(right, np.float32)
        return self._fit(x, x, lambda scores: (1 / (1 + np.exp(-scores)) - target) * w)

    def _fit(self, x: Array, flat: Array, slope: Any) -> NetFitter:
        mean, scale = flat.mean(0), flat.std(0) + 1e-3
        x = ((x - mean) / scale).astype(np.float32)
        wide = x.shape[-1]
        rng = np.random.default_rng(self.random_state)
        p = {"hidden": rng.normal(0, wide**-0.5, (wide, self.hidden)), "bias": np.zeros(self.hidden),
             "out": rng.normal(0, 0.2, self.hidden), "direct": np.zeros(wide), "shift": np.zeros(())}  # fmt: skip
        p = {k: np.asarray(v, np.float32) for k, v in p.items()}
        first, second = ({k: np.zeros_like(v) for k, v in p.items()} for _ in range(2))
        axes = list(range(x.ndim - 1))
        for step in range(1, self.steps + 1):
            h = np.maximum(x @ p["hidden"] + p["bias"], 0)
            d = slope(h @ p["out"] + x @ p["direct"] + p["shift"])
            dh = d[..., None] * p["out"] * (h > 0)
            grads = {"hidden": np.tensordot(x, dh, (axes, axes)), "bias": dh.sum(tuple(axes)), "shift": d.sum(),
                     "out": np.tensordot(d, h, (axes, axes)), "direct": np.tensordot(d, x, (axes, axes))}  # fmt: skip
            rate = 0.02 * (1 - step / (self.steps + 1))
            for k, raw in grads.items():
                g = raw + self.decay * p[k] * (k not in ("bias", "shift"))
                first[k] = 0.9 * first[k] + 0.1 * g
                second[k] = 0.99 * second[k] + 0.01 * g * g
                p[k] = p[k] - rate * (first[k] / (1 - 0.9**step)) / (np.sqrt(second[k] / (1 - 0.99**step)) + 1e-8)
        self.weights_ = {"mean": mean, "scale": scale, "hidden": p["hidden"], "bias": p["bias"],
                         "out": p["out"][:, None],
                         "direct": p["direct"][:, None], "shift": p["shift"][None]}  # fmt: skip
        return self

    def score(self, x: Array) -> Array:
        """Scores [shape=(n,)] of rows [shape=(n, f)]."""
        w = self.weights_
        z = (x - w["mean"]) / w["scale"]
        return (np.maximum(z @ w["hidden"] + w["bias"], 0) @ w["out"] + z @ w["direct"] + w["shift"])[..., 0]

    def save(self, path: Path, inputs: tuple[str, ...], made_from: str, temperature: float = 1.0) -> None:
        """Write the network as text."""
        weights = {k: np.round(np.asarray(v, float), 5).tolist() for k, v in self.weights_.items()}
        stored = {
            "version": 1,
            "made_from": made_from,
            "inputs": inputs,
            "temperature": temperature,
            "weights": weights,
        }
        path.write_text(json.dumps(stored) + "\n", "utf-8")
