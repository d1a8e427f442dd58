"""How fast one core is, beside the established tools on the same files in the same run.

    python benchmarks/speed.py LABELS.csv BASELINES.py [--every 8] [--level standard] [--json OUT.json]

BASELINES.py offers `with_librosa`, `with_essentia` and `with_music_extractor`, each `path -> (answer, seconds)`.
Every tool runs in a process of its own, on one core, with one thread, over the same files in the same order, after a
file of each format that is not counted. `bare` is the limit: decode, and one spectrogram.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")
PEERS = {"essentia": "with_essentia", "music-extractor": "with_music_extractor", "librosa": "with_librosa"}


def _ours(level: str) -> Callable[[str], object]:
    from samplemind.descriptors.engine import analyze_file

    return lambda path: analyze_file(path, level)


def _bare() -> Callable[[str], object]:
    import scipy.fft

    from samplemind.audio.decode import decode
    from samplemind.descriptors.frames import SR, centred_blocks, hann_window

    def run(path: str) -> object:
        y = decode(path).at(SR)
        return scipy.fft.rfft(centred_blocks(y, 1 + len(y) // 512) * hann_window(), axis=1)

    return run


def _peer(tool: str, baselines: Path) -> Callable[[str], object]:
    spec = importlib.util.spec_from_file_location("baselines", baselines)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    run: Callable[[str], object] = getattr(module, PEERS[tool])
    return run


def measure(tool: str, level: str, baselines: Path, paths: list[str]) -> None:
    """Child process: print seconds, answered files and the audio time as JSON."""
    import warnings

    warnings.filterwarnings("ignore")
    run = _ours(level) if tool == "samplemind" else _bare() if tool == "bare" else _peer(tool, baselines)
    for path in {Path(path).suffix.lower(): path for path in paths}.values():  # loads each decoder
        with contextlib.suppress(Exception):
            run(path)
    spent, answered = 0.0, 0
    for path in paths:
        begin = time.perf_counter()
        try:
            run(path)
            answered += 1
        except Exception as error:  # a peer that cannot read a file has its time counted all the same
            print(f"{tool}: {Path(path).name}: {error}"[:160], file=sys.stderr)
        spent += time.perf_counter() - begin
    print(json.dumps({"tool": tool, "seconds": spent, "files": len(paths), "answered": answered}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("baselines", type=Path)
    parser.add_argument("--every", type=int, default=8, help="use every so many-th file")
    parser.add_argument("--level", default="standard")
    parser.add_argument("--tools", default="samplemind,bare,essentia,music-extractor,librosa")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    rows = list(csv.DictReader(args.labels.open(encoding="utf-8")))
    # formats that only some tools can read would compare unlike work
    paths = [str(args.labels.parent / r["path"]) for r in rows if not r["path"].endswith(".m4a")][:: args.every]
    if args.child:
        measure(args.child, args.level, args.baselines, paths)
        return
    results = []
    for tool in args.tools.split(","):
        command = [sys.executable, __file__, str(args.labels), str(args.baselines), "--every", str(args.every),
                   "--level", args.level, "--child", tool]  # fmt: skip
        if hasattr(os, "sched_setaffinity"):
            command = ["taskset", "-c", "0", *command]
        env = os.environ | dict.fromkeys(THREADS, "1")
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode or not lines:
            print(f"{tool}: ended with {done.returncode} and no result")
            continue
        results.append(json.loads(lines[-1]))
    mine = next(r for r in results if r["tool"] == "samplemind")
    print(f"{len(paths)} files, level {args.level}, one core\n")
    print("| tool | files/s | ms a file | answered | SampleMind is faster by |\n|---|---|---|---|---|")
    for r in results:
        print(f"| {r['tool']} | {r['files'] / r['seconds']:.1f} | {1000 * r['seconds'] / r['files']:.2f} "
              f"| {r['answered']}/{r['files']} | {r['seconds'] / mine['seconds']:.2f} x |")  # fmt: skip
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
