"""Spectral peaks of long, low-rate frames: what pitch, harmonic content and tonality are all read from.

One view serves three groups: at 11025 Hz a window of 4096 samples (0.37 s) separates the partials of the lowest piano
note, and costs a tenth of what the same resolution costs at 44.1 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.periodicity import hann
from samplemind.descriptors.signal import Signal

__all__ = ["BIN_HZ", "HOP", "N_FFT", "RATE", "Partials", "partials"]

RATE: Final = 11025
N_FFT: Final = 4096
HOP: Final = 1024
BIN_HZ: Final = RATE / N_FFT
MAX_PEAKS: Final = 48
MAX_FRAMES: Final = 1200  # 110 s at the finest hop; longer sounds are seen through as many frames, further apart
SOUNDING_DB: Final = 50.0
BLOCK: Final = 128
LOWEST_BIN: Final = 7  # 19 Hz
CORNER_HZ: Final = 130.0  # of a second-order high-pass, close to the A-weighting below 500 Hz
LOBE_POWER: Final = 1.5  # sum over bins of a Hann main lobe, relative to the squared height of its peak


@dataclass(frozen=True)
class Partials:
    """Peaks of every frame, and what the frames are.

    Attributes
    ----------
    x : np.ndarray [shape=(m,)], float32
        The sounding part at `RATE`.
    width : int
        Length of the window in samples.
    start : int
        Where that part begins, in samples at `RATE`.
    times : np.ndarray [shape=(n,)]
        Centre of each frame in seconds from the start of the file.
    power : np.ndarray [shape=(n, 2049)], float32
        Power spectrum of each frame.
    total : np.ndarray [shape=(n,)]
        Sum of `power` over the bins.
    freqs, amps : np.ndarray [shape=(n, 48)], float32
        Peaks in ascending frequency (Hz) and their magnitudes; the first `counts[i]` of row `i` are valid.
    heard : np.ndarray [shape=(n, 48)], float32
        `amps` as the ear weighs them: rumble and the thump of hammers and keys count for little.
    clear : np.ndarray [shape=(n, 48)], float32
        How far each peak stands out of its surroundings, 0 (not at all) to 1.
    counts : np.ndarray [shape=(n,)], int64
    """

    x: FloatArray
    width: int
    start: int
    times: FloatArray
    power: FloatArray
    total: FloatArray
    freqs: FloatArray
    amps: FloatArray
    heard: FloatArray
    clear: FloatArray
    counts: Any

    @property
    def n(self) -> int:
        """How many frames."""
        return len(self.counts)

    @cached_property
    def clear_share(self) -> float:
        """Share of energy in clear peaks, 0 to 1: near 1 for tones, near 0 for noise."""
        return min(1.0, float(self.clear_shares @ self.total) / max(float(self.total.sum()), 1e-20))

    @cached_property
    def clear_shares(self) -> FloatArray:
        """The same for each frame [shape=(n,)]."""
        in_peaks = np.einsum("ij,ij,ij->i", self.amps, self.amps, self.clear)
        shares: FloatArray = np.divide(in_peaks, np.maximum(self.total, 1e-20))
        return shares


@njit(cache=True, nogil=True, fastmath=True)
def _sounding_span(x, block, drop):  # type: ignore[no-untyped-def]
    """First and one-past-last sample of the part whose blocks lie within `drop` (a power ratio) of the loudest."""
    blocks = max(1, len(x) // block)
    loudest = np.float32(0.0)
    power = np.zeros(blocks, np.float32)
    for b in range(blocks):
        total = np.float32(0.0)
        for i in range(b * block, min(len(x), (b + 1) * block)):
            total += x[i] * x[i]
        power[b] = total
        loudest = max(loudest, total)
    first, last = 0, blocks - 1
    while first < last and power[first] < loudest * drop:
        first += 1
    while last > first and power[last] < loudest * drop:
        last -= 1
    return first * block, min(len(x), (last + 1) * block) if last < blocks - 1 else len(x)


@njit(cache=True, nogil=True, fastmath=True)
def _sum(values):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for i in range(len(values)):
        total += values[i]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _local_maxima(row, lowest, found):  # type: ignore[no-untyped-def]
    """Bins from `lowest` on that are above both neighbours and within 60 dB of the highest; returns how many."""
    left, middle, right = row[lowest - 1 : -3], row[lowest:-2], row[lowest + 1 : -1]
    top = max(row[-2], row[-1])
    for i in range(len(middle)):
        top = max(top, middle[i])
    floor = max(top * np.float32(1e-6), np.float32(1e-14))
    count = 0
    for i in range(len(middle)):  # written without a branch: in noise every third bin would be guessed wrong
        found[count] = lowest + i
        count += (middle[i] > floor) & (middle[i] > left[i]) & (middle[i] >= right[i])
    return count


@njit(cache=True, nogil=True, fastmath=True)
def _find_peaks(power, bin_hz, lowest, reach, freqs, amps, clear, counts):  # type: ignore[no-untyped-def]
    """Local maxima of each row, refined by a parabola through the log power; the strongest ones are kept."""
    n, bins = power.shape
    keep = freqs.shape[1]
    found_bin = np.empty(bins, np.int64)
    found_power = np.empty(bins, np.float32)
    around = 5 * reach
    for t in range(n):
        row = power[t]
        maxima = _local_maxima(row, max(lowest, 1), found_bin)
        count = 0
        for m in range(maxima):
            # A maximum counts when it tops its main lobe: side lobes and ripples on a slope do not.
            i = found_bin[m]
            best = True
            for j in range(max(1, i - reach + 1), min(bins, i + reach)):
                if row[j] > row[i]:
                    best = False
                    break
            if best:
                found_bin[count] = i
                found_power[count] = row[i]
                count += 1
        limit = np.float32(0.0)
        if count > keep:
            limit = np.partition(found_power[:count], count - keep)[count - keep]
        used = 0
        for c in range(count):
            if found_power[c] < limit or used == keep:
                continue
            i = found_bin[c]
            a, b, d = np.log(row[i - 1] + 1e-30), np.log(row[i]), np.log(row[i + 1] + 1e-30)
            bend = a - 2.0 * b + d
            shift = 0.5 * (a - d) / bend if bend < -1e-9 else 0.0
            freqs[t, used] = (i + shift) * bin_hz
            height = np.exp(b - 0.25 * (a - d) * shift)
            amps[t, used] = np.sqrt(height)
            low, high = max(0, i - around), min(bins, i + around + 1)
            inner_low, inner_high = max(0, i - reach), min(bins, i + reach + 1)
            rest = _sum(row[low:inner_low]) + _sum(row[inner_high:high])
            width = (high - low) - (inner_high - inner_low)
            ratio = 10.0 * np.log10(height * max(1, width) / (rest + 1e-6 * height))
            clear[t, used] = min(1.0, max(0.0, (ratio - 6.0) / 18.0))
            used += 1
        counts[t] = used


def _frame_starts(length: int) -> Any:
    if length <= N_FFT:
        return np.zeros(1, np.int64)
    n = 1 + -(-(length - N_FFT) // HOP)
    if n <= MAX_FRAMES:
        return np.minimum(np.arange(n) * HOP, length - N_FFT)
    return np.linspace(0, length - N_FFT, MAX_FRAMES).astype(np.int64)


def _make(signal: Signal) -> Partials:
    from scipy import fft

    x = np.ascontiguousarray(signal.at(RATE), dtype=np.float32)
    x = x - x.mean()
    first, last = _sounding_span(x, BLOCK, np.float32(10 ** (-SOUNDING_DB / 10)))
    x = x[first:last]
    peak = float(np.abs(x).max()) if len(x) else 0.0
    x = x * np.float32(1 / peak) if peak > 0 else x
    starts = _frame_starts(len(x))
    width = min(N_FFT, max(len(x), 64))
    if len(x) < width:
        x = np.pad(x, (0, width - len(x)))
    window = hann(width) * np.float32(2 / hann(width).sum())  # a sine of amplitude 1 has a peak of height 1
    windows = np.lib.stride_tricks.sliding_window_view(x, width)[starts]
    windows *= window
    squares = fft.rfft(windows, N_FFT, axis=1, overwrite_x=True).view(np.float32) ** 2
    power = squares[:, ::2] + squares[:, 1::2]
    n = len(starts)
    freqs, amps, clear = (np.zeros((n, MAX_PEAKS), np.float32) for _ in range(3))
    counts = np.zeros(n, np.int64)
    # A window shorter than the transform has main lobes as much wider.
    spread = N_FFT / width
    _find_peaks(power, BIN_HZ, LOWEST_BIN, max(3, round(2 * spread)), freqs, amps, clear, counts)
    times = ((first + starts + width / 2) / RATE).astype(np.float32)
    total = power.sum(axis=1) / np.float32(LOBE_POWER * spread)
    square = freqs * freqs
    heard = amps * (square / (square + np.float32(CORNER_HZ**2)))
    return Partials(x, width, first, times, power, total, freqs, amps, heard, clear, counts)


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
