"""Decoding bit by bit gives what decoding at once gives, for every format, in sound and in damaged files."""

from __future__ import annotations

import io
import signal
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio import Clip, decode, decode_blocks, pcm, sndfile
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source
from samplemind.audio.stream import even_blocks
from samplemind.errors import AudioError, ParameterError

from .makers import RATE, chunk, tone, wav, write_av, write_sf
from .test_decode import FFMPEG, LOSSLESS, LOSSY

LENGTH = 33_333


def check_blocks(path: Path, seconds: float = 0.1, data: bytes | None = None) -> None:
    whole = decode(path, data=data)
    blocks = list(decode_blocks(path, seconds=seconds, data=data))
    np.testing.assert_array_equal(np.concatenate([block.samples for block in blocks], axis=1), whole.samples)
    assert sum(block.nonfinite_samples for block in blocks) == whole.nonfinite_samples
    frames = round(seconds * whole.sample_rate)
    assert all(block.samples.shape[1] == frames for block in blocks[:-1])
    assert 2 * blocks[-1].samples.shape[1] <= 3 * frames
    assert len(blocks) == 1 or 2 * blocks[-1].samples.shape[1] >= frames
    for block in blocks:
        assert block.samples.flags.c_contiguous
        assert block.info.frames == block.samples.shape[1]
        assert (block.info.path, block.info.codec, block.info.tags) == (str(path), whole.info.codec, whole.info.tags)


@pytest.mark.parametrize(("ending", "form", "subtype"), [case[:3] for case in [*LOSSLESS, *LOSSY]])
@pytest.mark.parametrize("channels", [1, 2])
def test_blocks_are_the_whole_with_libsndfile(
    tmp_path: Path, ending: str, form: str, subtype: str, channels: int
) -> None:
    if subtype == "GSM610" and channels > 1:
        pytest.skip("GSM has one channel")
    rate = 48_000 if subtype == "OPUS" else RATE
    check_blocks(write_sf(tmp_path / f"a.{ending}", tone(LENGTH, channels, rate), rate, form, subtype))


@pytest.mark.parametrize(("ending", "encoder"), [case[:2] for case in FFMPEG])
def test_blocks_are_the_whole_with_ffmpeg(tmp_path: Path, ending: str, encoder: str) -> None:
    path = write_av(tmp_path / f"a.{ending}", tone(LENGTH), RATE, encoder)
    for seconds in (0.01, 0.1, 0.5, 2.0):
        check_blocks(path, seconds)


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_blocks_are_the_whole_from_the_disk_and_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    path = write_sf(tmp_path / "a.snd", tone(LENGTH), RATE, form, sf.default_subtype(form))
    check_blocks(path, data=path.read_bytes())
    monkeypatch.setattr("samplemind.audio.source.WHOLE_FILE_BYTES", 1000)
    check_blocks(path)


def test_an_mp3_inside_a_large_wav_is_read_from_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mp3 = write_sf(tmp_path / "a.mp3", tone(LENGTH), RATE, "MP3", "MPEG_LAYER_III")
    form = struct.pack("<HHIIHHHHIHHH", 0x55, 2, RATE, 16_000, 1, 0, 12, 1, 2, 417, 1, 0)
    path = tmp_path / "a.wav"
    path.write_bytes(
        chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", form) + chunk(b"data", mp3.read_bytes()) + chunk(b"junk", bytes(99)))
    )
    expected = decode(mp3).samples
    np.testing.assert_allclose(decode(path).samples, expected, atol=1e-5)  # of another decoder
    monkeypatch.setattr("samplemind.audio.source.WHOLE_FILE_BYTES", 1000)
    np.testing.assert_allclose(decode(path).samples, expected, atol=1e-5)
    check_blocks(path)


@pytest.mark.parametrize("form", ["WAV", "AIFF", "FLAC", "OGG", "MP3", "CAF", "m4a"])
@pytest.mark.parametrize("damage", ["cut", "hole", "noise"])
def test_damage_in_the_middle_is_the_same_bit_by_bit(tmp_path: Path, form: str, damage: str) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 2 * RATE)).astype(np.float32)
    if form == "m4a":
        path = write_av(tmp_path / "a.m4a", noise, RATE, "aac")
    else:
        path = write_sf(tmp_path / "a.snd", noise, RATE, form, sf.default_subtype(form))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    if damage == "cut" and form != "m4a":  # an MP4 that lost its end has lost its index
        content = content[:middle]
    elif damage == "hole":
        content[middle : middle + 3000] = bytes(3000)
    else:
        content[middle : middle + 3000] = np.random.default_rng(2).bytes(3000)
    check_blocks(path, data=bytes(content))
    assert decode(path, data=bytes(content)).duration_s > 0.8


def test_ffmpeg_goes_on_where_libsndfile_breaks_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What libsndfile had read stays, and what FFmpeg reads of the rest follows it."""
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 4 * RATE)).astype(np.float32)
    path = write_sf(tmp_path / "a.flac", noise, RATE, "FLAC", "PCM_16")
    whole = decode(path).samples
    content = bytearray(path.read_bytes())
    content[len(content) // 2 + 100] ^= 0xFF
    monkeypatch.setattr("samplemind.audio.sndfile._BLOCK_SAMPLES", RATE)
    found = decode(path, data=bytes(content)).samples
    assert found.shape[1] > 3.5 * RATE
    np.testing.assert_array_equal(found[:, :RATE], whole[:, :RATE])
    np.testing.assert_array_equal(found[:, -RATE:], whole[:, -RATE:])
    check_blocks(path, data=bytes(content))


def test_nan_is_silenced_and_counted_in_every_block(tmp_path: Path) -> None:
    y = tone(LENGTH, 1)
    y[0, [5, 10_000, 30_000]] = np.nan, np.inf, -np.inf
    path = write_sf(tmp_path / "a.wav", y, RATE, "WAV", "FLOAT")
    check_blocks(path)
    assert sum(block.nonfinite_samples for block in decode_blocks(path, seconds=0.1)) == 3


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 40))
def test_pieces_of_any_length_become_even_blocks(lengths: list[int], frames: int) -> None:
    y = np.arange(sum(lengths), dtype=np.float32)
    ends = np.cumsum(lengths)
    pieces = (Clip.from_array(y[end - n : end], 8000) for n, end in zip(lengths, ends, strict=True) if n)
    blocks = [clip.samples[0] for clip in even_blocks(pieces, frames)]
    np.testing.assert_array_equal(np.concatenate([*blocks, y[:0]]), y)
    assert all(len(block) == frames for block in blocks[:-1])
    if len(blocks) > 1:
        assert frames <= 2 * len(blocks[-1]) < 3 * frames


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_a_block_has_a_length(seconds: float) -> None:
    with pytest.raises(ParameterError, match="seconds"):
        next(decode_blocks("a.wav", seconds=seconds))


def test_limits_hold_in_blocks_but_for_what_is_not_held(tmp_path: Path) -> None:
    path = write_sf(tmp_path / "a.wav", tone(2 * RATE), RATE, "WAV", "PCM_16")
    with pytest.raises(AudioError, match="limit of 1 s"):
        next(decode_blocks(path, max_duration_s=1))
    with pytest.raises(AudioError, match="limit of 1000; raise max_bytes"):
        next(decode_blocks(path, max_bytes=1000))
    with pytest.raises(AudioError, match="decoded samples"):
        decode(path, max_bytes=400_000)
    assert sum(block.samples.shape[1] for block in decode_blocks(path, max_bytes=400_000)) == 2 * RATE


def test_errors_are_those_of_decode(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear reader, this is no sound.")
    (tmp_path / "empty.wav").write_bytes(wav(frames=0))
    for name in ("letter.wav", "empty.wav", "gone.wav"):
        with pytest.raises(AudioError) as at_once:
            decode(tmp_path / name)
        with pytest.raises(AudioError) as in_blocks:
            next(decode_blocks(tmp_path / name))
        assert at_once.value.reason == in_blocks.value.reason


@pytest.mark.parametrize(("form", "subtype"), [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"),
                                               ("WAV", "FLOAT"), ("WAVEX", "PCM_16"), ("WAVEX", "FLOAT")])  # fmt: skip
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_plain_pcm_is_read_as_libsndfile_reads_it(form: str, subtype: str, channels: int) -> None:
    y = np.random.default_rng(0).uniform(-1, 1, (70_001, channels)).astype(np.float32)
    out = io.BytesIO()
    sf.write(out, y, RATE, format=form, subtype=subtype)
    with Source("a.wav", out.getvalue(), limits=Limits()) as source:
        plain = pcm.Reader.open(source, Limits())
        assert plain is not None
        other = sndfile.Reader(source, "wav", Limits())
        assert plain.info == other.info
        np.testing.assert_array_equal(plain.read(), other.read())
        other.close()


def _patched(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


UNUSUAL = {
    "a size that is not there": wav()[:-2],
    "no size, as of a stream": _patched(wav(), 40, b"\xff" * 4),
    "two stretches of samples": wav(chunk(b"data", bytes(8))),
    "samples before their form": chunk(b"RIFF", b"WAVE" + chunk(b"data", bytes(8)) + wav()[12:36]),
    "frames of another width": _patched(wav(), 32, b"\x04\0"),
    "20 bits": _patched(wav(), 34, b"\x14\0"),
    "no channel": _patched(wav(), 22, b"\0\0"),
    "big-endian": b"RIFX" + wav()[4:],
    "nothing": wav(frames=0),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_headers_are_left_to_the_library(name: str) -> None:
    with Source("a.wav", UNUSUAL[name], limits=Limits()) as source:
        assert pcm.Reader.open(source, Limits()) is None
    with Source("a.wav", wav(), limits=Limits()) as source:
        assert pcm.Reader.open(source, Limits()) is not None


def test_a_file_that_shrinks_while_it_is_read_ends_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samplemind.audio.source.WHOLE_FILE_BYTES", 1000)
    path = write_sf(tmp_path / "a.wav", tone(8 * RATE), RATE, "WAV", "PCM_16")
    blocks = decode_blocks(path, seconds=1)
    got = [next(blocks)]
    with path.open("r+b") as file:
        file.truncate(44 + 4 * 5 * RATE)
    got += blocks
    assert sum(block.samples.shape[1] for block in got) == 5 * RATE


def _decode_for_ever(path: Path) -> None:
    while True:
        for _ in decode_blocks(path, seconds=5):
            pass


@pytest.mark.parametrize("form", ["FLAC", "MP3"])
def test_ctrl_c_is_heard_between_blocks_and_within_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr("samplemind.audio.source.WHOLE_FILE_BYTES", 1000)
    path = write_sf(tmp_path / "a.snd", tone(40 * RATE), RATE, form, sf.default_subtype(form))
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            _decode_for_ever(path)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
