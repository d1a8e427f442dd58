"""Other forms of an aspect that a musician takes for the same: in another key, or at another tempo."""

from __future__ import annotations

from typing import Final

import numpy as np

from samplemind.library.search.scoring import FloatArray

__all__ = ["HARMONY", "RHYTHM", "tempi", "transpositions"]

HARMONY: Final = "harmony_vector"
RHYTHM: Final = "rhythm_vector"
_CLASSES: Final = 12
_LAGS: Final = 30
_LAGS_AN_OCTAVE: Final = 6
#: Steps between two lags: a tempo that falls between them is half a lag off at most.
_FINENESS: Final = 2


def transpositions(vector: FloatArray) -> FloatArray:
    """A vector of harmony in all twelve keys.

    Parameters
    ----------
    vector : np.ndarray [shape=(24,)]
        Pitch classes from C on, which turn, and again from the tonic on, which stay.

    Returns
    -------
    np.ndarray [shape=(12, 24)]
        Unit vectors, the first as it was.
    """
    turned = [np.roll(vector[:_CLASSES], steps) for steps in range(_CLASSES)]
    return np.stack([np.concatenate([classes, vector[_CLASSES:]]) for classes in turned]).astype(np.float32)


def tempi(vector: FloatArray) -> FloatArray:
    """A vector of rhythm at tempi from half to double.

    Parameters
    ----------
    vector : np.ndarray [shape=(32,)]
        Periodicity at 30 lags, a sixth of an octave apart, which move; and two rates, which stay: beside the lags they
        weigh little, and how much they would change cannot be told from a vector of length 1.

    Returns
    -------
    np.ndarray [shape=(25, 32)]
        Unit vectors. At lags beyond the ends nothing is known: 0.
    """
    lags = np.arange(_LAGS)
    steps = np.arange(-_LAGS_AN_OCTAVE * _FINENESS, _LAGS_AN_OCTAVE * _FINENESS + 1) / _FINENESS
    moved = [np.interp(lags - step, lags, vector[:_LAGS], left=0.0, right=0.0) for step in steps]
    found = np.stack([np.concatenate([periodicity, vector[_LAGS:]]) for periodicity in moved])
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    found = found[lengths[:, 0] > 1e-6] / lengths[lengths[:, 0] > 1e-6]
    unit: FloatArray = found.astype(np.float32)
    return unit
