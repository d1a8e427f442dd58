"""What can be said of a sound, and how it is written down."""

from __future__ import annotations

import datetime
import getpass
import math
import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import ParameterError
from samplemind.library.schema import SAMPLES_KEY, labels_schema

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = [
    "MODEL", "PERSON", "TAG", "UNTAG", "author_name", "batch_name", "checked_confidence", "checked_task",
    "checked_value", "rows_of", "tag_name", "to_arrow",
]  # fmt: skip

#: The task of which a sound has as many values as anyone likes; all others have one value a sound.
TAG: Final = "tag"
#: Takes one value of `TAG` away again.
UNTAG: Final = "untag"
PERSON: Final = "person"
MODEL: Final = "model"

_TASK: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_RATINGS: Final = (1, 5)
_LONGEST_VALUE: Final = 200
_LONGEST_NOTE: Final = 10_000


def checked_task(task: object) -> str:
    """The name of a task: `class`, `bpm`, `rating`, `note`, or one of somebody's own.

    Raises
    ------
    ParameterError
        For anything but a short name in lower case, and for `untag`.
    """
    if not isinstance(task, str) or not _TASK.fullmatch(task):
        raise ParameterError(f"task: {task!r}; give a name of lower-case letters, digits, '_', '-' or '.', as 'class'")
    return task


def checked_value(task: str, value: object) -> str | None:
    """A value as it is kept: text, numbers without needless digits, None for taking back what was said.

    Raises
    ------
    ParameterError
        For a rating outside 1 to 5, an empty or endless text, or a number that is none.
    """
    if value is None and task not in (TAG, UNTAG):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ParameterError(f"value: {value!r} for task {task!r}; give a text or a number")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ParameterError(f"value: {value!r} for task {task!r}; give a finite number")
        value = f"{value:.10g}"
    if task in (TAG, UNTAG):
        return tag_name(str(value))
    text = unicodedata.normalize("NFC", str(value)).strip()
    longest = _LONGEST_NOTE if task == "note" else _LONGEST_VALUE
    if not text or len(text) > longest:
        shown = f"{len(text)} characters" if text else "an empty text"
        raise ParameterError(f"value: {shown} for task {task!r}; give 1 to {longest} characters, or None to take "
                             "back what was said")  # fmt: skip
    if task == "rating":
        low, high = _RATINGS
        if text not in map(str, range(low, high + 1)):
            raise ParameterError(f"value: {text!r} for task 'rating'; give a whole number from {low} to {high}")
    return text


def tag_name(tag: object) -> str:
    """A tag as it is kept: in lower case, with single spaces.

    Raises
    ------
    ParameterError
        For an empty one, a long one, or one with a comma (which separates tags).
    """
    text = " ".join(unicodedata.normalize("NFC", tag).lower().split()) if isinstance(tag, str) else ""
    if not text or len(text) > _LONGEST_VALUE or "," in text:
        raise ParameterError(f"tag: {tag!r}; give 1 to {_LONGEST_VALUE} characters without a comma")
    return text


def checked_confidence(confidence: object) -> float | None:
    """How sure somebody is, 0 to 1; None where nothing is said of it.

    Raises
    ------
    ParameterError
        For anything else.
    """
    if confidence is None:
        return None
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise ParameterError(f"confidence: {confidence!r}; give a number from 0 to 1")
    return float(confidence)


def author_name(by: object, source: str) -> str:
    """Who says it: as given, else the `user` of the settings, else the name of the account.

    Raises
    ------
    ParameterError
        For an empty name, and for a model without one.
    """
    if by is None:
        if source == MODEL:
            raise ParameterError("by: what a model says needs the name of the model")
        from samplemind.settings import Settings

        by = Settings().user or getpass.getuser()
    text = by.strip() if isinstance(by, str) else ""
    if not text or len(text) > _LONGEST_VALUE or not text.isprintable():
        raise ParameterError(f"by: {by!r}; give a name of 1 to {_LONGEST_VALUE} printable characters")
    return text


def batch_name(after: datetime.datetime | None) -> tuple[str, datetime.datetime]:
    """Name and time of what is said now, which sorts after all that was said before, whatever the clock does.

    Parameters
    ----------
    after : datetime.datetime or None
        The time of the last statement, if it is not in the past.
    """
    now = datetime.datetime.now(datetime.UTC)
    if after is not None and now <= after:
        now = after + datetime.timedelta(microseconds=1)
    return f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}", now


def rows_of(ids: pl.Series, batch: str, created: datetime.datetime, columns: Mapping[str, Any]) -> pl.DataFrame:
    """Rows for a table of statements.

    Parameters
    ----------
    ids : polars.Series
        One sound a row.
    batch, created
        As `batch_name` gives them.
    columns : mapping
        The other columns of the table: one value for all rows, or a series; what is left out is null.
    """
    import polars as pl

    frame = pl.DataFrame({SAMPLES_KEY: ids.cast(pl.String)}).with_row_index("_row")
    number = pl.col("_row").cast(pl.String).str.zfill(8)
    frame = frame.with_columns(
        pl.concat_str(pl.lit(f"{batch}-"), number).alias("statement"),
        pl.lit(batch).alias("batch"), pl.lit(created).dt.cast_time_unit("us").alias("created"),
        *(value.alias(name) if isinstance(value, pl.Series) else pl.lit(value).alias(name)
          for name, value in columns.items()),
    )  # fmt: skip
    absent = [name for name in labels_schema().names if name not in frame.columns]
    return frame.with_columns(pl.lit(None).alias(name) for name in absent).select(labels_schema().names)


def to_arrow(rows: pl.DataFrame) -> pa.Table:
    """The same as an Arrow table in the schema of the store."""
    table: pa.Table = rows.to_arrow().cast(labels_schema()).combine_chunks()
    return table
