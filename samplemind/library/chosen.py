"""Which sounds are meant: ids, paths, folders, a frame or a condition become ids."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.paths import absolute, is_beneath, to_text
from samplemind.library.query import find_id, frame
from samplemind.library.schema import FILES_KEY, SAMPLES_KEY
from samplemind.library.tables import Tables, quoted

if TYPE_CHECKING:
    import polars as pl

    Sounds = str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | pl.DataFrame | pl.Series

__all__ = ["Sounds", "ids_of"]

#: As many are asked for by name; of more, the whole column is read.
_FEW: Final = 2000

if not TYPE_CHECKING:
    Sounds = Any


def ids_of(tables: Tables, sounds: Sounds | None, where: Any = None) -> list[str]:
    """Ids of the sounds that are meant, each once, in the order in which they were given.

    Parameters
    ----------
    tables : Tables
    sounds : str, path-like, iterable of them, polars frame or series, optional
        Ids (4 characters or more of each), paths in the library, folders with all that is beneath, or a frame with a
        column `id` or `path`. None: all for which `where` holds.
    where : str or Filter, optional
        Only those for which it holds.

    Raises
    ------
    ParameterError
        When nothing says what is meant, or a frame has neither column.
    LibraryError
        For a sound that is not in the library.
    """
    if sounds is None and where is None:
        raise ParameterError("sounds: say which; give ids, paths, folders, a frame, or where")
    fitting = None if where is None else frame(tables, [SAMPLES_KEY], where, None, None)[SAMPLES_KEY]
    if sounds is None:
        assert fitting is not None
        return fitting.unique(maintain_order=True).to_list()
    texts = list(dict.fromkeys(_texts(sounds)))
    known = dict.fromkeys(_ids(tables, texts))
    if fitting is None:
        return list(known)
    wanted = set(fitting.to_list())
    return [key for key in known if key in wanted]


def _texts(sounds: Sounds) -> Iterator[str]:
    import polars as pl

    if isinstance(sounds, pl.DataFrame):
        column = next((name for name in (SAMPLES_KEY, FILES_KEY) if name in sounds.columns), None)
        if column is None:
            raise ParameterError(
                f"sounds: a frame with the columns {', '.join(sounds.columns)}; it needs `id` or `path`"
            )
        sounds = sounds[column]
    if isinstance(sounds, pl.Series):
        yield from sounds.cast(pl.String).to_list()
    elif isinstance(sounds, str | os.PathLike):
        yield os.fspath(sounds)
    else:
        for sound in sounds:
            if not isinstance(sound, str | os.PathLike):
                raise ParameterError(f"sounds: {sound!r} is neither an id nor a path")
            yield os.fspath(sound)


def _ids(tables: Tables, texts: Sequence[str]) -> Iterator[str]:
    """The ids of each text in turn: whole ids and paths at once for all, what is left one by one."""
    of_samples = set(_among(tables, tables.samples, SAMPLES_KEY, texts)[SAMPLES_KEY].to_list())
    rest = [text for text in texts if text not in of_samples]
    paths = {text: to_text(absolute(text)) for text in rest}
    found = _among(tables, tables.files, FILES_KEY, [*paths.values(), *rest])
    of_paths = dict(found.select(FILES_KEY, SAMPLES_KEY).iter_rows())
    for text in texts:
        if text in of_samples:
            yield text
        elif key := of_paths.get(paths[text]) or of_paths.get(text):
            yield key
        else:
            yield from _one(tables, text, paths[text])


def _among(tables: Tables, table: Any, key: str, values: Sequence[str]) -> pl.DataFrame:
    columns = list(dict.fromkeys((key, SAMPLES_KEY)))
    if len(values) > _FEW:
        return tables.read(table, columns)
    # An empty list is no SQL.
    return tables.read(table, columns, f"{key} IN ({quoted(values or [''])})")


def _one(tables: Tables, text: str, path: str) -> Iterator[str]:
    key = find_id(tables, text)
    if key is not None:
        yield key
        return
    inside = path.rstrip(os.sep) + os.sep
    rows = tables.read(tables.files, [FILES_KEY, SAMPLES_KEY], f"starts_with(path, {quoted([inside])})").sort(FILES_KEY)
    if rows.is_empty():
        raise LibraryError(
            f"library {tables.uri}: {text!r} is neither the start of an id, nor a path or folder in it; "
            "see `samplemind list`"
        )
    assert all(is_beneath(found, path) for found in rows[FILES_KEY])
    yield from rows[SAMPLES_KEY]
