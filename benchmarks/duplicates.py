"""Duplicates: how many are found, how many of those found are none, and how long it takes.

    python benchmarks/duplicates.py CORPUS OUT                    precision and recall on variants of 300 sounds
    python benchmarks/duplicates.py CORPUS OUT --scale 100000     also seconds for so many sounds

Variants of real sounds are written into OUT: MP3 and Ogg Vorbis of 96 to 320 kbit/s, gain, trims of up to 50 ms at
either end, other rates, padding with silence, one channel made two, and combinations of them. They are ingested
together with the whole corpus, and all pairs within the groups that are found are counted. True, strictly, are pairs of
variants of one sound, those that the corpus' own table has as equal, and those with the same samples. Sounds that
lie in the corpus under two names without a word about it count as wrong then; so a second figure takes pairs as true
that the table has as near, and those where one lossless file, taken from the other at the best gain, leaves
nothing (-40 dB at their own rate). All figures are also given for one half of the sources, with which nothing was set.

What is alike without being the same is made as well: subs, saws and kicks tuned by semitones, drums with other decays,
real sounds a semitone higher and lower, and takes of one drum. No two of them may be found.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import polars as pl
import soundfile
import soxr
from unlike import RATE, made

import samplemind as sm
from samplemind.descriptors.fingerprint import BANDS, unpack
from samplemind.library.duplicates.find import HITS, LISTENED
from samplemind.library.duplicates.listen import agreement, hear
from samplemind.library.duplicates.search import HIT, NEAR, best_pairs, near_pairs, nearest_pairs

Samples = Any  # float32 [shape=(n, channels)]
#: Sounds this long are left out of the variants: a second of them says as much as a minute.
LONGEST_S = 30.0
SHORTEST_S = 0.06
#: What one lossless file, taken from the other, may leave (dB).
NULL_DB = -40.0
LOSSY = ("mp3", "vorbis", "opus", "aac")


def gain(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, int]:
    room = -20 * np.log10(max(np.abs(x).max(), 1e-6))
    return x * 10 ** (min(rng.uniform(-12, 6), room) / 20), rate


def trim_start(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, int]:
    return x[int(min(rng.uniform(0.002, 0.05), 0.25 * len(x) / rate) * rate) :], rate


def trim_end(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, int]:
    return x[: len(x) - int(min(rng.uniform(0.002, 0.05), 0.25 * len(x) / rate) * rate)], rate


def other_rate(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, int]:
    new = int(rng.choice([to for to in (22050, 44100, 48000) if to != rate]))
    return soxr.resample(x, rate, new), new


def padded(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, int]:
    before, after = (np.zeros((int(seconds * rate), x.shape[1]), np.float32) for seconds in rng.uniform(0.01, 0.5, 2))
    return np.concatenate([before, x, after]), rate


def other_channels(x: Samples, rate: int, rng: np.random.Generator) -> tuple[Samples, int]:
    return (np.repeat(x, 2, axis=1) if x.shape[1] == 1 else x.mean(axis=1, keepdims=True)), rate


Change = Callable[[Samples, int, np.random.Generator], tuple[Samples, int]]
#: Name: (changes, how it is written).
VARIANTS: dict[str, tuple[tuple[Change, ...], str]] = {
    "flac": ((), "flac"), "gain": ((gain,), "wav"), "trim start": ((trim_start,), "wav"),
    "trim end": ((trim_end,), "wav"), "rate": ((other_rate,), "wav"), "padded": ((padded,), "wav"),
    "channels": ((other_channels,), "wav"), "mp3 96": ((), "mp3 96"), "mp3 128": ((), "mp3 128"),
    "mp3 192": ((), "mp3 192"), "mp3 320": ((), "mp3 320"), "ogg 96": ((), "ogg 96"), "ogg 160": ((), "ogg 160"),
    "ogg 256": ((), "ogg 256"), "gain, padded, mp3 128": ((gain, padded), "mp3 128"),
    "trim both, rate, ogg 128": ((trim_start, trim_end, other_rate), "ogg 128"),
}  # fmt: skip


def write(path: Path, x: Samples, rate: int, form: str) -> Path:
    """Write samples as `wav`, `flac`, or coded as `mp3 128`, `ogg 96`."""
    kind, _, kbits = form.partition(" ")
    path = path.with_name(f"{path.name}.{kind}")
    if kind == "ogg":
        _write_vorbis(path, x, rate, _VORBIS[kbits])
        return path
    if not kbits:
        soundfile.write(path, x, rate, subtype="PCM_24" if kind == "wav" else None)
        return path
    x = np.clip(x[:, :2], -1, 1).astype(np.float32)
    if rate not in (22050, 44100, 48000):
        x, rate = soxr.resample(x, rate, 44100), 44100
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono" if x.shape[1] == 1 else "stereo")
        # Half the sample rate knows no more than 160 kbit/s.
        stream.bit_rate = 1000 * min(int(kbits), 160 if rate < 44100 else 320)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(x.T), "fltp", stream.layout.name)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


#: Quality of the coder that comes to so many kbit/s for two channels at 44.1 kHz.
_VORBIS = {"96": 0.2, "128": 0.4, "160": 0.5, "256": 0.8}


def _write_vorbis(path: Path, x: Samples, rate: int, quality: float) -> None:
    with soundfile.SoundFile(
        path, "w", rate, x.shape[1], "VORBIS", format="OGG", compression_level=1 - quality
    ) as file:
        for start in range(0, len(x), 4096):  # libsndfile puts what it gets at once on its stack
            file.write(x[start : start + 4096])


def make(corpus: Path, out: Path, count: int) -> None:
    """Write `count` sounds of the corpus as they are, and four variants of each."""
    rng = np.random.default_rng(7)
    with (corpus / "labels.csv").open(encoding="utf-8") as file:
        paths = [corpus / row["path"] for row in csv.DictReader(file)]
    out.mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    for path in rng.permutation(np.array(paths, dtype=object)):
        clip = sm.decode(path)
        if not SHORTEST_S < clip.duration_s < LONGEST_S or np.abs(clip.samples).max() < 1e-3:
            continue
        names = list(VARIANTS)
        first = len(rows) // 4
        for at in range(4):
            name = names[(4 * first + at + 3 * (first // 4)) % len(names)]
            changes, form = VARIANTS[name]
            x, rate = clip.samples.T.astype(np.float32), clip.sample_rate
            for change in changes:
                x, rate = change(x, rate, rng)
            written = write(out / f"{first:04d} {name}", x, rate, form)
            rows.append({"path": str(written), "of": str(path), "variant": name})
        if len(rows) >= 4 * count:
            break
    pl.DataFrame(rows).write_csv(out / "truth.csv")


class Judge:
    """Knows which files hold the same recording.

    Parameters
    ----------
    corpus, variants : pathlib.Path
    files : polars.DataFrame
        Path, id, audio_hash and codec of all files.
    """

    def __init__(self, corpus: Path, variants: Path, files: pl.DataFrame) -> None:
        self.paths = files["path"].to_list()
        self._lossless = (~files["codec"].is_in(LOSSY)).to_list()
        number = {path: i for i, path in enumerate(self.paths)}
        self._parents = list(range(len(files)))
        self.variant: dict[int, str] = {}
        self.origin = list(range(len(files)))
        for path, of, name in pl.read_csv(variants / "truth.csv").rows():
            self.variant[number[path]] = name
            self.origin[number[path]] = number[of]
            self._join(number[path], number[of])
        groups: dict[str, list[int]] = {}
        near: list[tuple[int, int]] = []
        with (corpus / "duplicates.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if (at := number.get(str(corpus / row["path"]))) is None:
                    continue
                members = groups.setdefault(row["group"], [])
                if members and row["relation"].startswith("near"):
                    near += [(other, at) for other in members]
                elif members:
                    self._join(members[0], at)
                members.append(at)
        same: dict[str, int] = {}
        for i, key in enumerate(files.select(pl.coalesce("audio_hash", "id")).to_series()):
            self._join(i, same.setdefault(key, i))
        self.groups = [self._root(i) for i in range(len(files))]
        self._near = {(self.groups[a], self.groups[b]) for a, b in near}
        # A source is a folder of the corpus; variants are of that of their original.
        sources = [Path(self.paths[i]).relative_to(corpus).parts[0] for i in self.origin]
        self.held_out = [zlib.crc32(source.encode()) % 2 == 1 for source in sources]

    def _root(self, i: int) -> int:
        while self._parents[i] != i:
            i = self._parents[i]
        return i

    def _join(self, a: int, b: int) -> None:
        self._parents[self._root(a)] = self._root(b)

    def is_certain(self, a: int, b: int) -> bool:
        """Whether two files hold the same recording by how they came about."""
        return self.groups[a] == self.groups[b]

    def is_likely(self, a: int, b: int) -> bool:
        """Whether the table has two files as near, or they cancel each other; joins them if so."""
        x, y = self.groups[a], self.groups[b]
        if x == y or (x, y) in self._near or (y, x) in self._near:
            return True
        a, b = self.origin[a], self.origin[b]
        return self._lossless[a] and self._lossless[b] and _left_db(self.paths[a], self.paths[b]) <= NULL_DB


def _left_db(first: str, second: str) -> float:
    """What is left where one file is taken from the other at the best shift and gain (dB)."""
    one, two = sm.decode(first), sm.decode(second)
    rate = min(one.sample_rate, two.sample_rate)
    a, b = one.at(rate), two.at(rate)
    size = 1 << (len(a) + len(b)).bit_length()
    together = np.fft.irfft(np.fft.rfft(a, size) * np.conj(np.fft.rfft(b, size)), size)
    shift = int(np.argmax(together))
    shift -= size if shift >= len(a) else 0
    a, b = (a[shift:], b) if shift >= 0 else (a, b[-shift:])
    length = min(len(a), len(b))
    a, b = a[:length].astype(np.float64), b[:length].astype(np.float64)
    power = float(a @ a)
    left = power - float(a @ b) ** 2 / max(float(b @ b), 1e-20)
    return 10 * np.log10(max(left, 1e-20) / max(power, 1e-20))


def accuracy(corpus: Path, out: Path, count: int) -> sm.Library:
    """Print precision and recall."""
    variants = out / "variants"
    if not (variants / "truth.csv").exists():
        make(corpus, variants, count)
    library = sm.Library.open_or_create(out / "library")
    library.ingest([corpus, variants], workers=2)
    files = library.frame(["path", "id", "audio_hash", "codec"], sort="path")
    paths = files["path"].to_list()
    judge = Judge(corpus, variants, files)
    started = time.process_time()
    report = library.duplicates()
    busy = time.process_time() - started
    number = {path: i for i, path in enumerate(paths)}
    of = np.arange(len(paths)) + len(paths)
    for group, path in report.groups.select("group", "path").rows():
        of[number[path]] = group
    found, expected = _pairs(of), _pairs(np.array(judge.groups))
    certain = np.array([judge.is_certain(a, b) for a, b in found])
    likely = np.array([yes or judge.is_likely(a, b) for yes, (a, b) in zip(certain, found, strict=True)])
    met = np.array([of[a] == of[b] for a, b in expected])
    print(f"{len(paths)} files, {report!r} in {report.seconds:.1f} s ({busy:.1f} s of CPU)")
    for name, half in (("all sources", None), ("sources it was set with", False), ("the other sources", True)):
        mine, true = (
            np.array([half is None or judge.held_out[a] == half for a, _ in pairs]) for pairs in (found, expected)
        )
        print(
            f"{name}: precision {certain[mine].mean():.4f} strictly, {likely[mine].mean():.4f} with near and "
            f"cancelling ones ({mine.sum()} pairs); recall {met[true].mean():.4f} ({true.sum()} pairs)"
        )
    with_source = [of[i] == of[judge.origin[i]] for i in judge.variant]
    print(f"recall {np.mean(with_source):.4f} ({len(with_source)} pairs of a variant and its original)")
    for name in VARIANTS:
        mine = [i for i, variant in judge.variant.items() if variant == name]
        print(f"  {name:<26} {np.mean([of[i] == of[judge.origin[i]] for i in mine]):.3f} of {len(mine)}")
    for (a, b), right in zip(found, likely, strict=True):
        if not right and a not in judge.variant and b not in judge.variant:
            print(f"  wrong: {Path(paths[a]).relative_to(corpus)} and {Path(paths[b]).relative_to(corpus)}")
    return library


def _pairs(groups: Any) -> list[tuple[int, int]]:
    """All pairs of indices that have the same number."""
    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(int(group), []).append(i)
    return [pair for same in members.values() for pair in itertools.combinations(same, 2)]


def scale(library: sm.Library, count: int) -> None:
    """Print how long the search among `count` sounds takes: real fingerprints, bent so that they are other sounds.

    One in twenty is a copy of another one of them, 0.4 dB away.
    """
    rows = library.frame(["fingerprint", "effective_duration_s", "duration_s"], where="fingerprint IS NOT NULL")
    rng = np.random.default_rng(1)
    at = rng.integers(0, len(rows), count)
    levels = unpack(rows["fingerprint"].to_numpy())[at].astype(np.float32)
    bend = rng.normal(0, 5, (count, 1, BANDS)) + np.linspace(0, 1, levels.shape[1])[:, None] * rng.normal(
        0, 8, (count, 1, 1)
    )
    levels += bend
    factor = np.exp(rng.normal(0, 0.2, count))
    seconds, lengths = (rows[name].to_numpy()[at] * factor for name in ("effective_duration_s", "duration_s"))
    copies = rng.choice(count, count // 20, replace=False)
    of = rng.integers(0, count, len(copies))
    levels[copies] = levels[of] + rng.normal(0, 0.4, levels[of].shape)
    seconds[copies], lengths[copies] = seconds[of], lengths[of]
    stored = np.clip(levels, 0, 63).round().astype(np.uint8)
    kinds = {"near": lambda: best_pairs(near_pairs(stored, seconds, lengths, NEAR), LISTENED),
             "hit": lambda: nearest_pairs(stored, seconds, HIT, HITS)}  # fmt: skip
    for kind, search in kinds.items():
        started, cpu = time.perf_counter(), time.process_time()
        pairs = search()
        wall, busy = time.perf_counter() - started, time.process_time() - cpu
        print(f"{count} sounds, {kind}: {wall:.1f} s ({busy:.1f} s of CPU), {len(pairs.first)} pairs")


def listening(library: sm.Library, count: int = 300) -> None:
    """Print how long it takes to decode a sound, and to compare two."""
    paths = library.frame(["path"], where="status = 'ok'", sort="path")["path"].to_list()
    some = [paths[i] for i in np.random.default_rng(2).choice(len(paths), count, replace=False)]
    started = time.process_time()
    heard = [sound for path in some if (sound := hear(path)) is not None]
    decoded = time.process_time()
    for one, other in itertools.pairwise(heard):
        agreement(one, other)
    print(f"listening: {(decoded - started) / count * 1000:.2f} ms of CPU a sound, "
          f"{(time.process_time() - decoded) / (len(heard) - 1) * 1000:.2f} ms a pair")  # fmt: skip


def unlike(corpus: Path, out: Path) -> None:
    """Print how many pairs are found of what is alike without being the same."""
    folder = out / "unlike"
    if not folder.exists():
        for name, sounds in made().items():
            (folder / name).mkdir(parents=True)
            for i, sound in enumerate(sounds):
                soundfile.write(folder / name / f"{i:02d}.wav", sound, RATE, subtype="PCM_24")
        (folder / "a semitone apart").mkdir()
        with (corpus / "labels.csv").open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "one-shot"]
        # Many lie in several packs under one name.
        paths = list({Path(row["path"]).stem.lower(): corpus / row["path"] for row in rows}.values())
        for i, path in enumerate(np.random.default_rng(3).choice(np.array(paths, dtype=object), 100, replace=False)):
            clip = sm.decode(path)
            for steps in (-1, 0, 1):
                pitched = soxr.resample(clip.mono, clip.sample_rate * 2 ** (steps / 12), clip.sample_rate)
                target = folder / "a semitone apart" / f"{i:03d} {steps:+d}.wav"
                soundfile.write(target, pitched, clip.sample_rate, subtype="PCM_24")
    library = sm.Library.open_or_create(out / "unlike.library")
    library.ingest(folder, workers=1)
    groups = library.duplicates().groups
    kinds = groups["path"].str.split("/").list.get(-2).value_counts()
    found = groups["group"].n_unique()
    print(f"unlike: {library.info().files} files, {found} groups are found: {dict(kinds.iter_rows())}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sounds", type=int, default=300)
    parser.add_argument("--scale", type=int)
    arguments = parser.parse_args()
    library = accuracy(arguments.corpus.resolve(), arguments.out.resolve(), arguments.sounds)
    unlike(arguments.corpus.resolve(), arguments.out.resolve())
    listening(library)
    if arguments.scale:
        scale(library, arguments.scale)


if __name__ == "__main__":
    main()
