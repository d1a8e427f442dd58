"""The typer application: options before the command, what errors look like, and exit codes."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from samplemind.cli import collection, demo, doctor, duplicates, explain, find, ingest, keep, label, search, sounds
from samplemind.cli.options import CANNOT, DONE, INTERRUPTED, WRONG_USAGE, State
from samplemind.errors import ParameterError, SampleMindError

__all__ = ["app"]


class Guarded(TyperGroup):
    """A group of commands whose errors are one line each, and whose exit codes are the documented ones."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        debug = bool(ctx.params.get("debug"))
        if not debug and not sys.warnoptions:
            warnings.simplefilter("ignore")  # what libraries say to programmers
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt as error:
            _say(str(error) or "interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader (`| head`) has what it wanted; Python must not try to flush the rest at its end.
            _silence_stdout()
            raise typer.Exit(DONE) from None
        except SampleMindError as error:
            _fail(str(error), error, debug)
            raise typer.Exit(WRONG_USAGE if isinstance(error, ParameterError) else CANNOT) from None
        except OSError as error:
            _fail(_of_system(error), error, debug)
            if error.errno == errno.ENOSPC:
                _silence_stdout()
            raise typer.Exit(CANNOT) from None
        except MemoryError as error:
            _fail("not enough memory; use fewer --workers, or a lower --level", error, debug)
            raise typer.Exit(CANNOT) from None
        except (typer.Exit, typer.Abort, TyperException):
            raise  # the last one is wrong usage, which typer words itself
        except Exception as error:
            text = f"unexpected {type(error).__name__}: {error}; `samplemind --debug …` shows where, please report it"
            _fail(text, error, debug)
            raise typer.Exit(CANNOT) from None
        return result


def _of_system(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    text = f"{error.filename}: {what}" if error.filename else what
    if error.errno == errno.ENOSPC:
        return f"{text}; make room and run the same command again"
    if isinstance(error, PermissionError):
        return f"{text}; allow it, or name another place"
    return text


def _fail(text: str, error: BaseException, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exception(error)
    _say(text)


def _say(text: str) -> None:
    """One red line (or several, where there are several faults) on the standard error."""
    from rich.console import Console
    from rich.text import Text

    from samplemind.cli.output import printable

    console = Console(stderr=True)
    for line in text.splitlines():
        console.print(Text(f"samplemind: {printable(line)}", style="red"), soft_wrap=True)


def _silence_stdout() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


app = typer.Typer(
    name="samplemind",
    cls=Guarded,
    help="Listens to every sound of a collection once, and finds the right one again.",
    epilog="Start with: samplemind demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from samplemind import __version__

        typer.echo(f"samplemind {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="TOML file with settings.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on the standard error.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error came up.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options before the command."""
    context.obj = State(config, verbose, debug)


FIND, KEEP, HELP = "Find", "Look after a library", "Help"
app.command(rich_help_panel="Start")(demo.demo)
app.command(rich_help_panel="Start")(ingest.ingest)
app.command(rich_help_panel="Start")(sounds.analyze)
app.command(rich_help_panel=FIND)(search.search)
app.command("list", rich_help_panel=FIND)(find.list_rows)
app.command(rich_help_panel=FIND)(find.similar)
app.command(rich_help_panel=KEEP)(keep.info)
app.command(rich_help_panel=KEEP)(label.label)
app.command(rich_help_panel=KEEP)(collection.collection)
app.command(rich_help_panel=KEEP)(duplicates.duplicates)
app.command(rich_help_panel=KEEP)(keep.verify)
app.command(rich_help_panel=KEEP)(keep.compact)
app.command(rich_help_panel=KEEP)(keep.relocate)
app.command(rich_help_panel=KEEP)(keep.remove)
app.command(rich_help_panel=KEEP)(find.export)
app.command(rich_help_panel=HELP)(explain.describe)
app.command(rich_help_panel=HELP)(doctor.doctor)
