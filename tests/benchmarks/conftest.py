"""The scripts of `benchmarks/` import each other by name, as scripts do; so do their tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True, scope="package")
def scripts() -> Iterator[Path]:
    """Folder of the scripts."""
    if not (SCRIPTS / "run.py").is_file():
        pytest.skip("not a source checkout")
    sys.path.insert(0, str(SCRIPTS))
    yield SCRIPTS
    sys.path.remove(str(SCRIPTS))


@pytest.fixture(scope="package")
def demo() -> Path:
    """A corpus with labels that is always there."""
    from samplemind.demo import small_demo

    return small_demo()
