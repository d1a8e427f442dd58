"""The command line: ``samplemind``, or ``python -m samplemind``."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that the arguments of the process name, and end the process with its exit code."""
    try:
        from samplemind.cli.app import app

        app(prog_name="samplemind")
    except KeyboardInterrupt:  # before the command itself could say so
        sys.exit(130)
