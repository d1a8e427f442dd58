"""`label`, `collection` and `duplicates`, as a person types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run, lines_of


@pytest.fixture
def mine(library: Path, sounds: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A library of its own, of sounds of its own with a copy among them."""
    shutil.copytree(sounds, tmp_path / "sounds")
    shutil.copy(tmp_path / "sounds" / "tone 001.wav", tmp_path / "sounds" / "a copy of tone 001.wav")
    return tmp_path / "lib", tmp_path / "sounds"


def test_labels_are_said_listed_and_undone(run: Run, library: Path, sounds: Path, tmp_path: Path) -> None:
    shutil.copytree(library, tmp_path / "lib")
    lib, kick = tmp_path / "lib", sounds / "tone 000.wav"
    done = run("label", lib, kick, "--value", "kick", "--tag", "favourite", "--by", "ann")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 sound labelled" in done.stdout
    rows = lines_of(run("label", lib, "--list", "--format", "jsonl").stdout)
    assert [(row["path"], row["task"], row["value"], row["author"]) for row in rows] == [
        (str(kick), "class", "kick", "ann"), (str(kick), "tag", "favourite", "ann"),
    ]  # fmt: skip
    assert run("label", lib, "--undo", "--by", "ann").returncode == 0
    rows = lines_of(run("label", lib, "--list", "--format", "jsonl").stdout)
    assert [row["task"] for row in rows] == ["class"]
    assert run("label", lib, "--redo", "--by", "ann").returncode == 0
    held = [row["holds"] for row in lines_of(run("label", lib, kick, "--history", "--format", "jsonl").stdout)]
    assert held == [True, True]
    assert "2 statements written" in run("label", lib, "--export", tmp_path / "out.csv").stdout
    assert "2 held already" in run("label", lib, "--import", tmp_path / "out.csv").stdout


def test_wrong_labels_are_one_line(run: Run, library: Path) -> None:
    nothing = run("label", library)
    assert nothing.returncode == 2
    assert "say one thing to do" in nothing.stderr
    unknown = run("label", library, "nothing.wav", "--value", "kick")
    assert unknown.returncode == 3
    assert len(unknown.stderr.splitlines()) == 1
    assert run("label", library, "--where", "kind = 'loop'", "--value", "6", "--task", "rating").returncode == 2


def test_collections_are_made_shown_and_written(run: Run, library: Path, sounds: Path, tmp_path: Path) -> None:
    shutil.copytree(library, tmp_path / "lib")
    lib, second, first = tmp_path / "lib", sounds / "tone 002.wav", sounds / "tone 000.wav"
    assert run("collection", lib, "my set", second, first, "--create").stdout == "my set: 2 sounds\n"
    shown = lines_of(run("collection", lib, "my set", "--format", "jsonl").stdout)
    assert [row["path"] for row in shown] == [str(second), str(first)]
    assert run("collection", lib, "low", "--save", "--where", "f0_hz < 300").returncode == 0
    rows = lines_of(run("collection", lib, "--format", "jsonl").stdout)
    assert [(row["name"], row["kind"], row["sounds"]) for row in rows] == [
        ("low", "search", None),
        ("my set", "set", 2),
    ]
    assert run("collection", lib, "my set", "--export", tmp_path / "out", "--links", "copy").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["tone 000.wav", "tone 002.wav"]
    assert run("collection", lib, "my set", "--delete").returncode == 0
    assert run("collection", lib, "my set").returncode == 3


def test_duplicates_are_shown_put_aside_and_brought_back(run: Run, mine: tuple[Path, Path]) -> None:
    lib, sounds = mine
    assert run("ingest", lib, sounds, "--workers", "1").returncode == 1
    shown = run("duplicates", lib, "--kind", "exact", "--format", "jsonl")
    assert [row["relation"] for row in lines_of(shown.stdout)] == ["best", "exact"]
    planned = run("duplicates", lib, "--kind", "exact", "--plan")
    assert "1 file would go" in planned.stdout
    before = sorted(path.name for path in sounds.rglob("*.wav"))
    done = run("duplicates", lib, "--kind", "exact", "--apply")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(sounds.rglob("*.wav"))) == len(before) - 1
    journal = done.stdout.split("--undo ")[1].strip()
    back = run("duplicates", lib, "--undo", journal)
    assert "1 file brought back" in back.stdout
    assert sorted(path.name for path in sounds.rglob("*.wav")) == before
    assert run("verify", lib).returncode == 0
    assert run("duplicates", lib, "--undo", journal, "--apply").returncode == 2
