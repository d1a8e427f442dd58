"""Pieces of a phrase that belong together: alternatives, and what one says of another."""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from samplemind.library.words.parts import Check, Limit, Part, Sort, Target, Words

__all__ = ["joined"]

_OR: Final = re.compile(
    r"[\s,]*(?:(?<!\w)n?or(?!\w)|/|\|)(?:\s+(?:in|its|the|an?|else|either|(?:the )?key\s+of)(?!\w))*[\s,]*",
    re.IGNORECASE,
)
_LESS: Final = re.compile(r"(?:slightly |a (?:bit|little) )?less(?!\w)", re.IGNORECASE)
_OF_KEY: Final = frozenset({"key", "scale"})


def joined(parts: list[Part], text: str) -> list[Part]:
    """Join what "or" stands between, and what can only be alternatives; and add what follows from a piece."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        between = text[last.end : part.start] if last is not None else ""
        if last is not None and _OR.fullmatch(between) and (both := _either(last, part, text)) is not None:
            found[-1] = both
        else:
            found.append(part)
    for part in list(found):
        if isinstance(part, Target) and part.name == "distorted" and part.negated:
            whole = Check("clipped_samples", "=", (0,))
            found.append(Limit(part.start, part.end, part.text, False, ((whole,),)))
    return _same_column(_compared(found))


def _either(one: Part, other: Part, text: str) -> Part | None:
    """Two pieces of one sort as alternatives; None for pieces that cannot be."""
    start, end = one.start, other.end
    if isinstance(one, Sort) and isinstance(other, Sort):
        return Sort(start, end, text[start:end], one.negated, tuple(dict.fromkeys(one.classes + other.classes)),
                    one.specific + other.specific, one.words | other.words,
                    " or ".join(filter(None, (one.group, other.group))))  # fmt: skip
    if isinstance(one, Limit) and isinstance(other, Limit) and (one.negated or not other.negated):
        cases = other.cases
        if _columns(other) == {"scale"} and _columns(one) == _OF_KEY:  # "C minor or major"
            tonics = [check for check in one.cases[-1] if check.column == "key"]
            cases = tuple((*tonics, *case) for case in cases)
        return Limit(start, end, text[start:end], one.negated, one.cases + cases)
    return None


def _compared(parts: list[Part]) -> list[Part]:
    """What is asked for, and less of it: a little of it. And no noise is a direction, no word."""
    targets = [part for part in parts if isinstance(part, Target)]
    lessened = {part.name for part in targets if part.negated and _LESS.match(part.text)}
    lessened &= {part.name for part in targets if not part.negated}
    negated = {(part.start, part.end) for part in targets if part.negated}
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Target) and part.name in lessened:
            if not part.negated:
                found.append(dataclasses.replace(part, strength="slightly"))
        elif not (isinstance(part, Words) and part.negated and (part.start, part.end) in negated):
            found.append(part)
    return found


def _same_column(parts: list[Part]) -> list[Part]:
    """Names of one column that exclude each other are alternatives: "wav flac", "A minor, C major"."""
    kept: list[Part] = []
    for part in parts:
        at = next((at for at, other in enumerate(kept) if _exclude(other, part)), None)
        before = kept[at] if at is not None else None
        if at is None or not isinstance(before, Limit) or not isinstance(part, Limit):
            kept.append(part)
        else:
            new = tuple(case for case in part.cases if case not in before.cases)
            kept[at] = dataclasses.replace(before, cases=before.cases + new)
    return kept


def _exclude(one: Part, other: Part) -> bool:
    """Whether no sound can be both, or they say the same."""
    if not isinstance(one, Limit) or not isinstance(other, Limit) or one.negated or other.negated:
        return False
    column = _named_column(one)
    if column is not None and _named_column(other) == column:
        return True
    if not _columns(one) | _columns(other) <= _OF_KEY:
        return False
    return not any(
        all(a.values == b.values for a in left for b in right if a.column == b.column)
        for left in one.cases
        for right in other.cases
    )


def _columns(part: Limit) -> set[str]:
    return {check.column for case in part.cases for check in case}


def _named_column(part: Limit) -> str | None:
    """The column of a piece that asks for just one value of a name."""
    if any(len(case) > 1 for case in part.cases):
        return None
    columns = {case[0].column for case in part.cases if case[0].op == "="}
    return columns.pop() if len(columns) == 1 and columns <= {"kind", "container", "codec", "bit_depth"} else None
