"""Rows as JSON Lines, CSV and tables, whatever they hold."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from samplemind.cli.output import Column, Writer, generic_columns, plain, printable
from samplemind.cli.search import DISTANCE, SCORE, WORDS
from samplemind.cli.views import SUMMARY, duration, failure_of, note_name
from tests.cli.conftest import lines_of


@given(st.floats())
def test_numbers_keep_six_digits_or_are_null(value: float) -> None:
    got = plain(value)
    if not math.isfinite(value):
        assert got is None
    else:
        assert got == pytest.approx(value, rel=5e-6)


def test_whole_numbers_stay_exact() -> None:
    assert plain(1_700_000_000_123_456_789) == 1_700_000_000_123_456_789
    assert plain(np.int64(2**53 + 1)) == 2**53 + 1
    assert plain(True) is True


def test_arrays_times_and_mappings_become_plain() -> None:
    row = {"v": np.array([0.1, np.nan], np.float32), "t": datetime(2020, 1, 2, tzinfo=UTC), "b": b"\x01", "s": {"a": 1}}
    assert plain(row) == {"v": [0.1, None], "t": "2020-01-02T00:00:00+00:00", "b": "01", "s": {"a": 1}}


@given(st.text())
def test_printable_text_has_no_control_characters(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert text.isprintable() == (shown == text)


ROWS: list[dict[str, Any]] = [
    {"path": 'a,"b"\nc\rd.wav', "status": "ok", "bpm": 120.0, "v": [0.5, 0.25]},
    {"path": "ü日本.wav", "status": "failed", "bpm": None, "v": None},
]


def test_json_lines_come_back_as_they_were(capsys: pytest.CaptureFixture[str]) -> None:
    Writer("jsonl").write(ROWS)
    assert lines_of(capsys.readouterr().out) == ROWS


def test_csv_comes_back_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    Writer("csv").write(ROWS)
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert first == {"path": 'a,"b"\nc\rd.wav', "status": "ok", "bpm": "120.0", "v": "[0.5, 0.25]"}
    assert second == {"path": "ü日本.wav", "status": "failed", "bpm": "", "v": ""}


def test_csv_of_nothing_still_names_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    Writer("csv", fields=["path", "bpm"]).write([])
    assert capsys.readouterr().out == "path,bpm\n"


def test_a_table_is_aligned_and_numbers_stand_right(capsys: pytest.CaptureFixture[str]) -> None:
    Writer("table").write([{"name": "日本", "bpm": 9.5}, {"name": "abc", "bpm": 120.25}])
    head, first, second = capsys.readouterr().out.splitlines()
    assert cell_len(head) == cell_len(first) == cell_len(second)
    assert first.endswith("   9.5")
    assert second.endswith("120.25")


@given(st.text(st.sampled_from("abü日本🎹e\u0301 \n"), min_size=1), st.integers(2, 12))
def test_a_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    for column in (Column("x", str, width), Column("x", str, width, right=True), Column("path", str, 0, flexible=True)):
        assert cell_len(column.fit(printable(text), width)) == width


def test_a_long_path_keeps_its_end() -> None:
    assert Column("path", str, 0, flexible=True).fit("/home/me/sounds/kick.wav", 12) == "…ds/kick.wav"


def test_the_summary_says_why_a_file_failed(capsys: pytest.CaptureFixture[str]) -> None:
    good = {
        "path": "a.wav", "status": "ok", "kind": "loop", "bpm": 120.04, "bpm_confidence": 0.93, "key": "A",
        "scale": "minor", "key_confidence": 0.5, "midi_note": 57, "pitch_confidence": 1.0, "loudness_lufs": -14.23,
        "duration_s": 4.0, "sample_class": "drum-loop", "sample_class_confidence": 0.8,
    }  # fmt: skip
    bad = {"path": "b.wav", "status": "failed", "error": "empty file (0 bytes)"}
    Writer("table", view=SUMMARY, bad=failure_of).write([good, bad])
    _, first, second = capsys.readouterr().out.splitlines()
    assert " ".join(first.split()) == "loop drum-loop 80% 120.0 93% Am 50% A3 100% -14.2 4.00 s a.wav"
    assert second.startswith("failed: empty file (0 bytes)")
    assert first.index("a.wav") == second.index("b.wav")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0.0, "0.00 s"),
        (0.254, "0.25 s"),
        (12.34, "12.3 s"),
        (59.96, "1:00"),
        (245.2, "4:05"),
        (3723, "1:02:03"),
    ],
)
def test_lengths_read_naturally(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


def test_middle_c_is_c4() -> None:
    assert [note_name(midi) for midi in (60, 69, 0, 127)] == ["C4", "A4", "C-1", "G9"]


def test_generic_columns_cover_every_field() -> None:
    columns = generic_columns(ROWS, ["path", "bpm", "v"])
    assert [column.title for column in columns] == ["path", "bpm", "v"]
    assert [column.cell(ROWS[1]) for column in columns] == ["ü日本.wav", "–", "–"]


@pytest.mark.parametrize("screen", [80, 100, 120, 160])
@pytest.mark.parametrize("bad", [False, True])
def test_rows_fit_the_line_and_paths_keep_their_room(
    screen: int, bad: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {
        "score": 0.987, "distance": 0.123, "words": ["a long word (folders)", "kick (names)"], "kind": "one-shot",
        "sample_class": "drum-loop", "sample_class_confidence": 1.0, "bpm": 123.4, "bpm_confidence": 1.0, "key": "C#",
        "scale": "minor", "key_confidence": 1.0, "midi_note": 61, "pitch_confidence": 1.0, "loudness_lufs": -12.3,
        "duration_s": 1.5, "path": "/sounds/" + "folder/" * 20 + "kick number one.wav", "status": "ok", "error": None,
    }  # fmt: skip
    row |= {"status": "failed", "error": "no sound " * 20} if bad else {}
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(screen))
    monkeypatch.setenv("NO_COLOR", "1")
    Writer("table", view=(SCORE, DISTANCE, *SUMMARY[:-1], WORDS, SUMMARY[-1]), bad=failure_of).write([row])
    title, line = capsys.readouterr().out.splitlines()
    assert cell_len(line) == screen
    assert line.endswith("folder/kick number one.wav")
    assert cell_len(line.rpartition("…")[2]) >= (27 if screen == 80 else 29)
    assert ("LUFS" in title) == (screen == 160)
    assert "length  words" in title
