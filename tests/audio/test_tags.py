from __future__ import annotations

import struct
from pathlib import Path

import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from samplemind.audio import decode, probe
from samplemind.audio.tags import MAX_VALUE, clean, parse_id3, parse_vorbis_comment

from .makers import RATE, chunk, id3, syncsafe, tone, vorbis_comment, wav, write_av, write_sf


def acid(bpm: float, root: int = 57, flags: int = 2, beats: int = 32) -> bytes:
    return chunk(b"acid", struct.pack("<IHHfIHHf", flags, root, 0x8000, 0.0, beats, 4, 4, bpm))


def smpl(root: int, loops: int) -> bytes:
    return chunk(b"smpl", struct.pack("<9I", 0, 0, 22675, root, 0, 0, 0, loops, 0))


def tags_of(content: bytes) -> dict[str, str]:
    return dict(decode("a.wav", data=content).info.tags)


def test_acid_smpl_and_inst_chunks() -> None:
    found = tags_of(wav(acid(92.5), smpl(60, 1), chunk(b"inst", bytes([64, 0, 0, 0, 127, 1, 127]))))
    assert found == {
        "acid_bpm": "92.5",
        "acid_root": "57",
        "acid_beats": "32",
        "acid_flags": "2",
        "smpl_root": "60",
        "smpl_loops": "1",
        "inst_root": "64",
    }


@pytest.mark.parametrize("bpm", [0.0, -3.0, float("nan"), float("inf")])
def test_an_impossible_acid_tempo_is_left_out(bpm: float) -> None:
    assert "acid_bpm" not in tags_of(wav(acid(bpm)))


def test_a_root_that_nobody_set_is_left_out() -> None:
    assert "acid_root" not in tags_of(wav(acid(120, flags=1)))


def test_list_info_and_bext() -> None:
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Odd\0") + chunk(b"IART", b"M\xe9\0") + chunk(b"IBPM", b"99"))
    bext = chunk(b"bext", b"Field take 3".ljust(256, b"\0") + b"Recorder".ljust(346, b"\0"))
    assert tags_of(wav(info, bext)) == {
        "title": "Odd",
        "artist": "Mé",
        "bpm": "99",
        "bext_description": "Field take 3",
        "bext_originator": "Recorder",
    }


def test_chunks_behind_the_data_and_without_pad_byte() -> None:
    unpadded = b"note" + struct.pack("<I", 3) + b"abc"
    content = wav() + unpadded + acid(120)
    assert tags_of(content)["acid_bpm"] == "120"


@pytest.mark.parametrize("version", [2, 3, 4])
def test_id3_of_every_version_in_a_wav(version: int) -> None:
    names = (b"TBP", b"TKE", b"TT2", b"COM") if version == 2 else (b"TBPM", b"TKEY", b"TIT2", b"COMM")
    contents = (b"\x00128", b"\x03Am\0", b"\x01\xff\xfe" + "Tü".encode("utf-16-le"), b"\x00engdesc\0said so")
    tag = id3(*zip(names, contents, strict=True), version=version)
    assert tags_of(wav(chunk(b"id3 ", tag))) == {"bpm": "128", "key": "Am", "title": "Tü", "comment": "said so"}


def test_id3_in_wide_characters() -> None:
    comment = b"\x01eng\xff\xfe\0\0\xff\xfe" + "weit".encode("utf-16-le")
    frames = (b"COMM", comment), (b"TIT2", b"\x02" + "Be".encode("utf-16-be")), (b"TPE1", b"\x01" + b"N\0o\0")
    assert clean(parse_id3(id3(*frames))) == {"comment": "weit", "title": "Be", "artist": "No"}


def test_id3_of_an_mp3(tmp_path: Path) -> None:
    tags = {"TBPM": "87", "TKEY": "F#m", "title": "Whole", "artist": "Somebody"}
    path = write_av(tmp_path / "a.mp3", tone(), RATE, "libmp3lame", tags=tags)
    found = decode(path).info.tags
    assert {k: found[k] for k in ("bpm", "key", "title", "artist")} == {
        "bpm": "87",
        "key": "F#m",
        "title": "Whole",
        "artist": "Somebody",
    }
    assert probe(path).tags == found


@pytest.mark.parametrize(("form", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS")])
def test_vorbis_comments(tmp_path: Path, form: str, subtype: str) -> None:
    path = tmp_path / "a"
    with sf.SoundFile(path, "w", 48_000, 1, subtype, format=form) as out:
        out.title = "Glück"
        out.comment = "c" * 5_000  # more than one page segment
        out.write(tone(4_800, 1)[0])
    found = decode(path).info.tags
    assert found["title"] == "Glück"
    assert found["comment"] == "c" * MAX_VALUE


def test_tempo_and_key_in_vorbis_comments() -> None:
    block = vorbis_comment("TEMPO=140", "INITIALKEY=8A", "Title=x", "METADATA_BLOCK_PICTURE=AAAA", "no equals sign")
    assert clean(parse_vorbis_comment(block)) == {"bpm": "140", "key": "8A", "title": "x"}


def test_mp4_tags(tmp_path: Path) -> None:
    path = write_av(tmp_path / "a.m4a", tone(), RATE, "aac", tags={"title": "Im Topf", "comment": "c"})
    found = decode(path).info.tags
    assert found["title"] == "Im Topf"
    assert not any(key.startswith(("major", "compatible", "handler")) for key in found)


def test_the_length_that_apple_encoders_write_is_kept(tmp_path: Path) -> None:
    content = bytearray(write_av(tmp_path / "a.m4a", tone(), RATE, "aac", tags={"title": "t"}).read_bytes())
    value = f" 00000000 00000400 00000200 {20_000:016X}".encode()
    atom = b"".join(
        struct.pack(">I", len(body) + 8) + name + body
        for name, body in (
            (b"mean", bytes(4) + b"com.apple.iTunes"),
            (b"name", bytes(4) + b"iTunSMPB"),
            (b"data", b"\0\0\0\1\0\0\0\0" + value),
        )
    )
    atom = struct.pack(">I", len(atom) + 8) + b"----" + atom
    # The index lies behind the sound, so that it can grow: every atom around the tag list gets longer.
    starts = [content.rindex(name) - 4 for name in (b"moov", b"udta", b"meta", b"ilst")]
    end = starts[-1] + int.from_bytes(content[starts[-1] : starts[-1] + 4], "big")
    for start in starts:
        size = int.from_bytes(content[start : start + 4], "big") + len(atom)
        content[start : start + 4] = size.to_bytes(4, "big")
    content[end:end] = atom
    clip = decode("a.m4a", data=bytes(content))
    assert clip.info.frames == 20_000
    assert "itunsmpb" not in clip.info.tags


def test_hostile_sizes_and_encodings_are_cut() -> None:
    cases = [
        wav(chunk(b"LIST", b"INFO" + b"INAM\xff\xff\xff\xff" + b"x" * 10_000)),
        wav(chunk(b"id3 ", id3((b"TIT2", b"\x01\xff\xfe\x00\xd8" + b"A\0" * 9_000), size=2**28 - 1))),
        wav(chunk(b"id3 ", b"ID3\x04\x00\x40" + syncsafe(20) + b"\x7f" * 20)),
        wav(chunk(b"acid", b"\xff" * 3), chunk(b"smpl", b""), chunk(b"bext", b"\xff" * 700)),
    ]
    for content in cases:
        for key, value in tags_of(content).items():
            assert len(value) <= MAX_VALUE
            assert value.isprintable()
            assert key == key.lower()
    assert len(clean((f"k{i}", "v") for i in range(1000))) == 64
    endless = vorbis_comment(*(f"k{i}=v" for i in range(500)), count=2**32 - 1)
    assert len(clean(parse_vorbis_comment(endless))) == 64


def test_the_first_value_of_a_key_wins_and_line_breaks_go() -> None:
    assert clean([("TBPM", "90"), ("bpm", "91"), ("Title", " two\r\n lines\0rest"), ("x", "\0")]) == {
        "bpm": "90",
        "title": "two lines",
    }


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([b"id3 ", b"LIST", b"acid", b"smpl", b"bext", b"inst"]), st.binary(max_size=200), st.booleans())
def test_no_chunk_content_can_break_decoding(name: bytes, body: bytes, prefixed: bool) -> None:
    start = {b"id3 ": b"ID3\3\0\0\0\0\1\0", b"LIST": b"INFO"}.get(name, b"") if prefixed else b""
    if name == b"acid":  # libsndfile reads 24 bytes of it, however short it is, and then misses the first samples
        body = body.ljust(24, b"\0")
    clip = decode("a.wav", data=wav(chunk(name, start + body)))
    assert clip.samples.shape == (1, 4)
    assert all(0 < len(v) <= MAX_VALUE for v in clip.info.tags.values())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_no_comment_block_breaks_the_parsers(block: bytes) -> None:
    assert all(isinstance(v, str) for _, v in parse_vorbis_comment(block))
    assert all(isinstance(v, str) for _, v in parse_id3(b"ID3\4\0\0\0\0\0\x70" + block))


def test_aiff_text_chunks(tmp_path: Path) -> None:
    content = write_sf(tmp_path / "a.aiff", tone(10), RATE, "AIFF", "PCM_16").read_bytes()
    content += chunk(b"NAME", b"Zip", ">") + chunk(b"AUTH", b"Her", ">") + chunk(b"ANNO", b"noted", ">")
    found = decode("a.aiff", data=content).info.tags
    assert (found["title"], found["artist"], found["comment"]) == ("Zip", "Her", "noted")
