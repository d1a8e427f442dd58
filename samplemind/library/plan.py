"""What there is to do: the files that were found against the files that are known, by joins, not by loops."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from samplemind.descriptors.catalogue import CATALOGUE, GROUPS, LEVELS, Level, groups_of
from samplemind.library.content import UNREAD
from samplemind.library.paths import from_text, to_text
from samplemind.library.scan import Scan
from samplemind.library.schema import version_column

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FILE_COLUMNS", "SAMPLE_COLUMNS", "Plan", "make_plan", "stale_groups"]

#: What a plan needs to know of the tables; nothing else is loaded.
FILE_COLUMNS = ("path", "id", "size", "mtime_ns")
SAMPLE_COLUMNS = ("id", "status", "level", "size_bytes", *(version_column(group) for group in GROUPS))


#: Files of this many bytes are begun first, so that at the end no worker is left alone with one.
_LARGE = 32 * 2**20


@dataclass(slots=True)
class Plan:
    """What there is to do.

    Attributes
    ----------
    todo : polars.DataFrame
        One row a file that has to be looked into: `path`, `root`, `size`, `mtime_ns`, `old_id` (null: a new path),
        `id` (of the content, where it is known), `groups` (null: all), `level`, `hash_first`.
    gone : polars.DataFrame
        `path` and `id` of files that are no longer there.
    unchanged : int
        Files with nothing to do.
    known : polars.DataFrame
        `id` of every sample that the library has, `groups` that are stale, `level` to compute them at.
    """

    todo: pl.DataFrame
    gone: pl.DataFrame
    unchanged: int
    known: pl.DataFrame


def make_plan(
    found: Scan, files: pl.DataFrame, samples: pl.DataFrame, level: Level, retry_failed: bool = False
) -> Plan:
    """Compare what was found with what is known.

    Parameters
    ----------
    found : Scan
    files, samples : polars.DataFrame
        `FILE_COLUMNS` and `SAMPLE_COLUMNS` of the tables.
    level : {'basic', 'standard', 'detailed'}
        What every sound shall have at least.
    retry_failed : bool
        Take the files that failed before as new.
    """
    import polars as pl

    here = pl.DataFrame(
        {"path": found.paths, "root": found.roots, "size": found.sizes, "mtime_ns": found.mtimes},
        schema={"path": pl.String, "root": pl.Int32, "size": pl.Int64, "mtime_ns": pl.Int64},
    )
    both = here.join(files.rename({"size": "old_size", "mtime_ns": "old_mtime", "id": "old_id"}), "path", "left",
                     maintain_order="left")  # fmt: skip
    same = (pl.col("size") == pl.col("old_size")) & (pl.col("mtime_ns") == pl.col("old_mtime"))
    different = both.filter(~same.fill_null(False)).select("path", "root", "size", "mtime_ns", "old_id")
    still = both.filter(same.fill_null(False)).select("path", "root", "size", "mtime_ns", "old_id")

    stale = stale_groups(samples, level, retry_failed)
    due = still.join(stale, left_on="old_id", right_on="id", how="inner", maintain_order="left").unique(
        "old_id", keep="first", maintain_order=True
    )
    unread = still.filter(pl.col("old_id").str.starts_with(UNREAD)) if len(still) else still
    if len(unread):
        readable = [os.access(from_text(path), os.R_OK) for path in unread["path"]]
        different = pl.concat([different, unread.filter(pl.Series(readable, dtype=pl.Boolean))])

    todo = pl.concat([
        different.with_columns(
            id=pl.lit(None, pl.String), groups=pl.lit(None, pl.List(pl.String)), level=pl.lit(level, pl.String),
            hash_first=pl.col("size").is_in(samples["size_bytes"].unique().implode()) | pl.col("size").is_duplicated(),
        ),
        due.filter(~pl.col("old_id").str.starts_with(UNREAD)).select(
            "path", "root", "size", "mtime_ns", "old_id", id="old_id", groups="groups", level="level",
            hash_first=pl.lit(False),
        ),
    ]).sort(pl.col("size") < _LARGE, "path")  # fmt: skip
    known = samples.select("id").join(stale, "id", "left")
    return Plan(todo, _gone(found, here, files), len(here) - len(todo), known)


def _gone(found: Scan, here: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """Known files beneath the scanned folders that were not found, unless their folder could not be read."""
    import polars as pl

    def beneath(tops: list[str]) -> pl.Expr:
        tests: list[Any] = [pl.lit(False)]
        for top in tops:
            tests.append(pl.col("path") == top)
            tests.append(pl.col("path").str.starts_with(top.rstrip(os.sep) + os.sep))
        return pl.any_horizontal(tests)

    missing = files.select("path", "id").join(here.select("path"), "path", "anti")
    return missing.filter(
        beneath([to_text(top) for top in found.tops]) & ~beneath([folder for folder, _ in found.unreadable])
    )


def stale_groups(samples: pl.DataFrame, level: Level, retry_failed: bool = False) -> pl.DataFrame:
    """Which groups of which samples have to be computed again: older versions, or a level that lacks them.

    Returns
    -------
    polars.DataFrame
        `id`, `groups` (null: all of them), `level` (to compute at: the higher of the stored and the requested one).
    """
    import polars as pl

    parts = [pl.DataFrame(schema={"id": pl.String, "groups": pl.List(pl.String), "level": pl.String})]
    good = samples.filter(pl.col("status") == "ok")
    for stored in LEVELS:
        target = max(stored, level, key=LEVELS.index)
        added = {entry.group for entry in CATALOGUE
                 if LEVELS.index(stored) < LEVELS.index(entry.level) <= LEVELS.index(target)}  # fmt: skip
        wanted = [
            pl.when(
                pl.lit(True) if group in added else pl.col(version_column(group)).fill_null(-1) < GROUPS[group]
            ).then(pl.lit(group))
            for group in groups_of(target)
        ]
        part = good.filter(pl.col("level") == stored).select(
            "id", groups=pl.concat_list(wanted).list.drop_nulls(), level=pl.lit(target, pl.String)
        )
        parts.append(part.filter(pl.col("groups").list.len() > 0))
    bad = samples.filter(pl.col("status") != "ok")
    if not retry_failed:
        bad = bad.filter(pl.col(version_column("container")).fill_null(-1) < GROUPS["container"])
    parts.append(bad.select("id", groups=pl.lit(None, pl.List(pl.String)), level=pl.lit(level, pl.String)))
    return pl.concat(parts)
