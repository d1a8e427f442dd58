"""How the energy of a pitched sound lies on its partials."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.evidence import MAX_PARTIALS, STRETCHES, stretch
from samplemind.descriptors.partials import partials
from samplemind.descriptors.pitch import estimate
from samplemind.descriptors.signal import Signal

__all__ = ["compute"]

_NAMES: Final = ("inharmonicity", "odd_even_ratio", "harmonic_energy_ratio", "tristimulus")
ODD_EVEN_LIMIT_DB: Final = 60.0


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `harmonic`; all null where there is no pitch."""
    pitch = estimate(signal)
    if not pitch.told:
        return dict.fromkeys(_NAMES)
    found = partials(signal)
    energy = np.zeros(MAX_PARTIALS + 1)
    deviation, total = 0.0, 0.0
    for row in pitch.rows:
        count = int(found.counts[row])
        if not count:
            continue
        partial_of = np.zeros(found.freqs.shape[1], np.int64)
        f0, _, _ = stretch(found.freqs[row], found.heard[row], count, pitch.f0_hz, STRETCHES, partial_of)
        hit = partial_of[:count] > 0
        numbers, freqs = partial_of[:count][hit], found.freqs[row, :count][hit]
        power = found.amps[row, :count][hit].astype(np.float64) ** 2
        np.add.at(energy, numbers, power)
        # 2 / f0 makes the largest possible distance, half of f0, count as 1 (Peeters 2004).
        deviation += float((np.abs(freqs - numbers * f0) * power).sum()) * 2 / f0
        total += float(found.total[row])
    partial = energy[1:]
    matched = float(partial.sum())
    if matched <= 0 or total <= 0:
        return dict.fromkeys(_NAMES)
    odd, even = float(partial[::2].sum()), float(partial[1::2].sum())
    ratio = 10 * np.log10((odd + 1e-12 * matched) / (even + 1e-12 * matched))
    tristimulus: FloatArray = np.array([partial[0], partial[1:4].sum(), partial[4:].sum()], np.float32) / np.float32(
        matched
    )
    return {
        "inharmonicity": min(1.0, deviation / matched),
        "odd_even_ratio": float(np.clip(ratio, -ODD_EVEN_LIMIT_DB, ODD_EVEN_LIMIT_DB)),
        "harmonic_energy_ratio": min(1.0, matched / total),
        "tristimulus": tristimulus,
    }
