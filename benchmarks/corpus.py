"""What the scripts here share about labelled corpora."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samplemind.audio.clip import Clip

__all__ = ["is_free", "labelled", "labels_of", "on_one_core", "sound_paths"]

_FREE = re.compile(r"CC0|public domain|unlicense|CC BY|\bMIT\b|apache|BSD|GPL|GNU", re.IGNORECASE)
_NOT_FREE = re.compile(r"none stated|\bNC\b|custom")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")


def is_free(licence: str) -> bool:
    """Say whether a model that is shipped may learn from sounds of this licence."""
    return bool(_FREE.search(licence)) and not _NOT_FREE.search(licence)


def labels_of(corpus: Path) -> list[dict[str, str]]:
    """Rows of the table of a corpus.

    Parameters
    ----------
    corpus : Path
        Folder with `labels.csv`, or that file.

    Raises
    ------
    SystemExit
        Where there is none.
    """
    labels = corpus / "labels.csv" if corpus.is_dir() else corpus
    if not labels.is_file():
        raise SystemExit(f"{labels}: no such file; give the folder of a labelled corpus, or its labels.csv")
    with labels.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def sound_paths(corpus: Path, every: int = 1, leave_out: tuple[str, ...] = (".m4a",)) -> list[Path]:
    """Every so many-th sound of a labelled corpus.

    Parameters
    ----------
    corpus : Path
        Folder with `labels.csv`.
    every : int
    leave_out : tuple of str
        Suffixes that not all tools read: they would compare unlike work.
    """
    paths = [corpus / row["path"] for row in labels_of(corpus)]
    return [path for path in paths if path.suffix.lower() not in leave_out][::every]


def on_one_core(environment: MutableMapping[str, str] = os.environ) -> None:
    """Tell every library to use one thread; what is imported already does not hear of it."""
    environment.update(dict.fromkeys(_THREADS, "1"))


def labelled(labels: Path, column: str) -> Iterator[tuple[dict[str, str], Clip]]:
    """Decode the files of a table that have a label in `column`; those that cannot be decoded are left out."""
    from samplemind.audio.decode import decode
    from samplemind.errors import AudioError

    for row in labels_of(labels):
        if row[column]:
            try:
                yield row, decode(labels.parent / row["path"])
            except AudioError:
                continue
