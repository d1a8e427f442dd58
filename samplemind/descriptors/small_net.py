"""A network of one hidden layer, small enough to be kept as text: standardise, rectify, add a linear path."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from samplemind.audio.clip import FloatArray

__all__ = ["SmallNet", "load"]


@dataclass(frozen=True, slots=True)
class SmallNet:
    """Weights, and the temperature that makes its softmax a probability.

    Attributes
    ----------
    mean, scale : np.ndarray [shape=(f,)]
        Of each input.
    hidden : np.ndarray [shape=(f, h)]
    bias : np.ndarray [shape=(h,)]
    out : np.ndarray [shape=(h, k)]
    direct : np.ndarray [shape=(f, k)]
        The linear path beside the hidden layer.
    shift : np.ndarray [shape=(k,)]
    temperature : float
    """

    mean: FloatArray
    scale: FloatArray
    hidden: FloatArray
    bias: FloatArray
    out: FloatArray
    direct: FloatArray
    shift: FloatArray
    temperature: float

    def __call__(self, inputs: FloatArray) -> Any:
        """Scores [shape=(n, k)] of inputs [shape=(n, f)]."""
        x = (inputs - self.mean) / self.scale
        scores = np.maximum(x @ self.hidden + self.bias, 0) @ self.out + x @ self.direct + self.shift
        return scores / self.temperature


@cache
def load(name: str, inputs: tuple[str, ...]) -> SmallNet:
    """Read one of the networks that come with the package.

    Parameters
    ----------
    name : str
        File in `samplemind/descriptors/data`, without its ending.
    inputs : tuple of str
        Names of the inputs, which the file must have been made for.

    Raises
    ------
    ValueError
        Where the file was made for other inputs.
    """
    stored = json.loads(files("samplemind.descriptors").joinpath("data", f"{name}.json").read_text("utf-8"))
    if tuple(stored["inputs"]) != inputs:
        raise ValueError(f"{name}.json: made for other inputs; fit it again (benchmarks/)")
    weights = {key: np.array(value, np.float32) for key, value in stored["weights"].items()}
    return SmallNet(**weights, temperature=float(stored["temperature"]))
