"""Sounds that are like another one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import AudioError, LibraryError, ParameterError
from samplemind.library.paths import absolute
from samplemind.library.query import checked, columns_of, find_id, load, select, whole
from samplemind.library.schema import SAMPLES_KEY, vector_columns
from samplemind.library.tables import Tables, quoted

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SIMILAR_COLUMNS", "similar"]

SIMILAR_COLUMNS: Final = ("path", "id", "kind", "sample_class", "bpm", "key", "scale", "midi_note", "duration_s")
_DISTANCE: Final = "distance"
#: How many neighbours are looked at first, for each one that is asked for; then ever more, until enough fit `where`.
_GENEROUS: Final = 4


def similar(tables: Tables, sound: str | os.PathLike[str], limit: int, where: str | None, by: str,
            columns: Sequence[str] | None, skip_equal: bool) -> pl.DataFrame:  # fmt: skip
    """See `Library.similar`."""
    import polars as pl

    limit = whole(limit, 1)
    vector_name = _vector_name(by)
    chosen = checked(columns if columns is not None else SIMILAR_COLUMNS, (_DISTANCE,))
    chosen = [name for name in chosen if name != _DISTANCE]
    needed = [*chosen, *columns_of(where, "where", (_DISTANCE,)), "audio_hash"]
    key, vector, audio_hash = _query_of(tables, sound, vector_name)
    total = tables.samples.count_rows(f"{vector_name} IS NOT NULL")
    window = limit * _GENEROUS
    while True:
        near = _nearest(tables, vector_name, vector, min(window, total))
        near = near.filter(pl.col(SAMPLES_KEY) != (key or ""))
        rows = near.join(load(tables, needed, near[SAMPLES_KEY].to_list()), SAMPLES_KEY, "inner")
        if skip_equal and audio_hash is not None:
            rows = rows.filter(pl.col("audio_hash").ne_missing(audio_hash))
        found = select(rows, list(dict.fromkeys([_DISTANCE, SAMPLES_KEY, "path", *chosen])), where)
        found = found.sort(_DISTANCE, "path").unique(SAMPLES_KEY, keep="first", maintain_order=True)
        if len(found) >= limit or window >= total:
            return found.head(limit).select(_DISTANCE, *chosen)
        window *= _GENEROUS


def _vector_name(by: str) -> str:
    for name in vector_columns():
        if by in (name, name.removesuffix("_vector")):
            return name
    known = ", ".join(name.removesuffix("_vector") for name in vector_columns())
    raise ParameterError(f"by: {by!r} is no vector; choose one of {known}")


def _query_of(tables: Tables, sound: str | os.PathLike[str], name: str) -> tuple[str | None, Any, str | None]:
    """Id (None for a sound from outside), vector and hash of the samples."""
    key = find_id(tables, sound)
    if key is not None:
        row = tables.read(tables.samples, [name, "audio_hash", "level", "error"], f"id IN ({quoted([key])})").row(0)
        vector, audio_hash, level, error = row
        if vector is None:
            reason = error or f"it was analyzed at level {level}; ingest it at level standard"
            raise LibraryError(f"library {tables.uri}: {os.fspath(sound)} has no {name}: {reason}")
        return key, vector, audio_hash
    path = absolute(sound)
    if not os.path.isfile(path):
        raise LibraryError(
            f"library {tables.uri}: {os.fspath(sound)!r} is neither a path in it, nor the start of an id, nor a file; "
            "see `samplemind list`"
        )
    from samplemind.descriptors.engine import analyze_file

    analysis = analyze_file(path, "standard")
    if analysis.status != "ok":
        raise AudioError(path, analysis.error or "cannot be analyzed")
    vector = analysis.values.get(name)
    if vector is None:
        raise AudioError(path, f"it has no {name} (silence has none)")
    from samplemind.library.content import file_id

    return file_id(path), vector, analysis.values.get("audio_hash")


def _nearest(tables: Tables, name: str, vector: Any, count: int) -> pl.DataFrame:
    import numpy as np
    import polars as pl

    if count == 0:
        return pl.DataFrame(schema={SAMPLES_KEY: pl.String, "distance": pl.Float32})
    with tables.guard():
        query = tables.samples.search(np.asarray(vector, np.float32), vector_column_name=name)
        query = query.distance_type("cosine").bypass_vector_index().limit(count).select([SAMPLES_KEY, "_distance"])
        rows = pl.from_arrow(query.to_arrow().select([SAMPLES_KEY, "_distance"]))
    assert isinstance(rows, pl.DataFrame)
    # Rounding can put equal vectors at -1e-8.
    return rows.select(SAMPLES_KEY, distance=pl.col("_distance").clip(0.0, 2.0))
