"""MP3 that is whole goes to the quicker decoder, and sounds the same; all other goes to FFmpeg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from samplemind.audio import decode
from samplemind.audio.ffmpeg import Reader
from samplemind.audio.limits import Limits
from samplemind.audio.mpeg import intact_mp3
from samplemind.audio.source import Source

from .makers import RATE, tone, write_av

LENGTH = 50_001
LIMITS = Limits(None, None)


def _mp3(folder: Path, channels: int = 1, rate: int = RATE) -> Path:
    return write_av(folder / "a.mp3", tone(LENGTH, channels, rate), rate, "libmp3lame")


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [44_100, 48_000, 22_050])
def test_both_decoders_give_the_same(tmp_path: Path, channels: int, rate: int) -> None:
    path = _mp3(tmp_path, channels, rate)
    source = Source(str(path), limits=LIMITS)
    intact = intact_mp3(source)
    assert intact is not None
    assert (intact.offset + intact.size, intact.samples) == (source.size, LENGTH)
    other = Reader(source, "mp3", LIMITS)
    clip = decode(path)
    np.testing.assert_allclose(clip.samples, other.read(), atol=1e-5)
    assert clip.info == other.info


def test_damage_and_tails_are_left_to_ffmpeg(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = _mp3(tmp_path).read_bytes()
    middle = len(whole) // 2
    cases = [whole[:-50], whole + b"TAG" + bytes(125), whole[:middle] + b"\0" * 40 + whole[middle + 40 :], whole[:5],
             whole[:middle] + whole[middle + 7 :]]  # fmt: skip
    for data in cases:
        assert intact_mp3(Source("a.mp3", data, limits=LIMITS)) is None
    for data in cases[:3]:
        assert decode("a.mp3", data=data).samples.shape[1] > LENGTH / 3
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_tags_before_the_sound_are_read(tmp_path: Path) -> None:
    frame = b"TBPM" + (4).to_bytes(4, "big") + b"\0\0" + b"\x00128"
    header = b"ID3\x03\0\0" + bytes([0, 0, 0, len(frame)])
    data = _mp3(tmp_path).read_bytes()
    bare = Source("a.mp3", data, limits=LIMITS)
    start = intact_mp3(bare)
    assert start is not None
    tagged = header + frame + data[start.offset :]
    assert intact_mp3(Source("a.mp3", tagged, limits=LIMITS)) is not None
    assert decode("a.mp3", data=tagged).info.tags["bpm"] == "128"
