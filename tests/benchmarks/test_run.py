"""The one command really runs, and goes on where it was stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest


def run(script: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=280)


@pytest.mark.slow
def test_speed_memory_and_startup_of_the_demo(scripts: Path, demo: Path, tmp_path: Path) -> None:
    options = (demo, tmp_path / "no tools", tmp_path / "out", "--quick", "--every", 20, "--minutes", 0.2)
    first = run(scripts / "run.py", *options, "--only", "speed,memory,startup")
    assert first.returncode == 0, first.stderr
    results = json.loads((tmp_path / "out/results.json").read_text(encoding="utf-8"))
    speed = results["speed"]["result"]
    ours = speed["tools"]["samplemind"]
    assert ours["answered"] == ours["files"] == speed["files"] > 1
    assert ours["ratio"] == 1
    assert speed["missing"]["librosa"].startswith("no baselines.py")
    assert "Not measured: librosa" in first.stdout
    assert results["memory"]["result"]["long"]["error"] is None
    assert 50 < results["memory"]["result"]["long"]["largest_mib"] < 2000
    assert results["startup"]["result"]["import samplemind"] < 10
    figure = ElementTree.parse(tmp_path / "out/benchmark-speed.svg")
    assert any("SampleMind" in (text.text or "") for text in figure.iter("{http://www.w3.org/2000/svg}text"))

    second = run(scripts / "run.py", *options, "--only", "memory,startup")
    assert "memory: done before" in second.stdout
    assert json.loads((tmp_path / "out/results.json").read_text(encoding="utf-8")) == results


@pytest.mark.slow
def test_ingest_of_generated_sounds(scripts: Path, demo: Path, tmp_path: Path) -> None:
    done = run(
        scripts / "run.py", demo, tmp_path, tmp_path / "out", "--only", "ingest", "--files", 40, "--unchanged", 100
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out/results.json").read_text(encoding="utf-8"))["ingest"]["result"]
    assert result["runs"]["40 sounds"]["analyzed"] == 40
    assert result["runs"]["the same, unchanged"]["analyzed"] == 0
    assert 0 < result["share_of_cores"] < 2


@pytest.mark.slow
def test_accuracy_with_the_established_tools(scripts: Path, corpora: Path, tmp_path: Path) -> None:
    tools = corpora.parent / "tools"
    if not (tools / "score.py").is_file():
        pytest.skip(f"no score.py in {tools}")
    corpus = os.path.relpath(corpora / "dev")
    done = run(scripts / "run.py", corpus, tools, tmp_path, "--only", "baselines,accuracy,reliability",
               "--labels-every", 300, "--loops", 4, "--seed", 1)  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert results["accuracy"]["result"]["real"]["samplemind"]["kind.coverage"] > 0.9
    composed = results["accuracy"]["result"]["composed"]
    assert composed["samplemind"]["tempo.files"] == 4
    assert composed["samplemind"]["beats.f_measure"] > 0.5
    assert set(composed) == {"samplemind", "essentia", "music-extractor", "librosa"}
    assert results["reliability"]["result"]["kind"]["composed"]["pairs"] == 4
    for part in ("accuracy", "reliability"):
        ElementTree.parse(tmp_path / f"benchmark-{part}.svg")


def test_a_part_that_cannot_be_done_is_named(scripts: Path, demo: Path, tmp_path: Path) -> None:
    done = run(scripts / "run.py", demo, tmp_path / "no tools", tmp_path / "out", "--quick", "--only", "accuracy")
    assert done.returncode == 1
    assert "failed: accuracy" in done.stderr
    unknown = run(scripts / "run.py", demo, tmp_path, tmp_path / "out", "--only", "haste")
    assert unknown.returncode == 2
    assert "'haste' is none of speed, ingest" in unknown.stderr


@pytest.mark.slow
def test_the_profile_charges_each_part_with_its_own_time(scripts: Path, demo: Path, tmp_path: Path) -> None:
    done = run(scripts / "profile_analysis.py", demo, "--every", 20, "--repeats", 1, "--top", 5, "--json",
               tmp_path / "parts.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    everything, *parts = json.loads((tmp_path / "parts.json").read_text(encoding="utf-8"))
    assert everything["part"] == "all"
    assert sum(part["ms_mean"] for part in parts) == pytest.approx(everything["ms_mean"])
    assert {"decode", "engine", "view frames", "loudness", "vectors"} <= {part["part"] for part in parts}
