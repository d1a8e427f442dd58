from __future__ import annotations

import os
import shutil

import pytest

from samplemind.descriptors.catalogue import GROUPS
from samplemind.errors import LibraryError, ParameterError
from samplemind.library import Library, Progress
from samplemind.library.schema import samples_schema, version_column

from .helpers import assert_sound, make_sound, make_sounds


def ids(library: Library) -> dict[str, str]:
    rows = library.frame(["name", "id"])
    return dict(zip(rows["name"], rows["id"], strict=True))


@pytest.mark.timeout(120)
def test_a_library_follows_its_folder(tmp_path, hooked):
    sounds = make_sounds(tmp_path / "sounds", 6)
    (sounds / "text.wav").write_text("hello")
    (sounds / "empty.mp3").touch()
    shutil.copy(sounds / "tone_001.wav", sounds / "twin.wav")
    library = Library.open_or_create(tmp_path / "library")
    seen: list[Progress] = []
    first = library.ingest(sounds, level="basic", workers=1, progress=seen.append)
    assert (first.scanned, first.new, first.analyzed, first.failed) == (9, 9, 8, 2)
    assert sorted(reason.split(" (")[0] for _, reason in first.failures) == ["empty file", "not audio: text"]
    # Of the two equal files, one.
    assert sorted(hooked()) == sorted({*os.listdir(sounds)} - {"twin.wav"})
    assert seen[-1] == Progress("done", 9, 9, 2, first.audio_s)
    assert 6 * 0.25 < first.audio_s < 6 * 0.3
    assert_sound(library)
    before = ids(library)
    assert before["twin.wav"] == before["tone_001.wav"]
    assert library.frame(["name"], "status = 'failed'", "name")["name"].to_list() == ["empty.mp3", "text.wav"]

    # Unchanged, touched, or renamed: nothing is decoded.
    again = library.ingest(sounds, level="basic", workers=1)
    assert (again.scanned, again.unchanged, again.analyzed) == (9, 9, 0)
    os.utime(sounds / "tone_002.wav")
    os.rename(sounds, tmp_path / "renamed")
    (tmp_path / "sounds").mkdir()
    moved = library.ingest([tmp_path / "renamed", sounds], level="basic", workers=1)
    assert (moved.moved, moved.gone, moved.new, moved.analyzed) == (9, 9, 0, 0)
    assert ids(library) == before
    assert len(hooked()) == 8

    # One changed, one new, one gone: two are decoded.
    renamed = tmp_path / "renamed"
    make_sound(renamed / "tone_003.wav", 900)
    make_sound(renamed / "more" / "new.wav", 901)
    os.remove(renamed / "tone_004.wav")
    third = library.ingest(renamed, level="basic", workers=1)
    assert (third.changed, third.new, third.gone, third.unchanged, third.analyzed) == (1, 1, 1, 7, 2)
    assert hooked()[8:] == ["new.wav", "tone_003.wav"]
    after = ids(library)
    assert after["tone_003.wav"] != before["tone_003.wav"]
    assert "tone_004.wav" not in after
    assert_sound(library)
    # The sounds that lie nowhere any more are kept, and known when they come back.
    assert library.info().orphans == 2
    assert library.info().runs == 3  # a run in which nothing was to be done leaves no row


def test_only_the_stale_groups_are_computed_again(own, hooked):
    sounds, library = own
    columns = samples_schema().names
    table = library.tables.samples
    before = library.tables.read(table, columns).sort("id")
    table.update(where="status = 'ok'", values={version_column("level"): 0, "peak_dbfs": 5.0, "loudness_lufs": 7.0})
    report = library.ingest(sounds, workers=1)
    good = before.filter(before["status"] == "ok")
    assert report.analyzed == len(good)
    after = library.tables.read(table, columns).sort("id")
    # peak_dbfs is of the stale group and right again; loudness_lufs is of another one, and left as it is.
    skipped = ["loudness_lufs", "seconds_to_analyze"]
    assert after.drop(skipped).equals(before.drop(skipped))
    assert set(after.filter(after["status"] == "ok")["loudness_lufs"]) == {7.0}
    assert library.ingest(sounds, workers=1).analyzed == 0
    assert_sound(library)


def test_a_higher_level_adds_what_is_missing_and_a_lower_one_takes_nothing(tmp_path):
    sounds = make_sounds(tmp_path / "sounds", 3)
    library = Library.create(tmp_path / "library")
    library.ingest(sounds, level="basic", workers=1)
    basic = library.tables.read(library.tables.samples, samples_schema().names).sort("id")
    assert basic["embedding"].null_count() == 3
    assert library.ingest(sounds, level="standard", workers=1).analyzed == 3
    standard = library.tables.read(library.tables.samples, samples_schema().names).sort("id")
    assert standard["embedding"].null_count() == 0
    assert standard["level"].to_list() == ["standard"] * 3
    assert standard.select("id", "peak_dbfs", "attack_s").equals(basic.select("id", "peak_dbfs", "attack_s"))
    assert {
        standard[version_column(group)].null_count()
        for group in GROUPS
        if group not in ("events", "hpss", "perceptual")
    } == {0}
    assert library.ingest(sounds, level="basic", workers=1).analyzed == 0
    assert_sound(library)


def test_sounds_at_a_new_path_that_are_also_stale_are_brought_up_to_date_at_once(tmp_path):
    sounds = make_sounds(tmp_path / "sounds", 2)
    library = Library.create(tmp_path / "library")
    library.ingest(sounds, level="basic", workers=1)
    os.rename(sounds, tmp_path / "elsewhere")
    sounds.mkdir()
    report = library.ingest([sounds, tmp_path / "elsewhere"], level="standard", workers=1)
    assert (report.moved, report.analyzed) == (2, 2)
    assert library.frame(["level"])["level"].to_list() == ["standard"] * 2
    assert_sound(library)


def test_a_file_that_cannot_be_read_is_a_row_until_it_can(tmp_path):
    sounds = make_sounds(tmp_path / "sounds", 1)
    # root may read every file; a link into /proc/self/mem is one that nobody can read from its start
    (sounds / "locked.wav").symlink_to("/proc/self/mem")
    library = Library.create(tmp_path / "library")
    first = library.ingest(sounds, level="basic", workers=1)
    assert [(os.path.basename(path), reason.split(":")[0]) for path, reason in first.failures] == [
        ("locked.wav", "cannot be read")]  # fmt: skip
    os.remove(sounds / "locked.wav")
    make_sound(sounds / "locked.wav", 77)
    second = library.ingest(sounds, level="basic", workers=1)
    assert (second.analyzed, second.failed) == (1, 0)
    assert library.info().failed == 0
    assert_sound(library)


def test_failed_files_are_tried_again_only_when_asked(tmp_path, hooked):
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    (sounds / "a.wav").write_text("hello")
    library = Library.create(tmp_path / "library")
    library.ingest(sounds, level="basic", workers=1)
    assert library.ingest(sounds, level="basic", workers=1).analyzed == 0
    report = library.ingest(sounds, level="basic", workers=1, retry_failed=True)
    assert (report.analyzed, report.failed) == (1, 1)
    assert hooked() == ["a.wav", "a.wav"]
    assert_sound(library)


def test_awkward_names_go_all_the_way(tmp_path):
    sounds = tmp_path / 'it\'s a "folder"; DROP'
    for seed, name in enumerate(["ünï 音.wav", "new\nline.wav", "per%cent.wav", "back\\slash.wav", "b\udce4d.wav"]):
        make_sound(sounds / "plain.wav", seed)
        os.rename(sounds / "plain.wav", sounds / name)
    library = Library.create(tmp_path / "library")
    assert library.ingest(sounds, level="basic", workers=1).failed == 0
    assert_sound(library)
    assert len(library) == 5
    assert library.verify(deep=True).problems == []
    assert library.verify().missing == []
    os.rename(sounds / "b\udce4d.wav", sounds / "b\udce5d.wav")
    report = library.ingest(sounds, level="basic", workers=1)
    assert (report.moved, report.gone, report.analyzed) == (1, 1, 0)


def test_nothing_to_do_starts_no_worker(own, hooked, monkeypatch):
    sounds, library = own
    import distributed

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a cluster was started")

    monkeypatch.setattr(distributed, "LocalCluster", refuse)
    report = library.ingest(sounds)
    assert (report.analyzed, report.unchanged) == (0, report.scanned)
    os.rename(library.uri, library.uri + "2")
    assert Library.open(library.uri + "2").ingest(sounds).analyzed == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [({"level": "best"}, "level"), ({"workers": -1}, "workers"), ({"scheduler": "tcp://127.0.0.1:1"}, "scheduler")],
)
def test_wrong_arguments_are_named(own, tmp_path, options, words):
    make_sound(tmp_path / "new" / "a.wav", 5000)
    with pytest.raises((ParameterError, LibraryError), match=words):
        own[1].ingest(tmp_path / "new", **options)
    assert_sound(own[1])


def test_equal_files_that_fail_are_each_counted_and_told(tmp_path):
    sounds = tmp_path / "sounds"
    make_sounds(sounds, 1)
    for name in ("a.wav", "b.wav"):
        (sounds / name).write_text("hello")
    library = Library.create(tmp_path / "library")
    first = library.ingest(sounds, level="basic", workers=1)
    assert (first.analyzed, first.failed) == (2, 2)
    assert sorted(os.path.basename(path) for path, _ in first.failures) == ["a.wav", "b.wav"]
    # One that equals what failed before fails, too, and nothing is listened to.
    shutil.copy(sounds / "a.wav", sounds / "c.wav")
    second = library.ingest(sounds, level="basic", workers=1)
    assert (second.analyzed, second.failed) == (0, 1)
    assert second.failures == [(str(sounds / "c.wav"), first.failures[0][1])]


def test_workers_are_at_least_one(tmp_path):
    library = Library.create(tmp_path / "library")
    with pytest.raises(ParameterError, match="workers: 0"):
        library.ingest(tmp_path, workers=0)
