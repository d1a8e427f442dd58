"""Fit the whole-sound vector and the classes, and say how good they are on sources left out.

    python benchmarks/fit_vectors.py LABELS.csv [--write] [--pairs PAIRS.csv]

LABELS.csv has the columns path, source, licence, sample_class (paths relative to its folder), with `duplicates.csv`
beside it. What is written to `samplemind/descriptors/data/` is fitted on rows with a free licence only; the scores are
of models fitted without the source that they are asked about, and without sounds equal to those asked about.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from corpus import is_free
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from samplemind.audio.decode import decode
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.vectors import LIMIT, traits
from samplemind.errors import AudioError

DATA = Path(__file__).resolve().parents[1] / "samplemind" / "descriptors" / "data"
SIZE = 128
REST = 0.6  # length of the directions that classes do not tell, relative to those that do
STRENGTH = 0.003  # of the regression's penalty


def load(labels: Path) -> dict[str, Any]:
    """Traits, classes, sources, licences and groups of equal sounds of all rows with a class."""
    root = labels.parent
    equal = {row["path"]: row["group"] for row in csv.DictReader((root / "duplicates.csv").open(encoding="utf-8"))}
    columns: dict[str, list[Any]] = defaultdict(list)
    for row in csv.DictReader(labels.open(encoding="utf-8")):
        try:
            signal = Signal(decode(str(root / row["path"])))
        except AudioError:
            continue
        if not row["sample_class"] or signal.is_silent:
            continue
        columns["traits"].append(traits(signal))
        columns["name"].append(row["sample_class"])
        columns["source"].append(row["source"])
        columns["free"].append(is_free(row["licence"]))
        columns["equal"].append(equal.get(row["path"], row["path"]))
    return {name: np.array(values) for name, values in columns.items()}


def weights_of(names: Any) -> Any:
    """Rare classes count more, but not as much as common ones together."""
    _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[inverse])
    return weights / weights.mean()


def fit(x: Any, names: Any) -> dict[str, Any]:
    """Mean, deviation, projection and class model of some rows."""
    mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-3)
    z = np.clip((x - mean) / deviation, -LIMIT, LIMIT)
    known = names != "other"
    discriminant = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1).fit(z[known], names[known])
    telling = discriminant.scalings_[:, : len(discriminant.classes_) - 1]
    telling = telling / (z @ telling).std(axis=0)
    strength = np.sqrt(discriminant.explained_variance_ratio_[: telling.shape[1]])
    telling = telling * strength / strength.max()
    directions = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)[2][: SIZE - telling.shape[1]].T
    scale = REST * np.sqrt(((z @ telling) ** 2).sum(axis=1).mean() / ((z @ directions) ** 2).sum(axis=1).mean())
    model = LogisticRegression(C=STRENGTH, max_iter=500)
    model.fit(z[known], names[known], sample_weight=weights_of(names[known]))
    return {
        "mean": mean, "deviation": deviation, "projection": np.hstack([telling, directions * scale]),
        "classes": model.classes_, "weights": model.coef_.T, "bias": model.intercept_,
    }  # fmt: skip


def apply(fitted: dict[str, Any], x: Any) -> tuple[Any, Any]:
    """Unit vectors and class scores of some rows."""
    z = np.clip((x - fitted["mean"]) / fitted["deviation"], -LIMIT, LIMIT)
    vectors = z @ fitted["projection"]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), z @ fitted["weights"] + fitted["bias"]


def precision_at_10(vectors: Any, queries: Any, names: Any, sources: Any) -> dict[str, list[float]]:
    """Share of the ten nearest from other sources that are of the query's class, by class."""
    found: dict[str, list[float]] = defaultdict(list)
    for i in queries:
        allowed = np.flatnonzero(sources != sources[i])
        if (names[allowed] == names[i]).sum() < 10:
            continue
        nearest = allowed[np.argpartition(-(vectors[allowed] @ vectors[i]), 10)[:10]]
        found[names[i]].append(float((names[nearest] == names[i]).mean()))
    return found


def soften(scores: Any, temperature: float) -> Any:
    e = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return e / e.sum(axis=1, keepdims=True)


def calibration_error(confidence: Any, right: Any) -> float:
    """Expected calibration error over ten equal bins (Naeini et al. 2015)."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    return float(sum(abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
                     for b in np.unique(bins)))  # fmt: skip


def cross_validate(rows: dict[str, Any], pairs: Path | None = None) -> float:
    """Print scores over sources left out; return the temperature that makes confidences true."""
    x, names, sources = rows["traits"], rows["name"], rows["source"]
    precision: dict[str, list[float]] = defaultdict(list)
    logits, truths, origins = [], [], []
    for source in np.unique(sources):
        test = sources == source
        train = ~test & rows["free"] & ~np.isin(rows["equal"], rows["equal"][test])
        fitted = fit(x[train], names[train])
        vectors, scores = apply(fitted, x)
        for name, values in precision_at_10(vectors, np.flatnonzero(test), names, sources).items():
            precision[name] += values
        asked = test & np.isin(names, fitted["classes"])
        for score, name in zip(scores[asked], names[asked], strict=True):
            logits.append([dict(zip(fitted["classes"], score, strict=True)).get(c, -1e9) for c in np.unique(names)])
            truths.append(name)
            origins.append(source)
    order = np.unique(names)
    scores, truth = np.array(logits), np.array(truths)
    right = order[scores.argmax(axis=1)] == truth
    grid = np.geomspace(0.3, 4, 60)
    index = np.searchsorted(order, truth)
    temperature = float(min(grid, key=lambda t: -np.log(soften(scores, t)[np.arange(len(truth)), index] + 1e-9).mean()))
    confidence = soften(scores, temperature).max(axis=1)
    macro = np.mean([right[truth == name].mean() for name in np.unique(truth)])
    print(f"sources left out: macro P@10 {np.mean([np.mean(v) for v in precision.values()]):.3f}, "
          f"class accuracy {right.mean():.3f}, macro recall {macro:.3f}, "
          f"calibration error {calibration_error(confidence, right):.3f} at temperature {temperature:.2f}")  # fmt: skip
    if pairs:
        with pairs.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(("confidence", "right", "source"))
            writer.writerows((f"{c:.4f}", int(r), s) for c, r, s in zip(confidence, right, origins, strict=True))
    for name in sorted(precision):
        print(f"  {name:12s} P@10 {np.mean(precision[name]):.2f}  recall {right[truth == name].mean():.2f}")
    return temperature


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--write", action="store_true", help="fit on all free rows and write the package's data")
    parser.add_argument("--pairs", type=Path, help="write confidence, right and source of each class told")
    args = parser.parse_args()
    rows = load(args.labels)
    print(f"{len(rows['name'])} labelled sounds, {rows['free'].sum()} of them free, {rows['traits'].shape[1]} traits")
    temperature = cross_validate(rows, args.pairs)
    if args.write:
        free = rows["free"]
        fitted = fit(rows["traits"][free], rows["name"][free])
        DATA.mkdir(exist_ok=True)
        np.savez_compressed(DATA / "vectors.npz", **{k: fitted[k].astype(np.float32)
                                                     for k in ("mean", "deviation", "projection")})  # fmt: skip
        np.savez_compressed(DATA / "classes.npz", names=fitted["classes"].astype("U16"),
                            weights=(fitted["weights"] / temperature).astype(np.float32),
                            bias=(fitted["bias"] / temperature).astype(np.float32))  # fmt: skip
        print(f"written to {DATA}")


if __name__ == "__main__":
    main()
