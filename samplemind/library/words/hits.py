"""Sounds that were found by words, as places among all sounds of a library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from samplemind.library.words.table import Found

if TYPE_CHECKING:
    from samplemind.library.search.columns import Columns

__all__ = ["Hits", "words_in"]


class Hits:
    """Who has which words; nobody, before something is taken.

    Parameters
    ----------
    size : int
        How many sounds there are.

    Attributes
    ----------
    at : numpy.ndarray
        Places of the sounds, in order.
    bm25 : numpy.ndarray [shape=(size,)]
        Scores of all sounds.
    words, said : list of frozenset of str
        Of each sound at `at`: all words, and those of its tags and labels.
    texts : dict of str to dict of str to str
        Of each id: words by field.
    is_all : bool
        Whether words of other sounds need not be looked at.
    """

    def __init__(self, size: int) -> None:
        self.bm25 = np.zeros(size, np.float32)
        self.at: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self.words: list[frozenset[str]] = []
        self.said: list[frozenset[str]] = []
        self.texts: dict[str, dict[str, str]] = {}
        self.is_all = True

    def take(self, columns: Columns, found: Found, scored: bool) -> None:
        """Keep what was found, in the order of places."""
        places = columns.places(found.ids)
        rows = np.argsort(places, kind="stable")
        rows = rows[places[rows] >= 0]
        self.at = places[rows]
        self.texts = dict(zip(found.ids, found.texts, strict=True))
        texts = [found.texts[row] for row in rows]
        self.words = [words_in(text) for text in texts]
        self.said = [words_in({name: text[name] for name in ("tags", "labels")}) for text in texts]
        self.is_all = found.is_all or scored
        if scored:
            self.bm25[self.at] = found.score[rows]


def words_in(text: dict[str, str]) -> frozenset[str]:
    """All words of a text by fields."""
    return frozenset(word for words in text.values() for word in words.split())
