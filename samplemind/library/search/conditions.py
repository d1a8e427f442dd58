"""Conditions as trees, written out in the dialect of whoever has to answer: our own, polars' or LanceDB's.

Nothing that a person wrote is ever pasted: names of columns come from the schema, and values are written anew.
Negations are moved inward to the comparisons, and long rows of AND and OR are grouped by halves, so that no parser has
to go deep.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from samplemind.errors import ParameterError
from samplemind.library.paths import is_storable, to_text

__all__ = ["MOST_PARTS", "Branch", "Leaf", "Texts", "Tree", "branch", "constant", "decided", "negated", "written"]

#: How many comparisons one condition may have, and how often AND and OR may take turns within each other.
MOST_PARTS: Final = 500
_DEEPEST: Final = 10


class Texts(NamedTuple):
    """One expression in three dialects; None where LanceDB would answer otherwise, or not at all."""

    ours: str
    polars: str
    lance: str | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison, and its opposite; of what is unknown both are unknown."""

    yes: Texts
    no: Texts
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Branch:
    """Several conditions of which all have to hold, or one."""

    all: bool
    parts: tuple[Tree, ...]
    size: int
    depth: int
    columns: frozenset[str]


Tree = Leaf | Branch


def constant(value: str | int | float) -> str:
    """A value as a literal that every dialect reads alike.

    Raises
    ------
    ParameterError
        For NaN, infinity, and characters that no text can hold.
    """
    if isinstance(value, str):
        if not is_storable(value):
            raise ParameterError(f"{value!r}: it has half a character; give valid text")
        return "'" + to_text(value).replace("'", "''") + "'"
    if not math.isfinite(value):
        raise ParameterError(f"{value}: it is no finite number; for what is not known write IS NULL")
    return repr(value)


def decided(answer: bool) -> Leaf:
    """What is always true, or never."""
    yes, no = ("TRUE", "FALSE") if answer else ("FALSE", "TRUE")
    return Leaf(Texts(yes, yes, yes), Texts(no, no, no), frozenset())


def branch(all_of: bool, parts: Iterable[Tree]) -> Tree:
    """Conditions joined by AND (`all_of`) or by OR.

    Raises
    ------
    ParameterError
        When they become too many, or lie too deep in each other.
    """
    flat: dict[Tree, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, Branch) and part.all == all_of else [part]))
    found = tuple(flat)
    if len(found) == 1:
        return found[0]
    size = sum(part.size if isinstance(part, Branch) else 1 for part in found)
    depth = 1 + max(part.depth if isinstance(part, Branch) else 0 for part in found)
    if size > MOST_PARTS:
        raise ParameterError(f"where: {size} comparisons; give {MOST_PARTS} at most (`x IN (…)` counts as one)")
    if depth > _DEEPEST:
        raise ParameterError(f"where: AND and OR lie more than {_DEEPEST} deep in each other; write it flatter")
    return Branch(all_of, found, size, depth, frozenset().union(*(part.columns for part in found)))


def negated(tree: Tree) -> Tree:
    """The opposite."""
    if isinstance(tree, Leaf):
        return Leaf(tree.no, tree.yes, tree.columns)
    return branch(not tree.all, [negated(part) for part in tree.parts])


def written(tree: Tree, dialect: int) -> str | None:
    """The condition in one of the dialects of `Texts`; None where it cannot be said in it."""
    if isinstance(tree, Leaf):
        return tree.yes[dialect]
    texts = []
    for part in tree.parts:
        text = written(part, dialect)
        if text is None:
            return None
        texts.append(f"({text})" if isinstance(part, Branch) else text)
    return _halved(texts, " AND " if tree.all else " OR ", 4 if dialect else len(texts))


def _halved(texts: Sequence[str], word: str, most: int) -> str:
    if len(texts) <= most:
        return word.join(texts)
    middle = len(texts) // 2
    return f"({_halved(texts[:middle], word, most)}){word}({_halved(texts[middle:], word, most)})"
