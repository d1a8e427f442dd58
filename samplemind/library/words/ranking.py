"""One order out of words, sorts of sound, directions and nearness.

Each piece of a phrase gives every sound a score from 0 to 1, and the whole is their weighted geometric mean, so that
what lacks one thing is not made up for by plenty of another::

    score = exp(sum w log(e + s) / sum w)            e = 0.02

    words      BM25 over the best match                                             w = 2
    sort       heard class, claimed class and words as independent hints            w = 2
    direction  smooth share of the sounds that have less, of that sort if one is    w = 1
    nearness   1 - distance, not below 0                                            w = 3
    like       0.3 to 1 by BM25 of the words of what it is to be like               w = 1

Of n sorts each weighs 2 / sqrt(n). A sound that shows nothing of a sort that is asked for, and has none of the words,
is not found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from samplemind.library.tables import Tables
from samplemind.library.words.hits import Hits, words_in
from samplemind.library.words.parts import Like, Part, Sort, Target, Understanding, Words
from samplemind.library.words.scales import scales_of
from samplemind.library.words.sources import FIELDS
from samplemind.library.words.spelling import nearest
from samplemind.library.words.table import Found, WordIndex, merged, words_of
from samplemind.library.words.text import pieces, tokens

if TYPE_CHECKING:
    from samplemind.library.search.filters import Filter
    from samplemind.library.search.indices import Engine
    from samplemind.library.search.scoring import Term

__all__ = ["WEIGHTS", "Ranked", "rank"]

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
#: Of every piece (or a name): the score of each sound, and what it weighs.
Scores = dict[Any, tuple[Floats, float]]

#: What each sort of piece weighs.
WEIGHTS: Final = {"words": 2.0, "sort": 2.0, "direction": 1.0, "nearness": 3.0, "like": 1.0}
#: What a sound is worth at least by the words of "like 808": it may be alike without being called so.
_UNCALLED: Final = np.float32(0.3)
_FLOOR: Final = np.float32(0.02)
#: From here on a sound shows something of a sort.
_SHOWS: Final = 0.1
#: What is like something that must not be there, at this chance, is left out.
_EXCLUDED: Final = 0.5
#: So many sounds are looked up by their words for each one that is asked for: at least so many, fewer in a large
#: library, where each costs; in few steps, so that the next page is ranked like the one before.
_EACH: Final = 2
_LEAST, _LEAST_OF_MANY, _STEP = 400, 64, 4
_MANY: Final = 100_000
#: Where words have to stand there, or must not, this many are looked at.
_REQUIRED: Final = 5000
#: From so many sounds of a sort on, directions are meant among them.
_AMONG: Final = 30


@dataclass
class Ranked:
    """What fits best first.

    Attributes
    ----------
    ids : list of str
    score : numpy.ndarray [shape=(n,)]
        0 to 1.
    words : list of list of str
        For each sound which words stand where, as ``"kick (names)"``; in libraries of more than 100,000 sounds only
        of those that match best by words.
    reasons : list of dict of str to float
        For each sound the score of each piece, by how the piece was written, and of its nearness.
    notes : list of str
        What a person should know of the words: which no sound has, and what they were read as.
    distance : numpy.ndarray [shape=(n,)]
    by_term : numpy.ndarray [shape=(n, terms)]
        As the engine gives them; empty without terms.
    """

    ids: list[str] = field(default_factory=list)
    score: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    words: list[list[str]] = field(default_factory=list)
    reasons: list[dict[str, float]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    distance: Floats = field(default_factory=lambda: np.empty(0, np.float32))
    by_term: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))


def rank(
    tables: Tables,
    engine: Engine,
    understood: Understanding,
    count: int,
    *,
    condition: Filter | None = None,
    ids: Collection[str] | None = None,
    skip: Collection[str] = (),
    terms: Sequence[Term] = (),
) -> Ranked:
    """The sounds that fit a phrase best.

    Parameters
    ----------
    tables : Tables
    engine : Engine
        In the same state.
    understood : Understanding
        Its words, sorts and directions; its limits have to be in `condition`, what is to be alike in `terms`.
    count : int
        How many at most.
    condition : Filter, optional
        What has to be true.
    ids : collection of str, optional
        Only these.
    skip : collection of str
        None of these.
    terms : sequence of Term
        How near they are counts, too.
    """
    return _Ranking(tables, engine, understood, count, condition, ids, skip, terms).result()


class _Ranking:
    """One question."""

    def __init__(self, tables: Tables, engine: Engine, understood: Understanding, count: int,
                 condition: Filter | None, ids: Collection[str] | None, skip: Collection[str],
                 terms: Sequence[Term]) -> None:  # fmt: skip
        self._engine = engine
        self._index: WordIndex = words_of(tables)
        self._columns = engine.memory()
        self._scales = scales_of(tables, engine)
        self._understood = understood
        self._count = max(count, 0)
        self._terms = list(terms)
        self._condition = condition
        self._only = ids
        self._skip = skip
        self._reach = _LEAST if self._columns.size <= _MANY else _LEAST_OF_MANY
        while self._reach < _EACH * self._count:
            self._reach *= _STEP
        self._notes: list[str] = []
        self._called: dict[Like, Floats] = {}
        self._distance: Floats = np.empty(0, np.float32)
        self._by_term: Floats = np.empty((0, 0), np.float32)

    def result(self) -> Ranked:
        """Rank."""
        understood = self._understood
        if (
            not self._terms
            and self._condition is None
            and self._only is None
            and not (set(understood.parts) - set(understood.likes))
        ):
            return Ranked()  # nothing says what to look for
        fits = self._fitting()
        hits, fits = self._hits(fits)
        at = self._places(fits, hits)
        sorts = {part: self._sort(part, at, hits) for part in self._understood.sorts}
        wanted = [chance for part, chance in sorts.items() if not part.negated]
        unwanted = [chance for part, chance in sorts.items() if part.negated]
        stays = np.ones(len(at), bool)
        if wanted:
            shows = np.logical_or.reduce([chance >= _SHOWS for chance in wanted])
            stays &= shows | (hits.bm25[at] > 0)
        elif self._plain() and not self._understood.targets and not self._terms:
            stays &= hits.bm25[at] > 0
        for chance in unwanted:
            stays &= chance < _EXCLUDED
        if not stays.all():
            at, sorts = at[stays], {part: chance[stays] for part, chance in sorts.items()}
        scores = self._scores(at, sorts, hits)
        if self._terms:
            at, scores = self._with_nearness(at, scores, fits)
        total = _together(scores, len(at))
        best = _best(total, self._count)
        ranked = self._told(
            at[best], total[best], {part: (score[best], w) for part, (score, w) in scores.items()}, hits
        )
        if self._terms:
            ranked.distance, ranked.by_term = self._distance[best], self._by_term[best]
        return ranked

    def _plain(self) -> list[Words]:
        return [part for part in self._understood.texts if not part.place and not part.negated]

    def _fitting(self) -> npt.NDArray[np.bool_]:
        columns = self._columns
        fits = columns.placed if self._condition is None else columns.fitting(self._condition)
        if self._only is not None:
            chosen = np.zeros(columns.size, bool)
            chosen[columns.at(list(self._only))] = True
            fits = fits & chosen
        if self._skip:
            fits = fits.copy()
            fits[columns.at(list(self._skip))] = False
        return fits

    def _hits(self, fits: npt.NDArray[np.bool_]) -> tuple[Hits, npt.NDArray[np.bool_]]:
        """What the words of the phrase are found in; and who has what has to be there, and not what must not."""
        hits = Hits(self._columns.size)
        for part in self._understood.texts:
            if part.place or part.negated:
                kept = self._having(part)
                fits = fits & (~kept if part.negated else kept)
        plain = self._plain()
        count = self._reach
        if plain:
            hits.take(self._columns, self._look_up(plain, count), True)
        sorts = self._understood.sorts
        others = [
            word for sort in sorts for word in (*sorted(sort.words), *(w for s in sort.specific for w in s.split()))
        ]
        others += [word for target in self._understood.targets for word in pieces(target.text)]
        for like in self._understood.likes:
            if not like.negated and "/" not in like.sound:
                found = self._index.find(pieces(like.sound.rpartition(".")[0] or like.sound), count)
                there = self._columns.places(found.ids)
                called = np.zeros(self._columns.size, np.float32)
                called[there[there >= 0]] = found.score[there >= 0]
                self._called[like] = called / np.float32(called.max(initial=0) or 1)
        # Without words of their own these are looked up: tags and labels say what no ear can hear.
        if not plain and others:
            hits.take(self._columns, self._index.find(others, count), False)
        return hits, fits

    def _look_up(self, plain: Sequence[Words], count: int) -> Found:
        wanted = [word for part in plain for word in part.looked_up]
        found = self._index.find(wanted, count)
        for part in plain:
            if part.together:
                found = merged(found, self._index.find(part.together, count, all_of=True))
        there = frozenset().union(*map(words_in, found.texts))
        missing = [part for part in plain if not there.intersection(part.looked_up)]
        missing = [part for part in missing if not there.issuperset(part.together or ("",))]
        missing = [part for part in missing if not any(map(self._index.has, part.looked_up))]
        near: list[str] = []
        for part in missing:
            meant = self._mistyped(part.words[0])
            self._notes.append(
                f"no sound has the word {part.said}" + (f"; {meant} is looked up instead" if meant else "")
            )
            near += [meant] if meant else []
        return self._index.find([*wanted, *near], count) if near else found

    def _mistyped(self, word: str) -> str | None:
        if len(word) < 4:
            return None
        found = self._index.find([word], _LEAST, fuzzy=True)
        words = sorted(frozenset().union(*map(words_in, found.texts)))
        close = nearest(word, words)
        if close is None:
            import difflib

            close = next(iter(difflib.get_close_matches(word, words, 1, 0.75)), None)
        return close

    def _having(self, part: Words) -> npt.NDArray[np.bool_]:
        """Who has words side by side, in the right place."""
        kept = np.zeros(self._columns.size, bool)
        wanted = part.words if part.place else part.together or tokens(part.words[0])
        found = self._index.find(wanted, _REQUIRED, all_of=True)
        if part.together:
            found = merged(found, self._index.find(part.looked_up, _REQUIRED))
        if part.place:
            texts = self._index.texts(found.ids)
            fields = ("folders",) if part.place == "folders" else FIELDS
            row = f" {' '.join(wanted)} "
            ids = [key for key in found.ids if any(row in f" {texts[key][name]} " for name in fields)]
        else:
            ids = found.ids
        kept[self._columns.at(ids)] = True
        return kept

    def _places(self, fits: npt.NDArray[np.bool_], hits: Hits) -> Places:
        """Who is looked at: all that fit, or, where only words count, those that have some."""
        understood = self._understood
        if self._plain() and not (understood.sorts or understood.targets or self._terms):
            return hits.at[fits[hits.at]]
        return np.flatnonzero(fits)

    def _sort(self, part: Sort, at: Places, hits: Hits) -> Floats:
        """Chances of a sort, by ear, name and words."""
        chance = self._scales.evidence(part)
        if len(hits.at):
            by_words = self._scales.by_words(part, hits.at, hits.words, hits.said)
            chance = chance.copy()
            chance[hits.at] = 1 - (1 - chance[hits.at]) * (1 - by_words)
        return chance[at]

    def _scores(self, at: Places, sorts: dict[Sort, Floats], hits: Hits) -> Scores:
        scores: Scores = {}
        if plain := self._plain():
            top = float(hits.bm25.max(initial=0)) or 1.0
            scores[" ".join(part.text for part in plain)] = (hits.bm25[at] / np.float32(top), WEIGHTS["words"])
        for like, called in self._called.items():
            scores[like] = (_UNCALLED + (1 - _UNCALLED) * called[at], WEIGHTS["like"])
        weight = WEIGHTS["sort"] / max(1, len(sorts)) ** 0.5
        for part, chance in sorts.items():
            scores[part] = (1 - chance if part.negated else chance, weight)
        positive = [chance for part, chance in sorts.items() if not part.negated]
        among = at[np.minimum.reduce(positive) >= _SHOWS] if positive else None
        if among is not None and len(among) < _AMONG:
            among = None
        targets = self._understood.targets
        for target in targets:
            score = self._scales.towards(target, at, among)
            if score is None:
                self._notes.append(
                    f"{target.text}: the library has none of its descriptors; ingest it at level detailed"
                )
            else:
                self._raise(target, at, score, hits)
                scores[target] = (score, WEIGHTS["direction"])
        return scores

    def _raise(self, target: Target, at: Places, score: Floats, hits: Hits) -> None:
        """Who is said to be so (a tag "dark") is so, at least half."""
        if target.negated or not len(hits.at):
            return
        words = frozenset(pieces(target.text))
        told = np.zeros(self._columns.size, bool)
        told[hits.at[[words <= of_sound for of_sound in hits.words]]] = True
        score[told[at]] = 1 - (1 - score[told[at]]) * np.float32(0.5)

    def _with_nearness(self, at: Places, scores: Scores, fits: npt.NDArray[np.bool_]) -> tuple[Places, Scores]:
        """Only the best by words, and the nearest, are compared with what they are to be like."""
        count = self._reach
        first = at[_best(_together(scores, len(at)), count)] if scores else np.empty(0, np.int64)
        only = None if self._only is None else list(self._only)
        near = self._engine.nearest(self._terms, self._reach // _EACH, self._condition, only, self._skip, fits)
        known = [(self._columns.at(near.ids), near)]
        rest = np.setdiff1d(first, known[0][0])
        if len(rest):
            more = self._engine.distances(self._terms, self._columns.ids(rest))
            known.append((self._columns.at(more.ids), more))
        places = np.concatenate([places for places, _ in known])
        order = np.argsort(places)
        is_compared, is_wanted = np.zeros((2, self._columns.size), bool)
        is_compared[places], is_wanted[at] = True, True
        where = np.flatnonzero(is_compared[at])
        order = order[is_wanted[places[order]]]
        self._distance = np.concatenate([found.distance for _, found in known])[order]
        self._by_term = np.concatenate([found.by_term for _, found in known])[order]
        scores = {part: (score[where], weight) for part, (score, weight) in scores.items()}
        scores["nearness"] = (np.clip(1 - self._distance, 0, 1), WEIGHTS["nearness"])
        return at[where], scores

    def _told(self, at: Places, total: Floats, scores: Scores, hits: Hits) -> Ranked:
        ids = self._columns.ids(at)
        wanted = {
            word for part in self._understood.texts if not part.negated for word in (*part.looked_up, *part.together)
        }
        wanted |= {word for sort in self._understood.sorts if not sort.negated for word in sort.words}
        wanted |= {word for target in self._understood.targets if not target.negated for word in pieces(target.text)}
        texts = hits.texts
        if wanted and not hits.is_all and self._columns.size <= _MANY:
            texts = {**texts, **self._index.texts([key for key in ids if key not in texts])}
        words = [
            [f"{word} ({name})" for name in FIELDS for word in dict.fromkeys(texts.get(key, {}).get(name, "").split())
             if word in wanted] for key in ids
        ]  # fmt: skip
        names = [part.text if isinstance(part, Part) else part for part in scores]
        reasons = [
            {name: round(float(score[row]), 3) for name, (score, _) in zip(names, scores.values(), strict=True)}
            for row in range(len(ids))
        ]
        return Ranked(ids, total, words, reasons, self._notes)


def _together(scores: Scores, size: int) -> Floats:
    """The weighted geometric mean; 1 where there is nothing to go by."""
    total = np.zeros(size, np.float32)
    whole = sum(weight for _, weight in scores.values())
    for score, weight in scores.values():
        total += np.float32(weight / whole) * np.log(score + _FLOOR)
    floor = np.log(_FLOOR)
    top = np.log(1 + _FLOOR)
    return (np.exp(np.clip(total, floor, top)) - _FLOOR).clip(0, 1) if scores else np.ones(size, np.float32)


def _best(total: Floats, count: int) -> Places:
    """Where the highest are, in their order; of equal ones the first."""
    if count < len(total):
        last = np.partition(total, len(total) - count)[len(total) - count] if count else np.float32(2)
        kept = np.flatnonzero(total >= last)
    else:
        kept = np.arange(len(total))
    order = np.argsort(-total[kept], kind="stable")
    best: Places = kept[order][:count]
    return best
