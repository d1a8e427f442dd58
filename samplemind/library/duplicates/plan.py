"""What would be put aside, before anything is."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import ParameterError
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.duplicates.report import DuplicateReport
    from samplemind.library.duplicates.trash import Applied

__all__ = ["Plan", "make_plan"]

#: What goes where nobody says so: a similar hit is another sound, and never goes by itself.
_GOING: Final = ("exact", "audio", "near")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which files stay, and which go; one file of every group stays.

    Attributes
    ----------
    moves : polars.DataFrame
        One row a file that goes: group, path, size, relation, reason, and `kept`, the file that stays for it.
    """

    _tables: Tables
    moves: pl.DataFrame

    def __len__(self) -> int:
        return len(self.moves)

    def __repr__(self) -> str:
        return f"Plan({len(self)} files of {self.bytes} bytes go)"

    @property
    def bytes(self) -> int:
        """Size of all that goes."""
        return int(self.moves["size"].sum() or 0)

    def apply(self, trash: str | os.PathLike[str] | None = None, *,
              progress: Callable[[int, int], None] | None = None) -> Applied:  # fmt: skip
        """Move the files into a folder of their own, and write down how to undo it.

        A file goes only if it and the one that stays for it are what they were when they were ingested: plain files,
        of the same size, time and content, and not the same file under two names. All others are left where they are,
        and told. The library forgets the paths that are gone.

        Parameters
        ----------
        trash : path-like, optional
            The folder, made where there is none; beside the library if not given, with `.trash` after its name.
        progress : callable, optional
            Is given how many files were looked at, and of how many.

        Returns
        -------
        Applied
            With the journal, for `undo`.

        Raises
        ------
        LibraryError
            When another process writes to the library, or the disk is full; what was moved is in the journal.
        ParameterError
            For an object store without `trash`.
        """
        from samplemind.library.duplicates.trash import move

        return move(self._tables, self.moves, trash, progress)


def make_plan(tables: Tables, report: DuplicateReport, keep: Sequence[str] | None, prefer: Sequence[Any],
              avoid: Sequence[Any], kinds: Sequence[str] | None) -> Plan:  # fmt: skip
    """See `DuplicateReport.plan`."""
    import polars as pl

    going = _GOING if kinds is None else ([kinds] if isinstance(kinds, str) else list(kinds))
    for kind in going:
        if kind not in (*_GOING, "hit"):
            raise ParameterError(f"kinds: {kind!r} is not one of {', '.join((*_GOING, 'hit'))}")
    rows = report.ranked(keep, prefer, avoid).with_columns(kept=pl.col("path").first().over("group"))
    moves = rows.filter(pl.col("relation").is_in(going)).select("group", "path", "size", "relation", "reason", "kept")
    return Plan(tables, moves)
