"""Worker processes of our own: what they answer, and what becomes of tasks when they end."""

from __future__ import annotations

import contextlib
import operator
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from samplemind.errors import LibraryError
from samplemind.library import kernels, pool
from samplemind.library.pool import Pool
from samplemind.library.process import Process, ProcessEnded


@contextlib.contextmanager
def a_pool(workers: int = 1) -> Iterator[Pool]:
    with contextlib.closing(Pool(workers, "basic")) as made:
        yield made


def test_a_process_answers_in_order_and_tells_errors() -> None:
    process = Process({"SAMPLEMIND_TEST": "here"})
    try:
        process.ask(os.getenv, "SAMPLEMIND_TEST")
        process.ask(operator.truediv, 1, 0)
        process.ask(len, b"x" * 10_000_000)
        assert process.answer() == "here"
        with pytest.raises(ZeroDivisionError):
            process.answer()
        assert process.answer() == 10_000_000
        process.ask(os._exit, 7)
        with pytest.raises(ProcessEnded, match="exit code 7"):
            process.answer()
    finally:
        process.close()


def test_what_a_library_prints_is_no_answer() -> None:
    process = Process()
    try:
        process.ask(os.write, 1, b"noise")
        process.ask(abs, -1)
        assert [process.answer(), process.answer()] == [5, 1]
    finally:
        process.close()


def test_a_task_that_cannot_be_sent_back_is_an_error_and_not_the_end() -> None:
    process = Process()
    try:
        process.ask(threading.Lock)
        process.ask(abs, -1)
        with pytest.raises(TypeError, match="pickle"):
            process.answer()
        assert process.answer() == 1
    finally:
        process.close()


def test_only_the_task_at_which_a_worker_ends_fails() -> None:
    with a_pool() as workers:
        futures = [workers.submit(os.getpid), workers.submit(os.abort), *(workers.submit(os.getpid) for _ in range(5))]
        with pytest.raises(ProcessEnded, match="SIGABRT"):
            futures[1].result(60)
        pids = [future.result(60) for future in futures if future is not futures[1]]
        assert len(set(pids[1:])) == 1
        assert pids[0] != pids[1]


def test_the_most_urgent_comes_first_then_the_oldest(tmp_path: Path) -> None:
    order: list[str] = []
    with a_pool() as workers:
        # Two are at hand before the others are there to choose from.
        futures = [workers.submit(time.sleep, 0.3), workers.submit(time.sleep, 0.3)]
        for name, priority in (("b", 0), ("c", 0), ("a", 1)):
            futures.append(workers.submit(str, name, priority=priority))
            futures[-1].add_done_callback(lambda future: order.append(future.result()))
        for future in futures:
            future.result(60)
    assert order == ["a", "b", "c"]


def test_closing_waits_for_nobody() -> None:
    with a_pool(2) as workers:
        assert workers.submit(abs, -1).result(60) == 1
        for _ in range(5):
            workers.submit(time.sleep, 3600)
        begin = time.monotonic()
    assert time.monotonic() - begin < 5


def test_workers_that_cannot_start_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with a_pool(2) as workers:
        with pytest.raises(LibraryError, match=r"end as soon as they start \(exit code 1\)"):
            workers.submit(abs, -1).result(60)
        with pytest.raises(LibraryError, match="end as soon as they start"):
            workers.submit(abs, -1).result(60)


def test_a_worker_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "GROUPS", {})
    with a_pool() as workers, pytest.raises(LibraryError, match="another version"):
        workers.submit(abs, -1).result(60)


def test_a_worker_that_takes_too_much_memory_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_memory_a_worker", lambda workers: 600 * 2**20)
    with a_pool() as workers:
        assert workers.submit(len, b"x" * 10_000_000).result(60) == 10_000_000
        with pytest.raises(ProcessEnded, match="SIGKILL, perhaps out of memory"):
            workers.submit(eval, "[bytearray(10**9), __import__('time').sleep(60)]").result(60)


def test_only_one_compiles_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    kernels.make_ready("basic")
    lock = next(Path(kernels.__file__).parents[1].rglob("samplemind-basic.lock"), None)
    if lock is None:
        pytest.skip("the cache of numba lies elsewhere")
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        kernels.make_ready("basic")  # all is there: nobody is waited for
        sources = kernels._made_of()
        monkeypatch.setattr(kernels, "_made_of", lambda: sources + " of another day")
        waiting = threading.Thread(target=kernels.make_ready, args=("basic",), daemon=True)
        waiting.start()
        waiting.join(1)
        assert waiting.is_alive()
        fcntl.flock(held, fcntl.LOCK_UN)
        waiting.join(60)
        assert not waiting.is_alive()
    monkeypatch.undo()
    kernels.make_ready("basic")
