"""Statistics, over the sounding frames, of what the frames say."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.frame_statistics import mean_and_deviation, sounding
from samplemind.descriptors.signal import Signal

__all__ = ["compute"]

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


@cache
def _names(statistic: str) -> tuple[str, ...]:
    """What the catalogue calls a statistic of each feature."""
    return tuple(f"{feature}_{statistic}" for feature in FRAME_FEATURES)


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `spectrum`."""
    frames, detailed = signal.frames, signal.level == "detailed"
    described = sounding(frames.energy, frames.step)
    of_motion = _statistics(frames.motion, signal.active, 1, detailed)
    values: dict[str, Any] = {}
    for statistic, row in _statistics(frames.features, described, frames.step, detailed).items():
        row[-2:] = of_motion[statistic]  # known of every frame, whatever the step of the others
        values.update(zip(_names(statistic), row.tolist(), strict=True))
    mean, deviation = mean_and_deviation(frames.contrast, described)
    return values | {"contrast_mean": mean, "contrast_std": deviation}
