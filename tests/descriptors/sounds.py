"""Sounds with known properties, for the tests of descriptors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from samplemind.audio.clip import Clip
from samplemind.descriptors.signal import Signal

SR = 44100
Samples = npt.NDArray[np.float64]


def times(seconds: float, rate: int = SR) -> Samples:
    return np.arange(round(seconds * rate)) / rate


def sine(hz: float, seconds: float = 1.0, db: float = -6.0, rate: int = SR, phase: float = 0.0) -> Samples:
    """A sine whose peak is `db` dBFS."""
    return 10 ** (db / 20) * np.sin(2 * np.pi * hz * times(seconds, rate) + phase)


def noise(seconds: float = 1.0, rms: float = 0.1, seed: int = 0, rate: int = SR) -> Samples:
    return rms * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def decaying(hz: float, seconds: float = 0.5, decay_db_per_s: float = 60.0) -> Samples:
    return sine(hz, seconds) * 10 ** (-decay_db_per_s * times(seconds) / 20)


def clicks(at: list[float], seconds: float) -> Samples:
    """Short noise bursts at the given times, over silence."""
    y = np.zeros(round(seconds * SR))
    burst = noise(0.02, 0.3) * np.exp(-times(0.02) * 300)
    for second in at:
        begin = round(second * SR)
        y[begin : begin + len(burst)] += burst[: len(y) - begin]
    return y


def signal(samples: npt.ArrayLike, rate: int = SR) -> Signal:
    return Signal(Clip.from_array(samples, rate))
