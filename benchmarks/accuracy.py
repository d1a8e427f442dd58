"""How often SampleMind and the established tools are right: on labelled real sounds, and on composed loops.

All answers are kept as JSON lines in the folder of results, and all are scored by `score.py`. Answers of the
established tools do not change with SampleMind: they are made once, in parallel, and a run that was stopped goes on.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import soundfile
from corpus import labels_of, on_one_core

__all__ = ["BASELINES", "DataSet", "baseline_answers", "compose", "kept_answers", "load_score", "measure_accuracy",
           "our_answers"]  # fmt: skip

#: The established tools that `baselines.py` knows, the quickest first.
BASELINES: Final = ("essentia", "music-extractor", "librosa")
_SHARD: Final = 60
_BEAT_TOLERANCE_S: Final = 0.07
_DRUMS: Final = frozenset({"kick", "snare", "hat-closed", "hat-open", "clap", "tom", "cymbal", "rim", "cowbell",
                           "shaker", "perc", "drum-loop"})  # fmt: skip
Labels = dict[str, dict[str, str]]
Answers = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class DataSet:
    """Labelled sounds.

    Attributes
    ----------
    name : str
        Of the files with answers.
    folder : Path
        Where `labels.csv` and the sounds are.
    labels : dict
        Rows by path, relative to the folder.
    level : str
        At which SampleMind listens.
    """

    name: str
    folder: Path
    labels: Labels
    level: str = "standard"

    @classmethod
    def read(cls, name: str, folder: Path, every: int = 1, level: str = "standard") -> DataSet:
        """Every so many-th row of the labels."""
        return cls(name, folder, {row["path"]: row for row in labels_of(folder)[::every]}, level)


def load_score(tools: Path) -> ModuleType:
    """`score.py` as a module."""
    if not (tools / "score.py").is_file():
        raise FileNotFoundError(f"{tools} has no score.py; give the folder with score.py, baselines.py and compose.py")
    spec = importlib.util.spec_from_file_location("score", tools / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compose(corpus: Path, tools: Path, out: Path, count: int, seed: int) -> DataSet:
    """Loops of exactly known tempo, key and beats, made once from the single sounds of the corpus."""
    name = f"composed-{seed}-{count}"
    folder = out / name
    if not (folder / "labels.csv").is_file():
        unfinished = out / f"{name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        subprocess.run([sys.executable, tools / "compose.py", corpus / "labels.csv", unfinished, "--count", str(count),
                        "--seed", str(seed)], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        unfinished.rename(folder)
    return DataSet.read(name, folder, level="detailed")


def our_answers(data: DataSet, out: Path, code: str) -> Answers:
    """What `samplemind analyze` says, heard anew when its code has changed.

    Parameters
    ----------
    data : DataSet
    out : Path
        Folder of results.
    code : str
        Stands for the code of SampleMind.
    """
    name = f"{data.name}.{len(data.labels)}.samplemind"
    found = out / "answers" / f"{name}.{code}.jsonl"
    if not found.is_file():
        found.parent.mkdir(parents=True, exist_ok=True)
        for old in found.parent.glob(f"{name}.*"):
            old.unlink()
        unfinished = found.with_suffix(".unfinished")
        files = [str(data.folder / path) for path in data.labels]
        with unfinished.open("w", encoding="utf-8") as handle:
            done = subprocess.run([sys.executable, "-m", "samplemind", "analyze", *files, "--format", "jsonl",
                                   "--vectors", "--level", data.level],
                                  stdout=handle, stderr=subprocess.PIPE, text=True)  # fmt: skip
        if done.returncode not in (0, 1):  # 1: some files could not be read, which is an answer too
            raise RuntimeError(f"samplemind analyze ended with {done.returncode}: {done.stderr[-400:]}")
        unfinished.rename(found)
    return _read_answers(found, data.folder)


def kept_answers(data: DataSet, kept: Path) -> dict[str, Answers]:
    """Answers of those established tools that have answered for every file."""
    found = {}
    for tool in BASELINES:
        path = kept / f"{data.name}.{tool}.jsonl"
        answers = _read_answers(path, data.folder) if path.is_file() else {}
        if all(path in answers for path in data.labels):
            found[tool] = answers
    return found


def baseline_answers(tool: str, data: DataSet, tools: Path, kept: Path, workers: int) -> int:
    """Have an established tool answer for the files of which `kept` has no answer; gives how many have one then."""
    found = kept / f"{data.name}.{tool}.jsonl"
    kept.mkdir(parents=True, exist_ok=True)
    answers = _read_answers(found, data.folder) if found.is_file() else {}
    shards = kept / f"{data.name}.{tool}.parts"
    for part in sorted(shards.glob("*.jsonl")):
        answers |= _read_answers(part, data.folder)
    due = [path for path in data.labels if path not in answers]
    if due:
        shards.mkdir(exist_ok=True)
        first = len(list(shards.glob("*.jsonl")))
        jobs = [due[start : start + _SHARD] for start in range(0, len(due), _SHARD)]
        with ThreadPoolExecutor(workers) as pool:
            work = [pool.submit(_ask, tool, data, tools, shards / f"{first + at:04d}.jsonl", job)
                    for at, job in enumerate(jobs)]  # fmt: skip
            for job in work:
                job.result()
        for part in sorted(shards.glob("*.jsonl")):
            answers |= _read_answers(part, data.folder)
    if due or shards.is_dir():
        whole = found.with_suffix(".unfinished")
        whole.write_text("".join(json.dumps(row | {"path": path}) + "\n" for path, row in answers.items()), "utf-8")
        whole.replace(found)
        shutil.rmtree(shards, ignore_errors=True)
    return sum(path in answers for path in data.labels)


def _ask(tool: str, data: DataSet, tools: Path, out: Path, paths: list[str]) -> None:
    """Run `baselines.py` over some files."""
    table = out.with_suffix(".csv")
    with table.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["path"])
        writer.writerows([str((data.folder / path).resolve())] for path in paths)
    environment = dict(os.environ)
    on_one_core(environment)
    unfinished = out.with_suffix(".unfinished")
    done = subprocess.run([sys.executable, tools / "baselines.py", tool, table, unfinished], env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{tool} ended with {done.returncode}: {done.stderr[-400:]}")
    unfinished.rename(out)


def _read_answers(path: Path, folder: Path) -> Answers:
    """Answers by path relative to the folder; a last line that was cut off is none."""
    answers = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        name = os.path.relpath(os.path.realpath(row["path"]), os.path.realpath(folder)) \
            if os.path.isabs(row["path"]) else row["path"]  # fmt: skip
        answers[name] = row
    return answers


def measure_accuracy(score: ModuleType, real: DataSet, composed: DataSet,
                     answers: Mapping[str, Mapping[str, Answers]]) -> dict[str, Any]:  # fmt: skip
    """Score everybody.

    Parameters
    ----------
    score : module
        `score.py`.
    real, composed : DataSet
    answers : dict of dict
        By name of the data set and tool; SampleMind is `samplemind`.

    Returns
    -------
    dict
        `real`, `sure` (labels that the corpus itself calls suspect are left out) and `composed`, each by tool;
        `slices` of the composed loops; `manners`: what SampleMind says where it should be silent.
    """
    sure = {path: row | ({"bpm": ""} if "SUSPECT" in row.get("notes", "") else {})
            for path, row in real.labels.items()}  # fmt: skip
    heard = answers[real.name]
    found: dict[str, Any] = {
        "real": {tool: score.score(real.labels, rows) for tool, rows in heard.items()},
        "sure": {tool: score.score(sure, rows) for tool, rows in heard.items()},
        "manners": _manners(real.labels, heard["samplemind"]),
    }
    if composed is not None:
        heard = answers[composed.name]
        # loops of two classes from one source say nothing of what is found near them
        found["composed"] = {tool: {key: value for key, value in score.score(composed.labels, rows).items()
                                    if not key.startswith("retrieval")} for tool, rows in heard.items()}  # fmt: skip
        for tool, rows in heard.items():
            found["composed"][tool] |= _beats(composed, rows) | _metre(composed.labels, rows)
        found["slices"] = {tool: _slices(score, composed, rows) for tool, rows in heard.items()}
        found["manners"] |= {f"composed {name}": value
                             for name, value in _manners(composed.labels, heard["samplemind"]).items()}  # fmt: skip
    return found


def _share(flags: Iterable[bool]) -> float | None:
    seen = list(flags)
    return sum(seen) / len(seen) if seen else None


def _manners(labels: Labels, ours: Answers) -> dict[str, float]:
    def rows(wanted: Callable[[dict[str, str]], bool]) -> list[dict[str, Any]]:
        return [ours.get(path, {}) for path, row in labels.items() if wanted(row)]

    shots = rows(lambda row: row["kind"] == "one-shot")
    drums = rows(lambda row: row["sample_class"] in _DRUMS)
    shares = {"one-shots with a tempo": _share(row.get("bpm") is not None for row in shots),
              "drums without a key": _share(row.get("key") is None for row in drums)}  # fmt: skip
    return {name: share for name, share in shares.items() if share is not None}


def _slices(score: ModuleType, data: DataSet, answers: Answers) -> dict[str, dict[str, float]]:
    """Tempo and key by ending, metre, swing and content."""
    kinds: dict[str, Callable[[dict[str, str]], str]] = {
        "ending": lambda row: row["ending"],
        "metre": lambda row: f"in {row['beats_per_bar']}",
        "swing": lambda row: "swing" if float(row["swing"]) else "straight",
        "content": lambda row: row["sample_class"],
    }
    found = {}
    for kind, name in kinds.items():
        for value in sorted({name(row) for row in data.labels.values()}):
            part = {path: row for path, row in data.labels.items() if name(row) == value}
            found[f"{kind}: {value}"] = {"files": len(part), **score.tempo_rows(part, answers),
                                         **score.key_rows(part, answers), **_beats(data, answers, part)}  # fmt: skip
    return found


def _metre(labels: Labels, answers: Answers) -> dict[str, float]:
    """How often the metre is right, of the loops that have one answer at all."""
    pairs = [(int(row["beats_per_bar"]), answers.get(path, {}).get("beats_per_bar")) for path, row in labels.items()]
    if all(guess is None for _, guess in pairs):
        return {}
    return {"metre.accuracy": sum(truth == guess for truth, guess in pairs) / len(pairs),
            "metre.coverage": sum(guess is not None for _, guess in pairs) / len(pairs)}  # fmt: skip


def _beats(data: DataSet, answers: Answers, labels: Labels | None = None) -> dict[str, float]:
    """Mean F-measure of the beats (Davies et al. 2009): within 70 ms, each beat at most once."""
    scores = []
    for path in data.labels if labels is None else labels:
        guess = answers.get(path, {}).get("beat_times", ())
        if guess == ():  # a tool that tells no beats at all
            continue
        truth = beat_times(data.folder / path, data.labels[path])
        scores.append(f_measure(truth, guess or [], _BEAT_TOLERANCE_S))
    return {"beats.f_measure": sum(scores) / len(scores)} if scores else {}


def beat_times(path: Path, row: Mapping[str, str]) -> list[float]:
    """When the beats of a composed loop fall, in seconds; a silent lead is what the file is longer than its beats."""
    beats, beat_s = int(row["beats"]), 60 / float(row["bpm"])
    lead_s = 0.0
    if row["ending"] == "lead":
        lead_s = soundfile.info(path).duration - beats * beat_s
    return [lead_s + beat * beat_s for beat in range(beats)]


def f_measure(truth: list[float], guess: list[float], tolerance_s: float) -> float:
    """Harmonic mean of precision and recall; both lists in ascending order, 1 where both are empty."""
    if not truth or not guess:
        return float(not truth and not guess)
    hits, at = 0, 0
    for beat in truth:
        while at < len(guess) and guess[at] < beat - tolerance_s:
            at += 1
        if at < len(guess) and guess[at] <= beat + tolerance_s:
            hits, at = hits + 1, at + 1
    return 2 * hits / (len(truth) + len(guess))
