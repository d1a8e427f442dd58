"""What counts as the same sound: real files, changed in known ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile
import soxr

from samplemind.library import Library
from samplemind.library.duplicates.groups import grouped
from samplemind.library.duplicates.search import NEAR, Limits, near_pairs

RATE = 44100


def drum(seed: int, seconds: float = 0.6) -> np.ndarray:
    """A tone that falls in pitch, and noise; another one for every seed."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    start, end = rng.uniform(100, 900), rng.uniform(60, 100)
    tone = np.sin(2 * np.pi * np.cumsum(end + (start - end) * np.exp(-rng.uniform(5, 40) * time)) / RATE)
    noise = soxr.resample(rng.standard_normal(int(len(time) * rng.uniform(0.1, 1)) + 9), 1, len(time) / len(time))
    noise = np.resize(noise, len(time)) * np.exp(-rng.uniform(10, 60) * time)
    return (0.5 * tone * np.exp(-rng.uniform(4, 15) * time) + rng.uniform(0.05, 0.3) * noise).astype(np.float32) * 0.6


CHANGES = {
    "quiet.wav": lambda x: (x * 0.25, RATE),
    "trimmed.wav": lambda x: (x[int(0.01 * RATE) : -int(0.04 * RATE)], RATE),
    "padded.wav": lambda x: (np.concatenate([np.zeros(RATE // 3), x, np.zeros(RATE // 5)]), RATE),
    "rate.wav": lambda x: (soxr.resample(x, RATE, 48000), 48000),
    "half rate.wav": lambda x: (soxr.resample(x, RATE, 22050), 22050),
    "stereo.wav": lambda x: (np.stack([x, x], axis=1), RATE),
    "coded.ogg": lambda x: (x, RATE),
    "coded.mp3": lambda x: (x, RATE),
}


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Library]:
    """Six drums, and each in eight other forms."""
    base = tmp_path_factory.mktemp("changed")
    for seed in range(6):
        folder = base / "sounds" / f"{seed}"
        folder.mkdir(parents=True)
        sound = drum(seed)
        soundfile.write(folder / "original.wav", sound, RATE, subtype="PCM_24")
        for name, change in CHANGES.items():
            soundfile.write(folder / name, *change(sound), subtype="PCM_24" if name.endswith(".wav") else None)
    library = Library.create(base / "lib")
    library.ingest(base / "sounds", workers=1)
    return base / "sounds", library


def test_every_form_of_a_sound_is_found_and_no_other(changed) -> None:
    groups = changed[1].duplicates().groups
    folders = groups.group_by("group").agg(pl.col("path").str.extract(r"/(\d)/[^/]*$"))["path"].to_list()
    assert all(len(set(names)) == 1 for names in folders), "different sounds in one group"
    found = {tuple(Path(path).parts[-2:]) for path in groups["path"]}
    missed = {(str(seed), name) for seed in range(6) for name in [*CHANGES, "original.wav"]} - found
    assert len(missed) <= 2, missed
    assert len(folders) <= 8


def test_the_same_at_another_rate_is_the_same_audio(changed) -> None:
    groups = changed[1].duplicates(["audio"]).groups
    assert {Path(path).name for path in groups["path"]} == {"original.wav", "rate.wav", "half rate.wav"}
    assert set(groups["relation"]) == {"best", "audio"}


def test_only_what_is_asked_for_is_looked_at(changed) -> None:
    sounds, library = changed
    some = library.duplicates(where=f"starts_with(path, '{sounds}/3/')")
    assert some.files == 9
    assert {Path(path).parent.name for path in some.groups["path"]} == {"3"}
    assert len(library.duplicates(["exact"])) == 0
    assert library.duplicates(["exact"]).bytes_to_win == 0
    assert len(library.duplicates(["exact"]).plan()) == 0


def test_takes_of_one_drum_are_hits_and_no_duplicates(tmp_path) -> None:
    tone, again = drum(1), drum(1)
    again = again + 0.05 * np.random.default_rng(5).standard_normal(len(again)) * np.exp(-np.arange(len(again)) / 4000)
    (tmp_path / "sounds").mkdir()
    for name, sound in (("one", tone), ("two", again), ("other", drum(2))):
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", 0.5 * sound, RATE)
    library = Library.create(tmp_path / "lib")
    library.ingest(tmp_path / "sounds", workers=1)
    assert len(library.duplicates()) == 0
    report = library.duplicates(["hit"])
    assert {Path(path).stem for path in report.groups["path"]} == {"one", "two"}
    assert set(report.groups["relation"]) == {"best", "hit"}
    assert len(report.plan()) == 0
    assert len(report.plan(kinds=["hit"])) == 1


def test_sounds_without_a_fingerprint_are_told(tmp_path) -> None:
    (tmp_path / "sounds").mkdir()
    soundfile.write(tmp_path / "sounds" / "a.wav", drum(1), RATE)
    library = Library.create(tmp_path / "lib")
    library.ingest(tmp_path / "sounds", workers=1, level="basic")
    assert "1 sounds have no fingerprint" in library.duplicates().notes[0]


def test_no_chain_leads_from_one_sound_to_an_unlike_one() -> None:
    """Each step is a small one, the ends are far apart."""
    rng = np.random.default_rng(0)
    first, last = rng.uniform(20, 60, (2, 32, 16))
    steps = np.linspace(0, 1, 40)[:, None, None]
    levels = np.round(first * (1 - steps) + last * steps).astype(np.uint8)
    seconds = np.full(40, 3.0)
    limits = Limits(1.15, 3.0, 0.13, 0.05, 300.0)
    pairs = near_pairs(levels, seconds, seconds, limits)
    groups = grouped(levels, seconds, pairs, limits)
    assert len(pairs.first) >= 39
    assert groups[0] != groups[-1]
    assert 3 < len(np.unique(groups)) < 30


def test_length_tells_sounds_apart_that_begin_alike() -> None:
    levels = np.full((3, 32, 16), 40, np.uint8)
    seconds = np.array([1.0, 1.05, 2.0])
    pairs = near_pairs(levels, seconds, seconds, NEAR)
    assert sorted(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == [(0, 1)]
