"""`search` on the command line."""

from __future__ import annotations

import shutil
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
    (["tone", "--start", "1"], 2, "give --like"),
    (["tone", "--like", "x", "--aspect", "timbre=a"], 2, "is no number"),
    (["tone", "--where", "bmp > 3"], 2, "did you mean"),
    (["tone", "-c", "nothing"], 2, "nothing"),
    (["tone", "-c", "path,distance"], 2, "this search has no distance"),
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


def test_the_commands_that_show_sounds_take_the_same_options(run: Run, library: Path, sounds: Path) -> None:
    own = library.parent / "labelled"
    shutil.copytree(library, own)
    for path, tag in (("tone 000.wav", "a"), ("tone 001.wav", "a"), ("tone 001.wav", "b")):
        assert run("label", own, sounds / path, "--tag", tag).returncode == 0
    assert run("collection", own, "set", sounds / "tone 000.wav", "--create").returncode == 0
    like = ("--like", sounds / "tone 002.wav")
    narrow = ("-t", "a", "--without-tag", "b", "--collection", "set", "-c", "path", "-f", "csv", "--sort", "path")
    for command in (("list",), ("similar", *like), ("search", *like), ("search",)):
        done = run(command[0], own, *command[1:], *narrow)
        assert done.returncode == 0, done.stderr
        names = [line.rpartition("/")[2] for line in done.stdout.splitlines()[1:]]
        assert names == ["tone 000.wav"], command
        assert run(command[0], own, *command[1:], *narrow, "--offset", "1").stdout.splitlines()[1:] == []
    for command, given in (("similar", like[1:]), ("search", like)):
        done = run(command, own, *given, "--end", "0.2", "--transpose", "--any-tempo", "--skip-equal", "--explain")
        assert done.returncode == 0, done.stderr
        assert "from 0 s to 0.2 s" in done.stderr


def test_what_failed_is_not_found_unless_asked_for(run: Run, library: Path) -> None:
    assert "broken.wav" not in run("search", library, "-c", "path", "-f", "csv").stdout
    assert "broken.wav" in run("search", library, "--where", "status = 'failed'", "-c", "path", "-f", "csv").stdout
