from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from samplemind.library import Library

from .helpers import assert_sound, make_sounds, wait_until


def test_a_script_without_a_guard_works(tmp_path, script):
    make_sounds(tmp_path / "sounds", 2)
    process = script(
        "import sys\nprint('started')\nfrom samplemind.library import Library\n"
        "print(Library.create(sys.argv[1]).ingest(sys.argv[2], level='basic', workers=2).analyzed)\n",
        tmp_path / "library", tmp_path / "sounds",
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert (out.split(), err) == (["started", "2"], "")


def test_an_ingest_works_inside_a_running_event_loop_and_from_another_thread(tmp_path, script):
    # JupyterLab runs cells in one, and a dashboard jobs in the other.
    make_sounds(tmp_path / "sounds", 2)
    process = script(
        "import asyncio, sys, threading\nfrom samplemind.library import Library\n"
        "async def cell():\n"
        "    library = Library.create(sys.argv[1])\n"
        "    print(library.ingest(sys.argv[2] + '/tone_000.wav', level='basic', workers=1).analyzed)\n"
        "    run = lambda: library.ingest(sys.argv[2], level='basic', workers=1)\n"
        "    print((await asyncio.to_thread(run)).analyzed)\n"
        "asyncio.run(cell())\n",
        tmp_path / "library", tmp_path / "sounds",
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert (out.split(), err) == (["1", "1"], "")


def read(library: Library) -> pl.DataFrame:
    return library.tables.read(library.tables.samples, library.tables.samples.schema.names).sort("id")


@pytest.mark.timeout(180)
def test_a_cluster_that_loses_a_worker_makes_the_same_library(tmp_path: Path, hooked):
    sounds = make_sounds(tmp_path / "sounds", 40)
    address_file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": str(tmp_path)}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
         "--scheduler-file", str(address_file)],
        **quiet,
    )  # fmt: skip
    workers = []
    try:
        wait_until(address_file.exists)
        workers = [
            subprocess.Popen([*dask, "worker", "--scheduler-file", str(address_file), "--nthreads", "1", "--no-nanny",
                              "--no-dashboard", "--host", "127.0.0.1"], **quiet)
            for _ in range(2)
        ]  # fmt: skip
        import json

        address = json.loads(address_file.read_text())["address"]
        remote = Library.create(tmp_path / "remote")
        from samplemind.settings import Settings

        settings = Settings(batch_seconds=0.01)

        def end_one(progress) -> None:
            if progress.done >= 10 and workers[0].poll() is None:
                workers[0].kill()

        report = remote.ingest(sounds, scheduler=address, settings=settings, progress=end_one)
        assert workers[0].poll() is not None
        assert (report.analyzed, report.failed) == (40, 0)
        assert_sound(remote)
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()
    local = Library.create(tmp_path / "local")
    local.ingest(sounds, workers=2)
    assert read(remote).drop("seconds_to_analyze").equals(read(local).drop("seconds_to_analyze"))
    assert remote.frame(["path", "id"]).equals(local.frame(["path", "id"]))


def test_other_processes_of_the_user_keep_their_main_module(tmp_path, script):
    make_sounds(tmp_path / "sounds", 1)
    process = script(
        "import multiprocessing, sys\n"
        "def here(x): return x + 1\n"
        "if __name__ == '__main__':\n"
        "    from samplemind.library import Library\n"
        "    def tell(progress):\n"
        "        if progress.stage == 'write':\n"
        "            with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(here, [1]))\n"
        "    Library.create(sys.argv[1]).ingest(sys.argv[2], level='basic', workers=1, progress=tell)\n",
        tmp_path / "library", tmp_path / "sounds",
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert (out.split(), err) == (["[2]"], "")
    assert os.path.isdir(tmp_path / "library")
