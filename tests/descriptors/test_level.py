from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio.clip import Clip
from samplemind.descriptors import level
from samplemind.descriptors.signal import Signal

from .sounds import SR, noise, signal, sine


@given(st.floats(-60, 0))
def test_calibrated_tone(db: float) -> None:
    values = level.compute(signal(sine(997, 1.0, db)))
    assert values["peak_dbfs"] == pytest.approx(db, abs=0.02)
    assert values["rms_dbfs"] == pytest.approx(db - 10 * np.log10(2), abs=0.02)
    assert values["crest_factor_db"] == pytest.approx(10 * np.log10(2), abs=0.03)


def test_offset_is_measured() -> None:
    assert level.compute(signal(sine(440) * 0.1 + 0.25))["dc_offset"] == pytest.approx(0.25, abs=1e-3)


@given(st.floats(0, 0.5), st.floats(0, 0.5))
def test_silence_at_both_ends(lead: float, trail: float) -> None:
    body = noise(0.3)
    y = np.concatenate([np.zeros(round(lead * SR)), body, np.zeros(round(trail * SR))])
    values = level.compute(signal(y))
    assert values["leading_silence_s"] == pytest.approx(lead, abs=1e-3)
    assert values["trailing_silence_s"] == pytest.approx(trail, abs=1e-3)
    total = values["leading_silence_s"] + values["effective_duration_s"] + values["trailing_silence_s"]
    assert total == pytest.approx(len(y) / SR, abs=2 / SR)


def test_clipping_counts_flat_tops_only() -> None:
    clean = level.compute(signal(sine(440, db=-0.001)))["clipped_samples"]
    clipped = level.compute(signal(np.clip(sine(100, db=6), -1, 1)))["clipped_samples"]
    assert clean == 0
    share = 2 * np.arccos(0.5 * 10 ** (0.0 / 20)) / np.pi  # of a sine 6 dB over full scale, beyond it
    assert clipped == pytest.approx(share * SR, rel=0.02)


def test_stereo() -> None:
    a, b = noise(seed=1), noise(seed=2)
    same, opposite, apart = (level.compute(signal(np.stack(pair))) for pair in ((a, a), (a, -a), (a, b)))
    assert same["stereo_correlation"] == pytest.approx(1)
    assert same["stereo_width"] == pytest.approx(0, abs=1e-6)
    assert opposite["stereo_correlation"] == pytest.approx(-1)
    assert opposite["stereo_width"] == pytest.approx(1, abs=1e-6)
    assert apart["stereo_correlation"] == pytest.approx(0, abs=0.02)
    assert level.compute(signal(a))["stereo_width"] is None


def test_nan_and_infinity_are_counted_and_taken_as_zero() -> None:
    y = sine(440)
    y[[10, 20, 30]] = [np.nan, np.inf, -np.inf]
    clip = Clip.from_array(y, SR)
    values = level.compute(Signal(clip))
    assert values["nonfinite_samples"] == 3
    assert np.isfinite(clip.samples).all()
    assert values["peak_dbfs"] == pytest.approx(-6, abs=0.01)


@given(st.integers(1, 200), st.integers(0, 2**31), st.sampled_from(["noise", "walk", "pulse"]))
def test_true_peak_is_that_of_plain_interpolation(length: int, seed: int, shape: str) -> None:
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(length)
    if shape == "walk":
        y = np.cumsum(y)
    if shape == "pulse":
        y *= rng.random(length) < 0.05
    y = y.astype(np.float32)
    taps = level._interpolator()[0].astype(np.float64)
    between = [np.convolve(y, row[::-1])[6 : 6 + length] for row in taps]
    expected = max(np.abs(y).max(), np.abs(between).max())
    assert 10 ** (level.compute(signal(y))["true_peak_dbtp"] / 20) == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_silence_is_all_silence() -> None:
    values = level.compute(signal(np.zeros(SR)))
    assert values["peak_dbfs"] == level.LOWEST_DB
    assert values["effective_duration_s"] == 0
    assert values["leading_silence_s"] == pytest.approx(1.0)
