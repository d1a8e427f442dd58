"""The table `words` and its full-text index: kept fresh by what changed, and asked for sounds by their words.

Whoever only reads a library, or comes while another process writes the table, has what is missing there in memory, in a
table of the same form.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from samplemind.errors import LibraryError
from samplemind.library.labels import Labels
from samplemind.library.lock import people_lock
from samplemind.library.schema import SAMPLES_KEY, meta_schema, record_batch, words_schema
from samplemind.library.tables import Tables, quoted
from samplemind.library.words.sources import FIELDS, VERSION, Sources, by_field
from samplemind.library.words.text import LONGEST

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

__all__ = ["Found", "WordIndex", "merged", "refresh_words", "words_of"]

_INDEX, _ID_INDEX = "words_idx", "id_idx"
#: A table is put in order when so many rows, or this share of them, are not in its index yet.
_UNINDEXED: Final = 2000
_UNINDEXED_SHARE: Final = 0.1
_DELETE_ROWS: Final = 5000
#: From so many rows on, rows are found by an index of ids.
_ROWS_BY_INDEX: Final = 20_000
#: From so many rows on, `meta` says of which state the table is, as to compare all rows would take long.
_NOTED: Final = 20_000
_NOTE: Final = "words"
#: Of a longer list of words the rest is not looked up.
_MOST_WORDS: Final = 32


@dataclass(frozen=True)
class Found:
    """Sounds that have some of the words, the best match first.

    Attributes
    ----------
    ids : list of str
    score : numpy.ndarray [shape=(n,)]
        BM25 (Robertson & Zaragoza 2009), 0 or more.
    texts : list of dict of str to str
        The words of each by field (`FIELDS`), separated by spaces.
    is_all : bool
        Whether no other sound has any of the words.
    """

    ids: list[str] = field(default_factory=list)
    score: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    texts: list[dict[str, str]] = field(default_factory=list)
    is_all: bool = True


def merged(one: Found, other: Found) -> Found:
    """Sounds that either has, with the better score; the best match first."""
    rows = {key: (score, text) for key, score, text in zip(other.ids, other.score, other.texts, strict=True)}
    for key, score, text in zip(one.ids, one.score, one.texts, strict=True):
        if key not in rows or score > rows[key][0]:
            rows[key] = (score, text)
    best = sorted(rows, key=lambda key: (-rows[key][0], key))
    score = np.array([rows[key][0] for key in best], np.float32)
    return Found(best, score, [rows[key][1] for key in best], one.is_all and other.is_all)


class WordIndex:
    """Looks up words in names, folders, tags, labels and comments of the sounds of a library.

    Parameters
    ----------
    tables : Tables
        In the state that `Tables.refresh` opened last.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._sources = Sources(tables, Labels(tables))
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._open: list[Any] = []
        self._extra: Any = None
        self._gone: frozenset[str] = frozenset()

    def refresh(self, wait_s: float = 10.0) -> None:
        """Bring the table up to date with files and labels; only rows of sounds whose words changed are written.

        Parameters
        ----------
        wait_s : float
            How long to wait for a process that writes it, too.

        Raises
        ------
        LibraryError
            When it cannot be written: it is being written to, or may only be read.
        """
        with self._lock:
            self._write(self._delta(), wait_s)

    def find(self, words: Sequence[str], count: int, *, all_of: bool = False, fuzzy: bool = False) -> Found:
        """The sounds that have some (or all) of the words.

        Parameters
        ----------
        words : sequence of str
            As `text.tokens` gives them.
        count : int
            How many at most.
        all_of : bool
        fuzzy : bool
            Also words that differ by a letter (by two, if they have eight letters or more).
        """
        wanted = [word for word in dict.fromkeys(words) if 0 < len(word) <= LONGEST][:_MOST_WORDS]
        if not wanted or count < 1 or (all_of and any(len(word) > LONGEST for word in words)):
            return Found()
        hits = [hit for table in self._fresh() for hit in self._ask(table, wanted, count, all_of, fuzzy)]
        # Of equal scores in order of the ids, so that every question has one answer.
        best = sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:count]
        score = np.array([hit[1] for hit in best], np.float32)
        return Found([hit[0] for hit in best], score, [hit[2] for hit in best], len(hits) < count)

    def has(self, word: str) -> bool:
        """Whether any sound has a word."""
        return bool(self.find([word], 1).ids)

    def texts(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """The words of sounds by field (`FIELDS`), separated by spaces; those without any are left out."""
        found: dict[str, dict[str, str]] = {}
        if ids:
            for table in self._fresh():
                rows = self._tables.read(table, [SAMPLES_KEY, *FIELDS], f"id IN ({quoted(list(ids))})")
                for row in rows.iter_rows(named=True):
                    key = row.pop(SAMPLES_KEY)
                    if table is self._extra or key not in self._gone:
                        found[key] = row
        return found

    def _ask(self, table: Any, words: Sequence[str], count: int, all_of: bool,
             fuzzy: bool) -> Iterator[tuple[str, float, dict[str, str]]]:  # fmt: skip
        """Id, score and texts of what one table has."""
        # What is not in the table any more as it stands there takes places of others.
        is_old = bool(self._gone) and table is not self._extra
        limit = count + len(self._gone) if is_old else count
        with self._tables.guard():
            rows = table.search(_query(words, all_of, fuzzy), query_type="fts").limit(limit)
            # Columns are fetched by the numbers of the rows, as few as will do: every one costs.
            found = rows.with_row_id(True).select(["_score"]).to_arrow()
            if not found.num_rows:
                return
            score = dict(zip(found["_rowid"].to_pylist(), found["_score"].to_pylist(), strict=True))
            taken = table.take_row_ids(list(score)).with_row_id().select([SAMPLES_KEY, "words"]).to_arrow()
        for row in taken.to_pylist():
            key = row.pop(SAMPLES_KEY)
            if not (is_old and key in self._gone):
                yield key, score[row["_rowid"]], by_field(row["words"])

    def _fresh(self) -> list[Any]:
        """The tables that hold the words of all sounds as they are now."""
        with self._lock:
            if self._seen is None or self._seen != self._versions():
                self._catch_up()
            return self._open

    def _versions(self) -> tuple[int, int, int]:
        labels, words = self._tables.extra("labels"), self._table()
        return (
            int(self._tables.files.version), int(labels.version) if labels is not None else 0,
            int(words.version) if words is not None else 0,
        )  # fmt: skip

    def _table(self) -> Any | None:
        return self._tables.extra("words")

    def _catch_up(self) -> None:
        """Write what is missing, or, where that cannot be, have it in memory."""
        if self._table() is not None and self._tables.facts().get(_NOTE) == self._state():
            self._settle(None, frozenset())
            return
        delta = self._delta()
        if not delta:
            self._keep(delta)
            with contextlib.suppress(LibraryError), people_lock(self._tables.folder, self._tables.uri, 0.0):
                self._note()
            return
        try:
            self._write(delta, 0.0)
        except LibraryError:
            self._keep(delta)

    def _delta(self) -> _Delta:
        import polars as pl

        now = self._sources.digests()
        table = self._table()
        if table is None:
            return _Delta(now, [])
        with self._tables.guard():
            table.checkout_latest()
            if table.count_rows() and table.index_stats(_INDEX) is None:
                # Its making was broken off: of no use to who looks for words.
                stored = table.search().select([SAMPLES_KEY]).limit(None).to_arrow()[SAMPLES_KEY].to_pylist()
                return _Delta(now, [], stored)
        stored = self._tables.read(table, [SAMPLES_KEY, "source"])
        changed = now.join(stored, [SAMPLES_KEY, "source"], "anti")
        gone = stored.join(now, SAMPLES_KEY, "anti")[SAMPLES_KEY].to_list()
        replaced = changed.join(stored, SAMPLES_KEY, "semi")[SAMPLES_KEY].to_list()
        return _Delta(changed.sort(pl.col(SAMPLES_KEY)), gone, replaced)

    def _write(self, delta: _Delta, wait_s: float) -> None:
        tables = self._tables
        with people_lock(tables.folder, tables.uri, wait_s), tables.guard():
            table = self._table()
            if table is None and delta:
                table = tables.ensure("words")
            if table is not None and delta:
                delta = self._delta()  # what another process has written meanwhile
                if len(delta.gone) + len(delta.replaced) > table.count_rows() / 2:
                    table.delete("true")  # nearly all: to name each would take longer than to write all anew
                    delta = self._delta()
                # Old rows go first: who reads between the two takes the sounds for missing, and looks for itself.
                for ids in _parts([*delta.gone, *delta.replaced]):
                    table.delete(f"id IN ({quoted(ids)})")
                for rows in self._sources.rows(delta.changed):
                    table.add(_arrow(rows))
                _index(table)
            self._settle(None, frozenset())
            self._note()

    def _state(self) -> str:
        """What the words come from, and the table that they are in."""
        return json.dumps([VERSION, *self._versions()])

    def _note(self) -> None:
        """Say in `meta` that the table, as it is open now, has the words of all; only for who holds the lock."""
        table, meta, state = self._table(), self._tables.meta, self._state()
        with self._tables.guard():
            if table is None or table.count_rows() < _NOTED or self._tables.facts().get(_NOTE) == state:
                return
            row = _noted(state)
            meta.merge_insert("key").when_matched_update_all().when_not_matched_insert_all().execute(row)

    def _settle(self, extra: Any, gone: frozenset[str]) -> None:
        self._extra, self._gone = extra, gone
        self._open = [table for table in (self._table(), extra) if table is not None and table.count_rows()]
        self._seen = self._versions()

    def _keep(self, delta: _Delta) -> None:
        """Hold in memory what the table lacks."""
        extra = None
        if len(delta.changed):
            import lancedb
            import pyarrow as pa

            rows = pa.concat_tables(map(_arrow, self._sources.rows(delta.changed)))
            extra = lancedb.connect("memory://").create_table("words", rows, mode="overwrite")
            _index(extra)
        self._settle(extra, frozenset([*delta.gone, *delta.replaced]))


@dataclass(frozen=True)
class _Delta:
    """What the table lacks: sounds with new words, sounds that are gone, and those of the new that it has otherwise."""

    changed: pl.DataFrame
    gone: list[str]
    replaced: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(len(self.changed) or self.gone)


def _arrow(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches([record_batch(rows, words_schema())])


def _noted(state: str) -> pa.Table:
    import pyarrow as pa

    return pa.table({"key": [_NOTE], "value": [state]}, schema=meta_schema())


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _DELETE_ROWS):
        yield ids[start : start + _DELETE_ROWS]


def _index(table: Any) -> None:
    """Make the index, or take new rows into it when they are many; it is asked beside them while they are few."""
    from lancedb.index import FTS, BTree

    if not table.count_rows():
        return
    stats = table.index_stats(_INDEX)
    if stats is None:
        # The words are ours already, one between each two spaces.
        config = FTS(base_tokenizer="whitespace", max_token_length=LONGEST + 1, lower_case=False, stem=False,
                     remove_stop_words=False, ascii_folding=False, with_position=False)  # fmt: skip
        table.create_index("words", config=config, name=_INDEX)
    elif stats.num_unindexed_rows > max(_UNINDEXED, _UNINDEXED_SHARE * stats.num_indexed_rows):
        table.optimize()
    if table.count_rows() >= _ROWS_BY_INDEX and table.index_stats(_ID_INDEX) is None:
        table.create_index(SAMPLES_KEY, config=BTree(), name=_ID_INDEX)


def _query(words: Iterable[str], all_of: bool, fuzzy: bool) -> Any:
    from lancedb.query import BooleanQuery, FullTextOperator, MatchQuery, Occur

    match: Any = MatchQuery  # its fields are not typed as optional, but are
    if not fuzzy:
        operator = FullTextOperator.AND if all_of else FullTextOperator.OR
        return match(" ".join(words), "words", operator=operator)
    occur = Occur.MUST if all_of else Occur.SHOULD
    return BooleanQuery([(occur, match(word, "words", fuzziness=_letters(word), prefix_length=1)) for word in words])


def _letters(word: str) -> int:
    """How many letters may differ."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def refresh_words(tables: Tables) -> None:
    """Bring the words of a library up to date after a change; what cannot be written now is so at the next question."""
    with contextlib.suppress(LibraryError):
        words_of(tables).refresh()


def words_of(tables: Tables) -> WordIndex:
    """The index of a library; one for all who ask."""
    index: WordIndex = tables.kept.setdefault("words", WordIndex(tables))
    return index
