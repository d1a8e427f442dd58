"""`duplicates`: files that hold the same sound, and what to do about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from samplemind.cli.keep import size
from samplemind.cli.options import SOME_FAILED, FormatOption, LibraryArgument, WhereOption
from samplemind.cli.output import Column, Writer, counted, printable
from samplemind.cli.progress import ProgressLine
from samplemind.errors import ParameterError

__all__ = ["duplicates"]

Row = Mapping[str, Any]


def _quality(row: Row) -> str:
    rate = row.get("sample_rate")
    depth = f"/{row['bit_depth']}" if row.get("bit_depth") else ""
    return f"{row.get('codec') or '–'} {rate / 1000:g}{depth}" if rate else str(row.get("codec") or "–")


_PATH: Final = Column("path", lambda row: printable(str(row["path"])), 0, flexible=True)
_GROUPS: Final = (
    Column("group", lambda row: str(row["group"]), 5, right=True),
    Column("", lambda row: str(row["relation"]), 5),
    Column("dB", lambda row: "" if row["relation"] == "best" else f"{row['difference_db']:.1f}", 4, right=True),
    Column("coded as", _quality, 16),
    Column("size", lambda row: size(row["size"]), 10, right=True),
    _PATH,
)
_MOVES: Final = (
    Column("group", lambda row: str(row["group"]), 5, right=True),
    Column("size", lambda row: size(row["size"]), 10, right=True),
    Column("why", lambda row: str(row["reason"]), 44),
    _PATH,
)


def duplicates(
    library: LibraryArgument,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            "-k",
            help="exact (the same bytes), audio (the same samples), near (coded anew, louder, trimmed, padded), "
            "hit (almost the same hit); may be given more than once.",
            show_default="exact, audio, near",
        ),
    ] = None,
    where: WhereOption = None,
    form: FormatOption = "table",
    plan: Annotated[bool, typer.Option("--plan", help="List what would be put aside; nothing is touched.")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Put it aside, all but the best of each group.")] = False,
    trash: Annotated[
        str | None, typer.Option("--trash", metavar="DIR", help="Where to.", show_default="LIBRARY.trash")
    ] = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="RULE,…",
            help="What is best: lossless, rate, depth, channels, longer, larger, older, newer, path.",
        ),
    ] = None,
    prefer: Annotated[
        list[str] | None, typer.Option("--prefer", metavar="DIR", help="Folder whose files stay, before all rules.")
    ] = None,
    avoid: Annotated[
        list[str] | None, typer.Option("--avoid", metavar="DIR", help="Folder whose files go, before all rules.")
    ] = None,
    undo: Annotated[
        str | None, typer.Option("--undo", metavar="JOURNAL", help="Bring back what was put aside.")
    ] = None,
) -> None:
    """Find files that hold the same sound, and put all but the best of them aside.

    Nothing is touched without --apply, and nothing is ever deleted: files are moved into a folder, and a journal there
    brings every one of them back. Hits that are only alike go if --kind hit asks for them.

    [bold]Examples[/bold]

    [cyan]samplemind duplicates ~/sounds.library[/cyan]

    [cyan]samplemind duplicates ~/sounds.library --kind exact --kind audio --plan --prefer ~/Samples/Bought[/cyan]

    [cyan]samplemind duplicates ~/sounds.library --apply --trash ~/Samples.trash[/cyan]

    [cyan]samplemind duplicates ~/sounds.library --undo ~/Samples.trash/20261120-184512-123456.journal[/cyan]
    """
    from samplemind.library import Library

    opened = Library.open(library)
    if undo is not None:
        if plan or apply or kind:
            raise ParameterError("--undo: brings back what a journal names; leave out --plan, --apply and --kind")
        _tell(opened.undo_duplicates(undo), "brought back")
        return
    with ProgressLine("listening") as line:
        report = opened.duplicates(kind or ("exact", "audio", "near"), where,
                                   progress=lambda heard, total: line.update(heard, total))  # fmt: skip
    for note in report.notes:
        typer.echo(f"note: {note}", err=True)
    rules = [rule.strip() for rule in keep.split(",")] if keep else None
    if not plan and not apply:
        rows = report.ranked(rules, prefer or (), avoid or ())
        Writer(form, view=_GROUPS, fields=rows.columns).write(rows.iter_rows(named=True))
        if form == "table":
            typer.echo(f"{counted(len(report), 'group')} of {counted(len(rows), 'file')}, "
                       f"{size(report.bytes_to_win)} to win; looked at {counted(report.files, 'file')}")  # fmt: skip
        return
    going = report.plan(rules, prefer=prefer or (), avoid=avoid or (), kinds=kind)
    if not apply:
        Writer(form, view=_MOVES, fields=going.moves.columns).write(going.moves.iter_rows(named=True))
        if form == "table":
            typer.echo(f"{counted(len(going), 'file')} would go, {size(going.bytes)}; --apply does it")
        return
    with ProgressLine("putting aside") as line:
        done = going.apply(trash, progress=lambda looked_at, total: line.update(looked_at, total))
    _tell(done, "put aside")
    if done.moved:
        typer.echo(f"undo with: samplemind duplicates {printable(library)} --undo {printable(str(done.journal))}")


def _tell(done: Any, what: str) -> None:
    for path, reason in done.left:
        typer.echo(f"left: {printable(path)} {printable(reason)}", err=True)
    typer.echo(f"{counted(len(done.moved), 'file')} {what}, {size(done.bytes)}")
    if done.left:
        raise typer.Exit(SOME_FAILED)
