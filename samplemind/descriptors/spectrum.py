"""Statistics, over the sounding frames, of what the frames say."""

from __future__ import annotations

from typing import Any

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.signal import Signal

__all__ = ["compute"]


def _course(rows: FloatArray) -> dict[str, FloatArray]:
    low, median, high = np.percentile(rows, [5, 50, 95], axis=0)
    delta = np.abs(np.diff(rows, axis=0)).mean(axis=0) if len(rows) > 1 else np.zeros(rows.shape[1], np.float32)
    return {"min": low, "median": median, "max": high, "delta": delta}


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `spectrum`."""
    active = signal.active
    rows = signal.frames.features[active]
    statistics = {"mean": rows.mean(axis=0), "std": rows.std(axis=0)}
    if signal.level == "detailed":
        statistics |= _course(rows)
    values: dict[str, Any] = {
        f"{feature}_{name}": value
        for name, row in statistics.items()
        for feature, value in zip(FRAME_FEATURES, row.tolist(), strict=True)
    }
    contrast = signal.frames.contrast[active]
    return values | {"contrast_mean": contrast.mean(axis=0), "contrast_std": contrast.std(axis=0)}
