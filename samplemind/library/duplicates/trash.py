"""Put files aside and bring them back: nothing is ever deleted."""

from __future__ import annotations

import datetime
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.content import file_id
from samplemind.library.duplicates.journal import Journal, move_file
from samplemind.library.lock import writer_lock
from samplemind.library.paths import absolute, from_text, is_beneath
from samplemind.library.schema import FILES_KEY, files_schema
from samplemind.library.tables import Tables, quoted

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Applied", "move", "undo"]

_DELETE_ROWS: Final = 1000


@dataclass(slots=True)
class Applied:
    """What was moved.

    Attributes
    ----------
    journal : pathlib.Path
        Give it to `undo`.
    moved : list of (str, str)
        From where to where.
    left : list of (str, str)
        What was left where it is, and why.
    bytes : int
        Size of what was moved.
    """

    journal: Path
    moved: list[tuple[str, str]] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    bytes: int = 0


def move(tables: Tables, moves: pl.DataFrame, trash: str | os.PathLike[str] | None,
         progress: Callable[[int, int], None] | None) -> Applied:  # fmt: skip
    """See `Plan.apply`."""
    if trash is None and tables.folder is None:
        raise ParameterError("trash: the library is in an object store; name a folder for what is put aside")
    place = Path(f"{tables.folder}.trash" if trash is None else absolute(trash))
    now = datetime.datetime.now(datetime.UTC)
    stamp = f"{now:%Y%m%d-%H%M%S-%f}"
    done = Applied(place / f"{stamp}.journal")
    if moves.is_empty():
        return done
    with writer_lock(tables.folder, tables.uri), tables.guard():
        tables.refresh()
        place.mkdir(parents=True, exist_ok=True)
        journal = Journal.start(done.journal, tables.uri, now.isoformat(timespec="seconds"))
        rows = {row["path"]: row for row in _rows(tables, [*moves["path"], *moves["kept"]])}
        gone: list[str] = []
        reasons: dict[str, str | None] = {}  # of each file that stays: why nothing may go for it
        try:
            for number, (path, kept) in enumerate(moves.select("path", "kept").iter_rows()):
                if kept not in reasons:
                    reasons[kept] = _changed(rows.get(kept), whole=True)
                reason = _why_not(rows.get(path), rows.get(kept), reasons[kept])
                if reason is None:
                    source = from_text(path)
                    target = str(place / stamp / source.lstrip(os.sep))
                    journal.write({"from": source, "to": target, "row": rows[path]})
                    try:
                        move_file(source, target)
                    except OSError as error:
                        reason = f"cannot be moved ({error.strerror})"
                        if error.errno == 28:
                            raise
                    else:
                        gone.append(path)
                        done.moved.append((source, target))
                        done.bytes += int(rows[path]["size"])
                if reason is not None:
                    done.left.append((from_text(path), reason))
                if progress is not None:
                    progress(number + 1, len(moves))
        finally:
            _forget(tables, gone)
    return done


def _rows(tables: Tables, paths: list[str]) -> list[dict[str, Any]]:
    wanted = set(paths)
    rows = tables.read(tables.files, files_schema().names)
    return rows.filter(rows[FILES_KEY].is_in(list(wanted))).to_dicts()


def _forget(tables: Tables, paths: list[str]) -> None:
    for start in range(0, len(paths), _DELETE_ROWS):
        tables.files.delete(f"{FILES_KEY} IN ({quoted(paths[start : start + _DELETE_ROWS])})")


def _why_not(row: dict[str, Any] | None, kept: dict[str, Any] | None, of_kept: str | None) -> str | None:
    """Why a file must stay; None where it may go."""
    reason = _changed(row)
    if reason is not None:
        return reason
    if of_kept is not None:
        return f"the file that would stay for it {of_kept}"
    assert row is not None
    assert kept is not None
    path, other = from_text(row["path"]), from_text(kept["path"])
    if os.path.samefile(path, other):
        return f"is the same file as {other}, under another name"
    return _changed(row, whole=True)


def _changed(row: dict[str, Any] | None, whole: bool = False) -> str | None:
    """How a file is not what the library knows; with `whole`, its content is read."""
    if row is None:
        return "is not in the library any more"
    path = from_text(row["path"])
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return "is a link, or no plain file"
        if (found.st_size, found.st_mtime_ns) != (row["size"], row["mtime_ns"]):
            return "has changed since it was ingested"
        if not is_beneath(os.path.realpath(path), os.path.realpath(from_text(row["root"]))):
            return "lies behind a link that leads out of its folder"
        if whole and file_id(path) != row["id"]:
            return "has another content than when it was ingested"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None


def undo(tables: Tables, journal: str | os.PathLike[str]) -> Applied:
    """See `Library.undo_duplicates`."""
    book = Journal(Path(absolute(journal)))
    done = Applied(book.path)
    with writer_lock(tables.folder, tables.uri), tables.guard():
        tables.refresh()
        entries = book.moves()
        if book.library != tables.uri and not _is_same(book.library, tables):
            raise LibraryError(
                f"{book.path}: it belongs to the library {book.library}, not to {tables.uri}; name that one"
            )
        back: list[dict[str, Any]] = []
        for entry in reversed(entries):
            reason = _bring_back(entry)
            if reason is None:
                back.append(entry["row"])
                done.moved.append((entry["to"], entry["from"]))
                done.bytes += int(entry["row"]["size"])
            elif reason:
                done.left.append((entry["from"], reason))
        _know_again(tables, back)
    return done


def _is_same(uri: str, tables: Tables) -> bool:
    return tables.folder is not None and os.path.isdir(uri) and os.path.samefile(uri, tables.folder)


def _bring_back(entry: dict[str, Any]) -> str | None:
    """Move one file back: None where it is there again, '' where another one is, else why it cannot be."""
    source, target, row = entry["from"], entry["to"], entry["row"]
    there, aside = os.path.lexists(source), os.path.lexists(target)
    try:
        if os.path.lexists(f"{target}.part"):
            os.unlink(f"{target}.part")  # a copy that was not finished: the original is whole
        if there and not aside:
            # Never moved, or brought back before the library knew of it again.
            return None if _changed(row) is None else ""
        if not there and not aside:
            return f"is neither there nor at {target}"
        if there:
            if file_id(source) != row["id"] or file_id(target) != row["id"]:
                return f"is there again with another content; the old one is at {target}"
            os.unlink(target)  # copied to another file system, and not yet taken away
            return None
        move_file(target, source)
    except OSError as error:
        return f"cannot be brought back ({error.strerror}); it is at {target}"
    return None


def _know_again(tables: Tables, rows: list[dict[str, Any]]) -> None:
    import polars as pl
    import pyarrow as pa

    known = tables.read(tables.files, [FILES_KEY])[FILES_KEY]
    sounds = tables.read(tables.samples, ["id"])["id"]
    frame = pl.from_arrow(pa.Table.from_pylist(rows, schema=files_schema()))
    assert isinstance(frame, pl.DataFrame)
    # A sound that was taken out of the library since is met again by the next ingest.
    missing = frame.filter(~frame[FILES_KEY].is_in(known.implode()) & frame["id"].is_in(sounds.implode()))
    if len(missing):
        tables.files.add(missing.to_arrow().cast(files_schema()))
