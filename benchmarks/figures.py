"""Figures of the benchmarks as SVG: speed, accuracy, reliability."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

from report import ESTIMATES, MEASURES, TITLES, times, value_of
from svg import FAINT, INK, QUIET, Drawing

__all__ = ["draw"]

# colours that people with any kind of colour vision tell apart (Okabe and Ito 2008), and a shape for each
_OURS, _GREY = "#0072b2", "#8a94a0"
_MARKS: Final = {"samplemind": (_OURS, "circle"), "essentia": ("#d55e00", "diamond"),
                 "music-extractor": ("#009e73", "square"), "librosa": ("#b0568c", "triangle")}  # fmt: skip
_SOUNDS: Final = {"real": ("#8a94a0", "circle"), "composed": ("#d55e00", "diamond"), "left out": (_OURS, "circle")}
_SHOWN: Final = ("tempo.within_1pct", "tempo.accuracy2", "key.mirex", "key.exact", "pitch.note",
                 "retrieval.macro_precision_at_10")  # fmt: skip
#: A line goes through bins of at least so many answers.
_MANY: Final = 5


def draw(results: dict[str, Any], out: Path) -> list[Path]:
    """Draw what there are results for.

    Parameters
    ----------
    results : dict
        As in results.json.
    out : Path
        A folder.

    Returns
    -------
    list of Path
    """
    makers = {"speed": _speed, "accuracy": _accuracy, "reliability": _reliability}
    return [make(results[part]["result"]).save(out / f"benchmark-{part}.svg")
            for part, make in makers.items() if part in results]  # fmt: skip


def _speed(result: dict[str, Any]) -> Drawing:
    tools = result["tools"]
    groups = [[(name, row) for name, row in tools.items() if row["rival"] == rival] for rival in tools
              if tools[rival]["rival"] == rival]  # fmt: skip
    left, right, top, step, gap = 262.0, 590.0, 112.0, 32.0, 26.0
    ratio_x, cost_x = 680.0, 776.0
    height = top + sum(map(len, groups)) * step + gap * (len(groups) - 1) + 36
    files, rounds = result["files"], result["rounds"]
    picture = Drawing(800, height, "How many times as long as SampleMind each tool takes",
                      f"One core, the same {files} files in the same run; median of {rounds} "
                      f"round{'s' * (rounds > 1)}, bar: lowest to highest")  # fmt: skip
    picture.text(ratio_x, top - 26, "times as long", color=QUIET, size=12, anchor="end")
    picture.text(cost_x, top - 26, "a file", color=QUIET, size=12, anchor="end")
    ratios = [row[key] for row in tools.values() for key in ("ratio_low", "ratio_high")]
    low, high = math.log10(min(ratios)) - 0.1, math.log10(max(ratios)) + 0.1

    def x(ratio: float) -> float:
        return left + (math.log10(ratio) - low) / (high - low) * (right - left)

    bottom = height - 40
    for power in range(math.ceil(low), math.floor(high) + 1):
        picture.line(x(10**power), top - 20, x(10**power), bottom, color=_GREY if power == 0 else FAINT)
        picture.text(x(10**power), bottom + 18, f"{10**power:g} ×", color=QUIET, size=12, anchor="middle")
    y = top
    for group in groups:
        for name, row in group:
            is_ours = row["rival"] == name
            color = _OURS if is_ours else INK
            picture.text(left - 22, y + 4.5, row["title"], anchor="end", bold=is_ours, color=color)
            if is_ours:
                picture.mark(x(1), y, _OURS, radius=7)
            else:
                picture.line(x(1), y, x(row["ratio"]), y, color="#c3cad2", width=2)
                picture.line(x(row["ratio_low"]), y, x(row["ratio_high"]), y, color=INK, width=5)
                picture.mark(x(row["ratio"]), y, INK, radius=6)
                picture.text(ratio_x, y + 4.5, f"{times(row['ratio'])} ×", bold=True, anchor="end")
            picture.text(cost_x, y + 4.5, _milliseconds(row["ms_per_file"]), anchor="end", color=color, bold=is_ours)
            y += step
        y += gap
    return picture


def _milliseconds(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def _accuracy(result: dict[str, Any]) -> Drawing:
    panels = [
        (name, title) for name, title in (("real", "real sounds"), ("composed", "composed loops")) if name in result
    ]
    rows = [key for key in _SHOWN if any(key in result[name]["samplemind"] for name, _ in panels)]
    left, wide, between, top, step = 236.0, 250.0, 78.0, 128.0, 36.0
    height = top + len(rows) * step + 36
    picture = Drawing(left + len(panels) * (wide + between), height, "How often each tool is right",
                      "Share of all labelled files; a file without an answer counts as wrong")  # fmt: skip
    x = 24.0
    for tool in TITLES:
        if any(tool in result[name] for name, _ in panels):
            color, shape = _MARKS[tool]
            picture.mark(x + 5, 76, color, shape)
            picture.text(x + 17, 80.5, TITLES[tool], color=color, bold=tool == "samplemind")
            x += 38 + (9 if tool == "samplemind" else 7.5) * len(TITLES[tool])
    for at, (name, title) in enumerate(panels):
        begin = left + at * (wide + between)
        picture.text(begin, top - 22, title, bold=True)
        for tick in range(5):
            at_x = begin + wide * tick / 4
            picture.line(at_x, top - 10, at_x, height - 36)
            picture.text(at_x, height - 16, f"{tick / 4:g}", color=QUIET, size=12, anchor="middle")
        for number, key in enumerate(rows):
            _accuracy_row(picture, result[name], key, begin, wide, top + 8 + number * step)
    for number, key in enumerate(rows):
        words = MEASURES[key][0].replace(" of the same class, macro", " of the same class")
        picture.text(left - 22, top + 12.5 + number * step, words, anchor="end")
    return picture


def _accuracy_row(picture: Drawing, scores: dict[str, Any], key: str, begin: float, wide: float, y: float) -> None:
    """The marks of all tools on one line; SampleMind's value stands beside it, the files below that."""
    found = {tool: value_of(scores[tool], key) for tool in TITLES if tool in scores}
    values = {tool: value for tool, value in found.items() if value is not None}
    if "samplemind" not in values:
        picture.text(begin + wide / 2, y + 4, "no such labels", color=QUIET, size=11, anchor="middle")
        return
    xs = [begin + wide * value for value in values.values()]
    picture.line(min(xs), y, max(xs), y, color="#c3cad2", width=2)
    taken: list[float] = []
    for tool, value in values.items():
        color, shape = _MARKS[tool]
        x = begin + wide * value
        lower = 10 * sum(abs(x - other) < 10 for other in taken)  # marks that would hide each other
        picture.mark(x, y + lower, color, shape, 7 if tool == "samplemind" else 5.5)
        taken.append(x)
    picture.text(begin + wide + 12, y + 2, f"{values['samplemind']:.3f}", color=_OURS, bold=True)
    picture.text(begin + wide + 12, y + 15, f"{scores['samplemind'][MEASURES[key][1]]} files", color=QUIET, size=10)


def _reliability(result: dict[str, Any]) -> Drawing:
    shown = [estimate for estimate in ESTIMATES if result.get(estimate)]
    side, between, left, top = 168.0, 24.0, 62.0, 126.0
    names = [name for name in _SOUNDS if any(name in result[estimate] for estimate in shown)]
    height = top + side + 50 + 17 * len(names) + 14
    width = left + len(shown) * (side + between) + 8
    picture = Drawing(width, height, "Is a confidence of 0.8 right eight times in ten?",
                      "Across: the confidence that is told, in ten bins. Up: the share that is right. Area: how many "
                      "answers. ECE: expected calibration error")  # fmt: skip
    labels = {"real": "real sounds", "composed": "composed loops", "left out": "sounds of sources left out of the fit"}
    x = 24.0
    for name in names:
        color, shape = _SOUNDS[name]
        picture.mark(x + 5, 76, color, shape)
        picture.text(x + 17, 80.5, labels[name], color=color)
        x += 40 + 7 * len(labels[name])
    for tick in (0, 0.5, 1):
        picture.text(left - 10, top + side * (1 - tick) + 4, f"{tick:g}", color=QUIET, size=12, anchor="end")
    for at, estimate in enumerate(shown):
        _diagram(picture, result[estimate], ESTIMATES[estimate], names, left + at * (side + between), top, side)
    return picture


def _diagram(picture: Drawing, found: dict[str, Any], title: str, names: list[str], left: float, top: float,
             side: float) -> None:  # fmt: skip
    picture.text(left, top - 14, title, bold=True)
    for tick in (0, 0.5, 1):
        picture.line(left + side * tick, top, left + side * tick, top + side)
        picture.line(left, top + side * tick, left + side, top + side * tick)
        picture.text(left + side * tick, top + side + 18, f"{tick:g}", color=QUIET, size=12, anchor="middle")
    picture.line(left, top + side, left + side, top, color=_GREY, dash="3 4")
    for row, name in enumerate(names):
        if name not in found:
            continue
        diagram, (color, shape) = found[name], _SOUNDS[name]
        filled = [one for one in diagram["bins"] if one["count"]]
        points = [(left + side * one["confidence"], top + side * (1 - one["right"])) for one in filled]
        many = [point for one, point in zip(filled, points, strict=True) if one["count"] >= _MANY]
        picture.path(many, color=color)
        for one, (x, at_y) in zip(filled, points, strict=True):
            picture.mark(x, at_y, color, shape, 2.5 + 6.5 * math.sqrt(one["count"] / diagram["pairs"]))
        y = top + side + 44 + 17 * row
        picture.text(left, y, f"ECE {diagram['ece']:.3f}", color=color, size=12, bold=name == "left out")
        picture.text(left + side, y, f"{diagram['pairs']} answers", color=QUIET, size=12, anchor="end")
