"""Statistics, over the sounding frames, of what the frames say."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.frame_statistics import mean_and_deviation, sounding
from samplemind.descriptors.signal import Signal

__all__ = ["compute"]

_EVERY: Final = ("flux", "zcr")  # known of every frame, whatever the step of the others
_APART: Final = 2  # frames (23 ms) between which a feature's movement is measured


def _statistics(rows: FloatArray, chosen: Any, step: int, detailed: bool) -> dict[str, FloatArray]:
    """Statistics of the chosen rows, by their names in the catalogue; row i is that of frame i * step."""
    mean, deviation = mean_and_deviation(rows, chosen)
    found = {"mean": mean, "std": deviation}
    if detailed:
        rows = rows[chosen]
        apart = _APART // step
        found["min"], found["median"], found["max"] = np.percentile(rows, [5, 50, 95], axis=0)
        found["delta"] = np.abs(rows[apart:] - rows[:-apart]).mean(axis=0) if len(rows) > apart else 0 * mean
    return found


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `spectrum`."""
    frames, detailed = signal.frames, signal.level == "detailed"
    described = sounding(frames.energy, frames.step)
    every = np.stack((frames.flux, frames.zcr), axis=1)
    values: dict[str, Any] = {}
    for names, found in (
        (FRAME_FEATURES, _statistics(frames.features, described, frames.step, detailed)),
        (_EVERY, _statistics(every, signal.active, 1, detailed)),
    ):
        for statistic, row in found.items():
            values |= {f"{name}_{statistic}": value for name, value in zip(names, row.tolist(), strict=True)}
    mean, deviation = mean_and_deviation(frames.contrast, described)
    return values | {"contrast_mean": mean, "contrast_std": deviation}
