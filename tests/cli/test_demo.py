"""`demo`: from nothing to answers in one command."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from samplemind.cli.demo import compare
from samplemind.demo import catalogue
from tests.cli.conftest import Run


def test_right_answers_are_counted() -> None:
    loop = next(sound for sound in catalogue("small") if sound.kind == "loop" and sound.key is not None)
    sound = replace(loop, bpm=120.0, key="A minor", midi_note=57, sample_class="music-loop")
    right = {"kind": "loop", "sample_class": "music-loop", "bpm": 121.0, "key": "A", "scale": "minor", "midi_note": 57}
    wrong = {"kind": "other", "sample_class": None, "bpm": 60.0, "key": "A", "scale": "major", "midi_note": None}
    truth = {"right": sound, "wrong": sound, "not there": replace(sound, key=None)}
    assert compare(truth, {"right": right, "wrong": wrong}) == {
        "kind": (1, 3), "class": (1, 3), "tempo": (1, 3), "key": (1, 2), "note": (1, 3),
    }  # fmt: skip


def test_the_demo_makes_ingests_and_answers_and_a_second_time_does_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    done = run("demo", "--small", "--workers", "1", "--to", "deeper/../samplemind-demo")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    folder = tmp_path / "samplemind-demo"
    sounds = len(catalogue("small"))
    assert f"{sounds} sounds in deeper/../samplemind-demo/sounds: {sounds} made, 0 kept" in done.stdout
    assert f"{sounds} files: {sounds} new" in done.stdout
    scores = dict(re.findall(r"^  (\w+) +(\d+) of +\d+ right$", done.stdout, re.MULTILINE))
    assert set(scores) == {"kind", "class", "tempo", "key", "note"}
    assert all(int(score) > 0 for score in scores.values())
    again = run("demo", "--small", "--workers", "1")
    assert f"0 made, {sounds} kept" in again.stdout
    assert f"{sounds} unchanged" in again.stdout
    assert run("verify", folder / "library").returncode == 0
