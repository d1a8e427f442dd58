from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio.clip import Clip
from samplemind.descriptors import tempo_kernels, tempo_trust
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.tempo import OTHER, SAME
from samplemind.descriptors.tempo_evidence import FRAME_RATE, gather
from tests.descriptors.drums import HOUSE, RATE, loop

FLOOR = np.float32(-50)
EDGES = np.array([0, 2, 21, 40])


def _curves(level_db: np.ndarray) -> np.ndarray:
    curves = np.empty((4, len(level_db)), np.float32)
    tempo_kernels.onset_curves(level_db, 10 ** (level_db / 10), FLOOR, EDGES, curves)
    return curves


def test_an_attack_is_heard_in_its_band_and_only_while_the_level_rises() -> None:
    level = np.full((20, 40), -80, np.float32)
    level[8:, 5] = -10
    curves = _curves(level)
    assert not curves[0].any()
    assert not curves[2].any()
    np.testing.assert_allclose(curves[1], [0] * 8 + [0.5] * 2 + [0] * 10, atol=1e-6)


def test_a_tone_that_moves_to_the_next_band_is_no_attack() -> None:
    level = np.full((20, 40), -80, np.float32)
    level[:10, 5] = -10
    level[10:, 6] = -10
    assert not _curves(level)[1][2:].any()


@given(st.integers(0, 2**31), st.integers(1, 60))
def test_each_curve_sums_to_one_or_is_empty(seed: int, frames: int) -> None:
    level = np.random.default_rng(seed).uniform(-80, 0, (frames, 40)).astype(np.float32)
    total = _curves(level).sum(axis=1)
    assert (np.isclose(total, 1, atol=1e-3) | (total == 0)).all()


def test_what_repeats_is_alike_after_its_period_alone() -> None:
    rows = np.zeros((3, 96), np.float32)
    rows[:, ::12] = 1
    rows -= rows.mean()
    product = np.sum([np.correlate(row, row, "full")[95:] for row in rows], axis=0)
    out = np.empty(96, np.float32)
    tempo_kernels.normalize(product, rows, out)
    np.testing.assert_allclose(out[[0, 12, 24]], 1, atol=0.05)
    assert (out[[6, 18]] < 0).all()


def test_strength_is_that_of_the_fourier_transform() -> None:
    evidence = gather(Signal(Clip.from_array(loop(HOUSE, 120), RATE)))
    hz = np.array([1.37, 2.0, 4.0, 7.1])
    strength = evidence.strength(hz)
    assert strength.shape == (4, 4)
    assert strength[0, 1] > 0.9  # kicks, two a second
    assert strength[0, 0] < 0.3
    again = np.empty((4, 1), np.float32)
    tempo_kernels.magnitudes(evidence.spectra, evidence.bins_per_hz, hz[1:2], again)
    np.testing.assert_array_equal(again[:, 0], strength[:, 1])
    exact = np.abs(evidence.spectra[:, round(2.0 * evidence.bins_per_hz)])
    np.testing.assert_allclose(strength[:, 1], exact, atol=0.02)


def test_a_loop_is_like_itself_a_beat_later() -> None:
    evidence = gather(Signal(Clip.from_array(loop(HOUSE, 120), RATE)))
    assert evidence.repetition_at(0.5) > evidence.repetition_at(0.37)
    assert evidence.repetition_at(10.0) == 0
    assert len(evidence.likeness[0]) == pytest.approx(4 * FRAME_RATE, abs=2)


def test_peaks_come_highest_first_and_between_the_points() -> None:
    at = np.arange(40.0)
    strength = np.exp(-0.5 * ((at - 10.3) / 3) ** 2) + 2 * np.exp(-0.5 * ((at - 29.8) / 3) ** 2)
    np.testing.assert_allclose(tempo_kernels.peaks(strength, 5), [29.8, 10.3], atol=0.02)
    assert len(tempo_kernels.peaks(strength, 1)) == 1
    assert len(tempo_kernels.peaks(at, 5)) == 0


def test_candidates_of_one_tempo_stand_together() -> None:
    bpm = np.array([120.0, 120.3, 90.0, 60.0])
    scores = np.log(np.array([0.25, 0.3, 0.4, 0.05], np.float32))
    best, mass, rival = tempo_kernels.choose(scores, bpm, SAME, OTHER)
    assert (best, rival) == (1, 2)
    assert mass == pytest.approx(0.55, abs=1e-5)


def test_a_single_candidate_has_no_rival() -> None:
    assert tempo_kernels.choose(np.zeros(1, np.float32), np.array([99.0]), SAME, OTHER) == (0, 1.0, -1)


def test_trust_is_a_chance_that_grows_with_the_mass() -> None:
    trust = [tempo_trust.chance_of_right(mass) for mass in np.linspace(0, 1, 21)]
    assert all(np.diff(trust) > 0)
    assert 0 < trust[0] < 0.1
    assert 0.95 < trust[-1] < 1
