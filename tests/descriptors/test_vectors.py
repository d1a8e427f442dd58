from __future__ import annotations

import numpy as np
import pytest

from samplemind.audio.clip import Clip
from samplemind.descriptors import aspects, sample_class, vectors
from samplemind.descriptors.signal import Signal

from .sounds import SR, clicks, decaying, noise, signal, sine


def test_traits_do_not_depend_on_gain() -> None:
    y = decaying(220, 1.0) + 0.2 * noise(1.0)
    loud, soft = (vectors.traits(signal(y * gain)) for gain in (0.5, 0.1))
    fitted = vectors._fitted()
    assert len(loud) == len(fitted["mean"]) == len(sample_class._fitted()[1])
    np.testing.assert_allclose((loud - soft) / fitted["deviation"], 0, atol=0.05)


def test_what_is_not_known_is_a_number_too() -> None:
    """Noise has no pitch, and so no glide and no tristimulus either."""
    y = signal(noise(1.0))
    assert y.values("pitch")["f0_hz"] is None
    assert np.isfinite(vectors.traits(y)).all()


def test_one_odd_trait_does_not_outweigh_all_others() -> None:
    y = vectors.standardized(signal((np.arange(20000) == 10000) * 1.0))
    assert np.abs(y).max() == vectors.LIMIT


def test_rhythm_is_the_autocorrelation_of_the_attacks() -> None:
    y = signal(clicks([0.25 * k for k in range(16)], 4.0))
    strength = y.onset_strength.astype(np.float64)
    strength -= strength.mean()
    whole = np.correlate(strength, strength, "full")[len(strength) - 1 :]
    lags = 0.06 * 2 ** (np.arange(30) / 6) * SR / 512
    expected = np.interp(lags, np.arange(len(whole)), whole / whole[0], right=0.0)
    np.testing.assert_allclose(aspects.rhythm_aspect(y)[:30], expected, atol=1e-4)


def test_course_lies_between_full_and_60_db_below() -> None:
    course = aspects.envelope_aspect(signal(decaying(1000, 1.0, 60.0)))[:28]
    assert course[0] == pytest.approx(0.5, abs=0.02)
    assert course[-1] == pytest.approx(-0.5, abs=0.05)
    assert (np.diff(course) < 0.02).all()


def test_equal_progressions_in_other_keys_are_near() -> None:
    def chords(tonic_hz: float) -> Signal:
        steps = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7))
        return signal(np.concatenate([sum(sine(tonic_hz * 2 ** (s / 12), 1.0, -15) for s in chord) for chord in steps]))

    here, there = chords(261.63), chords(329.63)
    assert here.values("tonality")["key"] == "C"
    assert there.values("tonality")["key"] == "E"
    one, other = aspects.harmony_aspect(here), aspects.harmony_aspect(there)
    assert one is not None
    assert other is not None
    assert np.corrcoef(one[12:], other[12:])[0, 1] > 0.9 > np.corrcoef(one[:12], other[:12])[0, 1]


@pytest.mark.parametrize("length", [1, 2, 64, 700])
def test_any_length_gives_vectors_of_length_one(length: int) -> None:
    for name, vector in vectors.compute(Signal(Clip.from_array(noise(1.0)[:length], SR))).items():
        if vector is not None:
            assert vector.dtype == np.float32
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5), name
