"""Put together what the blocks of a long sound say, by the rule that each descriptor has (`over_blocks.RULES`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from samplemind.descriptors.agreement import Votes, agreed
from samplemind.descriptors.catalogue import Descriptor

__all__ = ["MOST_LISTED", "Block", "Whole", "join"]

#: Longer lists are cut: nobody looks through them, and a day would have a million entries.
MOST_LISTED: Final = 20_000
#: A block whose envelope stays this far below that of the loudest is silence: 60 dB.
_FAR: Final = 1e-3
#: Share of the sounding time that has to have a value, for its mean to be told.
_HALF: Final = 0.5
_SURE_OF_OTHER: Final = 0.95
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """What one block of a long sound says.

    Attributes
    ----------
    start_s, duration_s : float
        Where it lies.
    sounding_s : float
        How long it sounds.
    top : float
        Highest point of its envelope.
    energy : float
        Mean square over its envelope, times its duration.
    onsets : np.ndarray [shape=(k,)]
        Its attacks, in seconds from the start of the whole sound.
    values : dict
        By names of the catalogue.
    """

    start_s: float
    duration_s: float
    sounding_s: float
    top: float
    energy: float
    onsets: Doubles
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whole:
    """What is known exactly of the whole sound: see the descriptors of these names."""

    duration_s: float
    leading_silence_s: float
    effective_duration_s: float


class _Heard:
    """The blocks that count, and how much."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        top = max(block.top for block in blocks)
        self.blocks = [block for block in blocks if block.top >= _FAR * top]
        self.times = np.array([block.sounding_s for block in self.blocks])
        self.energies = np.array([block.energy for block in self.blocks])
        self.loudest = max(self.blocks, key=lambda block: block.top)

    def told(self, name: str) -> tuple[Any, list[int]]:
        """The values that are not null [shape=(k, …)], and whose they are."""
        which = [i for i, block in enumerate(self.blocks) if block.values.get(name) is not None]
        return np.array([self.blocks[i].values[name] for i in which]), which

    def mean(self, name: str, weights: Doubles) -> Any:
        values, which = self.told(name)
        if not which or weights[which].sum() < _HALF * weights.sum():
            return None
        return np.average(values, axis=0, weights=weights[which])

    def over_time(self, name: str) -> Doubles:
        """A value that every block has."""
        return np.array([block.values[name] for block in self.blocks], np.float64)


def join(blocks: Sequence[Block], entries: Iterable[Descriptor], whole: Whole) -> dict[str, Any]:
    """The values of a sound from those of its blocks.

    Parameters
    ----------
    blocks : sequence of Block
        Those that are not silent, in order.
    entries : iterable of Descriptor
        What is asked for; none of the rule 'exact'.
    whole : Whole

    Returns
    -------
    dict
        All null where no block sounds.
    """
    wanted = list(entries)
    if not blocks:
        return {entry.name: None for entry in wanted}
    heard = _Heard(blocks)
    values: dict[str, Any] = {}
    together: dict[str, Any] = {}
    for entry in wanted:
        if entry.over_blocks in _EACH:
            values[entry.name] = _EACH[entry.over_blocks](heard, entry.name)
            continue
        if entry.name not in together:
            together |= _TOGETHER[entry.over_blocks](heard, whole)
        values[entry.name] = together[entry.name]
    return values


def _mean(heard: _Heard, name: str) -> Any:
    return heard.mean(name, heard.times)


def _energy(heard: _Heard, name: str) -> Any:
    return heard.mean(name, heard.energies)


def _spread(heard: _Heard, name: str) -> Any:
    """Deviation over all, by the law of total variance; of values about 0 where they have no mean of their own."""
    deviations, which = heard.told(name)
    if not which:
        return None
    means, mean_of = heard.told(f"{name.removesuffix('_std')}_mean")
    if mean_of != which:
        means = np.zeros_like(deviations)
    weights = heard.times[which]
    squares = np.average(deviations**2 + means**2, axis=0, weights=weights)
    return np.sqrt(np.maximum(squares - np.average(means, axis=0, weights=weights) ** 2, 0))


def _circle(heard: _Heard, name: str) -> Any:
    cents, which = heard.told(name)
    if not which:
        return None
    centre = np.average(np.exp(2j * np.pi * cents / 100), weights=heard.times[which])
    return float(np.angle(centre)) * 50 / np.pi


def _profile(heard: _Heard, name: str) -> Any:
    mean = _mean(heard, name)
    return None if mean is None or not mean.max() > 0 else mean / mean.max()


def _direction(heard: _Heard, name: str) -> Any:
    mean = _mean(heard, name)
    length = 0.0 if mean is None else float(np.linalg.norm(mean))
    return mean / length if length > 0 else None


def _loudest(heard: _Heard, name: str) -> Any:
    value = heard.loudest.values.get(name)
    return value + heard.loudest.start_s if name == "peak_time_s" and value is not None else value


def _first(heard: _Heard, name: str) -> Any:
    return heard.blocks[0].values.get(name)


_EACH: Final[dict[str, Callable[[_Heard, str], Any]]] = {
    "mean": _mean, "energy": _energy, "spread": _spread, "circle": _circle, "profile": _profile,
    "direction": _direction, "loudest": _loudest, "first": _first, "null": lambda heard, name: None,
}  # fmt: skip


def _course(heard: _Heard, whole: Whole) -> dict[str, Any]:
    """Values of the group `envelope` that compare it with its highest point, or tell where its energy lies."""
    tops = np.array([block.top for block in heard.blocks])
    means = tops / heard.over_time("envelope_crest")
    mean = float(np.average(means, weights=heard.times))
    logs = np.log(np.maximum(heard.over_time("envelope_flatness") * means, 1e-30))
    medians = heard.over_time("sustain_level") * tops
    starts, lengths = np.array([(block.start_s, block.duration_s) for block in heard.blocks]).T
    centre_s = float(np.average(starts + heard.over_time("temporal_centroid") * lengths, weights=heard.energies))
    share = (centre_s - whole.leading_silence_s) / max(whole.effective_duration_s, 1e-9)
    return {
        "sustain_level": float(np.average(medians, weights=heard.times)) / heard.loudest.top,
        "temporal_centroid": min(1.0, max(0.0, share)),
        "envelope_flatness": min(1.0, float(np.exp(np.average(logs, weights=heard.times))) / mean),
        "envelope_crest": heard.loudest.top / mean,
    }


def _attacks(heard: _Heard, whole: Whole) -> dict[str, Any]:
    times = np.concatenate([block.onsets for block in heard.blocks])
    intervals = np.diff(times)
    return {
        "onset_count": len(times),
        "onset_rate": len(times) / max(whole.effective_duration_s, 0.05),
        "onset_times": times[:MOST_LISTED],
        "onset_interval_mean_s": intervals.mean() if len(intervals) else None,
        "onset_interval_std_s": intervals.std() if len(intervals) else None,
    }


def _joined(heard: _Heard, whole: Whole) -> dict[str, Any]:
    """Beats of the blocks that have the tempo of the whole, and chords, of which one may go on in the next block."""
    tempo = agreed(_votes(heard))["bpm"]
    beats: list[float] = []
    times: list[float] = []
    labels: list[str] = []
    for block in heard.blocks:
        bpm = block.values.get("bpm")
        if tempo is not None and bpm is not None and abs(np.log(bpm / tempo)) < Votes.SAME_TEMPO:
            beats += [block.start_s + t for t in block.values["beat_times"] if t < block.duration_s]
        chords = zip(block.values["chord_times"], block.values["chord_labels"], strict=True)
        for time, label in chords:
            if not labels or label != labels[-1]:
                times.append(block.start_s + float(time))
                labels.append(label)
    return {
        "beat_times": beats[:MOST_LISTED],
        "chord_times": times[:MOST_LISTED],
        "chord_labels": labels[:MOST_LISTED],
        "chord_change_rate": max(0, len(labels) - 1) / whole.duration_s if labels else None,
    }


def _votes(heard: _Heard) -> Votes:
    return Votes([block.values for block in heard.blocks], heard.times)


def _agreed(heard: _Heard, whole: Whole) -> dict[str, Any]:
    return agreed(_votes(heard))


def _other(heard: _Heard, whole: Whole) -> dict[str, Any]:
    return {"kind": "other", "kind_confidence": _SURE_OF_OTHER}


_TOGETHER: Final[dict[str, Callable[[_Heard, Whole], dict[str, Any]]]] = {
    "course": _course, "attacks": _attacks, "joined": _joined, "agreed": _agreed, "other": _other,
}  # fmt: skip
