"""Which fundamentals could explain the partials of a sound, and what speaks for and against each."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.partials import RATE, Partials
from samplemind.descriptors.periodicity import frames_acf, lag_value

__all__ = ["EVIDENCE", "LOWEST_NOTE", "candidates", "evidence", "stretch"]

#: What is known of a candidate, in the order of the columns of `evidence`.
EVIDENCE: Final = (
    "explained", "explained_power", "filled", "odd", "not_third", "fundamental", "second", "third_partial",
    "between_halves", "between_thirds", "below", "acf", "acf_half", "acf_double", "acf_third", "salience",
    "height", "height_squared", "lowest_gap", "strongest_partial", "steady", "partials", "explained_best", "acf_best",
    "low_part",
)  # fmt: skip
LOWEST_NOTE: Final = 17.0  # MIDI; 22 Hz
STEPS: Final = 5  # grid points a semitone
GRID: Final = 92 * STEPS
MAX_CANDIDATES: Final = 16
MAX_PARTIALS: Final = 24
ACF_LAGS: Final = 1100
STRETCHES: Final = np.array([0.0, 1.2e-4, 3e-4, 6e-4, 1.2e-3], np.float32)  # inharmonicity of strings, Fletcher 1964


@njit(cache=True, nogil=True, fastmath=True)
def _salience_grid(freqs, amps, counts, weights, grid):  # type: ignore[no-untyped-def]
    """Harmonic sum on a logarithmic grid: each peak votes for every fundamental that it could be a partial of."""
    steps = 5.0
    for t in range(len(counts)):
        total = 1e-9
        for p in range(counts[t]):
            total += np.sqrt(amps[t, p])
        for p in range(counts[t]):
            vote = weights[t] * np.sqrt(amps[t, p]) / total
            place = (69.0 + 12.0 * np.log2(freqs[t, p] / 440.0) - 17.0) * steps
            decay = 1.0
            for k in range(1, 17):
                at = place - 12.0 * steps * np.log2(float(k))
                i = int(np.floor(at))
                if i < 0:
                    break
                if i + 1 < len(grid):
                    frac = at - i
                    for j in range(-1, 3):
                        if 0 <= i + j < len(grid):
                            grid[i + j] += vote * decay * max(0.0, 1.0 - abs(j - frac) / 2.0)
                decay *= 0.86


@njit(cache=True, nogil=True, fastmath=True)
def _nearest(freqs, count, hz, tolerance):  # type: ignore[no-untyped-def]
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if freqs[middle] < hz:
            low = middle + 1
        else:
            high = middle
    best = -1
    gap = tolerance
    for i in (low - 1, low):
        if 0 <= i < count and abs(freqs[i] - hz) < gap:
            gap = abs(freqs[i] - hz)
            best = i
    return best


@njit(cache=True, nogil=True, fastmath=True)
def stretch(freqs, amps, count, f0, stretches, partial_of):  # type: ignore[no-untyped-def]
    """Fit a stretched harmonic series to the peaks of one frame.

    Writes into `partial_of` which partial each peak is (0 for none); returns the refined fundamental (Hz), the
    inharmonicity coefficient B, and the share of square-root magnitude that the series explains.
    """
    total = 1e-9
    for p in range(count):
        total += np.sqrt(amps[p])
    best_share, best_b, best_f = -1.0, 0.0, f0
    trial = np.zeros(count, np.int64)
    for s in range(len(stretches)):
        b = stretches[s]
        f = f0
        for turn in range(2):
            trial[:] = 0
            num, den, share = 0.0, 1e-12, 0.0
            for k in range(1, 25):
                hz = k * f * np.sqrt(1.0 + b * k * k)
                if hz > 5400.0 or hz > freqs[count - 1] * 1.04:
                    break
                tolerance = min(0.03 * hz if turn == 0 and k <= 2 else 0.012 * hz + 1.2, 0.22 * f)
                p = _nearest(freqs, count, hz, max(tolerance, min(1.5, 0.3 * f)))
                if p >= 0 and trial[p] == 0:
                    trial[p] = k
                    w = np.sqrt(amps[p])
                    share += w
                    if k <= 8:
                        ideal = freqs[p] / np.sqrt(1.0 + b * k * k)
                        num += w * k * ideal
                        den += w * k * k
            if num > 0 and turn == 0:
                refined = num / den
                if abs(refined / f0 - 1.0) < 0.035:
                    f = refined
        if share > best_share * (1.0 + 0.01 * (s > 0)):
            best_share, best_b, best_f = share, b, f
            for p in range(count):
                partial_of[p] = trial[p]
        if best_share > 0.97 * total:
            break
    return best_f, best_b, best_share / total


@njit(cache=True, nogil=True, fastmath=True)
def _weigh(freqs, amps, raw, counts, totals, weights, acf, hz, salience, stretches, rate, rows, refined):  # type: ignore[no-untyped-def]
    """Mean evidence of every candidate over the frames; see `EVIDENCE`."""
    n = len(counts)
    partial_of = np.zeros(freqs.shape[1], np.int64)
    parts = np.zeros(26)
    f_of = np.zeros(n)
    for c in range(len(hz)):
        sum_w, sum_fw, sum_f = 1e-9, 1e-9, 0.0
        row = rows[c]
        best_explained, best_acf = 0.0, 0.0
        for t in range(n):
            count = counts[t]
            if count == 0:
                continue
            w = weights[t]
            f, _, share = stretch(freqs[t], amps[t], count, hz[c], stretches, partial_of)
            f_of[t] = f
            parts[:] = 0.0
            total, explained_power, halves, thirds, below = 1e-9, 0.0, 0.0, 0.0, 0.0
            for p in range(count):
                a = np.sqrt(amps[t, p])
                total += a
                k = partial_of[p]
                ratio = freqs[t, p] / f
                if ratio < 0.97:
                    below += a
                if k > 0:
                    parts[k] += a
                    explained_power += raw[t, p] * raw[t, p]
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
            for k in range(1, 25):
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
            values = (
                share, explained_power / (totals[t] + 1e-12), filled / fill_of, odd / matched, not_third / matched,
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
            if counts[t] > 0:
                spread += weights[t] * abs(np.log2(f_of[t] / refined[c])) * 12.0
        height = (69.0 + 12.0 * np.log2(refined[c] / 440.0) - 60.0) / 48.0
        row[15] = salience[c]
        row[16] = height
        row[17] = height * height
        row[20] = spread / sum_w
        row[22] = best_explained
        row[23] = min(1.5, best_acf)


def _merge(notes: list[tuple[float, float]]) -> list[float]:
    """Candidates in order of their weight, none within 0.6 semitones of one before it."""
    kept: list[float] = []
    for _, note in sorted(notes, reverse=True):
        if LOWEST_NOTE <= note <= 109 and all(abs(note - other) > 0.6 for other in kept):
            kept.append(note)
            if len(kept) == MAX_CANDIDATES:
                break
    return kept


def candidates(found: Partials, rows: Any, weights: FloatArray, acf: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Notes that the pitch could be.

    Parameters
    ----------
    found : Partials
    rows : np.ndarray of int [shape=(n,)]
        Which of its frames.
    weights : np.ndarray [shape=(n,)]
        Weight of each frame, summing to 1.
    acf : np.ndarray [shape=(n, lags)]
        Normalised autocorrelation of these frames.

    Returns
    -------
    hz, salience : np.ndarray [shape=(c,)]
        At most 16 fundamentals, and the harmonic sum of each over the largest.
    """
    grid = np.zeros(GRID, np.float32)
    _salience_grid(found.freqs[rows], found.heard[rows], found.counts[rows], weights, grid)
    top = float(grid.max())
    if top <= 0:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    grid /= top
    inner = grid[1:-1]
    peaks = np.flatnonzero((inner >= grid[:-2]) & (inner > grid[2:]) & (inner > 0.25)) + 1
    peaks = peaks[np.argsort(-grid[peaks], kind="stable")[:8]]
    notes: list[tuple[float, float]] = [(float(grid[i]), LOWEST_NOTE + i / STEPS) for i in peaks.tolist()]
    mean_acf = weights @ acf
    middle = mean_acf[2:-1]
    lags = np.flatnonzero((middle > mean_acf[1:-2]) & (middle >= mean_acf[3:]) & (middle > 0.3)) + 2
    lags = lags[np.argsort(-mean_acf[lags] + 1e-4 * lags, kind="stable")[:3]]
    for lag in lags.tolist():
        a, b, c = (float(v) for v in mean_acf[lag - 1 : lag + 2])
        bend = a - 2 * b + c
        period = lag + (0.5 * (a - c) / bend if bend < -1e-9 else 0.0)
        notes.append((0.9 * b, 69 + 12 * math.log2(RATE / period / 440)))
    # The octaves and twelfths about the best ones are always heard, however weak they look.
    for weight, note in sorted(notes, reverse=True)[:3]:
        notes += [(0.6 * weight, note + d) for d in (12.0, -12.0)] + [
            (0.3 * weight, note + d) for d in (19.02, -19.02, 24.0)
        ]
    # The partials of long stiff strings crowd votes above the true fundamental.
    notes += [(0.5 * weight, note - d) for weight, note in notes if note < 32 for d in (1.4, 2.8)]
    kept = np.array(_merge(notes), np.float32)
    at = np.clip(np.round((kept - LOWEST_NOTE) * STEPS).astype(np.int64), 0, GRID - 1)
    return (440 * 2 ** ((kept - 69) / 12)).astype(np.float32), grid[at]


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
    acf = frames_acf(found.power[rows], found.width, ACF_LAGS)
    hz, salience = candidates(found, rows, weights, acf)
    out = np.zeros((len(hz), len(EVIDENCE)), np.float32)
    refined = np.zeros(len(hz), np.float32)
    if len(hz):
        peaks = found.freqs[rows], found.heard[rows], found.amps[rows], found.counts[rows], found.total[rows]
        _weigh(*peaks, weights, acf, hz, salience, STRETCHES, float(RATE), out, refined)
    return refined, out
