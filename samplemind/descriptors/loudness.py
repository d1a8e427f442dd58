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
from samplemind.audio.lanes import DOUBLES, load, store
from samplemind.descriptors.signal import Signal

__all__ = ["compute", "integrated_loudness", "k_filter", "loudness_range", "step_energies", "step_samples", "values_of"]

ABSOLUTE_GATE: Final = -70.0
_LEAST_POWER: Final = 10 ** ((ABSOLUTE_GATE + 0.691) / 10)
STEP_S: Final = 0.1
_MOMENTARY: Final = 4  # steps
_SHORT_TERM: Final = 30  # steps
_TILE: Final = 256  # samples that are put side by side at a time
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


# Not all of `fastmath`: in this order each sample waits for one multiplication of the sample before, and no more.
@njit(cache=True, nogil=True, fastmath={"contract"})
def _add_energies(row, lead, coefficients, step, out):  # type: ignore[no-untyped-def]
    """Add the energy of one channel's K-weighted signal in every step after the first `lead` samples."""
    b0, b1, b2, a1, a2 = coefficients[0]
    c1, c2 = coefficients[1, 3], coefficients[1, 4]
    x1 = x2 = y1 = y2 = z1 = z2 = 0.0
    begin = 0
    for at in range(-1, len(out)):
        end = min(len(row), lead + (at + 1) * step)
        energy = 0.0
        for i in range(np.uint64(begin), np.uint64(end)):
            x = np.float64(row[i])
            y = ((b0 * x + b1 * x1 + b2 * x2) - a2 * y2) - a1 * y1
            z = ((y - 2.0 * y1 + y2) - c2 * z2) - c1 * z1
            energy += z * z
            x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
        if at >= 0:
            out[at] += energy
        begin = end


@njit(cache=True, nogil=True, fastmath={"contract"})
def _side_by_side(row, first, count, coefficients, step, tile, energies):  # type: ignore[no-untyped-def]
    """Energies of `DOUBLES` stretches of `count` steps each, which follow each other [shape=(count, DOUBLES)].

    The first begins with step `first`, which may lie before the start, where there is silence. Each stretch listens to
    the step before it, after which nothing is left of what came earlier: the slower filter forgets by 200 dB.
    """
    b0, b1, b2, a1, a2 = coefficients[0]
    c1, c2 = coefficients[1, 3], coefficients[1, 4]
    tile[:] = 0.0
    none = load(tile, np.uint64(0))
    x1 = x2 = y1 = y2 = z1 = z2 = none
    width = len(tile) // DOUBLES
    for at in range(-1, count):
        energy = none
        for begin in range(0, step, width):
            n = min(width, step - begin)
            for lane in range(DOUBLES):
                start = (first + lane * count + at) * step + begin
                column = tile[lane:]
                if start < 0:
                    for i in range(np.uint64(n)):
                        column[i * np.uint64(DOUBLES)] = 0.0
                else:
                    part = row[start : start + n]
                    for i in range(np.uint64(n)):
                        column[i * np.uint64(DOUBLES)] = np.float64(part[i])
            for i in range(np.uint64(n)):
                x = load(tile, i * np.uint64(DOUBLES))
                y = ((b0 * x + b1 * x1 + b2 * x2) - a2 * y2) - a1 * y1
                z = ((y - 2.0 * y1 + y2) - c2 * z2) - c1 * z1
                energy += z * z
                x2, x1, y2, y1, z2, z1 = x1, x, y1, y, z1, z
        if at >= 0:
            store(energies, np.uint64(at * DOUBLES), energy)


def _energies(row: FloatArray, coefficients: Doubles, step: int) -> Doubles:
    """Energy of one channel's K-weighted signal in every step; the last may be shorter."""
    out = np.zeros(-(-len(row) // step))
    whole = len(row) // step
    if whole < 2 * DOUBLES:  # they would listen to more of what comes before than to their own
        _add_energies(row, 0, coefficients, step, out)
        return out
    count = -(-whole // DOUBLES)
    found = np.empty((count, DOUBLES))
    first = whole - count * DOUBLES
    _side_by_side(row, first, count, coefficients, step, np.empty(_TILE * DOUBLES), found)
    out[:whole] = found.T.reshape(-1)[-first:] if first else found.T.reshape(-1)
    _add_energies(row[(whole - 1) * step :], step, coefficients, step, out[whole:])
    return out


@njit(cache=True, nogil=True)
def _sliding(energies, step, width):  # type: ignore[no-untyped-def]
    """Mean power of every `width` steps [shape=(steps - width + 1,)]."""
    powers = np.empty(len(energies) - width + 1)
    for first in range(len(powers)):
        powers[first] = energies[first : first + width].sum() / (width * step)
    return powers


def _weight(channel: int, channels: int) -> float:
    """How much a channel counts; order as in WAVE files: L R C Ls Rs, and from six on L R C LFE Ls Rs."""
    if channels >= 6 and channel == 3:
        return 0.0
    surround = 3 if channels == 5 else 4
    return 1.41 if channels >= 5 and channel in (surround, surround + 1) else 1.0


def step_samples(rate: int) -> int:
    """Samples in a step of 0.1 s."""
    return max(1, round(STEP_S * rate))


def step_energies(samples: FloatArray, rate: int, before: FloatArray | None = None) -> Doubles:
    """K-weighted energy of every 0.1 s of all channels.

    Parameters
    ----------
    samples : np.ndarray [shape=(channels, n)], float32
    rate : int
        Hz.
    before : np.ndarray [shape=(channels, m)], optional
        The samples right before these, one step of them at most; silence if not given.

    Returns
    -------
    np.ndarray [shape=(steps,)], float64
        The last step may be shorter than the others.
    """
    step = step_samples(rate)
    coefficients = k_filter(rate)
    out = np.zeros(-(-samples.shape[1] // step))
    for channel, row in enumerate(samples):
        weight = _weight(channel, len(samples))
        if not weight:
            continue
        energies = _energies(row, coefficients, step)
        if before is not None:  # the first step listens to what came before, and the others to the first
            start = np.concatenate([before[channel], row[:step]])
            energies[0] = 0.0
            _add_energies(start, before.shape[1], coefficients, step, energies[:1])
        out += weight * energies
    return out


def _to_lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(max(power, 1e-20))


def _gated(powers: Doubles, below_db: float) -> Doubles:
    """The powers above the absolute gate, and above a relative one that lies `below_db` under the mean of those."""
    loud = powers[powers > _LEAST_POWER]
    kept: Doubles = loud[loud > loud.sum() / max(1, len(loud)) * 10 ** (-below_db / 10)]
    return kept


def integrated_loudness(powers: Doubles) -> float | None:
    """Gated mean of the powers of 0.4 s blocks.

    Returns
    -------
    float or None
        LUFS; None where no block passes the absolute gate of -70 LUFS.
    """
    kept = _gated(powers, 10)
    return _to_lufs(float(kept.sum()) / len(kept)) if len(kept) else None


def loudness_range(powers: Doubles) -> float | None:
    """Loudness range of the powers of 3 s blocks, in LU (EBU Tech 3342); None where no block passes the gate."""
    kept = _gated(powers, 20)
    if not len(kept):
        return None
    last = len(kept) - 1
    low, high = np.interp([0.10 * last, 0.95 * last], np.arange(len(kept)), 10 * np.log10(np.sort(kept)))
    return float(high - low)


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `loudness`."""
    clip = signal.clip
    return values_of(step_energies(clip.samples, clip.sample_rate), clip.samples.shape[1], clip.sample_rate)


def values_of(energies: Doubles, frames: int, rate: int) -> dict[str, Any]:
    """Values of the group `loudness` from `step_energies` of all of a sound.

    Parameters
    ----------
    energies : np.ndarray [shape=(steps,)]
    frames : int
        Samples a channel.
    rate : int
        Hz.
    """
    step = step_samples(rate)
    whole = frames // step
    if whole >= _MOMENTARY:
        momentary = _sliding(energies[:whole], step, _MOMENTARY)
    else:  # too short for one block: the sound as it is, which is what the gate would keep of it
        momentary = np.array([energies.sum() / frames])
    short_term = _sliding(energies[:whole], step, _SHORT_TERM) if whole >= _SHORT_TERM else None
    return {
        "loudness_lufs": integrated_loudness(momentary),
        "loudness_range_lu": loudness_range(short_term) if short_term is not None else None,
        "loudness_momentary_max_lufs": _highest(momentary),
        "loudness_short_term_max_lufs": _highest(short_term) if short_term is not None else None,
    }


def _highest(powers: Doubles) -> float | None:
    """LUFS of the loudest block; None for less than the absolute gate."""
    loudest = _to_lufs(float(powers.max()))
    return loudest if loudest >= ABSOLUTE_GATE else None
