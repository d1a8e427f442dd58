"""Fit what tells whether a sound has a pulse at all, and write it into samplemind/descriptors/data.

    python benchmarks/fit_pulse.py LABELS.csv ...

Tables of labelled sounds with kind, kind_detail, bpm, source and licence; rows whose licence is not free are never
trained on. Loops and music have a pulse, speech and places (kind_detail speech, env, ambience) have none; of other
things nobody knows. The shipped network has also learnt from loops of compose.py, and from what free games and
programs bring along (Debian packages klettres-data, ktuberling-data, tuxpaint-stamps-default, hedgewars-data,
freedroidrpg-data, supertux-data and wesnoth-1.16-data). The report is by leave-one-source-out. The network reads what
the kinds read, so `fit_tempo.py` comes first.
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

from samplemind.audio.clip import Clip
from samplemind.descriptors import kind_features
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.tempo import estimate

HIDDEN, EPOCHS, NETS, DECAY = 8, 30, 2, 0.1
_WITHOUT = ("speech", "env", "ambience")
_HEARD_S = 40.0  # of long music its beginning says enough


@dataclass
class Item:
    """One sound in which a tempo could be found."""

    pulse: bool
    source: str
    free: bool
    inputs: Any


def read(labels: Path) -> Iterable[Item]:
    """Describe the sounds of a table of which it is known whether they have a pulse."""
    for row, clip in labelled(labels, "kind"):
        pulse = bool(row["kind"] == "loop" or row["bpm"] or row["kind_detail"] == "music")
        if not pulse and row["kind_detail"] not in _WITHOUT:
            continue
        head = clip.samples[:, : int(_HEARD_S * clip.sample_rate)]
        signal = Signal(Clip.from_array(head, clip.sample_rate))
        if not signal.is_silent and estimate(signal) is not None:
            free = row["source"] == "composed" or is_free(row["licence"])
            yield Item(pulse, row["source"], free, kind_features.kind_features(signal))


def _fit(items: list[Item]) -> Ensemble:
    x, y = np.array([item.inputs for item in items]), np.array([item.pulse for item in items]).astype(np.int64)
    alike = np.where(y == 1, 1 / max(1, (y == 1).sum()), 1 / max(1, (y == 0).sum()))
    return fit_classes(x, y, 1, HIDDEN, EPOCHS, NETS, DECAY, alike)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path, nargs="+")
    items = [item for path in parser.parse_args().labels for item in read(path)]
    heard: dict[bool, list[bool]] = {True: [], False: []}
    for source in sorted({item.source for item in items}):
        net = _fit([item for item in items if item.free and item.source != source])
        tested = [item for item in items if item.source == source]
        for item, score in zip(tested, net.scores(np.array([t.inputs for t in tested]))[:, 0], strict=True):
            heard[item.pulse].append(bool(score > 0))
        print(f"without {source}: {len(tested)}", flush=True)
    for pulse, told in heard.items():
        print(f"{'with' if pulse else 'without'} a pulse: {np.mean(told):.3f} of {len(told)} are told to have one")
    _fit([item for item in items if item.free]).store("pulse", kind_features.FEATURES)


if __name__ == "__main__":
    main()
