"""Fingerprints: what they hold, and what leaves them as they are."""

from __future__ import annotations

import numpy as np
import pytest

from samplemind.audio.clip import Clip
from samplemind.descriptors.engine import analyze
from samplemind.descriptors.fingerprint import BANDS, DEEPEST_DB, FINE, FRAME_S, SIZE, STRETCHES, stretch_edges, unpack

RATE = 44100


def levels(samples: np.ndarray) -> np.ndarray:
    values = analyze(Clip.from_array(samples.astype(np.float32), RATE), "standard", ["fingerprint"]).values
    assert values["fingerprint"].shape == (SIZE,)
    return unpack(values["fingerprint"]).astype(int)


def decaying(hz: float, seconds: float = 1.0, decay: float = 5.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return 0.5 * np.sin(2 * np.pi * hz * time) * np.exp(-decay * time)


def test_levels_are_whole_db_below_the_loudest() -> None:
    found = levels(decaying(440))
    assert found.shape == (FINE + STRETCHES, BANDS)
    assert found.max() == DEEPEST_DB
    assert found.min() >= 0


@pytest.mark.parametrize("gain", [0.01, 0.3, 1.9])
def test_gain_changes_nothing(gain: float) -> None:
    sound = decaying(300) + 0.01 * np.random.default_rng(0).standard_normal(RATE)
    assert np.abs(levels(sound) - levels(gain * sound)).max() <= 1


def test_silence_before_and_after_changes_nothing() -> None:
    sound = decaying(700)
    silence = np.zeros(20 * 512)  # whole frames
    padded = levels(np.concatenate([silence, sound, silence]))
    # The window reaches back over the attack by two frames, where there is something to reach back into.
    shifts = [np.abs(padded[shift : FINE - 3 + shift] - levels(sound)[: FINE - 3]).max() for shift in range(3)]
    assert min(shifts) <= 1


def test_levels_fall_as_the_sound_does() -> None:
    decay = 10.0
    course = levels(decaying(440, decay=decay)).max(axis=1)[2 : FINE - 2]
    slope = np.polyfit(np.arange(len(course)) * FRAME_S, course, 1)[0]
    assert slope == pytest.approx(-20 * np.log10(np.e) * decay, rel=0.03)


def test_a_tone_lies_in_its_band() -> None:
    low, high = levels(decaying(150))[3], levels(decaying(5000))[3]
    assert low.argmax() in (0, 1)
    assert high.argmax() > 10


def test_stretches_grow_and_follow_the_frames() -> None:
    edges = stretch_edges()
    assert edges[0] == FINE
    assert len(edges) == STRETCHES + 1
    assert (np.diff(np.diff(edges)) > 0).all()
    short, long = levels(decaying(440, 0.2, 1)), levels(decaying(440, 7.5, 0.1))
    assert (short[FINE:] == 0).all()
    sounding = (long[FINE:] > 40).any(axis=1)
    assert sounding.tolist() == [bool(begin * FRAME_S < 7.5) for begin in edges[:-1]]


def test_silence_has_none_and_a_long_sound_that_of_its_beginning() -> None:
    assert analyze(Clip.from_array(np.zeros(RATE, np.float32), RATE), "standard").values["fingerprint"] is None
    rng = np.random.default_rng(1)
    begin = decaying(440, 50.0, 0.05) + 0.01 * rng.standard_normal(50 * RATE)
    rest = 0.1 * rng.standard_normal(140 * RATE)
    assert (levels(np.concatenate([begin, rest])) == levels(begin)).all()


@pytest.mark.parametrize("samples", [np.ones(1) * 0.5, np.ones(40) * 0.1, np.eye(1, 5000)[0]])
def test_tiny_sounds_have_one(samples: np.ndarray) -> None:
    assert levels(samples).max() == DEEPEST_DB
