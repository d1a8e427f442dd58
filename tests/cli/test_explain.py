"""`describe` and `doctor`."""

from __future__ import annotations

import csv
import io

from samplemind.descriptors.catalogue import CATALOGUE, descriptors
from tests.cli.conftest import Run, lines_of


def test_describe_has_every_descriptor_in_all_three_forms(run: Run) -> None:
    names = [entry.name for entry in CATALOGUE]
    assert sorted(row["name"] for row in lines_of(run("describe", "--format", "jsonl").stdout)) == sorted(names)
    rows = list(csv.DictReader(io.StringIO(run("describe", "--format", "csv").stdout)))
    assert sorted(row["name"] for row in rows) == sorted(names)
    table = run("describe").stdout
    assert [name for name in names if f"\n{name} " not in table] == []


def test_describe_a_level_has_only_what_it_gives(run: Run) -> None:
    rows = lines_of(run("describe", "--level", "basic", "--format", "jsonl").stdout)
    assert {row["name"] for row in rows} == {entry.name for entry in descriptors("basic")}


def test_describe_one_says_unit_range_meaning(run: Run) -> None:
    shown = run("describe", "loudness_lufs").stdout
    for part in ("LUFS", "-70", "basic", "loudness", "BS.1770"):
        assert part in shown


def test_describe_offers_near_names(run: Run) -> None:
    done = run("describe", "loudness_luf")
    assert done.returncode == 2
    assert "loudness_lufs" in done.stderr


def test_doctor_decodes_every_codec_here(run: Run) -> None:
    done = run("doctor", "--format", "jsonl")
    rows = lines_of(done.stdout)
    assert done.returncode == 0, done.stdout
    codecs = {row["what"]: row["state"] for row in rows if row["area"] == "codec"}
    assert {"WAV 24 bit", "FLAC", "Opus", "MP3", "M4A AAC", "M4A Apple Lossless", "WMA"} <= set(codecs)
    assert set(codecs.values()) == {"ok"}
    assert {"numba", "lancedb", "polars", "libsndfile", "ffmpeg"} <= {row["what"] for row in rows}
    assert {"cores", "memory"} <= {row["what"] for row in rows if row["area"] == "machine"}
    for row in rows:
        assert row["state"] == "ok" or row["remedy"] or row["found"]


def test_doctor_says_when_a_decoder_is_broken() -> None:
    from samplemind.cli.doctor import check_codec

    assert check_codec("WAV", "x.wav", lambda: b"RIFF and nothing more").state == "failed"
    wrong = check_codec("WAV", "x.wav", lambda: _silent_wav())
    assert wrong.state == "failed"
    assert "level 0.000" in wrong.found


def _silent_wav() -> bytes:
    import numpy as np
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.zeros(24000), 48000, format="WAV")
    return file.getvalue()
