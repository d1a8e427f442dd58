"""What the words of a sound come from: its paths, and what people and models said of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from samplemind.library.labels import Labels
from samplemind.library.schema import SAMPLES_KEY
from samplemind.library.tables import Tables, quoted
from samplemind.library.words.text import pieces, tokens

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FIELDS", "VERSION", "Row", "Sources", "by_field"]

#: Where a word stands, what counts most first.
FIELDS: Final = ("tags", "labels", "names", "folders", "comments")
#: Raised when the same texts give other words than before.
VERSION: Final = 3
#: Tasks of labels whose values are no words.
_NUMBERS: Final = ("bpm", "rating", "midi_note", "note_number")
_COMMENTS: Final = ("note", "comment")
_AT_ONCE: Final = 5000
#: Between texts that are not to be read as one.
_BREAK: Final = "|"

Row = dict[str, Any]


class Sources:
    """The texts of the tables as they are open now.

    Parameters
    ----------
    tables : Tables
    labels : Labels
    """

    def __init__(self, tables: Tables, labels: Labels) -> None:
        self._tables = tables
        self._labels = labels

    def digests(self) -> pl.DataFrame:
        """A number for each sound that lies somewhere, another one when its words may be others.

        Returns
        -------
        polars.DataFrame
            Columns `id` and `source`.
        """
        import polars as pl

        files = self._tables.read(self._tables.files, [SAMPLES_KEY, "path", "root"])
        said = self._said()
        parts = [
            files.select(SAMPLES_KEY, source=pl.concat_str("path", "root", separator="\n").hash(VERSION)),
            said.select(SAMPLES_KEY, source=pl.concat_str("task", "value", separator="\n").hash(VERSION)),
        ]
        # Sums wrap around, and do not depend on the order.
        sums = pl.concat(parts).group_by(SAMPLES_KEY).agg(pl.col("source").reinterpret(signed=True).sum())
        return sums.join(files.select(SAMPLES_KEY).unique(), SAMPLES_KEY, "semi")

    def rows(self, digests: pl.DataFrame) -> Iterable[list[Row]]:
        """The rows of the table `words` of some sounds, a few thousand at a time."""
        import polars as pl

        said = self._said()
        for start in range(0, len(digests), _AT_ONCE):
            part = digests[start : start + _AT_ONCE]
            ids = part[SAMPLES_KEY]
            # A long list of ids costs more than to read the table.
            where = f"id IN ({quoted(ids.to_list())})" if len(digests) <= _AT_ONCE else None
            if where is not None or start == 0:
                files = self._tables.read(self._tables.files, [SAMPLES_KEY, "path", "root"], where)
            of = files.join(part, SAMPLES_KEY, "semi").sort("path").group_by(SAMPLES_KEY).agg("path", "root")
            labels = said.join(part, SAMPLES_KEY, "semi").group_by(SAMPLES_KEY).agg("task", "value")
            together = part.join(of, SAMPLES_KEY, "left").join(labels, SAMPLES_KEY, "left")
            yield [_row(*row) for row in together.select(
                SAMPLES_KEY, "source", "path", "root", pl.col("task").fill_null([]), pl.col("value").fill_null([])
            ).iter_rows()]  # fmt: skip

    def _said(self) -> pl.DataFrame:
        import polars as pl

        now = self._labels.current().select(SAMPLES_KEY, "task", "value")
        return now.filter(~pl.col("task").is_in(_NUMBERS) & pl.col("value").is_not_null())


def by_field(words: str) -> dict[str, str]:
    """The column `words` taken apart again, into the words of each field."""
    return dict(zip(FIELDS, map(str.strip, words.split(_BREAK)), strict=False))


def _row(key: str, source: int, paths: Sequence[str] | None, roots: Sequence[str] | None, tasks: Sequence[str],
         values: Sequence[str]) -> Row:  # fmt: skip
    names: list[str] = []
    folders: list[str] = []
    for path, root in zip(paths or (), roots or (), strict=True):
        beneath, _, name = path.rpartition("/")
        stem = name.rpartition(".")[0] or name
        # The name of the root itself says something, what is above it does not.
        top = (root.rpartition("/")[0] if root == path else root).rpartition("/")[0]
        folder = beneath[len(top) :] if beneath.startswith(top) else beneath
        names += [] if stem in names else [stem]
        folders += [] if folder in folders else [folder]
    said = list(zip(tasks, values, strict=True))
    texts = {
        "names": names,
        "folders": folders,
        "tags": sorted(value for task, value in said if task == "tag"),
        "labels": sorted(value for task, value in said if task not in ("tag", *_COMMENTS)),
        "comments": sorted(value for task, value in said if task in _COMMENTS),
    }
    words = [" ".join(dict.fromkeys(word for text in texts[field] for word in tokens(text))) for field in FIELDS]
    shown = {field: f" {_BREAK} ".join(" ".join(pieces(text)) for text in texts[field]) for field in FIELDS}
    return {SAMPLES_KEY: key, **shown, "words": _BREAK.join(f" {text} " for text in words).strip(), "source": source}
