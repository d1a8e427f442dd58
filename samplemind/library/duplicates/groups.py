"""Pairs become groups, without chains: like steps must not lead from one sound to an unlike one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.descriptors.fingerprint import FRAME_S, stretch_edges
from samplemind.library.duplicates.compare import compare
from samplemind.library.duplicates.search import Limits, Pairs

__all__ = ["grouped", "root_of"]

#: Two groups become one where their centres are this many times as far apart as two sounds may be.
_REACH: Final = 1.2


@njit(cache=True)
def root_of(parents, i):  # type: ignore[no-untyped-def]
    """Where the parents of `i` lead to; the way is made shorter."""
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@njit(cache=True)
def _join(order, first, second, parents, sizes, levels, frames, edges, deviation, after):  # type: ignore[no-untyped-def]
    """Union-find, the nearest pairs first; the root of a group is its centre."""
    out = np.empty(3, np.float32)
    for k in order:
        a, b = root_of(parents, first[k]), root_of(parents, second[k])
        if a == b:
            continue
        if sizes[a] > 1 or sizes[b] > 1:
            compare(levels[a], levels[b], frames[a], frames[b], edges, deviation, out)
            if out[0] > deviation or out[1] > after:
                continue
        if sizes[b] > sizes[a]:
            a, b = b, a
        parents[b] = a
        sizes[a] += sizes[b]


def grouped(levels: Any, seconds: Any, pairs: Pairs, limits: Limits) -> Any:
    """Put sounds that are nearly the same into groups.

    Groups grow from the nearest pairs on. Two of them become one only where their centres, the sounds from which they
    grew, are hardly further apart than two sounds may be: without that, a row of toms tuned from low to high
    would be one sound.

    Parameters
    ----------
    levels, seconds
        As for `search.near_pairs`.
    pairs : Pairs
    limits : Limits
        With which the pairs were found.

    Returns
    -------
    np.ndarray [shape=(n,)], int64
        The centre of the group of each sound; its own index where it stands alone.
    """
    parents = np.arange(len(seconds))
    if len(pairs.first):
        order = np.argsort(pairs.deviation + pairs.after / 10, kind="stable")
        frames = np.asarray(seconds, np.float64) / FRAME_S
        _join(order, pairs.first, pairs.second, parents, np.ones(len(parents), np.int64), levels, frames,
              stretch_edges(), np.float32(_REACH * limits.deviation), np.float32(_REACH * limits.after))  # fmt: skip
    return np.array([root_of(parents, i) for i in range(len(parents))], np.int64)
