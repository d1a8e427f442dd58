"""Fit the small network that tells the kinds apart, and write it into samplemind/descriptors/data.

    python benchmarks/fit_kind.py --loops LABELS.csv ... --sounds LABELS.csv ...

`--loops`: rendered loops (render_loops.py and the like). `--sounds`: labelled real sounds with kind, source and
licence. Rows whose licence is not free are never trained on. Every report is by leave-one-source-out: what is said of
a source was learnt without it. The network reads the tempo found, so `fit_tempo.py` comes first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from corpus import is_free, labelled
from nets import Ensemble, fit_classes

from samplemind.descriptors import kind_features
from samplemind.descriptors.kind import KINDS
from samplemind.descriptors.signal import Signal


@dataclass
class Item:
    """One sound: its labels, and what the estimator sees of it."""

    row: dict[str, str]
    source: str
    free: bool
    inputs: Any


def read(labels: Path, rendered: bool) -> Iterable[Item]:
    """Describe every file of a table whose kind is known."""
    for row, clip in labelled(labels, "kind"):
        signal = Signal(clip)
        if not signal.is_silent:
            yield Item(row, "rendered" if rendered else row["source"], rendered or is_free(row["licence"]),
                       kind_features.kind_features(signal))  # fmt: skip


def calibrate_kind(loops: list[Item], sounds: list[Item]) -> None:
    """Fit and store the kinds."""
    extra = loops[:: max(1, len(loops) // 300)]  # about as many as there are other things than single hits
    scores, truth = [], []
    for source in sorted({s.source for s in sounds}):
        ensemble = _fit_kind([s for s in sounds if s.free and s.source != source] + extra, nets=1)
        tested = [s for s in sounds if s.source == source]
        scores.append(ensemble.scores(np.array([s.inputs for s in tested])))
        truth.append(np.array([KINDS.index(s.row["kind"]) for s in tested]))
        print(f"kind without {source}: {(scores[-1].argmax(axis=1) == truth[-1]).mean():.3f} of {len(tested)}")
    z, y = np.concatenate(scores), np.concatenate(truth)
    print(f"kind, leave one source out: {(z.argmax(axis=1) == y).mean():.3f} of {len(y)}")

    def loss(t: float) -> float:
        scaled = z / t
        top = scaled.max(axis=1)
        return float((np.log(np.exp(scaled - top[:, None]).sum(axis=1)) + top - scaled[np.arange(len(y)), y]).mean())

    final = _fit_kind([s for s in sounds if s.free] + extra, nets=3)
    final.temperature = float(min(np.arange(0.7, 5.01, 0.05), key=loss))
    print(f"temperature {final.temperature:.2f}")
    final.store("kind", kind_features.FEATURES)


def _fit_kind(items: list[Item], nets: int) -> Ensemble:
    x = np.array([item.inputs for item in items])
    y = np.array([KINDS.index(item.row["kind"]) for item in items])
    return fit_classes(x, y, len(KINDS), 32, 60, nets, 1e-3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=Path, nargs="+", default=[])
    parser.add_argument("--sounds", type=Path, nargs="+", default=[])
    args = parser.parse_args()
    loops = [item for path in args.loops for item in read(path, True)]
    calibrate_kind(loops, [item for path in args.sounds for item in read(path, False)])


if __name__ == "__main__":
    main()
