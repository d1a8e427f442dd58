from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.descriptors import hpss, perceptual, spectrum, timbre
from samplemind.descriptors.catalogue import FRAME_FEATURES, descriptors
from samplemind.descriptors.frames import HOP, SPARSE_FROM

from .sounds import clicks, decaying, noise, signal, sine, times


def test_mfcc_agree_with_librosa_on_the_same_bands() -> None:
    librosa = pytest.importorskip("librosa")
    s = signal(noise(0.5))
    expected = librosa.feature.mfcc(S=s.mel_db.T, n_mfcc=20).T
    np.testing.assert_allclose(timbre.mfcc(s), expected, atol=1e-2)


def test_slopes_agree_with_librosa() -> None:
    librosa = pytest.importorskip("librosa")
    s = signal(decaying(400, 1.0))
    expected = librosa.feature.delta(timbre.mfcc(s), axis=0, width=9, mode="nearest")
    slopes = timbre._slopes(timbre.mfcc(s))
    np.testing.assert_allclose(slopes[4:-4], expected[4:-4], atol=1e-2)


def test_energy_shares() -> None:
    for hz, band in ((80, "low"), (1000, "mid"), (9000, "high")):
        values = timbre.compute(signal(sine(hz)))
        assert values[f"{band}_energy_ratio"] > 0.95


def test_steady_is_harmonic_and_clicks_are_percussive() -> None:
    steady = signal(sum(sine(220 * k, 2.0, -20) for k in range(1, 12)))
    hits = signal(clicks([0.1, 0.5, 0.9, 1.3], 2.0))
    assert timbre.compute(steady)["harmonic_percussive_ratio"] > 0.8
    assert timbre.compute(hits)["harmonic_percussive_ratio"] < 0.3
    assert hpss.compute(steady)["harmonic_share"] > 0.9
    assert hpss.compute(hits)["percussive_share"] > 0.8
    assert hpss.compute(hits)["percussive_onset_rate"] == pytest.approx(2.0, abs=0.5)


def test_medians_agree_with_scipy() -> None:
    from scipy.ndimage import median_filter

    x = np.random.default_rng(0).random((20, 60)).astype(np.float32)
    out = np.empty_like(x)
    hpss._median_of_rows(x, hpss.WIDTH, out)
    np.testing.assert_array_equal(out, median_filter(x, (1, hpss.WIDTH), mode="nearest"))


def test_long_sounds_separate_as_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    s = signal(noise(3.0, 0.05) + clicks([0.5, 1.0, 2.0], 3.0))
    whole = hpss.compute(s)
    monkeypatch.setattr(hpss, "_SEGMENT", 50)  # seams between segments must not show
    assert hpss.compute(s) == pytest.approx(whole, rel=1e-5)


def test_spectrum_gives_what_the_catalogue_lists() -> None:
    values = spectrum.compute(signal(noise(0.5)))
    listed = {d.name for d in descriptors("detailed") if d.group == "spectrum"}
    assert listed == set(values)
    for name in listed:
        if name.endswith("_median"):
            stem = name.removesuffix("_median")
            assert values[f"{stem}_min"] <= values[name] <= values[f"{stem}_max"]


def test_statistics_do_not_show_at_which_frames_they_were_made() -> None:
    y = noise(0.4) * (1 + 0.5 * np.sin(2 * np.pi * 8 * times(0.4)))
    border = (SPARSE_FROM - 1) * HOP
    sparse, dense = signal(y[: border + HOP // 2]), signal(y[: border - HOP // 2])
    assert (sparse.frames.step, dense.frames.step) == (2, 1)
    some, every = spectrum.compute(sparse), spectrum.compute(dense)
    for name in ("centroid", "spread", "flatness", "entropy", "rolloff", "flux", "zcr"):
        assert some[f"{name}_mean"] == pytest.approx(every[f"{name}_mean"], rel=0.03), name
        assert some[f"{name}_delta"] == pytest.approx(every[f"{name}_delta"], rel=0.25), name
    np.testing.assert_allclose(some["contrast_mean"], every["contrast_mean"], atol=1.5)


def test_spectrum_agrees_with_numpy_over_the_sounding_frames() -> None:
    s = signal(np.concatenate([noise(0.5), np.zeros(20000), noise(0.2, 0.05)]))
    values = spectrum.compute(s)
    energy = s.frames.energy[:: s.frames.step]
    rows = s.frames.features[energy > energy.max() * 1e-6]
    assert 0 < len(rows) < len(energy)
    for name in ("centroid", "kurtosis", "crest"):
        column = rows[:, list(FRAME_FEATURES).index(name)]
        assert values[f"{name}_mean"] == pytest.approx(column.mean(), rel=1e-4)
        assert values[f"{name}_std"] == pytest.approx(column.std(), rel=1e-3)
    sounding = s.frames.motion[s.active, 1]
    assert values["zcr_mean"] == pytest.approx(sounding.mean(), rel=1e-4)
    assert values["zcr_std"] == pytest.approx(sounding.std(), rel=1e-3)


def test_scales_order_sounds_as_ears_do() -> None:
    dark, bright = (perceptual.compute(signal(y)) for y in (sine(120, 1.0), noise(1.0)))
    assert bright["brightness"] > dark["brightness"] + 30
    assert bright["sharpness_acum"] > dark["sharpness_acum"] + 1
    assert dark["depth"] > bright["depth"] + 30
    assert dark["boominess"] > bright["boominess"] + 30
    soft, hard = (perceptual.compute(signal(y))["hardness"] for y in (
        sine(300, 1.0) * np.minimum(1, times(1.0) / 0.4), clicks([0.1], 1.0)))  # fmt: skip
    assert hard > soft + 30


def test_sharpness_reference() -> None:
    """1 acum is a narrow band of noise at 1 kHz (DIN 45692); the reduced form must come within a quarter."""
    t = times(2.0)
    rng = np.random.default_rng(0)
    y = sum(np.sin(2 * np.pi * f * t + rng.uniform(0, 6.3)) for f in rng.uniform(920, 1080, 40)) * 0.01
    assert perceptual.compute(signal(y))["sharpness_acum"] == pytest.approx(1.0, abs=0.25)


def test_beating_partials_are_rough_and_octaves_are_not() -> None:
    octave = sine(440, 1.0, -12) + sine(880, 1.0, -12)
    rough = sine(440, 1.0, -12) + sine(475, 1.0, -12)
    a, b = perceptual.compute(signal(octave)), perceptual.compute(signal(rough))
    assert b["roughness"] > a["roughness"] + 20
    assert b["dissonance"] > a["dissonance"]


@given(st.floats(-40, 0))
def test_gain_changes_nothing(db: float) -> None:
    y = noise(0.4) * 0.3 + sine(300, 0.4)
    for group in (timbre, hpss, perceptual):
        loud, soft = (group.compute(signal(x)) for x in (y, y * 10 ** (db / 20)))
        for name, value in loud.items():
            np.testing.assert_allclose(soft[name], value, rtol=1e-2, atol=5e-2, err_msg=name)
