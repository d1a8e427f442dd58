from __future__ import annotations

import contextlib
import json
import os
import shutil

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.errors import AudioError, LibraryError, ParameterError
from samplemind.library import Library
from samplemind.library.schema import column_names, vector_columns

from .helpers import assert_sound, make_sound


def test_a_frame_has_a_row_for_every_file(heard):
    sounds, library = heard
    rows = library.frame()
    assert len(rows) == len(library) == 16
    assert rows["path"].to_list() == sorted(rows["path"])
    assert rows.filter(rows["status"] == "failed")["path"].to_list() == [str(sounds / "broken.wav")]


def test_where_sort_and_limit_are_sql(heard):
    library = heard[1]
    rows = library.frame(["name", "duration_s"], "name LIKE 'tone%' AND duration_s > 0.25 AND NOT name = 'x'",
                         "duration_s DESC", 3)  # fmt: skip
    assert rows["name"].to_list() == ["tone_011.wav", "tone_010.wav", "tone_009.wav"]
    assert rows.columns == ["name", "duration_s"]
    assert library.frame(["name"], "name = 'snare it''s ''quoted''.wav'")["name"].len() == 1
    assert library.frame(["name"], "upper(ext) = 'WAV' AND folder LIKE '%Drums'").height == 3
    assert library.frame(["name"], "name_bpm BETWEEN 119 AND 121 AND name_key = 'A minor'").height == 1
    assert library.frame(["name"], "status IN ('failed') OR \"peak_dbfs\" > 100").height == 1


def test_nulls_come_last_whichever_way_it_is_sorted(heard):
    for order in ("peak_dbfs", "peak_dbfs DESC", "round(peak_dbfs, 3) desc, name"):
        assert heard[1].frame(["name", "peak_dbfs"], sort=order)["name"][-1] == "broken.wav"
    assert heard[1].frame(["name"], sort="peak_dbfs NULLS FIRST")["name"][0] == "broken.wav"


def test_only_the_columns_that_are_named_are_read(heard, monkeypatch):
    library = heard[1]
    read = []
    original = library.tables.read
    monkeypatch.setattr(
        library.tables, "read", lambda t, columns, *rest: read.append(set(columns)) or original(t, columns, *rest)
    )
    library.frame(["name"], "peak_dbfs < 0", "kind")
    assert set().union(*read) == {"path", "id", "name", "peak_dbfs", "kind"}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"columns": ["loudness"]}, "loudness_lufs"),
        ({"where": "durations > 1"}, "duration_s"),
        ({"where": "kind = loop"}, "single quotes, as 'loop'"),
        ({"where": "bpm >"}, "cannot be read"),
        ({"where": "bpm > 'a' + 1"}, "cannot be read"),
        ({"sort": "tempo"}, "sort"),
        ({"where": "1 = 1) UNION (SELECT path FROM files"}, "where"),
        ({"limit": -1}, "limit"),
        ({"columns": "path"}, "list of names"),
        ({"columns": ["BPM"]}, "did you mean bpm\\?$"),
        ({"columns": ["length"]}, "did you mean duration_s\\?$"),
        ({"columns": [3]}, "no column 3"),
        ({"where": 3}, "where: 3; give a text in SQL"),
        ({"sort": ["bpm"]}, "sort: \\['bpm'\\]; give a text in SQL"),
        ({"sort": "bpm DESC,"}, 'write sort as in "bpm DESC, path"'),
        ({"limit": "3"}, "limit: '3'"),
    ],
)
def test_a_wrong_question_is_answered_with_the_remedy(heard, question, words):
    with pytest.raises(ParameterError, match=words):
        heard[1].frame(**question)


@given(st.text(max_size=30))
def test_no_text_as_condition_breaks_anything(heard, text):
    with contextlib.suppress(ParameterError):
        assert set(heard[1].frame(["path"], text)["path"]) <= set(heard[1].frame(["path"])["path"])


def test_get_finds_by_path_and_by_the_start_of_the_id(heard):
    sounds, library = heard
    row = library.get(sounds / "tone_003.wav")
    assert row["paths"] == [str(sounds / "Drums" / "copy of tone_003.wav"), str(sounds / "tone_003.wav")]
    assert library.get(row["id"][:8]) == row
    assert library.get(row["id"]) == row
    for nothing in ("ffff0000ffff", "nowhere.wav", "", "abc"):
        with pytest.raises(LibraryError, match="no sound"):
            library.get(nothing)


def exact(library: Library, path: str, by: str) -> list[str]:
    """Neighbours by arithmetic over all vectors: what the store's search has to agree with."""
    rows = library.frame(["id", by], f"{by} IS NOT NULL", "path").unique("id", keep="first", maintain_order=True)
    vectors = np.stack(rows[by].to_list()).astype(float)
    mine = np.asarray(library.get(path)[by], float)
    distances = 1 - vectors @ mine / np.linalg.norm(vectors, axis=1) / np.linalg.norm(mine)
    order = np.argsort(distances, kind="stable")
    return [rows["id"][int(at)] for at in order if rows["id"][int(at)] != library.get(path)["id"]]


@pytest.mark.parametrize("by", ["embedding", "spectrum_vector", "timbre_vector"])
def test_similar_agrees_with_arithmetic(heard, by):
    sounds, library = heard
    found = library.similar(sounds / "tone_000.wav", limit=5, by=by, columns=["id", "path"])
    assert found["id"].to_list() == exact(library, str(sounds / "tone_000.wav"), by)[:5]
    assert found["distance"].is_sorted()
    assert found["distance"].is_between(0, 2).all()


def test_similar_gives_every_sound_once_and_never_itself(heard):
    sounds, library = heard
    found = library.similar(sounds / "Drums" / "copy of tone_003.wav", limit=100)
    assert len(found) == 13
    assert found["id"].n_unique() == 13
    assert library.get(sounds / "tone_003.wav")["id"] not in found["id"]


def test_similar_looks_as_far_as_it_must_to_fulfil_a_condition(heard):
    sounds, library = heard
    nearest = exact(library, str(sounds / "tone_000.wav"), "embedding")
    last = library.get(nearest[-1])["paths"][0]
    found = library.similar(sounds / "tone_000.wav", limit=1, where=f"path = '{last}'")
    assert found["id"].to_list() == [nearest[-1]]
    # A copy in another folder makes its sound fit.
    found = library.similar(sounds / "tone_000.wav", limit=20, where="folder LIKE '%Drums'")
    assert len(found) == 3
    assert found["path"].str.contains("Drums").all()
    assert library.similar(sounds / "tone_000.wav", where="kind = 'nothing'").height == 0


def test_similar_to_a_file_from_outside(heard, tmp_path):
    sounds, library = heard
    outside = shutil.copy(sounds / "tone_005.wav", tmp_path / "outside.wav")
    inside = library.similar(sounds / "tone_005.wav", limit=3)
    itself = library.get(sounds / "tone_005.wav")["id"]
    assert library.similar(outside, limit=4)["id"].to_list() == [itself, *inside["id"]]
    other = make_sound(tmp_path / "other.wav", 4711)
    assert library.similar(other, limit=3).height == 3
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(AudioError, match="not audio"):
        library.similar(tmp_path / "text.wav")


@pytest.mark.parametrize(
    ("sound", "options", "error", "words"),
    [
        ("tone_000.wav", {"by": "colour"}, ParameterError, "spectrum"),
        ("tone_000.wav", {"limit": 0}, ParameterError, "limit"),
        ("tone_000.wav", {"where": "colour = 1"}, ParameterError, "colour"),
        ("broken.wav", {}, LibraryError, "not audio"),
        ("nothing.wav", {}, LibraryError, "neither"),
        ("tone_000.wav", {"limit": 2.5}, ParameterError, "limit: 2.5"),
    ],
)
def test_similar_says_what_is_wrong(heard, sound, options, error, words):
    with pytest.raises(error, match=words):
        heard[1].similar(heard[0] / sound, **options)


def test_sounds_in_another_container_can_be_left_out(own, tmp_path):
    import soundfile

    sounds, library = own
    y, rate = soundfile.read(sounds / "tone_002.wav", dtype="int16")
    soundfile.write(tmp_path / "same.flac", y, rate)
    library.ingest(tmp_path / "same.flac", workers=1)
    found = library.similar(sounds / "tone_002.wav", limit=1)
    assert found["path"].to_list() == [str(tmp_path / "same.flac")]
    assert found["distance"][0] == pytest.approx(0, abs=1e-6)
    found = library.similar(sounds / "tone_002.wav", limit=1, skip_equal=True)
    assert found["path"].to_list() != [str(tmp_path / "same.flac")]


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_export_writes_every_column_for_other_programs(heard, tmp_path, form):
    out = tmp_path / f"all.{form}"
    assert heard[1].export(out, where="status = 'ok'") == 15
    rows = {"parquet": pl.read_parquet, "csv": pl.read_csv, "jsonl": pl.read_ndjson}[form](out)
    first = json.loads(out.read_text().splitlines()[0]) if form == "jsonl" else rows.columns
    assert tuple(first) == column_names()
    assert len(rows) == 15
    vector = rows["embedding"][0]
    vector = json.loads(vector) if form == "csv" else vector.to_list()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)
    assert os.listdir(tmp_path) == [out.name]


def test_export_says_what_is_wrong(heard, tmp_path):
    for out, words in ((tmp_path / "a.xlsx", "parquet"), (tmp_path / "no" / "a.csv", "does not exist")):
        with pytest.raises(ParameterError, match=words):
            heard[1].export(out)


def test_a_folder_that_moved_is_told_without_looking_at_it(own, tmp_path):
    sounds, library = own
    before = library.frame(["name", "id", "name_bpm"], sort="name, id")
    assert library.relocate(sounds, tmp_path / "new place") == 16
    rows = library.frame(["path", "folder", "root", "name", "id"])
    assert rows["path"].str.starts_with(str(tmp_path / "new place") + "/").all()
    assert set(rows["folder"]) == {str(tmp_path / "new place"), str(tmp_path / "new place/Drums")}
    assert set(rows["root"]) == {str(tmp_path / "new place")}
    assert library.frame(["name", "id", "name_bpm"], sort="name, id").equals(before)
    assert_sound(library)
    assert library.relocate(tmp_path / "new place" / "Drums", tmp_path / "Drums") == 3
    assert len(library) == 16
    with pytest.raises(LibraryError, match="no file of it"):
        library.relocate(sounds, tmp_path / "x")
    with pytest.raises(ParameterError, match="is where the files are known to be"):
        library.relocate(tmp_path / "Drums", tmp_path / "Drums")
    with pytest.raises(LibraryError, match="in it already"):
        library.relocate(tmp_path / "new place/tone_000.wav", tmp_path / "new place/tone_001.wav")
    assert_sound(library)


def test_removing_takes_rows_and_the_sounds_that_lie_nowhere_then(own):
    sounds, library = own
    samples = library.info().samples
    assert library.remove([sounds / "tone_003.wav"]) == 1
    assert library.info().samples == samples  # the copy keeps it
    assert library.remove([sounds / "Drums"]) == 3
    assert library.info().samples == samples - 3
    assert library.remove(where="status = 'failed'") == 1
    assert library.remove(missing=True) == 0
    library.relocate(sounds / "tone_000.wav", sounds / "gone.wav")
    assert library.remove(missing=True) == 1
    assert len(library) == 10
    assert (sounds / "tone_003.wav").exists()
    with pytest.raises(ParameterError, match="say what"):
        library.remove()
    assert_sound(library)


def test_info_counts(heard):
    info = heard[1].info()
    assert (info.samples, info.ok, info.failed, info.files, info.duplicates) == (15, 14, 1, 16, 1)
    assert info.levels == {"standard": 14}
    assert sum(info.kinds.values()) == 14
    assert info.disk_bytes is not None
    assert info.disk_bytes > 10_000


def test_every_vector_can_be_compared_by(heard):
    for name in vector_columns():
        found = heard[1].similar(heard[0] / "tone_000.wav", by=name.removesuffix("_vector"), limit=2)
        assert found.columns[0] == "distance"


def test_one_path_to_remove_is_not_its_characters(own):
    sounds, library = own
    assert library.remove("/zzz/nothing") == 0
    assert library.remove(str(sounds / "tone_000.wav")) == 1
    assert len(library) == 15


def test_what_may_not_be_looked_at_is_not_missing(own, monkeypatch):
    sounds, library = own
    real = os.stat

    def closed(path, *args, **kwargs):
        if os.fspath(path).startswith(str(sounds / "Drums")):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", closed)
    assert library.verify().missing == []
    assert library.remove(missing=True) == 0


def test_distance_is_a_column_of_what_is_similar(heard):
    sounds, library = heard
    every = library.similar(sounds / "tone_000.wav", limit=20, columns=["distance", "path"])
    assert every.columns == ["distance", "path"]
    bound = every["distance"][4]
    near = library.similar(sounds / "tone_000.wav", limit=20, where=f"distance < {bound}")
    assert 0 < len(near) < len(every)
    assert near["distance"].max() < bound


def test_the_titles_of_the_summary_lead_to_columns():
    from samplemind.library.search.vocabulary import TITLES

    assert set(TITLES.values()) <= set(column_names())
    assert not set(TITLES) & set(column_names())


def test_a_library_is_not_made_from_a_path(tmp_path):
    with pytest.raises(ParameterError, match=r"Library\.open"):
        Library(str(tmp_path))
