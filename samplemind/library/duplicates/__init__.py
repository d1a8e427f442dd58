"""Sounds that are there more than once: found, told why, and put aside safely."""

from __future__ import annotations

from samplemind.library.duplicates.find import KINDS
from samplemind.library.duplicates.plan import Plan
from samplemind.library.duplicates.report import DuplicateReport
from samplemind.library.duplicates.trash import Applied, undo

__all__ = ["KINDS", "Applied", "DuplicateReport", "Plan", "undo"]
