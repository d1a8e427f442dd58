"""JAMS, the JSON Annotated Music Specification (Humphrey et al. 2014, ISMIR), version 0.3.

Read and written directly: the package `jams` needs pandas, mir_eval and more, for a file that is a page of JSON. Of its
namespaces tags are `tag_open`, tempi `tempo`, keys `key_mode`; every other task is `tag_open` as well, and the sandbox
of the annotation has its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import ParameterError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_jams", "write_jams"]

_VERSION: Final = "0.3.4"
_NAMESPACES: Final = {"bpm": "tempo", "key": "key_mode"}
_TASKS: Final = {"tempo": "bpm", "key_mode": "key"}


def write_jams(rows: Iterable[Mapping[str, Any]], path: str, duration_s: float, out: Path) -> None:
    """Write what holds of one sound.

    Parameters
    ----------
    rows : iterable of mapping
        Of the current view.
    path, duration_s
        Of the sound.
    out : pathlib.Path
    """
    annotations: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["task"], row["source"], row["author"], row["version"])
        if key not in annotations:
            annotations[key] = _annotation(row, duration_s)
        value: Any = row["value"]
        if row["task"] == "bpm":
            value = float(value)
        annotations[key]["data"].append(
            {"time": 0.0, "duration": duration_s, "value": value, "confidence": row["confidence"]}
        )
    document = {
        "annotations": list(annotations.values()),
        "file_metadata": {"title": Path(path).stem, "artist": "", "release": "", "duration": duration_s,
                          "identifiers": {}, "jams_version": _VERSION},
        "sandbox": {"samplemind": {"id": rows_id(annotations), "path": path}},
    }  # fmt: skip
    out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def rows_id(annotations: Mapping[tuple[Any, ...], Mapping[str, Any]]) -> str | None:
    """Id of the sound that annotations are about."""
    return next((str(one["sandbox"]["samplemind"]["id"]) for one in annotations.values()), None)


def _annotation(row: Mapping[str, Any], duration_s: float) -> dict[str, Any]:
    return {
        "namespace": _NAMESPACES.get(row["task"], "tag_open") if _is_plain(row) else "tag_open",
        "annotation_metadata": {
            "curator": {"name": "", "email": ""}, "annotator": {"name": row["author"]}, "version": row["version"] or "",
            "corpus": "", "annotation_tools": "samplemind", "annotation_rules": "", "validation": "",
            "data_source": "program" if row["source"] == "model" else "manual",
        },
        "data": [], "time": 0.0, "duration": duration_s,
        "sandbox": {"samplemind": {"task": row["task"], "id": row["id"]}},
    }  # fmt: skip


def _is_plain(row: Mapping[str, Any]) -> bool:
    """Whether a value fits the namespace of its task."""
    if row["task"] != "bpm":
        return ":" in row["value"] if row["task"] == "key" else True
    try:
        return float(row["value"]) >= 0
    except ValueError:
        return False


def read_jams(path: Path) -> pl.DataFrame:
    """Rows as `exchange.read_csv` gives them; annotations in other namespaces are left out.

    Raises
    ------
    ParameterError
        For a file that is no JAMS.
    """
    import polars as pl

    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        annotations = document["annotations"]
        about = document.get("sandbox", {}).get("samplemind", {})
        rows = [row for one in annotations for row in _rows_of(one)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParameterError(f"{path}: cannot be read as JAMS ({type(error).__name__}: {error})") from None
    # Of other programs: the sound is the file of the same name beside it.
    sound = {"id": about.get("id"), "path": about.get("path") or str(path.with_suffix(""))}
    names = ("id", "path", "task", "value", "source", "author", "version")
    schema = {**dict.fromkeys(names, pl.String), "confidence": pl.Float64}
    return pl.DataFrame([{**sound, **row} for row in rows], schema=schema)


def _rows_of(annotation: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    space = str(annotation["namespace"])
    task = annotation.get("sandbox", {}).get("samplemind", {}).get("task")
    if task is None:
        task = _TASKS.get(space, "tag" if space.startswith("tag_") else None)
    if task is None:
        return
    about = annotation.get("annotation_metadata", {})
    source = "model" if about.get("data_source") == "program" else "person"
    author = about.get("annotator", {}).get("name") or about.get("curator", {}).get("name") or None
    for entry in annotation["data"]:
        value, sure = entry["value"], entry.get("confidence")
        text = f"{value:g}" if isinstance(value, float) else str(value)
        sure = float(sure) if isinstance(sure, int | float) and 0 <= sure <= 1 else None
        yield {"task": task, "value": text, "source": source, "author": author, "version": about.get("version") or None,
               "confidence": sure}  # fmt: skip
