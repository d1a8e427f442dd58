"""Both engines give what comparing everything gives: in memory exactly, with indices nearly always."""

from __future__ import annotations

import numpy as np
import pytest

from samplemind.library import Library
from samplemind.library.schema import vector_columns
from samplemind.library.search import Filter, indices
from samplemind.library.search.indexed import Indexed
from samplemind.library.search.resident import Resident
from samplemind.library.search.scoring import Sound, Term, in_order
from samplemind.library.writer import merge

from .made import add, file_rows, made_library, sample_rows

SOUNDS = 20_000
LOOPS = Filter.parse("kind = 'loop' AND bpm BETWEEN 100 AND 140")
RARE = Filter.between("bpm", 100, 100.4)
IN_FOLDER = Filter.parse("folder = '/sounds/3' AND kind = 'loop'")
NAMED = Filter.like("path", "%/00000%.wav")


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """20,000 sounds with indices."""
    library = made_library(tmp_path_factory.mktemp("large") / "library", SOUNDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indices, "RESIDENT", SOUNDS // 2)
        assert len(indices.optimize(library.tables)) > 10
        assert isinstance(indices.engine_for(library.tables), Indexed)
        yield library


@pytest.fixture(scope="module")
def everything(large):
    """All that is in it, in order of ids."""
    tables = large.tables
    return tables.read(tables.samples, ["id", "bpm", "kind", *vector_columns()]).sort("id")


@pytest.fixture(params=["resident", "indexed", "indexed, in memory"])
def engine(large, request):
    if request.param == "resident":
        return Resident(large.tables)
    engine = Indexed(large.tables)
    if request.param == "indexed, in memory":
        engine.memory()
    return engine


def term_of(everything, at, column="embedding", weight=1.0):
    return Term(column, (Sound(np.array([everything[column][at]], np.float32)),), weight=weight)


def truth(everything, terms, count, mask=None, skip=()):
    """The nearest by comparing everything with `in_order`, whose own truth is in test_scoring.py."""
    known = np.logical_or.reduce([everything[term.column].is_not_null().to_numpy() for term in terms])
    known &= ~everything["id"].is_in(list(skip)).to_numpy()
    rows = everything.filter(known if mask is None else known & mask)
    vectors = [
        np.array([[0.0] * len(v) if v is None else v for v in filled(rows[t.column])], np.float32) for t in terms
    ]
    return in_order(rows["id"].to_list(), terms, vectors, count)


def filled(column):
    width = column.dtype.size
    return [[0.0] * width if value is None else value for value in column.to_list()]


def recall(found, wanted):
    return len(set(found.ids) & set(wanted.ids)) / max(len(wanted.ids), 1)


@pytest.mark.parametrize(
    ("condition", "mask"),
    [
        (None, None),
        (LOOPS, lambda rows: ((rows["kind"] == "loop") & rows["bpm"].is_between(100, 140)).fill_null(False)),
        (RARE, lambda rows: rows["bpm"].is_between(100, 100.4).fill_null(False)),
        (IN_FOLDER, lambda rows: (rows["kind"] == "loop") & (rows["id"].cum_count() % 10 == 4)),
        (NAMED, lambda rows: rows["id"].str.starts_with("00000")),
    ],
    ids=["all", "loops", "rare", "in a folder", "by name"],
)
def test_the_nearest_are_found(engine, everything, condition, mask):
    chosen = None if mask is None else mask(everything).to_numpy()
    recalls = []
    for at in range(0, 400, 20):
        terms = [term_of(everything, at)]
        skip = {everything["id"][at]}
        found = engine.nearest(terms, 10, condition, skip=skip)
        wanted = truth(everything, terms, 10, chosen, skip)
        assert len(found.ids) == len(wanted.ids)
        assert found.distance.tolist() == sorted(found.distance.tolist())
        if found.exact:
            assert found.ids == wanted.ids
            np.testing.assert_array_equal(found.distance, wanted.distance)
        recalls.append(recall(found, wanted))
    assert np.mean(recalls) >= (1.0 if isinstance(engine, Resident) else 0.95)


def test_several_aspects_are_weighed_exactly(engine, everything):
    recalls = []
    for at in range(0, 200, 10):
        terms = [term_of(everything, at, "timbre_vector", 0.7), term_of(everything, at + 1, "rhythm_vector", 0.3)]
        found, wanted = engine.nearest(terms, 10), truth(everything, terms, 10)
        exact = engine.distances(terms, found.ids)
        assert exact.ids == found.ids
        np.testing.assert_array_equal(exact.by_term, found.by_term)
        recalls.append(recall(found, wanted))
    assert np.mean(recalls) >= (1.0 if isinstance(engine, Resident) else 0.9)


def test_only_given_ids_and_none_of_those_to_skip(engine, everything):
    terms = [term_of(everything, 0)]
    ids = everything["id"].to_list()[:300]
    mask = np.arange(SOUNDS) < 300
    assert engine.nearest(terms, 10, ids=ids).ids == truth(everything, terms, 10, mask).ids
    loops = (everything["kind"] == "loop").to_numpy() & mask
    by_kind = engine.nearest(terms, 10, Filter.of("kind", "=", "loop"), ids=ids, skip=ids[:50])
    assert by_kind.ids == truth(everything, terms, 10, loops, ids[:50]).ids
    assert by_kind.exact
    assert engine.nearest(terms, 10, ids=["nothing", "of this"]).ids == []
    assert engine.nearest(terms, 0).ids == []


def test_sounds_without_the_vector_are_not_near_but_have_a_distance(engine, everything):
    lacking = everything.filter(everything["embedding"].is_null())["id"].to_list()
    terms = [term_of(everything, 0)]
    assert engine.nearest(terms, 10, ids=lacking).ids == []
    assert engine.distances(terms, [*lacking[:3], "unknown"]).distance.tolist() == [1, 1, 1]
    assert engine.vectors([lacking[0], "unknown"], ["embedding"]) == {"embedding": [None, None]}


def test_pages_follow_each_other(engine, everything):
    terms = [term_of(everything, 40)]
    whole = engine.nearest(terms, 500)
    first = engine.nearest(terms, 100)
    assert recall(whole, first) == 1.0
    assert len(set(whole.ids)) == 500
    assert recall(whole, truth(everything, terms, 500)) >= 0.95


def test_everything_can_be_asked_for(large, engine, everything):
    terms = [term_of(everything, 40)]
    assert engine.nearest(terms, 10 * SOUNDS).ids == truth(everything, terms, None).ids


def test_without_terms_sounds_come_by_their_ids(engine, everything):
    assert engine.nearest([], 5).ids == everything["id"].to_list()[:5]
    assert engine.nearest([], 5, Filter.of("kind", "=", "loop")).ids == engine.ids(Filter.of("kind", "=", "loop"))[:5]


def test_rows_come_in_the_order_of_ids_with_columns_of_both_tables(engine, everything):
    ids = [everything["id"][at] for at in (70, 3, 500)]
    rows = engine.rows(ids, ["kind", "bpm", "name"])
    assert rows.columns == ["id", "path", "kind", "bpm", "name"]
    assert rows["id"].to_list() == ids
    assert rows["kind"].to_list() == [everything["kind"][at] for at in (70, 3, 500)]
    assert rows["path"].to_list() == [f"/sounds/{int(key[2:], 16) % 10}/{key}.wav" for key in ids]
    assert engine.rows(ids, ["kind"], Filter.of("kind", "=", "loop"))["kind"].to_list() == ["loop"]
    assert engine.rows([], ["kind"]).columns == ["id", "path", "kind"]


def test_sounds_are_found_by_id_and_by_path(engine, everything):
    key = everything["id"][9]
    assert engine.find(key) == key
    assert engine.find(f"/sounds/9/{key}.wav") == key
    assert engine.find("/sounds/9/it's not.wav") is None
    vector = engine.vectors([key], ["rhythm_vector"])["rhythm_vector"][0]
    np.testing.assert_array_equal(vector, np.array(everything["rhythm_vector"][9], np.float32))


@pytest.fixture
def small(tmp_path, monkeypatch):
    """3,000 sounds, which count as many."""
    monkeypatch.setattr(indices, "RESIDENT", 1000)
    library = made_library(tmp_path / "library", 3000)
    indices.optimize(library.tables)
    return library


@pytest.mark.parametrize("kind", [Resident, Indexed])
def test_what_is_added_changed_and_removed_is_seen_at_once(small: Library, kind):
    tables, other = small.tables, Library.open(small.uri)
    engine = kind(tables)
    rows = sample_rows(["new", "newer"], seed=9)
    term = Term("embedding", (Sound(np.array(rows["embedding"][:1].to_pylist(), np.float32)),))
    before = engine.nearest([term], 1)
    assert before.ids != ["new"]
    add(other, ["new", "newer"], seed=9)
    assert engine.nearest([term], 1).ids == before.ids  # until it is told to look
    tables.refresh()
    assert engine.nearest([term], 1).ids == ["new"]
    assert engine.rows(["new"], [])["path"].to_list() == ["/sounds/0/new.wav"]

    moved = sample_rows(["new"], seed=10)
    merge(other.tables, other.tables.samples, "id", moved)
    tables.refresh()
    assert engine.nearest([term], 1).ids != ["new"]
    changed = Term("embedding", (Sound(np.array(moved["embedding"].to_pylist(), np.float32)),))
    assert engine.nearest([changed], 1).ids == ["new"]

    other.tables.files.delete("id = 'new'")
    tables.refresh()
    assert "new" not in engine.nearest([changed], 50).ids  # it lies nowhere
    other.tables.samples.delete("id = 'new'")
    tables.refresh()
    assert "new" not in engine.distances([changed], ["new"]).ids


def test_of_two_paths_both_are_rows_and_one_is_enough_for_a_filter(small: Library):
    key = "00000001"
    small.tables.files.add(file_rows([key], "/elsewhere"))
    small.tables.refresh()
    for engine in (Resident(small.tables), Indexed(small.tables)):
        rows = engine.rows([key], [])
        assert rows["path"].to_list() == [f"/elsewhere/0/{key}.wav", f"/sounds/1/{key}.wav"]
        elsewhere = Filter.of("root", "=", "/elsewhere")
        assert engine.ids(elsewhere) == [key]
        assert engine.rows([key], [], elsewhere)["path"].to_list() == [f"/elsewhere/0/{key}.wav"]
