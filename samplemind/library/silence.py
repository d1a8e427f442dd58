"""A worker plugin, in a module of its own because it needs Dask to be loaded."""

from __future__ import annotations

import os
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

__all__ = ["Silence"]


class Silence(WorkerPlugin):
    """What C libraries write to the standard error of a worker of ours is not for the user."""

    name = "samplemind-silence"

    def setup(self, worker: Any) -> None:
        """Lead the standard error of the worker's process nowhere."""
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 2)
        os.close(sink)
