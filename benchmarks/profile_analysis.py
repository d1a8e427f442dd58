"""Where the time of an analysis goes: by group, by view that groups share, and by function.

    python benchmarks/profile_analysis.py CORPUS [--every 12] [--level standard] [--repeats 5] [--top 25] [--json OUT]

A group or view is charged with the time it spends itself, without the views that it is the first to ask for. Files are
read into memory first; each part counts with the fastest of the repeats, so that a busy machine disturbs little.
`ms/s` is the slope of the time over the length of the sounds. `--stacks` also tells who calls the functions on top.
The name is not `profile`, which is a module of Python's own that cProfile needs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import on_one_core, sound_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT_S, LONG_S = 0.3, 1.0  # sounds below and above


class Charges:
    """A stack of clocks: only the innermost part runs."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._stack: list[str] = []
        self._since = 0.0

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        """Charge what happens inside to a part."""
        self._switch()
        self._stack.append(part)
        try:
            yield
        finally:
            self._switch()
            self._stack.pop()

    def _switch(self) -> None:
        now = time.perf_counter()
        if self._stack:
            part = self._stack[-1]
            self.spent[part] = self.spent.get(part, 0.0) + now - self._since
        self._since = now

    def wrap(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, charged to a part."""

        def charged(*args: Any, **options: Any) -> Any:
            with self.on(part):
                return function(*args, **options)

        return charged


def instrument(charges: Charges) -> None:
    """Charge the views, the shared results and the groups of `Signal`, and what `Clip` makes."""
    from samplemind.audio.clip import Clip
    from samplemind.descriptors.signal import Signal

    for name, view in list(vars(Signal).items()):
        if isinstance(view, cached_property):
            view.func = charges.wrap(f"view {name.lstrip('_')}", view.func)
    shared, made_at = Signal.shared, Clip._mono_at

    def charged_shared(self: Signal, key: str, make: Callable[[Signal], Any]) -> Any:
        is_group = key.startswith("values of ")
        part = key.removeprefix("values of ") if is_group else f"shared {key}"
        return shared(self, key, charges.wrap(part, make))

    def charged_at(self: Clip, rate: int) -> Any:
        with charges.on("mix" if rate == self.sample_rate else f"resample to {rate}"):
            return made_at(self, rate)

    Signal.shared = charged_shared  # type: ignore[method-assign]
    Clip._mono_at = charged_at  # type: ignore[method-assign]


def measure(paths: list[Path], level: str, repeats: int) -> tuple[list[dict[str, float]], list[float]]:
    """Seconds of each part, for each file, and how long the sounds last."""
    from samplemind.audio.decode import decode
    from samplemind.descriptors.engine import analyze, warm_up

    warm_up(level)
    charges = Charges()
    instrument(charges)
    parts, lengths = [], []
    for path in paths:
        data = path.read_bytes()
        best: dict[str, float] = {}
        for repeat in range(repeats + 1):
            charges.spent = {}
            with charges.on("decode"):
                clip = decode(str(path), data=data)
            with charges.on("engine"):
                analyze(clip, level)
            if repeat:  # the first loads what this file needs
                for part, spent in charges.spent.items():
                    best[part] = min(best.get(part, spent), spent)
        parts.append(best)
        lengths.append(clip.duration_s)
    return parts, lengths


def table(parts: list[dict[str, float]], lengths: list[float]) -> list[dict[str, Any]]:
    """A row a part, the dearest first, and one for all."""
    import numpy as np

    seconds = np.array(lengths)
    names = list(dict.fromkeys(name for spent in parts for name in spent))
    costs = {name: 1000 * np.array([spent.get(name, 0.0) for spent in parts]) for name in names}
    total = sum(costs.values(), np.zeros(len(parts)))
    ordered = sorted(costs.items(), key=lambda item: -item[1].sum())
    rows = []
    for name, cost in [("all", total), *ordered]:
        several = len(parts) > 1 and float(np.ptp(seconds)) > 0
        slope, base = np.polyfit(seconds, cost, 1) if several else (0.0, cost.mean())
        rows.append({
            "part": name, "ms_mean": cost.mean(), "share": cost.sum() / total.sum(),
            "ms_short": cost[seconds < SHORT_S].mean() if (seconds < SHORT_S).any() else None,
            "ms_long": cost[seconds >= LONG_S].mean() if (seconds >= LONG_S).any() else None,
            "ms_fixed": base, "ms_per_s": slope,
        })  # fmt: skip
    return [{key: float(x) if isinstance(x, np.floating) else x for key, x in row.items()} for row in rows]


def functions(paths: list[Path], level: str, top: int, stacks: bool) -> None:
    """Print the functions that take most of the time; kernels count for the Python function that calls them."""
    import cProfile
    import pstats

    from samplemind.descriptors.engine import analyze_file

    data = [(str(path), path.read_bytes()) for path in paths]
    for path, content in data:
        analyze_file(path, level, data=content)
    profiler = cProfile.Profile()
    with profiler:
        for path, content in data:
            analyze_file(path, level, data=content)
    stats = pstats.Stats(profiler).strip_dirs().sort_stats("tottime")
    stats.print_stats(top)
    if stacks:
        stats.print_callers(top)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--every", type=int, default=12, help="use every so many-th file")
    parser.add_argument("--level", default="standard")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--top", type=int, default=25, help="functions to list (0: none)")
    parser.add_argument("--stacks", action="store_true", help="also list who calls them")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    on_one_core()
    paths = sound_paths(args.corpus, args.every)
    if args.top:  # before the parts are charged, since that costs calls of its own
        functions(paths, args.level, args.top, args.stacks)
    parts, lengths = measure(paths, args.level, args.repeats)
    rows = table(parts, lengths)
    short, long = sum(s < SHORT_S for s in lengths), sum(s >= LONG_S for s in lengths)
    print(f"{len(paths)} files, {sum(lengths):.0f} s, level {args.level}; {short} last less than {SHORT_S} s, "
          f"{long} at least {LONG_S} s\n")  # fmt: skip
    print(f"{'':28}{'ms/file':>9}{'share':>8}{f'< {SHORT_S} s':>9}{f'>= {LONG_S} s':>9}{'ms + ':>9}{'ms/s':>8}")
    for row in rows:
        short_ms, long_ms = ("" if row[key] is None else f"{row[key]:.3f}" for key in ("ms_short", "ms_long"))
        print(f"{row['part']:28}{row['ms_mean']:9.3f}{row['share']:8.1%}{short_ms:>9}{long_ms:>9}"
              f"{row['ms_fixed']:9.3f}{row['ms_per_s']:8.3f}")  # fmt: skip
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
