"""Arguments: what is accepted, what is refused, and how that is said."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import samplemind
from samplemind.cli.app import app
from tests.cli.conftest import Run

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
RUNNER = CliRunner()


def test_all_designed_commands_are_there() -> None:
    assert set(COMMANDS) >= {
        "demo", "ingest", "analyze", "info", "list", "export", "verify", "compact", "relocate", "remove", "similar",
        "describe", "doctor",
    }  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_whose_options_exist(name: str) -> None:
    # The source of the help: what is printed is broken into lines.
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    examples = re.findall(r"\[cyan\](samplemind .*?)\[/cyan\]", command.help)
    assert examples
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    for example in examples:
        assert example.split()[1] == name
        assert set(re.findall(r"(?<= )--?[a-z]+", example)) <= known, example


@pytest.mark.parametrize("name", COMMANDS)
def test_help_prints(name: str) -> None:
    shown = RUNNER.invoke(app, [name, "--help"])
    assert shown.exit_code == 0
    assert "Examples" in shown.output
    assert "[cyan]" not in shown.output


def test_version() -> None:
    shown = RUNNER.invoke(app, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"samplemind {samplemind.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["analyze"],
        ["analyze", "x.wav", "--format", "xml"],
        ["analyze", "x.wav", "--level", "deep"],
        ["analyze", "x.wav", "--workers", "0"],
        ["ingest", "lib"],
        ["list"],
        ["list", "lib", "--limit", "0"],
        ["export", "lib"],
        ["describe", "tempo_of_doom"],
        ["--config", "nowhere.toml", "analyze", "x.wav"],
    ],
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    shown = RUNNER.invoke(app, arguments)
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert shown.stderr != ""


def test_a_bad_setting_is_one_line_with_its_remedy(run: Run, tmp_path: Path) -> None:
    (tmp_path / "samplemind.toml").write_text("wrokers = 2")
    done = run("analyze", "x.wav")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "samplemind: samplemind.toml: wrokers: there is no such setting; did you mean workers?"
    ]


def test_debug_shows_where(run: Run) -> None:
    quiet, loud = run("describe", "bmp"), run("--debug", "describe", "bmp")
    assert (quiet.returncode, loud.returncode) == (2, 2)
    assert "Traceback" not in quiet.stderr
    assert "Traceback" in loud.stderr
    assert quiet.stderr.splitlines()[-1] == loud.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["info", "list", "verify", "compact"])
def test_no_library_is_3(run: Run, tmp_path: Path, name: str) -> None:
    done = run(name, tmp_path / "nowhere")
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "nowhere" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_paths_cannot_steer_the_terminal_or_the_markup(run: Run, tmp_path: Path) -> None:
    done = run("info", tmp_path / "[red]a\x1b[2Jb")
    assert done.returncode == 3
    assert "\x1b" not in done.stderr
    assert "[red]a" in done.stderr


def test_ctrl_c_that_compiled_code_drops_is_heard() -> None:
    code = """
import sys, time
from samplemind.cli import _hear_again
sys.unraisablehook = _hear_again
class Dropped:
    def __del__(self):
        raise KeyboardInterrupt
Dropped()
try:
    time.sleep(20)
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("heard\n", "")
