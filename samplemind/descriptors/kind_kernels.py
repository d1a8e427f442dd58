"""What the kinds are told by, as compiled loops: how the level goes, how the colour moves, when attacks come."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["COURSE", "MOVES", "attack_features", "colour_features", "course_features", "grid_strength"]

MOVES = 8  # spans over which movement is measured: 12 ms and its doubles, up to 1.5 s
SEGMENTS = 8  # of the sounding part, whose levels draw the course of the sound
FLOOR_DB = np.float32(-60.0)
SOUNDING_DB = np.float32(-50.0)
_CEPSTRA = 13
_SHIFT = 4  # frames (46 ms): the span over which a formant moves
_GROUPS = 10  # bands of four mel bands
#: Names of what `course_features` gives.
COURSE = (
    "log_sounding", "lead", "trail", "tail", "centre", "log_centre", "first_50_ms", "first_200_ms", "peak_at",
    "log_peak_at", "start_level", "end_level", "late_level", "log_core", "rise_total", "rise_most", "rise_rate",
    "fall", "fall_residual", "level_mean", "level_deviation", "peaks_3_db", "peaks_6_db", "peaks_12_db", "peaks_20_db",
    "peaks_rate", "pause", "pause_share", "quiet_share",
    *(f"level_{k}" for k in range(SEGMENTS)), *(f"level_moves_{k}" for k in range(MOVES)),
)  # fmt: skip


@njit(cache=True, nogil=True, fastmath=True)
def _movement(series, weights, out):  # type: ignore[no-untyped-def]
    """Mean difference of neighbouring means over spans of 1, 2, 4 … steps, weighted; overwrites both inputs."""
    n, width = series.shape
    for k in range(len(out)):
        out[k] = np.float32(0.0)
        if n < 2:
            continue
        total, weight = np.float32(0.0), np.float32(1e-9)
        for t in range(1, n):
            apart = np.float32(0.0)
            for b in range(width):
                apart += abs(series[t, b] - series[t - 1, b])
            both = min(weights[t], weights[t - 1])
            total += both * apart
            weight += both
        out[k] = total / (weight * width)
        n //= 2
        for t in range(n):
            first, second = weights[2 * t], weights[2 * t + 1]
            share = first / (first + second + np.float32(1e-9))
            for b in range(width):
                series[t, b] = share * series[2 * t, b] + (1 - share) * series[2 * t + 1, b]
            weights[t] = np.float32(0.5) * (first + second)


@njit(cache=True, nogil=True, fastmath=True)
def _separate_peaks(level, dip):  # type: ignore[no-untyped-def]
    """How many peaks stand between falls, and rises again, of at least `dip` dB."""
    count, rising, extreme = 0, True, np.float32(-200.0)
    for value in level:
        if rising:
            extreme = max(extreme, value)
            if value < extreme - dip:
                count, rising, extreme = count + 1, False, value
        else:
            extreme = min(extreme, value)
            if value > extreme + dip:
                rising, extreme = True, value
    return count + 1 if rising else count


@njit(cache=True, nogil=True, fastmath=True)
def _level_db(envelope, out):  # type: ignore[no-untyped-def]
    """Highest of every four steps of the envelope, in dB below the highest of all."""
    highest = np.float32(1e-9)
    for i in range(len(out)):
        top = np.float32(0.0)
        for j in range(4 * i, min(4 * i + 4, len(envelope))):
            top = max(top, envelope[j])
        out[i] = top
        highest = max(highest, top)
    for i in range(len(out)):
        out[i] = max(FLOOR_DB, np.float32(20.0) * np.log10(max(out[i] / highest, np.float32(1e-4))))


@njit(cache=True, nogil=True, fastmath=True)
def _tail(envelope):  # type: ignore[no-untyped-def]
    """Root of the power of the last tenth over that of the loudest tenth."""
    width = max(1, len(envelope) // 10)
    power = np.float64(0.0)
    for i in range(width):
        power += np.float64(envelope[i]) ** 2
    loudest = power
    for i in range(width, len(envelope)):
        power += np.float64(envelope[i]) ** 2 - np.float64(envelope[i - width]) ** 2
        loudest = max(loudest, power)
    return np.sqrt(min(1.0, max(0.0, power / loudest))) if loudest > 0 else 0.0


@njit(cache=True, nogil=True, fastmath=True)
def _line(level):  # type: ignore[no-untyped-def]
    """Slope in dB a step of a line through a course, and the deviation from it."""
    n = len(level)
    middle, mean, along, across, square = (n - 1) / 2, 0.0, 0.0, 0.0, 0.0
    for t in range(n):
        mean += level[t] / n
    for t in range(n):
        along += (t - middle) ** 2
        across += (t - middle) * (level[t] - mean)
        square += (level[t] - mean) ** 2
    slope = across / max(along, 1e-9)
    return slope, np.sqrt(max(0.0, (square - slope * across) / n))


@njit(cache=True, nogil=True, fastmath=True)
def _rises(after, seconds, out):  # type: ignore[no-untyped-def]
    """How much, how far at most, and how often the level rises again."""
    skip = 2 if len(after) > 8 else 1
    total, most = np.float32(0.0), np.float32(0.0)
    for t in range(skip, len(after), skip):
        rise = after[t] - after[t - skip]
        if rise > 1.5:
            total += rise
            most = max(most, rise)
    out[0], out[1], out[2] = np.log2(1 + total) / 4, most / 20, total / max(seconds, 0.1) / 50


@njit(cache=True, nogil=True, fastmath=True)
def _pauses(part):  # type: ignore[no-untyped-def]
    """The longest stretch, and the share, more than 30 dB below the peak."""
    run, longest, quiet = 0, 0, 0
    for value in part:
        run = run + 1 if value < -30 else 0
        quiet += value < -30
        longest = max(longest, run)
    return longest, quiet / len(part)


@njit(cache=True, nogil=True, fastmath=True)
def course_features(envelope, duration, step, out):  # type: ignore[no-untyped-def]
    """Numbers in the order of `COURSE` of an envelope whose fourfold step is `step` seconds.

    Returns
    -------
    tuple of float
        When the sound begins and how long it sounds, in seconds.
    """
    level = np.empty((len(envelope) + 3) // 4, np.float32)
    _level_db(envelope, level)
    first, last = 0, len(level)
    while level[first] <= SOUNDING_DB:
        first += 1
    while level[last - 1] <= SOUNDING_DB:
        last -= 1
    part = level[first:last]
    n, sounding = len(part), (last - first) * step
    total, centre, mean, square, peak = 0.0, 0.0, 0.0, 0.0, 0
    for t in range(n):
        power = 10 ** (part[t] / 10)
        total += power
        centre += power * t
        mean += part[t] / n
        square += part[t] ** 2 / n
        if part[t] > part[peak]:
            peak = t
    share, begin, end, early = 0.0, -1, n - 1, np.zeros(2, np.float32)
    for t in range(n):
        share += 10 ** (part[t] / 10) / total
        if t <= 4:
            early[0] = share
        if t <= 17:
            early[1] = share
        if begin < 0 and share >= 0.1:
            begin = t
        if share >= 0.9:
            end = t
            break
    if end < 4:
        early[0] = 1.0 if n <= 5 else early[0]
    late = FLOOR_DB
    for t in range(n - max(1, n // 20), n):
        late = max(late, part[t])
    slope, residual = _line(part[peak:])
    longest, quiet = _pauses(part)
    six = _separate_peaks(part, np.float32(6.0))
    out[0], out[1], out[2] = np.log2(max(sounding, 0.02)), min(first * step, 1.0), min(1.0, duration - last * step)
    out[3], out[4], out[5] = _tail(envelope), centre / total / n, np.log2(centre / total * step + 0.005)
    out[6], out[7] = early[0], early[1]
    out[8], out[9] = peak / n, np.log2(peak * step + 0.006)
    out[10], out[11], out[12] = part[0] / 30, part[n - 1] / 30, late / 30
    out[13] = np.log2(max(0, end - begin) * step + 0.006)
    _rises(part[peak:], sounding, out[14:17])
    out[17], out[18] = (slope / step / 100, residual / 10) if n - peak > 3 else (-1.0, 0.0)
    out[19], out[20] = mean / 30, np.sqrt(max(0.0, square - mean * mean)) / 20
    out[21], out[22] = np.log2(_separate_peaks(part, np.float32(3.0))), np.log2(six)
    out[23] = np.log2(_separate_peaks(part, np.float32(12.0)))
    out[24] = np.log2(_separate_peaks(part, np.float32(20.0)))
    out[25], out[26], out[27], out[28] = six / max(sounding, 0.1) / 4, min(2.0, longest * step), longest / n, quiet
    for k in range(SEGMENTS):
        low = min(n - 1, k * n // SEGMENTS)
        high = max(low + 1, (k + 1) * n // SEGMENTS)
        out[29 + k] = part[low:high].mean() / 30
    weights = np.empty(n, np.float32)
    for t in range(n):
        weights[t] = 10 ** (max(part[t], np.float32(-40.0)) / 40)
    moves = out[29 + SEGMENTS : 29 + SEGMENTS + MOVES]
    _movement(part.copy().reshape(n, 1), weights, moves)
    for k in range(MOVES):
        moves[k] /= 5
    return first * step, sounding


@njit(cache=True, nogil=True, fastmath=True)
def grid_strength(times, hz):  # type: ignore[no-untyped-def]
    """Squared length of the mean phase vector of moments at the best of some frequencies, less what chance gives."""
    count = len(times)
    best = 0.0
    for k in range(len(hz)):
        real, imaginary = 0.0, 0.0
        for i in range(count):
            angle = 2 * np.pi * hz[k] * (times[i] - times[0])
            real += np.cos(angle)
            imaginary += np.sin(angle)
        best = max(best, real * real + imaginary * imaginary)
    return max(0.0, (best / count - 1) / (count - 1))


@njit(cache=True, nogil=True, fastmath=True)
def attack_features(times, weights, duration, begin, sounding, out):  # type: ignore[no-untyped-def]
    """How many attacks there are, how strong, and how they follow each other; 12 numbers."""
    count = len(times)
    out[:12] = 0.0
    out[7] = min(4.0, duration)
    if count == 0:
        return
    strongest, second, total, strong = np.float32(1e-9), np.float32(0.0), np.float32(1e-9), 0
    for weight in weights:
        total += weight
        if weight > strongest:
            strongest, second = weight, strongest
        else:
            second = max(second, weight)
    for weight in weights:
        strong += weight > 0.5 * strongest
    out[0], out[1], out[2] = np.log2(1 + count), count / max(sounding, 0.1) / 4, np.log2(1 + strong)
    out[3] = second / strongest if count > 1 else 0.0
    out[4], out[5] = 1 - weights[0] / total, weights[0] / strongest
    out[6] = (times[count - 1] - begin) / max(sounding, 0.05)
    rest = duration - times[count - 1]
    out[7] = min(4.0, rest)
    if count < 3:
        return
    gaps = np.diff(times)
    usual = np.median(gaps)
    out[8], out[9] = np.log2(usual + 0.05), np.std(np.log(np.maximum(gaps, 1e-3)))
    out[10], out[11] = np.log2(0.1 + max(0.0, rest) / usual) / 2, 1.0


@njit(cache=True, nogil=True, fastmath=True)
def _frame_colour(power, level, loudest, out):  # type: ignore[no-untyped-def]
    """Centre, spread, entropy and flatness of the bands of one frame, whose `level` is in dB below `loudest`."""
    total, centre, square = np.float32(1e-20), np.float32(0.0), np.float32(0.0)
    entropy, mean = np.float32(0.0), np.float32(0.0)
    for b in range(len(power)):
        p = power[b]
        total += p
        centre += p * b
        square += p * b * b
        mean += max(level[b], FLOOR_DB)
    centre /= total
    for b in range(len(power)):
        share = power[b] / total
        if share > 1e-7:
            entropy -= share * np.log(share)
    out[0] = centre / 10
    out[1] = np.sqrt(max(np.float32(0.0), square / total - centre * centre)) / 10
    out[2] = entropy / np.float32(3.7)
    out[3] = mean / len(power) / 20 - np.float32(0.5) * np.log10(total / (len(power) * loudest))


@njit(cache=True, nogil=True, fastmath=True)
def _pooled(values, weights, loud, out):  # type: ignore[no-untyped-def]
    """Of each column: weighted mean, deviation, movement from frame to frame, and correlation with the level."""
    n, width = values.shape
    total, mean_loud = np.float32(1e-9), np.float32(0.0)
    for t in range(n):
        total += weights[t]
        mean_loud += weights[t] * loud[t]
    mean_loud /= total
    for c in range(width):
        mean, square, moved = np.float32(0.0), np.float32(0.0), np.float32(0.0)
        with_loud, loud_square = np.float32(0.0), np.float32(0.0)
        for t in range(n):
            mean += weights[t] * values[t, c]
        mean /= total
        for t in range(n):
            away, louder = values[t, c] - mean, loud[t] - mean_loud
            square += weights[t] * away * away
            with_loud += weights[t] * away * louder
            loud_square += weights[t] * louder * louder
            if t > 0:
                moved += min(weights[t], weights[t - 1]) * abs(values[t, c] - values[t - 1, c])
        out[4 * c] = mean
        out[4 * c + 1] = np.sqrt(square / total)
        out[4 * c + 2] = moved / total
        out[4 * c + 3] = with_loud / np.sqrt((square + 1e-4 * total) * (loud_square + 1e-4 * total))


@njit(cache=True, nogil=True, fastmath=True)
def _cepstra(mel_db, weights, cosines, out):  # type: ignore[no-untyped-def]
    """Weighted mean and deviation of 13 cepstral coefficients, and the movement of the first six over 46 ms."""
    n = len(mel_db)
    cepstra = np.zeros((n, _CEPSTRA), np.float32)
    for t in range(n):
        for b in range(mel_db.shape[1]):
            value = max(mel_db[t, b], FLOOR_DB)
            for k in range(_CEPSTRA):
                cepstra[t, k] += value * cosines[b, k]
    total = np.float32(1e-9)
    for t in range(n):
        total += weights[t]
    for k in range(_CEPSTRA):
        mean, square = np.float32(0.0), np.float32(0.0)
        for t in range(n):
            mean += weights[t] * cepstra[t, k]
        mean /= total
        for t in range(n):
            square += weights[t] * (cepstra[t, k] - mean) ** 2
        out[k] = mean / 10
        out[_CEPSTRA + k] = np.sqrt(square / total) / 10
    for k in range(6):
        moved, weight = np.float32(0.0), np.float32(1e-9)
        for t in range(_SHIFT, n):
            both = min(weights[t], weights[t - _SHIFT])
            moved += both * abs(cepstra[t, k] - cepstra[t - _SHIFT, k])
            weight += both
        out[2 * _CEPSTRA + k] = moved / weight / 10


@njit(cache=True, nogil=True, fastmath=True)
def _attack_colours(shape, frames, out):  # type: ignore[no-untyped-def]
    """How unlike the colours of the attacks are: to their mean, to the first, and to the one before."""
    count, width = len(frames), shape.shape[1]
    out[0], out[1], out[2] = 0.0, 0.0, 0.0
    if count < 2:
        return
    mean = np.zeros(width, np.float32)
    for i in range(count):
        for b in range(width):
            mean[b] += shape[frames[i], b] / count
    for i in range(count):
        for b in range(width):
            here = shape[frames[i], b]
            out[0] += abs(here - mean[b]) / (count * width * 5)
            if i > 0:
                out[1] += abs(here - shape[frames[0], b]) / ((count - 1) * width * 10)
                out[2] += abs(here - shape[frames[i - 1], b]) / ((count - 1) * width * 10)


@njit(cache=True, nogil=True, fastmath=True)
def colour_features(mel, mel_db, energy, frames, cosines, details, step, out):  # type: ignore[no-untyped-def]
    """What the spectrum is and how it moves: 16 + 32 + 3 + 16 + MOVES numbers.

    Parameters
    ----------
    mel, mel_db : np.ndarray [shape=(n, 40)]
    energy : np.ndarray [shape=(n,)]
    frames : np.ndarray of int
        Frames a little after each attack.
    cosines : np.ndarray [shape=(40, 13)]
    details : np.ndarray [shape=(ceil(n / step), 4)]
        Entropy, flatness, crest and zero crossings of every so many-th frame.
    """
    n, bands = mel_db.shape
    loud, weights = np.empty(n, np.float32), np.empty(n, np.float32)
    highest, loudest = np.float32(1e-20), np.float32(1e-20)
    for t in range(n):
        highest = max(highest, energy[t])
        for b in range(bands):
            loudest = max(loudest, mel[t, b])
    for t in range(n):
        level = np.float32(10.0) * np.log10(max(energy[t] / highest, np.float32(1e-6)))
        loud[t] = max(level, np.float32(-45.0)) / 45
        weights[t] = 10 ** (level / 40) if level > -45 else np.float32(0.0)
    colours, shape = np.empty((n, 4), np.float32), np.empty((n, _GROUPS), np.float32)
    wide = bands // _GROUPS
    for t in range(n):
        _frame_colour(mel[t], mel_db[t], loudest, colours[t])
        mean = np.float32(0.0)
        for g in range(_GROUPS):
            total = np.float32(0.0)
            for b in range(g * wide, (g + 1) * wide):
                total += max(mel_db[t, b], FLOOR_DB)
            shape[t, g] = total / wide
            mean += shape[t, g] / _GROUPS
        for g in range(_GROUPS):
            shape[t, g] -= mean
    _pooled(colours, weights, loud, out[:16])
    _cepstra(mel_db, weights, cosines, out[16:48])
    _attack_colours(shape, frames, out[48:51])
    fine = np.empty(details.shape, np.float32)
    for t in range(len(details)):
        fine[t, 0] = details[t, 0]
        fine[t, 1] = np.log10(details[t, 1] + np.float32(1e-5)) / 2
        fine[t, 2] = details[t, 2] / 20
        fine[t, 3] = np.log2(max(details[t, 3], np.float32(30.0)) / 1000) / 2
    _pooled(fine, weights[::step].copy(), loud[::step].copy(), out[51:67])
    moves = out[67 : 67 + MOVES]
    _movement(shape, weights, moves)
    for k in range(MOVES):
        moves[k] /= 5
