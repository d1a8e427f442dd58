"""Patterns of texts: LIKE in the form of each dialect."""

from __future__ import annotations

from collections.abc import Sequence

from samplemind.errors import ParameterError
from samplemind.library.search.conditions import constant

__all__ = ["checked_regex", "pieces", "to_like", "to_regex"]

#: None: any characters; "": any one character; else these characters.
Piece = str | None


def pieces(pattern: str, escape: str = "") -> list[Piece]:
    """The parts of a pattern of LIKE.

    Raises
    ------
    ParameterError
        For an escape character that stands at the end.
    """
    found: list[Piece] = []
    characters = iter(pattern)
    for character in characters:
        if escape and character == escape:
            after = next(characters, None)
            if after is None:
                raise ParameterError(f"where: the pattern {pattern[:60]!r} ends with its escape character")
            found.append(after)
        else:
            found.append({"%": None, "_": ""}.get(character, character))
    return found


def to_like(parts: Sequence[Piece], escape: str) -> str:
    """As a pattern of LIKE."""
    if not escape:
        return "".join("%" if part is None else part or "_" for part in parts)
    return "".join("%" if part is None else _escaped(part, escape) if part else "_" for part in parts)


def _escaped(characters: str, escape: str) -> str:
    return "".join(escape + one if one in ("%", "_", escape) else one for one in characters)


def to_regex(parts: Sequence[Piece], any_case: bool) -> str:
    """As a regular expression for the whole text."""
    said = "".join(".*" if part is None else _literal(part) if part else "." for part in parts)
    return f"(?{'i' if any_case else ''}s)^{said}$"


def _literal(characters: str) -> str:
    return "".join(f"\\{one}" if one in r"\.+*?()|[]{}^$#&-~" else one for one in characters)


def checked_regex(pattern: str) -> str:
    """A regular expression that can be used (as a literal).

    Raises
    ------
    ParameterError
        For one that cannot.
    """
    import polars as pl

    text = constant(pattern)
    try:
        pl.Series([""]).str.contains(pattern)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise ParameterError(f"where: {pattern[:60]!r} is no regular expression; see docs.rs/regex") from None
    return text
