"""The synthetic signals of EBU Tech 3341 and 3342, whose readings and tolerances those documents give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.descriptors import level, loudness

from .sounds import noise, signal, sine


def stereo(*parts: tuple[float, float], rate: int = 48000) -> np.ndarray:
    """1 kHz in phase on two channels, as (seconds, dBFS) one after another."""
    mono = np.concatenate([sine(1000, seconds, db, rate) for seconds, db in parts])
    return np.stack([mono, mono])


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(20, -23)], -23.0, id="3341 case 1"),
        pytest.param([(20, -33)], -33.0, id="3341 case 2"),
        pytest.param([(10, -36), (60, -23), (10, -36)], -23.0, id="3341 case 3"),
        pytest.param([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0, id="3341 case 4"),
        pytest.param([(20, -26), (20.1, -20), (20, -26)], -23.0, id="3341 case 5"),
    ],
)
def test_integrated_loudness(parts: list[tuple[float, float]], expected: float, rate: int) -> None:
    values = loudness.compute(signal(stereo(*parts, rate=rate), rate))
    assert values["loudness_lufs"] == pytest.approx(expected, abs=0.1)


def test_surround_case_6() -> None:
    levels = [-28, -28, -24, -30, -30]  # L R C Ls Rs
    five = np.stack([sine(1000, 20, db, 48000) for db in levels])
    assert loudness.compute(signal(five, 48000))["loudness_lufs"] == pytest.approx(-23.0, abs=0.1)
    six = np.insert(five, 3, sine(60, 20, 0, 48000), axis=0)  # a loud LFE channel counts for nothing
    assert loudness.compute(signal(six, 48000))["loudness_lufs"] == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param([(20, -20), (20, -30)], 10, id="3342 case 1"),
        pytest.param([(20, -20), (20, -15)], 5, id="3342 case 2"),
        pytest.param([(20, -40), (20, -20)], 20, id="3342 case 3"),
        pytest.param([(20, -50), (20, -35), (20, -20), (20, -35), (20, -50)], 15, id="3342 case 4"),
    ],
)
def test_loudness_range(parts: list[tuple[float, float]], expected: float) -> None:
    assert loudness.compute(signal(stereo(*parts), 48000))["loudness_range_lu"] == pytest.approx(expected, abs=1)


def test_momentary_and_short_term_of_a_steady_tone_agree_with_integrated() -> None:
    values = loudness.compute(signal(stereo((5, -23)), 48000))
    assert values["loudness_momentary_max_lufs"] == pytest.approx(-23, abs=0.1)
    assert values["loudness_short_term_max_lufs"] == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    ("divisor", "phase", "expected"),
    [
        pytest.param(4, 0, -6.0, id="3341 case 15"), pytest.param(4, 45, -6.0, id="3341 case 16"),
        pytest.param(6, 60, -6.0, id="3341 case 17"), pytest.param(8, 67.5, -6.0, id="3341 case 18"),
    ],
)  # fmt: skip
def test_true_peak(divisor: int, phase: float, expected: float) -> None:
    tone = sine(48000 / divisor, 1, 20 * np.log10(0.5), 48000, np.deg2rad(phase))
    fade = np.minimum(1, np.arange(len(tone)) / 4800)
    measured = level.compute(signal(tone * fade * fade[::-1], 48000))["true_peak_dbtp"]
    assert expected - 0.4 <= measured <= expected + 0.2


@given(st.integers(0, 2**31), st.floats(-40, 0))
def test_true_peak_is_never_under_the_sample_peak(seed: int, db: float) -> None:
    values = level.compute(signal(noise(0.02, 10 ** (db / 20), seed)))
    assert values["true_peak_dbtp"] >= values["peak_dbfs"] - 1e-4


@given(st.floats(-30, 10))
def test_gain_moves_loudness_by_as_much(db: float) -> None:
    y = noise(1.0, 0.05)
    before, after = (loudness.compute(signal(x))["loudness_lufs"] for x in (y, y * 10 ** (db / 20)))
    assert after - before == pytest.approx(db, abs=0.01)


def test_short_sounds_have_the_loudness_of_what_there_is() -> None:
    whole, short = (loudness.compute(signal(sine(1000, s, -20)))["loudness_lufs"] for s in (2.0, 0.2))
    assert short == pytest.approx(whole, abs=0.2)
    assert loudness.compute(signal(sine(1000, 0.2, -90)))["loudness_lufs"] is None


def test_agrees_with_essentia_on_noise() -> None:
    essentia = pytest.importorskip("essentia.standard", reason="essentia has no wheel here")
    y = np.stack([noise(10, 0.1, 1), noise(10, 0.05, 2)]).astype(np.float32)
    _, _, integrated, range_ = essentia.LoudnessEBUR128(sampleRate=44100)(np.ascontiguousarray(y.T))
    values = loudness.compute(signal(y))
    assert values["loudness_lufs"] == pytest.approx(integrated, abs=0.1)
    assert values["loudness_range_lu"] == pytest.approx(range_, abs=0.2)


@pytest.mark.parametrize("steps", [15, 16, 17, 23, 24, 40.3, 65])
@pytest.mark.parametrize("goes_on", [False, True])
def test_energy_of_each_step_is_that_of_the_filters_run_over_all_samples(steps: float, goes_on: bool) -> None:
    from scipy.signal import lfilter

    rate = 8000
    step = loudness.step_samples(rate)
    y = noise(steps * 0.1 + 0.2, 0.1)[: round(steps * step) + step].astype(np.float32)
    y[len(y) // 3 : len(y) // 2] *= np.float32(1e-3)
    shelf, high_pass = loudness.k_filter(rate)
    filtered = y.astype(float)
    for b0, b1, b2, a1, a2 in (shelf, high_pass):
        filtered = lfilter([b0, b1, b2], [1, a1, a2], filtered)
    begin = step if goes_on else 0
    expected = [(filtered[at : at + step] ** 2).sum() for at in range(begin, len(y), step)]
    before = y[np.newaxis, :step] if goes_on else None
    found = loudness.step_energies(y[np.newaxis, begin:], rate, before)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
