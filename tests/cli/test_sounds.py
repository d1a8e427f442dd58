"""`analyze`: rows of real files from real processes."""

from __future__ import annotations

import csv
import io
import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from samplemind.cli.sounds import find_files
from tests.cli.conftest import Run, command, environment, lines_of, write_tones

FIXED = [
    "path", "status", "error", "duration_s", "sample_rate", "channels", "kind", "kind_confidence", "bpm",
    "bpm_confidence", "key", "scale", "key_confidence", "f0_hz", "midi_note", "pitch_confidence", "loudness_lufs",
    "peak_dbfs", "sample_class", "sample_class_confidence",
]  # fmt: skip


def test_json_has_the_fixed_form_and_what_was_heard(run: Run, sounds: Path) -> None:
    done = run("analyze", sounds / "tone 001.wav", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (row,) = lines_of(done.stdout)
    assert set(FIXED) <= set(row)
    assert (row["path"], row["status"], row["error"]) == (str(sounds / "tone 001.wav"), "ok", None)
    assert row["midi_note"] == 69
    assert row["duration_s"] == pytest.approx(0.4, abs=0.001)
    assert row["peak_dbfs"] == pytest.approx(-6.02, abs=0.3)
    assert "embedding" not in row


def test_vectors_come_when_they_are_asked_for(run: Run, sounds: Path) -> None:
    (row,) = lines_of(run("analyze", sounds / "tone 001.wav", "--vectors", "-f", "jsonl").stdout)
    assert len(row["embedding"]) == 128
    assert sum(x * x for x in row["embedding"]) == pytest.approx(1, abs=1e-3)


def test_rows_keep_the_order_and_the_names_of_the_arguments(run: Run, sounds: Path) -> None:
    done = run("analyze", "tone 002.wav", "deeper", "./tone 000.wav", "--level", "basic", "-f", "jsonl", cwd=sounds)
    assert [row["path"] for row in lines_of(done.stdout)] == [
        "tone 002.wav", os.path.join("deeper", "down", "tone 000.wav"), "./tone 000.wav",
    ]  # fmt: skip


def test_a_file_that_is_no_sound_is_a_row_and_exit_code_1(run: Run, sounds: Path) -> None:
    done = run("analyze", sounds, sounds / "nowhere.wav", "--level", "basic", "--format", "jsonl")
    assert done.returncode == 1
    rows = {os.path.basename(row["path"]): row for row in lines_of(done.stdout)}
    assert set(rows) == {"broken.wav", "nowhere.wav", "tone 000.wav", "tone 001.wav", "tone 002.wav"}
    assert rows["broken.wav"]["status"] == rows["nowhere.wav"]["status"] == "failed"
    assert "text" in rows["broken.wav"]["error"]
    assert rows["broken.wav"]["duration_s"] is None
    assert rows["tone 000.wav"]["status"] == "ok"


def test_csv_and_table_say_the_same(run: Run, sounds: Path) -> None:
    path = sounds / "tone 001.wav"
    (row,) = csv.DictReader(io.StringIO(run("analyze", path, "--format", "csv").stdout))
    assert (row["path"], row["midi_note"], row["bpm"]) == (str(path), "69", "")
    table = run("analyze", path).stdout.splitlines()
    assert len(table) == 2
    assert "A4" in table[1]
    assert table[1].endswith(str(path))


def test_the_settings_limit_what_is_accepted(run: Run, sounds: Path, tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text("max_duration_s = 0.1")
    done = run("--config", "limits.toml", "analyze", sounds / "tone 000.wav", "-f", "jsonl")
    assert done.returncode == 1
    assert "0.1" in lines_of(done.stdout)[0]["error"]


def test_strange_names_come_back(run: Run, tmp_path: Path) -> None:
    write_tones(tmp_path / "odd", [440.0])
    names = [b"new\nline.wav", b"[red]tag.wav", b"latin \xe9.wav", "日本.wav".encode()]
    for name in names:
        os.link(tmp_path / "odd" / "tone 000.wav", os.path.join(os.fsencode(tmp_path), b"odd", name))
    (tmp_path / "odd" / "tone 000.wav").unlink()
    lines = run("analyze", "odd", "--level", "basic", "-f", "jsonl")
    assert lines.returncode == 0
    assert sorted(os.fsencode(row["path"]) for row in lines_of(lines.stdout)) == sorted(
        b"odd/" + name for name in names
    )
    rows = list(csv.DictReader(io.StringIO(run("analyze", "odd", "--level", "basic", "-f", "csv").stdout, newline="")))
    assert sorted(os.fsencode(row["path"]) for row in rows) == sorted(b"odd/" + name for name in names)
    table = run("analyze", "odd", "--level", "basic")
    assert table.returncode == 0
    assert len(table.stdout.splitlines()) == 1 + len(names)


def test_a_reader_that_has_enough_ends_it_quietly(sounds: Path) -> None:
    arguments = command("describe", "--format", "jsonl")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_3_and_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command("describe", "--format", "csv"), stdout=full, stderr=subprocess.PIPE, text=True, env=environment()
        )
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert "make room" in done.stderr


def test_many_files_are_heard_by_workers_in_order(run: Run, tmp_path: Path) -> None:
    paths = write_tones(tmp_path / "many", [200.0 + 10 * number for number in range(12)])
    done = run("analyze", "many", "--level", "basic", "--workers", "2", "--format", "jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert [Path(row["path"]).name for row in lines_of(done.stdout)] == [path.name for path in paths]


def test_ctrl_c_is_130_and_one_line(tmp_path: Path) -> None:
    write_tones(tmp_path / "many", [200.0 + number for number in range(300)])
    process = subprocess.Popen(
        command("analyze", "many", "--level", "basic", "--workers", "1", "--format", "jsonl"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, cwd=tmp_path, env=environment(),
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline()
    # As a terminal does it: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert 0 < len(lines_of((first + rest).decode())) < 300
    assert errors == b"samplemind: interrupted\n"


def test_progress_is_shown_on_a_terminal_only_and_leaves_the_output_alone(tmp_path: Path) -> None:
    write_tones(tmp_path / "many", [200.0 + number for number in range(20)])
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("analyze", "many", "--level", "basic", "--workers", "1", "--format", "jsonl"),
        stdout=subprocess.PIPE, stderr=theirs, text=True, cwd=tmp_path, env=environment(TERM="xterm"),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            shown += (part := os.read(ours, 4096))
        except OSError:  # the other end is closed
            break
        if not part:
            break
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    assert len(lines_of(out)) == 20
    assert b"20/20 files" in shown


def test_an_empty_folder_is_said_to_be_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("analyze", "empty")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no sound files there\n")


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tones(tmp_path / "open", [220.0])
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    files, unreadable = find_files([str(tmp_path)])
    assert files == [str(tmp_path / "open" / "tone 000.wav")]
    assert unreadable == [(str(tmp_path / "closed"), "Permission denied")]
