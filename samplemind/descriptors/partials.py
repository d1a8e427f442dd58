"""Spectral peaks of long, low-rate frames: what pitch, harmonic content and tonality are all read from.

One view serves three groups: at 11025 Hz a window of 4096 samples (0.37 s) separates the partials of the lowest piano
note, and costs a tenth of what the same resolution costs at 44.1 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.fourier import power_spectrum, size_for, twiddles, workspace
from samplemind.descriptors.periodicity import hann
from samplemind.descriptors.signal import Signal

__all__ = ["HOP", "RATE", "WIDTH", "Partials", "partials"]

RATE: Final = 11025
WIDTH: Final = 4096
HOP: Final = 1024
MAX_PEAKS: Final = 48
MAX_FRAMES: Final = 1200  # 110 s at the finest hop; longer sounds are seen through as many frames, further apart
SOUNDING_DB: Final = 50.0
BLOCK: Final = 128
LOWEST_HZ: Final = 19.0
CORNER_HZ: Final = 130.0  # of a second-order high-pass, close to the A-weighting below 500 Hz
LOBE_POWER: Final = 1.5  # sum over bins of a Hann main lobe, relative to the squared height of its peak
RANGE: Final = 1e-6  # power of the faintest peak that counts, against the highest of its frame: 60 dB
FAINTEST: Final = 1e-14  # and against a sine of the highest sample
#: Power of a peak over the mean of what surrounds it, where it begins to be clear and where it is wholly (6 and 24 dB).
UNCLEAR, CLEAR = np.float32(10**0.6), np.float32(10**2.4)


@dataclass(frozen=True, slots=True)
class Partials:
    """Peaks of every frame, and what the frames are.

    Attributes
    ----------
    x : np.ndarray [shape=(m,)], float32
        The sounding part at `RATE`.
    width : int
        Length of the window in samples.
    starts : np.ndarray [shape=(n,)], int64
        Where each frame begins in `x`.
    times : np.ndarray [shape=(n,)]
        Centre of each frame in seconds from the start of the file.
    total : np.ndarray [shape=(n,)]
        Power of each frame, in the unit of `amps` squared.
    freqs, amps : np.ndarray [shape=(n, 48)], float32
        Peaks in ascending frequency (Hz) and their magnitudes; the first `counts[i]` of row `i` are valid.
    heard : np.ndarray [shape=(n, 48)], float32
        `amps` as the ear weighs them: rumble and the thump of hammers and keys count for little.
    clear : np.ndarray [shape=(n, 48)], float32
        How far each peak stands out of its surroundings, 0 (not at all) to 1.
    counts : np.ndarray [shape=(n,)], int64
    clear_shares : np.ndarray [shape=(n,)]
        Share of energy in clear peaks.
    clear_share : float
        The same for the whole, 0 to 1: near 1 for tones, near 0 for noise.
    """

    x: FloatArray
    width: int
    starts: Any
    times: FloatArray
    total: FloatArray
    freqs: FloatArray
    amps: FloatArray
    heard: FloatArray
    clear: FloatArray
    counts: Any
    clear_shares: FloatArray
    clear_share: float

    @property
    def n(self) -> int:
        """How many frames."""
        return len(self.counts)


@lru_cache(maxsize=32)
def scaled_window(width: int) -> FloatArray:
    """Hann window under which a sine of amplitude 1 has a peak of height 1 [shape=(width,)]."""
    window = hann(width)
    scaled: FloatArray = window * np.float32(2 / window.sum())
    return scaled


@njit(cache=True, nogil=True, fastmath=True)
def _sounding_part(y, block, drop):  # type: ignore[no-untyped-def]
    """Begin and end of what lies within `drop` (a power ratio) of the loudest block, mean of all, and peak of that."""
    total = 0.0
    for i in range(len(y)):
        total += y[i]
    mean = np.float32(total / max(1, len(y)))
    blocks = max(1, len(y) // block)
    power = np.empty(blocks, np.float32)
    loudest = np.float32(0.0)
    for b in range(blocks):
        part = y[b * block : min(len(y), (b + 1) * block)]
        energy = np.float32(0.0)
        for i in range(len(part)):
            energy += (part[i] - mean) ** 2
        power[b] = energy
        loudest = max(loudest, energy)
    first, last = 0, blocks - 1
    while first < last and power[first] < loudest * drop:
        first += 1
    while last > first and power[last] < loudest * drop:
        last -= 1
    end = min(len(y), (last + 1) * block) if last < blocks - 1 else len(y)
    low, high = mean, mean
    part = y[first * block : end]
    for i in range(len(part)):
        low = min(low, part[i])
        high = max(high, part[i])
    return first * block, end, mean, max(high - mean, mean - low)


@njit(cache=True, nogil=True, fastmath=True)
def _local_maxima(row, lowest, is_top, found):  # type: ignore[no-untyped-def]
    """Bins from `lowest` on that are above both neighbours and within 60 dB of the highest; returns how many."""
    left, middle, right = row[lowest - 1 : -3], row[lowest:-2], row[lowest + 1 : -1]
    top = max(row[-2], row[-1])
    for i in range(len(middle)):
        top = max(top, middle[i])
    floor = max(top * np.float32(RANGE), np.float32(FAINTEST))
    for i in range(len(middle)):
        is_top[i] = (middle[i] > floor) & (middle[i] > left[i]) & (middle[i] >= right[i])
    count = 0
    for i in range(len(middle)):  # written without a branch: in noise every third bin would be guessed wrong
        found[count] = lowest + i
        count += is_top[i]
    return count


@njit(cache=True, nogil=True, fastmath=True)
def _tops_of_lobes(row, reach, found, heights, count):  # type: ignore[no-untyped-def]
    """Keep the maxima that top their main lobe: side lobes and ripples on a slope do not; returns how many."""
    kept = 0
    for m in range(count):
        i = found[m]
        height = row[i]
        around = row[max(1, i - reach + 1) : min(len(row), i + reach)]
        top = np.float32(0.0)
        for j in range(len(around)):
            top = max(top, around[j])
        found[kept], heights[kept] = i, height
        kept += top <= height
    return kept


@njit(cache=True, nogil=True, fastmath=True)
def _height_of(values, keep):  # type: ignore[no-untyped-def]
    """The `keep`-th highest of some positive numbers, by halving the bits of the answer."""
    bits = values.view(np.int32)  # positive numbers are in the order of their bits
    low, high = np.int32(0), np.int32(0x7F800000)
    while high - low > 1:
        middle = low + (high - low) // np.int32(2)
        above = 0
        for i in range(len(bits)):
            above += bits[i] >= middle
        if above >= keep:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True, nogil=True, fastmath=True)
def _surroundings(row, i, reach):  # type: ignore[no-untyped-def]
    """Mean power of the bins about a peak, out to five times its lobe and without it."""
    total = np.float32(0.0)
    below = row[max(0, i - 5 * reach) : max(0, i - reach)]
    above = row[min(len(row), i + reach + 1) : min(len(row), i + 5 * reach + 1)]
    for j in range(len(below)):
        total += below[j]
    for j in range(len(above)):
        total += above[j]
    return total / np.float32(max(1, len(below) + len(above)))


@njit(cache=True, nogil=True, fastmath=True)
def _find_peaks(x, starts, window, w, work, bin_hz, lowest, reach, scale,  # type: ignore[no-untyped-def]
                total, freqs, amps, heard, clear, counts, clear_shares):  # fmt: skip
    """Local maxima of the spectrum of each frame, refined by a parabola through the log power; the strongest are kept.

    Returns the energy in clear peaks over that of everything.
    """
    width, bins, keep = len(window), w.shape[2] + 1, freqs.shape[1]
    row, heights, found = np.empty(bins, np.float32), np.empty(bins, np.float32), np.empty(bins, np.int64)
    is_top = np.empty(bins, np.uint8)
    order = heights.view(np.int32)
    all_clear, everything = 0.0, 1e-20
    for t in range(len(starts)):
        power_spectrum(x[starts[t] : starts[t] + width], window, work, w, row)
        sum_of = np.float32(0.0)
        for i in range(bins):
            sum_of += row[i]
        count = _tops_of_lobes(row, reach, found, heights, _local_maxima(row, lowest, is_top, found))
        limit = _height_of(heights[:count], keep) if count > keep else np.int32(0)
        used = 0
        in_peaks = np.float32(0.0)
        for c in range(count):
            if order[c] < limit or used == keep:
                continue
            i = found[c]
            left, right = np.log(heights[c] / (row[i - 1] + FAINTEST)), np.log(heights[c] / (row[i + 1] + FAINTEST))
            bend = left + right
            shift = np.float32(0.5) * (left - right) / bend if bend > 1e-9 else np.float32(0.0)
            height = heights[c] * np.exp(np.float32(0.25) * (left - right) * shift)
            hz = (i + shift) * bin_hz
            freqs[t, used], amps[t, used] = hz, np.sqrt(height)
            heard[t, used] = amps[t, used] * hz * hz / (hz * hz + np.float32(CORNER_HZ**2))
            ratio = height / (_surroundings(row, i, reach) + np.float32(1e-9) * height)
            if ratio >= CLEAR:
                clear[t, used] = 1.0
            elif ratio > UNCLEAR:
                clear[t, used] = np.log(ratio / UNCLEAR) / np.log(CLEAR / UNCLEAR)
            in_peaks += height * clear[t, used]
            used += 1
        counts[t] = used
        total[t] = sum_of * scale
        clear_shares[t] = in_peaks / max(total[t], np.float32(1e-20))
        all_clear += float(in_peaks)
        everything += total[t]
    return all_clear / everything


def _frame_starts(length: int) -> Any:
    if length <= WIDTH:
        return np.zeros(1, np.int64)
    n = 1 + -(-(length - WIDTH) // HOP)
    if n <= MAX_FRAMES:
        return np.minimum(np.arange(n) * HOP, length - WIDTH)
    return np.linspace(0, length - WIDTH, MAX_FRAMES).astype(np.int64)


def _make(signal: Signal) -> Partials:
    y = np.ascontiguousarray(signal.at(RATE), dtype=np.float32)
    first, last, mean, peak = _sounding_part(y, BLOCK, np.float32(10 ** (-SOUNDING_DB / 10)))
    x = np.zeros(max(64, last - first), np.float32)
    np.subtract(y[first:last], mean, out=x[: last - first])
    if peak > 0:
        x *= np.float32(1 / peak)
    starts = _frame_starts(len(x))
    n, width = len(starts), min(WIDTH, len(x))
    size = size_for(width + 3 * width // 4)  # so that the autocorrelation does not meet itself
    spread = size / width  # a window shorter than the transform has main lobes as much wider
    freqs, amps, heard, clear = np.zeros((4, n, MAX_PEAKS), np.float32)
    total, clear_shares = np.empty((2, n), np.float32)
    counts = np.empty(n, np.int64)
    bin_hz = RATE / size
    clear_share = _find_peaks(
        x, starts, scaled_window(width), twiddles(size), workspace(), np.float32(bin_hz),
        max(1, round(LOWEST_HZ / bin_hz)), max(3, round(2 * spread)), np.float32(1 / (LOBE_POWER * spread)),
        total, freqs, amps, heard, clear, counts, clear_shares,
    )  # fmt: skip
    times = ((first + width / 2 + starts) / RATE).astype(np.float32)
    return Partials(x, width, starts, times, total, freqs, amps, heard, clear, counts, clear_shares,
                    min(1.0, float(clear_share)))  # fmt: skip


def partials(signal: Signal) -> Partials:
    """Find the peaks of a sound, once.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    Partials
        With at least one frame; its magnitudes are relative to the highest sample of the sounding part.
    """
    return signal.shared("partials", _make)
