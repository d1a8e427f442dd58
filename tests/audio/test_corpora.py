"""Real and awkward files: what is asked of every one of them, and lengths that others have measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from samplemind.audio import decode, probe
from samplemind.errors import AudioError

from .test_decode import check_clip

# Frames as libsndfile or FFmpeg report them in the corpus's own README.
MEASURED = {
    "libnyquist__test.wav": 224_091,
    "Dirt-Samples__001_crab.wav": 189_390,
    "wav__misaligned-chunk.wav": 564_480,
    "hound__pcmwaveformat-24bit-4byte-48kHz-stereo.wav": 2,
    "hound__nonstandard-01.wav": 1,
    "pedalboard__float64.wav": 44_100,
    "tinytag__gsm_6_10.wav": 4_480,
    "tinytag__adpcm_no_byterate.wav": 1_012,
    "libnyquist__Block-split-stereo-ima4-reaper.wav": 214_305,
    "libnyquist__6_channel_44k_16b.wav": 257_411,
    "aiff__sowt2.aif": 166_677,
    "music-metadata__hit-broken.aif": 32_768,
    "pedalboard__mono_sine_at_44100Hz.caf": 220_500,
    "essentia-audio__unsupported.au": 220_490,
    "libnyquist__header_larger_than_file_size.wav": 40_200,
    "hound__crash-e5471f5b58397287b509db7d026e95f1724454f5.wav": 4,
    "claxon__wasted_bits.flac": 4_410,
    "sonic-pi__hat_sci.flac": 19_084,
    "mutagen__lame397v9short.mp3": 229,
    "mutagen__apev2-lyricsv2.mp3": 85_295,
    "tinytag__non_ascii_filename_äää.mp3": 220_500,
    "tinytag__alac_silence.m4a": 800,
    "music-metadata__audio.flac.ogg": 128_180,
    "music-metadata__audio.speex.ogg": 93_440,
    "mutagen__example.opus": 545_026,
    "mutagen__multipage-setup.ogg": 182_080,
    "mutagen__click.mpc": 3_456,
    "music-metadata__adts-mpeg4-2.aac": 14_336,
    "mutagen__silence-1.wma": 178_176,
    # Not as measured there: these are 5 s and 1 s of sound, and FFmpeg alone leaves the encoder's padding at the ends.
    "pedalboard__mono_sine_at_44100Hz.m4a": 220_500,
    "pedalboard__mp3_in_wav.wav": 44_100,
}
REFUSED = {
    "aiff__ableton.aif": "the aiff encoding 'able' cannot be decoded",
    "essentia-audio__empty.mp3": "there are 0 samples",
    "mutagen__52-overwritten-metadata.flac": "header promises 237 s, nothing decodes",
    "mutagen__ooming-header.flac": "header promises 139 s, nothing decodes",
    "tinytag__empty_file.ogg": "empty file (0 bytes)",
    "tinytag__ilbm.aiff": "not audio: an IFF picture (ILBM)",
    "mirdata__10161_chorus.wav": "not audio: text",
    "strudel-samples__nice-808.wav": "not audio: text (blank, 2 bytes)",
    "hound__oom-48ae4cd061ff8578ad3f23dc87624bd365cf5216.wav": "truncated or damaged wav (22 bytes)",
}


def test_every_awkward_file_decodes_or_says_why_in_silence(corpora: Path, capfd: pytest.CaptureFixture[str]) -> None:
    decoded, refused = 0, []
    for path in sorted((corpora / "weird").iterdir()):
        try:
            clip = decode(path)
        except AudioError as error:
            refused.append(error)
            continue
        decoded += 1
        check_clip(clip)
        assert all(len(value) <= 200 for value in clip.info.tags.values())
    assert decoded > 80
    for error in refused:
        assert 8 < len(error.reason) < 150
        assert "\n" not in error.reason
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


@pytest.mark.parametrize(("name", "frames"), MEASURED.items(), ids=MEASURED)
def test_lengths_are_those_that_others_measured(corpora: Path, name: str, frames: int) -> None:
    assert decode(corpora / "weird" / name).info.frames == frames


@pytest.mark.parametrize(("name", "reason"), REFUSED.items(), ids=REFUSED)
def test_reasons_of_known_failures(corpora: Path, name: str, reason: str) -> None:
    with pytest.raises(AudioError) as caught:
        decode(corpora / "weird" / name)
    assert reason in caught.value.reason


def test_acid_chunks_of_real_files(corpora: Path) -> None:
    silent = decode(corpora / "weird" / "Dirt-Samples__silent.wav").info.tags
    assert silent["acid_bpm"] == "190"
    kick = probe(corpora / "weird" / "BespokeSynth__Kick [argo].wav").tags
    assert (kick["acid_bpm"], kick["smpl_root"]) == ("140", "60")


@pytest.mark.parametrize("ending", ["m4a", "mp3", "ogg", "flac", "WAV"])
def test_real_libraries_decode(corpora: Path, ending: str) -> None:
    paths = sorted((corpora / "dev").rglob(f"*.{ending}"))[:40]
    assert paths
    for path in paths:
        clip = decode(path)
        check_clip(clip)
        # MP3s without a header of their own are estimated; all others know their length.
        assert clip.info.frames == pytest.approx(probe(path).frames, abs=0 if ending != "mp3" else 3_000)
