"""A network of one hidden layer, small enough to be kept as text: standardise, rectify, add a linear path."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray

__all__ = ["SmallNet", "load"]


@njit(cache=True, nogil=True, fastmath=True)
def _scores(inputs, mean, gain, hidden, bias, out, direct, shift):  # type: ignore[no-untyped-def]
    """One kernel, because for the few rows that a sound has each call of numpy costs more than its arithmetic."""
    x = np.empty(inputs.shape, np.float32)
    for row in range(len(x)):
        for i in range(len(mean)):
            x[row, i] = (inputs[row, i] - mean[i]) * gain[i]
    activity = np.dot(x, hidden)
    for row in range(len(x)):
        for j in range(len(bias)):
            activity[row, j] = max(activity[row, j] + bias[j], np.float32(0.0))
    return np.dot(activity, out) + np.dot(x, direct) + shift


@dataclass(frozen=True, slots=True)
class SmallNet:
    """Weights; the temperature, which makes a softmax of the scores a probability, is in the last ones already.

    Attributes
    ----------
    mean, gain : np.ndarray [shape=(f,)]
        Of each input, and 1 over its deviation.
    hidden : np.ndarray [shape=(f, h)]
    bias : np.ndarray [shape=(h,)]
    out : np.ndarray [shape=(h, k)]
    direct : np.ndarray [shape=(f, k)]
        The linear path beside the hidden layer.
    shift : np.ndarray [shape=(k,)]
    """

    mean: FloatArray
    gain: FloatArray
    hidden: FloatArray
    bias: FloatArray
    out: FloatArray
    direct: FloatArray
    shift: FloatArray

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """Scores [shape=(n, k)] of inputs [shape=(n, f)]."""
        scores: FloatArray = _scores(
            inputs, self.mean, self.gain, self.hidden, self.bias, self.out, self.direct, self.shift
        )
        return scores


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
    weights = {key: np.array(value, np.float64) for key, value in stored["weights"].items()}
    weights["gain"] = 1 / weights.pop("scale")
    for key in ("out", "direct", "shift"):
        weights[key] /= float(stored["temperature"])
    return SmallNet(**{key: np.ascontiguousarray(value, np.float32) for key, value in weights.items()})
