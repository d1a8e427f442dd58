"""The folder is what the report says: whole files, exact labels, nothing made twice, the committed part up to date."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from samplemind.demo import COLUMNS, DemoReport, catalogue, make_demo, small_demo, writer

COMMITTED = Path(__file__).resolve().parents[2] / "data" / "demo"


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as handle:
        return {row["path"]: row for row in csv.DictReader(handle)}


def test_labels_are_those_of_the_list(small: DemoReport) -> None:
    table = rows(small.folder)
    assert tuple(next(iter(table.values()))) == COLUMNS
    assert list(table) == [sound.path for sound in catalogue("small")]
    loop = next(s for s in small.sounds if s.sample_class == "music-loop")
    assert table[loop.path]["bpm"] == f"{loop.bpm:g}"
    assert table[loop.path]["key"] == loop.key
    note = next(s for s in small.sounds if s.midi_note)
    assert table[note.path]["midi_note"] == str(note.midi_note)
    assert {row["licence"] for row in table.values()} == {"CC0-1.0"}


def test_files_have_the_format_of_the_list(small: DemoReport) -> None:
    assert small.written == len(small.sounds)
    for sound in small.sounds:
        info = soundfile.info(small.folder / sound.path)
        assert (info.samplerate, info.format, info.subtype) == (sound.rate, "FLAC", "PCM_16")
    assert not list(small.folder.rglob("*.part"))


def test_a_second_run_makes_only_what_is_missing_or_damaged(small: DemoReport, tmp_path: Path) -> None:
    folder = shutil.copytree(small.folder, tmp_path / "copy")
    gone, hurt = (folder / sound.path for sound in small.sounds[:2])
    right = hurt.read_bytes()
    gone.unlink()
    hurt.write_bytes(right[:-7])
    steps: list[tuple[int, int]] = []
    report = make_demo(folder, subset="small", progress=lambda done, total: steps.append((done, total)))
    assert (report.written, report.skipped) == (2, len(small.sounds) - 2)
    assert hurt.read_bytes() == right  # the same bytes each time
    assert gone.read_bytes() == (small.folder / small.sounds[0].path).read_bytes()
    assert steps == [(k, len(small.sounds)) for k in range(len(small.sounds) + 1)]


def test_a_damaged_record_only_costs_time(small: DemoReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "catalogue", lambda subset: small.sounds[:2])
    (tmp_path / ".demo.json").write_text('{"generator": 3')
    assert make_demo(tmp_path).written == 2
    assert make_demo(tmp_path).skipped == 2


def test_a_wav_of_the_list_is_written_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = next(s for s in catalogue() if s.bits == 24 and s.path.endswith(".wav") and s.sample_class == "kick")
    monkeypatch.setattr(writer, "catalogue", lambda subset: (deep,))
    make_demo(tmp_path)
    info = soundfile.info(tmp_path / deep.path)
    assert (info.format, info.subtype, info.samplerate) == ("WAV", "PCM_24", deep.rate)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("here")
    with pytest.raises(OSError, match="file"):
        make_demo(blocked / "demo", subset="small")


def test_without_a_checkout_the_small_library_is_made_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = catalogue("small")[:1]
    monkeypatch.setattr(writer, "catalogue", lambda subset: sounds)
    monkeypatch.setattr(writer, "__file__", str(tmp_path / "lib" / "samplemind" / "demo" / "writer.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = small_demo()
    assert folder == tmp_path / "cache" / "samplemind" / "demo-small"
    assert (folder / sounds[0].path).is_file()


def test_the_committed_part_is_what_the_generator_makes(small: DemoReport) -> None:
    if not COMMITTED.is_dir():
        pytest.skip("data/demo belongs to a source checkout")
    assert small_demo() == COMMITTED
    assert (COMMITTED / "labels.csv").read_bytes() == small.labels.read_bytes()
    stored = {p.relative_to(COMMITTED).as_posix() for p in COMMITTED.rglob("*.flac")}
    assert stored == {sound.path for sound in small.sounds}
    for sound in small.sounds:
        ours, _ = soundfile.read(COMMITTED / sound.path, dtype="int16")
        made, _ = soundfile.read(small.folder / sound.path, dtype="int16")
        assert ours.shape == made.shape, sound.path
        # another processor may round a sine differently in the last bit
        assert np.max(np.abs(ours.astype(int) - made.astype(int))) <= 2, sound.path


def test_the_committed_part_is_small() -> None:
    if not COMMITTED.is_dir():
        pytest.skip("data/demo belongs to a source checkout")
    assert sum(p.stat().st_size for p in COMMITTED.rglob("*") if p.is_file()) < 4e6
