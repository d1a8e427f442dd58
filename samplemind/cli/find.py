"""`list`, `similar` and `export`: rows of a library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplemind.cli.options import (
    AnyTempoOption,
    AspectOption,
    CollectionOption,
    ColumnsOption,
    EndOption,
    ExplainOption,
    FormatOption,
    LibraryArgument,
    LikeOption,
    LimitOption,
    OffsetOption,
    SkipEqualOption,
    SortOption,
    StartOption,
    TagOption,
    TransposeOption,
    UnlikeOption,
    WhereOption,
    WithoutTagOption,
    narrowed,
)
from samplemind.cli.output import Column, Format, Writer, counted, printable
from samplemind.cli.views import SUMMARY, SUMMARY_FIELDS, failure_of, neighbours
from samplemind.errors import ParameterError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["export", "list_rows", "show_frame", "similar", "split_aspects", "split_columns"]


def split_columns(columns: str | None) -> list[str] | None:
    """The names in `a,b, c`; None where nothing is asked for."""
    names = [name.strip() for name in (columns or "").split(",")]
    return [name for name in names if name] or None


def split_aspects(texts: list[str] | None) -> dict[str, float] | None:
    """`timbre=2` as a mapping; None where nothing is said."""
    weights = {}
    for text in texts or ():
        name, equals, number = text.partition("=")
        try:
            weights[name.strip()] = float(number) if equals else 1.0
        except ValueError:
            raise ParameterError(f"--aspect {text!r}: {number!r} is no number; write it as timbre=2") from None
    return weights or None


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
    tag: TagOption = None,
    without_tag: WithoutTagOption = None,
    collection: CollectionOption = None,
    columns: ColumnsOption = None,
    sort: SortOption = None,
    limit: LimitOption = None,
    offset: OffsetOption = 0,
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
    from samplemind.library.search import Filter
    from samplemind.library.search.hints import hints

    asked = split_columns(columns)
    opened = Library.open(library)
    names = asked or list(SUMMARY_FIELDS)
    frame = opened.frame(["id", *names], where, sort)
    if tag:
        frame = frame.filter(frame["id"].is_in(list(opened.labels.ids_tagged(tag))))
    for name in without_tag or ():
        frame = frame.filter(~frame["id"].is_in(list(opened.labels.ids_tagged([name]))))
    for name in collection or ():
        frame = frame.filter(frame["id"].is_in(opened.collections.ids(name)))
    if frame.is_empty() and form == "table" and where and where.strip():
        for hint in hints(Filter.parse(where)):
            typer.echo(printable(hint), err=True)
    show_frame(frame.slice(offset, limit).select(list(dict.fromkeys(names))), form, None if asked else SUMMARY)


def similar(
    library: LibraryArgument,
    sound: Annotated[
        str | None,
        typer.Argument(
            metavar="[SOUND]", help="A file, in the library or not, or the id of a sound.", show_default=False
        ),
    ] = None,
    limit: LimitOption = 10,
    where: WhereOption = None,
    by: Annotated[str | None, typer.Option("--by", help="The same as --aspect, for one.", show_default=False)] = None,
    aspect: AspectOption = None,
    like: LikeOption = None,
    unlike: UnlikeOption = None,
    start: StartOption = None,
    end: EndOption = None,
    transpose: TransposeOption = False,
    any_tempo: AnyTempoOption = False,
    tag: TagOption = None,
    without_tag: WithoutTagOption = None,
    collection: CollectionOption = None,
    skip_equal: SkipEqualOption = False,
    sort: SortOption = None,
    offset: OffsetOption = 0,
    columns: ColumnsOption = None,
    form: FormatOption = "table",
    explain: ExplainOption = False,
) -> None:
    """Find the sounds that are most like one sound; a distance of 0 is equal, 1 unlike, 2 opposite.

    [bold]Examples[/bold]

    [cyan]samplemind similar ~/sounds.library kick.wav[/cyan]

    [cyan]samplemind similar ~/sounds.library pad.flac --where "kind = 'loop'" --by timbre -n 20[/cyan]

    [cyan]samplemind similar ~/sounds.library song.mp3 --start 12.5 --end 16 --aspect harmony --transpose[/cyan]

    [cyan]samplemind similar ~/sounds.library kick.wav --unlike boomy.wav --aspect timbre=2 --aspect envelope[/cyan]
    """
    from samplemind.library import Library

    if sound is None and not like and not unlike:
        raise ParameterError("similar: say what it should be like; give SOUND, --like or --unlike")
    if sound is None and (start is not None or end is not None):
        raise ParameterError("--start and --end: they cut SOUND; give it as an argument")
    if by is not None and aspect:
        raise ParameterError(f"--by {by}: --aspect says the same; give one of both")
    aspects = split_aspects([by] if by is not None else aspect)
    search = narrowed(Library.open(library).search(), where, tag, without_tag, collection).skip_equal(skip_equal)
    if sound is not None:
        search = search.like(sound, aspects=aspects, start=start, end=end)
    for other in like or ():
        search = search.like(other, aspects=aspects)
    for other in unlike or ():
        search = search.unlike(other, aspects=aspects)
    asked = split_columns(columns)
    search = search.tolerant(transposition=transpose, tempo=any_tempo).columns(asked or list(SUMMARY_FIELDS))
    found = search.sort(sort).limit(limit or 10).offset(offset).run()
    notes = [f"note: {note}" for note in found.explanation.notes] if form == "table" else []
    for line in found.explanation.lines() if explain else notes:
        typer.echo(printable(line), err=True)
    rows = found.frame
    if len(found.explanation.aspects) == 1:
        # It is the distance.
        rows = rows.drop([name for name in rows.columns if name.startswith("distance_") and name not in (asked or ())])
    show_frame(rows, form, None if asked else neighbours(list(found.explanation.aspects)))


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
