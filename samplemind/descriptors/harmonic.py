"""How the energy of a pitched sound lies on its partials."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.descriptors.evidence import MAX_PARTIALS, stretch
from samplemind.descriptors.partials import partials
from samplemind.descriptors.pitch import estimate
from samplemind.descriptors.signal import Signal

__all__ = ["compute"]

_NAMES: Final = ("inharmonicity", "odd_even_ratio", "harmonic_energy_ratio", "tristimulus")
ODD_EVEN_LIMIT_DB: Final = 60.0


@njit(cache=True, nogil=True, fastmath=True)
def _energy_of_partials(freqs, heard, amps, counts, rows, f0, energy):  # type: ignore[no-untyped-def]
    """Add up the energy of each partial over some frames; returns the sum of energy times distance from its place.

    2 / f0 makes the largest possible distance, half of f0, count as 1 (Peeters 2004).
    """
    partial_of, trial = np.zeros(freqs.shape[1], np.int64), np.zeros(freqs.shape[1], np.int64)
    deviation = 0.0
    for t in rows:
        if counts[t] == 0:
            continue
        f, _ = stretch(freqs[t], np.sqrt(heard[t]), counts[t], f0, trial, partial_of)
        for p in range(counts[t]):
            if partial_of[p] > 0:
                power = float(amps[t, p]) ** 2
                energy[partial_of[p]] += power
                deviation += abs(freqs[t, p] - partial_of[p] * f) * power * 2.0 / f
    return deviation


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `harmonic`; all null where there is no pitch."""
    pitch = estimate(signal)
    if not pitch.told:
        return dict.fromkeys(_NAMES)
    found = partials(signal)
    energy = np.zeros(MAX_PARTIALS + 1)
    deviation = _energy_of_partials(found.freqs, found.heard, found.amps, found.counts, pitch.rows, pitch.f0_hz, energy)
    partial = energy[1:].tolist()
    matched, total = sum(partial), float(found.total[pitch.rows].sum())
    if matched <= 0 or total <= 0:
        return dict.fromkeys(_NAMES)
    odd, even = sum(partial[::2]), sum(partial[1::2])
    ratio = 10 * math.log10((odd + 1e-12 * matched) / (even + 1e-12 * matched))
    return {
        "inharmonicity": min(1.0, deviation / matched),
        "odd_even_ratio": min(ODD_EVEN_LIMIT_DB, max(-ODD_EVEN_LIMIT_DB, ratio)),
        "harmonic_energy_ratio": min(1.0, matched / total),
        "tristimulus": np.array((partial[0], sum(partial[1:4]), sum(partial[4:])), np.float32) / np.float32(matched),
    }
