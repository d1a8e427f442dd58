"""Power spectra and autocorrelations of single frames, to be called from compiled kernels.

A kernel calls these frame by frame, always in the same few kilobytes; `frame_spectra` transforms many frames at once.
Radix 4 after Stockham (Van Loan 1992, Computational Frameworks for the FFT, 1.7). Real and imaginary parts lie apart,
and distances are constants wherever they can be: only then does the compiler make vectors of the loops.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.audio.lanes import LANES, evens, load, odds, store, turned

__all__ = ["MAX_SIZE", "MIN_SIZE", "autocorrelation", "power_spectrum", "size_for", "twiddles", "workspace"]

#: A frame is transformed as a power of two of numbers, from `MIN_SIZE` to `MAX_SIZE`.
MIN_SIZE: Final = 1024
MAX_SIZE: Final = 4096
_QUARTER: Final = np.uint64(MAX_SIZE // 8)  # distance of the quarters of the input, whatever their length
_STEP: Final = np.uint64(LANES)


def size_for(width: int) -> int:
    """The smallest size that holds `width` numbers, at most `MAX_SIZE`."""
    return int(min(MAX_SIZE, max(MIN_SIZE, 1 << (width - 1).bit_length())))


@lru_cache(maxsize=3)
def twiddles(size: int) -> FloatArray:
    """The roots of unity that a transform turns by.

    Parameters
    ----------
    size : int
        1024, 2048 or 4096.

    Returns
    -------
    np.ndarray [shape=(4, 2, size // 2)], float32
        Real and imaginary parts of exp(-2 pi i j k / n), for n = size / 2 and j = 1, 2, 3, and, last, for j = 1/2.
    """
    half = size // 2
    roots = np.exp(-2j * np.pi * np.outer([1, 2, 3, 0.5], np.arange(half) / half))
    return np.stack([roots.real, roots.imag], axis=1).astype(np.float32)


def workspace() -> FloatArray:
    """Room for one transform [shape=(4, 2048)]; what is in it does not matter."""
    return np.empty((4, MAX_SIZE // 2), np.float32)


@njit(cache=True, nogil=True, fastmath=True)
def _first_stage(xr, xi, yr, yi, n, w):  # type: ignore[no-untyped-def]
    """Transforms of 4 over the quarters of the input; what they give lies in quarters again."""
    w1r, w1i, w2r, w2i, w3r, w3i = w[0, 0], w[0, 1], w[1, 0], w[1, 1], w[2, 0], w[2, 1]
    for p in range(np.uint64(n // 4)):
        q, r, s = p + _QUARTER, p + _QUARTER + _QUARTER, p + _QUARTER + _QUARTER + _QUARTER
        ar, ai, br, bi = xr[p] + xr[r], xi[p] + xi[r], xr[q] + xr[s], xi[q] + xi[s]
        cr, ci, dr, di = xr[p] - xr[r], xi[p] - xi[r], xi[q] - xi[s], xr[s] - xr[q]
        er, ei, fr, fi, gr, gi = cr + dr, ci + di, ar - br, ai - bi, cr - dr, ci - di
        yr[p], yi[p] = ar + br, ai + bi
        yr[q], yi[q] = er * w1r[p] - ei * w1i[p], er * w1i[p] + ei * w1r[p]
        yr[r], yi[r] = fr * w2r[p] - fi * w2i[p], fr * w2i[p] + fi * w2r[p]
        yr[s], yi[s] = gr * w3r[p] - gi * w3i[p], gr * w3i[p] + gi * w3r[p]


@njit(cache=True, nogil=True, fastmath=True)
def _second_stage(xr, xi, yr, yi, n, w):  # type: ignore[no-untyped-def]
    """The same over the quarters of each quarter, whose results it interleaves."""
    w1r, w1i, w2r, w2i, w3r, w3i = w[0, 0], w[0, 1], w[1, 0], w[1, 1], w[2, 0], w[2, 1]
    h = n // 16
    for j in range(4):
        begin = j * int(_QUARTER)
        ar_, ai_, br_, bi_ = xr[begin:], xi[begin:], yr[begin:], yi[begin:]
        for p in range(h):
            q, r, s, u = p + h, p + 2 * h, p + 3 * h, 4 * p
            ar, ai, br, bi = ar_[p] + ar_[r], ai_[p] + ai_[r], ar_[q] + ar_[s], ai_[q] + ai_[s]
            cr, ci, dr, di = ar_[p] - ar_[r], ai_[p] - ai_[r], ai_[q] - ai_[s], ar_[s] - ar_[q]
            er, ei, fr, fi, gr, gi = cr + dr, ci + di, ar - br, ai - bi, cr - dr, ci - di
            br_[u], bi_[u] = ar + br, ai + bi
            br_[u + 1], bi_[u + 1] = er * w1r[u] - ei * w1i[u], er * w1i[u] + ei * w1r[u]
            br_[u + 2], bi_[u + 2] = fr * w2r[u] - fi * w2i[u], fr * w2i[u] + fi * w2r[u]
            br_[u + 3], bi_[u + 3] = gr * w3r[u] - gi * w3i[u], gr * w3i[u] + gi * w3r[u]


@njit(cache=True, nogil=True, fastmath=True)
def _weave(x, y, n):  # type: ignore[no-untyped-def]
    """Interleave the four quarters."""
    a, b, c, d = x, x[_QUARTER:], x[_QUARTER + _QUARTER :], x[_QUARTER + _QUARTER + _QUARTER :]
    for i in range(n // 4):
        y[4 * i] = a[i]
        y[4 * i + 1] = b[i]
        y[4 * i + 2] = c[i]
        y[4 * i + 3] = d[i]


def _stage(span: int) -> Any:
    """Transforms of 4 over groups of `span` numbers; a constant, so that its loop is one of vectors."""
    s = np.uint64(span)

    @njit(cache=True, nogil=True, fastmath=True)
    def stage(xr, xi, yr, yi, n, w):  # type: ignore[no-untyped-def]
        h = np.uint64(n // 4)
        for first in range(0, n // 4, span):
            i, k = np.uint64(first), np.uint64(4 * first)
            w1r, w1i, w2r, w2i = w[0, 0, first], w[0, 1, first], w[1, 0, first], w[1, 1, first]
            w3r, w3i = w[2, 0, first], w[2, 1, first]
            for p in range(s):
                a, b, c, d = i + p, i + p + h, i + p + h + h, i + p + h + h + h
                ar, ai, br, bi = xr[a] + xr[c], xi[a] + xi[c], xr[b] + xr[d], xi[b] + xi[d]
                cr, ci, dr, di = xr[a] - xr[c], xi[a] - xi[c], xi[b] - xi[d], xr[d] - xr[b]
                er, ei, fr, fi, gr, gi = cr + dr, ci + di, ar - br, ai - bi, cr - dr, ci - di
                a, b, c, d = k + p, k + p + s, k + p + s + s, k + p + s + s + s
                yr[a], yi[a] = ar + br, ai + bi
                yr[b], yi[b] = er * w1r - ei * w1i, er * w1i + ei * w1r
                yr[c], yi[c] = fr * w2r - fi * w2i, fr * w2i + fi * w2r
                yr[d], yi[d] = gr * w3r - gi * w3i, gr * w3i + gi * w3r

    return stage


_groups_of_16, _groups_of_64, _groups_of_256 = _stage(16), _stage(64), _stage(256)


@njit(cache=True, nogil=True, fastmath=True)
def _last_stage(x, y, n):  # type: ignore[no-untyped-def]
    """Transforms of 2 over the halves."""
    h = n // 2
    a, b = x[:h], x[h:n]
    for p in range(h):
        y[p] = a[p] + b[p]
    y = y[h:n]
    for p in range(h):
        y[p] = a[p] - b[p]


@njit(cache=True, nogil=True, fastmath=True)
def _transform(work, n, w):  # type: ignore[no-untyped-def]
    """Transform the n complex numbers whose quarters lie in rows 0 and 1; returns the row of the real parts."""
    a, b, c, d = work[0], work[1], work[2], work[3]
    _first_stage(a, b, c, d, n, w)
    _second_stage(c, d, a, b, n, w)
    _weave(a, c, n)
    _weave(b, d, n)
    _groups_of_16(c, d, a, b, n, w)
    _groups_of_64(a, b, c, d, n, w)
    if n == 512:
        _last_stage(c, a, n)
        _last_stage(d, b, n)
        return 0
    _groups_of_256(c, d, a, b, n, w)
    if n == 1024:
        return 0
    _last_stage(a, c, n)
    _last_stage(b, d, n)
    return 2


@njit(cache=True, nogil=True, fastmath=True)
def power_spectrum(x, window, work, w, power):  # type: ignore[no-untyped-def]
    """Power spectrum of a windowed frame.

    Parameters
    ----------
    x, window : np.ndarray [shape=(width,)], float32
        At most as long as the size; zeros follow.
    work, w : np.ndarray
        See `workspace` and `twiddles`.
    power : np.ndarray [shape=(size // 2 + 1,)], float32
        Written.
    """
    n = w.shape[2]
    quarter = n // 4
    for j in range(4):
        _pack(x, window, 2 * j * quarter, quarter, j * int(_QUARTER), work)
    row = _transform(work, n, w)
    zr, zi = work[row], work[row + 1]
    power[0] = (zr[0] + zi[0]) ** 2
    power[n] = (zr[0] - zi[0]) ** 2
    half, size = np.float32(0.5), np.uint64(n)
    wr, wi = w[3, 0], w[3, 1]
    for begin in range(np.uint64(1), size, _STEP):
        k = begin if begin < size - _STEP else size - _STEP  # the last step goes back over some of the one before
        mirrored = size - k - _STEP + np.uint64(1)
        ur, ui = load(zr, k), load(zi, k)
        vr, vi = turned(load(zr, mirrored)), turned(load(zi, mirrored))
        tr, ti = load(wr, k), load(wi, k)
        ar, ai, br, bi = ur + vr, ui - vi, ui + vi, vr - ur
        re, im = half * (ar + br * tr - bi * ti), half * (ai + br * ti + bi * tr)
        store(power, k, re * re + im * im)


@njit(cache=True, nogil=True, fastmath=True)
def _pack(x, window, begin, quarter, to, work):  # type: ignore[no-untyped-def]
    """Even samples of a quarter of the windowed frame become real parts, odd ones imaginary parts; zeros follow."""
    re, im = work[0, to : to + quarter], work[1, to : to + quarter]
    part, taper = x[begin : begin + 2 * quarter], window[begin : begin + 2 * quarter]
    pairs = len(taper) // 2
    whole = pairs - pairs % LANES
    for p in range(np.uint64(0), np.uint64(whole), _STEP):
        at = p + p
        a, b = load(part, at) * load(taper, at), load(part, at + _STEP) * load(taper, at + _STEP)
        store(re, p, evens(a, b))
        store(im, p, odds(a, b))
    for p in range(whole, pairs):
        re[p] = part[2 * p] * taper[2 * p]
        im[p] = part[2 * p + 1] * taper[2 * p + 1]
    re[pairs:] = np.float32(0.0)
    im[pairs:] = np.float32(0.0)
    if len(taper) % 2 == 1:
        re[pairs] = part[2 * pairs] * taper[2 * pairs]


@njit(cache=True, nogil=True, fastmath=True)
def autocorrelation(power, work, w, acf):  # type: ignore[no-untyped-def]
    """Autocorrelation of a frame from its power spectrum, not divided by anything.

    Parameters
    ----------
    power : np.ndarray [shape=(size // 2 + 1,)], float32
    work, w : np.ndarray
        See `workspace` and `twiddles`.
    acf : np.ndarray [shape=(lags,)], float32
        Written, from lag 0 on; at most size / 2 lags.
    """
    n = w.shape[2]
    quarter = n // 4
    for j in range(4):
        re, im = work[0, j * int(_QUARTER) :], work[1, j * int(_QUARTER) :]
        # The spectrum goes up in the first half of the transform and comes down in the second.
        edge = np.uint64(2 * (j if j < 2 else 4 - j) * quarter)
        for p in range(np.uint64(0), np.uint64(quarter), _STEP):
            if j < 2:
                at = edge + p + p
                a, b = load(power, at), load(power, at + _STEP)
                store(re, p, evens(a, b))
                store(im, p, odds(a, b))
            else:
                at = edge - p - p - _STEP + np.uint64(1)
                a, b = load(power, at - _STEP), load(power, at)
                store(re, p, turned(odds(a, b)))
                store(im, p, turned(evens(a, b)))
    row = _transform(work, n, w)
    zr, zi, wr, wi = work[row], work[row + 1], w[3, 0], w[3, 1]
    acf[0] = zr[0] + zi[0]
    half, size = np.float32(0.5), np.uint64(n)
    whole = 1 + (len(acf) - 1) // LANES * LANES
    for k in range(np.uint64(1), np.uint64(whole), _STEP):
        mirrored = size - k - _STEP + np.uint64(1)
        ur, ui, vr, vi = load(zr, k), load(zi, k), turned(load(zr, mirrored)), turned(load(zi, mirrored))
        store(acf, k, half * (ur + vr + (ui + vi) * load(wr, k) + (ur - vr) * load(wi, k)))
    for k in range(whole, len(acf)):
        acf[k] = half * (zr[k] + zr[n - k] + (zi[k] + zi[n - k]) * wr[k] + (zr[k] - zr[n - k]) * wi[k])
