"""The table of words: what is in it, that it stays fresh, and who finds what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samplemind.library import Library
from samplemind.library.lock import people_lock
from samplemind.library.words import table as words_table
from samplemind.library.words.sources import Sources
from samplemind.library.words.table import WordIndex, words_of

from ..helpers import assert_sound, make_sound


def names(library: Library, *words: str, **options: bool) -> set[str]:
    """Names of the files that the words find."""
    found = words_of(library.tables).find(words, 100, **options)
    rows = library.frame(["id", "name"])
    return set(rows.filter(rows["id"].is_in(found.ids))["name"])


def test_ingest_writes_the_words(heard: tuple[Path, Library]) -> None:
    _, library = heard
    table = library.tables.extra("words")
    assert table is not None
    assert table.count_rows() == len(set(library.frame(["id"])["id"]))
    assert names(library, "kick") == {"Kick Loop_120bpm_Am.wav"}
    assert names(library, "quoted") == {"snare it's 'quoted'.wav"}
    assert names(library, "drums") == {"Kick Loop_120bpm_Am.wav", "snare it's 'quoted'.wav", "copy of tone_003.wav",
                                       "tone_003.wav"}  # the copy is the same sound  # fmt: skip
    assert "tone_001.wav" in names(library, "sounds")  # the name of the ingested folder counts
    assert not names(library, "heard")  # what lies above it does not


def test_what_was_heard_is_no_word(heard: tuple[Path, Library]) -> None:
    _, library = heard
    kinds = set(library.frame(["kind"], "kind IS NOT NULL")["kind"])
    assert kinds
    found = words_of(library.tables).find(sorted(kinds - {"loop"}), 100)
    assert found.ids == []


def test_scores_and_words(heard: tuple[Path, Library]) -> None:
    _, library = heard
    index = words_of(library.tables)
    found = index.find(["kick", "loop", "tone"], 100)
    best = library.frame(["id"], "name LIKE 'Kick%'")["id"][0]
    assert found.ids[0] == best
    assert found.score[0] > found.score[1] > 0
    assert set(" ".join(found.texts[0].values()).split()) >= {"kick", "loop", "120", "bpm", "120bpm", "drums"}
    assert index.texts([best])[best]["names"] == "kick loop 120 bpm am"
    assert index.find(["kick", "tone"], 100, all_of=True).ids == []
    assert index.find(["kick", "loop"], 100, all_of=True).ids == [best]
    assert len(index.find(["tone"], 3).ids) == 3
    assert index.has("kick")
    assert not index.has("kic")
    assert names(library, "kickk", fuzzy=True) == {"Kick Loop_120bpm_Am.wav"}


def test_a_new_file_adds_one_row(own: tuple[Path, Library], tmp_path: Path) -> None:
    _, library = own
    make_sound(tmp_path / "new" / "Gong Ding.wav", 900)
    before = library.tables.extra("words").version
    library.ingest(tmp_path / "new", workers=1)
    table = library.tables.extra("words")
    assert names(library, "gong") == {"Gong Ding.wav"}
    assert table.version == before + 1  # one row was added, nothing else
    assert table.index_stats("words_idx").num_unindexed_rows == 1
    assert_sound(library)


def test_moving_and_removing(own: tuple[Path, Library], tmp_path: Path) -> None:
    sounds, library = own
    library.relocate(sounds / "Drums", tmp_path / "Elsewhere")
    assert names(library, "elsewhere") >= {"Kick Loop_120bpm_Am.wav", "snare it's 'quoted'.wav"}
    library.remove(tmp_path / "Elsewhere" / "Kick Loop_120bpm_Am.wav")
    assert words_of(library.tables).find(["kick"], 10).ids == []
    assert_sound(library)


def test_labels_and_tags_are_words(own: tuple[Path, Library]) -> None:
    _, library = own
    key = library.frame(["id"], "name = 'tone_001.wav'")["id"][0]
    other = Library.open(library.uri)
    assert names(other, "favourite") == set()
    library.labels.tag(key, "favourite Dusty")
    library.labels.label(key, "duduk", by="a")
    library.labels.label(key, "from grandfather's tapes", task="note", by="a")
    for each in (library, other):
        each.tables.refresh()
        assert names(each, "favourite") == names(each, "duduk") == names(each, "tapes") == {"tone_001.wav"}
        assert words_of(each.tables).texts([key])[key]["tags"] == "favourite dusty"
        assert words_of(each.tables).texts([key])[key]["comments"] == "from grandfather s tapes"
    library.labels.untag(key, "favourite Dusty")
    library.tables.refresh()
    assert names(library, "dusty") == set()


def test_a_library_without_the_table_gets_it(own: tuple[Path, Library]) -> None:
    _, library = own
    library.tables._connection.drop_table("words")
    library = Library.open(library.uri)
    assert library.tables.extra("words") is None
    assert names(library, "kick") == {"Kick Loop_120bpm_Am.wav"}
    assert Library.open(library.uri).tables.extra("words").count_rows() > 10


def test_who_cannot_write_looks_in_memory(own: tuple[Path, Library]) -> None:
    _, library = own
    uri = library.uri
    library.tables._connection.drop_table("words")
    library = Library.open(uri)
    with people_lock(library.tables.folder, uri):
        assert names(library, "kick") == {"Kick Loop_120bpm_Am.wav"}
        assert names(library, "tone", "kick") > {"Kick Loop_120bpm_Am.wav"}
        assert library.tables.extra("words") is None
    assert WordIndex(library.tables).find(["kick"], 10).ids
    assert library.tables.extra("words") is not None


def test_what_changed_meanwhile_is_held_in_memory(own: tuple[Path, Library]) -> None:
    sounds, library = own
    key = library.frame(["id"], "name = 'tone_001.wav'")["id"][0]
    library.labels.tag(key, "gong")
    library.tables.refresh()
    index = WordIndex(library.tables)
    before = library.tables.extra("words").version
    with people_lock(library.tables.folder, library.uri):
        assert index.find(["gong"], 10).ids == [key]
        assert index.find(["tone", "001"], 100).ids[0] == key
        assert index.find(["tone", "001"], 100).ids.count(key) == 1  # not once as it was and once as it is
        assert index.texts([key])[key]["tags"] == "gong"
    assert library.tables.extra("words").version == before
    assert sounds.is_dir()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_reading_only_needs_no_right_to_write(own: tuple[Path, Library]) -> None:
    _, library = own
    library.tables._connection.drop_table("words")
    folder = library.tables.folder
    assert folder is not None
    folder.chmod(0o555)
    try:
        assert names(Library.open(library.uri), "kick") == {"Kick Loop_120bpm_Am.wav"}
    finally:
        folder.chmod(0o755)


def test_when_nearly_all_changed_all_is_written_anew(own: tuple[Path, Library]) -> None:
    _, library = own
    library.labels.tag(library.frame(["id"])["id"].to_list(), "gong")
    library.tables.refresh()
    ids = set(library.frame(["id"])["id"])
    assert set(words_of(library.tables).find(["gong"], 100).ids) == ids
    assert library.tables.extra("words").count_rows() == len(ids)


def test_many_new_rows_go_into_the_index(own: tuple[Path, Library], monkeypatch: pytest.MonkeyPatch) -> None:
    _, library = own
    monkeypatch.setattr(words_table, "_UNINDEXED", 0)
    monkeypatch.setattr(words_table, "_UNINDEXED_SHARE", 0.0)
    library.labels.tag(library.frame(["id"])["id"][:5].to_list(), "gong")
    library.tables.refresh()
    assert len(names(library, "gong")) >= 5
    assert library.tables.extra("words").index_stats("words_idx").num_unindexed_rows == 0


@pytest.mark.parametrize("words", [[], [""], ['"'], ["'; DROP"], ["a b"], ["("], ["\x00"], ["x" * 500], ["kick"] * 500])
def test_any_word_may_be_asked_for(heard: tuple[Path, Library], words: list[str]) -> None:
    found = words_of(heard[1].tables).find(words, 10)
    assert len(found.ids) == len(found.score) <= 10
    assert words_of(heard[1].tables).find(words, 10, fuzzy=True, all_of=True).ids is not None


def test_what_has_not_changed_is_not_compared_again(heard: tuple[Path, Library],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Of a large library `meta` says from which state its words are; small ones are compared in no time."""
    _, library = heard
    assert "words" not in library.tables.facts()
    monkeypatch.setattr(words_table, "_NOTED", 1)
    assert names(Library.open(library.uri), "kick")
    found = Library.open(library.uri)
    assert "words" in found.tables.facts()

    def compared(self: Sources) -> None:
        raise AssertionError("all words were compared")

    with monkeypatch.context() as patch:
        patch.setattr(Sources, "digests", compared)
        assert names(found, "kick") == {"Kick Loop_120bpm_Am.wav"}
        found.labels.tag(found.frame(["id"], "name LIKE 'Kick%'")["id"][0], "splendid", by="a")
        with pytest.raises(AssertionError, match="compared"):
            names(Library.open(library.uri), "splendid")
    assert names(Library.open(library.uri), "splendid") == {"Kick Loop_120bpm_Am.wav"}
