"""Labels to and from files: CSV, and JAMS for other tools of music research."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samplemind.errors import ParameterError
from samplemind.library.schema import SAMPLES_KEY
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.labels.labels import Labels

__all__ = ["Imported", "export", "import_"]

#: Columns of the CSV form; a path is for people, and for libraries that know the sound under another id.
COLUMNS: Final = (
    SAMPLES_KEY, "path", "task", "value", "source", "author", "version", "confidence", "created", "batch",
)  # fmt: skip
_TEXTS: Final = (SAMPLES_KEY, "path", "task", "value", "source", "author", "version")


@dataclass(frozen=True, slots=True)
class Imported:
    """What was read.

    Attributes
    ----------
    statements, sounds : int
        What was added, and about how many sounds.
    known : int
        What held already, and was not said again.
    unknown : int
        Rows about sounds that are not in the library; nothing was added of them.
    batches : tuple of str
        Names of what was added, for `Labels.undo`.
    """

    statements: int
    sounds: int
    known: int
    unknown: int
    batches: tuple[str, ...]


def write_csv(rows: pl.DataFrame, out: Path) -> None:
    """Write a table under another name first: who reads the file never sees half of it."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        rows.select(COLUMNS).write_csv(part)
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)


def read_csv(path: Path) -> pl.DataFrame:
    """Rows with the columns id, path, task, value, source, author, version, confidence; null where there is none.

    Raises
    ------
    ParameterError
        For a file that is no CSV, or has neither `id` nor `path`, or no `value`.
    """
    import polars as pl

    try:
        rows = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: cannot be read as CSV ({str(error).splitlines()[0]})") from None
    if "value" not in rows.columns or not {SAMPLES_KEY, "path"} & set(rows.columns):
        raise ParameterError(f"{path}: has the columns {', '.join(rows.columns)}; it needs `value`, and `id` or `path`")
    absent = [name for name in _TEXTS if name not in rows.columns]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
    sure = (
        pl.col("confidence").cast(pl.Float64, strict=False)
        if "confidence" in rows.columns
        else pl.lit(None, pl.Float64)
    )
    return rows.select(*_TEXTS, sure.alias("confidence"))


def with_ids(tables: Tables, rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Give each row the id of its sound, by id, else by path; and say how many have none."""
    import polars as pl

    from samplemind.library.paths import absolute, to_text

    known = tables.read(tables.samples, [SAMPLES_KEY])[SAMPLES_KEY]
    places = tables.read(tables.files, ["path", SAMPLES_KEY]).rename({SAMPLES_KEY: "_of_path"})
    by_path = pl.col("path").map_elements(lambda path: to_text(absolute(path)), return_dtype=pl.String)
    rows = rows.with_columns(path=by_path).join(places, "path", "left", maintain_order="left")
    mine = pl.when(pl.col(SAMPLES_KEY).is_in(known.implode())).then(SAMPLES_KEY).otherwise("_of_path")
    rows = rows.with_columns(mine.alias(SAMPLES_KEY)).drop("_of_path")
    found = rows.filter(pl.col(SAMPLES_KEY).is_not_null())
    return found, len(rows) - len(found)


def export(labels: Labels, tables: Tables, out: str | os.PathLike[str], task: str | None) -> int:
    """See `Labels.export`."""
    import polars as pl

    target = Path(out).expanduser()
    if not target.parent.is_dir():
        raise ParameterError(f"out: the folder {target.parent} does not exist; make it first")
    paths = tables.read(tables.files, ["path", SAMPLES_KEY]).sort("path").unique(SAMPLES_KEY, keep="first")
    rows = labels.current(task).join(paths, SAMPLES_KEY, "left").sort("path", "task", "value", nulls_last=True)
    if target.suffix.lower() == ".csv":
        write_csv(rows, target)
        return len(rows)
    if target.suffix and not target.is_dir():
        raise ParameterError(f"out: {str(target)!r} ends in {target.suffix}; end it in .csv, or name a folder for JAMS")
    from samplemind.library.labels.jams import write_jams

    target.mkdir(exist_ok=True)
    lengths = tables.read(tables.samples, [SAMPLES_KEY, "duration_s"])
    rows = rows.join(lengths, SAMPLES_KEY, "left")
    for (key,), of_sound in rows.group_by(SAMPLES_KEY, maintain_order=True):
        path, seconds = of_sound.select(pl.col("path").fill_null(""), pl.col("duration_s").fill_null(0.0)).row(0)
        name = f"{Path(path).name or 'sound'}.{str(key)[:8]}.jams"
        write_jams(of_sound.iter_rows(named=True), path, seconds, target / name)
    return len(rows)


def import_(labels: Labels, tables: Tables, source: str | os.PathLike[str], by: str | None) -> Imported:
    """See `Labels.import_`."""
    import polars as pl

    from samplemind.library.labels.jams import read_jams

    path = Path(source).expanduser()
    if path.is_dir():
        files = sorted(path.rglob("*.jams"))
        if not files:
            raise ParameterError(f"{path}: no file in it ends in .jams")
        rows = pl.concat([read_jams(file) for file in files])
    elif path.suffix.lower() == ".jams":
        rows = read_jams(path)
    else:
        rows = read_csv(path)
    tables.refresh()
    rows, unknown = with_ids(tables, rows)
    rows = rows.filter(pl.col("value").is_not_null()).with_columns(
        pl.col("task").fill_null("class"),
        source=pl.when((pl.col("source") == "model") & pl.col("author").is_not_null() & pl.col("version").is_not_null())
        .then(pl.lit("model")).otherwise(pl.lit("person")),
    )  # fmt: skip
    held = labels.current().select(SAMPLES_KEY, "task", "value", "source", "author")
    new = rows.join(held, held.columns, "anti", nulls_equal=True)
    batches = []
    for (kind, author, version), part in new.group_by("source", "author", "version", maintain_order=True):
        said = part.select(SAMPLES_KEY, "task", "value", "confidence")
        name = None if author is None else str(author)
        batches.append(
            labels.add(said, by=name or by, source=str(kind), version=None if version is None else str(version))
        )
    return Imported(len(new), new[SAMPLES_KEY].n_unique(), len(rows) - len(new), unknown, tuple(batches))
