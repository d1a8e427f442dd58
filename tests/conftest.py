"""What the tests of all rooms share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# a kernel that compiles inside an example is no slow example
settings.register_profile("samplemind", deadline=None, max_examples=40)
settings.load_profile("samplemind")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder with the real sounds (`dev/` and `weird/`), which are not part of the project."""
    named = os.environ.get("SAMPLEMIND_CORPORA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "corpora"
    if not (folder / "weird").is_dir():
        pytest.skip(f"the corpora of real sounds are not at {folder}; set SAMPLEMIND_CORPORA to their folder")
    return folder
