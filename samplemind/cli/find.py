"""`list`, `similar` and `export`: rows of a library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplemind.cli.options import ColumnsOption, FormatOption, LibraryArgument, LimitOption, SortOption, WhereOption
from samplemind.cli.output import Column, Format, Writer, counted, printable
from samplemind.cli.views import NEIGHBOURS, SUMMARY, SUMMARY_FIELDS, failure_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["export", "list_rows", "show_frame", "similar", "split_columns"]


def split_columns(columns: str | None) -> list[str] | None:
    """The names in `a,b, c`; None where nothing is asked for."""
    names = [name.strip() for name in (columns or "").split(",")]
    return [name for name in names if name] or None


def show_frame(frame: pl.DataFrame, form: Format, view: Sequence[Column] | None) -> None:
    """Write the rows of a frame; without a view every column of it is shown."""
    from samplemind.library.paths import from_text

    places = {"path", "folder", "name", "root"} & set(frame.columns)

    def rows() -> Iterator[dict[str, Any]]:
        for row in frame.iter_rows(named=True):
            yield row | {name: from_text(row[name]) for name in places if row[name] is not None}

    Writer(form, view=view, fields=frame.columns, bad=failure_of).write(rows())
    if form == "table" and frame.is_empty():
        typer.echo("no sound fits", err=True)


def list_rows(
    library: LibraryArgument,
    where: WhereOption = None,
    columns: ColumnsOption = None,
    sort: SortOption = None,
    limit: LimitOption = None,
    form: FormatOption = "table",
) -> None:
    """List the sounds of a library, one row a file.

    Columns are the descriptors (`samplemind describe`) and those of files: path, folder, name, ext, size, mtime_ns,
    status, error, name_bpm, name_key, …

    [bold]Examples[/bold]

    [cyan]samplemind list ~/sounds.library --where "kind = 'loop' AND bpm BETWEEN 118 AND 122" --sort bpm[/cyan]

    [cyan]samplemind list ~/sounds.library --where "sample_class = 'kick'" --sort "loudness_lufs desc" -n 20[/cyan]

    [cyan]samplemind list ~/sounds.library --where "status = 'failed'" --columns path,error[/cyan]

    [cyan]samplemind list ~/sounds.library --columns path,bpm,key --format csv > sounds.csv[/cyan]
    """
    from samplemind.library import Library

    asked = split_columns(columns)
    frame = Library.open(library).frame(asked or list(SUMMARY_FIELDS), where, sort, limit)
    show_frame(frame, form, None if asked else SUMMARY)


def similar(
    library: LibraryArgument,
    sound: Annotated[str, typer.Argument(metavar="SOUND", help="A file, in the library or not, or the id of a sound.")],
    limit: LimitOption = 10,
    where: WhereOption = None,
    by: Annotated[
        str,
        typer.Option(
            "--by", help="What to compare: embedding, or an aspect: spectrum, timbre, pitch, envelope, rhythm, harmony."
        ),
    ] = "embedding",
    columns: ColumnsOption = None,
    form: FormatOption = "table",
) -> None:
    """Find the sounds that are most like one sound; a distance of 0 is equal, 1 unlike, 2 opposite.

    [bold]Examples[/bold]

    [cyan]samplemind similar ~/sounds.library kick.wav[/cyan]

    [cyan]samplemind similar ~/sounds.library pad.flac --where "kind = 'loop'" --by timbre -n 20[/cyan]
    """
    from samplemind.library import Library

    asked = split_columns(columns)
    chosen = asked or list(SUMMARY_FIELDS)
    frame = Library.open(library).similar(sound, limit=limit or 10, where=where, by=by, columns=chosen)
    show_frame(frame, form, None if asked else NEIGHBOURS)


def export(
    library: LibraryArgument,
    to: Annotated[Path, typer.Option("--to", "-o", metavar="FILE", help="Ends in .parquet, .csv or .jsonl.")],
    where: WhereOption = None,
    columns: ColumnsOption = None,
    sort: SortOption = None,
) -> None:
    """Write the rows of a library to a file, every column if none are named.

    [bold]Examples[/bold]

    [cyan]samplemind export ~/sounds.library --to sounds.parquet[/cyan]

    [cyan]samplemind export ~/sounds.library --to loops.csv --where "kind = 'loop'" --columns path,bpm,key[/cyan]
    """
    from samplemind.library import Library

    count = Library.open(library).export(to, columns=split_columns(columns), where=where, sort=sort)
    typer.echo(f"{counted(count, 'row')} in {printable(str(to))}")
