"""A compact picture of how a sound begins and goes on, by which the same sound is known again.

Levels in 16 bands below 9 kHz, which every lossy coder and every common rate leaves: 8 of 100 Hz, where the pitch of a
drum lies, and 8 wider ones; of 24 frames (0.28 s) from the first one that sounds, then of 8 stretches that grow longer,
up to 25 s. They are relative to the loudest of them, so that gain does not matter, and stand from the attack on, so
that padding does not. That a recording is told by the course of band energies is after Haitsma & Kalker 2002 (A Highly
Robust Audio Fingerprinting System); here the levels themselves are kept, as a hit of 0.1 s has few of their bits.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frames import HOP, N_MELS, SR
from samplemind.descriptors.signal import Signal

__all__ = ["BANDS", "DEEPEST_DB", "FINE", "FRAME_S", "SIZE", "STRETCHES", "compute", "stretch_edges", "unpack"]

BANDS: Final = 16
#: Frames that are kept one by one, and how long each is (s).
FINE: Final = 24
FRAME_S: Final = HOP / SR
#: Stretches after them, each longer than the one before by `_GROWTH`.
STRETCHES: Final = 8
_GROWTH: Final = 1.75
#: Levels are kept in steps of 1 dB, 63 dB below the loudest at most: four of 6 bits fill the 24 bits that a float32
#: holds exactly.
DEEPEST_DB: Final = 63
_PACKED: Final = 4
SIZE: Final = (FINE + STRETCHES) * BANDS // _PACKED
#: The first frame that counts comes this near to the loudest one, in power: 40 dB.
_FIRST: Final = np.float32(1e-4)
#: Where each band begins and ends, in mel bands; those above are lost at a rate of 22.05 kHz, or in a strong MP3.
_MELS: Final = np.concatenate([np.arange(8), np.arange(8, 33, 3)])


def stretch_edges() -> Any:
    """Where the stretches begin and end, in frames from the first one that sounds [shape=(9,)], int64."""
    return np.round(FINE * _GROWTH ** np.arange(STRETCHES + 1)).astype(np.int64)


_EDGES: Final = stretch_edges()
assert len(_MELS) == BANDS + 1
assert _MELS[-1] <= N_MELS


@njit(cache=True, nogil=True, fastmath=True)
def _add(frame, bands, cells):  # type: ignore[no-untyped-def]
    for band in range(BANDS):
        for m in range(bands[band], bands[band + 1]):
            cells[band] += frame[m]


@njit(cache=True, nogil=True, fastmath=True)
def _energies(mel, bands, edges, cells):  # type: ignore[no-untyped-def]
    """Mean power of each cell from the first frame that sounds on."""
    used = bands[BANDS]
    n = len(mel)
    loudest = np.float32(0.0)
    totals = np.empty(n, np.float32)
    for t in range(n):
        total = np.float32(0.0)
        for m in range(used):
            total += mel[t, m]
        totals[t] = total
        loudest = max(loudest, total)
    first = 0
    while totals[first] < loudest * _FIRST:
        first += 1
    for t in range(min(FINE, n - first)):
        _add(mel[first + t], bands, cells[t])
    for stretch in range(STRETCHES):
        begin, end = first + edges[stretch], min(n, first + edges[stretch + 1])
        for t in range(begin, end):
            _add(mel[t], bands, cells[FINE + stretch])
        if end > begin:
            for band in range(BANDS):
                cells[FINE + stretch, band] /= np.float32(edges[stretch + 1] - edges[stretch])


@njit(cache=True, nogil=True)
def _packed(cells, out):  # type: ignore[no-untyped-def]
    """Levels as whole dB above the deepest, four in each number."""
    loudest = np.float32(1e-30)
    for value in cells:
        loudest = max(loudest, value)
    lowest = loudest * np.float32(10.0 ** (-DEEPEST_DB / 10))
    for i in range(len(out)):
        number = 0
        for k in range(_PACKED):
            value = cells[_PACKED * i + k]
            level = 0
            if value > lowest:
                level = int(DEEPEST_DB + np.float32(10.0) * np.log10(value / loudest) + np.float32(0.5))
            number = 64 * number + level
        out[i] = number


def compute(signal: Signal) -> dict[str, Any]:
    """`fingerprint` [shape=(SIZE,)]: see `unpack`."""
    cells = np.zeros((FINE + STRETCHES, BANDS), np.float32)
    _energies(signal.frames.mel, _MELS, _EDGES, cells)
    out = np.empty(SIZE, np.float32)
    _packed(cells.ravel(), out)
    return {"fingerprint": out}


def unpack(fingerprints: FloatArray) -> Any:
    """Levels of one fingerprint or many, in dB above 63 dB below the loudest [shape=(…, 32, 16)], uint8, 0 to 63.

    Parameters
    ----------
    fingerprints : np.ndarray [shape=(…, SIZE)]
    """
    numbers = np.asarray(fingerprints, np.float32).astype(np.int32)
    levels = np.stack([(numbers >> shift) & 63 for shift in (18, 12, 6, 0)], axis=-1).astype(np.uint8)
    return levels.reshape(*numbers.shape[:-1], FINE + STRETCHES, BANDS)
