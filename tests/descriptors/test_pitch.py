from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio.decode import decode
from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.descriptors.partials import RATE, partials
from samplemind.descriptors.periodicity import frames_acf, lag_value
from samplemind.descriptors.pitch import compute
from samplemind.descriptors.signal import Signal

from .tones import SR, chord, harmonic, hz_of, signal_of

NOTES = st.integers(21, 108)


def _cents(found: float, truth: float) -> float:
    return float(1200 * np.log2(found / truth))


def test_names_are_those_of_the_catalogue() -> None:
    assert set(compute(signal_of(harmonic(220)))) == {entry.name for entry in CATALOGUE if entry.group == "pitch"}


@given(NOTES, st.floats(-40, 40))
def test_tones_of_many_partials_give_note_and_cents(midi: int, cents: float) -> None:
    found = compute(signal_of(harmonic(hz_of(midi + cents / 100), 1.2)))
    assert found["midi_note"] == midi
    assert found["cents_off"] == pytest.approx(cents, abs=4)


@pytest.mark.parametrize("midi", range(28, 108, 4))
def test_sines(midi: int) -> None:
    t = np.arange(SR) / SR
    found = compute(signal_of(0.4 * np.sin(2 * np.pi * hz_of(midi) * t)))
    assert abs(_cents(found["f0_hz"], hz_of(midi))) < 5
    assert found["pitch_confidence"] > 0.5
    assert found["pitch_salience"] > 0.85  # a period of a few samples is a little off its parabola


@pytest.mark.parametrize("midi", range(24, 97, 6))
def test_saws(midi: int) -> None:
    from scipy.signal import sawtooth

    t = np.arange(SR) / SR
    assert compute(signal_of(0.3 * sawtooth(2 * np.pi * hz_of(midi) * t)))["midi_note"] == midi


@pytest.mark.parametrize("midi", range(33, 70, 4))
def test_the_fundamental_may_be_missing(midi: int) -> None:
    assert compute(signal_of(harmonic(hz_of(midi), first=2, slope=0.6)))["midi_note"] == midi


@pytest.mark.parametrize("midi", range(36, 85, 6))
def test_odd_partials_alone(midi: int) -> None:
    assert compute(signal_of(harmonic(hz_of(midi), only_odd=True)))["midi_note"] == midi


@pytest.mark.parametrize("midi", range(24, 90, 6))
def test_partials_of_stiff_strings(midi: int) -> None:
    assert compute(signal_of(harmonic(hz_of(midi), 2.0, stretch=3e-4, slope=0.8)))["midi_note"] == midi


@pytest.mark.parametrize("midi", range(30, 90, 7))
def test_detuned_unison_is_one_note(midi: int) -> None:
    y = sum(harmonic(hz_of(midi + d / 100), decay_s=5.0) for d in (-12, -4, 5, 13))
    found = compute(signal_of(0.2 * np.asarray(y)))
    assert found["midi_note"] == midi
    assert abs(found["cents_off"]) < 15


@pytest.mark.parametrize("midi", [45, 60, 74])
def test_vibrato_is_range_and_not_glide(midi: int) -> None:
    t = np.arange(2 * SR) / SR
    cents = 50 * np.sin(2 * np.pi * 5 * t)
    phase = 2 * np.pi * np.cumsum(hz_of(midi) * 2 ** (cents / 1200)) / SR
    found = compute(signal_of(sum(0.3 / k * np.sin(k * phase) for k in range(1, 8))))
    assert found["midi_note"] == midi
    assert 25 < found["pitch_range_cents"] < 130
    assert abs(found["pitch_glide_cents"]) < 80


@pytest.mark.parametrize("octaves", [-1.0, -0.5, 0.5, 1.0])
def test_sweep_is_a_glide_of_its_sign_and_size(octaves: float) -> None:
    t = np.arange(int(1.5 * SR)) / SR
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (octaves * t / 1.5)) / SR
    found = compute(signal_of(sum(0.3 / k * np.sin(k * phase) for k in range(1, 6))))
    if found["pitch_glide_cents"] is not None:
        assert found["pitch_glide_cents"] == pytest.approx(1200 * octaves, rel=0.35)
    assert found["pitch_confidence"] < compute(signal_of(harmonic(220, 1.5)))["pitch_confidence"]


@pytest.mark.parametrize("seed", range(6))
def test_noise_has_no_pitch(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(0, 0.2, SR) * np.exp(-np.arange(SR) / SR * rng.uniform(0.1, 20))
    found = compute(signal_of(y))
    assert found["midi_note"] is None
    assert found["f0_hz"] is None
    assert found["voicing"] < 0.5


def test_confidence_of_a_chord_is_below_that_of_its_notes() -> None:
    of_chord = compute(signal_of(chord([48, 52, 55])))["pitch_confidence"]
    assert of_chord < min(compute(signal_of(harmonic(hz_of(m), slope=1.5)))["pitch_confidence"] for m in (48, 52, 55))


@given(NOTES, st.floats(-40, 20))
def test_gain_and_polarity_change_nothing(midi: int, gain_db: float) -> None:
    y = harmonic(hz_of(midi), 0.6)
    plain, other = compute(signal_of(y)), compute(signal_of(-y * np.float32(10 ** (gain_db / 20))))
    assert other["midi_note"] == plain["midi_note"]
    assert other["f0_hz"] == pytest.approx(plain["f0_hz"], rel=1e-4)
    assert other["pitch_confidence"] == pytest.approx(plain["pitch_confidence"], abs=0.02)


@pytest.mark.parametrize("rate", [16000, 22050, 48000, 96000])
@pytest.mark.parametrize("midi", [33, 57, 81])
def test_sample_rate_changes_nothing(rate: int, midi: int) -> None:
    found = compute(signal_of(harmonic(hz_of(midi), sr=rate), rate))
    assert found["midi_note"] == midi
    assert abs(found["cents_off"]) < 4


def test_leading_silence_changes_nothing() -> None:
    y = harmonic(hz_of(50), 0.8)
    late = compute(signal_of(np.concatenate([np.zeros(SR, np.float32), y])))
    assert late["f0_hz"] == pytest.approx(compute(signal_of(y))["f0_hz"], rel=1e-3)


@pytest.mark.parametrize("samples", [1, 10, 100, 600])
def test_shortest_sounds_say_something_or_nothing_but_do_not_fail(samples: int) -> None:
    values = compute(signal_of(harmonic(440, 0.1)[:samples] + np.float32(0.1)))
    assert 0 <= values["pitch_confidence"] <= 1


@given(st.floats(3, 400))
def test_lag_value_is_exact_between_samples(lag: float) -> None:
    t = np.arange(500)
    assert lag_value(np.cos(2 * np.pi * t / 9.7), lag) == pytest.approx(np.cos(2 * np.pi * lag / 9.7), abs=0.01)


@pytest.mark.parametrize("hz", [55.0, 110.0, 440.0])
def test_autocorrelation_of_a_sine_is_a_cosine(hz: float) -> None:
    found = partials(signal_of(0.5 * np.sin(2 * np.pi * hz * np.arange(SR) / SR)))
    acf = frames_acf(found.x, found.starts, found.width, 600)
    np.testing.assert_allclose(acf[0], np.cos(2 * np.pi * hz * np.arange(600) / RATE), atol=0.03)


def test_peaks_have_frequency_and_height_of_the_sines() -> None:
    t = np.arange(SR) / SR
    found = partials(signal_of(0.5 * np.sin(2 * np.pi * 441.3 * t) + 0.25 * np.sin(2 * np.pi * 1502.7 * t)))
    row = found.freqs[1, : found.counts[1]]
    amps = found.amps[1, : found.counts[1]]
    strongest = np.sort(np.argsort(-amps)[:2])
    np.testing.assert_allclose(row[strongest], [441.3, 1502.7], atol=0.1)
    assert amps[strongest[0]] / amps[strongest[1]] == pytest.approx(2, rel=0.03)


def test_a_long_sound_takes_little_more_memory_than_its_samples() -> None:
    signal = signal_of(np.random.default_rng(0).normal(0, 0.1, 60 * SR))
    samples = signal.at(RATE)
    partials(signal_of(samples[:RATE]))  # tables and kernels are there already
    tracemalloc.start()
    partials(signal)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * samples.nbytes


@pytest.mark.slow
def test_real_notes(corpora: Path) -> None:
    with (corpora / "dev" / "labels.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["midi_note"]]
    right = [
        compute(Signal(decode(str(corpora / "dev" / r["path"]))))["midi_note"] == round(float(r["midi_note"]))
        for r in rows
    ]
    assert np.mean(right) >= 0.96


@pytest.mark.parametrize("midi", range(36, 90, 5))
def test_agrees_with_essentia_yin_on_steady_tones(midi: int) -> None:
    essentia = pytest.importorskip("essentia.standard", reason="essentia is not installed")
    y = harmonic(hz_of(midi), 1.0, decay_s=10.0)
    frame = y[8192 : 8192 + 4096]
    theirs, _ = essentia.PitchYin(frameSize=4096, sampleRate=SR)(frame)
    assert abs(_cents(compute(signal_of(y))["f0_hz"], float(theirs))) < 10
