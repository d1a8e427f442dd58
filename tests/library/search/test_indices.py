"""Indices are made when worth it, kept fresh, and whatever stops their making leaves a working library."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

from samplemind.errors import ParameterError
from samplemind.library import Library
from samplemind.library.search import indices
from samplemind.library.search.indexed import Indexed
from samplemind.library.search.resident import Resident
from samplemind.library.search.scoring import Sound, Term

from .made import add, made_library

NEW = [f"new{number:05d}" for number in range(6000)]


@pytest.fixture
def few(monkeypatch):
    """A few sounds count as many."""
    monkeypatch.setattr(indices, "RESIDENT", 1000)


def names(library):
    return {index.name for index in library.tables.samples.list_indices()}


def test_a_small_library_needs_none(tmp_path):
    library = made_library(tmp_path / "library", 200)
    assert library.optimize() == []
    assert library.info().indices == {}
    assert isinstance(indices.engine_for(library.tables), Resident)


def test_they_are_made_once_and_told_by_info(tmp_path, few):
    library = made_library(tmp_path / "library", 2000)
    told = []
    done = indices.optimize(library.tables, lambda at, of: told.append((at, of)))
    assert told == [(at, len(done)) for at in range(len(done) + 1)]
    shares = library.info().indices
    assert {"embedding", "harmony_vector", "bpm", "kind", "id", "files.id", "files.path"} <= set(shares)
    assert set(shares.values()) == {1.0}
    assert library.optimize() == []
    assert library.verify().problems == []


def test_the_engine_follows_the_size(tmp_path, few):
    library = made_library(tmp_path / "library", 900)
    engine = indices.engine_for(library.tables)
    assert isinstance(engine, Resident)
    assert indices.engine_for(library.tables) is engine
    add(library, NEW[:200])
    library.tables.refresh()
    assert isinstance(indices.engine_for(library.tables), Indexed)


def test_what_came_later_is_found_before_and_after_indices_are_brought_up_to_date(tmp_path, few):
    library = made_library(tmp_path / "library", 5000)
    library.optimize()
    made = names(library)
    add(library, NEW[:100], seed=5)
    assert library.optimize() == []  # so few are looked through one by one
    add(library, NEW[100:], seed=6)
    library.tables.refresh()
    assert library.info().indices["embedding"] == pytest.approx(5000 / 11000)
    before = nearest(library, "new00200")
    done = library.optimize()
    assert "samples: brought up to date" in done
    assert set(library.info().indices.values()) == {1.0}
    after = nearest(library, "new00200")
    assert before[0] == after[0] == "new00200"
    # It has more than doubled since: partitions are too few, and those of vectors are made anew.
    assert names(library) - made == {f"{name}_11000" for name in VECTORS}
    assert made - names(library) == {f"{name}_5000" for name in VECTORS}


VECTORS = ("embedding", "spectrum_vector", "timbre_vector", "pitch_vector", "envelope_vector", "rhythm_vector",
           "harmony_vector")  # fmt: skip


def nearest(library, key):
    engine = indices.engine_for(library.tables)
    vector = engine.vectors([key], ["embedding"])["embedding"][0]
    return engine.nearest([Term("embedding", (Sound(vector[None]),))], 5).ids


def test_an_index_that_was_left_behind_is_dropped(tmp_path, few):
    library = made_library(tmp_path / "library", 2000)
    library.optimize()
    from lancedb.index import IvfSq

    library.tables.samples.create_index("embedding", config=IvfSq(num_partitions=2), name="embedding_1500")
    assert library.optimize() == ["samples.embedding: an old index dropped"]
    assert "embedding_1500" not in names(library)


def test_an_ingest_of_a_large_library_makes_them_and_says_so(own, monkeypatch):
    sounds, library = own
    monkeypatch.setattr(indices, "RESIDENT", 5)
    stages = []
    library.ingest(sounds, workers=1, progress=lambda state: stages.append((state.stage, state.done, state.total)))
    index = [stage for stage in stages if stage[0] == "index"]
    assert index
    assert index[-1][1] == index[-1][2]
    assert library.info().indices["embedding"] == 1.0
    some = library.frame(["id"], "status = 'ok'")["id"].to_list()
    assert nearest(library, some[0])[0] == some[0]
    # Merges of an indexed library replace what they should.
    library.tables.samples.update(where="status = 'ok'", values={"v_level": 0})
    assert library.ingest(sounds, workers=1).analyzed == len(set(some))
    assert library.verify().problems == []


def test_compacting_keeps_fresh_versions_for_who_reads_them(tmp_path):
    library = made_library(tmp_path / "library", 500)
    reader = Library.open(library.uri)
    resident = Resident(reader.tables)
    for number in range(4):
        add(library, [f"more{number}{at:03d}" for at in range(50)], number)
    library.compact()
    assert len(resident.ids()) == 500  # of the version that it had opened
    with pytest.raises(ParameterError, match="keep_s: -1"):
        library.compact(keep_s=-1)
    library.compact(keep_s=0)
    reader.tables.refresh()
    assert len(resident.ids()) == 700


STOPPED = """
import sys
from samplemind.library import Library
from samplemind.library.search import indices
indices.RESIDENT = 1000
library = Library.open(sys.argv[1])
indices.optimize(library.tables, lambda at, of: print(at, flush=True))
print("done", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("step", [1, 15, 19])
def test_stopped_while_indices_are_made(tmp_path, few, script, number, step):
    library = made_library(tmp_path / "library", 4000)
    running = script(STOPPED, library.uri)
    for line in running.stdout:
        if line.strip() == str(step):
            break
    time.sleep(0.05)
    os.kill(running.pid, number)
    running.wait(60)
    assert running.returncode != 0
    library = Library.open(library.uri)
    assert library.verify().problems == []
    assert len(nearest(library, "00000001")) == 5
    rest = library.optimize()
    assert 0 < len(rest) < 21
    assert set(library.info().indices.values()) == {1.0}
    library.compact(keep_s=0)
    assert np.array_equal(nearest(library, "00000001"), nearest(Library.open(library.uri), "00000001"))
