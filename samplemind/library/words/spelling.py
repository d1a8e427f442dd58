"""Words that are nearly others: what somebody meant who mistyped."""

from __future__ import annotations

import functools
from collections.abc import Iterable

__all__ = ["nearest"]

_VOWELS = str.maketrans("", "", "aeiouy")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely stands for; None where none is near, or it is too short to say.

    Near is: one letter left out, added, or swapped with its neighbour; or the same consonants in the same order. The
    first letter has to be right, or swapped with the second.
    """
    if not 4 <= len(word) <= 20 or not word.isalpha():
        return None
    best: tuple[int, int, str] | None = None
    for other in known:
        if abs(len(other) - len(word)) > 2 or len(other) < 4:
            continue
        if (distance := _distance(word, other)) is not None:
            rank = (distance, abs(len(other) - len(word)), other)
            best = rank if best is None or rank < best else best
    return best[2] if best else None


@functools.lru_cache(maxsize=65_536)
def _distance(word: str, other: str) -> int | None:
    """0 to 2, the smaller the likelier; None for words that are not near."""
    if len(word) == len(other):
        differ = [at for at in range(len(word)) if word[at] != other[at]]
        if len(differ) == 2 and differ[1] == differ[0] + 1:
            a, b = differ
            if word[a] == other[b] and word[b] == other[a]:
                return 0
    if word[0] != other[0] or len(word) < 5:
        return None
    shorter, longer = sorted((word, other), key=len)
    if len(longer) == len(shorter) + 1 and any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer))):
        # An s more is another word's plural, which the lexicon would have.
        return None if longer == shorter + "s" else 0
    skeleton = word.translate(_VOWELS)
    return 1 if len(skeleton) >= 3 and skeleton == other.translate(_VOWELS) else None
