"""What the fingerprints find alike is listened to: the pairs that are one recording are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from samplemind.errors import AudioError
from samplemind.library.duplicates.groups import root_of
from samplemind.library.duplicates.listen import Heard, agreement, hear, is_same
from samplemind.library.duplicates.search import Pairs

__all__ = ["confirmed"]

#: Sounds that are kept decoded, together (bytes).
_KEPT: Final = 256 << 20
#: A sound whose file has nothing that sounds.
_NOTHING: Final = Heard(np.zeros(0, np.float32), 0.0)

Progress = Callable[[int, int], None]


class _Ear:
    """Decodes each sound once, as long as there is room for it."""

    def __init__(self, paths: Callable[[int], Sequence[str]]) -> None:
        self._paths = paths
        self._heard: OrderedDict[int, Heard] = OrderedDict()
        self._bytes = 0
        self.unread: dict[int, str] = {}

    def hear(self, sound: int) -> Heard | None:
        """None where none of its files can be read any more."""
        if sound in self.unread:
            return None
        if sound in self._heard:
            self._heard.move_to_end(sound)
            return self._heard[sound]
        reason = "no file"
        for path in self._paths(sound):
            try:
                heard = hear(path) or _NOTHING
            except (AudioError, OSError) as error:
                reason = str(error)
                continue
            self._heard[sound] = heard
            self._bytes += heard.steps.nbytes
            while self._bytes > _KEPT and len(self._heard) > 1:
                self._bytes -= self._heard.popitem(last=False)[1].steps.nbytes
            return heard
        self.unread[sound] = reason
        return None


def confirmed(pairs: Pairs, count: int, paths: Callable[[int], Sequence[str]], coded: Any,
              progress: Progress | None = None) -> tuple[Pairs, Any, dict[int, str]]:  # fmt: skip
    """Listen to pairs of sounds.

    Two sounds that are one recording by others already are not listened to again. Groups become one only where the
    sounds that stand for them are the same too: coded copies of two takes are nearer to each other than the takes are.

    Parameters
    ----------
    pairs : Pairs
        Of indices below `count`.
    count : int
        How many sounds there are.
    paths : callable
        Where a sound lies: the first file that can be read is listened to.
    coded : np.ndarray [shape=(count,)], bool
        Which were coded with loss.
    progress : callable, optional
        Called with how many pairs are done, and of how many.

    Returns
    -------
    pairs : Pairs
        Those that are one recording.
    groups : np.ndarray [shape=(count,)], int64
        One sound of the group of each; its own index where it stands alone.
    unread : dict
        Sounds that could not be listened to, and why.
    """
    ear = _Ear(paths)
    parents = np.arange(count)
    kept = []
    order = _together(pairs, count)

    def are_same(a: int, b: int) -> bool:
        one = ear.hear(a)
        other = ear.hear(b) if one is not None else None
        if one is None or other is None or not len(one.steps) or not len(other.steps):
            return False
        return is_same(agreement(one, other), bool(coded[a] or coded[b]))

    for number, k in enumerate(order):
        a, b = int(pairs.first[k]), int(pairs.second[k])
        # One that was not coded stands for its group, as two of them are compared more strictly.
        stays, goes = sorted((root_of(parents, a), root_of(parents, b)), key=lambda i: (coded[i], i))
        if stays != goes and are_same(a, b) and ({a, b} == {stays, goes} or are_same(stays, goes)):
            parents[goes] = stays
            kept.append(k)
        if progress is not None:
            progress(number + 1, len(order))
    at = np.array(kept, np.int64)
    groups = np.array([root_of(parents, i) for i in range(count)], np.int64)
    found = Pairs(pairs.first[at], pairs.second[at], pairs.deviation[at], pairs.after[at], pairs.shift[at])
    return found, groups, ear.unread


def _together(pairs: Pairs, count: int) -> Any:
    """Pairs of sounds that hang together one after another, the nearest first: few are decoded twice then."""
    parents = np.arange(count)
    for a, b in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True):
        of_a, of_b = root_of(parents, a), root_of(parents, b)
        parents[max(of_a, of_b)] = min(of_a, of_b)
    of = np.array([root_of(parents, a) for a in pairs.first.tolist()], np.int64)
    return np.lexsort((pairs.deviation + pairs.after / 10, of))
