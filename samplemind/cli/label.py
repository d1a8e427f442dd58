"""`label`: say what sounds are, tag them, take it back, and see who said what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplemind.cli.options import FormatOption, LibraryArgument, WhereOption, state_of
from samplemind.cli.output import Writer, counted, printable
from samplemind.errors import ParameterError

if TYPE_CHECKING:
    from samplemind.library import Library
    from samplemind.library.labels import Labels

__all__ = ["label"]

_SHOWN = ("path", "task", "value", "author", "source", "confidence", "created")
_HISTORY = ("created", "author", "source", "task", "value", "holds", "batch", "undoes", "id")


def label(
    context: typer.Context,
    library: LibraryArgument,
    sounds: Annotated[
        list[str] | None, typer.Argument(metavar="[SOUND…]", help="Files, folders, or ids, of the library.")
    ] = None,
    value: Annotated[str | None, typer.Option("--value", "-v", help="What holds of them: kick, 4, any text.")] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", help="What it is about: class, bpm, key, rating (1 to 5), note, or your own.",
                     show_default="class"),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Give them a tag; one or more.")] = None,
    untag: Annotated[list[str] | None, typer.Option("--untag", help="Take a tag away.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take back what was said for --task.")] = False,
    where: WhereOption = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who says it.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was said last, or --batch.")] = False,
    redo: Annotated[bool, typer.Option("--redo", help="Bring back what was taken back last.")] = False,
    batch: Annotated[str | None, typer.Option("--batch", metavar="NAME", help="What to undo; see --history.")] = None,
    show: Annotated[bool, typer.Option("--list", help="List what holds, of SOUNDs or of all.")] = False,
    history: Annotated[bool, typer.Option("--history", help="List all that was ever said, of SOUNDs or all.")] = False,
    disagree: Annotated[bool, typer.Option("--disagreements", help="List where people say different things.")] = False,
    out: Annotated[
        str | None, typer.Option("--export", metavar="FILE", help="Write what holds: .csv, or a folder for JAMS.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--import", metavar="FILE", help="Read labels: .csv, .jams, or a folder of JAMS.")
    ] = None,
    form: FormatOption = "table",
) -> None:  # fmt: skip
    """Label and tag sounds; nothing that was said is ever lost, and every batch can be undone.

    [bold]Examples[/bold]

    [cyan]samplemind label ~/sounds.library kick.wav --value kick[/cyan]

    [cyan]samplemind label ~/sounds.library loops/ --tag favourite --tag dirty[/cyan]

    [cyan]samplemind label ~/sounds.library --where "duration_s < 0.1" --value click --by ann[/cyan]

    [cyan]samplemind label ~/sounds.library --list --task tag[/cyan]

    [cyan]samplemind label ~/sounds.library --undo[/cyan]
    """
    from samplemind.library import Library

    by = by or state_of(context).settings().user
    says = bool(value is not None or tag or untag or clear)
    asked = [says, undo or redo, show, history, disagree, out is not None, source is not None]
    if sum(asked) != 1:
        raise ParameterError("label: say one thing to do: --value, --tag, --untag, --clear, --undo, --redo, --list, "
                             "--history, --disagreements, --export or --import")  # fmt: skip
    opened = Library.open(library)
    labels = opened.labels
    if says:
        _say(labels, sounds or None, value, task, tag or (), untag or (), clear, where, by)
    elif undo or redo:
        name = labels.undo(batch, by=by) if undo else labels.redo(by=by)
        typer.echo(f"done; undo this with: samplemind label {printable(library)} --undo --batch {name}")
    elif out is not None:
        typer.echo(f"{counted(labels.export(out, task), 'statement')} written to {printable(out)}")
    elif source is not None:
        read = labels.import_(source, by=by)
        typer.echo(f"{counted(read.statements, 'statement')} read about {counted(read.sounds, 'sound')}, "
                   f"{read.known} held already, {counted(read.unknown, 'row')} of unknown sounds")  # fmt: skip
    else:
        _list(opened, sounds or None, task, history, disagree, form)


def _say(labels: Labels, sounds: Sequence[str] | None, value: str | None, task: str | None, tag: Sequence[str],
         untag: Sequence[str], clear: bool, where: str | None, by: str | None) -> None:  # fmt: skip
    """Each part is one batch."""
    batches = []
    if value is not None or clear:
        if clear and value is not None:
            raise ParameterError("--clear: takes back what was said; leave out --value")
        batches.append(labels.label(sounds, value, task or "class", by=by, where=where))
    if tag:
        batches.append(labels.tag(sounds, *tag, by=by, where=where))
    if untag:
        batches.append(labels.untag(sounds, *untag, by=by, where=where))
    rows = labels.history()
    said = rows.filter(rows["batch"].is_in(batches))
    typer.echo(f"{counted(said['id'].n_unique(), 'sound')} labelled: {', '.join(batches)}")


def _list(library: Library, sounds: Sequence[str] | None, task: str | None, history: bool, disagree: bool,
          form: Any) -> None:  # fmt: skip
    import polars as pl

    from samplemind.library.chosen import ids_of

    ids = None if sounds is None else ids_of(library.tables, sounds)
    labels = library.labels
    columns: tuple[str, ...]
    if history:
        rows, columns = labels.history(), _HISTORY
    elif disagree:
        rows, columns = labels.disagreements(with_models=True), ("path", "task", "values", "authors")
    else:
        rows, columns = labels.current(), _SHOWN
    if task is not None:
        rows = rows.filter(pl.col("task") == task)
    if ids is not None:
        rows = rows.filter(pl.col("id").is_in(ids))
    if "path" in columns:
        paths = library.frame(["id", "path"], sort="path").unique("id", keep="first", maintain_order=True)
        rows = rows.join(paths, "id", "left").sort("path", "task", nulls_last=True)
    Writer(form, fields=columns).write(rows.select(columns).iter_rows(named=True))
    if form == "table" and rows.is_empty():
        typer.echo("nothing was said", err=True)
