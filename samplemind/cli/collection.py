"""`collection`: named sets of sounds, and saved searches."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from samplemind.cli.find import show_frame
from samplemind.cli.options import SOME_FAILED, FormatOption, LibraryArgument, WhereOption
from samplemind.cli.output import Writer, counted, printable
from samplemind.cli.views import SUMMARY, SUMMARY_FIELDS
from samplemind.errors import ParameterError

__all__ = ["collection"]


def collection(
    library: LibraryArgument,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of the collection; all, if not given.")] = None,
    sounds: Annotated[list[str] | None, typer.Argument(metavar="[SOUND…]", help="Files, folders, or ids.")] = None,
    create: Annotated[bool, typer.Option("--create", help="Make a set of SOUNDs, or of those of --where.")] = False,
    add: Annotated[bool, typer.Option("--add", help="Put SOUNDs into a set.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take SOUNDs out of a set.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Save a search: --text and --where.")] = False,
    text: Annotated[str | None, typer.Option("--text", help="Phrase of a saved search: \"dark punchy kick\".")] = None,
    where: WhereOption = None,
    rename: Annotated[str | None, typer.Option("--rename", metavar="NAME", help="Give it another name.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Forget it; its sounds stay.")] = False,
    export: Annotated[
        str | None, typer.Option("--export", metavar="OUT", help="Write it: .csv, .json, .m3u8, or a folder of links.")
    ] = None,
    links: Annotated[
        Literal["symbolic", "hard", "copy"], typer.Option("--links", help="What the folder holds.")
    ] = "symbolic",
    relative: Annotated[bool, typer.Option("--relative", help="Paths as seen from where they are written.")] = False,
    form: FormatOption = "table",
) -> None:  # fmt: skip
    """Keep sounds together under a name, in an order of their own, or keep a search.

    [bold]Examples[/bold]

    [cyan]samplemind collection ~/sounds.library[/cyan]

    [cyan]samplemind collection ~/sounds.library "set one" kick.wav snare.wav --create[/cyan]

    [cyan]samplemind collection ~/sounds.library "fast loops" --save --where "kind = 'loop' AND bpm > 170"[/cyan]

    [cyan]samplemind collection ~/sounds.library "set one" --export ~/usb/set-one --links copy[/cyan]
    """
    from samplemind.library import Library

    opened = Library.open(library)
    shelf = opened.collections
    if name is None:
        rows = shelf.frame()
        Writer(form, fields=rows.columns).write(rows.iter_rows(named=True))
        return
    asked = [create, add, remove, save, rename is not None, delete, export is not None]
    if sum(asked) > 1:
        raise ParameterError("collection: say one thing to do: --create, --add, --remove, --save, --rename, --delete, "
                             "--export")  # fmt: skip
    if text is not None and not save:
        raise ParameterError("--text: belongs to a saved search; give --save")
    said = printable(name)
    if create:
        typer.echo(f"{said}: {counted(shelf.create(name, sounds or None, where=where), 'sound')}")
    elif add:
        typer.echo(f"{said}: {counted(shelf.add(name, sounds or None, where=where), 'sound')} added")
    elif remove:
        typer.echo(f"{said}: {counted(shelf.remove(name, sounds or None, where=where), 'sound')} taken out")
    elif save:
        search = opened.search()
        search = search.text(text) if text else search
        shelf.save_search(name, search.where(where) if where else search)
        typer.echo(f"{said}: saved")
    elif rename is not None:
        shelf.rename(name, rename)
    elif delete:
        shelf.delete(name)
    elif export is not None:
        done = shelf.export(name, export, links=links, relative=relative)
        typer.echo(f"{counted(done.sounds, 'sound')} written to {printable(str(done.path))}")
        if done.missing:
            typer.echo(f"{counted(len(done.missing), 'sound')} of it lie nowhere", err=True)
            raise typer.Exit(SOME_FAILED)
    else:
        import polars as pl

        from samplemind.library.search.filters import Filter

        ids = shelf.ids(name)
        frame = opened.frame(["id", *SUMMARY_FIELDS], where=Filter.any_of("id", ids), sort="path")
        frame = frame.unique("id", keep="first", maintain_order=True)
        frame = pl.DataFrame({"id": ids}, schema={"id": pl.String}).join(frame, "id", maintain_order="left")
        show_frame(frame.drop("id"), form, SUMMARY)
