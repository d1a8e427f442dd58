"""Whether confidences are what they say: of all answers given with 0.8, eight in ten should be right."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

__all__ = ["ESTIMATES", "diagram", "pairs_in", "read_pairs"]

#: The estimates that tell a confidence, in the order of the figure.
ESTIMATES: Final = ("bpm", "key", "midi_note", "kind", "sample_class")
BINS: Final = 10
Pair = tuple[float, bool]


def pairs_in(score: ModuleType, labels: Mapping[str, Mapping[str, str]],
             answers: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Pair]]:  # fmt: skip
    """Confidence and whether it was right, for each answer about a file with a label.

    Parameters
    ----------
    score : module
        `score.py`.
    labels, answers : dict
        Rows by path.

    Returns
    -------
    dict
        A list for each of `ESTIMATES`.
    """
    rules: dict[str, tuple[str, Callable[[Mapping[str, str], Mapping[str, Any]], bool]]] = {
        "bpm": ("bpm_confidence", lambda row, got: abs(got["bpm"] / float(row["bpm"]) - 1) <= 0.01),
        "key": ("key_confidence",
                lambda row, got: score.split_key(f"{got['key']} {got['scale']}") == score.split_key(row["key"])),
        "midi_note": ("pitch_confidence", lambda row, got: bool(got["midi_note"] == round(float(row["midi_note"])))),
        "kind": ("kind_confidence", lambda row, got: got["kind"] == row["kind"]),
        "sample_class": ("sample_class_confidence", lambda row, got: got["sample_class"] == row["sample_class"]),
    }  # fmt: skip
    found: dict[str, list[Pair]] = {}
    for name, (confidence, is_right) in rules.items():
        both = [(row, answers[path]) for path, row in labels.items() if row.get(name) and path in answers]
        found[name] = [(got[confidence], is_right(row, got)) for row, got in both
                       if got.get(name) is not None and got.get(confidence) is not None]  # fmt: skip
    return found


def read_pairs(folder: Path) -> dict[str, list[Pair]]:
    """What the fitting scripts wrote with `--pairs FOLDER/ESTIMATE.csv`: answers about sources that were left out.

    Parameters
    ----------
    folder : Path
        With files named after `ESTIMATES`, with the columns `confidence` and `right` (0 or 1).
    """
    found = {}
    for name in ESTIMATES:
        path = folder / f"{name}.csv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as handle:
                found[name] = [(float(row["confidence"]), row["right"].strip().lower() in ("1", "1.0", "true"))
                               for row in csv.DictReader(handle)]  # fmt: skip
    return found


def diagram(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Ten equal bins of confidence, and the expected calibration error over them (Naeini et al. 2015).

    Returns
    -------
    dict
        `pairs`, `right` (share), `ece`, and `bins`: for each `count`, mean `confidence` and share that is `right`.
    """
    bins: list[dict[str, float]] = []
    for number in range(BINS):
        inside = [pair for pair in pairs if min(BINS - 1, int(pair[0] * BINS)) == number]
        bins.append(
            {"count": len(inside), "confidence": _mean(c for c, _ in inside), "right": _mean(r for _, r in inside)}
        )
    error = sum(b["count"] * abs(b["confidence"] - b["right"]) for b in bins)
    return {"pairs": len(pairs), "right": _mean(right for _, right in pairs), "ece": error / max(1, len(pairs)),
            "bins": bins}  # fmt: skip


def _mean(values: Iterable[float]) -> float:
    """The mean, 0 of nothing."""
    seen = list(values)
    return sum(seen) / max(1, len(seen))
