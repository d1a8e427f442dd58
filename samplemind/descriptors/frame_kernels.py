"""What is computed of a frame while its spectrum is in the cache: compiled loops in float32, written to vectorise."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

__all__ = ["analyze_block", "flux", "zero_crossings"]

_DB = np.float32(3.0102999566)  # 10 log10(2)


@njit(cache=True, nogil=True, fastmath=True)
def _log2(bits, mantissa_bits, mantissa, out):  # type: ignore[no-untyped-def]
    """Base-2 logarithm of positive float32 values, given as bits, to 1e-5: exponent and polynomial."""
    fraction, one, shift, bias = np.int32(0x7FFFFF), np.int32(0x3F800000), np.int32(23), np.int32(127)
    for k in range(len(bits)):
        b = bits[k]
        mantissa_bits[k] = (b & fraction) | one
        out[k] = np.float32(np.int32((b >> shift) - bias))
    for k in range(len(bits)):
        m = mantissa[k] - np.float32(1.0)
        p = np.float32(-0.03459521) * m + np.float32(0.14643361)
        p = p * m + np.float32(-0.30338967)
        p = p * m + np.float32(0.46930169)
        p = p * m + np.float32(-0.72044237)
        p = p * m + np.float32(1.44268325)
        out[k] += p * m


@njit(cache=True, nogil=True, fastmath=True)
def _moments(power, bins, total):  # type: ignore[no-untyped-def]
    """Mean bin, and second to fourth central moment (sums over power, not yet divided by it)."""
    first = np.float32(0.0)
    for k in range(1, len(power)):
        first += bins[k] * power[k]
    mean = np.float32(first / total)
    m2 = np.float32(0.0)
    m3 = np.float32(0.0)
    m4 = np.float32(0.0)
    for k in range(1, len(power)):
        d = bins[k] - mean
        w = d * d * power[k]
        m2 += w
        m3 += w * d
        m4 += w * d * d
    return first, m2, m3, m4


@njit(cache=True, nogil=True, fastmath=True)
def _sum(values):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for i in range(len(values)):
        total += values[i]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _rolloffs(power, total):  # type: ignore[no-untyped-def]
    """Bins below which 85 % and 95 % of the power lie: skip 32 bins at a time, then walk."""
    n_bins = len(power)
    limit85 = np.float32(0.85) * total
    limit95 = np.float32(0.95) * total
    passed = np.float32(0.0)
    roll85 = n_bins - 1
    roll95 = n_bins - 1
    found = 0
    k = 1
    while k < n_bins and found < 2:
        stop = min(k + 32, n_bins)
        chunk = _sum(power[k:stop])
        limit = limit85 if found == 0 else limit95
        if passed + chunk < limit:
            passed += chunk
        else:
            for j in range(k, stop):
                passed += power[j]
                if found == 0 and passed >= limit85:
                    roll85 = j
                    found = 1
                if found == 1 and passed >= limit95:
                    roll95 = j
                    found = 2
                    break
        k = stop
    return roll85, roll95


@njit(cache=True, nogil=True, fastmath=True)
def _mel_bands(power, starts, rise, mel):  # type: ignore[no-untyped-def]
    """Add up triangles: between two edges every bin falls out of one filter and rises into the next."""
    for b in range(len(starts) - 1):
        up = np.float32(0.0)
        both = np.float32(0.0)
        for k in range(starts[b], starts[b + 1]):
            up += power[k] * rise[k]
            both += power[k]
        if b < len(mel):
            mel[b] += up
        if b > 0:
            mel[b - 1] += both - up


@njit(cache=True, nogil=True, fastmath=True)
def _peak_and_valley(power, begin, end, count, top, low):  # type: ignore[no-untyped-def]
    """Sums of the `count` highest and lowest values of a band."""
    for i in range(count):
        top[i] = np.float32(0.0)
        low[i] = np.float32(1e30)
    for k in range(begin, end):
        p = power[k]
        if p > top[0]:
            i = 0
            while i + 1 < count and top[i + 1] < p:
                top[i] = top[i + 1]
                i += 1
            top[i] = p
        if p < low[0]:
            i = 0
            while i + 1 < count and low[i + 1] > p:
                low[i] = low[i + 1]
                i += 1
            low[i] = p
    peak = np.float32(0.0)
    valley = np.float32(0.0)
    for i in range(count):
        peak += top[i]
        valley += low[i]
    return peak, valley


@njit(cache=True, nogil=True, fastmath=True)
def _octaves(power, edges, share, top, low, contrast):  # type: ignore[no-untyped-def]
    """Contrast of every octave band in dB; returns the slope of their levels, least squares over x = -3 .. 3."""
    slope = np.float32(0.0)
    for c in range(len(contrast)):
        begin = edges[c]
        end = edges[c + 1]
        count = max(1, min(len(top), int(share * (end - begin) + 0.5)))
        peak, valley = _peak_and_valley(power, begin, end, count, top, low)
        level = np.float32(0.0)
        for k in range(begin, end):
            level += power[k]
        contrast[c] = _DB * np.float32(math.log2(peak / valley))
        slope += np.float32(c - 3) * _DB * np.float32(math.log2(level / np.float32(end - begin)))
    return slope / np.float32(28.0)


@njit(cache=True, nogil=True, fastmath=True)
def analyze_block(spectrum, scale, floor, bins, inverse, starts, rise, contrast_edges, share,  # type: ignore[no-untyped-def]
                  features, mel, contrast, energy, mean_power):  # fmt: skip
    """Fill the rows of one block; `spectrum` is (frames, 2 * n_bins), real and imaginary parts in turn."""
    n_frames = spectrum.shape[0]
    n_bins = spectrum.shape[1] // 2
    power = np.empty(n_bins, np.float32)
    bits = power.view(np.int32)
    log2 = np.empty(n_bins, np.float32)
    mantissa_bits = np.empty(n_bins, np.int32)
    mantissa = mantissa_bits.view(np.float32)
    top = np.empty(4, np.float32)
    low = np.empty(4, np.float32)
    bin_hz = np.float32(44100.0 / (2 * (n_bins - 1)))
    n = np.float32(n_bins - 1)
    for t in range(n_frames):
        row = spectrum[t]
        for k in range(n_bins):
            re = row[2 * k]
            im = row[2 * k + 1]
            power[k] = (re * re + im * im) * scale + floor
        total = np.float32(0.0)
        high = np.float32(0.0)
        for k in range(1, n_bins):
            p = power[k]
            total += p
            high = max(high, p)
            mean_power[k] += p
        amplitude_sum = np.float32(0.0)
        decrease = np.float32(0.0)
        a1 = np.sqrt(power[1])
        for k in range(2, n_bins):
            a = np.sqrt(power[k])
            amplitude_sum += a
            decrease += (a - a1) * inverse[k]
        _log2(bits, mantissa_bits, mantissa, log2)
        log_sum = np.float32(0.0)
        plogp = np.float32(0.0)
        for k in range(1, n_bins):
            log_sum += log2[k]
            plogp += power[k] * log2[k]
        log_total = np.float32(math.log2(total))
        first, m2, m3, m4 = _moments(power, bins, total)
        m2 = max(m2 / total, np.float32(1e-6))
        roll85, roll95 = _rolloffs(power, total)
        _mel_bands(power, starts, rise, mel[t])
        out = features[t]
        out[0] = first / total * bin_hz
        out[1] = np.sqrt(m2) * bin_hz
        out[2] = m3 / total / (m2 * np.sqrt(m2))
        out[3] = m4 / total / (m2 * m2)
        out[4] = roll85 * bin_hz
        out[5] = roll95 * bin_hz
        out[6] = min(np.float32(1.0), np.float32(2.0 ** (log_sum / n - log_total + math.log2(n))))
        out[7] = min(np.float32(1.0), max(np.float32(0.0), (log_total - plogp / total) / np.float32(math.log2(n))))
        out[8] = _DB * np.float32(math.log2(high * n / total))
        out[9] = _octaves(power, contrast_edges, share, top, low, contrast[t])
        out[10] = decrease / (amplitude_sum + np.float32(1e-12))
        out[11] = _DB * np.float32(math.log2(first))
        energy[t] = total


@njit(cache=True, nogil=True, fastmath=True)
def flux(mel_db, out):  # type: ignore[no-untyped-def]
    """Mean rise of the mel bands over the highest neighbour one frame before."""
    n, bands = mel_db.shape
    for t in range(1, n):
        now, before = mel_db[t], mel_db[t - 1]
        rise = max(np.float32(0.0), now[0] - max(before[0], before[1]))
        rise += max(np.float32(0.0), now[bands - 1] - max(before[bands - 2], before[bands - 1]))
        for b in range(1, bands - 1):
            rise += max(np.float32(0.0), now[b] - max(before[b - 1], before[b], before[b + 1]))
        out[t] = rise / np.float32(bands)


@njit(cache=True, nogil=True, fastmath=True)
def zero_crossings(y, hop, out):  # type: ignore[no-untyped-def]
    """Crossings a second in the two hops before and after the centre of each frame; each hop is counted once."""
    hops = -(-len(y) // hop)
    until = np.zeros(hops + 1, np.int64)  # crossings from one sample to the next, the later one before this hop
    for h in range(hops):
        crossings = np.float32(0.0)
        for i in range(max(1, h * hop), min(len(y), (h + 1) * hop)):
            crossings += np.float32(1.0) if (y[i] >= 0) != (y[i - 1] >= 0) else np.float32(0.0)
        until[h + 1] = until[h] + np.int64(crossings)
    for t in range(len(out)):
        first, last = max(0, t - 2), min(hops, t + 2)
        begin, end = first * hop, min(len(y), last * hop)
        into = 1 if first > 0 and (y[begin] >= 0) != (y[begin - 1] >= 0) else 0  # begins before the first of them
        out[t] = np.float32(44100.0) * (until[last] - until[first] - into) / max(1, end - begin - 1)
