"""What an ingest costs: for files that have not changed, in workers that wait, and in memory.

    python benchmarks/ingest.py OUT.json [--unchanged 100000] [--many 20000] [--few 1000] [--workers 2]

Makes its own sounds in a temporary folder, prints a table and writes the same as JSON.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile

from samplemind.library import Library, Progress


def tiny_files(folder: Path, count: int) -> None:
    """`count` files of 44 different bytes and more: not sounds, which an ingest has to see but not to hear."""
    for index in range(count):
        path = folder / f"{index // 1000:03d}" / f"Loop_{index % 1000:03d}_Am.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % index)


def sounds(folder: Path, count: int) -> None:
    """`count` one-shots of 0.3 to 1 s, all different."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(48000)
    for index in range(count):
        n = 14000 + 30 * (index % 1000)
        time_s = np.arange(n) / 44100
        start = int(rng.integers(0, 48000 - n)) if n < 48000 else 0
        y = 0.4 * np.sin(2 * np.pi * rng.uniform(60, 4000) * time_s) + 0.05 * noise[start : start + n]
        path = folder / f"{index // 500:03d}" / f"{index:06d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, y * np.exp(-rng.uniform(1, 20) * time_s), 44100)


class Watch:
    """Samples the memory (MiB) of this process and of its children, and the processor time that children spent."""

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
            self.main.append(me.memory_info().rss / 2**20)
            try:
                children = [(child, child.memory_info().rss / 2**20) for child in me.children(recursive=True)]
                for child, _ in children:
                    times = child.cpu_times()
                    self.spent.setdefault(child.pid, []).append((time.perf_counter(), times.user + times.system))
            except psutil.Error:
                continue
            self.workers.append(max((mib for _, mib in children), default=0.0))

    def busy_shares(self, workers: int, begin: float, end: float) -> list[float]:
        """Processor time over time between two moments, of the busiest children."""
        shares = []
        for samples in self.spent.values():
            inside = [sample for sample in samples if begin <= sample[0] <= end]
            if len(inside) > 1:
                (first_s, first_cpu), (last_s, last_cpu) = inside[0], inside[-1]
                shares.append(round((last_cpu - first_cpu) / (last_s - first_s), 3))
        return sorted(shares, reverse=True)[:workers]


def ingest(library: Library, folder: Path, workers: int, level: str) -> dict[str, Any]:
    """One ingest, watched."""
    stages: list[tuple[float, Progress]] = []
    with Watch() as watch:
        started = time.perf_counter()
        report = library.ingest(folder, workers=workers, level=level,
                                progress=lambda p: stages.append((time.perf_counter(), p)))  # fmt: skip
        seconds = time.perf_counter() - started
    heard = [at for at, p in stages if p.stage == "analyze" and p.done]
    half = len(watch.main) // 2
    return {
        "files": report.scanned, "analyzed": report.analyzed, "seconds": round(seconds, 2),
        "files_per_s": round(report.scanned / seconds, 1), "us_per_file": round(1e6 * seconds / report.scanned, 1),
        "busy_shares": watch.busy_shares(workers, heard[0], heard[-1]) if heard else [],
        "main_mib": [round(max(watch.main[:half], default=0)), round(max(watch.main[half:], default=0))],
        "worker_mib": [round(max(watch.workers[:half], default=0)), round(max(watch.workers[half:], default=0))],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--unchanged", type=int, default=100_000)
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--level", default="standard")
    options = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="samplemind-benchmark-"))
    results: dict[str, Any] = {}
    try:
        if options.unchanged:
            tiny_files(base / "tiny", options.unchanged)
            library = Library.create(base / "tiny.lib")
            results["first ingest of tiny files"] = ingest(library, base / "tiny", options.workers, "basic")
            results["second, unchanged"] = ingest(library, base / "tiny", options.workers, "basic")
        for count in (options.few, options.many):
            if count:
                sounds(base / f"sounds{count}", count)
                library = Library.create(base / f"{count}.lib")
                folder = base / f"sounds{count}"
                results[f"{count} sounds"] = ingest(library, folder, options.workers, options.level)
    finally:
        shutil.rmtree(base)
    print(f"{'':28}{'files':>8}{'s':>9}{'files/s':>9}{'us/file':>9}{'busy':>14}  {'main MiB':>12}  {'worker MiB':>12}")
    for name, row in results.items():
        memory = ["{} -> {}".format(*row[key]) for key in ("main_mib", "worker_mib")]
        busy = " ".join(f"{share:.2f}" for share in row["busy_shares"])
        print(f"{name:28}{row['files']:8}{row['seconds']:9}{row['files_per_s']:9}{row['us_per_file']:9}"
              f"{busy:>14}  {memory[0]:>12}  {memory[1]:>12}")  # fmt: skip
    options.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
