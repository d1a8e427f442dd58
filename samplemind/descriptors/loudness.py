"""Loudness after ITU-R BS.1770-5 and EBU R128: K-weighting, gating, range.

The two filters of the standard are given for 48 kHz; for other rates they are designed again from their analogue
prototypes, as in Brecht De Man 2018, Evaluation of implementations of the EBU R128 loudness measurement (AES 145).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from samplemind.descriptors.signal import Signal

__all__ = ["block_energies", "compute", "integrated_loudness", "k_filter", "loudness_range"]

ABSOLUTE_GATE: Final = -70.0
STEP_S: Final = 0.1
_MOMENTARY: Final = 4  # steps
_SHORT_TERM: Final = 30  # steps
Doubles = npt.NDArray[np.float64]


@lru_cache(maxsize=16)
def k_filter(rate: int) -> Doubles:
    """Coefficients of the high shelf and the high pass [shape=(2, 5)]: b0, b1, b2, a1, a2.

    Parameters
    ----------
    rate : int
        Hz.
    """
    gain, q, centre = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    k = math.tan(math.pi * centre / rate)
    vh = 10 ** (gain / 20)
    vb = vh**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [(vh + vb * k / q + k * k) / a0, 2 * (k * k - vh) / a0, (vh - vb * k / q + k * k) / a0,
             2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]  # fmt: skip
    q, centre = 0.5003270373238773, 38.13547087602444
    k = math.tan(math.pi * centre / rate)
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf, high_pass])


@njit(cache=True, nogil=True, fastmath=True)
def _weighted_energies(samples, coefficients, step, out):  # type: ignore[no-untyped-def]
    """Energy of the K-weighted signal in every step, channels added; the two surround channels count 1.41 times.

    Order of channels as in WAVE files: L R C Ls Rs, and from six on L R C LFE Ls Rs (LFE takes no part).
    """
    b0, b1, b2, a1, a2 = coefficients[0]
    d1, d2 = coefficients[1, 3], coefficients[1, 4]
    channels = samples.shape[0]
    for c in range(channels):
        if channels >= 6 and c == 3:
            continue
        surround = 3 if channels == 5 else 4
        weight = 1.41 if channels >= 5 and (c == surround or c == surround + 1) else 1.0
        s1 = s2 = z1 = z2 = 0.0
        row = samples[c]
        n = len(row)
        for block in range(len(out)):
            total = 0.0
            for i in range(block * step, min(n, (block + 1) * step)):
                x = row[i]
                y = b0 * x + s1
                s1 = b1 * x - a1 * y + s2
                s2 = b2 * x - a2 * y
                z = y + z1
                z1 = -2.0 * y - d1 * z + z2
                z2 = y - d2 * z
                total += z * z
            out[block] += weight * total


def block_energies(signal: Signal) -> tuple[Doubles, int]:
    """K-weighted energy of every 0.1 s [shape=(steps,)], and the samples a step; the last step may be shorter."""
    samples = signal.clip.samples
    step = max(1, round(STEP_S * signal.clip.sample_rate))
    out = np.zeros(-(-samples.shape[1] // step))
    _weighted_energies(samples, k_filter(signal.clip.sample_rate), step, out)
    return out, step


def _to_lufs(power: Doubles | float) -> Any:
    return -0.691 + 10 * np.log10(np.maximum(power, 1e-20))


def _sliding(energies: Doubles, step: int, width: int) -> Doubles:
    """Mean power of every `width` whole steps [shape=(steps - width + 1,)]."""
    sums = np.concatenate([[0.0], np.cumsum(energies)])
    powers: Doubles = np.maximum(sums[width:] - sums[:-width], 0) / (width * step)
    return powers


def integrated_loudness(powers: Doubles) -> float | None:
    """Gated mean of the powers of 0.4 s blocks.

    Returns
    -------
    float or None
        LUFS; None where no block passes the absolute gate of -70 LUFS.
    """
    loud = powers[_to_lufs(powers) > ABSOLUTE_GATE]
    if not len(loud):
        return None
    kept = loud[_to_lufs(loud) > _to_lufs(loud.mean()) - 10]
    return float(_to_lufs(kept.mean()))


def loudness_range(powers: Doubles) -> float | None:
    """Loudness range of the powers of 3 s blocks, in LU (EBU Tech 3342); None where no block passes the gate."""
    loud = powers[_to_lufs(powers) > ABSOLUTE_GATE]
    if not len(loud):
        return None
    levels = _to_lufs(loud[_to_lufs(loud) > _to_lufs(loud.mean()) - 20])
    low, high = np.percentile(levels, [10, 95])
    return float(high - low)


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `loudness`."""
    energies, step = block_energies(signal)
    whole = signal.clip.samples.shape[1] // step
    if whole >= _MOMENTARY:
        momentary = _sliding(energies[:whole], step, _MOMENTARY)
    else:  # too short for one block: the sound as it is, which is what the gate would keep of it
        momentary = np.array([energies.sum() / signal.clip.samples.shape[1]])
    short_term = _sliding(energies[:whole], step, _SHORT_TERM) if whole >= _SHORT_TERM else None
    loudest = float(_to_lufs(momentary.max()))
    return {
        "loudness_lufs": integrated_loudness(momentary),
        "loudness_range_lu": loudness_range(short_term) if short_term is not None else None,
        "loudness_momentary_max_lufs": loudest if loudest >= ABSOLUTE_GATE else None,
        "loudness_short_term_max_lufs": _audible(short_term) if short_term is not None else None,
    }


def _audible(powers: Doubles) -> float | None:
    loudest = float(_to_lufs(powers.max()))
    return loudest if loudest >= ABSOLUTE_GATE else None
