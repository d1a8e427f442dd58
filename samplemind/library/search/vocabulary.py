"""The columns that a question may name: of what sort each is, and what somebody may have meant who wrote another."""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass
from typing import Final, Literal

from samplemind.library.schema import column_names, files_schema, samples_schema

__all__ = ["TITLES", "Known", "Sort", "known", "near", "of_files"]

Sort = Literal["number", "text", "list"]
#: Titles of the summary that are not themselves names of columns.
TITLES: Final = {
    "class": "sample_class", "note": "midi_note", "lufs": "loudness_lufs", "loudness": "loudness_lufs",
    "length": "duration_s", "duration": "duration_s", "tempo": "bpm", "file": "path", "reason": "error",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """A column.

    Attributes
    ----------
    name : str
    sort : {'number', 'text', 'list'}
        Lists and vectors can only be asked whether they are there.
    whole_bits : int
        Of a column of whole numbers, how many bits they have; else 0.
    single : bool
        Whether its numbers have 32 bits only: 120.1 is then compared as the nearest such number.
    """

    name: str
    sort: Sort
    whole_bits: int = 0
    single: bool = False


@functools.cache
def known() -> dict[str, Known]:
    """Every column of `files` and `samples`."""
    import pyarrow as pa

    found: dict[str, Known] = {}
    for field in (*files_schema(), *samples_schema()):
        if pa.types.is_integer(field.type):
            found[field.name] = Known(field.name, "number", field.type.bit_width)
        elif pa.types.is_floating(field.type):
            found[field.name] = Known(field.name, "number", single=pa.types.is_float32(field.type))
        else:
            found[field.name] = Known(field.name, "text" if pa.types.is_string(field.type) else "list")
    return found


@functools.cache
def of_files() -> frozenset[str]:
    """The columns that say where a sound lies, rather than what it is (`id` says both)."""
    return frozenset(files_schema().names) - frozenset(samples_schema().names)


def near(name: object) -> str:
    """What somebody who writes `name` may have meant."""
    text = str(name)[:100].lower()
    titled = [TITLES[text]] if text in TITLES else []
    close = [other for other in difflib.get_close_matches(text, column_names(), 4, 0.6) if other not in titled]
    names = titled or ([text] if text in close else close)
    return f"did you mean {' or '.join(names)}?" if names else "`samplemind describe` has the descriptors"
