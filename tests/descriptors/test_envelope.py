from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.descriptors import envelope

from .sounds import SR, clicks, decaying, noise, signal, sine, times


@given(st.floats(0.02, 0.5))
def test_linear_attack(seconds: float) -> None:
    rise = np.minimum(1, times(seconds + 0.5) / seconds)
    values = envelope.compute(signal(sine(3000, seconds + 0.5) * rise))
    assert values["attack_s"] == pytest.approx(0.7 * seconds, abs=0.01)
    assert values["attack_log10"] == pytest.approx(np.log10(values["attack_s"]))


@given(st.floats(30, 200))
def test_exponential_decay(db_per_s: float) -> None:
    values = envelope.compute(signal(decaying(2000, 1.0, db_per_s)))
    assert values["decay_db_per_s"] == pytest.approx(db_per_s, rel=0.05)
    assert values["decay_s"] == pytest.approx(20 / db_per_s, abs=0.02)


def test_a_pause_of_digital_silence_is_part_of_the_decay() -> None:
    hit = decaying(500, 0.3, 100)
    y = np.concatenate([hit, np.zeros(SR // 5), 0.3 * hit])
    assert envelope.compute(signal(y))["decay_db_per_s"] > 10


def test_a_steady_tone_sustains_and_a_hit_does_not() -> None:
    steady, hit = (envelope.compute(signal(y)) for y in (sine(500), decaying(500, 1.0, 80)))
    assert steady["sustain_level"] > 0.95
    assert steady["temporal_centroid"] == pytest.approx(0.5, abs=0.01)
    assert steady["envelope_flatness"] > 0.95
    assert hit["sustain_level"] < 0.3
    assert hit["temporal_centroid"] < 0.15
    assert hit["envelope_crest"] > steady["envelope_crest"]


@pytest.mark.parametrize("interval", [0.1, 0.125, 0.25, 0.5])
def test_every_click_is_an_onset_at_its_time(interval: float) -> None:
    at = list(np.arange(0.2, 3.8, interval))
    s = signal(clicks(at, 4.0) + noise(4.0, 1e-4))
    assert envelope.compute(s)["onset_count"] == len(at)
    np.testing.assert_allclose(s.onset_times, at, atol=0.008)


@pytest.mark.parametrize("hz", [55, 220, 880])
def test_one_note_is_one_onset(hz: float) -> None:
    assert envelope.compute(signal(decaying(hz, 1.5, 30)))["onset_count"] == 1


def test_vibrato_is_no_onset() -> None:
    t = times(3.0)
    y = 0.5 * np.sin(2 * np.pi * 440 * t + 6 * np.sin(2 * np.pi * 5 * t))
    assert envelope.compute(signal(y * np.minimum(1, t / 0.05)))["onset_count"] <= 2


@given(st.floats(-50, 0))
def test_gain_changes_nothing(db: float) -> None:
    y = decaying(300, 0.6, 60) + clicks([0.3], 0.6)
    loud, soft = (envelope.compute(signal(x)) for x in (y, y * 10 ** (db / 20)))
    for name, value in loud.items():
        assert soft[name] == pytest.approx(value, rel=1e-3, abs=0.02 if name == "decay_s" else 1e-4), name


@given(st.integers(1, 2000))
def test_any_length(length: int) -> None:
    values = envelope.compute(signal(np.random.default_rng(length).uniform(-1, 1, length)))
    assert all(v is None or np.isfinite(v) for v in values.values())
    assert values["peak_time_s"] <= length / SR
