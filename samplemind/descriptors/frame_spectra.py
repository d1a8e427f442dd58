"""Power spectra of sixteen frames at once, to be called from compiled kernels.

Every number of a transform is a row of sixteen, one for each frame, so that whatever is done to one frame is done to
all of them by vector instructions, and nothing ever has to be shuffled. Neighbouring frames share three of their four
hops: a hop is laid out in rows once, and each frame finds it in another column. Radix 4, decimated in frequency and in
place (Gentleman & Sande 1966, Fast Fourier transforms for fun and profit), with two samples as one complex number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.audio.lanes import LANES, load, store

__all__ = ["HOP", "LANES", "N_BINS", "N_FFT", "Tables", "group_power", "room", "spread_hops", "tables"]

N_FFT: Final = 2048
HOP: Final = 512  # a quarter of the window
N_BINS: Final = N_FFT // 2 + 1
#: Columns of the hops: `LANES` frames, two hops apart at most, and the three hops after each.
_COLUMNS: Final = np.uint64(LANES + 4)
_SIZE: Final = N_FFT // 2  # complex numbers of one transform
_LANES: Final = np.uint64(LANES)
_ROW: Final = np.uint64(2 * LANES)  # a complex number: real parts, then imaginary parts
_QUARTER: Final = np.uint64(_SIZE // 4)


class Tables(NamedTuple):
    """What the kernels look up.

    Attributes
    ----------
    window : np.ndarray [shape=(N_FFT,)], float32
        Half of the window that frames are multiplied by.
    turns : tuple of np.ndarray [shape=(h, 6)], float32
        Roots of unity of the stages with h = 256, 64, 16 and 4: real and imaginary parts of the first three powers.
    order : np.ndarray [shape=(N_FFT // 2,)], uint64
        Where each frequency lies after the last stage.
    halves : np.ndarray [shape=(N_FFT // 4, 2)], float32
        exp(-2 pi i k / N_FFT).
    """

    window: FloatArray
    turns: tuple[FloatArray, ...]
    order: Any
    halves: FloatArray


@lru_cache(maxsize=1)
def tables(scale: float) -> Tables:
    """Tables for frames under a periodic Hann window times `scale`."""
    window = (np.hanning(N_FFT + 1)[:-1] * (0.5 * scale)).astype(np.float32)
    turns = tuple(_pairs(np.exp(-2j * np.pi * np.outer(np.arange(h), [1, 2, 3]) / (4 * h))) for h in (256, 64, 16, 4))
    rest, order = np.arange(_SIZE), np.zeros(_SIZE, np.uint64)
    for _ in range(5):  # the digits of the frequency to base 4, the other way round
        order = order * np.uint64(4) + (rest % 4).astype(np.uint64)
        rest //= 4
    return Tables(window, turns, order, _pairs(np.exp(-2j * np.pi * np.arange(_SIZE // 2)[:, None] / N_FFT)))


def _pairs(numbers: Any) -> FloatArray:
    return np.ascontiguousarray(np.stack([numbers.real, numbers.imag], 2).reshape(len(numbers), -1), np.float32)


@njit(cache=True, nogil=True)
def room(step):  # type: ignore[no-untyped-def]
    """Room for `hops`, for the transform, and for power; what is in it does not matter."""
    hops = np.empty(step * HOP * (LANES + 4), np.float32)
    return hops, np.empty(_SIZE * 2 * LANES, np.float32), np.empty((N_BINS, LANES), np.float32)


@njit(cache=True, nogil=True)
def spread_hops(y, first, step, hops):  # type: ignore[no-untyped-def]
    """Lay out the hops of `LANES * step` frames, the earliest of which begins at sample `first`.

    Sample j of hop m goes to row j of part m % step, column m // step. Nothing lies beyond the ends of the signal.
    """
    for m in range(LANES * step + 3):
        begin = first + m * HOP
        low = min(HOP, max(0, -begin))
        high = max(low, min(HOP, len(y) - begin))
        column = np.uint64(m % step * HOP * (LANES + 4) + m // step)
        for j in range(np.uint64(low)):
            hops[column + j * _COLUMNS] = np.float32(0.0)
        for j in range(np.uint64(high), np.uint64(HOP)):
            hops[column + j * _COLUMNS] = np.float32(0.0)
        part = y[begin + low : begin + high]
        column += np.uint64(low) * _COLUMNS
        for j in range(np.uint64(len(part))):
            hops[column + j * _COLUMNS] = part[j]


@njit(cache=True, nogil=True, fastmath=True)
def _get(work, at):  # type: ignore[no-untyped-def]
    return load(work, at), load(work, at + _LANES)


@njit(cache=True, nogil=True, fastmath=True)
def _put(work, at, real, imaginary):  # type: ignore[no-untyped-def]
    store(work, at, real)
    store(work, at + _LANES, imaginary)


@njit(cache=True, nogil=True, fastmath=True)
def _fourth(x0r, x0i, x1r, x1i, x2r, x2i, x3r, x3i):  # type: ignore[no-untyped-def]
    """Transform of four numbers."""
    ar, ai, br, bi = x0r + x2r, x0i + x2i, x1r + x3r, x1i + x3i
    cr, ci, dr, di = x0r - x2r, x0i - x2i, x1i - x3i, x3r - x1r
    return (ar + br, ai + bi), (cr + dr, ci + di), (ar - br, ai - bi), (cr - dr, ci - di)


@njit(cache=True, nogil=True, fastmath=True)
def _fourth_of(work, a, b, c, d):  # type: ignore[no-untyped-def]
    return _fourth(*_get(work, a), *_get(work, b), *_get(work, c), *_get(work, d))


@njit(cache=True, nogil=True, fastmath=True)
def _first_stage(hops, at, window, turns, work):  # type: ignore[no-untyped-def]
    """Multiply by the window, and combine the quarters of the frames; `at` is where each quarter has its hops."""
    at0, at1, at2, at3 = at
    for m in range(_QUARTER):
        w1r, w1i, w2r, w2i, w3r, w3i = turns[m, 0], turns[m, 1], turns[m, 2], turns[m, 3], turns[m, 4], turns[m, 5]
        even = np.uint64(2) * m
        odd = even + np.uint64(1)
        e0, e1, e2, e3 = window[even], window[even + 512], window[even + 1024], window[even + 1536]
        o0, o1, o2, o3 = window[odd], window[odd + 512], window[odd + 1024], window[odd + 1536]
        even, odd, row = even * _COLUMNS, odd * _COLUMNS, m * _ROW
        x0r, x0i = load(hops, at0 + even) * e0, load(hops, at0 + odd) * o0
        x1r, x1i = load(hops, at1 + even) * e1, load(hops, at1 + odd) * o1
        x2r, x2i = load(hops, at2 + even) * e2, load(hops, at2 + odd) * o2
        x3r, x3i = load(hops, at3 + even) * e3, load(hops, at3 + odd) * o3
        (ar, ai), (er, ei), (fr, fi), (gr, gi) = _fourth(x0r, x0i, x1r, x1i, x2r, x2i, x3r, x3i)
        _put(work, row, ar, ai)
        row += _QUARTER * _ROW
        _put(work, row, er * w1r - ei * w1i, er * w1i + ei * w1r)
        row += _QUARTER * _ROW
        _put(work, row, fr * w2r - fi * w2i, fr * w2i + fi * w2r)
        row += _QUARTER * _ROW
        _put(work, row, gr * w3r - gi * w3i, gr * w3i + gi * w3r)


def _stage(rows: int) -> Any:
    """Combine the quarters, of `rows` numbers each, of a stretch; a constant, so that its loop is one of vectors."""
    count, apart = np.uint64(rows), np.uint64(rows) * _ROW

    @njit(cache=True, nogil=True, fastmath=True)
    def stage(work, begin, turns):  # type: ignore[no-untyped-def]
        for m in range(count):
            w1r, w1i, w2r, w2i, w3r, w3i = turns[m, 0], turns[m, 1], turns[m, 2], turns[m, 3], turns[m, 4], turns[m, 5]
            row = begin + m * _ROW
            b, c, d = row + apart, row + apart + apart, row + apart + apart + apart
            (ar, ai), (er, ei), (fr, fi), (gr, gi) = _fourth_of(work, row, b, c, d)
            _put(work, row, ar, ai)
            _put(work, b, er * w1r - ei * w1i, er * w1i + ei * w1r)
            _put(work, c, fr * w2r - fi * w2i, fr * w2i + fi * w2r)
            _put(work, d, gr * w3r - gi * w3i, gr * w3i + gi * w3r)

    return stage


_stage_of_64, _stage_of_16, _stage_of_4 = _stage(64), _stage(16), _stage(4)


@njit(cache=True, nogil=True, fastmath=True)
def _last_stage(work, begin):  # type: ignore[no-untyped-def]
    """Transforms of 4 numbers in a row, of a quarter of all."""
    for i in range(np.uint64(64)):
        row = begin + i * np.uint64(4) * _ROW
        b, c, d = row + _ROW, row + _ROW + _ROW, row + _ROW + _ROW + _ROW
        (ar, ai), (er, ei), (fr, fi), (gr, gi) = _fourth_of(work, row, b, c, d)
        _put(work, row, ar, ai)
        _put(work, b, er, ei)
        _put(work, c, fr, fi)
        _put(work, d, gr, gi)


@njit(cache=True, nogil=True, fastmath=True)
def _to_power(work, order, halves, floor, power):  # type: ignore[no-untyped-def]
    """Take the spectra of even and odd samples apart, and put them together as that of all samples."""
    four = np.float32(4.0)
    zr, zi = _get(work, np.uint64(0))
    total, difference = zr + zi, zr - zi
    store(power, np.uint64(0), four * total * total + floor)
    store(power, np.uint64(_SIZE) * _LANES, four * difference * difference + floor)
    zr, zi = _get(work, order[_SIZE // 2] * _ROW)
    store(power, np.uint64(_SIZE // 2) * _LANES, four * (zr * zr + zi * zi) + floor)
    for k in range(np.uint64(1), np.uint64(_SIZE // 2)):
        mirrored = np.uint64(_SIZE) - k
        zr, zi = _get(work, order[k] * _ROW)
        yr, yi = _get(work, order[mirrored] * _ROW)
        wr, wi = halves[k, 0], halves[k, 1]
        er, ei, fr, fi = zr + yr, zi - yi, zi + yi, yr - zr
        tr, ti = fr * wr - fi * wi, fr * wi + fi * wr
        ur, ui, vr, vi = er + tr, ei + ti, er - tr, ei - ti
        store(power, k * _LANES, ur * ur + ui * ui + floor)
        store(power, mirrored * _LANES, vr * vr + vi * vi + floor)


@njit(cache=True, nogil=True, fastmath=True)
def group_power(hops, step, group, found, floor, work, power):  # type: ignore[no-untyped-def]
    """Power spectra of every `step`-th of the frames whose hops have been laid out, from frame `group` on.

    Parameters
    ----------
    hops, work : np.ndarray
        See `room` and `spread_hops`.
    step, group : int
        1 or 2, and less than that.
    found : Tables
    floor : float32
        Added to the power of each bin.
    power : np.ndarray [shape=(N_BINS, LANES)], float32
        Written: a column for each frame.
    """
    at0, at1, at2, at3 = (
        np.uint64((group + 0) % step * HOP * (LANES + 4) + (group + 0) // step),
        np.uint64((group + 1) % step * HOP * (LANES + 4) + (group + 1) // step),
        np.uint64((group + 2) % step * HOP * (LANES + 4) + (group + 2) // step),
        np.uint64((group + 3) % step * HOP * (LANES + 4) + (group + 3) // step),
    )
    _first_stage(hops, (at0, at1, at2, at3), found.window, found.turns[0], work)
    for quarter in range(np.uint64(4)):  # one after the other: each stays in the nearest cache
        begin = quarter * _QUARTER * _ROW
        _stage_of_64(work, begin, found.turns[1])
        for i in range(np.uint64(4)):
            _stage_of_16(work, begin + i * np.uint64(64) * _ROW, found.turns[2])
        for i in range(np.uint64(16)):
            _stage_of_4(work, begin + i * np.uint64(16) * _ROW, found.turns[3])
        _last_stage(work, begin)
    _to_power(work, found.order, found.halves, floor, power)
