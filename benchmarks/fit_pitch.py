"""Fit the two networks of the pitch estimator and report how they do on sources they have not seen.

    python benchmarks/fit_pitch.py LABELS.csv [--out samplemind/descriptors/data] [--pairs FILE]

LABELS.csv has path, source, licence, kind, sample_class, midi_note (paths relative to it). Only rows of a free licence
are used to fit; rows of other licences are scored too. Everything that is reported of a source, and the pairs of
confidence and truth that `--pairs` writes, comes from networks that were fitted without it.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tonal_material as material
from corpus import is_free, labels_of
from fit_net import NetFitter
from pitch_material import choir, piano
from reliability import diagram

from samplemind.audio.clip import Clip
from samplemind.audio.decode import decode
from samplemind.descriptors.evidence import EVIDENCE, evidence
from samplemind.descriptors.partials import Partials, partials
from samplemind.descriptors.pitch import PITCHED, TOLD, inputs_of, softmax, steady_frames, treble_share
from samplemind.descriptors.signal import Signal
from samplemind.errors import AudioError

UNPITCHED = {"hat-closed", "hat-open", "snare", "clap", "shaker", "cymbal", "drum-loop"}
VAGUE = {"kick", "tom", "rim", "perc", "ambience"}  # they may have a pitch, but seldom one that a person would name
WEIGHT = {"real": 2.0, "varied": 0.7, "synth": 0.6, "none": 0.5, "vague": 0.15}
FOLDS = 3


@dataclass(slots=True)
class Case:
    """One sound: what it is, and what was found in it."""

    path: str
    group: str
    free: bool
    sort: str
    midi: float | None
    found: Partials
    rows: Any
    hz: Any
    table: Any
    treble: float

    @property
    def gaps(self) -> Any:
        """Distance of each candidate from the note, in semitones."""
        return np.abs(69 + 12 * np.log2(self.hz / 440) - (self.midi or 0.0))

    @property
    def usable(self) -> bool:
        """Whether one of the candidates is right."""
        return self.midi is not None and len(self.hz) > 0 and bool(self.gaps.min() < 0.5)

    @property
    def is_judged(self) -> bool:
        """A real sound as it came, with a known note or surely none."""
        return self.sort == "real" or (self.sort == "none" and bool(self.path))

    def is_right(self, pick: int) -> bool:
        """Whether this candidate has the nearest note of the truth."""
        return self.midi is not None and round(69 + 12 * float(np.log2(self.hz[pick] / 440))) == round(self.midi)


def look(y: Any, path: str, group: str, free: bool, sort: str, midi: float | None) -> Case:
    signal = Signal(Clip.from_array(y, material.SR))
    found = partials(signal)
    rows, weights = steady_frames(found)
    hz, table = evidence(found, rows, weights)
    return Case(path, group, free, sort, midi, found, rows, hz, table, treble_share(signal))


def gather(labels: Path, synthesized: int) -> list[Case]:
    rng = np.random.default_rng(5)
    cases = []
    for row in labels_of(labels):
        name = row["sample_class"]
        sort = "real" if row["midi_note"] else "none" if name in UNPITCHED else "vague" if name in VAGUE else ""
        if not sort:
            continue
        try:
            y = decode(str(labels.parent / row["path"])).at(material.SR)[: 20 * material.SR]
        except AudioError:
            continue
        free, group = is_free(row["licence"]), row["source"]
        midi = float(row["midi_note"]) if row["midi_note"] else None
        if np.abs(y).max() < 1e-4:
            continue
        cases.append(look(y, row["path"], group, free, sort, midi))
        if midi is not None:
            for _ in range(6):
                cases.append(
                    look(*_first_path(material.varied(y[: 4 * material.SR], midi, rng), row["path"], group, free))
                )
    for i in range(synthesized):
        y, midi = material.note(rng)
        cases.append(look(y, "", f"synth {i % FOLDS}", True, "synth", midi))
    for i in range(synthesized // 6):
        for y, midi in (choir(rng), piano(rng)):
            cases.append(look(y, "", f"synth {i % FOLDS}", True, "synth", midi))
    for i in range(synthesized // 6):
        cases.append(look(material.noise(rng), "", f"synth {i % FOLDS}", True, "none", None))
        cases.append(look(material.chord(rng), "", f"synth {i % FOLDS}", True, "none", None))
    return cases


def _first_path(made: tuple[Any, float], path: str, group: str, free: bool) -> tuple[Any, str, str, bool, str, float]:
    return made[0], path, group, free, "varied", made[1]


def fit_choice(cases: list[Case]) -> NetFitter:
    used = [c for c in cases if c.free and c.usable]
    return NetFitter(12).fit_choice(
        [c.table for c in used], [int(c.gaps.argmin()) for c in used], [WEIGHT[c.sort] for c in used]
    )


def fit_chance(inputs: Any, right: Any, cases: list[Case]) -> NetFitter:
    keep = np.array([c.free for c in cases])
    weight = np.array([WEIGHT[c.sort] for c in cases])
    return NetFitter(8, decay=3e-3, steps=400).fit_chance(inputs[keep], right[keep], weight[keep])


def choose_unseen(cases: list[Case], whole: NetFitter) -> tuple[Any, Any]:
    """Let networks that have not heard its source choose each note; what the confidence is read from, and the truth."""
    inputs, right = np.zeros((len(cases), len(PITCHED)), np.float32), np.zeros(len(cases), bool)
    # Free sources with notes are left out one by one; the others change nothing in the choice.
    learnt = {c.group for c in cases if c.free and c.midi is not None}
    for group in sorted({c.group for c in cases}):
        choice = fit_choice([c for c in cases if c.group != group]) if group in learnt else whole
        for i, case in enumerate(cases):
            if case.group == group:
                chances = softmax(choice.score(case.table))
                inputs[i] = inputs_of(case.found, case.rows, case.hz, case.table, chances, case.treble)[0]
                right[i] = case.is_right(int(chances.argmax()))
    return inputs, right


def trust_unseen(cases: list[Case], inputs: Any, right: Any) -> Any:
    """Log odds of being right, of each case by a network that has not heard its source."""
    groups = np.array([c.group if c.free else "" for c in cases])  # nothing is learnt from the others
    odds = np.zeros(len(cases))
    for group in sorted(set(groups)):
        rest = groups != group
        net = fit_chance(inputs[rest], right[rest], [c for c, kept in zip(cases, rest, strict=True) if kept])
        odds[~rest] = net.score(inputs[~rest])
    return odds


def temperature_of(odds: Any, right: Any) -> float:
    """What log odds must be divided by to be the likeliest: networks that have not heard a source are timid."""
    sharper = np.linspace(0.5, 3, 126)
    scaled = np.outer(sharper, odds)
    return float(1 / sharper[(np.logaddexp(0, scaled) - right * scaled).mean(axis=1).argmin()])


def confidence_unseen(cases: list[Case], right: Any, odds: Any) -> Any:
    """Chance of being right, with the temperature of the other sources."""
    groups, judged = np.array([c.group for c in cases]), np.array([c.is_judged for c in cases])
    confidence = np.zeros(len(cases))
    for group in sorted(set(groups)):
        rest = judged & (groups != group)
        mine = odds[groups == group] / temperature_of(odds[rest], right[rest])
        confidence[groups == group] = 1 / (1 + np.exp(-mine))
    return confidence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--out", type=Path, default=Path("samplemind/descriptors/data"))
    parser.add_argument("--pairs", type=Path, help="CSV to write: confidence, right, source of left-out real sounds")
    parser.add_argument("--synthesized", type=int, default=1500)
    args = parser.parse_args()
    cases = [c for c in gather(args.labels, args.synthesized) if len(c.hz)]
    whole = fit_choice(cases)
    inputs, right = choose_unseen(cases, whole)
    odds = trust_unseen(cases, inputs, right)
    confidence = confidence_unseen(cases, right, odds)
    report(cases, right, confidence)
    if args.pairs:
        write_pairs(args.pairs, cases, right, confidence)
    whole.save(args.out / "pitch_choice.json", EVIDENCE, "benchmarks/fit_pitch.py; free real and synthesized notes")
    judged = np.array([c.is_judged for c in cases])
    fit_chance(inputs, right, cases).save(
        args.out / "pitch_confidence.json",
        PITCHED,
        "benchmarks/fit_pitch.py",
        temperature_of(odds[judged], right[judged]),
    )


def write_pairs(path: Path, cases: list[Case], right: Any, confidence: Any) -> None:
    """Confidence and truth of the real sounds whose note, or lack of one, is known."""
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle)
        out.writerow(("confidence", "right", "source", "has_note", "told"))
        for case, ok, chance in zip(cases, right, confidence, strict=True):
            if case.is_judged:
                out.writerow((f"{chance:.4f}", int(ok), case.group, int(case.midi is not None), int(chance >= TOLD)))


def report(cases: list[Case], right: Any, confidence: Any) -> None:
    sums: dict[str, list[bool]] = defaultdict(list)
    for case, ok in zip(cases, right, strict=True):
        if case.midi is not None:
            sums[case.sort].append(ok)
            if case.sort == "real":
                sums["  " + case.group].append(ok)
    for name, found in sums.items():
        print(f"note right, source left out: {name:45s} {len(found):5d} {np.mean(found):.3f}")
    for sort in ("real", "synth", "none", "vague"):
        mine = confidence[[c.sort == sort for c in cases]]
        steps = np.round(np.percentile(mine, [5, 25, 50, 75, 95]), 2)
        told = ", ".join(f"{np.mean(mine >= limit):.3f} from {limit}" for limit in (0.05, 0.08, 0.12, 0.5))
        print(f"confidence of {sort:6s} percentiles 5 25 50 75 95: {steps}, told: {told}")
    noted = np.array([c.sort == "real" for c in cases])
    for limit in (0.05, 0.08, 0.12):
        print(f"right and told from {limit}: {np.mean(right[noted] & (confidence[noted] >= limit)):.3f}")
    judged = np.array([c.is_judged for c in cases])
    synthesized = np.array([not c.path for c in cases])
    for name, some in (
        ("notes", noted),
        ("notes and sounds without one", judged),
        ("notes with an answer", noted & (confidence >= TOLD)),
        ("all of these with an answer", judged & (confidence >= TOLD)),
        ("synthesized", synthesized),
    ):
        print_reliability(name, confidence[some], right[some])


def print_reliability(name: str, confidence: Any, right: Any) -> None:
    """Ten bins: how many, what was said, what was right."""
    seen = diagram(list(zip(confidence.tolist(), right.tolist(), strict=True)))
    print(f"{name}: {seen['pairs']} sounds, {seen['right']:.3f} right, expected calibration error {seen['ece']:.3f}")
    for low, part in enumerate(seen["bins"]):
        if part["count"]:
            print(f"  from {low / 10:.1f}: {part['count']:5d} said {part['confidence']:.3f} right {part['right']:.3f}")


if __name__ == "__main__":
    main()
