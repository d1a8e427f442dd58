"""The commands that make, ask and look after a library."""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import Run, command, environment, lines_of, write_tones


@pytest.fixture
def own(library: Path, tmp_path: Path) -> Path:
    """A copy of the library that a test may change."""
    return Path(shutil.copytree(library, tmp_path / "own"))


def names(text: str) -> list[str]:
    return [os.path.basename(row["path"]) for row in lines_of(text)]


def test_ingest_reports_in_words_and_as_json(run: Run, sounds: Path, own: Path) -> None:
    words = run("ingest", own, sounds)
    assert words.stdout.startswith("5 files: 5 unchanged")
    (report,) = lines_of(run("ingest", own, sounds, "--format", "jsonl").stdout)
    assert (report["scanned"], report["unchanged"], report["new"], report["analyzed"]) == (5, 5, 0, 0)


def test_failures_are_told_with_their_reason(run: Run, sounds: Path, tmp_path: Path) -> None:
    done = run("ingest", "lib", sounds / "broken.wav", sounds / "tone 000.wav", "--level", "basic", "--workers", "1")
    assert done.returncode == 1
    assert done.stderr == ""
    assert "1 file failed:" in done.stdout
    assert f"{sounds / 'broken.wav'}: not audio" in done.stdout


def test_ingest_of_a_path_that_does_not_exist_is_2(run: Run, own: Path) -> None:
    done = run("ingest", own, "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_a_mistyped_path_leaves_no_empty_library(run: Run, tmp_path: Path) -> None:
    assert run("ingest", "lib", "nowhere").returncode == 2
    assert not (tmp_path / "lib").exists()


def test_an_empty_folder_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("ingest", "lib", "empty")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "no sound files")
    listed = run("list", "lib")
    assert (listed.returncode, listed.stdout, listed.stderr) == (0, "", "no sound fits\n")


def test_a_file_is_no_library(run: Run, sounds: Path) -> None:
    for command_line in (("list", sounds / "broken.wav"), ("ingest", sounds / "broken.wav", sounds)):
        done = run(*command_line)
        assert done.returncode == 3
        assert "it is a file" in done.stderr


def test_list_filters_sorts_and_limits(run: Run, library: Path) -> None:
    done = run("list", library, "--where", "f0_hz > 300", "--sort", "f0_hz DESC", "-f", "jsonl", "-c", "path,f0_hz")
    assert done.returncode == 0, done.stderr
    assert names(done.stdout) == ["tone 002.wav", "tone 001.wav", "tone 000.wav"]
    assert [set(row) for row in lines_of(done.stdout)] == [{"path", "f0_hz"}] * 3
    assert names(run("list", library, "-s", "f0_hz", "-n", "1", "-f", "jsonl").stdout) == ["tone 000.wav"]


def test_list_as_csv_has_a_header_even_if_nothing_fits(run: Run, library: Path) -> None:
    done = run("list", library, "--where", "bpm = 1", "-c", "path,bpm", "-f", "csv")
    assert (done.returncode, done.stdout) == (0, "path,bpm\n")


def test_list_as_a_table_says_what_failed(run: Run, library: Path, sounds: Path) -> None:
    table = run("list", library).stdout.splitlines()
    assert len(table) == 1 + 5
    (failed,) = (line for line in table if line.startswith("failed: not audio"))
    assert failed.endswith(str(sounds / "broken.wav"))


@pytest.mark.parametrize(
    "arguments",
    [["--where", "nonsense = 1"], ["--where", "kind = "], ["--columns", "path,nonsense"], ["--sort", "nonsense"]],
)
def test_a_question_that_cannot_be_read_is_2_and_one_line(run: Run, library: Path, arguments: list[str]) -> None:
    done = run("list", library, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_similar_finds_neighbours_of_a_sound_in_and_out_of_the_library(
    run: Run, library: Path, sounds: Path, tmp_path: Path
) -> None:
    done = run("similar", library, sounds / "tone 001.wav", "--limit", "2", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    rows = lines_of(done.stdout)
    assert len(rows) == 2
    assert rows[0]["distance"] <= rows[1]["distance"]
    assert "tone 001.wav" not in names(done.stdout)
    (outside,) = write_tones(tmp_path / "outside", [885.0])
    near = run("similar", library, outside, "-n", "1", "--columns", "path", "-f", "csv")
    assert next(csv.DictReader(io.StringIO(near.stdout)))["path"] == str(sounds / "tone 002.wav")


def test_similar_to_what_is_no_sound_is_3(run: Run, library: Path, sounds: Path) -> None:
    assert run("similar", library, sounds / "broken.wav").returncode == 3
    assert run("similar", library, "nowhere.wav").returncode == 3


def test_info_counts(run: Run, library: Path) -> None:
    (row,) = lines_of(run("info", library, "--format", "jsonl").stdout)
    assert (row["files"], row["failed"], row["samples"]) == (5, 1, 5)
    assert "5 in 2 folders" in run("info", library).stdout


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_export_holds_every_row(run: Run, library: Path, tmp_path: Path, form: str) -> None:
    done = run("export", library, "--to", f"out.{form}", "--where", "status = 'ok'", "--columns", "path,f0_hz")
    assert done.stdout == f"4 rows in out.{form}\n", done.stderr
    read = {"parquet": pl.read_parquet, "csv": pl.read_csv, "jsonl": pl.read_ndjson}[form]
    rows = read(tmp_path / f"out.{form}")
    assert (rows.columns, len(rows)) == (["path", "f0_hz"], 4)


def test_export_to_another_form_is_2(run: Run, library: Path) -> None:
    done = run("export", library, "--to", "out.xls")
    assert done.returncode == 2
    assert ".parquet" in done.stderr


def test_verify_is_0_for_a_sound_library_and_3_for_a_damaged_one(run: Run, own: Path) -> None:
    good = run("verify", own)
    assert (good.returncode, good.stdout.split(";")[0]) == (0, "no faults")
    (report,) = lines_of(run("verify", own, "--deep", "-f", "jsonl").stdout)
    assert report["ok"] is True
    shutil.rmtree(own / "files.lance")
    assert run("verify", own).returncode == 3


def test_relocate_remove_compact(run: Run, own: Path, sounds: Path, tmp_path: Path) -> None:
    moved = run("relocate", own, sounds / "deeper", tmp_path / "elsewhere")
    assert moved.stdout == f"1 file known under {tmp_path / 'elsewhere'} now\n"
    assert "does not exist" in moved.stderr
    nothing = run("remove", own)
    assert (nothing.returncode, "--missing" in nothing.stderr) == (2, True)
    assert run("remove", own, "--missing").stdout == "1 file taken out\n"
    assert run("remove", own, "--where", "status = 'failed'").stdout == "1 file taken out\n"
    assert run("remove", own, sounds / "tone 000.wav").stdout == "1 file taken out\n"
    compacted = run("compact", own)
    assert (compacted.returncode, compacted.stderr) == (0, "")
    assert sorted(names(run("list", own, "-f", "jsonl").stdout)) == ["tone 001.wav", "tone 002.wav"]
    assert run("verify", own).returncode == 0


def test_ctrl_c_keeps_what_was_done_and_the_same_command_goes_on(run: Run, tmp_path: Path) -> None:
    write_tones(tmp_path / "many", [200.0 + number for number in range(400)])
    settings = {"SAMPLEMIND_COMMIT_ROWS": "10", "SAMPLEMIND_BATCH_SECONDS": "0.2"}
    ingest = command("ingest", "lib", "many", "--level", "basic", "--workers", "1")
    process = subprocess.Popen(
        ingest, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment(**settings),
        start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 120
    while not list(tmp_path.glob("lib/samples.lance/data/*")) and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(errors.splitlines()) == 1
    assert "the same command goes on from there" in errors
    kept = len(names(run("list", "lib", "-f", "jsonl").stdout))
    assert 0 < kept < 400
    (report,) = lines_of(run(*ingest[3:], "--format", "jsonl", **settings).stdout)
    assert report["unchanged"] == kept
    assert report["new"] == 400 - kept
    assert run("verify", "lib").returncode == 0


def test_similar_takes_several_sounds_aspects_and_conditions(run: Run, library: Path, sounds: Path) -> None:
    done = run("similar", library, sounds / "tone 001.wav", "--like", sounds / "tone 002.wav", "--unlike",
               sounds / "tone 000.wav", "-a", "timbre=2", "-a", "pitch", "-f", "jsonl", "--explain")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert names(done.stdout) == ["tone 000.wav"]
    (row,) = lines_of(done.stdout)
    assert row["distance"] == pytest.approx((2 * row["distance_timbre"] + row["distance_pitch"]) / 3, abs=1e-5)
    assert "timbre 67%, pitch 33%" in done.stderr
    assert "tone 000.wav" in done.stderr
    only = run("similar", library, "--like", sounds / "tone 001.wav", "--where", "f0_hz > :x OR f0_hz < 300", "-n", "9")
    assert only.returncode == 2
    assert ":x" in only.stderr
    table = run("similar", library, "--like", sounds / "tone 001.wav", "-a", "timbre", "-a", "pitch", "--transpose",
                "--any-tempo", "--skip-equal", "--where", "distance < 2 AND f0_hz < 300")  # fmt: skip
    assert table.stdout.splitlines()[0].split()[:3] == ["dist", "timbre", "pitch"]
    assert len(table.stdout.splitlines()) == 2


def test_similar_to_a_part_of_a_sound(run: Run, library: Path, sounds: Path) -> None:
    near = run("similar", library, sounds / "tone 001.wav", "--start", "0.05", "--end", "0.3", "-n", "1", "-f", "jsonl")
    assert names(near.stdout) == ["tone 001.wav"]
    pages = [run("similar", library, sounds / "tone 001.wav", "-n", "1", "--offset", str(number), "-f", "jsonl").stdout
             for number in range(4)]  # fmt: skip
    assert sorted(names("".join(pages))) == ["tone 000.wav", "tone 000.wav", "tone 002.wav"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--unlike", "x.wav", "--start", "1"],
        ["tone 001.wav", "--start", "7"],
        ["tone 001.wav", "--start", "0.3", "--end", "0.2"],
        ["tone 001.wav", "-a", "colour"],
        ["tone 001.wav", "-a", "timbre=much"],
        ["tone 001.wav", "-a", "timbre=0"],
        ["tone 001.wav", "-a", "timbre", "--by", "pitch"],
        ["tone 001.wav", "--where", "bpm > (SELECT 1)"],
    ],
)
def test_similar_to_nothing_that_makes_sense_is_2(run: Run, library: Path, sounds: Path, arguments: list[str]) -> None:
    done = run("similar", library, *arguments, cwd=sounds)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
