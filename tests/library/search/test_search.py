"""Searches by sound and by numbers in a small library of real files, against arithmetic over its vectors."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import samplemind as sm
from samplemind.errors import AudioError, LibraryError, ParameterError, SampleMindError
from samplemind.library import Library
from samplemind.library.search import Filter, near_bpm
from samplemind.library.search.request import Search
from samplemind.library.search.sounds import ASPECTS
from tests.library.helpers import make_sound

Heard = tuple[Path, Library]


def vectors(library: Library, column: str) -> tuple[list[str], np.ndarray]:
    rows = library.frame(["id", column], f"{column} IS NOT NULL").unique("id").sort("id")
    return rows["id"].to_list(), np.stack(rows[column].to_list()).astype(np.float64)


def test_nothing_runs_before_it_is_asked(heard: Heard) -> None:
    search = heard[1].search().like("no such sound").where("kind = 'loop'").limit(3)
    assert "no such sound" in repr(search)
    with pytest.raises(LibraryError, match="neither"):
        search.run()


def test_every_step_gives_a_new_search(heard: Heard) -> None:
    first = heard[1].search()
    second = first.where("bpm > 1").limit(3)
    assert (first.condition, first.count) == (None, 50)
    assert (str(second.where("midi_note = 3").condition), second.count) == ("bpm > 1 AND midi_note = 3", 3)


def test_weighted_aspects_are_the_weighted_sum_of_their_distances(heard: Heard) -> None:
    sounds, library = heard
    found = library.search().like(sounds / "tone_001.wav", aspects={"timbre": 3, "spectrum": 1}).columns("id").run()
    assert found.frame.columns == ["distance", "distance_timbre", "distance_spectrum", "id"]
    assert found.explanation.aspects == {"timbre": 0.75, "spectrum": 0.25}
    row = library.get(sounds / "tone_001.wav")
    for aspect in ("timbre", "spectrum"):
        ids, all_vectors = vectors(library, f"{aspect}_vector")
        expected = dict(zip(ids, 1 - all_vectors @ np.array(row[f"{aspect}_vector"]), strict=True))
        assert found.frame[f"distance_{aspect}"].to_list() == pytest.approx(
            [expected[key] for key in found.ids], abs=1e-5
        )
    total = 0.75 * found.frame["distance_timbre"] + 0.25 * found.frame["distance_spectrum"]
    assert found.frame["distance"].to_list() == pytest.approx(total.to_list(), abs=1e-6)
    assert found.frame["distance"].is_sorted()
    assert row["id"] not in found.ids


def test_what_is_not_liked_is_pushed_away(heard: Heard) -> None:
    sounds, library = heard
    plain = library.search().like(sounds / "tone_001.wav")
    nearest = plain.limit(1).run().ids[0]
    pushed = plain.unlike(nearest).run()
    assert pushed.ids[0] != nearest
    assert nearest not in pushed.ids
    only = library.search().unlike(sounds / "tone_001.wav").run()
    assert only.ids == [key for key in reversed(plain.run().ids) if key in only.ids]
    assert only.explanation.unlikes == [str(sounds / "tone_001.wav")]


def test_two_examples_lie_between(heard: Heard) -> None:
    sounds, library = heard
    one, other = sounds / "tone_001.wav", sounds / "tone_007.wav"
    both = library.search().like(one).like(other).columns("id").run()
    ids, all_vectors = vectors(library, "embedding")
    wanted = [np.array(library.get(path)["embedding"]) for path in (one, other)]
    expected = dict(zip(ids, np.mean([1 - all_vectors @ vector for vector in wanted], axis=0), strict=True))
    assert both.frame["distance"].to_list() == pytest.approx([expected[key] for key in both.ids], abs=1e-5)
    heavy = library.search().like(one, weight=99).like(other).limit(3).run()
    assert heavy.ids[0] == next(key for key in library.search().like(one).run().ids if key != library.get(other)["id"])


def test_all_ways_to_give_the_same_sound_find_the_same(heard: Heard, tmp_path: Path) -> None:
    sounds, library = heard
    path = sounds / "tone_005.wav"
    samples, rate = soundfile.read(path, dtype="float32")
    key = library.get(path)["id"]
    expected = library.search().like(path).limit(5).run()
    outside = shutil.copy(path, tmp_path / "outside.wav")
    for ways in (key, key[:12], str(path)):
        assert library.search().like(ways).limit(5).run().ids == expected.ids
    # What was not named as a sound of the library does not hide that sound.
    for ways, options in ((outside, {}), (samples, {"sample_rate": rate}), (sm.decode(str(outside)), {})):
        found = library.search().like(ways, **options).limit(6).run()
        assert found.ids == [key, *expected.ids]
        assert found.frame["distance"][0] == pytest.approx(0, abs=1e-4)
    assert key not in library.search().like(outside).skip_equal().ids()


def test_a_region_is_cut_before_it_is_heard(heard: Heard, tmp_path: Path) -> None:
    sounds, library = heard
    parts = [soundfile.read(sounds / f"tone_00{number}.wav", dtype="float32")[0] for number in (2, 8)]
    rate, length = 22050, len(parts[0]) / 22050
    both = np.concatenate(parts)
    soundfile.write(tmp_path / "both.wav", both, rate, subtype="FLOAT")
    first, second = library.get(sounds / "tone_002.wav")["id"], library.get(sounds / "tone_008.wav")["id"]
    for sound, options in ((tmp_path / "both.wav", {}), (both, {"sample_rate": rate})):
        assert library.search().like(sound, end=length, **options).limit(1).run().ids == [first]
        assert library.search().like(sound, start=length, **options).limit(1).run().ids == [second]
    rounded = library.search().like(tmp_path / "both.wav", start=length, end=2 * length + 0.009)
    assert rounded.limit(1).run().ids == [second]
    within = library.search().like(sounds / "tone_002.wav", start=0.02, end=0.15).limit(1).run()
    assert within.ids == [first]
    assert within.explanation.likes == [f"{sounds / 'tone_002.wav'} from 0.02 s to 0.15 s"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": -1}, "start: -1"),
        ({"start": float("nan")}, "start: nan"),
        ({"start": "1"}, "start: '1'"),
        ({"start": 0.2, "end": 0.1}, "end: 0.1 s is not after start"),
        ({"start": 9}, "start: 9 s is after the end of"),
        ({"end": 9}, "end: 9 s is after the end of"),
        ({"aspects": "colour"}, "choose one of overall"),
        ({"aspects": {}}, "names none"),
        ({"aspects": {"timbre": 0}}, "timbre: 0"),
        ({"weight": -1}, "weight: -1"),
        ({"aspects": {"timbre": float("inf")}}, "timbre: inf"),
        ({"sample_rate": 44100}, "it is known of a file"),
    ],
)
def test_wrong_examples_are_refused(heard: Heard, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        heard[1].search().like(heard[0] / "tone_001.wav", **options).run()


def test_sounds_that_are_none(heard: Heard, tmp_path: Path) -> None:
    sounds, library = heard
    soundfile.write(tmp_path / "silence.wav", np.zeros(22050), 22050)
    (tmp_path / "text.wav").write_text("hello")
    for sound, options, error, words in (
        (tmp_path / "silence.wav", {}, AudioError, "it has no overall: it is silent"),
        (np.zeros(22050), {"sample_rate": 22050}, ParameterError, "has no overall: it is silent"),
        (tmp_path / "silence.wav", {"end": 0.5}, ParameterError, "to 0.5 s has no overall: it is silent"),
        (tmp_path / "text.wav", {}, AudioError, "not audio"),
        (tmp_path / "text.wav", {"end": 1}, AudioError, "not audio"),
        (sounds / "broken.wav", {}, LibraryError, "not audio"),
        ("nowhere", {}, LibraryError, "neither"),
        (["a", "b"], {"sample_rate": 22050}, ParameterError, "give an id, a path, or an array"),
        (object(), {"sample_rate": 22050}, ParameterError, "sound: a object is none"),
        (b"bytes", {}, ParameterError, "sound: a bytes is none"),
        (None, {}, ParameterError, "sound: a NoneType is none"),
        (5, {}, ParameterError, "sound: a int is none"),
        (np.ones(9), {"sample_rate": "44100"}, ParameterError, "sample_rate: '44100'"),
        (np.zeros((2, 2, 2)), {"sample_rate": 22050}, ParameterError, "shape"),
    ):
        with pytest.raises(error, match=words):
            library.search().like(sound, **options).run()
    with pytest.raises(ParameterError, match="sample_rate"):
        library.search().like(np.ones(100))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda s: s.limit(0), "limit: 0"),
        (lambda s: s.limit(2.5), "limit: 2.5"),
        (lambda s: s.offset(-1), "offset: -1"),
        (lambda s: s.offset(True), "offset: True"),
        (lambda s: s.where("bpm > 100", low=3), ":low is given"),
        (lambda s: s.where("", low=3), ":low"),
        (lambda s: s.like("x", aspects=5), "aspects: 5"),
        (lambda s: s.like("x", aspects=[["timbre"]]), "is no vector"),
        (lambda s: s.like("x", start=10**400), "start: 1000"),
        (lambda s: s.tagged(["a", 3]), "tags: 3"),
        (lambda s: s.columns("colour"), "no column 'colour'"),
        (lambda s: s.columns(3), "give names"),
        (lambda s: s.sort("colour"), "sort"),
        (lambda s: s.where("colour = 1"), "colour"),
        (lambda s: s.text(3), "text: 3"),
        (lambda s: s.tagged(""), "tags: ''"),
        (lambda s: s.where(Filter.of("bpm", ">", 1), x=2), "no place for x"),
        (lambda s: s.where("distance < 1").run(), "no distance"),
        (lambda s: s.sort("score").run(), "no score"),
    ],
)
def test_wrong_steps_are_refused(heard: Heard, make: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make(heard[1].search())


def test_distances_can_be_asked_for(heard: Heard) -> None:
    sounds, library = heard
    every = library.search().like(sounds / "tone_000.wav", aspects=["timbre", "pitch"])
    bound = float(every.run().frame["distance_timbre"].median())
    near = every.where("distance_timbre < :bound OR midi_note = 300", bound=bound).run()
    assert 0 < len(near) < len(every.run())
    assert near.frame["distance_timbre"].max() < bound
    few = every.where("distance < 1").limit(2).run()
    assert few.ids == every.run().ids[:2]
    with pytest.raises(ParameterError, match="no distance_rhythm"):
        every.where("distance_rhythm < 1").run()


def test_pages_are_parts_of_the_whole(heard: Heard) -> None:
    sounds, library = heard
    for search in (
        library.search().like(sounds / "tone_000.wav"),
        library.search(),
        library.search().sort("kind, bpm DESC"),
        library.search().like(sounds / "tone_000.wav").where("distance < 0.9 AND name LIKE '%o%'"),
    ):
        whole = search.run()
        assert len(whole) > 8
        pages = [search.offset(start).limit(3).run() for start in range(0, len(whole) + 3, 3)]
        assert [key for page in pages for key in page.ids] == whole.ids
        assert pl.concat([page.frame for page in pages]).equals(whole.frame)


def test_a_search_without_a_sound_is_in_order_of_paths(heard: Heard) -> None:
    library = heard[1]
    rows = library.frame(["path", "id"]).unique("id", keep="first", maintain_order=True)
    found = library.search().columns("path", "id").to_polars()
    assert found.equals(rows)
    assert len(library.search().where("kind = 'nothing'").run()) == 0
    by_length = library.search().where("status = 'ok'").sort("duration_s DESC").limit(3).to_polars()
    assert by_length["duration_s"].is_sorted(descending=True)


def test_one_row_a_sound_by_the_first_of_its_files_that_fit(heard: Heard) -> None:
    sounds, library = heard
    for search in (library.search(), library.search().like(sounds / "tone_000.wav")):
        paths = search.run().frame["path"].to_list()
        assert str(sounds / "Drums" / "copy of tone_003.wav") in paths
        assert str(sounds / "tone_003.wav") not in paths
        other = search.where("folder NOT LIKE '%Drums'").run().frame["path"].to_list()
        assert str(sounds / "tone_003.wav") in other
    both = library.search().like(sounds / "tone_000.wav").where("distance > 9 OR folder NOT LIKE '%Drums'").run()
    assert str(sounds / "tone_003.wav") in both.frame["path"].to_list()


def test_equal_samples_in_other_containers_can_be_left_out(own: Heard, tmp_path: Path) -> None:
    sounds, library = own
    samples, rate = soundfile.read(sounds / "tone_002.wav", dtype="int16")
    for name in ("same.flac", "same.aiff"):
        soundfile.write(tmp_path / name, samples, rate)
    library.ingest([tmp_path / "same.flac", tmp_path / "same.aiff"], workers=1)
    near = library.search().like(sounds / "tone_000.wav", aspects="timbre")
    assert len(near.run()) == len(near.skip_equal().run()) + 2
    itself = library.search().like(sounds / "tone_002.wav")
    assert {Path(path).name for path in itself.limit(2).run().frame["path"]} == {"same.flac", "same.aiff"}
    assert not {Path(path).stem for path in itself.skip_equal().run().frame["path"]} & {"same"}
    assert len(library.search().run()) == len(library.search().skip_equal().run()) + 2


def test_tags_labels_and_their_absence(own: Heard) -> None:
    sounds, library = own
    one, two = sounds / "tone_001.wav", sounds / "tone_002.wav"
    ids = [library.get(path)["id"] for path in (one, two)]
    library.labels.tag([one, two], "favourite")
    library.labels.tag(two, "loud")
    library.labels.label(one, "kick")
    assert set(library.search().tagged("favourite").ids()) == set(ids)
    assert library.search().tagged("favourite", "loud").ids() == [ids[1]]
    assert library.search().tagged("favourite").untagged("loud").ids() == [ids[0]]
    assert not set(library.search().untagged("favourite").ids()) & set(ids)
    assert library.search().labelled("class", "kick").ids() == [ids[0]]
    near = library.search().like(sounds / "tone_000.wav").tagged("favourite").run()
    assert set(near.ids) == set(ids)
    assert near.explanation.among == ["tag favourite"]
    assert library.search().tagged("nobody has this").ids() == []


def test_a_sound_without_the_aspect_is_refused_with_a_reason(own: Heard, tmp_path: Path) -> None:
    library = own[1]
    library.ingest(make_sound(tmp_path / "basic.wav", 99), level="basic", workers=1)
    with pytest.raises(LibraryError, match="level basic; ingest it at level standard"):
        library.search().like(tmp_path / "basic.wav").run()


HOSTILE = [
    "",
    "\x00",
    "a\x00b",
    "\ud800",
    "caf\udce9",
    "'; DROP TABLE samples; --",
    "' OR '1'='1",
    "\u202e",
    "~",
    "/",
    "..",
    "a" * 10_000,
    "%",
    "0000",
    "{}",
    "-" * 40,
    "\n",
    "file:///etc/passwd",
    "s3://x/y",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_found_nowhere_or_refused(heard: Heard, text: str) -> None:
    library = heard[1]
    for ask in (
        lambda s: s.like(text),
        lambda s: s.like(text, end=1),
        lambda s: s.unlike(text),
        lambda s: s.tagged(text),
        lambda s: s.labelled("class", text),
        lambda s: s.labelled(text),
        lambda s: s.where("path = :p", p=text),
        lambda s: s.where(f"path = '{text}'"),
        lambda s: s.where("name ILIKE :p", p=text),
        lambda s: s.like("x", aspects=text),
    ):
        try:
            found = ask(library.search()).run()
        except SampleMindError:
            continue
        assert len(found) == 0 or text in ("%", "' OR '1'='1", "")
    for sql in (text, f"bpm, {text}"):
        with contextlib.suppress(ParameterError):
            library.search().sort(sql).run()
    assert len(library) == 16


def test_what_was_written_in_between_is_seen(own: Heard, tmp_path: Path) -> None:
    sounds, library = own
    search = library.search().like(sounds / "tone_000.wav")
    before = search.run().ids
    library.ingest(make_sound(tmp_path / "new.wav", 77), workers=1)
    assert set(search.run().ids) - set(before) == {library.get(tmp_path / "new.wav")["id"]}
    library.remove(tmp_path / "new.wav")
    assert search.run().ids == before


def test_it_says_how_it_was_answered(heard: Heard) -> None:
    sounds, library = heard
    explained = (
        library.search()
        .like(sounds / "tone_000.wav", aspects={"harmony": 1, "rhythm": 1})
        .tolerant()
        .where(near_bpm(120) | Filter.missing("bpm"))
        .explain()
    )
    assert explained.exact
    assert explained.engine
    assert explained.filter == "(bpm >= 117.6 AND bpm <= 122.4) OR bpm IS NULL"
    assert explained.tolerant == ["harmony in any key", "rhythm at half to double tempo"]
    text = str(explained)
    for words in ("harmony 50%, rhythm 50%", "tone_000.wav", "nearest first", explained.filter):
        assert words in text
    assert explained.to_dict()["aspects"] == {"harmony": 0.5, "rhythm": 0.5}


def test_results_are_rows_and_a_frame(heard: Heard) -> None:
    found = heard[1].search().like(heard[0] / "tone_000.wav").limit(3).run()
    assert len(found) == len(list(found)) == found.frame.height == 3
    assert [row["id"] for row in found] == found.ids == heard[1].search().like(heard[0] / "tone_000.wav").limit(3).ids()
    assert found.to_polars() is found.frame
    assert found.seconds > 0


def test_a_search_can_be_kept(heard: Heard) -> None:
    import json

    sounds, library = heard
    search = (
        library.search()
        .like(sounds / "tone_000.wav", aspects={"timbre": 2, "pitch": 1}, end=0.2)
        .unlike(str(sounds / "tone_001.wav"))
        .where("bpm > 3 OR bpm IS NULL")
        .where("distance < :far", far=1.5)
        .tolerant(tempo=False)
        .skip_equal()
        .columns("path", "bpm")
        .sort("bpm")
        .limit(7)
        .offset(1)
    )
    again = Search.from_dict(library, json.loads(json.dumps(search.to_dict())))
    assert again.to_dict() == search.to_dict()
    assert again.run().frame.equals(search.run().frame)
    assert Search.from_dict(library, {}) == library.search()
    with pytest.raises(ParameterError, match="cannot be kept"):
        library.search().like(np.ones(9), sample_rate=8000).to_dict()
    for wrong in ({"likes": [{"colour": 1}]}, {"tags": 3}, {"labels": ["x"]}, {"limit": 3, "count": "x"}):
        with pytest.raises(ParameterError):
            Search.from_dict(library, wrong)


@given(
    aspects=st.dictionaries(st.sampled_from(sorted(ASPECTS)), st.floats(0.01, 100), min_size=1),
    limit=st.integers(1, 20),
    bound=st.floats(0, 2),
)
def test_whatever_is_asked_the_order_is_by_distance(
    heard: Heard, aspects: dict[str, float], limit: int, bound: float
) -> None:
    sounds, library = heard
    row = library.get(sounds / "tone_004.wav")
    if any(row[ASPECTS[name]] is None for name in aspects):
        return
    found = (
        library.search()
        .like(sounds / "tone_004.wav", aspects=aspects)
        .where("distance <= :b", b=bound)
        .limit(limit)
        .run()
    )
    assert found.frame["distance"].is_sorted()
    assert (found.frame["distance"] <= np.float32(bound)).all()
    every = library.search().like(sounds / "tone_004.wav", aspects=aspects).run().frame
    assert len(found) == min(limit, int((every["distance"] <= np.float32(bound)).sum()))


def test_filters_are_taken_wherever_a_condition_is(own: Heard, tmp_path: Path) -> None:
    sounds, library = own
    fits = Filter.like("folder", "%drums") & Filter.of("status", "=", "ok")
    assert len(library.frame(where=fits)) == 3
    assert library.export(tmp_path / "out.csv", columns=["path"], where=fits) == 3
    assert len(library.similar(sounds / "tone_000.wav", where=fits)) == 3
    assert library.remove(where=fits) == 3
    assert len(library.frame(where=fits)) == 0
    for call in (library.frame, library.remove, lambda where: library.similar(sounds / "tone_000.wav", where=where)):
        with pytest.raises(ParameterError, match="cannot be read"):
            call(where="path = (SELECT path FROM files)")
    assert len(library) == 13


def test_within_collections(own: Heard) -> None:
    sounds, library = own
    paths = [sounds / f"tone_00{number}.wav" for number in (5, 1, 7)]
    ids = [library.get(path)["id"] for path in paths]
    library.collections.create("mine", paths)
    library.collections.create("other", paths[1:])
    within = library.search().within("mine")
    assert within.ids() == ids
    assert within.offset(1).limit(1).ids() == ids[1:2]
    assert within.sort("path").ids() == [ids[1], ids[0], ids[2]]
    assert within.within("other").ids() == ids[1:]
    near = within.like(paths[0]).run()
    assert set(near.ids) == set(ids[1:])
    assert near.frame["distance"].is_sorted()
    library.collections.save_search("near", library.search().like(paths[0]).limit(4))
    assert set(library.search().within("near").ids()) == set(library.search().like(paths[0]).limit(4).ids())
    with pytest.raises(LibraryError, match="nothing"):
        library.search().within("nothing").run()


def test_numbers_of_numpy_and_large_pages_are_taken(heard: Heard) -> None:
    sounds, library = heard
    asked = library.search().like(sounds / "tone_001.wav", aspects={"timbre": np.float32(1)}, weight=np.float32(0.5))
    assert len(asked.limit(10**30).run()) == len(asked.limit(500).run())
    assert asked.offset(10**30).ids() == []
    assert library.search().limit(10**30).offset(np.int64(1)).ids() == library.search().ids()[1:]
    assert library.search().tagged(["a", "b"], "c").tags == ("a", "b", "c")


@pytest.fixture
def noise(own: Heard, tmp_path: Path) -> tuple[Library, Path]:
    """A library with a short click, in which nothing tonal is heard, and a sound without any."""
    _, library = own
    folder = tmp_path / "odd"
    folder.mkdir()
    click = np.zeros(2205)
    click[100:130] = np.random.default_rng(1).standard_normal(30) * 0.3
    soundfile.write(folder / "click.wav", click, 22050)
    soundfile.write(folder / "empty.wav", np.zeros(22050), 22050)
    library.ingest(folder, workers=1)
    return library, folder


def test_a_sound_that_lacks_an_aspect_is_compared_by_the_others(noise: tuple[Library, Path], tmp_path: Path) -> None:
    library, folder = noise
    if library.get(folder / "click.wav")["harmony_vector"] is not None:
        pytest.skip("something tonal is heard in the click")
    outside = shutil.copy(folder / "click.wav", tmp_path / "outside.wav")
    for sound in (folder / "click.wav", outside):
        found = library.search().like(sound, aspects={"harmony": 1, "timbre": 1}).run()
        assert found.explanation.aspects == {"timbre": 1.0}
        assert (
            "has no harmony: nothing tonal is heard in it; it is compared by the others" in found.explanation.notes[0]
        )
        with pytest.raises(SampleMindError, match="has no harmony: nothing tonal is heard in it"):
            library.search().like(sound, aspects="harmony").run()


def test_a_phrase_that_names_a_silent_sound_is_answered(noise: tuple[Library, Path]) -> None:
    library, folder = noise
    found = library.search().text(f"short tone like {folder / 'empty.wav'}").run()
    assert any("it is silent; nothing is compared with it" in note for note in found.explanation.notes)
    assert len(found) > 3


def test_the_order_of_columns_is_the_one_that_was_chosen(heard: Heard) -> None:
    sounds, library = heard
    asked = library.search().text("tone")
    assert asked.columns("path", "score").to_polars().columns == ["path", "score"]
    assert asked.columns("path").to_polars().columns == ["score", "words", "path"]
    near = library.search().like(sounds / "tone_001.wav")
    assert near.columns("id", "distance").to_polars().columns == ["id", "distance"]
    assert library.similar(sounds / "tone_001.wav", columns=["path", "distance"]).columns == ["path", "distance"]
    for search, name in ((library.search(), "distance"), (near, "words"), (near, "distance_timbre")):
        with pytest.raises(ParameterError, match=f"columns: this search has no {name} "):
            search.columns("path", name).run()


def test_what_is_kept_of_an_example_holds_anywhere(
    heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds, library = heard
    shutil.copy(sounds / "tone_001.wav", tmp_path / "mine.wav")
    monkeypatch.chdir(sounds)
    inside = library.search().like("tone_001.wav")
    key = library.get("tone_001.wav")["id"]
    monkeypatch.chdir(tmp_path)
    assert [one["sound"] for one in library.search().like("mine.wav").like(key[:9]).to_dict()["likes"]] == [
        str(tmp_path / "mine.wav"), key
    ]  # fmt: skip
    monkeypatch.chdir(sounds)
    kept = inside.to_dict()
    monkeypatch.chdir(tmp_path)
    assert kept["likes"][0]["sound"] == key
    assert Search.from_dict(library, kept).ids()


def test_a_file_from_outside_is_heard_once(heard: Heard, tmp_path: Path) -> None:
    from samplemind.library.search import sounds as module

    path = shutil.copy(heard[0] / "tone_001.wav", tmp_path / "mine.wav")
    search = heard[1].search().like(path).limit(3)
    first = search.ids()
    before = module._of_file.cache_info()
    assert search.offset(3).ids() != first
    assert module._of_file.cache_info().misses == before.misses
    make_sound(Path(path), 77)
    search.run()
    assert module._of_file.cache_info().misses == before.misses + 1


def test_examples_are_told_by_their_paths(heard: Heard) -> None:
    sounds, library = heard
    key = library.get(sounds / "tone_001.wav")["id"]
    told = library.search().like(key).explain()
    assert told.likes == [f"{sounds / 'tone_001.wav'} ({key[:12]})"]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("kind = 'Loop'", "no sound has kind = 'Loop'; it is one of one-shot, loop, other"),
        ("sample_class = 'hat_closed'", "did you mean hat-closed"),
        ("key = 'Bb' AND bpm > 1", "keys are tonics with sharps (C, C#,"),
        ("key IN ('A', 'A minor')", "no sound has key = 'A minor'; keys are tonics"),
        ("kind = 'loop'", None),
    ],
)
def test_values_that_no_sound_has_are_told(heard: Heard, condition: str, words: str | None) -> None:
    notes = [note for note in heard[1].search().where(condition).explain().notes if "no sound has" in note]
    assert len(notes) == (words is not None)
    assert words is None or words in notes[0]


def test_where_nothing_fits_the_limit_is_told_that_leaves_nothing(heard: Heard) -> None:
    _, library = heard
    short = len(library.search().where("duration_s < 0.26").ids())
    asked = library.search().text("under 0.26 s").where("channels = 7")
    assert f"without channels = 7 there are {short}" in asked.explain().notes
    assert "nor does any fit without one of the limits" in asked.where("channels = 8").explain().notes
    assert library.search().text("under 5 s").explain().notes == []


def test_how_many_were_looked_at_and_are_shown(heard: Heard) -> None:
    sounds, library = heard
    told = library.search().like(sounds / "tone_001.wav").limit(4).explain()
    with_vectors = len(library.frame(["id"], "embedding IS NOT NULL").unique("id"))
    assert f"resident, exact: {with_vectors - 1} looked at, 4 shown" in str(told)


def test_vectors_of_another_version_are_told(own: Heard) -> None:
    sounds, library = own
    assert library.search().like(sounds / "tone_001.wav").explain().notes == []
    library.tables.samples.update("status = 'ok' AND kind = 'one-shot'", {"v_vectors": 1})
    count = len(library.frame(["id"], "v_vectors = 1").unique("id"))
    assert count > 0
    (note,) = library.search().like(sounds / "tone_001.wav").explain().notes
    assert note.startswith(f"the vectors of {count} sounds are of another version")


@pytest.mark.parametrize("condition", ["path", "3", "bpm > (SELECT 1)", "'x'", "nothing(bpm) > 1"])
def test_what_is_not_understood_is_told_in_plain_words(heard: Heard, condition: str) -> None:
    with pytest.raises(ParameterError) as error:
        heard[1].search().where(condition)
    assert not any(word in str(error.value) for word in ("LITERAL", "COLUMN", "SUBQUERY", "ANONYMOUS"))


def test_names_that_are_no_text_open_and_print(own: Heard, tmp_path: Path) -> None:
    _, library = own
    folder = tmp_path / "odd"
    path = folder / os.fsdecode(b"caf\xe9.wav")
    make_sound(folder / "plain.wav", 9).rename(path)
    library.ingest(folder, workers=1)
    (told,) = library.frame(["path"], Filter.like("name", "caf%"))["path"]
    assert not os.path.exists(told)
    assert sm.from_text(told) == str(path)
    with pytest.raises(SampleMindError) as error:
        library.search().like(tmp_path / "no\nsuch.wav").run()
    (tmp_path / "no\nsuch.wav").write_text("text")
    with pytest.raises(AudioError) as other:
        library.search().like(tmp_path / "no\nsuch.wav").run()
    for text in (str(error.value), str(other.value), str(library.search().like(path).explain())):
        assert all(line.isprintable() for line in text.split("\n"))
    assert "\n" not in str(error.value) + str(other.value)
