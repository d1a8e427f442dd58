"""Labels go to files and come back."""

from __future__ import annotations

import json

import polars as pl
import pytest

from samplemind.errors import ParameterError
from samplemind.library import Library


def said(library: Library) -> list[tuple[object, ...]]:
    columns = ["id", "task", "value", "source", "author", "version", "confidence"]
    return sorted(library.labels.current().select(columns).rows(), key=repr)


@pytest.fixture
def told(own) -> Library:
    library = own[1]
    ids = library.frame(["id"], where="status = 'ok'", sort="path")["id"].unique(maintain_order=True).to_list()
    library.label(ids[0], "kick, \"the\" 'loud' one", "note", by="ann")
    library.label(ids[:3], "kick", by="bob", confidence=0.5)
    library.label(ids[1], 174, "bpm", by="ann")
    library.labels.tag(ids[:2], "favourite", "dirty", by="ann")
    rows = pl.DataFrame({"id": ids[3:5], "value": ["snare", "hat"], "confidence": [0.25, 0.75]})
    library.labels.add(rows, source="model", by="ears", version="1.2")
    return library


@pytest.mark.parametrize("name", ["labels.csv", "labels"])
def test_what_is_written_is_what_is_read(told, tmp_path, name) -> None:
    before = said(told)
    assert told.labels.export(tmp_path / name) == len(before) == 11
    assert told.labels.import_(tmp_path / name, by="carol").statements == 0
    for batch in told.labels.history()["batch"].unique():
        told.labels.undo(batch)
    assert said(told) == []
    read = told.labels.import_(tmp_path / name, by="carol")
    assert (read.statements, read.sounds, read.known, read.unknown) == (11, 5, 0, 0)
    assert said(told) == before
    for batch in read.batches:
        told.labels.undo(batch)
    assert said(told) == []


def test_a_table_of_paths_by_hand_is_enough(own, tmp_path) -> None:
    folder, library = own
    lines = ["path,value", f"{folder}/tone_001.wav,kick", f"{folder}/nothing.wav,snare", f"{folder}/tone_002.wav,"]
    (tmp_path / "mine.csv").write_text("\n".join(lines))
    read = library.labels.import_(tmp_path / "mine.csv", by="ann")
    assert (read.statements, read.unknown) == (1, 1)
    assert library.labels.current().select("task", "value", "author", "source").rows() == [
        ("class", "kick", "ann", "person")
    ]


def test_jams_is_as_its_schema_says(told, tmp_path) -> None:
    told.labels.export(tmp_path / "out")
    files = sorted((tmp_path / "out").glob("*.jams"))
    assert len(files) == 5
    spaces = set()
    for file in files:
        document = json.loads(file.read_text())
        assert set(document) == {"annotations", "file_metadata", "sandbox"}
        assert document["file_metadata"]["duration"] > 0
        for one in document["annotations"]:
            spaces.add(one["namespace"])
            assert set(one) == {"namespace", "annotation_metadata", "data", "time", "duration", "sandbox"}
            for entry in one["data"]:
                assert set(entry) == {"time", "duration", "value", "confidence"}
                assert isinstance(entry["value"], float if one["namespace"] == "tempo" else str)
    assert spaces == {"tag_open", "tempo"}


def test_jams_of_others_gives_tags_tempo_and_key(own, tmp_path) -> None:
    folder, library = own
    entry = {"time": 0.0, "duration": 1.0, "confidence": None}
    document = {
        "annotations": [
            {"namespace": "tag_gtzan", "data": [{**entry, "value": "Blues"}],
             "annotation_metadata": {"annotator": {"name": "ann"}}},
            {"namespace": "tempo", "data": [{**entry, "value": 92.5, "confidence": 1.0}]},
            {"namespace": "key_mode", "data": [{**entry, "value": "C:minor"}]},
            {"namespace": "beat", "data": [{**entry, "value": 1}]},
        ],
        "file_metadata": {"duration": 1.0}, "sandbox": {},
    }  # fmt: skip
    # named after the sound beside which it would lie
    (folder / "tone_003.wav.jams").write_text(json.dumps(document))
    library.labels.import_(folder / "tone_003.wav.jams", by="bob")
    (folder / "tone_003.wav.jams").unlink()
    now = library.labels.current().select("task", "value", "author").sort("task").rows()
    assert now == [("bpm", "92.5", "bob"), ("key", "C:minor", "bob"), ("tag", "blues", "ann")]


def test_files_that_are_none_are_named(own, tmp_path) -> None:
    library = own[1]
    (tmp_path / "a.jams").write_text("[]")
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "empty").mkdir()
    for name in ("a.jams", "a.csv", "empty", "nothing.csv"):
        with pytest.raises(ParameterError, match=name):
            library.labels.import_(tmp_path / name)
    with pytest.raises(ParameterError, match=r"\.txt"):
        library.labels.export(tmp_path / "labels.txt")
