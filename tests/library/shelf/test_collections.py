"""Collections of a real library, and what is written of them."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from samplemind.errors import LibraryError, ParameterError
from samplemind.library import Library
from samplemind.library.lock import writer_lock

from ..helpers import make_sound


def ids_of(library: Library, count: int) -> list[str]:
    return library.frame(["id"], where="status = 'ok'", sort="path")["id"].unique(maintain_order=True).to_list()[:count]


def test_a_set_keeps_its_order_and_changes_as_told(own) -> None:
    _, library = own
    shelf, ids = library.collections, ids_of(library, 5)
    assert shelf.names() == list(shelf) == []
    assert shelf.frame().is_empty()
    assert shelf.create('it\'s "mine"', ids[2::-1], note="for later") == 3
    name = 'it\'s "mine"'
    assert shelf.ids(name) == ids[2::-1]
    assert shelf.add(name, [ids[3], ids[0]]) == 1
    assert shelf.ids(name) == [ids[2], ids[1], ids[0], ids[3]]
    assert shelf.add(name, ids[4], at=0) == 1
    shelf.move(name, [ids[3], ids[1]], 1)
    assert shelf.ids(name) == [ids[4], ids[3], ids[1], ids[2], ids[0]]
    assert shelf.remove(name, [ids[4], ids[2]]) == 2
    made = shelf.frame()["created"][0]
    shelf.rename(name, "other")
    assert shelf.names() == list(shelf) == ["other"]
    assert len(shelf) == 1
    assert shelf.ids("other") == [ids[3], ids[1], ids[0]]
    assert shelf.frame().select("note", "created", "sounds").row(0) == ("for later", made, 3)
    assert Library.open(library.uri).collections.ids("other") == shelf.ids("other")
    shelf.delete("other")
    assert shelf.names() == []


def test_sets_are_combined(own) -> None:
    _, library = own
    shelf, ids = library.collections, ids_of(library, 4)
    shelf.create("a", ids[:3])
    shelf.create("b", ids[:0:-1])
    assert shelf.combine("or", "a", "or", "b") == 4
    assert shelf.combine("and", "a", "and", "b") == 2
    assert shelf.combine("not", "b", "not", "a") == 1
    assert (shelf.ids("or"), shelf.ids("and"), shelf.ids("not")) == ([*ids[:3], ids[3]], ids[1:3], [ids[3]])
    with pytest.raises(ParameterError, match="'xor'"):
        shelf.combine("c", "a", "xor", "b")


def test_a_saved_search_finds_what_is_there_when_it_is_asked(own) -> None:
    _, library = own
    shelf = library.collections
    shelf.save_search("tagged", library.search().tagged("mine"))
    assert shelf.ids("tagged") == []
    library.labels.tag(ids_of(library, 2), "mine")
    assert set(shelf.ids("tagged")) == set(ids_of(library, 2))
    assert Library.open(library.uri).search().within("tagged").limit(1).ids()[0] in ids_of(library, 2)
    with pytest.raises(LibraryError, match="saved search"):
        shelf.add("tagged", ids_of(library, 1))
    with pytest.raises(LibraryError, match="already"):
        shelf.save_search("tagged", library.search())
    shelf.save_search("inside", library.search().within("tagged"))
    with pytest.raises(ParameterError, match="look for itself"):
        shelf.save_search("tagged", library.search().within("inside"), replace=True)
    shelf.save_search("tagged", library.search().where("duration_s < 0"), replace=True)
    assert shelf.ids("inside") == []


def test_what_cannot_be_is_named(own) -> None:
    _, library = own
    shelf = library.collections
    shelf.create("drums")
    with pytest.raises(LibraryError, match="did you mean drums"):
        shelf.ids("drum")
    with pytest.raises(LibraryError, match="already"):
        shelf.create("drums")
    with pytest.raises(ParameterError, match="printable"):
        shelf.create("a\nb")
    with pytest.raises(LibraryError, match="neither the start of an id"):
        shelf.add("drums", "nothing.wav")
    with pytest.raises(LibraryError, match="is a set"):
        shelf.search("drums")
    with writer_lock(library.tables.folder, library.uri):  # as while an ingest runs
        shelf.create("meanwhile")


def test_tables_and_playlists_are_in_order(own, tmp_path) -> None:
    sounds, library = own
    ids = ids_of(library, 4)[::-1]
    library.collections.create("set", ids)
    done = library.collections.export("set", tmp_path / "set.csv")
    assert (done.sounds, done.missing) == (4, ())
    with (tmp_path / "set.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ids
    library.collections.export("set", tmp_path / "set.json")
    assert [row["id"] for row in json.loads((tmp_path / "set.json").read_text())["sounds"]] == ids
    library.collections.export("set", tmp_path / "set.m3u8", relative=True)
    lines = (tmp_path / "set.m3u8").read_text().splitlines()
    assert lines[0] == "#EXTM3U"
    assert [os.path.normpath(tmp_path / line) for line in lines if not line.startswith("#")] == [
        r["path"] for r in rows
    ]
    assert all(path.startswith(str(sounds)) for path in (row["path"] for row in rows))


@pytest.mark.parametrize("links", ["symbolic", "hard", "copy"])
def test_a_folder_has_a_link_for_each_sound_and_names_do_not_clash(tmp_path, links) -> None:
    files = [
        make_sound(tmp_path / "sounds" / name, seed)
        for seed, name in enumerate(["a/Kick.wav", "b/kick.wav", "c/x.wav"])
    ]
    library = Library.create(tmp_path / "lib")
    library.ingest(tmp_path / "sounds", workers=1, level="basic")
    library.collections.create("set", files)
    files[2].unlink()
    done = library.collections.export("set", tmp_path / "out", links=links, relative=True)
    assert done.sounds == 2
    assert done.missing == (library.collections.ids("set")[2],)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Kick.wav", "kick (2).wav"]
    for file, name in zip(files, ["Kick.wav", "kick (2).wav"], strict=False):
        link = tmp_path / "out" / name
        assert link.read_bytes() == file.read_bytes()
        assert link.is_symlink() == (links == "symbolic")
        if links == "symbolic":
            assert not Path(os.readlink(link)).is_absolute()
        assert (link.stat().st_ino == file.stat().st_ino) == (links != "copy")
    with pytest.raises(ParameterError, match="other things"):
        library.collections.export("set", tmp_path / "out")
