from __future__ import annotations

import numpy as np
import pytest

from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.descriptors.harmonic import compute

from .tones import SR, harmonic, hz_of, signal_of


def _partials(f0: float, amplitudes: list[float]) -> np.ndarray:
    t = np.arange(SR) / SR
    return 0.3 * np.sum([a * np.sin(2 * np.pi * f0 * (k + 1) * t + k) for k, a in enumerate(amplitudes)], axis=0)


def test_names_are_those_of_the_catalogue() -> None:
    assert set(compute(signal_of(harmonic(220)))) == {entry.name for entry in CATALOGUE if entry.group == "harmonic"}


def test_tristimulus_is_the_share_of_power_of_known_partials() -> None:
    amplitudes = [1.0, 0.7, 0.5, 0.4, 0.3, 0.2]
    power = np.square(amplitudes)
    expected = np.array([power[0], power[1:4].sum(), power[4:].sum()]) / power.sum()
    found = compute(signal_of(_partials(220, amplitudes)))
    np.testing.assert_allclose(found["tristimulus"], expected, atol=0.02)


def test_odd_even_ratio_of_known_partials() -> None:
    amplitudes = [1.0, 0.5, 0.6, 0.3, 0.4, 0.1]
    power = np.square(amplitudes)
    expected = 10 * np.log10(power[::2].sum() / power[1::2].sum())
    assert compute(signal_of(_partials(196, amplitudes)))["odd_even_ratio"] == pytest.approx(expected, abs=0.3)


def test_odd_partials_alone_have_a_high_ratio() -> None:
    assert compute(signal_of(harmonic(262, only_odd=True)))["odd_even_ratio"] > 30


def test_stretched_partials_are_inharmonic() -> None:
    plain = compute(signal_of(harmonic(110)))["inharmonicity"]
    stretched = compute(signal_of(harmonic(110, stretch=3e-4)))["inharmonicity"]
    assert plain < 0.02 < stretched


def test_noise_lowers_the_share_of_harmonic_energy() -> None:
    tone = harmonic(330)
    noisy = tone + 0.1 * np.random.default_rng(1).normal(0, 1, len(tone)).astype(np.float32)
    clean = compute(signal_of(tone))["harmonic_energy_ratio"]
    assert clean > 0.9
    assert compute(signal_of(noisy))["harmonic_energy_ratio"] < clean - 0.05


def test_nothing_is_said_of_sounds_without_pitch() -> None:
    assert set(compute(signal_of(np.random.default_rng(0).normal(0, 0.1, SR))).values()) == {None}


@pytest.mark.parametrize("midi", range(33, 90, 8))
def test_ranges(midi: int) -> None:
    found = compute(signal_of(harmonic(hz_of(midi), 0.5)))
    assert 0 <= found["inharmonicity"] <= 1
    assert 0 <= found["harmonic_energy_ratio"] <= 1
    assert found["tristimulus"].sum() == pytest.approx(1, abs=1e-5)
