"""Render sounds that are hard to tell apart by kind: phrases, solos, speech, places, and hits that are more than a hit.

    python benchmarks/render_kinds.py LABELS.csv OUT [--count 2000] [--seed 1]

LABELS.csv lists sounds (path, source, licence, kind, kind_detail, sample_class, midi_note); only those of a free
licence are played with. OUT gets FLAC files and a labels.csv with kind and `source`: the source of the sounds that were
used, so that leaving it out leaves these out too, or `synthesised`. Speech is made by espeak-ng and flite where they
are installed.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.signal
import soundfile
import soxr
from corpus import is_free, labels_of
from kind_scenes import (
    RATE,
    Rng,
    effect,
    moving_note,
    place,
    shaped_noise,
    speech,
    sung_note,
    swell,
    synthetic_note,
    walk,
)

from samplemind.audio.decode import decode
from samplemind.errors import AudioError

#: Not struck: a single stroke of these says little of a rhythm.
_NOT_STRUCK = ("fx", "ambience", "speech", "other", "")
_SCALES = ([0, 2, 4, 5, 7, 9, 11], [0, 2, 3, 5, 7, 8, 10], [0, 3, 5, 7, 10], [0, 2, 4, 7, 9], list(range(12)))

#: Lengths of the notes of a figure in beats, and how often they occur.
_LENGTHS = {0.25: 0.22, 0.5: 0.32, 0.75: 0.1, 1.0: 0.2, 1.5: 0.05, 2.0: 0.05, 1 / 3: 0.06}


class Source:
    """The single sounds, the notes and the speech of one source."""

    def __init__(self, name: str, root: Path, rows: list[dict[str, str]]) -> None:
        self.name, self.root = name, root
        single = [row for row in rows if row["kind"] == "one-shot"]
        self.all = [row["path"] for row in single]
        self.struck: dict[str, list[str]] = {}
        notes: dict[str, list[tuple[float, str]]] = {}
        for row in single:
            if row["midi_note"]:
                notes.setdefault(str(Path(row["path"]).parent), []).append((float(row["midi_note"]), row["path"]))
            elif row["sample_class"] not in _NOT_STRUCK:
                self.struck.setdefault(row["sample_class"], []).append(row["path"])
        self.notes = [sorted(found) for found in notes.values() if len(found) >= 5]
        self.speech = [row["path"] for row in rows if row["kind_detail"] == "speech"]
        self.long = [row["path"] for row in rows if row["kind"] == "other" and row["kind_detail"] != "speech"]
        self._cache: dict[str, Any] = {}

    def read(self, path: str) -> Any:
        """Samples at `RATE`, from where they begin to sound, at peak 1."""
        if path not in self._cache:
            try:
                y = decode(self.root / path).at(RATE).astype(np.float64)
            except AudioError:
                y = np.zeros(1)
            peak = max(1e-9, float(np.abs(y).max(initial=0)))
            loud = np.flatnonzero(np.abs(y) > 0.01 * peak)
            self._cache[path] = y[loud[0] :] / peak if len(loud) else np.zeros(1)
        return self._cache[path]

    def pick(self, rng: Rng, paths: list[str]) -> Any:
        """One of some sounds."""
        return self.read(paths[int(rng.integers(len(paths)))])

    def stroke(self, rng: Rng) -> list[Any]:
        """One to three sounds of one class, as an instrument that is struck has them."""
        names = list(self.struck)
        paths = self.struck[names[int(rng.integers(len(names)))]]
        sounds = [self.pick(rng, paths) for _ in range(int(rng.integers(1, 4)))]
        speed = 2 ** rng.uniform(-0.3, 0.3)
        return [soxr.resample(y, RATE * speed, RATE) for y in sounds]


def _mixed(events: list[tuple[float, Any, float]]) -> Any:
    """Sounds at moments in seconds with gains, until the last has died away."""
    total = max(int(at * RATE) + len(y) for at, y, _ in events)
    y = np.zeros(min(total, 60 * RATE))
    for at, sound, gain in events:
        begin = int(at * RATE)
        part = sound[: max(0, len(y) - begin)]
        y[begin : begin + len(part)] += gain * part
    return y


def _ended(rng: Rng, y: Any, last_s: float) -> Any:
    """Let the last sound ring for a while, fade it out, or leave silence after it."""
    keep = last_s + rng.choice([rng.uniform(0.05, 0.4), rng.uniform(0.4, 2), rng.uniform(2, 6)], p=[0.3, 0.4, 0.3])
    y = y[: max(2000, int(keep * RATE))].copy()
    fade = min(len(y), int(rng.choice([0.005, 0.05, 0.5]) * RATE))
    y[-fade:] *= np.linspace(1, 0, fade)
    return np.concatenate([y, np.zeros(int(rng.choice([0, 0.1, rng.uniform(0, 1)]) * RATE))])


def _times(rng: Rng, beat: float, count: int) -> Any:
    """Moments of a rhythm played by hand: figures of halves and quarters of beats, repeated or not, and never exact."""
    lengths, shares = zip(*_LENGTHS.items(), strict=True)
    figure = rng.choice(lengths, int(rng.integers(2, 8)), p=shares)
    steps = np.tile(figure, 40)[:count] if rng.random() < 0.7 else rng.permutation(np.tile(figure, 40))[:count]
    drift = 2 ** (np.cumsum(rng.normal(0, rng.uniform(0, 0.02), count)) + np.linspace(0, rng.normal(0, 0.1), count))
    return np.concatenate([[0], np.cumsum(steps * beat * drift)[:-1]]) + rng.normal(0, rng.uniform(0.002, 0.015), count)


def _loudness(rng: Rng, count: int) -> Any:
    """Accents over a steady, growing or dying course."""
    t = np.linspace(0, 1, count)
    course = [np.ones(count), 0.1 + 0.9 * t, 1 - 0.85 * t, 0.15 + 0.85 * np.sin(np.pi * t)]
    return course[int(rng.choice(4, p=[0.6, 0.15, 0.1, 0.15]))] * rng.uniform(rng.uniform(0.3, 0.9), 1, count)


def rhythm(rng: Rng, source: Source) -> Any:
    """A figure on one struck instrument, played by hand, that ends."""
    if not source.struck:
        return None
    sounds = source.stroke(rng)
    if rng.random() < 0.25:
        sounds += source.stroke(rng)
    count = int(rng.integers(3, 40))
    at = np.abs(_times(rng, 60 / rng.uniform(70, 170), count))
    gains = _loudness(rng, count)
    y = _mixed([(a, sounds[int(rng.integers(len(sounds)))], g) for a, g in zip(at, gains, strict=True)])
    return _ended(rng, y, at.max())


def roll(rng: Rng, source: Source) -> Any:
    """Many fast strokes on one instrument."""
    if not source.struck:
        return None
    sounds, length_s = source.stroke(rng), rng.uniform(0.7, 8)
    gaps = rng.normal(1, rng.uniform(0.03, 0.3), 400) / rng.uniform(9, 28)
    at = np.cumsum(np.abs(gaps))
    at = at[at < length_s]
    gains = _loudness(rng, len(at))
    y = _mixed([(a, sounds[int(rng.integers(len(sounds)))], g) for a, g in zip(at, gains, strict=True)])
    return _ended(rng, y, at.max())


def solo(rng: Rng, source: Source) -> Any:
    """Several drums without metre, or hits here and there."""
    if len(source.struck) < 3:
        return None
    names = [str(name) for name in rng.choice(list(source.struck), int(rng.integers(2, 6)))]
    kit = [source.pick(rng, source.struck[name]) for name in names]
    count = int(rng.integers(4, 50))
    at = np.cumsum(rng.gamma(rng.uniform(0.8, 4), 1, count)) * rng.uniform(0.05, 0.25)
    at -= at[0]
    y = _mixed([(a, kit[int(rng.integers(len(kit)))], g) for a, g in zip(at, _loudness(rng, count), strict=True)])
    return _ended(rng, y, at.max())


def melody(rng: Rng, source: Source) -> Any:
    """Notes and chords of one instrument with rests and a last note, played by hand."""
    if not source.notes:
        return None
    notes = source.notes[int(rng.integers(len(source.notes)))]
    middle = notes[len(notes) // 2][0]
    scale = _SCALES[int(rng.integers(len(_SCALES)))]
    count, beat = int(rng.integers(2, 24)), 60 / rng.uniform(60, 180)
    at = np.abs(_times(rng, beat, count))
    gains, held = _loudness(rng, count), rng.uniform(0.2, 1.5) * beat
    degree, events = int(rng.integers(7)), []
    voices = [0] if rng.random() < 0.6 else [0, 2, 4]
    strum = rng.choice([0, 0.01, 0.03])
    for k in range(count):
        degree = int(np.clip(degree + rng.integers(-3, 4), -9, 10)) if rng.random() < 0.9 else int(rng.integers(-7, 8))
        seconds = held * rng.uniform(0.7, 1.4) if k < count - 1 else rng.uniform(0.5, 4)
        for i, above in enumerate(voices if rng.random() < 0.8 else [0]):
            octave, step = divmod(degree + above, len(scale))
            midi = middle + scale[step] + 12 * octave
            near, path = min(notes, key=lambda note, midi=midi: abs(note[0] - midi))
            speed = 2 ** (np.clip(midi - near, -7, 7) / 12)
            sound = soxr.resample(source.read(path)[: int(seconds * speed * RATE) + 64], RATE * speed, RATE)
            fade = min(len(sound), int(0.02 * RATE))
            sound[-fade:] *= np.linspace(1, 0, fade)
            events.append((at[k] + i * strum, sound, gains[k] / len(voices)))
    return _ended(rng, _mixed(events), at.max())


def excerpt(rng: Rng, source: Source) -> Any:
    """Some seconds out of the middle of music: drums and notes, cut at both ends wherever it happens."""
    layers = [make(rng, source) for make in (rhythm, melody, rhythm, solo) if rng.random() < 0.6]
    layers = [y for y in layers if y is not None and len(y) > RATE]
    if len(layers) < 2:
        return None
    n = int(rng.uniform(1.5, 20) * RATE)
    y = sum(np.tile(layer, n * 2 // len(layer) + 1)[: n * 2] for layer in layers)
    begin = int(rng.integers(n))
    return y[begin : begin + n]


def passage(rng: Rng, source: Source) -> Any:
    """A piece of a longer recording of music or of a place."""
    if not source.long:
        return None
    y = source.pick(rng, source.long)
    n = int(rng.uniform(1.5, 15) * RATE)
    if len(y) < n * 1.3:
        return None
    begin = int(rng.integers(len(y) - n))
    return y[begin : begin + n]


def spoken(rng: Rng, source: Source) -> Any:
    """A word or a few out of recorded speech, cut at pauses, or spoken digits in a row."""
    if not source.speech:
        return None
    y = source.pick(rng, source.speech)
    if len(y) < 3 * RATE:
        count = int(rng.integers(1, 6))
        parts = [part for _ in range(count) for part in
                 (source.pick(rng, source.speech), np.zeros(int(rng.uniform(0, 0.4) * RATE)))]  # fmt: skip
        return np.concatenate(parts[:-1])
    level = np.sqrt(np.convolve(y * y, np.ones(1323) / 1323, "same"))
    gaps = np.flatnonzero(level < 0.12 * np.percentile(level, 90))
    pauses = gaps[np.flatnonzero(np.diff(gaps, prepend=-9999) > 400)]
    first = int(rng.integers(max(1, len(pauses) - 1)))
    last = min(len(pauses) - 1, first + int(rng.integers(1, 8)))
    return y[pauses[first] : pauses[last]] if last > first and pauses[last] - pauses[first] > 0.12 * RATE else None


def flam(rng: Rng, source: Source) -> Any:
    """Two to four strokes so near that they are one."""
    if not source.struck:
        return None
    sounds = source.stroke(rng)
    at = np.cumsum(rng.uniform(0.012, 0.06, int(rng.integers(2, 5))))
    gains = np.linspace(rng.uniform(0.2, 0.9), 1, len(at))
    return _mixed([(a, sounds[int(rng.integers(len(sounds)))], g) for a, g in zip(at - at[0], gains, strict=True)])


def layered(rng: Rng, source: Source) -> Any:
    """Two or three single sounds at once."""
    if not source.all:
        return None
    return _mixed([(rng.choice([0, 0, rng.uniform(0, 0.04)]), source.pick(rng, source.all), rng.uniform(0.3, 1))
                   for _ in range(int(rng.integers(2, 4)))])  # fmt: skip


def strummed(rng: Rng, source: Source) -> Any:
    """A chord whose notes begin one after the other."""
    if not source.notes:
        return None
    notes = source.notes[int(rng.integers(len(source.notes)))]
    first, gap = int(rng.integers(len(notes))), rng.choice([0.0, rng.uniform(0, 0.05)])
    chosen = sorted({min(len(notes) - 1, first + k) for k in rng.choice(8, int(rng.integers(2, 5)))})
    return _mixed([(i * gap, source.read(notes[k][1]), rng.uniform(0.5, 1)) for i, k in enumerate(chosen)])


def echoed(rng: Rng, source: Source) -> Any:
    """A single sound with echoes that die away, or in a large room."""
    if not source.all:
        return None
    y = source.pick(rng, source.all)[: 4 * RATE]
    if rng.random() < 0.5:
        gap, fall = rng.uniform(0.08, 0.5), rng.uniform(0.15, 0.6)
        return _mixed([(k * gap, y, fall**k) for k in range(8)])
    n = int(rng.uniform(0.3, 4) * RATE)
    room = shaped_noise(rng, n, rng.uniform(500, 3000), 1.5) * np.exp(-np.linspace(0, 6.9, n))
    wet = scipy.signal.fftconvolve(y, room / np.sqrt((room**2).sum()))
    return wet * rng.uniform(0.2, 1) + np.pad(y, (0, len(wet) - len(y)))


def held(rng: Rng, source: Source) -> Any:
    """A note that goes on: trembling, beating, or swelling, until it is released or cut."""
    if not source.notes:
        return None
    notes = source.notes[int(rng.integers(len(source.notes)))]
    y = source.read(notes[int(rng.integers(len(notes)))][1])
    n = int(rng.uniform(0.5, 6) * RATE)
    begin = int(rng.uniform(0.02, 0.15) * RATE)
    loop = y[begin : begin + int(rng.uniform(0.1, 0.4) * RATE)]
    if len(loop) < 3000:
        return None
    half = len(loop) // 2
    window = np.hanning(len(loop))
    out = np.zeros(n + 2 * len(loop))
    for at in range(0, n, half):
        out[at : at + len(loop)] += loop * window
    t = np.arange(n) / RATE
    tremble = 1 + rng.choice([0, rng.uniform(0, 0.4)]) * np.sin(2 * np.pi * rng.uniform(3, 8) * t)
    rise, fall = int(rng.uniform(0.003, 0.8) * RATE), int(rng.choice([0.005, rng.uniform(0.05, 1.5)]) * RATE)
    level = np.minimum(1, np.arange(n) / rise) * np.minimum(1, np.arange(n)[::-1] / fall)
    return out[half : half + n] * tremble * level * np.exp(-rng.choice([0, rng.uniform(0, 3)]) * t)


def reversed_sound(rng: Rng, source: Source) -> Any:
    """A single sound backwards."""
    if not source.all:
        return None
    return source.pick(rng, source.all)[: 5 * RATE][::-1]


def stroked(rng: Rng, source: Source) -> Any:
    """One gesture with grain: shaken, scraped, brushed or crushed for a moment."""
    n = int(rng.uniform(0.08, 0.7) * RATE)
    hz = np.exp(rng.uniform(6, 9)) * 2 ** np.linspace(0, rng.uniform(-1, 1), n)
    grain = shaped_noise(rng, n, hz, rng.uniform(0.3, 1.2))
    grain *= np.exp(rng.uniform(0, 1) * walk(rng, n, rng.uniform(20, 120)))
    return grain * np.linspace(0, 1, n) ** rng.uniform(0, 2) * np.linspace(1, 0, n) ** rng.uniform(0.3, 3)


Maker = Callable[[Rng, Source], Any]
#: kind_detail: (kind, share, maker)
MAKERS: dict[str, tuple[str, float, Maker]] = {
    "rhythm": ("other", 0.14, rhythm), "roll": ("other", 0.05, roll), "solo": ("other", 0.04, solo),
    "melody": ("other", 0.12, melody), "excerpt": ("other", 0.07, excerpt), "passage": ("other", 0.06, passage),
    "spoken": ("other", 0.05, spoken), "flam": ("one-shot", 0.04, flam), "layered": ("one-shot", 0.04, layered),
    "strummed": ("one-shot", 0.03, strummed), "echoed": ("one-shot", 0.04, echoed), "held": ("one-shot", 0.05, held),
    "reversed": ("one-shot", 0.02, reversed_sound), "stroked": ("one-shot", 0.01, stroked),
}  # fmt: skip
#: kind_detail: (kind, share, maker)
SYNTHESISED: dict[str, tuple[str, float, Callable[[Rng], Any]]] = {
    "speech": ("other", 0.15, speech), "place": ("other", 0.13, place), "sung": ("one-shot", 0.02, sung_note),
    "note": ("one-shot", 0.04, synthetic_note), "effect": ("one-shot", 0.04, effect),
    "moving": ("one-shot", 0.06, moving_note), "swell": ("one-shot", 0.02, swell),
}  # fmt: skip


def recorded_otherwise(rng: Rng, y: Any) -> Any:
    """The same through another chain: narrower, coloured, noisier, in a room, with other silence around it."""
    y = np.asarray(y, np.float64)
    if rng.random() < 0.35:
        rate = int(rng.choice([8000, 11025, 16000, 22050, 32000]))
        if len(y) > 500:
            y = soxr.resample(soxr.resample(y, RATE, rate), rate, RATE)
    if rng.random() < 0.3:
        tilt = rng.uniform(-0.6, 0.6)
        y = scipy.signal.lfilter([1, tilt], [1], y)
    if rng.random() < 0.25:
        n = int(rng.uniform(0.05, 0.6) * RATE)
        room = rng.standard_normal(n) * np.exp(-np.linspace(0, 6.9, n))
        wet = scipy.signal.fftconvolve(y, room / np.sqrt((room**2).sum()))
        y = np.pad(y, (0, n - 1)) + wet * rng.uniform(0.03, 0.4)
    peak = max(1e-9, float(np.abs(y).max(initial=0)))
    if rng.random() < 0.3:
        y = np.tanh(y / peak * rng.uniform(0.5, 3))
        peak = float(np.abs(y).max())
    if rng.random() < 0.35:
        y = y + rng.standard_normal(len(y)) * peak * 10 ** (-rng.uniform(36, 80) / 20)
    if rng.random() < 0.3:
        before, after = rng.choice([0, 0, 0.02, 0.1]), rng.uniform(0, 0.4)
        y = np.concatenate([np.zeros(int(before * RATE)), y, np.zeros(int(after * RATE))])
    return (y / peak * rng.uniform(0.1, 0.98)).clip(-1, 1).astype(np.float32)


def render(rng: Rng, sources: list[Source]) -> tuple[Any, dict[str, str]] | None:
    """One sound and its row, or None where the source drawn has nothing to make it of."""
    kinds = {**MAKERS, **SYNTHESISED}
    shares = np.array([share for _, share, _ in kinds.values()])
    detail = str(rng.choice(list(kinds), p=shares / shares.sum()))
    if detail in SYNTHESISED:
        source, y = "synthesised", SYNTHESISED[detail][2](rng)
    else:
        weights = np.array([min(10, 3 + len(s.all) ** 0.5) for s in sources])
        chosen = sources[int(rng.choice(len(sources), p=weights / weights.sum()))]
        source, y = chosen.name, MAKERS[detail][2](rng, chosen)
    if y is None or len(y) < 2000 or not float(np.abs(y).max()) > 1e-4:
        return None
    return recorded_otherwise(rng, y), {"source": source, "kind": kinds[detail][0], "kind_detail": detail,
                                        "licence": "made of free sounds"}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[dict[str, str]]] = {}
    for row in labels_of(args.labels):
        if is_free(row["licence"]):
            rows.setdefault(row["source"], []).append(row)
    sources = [Source(name, args.labels.parent, found) for name, found in rows.items()]
    rng = np.random.default_rng(args.seed)
    fields = ["path", "source", "licence", "kind", "kind_detail"]
    with (args.out / "labels.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, fields)
        writer.writeheader()
        made = 0
        while made < args.count:
            result = render(rng, sources)
            if result is None:
                continue
            name = f"{args.seed:03d}-{made:05d}.flac"
            soundfile.write(args.out / name, result[0], RATE)
            writer.writerow({"path": name, **result[1]})
            made += 1
    print(f"{made} sounds in {args.out}")


if __name__ == "__main__":
    main()
