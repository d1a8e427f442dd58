"""Arguments and options that several commands share, and what the options before the command say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from samplemind.cli.output import Format
from samplemind.descriptors.catalogue import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from samplemind.library.search.request import Search
    from samplemind.settings import Settings

__all__ = [
    "CANNOT", "DONE", "INTERRUPTED", "SOME_FAILED", "WRONG_USAGE", "AnyTempoOption", "AspectOption", "CollectionOption",
    "ColumnsOption", "EndOption", "ExplainOption", "FormatOption", "LevelOption", "LibraryArgument", "LikeOption",
    "LimitOption", "OffsetOption", "SchedulerOption", "SkipEqualOption", "SortOption", "StartOption", "State",
    "TagOption", "TransposeOption", "UnlikeOption", "WhereOption", "WithoutTagOption", "WorkersOption", "narrowed",
    "state_of",
]  # fmt: skip

#: Exit codes.
DONE: Final = 0
SOME_FAILED: Final = 1
WRONG_USAGE: Final = 2
CANNOT: Final = 3
INTERRUPTED: Final = 130

LibraryArgument = Annotated[
    str, typer.Argument(metavar="LIBRARY", help="Folder of the library, or its address in an object store.")
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How the rows are written.")]
LevelOption = Annotated[
    Level | None, typer.Option("--level", "-l", help="How much to compute.", show_default="standard")
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", "-w", min=1, metavar="N", help="Worker processes.", show_default="one a core"),
]
SchedulerOption = Annotated[
    str | None, typer.Option("--scheduler", metavar="URL", help="Dask scheduler that has the workers.")
]
WhereOption = Annotated[
    str | None, typer.Option("--where", metavar="SQL", help="Only rows for which this holds: \"kind = 'loop'\".")
]
ColumnsOption = Annotated[
    str | None, typer.Option("--columns", "-c", metavar="NAME,…", help="Only these columns, in this order.")
]
LimitOption = Annotated[int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many rows.")]
AspectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--aspect",
        "-a",
        metavar="NAME[=WEIGHT]",
        help="What to compare: overall, spectrum, timbre, pitch, envelope, rhythm, harmony; may be given again.",
    ),
]
LikeOption = Annotated[
    list[str] | None, typer.Option("--like", metavar="SOUND", help="Like this file or id; may be given again.")
]
UnlikeOption = Annotated[
    list[str] | None, typer.Option("--unlike", metavar="SOUND", help="Unlike this one; may be given again.")
]
TagOption = Annotated[list[str] | None, typer.Option("--tag", "-t", metavar="TAG", help="Only with this tag.")]
WithoutTagOption = Annotated[
    list[str] | None, typer.Option("--without-tag", metavar="TAG", help="Only without this tag.")
]
CollectionOption = Annotated[
    list[str] | None, typer.Option("--collection", metavar="NAME", help="Only of this collection.")
]
SkipEqualOption = Annotated[
    bool, typer.Option("--skip-equal", help="Leave out the same samples in another container, or with other tags.")
]
StartOption = Annotated[
    float | None, typer.Option("--start", metavar="S", help="Compare with the sound from here on only (seconds).")
]
EndOption = Annotated[
    float | None, typer.Option("--end", metavar="S", help="Compare with the sound up to here only (seconds).")
]
TransposeOption = Annotated[bool, typer.Option("--transpose", help="Compare harmony in whichever key.")]
AnyTempoOption = Annotated[bool, typer.Option("--any-tempo", help="Compare rhythm at any tempo from half to double.")]
OffsetOption = Annotated[int, typer.Option("--offset", min=0, metavar="N", help="Leave out so many of the first.")]
ExplainOption = Annotated[
    bool, typer.Option("--explain", "-e", help="Say how the search was understood and answered, and why.")
]
SortOption = Annotated[str | None, typer.Option("--sort", "-s", metavar="SQL", help='Order: "bpm DESC, path".')]


@dataclass(slots=True)
class State:
    """What was said before the name of the command."""

    config: Path | None = None
    verbose: bool = False
    debug: bool = False

    def settings(self, **arguments: Any) -> Settings:
        """All settings, with the arguments of a command as the strongest; logging and the cache are set up by them."""
        import logging
        import os

        from samplemind.settings import Settings

        settings = Settings(config=self.config, log_level="INFO" if self.verbose else None, **arguments)
        log = logging.getLogger("samplemind")
        log.setLevel(settings.log_level)
        if not log.handlers:
            log.addHandler(logging.StreamHandler())
        log.info("settings: %r", settings)
        if settings.cache_dir is not None:
            os.environ["NUMBA_CACHE_DIR"] = str(settings.cache_dir.expanduser())
        return settings


def state_of(context: typer.Context) -> State:
    """The state that the options before the command left."""
    state = context.find_object(State)
    return state if state is not None else State()


def narrowed(search: Search, where: str | None, tags: Sequence[str] | None, without: Sequence[str] | None,
             collections: Sequence[str] | None) -> Search:  # fmt: skip
    """A search among what the options `--where`, `--tag`, `--without-tag` and `--collection` leave."""
    search = search.where(where).tagged(*(tags or ())).untagged(*(without or ()))
    for name in collections or ():
        search = search.within(name)
    return search
