"""Labels of a real library, by one process and by several."""

from __future__ import annotations

import shutil
import time

import polars as pl
import pytest

from samplemind.errors import LibraryError, ParameterError
from samplemind.library import Library
from samplemind.library.labels import Labels
from samplemind.library.lock import people_lock, writer_lock

from ..helpers import assert_sound, make_sounds, wait_until


def ids_of(library: Library, count: int) -> list[str]:
    return library.frame(["id"], where="status = 'ok'", sort="path")["id"].unique(maintain_order=True).to_list()[:count]


def test_sounds_are_named_by_id_path_folder_frame_and_condition(own) -> None:
    folder, library = own
    some = ids_of(library, 2)
    path = library.frame(["path", "id"], where=f"id = '{some[1]}'")["path"][0]
    library.label([some[0], path], "kick", by="ann")
    assert library.labels.ids_labelled("class", "kick") == set(some)
    library.label(some[0][:12], 5, "rating", by="ann")
    assert library.labels.ids_labelled("rating", 5) == {some[0]}
    library.labels.tag(folder / "Drums", "favourite")
    expected = set(library.frame(["id"], where=f"starts_with(path, '{folder}/Drums')")["id"])
    assert library.labels.ids_tagged("Favourite ") == expected
    assert len(expected) == 3
    library.label(library.frame(["path"], where="status = 'ok'"), "yes", task="mine")
    library.label(None, "short", task="length", where="duration_s < 0.2505")
    assert library.labels.ids_labelled("length") == set(library.frame(["id"], where="duration_s < 0.2505")["id"])
    library.label(some, "both", task="length", where=f"id = '{some[0]}'")
    assert library.labels.ids_labelled("length", "both") == {some[0]}
    assert_sound(library)
    assert library.verify().checked["statements"] == len(library.labels)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"sounds": None}, "say which"), ({"task": "Class"}, "'Class'"), ({"value": ""}, "empty"),
        ({"value": 6, "task": "rating"}, "1 to 5"), ({"value": "x" * 201}, "201 characters"),
        ({"value": float("nan")}, "finite"), ({"value": None, "task": "tag"}, "None"), ({"value": []}, r"\[\]"),
        ({"value": "a,b", "task": "tag"}, "comma"), ({"confidence": 1.5}, "1.5"), ({"source": "ghost"}, "ghost"),
        ({"by": " "}, "by"),
        ({"source": "model", "by": "ears"}, "version"), ({"source": "model", "version": "1"}, "name"),
        ({"sounds": [3]}, "3 is neither"), ({"sounds": pl.DataFrame({"x": ["a"]})}, "`id` or `path`"),
        ({"where": "nonsense = 1"}, "nonsense"),
    ],
)  # fmt: skip
def test_what_is_not_accepted_is_named_and_nothing_is_written(heard, arguments, text) -> None:
    library = heard[1]
    with pytest.raises(ParameterError, match=text):
        library.label(**{"sounds": ids_of(library, 1), "value": "kick", **arguments})
    with pytest.raises(LibraryError, match="neither the start of an id"):
        library.label("nothing.wav", "kick")
    with pytest.raises(LibraryError, match="no sound fits"):
        library.label(None, "kick", where="bpm > 100000")
    assert library.tables.extra("labels") is None
    assert len(library.labels) == 0
    assert library.labels.tags() == {}
    assert library.labels.ids_tagged([]) == set()


def test_undo_goes_back_step_by_step_and_redo_comes_forward(own) -> None:
    library = own[1]
    one, two = ids_of(library, 2)
    labels = library.labels
    first = library.label(one, "kick", by="ann")
    library.label([one, two], "snare", by="ann")
    library.label(one, "hat", by="bob")

    def now() -> dict[str, str]:
        return dict(labels.current("class").select("id", "value").rows())

    assert now() == {one: "hat", two: "snare"}
    labels.undo(by="bob")
    assert now() == {one: "snare", two: "snare"}
    labels.undo(by="ann")
    assert now() == {one: "kick"}
    labels.undo(by="ann")
    assert now() == {}
    with pytest.raises(LibraryError, match="ann has said nothing"):
        labels.undo(by="ann")
    labels.redo(by="ann")
    assert now() == {one: "kick"}
    labels.redo(by="ann")
    assert now() == {one: "snare", two: "snare"}
    with pytest.raises(LibraryError, match="nothing that could be brought back"):
        labels.redo(by="ann")
    labels.undo(first[:-3], by="carol")
    with pytest.raises(LibraryError, match="undone already"):
        labels.undo(first)
    with pytest.raises(LibraryError, match="is no batch"):
        labels.undo("19990101")
    assert Labels(library.tables).current().sort("id").equals(labels.current().sort("id"))
    assert labels.history(one)["holds"].to_list() == [False, True, False]


def test_a_table_of_labels_is_one_batch(own) -> None:
    library = own[1]
    some = ids_of(library, 3)
    rows = pl.DataFrame({"id": some, "value": ["kick", "snare", "hat"], "confidence": [0.5, None, 1.0]})
    batch = library.labels.add(rows, by="ears", source="model", version="2")
    assert library.labels.current("class").sort("id")["value"].to_list() == [
        dict(zip(some, rows["value"], strict=True))[key] for key in sorted(some)
    ]
    library.labels.undo(batch)
    assert library.labels.current().is_empty()
    with pytest.raises(LibraryError, match="no id of a sound"):
        library.labels.add(pl.DataFrame({"id": ["nothing"], "value": ["x"]}))
    with pytest.raises(ParameterError, match="no column value"):
        library.labels.add(pl.DataFrame({"id": some}))
    with pytest.raises(ParameterError, match="outside 0 to 1"):
        library.labels.add(rows.with_columns(confidence=7.0))


def test_statements_outlive_moves_another_ingest_and_removal(tmp_path) -> None:
    sounds = make_sounds(tmp_path / "sounds", 3)
    library = Library.create(tmp_path / "library")
    library.ingest(sounds, workers=1)
    library.labels.tag(sounds / "tone_001.wav", "mine")
    (sounds / "deeper").mkdir()
    shutil.move(sounds / "tone_001.wav", sounds / "deeper" / "renamed.wav")
    library.ingest(sounds, workers=1)
    assert library.labels.ids_tagged("mine") == {library.get(sounds / "deeper" / "renamed.wav")["id"]}
    (key,) = library.labels.ids_tagged("mine")
    library.remove(sounds / "deeper")
    report = library.verify()
    assert report.ok
    assert "1 statements (labels, tags) are about 1 sounds" in report.notes[0]
    assert library.labels.history(key)["value"].to_list() == ["mine"]
    library.ingest(sounds, workers=1)
    assert library.verify().notes == []
    library.compact()
    assert library.labels.tags() == {"mine": 1}


def test_another_library_object_sees_what_was_said_since(own) -> None:
    library = own[1]
    other = Library.open(library.uri)
    (key,) = ids_of(library, 1)
    assert other.labels.current().is_empty()
    library.labels.tag(key, "mine")
    assert other.labels.tags() == {"mine": 1}
    other.labels.untag(key, "mine")
    assert library.labels.tags() == {}


_LABELLER = """
import sys
from samplemind.library import Library
library = Library.open(sys.argv[1])
for number in range(int(sys.argv[3])):
    library.label(sys.argv[4], f"{sys.argv[2]} {number}", task="counted", by=sys.argv[2])
"""


def test_two_processes_label_at_a_time_and_nothing_is_lost(own, script) -> None:
    library = own[1]
    (key,) = ids_of(library, 1)
    running = [script(_LABELLER, library.uri, name, 15, key) for name in ("ann", "bob")]
    for process in running:
        assert process.wait(120) == 0, process.stderr.read()
    rows = library.labels.history(key)
    assert rows["statement"].is_sorted()
    assert rows["statement"].n_unique() == 30
    for name in ("ann", "bob"):
        assert rows.filter(rows["author"] == name)["value"].to_list() == [f"{name} {number}" for number in range(15)]


_INGEST = """
import sys
from samplemind.library import Library
print(Library.open(sys.argv[1]).ingest(sys.argv[2], workers=1).new)
"""


def test_labels_are_said_while_another_process_ingests(tmp_path, script) -> None:
    sounds = make_sounds(tmp_path / "sounds", 2)
    library = Library.create(tmp_path / "library")
    library.ingest(sounds, workers=1)
    ingest = script(_INGEST, library.uri, make_sounds(tmp_path / "more", 150, seed=3))

    def is_writing() -> bool:
        try:
            with writer_lock(library.tables.folder, library.uri):
                return False
        except LibraryError:
            return True

    wait_until(is_writing)
    said = 0
    while ingest.poll() is None:
        library.label(sounds / "tone_000.wav", str(said), task="counted")
        said += 1
        time.sleep(0.02)
    assert ingest.wait() == 0, ingest.stderr.read()
    assert said > 5
    assert library.labels.history(sounds / "tone_000.wav")["value"].to_list() == [str(number) for number in range(said)]
    assert len(library) == 152
    assert_sound(library)


def test_a_process_killed_while_labelling_leaves_whole_batches(own, script) -> None:
    library = own[1]
    keys = ids_of(library, 8)
    process = script(
        _LABELLER.replace("sys.argv[4]", "sys.argv[4].split(',')"), library.uri, "ann", 10_000, ",".join(keys)
    )
    wait_until(lambda: len(library.labels) > 40)
    process.kill()
    process.wait()
    rows = library.labels.history()
    assert set(rows.group_by("batch").len()["len"]) == {len(keys)}
    library.label(keys[0], "still works")
    assert_sound(library)


def test_who_waits_too_long_for_the_lock_is_told_who_has_it(own) -> None:
    folder = own[1].tables.folder
    with (
        people_lock(folder, "lib"),
        pytest.raises(LibraryError, match=r"lib: process \d+ on .* is writing"),
        people_lock(folder, "lib", wait_s=0.1),
    ):
        pass
