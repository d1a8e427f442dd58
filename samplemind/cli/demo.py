"""`demo`: make sounds, ingest them, and ask the library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samplemind.cli.find import show_frame
from samplemind.cli.ingest import run_ingest, say_report
from samplemind.cli.options import SOME_FAILED, WorkersOption, state_of
from samplemind.cli.output import printable
from samplemind.cli.progress import ProgressLine
from samplemind.cli.views import SUMMARY, SUMMARY_FIELDS, neighbours

if TYPE_CHECKING:
    from samplemind.demo import Sound

__all__ = ["compare", "demo"]


def demo(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the sounds and their library go.")] = Path(
        "samplemind-demo"
    ),
    small: Annotated[bool, typer.Option("--small", help="About 50 sounds instead of 300.")] = False,
    workers: WorkersOption = None,
) -> None:
    """Make the demo sounds, ingest them, and show what a library answers.

    The sounds are synthesised, so it is known exactly what they are, and how often the answers are right.

    [bold]Examples[/bold]

    [cyan]samplemind demo[/cyan]

    [cyan]samplemind demo --to ~/demo --small[/cyan]
    """
    from samplemind.demo import make_demo
    from samplemind.library import Library

    settings = state_of(context).settings(workers=workers)
    to = to.expanduser()
    with ProgressLine("making sounds") as line:
        made = make_demo(to / "sounds", progress=line.update, subset="small" if small else "all")
    typer.echo(f"{len(made.sounds)} sounds in {printable(str(made.folder))}: {made.written} made, {made.skipped} kept")

    address = str(to / "library")
    library = Library.open_or_create(address)
    report = run_ingest(library, [str(made.folder)], settings)
    say_report(report)

    heard = {row["path"]: row for row in library.frame(list(SUMMARY_FIELDS)).iter_rows(named=True)}
    truth = {os.path.abspath(made.folder / sound.path): sound for sound in made.sounds}
    typer.echo("\nWhat was heard, against what is known:")
    for what, (right, known) in compare(truth, heard).items():
        typer.echo(f"  {what:<6} {right:>3} of {known:>3} right")

    place = printable(address)
    where = "kind = 'loop' AND bpm BETWEEN 115 AND 125"
    _headline(f'samplemind list {place} --where "{where}" --sort bpm')
    show_frame(library.frame(list(SUMMARY_FIELDS), where=where, sort="bpm", limit=6), "table", SUMMARY)
    kick = next(path for path, sound in truth.items() if sound.sample_class == "kick")
    _headline(f'samplemind similar {place} "{printable(kick)}"')
    show_frame(library.similar(kick, limit=6, columns=list(SUMMARY_FIELDS)), "table", neighbours())
    _headline(f"samplemind info {place}", "samplemind describe", "samplemind ingest LIBRARY PATH…   # your own sounds")
    if report.failed:
        raise typer.Exit(SOME_FAILED)


def _headline(*commands: str) -> None:
    typer.echo()
    for command in commands:
        typer.echo(typer.style(f"$ {command}", bold=True))


def compare(truth: Mapping[str, Sound], heard: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Count right answers.

    Parameters
    ----------
    truth : mapping of str to Sound
        What is known, by path.
    heard : mapping of str to mapping
        Rows of a library, by path.

    Returns
    -------
    dict of str to (int, int)
        For kind, class, tempo (within 1 %), key and note: how many are right, of how many that are known.
    """
    pairs = [(sound, heard.get(path, {})) for path, sound in truth.items()]
    tempos = [(sound.bpm, row.get("bpm")) for sound, row in pairs if sound.bpm is not None]
    keys = [(sound.key, f"{row.get('key')} {row.get('scale')}") for sound, row in pairs if sound.key is not None]
    notes = [(sound.midi_note, row.get("midi_note")) for sound, row in pairs if sound.midi_note is not None]
    return {
        "kind": _count([sound.kind == row.get("kind") for sound, row in pairs]),
        "class": _count([sound.sample_class == row.get("sample_class") for sound, row in pairs]),
        "tempo": _count([bpm is not None and abs(bpm / known - 1) <= 0.01 for known, bpm in tempos]),
        "key": _count([known == key for known, key in keys]),
        "note": _count([known == note for known, note in notes]),
    }


def _count(right: list[bool]) -> tuple[int, int]:
    return sum(right), len(right)
