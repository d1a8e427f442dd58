"""A collection for other programs: a folder of links, a playlist, a table."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import LibraryError, ParameterError
from samplemind.library.paths import from_text, is_gone

if TYPE_CHECKING:
    from samplemind.library.store import Library

__all__ = ["Exported", "export"]

_COLUMNS: Final = ("path", "id", "name", "duration_s", "kind", "sample_class", "bpm", "key", "scale")
_LINKS: Final = ("symbolic", "hard", "copy")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : pathlib.Path
    sounds : int
    missing : tuple of str
        Ids of sounds that lie nowhere: taken out of the library, or gone from the disk.
    """

    path: Path
    sounds: int
    missing: tuple[str, ...]


def export(library: Library, collection: Mapping[str, Any], out: str | os.PathLike[str], links: str,
           relative: bool) -> Exported:  # fmt: skip
    """See `Collections.export`."""
    if links not in _LINKS:
        raise ParameterError(f"links: {links!r} is not one of {', '.join(_LINKS)}")
    target = Path(os.path.abspath(Path(out).expanduser()))
    if not target.parent.is_dir():
        raise ParameterError(f"out: the folder {target.parent} does not exist; make it first")
    rows, missing = _rows(library, collection["ids"])
    form = target.suffix.lower()
    if form == ".csv":
        _write(target, _as_csv(rows))
    elif form == ".json":
        about = {key: collection[key] for key in ("name", "note", "search")}
        _write(target, json.dumps({**about, "sounds": rows}, indent=1, ensure_ascii=False) + "\n")
    elif form in (".m3u8", ".m3u"):
        _write(target, _as_playlist(rows, target.parent if relative else None))
    else:
        _link(rows, target, links, relative)
    return Exported(target, len(rows), tuple(missing))


def _rows(library: Library, ids: Sequence[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """A row for each sound, in order: that of the first of its files that is there."""
    from samplemind.library.search.filters import Filter

    frame = library.frame(_COLUMNS, where=Filter.any_of("id", ids), sort="path")
    of: dict[str, dict[str, Any]] = {}
    for row in frame.iter_rows(named=True):
        path = from_text(row["path"])
        if row["id"] not in of and not is_gone(path):
            of[row["id"]] = row | {"path": path, "name": from_text(row["name"])}
    return [of[key] for key in ids if key in of], [key for key in ids if key not in of]


def _write(target: Path, text: str) -> None:
    """Under another name first: who reads the file never sees half of it. Names are the bytes that the disk has."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_bytes(text.encode(errors="surrogateescape"))
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _as_playlist(rows: Sequence[Mapping[str, Any]], seen_from: Path | None) -> str:
    lines = ["#EXTM3U"]
    for row in rows:
        if "\n" in row["path"] or "\r" in row["path"]:
            raise LibraryError(f"{row['path']!r}: a name with a line break cannot stand in a playlist; rename the file")
        lines.append(f"#EXTINF:{round(row['duration_s'] or 0)},{Path(row['name']).stem}")
        lines.append(os.path.relpath(row["path"], seen_from) if seen_from is not None else row["path"])
    return "\n".join(lines) + "\n"


def _link(rows: Sequence[Mapping[str, Any]], folder: Path, links: str, relative: bool) -> None:
    """Fill a new or empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ParameterError(f"out: {folder} holds other things; name a new or empty folder, or end it in .csv, .json "
                             "or .m3u8")  # fmt: skip
    folder.mkdir(exist_ok=True)
    for row, name in zip(rows, _names([row["name"] for row in rows]), strict=True):
        target = folder / name
        if links == "copy":
            shutil.copy2(row["path"], target)
        elif links == "hard":
            os.link(row["path"], target)
        else:
            target.symlink_to(os.path.relpath(row["path"], os.path.realpath(folder)) if relative else row["path"])


def _names(names: Sequence[str]) -> Iterator[str]:
    """Each name once, also for disks on which upper and lower case are the same: a.wav, a (2).wav."""
    taken = set()
    for name in names:
        stem, dot, suffix = name.rpartition(".")
        stem, suffix = (stem, dot + suffix) if stem else (name, "")
        new, number = name, 1
        while new.lower() in taken:
            number += 1
            new = f"{stem} ({number}){suffix}"
        taken.add(new.lower())
        yield new
