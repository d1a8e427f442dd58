"""`search` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Run, lines_of


def test_a_phrase_finds_and_is_explained(run: Run, library: Path) -> None:
    done = run("search", library, "tone", "001", "under", "5", "s")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "tone -> the word 'tone'", "001 -> the word '001'",
        "under 5 s -> duration_s < 5 (not where duration_s is unknown)",
    ]  # fmt: skip
    header, first, *_ = done.stdout.splitlines()
    assert header.split()[0] == "score"
    assert first.endswith("tone 001.wav")
    assert "tone (names)" in first


def test_rows_for_programs(run: Run, library: Path, sounds: Path) -> None:
    done = run("search", library, "tone deeper", "--like", sounds / "tone 001.wav", "-n", "2", "-f", "jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    rows = lines_of(done.stdout)
    assert [list(row)[:3] for row in rows] == [["score", "words", "distance"]] * 2
    assert rows[0]["path"].endswith("deeper/down/tone 000.wav")
    assert "deeper (folders)" in rows[0]["words"]


def test_explaining_and_pages(run: Run, library: Path) -> None:
    whole = run("search", library, "tone", "-f", "csv", "-c", "path", "-n", "9")
    first, second = (run("search", library, "tone", "-f", "csv", "-c", "path", "-n", "2", "--offset", n) for n in "02")
    paths = [line for done in (first, second) for line in done.stdout.splitlines()[1:]]
    assert paths == whole.stdout.splitlines()[1:5]
    told = run("search", library, "high tone", "--explain", "-n", "1")
    assert "high-pitched" in told.stderr
    assert "answered     resident" in told.stderr
    assert "   1  " in told.stderr


@pytest.mark.parametrize(("arguments", "code", "text"), [
    (["--aspect", "timbre"], 2, "give --like"),
    (["tone", "--like", "x", "--aspect", "timbre=a"], 2, "is no number"),
    (["tone", "--where", "bmp > 3"], 2, "did you mean"),
    (["tone", "-c", "nothing"], 2, "nothing"),
    (["tone", "--like", "nowhere.wav"], 3, "nowhere.wav"),
])  # fmt: skip
def test_wrong_usage(run: Run, library: Path, arguments: list[str], code: int, text: str) -> None:
    done = run("search", library, *arguments)
    assert done.returncode == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_fits(run: Run, library: Path) -> None:
    done = run("search", library, "zzzzqq")
    assert done.returncode == 0
    assert "no sound has the word zzzzqq" in done.stderr
    assert "no sound fits" in done.stderr
