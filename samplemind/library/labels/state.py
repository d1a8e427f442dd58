"""What was said and what holds of it, kept in memory and brought up to date by what is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from samplemind.library.labels import view
from samplemind.library.schema import SAMPLES_KEY, labels_schema
from samplemind.library.tables import Tables

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Known", "State"]


@dataclass(slots=True)
class Known:
    """The statements of one version of the table.

    Attributes
    ----------
    version : int
        0 while there is no table.
    rows : polars.DataFrame
        All statements, in the order of time.
    dead : set of str
        Batches that were undone.
    """

    version: int
    rows: pl.DataFrame
    dead: set[str]
    view: pl.DataFrame | None = None

    @property
    def current(self) -> pl.DataFrame:
        """What holds (`view.current`), worked out when first asked for."""
        if self.view is None:
            self.view = view.current(self.rows, self.dead)
        return self.view


class State:
    """Reads the table `labels`.

    Parameters
    ----------
    tables : Tables
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: Known | None = None

    def latest(self) -> Known:
        """All that any process has written up to now."""
        tables = self._tables
        table = tables.extra("labels")
        if table is None:
            return Known(0, _frame(None, tables), set())
        with tables.guard():
            table.checkout_latest()
            version, count = int(table.version), int(table.count_rows())
        known = self._known
        if known is None or known.version != version:
            self._known = known = self._more(known, version, count) or self._all(version)
        return known

    def _all(self, version: int) -> Known:
        rows = _frame(None, self._tables)
        if not rows["statement"].is_sorted():  # only what was imported comes out of order
            rows = rows.sort("statement")
        return Known(version, rows, view.undone(rows))

    def _more(self, known: Known | None, version: int, count: int) -> Known | None:
        """What was known and what came since; None where that is not how it went."""
        import polars as pl

        if known is None or known.rows.is_empty():
            return None
        last = known.rows["statement"][-1]
        new = _frame(f"statement > '{last}'", self._tables).sort("statement")
        if len(known.rows) + len(new) != count:
            return None
        rows = pl.concat([known.rows, new])
        dead = view.undone(rows) if new["undoes"].null_count() < len(new) else known.dead
        now = Known(version, rows, dead)
        if known.view is not None:
            changed = rows["batch"].is_in(list(dead ^ known.dead)) if dead != known.dead else None
            touched = new[SAMPLES_KEY] if changed is None else pl.concat([new[SAMPLES_KEY], rows.filter(changed)["id"]])
            among = touched.unique().implode()
            again = view.current(rows.filter(rows[SAMPLES_KEY].is_in(among)), dead)
            now.view = pl.concat([known.view.filter(~known.view[SAMPLES_KEY].is_in(among)), again])
        return now


def _frame(where: str | None, tables: Tables) -> pl.DataFrame:
    import polars as pl

    table = tables.extra("labels")
    if table is None:
        empty = pl.from_arrow(labels_schema().empty_table())
        assert isinstance(empty, pl.DataFrame)
        return empty
    return tables.read(table, labels_schema().names, where)
