"""How long a person waits before anything happens: seconds of new processes, the median of several."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memory import write_recording

__all__ = ["measure_startup"]


def measure_startup(repeats: int = 5) -> dict[str, float]:
    """Seconds by command; kernels are compiled once before."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "sound.wav"
        write_recording(sound, 0.5)
        commands = {
            "samplemind --help": ["-m", "samplemind", "--help"],
            "import samplemind": ["-c", "import samplemind"],
            "samplemind analyze ONE.wav": ["-m", "samplemind", "analyze", str(sound)],
        }
        return {name: _seconds([sys.executable, *rest], repeats) for name, rest in commands.items()}


def _seconds(command: list[str], repeats: int) -> float:
    spent = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent[1:])  # the first compiles, and reads the disk
