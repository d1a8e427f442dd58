"""The one-pass kernel against textbook definitions (numpy, float64) and against librosa."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.descriptors import frames
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.frames import HOP, N_BINS, N_FFT, SR

from .sounds import noise, signal, sine, times

SOUNDS = {
    "noise": noise(1.0),
    "sine": sine(1000) + noise(1.0, 1e-4),
    "sweep": 0.5 * np.sin(2 * np.pi * 50 * 2 ** (8 * times(1.0)) / (8 * np.log(2))) + noise(1.0, 1e-4),
    "impulses": (np.arange(SR) % 4410 == 0) * 0.9 + noise(1.0, 1e-4),
}


def power(y: np.ndarray) -> np.ndarray:
    """Power spectrogram [shape=(n, bins)], float64, by the textbook."""
    padded = np.concatenate([np.zeros(N_FFT // 2), y, np.zeros(N_FFT)])
    n = 1 + len(y) // HOP
    blocks = np.stack([padded[t * HOP : t * HOP + N_FFT] for t in range(n)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    return np.abs(np.fft.rfft(blocks * window, axis=1)) ** 2 * (4 / N_FFT) ** 2


@pytest.mark.parametrize("name", SOUNDS)
def test_features_are_what_their_definitions_say(name: str) -> None:
    y = SOUNDS[name].astype(np.float32)
    found = frames.analyze_frames(y)
    p = power(y.astype(np.float64))[:, 1:] + 1e-14
    k = np.arange(1, N_BINS) * SR / N_FFT
    total = p.sum(axis=1)
    mean = (p * k).sum(axis=1) / total
    deviation = k - mean[:, None]
    spread = np.sqrt((p * deviation**2).sum(axis=1) / total)
    share = p / total[:, None]
    below = np.cumsum(p, axis=1)
    expected = {
        "centroid": mean,
        "spread": spread,
        "skewness": (share * deviation**3).sum(axis=1) / spread**3,
        "kurtosis": (share * deviation**4).sum(axis=1) / spread**4,
        "rolloff": k[np.argmax(below >= 0.85 * total[:, None], axis=1)],
        "rolloff95": k[np.argmax(below >= 0.95 * total[:, None], axis=1)],
        "flatness": np.exp(np.log(p).mean(axis=1)) / p.mean(axis=1),
        "entropy": -(share * np.log2(share)).sum(axis=1) / np.log2(N_BINS - 1),
        "crest": 10 * np.log10(p.max(axis=1) / p.mean(axis=1)),
    }
    inside = slice(3, -3)  # edges mix in the zeros beyond the sound
    for feature, every in expected.items():
        values = every[:: found.step]
        scale = np.abs(values[inside]).max()
        np.testing.assert_allclose(found.feature(feature)[inside], values[inside], rtol=5e-3, atol=2e-3 * scale,
                                   err_msg=feature)  # fmt: skip
    np.testing.assert_allclose(found.mel, p @ frames.mel_filters()[:, 1:].T, rtol=2e-3, atol=1e-9)


def test_agrees_with_librosa() -> None:
    librosa = pytest.importorskip("librosa")
    y = SOUNDS["sweep"].astype(np.float32)
    found = frames.analyze_frames(y)
    spectrum = np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP, pad_mode="constant")) ** 2
    inside = slice(3, -3)
    spectrum = spectrum[:, :: found.step]
    centroid = librosa.feature.spectral_centroid(S=spectrum, sr=SR)[0]
    spread = librosa.feature.spectral_bandwidth(S=spectrum, sr=SR)[0]
    rolloff = librosa.feature.spectral_rolloff(S=spectrum, sr=SR)[0]
    np.testing.assert_allclose(found.feature("centroid")[inside], centroid[inside], rtol=1e-3)
    np.testing.assert_allclose(found.feature("spread")[inside], spread[inside], rtol=1e-2)
    np.testing.assert_allclose(found.feature("rolloff")[inside], rolloff[inside], atol=SR / N_FFT)
    mel = librosa.filters.mel(sr=SR, n_fft=N_FFT, n_mels=frames.N_MELS, htk=False, norm=None)
    np.testing.assert_allclose(frames.mel_filters(), mel, atol=1e-5)


def test_agrees_with_essentia() -> None:
    essentia = pytest.importorskip("essentia.standard", reason="essentia has no wheel here")
    spectrum = np.sqrt(power(SOUNDS["noise"])[20]).astype(np.float32)
    found = frames.analyze_frames(SOUNDS["noise"].astype(np.float32))
    flatness = essentia.Flatness()(spectrum[1:] ** 2)
    crest = 10 * np.log10(essentia.Crest()(spectrum[1:] ** 2))
    assert found.feature("flatness")[20 // found.step] == pytest.approx(flatness, rel=5e-3)
    assert found.feature("crest")[20 // found.step] == pytest.approx(crest, abs=0.05)


def test_a_full_scale_sine_on_a_bin_has_power_one() -> None:
    y = np.sin(2 * np.pi * 100 * SR / N_FFT * times(1.0)).astype(np.float32)
    found = frames.analyze_frames(y)
    assert found.mean_power[100] == pytest.approx(1.0, rel=0.1)
    assert found.feature("centroid")[20] == pytest.approx(100 * SR / N_FFT, rel=1e-3)


@pytest.mark.parametrize("hz", [100, 1000, 10000])
def test_zero_crossings_of_a_tone(hz: float) -> None:
    zcr = frames.analyze_frames(sine(hz).astype(np.float32)).motion[:, 1]
    assert zcr[3:-3].mean() == pytest.approx(2 * hz, rel=0.02)


@given(st.integers(1, 40000), st.integers(0, 2**31))
def test_any_length_gives_finite_frames(length: int, seed: int) -> None:
    y = np.random.default_rng(seed).uniform(-1, 1, length).astype(np.float32)
    found = frames.analyze_frames(y)
    assert found.n == 1 + length // HOP
    assert found.step == (1 if found.n < frames.SPARSE_FROM else 2)
    assert len(found.features) == len(found.contrast) == len(found.energy[:: found.step])
    for array in (found.features, found.contrast, found.mel, found.mel_db, found.motion,
                  found.onset_strength, found.energy, found.mean_power):  # fmt: skip
        assert np.isfinite(array).all()


def _contrast(p: np.ndarray) -> np.ndarray:
    """Of one power spectrum, by sorting [shape=(7,)]."""
    k = np.arange(N_BINS) * SR / N_FFT
    out = []
    for low, high in pairwise(frames.CONTRAST_EDGES):
        band = np.sort(p[(k >= max(low, 1)) & ((k < high) | (high > 22000))])
        count = int(np.clip(frames.CONTRAST_SHARE * len(band) + 0.5, 1, 4))
        out.append(10 * np.log10(band[-count:].sum() / band[:count].sum()))
    return np.array(out)


@pytest.mark.parametrize("name", SOUNDS)
def test_contrast_is_that_of_the_sorted_bins(name: str) -> None:
    y = SOUNDS[name].astype(np.float32)
    expected = np.stack([_contrast(p) for p in power(y.astype(np.float64)) + 1e-14])
    found = frames.analyze_frames(y)
    np.testing.assert_allclose(found.contrast[3:-3], expected[:: found.step][3:-3], atol=0.3)  # float32 fills valleys


@pytest.mark.parametrize("name", SOUNDS)
def test_levels_and_novelty_are_what_their_definitions_say(name: str) -> None:
    found = frames.analyze_frames(SOUNDS[name].astype(np.float32))
    level = np.maximum(10 * np.log10(found.mel / found.mel.max()), -80)
    np.testing.assert_allclose(found.mel_db, level, atol=1e-3)

    def rise(x: np.ndarray) -> np.ndarray:
        wide = np.pad(x, ((0, 0), (1, 1)), mode="edge")
        highest = np.maximum(np.maximum(wide[:, :-2], wide[:, 1:-1]), wide[:, 2:])
        return np.maximum(x[1:] - highest[:-1], 0).mean(axis=1)

    np.testing.assert_allclose(found.motion[:, 0], [0, *rise(level)], atol=1e-3)
    clipped = np.maximum(level, -frames.RANGE_DB)
    first = (clipped[0] + frames.RANGE_DB).mean()
    np.testing.assert_allclose(found.onset_strength, [first, *rise(clipped)], atol=1e-3)


def test_short_sounds_are_described_at_every_frame() -> None:
    y = SOUNDS["sweep"].astype(np.float32)
    short, whole = frames.analyze_frames(y[:15000]), frames.analyze_frames(y)
    assert (short.step, whole.step) == (1, 2)
    inside = len(whole.features[: (short.n - 3) // 2])
    np.testing.assert_allclose(short.features[::2][:inside], whole.features[:inside], rtol=1e-3, atol=1e-2)


@given(st.floats(-40, 0))
def test_shape_of_the_spectrum_does_not_depend_on_gain(db: float) -> None:
    y = SOUNDS["noise"]
    loud, soft = (frames.analyze_frames((x).astype(np.float32)) for x in (y, y * 10 ** (db / 20)))
    for feature in set(FRAME_FEATURES) - {"hfc"}:
        np.testing.assert_allclose(soft.feature(feature), loud.feature(feature), rtol=2e-2, atol=2e-2, err_msg=feature)


def test_polarity_changes_nothing() -> None:
    a, b = (signal(x).frames for x in (SOUNDS["impulses"], -SOUNDS["impulses"]))
    np.testing.assert_allclose(a.features[:, :12], b.features[:, :12], rtol=1e-4, atol=1e-4)
