"""Starting is quick, because heavy packages are loaded where they are used."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = ("numba", "scipy", "pandas", "polars", "pyarrow", "lancedb", "dask", "distributed", "librosa", "essentia", "av")


def cpu_seconds(*arguments: str) -> float:
    """Least processor time of several runs of Python: what else the machine does cannot make it longer."""

    def once() -> float:
        before = os.times()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return min(once() for _ in range(5))


def test_import_is_quick() -> None:
    # The start of Python itself is not ours.
    assert cpu_seconds("-c", "import samplemind") - cpu_seconds("-c", "pass") < 0.2


def test_help_is_quick() -> None:
    assert 0 < cpu_seconds("-m", "samplemind", "--help") < 0.5


@pytest.mark.parametrize("statement", ["import samplemind", "import samplemind.settings", "import samplemind.cli.app"])
def test_no_heavy_package_is_imported(statement: str) -> None:
    code = f"{statement}; import sys; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert loaded == []


def test_every_public_name_is_there() -> None:
    import samplemind

    for name in samplemind.__all__:
        assert getattr(samplemind, name) is not None
    assert set(samplemind.__all__) == set(dir(samplemind))


def test_an_unknown_name_is_an_attribute_error() -> None:
    import samplemind

    with pytest.raises(AttributeError, match="analyse"):
        _ = samplemind.analyse
