"""Every setting in one typed object, from three places: environment < TOML file < arguments."""

from __future__ import annotations

import difflib
import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ByteSize, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from samplemind.errors import ParameterError

__all__ = ["CONFIG_NAME", "Settings", "config_folder"]

CONFIG_NAME = "samplemind.toml"
_PREFIX = "SAMPLEMIND_"


def config_folder() -> Path:
    """Where this person's settings belong on this system; the folder need not exist."""
    home = Path(os.path.expanduser("~"))
    if sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return base / "samplemind"


class Settings(BaseSettings):
    """What can be set, and what it is when nobody says anything.

    Each field is read, weakest first, from the environment (``SAMPLEMIND_WORKERS=4``), from a TOML file
    (``workers = 4``) and from the arguments. The file is the one that `config` or ``SAMPLEMIND_CONFIG`` names, else
    ``samplemind.toml`` in the current folder, else the one in the user's configuration folder. An argument of None
    counts as not given.

    Attributes
    ----------
    config : pathlib.Path or None
        The TOML file that was read.
    level : {'basic', 'standard', 'detailed'}
        How much to compute.
    workers : int or None
        Worker processes; None: one a core.
    scheduler : str or None
        Address of a running Dask scheduler (``tcp://host:8786``); None: workers of our own.
    max_duration_s : float
        Longer sounds (seconds) are refused; a day unless set. Long ones take time, but no more memory than short ones.
    max_bytes : int
        Larger files (bytes) are refused; the file may say ``"2 GiB"``. Unless set, a day of 24-bit stereo passes.
    batch_seconds : float
        How much work (seconds) goes to a worker at a time.
    file_timeout_s : float
        How long one file may take (seconds; large ones get more), before it is set aside.
    commit_rows : int
        Rows that are written to a library at a time.
    cache_dir : pathlib.Path or None
        Where compiled kernels are kept; None: beside the code, or in the user's cache where that is read-only.
    log_level : {'DEBUG', 'INFO', 'WARNING', 'ERROR'}
        What is logged to the standard error.
    user : str or None
        Who says what is said of sounds (labels, tags); None: the name of the account.

    Raises
    ------
    ParameterError
        For an unknown key or a value that is not accepted: the text names key, value, source and remedy.

    Examples
    --------
    >>> Settings(workers=2, max_bytes="64 MiB").max_bytes
    67108864
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    # Each description completes the sentence "it needs to be ...".
    config: Path | None = Field(None, description="the path of a TOML file")
    level: Literal["basic", "standard", "detailed"] = Field("standard", description="basic, standard or detailed")
    workers: Annotated[int, Field(ge=1, le=4096)] | None = Field(
        None, description="a whole number from 1 to 4096; leave it out for one a core"
    )
    scheduler: Annotated[str, Field(pattern=r"^[a-z]+://.+")] | None = Field(
        None, description="an address like tcp://host:8786"
    )
    max_duration_s: float = Field(86_400.0, gt=0, allow_inf_nan=False, description="a number of seconds above 0")
    max_bytes: Annotated[ByteSize, Field(gt=0)] = Field(
        ByteSize(32 * 2**30), description='a number of bytes above 0, or text like "2 GiB"'
    )
    batch_seconds: float = Field(3.0, gt=0, le=600, description="a number of seconds above 0, at most 600")
    file_timeout_s: float = Field(300.0, gt=0, allow_inf_nan=False)
    commit_rows: int = Field(2000, ge=1, le=1_000_000, description="a whole number from 1 to 1000000")
    cache_dir: Path | None = Field(None, description="the path of a folder")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="DEBUG, INFO, WARNING or ERROR"
    )
    user: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="a name of 1 to 200 characters"
    )

    def __init__(self, **arguments: Any) -> None:
        given = {name: value for name, value in arguments.items() if value is not None}
        file = _TomlFile.find(given.get("config"))
        try:
            super().__init__(**{**file.values, **given, "config": file.path})
        except ValidationError as error:
            raise ParameterError("\n".join(_in_words(entry, given, file) for entry in error.errors())) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments and file (already merged) before the environment; nothing else is read."""
        return init_settings, env_settings


class _TomlFile:
    """The values of one settings file."""

    def __init__(self, path: Path | None, values: dict[str, Any]) -> None:
        self.path = path
        self.values = values

    @classmethod
    def find(cls, named: str | Path | None) -> _TomlFile:
        source = "config" if named is not None else f"{_PREFIX}CONFIG"
        named = named if named is not None else os.environ.get(f"{_PREFIX}CONFIG")
        if named:
            path = Path(named).expanduser()
            if not path.is_file():
                raise ParameterError(f"{source}: {str(path)!r} is not a file; name a TOML file that exists")
            return cls(path, cls.read(path))
        for path in (Path(CONFIG_NAME), config_folder() / CONFIG_NAME):
            if path.is_file():
                return cls(path, cls.read(path))
        return cls(None, {})

    @staticmethod
    def read(path: Path) -> dict[str, Any]:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ParameterError(f"{path}: not valid TOML ({error}); correct it there, or remove the file") from None
        except OSError as error:
            raise ParameterError(f"{path}: cannot be read ({error.strerror}); allow reading, or remove it") from None
        if "config" in values:
            raise ParameterError(f"{path}: config = {values['config']!r}: a file cannot name another; remove this line")
        return values


def _in_words(entry: Any, given: dict[str, Any], file: _TomlFile) -> str:
    """One validation error of pydantic as a sentence with key, value, source and remedy."""
    key = str(entry["loc"][0])
    if key in given:
        source, shown = "", key
    elif key in file.values:
        source, shown = f"{file.path}: ", key
    else:
        source, shown = "environment: ", f"{_PREFIX}{key.upper()}"
    if entry["type"] == "extra_forbidden":
        known = [name for name in Settings.model_fields if name != "config"]
        near = difflib.get_close_matches(key, known, 3, 0.5)
        remedy = f"did you mean {' or '.join(near)}?" if near else f"the settings are {', '.join(known)}"
        return f"{source}{shown}: there is no such setting; {remedy}"
    needed = Settings.model_fields[key].description
    return f"{source}{shown} = {entry['input']!r} is not accepted: it needs to be {needed}"
