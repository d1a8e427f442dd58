"""Statistics over the sounding frames: compiled, each array of frames gone through twice and nothing copied."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["ACTIVE_DB", "mean_and_deviation", "sounding"]

ACTIVE_DB = 60.0  # a frame this far below the loudest is not part of the sound
_ACTIVE = np.float32(10 ** (-ACTIVE_DB / 10))


@njit(cache=True, nogil=True, fastmath=True)
def sounding(energy, step):  # type: ignore[no-untyped-def]
    """Which of every `step`-th frame lie within `ACTIVE_DB` of the loudest of them; at least one."""
    highest = np.float32(0.0)
    for t in range(0, len(energy), step):
        highest = max(highest, energy[t])
    out = np.empty(-(-len(energy) // step), np.bool_)
    for i in range(len(out)):
        out[i] = energy[i * step] >= highest * _ACTIVE
    return out


@njit(cache=True, nogil=True, fastmath=True)
def mean_and_deviation(rows, chosen):  # type: ignore[no-untyped-def]
    """Mean and standard deviation of the chosen rows [shape=(2, columns)]."""
    columns = rows.shape[1]
    out = np.zeros((2, columns), np.float32)
    mean, deviation = out[0], out[1]
    count = np.float32(0.0)
    for t in range(len(rows)):
        if chosen[t]:
            row = rows[t]
            count += np.float32(1.0)
            for k in range(columns):
                mean[k] += row[k]
    for k in range(columns):
        mean[k] /= count
    for t in range(len(rows)):
        if chosen[t]:
            row = rows[t]
            for k in range(columns):
                d = row[k] - mean[k]
                deviation[k] += d * d
    for k in range(columns):
        deviation[k] = np.sqrt(deviation[k] / count)
    return out
