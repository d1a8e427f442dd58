"""One-shot, loop or something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.descriptors import small_net
from samplemind.descriptors.kind_features import FEATURES, kind_features, onset_periodicity, seam_continuity, tail_ratio

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["KINDS", "chances", "compute"]

KINDS: Final = ("one-shot", "loop", "other")


def _chances(signal: Signal) -> Any:
    scores = small_net.load("kind", FEATURES)(kind_features(signal)[None, :])[0]
    chance = np.exp(scores - scores.max())
    return chance / chance.sum()


def chances(signal: Signal) -> dict[str, float]:
    """Probability of each of `KINDS`.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    dict of str to float
        With sum 1.
    """
    return dict(zip(KINDS, (float(p) for p in signal.shared("kind chances", _chances)), strict=True))


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `kind`."""
    chance = chances(signal)
    kind = max(chance, key=chance.__getitem__)
    return {
        "kind": kind,
        "kind_confidence": chance[kind],
        "onset_periodicity": onset_periodicity(signal),
        "seam_continuity": seam_continuity(signal),
        "tail_ratio": tail_ratio(signal),
    }
