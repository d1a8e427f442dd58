"""Collections: named, ordered sets of sounds, and saved searches."""

from __future__ import annotations

from samplemind.library.shelf.collections import Collections

__all__ = ["Collections"]
