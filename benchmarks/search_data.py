"""Large libraries for the benchmark of search: real rows, drawn again and again, with noise in their vectors.

Every column of `samples` comes from a sound that was really listened to, so that filters let through what they would in
a large collection, and vectors lie as unevenly as those of real sounds. To each vector a random one of `NOISE` of its
length is added: 0.4 is about as far as the nearest neighbour of a sound among 20,000 is.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.library import Library
from samplemind.library.schema import SAMPLES_KEY, files_schema, samples_schema, vector_columns

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["NOISE", "made"]

NOISE: Final = 0.4
#: Rows that are made and written at a time.
_ROWS: Final = 50_000
#: So many sounds lie at a second path.
_TWICE: Final = 0.02
#: Numbers that change a little with each sound; all others stay as they were heard.
_JITTERED: Final = {"bpm": 0.02, "duration_s": 0.1, "loudness_lufs": 0.05, "centroid_mean": 0.05}
_DONE: Final = "complete"


def made(source: Path, sounds: int, out: Path, seed: int = 1) -> Library:
    """A library of `sounds` sounds in the folder `out`; one that is there already is opened."""
    note = out.with_suffix(f".{_DONE}")
    if note.exists():
        return Library.open(out)
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    tables = Library.open(source).tables
    has_vector = " AND ".join(f"{name} IS NOT NULL" for name in vector_columns())
    there = [name for name in samples_schema().names if name in tables.samples.schema.names]
    heard = tables.read_arrow(tables.samples, there, f"status = 'ok' AND {has_vector}").combine_chunks()
    names = _names_of(tables.read(tables.files, files_schema().names), heard[SAMPLES_KEY].to_pylist())
    library = Library.create(out)
    for start in range(0, sounds, _ROWS):
        rows = rng.integers(0, len(heard), min(_ROWS, sounds - start))
        ids = [rng.bytes(32).hex() for _ in rows]
        library.tables.samples.add(_sounds(heard, rows, ids, rng))
        library.tables.files.add(_files(names, rows, ids, start, rng))
    note.touch()
    return library


def _sounds(heard: pa.Table, rows: np.ndarray, ids: list[str], rng: np.random.Generator) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    drawn = heard.take(pa.array(rows))
    nothing = pa.nulls(len(rows))
    columns: dict[str, Any] = {
        field.name: drawn[field.name] if field.name in drawn.column_names else nothing.cast(field.type)
        for field in samples_schema()
    }
    columns[SAMPLES_KEY] = pa.array(ids)
    columns["audio_hash"] = pa.array([key[::-1] for key in ids])
    for name, share in _JITTERED.items():
        factors = pa.array(1 + share * rng.standard_normal(len(rows)))
        columns[name] = pc.multiply(drawn[name], factors).cast(drawn[name].type)
    for name in vector_columns():
        columns[name] = _noisy(drawn[name].combine_chunks(), rng)
    return pa.table(columns, schema=samples_schema())


def _noisy(column: Any, rng: np.random.Generator) -> Any:
    import pyarrow as pa

    width = column.type.list_size
    vectors = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    noise = rng.standard_normal(vectors.shape).astype(np.float32)
    vectors = vectors + noise * np.float32(NOISE / np.sqrt(width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=column.type)


def _names_of(files: pl.DataFrame, ids: list[str]) -> pl.DataFrame:
    """One file for each sound, in order of `ids`."""
    import polars as pl

    return pl.DataFrame({SAMPLES_KEY: ids}).join(files.unique(SAMPLES_KEY, keep="first"), SAMPLES_KEY, "left",
                                                 maintain_order="left")  # fmt: skip


def _files(names: pl.DataFrame, rows: np.ndarray, ids: list[str], start: int, rng: np.random.Generator) -> Any:
    """Where the sounds lie: folders of a thousand, called as the folders of the sounds they were drawn from."""
    import polars as pl

    drawn = names[rows].with_columns(id=pl.Series(ids), number=start + pl.int_range(pl.len()))
    again = drawn.filter(pl.Series(rng.random(len(drawn)) < _TWICE)).with_columns(root=pl.lit("/copies"))
    drawn = pl.concat([drawn.with_columns(root=pl.lit("/sounds")), again])
    last = pl.col("folder").str.split("/").list.last()
    stem = pl.col("name").str.replace(r"\.[^.]*$", "")
    drawn = drawn.with_columns(
        folder=pl.format("{}/{} {}", "root", (pl.col("number") // 1000).cast(pl.String).str.zfill(4), last),
        name=pl.format("{} {}.{}", stem, "number", "ext"),
    ).with_columns(path=pl.format("{}/{}", "folder", "name"))
    return drawn.select(files_schema().names).to_arrow().cast(files_schema())
