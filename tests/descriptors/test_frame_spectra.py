from __future__ import annotations

import numpy as np
import pytest

from samplemind.descriptors.frame_spectra import HOP, LANES, N_FFT, group_power, room, spread_hops, tables

SCALE = 0.25


def _expected(y: np.ndarray, begin: int) -> np.ndarray:
    """Power of the frame from sample `begin` on, with zeros beyond both ends, float64."""
    at = np.arange(begin, begin + N_FFT)
    inside = (at >= 0) & (at < len(y))
    frame = np.where(inside, y[np.clip(at, 0, len(y) - 1)].astype(float), 0.0)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return np.abs(np.fft.rfft(frame * window * SCALE)) ** 2


@pytest.mark.parametrize(("step", "group"), [(1, 0), (2, 0), (2, 1)])
@pytest.mark.parametrize(("length", "first"), [(1, -1024), (700, -1024), (20000, -1024), (20000, 5000), (3000, 2500)])
def test_frames_side_by_side_have_the_power_that_numpy_finds(step: int, group: int, length: int, first: int) -> None:
    y = np.random.default_rng(length).normal(0, 1, length).astype(np.float32)
    hops, work, power = room(step)
    for array in (hops, work, power):
        array.fill(np.nan)  # what is in them does not matter
    floor = np.float32(1e-3)
    spread_hops(y, first, step, hops)
    group_power(hops, step, group, tables(SCALE), floor, work, power)
    for lane in range(LANES):
        expected = _expected(y, first + (group + lane * step) * HOP) + floor
        np.testing.assert_allclose(power[:, lane], expected, rtol=1e-5, atol=2e-6 * expected.max())
