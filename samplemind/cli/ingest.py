"""`ingest`: add sounds to a library, or bring it up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from samplemind.cli.options import (
    SOME_FAILED,
    FormatOption,
    LevelOption,
    LibraryArgument,
    SchedulerOption,
    WorkersOption,
    state_of,
)
from samplemind.cli.output import Writer, counted, printable
from samplemind.cli.progress import ProgressLine
from samplemind.cli.views import duration

if TYPE_CHECKING:
    from samplemind.library import IngestReport, Library, Progress
    from samplemind.settings import Settings

__all__ = ["ingest", "run_ingest", "say_report"]

#: Failures that are told one by one; the rest are counted.
_TOLD = 10


def ingest(
    context: typer.Context,
    library: LibraryArgument,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Folders of sounds, and files.")],
    level: LevelOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try the files again that failed before.")
    ] = False,
    form: FormatOption = "table",
) -> None:
    """Add sounds to a library, or bring it up to date.

    The library is made where there is none. Only what is new or changed is listened to; stop it at any time, and the
    same command goes on from there. The exit code is 1 if files failed.

    [bold]Examples[/bold]

    [cyan]samplemind ingest ~/sounds.library ~/Samples[/cyan]

    [cyan]samplemind ingest ~/sounds.library ~/Samples /mnt/packs --level detailed --workers 8[/cyan]

    [cyan]samplemind ingest s3://bucket/library /mnt/packs --scheduler tcp://head:8786[/cyan]
      with the workers of a Dask cluster
    """
    from samplemind.library import Library
    from samplemind.library.scan import tops_of

    settings = state_of(context).settings(level=level, workers=workers, scheduler=scheduler)
    tops_of(paths)  # a path that is mistyped must not leave an empty library
    report = run_ingest(Library.open_or_create(library), paths, settings, retry_failed=retry_failed)
    if form == "table":
        say_report(report)
    else:
        Writer(form).write([report.to_dict()])
    if report.failed or report.unreadable:
        raise typer.Exit(SOME_FAILED)


def run_ingest(library: Library, paths: list[str], settings: Settings, *, retry_failed: bool = False) -> IngestReport:
    """Ingest with a line that says how far it is.

    Parameters
    ----------
    library : Library
    paths : list of str
    settings : Settings
    retry_failed : bool

    Returns
    -------
    IngestReport

    Raises
    ------
    Interrupted
        On Ctrl-C.
    """
    with ProgressLine("scan") as line:

        def show(state: Progress) -> None:
            line.update(state.done, state.total, state.failed, state.audio_s, state.stage)

        report: IngestReport = library.ingest(paths, settings=settings, progress=show, retry_failed=retry_failed)
        return report


def say_report(report: IngestReport) -> None:
    """Tell a person what an ingest did."""
    parts = {
        "new": report.new, "changed": report.changed, "moved": report.moved, "old paths gone": report.gone,
        "unchanged": report.unchanged,
    }  # fmt: skip
    counts = ", ".join(f"{count} {name}" for name, count in parts.items() if count)
    files = counted(report.scanned, "file") if report.scanned else "no sound files"
    typer.echo(files + (f": {counts}" if counts else ""))
    # Equal files are listened to once, so this can be fewer than the files that are new.
    sounds = counted(report.analyzed, "different sound")
    heard = f"{sounds} listened to ({duration(report.audio_s)})" if report.analyzed else "nothing to listen to"
    typer.echo(f"{heard}, in {duration(report.seconds)}")
    if report.failed:
        typer.echo(f"{counted(report.failed, 'file')} failed:")
    faults = report.failures + [(path, f"folder cannot be listed: {reason}") for path, reason in report.unreadable]
    for path, reason in faults[:_TOLD]:
        typer.echo(f"  {printable(path)}: {printable(reason)}")
    if len(faults) > _TOLD:
        typer.echo(
            f"  and {len(faults) - _TOLD} more: samplemind list LIBRARY --where \"status = 'failed'\" -c path,error"
        )
