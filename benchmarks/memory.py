"""How much memory a long recording takes: the highest resident size of `samplemind analyze` and its workers."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
import soundfile

__all__ = ["measure_memory"]

_RATE: Final = 44100
_BLOCK_S: Final = 10
_SHORT_S: Final = 10
_LOOK_S: Final = 0.05


def measure_memory(minutes: float, level: str = "standard") -> dict[str, Any]:
    """Analyze a stereo recording of this length, and one of ten seconds, each in a process of its own.

    Parameters
    ----------
    minutes : float
    level : str

    Returns
    -------
    dict
        `minutes`, `file_mib`, and for `long` and `short` the `seconds` that it took, `largest_mib` (of one process) and
        `together_mib` (of all) at their highest, and the `error`, if any.
    """
    folder = Path(tempfile.mkdtemp(prefix="samplemind-benchmark-"))
    try:
        long, short = folder / "long.wav", folder / "short.wav"
        write_recording(long, 60 * minutes)
        write_recording(short, _SHORT_S)
        analyze(short, level)  # kernels are compiled before the clock starts
        return {"minutes": minutes, "file_mib": round(long.stat().st_size / 2**20),
                "short": analyze(short, level), "long": analyze(long, level)}  # fmt: skip
    finally:
        shutil.rmtree(folder)


def write_recording(path: Path, seconds: float) -> None:
    """Notes over a beat and some noise, 16-bit stereo at 44.1 kHz; no two blocks are equal."""
    rng = np.random.default_rng(0)
    time_s = np.arange(_BLOCK_S * _RATE, dtype=np.float32) / _RATE
    beat = np.exp(-8 * (time_s % 0.5)).astype(np.float32)
    left = int(seconds * _RATE)
    with soundfile.SoundFile(path, "w", _RATE, 2, "PCM_16") as file:
        while left > 0:
            note = 220 * 2 ** (rng.integers(0, 24) / 12)
            y = 0.3 * beat * np.sin(2 * np.pi * note * time_s) + 0.1 * beat * rng.random(len(time_s), np.float32)
            block = np.stack([y, 0.8 * y + 0.01 * rng.random(len(time_s), np.float32)], axis=1)
            file.write(block[:left])
            left -= len(block)


def analyze(path: Path, level: str) -> dict[str, Any]:
    """`samplemind analyze` of one file; limits on length and size are raised out of the way."""
    environment = os.environ | {"SAMPLEMIND_MAX_DURATION_S": "86400", "SAMPLEMIND_MAX_BYTES": "64 GiB"}
    largest, together = 0.0, 0.0
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = psutil.Popen([sys.executable, "-m", "samplemind", "analyze", str(path), "--format", "csv", "--level",
                                level], env=environment, stdout=said, stderr=said)  # fmt: skip
        while process.poll() is None:
            sizes = _sizes(process)
            largest, together = max(largest, *sizes), max(together, sum(sizes))
            time.sleep(_LOOK_S)
        seconds = time.perf_counter() - begin
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    return {"seconds": seconds, "largest_mib": largest, "together_mib": together,
            "error": text[-300:] if process.returncode else None}  # fmt: skip


def _sizes(process: psutil.Process) -> list[float]:
    """Resident MiB of a process and of all beneath it."""
    sizes = [0.0]
    for one in [process, *_children(process)]:
        with contextlib.suppress(psutil.Error):
            sizes.append(one.memory_info().rss / 2**20)
    return sizes


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.Error:
        return []
