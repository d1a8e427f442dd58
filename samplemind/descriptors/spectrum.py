"""Statistics, over the sounding frames, of what the frames say."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.signal import Signal, sounding

__all__ = ["compute"]

_APART: Final = 2  # frames between which a feature's movement is measured: 23 ms


def _course(rows: FloatArray, step: int) -> dict[str, FloatArray]:
    low, median, high = np.percentile(rows, [5, 50, 95], axis=0)
    apart = _APART // step
    moves = len(rows) > apart
    delta = np.abs(rows[apart:] - rows[:-apart]).mean(axis=0) if moves else np.zeros(rows.shape[1], np.float32)
    return {"min": low, "median": median, "max": high, "delta": delta}


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `spectrum`."""
    frames = signal.frames
    active = sounding(frames.energy[:: frames.step])
    rows = frames.features[active]
    statistics = {"mean": rows.mean(axis=0), "std": rows.std(axis=0)}
    if signal.level == "detailed":
        statistics |= _course(rows, frames.step)
    values: dict[str, Any] = {
        f"{feature}_{name}": value
        for name, row in statistics.items()
        for feature, value in zip(FRAME_FEATURES, row.tolist(), strict=True)
    }
    contrast = frames.contrast[active]
    return values | {"contrast_mean": contrast.mean(axis=0), "contrast_std": contrast.std(axis=0)}
