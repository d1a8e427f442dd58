"""Words: what stands in names, folders, tags and labels, and what a plain phrase means."""

from __future__ import annotations

from samplemind.library.words.parts import Understanding
from samplemind.library.words.phrase import understand

__all__ = ["Understanding", "understand"]
