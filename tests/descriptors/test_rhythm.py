from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio.clip import Clip
from samplemind.audio.decode import decode
from samplemind.descriptors import rhythm, tempo_candidates
from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.tempo_evidence import gather
from tests.descriptors.drums import HOUSE, RATE, ROCK, WALTZ, hit, loop

TEMPOS = st.integers(90, 150)


def _values(samples: Any, rate: int = RATE) -> dict[str, Any]:
    return rhythm.compute(Signal(Clip.from_array(samples, rate)))


def _is_octave(bpm: float, truth: float) -> bool:
    return any(abs(bpm / truth / factor - 1) < 0.01 for factor in (0.5, 1, 2))


def test_names_are_those_of_the_catalogue() -> None:
    expected = {entry.name for entry in CATALOGUE if entry.group == "rhythm"}
    assert set(_values(loop(ROCK, 110))) == expected
    assert set(_values(hit("kick"))) == expected


@pytest.mark.parametrize("bpm", [92, 107, 126, 141])
@pytest.mark.parametrize("pattern", [ROCK, HOUSE])
def test_a_perfect_loop_has_the_tempo_of_its_length(bpm: int, pattern: dict[str, tuple[int, ...]]) -> None:
    found = _values(loop(pattern, bpm))
    assert found["bpm"] == pytest.approx(bpm, rel=2e-4)
    assert found["beat_count"] == 8
    assert found["musical_length_s"] == pytest.approx(8 * 60 / bpm, rel=1e-4)
    assert found["bpm_confidence"] > 0.5


@given(TEMPOS)
def test_any_whole_tempo_is_found(bpm: int) -> None:
    assert _is_octave(_values(loop(ROCK, bpm))["bpm"], bpm)


@given(TEMPOS, st.floats(0.2, 1.5))
def test_a_ringing_tail_does_not_change_the_tempo(bpm: int, tail_s: float) -> None:
    found = _values(loop(ROCK, bpm, bars=4, tail_s=tail_s))
    assert _is_octave(found["bpm"], bpm)
    assert found["musical_length_s"] == pytest.approx(16 * 60 / bpm, rel=0.01)


def test_silence_before_the_loop_moves_the_first_beat() -> None:
    found = _values(loop(HOUSE, 124, lead_s=0.05))
    assert found["bpm"] == pytest.approx(124, rel=0.005)
    assert found["downbeat_s"] == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("swing", [0.15, 0.3])
def test_swing_is_no_other_tempo(swing: float) -> None:
    pattern = ROCK | {"hat": tuple(range(16))}
    assert _values(loop(pattern, 104, swing=swing))["bpm"] == pytest.approx(104, rel=0.01)


@pytest.mark.parametrize("bpm", [104, 132, 151])
@pytest.mark.parametrize("bars", [2, 4, 8])
def test_three_beats_a_bar(bpm: int, bars: int) -> None:
    found = _values(loop(WALTZ, bpm, bars=bars, per_bar=3))
    assert found["bpm"] == pytest.approx(bpm, rel=0.001)
    assert found["beats_per_bar"] == 3
    assert found["beat_count"] == 3 * bars


def test_beats_lie_on_the_kicks() -> None:
    signal = Signal(Clip.from_array(loop(HOUSE, 120), RATE))
    np.testing.assert_allclose(rhythm.beat_times(signal), np.arange(8) * 0.5, atol=0.005)


@pytest.mark.parametrize("part", ["kick", "snare", "hat"])
def test_a_single_hit_has_no_tempo(part: str) -> None:
    padded = np.concatenate([hit(part), np.zeros(RATE)])
    for sound in (hit(part), padded):
        found = _values(sound)
        assert found["bpm"] is None
        assert found["beat_count"] is None


def test_noise_has_no_sure_tempo() -> None:
    for seed in range(4):
        noise = 0.3 * np.random.default_rng(seed).standard_normal(3 * RATE)
        found = _values(noise)
        assert found["bpm"] is None or found["bpm_confidence"] < 0.5


def test_a_sustained_tone_that_dies_away_has_no_tempo() -> None:
    t = np.arange(3 * RATE) / RATE
    assert _values(np.sin(2 * np.pi * 220 * t) * np.exp(-t * 2))["bpm"] is None


def test_beat_times_are_empty_without_a_beat() -> None:
    assert len(rhythm.beat_times(Signal(Clip.from_array(hit("kick"), RATE)))) == 0


@given(TEMPOS, st.floats(0.001, 1.0), st.booleans())
def test_gain_and_polarity_do_not_matter(bpm: int, gain: float, flipped: bool) -> None:
    samples = loop(ROCK, bpm)
    scaled = samples * np.float32(-gain if flipped else gain)
    assert _values(scaled)["bpm"] == pytest.approx(_values(samples)["bpm"], rel=1e-6)


@pytest.mark.parametrize("rate", [22050, 48000, 96000])
def test_the_rate_of_the_file_does_not_matter(rate: int) -> None:
    assert _values(loop(ROCK, 118, rate=rate), rate)["bpm"] == pytest.approx(118, rel=5e-4)


def test_stereo_is_heard_as_its_sum() -> None:
    mono = loop(ROCK, 118)
    assert _values(np.stack([mono, mono]))["bpm"] == pytest.approx(_values(mono)["bpm"])


def test_the_runner_up_is_another_tempo() -> None:
    found = _values(loop(HOUSE, 128))
    assert found["bpm_alternative"] is not None
    assert abs(found["bpm_alternative"] / found["bpm"] - 1) > 0.02


@pytest.mark.parametrize("seconds", [0.0001, 0.01, 0.3, 0.56])
def test_very_short_sounds_are_no_trouble(seconds: float) -> None:
    samples = np.random.default_rng(0).standard_normal(max(1, int(seconds * RATE)))
    assert _values(samples)["bpm"] is None


def test_features_have_the_names_that_the_network_knows() -> None:
    evidence = gather(Signal(Clip.from_array(loop(ROCK, 100), RATE)))
    found = tempo_candidates.candidates(evidence)
    described = tempo_candidates.features(evidence, found)
    assert described.shape == (len(found.bpm), len(tempo_candidates.FEATURES))
    assert np.isfinite(described).all()
    assert (np.abs(found.bpm / 100 - 1) < 1e-4).any()


def test_a_long_recording_is_judged_in_bounded_time() -> None:
    samples = np.tile(loop(ROCK, 100, bars=8), 5)  # 96 s
    found = _values(samples)
    assert found["bpm"] is None or _is_octave(found["bpm"], 100)


def test_real_loops(corpora: Path) -> None:
    with (corpora / "dev" / "labels.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["bpm"] and "SUSPECT" not in row["notes"]]
    right = sure = sure_right = 0
    for row in rows:
        found = rhythm.compute(Signal(decode(corpora / "dev" / row["path"])))
        hit = found["bpm"] is not None and abs(found["bpm"] / float(row["bpm"]) - 1) < 0.01
        right += hit
        if (found["bpm_confidence"] or 0) >= 0.8:
            sure += 1
            sure_right += hit
    assert len(rows) > 50
    assert right / len(rows) >= 0.9
    assert sure / len(rows) >= 0.75
    assert sure_right / sure >= 0.95


def test_speech_has_no_tempo(corpora: Path) -> None:
    with (corpora / "dev" / "labels.csv").open(newline="", encoding="utf-8") as handle:
        spoken = [row["path"] for row in csv.DictReader(handle) if row["kind_detail"] == "speech"][::3]
    told = [rhythm.compute(Signal(decode(corpora / "dev" / path)))["bpm"] is not None for path in spoken]
    assert len(told) > 20
    assert np.mean(told) < 0.08
