"""How fast a search is among many sounds, and how much of the truth it finds; beside other programs.

    python benchmarks/search.py LIBRARY OUT [--sounds 10000,100000,1000000] [--queries 200] [--rivals …] [--write-docs]

LIBRARY is one of real sounds. Of each size a library is made in OUT by drawing rows of it again and again, with noise
in their vectors (see search_data.py), and everything is asked as a person would: `library.search()…to_polars()` with
the columns that are shown if nobody says which. Recall is the share of the true nearest ten, by comparing all vectors,
that were found. Writes OUT/search.json and OUT/search.md, and prints the tables.

What is done is kept: made libraries, indices, and every part; `--again` measures anew. Times are worth something only
on a machine that does nothing else. FAISS, hnswlib and ChromaDB are compared where they are installed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from report import table, write_into
from search_data import made
from search_rivals import RIVALS, is_installed

from samplemind.library import Library
from samplemind.library.search.indices import RESIDENT

_DOCS: Final = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_NEAREST: Final = 10
#: Questions that are not counted: columns and indices are read beside the first ones.
_WARM: Final = 30
_COLD: Final = """
import sys, time
begin = time.perf_counter()
from samplemind import Library
found = Library.open(sys.argv[1]).search().like(sys.argv[2]).limit(10).to_polars()
print(len(found), time.perf_counter() - begin)
"""


@dataclass(frozen=True)
class Case:
    """One kind of question; `of` chooses, from columns of the library, the sounds that a filter lets through."""

    name: str
    where: str = ""
    aspects: tuple[tuple[str, float], ...] = ()
    text: str = ""
    skipped: int = 0
    of: Callable[[dict[str, np.ndarray]], np.ndarray] | None = None


CASES: Final = (
    Case("similar"),
    Case("similar, one-shots", "kind = 'one-shot'", of=lambda x: x["kind"] == "one-shot"),
    Case("similar, BPM 120 to 126", "bpm BETWEEN 120 AND 126", of=lambda x: (x["bpm"] >= 120) & (x["bpm"] <= 126)),
    Case("similar, loops of BPM 120 to 126", "kind = 'loop' AND bpm BETWEEN 120 AND 126",
         of=lambda x: (x["kind"] == "loop") & (x["bpm"] >= 120) & (x["bpm"] <= 126)),
    Case("similar, BPM 120 to 120.1", "bpm BETWEEN 120 AND 120.1",
         of=lambda x: (x["bpm"] >= 120) & (x["bpm"] <= 120.1)),
    Case("timbre and rhythm", aspects=(("timbre", 1.0), ("rhythm", 0.5))),
    Case("similar, page from 1,000 on", skipped=1000),
    Case("words, filter and similar", "duration_s < 4", text="punchy kick", of=lambda x: x["duration_s"] < 4),
)  # fmt: skip


def main() -> None:
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    bench = Benchmark(options)
    for sounds in options.sounds:
        bench.size(sounds)
    results = bench.results()
    (options.out / "search.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = render(results)
    (options.out / "search.md").write_text(text + "\n", encoding="utf-8")
    print("\n" + text)
    if options.write_docs:
        write_into(_DOCS, {"search": text})


def parse() -> argparse.Namespace:
    def sizes(text: str) -> list[int]:
        return [int(part.replace("_", "")) for part in text.split(",") if part]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path, metavar="LIBRARY")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--sounds", type=sizes, default=[10_000, 100_000, 1_000_000], help="sizes, separated by commas")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rivals", default=",".join(RIVALS), help="which, separated by commas; '' for none")
    parser.add_argument("--rivals-most", type=int, default=1_000_000, help="largest size for them")
    parser.add_argument("--chroma-most", type=int, default=100_000, help="largest size for ChromaDB, which is slow")
    parser.add_argument("--again", action="store_true", help="measure anew; libraries and their indices are kept")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/benchmarks.md")
    options = parser.parse_args()
    options.rivals = [name for name in options.rivals.split(",") if name]
    for name in options.rivals:
        if name not in RIVALS:
            parser.error(f"--rivals: {name!r} is none of {', '.join(RIVALS)}")
    return options


class Benchmark:
    """Measures each size, and keeps what came of each part."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._parts = options.out / "parts"
        self._parts.mkdir(exist_ok=True)

    def size(self, sounds: int) -> None:
        """Everything of one size, unless it is done."""
        options = self._options
        folder = options.out / f"{sounds}.library"
        self._part(f"made-{sounds}", lambda: self._made(folder, sounds), keep=folder.exists())
        library = Library.open(folder)
        truth = _Truth(library)
        for case in CASES:
            self._part(f"case-{sounds}-{case.name}", lambda case=case: self._asked(library, truth, case))
        self._part(f"cold-{sounds}", lambda: _cold(library, truth))
        for name in options.rivals:
            most = options.chroma_most if name == "ChromaDB" else options.rivals_most
            if not is_installed(name):
                print(f"{name}: {RIVALS[name].package} is not installed; left out", flush=True)
            elif sounds <= most:
                self._part(f"rival-{sounds}-{name}", lambda name=name: self._rival(truth, name))

    def results(self) -> dict[str, Any]:
        """All that was measured, also by earlier commands."""
        results: dict[str, Any] = {}
        for path in sorted(self._parts.glob("*.json")):
            part, sounds, *rest = path.stem.split("-", 2)
            of_size = results.setdefault(sounds, {"case": {}, "rival": {}})
            value = json.loads(path.read_text(encoding="utf-8"))
            if rest:
                of_size[part][rest[0]] = value
            else:
                of_size[part] = value
        return dict(sorted(results.items(), key=lambda item: int(item[0])))

    def _part(self, name: str, make: Callable[[], dict[str, Any]], keep: bool = False) -> None:
        path = self._parts / f"{name.replace('/', ' ')}.json"
        if path.exists() and (keep or not self._options.again):
            return
        begin = time.perf_counter()
        print(f"{name} …", end=" ", flush=True)
        path.write_text(json.dumps(make()) + "\n", encoding="utf-8")
        print(f"{time.perf_counter() - begin:.0f} s", flush=True)

    def _made(self, folder: Path, sounds: int) -> dict[str, Any]:
        from samplemind.library.words.table import refresh_words

        library = made(self._options.library, sounds, folder)
        begin = time.perf_counter()
        refresh_words(library.tables)
        words_s = time.perf_counter() - begin
        before = _bytes(folder)
        begin = time.perf_counter()
        steps = library.optimize()
        seconds = time.perf_counter() - begin
        indices = library.tables.samples.list_indices() + library.tables.files.list_indices()
        return {"index_s": seconds, "words_s": words_s, "steps": len(steps), "library_bytes": before,
                "index_bytes": sum(index.size_bytes or 0 for index in indices)}  # fmt: skip

    def _asked(self, library: Library, truth: _Truth, case: Case) -> dict[str, Any]:
        rng = np.random.default_rng(11)
        pool = truth.pool(case)
        rows = rng.choice(pool, self._options.queries + _WARM)
        spent, found = [], []
        for number, at in enumerate(rows):
            if number in (_WARM // 3, _WARM // 2):
                _settle()
            key = truth.ids[at]
            begin = time.perf_counter()
            search = library.search().like(key, aspects=dict(case.aspects) or None).limit(_NEAREST)
            search = search.where(case.where) if case.where else search
            search = search.text(case.text) if case.text else search
            frame = search.offset(case.skipped).to_polars()
            spent.append(time.perf_counter() - begin)
            found.append(frame["id"].to_list())
        recall = None
        if not case.text and not case.skipped:
            recall = float(np.mean([truth.recall(at, ids, case) for at, ids in zip(rows, found, strict=True)]))
        return {**_times(spent[_WARM:]), "recall": recall, "matches": len(pool), "where": case.where,
                "rows": float(np.mean([len(ids) for ids in found]))}  # fmt: skip

    def _rival(self, truth: _Truth, name: str) -> dict[str, Any]:
        vectors = truth.vectors("embedding")
        folder = self._options.out / f"rival-{len(vectors)}"  # ChromaDB remembers what was at a path
        shutil.rmtree(folder, ignore_errors=True)
        rival = RIVALS[name](vectors, folder)
        rows = np.random.default_rng(11).choice(len(vectors), self._options.queries + _WARM)
        best: dict[str, Any] = {}
        for effort, ask in rival.answers():
            spent, recalls = [], []
            for at in rows:
                begin = time.perf_counter()
                found = ask(vectors[at])
                spent.append(time.perf_counter() - begin)
                recalls.append(truth.recall(at, [truth.ids[row] for row in found if row != at], CASES[0]))
            best = {**_times(spent[_WARM:]), "recall": float(np.mean(recalls)), "effort": effort}
            if best["recall"] >= 0.95:
                break
        shutil.rmtree(folder)
        return {**best, "index_s": rival.seconds, "index_bytes": rival.size_bytes}


class _Truth:
    """All vectors of a library, and what is true by comparing all of them."""

    def __init__(self, library: Library) -> None:
        tables = library.tables
        rows = tables.read(tables.samples, ["id", "kind", "bpm", "duration_s"])
        self.ids = rows["id"].to_numpy()
        self._tables = tables
        self._columns = {name: rows[name].to_numpy() for name in ("kind", "bpm", "duration_s")}
        self._vectors: dict[str, np.ndarray] = {}
        self._known: dict[tuple[int, str], set[str]] = {}

    def vectors(self, name: str) -> np.ndarray:
        if name not in self._vectors:
            column = self._tables.read_arrow(self._tables.samples, ["id", name])
            assert np.array_equal(column["id"].to_numpy(), self.ids)
            values = column[name].combine_chunks()
            self._vectors[name] = values.flatten().to_numpy().reshape(len(values), -1)
        return self._vectors[name]

    def pool(self, case: Case) -> np.ndarray:
        return np.flatnonzero(case.of(self._columns)) if case.of else np.arange(len(self.ids))

    def recall(self, at: int, ids: list[str], case: Case) -> float:
        """The share of the true nearest ten of a sound (all of them, where there are fewer) that was found."""
        key = (int(at), case.name)
        if key not in self._known:
            parts = case.aspects or (("embedding", 1.0),)
            likeness = np.zeros(len(self.ids), np.float32)
            for name, weight in parts:
                vectors = self.vectors(name if name == "embedding" else f"{name}_vector")
                likeness += np.float32(weight) * (vectors @ vectors[at])
            allowed = self.pool(case)
            allowed = allowed[allowed != at]
            count = min(_NEAREST, len(allowed))
            best = allowed[np.argpartition(-likeness[allowed], count - 1)[:count]] if count else allowed
            self._known[key] = set(self.ids[best])
        return len(self._known[key] & set(ids[:_NEAREST])) / max(len(self._known[key]), 1)


def _settle() -> None:
    """Wait for what is read beside the questions."""
    for thread in threading.enumerate():
        if thread.name == "samplemind-columns":
            thread.join()


def _times(spent: list[float]) -> dict[str, float]:
    return {"p50_ms": float(np.percentile(spent, 50)) * 1e3, "p95_ms": float(np.percentile(spent, 95)) * 1e3}


def _cold(library: Library, truth: _Truth) -> dict[str, float]:
    """Seconds from the start of a process to its first answer, and of these from the first import on."""
    whole, inside = [], []
    for at in range(5):
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", _COLD, library.uri, truth.ids[at * 997]], capture_output=True,
                              text=True, check=True)  # fmt: skip
        whole.append(time.perf_counter() - begin)
        inside.append(float(done.stdout.split()[1]))
    return {"process_s": statistics.median(whole), "inside_s": statistics.median(inside)}


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def render(results: dict[str, Any]) -> str:
    """The tables of Markdown."""
    texts = [_own(results), _beside(results), _making(results)]
    return "\n\n".join(texts)


def _own(results: dict[str, Any]) -> str:
    def cells() -> Iterator[list[object]]:
        for case in CASES:
            row: list[object] = [case.name]
            for of_size in results.values():
                told = of_size["case"].get(case.name)
                row.append(_cell(told))
            yield row
        yield ["new process to first answer", *(_cold_cell(of_size.get("cold")) for of_size in results.values())]

    head = ["p50 / p95 in ms (recall@10; sounds that the filter leaves)", *(f"{int(n):,} sounds" for n in results)]
    return table(head, cells())


def _cell(told: dict[str, Any] | None) -> str:
    if told is None:
        return ""
    facts = [] if told["recall"] is None else [f"{told['recall']:.3f}"]
    facts += [f"{told['matches']:,}"] if told.get("where") else []
    return f"{told['p50_ms']:.1f} / {told['p95_ms']:.1f}" + (f" ({'; '.join(facts)})" if facts else "")


def _cold_cell(told: dict[str, Any] | None) -> str:
    return "" if told is None else f"{told['process_s']:.2f} s"


def _beside(results: dict[str, Any]) -> str:
    def cells() -> Iterator[list[object]]:
        for sounds, of_size in results.items():
            own = of_size["case"].get("similar")
            if own:
                kind = "in memory, exact" if int(sounds) <= RESIDENT else "indices"
                of_index = of_size["made"]
                yield [f"{int(sounds):,}", f"SampleMind ({kind}), whole answers", f"{own['p50_ms']:.1f}",
                       f"{own['p95_ms']:.1f}", f"{own['recall']:.3f}", f"{of_index['index_s']:.0f}",
                       f"{of_index['index_bytes'] / 2**20:.0f}"]  # fmt: skip
            for name, told in of_size["rival"].items():
                yield ["", f"{name}, {told['effort']}", f"{told['p50_ms']:.1f}", f"{told['p95_ms']:.1f}",
                       f"{told['recall']:.3f}", f"{told['index_s']:.0f}",
                       f"{told['index_bytes'] / 2**20:.0f}"]  # fmt: skip

    return table(["sounds", "program", "p50 ms", "p95 ms", "recall@10", "index s", "index MiB"], cells())


def _making(results: dict[str, Any]) -> str:
    rows = [
        [f"{int(sounds):,}", f"{told['library_bytes'] / 2**20:.0f}", f"{told['index_s']:.0f}",
         f"{told['index_bytes'] / 2**20:.0f}", f"{told['words_s']:.0f}"]
        for sounds, of_size in results.items() if (told := of_size.get("made"))
    ]  # fmt: skip
    head = ["sounds", "library MiB", "all indices s", "all indices MiB", "words and their index s"]
    return table(head, rows)


if __name__ == "__main__":
    main()
