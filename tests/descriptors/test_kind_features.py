from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samplemind.audio.clip import Clip
from samplemind.descriptors.kind_features import FEATURES, kind_features
from samplemind.descriptors.kind_kernels import grid_strength
from samplemind.descriptors.signal import Signal
from tests.descriptors.drums import HOUSE, RATE, hit, loop


def _features(samples: Any) -> dict[str, float]:
    found = kind_features(Signal(Clip.from_array(np.asarray(samples, np.float32), RATE)))
    return dict(zip(FEATURES, found.tolist(), strict=True))


def _tone(seconds: float, hz: float = 440.0) -> Any:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def _bursts(count: int, gap_s: float = 0.4) -> Any:
    fall = np.exp(-np.arange(int(gap_s * RATE)) / (0.03 * RATE))
    return np.tile(_tone(gap_s) * fall, count)


@pytest.mark.parametrize("samples", [1, 2, 3, 130, 600, 5000, 60000])
def test_all_numbers_are_finite_however_short_the_sound(samples: int) -> None:
    found = _features(np.random.default_rng(1).standard_normal(samples) * 0.1)
    assert all(np.isfinite(value) for value in found.values())


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_separate_peaks_are_counted(count: int) -> None:
    found = _features(_bursts(count))
    assert found["course_peaks_12_db"] == pytest.approx(np.log2(count))


def test_silence_around_a_sound_is_measured_and_does_not_count_as_sound() -> None:
    found = _features(np.concatenate([np.zeros(RATE // 5), _tone(1.0), np.zeros(RATE // 2)]))
    assert found["course_lead"] == pytest.approx(0.2, abs=0.02)
    assert found["course_trail"] == pytest.approx(0.5, abs=0.02)
    assert found["course_log_sounding"] == pytest.approx(0.0, abs=0.05)


def test_a_steady_tone_does_not_move_and_has_no_pause() -> None:
    found = _features(_tone(2.0))
    assert max(found[f"course_level_moves_{k}"] for k in range(4)) < 0.05
    assert found["course_pause"] == 0
    assert found["course_rise_total"] == 0


def test_a_pause_is_as_long_as_it_is() -> None:
    found = _features(np.concatenate([_tone(0.5), np.zeros(int(0.6 * RATE)), _tone(0.5)]))
    assert found["course_pause"] == pytest.approx(0.6, abs=0.03)


def test_colour_that_changes_slowly_moves_over_long_spans_only() -> None:
    steady, gliding = _features(_tone(3.0)), _features(
        0.5 * np.sin(2 * np.pi * np.cumsum(np.geomspace(200, 4000, 3 * RATE)) / RATE))  # fmt: skip
    assert gliding["colour_moves_6"] > 5 * gliding["colour_moves_0"]
    assert gliding["colour_moves_6"] > 5 * steady["colour_moves_6"]


def test_strokes_of_one_drum_are_alike_and_those_of_a_kit_are_not() -> None:
    one = np.tile(np.concatenate([hit("snare"), np.zeros(RATE // 4)]), 6)
    kit = np.concatenate([np.concatenate([hit(part), np.zeros(RATE // 4)]) for part in ("kick", "hat") * 3])
    assert _features(kit)["attacks_from_last"] > 2 * _features(one)["attacks_from_last"]


def test_gain_does_not_matter() -> None:
    sound = loop(HOUSE, 124)
    loud, soft = _features(sound), _features(np.asarray(sound) * np.float32(0.2))
    assert all(soft[name] == pytest.approx(loud[name], abs=0.02) for name in FEATURES)


def test_moments_on_a_grid_are_regular() -> None:
    hz = np.geomspace(1, 10, 160)
    assert grid_strength(np.arange(12) * 0.25, hz) > 0.98
    assert grid_strength(np.sort(np.random.default_rng(2).uniform(0, 6, 60)), hz) < 0.2
