from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio.clip import FloatArray
from samplemind.audio.resampling import resample


def tone(hz: float, rate: int, seconds: float = 0.5) -> FloatArray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


@pytest.mark.parametrize(("rate", "new_rate"), [(44100, 11025), (44100, 22050), (176400, 44100), (88200, 11025)])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.93])
def test_what_fits_below_the_new_highest_frequency_is_kept(rate: int, new_rate: int, share: float) -> None:
    hz = share * new_rate / 2
    inner = slice(100, 4000)
    np.testing.assert_allclose(resample(tone(hz, rate), rate, new_rate)[inner], tone(hz, new_rate)[inner], atol=2e-3)


@pytest.mark.parametrize(("rate", "new_rate"), [(44100, 11025), (44100, 22050), (176400, 44100)])
@given(share=st.floats(1.07, 1.93))
def test_what_does_not_fit_is_gone(rate: int, new_rate: int, share: float) -> None:
    left = resample(tone(share * new_rate / 2, rate), rate, new_rate)[100:4000]
    assert np.abs(left).max() < 1.2e-4  # -80 dB, by a sum of at most two filters


@given(st.integers(1, 3000), st.sampled_from([11025, 22050, 16000, 44100, 96000]))
def test_the_length_is_that_of_the_new_rate(length: int, new_rate: int) -> None:
    y = resample(np.ones(length, np.float32), 44100, new_rate)
    assert y.dtype == np.float32
    assert len(y) == pytest.approx(length * new_rate / 44100, abs=1)
    assert len(y) >= 1


def test_the_same_rate_is_the_same_memory() -> None:
    y = tone(440, 8000)
    assert resample(y, 8000, 8000) is y


def test_agrees_with_soxr() -> None:
    import soxr

    y = np.cumsum(np.random.default_rng(0).standard_normal(20000)).astype(np.float32)
    y /= np.abs(y).max()
    np.testing.assert_allclose(resample(y, 44100, 11025), soxr.resample(y, 44100, 11025), atol=5e-3)
