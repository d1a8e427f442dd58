from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from samplemind.library import Library

from .helpers import HOOK, make_sound, make_sounds


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], list[str]]:
    """Workers obey the names of files (see hook/sitecustomize.py); calling this gives the names decoded so far."""
    log = tmp_path / "decoded.log"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HOOK), os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("HOOK_LOG", str(log))
    return lambda: log.read_text().split("\n")[:-1] if log.exists() else []


@pytest.fixture(scope="session")
def heard_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of sounds, and a library that has heard them at level standard."""
    base = tmp_path_factory.mktemp("heard")
    sounds = make_sounds(base / "sounds", 12)
    make_sound(sounds / "Drums" / "Kick Loop_120bpm_Am.wav", 500)
    make_sound(sounds / "Drums" / "snare it's 'quoted'.wav", 501)
    shutil.copy(sounds / "tone_003.wav", sounds / "Drums" / "copy of tone_003.wav")
    (sounds / "broken.wav").write_text("this is no sound")
    Library.create(base / "library").ingest(sounds, workers=1)
    return sounds, base / "library"


@pytest.fixture(scope="session")
def heard(heard_once: tuple[Path, Path]) -> tuple[Path, Library]:
    """The same, for reading only."""
    return heard_once[0], Library.open(heard_once[1])


@pytest.fixture
def own(heard_once: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Library]:
    """A copy of the library (of the same sounds) that a test may change."""
    shutil.copytree(heard_once[1], tmp_path / "own")
    return heard_once[0], Library.open(tmp_path / "own")


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python code as a program of its own; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        path = tmp_path / f"script_{len(running)}.py"
        path.write_text(code)
        process = subprocess.Popen(
            [sys.executable, str(path), *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
