"""Listening to suspects: in a process of their own, so that the one at fault is known for certain.

When a worker dies, every file of its batch, and of what waited behind it, is a suspect. Each is given to a child
process, one after another. A child that dies names its file; the file gets one more try in a new child, and after
that is set aside. The worker itself lives on, so this is exact on any cluster.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from samplemind.library.work import Form, Item, Outcome, analyze_item, pack, set_aside, time_limit_s

if TYPE_CHECKING:
    import pyarrow as pa

    from samplemind.settings import Settings

__all__ = ["run_isolated"]

_TRIES = 2
#: A child has to start, and to load its kernels, before its first file.
_START_S = 60.0


def run_isolated(items: Sequence[Item], settings: Settings, form: Form = "rows") -> pa.RecordBatch | list[Outcome]:
    """`work.run_batch`, with every file in a child process that may die of it."""
    outcomes = []
    child: _Child | None = None
    try:
        for item in items:
            outcome = None
            reason = ""
            for _ in range(_TRIES):
                child = child or _Child()
                outcome, reason = child.run(item, settings)
                if outcome is not None:
                    break
                late = child.is_late
                child.close()
                child = None
                if late:
                    break
            outcomes.append(outcome or set_aside(item, reason))
    finally:
        if child is not None:
            child.close()
    return pack(outcomes, form)


class _Child:
    """A process that listens to one file at a time."""

    def __init__(self) -> None:
        places = [os.environ.get("PYTHONPATH", ""), *sys.path]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        self._requests: Any = self._process.stdin
        self._answers: Any = self._process.stdout
        self._is_ready = False
        self.is_late = False

    def run(self, item: Item, settings: Settings) -> tuple[Outcome | None, str]:
        """The outcome; or None, and why this process can no longer give one."""
        limit = time_limit_s(item, settings)
        try:
            if not self._is_ready:
                self._is_ready = self._answer(_START_S)
            pickle.dump((item, settings), self._requests)
            self._requests.flush()
            outcome: Outcome = self._answer(limit)
        except (EOFError, OSError, pickle.UnpicklingError):
            code = self._process.wait()
            if self.is_late:
                return None, f"set aside: the analysis did not end within {limit:.0f} s"
            return None, f"set aside: analysis of this file ended the worker process ({_in_words(code)})"
        return outcome, ""

    def _answer(self, limit_s: float) -> Any:
        timer = threading.Timer(limit_s, self._end_late)
        timer.start()
        try:
            return pickle.load(self._answers)
        finally:
            timer.cancel()

    def _end_late(self) -> None:
        self.is_late = True
        self._process.kill()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                pipe.close()


def _in_words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
    return f"{name}, perhaps out of memory" if name == "SIGKILL" else name


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    pickle.dump(True, answers)
    answers.flush()
    while True:
        try:
            request: tuple[Item, Any] = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(analyze_item(*request), answers)
        answers.flush()


if __name__ == "__main__":
    # What libraries print must not get between the answers.
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Ctrl-C reaches the whole group of processes; who started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve(sys.stdin.buffer, private)
