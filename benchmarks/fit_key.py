"""Fit the networks of the key estimator, and report how they do on sources they have not seen.

    python benchmarks/fit_key.py LABELS.csv [--count 1600] [--composed DIR …] [--pairs PAIRS.csv] [--processes 2]

LABELS.csv has path, source, licence, kind, sample_class, midi_note, key (paths relative to it). Loops of known key (see
`tonal_scores`) and excerpts of written music (see `tonal_pieces`, which needs music21) are played with its notes and
drums of a free licence and with synthesized ones: COUNT loops for each source of notes, a quarter as many plain ones,
an eighth as many chords and five sixteenths as many excerpts. Its labelled keys are scored, not used. DIR holds loops
of another composer with labels.csv, scored only; but the scale of the confidence is fitted half to the first of them,
since the loops rendered here are harder than most. PAIRS.csv gets confidence, right and source of each sound, said by
networks that had not seen the source.
"""

from __future__ import annotations

import argparse
import csv
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import tonal_loops as loops
import tonal_material as material
from corpus import is_free
from nets import Ensemble, Net, fit_classes
from scipy.optimize import minimize
from tonal_pieces import KINDS, Piece, excerpt, paths, read

from samplemind.audio.clip import Clip
from samplemind.audio.decode import decode
from samplemind.descriptors import tonality
from samplemind.descriptors.chords import chord_chances
from samplemind.descriptors.pitch import estimate
from samplemind.descriptors.pitch_classes import NAMES, pitch_classes
from samplemind.descriptors.signal import Signal
from samplemind.errors import AudioError

Array = Any
KEYLESS = frozenset(
    [
        "hat-closed",
        "hat-open",
        "snare",
        "clap",
        "shaker",
        "cymbal",
        "kick",
        "tom",
        "rim",
        "perc",
        "cowbell",
        "drum-loop",
    ]
)
FOLDS = 5
LONGEST_S = 20
FEW = 50
#: How much a sound without a key weighs in the confidence: there are few, and a key that is none annoys most.
KEYLESS_WEIGHT = 2.0


class Case:
    """One sound, what was found in it, and its key (0 to 23, None for none)."""

    def __init__(self, signal: Any, key: int | None, source: str, kind: str, path: str = "") -> None:
        self.classes = pitch_classes(signal)
        self.chord_chances = chord_chances(self.classes)
        self.table = tonality.key_table(self.classes, self.chord_chances)
        self.signal = _Heard(signal)
        self.key, self.source, self.kind, self.path = key, source, kind, path
        self.inputs, self.best = np.zeros(len(tonality.KEY_CERTAINTY), np.float32), 0

    def decide(self, scores: Array) -> None:
        """Choose a key, and note what its confidence is read from."""
        keys = np.exp(scores - scores.max())
        keys /= keys.sum()
        self.best = int(keys.argmax())
        self.inputs = tonality.certainty_inputs(self.signal, self.classes, self.chord_chances, keys, self.table)  # type: ignore[arg-type]

    @property
    def right(self) -> bool:
        """Whether the key chosen is the key."""
        return self.best == self.key

    @property
    def searched(self) -> bool:
        """Whether a key is looked for at all."""
        return self.classes.clear_share >= tonality.LEAST_CLEAR and self.signal.duration_s >= tonality.SHORTEST_S


class _Heard:
    """What is still asked of a signal, without its samples."""

    def __init__(self, signal: Any) -> None:
        self.duration_s, self._pitch = signal.duration_s, estimate(signal)

    def shared(self, key: str, make: Any) -> Any:
        """The pitch, which is all that is asked for."""
        return self._pitch


class KeyNets:
    """One network for majors and one for minors, whose scores share a softmax; several of each are averaged.

    Every second pair learns from loops alone: they keep to their key, written music strays from it.
    """

    def __init__(self, cases: list[Case], nets: int = 2, hidden: int = 16, epochs: int = 14) -> None:
        tables = np.array([c.table for c in cases], np.float32)
        keys = np.array([c.key for c in cases])
        loop = np.array([c.kind not in KINDS for c in cases])
        pairs = [
            _fit_pair(tables, keys, loop if seed % 2 == 0 else np.ones_like(loop), seed, hidden, epochs)
            for seed in range(nets)
        ]
        self.modes = [Ensemble([pair[mode] for pair in pairs]) for mode in (0, 1)]

    def scores(self, tables: Array) -> Array:
        """Scores of the keys [shape=(…, 24)] of tables [shape=(…, 24, f)]."""
        halves = (tables[..., :12, :], tables[..., 12:, :])
        return np.concatenate([net.scores(half)[..., 0] for net, half in zip(self.modes, halves, strict=True)], axis=-1)


def _fit_pair(tables: Array, keys: Array, used: Array, seed: int, hidden: int, epochs: int) -> tuple[Net, Net]:
    """A pair that learns from the tables used; all are scaled alike, since their networks are stored as one."""
    f = tables.shape[2]
    pair = tuple(
        Net(tables[:, 12 * mode : 12 * mode + 12].reshape(-1, f), hidden, 1, 2 * seed + mode) for mode in (0, 1)
    )
    rng = np.random.default_rng(seed)
    tables, keys = tables[used], keys[used]
    for epoch in range(epochs):
        order = rng.permutation(len(tables))
        for begin in range(0, len(order), 64):
            batch = order[begin : begin + 64]
            for mode in (0, 1):
                mine, other = (tables[batch][:, 12 * m : 12 * m + 12] for m in (mode, 1 - mode))
                rival = pair[1 - mode].scores(other)[..., 0]

                def slope(scores: Array, mode: int = mode, rival: Array = rival, truth: Array = keys[batch]) -> Array:
                    z = scores.reshape(-1, 12)
                    e = np.exp(np.hstack((z, rival) if mode == 0 else (rival, z)))
                    error = e / e.sum(axis=1, keepdims=True) - np.eye(24)[truth]
                    return (error[:, 12 * mode : 12 * mode + 12] / len(truth)).reshape(-1, 1)

                pair[mode].learn(mine.reshape(-1, f), slope, 4e-3 * (1 - epoch / epochs) + 2e-5, 1e-3, 0.1, 0.1)
    return pair[0], pair[1]


def mirex(truth: int, guess: int) -> float:
    """Weight of a guess: same 1, fifth 0.5, relative 0.3, parallel 0.2."""
    if truth == guess:
        return 1.0
    step, same = (guess - truth) % 12, truth // 12 == guess // 12
    if same:
        return 0.5 if step in (5, 7) else 0.0
    if step == (9 if truth < 12 else 3):
        return 0.3
    return 0.2 if step == 0 else 0.0


def calibration_error(said: Array, right: Array) -> float:
    """Expected calibration error over ten equal bins."""
    bins = np.minimum(9, (said * 10).astype(int))
    return float(sum(abs(said[bins == b].sum() - right[bins == b].sum()) for b in range(10)) / max(1, len(said)))


def _key(tonic: int, mode: str) -> int:
    return tonic + 12 * (mode == "minor")


def _name(key: int) -> str:
    return f"{NAMES[key % 12]} {'minor' if key > 11 else 'major'}"


def _case(y: Array, key: int | None, source: str, kind: str) -> Case | None:
    return Case(Signal(Clip.from_array(y, material.SR)), key, source, kind) if np.abs(y).max() > 1e-3 else None


def play(labels: Path, source: str, count: int, seed: int, pieces: list[Piece]) -> list[Case]:
    """Loops, chords and excerpts of pieces played with the instruments of one source."""
    band, out = loops.Band(labels, only=source), []
    for kind, number, rng in (
        ("", count, np.random.default_rng(seed)),
        ("plain", count // 4, np.random.default_rng(1000 + seed)),
        ("rich chord", count // 8, np.random.default_rng(2000 + seed)),
    ):
        for _ in range(number if band.notes else 0):
            y, tonic, mode, kind_played = loops.loop(band, rng, kind)
            out.append(_case(y, _key(tonic, mode), source, kind_played))
    rng = np.random.default_rng(3000 + seed)
    for _ in range(5 * count // 16 if band.notes else 0):
        notes = excerpt(rng, pieces)
        out.append(_case(loops.render(band, rng, notes), _key(notes.tonic, notes.mode), source, notes.kind))
    return [case for case in out if case]


def keyless(labels: Path, count: int) -> list[Case]:
    """Drums, noise and single notes."""
    rng, band, out = np.random.default_rng(77), loops.Band(labels), []
    for i in range(count):
        source = f"made {i % FOLDS}"
        out.append(_case(loops.beat_only(band, rng), None, source, "beat"))
        out.append(_case(material.noise(rng), None, source, "noise"))
        if i % 3 == 0:
            out.append(_case(material.note(rng)[0], None, source, "note"))
    with labels.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["sample_class"] in KEYLESS and is_free(row["licence"]):
                try:
                    y = decode(str(labels.parent / row["path"])).at(material.SR)
                except AudioError:
                    continue
                out.append(_case(y[: LONGEST_S * material.SR], None, row["source"], "drum"))
    return [case for case in out if case]


def labelled(labels: Path) -> list[Case]:
    """Sounds with a labelled key, and loops of the other composer."""
    out = []
    with labels.open(newline="", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            if row["key"]:
                tonic, mode = row["key"].split()
                signal = Signal(decode(str(labels.parent / row["path"])))
                out.append(Case(signal, _key(NAMES.index(tonic), mode), row["source"], "labelled", row["path"]))
    return out


def fit_chance(cases: list[Case], nets: int = 1) -> Ensemble:
    x = np.array([c.inputs for c in cases], np.float32)
    weight = np.array([KEYLESS_WEIGHT if c.key is None else 1.0 for c in cases])
    return fit_classes(x, np.array([c.right for c in cases], np.float32), 1, 16, 25, nets, 1e-3, weight)


def _scores(net: Ensemble, cases: list[Case]) -> Array:
    return net.scores(np.array([c.inputs for c in cases], np.float32))[:, 0]


def chance(scores: Array, cases: list[Case]) -> Array:
    """The confidence of some cases: none where no key is looked for."""
    return np.array([c.searched for c in cases]) / (1 + np.exp(-scores))


def score_unseen(cases: list[Case]) -> Array:
    """Scores of each case by a network that has not seen its source."""
    folds = {source: i % FOLDS for i, source in enumerate(sorted({c.source for c in cases}))}
    out = np.zeros(len(cases))
    for fold in range(FOLDS):
        held = [folds[c.source] == fold for c in cases]
        net = fit_chance([c for c, h in zip(cases, held, strict=True) if not h])
        out[held] = _scores(net, [c for c, h in zip(cases, held, strict=True) if h])
    return out


def fit_scale(sets: list[tuple[Array, Array]]) -> tuple[float, float]:
    """Divisor and offset of the scores that make outcomes likeliest (Platt 1999), each set weighing the same."""

    def surprise(scale: Array) -> float:
        return sum(
            float(np.logaddexp(0, np.where(right, -1, 1) * (scores / scale[0] + scale[1])).mean())
            for scores, right in sets
        )

    temperature, offset = minimize(surprise, [1.0, 0.0], method="Nelder-Mead").x
    return float(temperature), float(offset)


def leave_out(cases: list[Case], whole: KeyNets) -> None:
    """Let each case be decided by networks that have not seen its source."""
    for source in sorted({c.source for c in cases}):
        mine = [c for c in cases if c.source == source]
        learned = any(c.key is not None for c in mine)
        net = KeyNets([c for c in cases if c.key is not None and c.source != source]) if learned else whole
        for case, scores in zip(mine, net.scores(np.array([c.table for c in mine])), strict=True):
            case.decide(scores)
        if learned:
            _summary(f"{source} left out", [c for c in mine if c.key is not None])


def _summary(name: str, cases: list[Case]) -> None:
    print(f"{name:45s} {len(cases):5d} loops, exact {np.mean([c.right for c in cases]):.3f}, "
          f"MIREX {np.mean([mirex(c.key or 0, c.best) for c in cases]):.3f}")  # fmt: skip


def report_reliability(name: str, said: Array, right: Array) -> None:
    """Ten bins of confidence, and how often they are right."""
    print(f"{name}: expected calibration error {calibration_error(said, right):.3f}")
    for b in range(10):
        inside = np.minimum(9, (said * 10).astype(int)) == b
        if inside.any():
            print(f"  said {said[inside].mean():.2f}, right {right[inside].mean():.2f} of {inside.sum()}")


def report_profiles(name: str, cases: list[Case]) -> None:
    """What each published profile finds, alone."""
    for j, profile in enumerate(tonality.PROFILES):
        guesses = [int(c.table[:, j].argmax()) for c in cases]
        weights = [mirex(c.key or 0, g) for c, g in zip(cases, guesses, strict=True)]
        exact = [c.key == g for c, g in zip(cases, guesses, strict=True)]
        print(f"  {name} | {profile:15s} exact {np.mean(exact):.3f}, MIREX {np.mean(weights):.3f}")


def report_on(name: str, cases: list[Case], whole: KeyNets, certainty: Ensemble) -> None:
    """Score sounds that shaped no network, whatever their licence."""
    for case in cases:
        case.decide(whole.scores(case.table))
    _summary(name, cases)
    report_profiles(name, cases)
    said, right = chance(_scores(certainty, cases), cases), np.array([c.right for c in cases])
    told = said >= tonality.TOLD
    report_reliability(f"{name}, where a key is told", said[told], right[told])
    if len(cases) < FEW:
        for case, confidence in zip(cases, said, strict=True):
            print(f"  {case.path[-60:]:60s} {_name(case.key or 0):9s} {_name(case.best):9s} {confidence:.2f}")


def report_keyless(said: Array, has: Array) -> None:
    """How many keys are told where there is one and where there is none, by the least confidence asked for."""
    for limit in (0.1, 0.2, 0.3, 0.4, tonality.TOLD, 0.5):
        print(f"told from {limit}: {np.mean(said[has] >= limit):.3f} of loops with a key, "
              f"{np.mean(said[~has] >= limit):.3f} of drums, noise and single notes")  # fmt: skip


def fit(cases: list[Case], composed: list[Case], pairs: Path | None) -> tuple[KeyNets, Ensemble]:
    """All networks, after a report of what they do for sources left out."""
    keyed = [c for c in cases if c.key is not None]
    whole = KeyNets(keyed, nets=6)
    leave_out(cases, whole)
    for kind in sorted({c.kind for c in keyed}):
        _summary(f"  {kind}", [c for c in keyed if c.kind == kind])
    report_profiles("rendered", keyed)
    searched = [c for c in cases if c.searched]
    certainty = fit_chance(searched, nets=3)
    scores = score_unseen(cases)
    right, has = np.array([c.right for c in cases]), np.array([c.key is not None for c in cases])
    sets = [(scores[has], right[has])]
    if composed:
        for case in composed:
            case.decide(whole.scores(case.table))
        sets.append((_scores(certainty, composed), np.array([c.right for c in composed])))
    certainty.temperature, certainty.offset = fit_scale(sets)
    print(f"confidence: temperature {certainty.temperature:.2f}, offset {certainty.offset:.2f}")
    said = chance(scores / certainty.temperature + certainty.offset, cases)
    report_reliability("rendered, sources left out", said[has], right[has])
    report_keyless(said, has)
    if pairs:
        with pairs.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(("confidence", "right", "source"))
            writer.writerows((f"{s:.4f}", int(c.right), c.source) for s, c in zip(said, cases, strict=True))
    return whole, certainty


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--count", type=int, default=1600)
    parser.add_argument("--composed", type=Path, nargs="*", default=[])
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    with args.labels.open(newline="", encoding="utf-8") as handle:
        sources = sorted({r["source"] for r in csv.DictReader(handle) if r["midi_note"] and is_free(r["licence"])})
    with ProcessPoolExecutor(args.processes, get_context("spawn")) as pool:
        pieces = [piece for found in pool.map(read, paths(), chunksize=8) for piece in found]
        jobs = [  # no piece is played by two sources, so leaving out one leaves out its pieces as well
            pool.submit(play, args.labels, source, args.count, 100 + i, pieces[i :: len(sources)])
            for i, source in enumerate(sources)
        ]
        jobs.append(pool.submit(keyless, args.labels, args.count // 4))
        cases = [case for job in jobs for case in job.result()]
    others = {folder.name: labelled(folder / "labels.csv") for folder in args.composed}
    tuned = next(iter(others.values()), [])
    whole, certainty = fit(cases, tuned, args.pairs)
    for name, mine in (*others.items(), ("labelled", labelled(args.labels))):
        report_on(name, mine, whole, certainty)
    for name, net in zip(("key_major", "key_minor"), whole.modes, strict=True):
        net.store(name, tonality.KEY_EVIDENCE)
    certainty.store("key_confidence", tonality.KEY_CERTAINTY)


if __name__ == "__main__":
    main()
