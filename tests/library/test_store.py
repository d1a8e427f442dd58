from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from samplemind.descriptors.catalogue import CATALOGUE, GROUPS
from samplemind.errors import LibraryError
from samplemind.library import Library
from samplemind.library.schema import column_names, files_schema, overlay, record_batch, samples_schema, version_column
from samplemind.library.tables import quoted
from samplemind.library.writer import merge

from .helpers import assert_sound


def test_a_library_is_made_once_and_opened_again(tmp_path):
    made = Library.create(tmp_path / "library")
    assert len(made) == 0
    assert len(Library.open(tmp_path / "library")) == 0
    assert Library.open_or_create(tmp_path / "library").uri == str(tmp_path / "library")
    with pytest.raises(LibraryError, match="exists already"):
        Library.create(tmp_path / "library")


def test_what_is_no_library_is_not_touched(tmp_path):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "a.wav").touch()
    for make in (Library.create, Library.open_or_create):
        with pytest.raises(LibraryError, match=r"holds other things \(a.wav"):
            make(tmp_path / "sounds")
    with pytest.raises(LibraryError, match="no library is there"):
        Library.open(tmp_path / "sounds")
    with pytest.raises(LibraryError, match="no such folder"):
        Library.open(tmp_path / "nothing")
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError, match="file"):
        Library.open_or_create(tmp_path / "file")
    assert [path.name for path in (tmp_path / "sounds").iterdir()] == ["a.wav"]


def test_a_library_that_was_left_half_made_is_made_again(tmp_path):
    import shutil

    Library.create(tmp_path / "library")
    # `meta` is written last: this is what a kill in between leaves.
    shutil.rmtree(tmp_path / "library" / "meta.lance")
    shutil.rmtree(tmp_path / "library" / "runs.lance")
    with pytest.raises(LibraryError, match="no library is there"):
        Library.open(tmp_path / "library")
    assert len(Library.open_or_create(tmp_path / "library")) == 0


def test_a_table_whose_making_was_broken_off_is_made_again(tmp_path):
    import shutil

    Library.create(tmp_path / "library")
    meta = tmp_path / "library" / "meta.lance"
    shutil.rmtree(meta)
    (meta / "data").mkdir(parents=True)  # no version of it was committed
    assert len(Library.open_or_create(tmp_path / "library")) == 0


def test_rows_are_not_overwritten_where_only_meta_is_lost(own):
    import shutil

    library = own[1]
    count = len(library)
    meta = Path(library.uri) / "meta.lance"
    shutil.move(meta, Path(library.uri).parent / "meta.lance")
    with pytest.raises(LibraryError, match="`meta` is lost"):
        Library.open_or_create(library.uri)
    shutil.move(Path(library.uri).parent / "meta.lance", meta)
    assert len(Library.open(library.uri)) == count


def test_a_newer_format_is_refused(own):
    library = own[1]
    library.tables.meta.update(where="key = 'format'", values={"value": "2"})
    with pytest.raises(LibraryError, match=r"format 2.*update samplemind"):
        Library.open(library.uri)


def test_a_library_in_memory_stands_for_an_object_store():
    # Anything with :// goes to LanceDB as it is; this one needs no network.
    assert len(Library.create("memory://test")) == 0


def test_compacting_keeps_everything_and_frees_space(own):
    library = own[1]
    rows = library.tables.read(library.tables.samples, samples_schema().names).sort("id")
    for _ in range(5):
        library.tables.samples.update(where="status = 'ok'", values={"error": None})
    before, after = library.compact(keep_s=0)
    assert after < before
    assert library.tables.read(library.tables.samples, samples_schema().names).sort("id").equals(rows)
    assert_sound(library)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda t: t.samples.add(t.samples.to_arrow().slice(0, 1)), "sounds are there more than once"),
        (lambda t: t.files.add(t.files.to_arrow().slice(0, 1)), "paths are there more than once"),
        (lambda t: t.samples.delete("status = 'failed'"), "point to a sound that is not there"),
        (lambda t: t.samples.update(values={"status": "maybe"}), "no status"),
        (lambda t: t.samples.update(where="status = 'failed'", values={"error": None}), "no reason"),
        (lambda t: t.samples.update(where="status = 'ok'", values={"zcr_mean": -5.0}), "zcr_mean out of its range"),
        (lambda t: t.samples.update(where="status = 'ok'", values={"embedding": [0.5] * 128}), "not of length 1"),
        (lambda t: t.samples.update(where="status = 'ok'", values={version_column("pitch"): 99}), "newer version"),
        (lambda t: t.samples.drop_columns(["bpm"]), "columns of `samples` are missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_verify_finds_damage(own, damage, words):
    library = own[1]
    assert library.verify().ok
    damage(library.tables)
    assert any(words in problem for problem in Library.open(library.uri).verify().problems)


def test_verify_finds_a_data_file_that_is_gone(own, tmp_path):
    library = own[1]
    for path in (tmp_path / "own" / "samples.lance" / "data").iterdir():
        path.unlink()
    assert not Library.open(library.uri).verify().ok


def test_a_deep_check_finds_files_that_changed_and_any_check_those_that_are_gone(own, tmp_path):
    import shutil

    sounds, library = own
    shutil.copytree(sounds, tmp_path / "copy")
    library.relocate(sounds, tmp_path / "copy")
    assert library.verify(deep=True).problems == []
    (tmp_path / "copy" / "tone_000.wav").write_bytes(b"changed")
    (tmp_path / "copy" / "tone_001.wav").unlink()
    assert library.verify().problems == []
    report = library.verify(deep=True)
    assert report.missing == [str(tmp_path / "copy" / "tone_001.wav")]
    assert report.problems == [f"1 files have changed since they were ingested: {tmp_path / 'copy' / 'tone_000.wav'}"]


def test_a_library_of_another_catalogue_is_brought_up_to_date(own, hooked):
    sounds, library = own
    before = library.tables.read(library.tables.samples, samples_schema().names).sort("id")
    library.tables.samples.drop_columns(["bpm", "embedding"])
    library.tables.samples.add_columns(pa.schema([pa.field("old_one", pa.float32()), pa.field("bpm", pa.utf8())]))
    report = Library.open(library.uri).ingest(sounds, workers=1)
    assert report.analyzed == before.filter(before["status"] == "ok").height
    after = Library.open(library.uri).tables
    assert "old_one" not in after.samples.schema.names
    rows = after.read(after.samples, samples_schema().names).sort("id")
    assert rows.drop("seconds_to_analyze").equals(before.drop("seconds_to_analyze"))
    assert_sound(Library.open(library.uri))


def test_the_key_comes_first_in_every_table():
    # a merge on a key elsewhere has silently updated nothing
    assert (samples_schema().names[0], files_schema().names[0]) == ("id", "path")


def test_every_descriptor_has_a_column_and_no_name_is_used_twice():
    names = samples_schema().names
    assert {entry.name for entry in CATALOGUE} <= set(names)
    assert len(names) == len(set(names))
    assert len(column_names()) == len(set(column_names()))
    assert all(version_column(group) in names for group in GROUPS)


def test_merging_says_when_the_store_did_not_do_it(own):
    tables = own[1].tables
    rows = tables.samples.to_arrow().slice(0, 2)
    merge(tables, tables.samples, "id", rows)
    unknown = rows.set_column(0, rows.schema.field(0), pa.array(["new-1", "new-2"]))
    with pytest.raises(LibraryError, match="0 of 2 rows"):
        merge(tables, tables.samples, "id", unknown)
    assert_sound(own[1])


def test_merging_works_with_a_scalar_index_on_the_key_and_after_optimizing(own):
    from lancedb.index import BTree

    tables = own[1].tables
    tables.samples.create_index("id", config=BTree())
    tables.samples.optimize()
    rows = tables.samples.to_arrow()
    at = rows.schema.get_field_index("tag_bpm")
    merge(
        tables,
        tables.samples,
        "id",
        rows.set_column(at, rows.schema.field(at), pa.array([99.0] * len(rows), pa.float32())),
    )
    assert set(own[1].frame(["tag_bpm"])["tag_bpm"]) == {99.0}
    assert_sound(own[1])


def test_a_batch_keeps_nulls_vectors_and_lists():
    nan, infinite = float("nan"), float("inf")
    unit = [1.0] + [0.0] * 127
    rows = [
        {"id": "a", "embedding": unit, "onset_times": [0.5, 1.25], "chord_labels": ["C", "N"], "bpm": 99.5},
        {"id": "b", "embedding": [nan] * 128, "bpm": nan, "duration_s": infinite, "midi_note": 60},
    ]
    batch = record_batch(rows, samples_schema())
    batch.validate(full=True)
    first, second = batch.to_pylist()
    assert first["embedding"][:2] == [1.0, 0.0]
    assert (first["onset_times"], first["chord_labels"], first["bpm"]) == ([0.5, 1.25], ["C", "N"], 99.5)
    assert (second["embedding"], second["bpm"], second["duration_s"], second["midi_note"]) == (None, None, None, 60)


def test_overlaying_replaces_the_computed_groups_and_nothing_else():
    def table(**values: object) -> pa.Table:
        rows = [{"id": "a", "status": "ok", **values}, {"id": "b", "level": "basic"}]
        return pa.Table.from_batches([record_batch(rows, samples_schema())])

    old = table(level="detailed", peak_dbfs=-1.0, loudness_lufs=-20.0, v_level=1, v_loudness=1, embedding=[0.0] * 128)
    new = table(level="standard", peak_dbfs=-3.0, v_level=2).slice(0, 1)
    row = overlay(old.take([1, 0]), new, {"a": ["level"]}).to_pylist()[0]
    assert (row["peak_dbfs"], row["loudness_lufs"], row["v_level"], row["v_loudness"]) == (-3.0, -20.0, 2, 1)
    assert row["level"] == "detailed"
    assert row["embedding"] == [0.0] * 128


@pytest.mark.parametrize("text", ["plain", "it's", "''", "a\\b", 'double "quoted"', "new\nline", "ü音", "%_"])
def test_texts_reach_the_store_unharmed(own, text):
    tables = own[1].tables
    tables.files.update(where="name = 'tone_000.wav'", values={"name_note": text})
    assert tables.read(tables.files, ["name_note"], f"name_note IN ({quoted([text])})")["name_note"].to_list() == [text]
