"""What may be wrong with a condition that nothing can fulfill: a value that no sound ever has."""

from __future__ import annotations

import difflib
import functools
import re
from typing import Final

from samplemind.descriptors.catalogue import LEVELS
from samplemind.library.search.filters import Filter
from samplemind.library.search.musical import TONICS

__all__ = ["hints"]

_TEXT: Final = r"'(?:[^']|'')*'"
_COMPARED: Final = re.compile(
    rf"\b(kind|sample_class|key|scale|status|level) (?:=|<>|IN|NOT IN) \(?({_TEXT}(?:, {_TEXT})*)"
)
_MOST_SHOWN: Final = 12


@functools.cache
def _values() -> dict[str, tuple[str, ...]]:
    """Of each column that has few values, all that there are."""
    from samplemind.descriptors.sample_class import classes

    return {
        "kind": ("one-shot", "loop", "other"), "sample_class": classes(), "key": TONICS, "scale": ("major", "minor"),
        "status": ("ok", "failed"), "level": LEVELS,
    }  # fmt: skip


def hints(condition: Filter | None) -> list[str]:
    """Lines for a person about values that no sound has, such as ``kind = 'Loop'`` and ``key = 'Bb'``."""
    found: list[str] = []
    for column, texts in _COMPARED.findall(str(condition) if condition is not None else ""):
        for text in re.findall(_TEXT, texts):
            value = text[1:-1].replace("''", "'")
            if value not in _values()[column]:
                found.append(f"no sound has {column} = {text[:60]}; {_remedy(column, value)}")
    return list(dict.fromkeys(found))


def _remedy(column: str, value: str) -> str:
    known = _values()[column]
    if column == "key":
        return f"keys are tonics with sharps ({', '.join(known)}), and `scale` is major or minor; see near_key"
    near = difflib.get_close_matches(value.lower().replace("_", "-"), known, 3, 0.6)
    if near and len(known) > _MOST_SHOWN:
        return f"did you mean {' or '.join(near)}?"
    return f"it is one of {', '.join(known)}"
