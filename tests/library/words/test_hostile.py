"""Odd and hostile strings give answers or clear errors, everywhere a phrase goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from samplemind.library import Library

from .hostile import strings


@pytest.fixture(scope="module")
def library(heard_once: tuple[Path, Path]) -> Library:
    return Library.open(heard_once[1])


def _counts(library: Library) -> list[int]:
    tables = library.tables
    tables.refresh()
    return [table.count_rows() for table in (tables.samples, tables.files, tables.runs, tables.meta, *tables.extras())]


def test_searching_for_hostile_strings(library: Library) -> None:
    before = _counts(library)
    for phrase in strings():
        found = library.search().text(phrase).limit(3).to_polars()
        assert len(found) <= 3, ascii(phrase[:80])
        assert "path" in found.columns
    assert _counts(library) == before


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(phrase=st.text(max_size=120))
def test_searching_for_anything(library: Library, phrase: str) -> None:
    found = library.search().text(phrase).limit(3)
    assert len(found.to_polars()) <= 3
    assert found.explain().lines()


@pytest.mark.slow
def test_hostile_strings_on_the_command_line(library: Library) -> None:
    from samplemind.cli.app import app

    runner = CliRunner()
    for phrase in strings():
        if "\x00" in phrase:
            continue  # no system lets it in
        done = runner.invoke(app, ["search", library.uri, "--format", "jsonl", "-n", "2", "--", phrase])
        assert done.exit_code in (0, 2), (ascii(phrase[:80]), done.output[-300:])
        assert "Traceback" not in done.output
        assert "unexpected" not in done.output
