"""`analyze`: listen to files without a library."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

from samplemind.cli.options import SOME_FAILED, FormatOption, LevelOption, SchedulerOption, WorkersOption, state_of
from samplemind.cli.output import Writer, printable
from samplemind.cli.progress import ProgressLine
from samplemind.cli.views import SUMMARY, failure_of

if TYPE_CHECKING:
    from samplemind.descriptors.engine import Analysis
    from samplemind.settings import Settings

__all__ = ["analyze", "find_files"]

#: Workers take some seconds to start, in which a thousand short sounds are heard. They keep a crash or a hang away from
#: the other files, though, so many files get them all the same, and not so many where someone asks for workers.
_FEW: Final = 64
_FEW_ASKED: Final = 8
_FEW_BYTES: Final = 32 * 2**20


def analyze(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Sound files, and folders of them.")],
    form: FormatOption = "table",
    level: LevelOption = None,
    vectors: Annotated[bool, typer.Option("--vectors", help="With the vectors of similarity.")] = False,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
) -> None:
    """Listen to files and say what was heard, without a library.

    Rows come in the order of the arguments, each as soon as it is known. A file that is no sound is a row with its
    reason, and the exit code is then 1.

    [bold]Examples[/bold]

    [cyan]samplemind analyze kick.wav loops/[/cyan]

    [cyan]samplemind analyze loops --level detailed --format jsonl > heard.jsonl[/cyan]
      everything, one JSON object a line

    [cyan]samplemind analyze . --format csv --workers 4 > heard.csv[/cyan]
    """
    settings = state_of(context).settings(level=level, workers=workers, scheduler=scheduler)
    files, unreadable = find_files(paths)
    for folder, reason in unreadable:
        typer.echo(f"{printable(folder)}: folder cannot be listed: {reason}", err=True)
    if not files and not unreadable:
        typer.echo("no sound files there", err=True)
    failed, audio_s = 0, 0.0
    # Rows on a terminal show themselves how far it is; a second line would write into them.
    with ProgressLine("listening", False if sys.stdout.isatty() else None) as line:

        def rows() -> Iterator[dict[str, object]]:
            nonlocal failed, audio_s
            for done, (path, analysis) in enumerate(zip(files, _listen(files, settings), strict=True), 1):
                analysis.path = path
                failed += analysis.status == "failed"
                audio_s += analysis.values.get("duration_s") or 0.0
                line.update(done, len(files), failed, audio_s)
                yield analysis.to_json(vectors)

        line.update(0, len(files))
        Writer(form, view=SUMMARY, bad=failure_of, ready=True).write(rows())
    if failed or unreadable:
        raise typer.Exit(SOME_FAILED)


def _listen(files: Sequence[str], settings: Settings) -> Iterator[Analysis]:
    """Few files are heard sooner than workers are started; many are worth it."""
    few = _FEW if settings.workers is None else _FEW_ASKED
    # A single file, however long, has nobody to wait for, and is read in blocks.
    light = len(files) == 1 or (len(files) <= few and sum(map(_size, files)) <= _FEW_BYTES)
    if settings.scheduler is None and light:
        from samplemind.descriptors.engine import analyze_file

        for path in files:
            yield analyze_file(path, settings.level, settings=settings)
    else:
        from samplemind.library import analyze_many

        yield from analyze_many(files, settings=settings)


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.isfile(path) else 0


def find_files(paths: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The files that arguments mean: a folder stands for the sounds beneath it, in the order of their names.

    Parameters
    ----------
    paths : sequence of str
        Files and folders as they were given.

    Returns
    -------
    list of str
        Beginning as the argument did. What does not exist is kept, so that its row can say so.
    list of (str, str)
        Folders that could not be listed, and why.
    """
    from samplemind.library.paths import absolute, from_text
    from samplemind.library.scan import scan

    found: list[str] = []
    unreadable: list[tuple[str, str]] = []
    for path in paths:
        if os.path.isdir(path):
            top = absolute(path)
            seen = scan([path])
            unreadable += seen.unreadable
            inside = sorted(os.path.relpath(from_text(file), top) for file in seen.paths)
            found += [os.path.join(path, file) for file in inside]
        else:
            found.append(path)
    return found, unreadable
