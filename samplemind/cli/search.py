"""`search`: sounds by words, by sound and by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from samplemind.cli.find import show_frame, split_aspects, split_columns
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
from samplemind.cli.output import Column, printable
from samplemind.cli.views import SUMMARY, SUMMARY_FIELDS
from samplemind.errors import ParameterError

if TYPE_CHECKING:
    from samplemind.library.search.request import Search
    from samplemind.library.search.results import Results

__all__ = ["DISTANCE", "SCORE", "WORDS", "search"]

_LIMIT: Final = 20
SCORE: Final = Column("score", lambda row: f"{row['score']:.2f}", 5, right=True)
DISTANCE: Final = Column("dist", lambda row: f"{row['distance']:.3f}", 5, right=True)
WORDS: Final = Column("words", lambda row: printable(", ".join(row["words"] or ())), 24, least=10)


def search(
    library: LibraryArgument,
    phrase: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PHRASE]…", help='What to look for: "dark punchy kick under 1 s".', show_default=False),
    ] = None,
    like: LikeOption = None,
    unlike: UnlikeOption = None,
    aspect: AspectOption = None,
    where: WhereOption = None,
    tag: TagOption = None,
    without_tag: WithoutTagOption = None,
    collection: CollectionOption = None,
    start: StartOption = None,
    end: EndOption = None,
    transpose: TransposeOption = False,
    any_tempo: AnyTempoOption = False,
    skip_equal: SkipEqualOption = False,
    sort: SortOption = None,
    limit: LimitOption = _LIMIT,
    offset: OffsetOption = 0,
    columns: ColumnsOption = None,
    form: FormatOption = "table",
    explain: ExplainOption = False,
) -> None:
    """Find sounds by words, by sound and by numbers, in any combination; the best comes first.

    A phrase may name what it is (kick, open hat, speech), how it sounds (dark, very short, not noisy), numbers (under
    2 s, 120-125 bpm, A minor, C3, 24 bit), what it is like (like 808), "words in quotes", and any other words of
    names, folders, tags and labels. How it was understood is said first.

    [bold]Examples[/bold]

    [cyan]samplemind search ~/sounds.library dark punchy kick under 1 s[/cyan]

    [cyan]samplemind search ~/sounds.library "loop in A minor, 120-125 bpm, no vocals" --tag favourite[/cyan]

    [cyan]samplemind search ~/sounds.library --like kick.wav --aspect timbre=2 --aspect envelope -n 10[/cyan]

    [cyan]samplemind search ~/sounds.library "short bright hat" --like hat.wav --format jsonl --explain[/cyan]
    """  # fmt: skip
    from samplemind.library import Library

    asked = Library.open(library).search()
    if (start is not None or end is not None) and len(like or ()) != 1:
        raise ParameterError("--start and --end: they cut the sound of --like; give --like SOUND, once")
    for sound in like or ():
        asked = asked.like(sound, aspects=split_aspects(aspect), start=start, end=end)
    for sound in unlike or ():
        asked = asked.unlike(sound, aspects=split_aspects(aspect))
    if aspect and not (like or unlike):
        raise ParameterError("--aspect: it says how to compare with a sound; give --like SOUND, too")
    words = " ".join(phrase or ()).strip()
    asked = narrowed(asked.text(words), where, tag, without_tag, collection)
    asked = asked.tolerant(transposition=transpose, tempo=any_tempo).skip_equal(skip_equal)
    named = asked.condition.columns if asked.condition is not None else frozenset()
    if not (words or like or unlike or named & {"status", "error"}):
        asked = asked.where("status = 'ok'")  # of what failed nothing is known that could be looked for
    chosen = split_columns(columns)
    asked = asked.columns(chosen or list(SUMMARY_FIELDS)).sort(sort).limit(limit or _LIMIT).offset(offset)
    found = asked.run()
    _tell(found, explain, form == "table")
    view = None if chosen else _view(asked, found)
    show_frame(found.frame, form, view)
    if explain:
        _tell_reasons(found)


def _view(asked: Search, found: Results) -> tuple[Column, ...]:
    names: set[str] = set(found.frame.columns)
    *most, path = SUMMARY
    first = [column for name, column in (("score", SCORE), ("distance", DISTANCE)) if name in names]
    return (*first, *most, *([WORDS] if "words" in names and asked.phrase else []), path)


def _tell(found: Results, whole: bool, is_table: bool) -> None:
    """How the search was understood; on the standard error, so that rows can go elsewhere."""
    explanation = found.explanation
    lines: list[str] = []
    if whole:
        lines = explanation.lines()
    elif is_table:
        lines = [*explanation.understood, *(f"note: {text}" for text in explanation.notes)]
    for line in lines:
        typer.echo(printable(line), err=True)


def _tell_reasons(found: Results) -> None:
    """What each piece of the phrase gave each sound."""
    for number, reasons in enumerate(found.reasons, 1):
        told = ", ".join(f"{name} {value:.2f}" for name, value in reasons.items())
        typer.echo(printable(f"{number:>4}  {told}"), err=True)
