"""`info`, `verify`, `compact`, `relocate` and `remove`: look after a library."""

from __future__ import annotations

import dataclasses
import os
from typing import Annotated

import typer

from samplemind.cli.options import CANNOT, FormatOption, LibraryArgument, WhereOption
from samplemind.cli.output import Writer, counted, printable
from samplemind.cli.views import duration
from samplemind.errors import ParameterError

__all__ = ["compact", "info", "relocate", "remove", "size", "verify"]


def size(count: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def info(library: LibraryArgument, form: FormatOption = "table") -> None:
    """Say what a library holds.

    [bold]Examples[/bold]

    [cyan]samplemind info ~/sounds.library[/cyan]
    """
    from samplemind.library import Library

    known = Library.open(library).info()
    if form != "table":
        Writer(form).write([dataclasses.asdict(known)])
        return
    lines = {
        "library": f"{printable(known.uri)} (format {known.format}, made {known.created})",
        "sounds": f"{known.samples} different ones ({known.failed} failed), {duration(known.audio_s)} in all",
        "files": f"{known.files} in {counted(known.folders, 'folder')}, {size(known.size_bytes)}",
        "duplicates": f"{known.duplicates} files whose sound is there already",
        "orphans": f"{known.orphans} sounds without a file",
        "levels": _counts(known.levels),
        "kinds": _counts(known.kinds),
        "classes": _counts(known.classes),
        "ingests": str(known.runs),
        "indices": _indices(known.indices),
        "outdated": f"{known.outdated} sounds lack what is new; an ingest of their folders brings them up to date",
        "on disk": "unknown" if known.disk_bytes is None else size(known.disk_bytes),
    }
    if not known.outdated:
        del lines["outdated"]
    for name, text in lines.items():
        typer.echo(f"{name:<11} {text}")


def _indices(shares: dict[str, float]) -> str:
    if not shares:
        return "none: a library of this size is searched in memory"
    behind = min(shares.values())
    return f"of {counted(len(shares), 'column')}" + ("" if behind == 1 else f", with {behind:.1%} of all rows or more")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1])) or "none"


def verify(
    library: LibraryArgument,
    deep: Annotated[bool, typer.Option("--deep", help="Read every file again and compare its content.")] = False,
    form: FormatOption = "table",
) -> None:
    """Check that a library has no faults; the exit code is 3 if it has.

    Files that are gone from the disk are listed, but are no fault of the library.

    [bold]Examples[/bold]

    [cyan]samplemind verify ~/sounds.library[/cyan]

    [cyan]samplemind verify ~/sounds.library --format jsonl[/cyan]
    """
    from samplemind.library import Library

    report = Library.open(library).verify(deep=deep)
    if form == "table":
        for problem in report.problems:
            typer.echo(f"problem  {printable(problem)}")
        for path in report.missing:
            typer.echo(f"missing  {printable(path)}")
        for note in report.notes:
            typer.echo(f"note     {printable(note)}")
        titles = {"samples": "sounds", "hashed": "files read again"}
        checked = ", ".join(f"{count} {titles.get(name, name)}" for name, count in report.checked.items())
        faults = counted(len(report.problems), "fault") if report.problems else "no faults"
        gone = f", {counted(len(report.missing), 'file')} missing on the disk" if report.missing else ""
        typer.echo(f"{faults}{gone}; checked {checked or 'nothing'}")
    else:
        Writer(form).write([{"ok": report.ok, **dataclasses.asdict(report)}])
    if not report.ok:
        raise typer.Exit(CANNOT)


def compact(library: LibraryArgument) -> None:
    """Put the fragments of a library together, bring its indices up to date, and drop old versions.

    Versions of the last five minutes are kept for programs that still read them.

    [bold]Examples[/bold]

    [cyan]samplemind compact ~/sounds.library[/cyan]
    """
    from samplemind.library import Library

    before, after = Library.open(library).compact()
    typer.echo(f"compacted: {size(before)} before, {size(after)} now" if before else "compacted")


def relocate(
    library: LibraryArgument,
    old: Annotated[str, typer.Argument(metavar="OLD", help="Folder where the sounds were.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Folder where they are now.")],
) -> None:
    """Tell a library that a folder of sounds has moved, without listening again; nothing on the disk is touched.

    [bold]Examples[/bold]

    [cyan]samplemind relocate ~/sounds.library /mnt/old/Samples /mnt/new/Samples[/cyan]
    """
    from samplemind.library import Library

    count = Library.open(library).relocate(old, new)
    typer.echo(f"{counted(count, 'file')} known under {printable(new)} now")
    if not os.path.exists(os.path.expanduser(new)):
        typer.echo(f"note: {printable(new)} does not exist on this machine", err=True)


def remove(
    library: LibraryArgument,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH…]", help="Files, and folders with all that is beneath.")
    ] = None,
    where: WhereOption = None,
    missing: Annotated[bool, typer.Option("--missing", help="All files that are no longer on the disk.")] = False,
) -> None:
    """Take files out of a library; the files themselves stay where they are.

    [bold]Examples[/bold]

    [cyan]samplemind remove ~/sounds.library ~/Samples/rubbish[/cyan]

    [cyan]samplemind remove ~/sounds.library --where "status = 'failed'"[/cyan]
    """
    from samplemind.library import Library

    if not paths and where is None and not missing:
        raise ParameterError("remove: say what to take out; give a PATH, --where or --missing")
    count = Library.open(library).remove(paths or None, where=where, missing=missing)
    typer.echo(f"{counted(count, 'file')} taken out")
