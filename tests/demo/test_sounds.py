"""The sounds are what the list says: level, length, pitch, seams."""

from __future__ import annotations

import numpy as np
import pytest

from samplemind.demo import Sound, catalogue
from samplemind.demo.harmony import hz_of
from samplemind.demo.loops import finish_loop
from samplemind.demo.oscillators import additive, modes, pluck, pulse, saw
from samplemind.demo.render import render
from samplemind.demo.shaping import sweep
from samplemind.demo.studio import Array, Studio, seed_of

RATE = 44100
ALL = catalogue()
SMALL_PATHS = {sound.stem for sound in catalogue("small")}


def samples(sound: Sound) -> Array:
    """Samples within -1 and 1 [shape=(n, channels)]."""
    y = render(sound) / 2.0**31
    return y.reshape(len(y), -1)


def cents_off(y: Array, rate: int, hz: float) -> float:
    """How far the nearest strong partial 1 to 6 lies from a multiple of `hz`, the median over the strong ones."""
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), 1 << 18))
    bins = np.fft.rfftfreq(1 << 18, 1 / rate)
    found = []
    for k in range(1, 7):
        near = np.abs(bins - k * hz) < 0.03 * k * hz
        top = np.argmax(np.where(near, spectrum, 0))
        if spectrum[top] > 0.1 * spectrum.max():
            found.append(1200 * np.log2(bins[top] / (k * hz)))
    return float(np.median(np.abs(found))) if found else np.inf


def same_after(y: Array, lag: float) -> float:
    """Normalised autocorrelation at a lag in samples, the best within a sample of it."""
    z = y - y.mean()
    best = -1.0
    for step in {int(np.floor(lag)), int(np.ceil(lag))}:
        a, b = z[:-step], z[step:]
        best = max(best, float(a @ b / np.sqrt((a @ a) * (b @ b))))
    return best


def check(sound: Sound) -> None:
    y = samples(sound)
    peak_db = 20 * np.log10(np.max(np.abs(y)))
    assert -12 < peak_db < -0.1
    assert np.sqrt(np.mean(y**2)) > 1e-3
    assert abs(np.mean(y)) < 0.02
    assert len(y) >= 0.03 * sound.rate
    frames = sound.loop_frames
    if frames is None:
        assert np.max(np.abs(y[-1])) < 1e-3
    elif sound.ending in ("wrapped", "cut"):
        assert len(y) == frames == round(sound.beats * 60 / sound.bpm * sound.rate)
    elif sound.ending == "lead":
        silent = int(np.flatnonzero(np.any(y != 0, axis=1))[0])
        assert 0.02 * sound.rate - 1 <= len(y) - frames <= 0.06 * sound.rate + 1
        assert len(y) - frames <= silent < len(y) - frames + 0.02 * sound.rate
    else:
        assert len(y) == frames + round(1.5 * sound.rate)


@pytest.mark.parametrize("sound", [s for s in ALL if s.stem in SMALL_PATHS], ids=lambda s: s.name)
def test_level_and_length(sound: Sound) -> None:
    check(sound)


@pytest.mark.slow
@pytest.mark.parametrize("sound", [s for s in ALL if s.stem not in SMALL_PATHS], ids=lambda s: s.name)
def test_level_and_length_of_all_others(sound: Sound) -> None:
    check(sound)


@pytest.mark.parametrize("sound", [s for s in ALL if s.midi_note is not None], ids=lambda s: s.name)
def test_a_tuned_sound_has_its_pitch(sound: Sound) -> None:
    y = samples(sound).mean(axis=1)
    hz = hz_of(sound.midi_note)
    start = int(np.argmax(np.abs(y))) + round(0.02 * sound.rate)
    held = y[start : start + round(0.8 * sound.rate)]
    assert cents_off(held, sound.rate, hz) < 25
    # an octave too high would repeat at this lag too, but then also at half of it
    period = sound.rate / hz
    short = held[: round(20 * period) + 2]
    assert same_after(short, period) > 0.4
    assert same_after(short, period) > same_after(short, period / 2) - 0.02


@pytest.mark.parametrize(
    "sound", [s for s in ALL if s.ending == "wrapped" and s.stem in SMALL_PATHS], ids=lambda s: s.name
)
def test_a_perfect_loop_has_no_click_at_its_seam(sound: Sound) -> None:
    y = samples(sound)
    inside = np.max(np.abs(np.diff(y, axis=0)))
    assert np.max(np.abs(y[0] - y[-1])) <= inside


def test_what_rings_on_comes_back_at_the_start() -> None:
    y = np.zeros((2, 250))
    y[:, 110], y[:, 230] = 1.0, 0.5
    wrapped = finish_loop(y, 100, "wrapped", Studio.of("test", RATE))
    assert wrapped.shape == (2, 100)
    assert wrapped[0, 10] == pytest.approx(1.0, abs=0.02)
    assert wrapped[1, 30] == pytest.approx(0.5, abs=0.02)
    assert np.max(np.abs(np.delete(wrapped, (10, 30), axis=1))) < 0.02


def test_chance_depends_on_the_name_alone() -> None:
    sound = next(s for s in ALL if s.sample_class == "snare")
    assert np.array_equal(render(sound), render(sound))
    assert seed_of("kick") == seed_of("kick") != seed_of("Kick")
    assert Studio.of("a", RATE).noise(0.1)[0] != Studio.of("b", RATE).noise(0.1)[0]


@pytest.mark.parametrize("hz", [110.0, 1234.5, 5000.0])
def test_band_limited_saw_aliases_less_than_a_naive_one(hz: float) -> None:
    count = RATE
    naive = 2 * ((np.arange(count) * hz / RATE) % 1) - 1
    bins = np.fft.rfftfreq(count, 1 / RATE)
    harmonic = np.min(np.abs(bins[:, np.newaxis] - hz * np.arange(1, int(RATE / 2 / hz) + 1)), axis=1) < 6

    def alias(y: Array) -> float:
        power = np.abs(np.fft.rfft(y * np.hanning(count))) ** 2
        return float(power[~harmonic & (bins > 20) & (bins < 12000)].sum() / power.sum())

    assert alias(saw(np.full(count, hz), RATE)) < 0.3 * alias(naive)


def test_a_square_has_no_even_harmonics() -> None:
    spectrum = np.abs(np.fft.rfft(pulse(np.full(RATE, 441.0), RATE)))
    assert spectrum[882] < 0.01 * spectrum[441]
    assert spectrum[1323] == pytest.approx(spectrum[441] / 3, rel=0.05)


def test_additive_gives_its_weights() -> None:
    spectrum = np.abs(np.fft.rfft(additive(np.full(RATE, 400.0), RATE, (1.0, 0.0, 0.5)))) / (RATE / 2)
    assert spectrum[[400, 800, 1200]] == pytest.approx([1.0, 0.0, 0.5], abs=1e-6)


@pytest.mark.parametrize("hz", [55.0, 440.0, 1760.0])
@pytest.mark.parametrize("brightness", [0.2, 0.9])
def test_a_string_is_in_tune_and_dies_as_told(hz: float, brightness: float) -> None:
    y = pluck(Studio.of("string", RATE), 2.0, hz, 0.5, brightness)
    assert cents_off(y[: RATE // 2], RATE, hz) < 5
    early, late = (np.std(y[round(s * RATE) : round((s + 0.1) * RATE)]) for s in (0.5, 1.5))
    assert late < early * np.exp(-1 / 0.5) * 1.1  # the fundamental falls by exp(-2) in a second, treble by more


def test_a_mode_is_a_sine_that_dies() -> None:
    t = np.arange(RATE) / RATE
    expected = 0.7 * np.sin(2 * np.pi * 333 * t) * np.exp(-t / 0.2)
    assert modes(Studio.of("mode", RATE), 1.0, [333.0], [0.7], [0.2]) == pytest.approx(expected, abs=1e-6)


def test_an_open_filter_changes_nothing_and_a_closed_one_mutes() -> None:
    y = Studio.of("filter", RATE).noise(0.5)
    assert sweep(y, np.full(len(y), 1e7), RATE) == pytest.approx(y, abs=1e-4)
    assert np.std(sweep(y, np.full(len(y), 50.0), RATE)) < 0.1 * np.std(y)
