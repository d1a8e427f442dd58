"""Rows on the standard output: a table for people, JSON Lines or CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.cells import cell_len, set_cell_size

from samplemind.errors import printable

__all__ = ["Column", "Format", "Writer", "counted", "generic_columns", "plain", "printable"]

Format = Literal["table", "jsonl", "csv"]
Row = Mapping[str, Any]

_GAP = "  "
#: What a path gets, before which columns that matter less are left out.
_ENOUGH = 30
#: And at least.
_LEAST = 16
_JSON = json.JSONEncoder(allow_nan=False).encode


def plain(value: Any) -> Any:
    """A value as JSON knows it: six significant digits, and None for what is not a number."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return plain(value.tolist())
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _as_is(value: Any) -> Any:
    return value


def counted(count: int, name: str) -> str:
    """A number of things: `1 file`, `2 files`."""
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    title : str
    cell : callable
        Gives the text for a row.
    width : int
        Cells on the screen; 0 for as many as the text has, which only suits the last column.
    right : bool
        Numbers stand on the right.
    flexible : bool
        On a terminal it gets what the others leave of the line, and is shortened on the left: the end of a path says
        most.
    least : int
        On a short line it may become as narrow as this; 0: no narrower than `width`.
    spare : int
        Which columns are left out on a short line: 1 first; 0 never.
    """

    title: str
    cell: Callable[[Row], str]
    width: int
    right: bool = False
    flexible: bool = False
    least: int = 0
    spare: int = 0

    def fit(self, text: str, width: int | None) -> str:
        """`text` in exactly `width` cells; as it is where the width is None."""
        if width is None:
            return text
        if cell_len(text) > width:
            if self.flexible:
                while cell_len(text) >= width:
                    text = text[1:]
                text = "…" + text
            else:
                text = set_cell_size(text, width - 1) + "…"
        padding = " " * (width - cell_len(text))
        return padding + text if self.right else text + padding


def generic_columns(rows: Sequence[Row], names: Sequence[str]) -> list[Column]:
    """Columns for whatever a row holds, as wide as their content."""
    numeric = {name: all(isinstance(row.get(name), int | float | None) for row in rows) for name in names}

    def reader(name: str) -> Callable[[Row], str]:
        return lambda row: _as_text(row.get(name))

    columns = []
    for name in names:
        cell = reader(name)
        flexible = name == "path"
        width = max([cell_len(name), *(cell_len(cell(row)) for row in rows)])
        columns.append(Column(name, cell, width if flexible else min(60, width), numeric[name], flexible))
    return columns


def _as_text(value: Any) -> str:
    value = plain(value)
    if value is None:
        return "–"
    if isinstance(value, list | dict):
        return json.dumps(value)
    return printable(f"{value:.6g}" if isinstance(value, float) else str(value))


class Writer:
    """Writes rows in one of the three forms, each as soon as it comes.

    Parameters
    ----------
    form : {'table', 'jsonl', 'csv'}
    view : sequence of Column, optional
        How the table looks; without it all rows are collected first and every field becomes a column.
    fields : sequence of str, optional
        Fields and their order in the CSV form, and in the table without a view; default: those of the first row.
    bad : callable, optional
        Tells for a row why it failed, or None; the table says it in place of the numbers.
    ready : bool
        The values of all rows are as `plain` makes them already.
    """

    def __init__(
        self,
        form: Format,
        *,
        view: Sequence[Column] | None = None,
        fields: Sequence[str] | None = None,
        bad: Callable[[Row], str | None] = lambda row: None,
        ready: bool = False,
    ) -> None:
        self.form = form
        self.view = view
        self.fields = fields
        self.bad = bad
        self._plain: Callable[[Any], Any] = _as_is if ready else plain
        self._out = sys.stdout
        if isinstance(self._out, io.TextIOWrapper):
            # Names that are no valid text come back as the very bytes that the file system has.
            errors = "backslashreplace" if form == "table" else "surrogateescape"
            self._out.reconfigure(encoding="utf-8", errors=errors)

    def write(self, rows: Iterable[Row]) -> None:
        """Write all rows."""
        {"jsonl": self._jsonl, "csv": self._csv, "table": self._table}[self.form](rows)

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def _jsonl(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._line(_JSON(self._plain(row)))

    def _csv(self, rows: Iterable[Row]) -> None:
        fields = self.fields
        if fields:
            self._csv_line(fields)
        for row in rows:
            if not fields:
                fields = list(row)
                self._csv_line(fields)
            self._csv_line([self._plain(row.get(name)) for name in fields])

    def _csv_line(self, values: Sequence[Any]) -> None:
        line = io.StringIO()
        # The writer only quotes what is in its own line end, so it has to believe in both characters.
        csv.writer(line, lineterminator="\r\n").writerow(
            json.dumps(value) if isinstance(value, list | dict) else value for value in values
        )
        self._line(line.getvalue().removesuffix("\r\n"))

    def _table(self, rows: Iterable[Row]) -> None:
        view = self.view
        if view is None:
            rows = list(rows)
            view = generic_columns(rows, self.fields or list(rows[0] if rows else ()))
        styled = _styler(self._out.isatty())
        view, widths = _fitted(view, shutil.get_terminal_size().columns if self._out.isatty() else None)
        for number, row in enumerate(rows):
            if not number:
                self._line(styled(self._join(view, widths, [column.title for column in view]), "bold"))
            reason = self.bad(row)
            if reason is None:
                self._line(self._join(view, widths, [column.cell(row) for column in view]))
            else:
                self._line(styled(self._failed(view, widths, row, reason), "red"))

    @staticmethod
    def _join(view: Sequence[Column], widths: Sequence[int | None], cells: Sequence[str]) -> str:
        return _GAP.join(
            column.fit(cell, width) for column, cell, width in zip(view, cells, widths, strict=True)
        ).rstrip()

    @staticmethod
    def _failed(view: Sequence[Column], widths: Sequence[int | None], row: Row, reason: str) -> str:
        *most, path = view
        room = sum(width or 0 for width in widths[:-1]) + len(_GAP) * (len(most) - 1)
        said = Column("", lambda row: "", room).fit(printable(f"failed: {reason}"), room)
        return f"{said}{_GAP}{path.fit(path.cell(row), widths[-1])}".rstrip()


def _fitted(view: Sequence[Column], screen: int | None) -> tuple[Sequence[Column], list[int | None]]:
    """The columns that have room, and their widths; without a screen nothing is made to fit."""
    if screen is None:
        return view, [column.width or None for column in view]
    view = list(view)
    while (room := _room(view, screen)) < 0 and any(column.spare for column in view):
        view.remove(min((column for column in view if column.spare), key=lambda column: column.spare))
    widths: list[int | None] = []
    narrow = [column for column in view if column.least]
    # What is left is shared by paths and by columns that were narrowed.
    more = max(room, 0) // 2 // max(len(narrow), 1)
    wider = {id(column): min(column.least + more, column.width) for column in narrow}
    rest = screen - sum(wider.get(id(c), c.width) for c in view if not c.flexible) - len(_GAP) * (len(view) - 1)
    for column in view:
        width = wider.get(id(column), column.width)
        widths.append(min(max(rest, _LEAST), width or screen) if column.flexible else width or None)
    return view, widths


def _room(view: Sequence[Column], screen: int) -> int:
    """How much of a line is left by the columns at their narrowest; below 0 it is too short."""
    taken = sum(_ENOUGH if column.flexible else column.least or column.width for column in view)
    return screen - taken - len(_GAP) * (len(view) - 1)


def _styler(terminal: bool) -> Callable[[str, str], str]:
    """Give text a style on a terminal that shows them, and leaves it alone elsewhere."""
    if not terminal:
        return lambda text, style: text
    from rich.console import Console
    from rich.text import Text

    console = Console()

    def styled(text: str, style: str) -> str:
        with console.capture() as capture:
            console.print(Text(text, style=style), end="", soft_wrap=True)
        return capture.get()

    return styled
