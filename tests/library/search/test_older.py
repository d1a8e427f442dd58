"""A library that an older program made, which knew less: what is new was not computed yet, and all else works."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from samplemind.descriptors.catalogue import GROUPS
from samplemind.library import Library
from samplemind.library.schema import column_names
from samplemind.library.search import indices
from samplemind.library.search.filters import Filter

Heard = tuple[Path, Library]
NEW = ["fingerprint", "v_fingerprint", "harmony_vector"]


@pytest.fixture
def older(own: Heard) -> Heard:
    sounds, library = own
    library.tables.samples.drop_columns(NEW)
    return sounds, Library.open(library.uri)


def test_what_is_new_reads_as_unknown(older: Heard, tmp_path: Path) -> None:
    sounds, library = older
    rows = library.frame(["path", *NEW], "v_fingerprint IS NULL")
    assert len(rows) == len(library)
    assert all(rows[name].null_count() == len(rows) for name in NEW)
    assert library.get(sounds / "tone_001.wav")["fingerprint"] is None
    assert library.export(tmp_path / "all.parquet") == len(library)
    assert tuple(pl.read_parquet(tmp_path / "all.parquet").columns) == column_names()
    assert "no fingerprint" in library.duplicates().notes[0]


@pytest.mark.parametrize("resident", [True, False])
def test_it_is_searched(older: Heard, resident: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sounds, library = older
    monkeypatch.setattr(indices, "RESIDENT", 100_000 if resident else 1)
    asked = library.search().like(sounds / "tone_001.wav").columns("id", *NEW)
    for condition in ("v_fingerprint IS NULL", "v_fingerprint IS NULL AND duration_s > 0"):
        found = asked.where(condition).to_polars()
        assert len(found) > 5
        assert found["fingerprint"].null_count() == len(found)
    assert asked.where(Filter.of("v_fingerprint", "=", 1)).ids() == []
    engine = indices.engine_for(library.tables)
    assert engine.vectors([library.get(sounds / "tone_001.wav")["id"]], ["harmony_vector"]) == {
        "harmony_vector": [None]
    }


def test_info_says_what_an_ingest_would_do(older: Heard, own: Heard) -> None:
    sounds, library = older
    info = library.info()
    assert info.outdated == info.ok
    library.ingest(sounds, workers=1)
    assert library.info().outdated == 0
    assert library.frame(["v_fingerprint"], "status = 'ok'")["v_fingerprint"].unique().to_list() == [
        GROUPS["fingerprint"]
    ]
