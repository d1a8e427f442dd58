from __future__ import annotations

import numpy as np
import pytest

from samplemind.descriptors.fourier import autocorrelation, power_spectrum, size_for, twiddles, workspace

SIZES = (1024, 2048, 4096)


def _frame(width: int) -> np.ndarray:
    return np.random.default_rng(width).normal(0, 1, width).astype(np.float32)


def _spectrum(x: np.ndarray, window: np.ndarray, size: int) -> np.ndarray:
    power = np.full(size // 2 + 1, np.nan, np.float32)
    power_spectrum(x, window, np.full_like(workspace(), np.nan), twiddles(size), power)
    return power


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("missing", [0, 1, 2, 255, 300, 777, 960])
def test_power_spectrum_is_that_of_numpy(size: int, missing: int) -> None:
    x = _frame(size - missing)
    window = np.hanning(len(x) + 2)[1:-1].astype(np.float32)
    expected = np.abs(np.fft.rfft(x.astype(float) * window, size)) ** 2
    np.testing.assert_allclose(_spectrum(x, window, size), expected, atol=2e-6 * expected.max())


@pytest.mark.parametrize("width", [1, 2, 3, 64])
def test_shortest_frames(width: int) -> None:
    x, ones = _frame(width), np.ones(width, np.float32)
    expected = np.abs(np.fft.rfft(x.astype(float), 1024)) ** 2
    np.testing.assert_allclose(_spectrum(x, ones, 1024), expected, atol=2e-6 * expected.max())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lags", [1, 100, 512])
def test_autocorrelation_is_the_inverse_transform_of_the_power(size: int, lags: int) -> None:
    power = _spectrum(_frame(size // 2), np.ones(size // 2, np.float32), size)
    acf = np.full(lags, np.nan, np.float32)
    autocorrelation(power, np.full_like(workspace(), np.nan), twiddles(size), acf)
    expected = np.fft.irfft(power.astype(float))[:lags] * size
    np.testing.assert_allclose(acf, expected, atol=1e-6 * expected[0])


@pytest.mark.parametrize(
    ("width", "size"), [(1, 1024), (1024, 1024), (1025, 2048), (2048, 2048), (4096, 4096), (9999, 4096)]
)
def test_size_is_the_smallest_that_holds_the_frame(width: int, size: int) -> None:
    assert size_for(width) == size
