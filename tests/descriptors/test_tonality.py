from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.descriptors.chords import chord_chances, chords
from samplemind.descriptors.pitch_classes import NAMES, pitch_classes
from samplemind.descriptors.tonality import KEY_EVIDENCE, PROFILES, compute, key_chances, key_table

from .tones import SR, cadence, chord, harmonic, hz_of, signal_of


def test_names_are_those_of_the_catalogue() -> None:
    assert set(compute(signal_of(cadence(0, "major")))) == {
        entry.name for entry in CATALOGUE if entry.group == "tonality"
    }


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_cadences_in_all_keys(tonic: int, mode: str) -> None:
    found = compute(signal_of(cadence(tonic, mode)))
    assert (found["key"], found["scale"]) == (NAMES[tonic], mode)
    assert found["key_confidence"] > 0.6
    assert found["key_strength"] > 0.6


@pytest.mark.parametrize("semitones", [1, 5, 7])
def test_the_table_of_evidence_turns_with_the_sound(semitones: int) -> None:
    tables = []
    for tonic in (0, semitones):
        classes = pitch_classes(signal_of(cadence(tonic, "minor")))
        tables.append(key_table(classes, chord_chances(classes)))
    turned = np.vstack([np.roll(tables[0][:12], semitones, axis=0), np.roll(tables[0][12:], semitones, axis=0)])
    assert turned.shape == (24, len(KEY_EVIDENCE))
    assert np.corrcoef(turned.ravel(), tables[1].ravel())[0, 1] > 0.97


@pytest.mark.parametrize("first", ["C", "Am"])
def test_of_the_same_chords_the_one_that_begins_and_ends_is_the_tonic(first: str) -> None:
    chords_of = {"C": [48, 60, 64, 67], "Am": [45, 60, 64, 69], "F": [41, 60, 65, 69], "G": [43, 59, 62, 67]}
    order = ["C", "F", "G", "C"] if first == "C" else ["Am", "F", "G", "Am"]
    found = compute(signal_of(np.concatenate([chord(chords_of[name], 0.8) for name in order])))
    assert (found["key"], found["scale"]) == (("C", "major") if first == "C" else ("A", "minor"))


def test_chances_of_keys_turn_with_the_evidence() -> None:
    classes = pitch_classes(signal_of(cadence(0, "minor")))
    table = key_table(classes, chord_chances(classes))
    chances = key_chances(table)
    assert chances.sum() == pytest.approx(1, abs=1e-5)
    up = np.vstack([np.roll(table[:12], 3, axis=0), np.roll(table[12:], 3, axis=0)])
    np.testing.assert_allclose(key_chances(up)[12:], np.roll(chances[12:], 3), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("midi", [48, 60, 67])
def test_overtones_count_less_as_notes(midi: int) -> None:
    classes = pitch_classes(signal_of(harmonic(hz_of(midi))))
    totals = [view.sum(axis=0) for view in (classes.frames, classes.notes)]
    folded, notes = (float(total[(midi + 7) % 12] / total[midi % 12]) for total in totals)
    assert notes < 0.7 * folded


@pytest.mark.parametrize("cents", [-40, -25, -10, 0, 15, 35])
def test_tuning_is_recovered(cents: float) -> None:
    y = np.concatenate([harmonic(hz_of(m + cents / 100), 0.6) for m in (60, 64, 67, 72)])
    assert compute(signal_of(y))["tuning_cents"] == pytest.approx(cents, abs=3)


@pytest.mark.parametrize("cents", [-35, 30])
def test_key_does_not_hang_on_the_tuning(cents: float) -> None:
    notes = [
        [m + cents / 100 for m in row]
        for row in ([43, 62, 67, 71], [48, 64, 67, 72], [50, 62, 66, 69], [43, 62, 67, 71])
    ]
    y = np.concatenate([np.sum([harmonic(hz_of(m), 0.8, slope=1.5) for m in row], axis=0) for row in notes])
    found = compute(signal_of(0.2 * y))
    assert (found["key"], found["scale"]) == ("G", "major")


@pytest.mark.parametrize("midi", range(48, 72, 5))
def test_single_note_is_the_strongest_pitch_class(midi: int) -> None:
    found = compute(signal_of(harmonic(hz_of(midi), slope=1.5)))
    assert int(np.argmax(found["hpcp"])) == midi % 12
    assert found["hpcp"].max() == pytest.approx(1)


def test_entropy_orders_note_chord_and_cluster() -> None:
    values = [compute(signal_of(chord(notes)))["hpcp_entropy"] for notes in ([60], [60, 64, 67], list(range(60, 72)))]
    assert values == sorted(values)
    assert values[-1] > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_noise_has_no_key(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = compute(signal_of(rng.normal(0, 0.2, 2 * SR) * np.exp(-np.arange(2 * SR) / SR * rng.uniform(0, 10))))
    assert found["key"] is None
    assert found["scale"] is None
    assert found["tonal_share"] < 0.3


def test_drums_have_no_key() -> None:
    rng = np.random.default_rng(5)
    t = np.arange(SR // 4) / SR
    kick = np.sin(2 * np.pi * 50 * t + 30 * np.exp(-t * 40)) * np.exp(-t * 15)
    snare = rng.normal(0, 0.4, len(t)) * np.exp(-t * 25)
    assert compute(signal_of(np.concatenate([kick, snare] * 6)))["key"] is None


def drum_loop(rng: np.random.Generator) -> np.ndarray:
    """Two bars of kick, snare, tuned toms and hats."""
    t = np.arange(SR // 2) / SR
    kick = np.sin(2 * np.pi * rng.uniform(45, 65) * t + 20 * np.exp(-t * 40)) * np.exp(-t * 12)
    toms = [0.7 * np.sin(2 * np.pi * f * t + 3 * np.exp(-t * 30)) * np.exp(-t * 14) for f in rng.uniform(80, 240, 2)]
    snare = (rng.normal(0, 0.5, len(t)) + 0.3 * np.sin(2 * np.pi * rng.uniform(160, 220) * t)) * np.exp(-t * 25)
    hat = rng.normal(0, 0.25, len(t)) * np.exp(-t * 60)
    y = np.zeros(SR * 4 + len(t))
    for step in range(32):
        hits = [hat, *([kick] if step % 8 in (0, 5) else []), *([snare] if step % 8 == 4 else [])]
        hits += [toms[step % 2]] if rng.random() < 0.25 else []
        for hit in hits:
            y[step * SR // 8 : step * SR // 8 + len(t)] += hit
    return y[: SR * 4]


def test_drum_loops_with_toms_have_no_key() -> None:
    rng = np.random.default_rng(1)
    told = [compute(signal_of(drum_loop(rng)))["key"] is not None for _ in range(20)]
    assert sum(told) <= 2


def test_a_cadence_keeps_its_key_under_drums() -> None:
    rng = np.random.default_rng(2)
    for tonic in (0, 5, 9):
        music = cadence(tonic, "major")
        drums = np.resize(drum_loop(rng), len(music))
        found = compute(signal_of(music / np.abs(music).max() + 0.5 * drums / np.abs(drums).max()))
        assert (found["key"], found["scale"]) == (NAMES[tonic], "major")


@given(st.floats(-40, 12), st.booleans())
def test_gain_and_polarity_change_nothing(gain_db: float, flipped: bool) -> None:
    y = cadence(9, "minor")
    found = compute(signal_of(y * 10 ** (gain_db / 20) * (-1 if flipped else 1)))
    assert (found["key"], found["scale"]) == ("A", "minor")
    np.testing.assert_allclose(found["hpcp"], compute(signal_of(y))["hpcp"], atol=0.02)


@pytest.mark.parametrize("rate", [22050, 48000])
def test_sample_rate_changes_nothing(rate: int) -> None:
    import soxr

    found = compute(signal_of(soxr.resample(cadence(2, "major"), SR, rate), rate))
    assert (found["key"], found["scale"]) == ("D", "major")


def test_chords_of_a_cadence_in_order_and_time() -> None:
    times, labels = chords(signal_of(cadence(0, "major")))
    assert labels == ["C", "F", "G", "C"]
    np.testing.assert_allclose(times, [0, 0.8, 1.6, 2.4], atol=0.25)


def test_minor_chords_and_none() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * SR)
    _, labels = chords(signal_of(np.concatenate([chord([45, 57, 60, 64], 2.0), noise])))
    assert labels == ["Am", "N"]


def test_silence_has_no_chords() -> None:
    times, labels = chords(signal_of(np.zeros(SR)))
    assert len(times) == len(labels) == 0


@pytest.mark.parametrize("samples", [1, 50, 3000])
def test_shortest_sounds_have_no_key(samples: int) -> None:
    assert compute(signal_of(0.5 * np.hanning(samples + 2)[1:-1]))["key"] is None


def test_profiles_have_twelve_degrees_and_favour_the_triad_of_the_tonic() -> None:
    for modes in PROFILES.values():
        for third, profile in zip((4, 3), modes, strict=True):
            assert len(profile) == 12
            assert min(profile[0], profile[third], profile[7]) > sum(profile) / 12
            assert np.argsort(profile)[-1] in (0, 7)


@pytest.mark.parametrize("tonic", [0, 3, 7, 10])
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_agrees_with_essentia_key_on_cadences(tonic: int, mode: str) -> None:
    essentia = pytest.importorskip("essentia.standard", reason="essentia is not installed")
    y = cadence(tonic, mode).astype(np.float32)
    key, scale, _ = essentia.KeyExtractor(profileType="bgate")(y)
    found = compute(signal_of(y))
    flats = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}
    assert (found["key"], found["scale"]) == (flats.get(key, key), scale)
