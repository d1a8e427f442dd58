"""The command line as a process, and sounds to give it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

RATE = 22050
Run = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "samplemind", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    """Without settings of whoever runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SAMPLEMIND_")}
    return {**ours, "NO_COLOR": "1", "COLUMNS": "200", **more}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a command to its end, in an empty folder."""

    def call(*arguments: str | Path, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), capture_output=True, text=True, encoding="utf-8", errors="surrogateescape",
            cwd=cwd or tmp_path, env=environment(**more), timeout=240,
        )  # fmt: skip

    return call


def lines_of(text: str) -> list[dict[str, Any]]:
    """JSON Lines, strictly: NaN and Infinity are errors."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]


def tone(hz: float, seconds: float = 0.4, decay: float = 5.0) -> Any:
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * hz * time) * np.exp(-decay * time)).astype(np.float32)


def write_tones(folder: Path, pitches: Sequence[float]) -> list[Path]:
    """One short file a pitch, in the order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, hz in enumerate(pitches):
        path = folder / f"tone {number:03d}.wav"
        soundfile.write(path, tone(hz), RATE)
        paths.append(path)
    return paths


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: three tones, one deeper down, and a file that is no sound."""
    folder = tmp_path_factory.mktemp("sounds")
    write_tones(folder, [220.0, 440.0, 880.0])
    write_tones(folder / "deeper" / "down", [330.0])
    (folder / "broken.wav").write_text("this is no sound")
    return folder


@pytest.fixture(scope="session")
def library(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of `sounds`, made by the command itself; tests only read it."""
    path = tmp_path_factory.mktemp("libraries") / "lib"
    done = subprocess.run(
        command("ingest", path, sounds, "--workers", "1"),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=240,
    )
    assert done.returncode == 1, done.stderr  # one file is broken
    return path
