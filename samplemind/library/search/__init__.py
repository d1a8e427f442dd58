"""Search by sound, by numbers and by words."""

from __future__ import annotations

from samplemind.library.search.filters import Filter
from samplemind.library.search.musical import near_bpm, near_key, near_note

__all__ = ["Filter", "near_bpm", "near_key", "near_note"]
