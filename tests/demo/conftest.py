"""The small demo library, made once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from samplemind.demo import DemoReport, make_demo


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> DemoReport:
    """A fresh small library that no test changes."""
    folder: Path = tmp_path_factory.mktemp("demo")
    return make_demo(folder, subset="small")
