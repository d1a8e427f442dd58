"""The tools that are measured beside each other, each in a process of its own.

    python benchmarks/contestants.py TOOL BASELINES.py

Says `{"missing": null}` when it is ready, or why the tool is missing, and ends. Then reads lines from standard input,
each a JSON list of paths, and answers each path with a line `{"path": …, "seconds": …, "error": null or text}` as soon
as the tool is done with it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["CONTESTANTS", "Contestant"]

Run = Callable[[str], object]


@dataclass(frozen=True)
class Contestant:
    """A tool and how it is measured.

    Attributes
    ----------
    title : str
    rival : str
        The contestant whose time its own is divided by: SampleMind, at the level that computes as much.
    make : callable
        From `baselines.py` to a function that analyzes one file.
    is_slow : bool
        It sees only some of the files, in every round the same.
    """

    title: str
    rival: str
    make: Callable[[Path], Run]
    is_slow: bool = False


def _samplemind(level: str) -> Callable[[Path], Run]:
    def make(_: Path) -> Run:
        from samplemind.descriptors.engine import analyze_file, warm_up

        warm_up(level)

        def run(path: str) -> object:
            analysis = analyze_file(path, level)
            if analysis.status != "ok":  # a failure is quick, and would count as speed
                raise RuntimeError(analysis.error)
            return analysis

        return run

    return make


def _bare(_: Path) -> Run:
    import numpy as np
    import scipy.fft

    from samplemind.audio.decode import decode

    window = np.hanning(2048).astype(np.float32)

    def run(path: str) -> object:
        y = np.pad(decode(path).at(44100), len(window) // 2)
        frames = np.lib.stride_tricks.sliding_window_view(y, len(window))[:: len(window) // 4]
        return scipy.fft.rfft(frames * window, axis=1)

    return run


def _baseline(name: str) -> Callable[[Path], Run]:
    def make(baselines: Path) -> Run:
        if not baselines.is_file():
            raise ImportError(f"no {baselines.name} in {baselines.parent}")
        spec = importlib.util.spec_from_file_location("baselines", baselines)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        run: Run = getattr(module, name)
        importlib.import_module("librosa" if "librosa" in name else "essentia.standard")
        return run

    return make


def _freesound(_: Path) -> Run:
    import essentia
    from essentia.standard import FreesoundExtractor

    essentia.log.infoActive = essentia.log.warningActive = False
    return lambda path: FreesoundExtractor()(path)


STANDARD, DETAILED = "samplemind", "samplemind-detailed"

CONTESTANTS: Final = {
    STANDARD: Contestant("SampleMind, standard", STANDARD, _samplemind("standard")),
    "bare": Contestant("decode + one STFT", STANDARD, _bare),
    "essentia": Contestant("Essentia: tempo, key, pitch, MFCC", STANDARD, _baseline("with_essentia")),
    "music-extractor": Contestant("MusicExtractor", STANDARD, _baseline("with_music_extractor"), is_slow=True),
    "librosa": Contestant("librosa: tempo, key, pitch, MFCC", STANDARD, _baseline("with_librosa"), is_slow=True),
    DETAILED: Contestant("SampleMind, detailed", DETAILED, _samplemind("detailed")),
    "freesound-extractor": Contestant("FreesoundExtractor", DETAILED, _freesound, is_slow=True),
}  # fmt: skip


def main() -> None:
    tool, baselines = sys.argv[1], Path(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what native libraries print is no answer

    def answer(row: dict[str, object]) -> None:
        answers.write(json.dumps(row) + "\n")
        answers.flush()

    warnings.filterwarnings("ignore")
    try:
        run = CONTESTANTS[tool].make(baselines)
    except Exception as error:  # not installed, or broken: both are told where the others are measured
        answer({"missing": str(error)})
        return
    answer({"missing": None})
    with contextlib.suppress(KeyboardInterrupt):
        for line in sys.stdin:
            for path in json.loads(line):
                begin, failure = time.perf_counter(), None
                try:
                    run(path)
                except Exception as error:  # a tool that cannot read a file has its time counted all the same
                    failure = f"{type(error).__name__}: {error}"[:200]
                answer({"path": path, "seconds": time.perf_counter() - begin, "error": failure})


if __name__ == "__main__":
    main()
