"""Harmony in any key and rhythm at any tempo: what a musician takes for the same is near."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import samplemind as sm
from samplemind.library.search.scoring import Sound, Term, distances
from samplemind.library.search.variants import HARMONY, RHYTHM, tempi, transpositions

RATE = 22050


def heard(samples: np.ndarray, column: str) -> np.ndarray:
    vector = sm.analyze(sm.Clip.from_array(samples.astype(np.float32), RATE), groups=["vectors"]).values[column]
    assert vector is not None
    return np.asarray(vector)


def distance(column: str, variants: np.ndarray, vector: np.ndarray) -> float:
    return float(distances(Term(column, (Sound(variants),)), vector[np.newaxis])[0])


def chord(semitones: int) -> np.ndarray:
    time = np.arange(RATE * 2) / RATE
    notes = [220 * 2 ** ((semitones + step) / 12) for step in (0, 4, 7)]
    return sum(np.sin(2 * np.pi * hz * time * partial) / partial for hz in notes for partial in (1, 2, 3)) * 0.1


def clicks(bpm: float, pattern: tuple[float, ...] = (1, 0.3, 0.6, 0.3)) -> np.ndarray:
    rng = np.random.default_rng(0)
    out = 1e-4 * rng.standard_normal(RATE * 6)
    step = 60 / bpm / 2
    for number in range(int(6 / step)):
        at = int(number * step * RATE)
        burst = rng.standard_normal(800) * np.exp(-np.arange(800) / 150) * pattern[number % len(pattern)]
        out[at : at + 800] += burst[: len(out) - at]
    return out * 0.3


@pytest.mark.parametrize("semitones", [1, 3, 6, 10])
def test_the_same_chord_in_another_key(semitones: int) -> None:
    one, other = heard(chord(0), HARMONY), heard(chord(semitones), HARMONY)
    plain, tolerant = (distance(HARMONY, variants, other) for variants in (one[np.newaxis], transpositions(one)))
    assert tolerant < 0.05
    assert tolerant < plain / 3


@pytest.mark.parametrize("bpm", [90, 104, 150, 180])
def test_the_same_rhythm_at_another_tempo(bpm: float) -> None:
    one, other = heard(clicks(120), RHYTHM), heard(clicks(bpm), RHYTHM)
    plain, tolerant = (distance(RHYTHM, variants, other) for variants in (one[np.newaxis], tempi(one)))
    assert tolerant < plain / 2


units = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).standard_normal(32)).map(
    lambda vector: (vector / np.linalg.norm(vector)).astype(np.float32)
)  # fmt: skip


@given(units)
def test_variants_are_unit_vectors_and_hold_the_sound_itself(vector: np.ndarray) -> None:
    harmony = vector[:24] / np.linalg.norm(vector[:24])
    for one, variants, shape in ((harmony, transpositions(harmony), (12, 24)), (vector, tempi(vector), (25, 32))):
        assert (variants.shape, variants.dtype) == (shape, np.float32)
        assert np.linalg.norm(variants, axis=1) == pytest.approx(1, abs=1e-5)
        assert np.abs(variants - one).max(axis=1).min() < 1e-6


@given(units, st.integers(0, 11))
def test_turned_by_whole_steps_it_is_the_same(vector: np.ndarray, steps: int) -> None:
    harmony = vector[:24] / np.linalg.norm(vector[:24])
    turned = np.concatenate([np.roll(harmony[:12], steps), harmony[12:]])
    assert distance(HARMONY, transpositions(harmony), turned) == pytest.approx(0, abs=1e-5)
