"""What a worker does with one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplemind.audio.source import WHOLE_FILE_BYTES
from samplemind.library.content import content_id
from samplemind.library.work import Item, analyze_item, time_limit_s
from samplemind.settings import Settings

RATE = 44_100


def test_a_file_may_take_as_long_as_its_sound_is_long() -> None:
    settings = Settings(file_timeout_s=100)
    hour = {"wav": 635e6, "flac": 430e6, "mp3": 57e6, "opus": 40e6, "ogg": 55e6, "m4a": 58e6}
    for ending, size in hour.items():
        limit = time_limit_s(Item(0, f"/sounds/hour.{ending}", int(size), "standard"), settings)
        assert 500 < limit < 2000, ending
    assert time_limit_s(Item(0, "/sounds/kick.wav", 50_000, "standard"), settings) == pytest.approx(100, abs=1)


def test_a_large_file_is_hashed_and_heard_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        file.write(0.1 * np.random.default_rng(0).standard_normal((RATE, 2)))
        for _ in range(199):
            file.write(np.zeros((RATE, 2)))
    size = path.stat().st_size
    assert size > WHOLE_FILE_BYTES
    outcome = analyze_item(Item(3, str(path), size, "basic"), Settings())
    assert outcome.analysis.status == "ok"
    assert (outcome.row, outcome.size, outcome.id) == (3, size, content_id(path.read_bytes()))
    assert outcome.analysis.values["duration_s"] == 200
    assert outcome.analysis.values["trailing_silence_s"] == pytest.approx(199, abs=0.01)
