"""The tables of a library, made from the catalogue of descriptors."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.descriptors.catalogue import CATALOGUE, GROUPS, LEVELS, Descriptor, groups_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "EXTRA_TABLES", "FILES_KEY", "FORMAT", "SAMPLES_KEY", "TABLES", "collections_schema", "column_names",
    "files_schema", "labels_schema", "meta_schema", "overlay", "record_batch", "runs_schema", "samples_schema",
    "vector_columns", "version_column", "versions_at", "words_schema",
]  # fmt: skip

#: Raised when a library of an older program could no longer be read as it is.
FORMAT: Final = 1
#: `meta` is written last when a library is made: where it is, the others are.
TABLES: Final = ("samples", "files", "runs", "meta")
#: Made when there is something to write into them.
EXTRA_TABLES: Final = ("labels", "collections", "words")
SAMPLES_KEY: Final = "id"
FILES_KEY: Final = "path"


@functools.cache
def version_column(group: str) -> str:
    """Name of the column that says with which version of `group` a row was computed."""
    return f"v_{group}"


def _arrow_type(entry: Descriptor) -> pa.DataType:
    import pyarrow as pa

    if entry.dtype == "float":
        # Times need more than the 7 digits of float32: half an hour at 192 kHz does not fit.
        return pa.float64() if entry.unit == "s" else pa.float32()
    if entry.dtype == "vector":
        return pa.list_(pa.float32(), entry.size or 1)
    if entry.dtype == "floats":
        return pa.list_(pa.float64() if entry.unit == "s" else pa.float32())
    if entry.dtype == "texts":
        return pa.list_(pa.utf8())
    return pa.int64() if entry.dtype == "int" else pa.utf8()


@functools.cache
def samples_schema() -> pa.Schema:
    """One sound a row; the merge key comes first (see the traps in docs/architecture.md)."""
    import pyarrow as pa

    fields = [
        pa.field(SAMPLES_KEY, pa.utf8(), nullable=False),
        pa.field("status", pa.utf8()),
        pa.field("error", pa.utf8()),
        pa.field("level", pa.utf8()),
        pa.field("size_bytes", pa.int64()),
        pa.field("seconds_to_analyze", pa.float32()),
        pa.field("tag_bpm", pa.float32()),
        pa.field("tag_key", pa.utf8()),
        pa.field("tag_note", pa.int16()),
        *(pa.field(version_column(group), pa.int16()) for group in GROUPS),
        *(pa.field(entry.name, _arrow_type(entry)) for entry in CATALOGUE),
    ]
    return pa.schema(fields)


@functools.cache
def files_schema() -> pa.Schema:
    """One path a row: where a sound lies."""
    import pyarrow as pa

    return pa.schema([
        pa.field(FILES_KEY, pa.utf8(), nullable=False),
        pa.field(SAMPLES_KEY, pa.utf8(), nullable=False),
        pa.field("root", pa.utf8()),
        pa.field("folder", pa.utf8()),
        pa.field("name", pa.utf8()),
        pa.field("ext", pa.utf8()),
        pa.field("size", pa.int64()),
        pa.field("mtime_ns", pa.int64()),
        pa.field("name_bpm", pa.float32()),
        pa.field("name_key", pa.utf8()),
        pa.field("name_note", pa.utf8()),
        pa.field("name_class", pa.utf8()),
    ])  # fmt: skip


@functools.cache
def runs_schema() -> pa.Schema:
    """One ingest a row."""
    import pyarrow as pa

    counts = ("scanned", "new", "changed", "moved", "gone", "unchanged", "analyzed", "failed")
    return pa.schema([
        pa.field("run", pa.utf8(), nullable=False),
        pa.field("started", pa.timestamp("us", "UTC")),
        pa.field("program", pa.utf8()),
        pa.field("level", pa.utf8()),
        pa.field("roots", pa.list_(pa.utf8())),
        *(pa.field(name, pa.int64()) for name in counts),
        pa.field("seconds", pa.float64()),
        pa.field("audio_s", pa.float64()),
        pa.field("interrupted", pa.bool_()),
    ])  # fmt: skip


@functools.cache
def meta_schema() -> pa.Schema:
    """Facts of the library itself, as keys and values."""
    import pyarrow as pa

    return pa.schema([pa.field("key", pa.utf8(), nullable=False), pa.field("value", pa.utf8())])


@functools.cache
def labels_schema() -> pa.Schema:
    """One statement about one sound a row; rows are only ever added."""
    import pyarrow as pa

    return pa.schema([
        pa.field("statement", pa.utf8(), nullable=False),  # sorts by time
        pa.field(SAMPLES_KEY, pa.utf8(), nullable=False),
        pa.field("task", pa.utf8()),
        pa.field("value", pa.utf8()),  # null: what was said before holds no longer
        pa.field("source", pa.utf8()),  # person or model
        pa.field("author", pa.utf8()),  # a name, or that of the model
        pa.field("version", pa.utf8()),  # of the model
        pa.field("confidence", pa.float32()),
        pa.field("created", pa.timestamp("us", "UTC")),
        pa.field("batch", pa.utf8()),  # what was said in one go
        pa.field("undoes", pa.utf8()),  # the batch that this one takes back
    ])  # fmt: skip


@functools.cache
def collections_schema() -> pa.Schema:
    """One collection a row: an ordered set of sounds, or a saved search."""
    import pyarrow as pa

    return pa.schema([
        pa.field("name", pa.utf8(), nullable=False),
        pa.field("note", pa.utf8()),
        pa.field("search", pa.utf8()),  # as JSON; null for a set
        pa.field("ids", pa.list_(pa.utf8())),  # null for a saved search
        pa.field("created", pa.timestamp("us", "UTC")),
        pa.field("changed", pa.timestamp("us", "UTC")),
    ])  # fmt: skip


@functools.cache
def words_schema() -> pa.Schema:
    """The words of one sound a row, for full-text search."""
    import pyarrow as pa

    return pa.schema([
        pa.field(SAMPLES_KEY, pa.utf8(), nullable=False),
        *(pa.field(name, pa.utf8()) for name in ("names", "folders", "tags", "labels", "comments")),
        pa.field("words", pa.utf8()),  # all of them, as they are indexed
        pa.field("source", pa.int64()),  # a hash of what they come from
    ])  # fmt: skip


@functools.cache
def column_names() -> tuple[str, ...]:
    """Every column that a question may name: those of `files`, then those of `samples`."""
    return tuple(dict.fromkeys((*files_schema().names, *samples_schema().names)))


@functools.cache
def vector_columns() -> tuple[str, ...]:
    """The L2-normalised vectors: what `similar` can compare by."""
    return tuple(entry.name for entry in CATALOGUE if entry.group == "vectors" and entry.dtype == "vector")


def versions_at(level: str, done: Sequence[str] | None = None) -> dict[str, int]:
    """Versions of the groups of `level`, or of those of them that were `done`."""
    return {group: GROUPS[group] for group in groups_of(level) if done is None or group in done}


def record_batch(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    """Build an Arrow batch from dictionaries; what a row leaves out is null, and so is NaN."""
    import pyarrow as pa

    names = schema.names
    order = list(rows[0]) if rows else []
    if any(list(row) != order for row in rows):  # else they need not be looked up one by one
        order, rows = names, [dict(zip(names, map(row.get, names), strict=True)) for row in rows]
    columns = dict(zip(order, zip(*(row.values() for row in rows), strict=True), strict=True))
    nothing = (None,) * len(rows)
    arrays = [_column(columns.get(field.name, nothing), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _column(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    if pa.types.is_fixed_size_list(type_):
        nothing = np.full(type_.list_size, np.nan, np.float32)
        flat = np.array([nothing if value is None else value for value in values], np.float32)
        flat = flat.reshape(len(values), type_.list_size)
        absent = ~np.isfinite(flat).all(axis=1)
        flat[absent] = 0.0
        return pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), type=type_, mask=pa.array(absent))
    if pa.types.is_floating(type_):
        numbers = np.array(values, np.float64)  # None is NaN
        return pa.array(numbers, type_, mask=~np.isfinite(numbers))
    return pa.array(values, type_)


def overlay(old: pa.Table, new: pa.Table, groups: Mapping[str, Sequence[str]]) -> pa.Table:
    """Put freshly computed groups over stored rows.

    Parameters
    ----------
    old, new : pyarrow.Table
        In the schema of `samples`; every id of `new` is in `old`, once.
    groups : mapping of str to sequence of str
        Id: the groups that were computed for it. All other columns keep what they had.

    Returns
    -------
    pyarrow.Table
        The rows of `new`, complete.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = new[SAMPLES_KEY]
    old = old.take(pc.index_in(ids, value_set=old[SAMPLES_KEY].combine_chunks()))
    of_column = {version_column(group): group for group in GROUPS}
    of_column |= {entry.name: entry.group for entry in CATALOGUE}
    computed = [frozenset(groups[key]) for key in ids.to_pylist()]
    levels = [max(pair, key=LEVELS.index) for pair in zip(_known(old["level"]), _known(new["level"]), strict=True)]
    columns = []
    for field in new.schema:
        if field.name == "level":
            columns.append(pa.array(levels, field.type))
        elif (group := of_column.get(field.name)) is None:
            columns.append(new[field.name])
        else:
            fresh = np.fromiter((group in done for done in computed), bool, len(computed))
            columns.append(_choose(fresh, new[field.name], old[field.name]))
    return pa.table(columns, schema=new.schema)


def _choose(fresh: Any, new: Any, old: Any) -> Any:
    """`new` where `fresh`, else `old`: by index, since Arrow's if_else does not know every list type."""
    import numpy as np
    import pyarrow as pa

    both = pa.chunked_array([*new.chunks, *old.chunks], new.type).combine_chunks()
    at = np.arange(len(fresh))
    return both.take(pa.array(np.where(fresh, at, at + len(fresh))))


def _known(levels: Any) -> list[str]:
    return [level if level in LEVELS else LEVELS[0] for level in levels.to_pylist()]
