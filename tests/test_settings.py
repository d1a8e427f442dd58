"""Settings: which place wins, and what is said of a value that is not accepted."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from samplemind.errors import ParameterError
from samplemind.settings import CONFIG_NAME, Settings


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, an empty home, and no variables of ours."""
    for name in list(os.environ):
        if name.startswith("SAMPLEMIND_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def test_defaults_are_the_documented_limits() -> None:
    settings = Settings()
    assert settings.max_duration_s == 24 * 3600
    assert settings.max_bytes == 32 * 1024**3
    assert settings.level == "standard"
    assert settings.workers is None
    assert settings.config is None


def test_arguments_beat_the_file_which_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLEMIND_WORKERS", "2")
    monkeypatch.setenv("SAMPLEMIND_LEVEL", "basic")
    monkeypatch.setenv("SAMPLEMIND_COMMIT_ROWS", "7")
    Path(CONFIG_NAME).write_text('workers = 3\nlevel = "detailed"\n')
    settings = Settings(workers=4)
    assert (settings.workers, settings.level, settings.commit_rows) == (4, "detailed", 7)
    assert settings.config == Path(CONFIG_NAME)


def test_an_argument_of_none_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLEMIND_WORKERS", "2")
    assert Settings(workers=None).workers == 2


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLEMIND_WORKERS", "")
    assert Settings().workers is None


def test_the_file_is_the_named_one_then_here_then_in_the_users_folder(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name != "posix" or os.uname().sysname == "Darwin":
        pytest.skip("the user's folder is the XDG one here")
    theirs = nothing_set / "home" / ".config" / "samplemind"
    theirs.mkdir(parents=True)
    (theirs / CONFIG_NAME).write_text("commit_rows = 1")
    assert Settings().commit_rows == 1
    Path(CONFIG_NAME).write_text("commit_rows = 2")
    assert Settings().commit_rows == 2
    Path("named.toml").write_text("commit_rows = 3")
    monkeypatch.setenv("SAMPLEMIND_CONFIG", "named.toml")
    assert Settings().commit_rows == 3
    Path("argument.toml").write_text("commit_rows = 4")
    assert Settings(config="argument.toml").commit_rows == 4


def test_sizes_may_be_words() -> None:
    Path(CONFIG_NAME).write_text('max_bytes = "64 MiB"')
    assert Settings().max_bytes == 64 * 1024**2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("wrokers = 2", ["samplemind.toml", "wrokers", "workers"]),
        ("colour = 2", ["samplemind.toml", "colour", "max_duration_s"]),
        ("workers = 0", ["samplemind.toml", "workers = 0", "1 to 4096"]),
        ('workers = "many"', ["samplemind.toml", "workers = 'many'", "whole number"]),
        ('level = "deep"', ["samplemind.toml", "level = 'deep'", "basic, standard or detailed"]),
        ('scheduler = "head"', ["samplemind.toml", "scheduler = 'head'", "tcp://host:8786"]),
        ("max_duration_s = inf", ["samplemind.toml", "max_duration_s = inf", "above 0"]),
        ('max_bytes = "2 quarts"', ["samplemind.toml", "max_bytes = '2 quarts'", "2 GiB"]),
        ("workers = !", ["samplemind.toml", "TOML", "line 1"]),
        ('config = "other.toml"', ["samplemind.toml", "config", "remove"]),
    ],
)
def test_what_a_file_says_wrong_is_named_with_its_remedy(line: str, said: list[str]) -> None:
    Path(CONFIG_NAME).write_text(line)
    with pytest.raises(ParameterError) as caught:
        Settings()
    for part in said:
        assert part in str(caught.value)


def test_every_fault_of_a_file_is_told_at_once() -> None:
    Path(CONFIG_NAME).write_text('workers = 0\nlevel = "deep"')
    with pytest.raises(ParameterError) as caught:
        Settings()
    assert len(str(caught.value).splitlines()) == 2


def test_a_fault_of_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLEMIND_MAX_DURATION_S", "-1")
    with pytest.raises(ParameterError, match=r"environment: SAMPLEMIND_MAX_DURATION_S = '-1'"):
        Settings()


def test_a_file_that_is_not_there_is_an_error_only_if_it_was_named() -> None:
    with pytest.raises(ParameterError, match=r"nowhere\.toml"):
        Settings(config="nowhere.toml")
    assert Settings().config is None


def test_unreadable_text_is_no_toml() -> None:
    Path(CONFIG_NAME).write_bytes(b"workers = \xff")
    with pytest.raises(ParameterError, match="not valid TOML"):
        Settings()


def test_settings_travel_to_workers_unchanged() -> None:
    settings = Settings(workers=3, max_bytes=5)
    assert pickle.loads(pickle.dumps(settings)) == settings
