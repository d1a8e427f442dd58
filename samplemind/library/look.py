"""A library in numbers, as a table for other programs, and in less space."""

from __future__ import annotations

import datetime
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from samplemind.descriptors.catalogue import LEVELS
from samplemind.errors import ParameterError
from samplemind.library.lock import people_lock, writer_lock
from samplemind.library.plan import SAMPLE_COLUMNS, stale_groups
from samplemind.library.query import frame
from samplemind.library.report import LibraryInfo
from samplemind.library.schema import column_names
from samplemind.library.search.indices import indexed_shares, optimize
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.filters import Filter

__all__ = ["compact", "export", "info", "optimized"]

_FORMS = (".parquet", ".csv", ".jsonl")


def info(tables: Tables) -> LibraryInfo:
    """See `Library.info`."""
    samples = tables.read(tables.samples, [*SAMPLE_COLUMNS, "kind", "sample_class", "duration_s"])
    files = tables.read(tables.files, ["id", "folder", "size"])
    facts = tables.facts()
    good = samples.filter(samples["status"] == "ok")
    return LibraryInfo(
        uri=tables.uri, format=int(facts["format"]), created=facts["created"],
        samples=len(samples), ok=len(good), failed=len(samples) - len(good), files=len(files),
        folders=files["folder"].n_unique(), duplicates=len(files) - files["id"].n_unique(),
        orphans=len(samples.join(files, "id", "anti")), audio_s=float(samples["duration_s"].sum() or 0.0),
        size_bytes=int(files["size"].sum() or 0), levels=_counts(good, "level"), kinds=_counts(good, "kind"),
        classes=_counts(good, "sample_class"), runs=tables.runs.count_rows(), disk_bytes=_disk_bytes(tables.folder),
        indices=indexed_shares(tables), outdated=len(stale_groups(samples.select(SAMPLE_COLUMNS), LEVELS[0])),
    )  # fmt: skip


def _counts(rows: pl.DataFrame, column: str) -> dict[str, int]:
    counts = rows[column].drop_nulls().value_counts(sort=True)
    return dict(zip(counts[column].to_list(), counts["count"].to_list(), strict=True))


def _disk_bytes(folder: Path | None) -> int | None:
    if folder is None:
        return None
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def compact(tables: Tables, keep_s: float) -> tuple[int, int]:
    """See `Library.compact`."""
    if not keep_s >= 0:
        raise ParameterError(f"keep_s: {keep_s!r}; give seconds, 0 or more")
    with writer_lock(tables.folder, tables.uri), people_lock(tables.folder, tables.uri), tables.guard():
        tables.refresh()
        before = _disk_bytes(tables.folder) or 0
        for table in (tables.samples, tables.files, tables.runs, *tables.extras()):
            # Nobody else writes: we hold the locks. Files of no version are what broken-off writes left behind.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                table.optimize(cleanup_older_than=datetime.timedelta(seconds=keep_s),
                               delete_unverified=tables.folder is not None)  # fmt: skip
        optimize(tables)
        tables.refresh()
        return before, _disk_bytes(tables.folder) or 0


def optimized(tables: Tables) -> list[str]:
    """See `Library.optimize`."""
    with writer_lock(tables.folder, tables.uri):
        tables.refresh()
        return optimize(tables)


def export(tables: Tables, out: str | os.PathLike[str], columns: Sequence[str] | None, where: str | Filter | None,
           sort: str | None) -> int:  # fmt: skip
    """See `Library.export`."""
    path = Path(out).expanduser()
    form = path.suffix.lower()
    if form not in _FORMS:
        raise ParameterError(f"out: {str(path)!r} ends in {form or 'nothing'}; end it in {', '.join(_FORMS)}")
    if not path.parent.is_dir():
        raise ParameterError(f"out: the folder {path.parent} does not exist; make it first")
    rows = frame(tables, columns if columns is not None else column_names(), where, sort, None)
    # Under another name first: who reads the file never sees half of it.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if form == ".parquet":
            rows.write_parquet(part)
        elif form == ".csv":
            _flat(rows).write_csv(part)
        else:
            rows.write_ndjson(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return len(rows)


def _flat(rows: pl.DataFrame) -> pl.DataFrame:
    """Lists as JSON texts, which is all that CSV can hold."""
    import json

    import polars as pl

    nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
    return rows.with_columns(
        pl.Series(name, [None if value is None else json.dumps(value) for value in rows[name].to_list()], pl.String)
        for name in nested
    )
