"""What people and models say of sounds: statements that are only ever added, and what holds of them now."""

from __future__ import annotations

from samplemind.library.labels.labels import Labels

__all__ = ["Labels"]
