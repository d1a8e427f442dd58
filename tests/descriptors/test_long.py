"""Long sounds, heard in blocks: what is exact stays exact, the rest is near, and the memory does not grow."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from samplemind.audio.clip import Clip
from samplemind.descriptors import joining, long
from samplemind.descriptors.catalogue import CATALOGUE, LEVELS, by_name, groups_of
from samplemind.descriptors.engine import Analysis, analyze, analyze_file
from samplemind.descriptors.over_blocks import RULES
from samplemind.descriptors.totals import Totals

from .sounds import SR, noise, sine
from .test_engine import check

Samples = npt.NDArray[np.float64]
EXACT: Final = [entry.name for entry in CATALOGUE if entry.over_blocks == "exact"]


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything over 4 s is long, and a block is 3 s."""
    monkeypatch.setattr(long, "LONG_S", 4.0)
    monkeypatch.setattr(long, "_STEPS", 30)


def both(samples: Any, rate: int, level: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Analysis, Analysis]:
    """In blocks, and as a whole."""
    clip = Clip.from_array(samples, rate)
    assert long.is_long(clip)
    in_blocks = analyze(clip, level)
    with monkeypatch.context() as patch:
        patch.setattr(long, "LONG_S", 1e9)
        return in_blocks, analyze(clip, level)


def music(seconds: float, bpm: float = 120.0, seed: int = 0, rate: int = SR) -> Samples:
    """A beat with chords, noise and changes of level every 8 s."""
    t = np.arange(round(seconds * rate)) / rate
    beat = 60 / bpm
    kick = np.sin(2 * np.pi * 60 * (t % beat)) * np.exp(-12 * (t % beat))
    hat = 0.2 * np.random.default_rng(seed).standard_normal(len(t)) * np.exp(-60 * ((t + beat / 2) % beat))
    chord = 0.1 * sum(np.sin(2 * np.pi * hz * t) for hz in (220.0, 277.18, 329.63))
    gain = 0.4 + 0.4 * np.sin(np.floor(t / 8) * 1.7) ** 2
    return np.asarray(gain * (0.5 * kick + hat + chord))


def test_every_rule_is_told_and_carried_out() -> None:
    used = {entry.over_blocks for entry in CATALOGUE}
    assert used == set(RULES)
    assert {"exact", *joining._EACH, *joining._TOGETHER} == set(RULES)


@pytest.fixture(scope="module")
def three_minutes() -> tuple[Analysis, Analysis]:
    left = music(200)
    clip = Clip.from_array(np.stack([left, 0.7 * left + 0.01 * noise(200)]), SR)
    with pytest.MonkeyPatch.context() as patch:
        groups = [group for group in groups_of("detailed") if group != "hpss"]  # slow, and made of shares like others
        in_blocks = analyze(clip, "detailed", groups)
        patch.setattr(long, "LONG_S", 1e9)
        return in_blocks, analyze(clip, "detailed", groups)


def test_200_s_in_blocks_are_200_s_as_a_whole(three_minutes: tuple[Analysis, Analysis]) -> None:
    blocks, whole = (analysis.values for analysis in three_minutes)
    for name in EXACT:
        if isinstance(whole[name], float):
            assert blocks[name] == pytest.approx(whole[name], rel=1e-6, abs=1e-6), name
        else:
            assert blocks[name] == whole[name], name
    # Within 6 % of what the feature is like; percentiles are means of percentiles.
    for entry in CATALOGUE:
        if entry.group == "spectrum" and entry.size is None:
            feature = entry.name.rsplit("_", 1)[0]
            size = abs(whole[f"{feature}_mean"]) + whole[f"{feature}_std"]
            assert blocks[entry.name] == pytest.approx(whole[entry.name], abs=0.06 * size), entry.name
    for name in ("low_energy_ratio", "mid_energy_ratio", "high_energy_ratio"):
        assert blocks[name] == pytest.approx(whole[name], abs=0.01), name
    for name in ("brightness", "depth", "warmth", "boominess", "roughness", "sharpness_acum"):
        assert blocks[name] == pytest.approx(whole[name], rel=0.05), name
    assert blocks["temporal_centroid"] == pytest.approx(whole["temporal_centroid"], abs=0.01)
    assert blocks["envelope_crest"] == pytest.approx(whole["envelope_crest"], rel=0.1)
    assert blocks["sustain_level"] == pytest.approx(whole["sustain_level"], rel=0.15)
    assert blocks["onset_count"] == pytest.approx(whole["onset_count"], abs=5)
    assert blocks["tuning_cents"] == pytest.approx(whole["tuning_cents"], abs=1)
    for name in ("mfcc_mean", "mel_mean", "mel_std", "contrast_mean", "hpcp", "spectrum_vector", "timbre_vector",
                 "rhythm_vector"):  # fmt: skip
        a, b = blocks[name], whole[name]
        assert np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b) > 0.99, name
    assert np.dot(blocks["embedding"], whole["embedding"]) > 0.9


def test_beats_and_attacks_of_all_blocks_are_listed(three_minutes: tuple[Analysis, Analysis]) -> None:
    values = three_minutes[0].values
    assert values["bpm"] == pytest.approx(120, rel=0.002)
    assert values["bpm_confidence"] > 0.8
    beats = values["beat_times"]
    assert len(beats) == pytest.approx(400, abs=4)
    assert np.abs((beats[:, None] - 0.5 * np.arange(400)) % 200).min(axis=1).max() < 0.1
    assert values["onset_times"][-1] > 199
    assert (np.diff(values["onset_times"]) > 0).all()
    assert len(values["chord_times"]) == len(values["chord_labels"])
    assert values["kind"] == "other"
    assert values["musical_length_s"] is values["beat_count"] is values["tail_ratio"] is None


def test_file_and_clip_say_the_same(tmp_path: Path, short_blocks: None) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, music(11), SR)
    of_file = analyze_file(str(path), "detailed")
    samples, _ = soundfile.read(path)
    of_clip = analyze(Clip.from_array(samples, SR), "detailed")
    for name, value in of_file.values.items():
        if by_name(name).group != "container":
            np.testing.assert_equal(value, of_clip.values[name], err_msg=name)
    assert of_file.info is not None
    assert of_file.info.frames == 11 * SR


def test_groups_can_be_asked_for_alone(short_blocks: None) -> None:
    clip = Clip.from_array(music(10), SR)
    whole = analyze(clip, "detailed")
    for group in groups_of("detailed"):
        alone = analyze(clip, "detailed", groups=[group])
        assert {by_name(name).group for name in alone.values} == {group}
        for name, value in alone.values.items():
            np.testing.assert_equal(value, whole.values[name], err_msg=name)


EDGES = {
    "clipped across a seam": np.where(np.abs(np.arange(10 * 8000) - 3 * 8000) < 50, 1.0, 0.1),
    "peak between two samples at a seam": np.sinc(0.5 * (np.arange(10 * 8000) - 3 * 8000 + 0.5)),
    "sound in the middle only": np.where(np.abs(np.arange(10 * 8000) - 40_000) < 9000, 0.5, 1e-5),
    "rises for ever": np.linspace(0, 0.9, 80_000),
    "falls for ever": np.linspace(0.9, 0, 80_000),
    "a click in silence": (np.arange(80_000) == 65_432) * 0.5,
    "nan at a seam": np.where(np.abs(np.arange(80_000) - 24_000) < 3, np.nan, 0.1 * np.sin(np.arange(80_000))),
    "full-scale square": np.sign(np.sin(np.arange(80_000) * 0.01)),
}


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_what_is_exact_is_exact_at_the_seams(
    name: str, channels: int, short_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.stack([EDGES[name] * (1 - 0.3 * channel) for channel in range(channels)])
    check_exact(*both(samples, 8000, "basic", monkeypatch))


@settings(max_examples=15)
@given(
    seconds=st.floats(4.1, 14), rate=st.sampled_from([1000, 8000, 11025]), seed=st.integers(0, 99),
    quiet=st.sampled_from([0.0, 1e-4, 0.5]), gain=st.sampled_from([0.3, 3.0]),
)  # fmt: skip
def test_what_is_exact_is_exact_for_any_length(seconds: float, rate: int, seed: int, quiet: float, gain: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((2, round(seconds * rate)))
    y[:, rng.integers(y.shape[1]) :] *= quiet
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long, "LONG_S", 4.0)
        patch.setattr(long, "_STEPS", 30)
        check_exact(*both(np.clip(gain * y, -1, 1), rate, "basic", patch))


def check_exact(blocks: Analysis, whole: Analysis) -> None:
    check(blocks)
    for name in EXACT:
        a, b = blocks.values[name], whole.values[name]
        if name in ("leading_silence_s", "trailing_silence_s", "effective_duration_s"):
            # the stairs to a maximum have steps of 0.001 dB, in which a slow rise takes a few samples
            assert a == pytest.approx(b, abs=3e-3), name
        elif isinstance(b, float):
            assert a == pytest.approx(b, rel=1e-5, abs=1e-6), name
        else:
            assert a == b, name


@pytest.mark.parametrize("level", LEVELS)
def test_a_long_silence_says_what_a_short_one_says(level: str, short_blocks: None) -> None:
    silence = analyze(Clip.from_array(np.zeros(10 * SR), SR), level)
    check(silence)
    short = analyze(Clip.from_array(np.zeros(SR), SR), level)
    told = {name for name, value in short.values.items() if value is not None}
    assert {name for name, value in silence.values.items() if value is not None} == told
    assert silence.values["leading_silence_s"] == silence.values["duration_s"] == 10


def test_silence_around_a_sound_does_not_count(short_blocks: None) -> None:
    sound = music(6)
    alone = analyze(Clip.from_array(sound, SR), "standard").values
    padded = analyze(Clip.from_array(np.concatenate([np.zeros(12 * SR), sound, np.zeros(9 * SR)]), SR), "standard")
    check(padded)
    assert padded.values["leading_silence_s"] == pytest.approx(12, abs=0.01)
    for name in ("centroid_mean", "centroid_std", "flatness_mean", "harmonic_percussive_ratio"):
        assert padded.values[name] == pytest.approx(alone[name], rel=0.02), name
    assert np.dot(padded.values["embedding"], alone["embedding"]) > 0.95


def test_a_tempo_is_told_where_most_blocks_have_it(short_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long, "_STEPS", 80)
    steady = analyze(Clip.from_array(music(32, 128), SR)).values
    assert steady["bpm"] == pytest.approx(128, rel=0.005)
    mixed = np.concatenate([music(8, bpm) for bpm in (128, 96, 150, 111)])
    values = analyze(Clip.from_array(mixed, SR)).values
    assert values["bpm"] is values["bpm_confidence"] is None


def test_a_note_is_told_where_it_sounds_all_along(short_blocks: None) -> None:
    steady = analyze(Clip.from_array(0.3 * sine(220, 12), SR)).values
    assert steady["midi_note"] == 57
    assert steady["f0_hz"] == pytest.approx(220, rel=0.002)
    assert steady["pitch_confidence"] > 0.5
    two = np.concatenate([0.3 * sine(220, 6), 0.3 * sine(330, 6)])
    values = analyze(Clip.from_array(two, SR)).values
    assert values["f0_hz"] is values["midi_note"] is values["cents_off"] is None
    assert values["pitch_confidence"] < steady["pitch_confidence"]


def test_long_lists_are_cut(short_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MOST_LISTED", 7)
    values = analyze(Clip.from_array(music(10), SR), "detailed").values
    assert len(values["onset_times"]) == len(values["beat_times"]) == 7
    assert values["onset_count"] > 7


def test_what_breaks_off_is_heard_as_far_as_it_goes(tmp_path: Path, short_blocks: None) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, music(20), SR)
    content = bytearray(path.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    cut = analyze_file(str(path))
    assert cut.status == "ok"
    assert 8 < cut.values["duration_s"] < 12
    middle = len(content) // 2
    content[middle : middle + 5000] = bytes(5000)
    path.write_bytes(content)
    holed = analyze_file(str(path))
    assert holed.status == "ok"
    assert 15 < holed.values["duration_s"] <= 20


def test_a_header_that_promises_an_hour_makes_no_long_sound(tmp_path: Path, short_blocks: None) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, music(3), SR)
    short = analyze_file(str(path)).values
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", 3600 * SR * 2)
    path.write_bytes(content)
    for name, value in analyze_file(str(path)).values.items():
        np.testing.assert_equal(value, short[name], err_msg=name)


def test_ctrl_c_ends_a_long_analysis(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, music(200), SR)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            analyze_file(str(path), "detailed")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


_PEAK: Final = """
import re, sys
from samplemind.descriptors.engine import analyze_file
analysis = analyze_file(sys.argv[1], "standard")
assert analysis.status == "ok" and analysis.values["embedding"] is not None, analysis.error
print(analysis.values["duration_s"], re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


def _peak_mib(path: Path, minutes: int) -> float:
    """The most memory that a process takes to listen to a stereo WAV, which sounds at its start and at its end."""
    sound = (20_000 * np.stack([music(60), music(60, seed=1)], axis=1)).astype("<i2").tobytes()
    size = minutes * 60 * SR * 4
    with path.open("wb") as file:  # what is skipped takes no room on the disk
        form = struct.pack("<HHIIHH", 1, 2, SR, 4 * SR, 4, 16)
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt \x10\0\0\0" + form)
        file.write(b"data" + struct.pack("<I", size) + sound)
        file.seek(size - len(sound), os.SEEK_CUR)
        file.seek(44 + size - len(sound))
        file.write(sound)
    done = subprocess.run([sys.executable, "-c", _PEAK, str(path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    seconds, kib = done.stdout.split()
    assert float(seconds) == minutes * 60
    path.unlink()
    return int(kib) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="reads the highest resident size from /proc")
def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    short, four_times = (_peak_mib(tmp_path / "a.wav", minutes) for minutes in (5, 20))
    assert four_times < 1.1 * short
    assert four_times < 500


@pytest.mark.parametrize("length", [3200 + r for r in (0, 1, 3, 4, 5, 6, 31)])
def test_true_peak_is_exact_wherever_blocks_end(length: int) -> None:
    row = np.float32(0.9) * np.resize(np.array([1, 1, -1, -1], np.float32), 4 * length)
    whole, parts = (Totals(Clip.from_array(row, 11_025).info) for _ in range(2))
    whole.add(Clip.from_array(row, 11_025))
    for begin in range(0, len(row), length):
        parts.add(Clip.from_array(row[begin : begin + length], 11_025))
    assert parts.values()["true_peak_dbtp"] == pytest.approx(whole.values()["true_peak_dbtp"], abs=1e-4)
