"""A process of ours that does what it is asked through a pipe: a worker, or one for files that may end it.

It is a fresh interpreter and not a fork, since what the program has loaded (LanceDB, polars) has threads; and it never
runs the user's script again, as the processes of `multiprocessing` do.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

__all__ = ["Process", "ProcessEnded", "serve"]

#: Every message is preceded by its length in bytes.
_LENGTH: Final = struct.Struct("<Q")


class ProcessEnded(Exception):
    """A process ended before it answered; the text says how."""


class Process:
    """One process, which answers what it is asked in the order of the questions.

    Parameters
    ----------
    environment : mapping of str to str, optional
        Variables that it has besides those of this process.
    """

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        places = [os.environ.get("PYTHONPATH", ""), *(place or os.getcwd() for place in sys.path)]
        variables = {**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(filter(None, places))}
        self._process = subprocess.Popen(
            # -P: nothing that lies in the current folder by chance is taken for a module.
            [sys.executable, "-P", "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables,
        )  # fmt: skip
        self._requests: Any = self._process.stdin
        self._answers: Any = self._process.stdout

    def memory_bytes(self) -> int:
        """What it holds in memory; 0 when it has ended."""
        import psutil

        try:
            held: int = psutil.Process(self._process.pid).memory_info().rss
        except psutil.Error:
            return 0
        return held

    def ask(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Send a call; `answer` gives what came of it.

        Parameters
        ----------
        function : callable
            Of a module, by its name.
        *arguments
            Such as can be pickled.

        Raises
        ------
        ProcessEnded
            When it cannot be asked any more.
        """
        try:
            _send(self._requests, _pickled((function, arguments)))
        except (OSError, ValueError):
            raise self._ended() from None

    def answer(self) -> Any:
        """Wait for the next answer.

        Raises
        ------
        ProcessEnded
            When the process ended before.
        Exception
            What the function raised.
        """
        try:
            error, value = pickle.loads(_receive(self._answers))
        except (EOFError, OSError, ValueError):
            raise self._ended() from None
        if error is not None:
            raise error
        return value

    def _ended(self) -> ProcessEnded:
        return ProcessEnded(_in_words(self._process.wait()))

    def kill(self) -> None:
        """End it, whatever it does; who waits for an answer is told."""
        self._process.kill()

    def close(self) -> None:
        """End it, and let go of it."""
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


def _pickled(value: Any) -> bytes:
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    head = pipe.read(_LENGTH.size)
    if len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        data = pipe.read(length)
        if len(data) == length:
            return data
    raise EOFError


def serve() -> None:
    """Answer what comes through standard input until nobody is left to ask: what the process is there for."""
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Ctrl-C reaches the whole group of processes; who started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    todo: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, todo), daemon=True).start()
    while True:
        _send(answers, _answer(todo.get()))


def _answer(request: bytes) -> bytes:
    try:
        function, arguments = pickle.loads(request)
        return _pickled((None, function(*arguments)))
    except Exception as error:
        try:
            return _pickled((error, None))
        except Exception:
            return _pickled((RuntimeError(f"{type(error).__name__}: {error}"), None))


def _listen(requests: IO[bytes], todo: queue.SimpleQueue[bytes]) -> None:
    """Take the next request while one is worked on, and end at once when nobody is there any more."""
    try:
        while True:
            todo.put(_receive(requests))
    except EOFError:
        os._exit(0)
