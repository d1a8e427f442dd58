"""What an ingest costs: beside the analysis alone on as many cores, for files that have not changed, and in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
from contestants import STANDARD
from speed import Child

__all__ = ["measure_ingest"]


def measure_ingest(count: int, unchanged: int, workers: int) -> dict[str, Any]:
    """Ingest sounds made for it, at level `standard`.

    Parameters
    ----------
    count : int
        One-shots of 0.3 to 1 s.
    unchanged : int
        Tiny files that are no sounds, which are ingested twice.
    workers : int

    Returns
    -------
    dict
        `workers`, `core_files_per_s` (one core, analysis alone, on some of the same files before and after),
        `share_of_cores` (files a second over what the cores of the workers would do), `share_after_start` (the same,
        from when the first sounds are heard), and `runs`.
    """
    from samplemind.library import Library

    base = Path(tempfile.mkdtemp(prefix="samplemind-benchmark-"))
    runs: dict[str, Any] = {}
    try:
        paths = sounds(base / "sounds", count)
        some = paths[:: max(1, count // 1000)]
        before = core_rate(some)
        library = Library.create(base / "sounds.lib")
        runs[f"{count} sounds"] = done = ingest(library, base / "sounds", workers, "standard")
        core = (before + core_rate(some)) / 2
        if unchanged:
            tiny_files(base / "tiny", unchanged)
            library = Library.create(base / "tiny.lib")
            runs["tiny files that are no sounds"] = ingest(library, base / "tiny", workers, "basic")
            runs["the same, unchanged"] = ingest(library, base / "tiny", workers, "basic")
    finally:
        shutil.rmtree(base)
    after_start = done["files"] / (done["seconds"] - done["start_s"])
    return {"workers": workers, "core_files_per_s": core, "share_of_cores": done["files_per_s"] / (workers * core),
            "share_after_start": after_start / (workers * core), "runs": runs}  # fmt: skip


def tiny_files(folder: Path, count: int) -> None:
    """`count` files of 44 different bytes and more: not sounds, which an ingest has to see but not to hear."""
    for index in range(count):
        path = folder / f"{index // 1000:03d}" / f"Loop_{index % 1000:03d}_Am.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % index)


def sounds(folder: Path, count: int) -> list[str]:
    """`count` one-shots of 0.3 to 1 s, all different."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(48000)
    paths = []
    for index in range(count):
        n = 14000 + 30 * (index % 1000)
        time_s = np.arange(n) / 44100
        start = int(rng.integers(0, 48000 - n))
        y = 0.4 * np.sin(2 * np.pi * rng.uniform(60, 4000) * time_s) + 0.05 * noise[start : start + n]
        path = folder / f"{index // 500:03d}" / f"{index:06d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, y * np.exp(-rng.uniform(1, 20) * time_s), 44100)
        paths.append(str(path))
    return paths


def core_rate(paths: list[str]) -> float:
    """Files a second that one core analyzes, without a library."""
    core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    child = Child(STANDARD, Path(), core, paths[:20])
    try:
        return len(paths) / sum(timing.seconds for timing in child.ask(paths).values())
    finally:
        child.close()


class Watch:
    """Samples the memory (MiB) of this process and of its children, and the processor time that they spent."""

    def __init__(self) -> None:
        self.main: list[float] = []
        self.workers: list[float] = []
        self.spent: dict[int, list[tuple[float, float]]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.5):
            self._note(me)
            self.main.append(me.memory_info().rss / 2**20)
            try:
                children = [(child, child.memory_info().rss / 2**20) for child in me.children(recursive=True)]
                for child, _ in children:
                    self._note(child)
            except psutil.Error:
                continue
            self.workers.append(max((mib for _, mib in children), default=0.0))

    def _note(self, process: psutil.Process) -> None:
        times = process.cpu_times()
        self.spent.setdefault(process.pid, []).append((time.perf_counter(), times.user + times.system))

    def busy_shares(self, begin: float, end: float) -> dict[int, float]:
        """Processor time over time between two moments, of each process; the busiest first."""
        shares = {}
        for pid, samples in self.spent.items():
            inside = [sample for sample in samples if begin <= sample[0] <= end]
            if len(inside) > 1:
                (first_s, first_cpu), (last_s, last_cpu) = inside[0], inside[-1]
                shares[pid] = (last_cpu - first_cpu) / (last_s - first_s)
        return dict(sorted(shares.items(), key=lambda item: -item[1]))


def ingest(library: Any, folder: Path, workers: int, level: str) -> dict[str, Any]:
    """One ingest, watched."""
    from samplemind.library import Progress

    stages: list[tuple[float, Progress]] = []
    with Watch() as watch:
        started = time.perf_counter()
        report = library.ingest(folder, workers=workers, level=level,
                                progress=lambda p: stages.append((time.perf_counter(), p)))  # fmt: skip
        ended = time.perf_counter()
    seconds = ended - started
    heard = [at for at, p in stages if p.stage == "analyze" and p.done] or [started, ended]
    listen_s = heard[-1] - heard[0]
    shares = watch.busy_shares(heard[0], heard[-1])
    main_share = shares.pop(os.getpid(), 0.0)
    half = len(watch.main) // 2
    return {
        "files": report.scanned, "analyzed": report.analyzed, "seconds": seconds,
        "files_per_s": report.scanned / seconds, "us_per_file": 1e6 * seconds / report.scanned,
        "start_s": heard[0] - started, "listen_s": listen_s, "end_s": ended - heard[-1],
        "busy_main": main_share, "busy_workers": list(shares.values())[:workers],
        "main_cpu_ms_per_file": 1000 * main_share * listen_s / report.scanned,
        "worker_cpu_ms_per_file": 1000 * sum(shares.values()) * listen_s / report.scanned,
        "main_mib": [round(max(watch.main[:half], default=0)), round(max(watch.main[half:], default=0))],
        "worker_mib": [round(max(watch.workers[:half], default=0)), round(max(watch.workers[half:], default=0))],
    }  # fmt: skip
