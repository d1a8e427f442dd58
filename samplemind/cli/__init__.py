"""The command line: ``samplemind``, or ``python -m samplemind``."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments of the process name, and end the process with its exit code."""
    sys.unraisablehook = _hear_again
    try:
        from samplemind.cli.app import app

        app(prog_name="samplemind")
    except KeyboardInterrupt:  # before the command itself could say so
        sys.exit(130)


def _hear_again(lost: Any) -> None:
    """Raise Ctrl-C once more where compiled code had to drop it, as happens while modules load."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(lost)
        return
    import _thread
    import threading

    threading.Timer(0.05, _thread.interrupt_main).start()
