"""Which fundamentals could explain the partials of a sound, and what speaks for and against each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.partials import RATE, Partials
from samplemind.descriptors.periodicity import frames_acf, lag_value

__all__ = ["EVIDENCE", "MAX_PARTIALS", "evidence", "stretch"]

#: What is known of a candidate, in the order of the columns of `evidence`.
EVIDENCE: Final = (
    "explained", "explained_power", "filled", "odd", "not_third", "fundamental", "second", "third_partial",
    "between_halves", "between_thirds", "below", "acf", "acf_half", "acf_double", "acf_third", "salience",
    "height", "height_squared", "lowest_gap", "strongest_partial", "steady", "partials", "explained_best", "acf_best",
    "low_part",
)  # fmt: skip
LOWEST_NOTE: Final = 17.0  # MIDI; 22 Hz
HIGHEST_NOTE: Final = 109.0
STEPS: Final = 5  # grid points a semitone
GRID: Final = 92 * STEPS
MAX_CANDIDATES: Final = 16
MAX_PARTIALS: Final = 24
HIGHEST_HZ: Final = 5400.0
ACF_LAGS: Final = 1100
VOTES: Final = 16  # a peak is taken for one of so many partials
STRETCHES: Final = np.array([0.0, 1.2e-4, 3e-4, 6e-4, 1.2e-3], np.float32)  # inharmonicity of strings, Fletcher 1964
#: What a partial is sharper by, of each stretch [shape=(5, 25)].
_SHARPER: Final = np.sqrt(1 + np.outer(STRETCHES, np.arange(MAX_PARTIALS + 1) ** 2.0))
#: Where the fundamental lies of a peak that is partial 1 to 16: so many grid points below it.
_BELOW: Final = 12 * STEPS * np.log2(np.arange(1, VOTES + 1))


@njit(cache=True, nogil=True, fastmath=True)
def _salience_grid(freqs, amps, counts, rows, weights, grid):  # type: ignore[no-untyped-def]
    """Harmonic sum on a logarithmic grid: each peak votes for every fundamental that it could be a partial of."""
    for r in range(len(rows)):
        t = rows[r]
        total = 1e-9
        for p in range(counts[t]):
            total += np.sqrt(amps[t, p])
        for p in range(counts[t]):
            vote = weights[r] * np.sqrt(amps[t, p]) / total
            place = (69.0 + 12.0 * np.log2(freqs[t, p] / 440.0) - LOWEST_NOTE) * STEPS
            for k in range(VOTES):
                at = place - _BELOW[k]
                if at < 1.0:
                    break
                i = int(at)
                if i + 2 < len(grid):
                    frac = at - i
                    grid[i - 1] += vote * (0.5 - 0.5 * frac)
                    grid[i] += vote * (1.0 - 0.5 * frac)
                    grid[i + 1] += vote * (0.5 + 0.5 * frac)
                    grid[i + 2] += vote * 0.5 * frac
                vote *= 0.86


@njit(cache=True, nogil=True, fastmath=True)
def _keep_best(notes, strengths, begin, end, keep):  # type: ignore[no-untyped-def]
    """Bring the strongest from `begin` on to the front, in order; returns where they end."""
    last = min(end, begin + keep)
    for i in range(begin, last):
        best = i
        for j in range(i + 1, end):
            if strengths[j] > strengths[best]:
                best = j
        notes[i], notes[best] = notes[best], notes[i]
        strengths[i], strengths[best] = strengths[best], strengths[i]
    return last


@njit(cache=True, nogil=True, fastmath=True)
def _propose(grid, acf, weights, rate, notes, strengths):  # type: ignore[no-untyped-def]
    """Write notes that the pitch could be, and how much is to be said for looking at each; returns how many."""
    count = 0
    for i in range(1, len(grid) - 1):
        if grid[i] >= grid[i - 1] and grid[i] > grid[i + 1] and grid[i] > 0.25 and count < len(notes):
            notes[count], strengths[count] = LOWEST_NOTE + i / STEPS, grid[i]
            count += 1
    first = _keep_best(notes, strengths, 0, count, 8)
    mean = np.zeros(acf.shape[1], np.float32)
    for t in range(len(weights)):
        for lag in range(len(mean)):
            mean[lag] += weights[t] * acf[t, lag]
    count = first
    for lag in range(2, len(mean) - 1):
        a, b, c = mean[lag - 1], mean[lag], mean[lag + 1]
        if b > a and b >= c and b > 0.3 and count < len(notes):
            bend = a - 2 * b + c
            period = lag + (0.5 * (a - c) / bend if bend < -1e-9 else 0.0)
            notes[count], strengths[count] = 69.0 + 12.0 * np.log2(rate / period / 440.0), 0.9 * b - 9e-5 * lag
            count += 1
    count = _keep_best(notes, strengths, first, count, 3)
    # The octaves and twelfths about the best ones are always heard, however weak they look.
    best = _keep_best(notes, strengths, 0, count, 3)
    for i in range(best):
        for step, share in ((12.0, 0.6), (-12.0, 0.6), (19.02, 0.3), (-19.02, 0.3), (24.0, 0.3)):
            notes[count], strengths[count] = notes[i] + step, share * strengths[i]
            count += 1
    # The partials of long stiff strings crowd votes above the true fundamental.
    for i in range(count):
        if notes[i] < 32:
            for step in (1.4, 2.8):
                notes[count], strengths[count] = notes[i] - step, 0.5 * strengths[i]
                count += 1
    return _keep_best(notes, strengths, 0, count, count)


@njit(cache=True, nogil=True, fastmath=True)
def _candidates(freqs, heard, counts, rows, weights, acf, rate, hz, salience):  # type: ignore[no-untyped-def]
    """Write the notes that are looked at, in order of what is to be said for it, and the votes for each."""
    grid = np.zeros(GRID, np.float32)
    _salience_grid(freqs, heard, counts, rows, weights, grid)
    top = grid.max()
    if top <= 0:
        return 0
    grid /= top
    notes, strengths = np.empty(2 * GRID), np.empty(2 * GRID)
    count = _propose(grid, acf, weights, rate, notes, strengths)
    used = 0
    for i in range(count):
        fresh = LOWEST_NOTE <= notes[i] <= HIGHEST_NOTE
        for j in range(used):
            fresh &= abs(notes[i] - notes[j]) > 0.6
        if fresh:
            notes[used] = notes[i]
            hz[used] = 440.0 * 2.0 ** ((notes[i] - 69.0) / 12.0)
            salience[used] = grid[min(GRID - 1, int(np.round((notes[i] - LOWEST_NOTE) * STEPS)))]
            used += 1
            if used == len(hz):
                break
    return used


@njit(cache=True, nogil=True, fastmath=True)
def _match(freqs, roots, count, f0, sharper, widen, partial_of):  # type: ignore[no-untyped-def]
    """Give each partial of a series the nearest peak; returns what they weigh, and the fundamental they agree on."""
    for p in range(count):
        partial_of[p] = 0
    limit = min(HIGHEST_HZ, freqs[count - 1] * 1.04)
    num, den, share = 0.0, 1e-12, 0.0
    above = 0  # the first peak that is not below the partial
    for k in range(1, MAX_PARTIALS + 1):
        hz = k * f0 * sharper[k]
        if hz > limit:
            break
        tolerance = min(0.03 * hz if widen and k <= 2 else 0.012 * hz + 1.2, 0.22 * f0)
        tolerance = max(tolerance, min(1.5, 0.3 * f0))
        while above < count and freqs[above] < hz:
            above += 1
        p = above
        if above == count or (above > 0 and hz - freqs[above - 1] <= freqs[above] - hz):
            p = above - 1
        if abs(freqs[p] - hz) < tolerance and partial_of[p] == 0:
            partial_of[p] = k
            share += roots[p]
            if k <= 8:
                num += roots[p] * k * freqs[p] / sharper[k]
                den += roots[p] * k * k
    return share, num / den


@njit(cache=True, nogil=True, fastmath=True)
def stretch(freqs, roots, count, f0, trial, partial_of):  # type: ignore[no-untyped-def]
    """Fit a stretched harmonic series to the peaks of one frame.

    Writes into `partial_of` which partial each peak is (0 for none); returns the refined fundamental (Hz) and the sum
    of the `roots` (square-root magnitudes) that the series explains.
    """
    total = 1e-9
    for p in range(count):
        total += roots[p]
    best_share, best_f = -1.0, f0
    highest = min(HIGHEST_HZ, freqs[count - 1] * 1.04) / f0
    for s in range(len(STRETCHES)):
        if s > 0 and STRETCHES[s] * highest * highest < 0.01:
            continue  # no partial would move by half of what is forgiven
        _, refined = _match(freqs, roots, count, f0, _SHARPER[s], True, trial)
        f = refined if abs(refined / f0 - 1.0) < 0.035 else f0
        share, _ = _match(freqs, roots, count, f, _SHARPER[s], False, trial)
        if share <= best_share * 1.01 and s > 0:
            break  # stiffer does not help: stiffer still would not
        best_share, best_f = share, f
        for p in range(count):
            partial_of[p] = trial[p]
        if best_share > 0.97 * total:
            break
    return best_f, best_share


@njit(cache=True, nogil=True, fastmath=True)
def _weigh(freqs, heard, amps, counts, totals, chosen, weights, acf, hz, salience, rate, table, refined):  # type: ignore[no-untyped-def]
    """Mean evidence of every candidate over the frames; see `EVIDENCE`."""
    n = len(chosen)
    roots = np.sqrt(heard[chosen])
    partial_of, trial = np.zeros(freqs.shape[1], np.int64), np.zeros(freqs.shape[1], np.int64)
    parts = np.zeros(MAX_PARTIALS + 1)
    f_of = np.zeros(n)
    for c in range(len(hz)):
        sum_w, sum_fw, sum_f = 1e-9, 1e-9, 0.0
        row = table[c]
        best_explained, best_acf = 0.0, 0.0
        for t in range(n):
            at = chosen[t]
            count = counts[at]
            if count == 0:
                continue
            w = weights[t]
            f, share = stretch(freqs[at], roots[t], count, hz[c], trial, partial_of)
            f_of[t] = f
            parts[:] = 0.0
            total, explained_power, halves, thirds, below = 1e-9, 0.0, 0.0, 0.0, 0.0
            for p in range(count):
                a = roots[t, p]
                total += a
                k = partial_of[p]
                ratio = freqs[at, p] / f
                if ratio < 0.97:
                    below += a
                if k > 0:
                    parts[k] += a
                    explained_power += amps[at, p] * amps[at, p]
                else:
                    # Peaks half or a third of the way between partials speak for a fundamental that much lower.
                    reach = min(0.1, 0.012 * ratio + 2.0 / f)
                    half = abs(ratio - np.floor(ratio) - 0.5)
                    third = min(abs(ratio - np.floor(ratio) - 1 / 3), abs(ratio - np.floor(ratio) - 2 / 3))
                    if half < reach:
                        halves += a
                    elif third < reach:
                        thirds += a
            matched, odd, not_third, loudest, low_part = 1e-9, 0.0, 0.0, 1e-9, 0.0
            filled, fill_of, present = 0.0, 1e-9, 0.0
            strongest, highest = 0, 0
            for k in range(1, MAX_PARTIALS + 1):
                a = parts[k]
                matched += a
                if k % 2 == 1:
                    odd += a
                if k % 3 != 0:
                    not_third += a
                if a > loudest:
                    loudest = a
                    strongest = k
                if a > 0:
                    highest = k
                    present += 1
                if k <= 3:
                    low_part += a
            for k in range(1, highest + 1):
                fill_of += 1.0 / k
                if parts[k] > 0.03 * loudest:
                    filled += 1.0 / k
            lowest = 1
            while lowest < highest and parts[lowest] < 0.05 * loudest:
                lowest += 1
            lag = rate / f
            r1 = lag_value(acf[t], lag)
            r_half = lag_value(acf[t], lag / 2) if lag / 2 > 2.2 else 0.0
            r_third = lag_value(acf[t], lag / 3) if lag / 3 > 2.2 else 0.0
            r_double = lag_value(acf[t], lag * 2) if 2 * lag < acf.shape[1] - 9 else r1
            share /= total
            values = (
                share, explained_power / (totals[at] + 1e-12), filled / fill_of, odd / matched, not_third / matched,
                parts[1] / loudest, parts[2] / loudest, parts[3] / loudest, halves / matched, thirds / matched,
                below / total, r1, r1 - r_half, r1 - r_double, r1 - r_third,
            )  # fmt: skip
            for i in range(len(values)):
                row[i] += w * min(1.5, max(-1.5, values[i]))
            row[18] += w * min(4, lowest - 1) / 4
            row[19] += w * min(6, strongest) / 6
            row[21] += w * min(12.0, present) / 12
            row[24] += w * low_part / matched
            sum_w += w
            fw = w * (share + 0.05)
            sum_fw += fw
            sum_f += fw * f
            best_explained = max(best_explained, share)
            best_acf = max(best_acf, r1)
        for i in range(25):
            row[i] /= sum_w
        refined[c] = sum_f / sum_fw if sum_f > 0 else hz[c]
        spread = 0.0
        for t in range(n):
            if counts[chosen[t]] > 0:
                spread += weights[t] * abs(np.log2(f_of[t] / refined[c])) * 12.0
        height = (69.0 + 12.0 * np.log2(refined[c] / 440.0) - 60.0) / 48.0
        row[15] = salience[c]
        row[16] = height
        row[17] = height * height
        row[20] = spread / sum_w
        row[22] = best_explained
        row[23] = min(1.5, best_acf)


def evidence(found: Partials, rows: Any, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weigh every candidate.

    Parameters
    ----------
    found : Partials
    rows : np.ndarray of int [shape=(n,)]
        Which of its frames.
    weights : np.ndarray [shape=(n,)]
        Weight of each frame, summing to 1.

    Returns
    -------
    hz : np.ndarray [shape=(c,)]
        Refined fundamentals.
    rows : np.ndarray [shape=(c, len(EVIDENCE))]
    """
    acf = frames_acf(found.x, found.starts[rows], found.width, ACF_LAGS)
    hz, salience, refined = np.zeros((3, MAX_CANDIDATES), np.float32)
    count = _candidates(found.freqs, found.heard, found.counts, rows, weights, acf, float(RATE), hz, salience)
    table = np.zeros((count, len(EVIDENCE)), np.float32)
    peaks = found.freqs, found.heard, found.amps, found.counts, found.total
    _weigh(*peaks, rows, weights, acf, hz[:count], salience, float(RATE), table, refined)
    return refined[:count], table
