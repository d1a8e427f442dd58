"""A search is answered: examples become vectors, an engine gives what is near, and rows are put together."""

from __future__ import annotations

import functools
import operator
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.descriptors.catalogue import GROUPS
from samplemind.errors import ParameterError, printable
from samplemind.library.paths import absolute, to_text
from samplemind.library.query import in_order, orders_of
from samplemind.library.schema import FILES_KEY, SAMPLES_KEY, version_column
from samplemind.library.search.filters import Filter
from samplemind.library.search.hints import hints
from samplemind.library.search.indices import Engine, engine_for
from samplemind.library.search.request import FOUND_COLUMNS, RESULT_COLUMNS, SHOWN_COLUMNS, Example, Search
from samplemind.library.search.resident import Resident
from samplemind.library.search.results import Explanation, Results
from samplemind.library.search.scoring import FloatArray, Neighbours, Sound, Term
from samplemind.library.search.sounds import Heard, aspect_name, hear
from samplemind.library.search.variants import HARMONY, RHYTHM, tempi, transpositions
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.words import Understanding

__all__ = ["run"]

#: How many more are looked at where some of them will be left out; then ever more, until enough are left.
_GENEROUS: Final = 4
#: Who asks for more than so many gets no more than there are.
_MANY: Final = 100_000
#: Of more limits it is not found out which of them leaves nothing.
_MOST_LIMITS: Final = 12
#: A sound that is not liked counts half as much (see scoring.py), also as an aspect of its own.
_UNLIKE: Final = 0.5
_UP_TO: Final = re.compile(r"distance <=? (\d[\d.e+-]*)")


@dataclass
class _Best:
    """The best sounds in their order, before they have rows."""

    near: Neighbours
    score: FloatArray | None = None
    words: list[list[str]] = field(default_factory=list)
    reasons: list[dict[str, float]] = field(default_factory=list)


def run(search: Search) -> Results:
    """See `Search.run`."""
    return search.library.tables.fresh(_run, search)


def _run(tables: Tables, search: Search) -> Results:
    began = time.perf_counter()
    answer = _Answer(search, engine_for(tables))
    frame, ids, reasons = answer.rows()
    answer.told.shown = len(ids)
    if not ids:
        answer.told.notes += answer.whose_fault()
    return Results(frame, ids, answer.told, time.perf_counter() - began, reasons)


class _Answer:
    """One search on its way."""

    def __init__(self, search: Search, engine: Engine) -> None:
        self._search = search
        self._engine = engine
        self._tables = search.library.tables
        self.told = Explanation(engine=type(engine).__name__.lower())
        self._understood = self._read(search.phrase) if search.phrase else None
        self._by_words: set[str] = set()
        #: Examples that a phrase names together: of these the nearest counts.
        self._groups: dict[int, int] = {}
        self._heard = [
            (example, liked, self._hear(example, required))
            for liked in (True, False)
            for required, examples in ((True, search.likes if liked else search.unlikes), (False, self._spoken(liked)))
            for example in examples
        ]
        self._terms = self._make_terms()
        self._stored, self._after = self._conditions()
        self._only = self._among()
        self._check(search.chosen or (), "columns")
        self._chosen = [name for name in search.chosen or FOUND_COLUMNS if name not in SHOWN_COLUMNS]
        self._tell()

    # what is asked

    def _read(self, phrase: str) -> Understanding:
        from samplemind.library.words import understand
        from samplemind.library.words.table import words_of

        understood = understand(phrase, words_of(self._tables).has)
        self.told.phrase, self.told.understood = phrase, understood.spoken()
        return understood

    def _spoken(self, liked: bool) -> list[Example]:
        """Sounds that the phrase names: an id, a path, or words that some sounds have."""
        if self._understood is None:
            return []
        from samplemind.library.words.examples import alike

        found = []
        for part in self._understood.likes:
            if part.negated != liked:
                # A phrase opens no files: what lies elsewhere has to be given as an example.
                is_named = any(map(self._engine.find, (to_text(part.sound), to_text(absolute(part.sound)))))
                names = [part.sound] if is_named else alike(self._tables, self._engine, part, self._understood)
                if not is_named:
                    self._by_words.update(names)
                if not names:
                    self.told.notes.append(f"no sound of the library is at {part.sound!r}, or has these words")
                examples = [Search(self._search.library).like(name).likes[0] for name in names]
                self._groups |= dict.fromkeys(map(id, examples), part.start)
                found += examples
        return found

    def _hear(self, example: Example, required: bool) -> Heard:
        columns = [column for column, _ in example.aspects]
        heard = hear(self._tables, self._engine, example.given, columns, required)
        rest = "it is compared by the others" if heard.vectors else "nothing is compared with it"
        self.told.notes += [f"{note}; {rest}" for note in heard.notes(self._said(example, heard))]
        return heard

    def _said(self, example: Example, heard: Heard) -> str:
        """An example for a person, by its path rather than by its id alone."""
        paths = self._engine.rows([heard.key], [])[FILES_KEY].to_list() if heard.key is not None else []
        said = example.given.said
        if not paths or any(to_text(said) == path or path.endswith(f"/{to_text(said)}") for path in paths):
            return said
        return f"{printable(paths[0])} ({said[:12]})" if str(heard.key).startswith(said) else said

    def _make_terms(self) -> list[Term]:
        likes: dict[str, dict[int, Sound]] = {}
        unlikes: dict[str, dict[int, Sound]] = {}
        for example, liked, heard in self._heard:
            for column, weight in example.aspects:
                if column not in heard.vectors:
                    continue
                sound = Sound(self._variants(column, heard.vectors[column]), weight * example.weight)
                sounds = (likes if liked else unlikes).setdefault(column, {})
                group = self._groups.get(id(example), id(example))
                if group in sounds:
                    sound = Sound(np.concatenate([sounds[group].variants, sound.variants]), sound.weight)
                sounds[group] = sound
        columns = dict.fromkeys([*likes, *unlikes])
        weights = {
            column: sum(sound.weight for sound in likes.get(column, {}).values())
            or _UNLIKE * sum(sound.weight for sound in unlikes[column].values())
            for column in columns
        }
        whole = sum(weights.values())
        return [
            Term(
                column,
                tuple(likes.get(column, {}).values()),
                tuple(unlikes.get(column, {}).values()),
                weights[column] / whole,
            )
            for column in columns
        ]

    def _variants(self, column: str, vector: FloatArray) -> FloatArray:
        if column == HARMONY and self._search.any_transposition:
            return transpositions(np.asarray(vector, np.float32))
        if column == RHYTHM and self._search.any_tempo:
            return tempi(np.asarray(vector, np.float32))
        return np.asarray(vector, np.float32)[np.newaxis]

    def _conditions(self) -> tuple[Filter | None, Filter | None]:
        """What can be asked of the tables, and what only of the answer."""
        asked = [self._search.condition, self._understood.condition if self._understood else None]
        whole: Filter | None = None
        for one in asked:
            whole = one if whole is None else whole if one is None else whole & one
        self.told.filter = None if whole is None else str(whole)
        self.told.notes += hints(whole)
        if whole is None:
            return None, None
        stored, after = whole.split(RESULT_COLUMNS)
        self._check(after.columns if after else (), "where")
        return stored, after

    def _check(self, names: Iterable[str], what: str) -> None:
        """That columns of the answer are among those that it will have."""
        known = SHOWN_COLUMNS if what == "columns" else RESULT_COLUMNS
        for name in sorted(known.intersection(names) - set(self._result_names())):
            have = ", ".join(name for name in self._result_names() if name in known) or "none"
            raise ParameterError(f"{what}: this search has no {name} (of such columns it has {have})")

    def _result_names(self) -> list[str]:
        by_sound = ["distance", *(f"distance_{aspect_name(term.column)}" for term in self._terms)]
        return [*(["score", "words"] if self._understood else []), *(by_sound if self._terms else [])]

    def _among(self) -> list[str] | None:
        """Ids that tags, labels and collections leave; None for all. In the order of the first collection."""
        search, library = self._search, self._search.library
        sets: list[Iterable[str]] = [library.collections.ids(name) for name in search.collections]
        if search.tags:
            sets.append(library.labels.ids_tagged(search.tags))
        sets += [library.labels.ids_labelled(task, value) for task, value in search.labels]
        self.told.among = [
            *(f"collection {name}" for name in search.collections), *(f"tag {name}" for name in search.tags),
            *(f"not tag {name}" for name in search.without_tags),
            *(f"label {task}" + ("" if value is None else f" = {value}") for task, value in search.labels),
        ]  # fmt: skip
        if not sets:
            return None
        first, *rest = sets
        others = [set(ids) for ids in rest]
        return [key for key in dict.fromkeys(first) if all(key in ids for ids in others)]

    def _left_out(self) -> set[str]:
        """The examples themselves, what has tags that are not wanted, and what equals an example."""
        search = self._search
        # Sounds that were only named by their words are themselves among what is looked for.
        out = {heard.key for _, _, heard in self._heard if heard.key is not None} - self._by_words
        if search.without_equal:
            known = self._engine.rows(sorted(out), ["audio_hash"])["audio_hash"].to_list() if out else []
            hashes = {*known, *(heard.audio_hash for _, _, heard in self._heard)} - {None}
            out.update(self._engine.ids(Filter.any_of("audio_hash", sorted(hashes))) if hashes else [])
        for tag in search.without_tags:
            out |= search.library.labels.ids_tagged([tag])
        return out

    def whose_fault(self) -> list[str]:
        """Where nothing fits: without which of the limits something would; told where that is cheap to find out."""
        limits = [(repr(part.text), part.filter()) for part in self._understood.filters] if self._understood else []
        stored, _ = self._search.condition.split(RESULT_COLUMNS) if self._search.condition is not None else (None, None)
        limits += [(str(part), part) for part in stored.parts] if stored is not None else []
        if self._search.skipped or not limits or len(limits) > _MOST_LIMITS or not isinstance(self._engine, Resident):
            return []
        out = self._left_out()
        among = None if self._only is None else set(self._only)

        def fitting(conditions: Sequence[Filter]) -> int:
            whole = functools.reduce(operator.and_, conditions) if conditions else None
            found = set(self._engine.ids(whole)) - out
            return len(found if among is None else found & among)

        if fitting([one for _, one in limits]):
            return []  # it is none of these
        left = [(name, fitting([*(one for _, one in limits[:at]), *(one for _, one in limits[at + 1 :])]))
                for at, (name, _) in enumerate(limits)]  # fmt: skip
        told = [f"without {name} there {'is 1' if count == 1 else f'are {count}'}" for name, count in left if count]
        return [", ".join(told) or "nor does any fit without one of the limits"]

    # how it is answered

    def rows(self) -> tuple[pl.DataFrame, list[str], list[dict[str, float]]]:
        """The rows of the page, their ids, and what the pieces of a phrase gave them."""
        search = self._search
        self._check({name for order in orders_of(search.order, RESULT_COLUMNS) for name in order.by.columns}, "sort")
        if not self._terms and self._understood is None:
            page = self._listed()
            return page.select(self._names()), page[SAMPLES_KEY].to_list(), []
        out = self._left_out()
        wanted = search.skipped + search.count
        if wanted > _MANY:
            wanted = min(wanted, self._tables.samples.count_rows() + 1)
        may_lose = self._after is not None or search.without_equal
        count = wanted * _GENEROUS if may_lose else wanted
        while True:
            best = self._best(count, out)
            found = self._assembled(best)
            if len(found) >= wanted or len(best.near.ids) < count or self._is_beyond(best.near):
                break
            count *= _GENEROUS
        self.told.exact, self.told.candidates = best.near.exact, best.near.candidates
        page = in_order(found.slice(search.skipped, search.count), orders_of(search.order, RESULT_COLUMNS))
        ids = page[SAMPLES_KEY].to_list()
        of_id = dict(zip(best.near.ids, best.reasons, strict=False))
        return page.select(self._names()), ids, [of_id[key] for key in ids] if of_id else []

    def _names(self) -> list[str]:
        """What the answer shows: just what was chosen, where that says which numbers of the answer."""
        chosen = self._search.chosen or ()
        return list(chosen) if SHOWN_COLUMNS.intersection(chosen) else [*self._result_names(), *self._chosen]

    def _best(self, count: int, out: set[str]) -> _Best:
        if self._understood is None:
            return _Best(self._engine.nearest(self._terms, count, self._stored, self._only, out))
        from samplemind.library.words.ranking import rank

        ranked = rank(self._tables, self._engine, self._understood, count, condition=self._stored, ids=self._only,
                      skip=out, terms=self._terms)  # fmt: skip
        self.told.notes = list(dict.fromkeys([*self.told.notes, *ranked.notes]))
        near = Neighbours(ranked.ids, np.zeros(len(ranked.ids), np.float32), np.zeros((len(ranked.ids), 0), np.float32),
                          True, len(ranked.ids))  # fmt: skip
        if self._terms:
            near = Neighbours(ranked.ids, ranked.distance, ranked.by_term, True, len(ranked.ids))
        return _Best(near, ranked.score, ranked.words, ranked.reasons)

    def _is_beyond(self, near: Neighbours) -> bool:
        """Whether nothing farther can fulfill what is asked of the distance."""
        bound = _UP_TO.search(str(self._after)) if self._after is not None and self._understood is None else None
        is_all = self._after is not None and " OR " not in str(self._after) and "NOT " not in str(self._after)
        return bool(bound and is_all and near.distance[-1] > float(bound[1]) * (1 + 1e-6))

    def _assembled(self, best: _Best) -> pl.DataFrame:
        """Rows of sounds, without those that fail what is asked of the answer."""
        import polars as pl

        search = self._search
        wanted = {name for order in orders_of(search.order, RESULT_COLUMNS) for name in order.by.columns}
        wanted |= self._after.columns if self._after else frozenset()
        extra = [*sorted(wanted - RESULT_COLUMNS), *(["audio_hash"] if search.without_equal else [])]
        rows = self._files(best.near.ids, [*self._chosen, *extra])
        at = {key: place for place, key in enumerate(best.near.ids)}
        order = np.array([at[key] for key in rows[SAMPLES_KEY].to_list()], np.int64)
        values: dict[str, Any] = {}
        if best.score is not None:
            values |= {"score": best.score[order], "words": [best.words[place] for place in order]}
        if self._terms:
            values["distance"] = best.near.distance[order]
            for number, term in enumerate(self._terms):
                values[f"distance_{aspect_name(term.column)}"] = best.near.by_term[order, number]
        types = {"words": pl.List(pl.String)}
        rows = rows.with_columns([pl.Series(name, value, types.get(name)) for name, value in values.items()])
        if self._after is not None:
            rows = rows.filter(self._after.expression())
        return self._without_equal(_first_files(rows))

    def _without_equal(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Of sounds with the same samples the first, where that is asked for."""
        if not self._search.without_equal:
            return rows
        return rows.filter(rows["audio_hash"].is_null() | rows["audio_hash"].is_first_distinct())

    def _files(self, ids: Sequence[str], columns: Sequence[str]) -> pl.DataFrame:
        """The files of sounds that fit what can be asked of the tables."""
        condition = self._stored if self._stored is not None and not self._stored.is_of_samples else None
        return self._engine.rows(ids, list(dict.fromkeys([SAMPLES_KEY, FILES_KEY, *columns])), condition)

    def _listed(self) -> pl.DataFrame:
        """Nothing says what is best: by the order that is asked for, that of a collection, or that of paths."""
        search = self._search
        out = self._left_out()
        ids = [key for key in self._engine.ids(self._stored) if key not in out]
        if self._only is not None:
            fitting = set(ids)
            ids = [key for key in self._only if key in fitting]
        self.told.candidates = len(ids)
        orders = orders_of(search.order, RESULT_COLUMNS)
        needed = {name for order in orders for name in order.by.columns}
        needed |= {"audio_hash"} if search.without_equal else set()
        rows = _first_files(self._files(ids, sorted(needed)))
        if orders or not search.collections:
            rows = in_order(rows.sort(FILES_KEY), orders)
        page = self._without_equal(rows)[SAMPLES_KEY].slice(search.skipped, search.count)
        return _first_files(self._files(page.to_list(), self._chosen))

    def _of_other_versions(self) -> int:
        """How many sounds have vectors that this program would make otherwise; counted once for each state."""
        versions = self._tables.versions()
        if self._tables.kept.get("versions of vectors", (None, 0))[0] != versions:
            rows = self._tables.read(self._tables.samples, [version_column("vectors")])[version_column("vectors")]
            count = int((rows.drop_nulls() != GROUPS["vectors"]).sum())
            self._tables.kept["versions of vectors"] = versions, count
        found: tuple[Any, int] = self._tables.kept["versions of vectors"]
        return found[1]

    def _tell(self) -> None:
        search, told = self._search, self.told
        told.likes = [self._said(example, heard) for example, liked, heard in self._heard if liked]
        told.unlikes = [self._said(example, heard) for example, liked, heard in self._heard if not liked]
        told.aspects = {aspect_name(term.column): round(term.weight, 6) for term in self._terms}
        columns = {term.column for term in self._terms}
        if self._terms and (other := self._of_other_versions()):
            told.notes.append(f"the vectors of {other} sounds are of another version than this program makes them; "
                              "distances to them mean little until their folders are ingested anew")  # fmt: skip
        told.tolerant = [
            *(["harmony in any key"] if search.any_transposition and HARMONY in columns else []),
            *(["rhythm at half to double tempo"] if search.any_tempo and RHYTHM in columns else []),
        ]
        first = "best match first" if self._understood else "nearest first" if self._terms else ""
        by = search.order or ("as in the collection" if search.collections and not first else "")
        told.order = ", the page sorted by ".join(filter(None, [first, by])) if first else by or "path"


def _first_files(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a sound: that of its first file."""
    ids = rows[SAMPLES_KEY]
    return rows if ids.n_unique() == len(rows) else rows.filter(ids.is_first_distinct())
