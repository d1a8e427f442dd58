"""Two files are listened to: whether their waveforms are one recording's, whatever was done to it.

Coding, gain, trims, padding and other rates leave the waveform as it is, up to a shift; another pitch, another decay or
another take of the same drum do not. The shift is where the normalised cross-correlation is highest; there the part
that both have is compared band by band, as coders change high bands far more than low ones.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from samplemind.audio import Clip, FloatArray, decode_blocks

__all__ = ["Agreement", "Heard", "agreement", "hear", "is_same"]

_RATE: Final = 16000
#: So much of a sound is listened to, from where it begins to sound on (s).
_LONGEST_S: Final = 8
#: A sound begins and ends where it comes this near to its peak: 46 dB.
_AUDIBLE: Final = 0.005
#: How far one may begin after the other: trims at the start, and what they change of where it begins to sound (s).
_LATEST_S: Final = 0.09
#: Shifts are looked for in quarters of a sample: half a sample off, 7 kHz are gone.
_FINER: Final = 4
#: Correlations that differ by less are as good; and how far from a shift the best one is looked for (samples).
_AS_GOOD: Final = 0.02
_NEARBY: Final = 16
#: What both have must be this long (s), and so much of the shorter one.
_COMMON_S: Final = 0.008
_COMMON: Final = 0.5
#: Edges of the bands (Hz).
_EDGES: Final = (20, 60, 120, 250, 500, 1000, 2000, 4000, 7000)
#: Where a trim cuts through a wave, there is a step that the other one has not: so many samples on both sides of the
#: first audible one do not count for the shift, and more of what both have are left out where one begins later, as
#: coders smear it.
_EDGE: Final = 16
_LEAD_S: Final = 0.01
_SMEARED: Final = 48
#: The course of the gain is looked at in pieces of this length (s), those within 30 dB of the loudest.
_PIECE_S: Final = 0.016
_FAINT: Final = 1e-3
#: What coding leaves: how much of each band may not correlate, times what is allowed, and the largest drift (dB).
#: A lossy coder does more than everything that is done without one.
_UNLIKE: Final = np.array([0.02, 0.02, 0.03, 0.04, 0.06, 0.08, 0.15, 0.25])
_CODED: Final = (1.2, 1.0)
_LOSSLESS: Final = (0.2, 0.2)
#: What one may have and the other not: trims at both ends, or a share of its length where it fades away.
_MISSING_S: Final = 0.17
_MISSING: Final = 0.05


class Heard(NamedTuple):
    """The part of a sound that is audible, its differences from sample to sample, at 16 kHz [shape=(n,)], float32."""

    steps: FloatArray
    seconds: float


class Agreement(NamedTuple):
    """How far two sounds agree where they fit best.

    Attributes
    ----------
    shift_s : float
        How much later the second begins.
    common_s : float
        Length of what both have.
    missing_s : float
        How much of one has nothing of the other beside it, at both ends.
    seconds : float
        Length of the longer one.
    bands : np.ndarray [shape=(8,)]
        Correlation in each band.
    steps, levels : np.ndarray [shape=(8,)]
        Weight of each band: its share of the differences from sample to sample, and one in which low bands count more.
    drift_db : float
        Deviation of the gain between the two over time.
    """

    shift_s: float
    common_s: float
    missing_s: float
    seconds: float
    bands: Any
    steps: Any
    levels: Any
    drift_db: float


def hear(path: str) -> Heard | None:
    """Decode what is listened to; None where nothing sounds.

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    clip = next(iter(decode_blocks(path, seconds=_LONGEST_S + 4)))
    # Silence around it: a file that begins at once rings then as its padded copy does.
    silence = np.zeros(int(_LEAD_S * clip.sample_rate), np.float32)
    mono = Clip.from_array(np.concatenate([silence, clip.mono, silence]), clip.sample_rate).at(_RATE)
    height = np.abs(mono)
    if height.max() < 1e-5:
        return None
    audible = np.flatnonzero(height >= _AUDIBLE * height.max())
    begin, end = max(int(audible[0]) - _EDGE, 1), int(audible[-1]) + 1
    steps = np.diff(mono[begin - 1 : min(end, begin + _LONGEST_S * _RATE)])
    return Heard(np.ascontiguousarray(steps), (end - begin) / _RATE)


def agreement(first: Heard, second: Heard) -> Agreement | None:
    """Lay one sound over the other where they fit best; None where no part of them can."""
    found = [_at_shift(first, second, shift) for shift in _shifts(first.steps, second.steps)]
    return max(found, key=lambda one: one.bands @ (one.steps + one.levels) - one.drift_db / 10, default=None)


def _at_shift(first: Heard, second: Heard, shift: float) -> Agreement:
    a, b = first.steps, second.steps
    whole = round(shift)
    a, b = (a[whole:], b) if whole >= 0 else (a, b[-whole:])
    length = min(len(a), len(b))
    edge = _SMEARED if abs(whole) > _EDGE // 2 and length > 8 * _SMEARED else 0
    a, b = a[edge:length], b[edge:length]
    bands, steps, levels = _by_bands(a, b, shift - whole)
    ends = first.seconds - second.seconds - shift / _RATE
    return Agreement(shift / _RATE, length / _RATE, abs(shift) / _RATE + abs(ends),
                     max(first.seconds, second.seconds), bands, steps, levels, _drift(a, b))  # fmt: skip


def is_same(found: Agreement | None, coded: bool) -> bool:
    """Whether they are one recording; `coded` where a lossy coder was at work on one of the two."""
    if found is None or found.missing_s > max(_MISSING_S, _MISSING * found.seconds):
        return False
    unlike, drift = _CODED if coded else _LOSSLESS
    more = found.bands - (1 - unlike * _UNLIKE)
    return bool(more @ found.steps >= 0 and more @ found.levels >= 0 and found.drift_db <= drift)


def _shifts(a: FloatArray, b: FloatArray) -> set[float]:
    """Where b may lie over a, in samples, in quarters."""
    from scipy import fft

    a, b = a.copy(), b.copy()
    a[: 2 * _EDGE] = b[: 2 * _EDGE] = 0
    most = int(_LATEST_S * _RATE)
    size = fft.next_fast_len(max(len(a), len(b)) + most + 8, real=True)
    spectrum = fft.rfft(a, size) * np.conj(fft.rfft(b, size))
    product = fft.irfft(spectrum, _FINER * size) * _FINER
    quarters = np.arange(-most * _FINER, most * _FINER + 1)
    whole = np.floor_divide(quarters + _FINER // 2, _FINER)
    # Energy of the part that lies over the other, from the sums of what came before.
    sum_a, sum_b = (np.concatenate([[0.0], np.cumsum(x.astype(np.float64) ** 2)]) for x in (a, b))
    from_a, from_b = np.minimum(np.maximum(whole, 0), len(a)), np.minimum(np.maximum(-whole, 0), len(b))
    length = np.minimum(len(a) - from_a, len(b) - from_b)
    needed = max(_COMMON_S * _RATE, _COMMON * min(len(a), len(b)))
    energy = (sum_a[from_a + length] - sum_a[from_a]) * (sum_b[from_b + length] - sum_b[from_b])
    fits = (length >= needed) & (energy > 0)
    if not fits.any():
        return set()
    height = np.where(fits, product[quarters] / np.sqrt(np.maximum(energy, 1e-30)), -1.0)
    # What repeats fits as well a period later: the least shift of those that fit is tried too.
    fit = np.flatnonzero(height >= height.max() - _AS_GOOD)
    least = int(fit[np.argmin(np.abs(quarters[fit]))])
    begin = max(least - _NEARBY * _FINER, 0)
    near = begin + int(np.argmax(height[begin : least + _NEARBY * _FINER]))
    return {float(quarters[i] / _FINER) for i in (int(np.argmax(height)), near)}


def _by_bands(a: FloatArray, b: FloatArray, part: float) -> tuple[Any, Any, Any]:
    from scipy import fft

    size = fft.next_fast_len(max(len(a), 2048), real=True)
    of_a, of_b = fft.rfft(a, size), fft.rfft(b, size)
    frequencies = np.arange(len(of_a), dtype=np.float32) * (_RATE / size)
    turn = np.exp(np.complex64(2j * np.pi * part / _RATE) * frequencies)
    edges = np.searchsorted(frequencies, _EDGES)
    together, power_a, power_b = (
        np.add.reduceat(x, edges)[:-1]
        for x in ((of_a * np.conj(of_b) * turn).real, np.abs(of_a) ** 2, np.abs(of_b) ** 2)
    )
    both = np.sqrt(power_a * power_b) + 1e-20
    centres = np.sqrt(np.multiply(_EDGES[1:], _EDGES[:-1]))
    levels = both / centres
    return together / both, both / both.sum(), levels / levels.sum()


def _drift(a: FloatArray, b: FloatArray) -> float:
    piece = int(_PIECE_S * _RATE)
    count = max(len(a) // piece, 1)
    x, y = (np.add.reduceat(z**2, np.arange(count) * piece) for z in (a, b))
    both = np.sqrt(x * y)
    weight = np.where(both >= _FAINT * both.max(), np.sqrt(both), 0)
    ratio = 10 * np.log10((x + 1e-20) / (y + 1e-20))
    weight /= max(weight.sum(), 1e-20)
    return float(np.sqrt(max(weight @ ratio**2 - (weight @ ratio) ** 2, 0.0)))
