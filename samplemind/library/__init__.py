"""An Analysis becomes a row: what was heard is kept in LanceDB tables, and questions are asked of them."""

from __future__ import annotations

from samplemind.library.many import analyze_many
from samplemind.library.report import IngestReport, Interrupted, LibraryInfo, Progress, VerifyReport
from samplemind.library.store import Library

__all__ = ["IngestReport", "Interrupted", "Library", "LibraryInfo", "Progress", "VerifyReport", "analyze_many"]
