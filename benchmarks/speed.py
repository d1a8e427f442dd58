"""How fast one core is, beside the established tools on the same files in the same run.

Every tool runs in a process of its own, on the same core, with one thread; only one of them works at a time. In each
round the tools take turns over small chunks of the files, each round in another order, so that a machine that is busy
for a while disturbs all of them alike. A ratio is the median of the rounds, and told with the lowest and the highest.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contestants import CONTESTANTS
from corpus import on_one_core, sound_paths

__all__ = ["measure_speed"]

#: Seconds in which a tool has to be done with a file.
_LIMIT_S: Final = 300.0
_CHUNK: Final = 24


@dataclass
class Timing:
    """What one file cost one tool once."""

    seconds: float
    error: str | None = None


class Missing(Exception):
    """A tool is not installed."""


class Child:
    """The process of one tool; started again when a file ends it, and that file is not given to it a second time."""

    def __init__(self, tool: str, baselines: Path, core: int | None, warm_up: Sequence[str]) -> None:
        self.tool = tool
        self._command = [sys.executable, str(Path(__file__).with_name("contestants.py")), tool, str(baselines)]
        if core is not None:
            self._command = ["taskset", "-c", str(core), *self._command]
        self._warm_up = warm_up
        self._killers: dict[str, Timing] = {}
        self._process: subprocess.Popen[str] | None = None

    @property
    def died(self) -> int:
        """How many files ended the process."""
        return len(self._killers)

    def ask(self, paths: Sequence[str]) -> dict[str, Timing]:
        """Have files analyzed, in their order."""
        timings: dict[str, Timing] = {}
        while left := [path for path in paths if path not in timings and path not in self._killers]:
            if self._process is None:
                self._start()
            else:
                timings |= self._send(left)
        return timings | {path: self._killers[path] for path in paths if path in self._killers}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            with contextlib.suppress(BrokenPipeError):
                process.communicate()

    def _start(self) -> None:
        environment = dict(os.environ)
        on_one_core(environment)
        self._process = subprocess.Popen(self._command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True, encoding="utf-8")  # fmt: skip
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready:
            code = self._process.wait()
            self.close()
            raise Missing(f"it ended with {code} when it was started")
        if missing := json.loads(ready)["missing"]:
            self.close()
            raise Missing(missing)
        self._send([path for path in self._warm_up if path not in self._killers])

    def _send(self, paths: Sequence[str]) -> dict[str, Timing]:
        """Answers until the last, or until the process ends."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        timings: dict[str, Timing] = {}
        try:
            process.stdin.write(json.dumps(paths) + "\n")
            process.stdin.flush()
        except BrokenPipeError:  # it ended after its last answer: no file is to blame
            self.close()
            return timings
        since = time.perf_counter()
        for path in paths:
            guard = threading.Timer(_LIMIT_S, process.kill)
            guard.start()
            line = process.stdout.readline()
            guard.cancel()
            if not line:
                self.close()
                self._killers[path] = Timing(time.perf_counter() - since, "the process died")
                break
            row = json.loads(line)
            timings[path] = Timing(row["seconds"], row["error"])
            since = time.perf_counter()
        return timings


def measure_speed(corpus: Path, tools: Path, *, every: int, slow_every: int, rounds: int) -> dict[str, Any]:
    """Measure every contestant.

    Parameters
    ----------
    corpus : Path
        Folder with `labels.csv`.
    tools : Path
        Folder with `baselines.py`.
    every : int
        Use every so many-th file; m4a is left out, since not all tools read it.
    slow_every : int
        Of those, slow tools see every so many-th.
    rounds : int

    Returns
    -------
    dict
        `files`, `rounds`, `missing` (tool: why), and `tools`: a dict of numbers for each.
    """
    from samplemind.audio.probe import probe

    paths = [str(path) for path in sound_paths(corpus, every)]
    lengths = {path: probe(path).duration_s for path in paths}
    for path in paths:  # nobody pays for the disk
        Path(path).read_bytes()
    some = set(paths[::slow_every])
    chunks = [paths[start :: max(1, len(paths) // _CHUNK)] for start in range(max(1, len(paths) // _CHUNK))]
    warm_up = list({Path(path).suffix.lower(): path for path in paths}.values())  # loads each decoder
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    children = {tool: Child(tool, tools / "baselines.py", core, warm_up) for tool in CONTESTANTS}
    missing: dict[str, str] = {}
    seen: dict[str, list[dict[str, Timing]]] = {tool: [] for tool in children}
    try:
        for tool, child in children.items():
            try:
                child.ask(warm_up[:1])
            except Missing as error:
                missing[tool] = str(error)
        for rival in {CONTESTANTS[tool].rival for tool in children} & set(missing):
            raise RuntimeError(f"{rival}: {missing[rival]}")
        turn = [tool for tool in children if tool not in missing]
        for number in range(rounds):
            begin = time.perf_counter()
            for tool in turn:
                seen[tool].append({})
            for at, chunk in enumerate(chunks):
                start = (number + at) % len(turn)
                for tool in turn[start:] + turn[:start]:
                    due = [path for path in chunk if path in some or not CONTESTANTS[tool].is_slow]
                    seen[tool][-1] |= children[tool].ask(due)
            print(f"  round {number + 1} of {rounds}: {time.perf_counter() - begin:.0f} s", flush=True)
    finally:
        for child in children.values():
            child.close()
    rows = {tool: _row(tool, seen, lengths) | {"died": children[tool].died} for tool in turn}
    return {"files": len(paths), "audio_s": sum(lengths.values()), "rounds": rounds, "missing": missing, "tools": rows}


def _row(tool: str, seen: dict[str, list[dict[str, Timing]]], lengths: dict[str, float]) -> dict[str, Any]:
    """Numbers of one tool, over the files that it saw."""
    rounds, rivals = seen[tool], seen[CONTESTANTS[tool].rival]
    seconds = [sum(timing.seconds for timing in done.values()) for done in rounds]
    ratios = [spent / sum(rival[path].seconds for path in done)
              for spent, done, rival in zip(seconds, rounds, rivals, strict=True)]  # fmt: skip
    files = len(rounds[0])
    spent = statistics.median(seconds)
    return {
        "title": CONTESTANTS[tool].title, "rival": CONTESTANTS[tool].rival, "files": files,
        "answered": sum(timing.error is None for timing in rounds[0].values()),
        "files_per_s": files / spent, "ms_per_file": 1000 * spent / files,
        "times_real_time": sum(lengths[path] for path in rounds[0]) / spent,
        "ratio": statistics.median(ratios), "ratio_low": min(ratios), "ratio_high": max(ratios),
    }  # fmt: skip
