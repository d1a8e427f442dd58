"""Whether what fits a phrase best comes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samplemind.library import Library
from samplemind.library.schema import files_schema, record_batch, samples_schema
from samplemind.library.search.filters import Filter
from samplemind.library.search.indices import engine_for
from samplemind.library.search.scoring import Sound, Term
from samplemind.library.words import scales, understand
from samplemind.library.words.examples import alike
from samplemind.library.words.parts import Scale, Target
from samplemind.library.words.ranking import Ranked, rank
from samplemind.library.words.scales import STEPS, _ranks, _worth, likely

#: name, class, confidence, centroid, length, what the name claims.
SOUNDS = (
    ("a/kick dark.wav", "kick", 0.9, 100.0, 0.3, "kick"),
    ("a/kick bright.wav", "kick", 0.9, 900.0, 0.3, "kick"),
    ("b/one.wav", "kick", 0.8, 120.0, 0.3, None),
    ("b/two.wav", "snare", 0.8, 2000.0, 0.3, None),
    ("b/snare.wav", "kick", 0.6, 2500.0, 0.3, "snare"),
    ("c/bass drum.wav", None, 0.2, 110.0, 0.4, "kick"),
    ("c/crash.wav", "cymbal", 0.5, 9000.0, 3.0, "cymbal"),
    ("c/ride.wav", "cymbal", 0.9, 7000.0, 3.0, "cymbal"),
    ("c/tr808 vinyl.wav", None, 0.1, 4000.0, 1.0, None),
    ("d/vinyl noise.wav", "fx", 0.7, 5000.0, 9.0, "fx"),
)


def add(library: Library, sounds: Sequence[tuple[Any, ...]]) -> None:
    """Rows as an ingest would write them, without any sound."""
    import pyarrow as pa

    files, samples = [], []
    for number, (path, heard, sure, centroid, length, claimed) in enumerate(sounds):
        key = f"{number:032x}"
        vector = np.eye(128, dtype=np.float32)[number % 128]
        samples.append({"id": key, "status": "ok", "level": "standard", "sample_class": heard, "embedding": vector,
                        "sample_class_confidence": sure, "centroid_mean": centroid, "rolloff_mean": 2 * centroid,
                        "effective_duration_s": length, "duration_s": length, "kind": "one-shot"})  # fmt: skip
        files.append({"path": f"/x/root/{path}", "id": key, "root": "/x/root", "name": path.rpartition("/")[2],
                      "folder": f"/x/root/{path.rpartition('/')[0]}", "name_class": claimed})  # fmt: skip
    tables = library.tables
    tables.samples.add(pa.Table.from_batches([record_batch(samples, samples_schema())]))
    tables.files.add(pa.Table.from_batches([record_batch(files, files_schema())]))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = Library.create(tmp_path_factory.mktemp("ranking") / "library")
    add(made, SOUNDS)
    return made


def ranked(library: Library, phrase: str, count: int = 20, **options: Any) -> Ranked:
    library.tables.refresh()
    return rank(library.tables, engine_for(library.tables), understand(phrase), count, **options)


def names(library: Library, phrase: str, count: int = 20, **options: Any) -> list[str]:
    of = dict(library.frame(["id", "name"]).rows())
    return [of[key].removesuffix(".wav") for key in ranked(library, phrase, count, **options).ids]


def test_classes_are_heard_claimed_or_said(library: Library) -> None:
    found = names(library, "kick")
    assert set(found) == {"kick dark", "kick bright", "one", "bass drum", "snare"}
    assert set(found[:2]) == {"kick dark", "kick bright"}  # heard, claimed and said
    assert found[-1] == "snare"  # heard, but its name says something else


def test_a_bass_drum_is_no_bass(library: Library) -> None:
    assert names(library, "bass") == []


def test_directions_are_meant_among_what_is_asked_for(library: Library) -> None:
    assert names(library, "dark kick")[0] == "kick dark"
    assert names(library, "bright kick")[0] == "kick bright"
    assert names(library, "bright")[0] == "crash"
    assert names(library, "not bright")[:1] == ["kick dark"]
    assert names(library, "long")[0] == "vinyl noise"


def test_narrow_words_count_more_than_their_class(library: Library) -> None:
    assert names(library, "crash") == ["crash", "ride"]
    assert names(library, "ride") == ["ride", "crash"]


def test_words_are_looked_up(library: Library) -> None:
    assert names(library, "vinyl") == ["tr808 vinyl", "vinyl noise"] or names(library, "vinyl") == [
        "vinyl noise", "tr808 vinyl"]  # fmt: skip
    assert names(library, "808 vinyl")[0] == "tr808 vinyl"
    assert names(library, "tr808") == ["tr808 vinyl"]
    assert names(library, '"vinyl noise"') == ["vinyl noise"]
    assert names(library, '"noise vinyl"') == []
    assert names(library, "in folder d") == ["vinyl noise"]
    assert names(library, "vinyl without 808") == ["vinyl noise"]
    assert names(library, "zzzz") == []
    assert names(library, "(((") == names(library, "like zzzz") == []


def test_words_and_reasons_are_told(library: Library) -> None:
    found = ranked(library, "dark kick vinyl")
    assert found.score.tolist() == sorted(found.score.tolist(), reverse=True)
    assert all(0 <= score <= 1 for score in found.score)
    assert set(found.reasons[0]) == {"dark", "kick", "vinyl"}
    first = ranked(library, "kick")
    assert first.words[0] == ["kick (names)"]
    assert ranked(library, "vinyll").notes == ["no sound has the word vinyll; vinyl is looked up instead"]
    assert ranked(library, "vinyll").ids == ranked(library, "vinyl").ids
    assert ranked(library, "qqqq").notes == ["no sound has the word qqqq"]


def test_what_must_not_be(library: Library) -> None:
    assert "kick dark" not in names(library, "dark not kick")
    assert set(names(library, "no cymbals")) == {row[0].rpartition("/")[2][:-4] for row in SOUNDS} - {"crash", "ride"}


def test_conditions_and_choices(library: Library) -> None:
    ids = ranked(library, "kick").ids
    assert ranked(library, "kick", condition=Filter.of("centroid_mean", ">", 500)).ids == [
        key for key in ids if key in ranked(library, "bright").ids and int(key, 16) in (1, 4)]  # fmt: skip
    assert ranked(library, "kick", ids=ids[2:]).ids == ids[2:]
    assert ranked(library, "kick", skip=ids[:1]).ids == ids[1:]
    assert ranked(library, "kick", ids=[]).ids == []
    assert ranked(library, "kick", 2).ids == ids[:2]
    assert ranked(library, "kick", 0).ids == []


def test_nearness_takes_part(library: Library) -> None:
    terms = [Term("embedding", (Sound(np.eye(128, dtype=np.float32)[[2]]),))]
    found = ranked(library, "kick", terms=terms)
    assert names(library, "kick", terms=terms)[0] == "one"
    assert found.distance[0] == pytest.approx(0, abs=1e-6)
    assert found.by_term.shape == (len(found.ids), 1)
    assert set(found.reasons[0]) == {"kick", "nearness"}
    assert names(library, "loud", terms=terms)[0] == "one"  # nothing is known of loudness here


def test_labels_and_tags_outweigh_what_was_heard(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library")
    add(library, SOUNDS)
    two = library.frame(["id"], "name = 'two.wav'")["id"][0]
    assert "two" not in names(library, "shaker")
    library.labels.tag(two, "dark", by="a")
    library.labels.label(two, "shaker", by="a")
    assert names(library, "shaker") == ["two"]
    assert ranked(library, "shaker").words == [["shaker (labels)"]]
    assert names(library, "dark snare")[0] in ("two", "snare")
    assert ranked(library, "dark").words[ranked(library, "dark").ids.index(two)] == ["dark (tags)"]


def test_pages_follow_each_other(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library")
    rng = np.random.default_rng(5)
    add(library, [(f"a/{'vinyl ' * (n % 3 > 0)}{n}.wav", "kick" if n % 2 else "snare", float(rng.uniform(0.3, 0.9)),
                   float(rng.uniform(50, 5000)), 0.3, None) for n in range(120)])  # fmt: skip
    whole = library.search().text("dark vinyl kick").limit(60).ids()
    pages = [
        key
        for start in range(0, 60, 20)
        for key in library.search().text("dark vinyl kick").limit(20).offset(start).ids()
    ]
    assert pages == whole
    assert len(set(whole)) == 60


def examples(library: Library, phrase: str) -> list[str]:
    """Names of the sounds that a phrase with "like" compares with."""
    library.tables.refresh()
    understood = understand(phrase)
    (like,) = understood.likes
    of = dict(library.frame(["id", "name"]).rows())
    return [of[key] for key in alike(library.tables, engine_for(library.tables), like, understood)]


def test_alike_gives_the_sounds_whose_words_match(library: Library) -> None:
    assert examples(library, "like 808") == ["tr808 vinyl.wav"]
    assert examples(library, "like vinyl noise") == ["vinyl noise.wav"]
    assert examples(library, "like zzzz") == []
    assert len(examples(library, "like noise zzzz")) == 1
    assert examples(library, "like vinyl noise.wav") == ["vinyl noise.wav"]
    assert examples(library, "like vinyl zzzz.wav") == []
    assert examples(library, "like /elsewhere/vinyl.wav") == []


def test_examples_fit_the_rest_of_the_phrase(tmp_path: Path) -> None:
    """Sounds with the word that come first by their ids are hats; of a kick like 808, 808 kicks are the example."""
    library = Library.create(tmp_path / "library")
    hats = [(f"x/808 hat {n}.wav", "hat-closed", 0.9, 9000.0, 0.1, "hat-closed") for n in range(8)]
    kicks = [(f"y/808 kick {n}.wav", "kick", 0.9, 100.0, 0.5, "kick") for n in range(2)]
    rest = [("z/kick.wav", "kick", 0.9, 100.0, 0.5, "kick"), ("z/808 kick one.wav", None, 0.1, 100.0, 0.5, "kick")]
    add(library, [*hats, *kicks, *rest])
    assert examples(library, "kick like 808") == ["808 kick 0.wav", "808 kick 1.wav", "808 kick one.wav"]
    assert examples(library, "like 808 kick")[:2] == ["808 kick 0.wav", "808 kick 1.wav"]
    assert len(examples(library, "like 808")) == 5
    assert examples(library, "snare like 808")[0].startswith("808")  # there is no such snare
    assert examples(library, "like 808 kick 'one'.wav") == ["808 kick one.wav"]
    of = dict(library.frame(["id", "name"]).rows())
    found = library.search().text("kick like 808").limit(5).run()
    assert [of[key] for key in found.ids[:3]] == ["808 kick 0.wav", "808 kick 1.wav", "808 kick one.wav"]
    # The nearest of the examples counts, not their mean: each is as near as can be to itself.
    assert found.frame["distance"][:3].to_list() == pytest.approx([0, 0, 0], abs=1e-6)
    assert found.reasons[0]["like 808"] > found.reasons[3]["like 808"]


def test_genres_are_found_however_they_are_written(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library")
    add(library, [(f"{folder}/{n}.wav", None, 0.1, 100.0, 1.0, None)
                  for n, folder in enumerate(("DnB", "Drum & Bass", "bass", "drum-and-bass", "drums"))])  # fmt: skip
    assert set(names(library, "drum'n'bass")) == {"0", "1", "3"}
    assert set(names(library, "not dnb, d")) <= {"2", "4"}


def test_noise_is_a_word_and_a_direction(library: Library) -> None:
    assert names(library, "noise")[0] == "vinyl noise"
    assert len(names(library, "no noise")) == len(SOUNDS)


def test_an_empty_library_has_no_answers(tmp_path: Path) -> None:
    library = Library.create(tmp_path / "library")
    for phrase in ("kick", "bright", "vinyl", "", "like 808", '"x"', "not kick"):
        assert ranked(library, phrase).ids == []


@pytest.mark.parametrize(("strength", "negated"), [("", False), ("very", False), ("", True)])
def test_directions_are_smooth_and_monotonic(strength: str, negated: bool) -> None:
    share = np.linspace(0, 1, 1001, dtype=np.float32)
    worth = likely(strength, negated, share)
    steps = np.diff(worth)
    assert worth.min() >= 0
    assert worth.max() <= 1
    assert np.all(steps <= 0 if negated else steps >= 0)
    assert np.abs(steps).max() < 0.02
    half = 0.9 if strength == "very" else 0.667
    assert worth[round(half * 1000)] == pytest.approx(0.5, abs=0.01)


def test_slightly_is_above_the_middle() -> None:
    share = np.linspace(0, 1, 1001, dtype=np.float32)
    assert 0.6 < share[likely("slightly", False, share).argmax()] < 0.7


def test_standings_do_not_depend_on_the_scale(tmp_path: Path) -> None:
    """Only the order of values counts, so that a phrase means the same in any library."""
    orders = []
    for number, power in enumerate((1.0, 3.0)):
        library = Library.create(tmp_path / f"library{number}")
        add(library, [(path, heard, sure, centroid**power, length, claimed)
                      for path, heard, sure, centroid, length, claimed in SOUNDS])  # fmt: skip
        found = ranked(library, "bright")
        orders.append((found.ids, found.score.round(4).tolist()))
    assert orders[0] == orders[1]


def test_many_standings_are_worth_what_few_are() -> None:
    target = Target(0, 1, "x", False, "bright", (), "")
    ranks = np.random.default_rng(1).integers(0, STEPS + 1, 3 * STEPS).astype(np.uint16)
    for among in (None, ranks[:7], ranks[:50_000]):
        few = [_worth(target, Scale("x", -1.0), part, among) for part in np.array_split(ranks, 9)]
        assert np.concatenate(few) == pytest.approx(_worth(target, Scale("x", -1.0), ranks, among), abs=1e-6)


def test_standings_of_many_are_those_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    values = np.concatenate([rng.normal(-20, 9, 5000), rng.lognormal(6, 2, 5000), np.zeros(500), [np.nan] * 9, [-0.0]])
    values = rng.permutation(values).astype(np.float32)
    few = _ranks(values)
    monkeypatch.setattr(scales, "_SORTED", 0)
    many = _ranks(values)
    assert few is not None
    assert many is not None
    assert np.array_equal(few == 0, np.isnan(values))
    assert np.array_equal(many == 0, np.isnan(values))
    assert np.abs(few.astype(int) - many).max() < 0.002 * STEPS
    assert len(set(many[values == 0])) == 1


def test_what_is_named_by_words_is_found_itself(library: Library) -> None:
    of = dict(library.frame(["id", "name"]).rows())
    found = library.search().text("like 808").run()
    assert of[found.ids[0]] == "tr808 vinyl.wav"
    assert found.frame["distance"][0] == pytest.approx(0, abs=1e-6)
    by_path = library.search().text("like /x/root/b/one.wav").run()
    assert "one.wav" not in [of[key] for key in by_path.ids]  # an example that is named itself is not looked for
    assert by_path.explanation.likes


def test_a_phrase_opens_no_files(library: Library, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_text("not for everyone")
    for phrase in (f"like {secret}", f'like "{secret}"', f"unlike {secret} kick"):
        found = library.search().text(phrase).run()
        assert "not for everyone" not in str(found.explanation)
        assert any("no sound of the library" in note for note in found.explanation.notes)
