"""What holds of all that was said: pure functions from statements to statements.

The rules:

- A batch that was undone counts no more; undoing the undoing brings it back.
- A person's word wins over that of every model; among persons the latest one does.
- Of a model the latest version counts where it said something; among models the highest confidence.
- A statement without a value takes back what its author's side (persons, or that model) said before.
- Tags are told apart by sound and tag, all other tasks have one value a sound.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from samplemind.library.labels.statements import MODEL, PERSON, TAG, UNTAG
from samplemind.library.schema import SAMPLES_KEY

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CURRENT", "current", "disagreements", "undone", "without_undone"]

#: Columns of the current view.
CURRENT: Final = (SAMPLES_KEY, "task", "value", "source", "author", "version", "confidence", "created", "batch")


def undone(rows: pl.DataFrame) -> set[str]:
    """Names of the batches that do not count; `rows` are in the order of time."""
    undoing = rows.filter(rows["undoes"].is_not_null()).select("batch", "undoes").unique(maintain_order=True)
    dead: set[str] = set()
    # From the last one backwards: whether a batch counts depends only on what came after it.
    for batch, target in reversed(undoing.rows()):
        if batch not in dead:
            dead.add(target)
    return dead


def without_undone(rows: pl.DataFrame, dead: Collection[str]) -> pl.DataFrame:
    """The statements that count, where those of the batches `dead` do not."""
    said = rows["undoes"].is_null()
    return rows.filter(said & ~rows["batch"].is_in(list(dead)) if dead else said)


def current(rows: pl.DataFrame, dead: Collection[str]) -> pl.DataFrame:
    """What holds now: one row a sound and task, and one a sound and tag.

    Parameters
    ----------
    rows : polars.DataFrame
        All statements about the sounds of interest, in the order of time.
    dead : collection of str
        As `undone` gives it for all statements.

    Returns
    -------
    polars.DataFrame
        The columns `CURRENT`.
    """
    import polars as pl

    valid = without_undone(rows, dead)
    is_tag = valid["task"].is_in([TAG, UNTAG])
    is_person = valid["source"] == PERSON
    parts = []
    for said, keys in ((valid.filter(~is_tag), ["task"]), (valid.filter(is_tag), ["value"])):
        of_person = is_person.filter(~is_tag if keys == ["task"] else is_tag)
        by_persons = said.filter(of_person).unique([SAMPLES_KEY, *keys], keep="last")
        by_models = _of_models(said.filter(~of_person), keys)
        if keys == ["task"]:
            by_persons = by_persons.filter(pl.col("value").is_not_null())
        parts += [by_persons, by_models.join(by_persons, [SAMPLES_KEY, *keys], "anti")]
    together = pl.concat(parts)
    return together.filter(together["task"] != UNTAG).select(CURRENT)


def _of_models(said: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    import polars as pl

    if said.is_empty():
        return said
    authors = said.select("author", "version").unique()
    rank = sorted(authors.rows(), key=lambda pair: (pair[0], version_key(pair[1])))
    ranked = pl.DataFrame(rank, schema=["author", "version"], orient="row", schema_overrides=authors.schema)
    said = said.join(ranked.with_row_index("_rank"), ["author", "version"], "left", nulls_equal=True,
                     maintain_order="left").with_row_index("_at")  # fmt: skip
    # What a version says of a sound replaces all that the one before said of this task; all tags are one task.
    of_task = [SAMPLES_KEY, "author"] if keys == ["value"] else [SAMPLES_KEY, *keys, "author"]
    said = said.filter(pl.col("_rank") == pl.col("_rank").max().over(of_task))
    of_value = [SAMPLES_KEY, *keys, "author"]
    if keys == ["value"]:
        said = said.unique(of_value, keep="last")
    elif said["value"].has_nulls():
        taken_back = pl.col("_at").filter(pl.col("value").is_null()).max().over(of_value)
        said = said.filter((pl.col("_at") > taken_back).fill_null(True))
    said = said.sort(pl.col("confidence").fill_null(0.0), "_at")
    return said.unique([SAMPLES_KEY, *keys], keep="last", maintain_order=True).drop("_rank", "_at")


def version_key(version: str | None) -> tuple[tuple[int, int, str], ...]:
    """Versions in their natural order: 1.9 before 1.10, and none before all."""
    parts = re.findall(r"\d+|[^\d.]+", version or "")
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def disagreements(rows: pl.DataFrame, dead: Collection[str], with_models: bool) -> pl.DataFrame:
    """Sounds of which several people say different things.

    Parameters
    ----------
    rows : polars.DataFrame
        All statements, in the order of time.
    dead : collection of str
        As `undone` gives it.
    with_models : bool
        Each model is one voice more.

    Returns
    -------
    polars.DataFrame
        id, task, values and authors (lists of equal length, each author once, with what they said last); of a tag
        the values are the tag, and `not` with the tag.
    """
    import polars as pl

    valid = without_undone(rows, dead)
    if not with_models:
        valid = valid.filter(valid["source"] != MODEL)
    is_tag = pl.col("task").is_in([TAG, UNTAG])
    said = valid.with_columns(
        _about=pl.when(is_tag).then(pl.concat_str(pl.lit(TAG), "value", separator=" ")).otherwise("task"),
        value=pl.when(pl.col("task") == UNTAG).then(pl.concat_str(pl.lit("not "), "value")).otherwise("value"),
        task=pl.when(is_tag).then(pl.lit(TAG)).otherwise("task"),
    )
    said = said.unique([SAMPLES_KEY, "_about", "author"], keep="last", maintain_order=True)
    said = said.filter(pl.col("value").is_not_null())
    several = said.group_by(SAMPLES_KEY, "_about", maintain_order=True).agg(
        pl.col("task").first(), pl.col("value").alias("values"), pl.col("author").alias("authors"),
        pl.col("value").n_unique().alias("_count"),
    )  # fmt: skip
    return several.filter(pl.col("_count") > 1).select(SAMPLES_KEY, "task", "values", "authors")
