"""What is computed of a frame while its spectrum is in the cache: compiled loops in float32, written to vectorise.

A loop vectorises when it runs over a whole slice, stays in 32 bits, and asks nothing on its way. So logarithms are
taken of rows rather than of numbers, and the highest values of a band are sought in 16 columns at once, and by their
bits: positive numbers are ordered as their bits are, and a maximum of integers vectorises where that of floats not.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["CONTRAST_MOST", "analyze_block", "mel_levels", "window_block", "zero_crossings"]

_DB = np.float32(3.0102999566)  # 10 log10(2)
_LANES = 16  # columns in which the extremes of a band are sought
#: Of a contrast band's bins at most these many count as its peak and as its valley.
CONTRAST_MOST = 4
_FRACTION = np.int32(0x7FFFFF)
_INFINITY = np.int32(0x7F800000)  # above the bits of every finite number
_FRACTION_UNIT = np.float32(2.0**-23)


@njit(cache=True, nogil=True, fastmath=True)
def _log2(bits):  # type: ignore[no-untyped-def]
    """Base-2 logarithm of a positive float32, given by its bits, to 1e-5: exponent and polynomial of the rest."""
    m = np.float32(np.int32(bits & _FRACTION)) * _FRACTION_UNIT
    p = np.float32(-0.03459521) * m + np.float32(0.14643361)
    p = p * m + np.float32(-0.30338967)
    p = p * m + np.float32(0.46930169)
    p = p * m + np.float32(-0.72044237)
    p = p * m + np.float32(1.44268325)
    return np.float32(np.int32((bits >> np.int32(23)) - np.int32(127))) + p * m


@njit(cache=True, nogil=True, fastmath=True)
def _sum(values):  # type: ignore[no-untyped-def]
    total = np.float32(0.0)
    for i in range(len(values)):
        total += values[i]
    return total


@njit(cache=True, nogil=True, fastmath=True)
def window_block(y, begin, hop, window, out):  # type: ignore[no-untyped-def]
    """Frames of the signal times the window, one every `hop` samples from `begin` on, zeros beyond both ends."""
    width = len(window)
    for t in range(out.shape[0]):
        first = begin + t * hop
        low = min(width, max(0, -first))
        high = max(low, min(width, len(y) - first))
        row = out[t]
        if low > 0:
            row[:low] = np.float32(0.0)
        if high < width:
            row[high:] = np.float32(0.0)
        if low < high:
            part, samples, weights = row[low:high], y[first + low : first + high], window[low:high]
            for i in range(len(part)):
                part[i] = samples[i] * weights[i]


@njit(cache=True, nogil=True, fastmath=True)
def _power(row, floor, power, mean_power):  # type: ignore[no-untyped-def]
    """Power of each bin, also added up over frames."""
    for k in range(len(power)):
        re = row[2 * k]
        im = row[2 * k + 1]
        p = re * re + im * im + floor
        power[k] = p
        mean_power[k] += p


@njit(cache=True, nogil=True, fastmath=True)
def _mel_bands(power, starts, rise, mel):  # type: ignore[no-untyped-def]
    """Add up triangles: between two edges every bin falls out of one filter and rises into the next.

    Returns the sum of all bins.
    """
    total = np.float32(0.0)
    before = np.float32(0.0)  # rose into the filter before
    for b in range(len(starts) - 1):
        up = np.float32(0.0)
        both = np.float32(0.0)
        for k in range(starts[b], starts[b + 1]):
            up += power[k] * rise[k]
            both += power[k]
        if b > 0:
            mel[b - 1] = before + both - up
        before = up
        total += both
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _extremes(bits, begin, end):  # type: ignore[no-untyped-def]
    """Highest and lowest of some bits of positive numbers."""
    high = np.int32(0)
    low = _INFINITY
    for k in range(begin, end):
        high = max(high, bits[k])
        low = min(low, bits[k])
    return high, low


@njit(cache=True, nogil=True, fastmath=True)
def _shares(power, bits, inverse):  # type: ignore[no-untyped-def]
    """Sums over bins: of bin times power, logarithm, power times logarithm, amplitude, amplitude times `inverse`."""
    first = np.float32(0.0)
    log_sum = np.float32(0.0)
    plogp = np.float32(0.0)
    amplitude = np.float32(0.0)
    decrease = np.float32(0.0)
    for k in range(1, len(power)):
        p = power[k]
        log = _log2(bits[k])
        a = np.sqrt(p)
        first += np.float32(np.int32(k)) * p
        log_sum += log
        plogp += p * log
        amplitude += a
        decrease += a * inverse[k]
    return first, log_sum, plogp, amplitude, decrease


@njit(cache=True, nogil=True, fastmath=True)
def _central_moments(power, mean):  # type: ignore[no-untyped-def]
    """Second to fourth central moment, in bins (sums over power, not yet divided by it)."""
    m2 = np.float32(0.0)
    m3 = np.float32(0.0)
    m4 = np.float32(0.0)
    for k in range(1, len(power)):
        d = np.float32(np.int32(k)) - mean
        w = d * d * power[k]
        m2 += w
        m3 += w * d
        m4 += w * d * d
    return m2, m3, m4


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
def _keep_highest(a, b, c, d, value):  # type: ignore[no-untyped-def]
    """The four highest of five numbers, of which the first four are sorted from the highest down."""
    rest = min(a, value)
    next_rest = min(b, rest)
    return max(a, value), max(b, rest), max(c, next_rest), max(d, min(c, next_rest))


@njit(cache=True, nogil=True, fastmath=True)
def _keep_lowest(a, b, c, d, value):  # type: ignore[no-untyped-def]
    """The four lowest of five numbers, of which the first four are sorted from the lowest up."""
    rest = max(a, value)
    next_rest = max(b, rest)
    return min(a, value), min(b, rest), min(c, next_rest), min(d, max(c, next_rest))


@njit(cache=True, nogil=True, fastmath=True)
def _sink(highs, lows, columns):  # type: ignore[no-untyped-def]
    """Let values, two a column, sink into the columns of the four highest and of the four lowest."""
    for i in range(_LANES):
        j, k, m = i + _LANES, i + 2 * _LANES, i + 3 * _LANES
        a, b, c, d = _keep_highest(columns[i], columns[j], columns[k], columns[m], highs[i])
        columns[i], columns[j], columns[k], columns[m] = _keep_highest(a, b, c, d, highs[j])
        p, q, r, s = i + 4 * _LANES, i + 5 * _LANES, i + 6 * _LANES, i + 7 * _LANES
        a, b, c, d = _keep_lowest(columns[p], columns[q], columns[r], columns[s], lows[i])
        columns[p], columns[q], columns[r], columns[s] = _keep_lowest(a, b, c, d, lows[j])


@njit(cache=True, nogil=True, fastmath=True)
def _many_extremes(bits, count, columns, found):  # type: ignore[no-untyped-def]
    """Bits of the `count` highest and of the `count` lowest values of a band, into `found`."""
    half = CONTRAST_MOST * _LANES
    width = 2 * _LANES
    columns[:half] = np.int32(0)
    columns[half : 2 * half] = _INFINITY
    whole = len(bits) - len(bits) % width
    for k in range(0, whole, width):
        row = bits[k : k + width]
        _sink(row, row, columns)
    highs, lows = columns[2 * half : 2 * half + width], columns[2 * half + width :]
    highs[:] = np.int32(0)
    lows[:] = _INFINITY
    for k in range(whole, len(bits)):
        highs[k - whole] = bits[k]
        lows[k - whole] = bits[k]
    _sink(highs, lows, columns)
    for i in range(count):
        best, least = 0, half
        for lane in range(1, _LANES):
            best = lane if columns[lane] > columns[best] else best
            least = half + lane if columns[half + lane] < columns[least] else least
        found[i] = columns[best]
        found[count + i] = columns[least]
        for level in range(0, half - _LANES, _LANES):  # the column moves up
            columns[best + level] = columns[best + level + _LANES]
            columns[least + level] = columns[least + level + _LANES]


@njit(cache=True, nogil=True, fastmath=True)
def _octaves(power, bits, edges, counts, columns, ratios, levels):  # type: ignore[no-untyped-def]
    """Peak over valley, and mean power, of every octave band."""
    found = np.empty(2 * CONTRAST_MOST, np.int32)
    values = found.view(np.float32)
    for c in range(len(ratios)):
        begin, end, count = edges[c], edges[c + 1], counts[c]
        level = np.float32(0.0)
        for k in range(begin, end):
            level += power[k]
        levels[c] = level / np.float32(end - begin)
        if count == 1:
            found[0], found[1] = _extremes(bits, begin, end)
            ratios[c] = values[0] / values[1]
        else:
            _many_extremes(bits[begin:end], count, columns, found)
            ratios[c] = _sum(values[:count]) / _sum(values[count : 2 * count])


@njit(cache=True, nogil=True, fastmath=True)
def _logarithms(values):  # type: ignore[no-untyped-def]
    """Base-2 logarithms of positive values in rows."""
    out = np.empty(values.shape, np.float32)
    bits, logs = values.reshape(-1).view(np.int32), out.reshape(-1)
    for i in range(len(logs)):
        logs[i] = _log2(bits[i])
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _colours(power, bits, total, inverse, edges, counts, columns, raw, out):  # type: ignore[no-untyped-def]
    """What one frame sounds like: features 0 to 7 and 10 into `out`, what needs a logarithm yet into `raw`."""
    first, log_sum, plogp, amplitude, decrease = _shares(power, bits, inverse)
    m2, m3, m4 = _central_moments(power, first / total)
    m2 = max(m2 / total, np.float32(1e-6))
    spread = np.sqrt(m2)
    roll85, roll95 = _rolloffs(power, total)
    lowest = np.sqrt(power[1])
    out[0] = first / total
    out[1] = spread
    out[2] = m3 / (total * m2 * spread)
    out[3] = m4 / (total * m2 * m2)
    out[4] = roll85
    out[5] = roll95
    out[6] = log_sum
    out[7] = plogp / total
    out[10] = (decrease - lowest * _sum(inverse)) / (amplitude - lowest + np.float32(1e-12))
    _octaves(power, bits, edges, counts, columns, raw[:7], raw[7:14])
    raw[14] = total
    raw[15] = first
    raw.view(np.int32)[16] = _extremes(bits, np.uint64(1), np.uint64(len(bits)))[0]


@njit(cache=True, nogil=True, fastmath=True)
def _in_units(logs, n_bins, out, contrast):  # type: ignore[no-untyped-def]
    """Bins become Hz, logarithms dB and shares; the slope is that of least squares over x = -3 .. 3."""
    bin_hz = np.float32(44100.0 / (2 * (n_bins - 1)))
    n = np.float32(n_bins - 1)
    log_n = np.float32(np.log2(n))
    for t in range(len(out)):
        row, log = out[t], logs[t]
        for i in (0, 1, 4, 5):
            row[i] *= bin_hz
        row[6] = min(np.float32(1.0), np.float32(2.0) ** (row[6] / n - log[14] + log_n))
        row[7] = min(np.float32(1.0), max(np.float32(0.0), (log[14] - row[7]) / log_n))
        row[8] = _DB * (log[16] + log_n - log[14])
        slope = np.float32(0.0)
        for c in range(7):
            contrast[t, c] = _DB * log[c]
            slope += np.float32(c - 3) * log[7 + c]
        row[9] = _DB / np.float32(28.0) * slope
        row[11] = _DB * log[15]


@njit(cache=True, nogil=True, fastmath=True)
def analyze_block(spectrum, floor, starts, rise, inverse, edges, counts, step,  # type: ignore[no-untyped-def]
                  mel, energy, mean_power, features, contrast):  # fmt: skip
    """Fill the rows of one block; `spectrum` is (frames, 2 * n_bins), real and imaginary parts in turn.

    Every frame has its `mel` bands and `energy`; the first of every `step` has a row of `features` and `contrast`.
    """
    n_bins = spectrum.shape[1] // 2
    power = np.empty(n_bins, np.float32)
    bits = power.view(np.int32)
    columns = np.empty((2 * CONTRAST_MOST + 4) * _LANES, np.int32)
    raw = np.empty((len(features), 17), np.float32)
    for t in range(len(energy)):
        _power(spectrum[t], floor, power, mean_power)
        total = _mel_bands(power, starts, rise, mel[t])
        energy[t] = total
        if t % step == 0:
            _colours(power, bits, total, inverse, edges, counts, columns, raw[t // step], features[t // step])
    _in_units(_logarithms(raw), n_bins, features, contrast)


@njit(cache=True, nogil=True, fastmath=True)
def mel_levels(mel, loudest, range_db, mel_db, flux, strength):  # type: ignore[no-untyped-def]
    """Bands in dB below the loudest, -80 at least, and how far they rise over the highest neighbour a frame before.

    `flux` and `strength` are means over bands; to `strength` levels below -`range_db` do not count, and before the
    first frame there was silence.
    """
    n, bands = mel.shape
    share = np.empty(bands, np.float32)
    bits = share.view(np.int32)
    for t in range(n):
        now, power = mel_db[t], mel[t]
        for b in range(bands):
            share[b] = max(power[b] / loudest, np.float32(1e-8))
        for b in range(bands):
            now[b] = _DB * _log2(bits[b])
        rise = np.float32(0.0)
        clipped = np.float32(0.0)
        if t == 0:
            for b in range(bands):
                clipped += max(np.float32(0.0), now[b] + range_db)
        else:
            before = mel_db[t - 1]
            rise, clipped = _rises(now[1:-1], before[:-2], before[1:-1], before[2:], range_db)
            for edge, inner in ((0, 1), (bands - 1, bands - 2)):
                highest = max(before[edge], before[inner])
                rise += max(np.float32(0.0), now[edge] - highest)
                clipped += max(np.float32(0.0), now[edge] - max(highest, -range_db))
        flux[t] = rise / np.float32(bands)
        strength[t] = clipped / np.float32(bands)


@njit(cache=True, nogil=True, fastmath=True)
def _rises(now, lower, same, upper, range_db):  # type: ignore[no-untyped-def]
    """How far values rise over the highest of three, in sum: all of it, and what of it lies above -`range_db`."""
    rise = np.float32(0.0)
    clipped = np.float32(0.0)
    for b in range(len(now)):
        highest = max(lower[b], same[b], upper[b])
        rise += max(np.float32(0.0), now[b] - highest)
        clipped += max(np.float32(0.0), now[b] - max(highest, -range_db))
    return rise, clipped


@njit(cache=True, nogil=True, fastmath=True)
def _crossings(samples, before):  # type: ignore[no-untyped-def]
    crossings = np.int32(0)
    for i in range(len(samples)):
        crossings += np.int32((samples[i] >= 0) != (before[i] >= 0))
    return crossings


@njit(cache=True, nogil=True, fastmath=True)
def zero_crossings(y, hop, out):  # type: ignore[no-untyped-def]
    """Crossings a second in the two hops before and after the centre of each frame; each hop is counted once."""
    hops = -(-len(y) // hop)
    until = np.zeros(hops + 1, np.int64)  # crossings from one sample to the next, the later one before this hop
    for h in range(hops):
        begin, end = max(1, h * hop), min(len(y), (h + 1) * hop)
        until[h + 1] = until[h] + _crossings(y[begin:end], y[begin - 1 : end - 1])
    for t in range(len(out)):
        first, last = max(0, t - 2), min(hops, t + 2)
        begin, end = first * hop, min(len(y), last * hop)
        into = 1 if first > 0 and (y[begin] >= 0) != (y[begin - 1] >= 0) else 0  # begins before the first of them
        out[t] = np.float32(44100.0) * (until[last] - until[first] - into) / max(1, end - begin - 1)
