"""What looks alike is listened to: copies are told from other pitches, other decays and other takes."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from samplemind.library import Library
from samplemind.library.duplicates.listen import Heard, agreement, hear, is_same
from samplemind.library.duplicates.search import HIT, Pairs, best_pairs, near_pairs, nearest_pairs

RATE = 44100


@pytest.fixture(scope="module")
def unlike() -> dict[str, list[np.ndarray]]:
    """Sounds that are alike without being the same, as the benchmark has them."""
    path = Path(__file__).resolve().parents[3] / "benchmarks" / "unlike.py"
    spec = importlib.util.spec_from_file_location("unlike", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.made()


def written(path: Path, sound: np.ndarray, rate: int = RATE) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    coded = path.suffix != ".wav"
    soundfile.write(path, sound, rate, subtype=None if coded else "PCM_24")
    return str(path)


def heard(path: Path, sound: np.ndarray, rate: int = RATE) -> Heard:
    found = hear(written(path, sound, rate))
    assert found is not None
    return found


def test_nothing_of_a_tuned_pack_and_no_take_is_a_duplicate(tmp_path, unlike) -> None:
    for name, sounds in unlike.items():
        for i, sound in enumerate(sounds):
            written(tmp_path / "sounds" / name / f"{i:02d}.wav", sound)
    library = Library.create(tmp_path / "lib")
    library.ingest(tmp_path / "sounds", workers=1)
    asked: list[tuple[int, int]] = []
    report = library.duplicates(progress=lambda done, total: asked.append((done, total)))
    assert len(report) == 0, report.groups["path"].to_list()
    assert asked, "their fingerprints are alike, so they have to be listened to"
    assert asked[-1] == (len(asked), len(asked))


@pytest.mark.parametrize("name", ["sub", "808", "kick", "saw", "takes of a snare", "takes of a kick", "takes of a hat"])
def test_a_copy_is_the_same_and_the_next_one_is_not(tmp_path, unlike, name) -> None:
    one, other = unlike[name][:2]
    first = heard(tmp_path / "one.wav", one)
    padded = np.concatenate([np.zeros(7001), 0.3 * one, np.zeros(999)])
    assert is_same(agreement(first, heard(tmp_path / "padded.wav", padded)), coded=False)
    assert is_same(agreement(first, heard(tmp_path / "rate.wav", soxr.resample(one, RATE, 48000), 48000)), coded=False)
    assert is_same(agreement(first, heard(tmp_path / "coded.ogg", one)), coded=True)
    assert is_same(agreement(first, heard(tmp_path / "coded.mp3", one)), coded=True)
    for coded in (False, True):
        assert not is_same(agreement(first, heard(tmp_path / "other.wav", other)), coded=coded)


def test_a_short_hit_without_its_attack_is_the_same_recording(tmp_path) -> None:
    time = np.arange(int(0.15 * RATE)) / RATE
    hit = 0.5 * np.exp(-40 * time) * np.random.default_rng(3).standard_normal(len(time)).clip(-2, 2) / 2
    trimmed = hit[int(0.045 * RATE) :]
    found = agreement(heard(tmp_path / "hit.wav", hit), heard(tmp_path / "trimmed.wav", trimmed))
    assert found is not None
    assert found.shift_s == pytest.approx(0.045, abs=0.0005)
    assert is_same(found, coded=False)


def test_another_decay_and_a_longer_one_are_other_sounds(tmp_path, unlike) -> None:
    first, second = (heard(tmp_path / f"{i}.wav", unlike["decay"][i]) for i in (0, 1))
    assert not is_same(agreement(first, second), coded=False)
    noise = np.random.default_rng(0).standard_normal(2 * RATE) * 0.1
    whole, half = heard(tmp_path / "whole.wav", noise), heard(tmp_path / "half.wav", noise[: int(1.7 * RATE)])
    assert not is_same(agreement(whole, half), coded=False)


def test_silence_is_not_listened_to(tmp_path) -> None:
    assert hear(written(tmp_path / "silence.wav", np.zeros(RATE))) is None


def test_sounds_whose_files_are_gone_stay_undecided(tmp_path, unlike) -> None:
    kick = unlike["kick"][3]
    for name, sound in (("a/one.wav", kick), ("a/same.wav", 0.5 * kick), ("b/copy.wav", 0.4 * kick)):
        written(tmp_path / "sounds" / name, sound)
    library = Library.create(tmp_path / "lib")
    library.ingest(tmp_path / "sounds", workers=1)
    assert len(library.duplicates().groups) == 3
    os.unlink(tmp_path / "sounds" / "b" / "copy.wav")
    report = library.duplicates()
    assert [Path(path).name for path in report.groups["path"].sort()] == ["one.wav", "same.wav"]
    assert "1 sounds could not be listened to again" in report.notes[0]
    assert "copy.wav" in report.notes[0]
    assert library.duplicates(["exact"]).notes == ()


def test_another_file_of_the_same_sound_is_listened_to_where_one_is_gone(tmp_path, unlike) -> None:
    kick = unlike["kick"][3]
    for name, sound in (("a.wav", kick), ("b.wav", kick), ("c.wav", 0.5 * kick)):
        written(tmp_path / "sounds" / name, sound)
    library = Library.create(tmp_path / "lib")
    library.ingest(tmp_path / "sounds", workers=1)
    os.unlink(tmp_path / "sounds" / "a.wav")
    assert len(library.duplicates().groups) == 3


def test_the_nearest_of_each_are_kept() -> None:
    first, second = np.zeros(6, np.int64), np.arange(1, 7)
    deviation = np.array([0.6, 0.1, 0.5, 0.2, 0.4, 0.3], np.float32)
    zeros = np.zeros(6, np.float32)
    pairs = Pairs(np.append(first, 1), np.append(second, 2), np.append(deviation, 0.9), np.append(zeros, 0),
                  np.append(zeros, 0))  # fmt: skip
    assert set(best_pairs(pairs, 6).second) == set(second)
    lonely = best_pairs(pairs, 1)
    assert (lonely.first[0], lonely.second[0]) == (0, 2)
    assert (1, 2) not in set(zip(lonely.first.tolist(), lonely.second.tolist(), strict=True))


def test_bounded_and_full_search_agree_where_few_are_alike() -> None:
    rng = np.random.default_rng(4)
    levels = rng.integers(20, 60, (200, 32, 16)).astype(np.uint8)
    levels[100:] = np.clip(levels[:100] + rng.integers(-2, 3, levels[:100].shape), 0, 63)
    seconds = np.tile(rng.uniform(0.1, 3, 100), 2)
    pairs = [near_pairs(levels, seconds, seconds, HIT), nearest_pairs(levels, seconds, HIT, 3)]
    full, bounded = (
        {tuple(sorted(pair)) for pair in zip(p.first.tolist(), p.second.tolist(), strict=True)} for p in pairs
    )
    assert bounded == full == {(i, i + 100) for i in range(100)}
    nothing = nearest_pairs(levels[:1], seconds[:1], HIT, 3)
    assert len(nothing.first) == 0
