"""How useful a search in words is: precision of the first ten, with names as they are and without any.

``python -m benchmarks.words LIBRARY LABELS`` takes the sounds of a library that `LABELS` (columns path and
sample_class; paths relative to it) has, and asks for each class in a word. Without names is the harder question:
nothing but what was heard is left.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from samplemind.library import Library
from samplemind.library.schema import files_schema

#: Class: the word for it; hats without more are either.
WORDS: Final = {
    "kick": "kick", "snare": "snare", "hat-closed": "closed hat", "hat-open": "open hat", "clap": "clap", "tom": "tom",
    "cymbal": "cymbal", "rim": "rimshot", "cowbell": "cowbell", "shaker": "shaker", "perc": "percussion",
    "bass": "bass", "lead": "lead", "pad": "pad", "keys": "keys", "guitar": "guitar", "strings": "strings",
    "brass": "brass", "woodwind": "woodwind", "mallet": "mallet", "vocal": "vocal", "speech": "speech", "fx": "fx",
    "ambience": "ambience", "drum-loop": "drum loop", "music-loop": "music loop",
}  # fmt: skip
#: Phrases with directions: the classes, and on which side of the others of these classes the ten should stand.
DIRECTED: Final = (
    ("short bright hat", ("hat-closed", "hat-open"), {"duration_s": -1, "centroid_mean": 1}),
    ("long dark hat", ("hat-closed", "hat-open"), {"duration_s": 1, "centroid_mean": -1}),
    ("dark kick", ("kick",), {"centroid_mean": -1}),
    ("bright kick", ("kick",), {"centroid_mean": 1}),
    ("noisy snare", ("snare",), {"flatness_mean": 1}),
    ("long low tom", ("tom",), {"duration_s": 1, "f0_hz": -1}),
    ("short cymbal", ("cymbal",), {"duration_s": -1}),
    ("quiet speech", ("speech",), {"loudness_lufs": -1}),
)
_FIRST: Final = 10
_LEAST: Final = 10


def part_of(source: Library, labels: dict[str, str], out: Path, named: bool) -> tuple[Library, dict[str, str]]:
    """A library of the labelled sounds only; gives also the label of each id."""
    files = source.tables.read_arrow(source.tables.files, files_schema().names).to_pylist()
    chosen = [row for row in files if row["path"] in labels]
    of_id = {row["id"]: labels[row["path"]] for row in chosen}
    for number, row in enumerate(chosen):
        if not named:
            name = f"{number:06d}.wav"
            row |= {"path": f"/x/{name}", "root": "/x", "folder": "/x", "name": name, "name_class": None}
    import pyarrow as pa

    made = Library.create(out)
    rows = source.tables.read_arrow(source.tables.samples, source.tables.samples.schema.names)
    made.tables.samples.add(rows.filter(pa.compute.is_in(rows["id"], pa.array(list(of_id)))))
    made.tables.files.add(pa.Table.from_pylist(chosen, schema=files_schema()))
    return made, of_id


def precision(library: Library, of_id: dict[str, str], name: str) -> float:
    """Share of the first ten (or of as many as there are) that have the label."""
    there = sum(label == name for label in of_id.values())
    found = library.search().text(WORDS[name]).limit(min(_FIRST, there)).ids()
    return sum(of_id[key] == name for key in found) / min(_FIRST, there)


def directed(library: Library, of_id: dict[str, str]) -> list[str]:
    """Of phrases with directions: how many of the ten are of the class, and how they stand among all of it."""
    frame = library.frame(["id", *sorted({name for _, _, ways in DIRECTED for name in ways})])
    rows = {row["id"]: row for row in frame.iter_rows(named=True)}
    lines = []
    for phrase, classes, ways in DIRECTED:
        if sum(label in classes for label in of_id.values()) < 3 * _FIRST:
            continue
        found = library.search().text(phrase).limit(_FIRST).ids()
        right = [key for key in found if of_id[key] in classes]
        told = []
        for column, way in ways.items():
            all_of = sorted(
                way * rows[k][column] for k, v in of_id.items() if v in classes and rows[k][column] is not None
            )
            stand = [np.searchsorted(all_of, way * rows[k][column]) / len(all_of)
                     for k in right if rows[k][column] is not None]  # fmt: skip
            told.append(f"{'low' if way < 0 else 'high'} {column}: beyond {np.mean(stand) if stand else 0:.0%}")
        lines.append(f"| {phrase} | {len(right) / max(1, len(found)):.1f} | {'; '.join(told)} |")
    return lines


def main() -> None:
    """Print the tables."""
    import polars as pl

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=Path)
    parser.add_argument("labels", type=Path)
    arguments = parser.parse_args()
    table = pl.read_csv(arguments.labels, infer_schema_length=None)
    folder = arguments.labels.resolve().parent
    labels = {str(folder / path): name or "" for path, name in table.select("path", "sample_class").iter_rows()}
    with tempfile.TemporaryDirectory() as place:
        source = Library.open(arguments.library)
        made = {named: part_of(source, labels, Path(place) / str(named), named) for named in (True, False)}
        of_id = made[False][1]
        print(f"{len(of_id)} sounds\n\n| class | sounds | names as they are | no names |\n|---|---|---|---|")
        scores: list[tuple[float, float]] = []
        for name in WORDS:
            count = sum(label == name for label in of_id.values())
            if count >= _LEAST:
                scores.append((precision(*made[True], name), precision(*made[False], name)))
                print(f"| {name} | {count} | {scores[-1][0]:.1f} | {scores[-1][1]:.1f} |")
        means: Any = np.mean(scores, axis=0)
        print(f"| mean | | {means[0]:.2f} | {means[1]:.2f} |")
        print("\n| no names: phrase | of the class | directions |\n|---|---|---|")
        print("\n".join(directed(*made[False])))


if __name__ == "__main__":
    main()
