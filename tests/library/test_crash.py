from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from samplemind.errors import LibraryError
from samplemind.library import Interrupted, Library, analyze_many
from samplemind.settings import Settings

from .helpers import assert_sound, make_sound, make_sounds, wait_until

INGEST = """
import sys
from samplemind.library import Library
from samplemind.settings import Settings
library = Library.open_or_create(sys.argv[1])
settings = Settings(commit_rows=5, batch_seconds=0.01)
report = library.ingest(sys.argv[2], level="basic", workers=int(sys.argv[3]), settings=settings)
print(report.new, report.analyzed, report.failed)
"""


def rows(folder: Path) -> int:
    """How many files the library in `folder` has by now, seen from outside."""
    try:
        return len(Library.open(folder))
    except LibraryError:  # not there yet, or being made
        return 0


def finishes(library: Path, sounds: Path, count: int) -> None:
    """The library is valid as it is; the same command completes it; and then there is nothing to do."""
    opened = Library.open_or_create(library)
    assert opened.verify().problems == []
    opened.ingest(sounds, level="basic", workers=1)
    assert len(opened) == count
    assert_sound(opened)
    assert opened.verify(deep=True).problems == []
    assert opened.ingest(sounds, level="basic", workers=1).unchanged == count


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = psutil.Process(process.pid).children()
    return [child for child in found if "spawn_main" in " ".join(child.cmdline())]


def test_a_killed_ingest_leaves_a_library_that_the_same_command_completes(tmp_path, hooked, script):
    sounds = make_sounds(tmp_path / "sounds", 60)
    library = tmp_path / "library"
    process = script(INGEST, library, sounds, 2)
    wait_until(lambda: rows(library) >= 5)
    workers = workers_of(process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    had = rows(library)
    assert 5 <= had < 60
    decoded = len(hooked())
    finishes(library, sounds, 60)
    # What was committed is not decoded again.
    assert len(hooked()) - decoded <= 60 - had
    wait_until(lambda: not any(worker.is_running() and worker.status() != "zombie" for worker in workers))


def test_a_killed_worker_costs_nothing(tmp_path, hooked, script):
    sounds = make_sounds(tmp_path / "sounds", 40)
    library = tmp_path / "library"
    process = script(INGEST, library, sounds, 2)
    wait_until(lambda: len(hooked()) >= 4)
    workers_of(process)[0].kill()
    out, err = process.communicate(timeout=90)
    assert (out.split(), err) == (["40", "40", "0"], "")
    finishes(library, sounds, 40)


def test_files_that_end_their_worker_are_named_and_all_others_analyzed(tmp_path, hooked):
    sounds = make_sounds(tmp_path / "sounds", 20)
    make_sound(sounds / "tone_005_abort.wav", 1000)
    make_sound(sounds / "tone_012_kill.wav", 1001)
    library = Library.create(tmp_path / "library")
    report = library.ingest(sounds, level="basic", workers=2)
    assert (report.analyzed, report.failed) == (22, 2)
    reasons = {os.path.basename(path): reason for path, reason in report.failures}
    assert "ended the worker process (SIGABRT)" in reasons["tone_005_abort.wav"]
    assert "ended the worker process (SIGKILL" in reasons["tone_012_kill.wav"]
    assert_sound(library)
    assert library.frame(["name"], "status = 'failed'")["name"].to_list() == list(reasons)
    # They are set aside for good: the next ingest leaves them alone.
    decoded = len(hooked())
    assert library.ingest(sounds, level="basic", workers=1).unchanged == 22
    assert len(hooked()) == decoded


def test_a_file_that_never_ends_is_set_aside(tmp_path, hooked):
    sounds = make_sounds(tmp_path / "sounds", 3)
    make_sound(sounds / "tone_001_hang.wav", 1000)
    library = Library.create(tmp_path / "library")
    report = library.ingest(sounds, level="basic", workers=1, settings=Settings(file_timeout_s=3.0))
    assert [(os.path.basename(path), reason) for path, reason in report.failures] == [
        ("tone_001_hang.wav", "set aside: the analysis did not end within 3 s")]  # fmt: skip
    assert report.analyzed == 4
    assert_sound(library)


def test_analyses_without_a_library_come_in_order_and_survive_a_crash(tmp_path, hooked):
    sounds = make_sounds(tmp_path / "sounds", 6)
    make_sound(sounds / "tone_002_abort.wav", 1000)
    missing = tmp_path / "missing.wav"
    given = [sounds / "tone_005.wav", sounds, missing]
    analyses = list(analyze_many(given, level="basic", workers=2))
    assert [os.path.basename(analysis.path) for analysis in analyses] == [
        "tone_005.wav", *sorted(os.listdir(sounds)), "missing.wav"]  # fmt: skip
    failed = {os.path.basename(a.path): a.error for a in analyses if a.status == "failed"}
    assert set(failed) == {"tone_002_abort.wav", "missing.wav"}
    assert failed["missing.wav"] == "cannot be read: No such file or directory"


def test_ctrl_c_keeps_what_is_done(tmp_path, hooked, script):
    sounds = make_sounds(tmp_path / "sounds", 10)
    for index in range(6):
        make_sound(sounds / f"z_slow_{index}.wav", 2000 + index, 0.3 + index / 100)
    library = tmp_path / "library"
    code = INGEST.replace(
        "report = library.ingest(", "from samplemind.library import Interrupted\ntry:\n  report = library.ingest("
    )
    code = code.replace(
        "print(report", "except Interrupted as stopped:\n  report = stopped.report\nprint(report.interrupted, report"
    )
    process = script(code, library, sounds, 1)
    wait_until(lambda: any("slow" in name for name in hooked()))
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    stopped, _, analyzed, _ = out.split()
    assert (stopped, err) == ("True", "")
    assert 5 <= int(analyzed) < 16
    assert rows(library) == int(analyzed)
    finishes(library, sounds, 16)


def test_interrupted_is_a_keyboard_interrupt():
    # so that a loop over folders in a notebook stops
    assert issubclass(Interrupted, KeyboardInterrupt)


def test_a_full_disk_is_named_and_the_same_command_finishes_when_there_is_room(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        sounds = make_sounds(tmp_path / "sounds", 30)
        library = Library.create(disk / "library")
        with open(disk / "ballast", "wb") as ballast:
            ballast.write(bytes(shutil.disk_usage(disk).free - 150_000))
        with pytest.raises(LibraryError, match=r"no space left on its disk \(.* MiB free\); make room"):
            library.ingest(sounds, level="basic", workers=1, settings=Settings(commit_rows=5, batch_seconds=0.01))
        assert Library.open(disk / "library").verify().problems == []
        os.remove(disk / "ballast")
        finishes(disk / "library", sounds, 30)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_two_writers_do_not_meet(tmp_path, hooked, script):
    sounds = make_sounds(tmp_path / "sounds", 2)
    for index in range(4):
        make_sound(sounds / f"slow_{index}.wav", 2000 + index)
    library = tmp_path / "library"
    process = script(INGEST, library, sounds, 1)
    wait_until(lambda: bool(hooked()))
    with pytest.raises(LibraryError, match=f"process {process.pid} on .* is writing to it"):
        Library.open(library).ingest(sounds, level="basic", workers=1)
    # Reading goes on meanwhile.
    Library.open(library).frame(limit=1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.1)
    # The lock of a dead process does not keep anyone out.
    finishes(library, sounds, 6)
