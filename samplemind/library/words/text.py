"""The words in a text: names of files and folders, tags, and what somebody types.

Tokens of our own rather than those of an index: names are written without spaces, and nothing is to be stemmed.
"""

from __future__ import annotations

import functools
import re
import unicodedata

__all__ = ["LONGEST", "folded", "tokens"]

#: Longer runs of letters are no words; they would only fill the index.
LONGEST = 40
_RUN = re.compile(r"[^\W_]+#?")
_PIECE = re.compile(r"\d+|[^\W\d_]+#?")
#: Where a new word begins although nothing separates it: kickDrum, TRKick.
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_JOINED = re.compile(r"[^\W_]+(?:-[^\W_]+)+")


def folded(text: str) -> str:
    """Without case, accents and compatibility forms: `Ｃafé` and `cafe` are one word."""
    if text.isascii():
        return text.lower()
    flat = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in flat if not unicodedata.combining(c)))


@functools.lru_cache(maxsize=65_536)
def tokens(text: str) -> tuple[str, ...]:
    """The words of a text in their order, each as often as it stands there.

    A run of letters and digits gives its pieces and, where it has several, itself: ``"TR808_BD-Long01"`` gives
    tr, 808, tr808, bd, long, 01, long01. What hyphens join is also given in one: hi, hat, hihat.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of str
        Folded; none is longer than `LONGEST`.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    found: list[str] = []
    for run in _RUN.finditer(text):
        pieces = [piece for part in _CAMEL.split(run[0]) for piece in _PIECE.findall(part)]
        found += pieces
        if len(pieces) > 1:
            found.append(run[0])
    found += [run[0].replace("-", "") for run in _JOINED.finditer(text)]
    return tuple(word for each in found if (word := folded(each)) and len(word) <= LONGEST)
