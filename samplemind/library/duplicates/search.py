"""Which of many sounds may be the same: every pair of about the same length is looked at, most of them briefly."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.descriptors.fingerprint import FINE, FRAME_S, stretch_edges
from samplemind.library.duplicates.compare import compare, distances

__all__ = ["HIT", "NEAR", "Limits", "Pairs", "best_pairs", "near_pairs", "nearest_pairs"]


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
    means : float
        Sum over the bands of the squared differences in dB of their mean levels: beyond it nothing else is looked at.
    """

    deviation: float
    after: float
    seconds: float
    share: float
    means: float


#: What may be the same recording, coded anew, louder, trimmed by 50 ms at either end, padded, at another rate: it is
#: listened to then.
NEAR: Final = Limits(2.0, 5.0, 0.15, 0.05, 300.0)
#: Almost the same hit: the same drum with other processing, another take.
HIT: Final = Limits(3.0, 5.0, 0.25, 0.1, 400.0)

_ROWS: Final = 256  # that a thread takes at a time
_LOWEST: Final = 18  # levels below count as this one: noise of coders


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sounds that are nearly the same by their fingerprints.

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
def _scan(levels, means, frames, keys, before, edges, begin, end, limits, pairs, values):  # type: ignore[no-untyped-def]
    """Pairs of rows from `begin` to `end` with later ones, in the order of `keys`; more than fit are only counted.

    Those that are as near by the keys `before` have been looked at already.
    """
    deviation, after, more, share, apart = limits
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
            if out[0] <= deviation and out[1] <= after:
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
    means = _means(levels)
    frames, of_file = (np.asarray(values, np.float64) / FRAME_S for values in (seconds, lengths))
    nowhere = np.full(len(frames), np.nan)  # near nothing
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        parts = [part for keys, before in ((frames, nowhere), (of_file, frames))
                 for part in _by(keys, before, levels, means, frames, limits, pool)]  # fmt: skip
    pairs = np.concatenate([np.empty((0, 2), np.int64), *(pairs for pairs, _ in parts)])
    values = np.concatenate([np.empty((0, 3), np.float32), *(values for _, values in parts)])
    return Pairs(pairs[:, 0], pairs[:, 1], values[:, 0], values[:, 1], values[:, 2])


def _means(levels: Any) -> Any:
    return np.maximum(levels[:, :FINE], _LOWEST).mean(axis=1, dtype=np.float32)


def _by(keys: Any, before: Any, levels: Any, means: Any, frames: Any, limits: Limits,
        pool: ThreadPoolExecutor) -> list[tuple[Any, Any]]:  # fmt: skip
    """Pairs whose keys are about the same, and whose keys `before` are not."""
    order = np.argsort(keys, kind="stable")
    levels, means, frames, keys, before = (
        np.ascontiguousarray(x[order]) for x in (levels, means, frames, keys, before)
    )
    edges = stretch_edges()
    numbers = (np.float32(limits.deviation), np.float32(limits.after), limits.seconds / FRAME_S, limits.share,
               np.float32(limits.means))  # fmt: skip

    def part(begin: int) -> tuple[Any, Any]:
        end = min(begin + _ROWS, len(frames))
        room = 4 * _ROWS
        while True:
            pairs, values = np.empty((room, 2), np.int64), np.empty((room, 3), np.float32)
            found = _scan(levels, means, frames, keys, before, edges, begin, end, numbers, pairs, values)
            if found <= room:
                return order[pairs[:found]], values[:found]
            room = found

    return list(pool.map(part, range(0, len(frames), _ROWS)))


@njit(cache=True, nogil=True, fastmath=True)
def _nearest(means, keys, more, share, apart, begin, end, found):  # type: ignore[no-untyped-def]
    """For each row from `begin` to `end` those about as long with the nearest mean levels; -1 where there are none."""
    count = found.shape[1]
    best = np.empty(count, np.float32)
    for i in range(begin, end):
        best[:] = apart
        found[i, :] = -1
        longest = keys[i] + max(more, share * keys[i])
        for step in (1, -1):
            j = i + step
            while 0 <= j < len(keys):
                if keys[j] > longest or keys[i] > keys[j] + max(more, share * keys[j]):
                    break
                total = np.float32(0.0)
                for band in range(means.shape[1]):
                    total += (means[i, band] - means[j, band]) ** 2
                if total < best[count - 1]:
                    at = count - 1
                    while at > 0 and best[at - 1] > total:
                        best[at], found[i, at] = best[at - 1], found[i, at - 1]
                        at -= 1
                    best[at], found[i, at] = total, j
                j += step


def nearest_pairs(levels: Any, seconds: Any, limits: Limits, count: int, workers: int | None = None) -> Pairs:
    """Pairs within wide limits: each sound is compared only with the `count` whose mean levels are nearest.

    Parameters
    ----------
    levels, seconds, limits, workers
        As for `near_pairs`.
    count : int
        Above 0.
    """
    order = np.argsort(seconds, kind="stable")
    means, keys = _means(levels)[order], np.asarray(seconds, np.float64)[order] / FRAME_S
    found = np.empty((len(keys), count), np.int64)

    def part(begin: int) -> None:
        _nearest(means, keys, limits.seconds / FRAME_S, limits.share, np.float32(limits.means), begin,
                 min(begin + _ROWS, len(keys)), found)  # fmt: skip

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        list(pool.map(part, range(0, len(keys), _ROWS)))
    mine, theirs = np.repeat(np.arange(len(keys)), count), found.ravel()
    both = np.sort(np.stack([mine, theirs], axis=1)[theirs >= 0], axis=1)
    pairs = order[np.unique(both, axis=0)] if len(both) else np.empty((0, 2), np.int64)
    values = distances(levels, seconds, pairs)
    near = (values[:, 0] <= limits.deviation) & (values[:, 1] <= limits.after)
    return Pairs(pairs[near, 0], pairs[near, 1], values[near, 0], values[near, 1], values[near, 2])


def best_pairs(pairs: Pairs, count: int) -> Pairs:
    """Pairs that are among the `count` nearest of one of their sounds, so that listening is bounded."""
    order = np.argsort(pairs.deviation + pairs.after / 10, kind="stable")
    sounds, at = np.concatenate([pairs.first[order], pairs.second[order]]), np.tile(np.arange(len(order)), 2)
    by = np.lexsort((at, sounds))
    starts = np.flatnonzero(np.diff(sounds[by], prepend=-1))
    places = np.arange(len(by)) - np.repeat(starts, np.diff(np.append(starts, len(by))))
    rank = np.full(len(order), count)
    np.minimum.at(rank, at[by], places)
    kept = order[rank < count]
    return Pairs(pairs.first[kept], pairs.second[kept], pairs.deviation[kept], pairs.after[kept], pairs.shift[kept])
