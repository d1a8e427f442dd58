"""One process writes and compacts, another searches all the time: every answer is that of one state of the library."""

from __future__ import annotations

import json

import pytest

from samplemind.library import Library

from ..helpers import make_sounds
from .made import made_library

SEARCH = """
import json, sys, time
from pathlib import Path
from samplemind.library import Library
from samplemind.library.search import indices

uri, stop, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
indices.RESIDENT = limit
library = Library.open(uri)
counts, rows, searches, versions = [], 0, 0, set()
first = library.frame(["id"], "embedding IS NOT NULL", limit=1)["id"][0]
print("ready", flush=True)
while not stop.exists() or searches < 20:
    found = library.search().like(first).where("status = 'ok'").columns("id", "path", "status", "kind").limit(100000)
    frame = found.to_polars()
    ids = frame["id"].to_list()
    assert len(ids) == len(set(ids)), "a sound twice"
    assert frame["path"].null_count() == 0 and frame["status"].null_count() == 0, "a row without its sound"
    assert frame["distance"].is_sorted(), "not in order"
    files = library.frame(["path", "status"])
    assert files["status"].null_count() == 0, "a path without its sound"
    counts.append((len(ids), len(files)))
    versions.add(library.tables.samples.version)
    searches += 1
print(json.dumps({"counts": counts, "versions": len(versions)}), flush=True)
"""
INGEST = """
import sys
from pathlib import Path
from samplemind.library import Library
from samplemind.library.search import indices
from samplemind.settings import Settings

uri, sounds, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
indices.RESIDENT = limit
library = Library.open(uri)
for folder in sorted(sounds.iterdir()):
    library.ingest(folder, workers=1)
    library.compact(keep_s=0)
print("written", flush=True)
"""


@pytest.mark.parametrize("limit", [100_000, 50], ids=["resident", "indexed"])
def test_searching_while_another_process_ingests_and_compacts(tmp_path, script, limit):
    library = made_library(tmp_path / "library", 300)
    for number in range(4):
        make_sounds(tmp_path / "sounds" / str(number), 6, seed=number)
    stop = tmp_path / "stop"
    reader = script(SEARCH, library.uri, stop, limit)
    assert reader.stdout.readline() == "ready\n", reader.stderr.read()
    writer = script(INGEST, library.uri, tmp_path / "sounds", limit)
    out, error = writer.communicate(timeout=240)
    assert (writer.returncode, out) == (0, "written\n"), error
    stop.touch()
    out, error = reader.communicate(timeout=120)
    assert reader.returncode == 0, error
    told = json.loads(out)
    counts = told["counts"]
    assert counts == sorted(counts), "counts went back"
    assert told["versions"] > 1
    assert counts[-1][1] == 300 + 24
    assert Library.open(library.uri).verify().problems == []
