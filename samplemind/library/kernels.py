"""Compiled kernels for every worker, and the compiler for only one of them.

Processes that write one cache of numba at the same time can crash. So who finds that kernels may be missing compiles
them behind a lock, and notes of what they were made; who finds that note loads them at once, beside the others.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["make_ready"]


def make_ready(level: str) -> None:
    """Compile the kernels of a level, or load them from the cache.

    Parameters
    ----------
    level : {'basic', 'standard', 'detailed'}
    """
    from samplemind.descriptors.engine import warm_up
    from samplemind.descriptors.level import tops_of

    cache = tops_of.stats.cache_path
    assert cache is not None, "it is compiled with a cache"
    note = Path(cache) / f"samplemind-{level}.ready"
    made_of = _made_of()
    if _read(note) != made_of:
        with _alone(note.with_suffix(".lock")):
            if _read(note) != made_of:
                warm_up(level)
                _write(note, made_of)
                return
    warm_up(level)


def _read(note: Path) -> str | None:
    try:
        return note.read_text()
    except OSError:
        return None


def _write(note: Path, text: str) -> None:
    part = note.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):  # where there is no note, all wait for each other the next time, too
        part.write_text(text)
        part.replace(note)


def _made_of() -> str:
    """What the compiled code depends on: sources, compiler, processor."""
    import llvmlite
    import numba
    from llvmlite import binding

    parts = [sys.version, numba.__version__, llvmlite.__version__, binding.get_host_cpu_name(),
             binding.get_host_cpu_features().flatten()]  # fmt: skip
    for source in sorted(Path(__file__).parents[1].rglob("*.py")):
        status = source.stat()
        parts.append(f"{source} {status.st_mtime_ns} {status.st_size}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process is in here; where there are no locks, go on."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            path.parent.mkdir(parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context(open(path, "w")), fcntl.LOCK_EX)
        yield
