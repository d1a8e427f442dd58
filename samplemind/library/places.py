"""Files that lie elsewhere now, or are to be forgotten: the table `files` without a look at the disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.lock import writer_lock
from samplemind.library.paths import absolute, from_text, is_beneath, is_gone, to_text
from samplemind.library.schema import files_schema
from samplemind.library.tables import Tables, quoted
from samplemind.library.words.table import refresh_words

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.filters import Filter

__all__ = ["relocate", "remove"]

_DELETE_ROWS: Final = 5000


def relocate(tables: Tables, old: str | os.PathLike[str], new: str | os.PathLike[str]) -> int:
    """See `Library.relocate`."""
    source, target = to_text(absolute(old)), to_text(absolute(new))
    if source == target:
        raise ParameterError(f"new: {target} is where the files are known to be; give the place they moved to")
    with writer_lock(tables.folder, tables.uri), tables.guard():
        tables.refresh()
        rows = tables.read(tables.files, files_schema().names)
        moving = [is_beneath(path, source) for path in rows["path"]]
        moved, others = rows.filter(moving), rows.filter([not yes for yes in moving])
        if not len(moved):
            raise LibraryError(f"library {tables.uri}: no file of it lies in {source}; see `samplemind list`")
        new_rows = _renamed(moved, source, target)
        taken = new_rows.join(others, "path", "semi")["path"].to_list()
        if taken:
            raise LibraryError(f"library {tables.uri}: {taken[0]} is in it already; remove that row first")
        # One transaction: the old keys go and the new ones come together.
        job = tables.files.merge_insert("path").when_not_matched_insert_all().use_index(False)
        job = job.when_not_matched_by_source_delete(_beneath_sql(source))
        done = job.execute(new_rows.to_arrow().cast(files_schema()).combine_chunks())
        if done.num_inserted_rows != len(moved) or done.num_deleted_rows != len(moved):
            raise LibraryError(f"library {tables.uri}: {done.num_inserted_rows} of {len(moved)} rows were renamed; "
                               "run `samplemind verify`")  # fmt: skip
        refresh_words(tables)
        return len(moved)


def _renamed(rows: pl.DataFrame, source: str, target: str) -> pl.DataFrame:
    import polars as pl

    def moved(column: str) -> pl.Expr:
        inside = pl.col(column).str.starts_with(source + os.sep) | (pl.col(column) == source)
        rest = pl.col(column).str.strip_prefix(source)
        return pl.when(inside).then(pl.lit(target) + rest).otherwise(pl.col(column)).alias(column)

    return rows.with_columns(moved("path"), moved("root")).with_columns(
        folder=pl.col("path").str.replace(r"/[^/]*$", ""), name=pl.col("path").str.extract(r"([^/]*)$")
    )


def _beneath_sql(folder: str) -> str:
    text = folder.replace("'", "''")
    inside = text if text.endswith(os.sep) else text + os.sep
    return f"path = '{text}' OR starts_with(path, '{inside}')"


def remove(
    tables: Tables, paths: Sequence[str | os.PathLike[str]] | None, where: str | Filter | None, missing: bool
) -> int:
    """See `Library.remove`."""
    from samplemind.library.query import frame

    if paths is None and where is None and not missing:
        raise ParameterError("remove: say what; give paths, where, or missing=True")
    with writer_lock(tables.folder, tables.uri), tables.guard():
        tables.refresh()
        chosen = frame(tables, ["path", "id"], where, None, None)
        going = list(chosen["path"])
        if paths is not None:
            tops = [to_text(absolute(path)) for path in paths]
            going = [path for path in going if any(is_beneath(path, top) for top in tops)]
        if missing:
            going = [path for path in going if is_gone(from_text(path))]
        _delete(tables.files, "path", going)
        ids = set(chosen.filter(chosen["path"].is_in(going))["id"])
        still = set(tables.read(tables.files, ["id"])["id"]) if ids else set()
        _delete(tables.samples, "id", sorted(ids - still))
        refresh_words(tables)
        return len(going)


def _delete(table: Any, key: str, values: Sequence[str]) -> None:
    for start in range(0, len(values), _DELETE_ROWS):
        table.delete(f"{key} IN ({quoted(values[start : start + _DELETE_ROWS])})")
