"""Starting is quick, because heavy packages are loaded where they are used."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

HEAVY = ("numba", "scipy", "pandas", "polars", "pyarrow", "lancedb", "dask", "distributed", "librosa", "essentia", "av")


def best_of(runs: int, command: list[str]) -> float:
    """Shortest time of several, since only the machine's other work can make one longer."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def test_import_is_quick() -> None:
    # Inside the process: the start of Python itself is not ours.
    code = "import time; t = time.perf_counter(); import samplemind; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", code]
    times = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(5)]
    assert min(times) < 0.2


def test_help_is_quick() -> None:
    assert best_of(5, [sys.executable, "-m", "samplemind", "--help"]) < 0.5


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
