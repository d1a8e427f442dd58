"""Is a library sound? Every promise that the tables make is looked at."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from samplemind.descriptors.catalogue import CATALOGUE, GROUPS, LEVELS
from samplemind.errors import LibraryError
from samplemind.library.content import UNREAD, file_ids
from samplemind.library.paths import from_text, is_gone
from samplemind.library.report import VerifyReport
from samplemind.library.schema import files_schema, samples_schema, vector_columns, version_column
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

__all__ = ["verify"]

_SHOWN = 3
_NORM_TOLERANCE = 1e-3


def verify(tables: Tables, deep: bool) -> VerifyReport:
    """See `Library.verify`."""
    report = VerifyReport()
    try:
        _structure(tables, report)
        samples = tables.read(tables.samples, samples_schema().names)
        files = tables.read(tables.files, files_schema().names)
        tables.read(tables.runs, tables.runs.schema.names)
    except LibraryError as error:
        report.problems.append(str(error))
        return report
    report.checked |= {"samples": len(samples), "files": len(files)}
    _keys(samples, files, report)
    _rows(samples, report)
    _values(samples, report)
    _vectors(samples, report)
    _on_disk(files, report, deep)
    _statements(tables, report)
    return report


def _statements(tables: Tables, report: VerifyReport) -> None:
    table = tables.extra("labels")
    if table is None:
        return
    said = tables.read(table, ["id"], "id <> ''")
    report.checked["statements"] = len(said)
    lost = said.join(tables.read(tables.samples, ["id"]), "id", "anti")
    if len(lost):
        report.notes.append(f"{len(lost)} statements (labels, tags) are about {lost['id'].n_unique()} sounds that "
                            "are not in the library; they are kept for when these come back")  # fmt: skip


def _note(report: VerifyReport, what: str, which: Any) -> None:
    names = list(which)
    if names:
        more = ", …" if len(names) > _SHOWN else ""
        report.problems.append(f"{len(names)} {what}: {', '.join(map(str, names[:_SHOWN]))}{more}")


def _structure(tables: Tables, report: VerifyReport) -> None:
    for name, table, schema in (("samples", tables.samples, samples_schema()), ("files", tables.files, files_schema())):
        present = {field.name: field.type for field in table.schema}
        wrong = [field.name for field in schema if present.get(field.name) != field.type]
        _note(report, f"columns of `{name}` are missing or of another type (an ingest brings them up to date)", wrong)
    if report.problems:
        raise LibraryError(f"library {tables.uri}: its tables are not those of this version; ingest, and verify again")


def _keys(samples: pl.DataFrame, files: pl.DataFrame, report: VerifyReport) -> None:
    _note(report, "sounds are there more than once", samples.filter(samples["id"].is_duplicated())["id"].unique())
    _note(report, "paths are there more than once", files.filter(files["path"].is_duplicated())["path"].unique())
    _note(report, "paths point to a sound that is not there", files.join(samples, "id", "anti")["path"])


def _rows(samples: pl.DataFrame, report: VerifyReport) -> None:
    import polars as pl

    good, bad = pl.col("status") == "ok", pl.col("status") == "failed"
    _note(report, "sounds have no status", samples.filter(~(good | bad).fill_null(False))["id"])
    _note(report, "failed sounds have no reason", samples.filter(bad & pl.col("error").is_null())["id"])
    _note(report, "sounds have no level", samples.filter(~pl.col("level").is_in(LEVELS).fill_null(False))["id"])
    _note(report, "sounds have no length", samples.filter(good & pl.col("duration_s").is_null())["id"])
    newer = pl.any_horizontal(pl.col(version_column(group)) > version for group, version in GROUPS.items())
    _note(report, "sounds were analyzed by a newer version", samples.filter(newer.fill_null(False))["id"])


def _values(samples: pl.DataFrame, report: VerifyReport) -> None:
    import polars as pl

    for entry in CATALOGUE:
        if entry.dtype in ("float", "int"):
            column = pl.col(entry.name)
            low = column < entry.low - 1e-3 * max(1.0, abs(entry.low)) if entry.low is not None else pl.lit(False)
            high = column > entry.high + 1e-3 * max(1.0, abs(entry.high)) if entry.high is not None else pl.lit(False)
            wrong = low | high
            if entry.dtype == "float":
                wrong = wrong | ~column.is_finite()
            _note(report, f"sounds have a value of {entry.name} out of its range",
                  samples.filter(wrong.fill_null(False))["id"])  # fmt: skip


def _vectors(samples: pl.DataFrame, report: VerifyReport) -> None:
    import numpy as np

    looked_at = 0
    for name in vector_columns():
        rows = samples.filter(samples[name].is_not_null())
        if not len(rows):
            continue
        vectors = rows[name].to_numpy().astype(np.float64)
        norms = np.sqrt((vectors**2).sum(axis=1))
        # A vector of zeros says that the sound has nothing of this aspect.
        wrong = ~(np.abs(norms - 1) <= _NORM_TOLERANCE) & (norms != 0)
        _note(report, f"sounds have a {name} that is not of length 1", rows["id"].to_numpy()[wrong])
        looked_at += len(rows)
    report.checked["vectors"] = looked_at


def _on_disk(files: pl.DataFrame, report: VerifyReport, deep: bool) -> None:
    paths = [from_text(path) for path in files["path"]]
    there = [not is_gone(path) for path in paths]
    report.missing = [text for text, found in zip(files["path"], there, strict=True) if not found]
    if not deep:
        return
    rows = files.filter(there).filter(~files.filter(there)["id"].str.starts_with(UNREAD))
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        now = file_ids((from_text(path) for path in rows["path"]), pool)
    report.checked["hashed"] = len(rows)
    known = list(zip(rows["path"], rows["id"], now, strict=True))
    _note(report, "files cannot be read now", [path for path, _, found in known if found is None])
    changed = [path for path, key, found in known if found not in (key, None)]
    _note(report, "files have changed since they were ingested", changed)
