"""The words in a text: names of files and folders, tags, and what somebody types.

Tokens of our own rather than those of an index: names are written without spaces, and nothing is to be stemmed.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["LONGEST", "PICTURE", "folded", "pieces", "tokens"]

#: Longer runs of letters are no words; they would only fill the index.
LONGEST = 40
#: A picture that somebody put into a name is a word of its own; colors of skin are none.
PICTURE = "[\u2600-\u27bf\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
_RUN = re.compile(rf"[^\W_]+#?|{PICTURE}")
_PIECE = re.compile(rf"\d+|[^\W\d_]+#?|{PICTURE}")
#: Where a new word begins although nothing separates it: kickDrum, TRKick.
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JOINED = re.compile(r"[^\W_]+(?:-[^\W_]+)+")


def folded(text: str) -> str:
    """Without case, accents and compatibility forms: `Ｃafé` and `cafe` are one word."""
    if text.isascii():
        return text.lower()
    flat = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in flat if not unicodedata.combining(c)))


@functools.lru_cache(maxsize=65_536)
def pieces(text: str) -> tuple[str, ...]:
    """The smallest words of a text, in their order: ``"TR808_BD-Long01"`` gives tr, 808, bd, long, 01."""
    return _folded(piece for run in _RUN.finditer(_flat(text)) for piece in _split(run[0]))


@functools.lru_cache(maxsize=65_536)
def tokens(text: str) -> tuple[str, ...]:
    """The words of a text: its pieces in their order, then what several of them make together.

    A run of letters and digits is also given as a whole, and so is what hyphens join: to the pieces of
    ``"TR808_Hi-Hat"`` (tr, 808, hi, hat) come tr808 and hihat.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of str
        Folded; none is longer than `LONGEST`.
    """
    flat = _flat(text)
    wholes = [run[0] for run in _RUN.finditer(flat) if len(_split(run[0])) > 1]
    joined = [run[0].replace("-", "") for run in _JOINED.finditer(flat)]
    return pieces(text) + _folded([*wholes, *joined])


def _flat(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _split(run: str) -> list[str]:
    return [piece for part in _CAMEL.split(run) for piece in _PIECE.findall(part)]


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word for each in words if (word := folded(each)) and len(word) <= LONGEST)
