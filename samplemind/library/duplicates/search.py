"""Which of many sounds are nearly the same: every pair of about the same length is looked at, most of them briefly."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.descriptors.fingerprint import FINE, FRAME_S, stretch_edges
from samplemind.library.duplicates.compare import compare

__all__ = ["HIT", "NEAR", "Limits", "Pairs", "near_pairs"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Up to where two sounds count as the same.

    Attributes
    ----------
    deviation : float
        dB, of the first 0.28 s.
    after : float
        dB, of what follows.
    seconds, share : float
        How much longer one may be: so many seconds, or so much of its length.
    bright : float
        dB, in place of `deviation` for two sounds that lie mostly above 1.2 kHz: two takes of a hat or a shaker are as
        near to each other as a coded copy is to a drum.
    shifted : float
        dB that the limit is lower for each frame beyond one by which one begins later: what dies away evenly is
        always alike at some shift and gain.
    means : float
        Sum over the bands of the squared differences in dB of their mean levels: beyond it nothing else is looked at.
    """

    deviation: float
    after: float
    seconds: float
    share: float
    bright: float
    shifted: float
    means: float


#: The same recording: coded anew, louder, trimmed by 50 ms at either end, padded, at another rate.
NEAR: Final = Limits(1.15, 3.0, 0.13, 0.05, 0.8, 0.05, 300.0)
#: Almost the same hit: the same drum with other processing, another take.
HIT: Final = Limits(3.0, 5.0, 0.25, 0.1, 3.0, 0.0, 400.0)

_ROWS: Final = 256  # that a thread takes at a time
_LOWEST: Final = 18  # levels below count as this one: noise of coders
_BRIGHT_FROM: Final = 10  # bands
_BRIGHT_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sounds that are nearly the same.

    Attributes
    ----------
    first, second : np.ndarray [shape=(m,)], int64
        Indices of the sounds.
    deviation, after, shift : np.ndarray [shape=(m,)], float32
        As `compare.distances` gives them.
    """

    first: Any
    second: Any
    deviation: Any
    after: Any
    shift: Any


@njit(cache=True, nogil=True)
def _scan(levels, means, bright, frames, keys, before, edges, begin, end, limits, pairs, values):  # type: ignore[no-untyped-def]
    """Pairs of rows from `begin` to `end` with later ones, in the order of `keys`; more than fit are only counted.

    Those that are as near by the keys `before` have been looked at already.
    """
    deviation, after, more, share, of_bright, shifted, apart = limits
    found = 0
    out = np.empty(3, np.float32)
    for i in range(begin, end):
        longest = keys[i] + max(more, share * keys[i])
        for j in range(i + 1, len(keys)):
            if keys[j] > longest:
                break
            total = np.float32(0.0)
            for band in range(means.shape[1]):
                total += (means[i, band] - means[j, band]) ** 2
            if total > apart:
                continue
            shorter = min(before[i], before[j])
            if max(before[i], before[j]) <= shorter + max(more, share * shorter):
                continue
            compare(levels[i], levels[j], frames[i], frames[j], edges, deviation, out)
            limit = of_bright if bright[i] and bright[j] else deviation
            limit -= shifted * max(abs(out[2]) - np.float32(1.0), np.float32(0.0))
            if out[0] <= limit and out[1] <= after:
                if found < len(pairs):
                    pairs[found, 0], pairs[found, 1] = i, j
                    values[found] = out
                found += 1
    return found


def near_pairs(levels: Any, seconds: Any, lengths: Any, limits: Limits, workers: int | None = None) -> Pairs:
    """All pairs within the limits.

    Parameters
    ----------
    levels : np.ndarray [shape=(n, 32, 16)], uint8
        As `fingerprint.unpack` gives them.
    seconds, lengths : np.ndarray [shape=(n,)]
        How long each sounds, without silence at its ends, and how long each is. Sounds are compared where one of the
        two is about the same: padding changes the length, and a faint click far behind a sound the other one.
    limits : Limits
    workers : int, optional
        Threads; one a core if not given.
    """
    means = np.maximum(levels[:, :FINE], _LOWEST).mean(axis=1, dtype=np.float32)
    frames, of_file = (np.asarray(values, np.float64) / FRAME_S for values in (seconds, lengths))
    nowhere = np.full(len(frames), np.nan)  # near nothing
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        parts = [part for keys, before in ((frames, nowhere), (of_file, frames))
                 for part in _by(keys, before, levels, means, _bright(levels), frames, limits, pool)]  # fmt: skip
    pairs = np.concatenate([np.empty((0, 2), np.int64), *(pairs for pairs, _ in parts)])
    values = np.concatenate([np.empty((0, 3), np.float32), *(values for _, values in parts)])
    return Pairs(pairs[:, 0], pairs[:, 1], values[:, 0], values[:, 1], values[:, 2])


def _bright(levels: Any) -> Any:
    """Which sounds lie mostly in the upper bands [shape=(n,)]: by how far their cells are above the lowest level."""
    weights = np.clip((levels[:, :FINE].astype(np.float32) - _LOWEST) / 25, 0, 1).sum(axis=1)
    return weights[:, _BRIGHT_FROM:].sum(axis=1) > _BRIGHT_SHARE * weights.sum(axis=1)


def _by(keys: Any, before: Any, levels: Any, means: Any, bright: Any, frames: Any, limits: Limits,
        pool: ThreadPoolExecutor) -> list[tuple[Any, Any]]:  # fmt: skip
    """Pairs whose keys are about the same, and whose keys `before` are not."""
    order = np.argsort(keys, kind="stable")
    levels, means, bright, frames, keys, before = (
        np.ascontiguousarray(x[order]) for x in (levels, means, bright, frames, keys, before)
    )
    edges = stretch_edges()
    numbers = (np.float32(limits.deviation), np.float32(limits.after), limits.seconds / FRAME_S, limits.share,
               np.float32(limits.bright), np.float32(limits.shifted), np.float32(limits.means))  # fmt: skip

    def part(begin: int) -> tuple[Any, Any]:
        end = min(begin + _ROWS, len(frames))
        room = 4 * _ROWS
        while True:
            pairs, values = np.empty((room, 2), np.int64), np.empty((room, 3), np.float32)
            found = _scan(levels, means, bright, frames, keys, before, edges, begin, end, numbers, pairs, values)
            if found <= room:
                return order[pairs[:found]], values[:found]
            room = found

    return list(pool.map(part, range(0, len(frames), _ROWS)))
