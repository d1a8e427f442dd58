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

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.signal import Signal

__all__ = ["block_energies", "compute", "integrated_loudness", "k_filter", "loudness_range"]

ABSOLUTE_GATE: Final = -70.0
STEP_S: Final = 0.1
_MOMENTARY: Final = 4  # steps
_SHORT_TERM: Final = 30  # steps
_LANES: Final = 8
_PIECE: Final = 64 * _LANES  # steps filtered together, 51 s: bounds the memory
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
def _lane_energies(x, end, step, coefficients, out):  # type: ignore[no-untyped-def]
    """Energy of the K-weighted signal in every step before sample `end`, for all lanes side by side.

    Lane l of `out` (steps, lanes) begins with step l * steps of `x`, and listens one step longer, from before there.
    """
    steps, lanes = out.shape
    b0, b1, b2, a1, a2 = coefficients[0]
    d1, d2 = coefficients[1, 3], coefficients[1, 4]
    s1, s2, z1, z2 = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
    energy = np.empty(lanes)
    limit = np.uint64(end)
    begins = (np.arange(lanes) * steps * step).astype(np.uint64)  # unsigned: no index is asked whether it is negative
    for block in range(steps + 1):
        energy[:] = 0.0
        for i in range(np.uint64(block * step), np.uint64((block + 1) * step)):
            for lane in range(lanes):
                at = begins[lane] + i
                v = x[at]
                y = b0 * v + s1[lane]
                s1[lane] = b1 * v - a1 * y + s2[lane]
                s2[lane] = b2 * v - a2 * y
                z = y + z1[lane]
                z1[lane] = -2.0 * y - d1 * z + z2[lane]
                z2[lane] = y - d2 * z
                energy[lane] += z * z if at < limit else 0.0
        if block:
            out[block - 1] = energy


def _weighted_energies(row: FloatArray, coefficients: Doubles, step: int) -> Doubles:
    """Energy of one channel's K-weighted signal in every step [shape=(steps,)].

    A filter is a chain in which each sample waits for the one before. So the steps are dealt out to lanes that go
    side by side. A lane starts one step early, from rest: in 0.1 s what it does not know has fallen by 180 dB.
    """
    steps = -(-len(row) // step)
    out = np.empty(steps)
    for first in range(0, steps, _PIECE):
        count = min(_PIECE, steps - first)
        run = -(-count // _LANES)
        x = np.zeros((_LANES * run + 1) * step, np.float32)
        begin = (first - 1) * step
        part = row[max(0, begin) : begin + len(x)]
        at = max(0, -begin)
        x[at : at + len(part)] = part
        energies = np.empty((run, _LANES))
        _lane_energies(x, at + len(part), step, coefficients, energies)
        out[first : first + count] = energies.T.ravel()[:count]
    return out


def _weight(channel: int, channels: int) -> float:
    """How much a channel counts; order as in WAVE files: L R C Ls Rs, and from six on L R C LFE Ls Rs."""
    if channels >= 6 and channel == 3:
        return 0.0
    surround = 3 if channels == 5 else 4
    return 1.41 if channels >= 5 and channel in (surround, surround + 1) else 1.0


def block_energies(signal: Signal) -> tuple[Doubles, int]:
    """K-weighted energy of every 0.1 s [shape=(steps,)], and the samples a step; the last step may be shorter."""
    samples = signal.clip.samples
    step = max(1, round(STEP_S * signal.clip.sample_rate))
    coefficients = k_filter(signal.clip.sample_rate)
    out = np.zeros(-(-samples.shape[1] // step))
    for channel, row in enumerate(samples):
        weight = _weight(channel, len(samples))
        if weight:
            out += weight * _weighted_energies(row, coefficients, step)
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
