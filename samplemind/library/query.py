"""Questions in SQL: only the columns that a question names are read."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterator, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.paths import absolute, to_text
from samplemind.library.schema import SAMPLES_KEY, column_names, files_schema, samples_schema
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DEFAULT_COLUMNS", "checked", "columns_of", "find_id", "frame", "get", "load", "select", "whole"]

#: What is shown when nobody says what.
DEFAULT_COLUMNS: Final = (
    "path", "id", "status", "error", "duration_s", "kind", "sample_class", "bpm", "key", "scale", "midi_note",
    "loudness_lufs", "peak_dbfs",
)  # fmt: skip
#: Titles of the summary that are not themselves names of columns.
TITLES: Final = {
    "class": "sample_class", "note": "midi_note", "lufs": "loudness_lufs", "loudness": "loudness_lufs",
    "length": "duration_s", "duration": "duration_s", "tempo": "bpm", "file": "path", "reason": "error",
}  # fmt: skip
_EXAMPLES: Final = {"where": "\"kind = 'loop' AND bpm > 120\"", "sort": '"bpm DESC, path"'}
_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|"(?P<quoted>(?:[^"]|"")+)"|(?P<number>\d[\w.]*)|(?P<word>[A-Za-z_]\w*)(?P<call>\s*\()?"""
)
_WORDS: Final = frozenset({
    "and", "or", "not", "in", "is", "null", "true", "false", "between", "like", "ilike", "rlike", "regexp", "similar",
    "to", "escape", "case", "when", "then", "else", "end", "cast", "as", "asc", "desc", "nulls", "first", "last", "div",
    "mod", "distinct", "from", "int", "integer", "bigint", "float", "real", "double", "varchar", "text", "string",
    "boolean", "all", "any",
})  # fmt: skip


def frame(tables: Tables, columns: Sequence[str] | None, where: str | None, sort: str | None,
          limit: int | None) -> pl.DataFrame:  # fmt: skip
    """See `Library.frame`."""
    chosen = checked(columns if columns is not None else DEFAULT_COLUMNS)
    limit = None if limit is None else whole(limit, 0)
    needed = [*chosen, *columns_of(where, "where"), *columns_of(sort, "sort")]
    return select(load(tables, needed), chosen, where, sort, limit)


def whole(limit: int, least: int) -> int:
    """A limit, as long as it is a whole number that is large enough.

    Raises
    ------
    ParameterError
        For anything else.
    """
    if not isinstance(limit, Integral) or limit < least:
        raise ParameterError(f"limit: {limit!r}; give a whole number, {least} or more")
    return int(limit)


def checked(columns: Sequence[str], also: Collection[str] = ()) -> list[str]:
    """Column names, each once; `also` are names that no table has.

    Raises
    ------
    ParameterError
        For one that does not exist.
    """
    if isinstance(columns, str):
        raise ParameterError(f"columns: {columns!r} is one text; give a list of names")
    for name in columns:
        if name not in column_names() and name not in also:
            raise ParameterError(f"columns: there is no column {name!r}; {_near(name)}")
    return list(dict.fromkeys(columns))


def _near(name: object) -> str:
    """What somebody who writes `name` may have meant."""
    text = str(name).lower()
    titled = [TITLES[text]] if text in TITLES else []
    near = [name for name in difflib.get_close_matches(text, column_names(), 4, 0.6) if name not in titled]
    names = titled or ([text] if text in near else near)
    return f"did you mean {' or '.join(names)}?" if names else "`samplemind describe` has the descriptors"


def columns_of(sql: str | None, what: str, also: Collection[str] = ()) -> Iterator[str]:
    """The columns that a piece of SQL names."""
    if sql is not None and not isinstance(sql, str):
        raise ParameterError(f"{what}: {sql!r}; give a text in SQL, as in {_EXAMPLES[what]}")
    for token in _TOKEN.finditer(sql or ""):
        name = token["quoted"] or token["word"]
        if name is None or (token["call"] and token["word"].lower() not in column_names()):
            continue
        if name in column_names() or name in also:
            yield name
        elif token["quoted"] or name.lower() not in _WORDS:
            text = f"a text goes in single quotes, as '{name}'"
            raise ParameterError(f"{what}: there is no column {name!r}; {_near(name)} ({text})")


def load(tables: Tables, columns: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Files joined with samples, as far as `columns` need them; `path` and `id` are always there."""
    from samplemind.library.tables import quoted

    only = f"id IN ({quoted(ids)})" if ids is not None else None
    of_files = [name for name in files_schema().names if name in {"path", SAMPLES_KEY, *columns}]
    of_samples = [name for name in samples_schema().names if name in columns and name not in of_files]
    rows = tables.read(tables.files, of_files, only)
    if of_samples:
        rows = rows.join(tables.read(tables.samples, [SAMPLES_KEY, *of_samples], only), SAMPLES_KEY, "left")
    return rows.sort("path")


def select(rows: pl.DataFrame, columns: Sequence[str], where: str | None, sort: str | None = None,
           limit: int | None = None) -> pl.DataFrame:  # fmt: skip
    """Run the question over rows that hold every column it names.

    Raises
    ------
    ParameterError
        For SQL that cannot be read.
    """
    import polars as pl

    names = ", ".join(f'"{name}"' for name in columns)
    sql = f"SELECT {names} FROM files"
    if where is not None and where.strip():
        sql += f" WHERE ({where}\n)"
    if sort is not None and sort.strip():
        sql += f" ORDER BY {', '.join(_orders(sort))}"
    if limit is not None:
        sql += f" LIMIT {limit}"
    try:
        with pl.SQLContext(frames={"files": rows.lazy()}) as context:
            return context.execute(sql, eager=True)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        asked = [(name, text) for name, text in (("where", where), ("sort", sort)) if text]
        said = "; ".join(f"{name}: {text}" for name, text in asked)
        examples = " and ".join(f"{name} as in {_EXAMPLES[name]}" for name, _ in asked)
        raise ParameterError(f"{said}: cannot be read ({str(error).splitlines()[0]}); write {examples}") from None


def _orders(sort: str) -> Iterator[str]:
    """The parts of a sort order, each with nulls last unless it says otherwise."""
    depth, start = 0, 0
    parts = []
    for at, character in enumerate(sort):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(sort[start:at])
            start = at + 1
    parts.append(sort[start:])
    for part in parts:
        says = re.search(r"\bnulls\s+(first|last)\s*$", part, re.IGNORECASE)
        yield part.strip() if says else f"{part.strip()} NULLS LAST"


def find_id(tables: Tables, sound: str | os.PathLike[str]) -> str | None:
    """The id of a sound in the library, by the start of its id or by a path; None if there is none.

    Raises
    ------
    LibraryError
        When the start of an id fits more than one.
    """
    from samplemind.library.tables import quoted

    text = os.fspath(sound)
    paths = [to_text(absolute(text)), to_text(text)]
    rows = tables.read(tables.files, [SAMPLES_KEY], f"path IN ({quoted(paths)})")
    if len(rows):
        return str(rows[SAMPLES_KEY][0])
    if len(text) < 4 or not re.fullmatch(r"[0-9a-z-]+", text):
        return None
    ids = tables.read(tables.samples, [SAMPLES_KEY], f"starts_with(id, {quoted([text])})")[SAMPLES_KEY].to_list()
    if len(ids) > 1:
        raise LibraryError(f"library {tables.uri}: {text!r} begins {len(ids)} ids ({', '.join(ids[:3])}…); give more")
    return ids[0] if ids else None


def get(tables: Tables, sound: str | os.PathLike[str]) -> dict[str, Any]:
    """See `Library.get`."""
    from samplemind.library.tables import quoted

    key = find_id(tables, sound)
    if key is None:
        raise LibraryError(
            f"library {tables.uri}: no sound {os.fspath(sound)!r} (neither a path in it nor the start of an id); "
            "see `samplemind list`"
        )
    rows = tables.read(tables.samples, samples_schema().names, f"id IN ({quoted([key])})")
    row: dict[str, Any] = rows.row(0, named=True)
    paths = tables.read(tables.files, ["path"], f"id IN ({quoted([key])})")["path"]
    return {**row, "paths": sorted(paths)}
