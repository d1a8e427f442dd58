"""Compiled loops of the tempo estimator: onset curves, autocorrelations, spectra between bins, candidates and choice.

Sounds are short, so that most of the time of chains of array operations would go into calling them.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["between", "choose", "describe", "magnitudes", "normalize", "onset_curves", "peaks", "profiles", "pulse"]


@njit(cache=True, nogil=True, fastmath=True)
def _highest_near(level, floor, out):  # type: ignore[no-untyped-def]
    """The highest of each band and its neighbours, not under `floor`."""
    last = len(level) - 1
    for b in range(1, last):
        out[b] = max(floor, max(level[b], max(level[b - 1], level[b + 1])))
    out[0] = max(floor, max(level[0], level[1]))
    out[last] = max(floor, max(level[last], level[last - 1]))


@njit(cache=True, nogil=True, fastmath=True)
def onset_curves(level_db, mel, floor_db, edges, curves):  # type: ignore[no-untyped-def]
    """Rise of each group of mel bands over the highest neighbour two frames before, and of the amplitude; sums 1."""
    n, bands = level_db.shape
    groups = len(edges) - 1
    amplitude = np.empty(n, np.float32)
    before = np.full(bands, floor_db, np.float32)  # silence comes before the first frame
    for t in range(n):
        if t >= 2:
            _highest_near(level_db[t - 2], floor_db, before)
        for group in range(groups):
            total = np.float32(0.0)
            for b in range(edges[group], edges[group + 1]):
                total += max(level_db[t, b] - before[b], np.float32(0.0))
            curves[group, t] = total / (edges[group + 1] - edges[group])
        power = np.float32(0.0)
        for b in range(mel.shape[1]):
            power += mel[t, b]
        amplitude[t] = np.sqrt(power)
        earlier = amplitude[t - 2] if t >= 2 else np.float32(0.0)
        curves[groups, t] = max(amplitude[t] - earlier, np.float32(0.0))
    for row in range(groups + 1):
        total = np.float32(0.0)
        for t in range(n):
            total += curves[row, t]
        scale = 1 / max(total, np.float32(1e-9))
        for t in range(n):
            curves[row, t] *= scale


@njit(cache=True, nogil=True, fastmath=True)
def profiles(level_db, floor_db, curves, out):  # type: ignore[no-untyped-def]
    """Rows without their mean: the level in coarse bands, then the onset curves, a little smoothed."""
    n, bands = level_db.shape
    coarse = len(out) - len(curves)
    width = bands // coarse
    for row in range(coarse):
        for t in range(n):
            total = np.float32(0.0)
            for b in range(row * width, (row + 1) * width):
                total += max(level_db[t, b], floor_db)
            out[row, t] = total / width
    for row in range(len(curves)):  # attacks within a frame of each other are the same
        for t in range(n):
            sides = (curves[row, t - 1] if t > 0 else 0.0) + (curves[row, t + 1] if t < n - 1 else 0.0)
            out[coarse + row, t] = np.float32(0.5) * curves[row, t] + np.float32(0.25) * np.float32(sides)
    for row in range(len(out)):
        mean = np.float32(0.0)
        for t in range(n):
            mean += out[row, t]
        mean /= n
        for t in range(n):
            out[row, t] -= mean


@njit(cache=True, nogil=True)
def normalize(product, rows, out):  # type: ignore[no-untyped-def]
    """Divide an autocorrelation by what it could be at most at each lag, given the energy of `rows` that overlaps."""
    n = len(out)
    energy = np.zeros(n + 1)
    for row in range(len(rows)):
        for t in range(n):
            energy[t + 1] += rows[row, t] * rows[row, t]
    for t in range(n):
        energy[t + 1] += energy[t]
    least = 1e-9 * max(energy[n], 1e-12)
    for lag in range(n):
        most = np.sqrt(max(0.0, (energy[n] - energy[lag]) * energy[n - lag]))
        out[lag] = min(1.0, max(-1.0, product[lag] / max(most, least)))


@njit(cache=True, nogil=True, fastmath=True)
def between(curve, at):  # type: ignore[no-untyped-def]
    """Value of a curve between its points; 0 where less than a fifth of it is left."""
    n = len(curve)
    if at >= 0.8 * n:
        return np.float32(0.0)
    low = min(int(at), n - 1)
    high = min(low + 1, n - 1)
    part = np.float32(at - low)
    return curve[low] * (1 - part) + curve[high] * part


@njit(cache=True, nogil=True, fastmath=True)
def _coefficient(spectrum, at):  # type: ignore[no-untyped-def]
    low = int(at)
    part = np.float32(at - low)
    first, second = spectrum[low], spectrum[low + 1]
    return first.real * (1 - part) + second.real * part, first.imag * (1 - part) + second.imag * part


@njit(cache=True, nogil=True, fastmath=True)
def magnitudes(spectra, scale, hz, out):  # type: ignore[no-untyped-def]
    """Absolute value of each spectrum at each frequency; `scale` bins a Hz."""
    for k in range(len(hz)):
        at = min(hz[k] * scale, spectra.shape[1] - 2.0)
        for row in range(len(spectra)):
            real, imaginary = _coefficient(spectra[row], at)
            out[row, k] = np.sqrt(real * real + imaginary * imaginary)


@njit(cache=True, nogil=True, fastmath=True)
def pulse(spectra, scale, bpm, out):  # type: ignore[no-untyped-def]
    """How well the onsets lie on the grid of each tempo: its beats, halves, and quarters or thirds."""
    hz = np.empty(4)
    found = np.empty((len(spectra), 4), np.float32)
    for k in range(len(bpm)):
        for j in range(4):
            hz[j] = bpm[k] / 60 * (1, 2, 4, 3)[j]
        magnitudes(spectra, scale, hz, found)
        out[k] = 0.0
        for row in range(len(found)):
            out[k] += found[row, 0] + 0.8 * found[row, 1]
        quarters, thirds = found[:, 2].sum(), found[:, 3].sum()
        out[k] += 0.6 * max(quarters, 0.7 * thirds)


@njit(cache=True, nogil=True, fastmath=True)
def peaks(strength, count):  # type: ignore[no-untyped-def]
    """Places of the highest local maxima, refined by a parabola, highest first."""
    n = len(strength)
    where = np.empty(n)
    height = np.empty(n)
    found = 0
    for k in range(1, n - 1):
        left, middle, right = strength[k - 1], strength[k], strength[k + 1]
        if middle >= left and middle > right:
            shift = 0.5 * (left - right) / min(left - 2 * middle + right, -1e-12)
            where[found] = k + min(0.5, max(-0.5, shift))
            height[found] = middle
            found += 1
    order = np.argsort(-height[:found])[:count]
    return where[order]


@njit(cache=True, nogil=True, fastmath=True)
def _spread(spectra, scale, centre_s, origin_s, hz, out):  # type: ignore[no-untyped-def]
    """Magnitudes, then real, then imaginary parts of the spectra at `hz`, with phase 0 at `origin_s`."""
    rows, count = len(spectra), len(hz)
    part = rows * count
    for k in range(count):
        at = min(hz[k] * scale, spectra.shape[1] - 2.0)
        angle = 2 * np.pi * hz[k] * (origin_s - centre_s)
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        for row in range(rows):
            real, imaginary = _coefficient(spectra[row], at)
            place = row * count + k
            out[place] = np.sqrt(real * real + imaginary * imaginary)
            out[part + place] = real * cosine - imaginary * sine
            out[2 * part + place] = real * sine + imaginary * cosine


@njit(cache=True, nogil=True, fastmath=True)
def _of_length(bpm, length_s, origin_s, is_loop, duration_s, last_onset_s, counts, out):  # type: ignore[no-untyped-def]
    """What the length says: whole tempos, whole beats, whole bars, and how much follows the last attack."""
    beat = 60 / bpm
    beats = length_s / beat
    whole = round(beats)
    bars = 4 * max(1, round(beats / 4))
    miss = abs(beats / bars - 1)
    rest = (length_s + origin_s - last_onset_s) / beat
    # in steps of the precision that a length gives
    off = abs(bpm - round(bpm)) * length_s / 0.003
    half = abs(2 * bpm - round(2 * bpm)) * length_s / 0.006
    out[0] = np.exp(-off) if is_loop else 0.0
    out[1] = np.exp(-half) if is_loop else 0.0
    out[2] = is_loop
    out[3] = is_loop and length_s == duration_s
    out[4] = is_loop and whole % 4 == 0
    out[5] = is_loop and whole % 8 == 0
    out[6] = is_loop and whole % 3 == 0
    out[7] = is_loop and np.log2(max(whole, 1)) % 1 == 0
    out[8] = np.exp(-abs(beats - whole) * 20)
    out[9] = np.log2(max(beats, 0.5)) / 4
    out[10] = np.exp(-miss / 0.001)
    out[11] = np.exp(-miss / 0.005)
    out[12] = np.exp(-miss / 0.02)
    out[13] = min(max(rest / 4, 0), 3)
    out[14] = min(max(rest, 0), 2)
    for k in range(len(counts)):
        out[15 + k] = is_loop and whole == counts[k]


@njit(cache=True, nogil=True, fastmath=True)
def describe(spectra, scale, centre_s, likeness, frame_rate, bpm, length_s,  # type: ignore[no-untyped-def]
             origin_s, from_length, duration_s, last_onset_s, same, multiples, most_hz, lags, onset_lags, priors,
             counts, out):  # fmt: skip
    """Fill one row a candidate; `same` is what every row ends with."""
    width = len(spectra) * len(multiples)
    hz = np.empty(len(multiples))
    for c in range(len(bpm)):
        row = out[c]
        for k in range(len(multiples)):
            hz[k] = min(bpm[c] / 240 * multiples[k], most_hz)
        _spread(spectra, scale, centre_s, origin_s[c], hz, row[: 3 * width])
        place = 3 * width
        for k in range(len(lags)):
            row[place + k] = between(likeness[0], lags[k] * 60 / bpm[c] * frame_rate)
        place += len(lags)
        for curve in range(1, len(likeness)):
            for k in range(len(onset_lags)):
                row[place + k] = between(likeness[curve], onset_lags[k] * 60 / bpm[c] * frame_rate)
            place += len(onset_lags)
        log_bpm = np.log2(bpm[c] / 120)
        for k in range(len(priors)):
            row[place + k] = np.exp(-(((log_bpm - priors[k]) / 0.12) ** 2))
        place += len(priors)
        row[place] = log_bpm
        _of_length(bpm[c], length_s[c], origin_s[c], from_length[c], duration_s, last_onset_s, counts, row[place + 1 :])
        for k in range(len(same)):
            row[len(row) - len(same) + k] = same[k]


@njit(cache=True, nogil=True)
def choose(scores, bpm, same, other):  # type: ignore[no-untyped-def]
    """Softmax over candidates, in which those that say the same tempo stand together.

    Returns the likeliest of the likeliest group, its mass, and the runner-up (-1 where there is none).
    """
    n = len(scores)
    chance = np.exp(scores - scores.max())
    chance /= chance.sum()
    log_bpm = np.log(bpm)
    mass = np.zeros(n)
    for i in range(n):
        for j in range(n):
            if abs(log_bpm[i] - log_bpm[j]) < same:
                mass[i] += chance[j]
    top = int(np.argmax(mass))
    best = top
    for j in range(n):
        if abs(log_bpm[top] - log_bpm[j]) < same and chance[j] > chance[best]:
            best = j
    rival, rival_mass = -1, 0.0
    for j in range(n):
        if abs(log_bpm[best] - log_bpm[j]) > other and mass[j] > rival_mass:
            rival, rival_mass = j, mass[j]
    return best, min(1.0, mass[best]), rival
