"""What the scripts here share about labelled corpora."""

from __future__ import annotations

import re

__all__ = ["is_free"]

_FREE = re.compile(r"CC0|public domain|unlicense|CC BY|\bMIT\b|apache|BSD|GPL|GNU", re.IGNORECASE)
_NOT_FREE = re.compile(r"none stated|\bNC\b|custom")


def is_free(licence: str) -> bool:
    """Say whether a model that is shipped may learn from sounds of this licence."""
    return bool(_FREE.search(licence)) and not _NOT_FREE.search(licence)
