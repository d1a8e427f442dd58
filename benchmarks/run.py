"""Every benchmark with one command: tables, numbers and figures.

    python benchmarks/run.py CORPUS TOOLS OUT [--quick] [--only speed,accuracy] [--write-docs]

CORPUS is a folder of labelled sounds (`labels.csv`), TOOLS the folder with `score.py`, `baselines.py` and `compose.py`.
Writes OUT/results.json, OUT/tables.md and OUT/benchmark-*.svg, and prints the tables. The parts:

    speed      one core, beside Essentia, MusicExtractor, FreesoundExtractor, librosa and the bare limit
    ingest     into a library, beside what the cores could do; files that have not changed
    memory     a recording of an hour
    startup    new processes
    baselines  answers of the established tools, made once and kept (OUT/baselines, or --baselines FOLDER)
    accuracy   score.py over the corpus and over composed loops, beside the established tools
    reliability  whether confidences are true; --pairs FOLDER adds answers about sources that were left out

A part that is done is kept: the same command goes on after the last part that was finished, unless the code of
SampleMind, the corpus or the settings of the part are others than they were, or `--again` is given. Speed, ingest and
start-up are worth something only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from corpus import labels_of

if TYPE_CHECKING:
    from accuracy import DataSet

PARTS: Final = ("speed", "ingest", "memory", "startup", "baselines", "accuracy", "reliability")
DOCS: Final = Path(__file__).resolve().parents[1] / "docs"


def main() -> None:
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    bench = Benchmark(options)
    for part in PARTS:
        if part in options.only:
            bench.part(part)
    results = bench.finish()
    from report import render, write_into

    tables = render(results)
    (options.out / "tables.md").write_text("\n\n".join(tables.values()) + "\n", encoding="utf-8")
    print("\n" + "\n\n".join(tables.values()))
    from figures import draw

    figures = draw(results, options.out)
    if options.write_docs:
        write_into(DOCS / "benchmarks.md", tables)
        for figure in figures:
            shutil.copy(figure, DOCS / figure.name)
    print(f"\n{options.out / 'results.json'}, tables.md and {len(figures)} figures, "
          f"after {(time.perf_counter() - begin) / 60:.1f} minutes")  # fmt: skip
    if bench.failed:
        raise SystemExit(f"failed: {', '.join(bench.failed)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, metavar="CORPUS")
    parser.add_argument("tools", type=Path, metavar="TOOLS")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--quick", action="store_true", help="a minute: few files, one round; figures mean little")
    parser.add_argument("--only", help=f"parts, separated by commas: {','.join(PARTS)}", default=",".join(PARTS))
    parser.add_argument("--again", action="store_true", help="also do parts that are done")
    parser.add_argument("--every", type=int, help="speed: use every so many-th file (12)")
    parser.add_argument("--slow-every", type=int, help="speed: of those, tools that are slow see every so many-th (3)")
    parser.add_argument("--rounds", type=int, help="speed: how often the tools take turns (3)")
    parser.add_argument("--loops", type=int, help="accuracy: how many loops to compose (500)")
    parser.add_argument("--seed", type=int, default=777, help="accuracy: of the composed loops")
    parser.add_argument("--labels-every", type=int, help="accuracy: use every so many-th label (1)")
    parser.add_argument("--files", type=int, help="ingest: how many sounds (20000)")
    parser.add_argument("--unchanged", type=int, help="ingest: how many tiny files (100000)")
    parser.add_argument("--minutes", type=float, help="memory: length of the recording (60)")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="ingest and baselines")
    parser.add_argument("--baselines", type=Path, metavar="FOLDER", help="keeps answers of the established tools")
    parser.add_argument(
        "--pairs", type=Path, metavar="FOLDER", help="written by the fitting scripts: bpm.csv, key.csv …"
    )
    parser.add_argument("--write-docs", action="store_true", help="put tables and figures into docs/")
    options = parser.parse_args()
    usual = {"every": (12, 200), "slow_every": (3, 4), "rounds": (3, 1), "loops": (500, 12), "labels_every": (1, 50),
             "files": (20_000, 200), "unchanged": (100_000, 2000), "minutes": (60.0, 1.0)}  # fmt: skip
    for name, values in usual.items():
        if getattr(options, name) is None:
            setattr(options, name, values[options.quick])
    options.only = [part for part in options.only.split(",") if part]
    for part in options.only:
        if part not in PARTS:
            parser.error(f"--only: {part!r} is none of {', '.join(PARTS)}")
    for name in ("corpus", "tools", "out"):  # answers are told apart by where the files are
        setattr(options, name, getattr(options, name).resolve())
    options.baselines = options.baselines or options.out / "baselines"
    return options


class Benchmark:
    """Does the parts, and keeps what came of each."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.failed: list[str] = []
        self._folder = options.out / "parts"
        self._folder.mkdir(exist_ok=True)
        self._code = _fingerprint(Path(_package()))
        self._labels = hashlib.sha256(repr(labels_of(options.corpus)).encode()).hexdigest()[:16]
        self._data: tuple[DataSet, DataSet] | None = None

    def part(self, name: str) -> None:
        """Do a part, unless it is done; one that fails does not stop the others."""
        kept = self._folder / f"{name}.json"
        chosen = self._settings(name)
        if kept.is_file() and not self.options.again and json.loads(kept.read_text("utf-8"))["settings"] == chosen:
            print(f"{name}: done before", flush=True)
            return
        print(f"{name} …", flush=True)
        begin = time.perf_counter()
        make: Callable[[], Any] = getattr(self, f"_{name}")
        try:
            result = make()
        except Exception as error:  # the other parts are still worth having
            self.failed.append(name)
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return
        seconds = time.perf_counter() - begin
        whole = {"settings": chosen, "seconds": seconds, "result": result}
        kept.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        print(f"{name}: {seconds:.0f} s", flush=True)

    def finish(self) -> dict[str, Any]:
        """Everything that is done, also by earlier commands, as results.json."""
        results: dict[str, Any] = {"machine": _machine()}
        for part in PARTS:
            kept = self._folder / f"{part}.json"
            if kept.is_file():
                results[part] = json.loads(kept.read_text(encoding="utf-8"))
                if results[part]["settings"].get("code", self._code) != self._code:
                    print(f"{part}: kept from when the code of SampleMind was another", flush=True)
        (self.options.out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        return results

    def _settings(self, part: str) -> dict[str, Any]:
        """What the result of a part depends on."""
        names = {"speed": ("every", "slow_every", "rounds"), "ingest": ("files", "unchanged", "workers"),
                 "memory": ("minutes",), "startup": (), "baselines": ("labels_every", "loops", "seed"),
                 "accuracy": ("labels_every", "loops", "seed"),
                 "reliability": ("labels_every", "loops", "seed")}[part]  # fmt: skip
        chosen = {name: getattr(self.options, name) for name in names}
        if part not in ("ingest", "memory", "startup"):
            chosen["labels"] = self._labels
        if part != "baselines":
            chosen["code"] = self._code
        if part == "reliability" and self.options.pairs:
            chosen["pairs"] = _fingerprint(self.options.pairs)
        return chosen

    def _speed(self) -> dict[str, Any]:
        from speed import measure_speed

        options = self.options
        return measure_speed(options.corpus, options.tools, every=options.every, slow_every=options.slow_every,
                             rounds=options.rounds)  # fmt: skip

    def _ingest(self) -> dict[str, Any]:
        from ingest import measure_ingest

        return measure_ingest(self.options.files, self.options.unchanged, self.options.workers)

    def _memory(self) -> dict[str, Any]:
        from memory import measure_memory

        return measure_memory(self.options.minutes)

    def _startup(self) -> dict[str, float]:
        from startup import measure_startup

        return measure_startup(1 if self.options.quick else 5)

    def _baselines(self) -> dict[str, Any]:
        from accuracy import BASELINES, baseline_answers

        found: dict[str, Any] = {}
        for data in self._sets():
            for tool in BASELINES:
                count = baseline_answers(tool, data, self.options.tools, self.options.baselines, self.options.workers)
                found.setdefault(data.name, {})[tool] = count
                print(f"  {data.name}: {count} answers of {tool}", flush=True)
        return found

    def _accuracy(self) -> dict[str, Any]:
        from accuracy import kept_answers, load_score, measure_accuracy, our_answers

        answers = {}
        for data in self._sets():
            answers[data.name] = {"samplemind": our_answers(data, self.options.out, self._code),
                                  **kept_answers(data, self.options.baselines)}  # fmt: skip
        real, composed = self._sets()
        return measure_accuracy(load_score(self.options.tools), real, composed, answers)

    def _reliability(self) -> dict[str, Any]:
        from accuracy import load_score, our_answers
        from reliability import ESTIMATES, diagram, pairs_in, read_pairs

        score = load_score(self.options.tools)
        names = ("real", "composed")
        pairs = {name: pairs_in(score, data.labels, our_answers(data, self.options.out, self._code))
                 for name, data in zip(names, self._sets(), strict=True)}  # fmt: skip
        if self.options.pairs:
            pairs["left out"] = read_pairs(self.options.pairs)
        return {estimate: {name: diagram(found[estimate]) for name, found in pairs.items() if found.get(estimate)}
                for estimate in ESTIMATES}  # fmt: skip

    def _sets(self) -> tuple[DataSet, DataSet]:
        """The labelled sounds, and loops composed from them."""
        from accuracy import DataSet, compose

        if self._data is None:
            options = self.options
            self._data = (DataSet.read("corpus", options.corpus, options.labels_every),
                          compose(options.corpus, options.tools, options.out, options.loops, options.seed))  # fmt: skip
        return self._data


def _package() -> str:
    import samplemind

    return str(Path(samplemind.__file__).parent)


def _fingerprint(folder: Path) -> str:
    """One text for all that a folder holds, but for what is compiled."""
    seen = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        seen.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return seen.hexdigest()[:16]


def _machine() -> dict[str, Any]:
    import psutil

    versions = {}
    for package in ("samplemind", "numpy", "numba", "librosa", "essentia"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count(), "processor": _processor(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30), "python": platform.python_version(),
            "versions": versions}  # fmt: skip


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
