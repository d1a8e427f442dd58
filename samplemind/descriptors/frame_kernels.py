"""What is computed of a frame while its spectrum is in the cache: compiled loops in float32, written to vectorise.

Spectra come sixteen frames at a time (see `audio.lanes`). The other loops vectorise by themselves, since they run over
a whole slice, stay in 32 bits, and ask nothing on their way; so logarithms are taken of rows rather than of numbers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from samplemind.audio.lanes import LANES, LOG2, absent, highest, load, log2, lowest, root, store
from samplemind.descriptors.frame_spectra import HOP, N_FFT, group_power, room, spread_hops

__all__ = ["CONTRAST_MOST", "analyze_all", "mel_levels", "zero_crossings"]

_DB = np.float32(3.0102999566)  # 10 log10(2)
_LANES = np.uint64(LANES)
_CHUNK = 32  # bins that are skipped together on the way to a rolloff
#: Of a contrast band's bins at most these many count as its peak and as its valley.
CONTRAST_MOST = 4
_FRACTION = np.int32(0x7FFFFF)
_HUGE = np.float32(3e38)
_FRACTION_UNIT = np.float32(2.0**-23)
_L6, _L5, _L4, _L3, _L2, _L1 = (np.float32(factor) for factor in LOG2)


@njit(cache=True, nogil=True, fastmath=True)
def _log2(bits):  # type: ignore[no-untyped-def]
    """Base-2 logarithm of a positive float32, given by its bits, to 1e-5: exponent and polynomial of the rest."""
    m = np.float32(np.int32(bits & _FRACTION)) * _FRACTION_UNIT
    p = ((((_L6 * m + _L5) * m + _L4) * m + _L3) * m + _L2) * m + _L1
    return np.float32(np.int32((bits >> np.int32(23)) - np.int32(127))) + p * m


@njit(cache=True, nogil=True, fastmath=True)
def _bands(power, starts, rise, added, totals, bands):  # type: ignore[no-untyped-def]
    """Add up triangles: between two edges every bin falls out of one filter and rises into the next.

    `bands` has a row for each filter, `totals` is the sum of all bins, and each bin is added to its row of `added`.
    """
    total, before = absent(), absent()  # `before` rose into the filter before
    for b in range(np.uint64(len(starts) - 1)):
        up, both = absent(), absent()
        for k in range(starts[b], starts[b + np.uint64(1)]):
            at = k * _LANES
            p = load(power, at)
            up += p * rise[k]
            both += p
            store(added, at, load(added, at) + p)
        if b > 0:
            store(bands, (b - np.uint64(1)) * _LANES, before + both - up)
        before = up
        total += both
    store(totals, np.uint64(0), total)


@njit(cache=True, nogil=True, fastmath=True)
def _shares(power, inverse, sums, chunks):  # type: ignore[no-untyped-def]
    """Sums over bins: of bin times power, logarithm, power times logarithm, amplitude, amplitude times `inverse`.

    They go into the first five rows of `sums`, and the power of every `_CHUNK` bins into a row of `chunks`.
    """
    first, log_sum, plogp, amplitude, decrease = absent(), absent(), absent(), absent(), absent()
    for c in range(np.uint64(len(chunks))):
        chunk, logs = absent(), absent()
        begin = np.uint64(1) + c * np.uint64(_CHUNK)
        for k in range(begin, begin + np.uint64(_CHUNK)):
            p = load(power, k * _LANES)
            log = log2(p)
            a = root(p)
            chunk += p
            logs += log
            first += p * np.float32(np.int32(k))
            plogp += p * log
            amplitude += a
            decrease += a * inverse[k]
        store(chunks, c * _LANES, chunk)
        log_sum += logs
    for row, value in enumerate((first, log_sum, plogp, amplitude, decrease)):
        store(sums, np.uint64(row) * _LANES, value)


@njit(cache=True, nogil=True, fastmath=True)
def _central_moments(power, mean, sums):  # type: ignore[no-untyped-def]
    """Second to fourth central moment, in bins (sums over power, not yet divided by it), in three rows of `sums`."""
    m2, m3, m4 = absent(), absent(), absent()
    means = load(mean, np.uint64(0))
    for k in range(np.uint64(1), np.uint64(len(power))):
        d = np.float32(np.int32(k)) - means
        w = d * d * load(power, k * _LANES)
        wd = w * d
        m2 += w
        m3 += wd
        m4 += wd * d
    for row, value in enumerate((m2, m3, m4)):
        store(sums, np.uint64(row) * _LANES, value)


@njit(cache=True, nogil=True, fastmath=True)
def _rolloffs(power, chunks, total, i):  # type: ignore[no-untyped-def]
    """Bins below which 85 % and 95 % of the power of one frame lie: skip chunks, then walk."""
    n_bins = len(power)
    limit85 = np.float32(0.85) * total
    limit95 = np.float32(0.95) * total
    passed = np.float32(0.0)
    roll85 = n_bins - 1
    roll95 = n_bins - 1
    found = 0
    for c in range(len(chunks)):
        limit = limit85 if found == 0 else limit95
        if passed + chunks[c, i] < limit:
            passed += chunks[c, i]
            continue
        for j in range(1 + c * _CHUNK, 1 + (c + 1) * _CHUNK):
            passed += power[j, i]
            if found == 0 and passed >= limit85:
                roll85 = j
                found = 1
            if found == 1 and passed >= limit95:
                roll95 = j
                found = 2
                break
        if found == 2:
            break
    return roll85, roll95


@njit(cache=True, nogil=True, fastmath=True)
def _sink(power, begin, end, extremes):  # type: ignore[no-untyped-def]
    """The four highest of some bins, from the highest down, and the four lowest, from the lowest up; their sum."""
    total = absent()
    a, b, c, d = absent(), absent(), absent(), absent()
    p = q = r = s = absent() + _HUGE
    for k in range(begin, end):
        value = load(power, k * _LANES)
        total += value
        rest, left = lowest(a, value), highest(p, value)
        a, p = highest(a, value), lowest(p, value)
        next_rest, next_left = lowest(b, rest), highest(q, left)
        b, q = highest(b, rest), lowest(q, left)
        rest, left = lowest(c, next_rest), highest(r, next_left)
        c, r = highest(c, next_rest), lowest(r, next_left)
        d, s = highest(d, rest), lowest(s, left)
    for row, extreme in enumerate((a, b, c, d, p, q, r, s)):
        store(extremes, np.uint64(row) * _LANES, extreme)
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _ends(power, begin, end, extremes):  # type: ignore[no-untyped-def]
    """The highest and the lowest value of some bins, where `_sink` puts them; their sum."""
    total, high, low = absent(), absent(), absent() + _HUGE
    for k in range(begin, end):
        value = load(power, k * _LANES)
        total += value
        high, low = highest(high, value), lowest(low, value)
    store(extremes, np.uint64(0), high)
    store(extremes, np.uint64(CONTRAST_MOST) * _LANES, low)
    return total


@njit(cache=True, nogil=True, fastmath=True)
def _octaves(power, edges, counts, extremes, level, raw):  # type: ignore[no-untyped-def]
    """Peak over valley, and mean power, of every octave band, and the highest bin of all, of the frames of `raw`."""
    raw[:, 16] = np.float32(0.0)
    for c in range(len(counts)):
        begin, end, count = edges[c], edges[c + 1], counts[c]
        if count == 1:
            store(level, np.uint64(0), _ends(power, begin, end, extremes))
        else:
            store(level, np.uint64(0), _sink(power, begin, end, extremes))
        for i in range(len(raw)):
            peak, valley = np.float32(0.0), np.float32(0.0)
            for j in range(count):
                peak += extremes[j, i]
                valley += extremes[CONTRAST_MOST + j, i]
            raw[i, c] = peak / valley
            raw[i, 7 + c] = level[i] / np.float32(end - begin)
            raw[i, 16] = max(raw[i, 16], extremes[0, i])


@njit(cache=True, nogil=True, fastmath=True)
def _logarithms(values):  # type: ignore[no-untyped-def]
    """Base-2 logarithms of positive values in rows."""
    out = np.empty(values.shape, np.float32)
    bits, logs = values.reshape(-1).view(np.int32), out.reshape(-1)
    for i in range(len(logs)):
        logs[i] = _log2(bits[i])
    return out


@njit(cache=True, nogil=True, fastmath=True)
def _colours(power, totals, inverse, edges, counts, scratch, raw, out):  # type: ignore[no-untyped-def]
    """What frames sound like: features 0 to 7 and 10 into `out`, what needs a logarithm yet into `raw`."""
    sums, chunks, extremes, mean, level = scratch
    _shares(power, inverse, sums, chunks)
    distances = np.float32(0.0)
    for k in range(len(inverse)):
        distances += inverse[k]
    for i in range(len(out)):
        total = totals[i]
        mean[i] = sums[0, i] / total
        lowest = np.sqrt(power[1, i])
        out[i, 0] = mean[i]
        out[i, 4], out[i, 5] = _rolloffs(power, chunks, total, i)
        out[i, 6] = sums[1, i]
        out[i, 7] = sums[2, i] / total
        out[i, 10] = (sums[4, i] - lowest * distances) / (sums[3, i] - lowest + np.float32(1e-12))
        raw[i, 14] = total
        raw[i, 15] = sums[0, i]
    _central_moments(power, mean, sums)
    for i in range(len(out)):
        total = totals[i]
        m2 = max(sums[0, i] / total, np.float32(1e-6))
        spread = np.sqrt(m2)
        out[i, 1] = spread
        out[i, 2] = sums[1, i] / (total * m2 * spread)
        out[i, 3] = sums[2, i] / (total * m2 * m2)
    _octaves(power, edges, counts, extremes, level, raw)


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
def analyze_all(y, floor, step, tables, starts, rise, inverse, edges, counts,  # type: ignore[no-untyped-def]
                mel, energy, mean_power, features, contrast):  # fmt: skip
    """Fill the rows of all frames of a signal; `mean_power` is the mean of their spectra.

    Every frame has its `mel` bands and `energy`; the first of every `step` has a row of `features` and `contrast`.
    """
    n, n_bins = len(energy), len(mean_power)
    hops, work, power = room(step)
    sums, chunks = np.empty((5, LANES), np.float32), np.empty((n_bins // _CHUNK, LANES), np.float32)
    extremes, bands = np.empty((2 * CONTRAST_MOST, LANES), np.float32), np.empty((mel.shape[1], LANES), np.float32)
    totals, mean, level = np.empty(LANES, np.float32), np.zeros(LANES, np.float32), np.empty(LANES, np.float32)
    added = np.zeros((n_bins, LANES), np.float32)
    raw = np.empty((len(features), 17), np.float32)
    for begin in range(0, n, LANES * step):
        spread_hops(y, begin * HOP - N_FFT // 2, step, hops)
        for group in range(step):
            count = min(LANES, (n - begin - group + step - 1) // step)
            if count <= 0:
                continue
            group_power(hops, step, group, tables, floor, work, power)
            if count < LANES:
                power[:, count:] = np.float32(0.0)  # these frames lie after the last one
            _bands(power, starts, rise, added, totals, bands)
            for i in range(count):
                t = begin + group + i * step
                energy[t] = totals[i]
                for b in range(mel.shape[1]):
                    mel[t, b] = bands[b, i]
            if group == 0:
                rows = slice(begin // step, begin // step + count)
                _colours(power, totals, inverse, edges, counts, (sums, chunks, extremes, mean, level),
                         raw[rows], features[rows])  # fmt: skip
    for k in range(n_bins):
        mean_power[k] = added[k].sum() / np.float32(n)
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
