"""What the benchmarks count, on cases that can be counted by hand."""

from __future__ import annotations

import json
import os
import signal
import threading
import types
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile


def test_beats_are_matched_once_each() -> None:
    from accuracy import f_measure

    assert f_measure([0.0, 1.0, 2.0, 3.0], [0.05, 0.95, 2.0, 3.07], 0.07) == 1
    assert f_measure([0.0, 1.0], [0.0, 0.5, 1.0, 1.5], 0.07) == pytest.approx(2 / 3)  # twice the tempo
    assert f_measure([0.0, 1.0], [0.0, 0.02, 0.04], 0.07) == pytest.approx(2 / 5)  # three beats are not one
    assert f_measure([0.0, 1.0], [0.2, 1.2], 0.07) == 0
    assert f_measure([], [], 0.07) == 1
    assert f_measure([1.0], [], 0.07) == 0


def test_beats_of_a_loop_with_silence_first(tmp_path: Path) -> None:
    from accuracy import beat_times

    path = tmp_path / "loop.wav"
    soundfile.write(path, np.zeros(44100 * 2 + 1764), 44100)
    row = {"beats": "4", "bpm": "120", "ending": "lead"}
    assert beat_times(path, row) == pytest.approx([0.04, 0.54, 1.04, 1.54])
    assert beat_times(path, row | {"ending": "wrapped"}) == pytest.approx([0, 0.5, 1, 1.5])


def test_calibration_error_by_hand() -> None:
    from reliability import diagram

    pairs = [(0.95, True)] * 3 + [(0.95, False)] + [(0.25, False)] * 4
    found = diagram(pairs)
    assert found["ece"] == pytest.approx((4 * abs(0.95 - 0.75) + 4 * 0.25) / 8)
    assert [bin_["count"] for bin_ in found["bins"]] == [0, 0, 4, 0, 0, 0, 0, 0, 0, 4]
    assert diagram([(1.0, True)])["bins"][9]["count"] == 1
    assert diagram([])["ece"] == 0


def test_pairs_of_answers_and_of_files(tmp_path: Path) -> None:
    from reliability import pairs_in, read_pairs

    score = types.ModuleType("score")
    score.split_key = str.split  # type: ignore[attr-defined]
    labels = {"a": {"bpm": "120", "key": "A minor", "kind": "loop"}, "b": {"bpm": "90", "kind": "loop"}}
    answers = {
        "a": {"bpm": 121.0, "bpm_confidence": 0.9, "key": "A", "scale": "minor", "key_confidence": 0.6, "kind": None},
        "b": {"bpm": 45.0, "bpm_confidence": 0.4, "kind": "loop", "kind_confidence": 0.7},
    }
    found = pairs_in(score, labels, answers)
    assert found["bpm"] == [(0.9, True), (0.4, False)]
    assert found["key"] == [(0.6, True)]
    assert found["kind"] == [(0.7, True)]
    assert found["midi_note"] == []
    (tmp_path / "bpm.csv").write_text("confidence,right,source\n0.5,1,x\n0.25,0,y\n")
    assert read_pairs(tmp_path) == {"bpm": [(0.5, True), (0.25, False)]}


def test_a_tool_that_dies_costs_its_time_and_is_started_again(demo: Path) -> None:
    from speed import Child

    paths = [str(path) for path in sorted(demo.rglob("*.flac"))[:3]]
    child = Child("bare", demo / "baselines.py", None, [])
    try:
        assert set(child.ask(paths[:1])) == {paths[0]}
        process = child._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)  # it hangs in the next file, and ends in it
        threading.Timer(0.5, process.kill).start()
        timings = child.ask(paths[1:])
        assert timings[paths[1]].error == "the process died"
        assert 0.4 < timings[paths[1]].seconds < 5
        assert timings[paths[2]].error is None
        assert child.died == 1
        assert child.ask(paths[1:])[paths[1]] == timings[paths[1]]  # it is not given to the tool again
    finally:
        child.close()


def test_a_tool_that_ends_between_files_blames_none(demo: Path) -> None:
    from speed import Child

    paths = [str(path) for path in sorted(demo.rglob("*.flac"))[:2]]
    child = Child("bare", demo / "baselines.py", None, [])
    try:
        child.ask(paths[:1])
        process = child._process
        assert process is not None
        process.kill()
        process.wait()
        assert child.ask(paths)[paths[0]].error is None
        assert child.died == 0
    finally:
        child.close()


def test_a_tool_that_is_not_there_says_so(demo: Path) -> None:
    from speed import Child, Missing

    child = Child("librosa", demo / "baselines.py", None, [])
    with pytest.raises(Missing, match=r"no baselines\.py"):
        child.ask([str(demo)])


def test_baselines_are_asked_only_for_what_is_missing(tmp_path: Path) -> None:
    from accuracy import DataSet, baseline_answers, kept_answers

    tools, kept = tmp_path / "tools", tmp_path / "kept"
    tools.mkdir()
    # a tool of the same form: answers each file of the table, and notes how many it was asked for
    (tools / "baselines.py").write_text(
        "import csv, json, sys\n"
        "rows = list(csv.DictReader(open(sys.argv[2])))\n"
        f"open({str(tmp_path / 'asked')!r}, 'a').write(f'{{len(rows)}} ')\n"
        "open(sys.argv[3], 'w').writelines(json.dumps({'path': r['path'], 'bpm': 100}) + '\\n' for r in rows)\n"
    )
    (tmp_path / "labels.csv").write_text("path,bpm\na.wav,100\nb.wav,90\n")
    data = DataSet.read("corpus", tmp_path)
    assert kept_answers(data, kept) == {}
    kept.mkdir()
    (kept / "corpus.essentia.jsonl").write_text(json.dumps({"path": "a.wav", "bpm": 50}) + '\n{"path": "b.w')
    assert baseline_answers("essentia", data, tools, kept, 2) == 2
    assert kept_answers(data, kept)["essentia"]["a.wav"]["bpm"] == 50
    assert kept_answers(data, kept)["essentia"]["b.wav"]["bpm"] == 100
    assert baseline_answers("essentia", data, tools, kept, 2) == 2
    assert (tmp_path / "asked").read_text() == "1 "


def test_tables_go_into_their_place_of_a_page(tmp_path: Path) -> None:
    from report import table, write_into

    page = tmp_path / "page.md"
    page.write_text("before\n<!-- speed -->\nold\n<!-- end -->\nafter\n")
    text = table(["tool", "ms"], [["one", 1.5]])
    for _ in range(2):  # what is written is a place for the next
        write_into(page, {"speed": text})
        written = "| tool | ms |\n| --- | --- |\n| one | 1.5 |"
        assert page.read_text() == f"before\n<!-- speed -->\n\n{written}\n\n<!-- end -->\nafter\n"
    with pytest.raises(ValueError, match="ingest"):
        write_into(page, {"ingest": text})


def test_the_page_of_the_docs_has_a_place_for_every_table(scripts: Path) -> None:
    from report import PARTS

    page = (scripts.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for name in ("machine", *PARTS):
        assert f"<!-- {name} -->\n" in page
    for name in ("speed", "accuracy", "reliability"):
        ElementTree.parse(scripts.parent / "docs" / f"benchmark-{name}.svg")
        assert f"(benchmark-{name}.svg)" in page


def test_text_of_a_figure_is_escaped(tmp_path: Path) -> None:
    from svg import Drawing

    drawing = Drawing(100, 100, 'a < b & "c"')
    for shape in ("circle", "square", "diamond", "triangle"):
        drawing.mark(50, 50, "#000000", shape)
    root = ElementTree.parse(drawing.save(tmp_path / "a.svg")).getroot()
    assert root.attrib["aria-label"] == 'a < b & "c"'
    assert [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")] == ['a < b & "c"']
