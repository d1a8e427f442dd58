"""A line on the standard error that says how far a long command is; only where a person can see it."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from samplemind.cli.views import duration

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["ProgressLine"]


class ProgressLine:
    """Bar, files, files a second, seconds of sound, failures and time left.

    Parameters
    ----------
    what : str
        What is going on, in one word.
    shown : bool, optional
        Whether to show it; by default where the standard error is a terminal.
    """

    def __init__(self, what: str, shown: bool | None = None) -> None:
        self._what = what
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._since = 0.0

    def __enter__(self) -> Self:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=None),
                TextColumn("{task.fields[facts]}"),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True),
                transient=True,
                redirect_stdout=False,  # rows belong there, and not above this line
                redirect_stderr=False,
            )
            self._progress.start()
            self._task = self._progress.add_task(self._what, total=None, facts="")
            self._since = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def update(self, done: int, total: int, failed: int = 0, audio_s: float = 0.0, what: str | None = None) -> None:
        """Show a new state.

        Parameters
        ----------
        done, total : int
            Files; a `total` of 0 is not known yet.
        failed : int
            Files among `done` that failed.
        audio_s : float
            Seconds of sound heard so far.
        what : str, optional
            What is going on now, in one word.
        """
        if self._progress is None or self._task is None:
            return
        facts = f"{done}/{total} files" if total else f"{done} files"
        seconds = time.monotonic() - self._since
        if done and seconds > 1:
            facts += f", {done / seconds:.0f}/s"
        if audio_s:
            facts += f", {duration(audio_s)} of sound"
        if failed:
            facts += f", [red]{failed} failed[/red]"
        self._progress.update(
            self._task, completed=done, total=total or None, facts=facts, description=what or self._what
        )
