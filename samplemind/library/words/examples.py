"""The sounds that words stand for in "like 808": examples to compare with."""

from __future__ import annotations

import numpy as np

from samplemind.library.search.indices import Engine
from samplemind.library.tables import Tables
from samplemind.library.words.hits import words_in
from samplemind.library.words.parts import Like, Limit, Sort, Understanding
from samplemind.library.words.phrase import understand
from samplemind.library.words.scales import scales_of
from samplemind.library.words.table import Found, merged, words_of
from samplemind.library.words.text import pieces

__all__ = ["EXAMPLES", "alike"]

#: So many at most.
EXAMPLES = 5
#: So many sounds are looked up by the words, and for each word of a sort beside them; so many of those words.
_LOOKED_UP, _SORT_WORDS = 400, 8
#: From here on a sound is of a sort.
_IS_OF = 0.5


def alike(tables: Tables, engine: Engine, like: Like, understood: Understanding | None = None,
          count: int = EXAMPLES) -> list[str]:  # fmt: skip
    """The sounds that "like 808 kick" means: those that have all of the words, or else some.

    Parameters
    ----------
    tables : Tables
    engine : Engine
        In the same state.
    like : Like
        A path is no words, and of the name of a file every word has to be there; a file of just that name is meant
        alone.
    understood : Understanding, optional
        The phrase that it is from: in "kick like 808", kicks are meant, as long as there are such with the word.
    count : int
        How many at most.

    Returns
    -------
    list of str
        Ids of sounds that can be compared: those that are of the sort that is asked for, the surest first; then by how
        well the words match, then by id.
    """
    if "/" in like.sound:
        return []
    stem, dot, _ = like.sound.rpartition(".")
    wanted = pieces(stem or like.sound)
    index = words_of(tables)
    sorts = [part for part in (understood.sorts if understood else ()) if not part.negated]
    sorts = sorts or list(understand(like.sound).sorts)
    found = index.find(wanted, _LOOKED_UP, all_of=True)
    if not found.ids and not dot:
        found = index.find(wanted, _LOOKED_UP)
    elif not found.is_all:  # of very many those of the sort might not be among the first
        for word in [word for sort in sorts for word in sorted(sort.words)][:_SORT_WORDS]:
            found = merged(found, index.find([*wanted, word], _LOOKED_UP, all_of=True))
    if dot:
        named = [row for row, text in enumerate(found.texts) if text["names"].split() == list(wanted)]
        found = _only(found, named) if named else found
    columns = engine.memory()
    found = _only(found, np.flatnonzero(columns.places(found.ids) >= 0).tolist())
    if understood is not None and found.ids:
        found = _fitting(engine, found, [part for part in understood.filters if _is_of_kind(part)])
    chance = np.round(_chances(tables, engine, found, sorts), 1)
    if (chance >= _IS_OF).any():
        found, chance = _only(found, np.flatnonzero(chance >= _IS_OF).tolist()), chance[chance >= _IS_OF]
    order = np.lexsort((np.arange(len(found.ids)), -found.score, -chance))
    ids = [found.ids[row] for row in order]
    chosen: list[str] = []
    for start in range(0, len(ids), _LOOKED_UP // 10):
        some = ids[start : start + _LOOKED_UP // 10]
        vectors = engine.vectors(some, ["embedding"])["embedding"]
        chosen += [key for key, vector in zip(some, vectors, strict=True) if vector is not None]
        if len(chosen) >= count:
            break
    return chosen[:count]


def _is_of_kind(part: Limit) -> bool:
    return all(check.column == "kind" for case in part.cases for check in case)


def _fitting(engine: Engine, found: Found, limits: list[Limit]) -> Found:
    """Those that keep limits, if any do."""
    columns = engine.memory()
    fits = np.ones(len(found.ids), bool)
    for limit in limits:
        fits &= columns.fitting(limit.filter())[columns.places(found.ids)]
    return _only(found, np.flatnonzero(fits).tolist()) if fits.any() else found


def _chances(tables: Tables, engine: Engine, found: Found, sorts: list[Sort]) -> np.ndarray:
    """How likely sounds are of the sorts; 1 without any."""
    chance = np.ones(len(found.ids))
    if sorts and found.ids:
        at = engine.memory().places(found.ids)
        words = [words_in(text) for text in found.texts]
        said = [words_in({name: text[name] for name in ("tags", "labels")}) for text in found.texts]
        scales = scales_of(tables, engine)
        for sort in sorts:
            heard, told = scales.evidence(sort)[at], scales.by_words(sort, at, words, said)
            chance = np.minimum(chance, 1 - (1 - heard) * (1 - told))
    return chance


def _only(found: Found, rows: list[int]) -> Found:
    return Found([found.ids[row] for row in rows], found.score[rows], [found.texts[row] for row in rows], found.is_all)
