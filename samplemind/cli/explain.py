"""`describe`: what every descriptor means."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

import typer

from samplemind.cli.options import FormatOption, LevelOption
from samplemind.cli.output import Column, Writer
from samplemind.descriptors.catalogue import as_row, by_name, descriptors

__all__ = ["describe"]


def describe(
    name: Annotated[
        str | None, typer.Argument(metavar="[DESCRIPTOR]", help="One descriptor; all of them without it.")
    ] = None,
    form: FormatOption = "table",
    level: LevelOption = None,
) -> None:
    """Say what the descriptors mean: unit, range, level and source.

    [bold]Examples[/bold]

    [cyan]samplemind describe[/cyan]
      everything that an analysis can say

    [cyan]samplemind describe bpm_confidence[/cyan]
      one entry in full

    [cyan]samplemind describe --level basic --format csv[/cyan]
      what the quickest level gives, for a spreadsheet
    """
    entries = (by_name(name),) if name is not None else descriptors(level or "detailed")
    rows = [as_row(entry) for entry in entries]
    if form != "table":
        Writer(form).write(rows)
    elif name is not None:
        width = max(len(field) for field in rows[0])
        for field, value in rows[0].items():
            if value not in (None, ""):
                typer.echo(f"{field:<{width}}  {value}")
    else:
        _grouped(rows)


def _range(row: Any) -> str:
    low, high = row["low"], row["high"]
    if low is None and high is None:
        return ""
    return f"{'…' if low is None else f'{low:g}'} to {'…' if high is None else f'{high:g}'}"


def _grouped(rows: list[dict[str, Any]]) -> None:
    view = (
        Column("name", lambda row: row["name"], max(len(row["name"]) for row in rows)),
        Column("unit", lambda row: row["unit"] or "", 8),
        Column("range", _range, 11),
        Column("level", lambda row: row["level"], 8),
        Column("meaning", lambda row: row["meaning"] + (f" [{row['source']}]" if row["source"] else ""), 0),
    )
    for number, (group, members) in enumerate(groupby(rows, lambda row: str(row["group"]))):
        typer.echo(("\n" if number else "") + typer.style(group.upper(), bold=True))
        Writer("table", view=view).write(list(members))
