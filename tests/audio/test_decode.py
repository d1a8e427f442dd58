from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from samplemind.audio import Clip, decode, probe
from samplemind.errors import AudioError, ParameterError

from .makers import RATE, chunk, rms, tone, wav, write_av, write_sf

LOSSLESS = [
    ("wav", "WAV", "PCM_U8", "wav", "pcm_8", 8),
    ("wav", "WAV", "PCM_16", "wav", "pcm_16", 16),
    ("wav", "WAV", "PCM_24", "wav", "pcm_24", 24),
    ("wav", "WAV", "PCM_32", "wav", "pcm_32", 32),
    ("wav", "WAV", "FLOAT", "wav", "float", 32),
    ("wav", "WAV", "DOUBLE", "wav", "double", 64),
    ("wav", "WAVEX", "PCM_24", "wav", "pcm_24", 24),
    ("wav", "RF64", "PCM_16", "wav", "pcm_16", 16),
    ("w64", "W64", "PCM_16", "w64", "pcm_16", 16),
    ("aiff", "AIFF", "PCM_S8", "aiff", "pcm_8", 8),
    ("aiff", "AIFF", "PCM_24", "aiff", "pcm_24", 24),
    ("aifc", "AIFF", "FLOAT", "aiff", "float", 32),
    ("flac", "FLAC", "PCM_16", "flac", "flac", 16),
    ("flac", "FLAC", "PCM_24", "flac", "flac", 24),
    ("caf", "CAF", "PCM_16", "caf", "pcm_16", 16),
    ("caf", "CAF", "ALAC_16", "caf", "alac", 16),
    ("au", "AU", "PCM_16", "au", "pcm_16", 16),
]
# (ending, libsndfile format, subtype, container, codec, highest RMS error of the tone relative to its RMS).
# One sample of delay would make 0.07 of it, so all but GSM are in place to the sample.
LOSSY = [
    ("wav", "WAV", "ULAW", "wav", "mu-law", 0.03),
    ("wav", "WAV", "ALAW", "wav", "a-law", 0.03),
    ("wav", "WAV", "IMA_ADPCM", "wav", "ima-adpcm", 0.03),
    ("wav", "WAV", "MS_ADPCM", "wav", "ms-adpcm", 0.03),
    ("wav", "WAV", "GSM610", "wav", "gsm", 0.1),
    ("ogg", "OGG", "VORBIS", "ogg", "vorbis", 0.03),
    ("opus", "OGG", "OPUS", "ogg", "opus", 0.05),
    ("mp3", "MP3", "MPEG_LAYER_III", "mp3", "mp3", 0.03),
]
# (ending, encoder, container, codec, highest RMS error relative to the RMS)
FFMPEG = [
    ("m4a", "aac", "mp4", "aac", 0.2),
    ("m4a", "alac", "mp4", "alac", 2**-12),
    ("aac", "aac", "aac", "aac", None),  # ADTS has no place to say how much is padding: the tone is shifted
    ("wma", "wmav2", "asf", "wma", None),
    ("wv", "wavpack", "wavpack", "wavpack", 2**-12),
    ("tta", "tta", "tta", "tta", 2**-12),
    ("oga", "flac", "ogg", "flac", 2**-12),
    ("mka", "flac", "matroska", "flac", 2**-12),
    ("ac3", "ac3", "ac3", "ac3", None),
]


@pytest.mark.parametrize(("ending", "form", "subtype", "container", "codec", "depth"), LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossless_formats_give_the_samples_back(
    tmp_path: Path, ending: str, form: str, subtype: str, container: str, codec: str, depth: int, channels: int
) -> None:
    y = tone(channels=channels)
    path = write_sf(tmp_path / f"a.{ending}", y, RATE, form, subtype)
    clip = decode(path)
    assert clip.samples.shape == y.shape
    assert clip.samples.dtype == np.float32
    assert clip.samples.flags.c_contiguous
    assert np.abs(clip.samples - y).max() <= (2.0 ** (1 - depth) if depth < 32 else 1e-7)
    info = clip.info
    assert (info.container, info.codec, info.bit_depth) == (container, codec, depth)
    assert (info.sample_rate, info.channels, info.frames) == (RATE, channels, y.shape[1])
    assert info.size_bytes == path.stat().st_size
    assert info.path == str(path)


@pytest.mark.parametrize(("ending", "form", "subtype", "container", "codec", "error"), LOSSY)
def test_lossy_formats_keep_the_length_and_the_sound(
    tmp_path: Path, ending: str, form: str, subtype: str, container: str, codec: str, error: float
) -> None:
    rate = 48_000 if subtype == "OPUS" else RATE
    y = tone(24_000, channels=1, rate=rate)
    clip = decode(write_sf(tmp_path / f"a.{ending}", y, rate, form, subtype))
    # Block codecs fill up their last block; the codecs with encoder delay have it cut off to the sample.
    spare = clip.samples.shape[1] - y.shape[1]
    assert 0 <= spare < (2048 if "ADPCM" in subtype or "GSM" in subtype else 1)
    assert rms(clip.samples[:, : y.shape[1]] - y) < error * rms(y)
    assert (clip.info.container, clip.info.codec) == (container, codec)


@pytest.mark.parametrize(("ending", "encoder", "container", "codec", "error"), FFMPEG)
def test_formats_that_only_ffmpeg_reads(
    tmp_path: Path, ending: str, encoder: str, container: str, codec: str, error: float | None
) -> None:
    y = tone()
    clip = decode(write_av(tmp_path / f"a.{ending}", y, RATE, encoder))
    assert (clip.info.container, clip.info.codec) == (container, codec)
    assert clip.info.frames == clip.samples.shape[1]
    if error is None:
        assert abs(clip.samples.shape[1] - y.shape[1]) < 5_000
        assert 0.7 < rms(clip.samples) / rms(y) < 1.2
    else:
        assert clip.samples.shape == y.shape
        assert rms(clip.samples - y) < error * rms(y)


@pytest.mark.parametrize("ending", ["wav", "mp3", "flac", "ogg", "m4a", "txt", ""])
@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_the_content_decides_not_the_name(tmp_path: Path, ending: str, form: str) -> None:
    path = write_sf(tmp_path / f"a.{ending}", tone(), RATE, form, sf.default_subtype(form))
    assert decode(path).info.container == form.lower()
    assert probe(path).container == form.lower()


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3", "AIFF", "CAF"])
def test_bytes_in_memory_give_the_same_clip_without_touching_the_path(tmp_path: Path, form: str) -> None:
    path = write_sf(tmp_path / "a.snd", tone(), RATE, form, sf.default_subtype(form))
    on_disk = decode(path)
    in_memory = decode("/nowhere/at all.wav", data=path.read_bytes())
    np.testing.assert_array_equal(in_memory.samples, on_disk.samples)
    assert in_memory.info.path == "/nowhere/at all.wav"
    assert in_memory.info.size_bytes == path.stat().st_size


def test_a_file_too_large_to_hold_in_memory_decodes_from_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samplemind.audio.source.WHOLE_FILE_BYTES", 1000)
    for form in ("WAV", "FLAC", "MP3"):
        path = write_sf(tmp_path / "a.snd", tone(), RATE, form, sf.default_subtype(form))
        on_disk, in_memory = decode(path), decode(path, data=path.read_bytes())
        # MP3 in memory is read by another decoder, which rounds otherwise.
        np.testing.assert_allclose(on_disk.samples, in_memory.samples, atol=1e-5 if form == "MP3" else 0)


def test_reading_in_blocks_joins_them_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_sf(tmp_path / "a.wav", tone(), RATE, "WAV", "PCM_16")
    whole = decode(path).samples
    monkeypatch.setattr("samplemind.audio.sndfile._BLOCK_SAMPLES", 2 * 777)
    np.testing.assert_array_equal(decode(path).samples, whole)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_254, 39_063, 44_101, 96_000, 192_000])
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_odd_rates_and_many_channels(tmp_path: Path, rate: int, channels: int) -> None:
    y = tone(1_000, channels, rate)
    clip = decode(write_sf(tmp_path / "a.wav", y, rate, "WAV", "FLOAT"))
    assert clip.sample_rate == rate
    np.testing.assert_array_equal(clip.samples, y)


@pytest.mark.parametrize("form", ["WAV", "AIFF", "FLAC", "OGG"])
def test_a_single_sample_is_a_sound(tmp_path: Path, form: str) -> None:
    path = write_sf(tmp_path / "a.snd", np.full((1, 1), 0.25, np.float32), RATE, form, sf.default_subtype(form))
    assert decode(path).samples.shape == (1, 1)


_INTEGERS = {"PCM_16": ("int16", 16), "PCM_24": ("int32", 24), "PCM_32": ("int32", 32)}


@settings(max_examples=40, deadline=None)
@given(
    subtype=st.sampled_from(sorted(_INTEGERS)),
    values=hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(-1, 1)),
    seed=st.integers(0, 2**32 - 1),
    form=st.sampled_from(["WAV", "AIFF", "CAF"]),
)
def test_integers_come_back_bit_for_bit(subtype: str, values: npt.NDArray[np.int64], seed: int, form: str) -> None:
    dtype, bits = _INTEGERS[subtype]
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    random = np.random.default_rng(seed).integers(low, high, values.shape, endpoint=True)
    ints = np.where(values == 0, random, np.where(values < 0, low, high))  # the ends of the range come up often
    out = io.BytesIO()
    sf.write(out, (ints << (32 - bits if bits == 24 else 0)).astype(dtype), RATE, format=form, subtype=subtype)
    expected = (ints / 2.0 ** (bits - 1)).astype(np.float32)
    np.testing.assert_array_equal(decode("a", data=out.getvalue()).samples, expected.T)


@settings(max_examples=40, deadline=None)
@given(hnp.arrays(np.float32, st.integers(1, 50), elements=st.floats(width=32)))
@example(np.array([np.nan, np.inf, -np.inf, 0.5], np.float32))
def test_what_is_not_finite_becomes_zero_and_is_counted(y: npt.NDArray[np.float32]) -> None:
    out = io.BytesIO()
    sf.write(out, y, RATE, format="WAV", subtype="FLOAT")
    clip = decode("a.wav", data=out.getvalue())
    assert clip.nonfinite_samples == np.count_nonzero(~np.isfinite(y))
    np.testing.assert_array_equal(clip.samples[0], np.where(np.isfinite(y), y, 0))


_MAGIC = [
    b"",
    b"RIFF\xff\xff\xff\xffWAVEfmt ",
    b"FORM\0\0\0\xffAIFFCOMM",
    b"fLaC\0\0\0\x22",
    b"OggS\0\2",
    b"ID3\3\0\0\0\0\0\x10",
]
_MAGIC += [
    b"\xff\xfb\x90\x64",
    b"\xff\xf1\x50\x80",
    b"\0\0\0\x18ftypM4A ",
    b"wvpk",
    b"MAC ",
    b"caff\0\1\0\0",
    b".snd\0\0\0\x18",
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_MAGIC), st.binary(max_size=400))
def test_no_bytes_crash_it(magic: bytes, rest: bytes) -> None:
    _check_decodes_or_says_why(magic + rest)


@pytest.fixture(scope="module")
def real_bytes(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("real")
    made = [
        write_sf(folder / f"a{i}", tone(3_000), RATE, form, sf.default_subtype(form))
        for i, form in enumerate(["WAV", "AIFF", "FLAC", "OGG", "MP3", "CAF"])
    ]
    made.append(write_av(folder / "a.m4a", tone(3_000), RATE, "aac"))
    return [path.read_bytes() for path in made]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_damage_crashes_it(real_bytes: list[bytes], data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(real_bytes)))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, min(len(content) - 1, 300)))] = data.draw(st.integers(0, 255))
    _check_decodes_or_says_why(bytes(content[: data.draw(st.integers(0, len(content)))]))


def _check_decodes_or_says_why(content: bytes) -> None:
    try:
        clip = decode("damaged.wav", data=content, max_duration_s=60, max_bytes=2**26)
    except AudioError as error:
        reason = error.reason
    else:
        check_clip(clip)
        reason = "decoded"
    assert reason
    assert "Error" not in reason


def check_clip(clip: Clip) -> None:
    assert clip.samples.size > 0
    assert clip.samples.shape == (clip.info.channels, clip.info.frames)
    assert np.isfinite(clip.samples).all()


@pytest.mark.parametrize("form", ["WAV", "AIFF", "FLAC", "OGG", "MP3"])
def test_a_truncated_file_gives_what_is_there(tmp_path: Path, form: str) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, RATE)).astype(np.float32)
    path = write_sf(tmp_path / "a.snd", noise, RATE, form, sf.default_subtype(form))
    whole = decode(path)
    content = path.read_bytes()
    half = decode(path, data=content[: len(content) // 2])
    assert 0.2 * RATE < half.samples.shape[1] < 0.9 * RATE
    assert half.info.frames == half.samples.shape[1]
    n = half.samples.shape[1] - 5_000
    np.testing.assert_allclose(half.samples[:, :n], whole.samples[:, :n], atol=1e-4)


def test_a_wav_that_was_never_closed_is_read_to_its_end() -> None:
    content = bytearray(wav(frames=1000))
    at = content.index(b"data") + 4
    for claimed in (0, 0xFFFFFFFF):
        content[at : at + 4] = claimed.to_bytes(4, "little")
        assert decode("a.wav", data=bytes(content)).samples.shape == (1, 1000)


def test_a_flac_of_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    content = bytearray(write_sf(tmp_path / "a.flac", tone(), RATE, "FLAC", "PCM_16").read_bytes())
    content[21] &= 0xF0  # STREAMINFO: the last 36 bits before the MD5 sum count the samples, 0 is "not known"
    content[22:26] = bytes(4)
    assert decode("a.flac", data=bytes(content)).samples.shape == (2, 22_050)


def test_mp3_in_wav_is_as_long_as_the_mp3(tmp_path: Path) -> None:
    mp3 = write_sf(tmp_path / "a.mp3", tone(), RATE, "MP3", "MPEG_LAYER_III")
    form = chunk(b"fmt ", bytes.fromhex("5500 0200 44ac0000 803e0000 0100 0000 0c00 0100 0200 0000 0000 0100 7105"))
    content = chunk(b"RIFF", b"WAVE" + form + chunk(b"data", mp3.read_bytes()))
    clip = decode("a.wav", data=content)
    assert (clip.info.container, clip.info.codec) == ("wav", "mp3")
    np.testing.assert_allclose(clip.samples, decode(mp3).samples, atol=1e-5)  # of another decoder


REASONS = [
    (b"", "empty file (0 bytes)"),
    (b"\r\n", "not audio: text (blank, 2 bytes)"),
    (b"\0", "not audio: only 1 byte"),
    (b"../Samples/kick.wav", "not audio: text ('../Samples/kick.wav')"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "not audio: a Git LFS pointer"),
    (b"<!DOCTYPE html>\n<html><body>404</body></html>", "not audio: a web page (HTML)"),
    ("Größe".encode() * 2000, "not audio: text ('Größe"),
    ("kick".encode("utf-16"), "not audio: text (UTF-16)"),
    (b"\0\x05\x16\x07" + bytes(100), "not audio: a macOS resource file"),
    (b"\x89PNG\r\n\x1a\n" + bytes(50), "not audio: a PNG picture"),
    (b"PK\x03\x04" + bytes(50), "not audio: a ZIP archive"),
    (b"FORM\0\0\0\x20ILBM" + bytes(32), "not audio: an IFF picture (ILBM)"),
    (b"MThd" + bytes(32), "not audio: MIDI notes"),
    (bytes(5000), "not audio: nothing but zero bytes at its start"),
    (b"#EXTM3U\nhttp://localhost/a.wav\n", "not audio: text ('#EXTM3U')"),
    (b"\x9c\x01\xf3\x00" * 40, "not audio: no known audio format in its content"),
    (wav(frames=0), "no audio: the wav header is valid but there are 0 samples"),
    (wav()[:30], "truncated or damaged wav (30 bytes)"),
    (wav(rate=3), "damaged header: a sample rate of 3 Hz"),
    (b"ID3\3\0\0\0\0\0\4" + bytes(200), "truncated or damaged mp3 (210 bytes)"),
]


@pytest.mark.parametrize(("content", "reason"), REASONS, ids=[reason[:30] for _, reason in REASONS])
def test_reasons_are_for_people(content: bytes, reason: str) -> None:
    with pytest.raises(AudioError) as caught:
        decode("x/named.wav", data=content)
    assert caught.value.reason.startswith(reason)
    assert caught.value.path == "x/named.wav"


def test_a_header_that_promises_what_is_not_there_says_so(tmp_path: Path) -> None:
    content = write_sf(tmp_path / "a.flac", tone(RATE), RATE, "FLAC", "PCM_16").read_bytes()
    with pytest.raises(AudioError, match="truncated or damaged flac: its header promises 1 s, nothing decodes"):
        decode("a.flac", data=content[:100])


def test_an_encoding_nobody_reads_is_named() -> None:
    common = b"\0\1\0\0\0\x10\0\x10\x40\x0e\xac\x44\0\0\0\0\0\0" + b"able" + b"\0\0"
    body = b"AIFC" + chunk(b"COMM", common, ">") + chunk(b"SSND", bytes(40), ">")
    with pytest.raises(AudioError, match="the aiff encoding 'able' cannot be decoded"):
        decode("a.aif", data=chunk(b"FORM", body, ">"))


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such file"):
        decode(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="is a folder"):
        decode(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="not a regular file"):
        decode(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match="cannot be read"):
        decode("a\0b.wav")


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_limits_name_value_limit_and_remedy(tmp_path: Path, form: str) -> None:
    path = write_sf(tmp_path / "a.snd", tone(2 * RATE), RATE, form, sf.default_subtype(form))
    with pytest.raises(AudioError, match=r"2 s or more .* limit of 1\.5 s; raise max_duration_s"):
        decode(path, max_duration_s=1.5)
    with pytest.raises(AudioError, match=rf"{path.stat().st_size} bytes .* limit of 1000; raise max_bytes"):
        decode(path, max_bytes=1000)
    with pytest.raises(AudioError, match=r"decoded samples .* limit of 700000; raise max_bytes"):
        decode(path, max_bytes=700_000)
    assert decode(path, max_duration_s=2.0, max_bytes=10**7).samples.shape[1] == 2 * RATE


def test_a_limit_is_kept_although_the_header_lies(tmp_path: Path) -> None:
    content = bytearray(write_sf(tmp_path / "a.flac", tone(2 * RATE), RATE, "FLAC", "PCM_16").read_bytes())
    content[21] |= 0x0F
    content[22:26] = b"\xff" * 4  # 18 days
    assert decode("a.flac", data=bytes(content), max_duration_s=3).samples.shape[1] == 2 * RATE
    with pytest.raises(AudioError, match="limit of 1 s"):
        decode("a.flac", data=bytes(content), max_duration_s=1)


@pytest.mark.parametrize("limit", [{"max_duration_s": 0}, {"max_duration_s": float("nan")}, {"max_bytes": -1}])
def test_limits_that_allow_nothing_are_refused(limit: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(limit))):
        decode("a.wav", data=wav(), **limit)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_probe_agrees_with_decode(tmp_path: Path, form: str) -> None:
    path = write_sf(tmp_path / "a.snd", tone(), RATE, form, sf.default_subtype(form))
    assert probe(path) == decode(path).info


def test_probe_refuses_what_has_no_header(tmp_path: Path) -> None:
    for content, reason in ((b"hello there", "not audio: text"), (wav()[:30], "truncated or damaged wav")):
        path = tmp_path / "a.wav"
        path.write_bytes(content)
        with pytest.raises(AudioError, match=reason):
            probe(path)


def test_importing_the_room_loads_no_decoder() -> None:
    code = "import sys, samplemind.audio; sys.exit(any(m in sys.modules for m in ('av', 'soundfile', 'soxr')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
