"""Libraries of made-up rows: what search needs of a sound, without any sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from samplemind.library import Library
from samplemind.library.schema import SAMPLES_KEY, files_schema, samples_schema, vector_columns

KINDS = ("one-shot", "loop", "other")


def made_library(path: Path, sounds: int, seed: int = 0) -> Library:
    """A library of `sounds` sounds, at one path each."""
    library = Library.create(path)
    add(library, [f"{seed:02d}{number:06x}" for number in range(sounds)], seed)
    return library


def add(library: Library, ids: list[str], seed: int = 0) -> None:
    """Add sounds with these ids, then their files; vectors lie in clusters, and one in fifty sounds has none."""
    library.tables.samples.add(sample_rows(ids, seed))
    library.tables.files.add(file_rows(ids))


def sample_rows(ids: list[str], seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    numbers = np.arange(len(ids))
    missing = numbers % 50 == 49
    columns: dict[str, Any] = {
        SAMPLES_KEY: pa.array(ids),
        "status": pa.array(["ok"] * len(ids)),
        "level": pa.array(["standard"] * len(ids)),
        "kind": pa.array([KINDS[number % 3] for number in numbers]),
        "bpm": pa.array(rng.uniform(60, 180, len(ids)), pa.float32(), mask=numbers % 3 == 0),
        "duration_s": pa.array(rng.uniform(0.1, 8, len(ids))),
    }
    for name in vector_columns():
        columns[name] = _vectors(samples_schema().field(name).type, missing, rng)
    nothing = pa.nulls(len(ids))
    table = {field.name: columns.get(field.name, nothing.cast(field.type)) for field in samples_schema()}
    return pa.table(table).cast(samples_schema())


def _vectors(type_: pa.DataType, missing: np.ndarray, rng: np.random.Generator) -> pa.Array:
    width = type_.list_size
    centers = rng.standard_normal((200, width))
    vectors = centers[rng.integers(0, len(centers), len(missing))] + 0.6 * rng.standard_normal((len(missing), width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.astype(np.float32).ravel()), type=type_, mask=pa.array(missing)
    )


def file_rows(ids: list[str], root: str = "/sounds") -> pa.Table:
    paths = [f"{root}/{number % 10}/{key}.wav" for number, key in enumerate(ids)]
    columns: dict[str, Any] = {
        "path": pa.array(paths),
        SAMPLES_KEY: pa.array(ids),
        "root": pa.array([root] * len(ids)),
        "folder": pa.array([path.rpartition("/")[0] for path in paths]),
        "name": pa.array([path.rpartition("/")[2] for path in paths]),
    }
    nothing = pa.nulls(len(ids))
    table = {field.name: columns.get(field.name, nothing.cast(field.type)) for field in files_schema()}
    return pa.table(table).cast(files_schema())
