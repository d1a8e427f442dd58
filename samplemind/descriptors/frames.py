"""One pass over one spectrogram: every quantity that a frame can give, computed while its spectrum is in the cache.

The spectrogram itself is never kept. Blocks of frames are transformed together (float32) and each block goes through
one compiled kernel, so memory grows by some hundred bytes a frame, not by a spectrum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import scipy.fft
from numba import njit

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES

__all__ = ["HOP", "N_FFT", "N_MELS", "SR", "Frames", "analyze_frames", "centred_blocks", "hann_window",
           "mel_filters", "mel_frequencies"]  # fmt: skip

SR: Final = 44100
N_FFT: Final = 2048
HOP: Final = 512
N_BINS: Final = N_FFT // 2 + 1
N_MELS: Final = 40
#: Edges of the octave bands of the spectral contrast (Hz), after Jiang et al. 2002.
CONTRAST_EDGES: Final = (0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 22050.0)
#: Share of a contrast band's bins that count as its peak and as its valley, four at most.
CONTRAST_SHARE: Final = 0.02
_BLOCK: Final = 32  # frames transformed together: their spectra stay in a 1 MB cache
_FEATURES: Final = tuple(FRAME_FEATURES)
_POWER_SCALE: Final = np.float32((2.0 / (N_FFT / 2)) ** 2)  # a full-scale sine on a bin has power 1 under a Hann window
_FLOOR: Final = np.float32(1e-14)  # -140 dBFS: below the noise of 16-bit audio in one bin


@dataclass(frozen=True, slots=True)
class Frames:
    """What the frames of a sound say; frame t is centred on t * HOP / SR seconds.

    Attributes
    ----------
    features : np.ndarray [shape=(n, len(FRAME_FEATURES))], float32
        In the order of `FRAME_FEATURES`; `flux` and `zcr` are filled in afterwards by `analyze_frames`.
    mel : np.ndarray [shape=(n, N_MELS)], float32
        Power in each mel band; a full-scale sine on a bin has power 1.
    contrast : np.ndarray [shape=(n, 7)], float32
        dB, peak over valley in each octave band.
    energy : np.ndarray [shape=(n,)], float32
        Sum of the power spectrum.
    mean_power : np.ndarray [shape=(N_BINS,)], float32
        Mean power spectrum of the frames.
    """

    features: FloatArray
    mel: FloatArray
    contrast: FloatArray
    energy: FloatArray
    mean_power: FloatArray

    @property
    def n(self) -> int:
        """How many frames."""
        return len(self.energy)

    def feature(self, name: str) -> FloatArray:
        """One column of `features` [shape=(n,)] by its name in `FRAME_FEATURES`."""
        column: FloatArray = self.features[:, _FEATURES.index(name)]
        return column


def _hz_to_mel(hz: FloatArray) -> FloatArray:
    above = 15 + np.log(np.maximum(hz, 1e-3) / 1000) / (np.log(6.4) / 27)
    mel: FloatArray = np.where(hz < 1000, hz / (200 / 3), above)
    return mel


def _mel_to_hz(mel: FloatArray) -> FloatArray:
    hz: FloatArray = np.where(mel < 15, mel * (200 / 3), 1000 * np.exp((mel - 15) * np.log(6.4) / 27))
    return hz


@lru_cache(maxsize=1)
def _mel_edges() -> Any:
    return _mel_to_hz(np.linspace(0, _hz_to_mel(np.array([SR / 2.0]))[0], N_MELS + 2))


def mel_frequencies() -> FloatArray:
    """Centre of each mel band in Hz [shape=(N_MELS,)], on the scale of Slaney (1998), Auditory Toolbox."""
    centres: FloatArray = _mel_edges()[1:-1].astype(np.float32)
    return centres


@lru_cache(maxsize=1)
def mel_filters() -> FloatArray:
    """Triangular mel filters [shape=(N_MELS, N_BINS)] of equal height 1, so that band power is a sum of bin power."""
    edges = _mel_edges()
    hz = np.arange(N_BINS) * SR / N_FFT
    up = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    weights: FloatArray = np.maximum(0, np.minimum(up, down)).astype(np.float32)
    return weights


@lru_cache(maxsize=1)
def _tables() -> tuple[Any, FloatArray, Any]:
    """First bin after each mel edge, the weight of each bin in the band it rises into, contrast edges in bins."""
    edges = _mel_edges()
    hz = np.arange(N_BINS) * SR / N_FFT
    starts = np.searchsorted(hz, edges).astype(np.int32)
    starts[0], starts[-1] = 1, N_BINS
    # bin k lies above edge band[k]: it falls out of filter band[k] - 1 and rises into band[k]
    band = np.clip(np.searchsorted(starts, np.arange(N_BINS), side="right") - 1, 0, N_MELS)
    rise = ((hz - edges[band]) / (edges[band + 1] - edges[band])).astype(np.float32)
    contrast = np.searchsorted(hz, np.array(CONTRAST_EDGES)).astype(np.int32)
    contrast[0], contrast[-1] = 1, N_BINS
    return starts, rise, contrast


@njit(cache=True, nogil=True, fastmath=True)
def _log2(x, bits, mantissa_bits, mantissa, out):  # type: ignore[no-untyped-def]
    """Base-2 logarithm of positive float32 values to 1e-5, by exponent and polynomial: a loop that vectorises."""
    for k in range(len(x)):
        b = bits[k]
        mantissa_bits[k] = (b & 0x7FFFFF) | 0x3F800000
        out[k] = np.float32((b >> 23) - 127)
    for k in range(len(x)):
        m = mantissa[k] - np.float32(1.0)
        p = np.float32(-0.03459521) * m + np.float32(0.14643361)
        p = p * m + np.float32(-0.30338967)
        p = p * m + np.float32(0.46930169)
        p = p * m + np.float32(-0.72044237)
        p = p * m + np.float32(1.44268325)
        out[k] += p * m


@njit(cache=True, nogil=True, fastmath=True)
def _block_kernel(spectrum, scale, floor, starts, rise, contrast_edges, share,  # type: ignore[no-untyped-def]
                  features, mel, contrast, energy, mean_power):  # fmt: skip
    """Fill the rows of one block; `spectrum` is (frames, 2 * N_BINS), real and imaginary parts in turn."""
    n_frames = spectrum.shape[0]
    n_bins = spectrum.shape[1] // 2
    power = np.empty(n_bins, np.float32)
    log2 = np.empty(n_bins, np.float32)
    mantissa_bits = np.empty(n_bins, np.int32)
    mantissa = mantissa_bits.view(np.float32)
    bits = power.view(np.int32)
    bin_hz = np.float32(44100.0 / (2 * (n_bins - 1)))
    db = np.float32(3.0102999566)  # 10 log10(2)
    top = np.empty(4, np.float32)
    low = np.empty(4, np.float32)
    octave_db = np.empty(8, np.float32)
    for t in range(n_frames):
        row = spectrum[t]
        for k in range(n_bins):
            re = row[2 * k]
            im = row[2 * k + 1]
            power[k] = (re * re + im * im) * scale + floor
        total = np.float32(0.0)
        first = np.float32(0.0)
        high = np.float32(0.0)
        amplitude_sum = np.float32(0.0)
        decrease = np.float32(0.0)
        for k in range(1, n_bins):
            p = power[k]
            total += p
            first += k * p
            high = max(high, p)
            mean_power[k] += p
        a1 = np.sqrt(power[1])
        for k in range(2, n_bins):
            a = np.sqrt(power[k])
            amplitude_sum += a
            decrease += (a - a1) / np.float32(k - 1)
        _log2(power, bits, mantissa_bits, mantissa, log2)
        log_sum = np.float32(0.0)
        plogp = np.float32(0.0)
        for k in range(1, n_bins):
            log_sum += log2[k]
            plogp += power[k] * log2[k]
        n = np.float32(n_bins - 1)
        mean = first / total
        m2 = np.float32(0.0)
        m3 = np.float32(0.0)
        m4 = np.float32(0.0)
        for k in range(1, n_bins):
            d = np.float32(k) - mean
            w = d * d * power[k]
            m2 += w
            m3 += w * d
            m4 += w * d * d
        m2 = max(m2 / total, np.float32(1e-6))
        # 85 % and 95 %: skip 32 bins at a time, then walk
        limit85 = np.float32(0.85) * total
        limit95 = np.float32(0.95) * total
        passed = np.float32(0.0)
        roll85 = n_bins - 1
        roll95 = n_bins - 1
        found = 0
        k = 1
        while k < n_bins and found < 2:
            stop = min(k + 32, n_bins)
            chunk = np.float32(0.0)
            for j in range(k, stop):
                chunk += power[j]
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
        # mel bands: between two edges every bin falls out of one filter and rises into the next
        for b in range(len(starts) - 1):
            up = np.float32(0.0)
            both = np.float32(0.0)
            for k in range(starts[b], starts[b + 1]):
                up += power[k] * rise[k]
                both += power[k]
            if b < mel.shape[1]:
                mel[t, b] += up
            if b > 0:
                mel[t, b - 1] += both - up
        # octave bands: mean of the highest and of the lowest bins, and their level
        for c in range(contrast.shape[1]):
            begin = contrast_edges[c]
            end = contrast_edges[c + 1]
            count = max(1, min(4, int(share * (end - begin) + 0.5)))
            band_sum = np.float32(0.0)
            if count == 1:
                peak = power[begin]
                valley = power[begin]
                for k in range(begin, end):
                    p = power[k]
                    band_sum += p
                    peak = max(peak, p)
                    valley = min(valley, p)
            else:
                for i in range(count):
                    top[i] = np.float32(0.0)
                    low[i] = np.float32(1e30)
                for k in range(begin, end):
                    p = power[k]
                    band_sum += p
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
            contrast[t, c] = db * np.float32(math.log2(peak / valley))
            octave_db[c] = db * np.float32(math.log2(band_sum / np.float32(end - begin)))
        slope = np.float32(0.0)  # least squares over the octaves, x = -3 .. 3
        for c in range(7):
            slope += np.float32(c - 3) * octave_db[c]
        log_total = np.float32(math.log2(total))
        out = features[t]
        out[0] = mean * bin_hz
        out[1] = np.sqrt(m2) * bin_hz
        out[2] = m3 / total / (m2 * np.sqrt(m2))
        out[3] = m4 / total / (m2 * m2)
        out[4] = roll85 * bin_hz
        out[5] = roll95 * bin_hz
        out[6] = min(np.float32(1.0), np.float32(2.0 ** (log_sum / n - log_total + math.log2(n))))
        out[7] = min(np.float32(1.0), max(np.float32(0.0), (log_total - plogp / total) / np.float32(math.log2(n))))
        out[8] = db * np.float32(math.log2(high * n / total))
        out[9] = slope / np.float32(28.0)
        out[10] = decrease / (amplitude_sum + np.float32(1e-12))
        out[11] = db * np.float32(math.log2(first))
        energy[t] = total


@njit(cache=True, nogil=True, fastmath=True)
def _flux_and_zcr(y, mel_db, hop, flux, zcr):  # type: ignore[no-untyped-def]
    """Mean rise of the mel bands over the highest neighbour one frame before, and zero crossings around each frame."""
    n, bands = mel_db.shape
    for t in range(1, n):
        rise = np.float32(0.0)
        for b in range(bands):
            before = mel_db[t - 1, b]
            if b > 0:
                before = max(before, mel_db[t - 1, b - 1])
            if b + 1 < bands:
                before = max(before, mel_db[t - 1, b + 1])
            rise += max(np.float32(0.0), mel_db[t, b] - before)
        flux[t] = rise / np.float32(bands)
    for t in range(n):
        begin = max(0, t * hop - 2 * hop)
        end = min(len(y), t * hop + 2 * hop)
        crossings = 0
        for i in range(begin + 1, end):
            crossings += (y[i] >= 0) != (y[i - 1] >= 0)
        zcr[t] = np.float32(44100.0) * crossings / max(1, end - begin - 1)


@lru_cache(maxsize=1)
def hann_window() -> FloatArray:
    """Periodic Hann window [shape=(N_FFT,)], float32."""
    return np.hanning(N_FFT + 1)[:-1].astype(np.float32)


def centred_blocks(y: FloatArray, n_frames: int) -> Any:
    """Strided view of the centred frames [shape=(n_frames, N_FFT)] over a zero-padded copy of the signal."""
    padded = np.zeros((n_frames - 1) * HOP + N_FFT, np.float32)
    usable = min(len(y), len(padded) - N_FFT // 2)
    padded[N_FFT // 2 : N_FFT // 2 + usable] = y[:usable]
    stride = padded.strides[0]
    return np.lib.stride_tricks.as_strided(padded, (n_frames, N_FFT), (HOP * stride, stride), writeable=False)


def analyze_frames(y: FloatArray) -> Frames:
    """Run the one pass.

    Parameters
    ----------
    y : np.ndarray [shape=(m,)], float32
        Mono at `SR`, m >= 1.

    Returns
    -------
    Frames
        Of n = 1 + m // HOP frames, Hann window of `N_FFT` samples, zeros beyond both ends.
    """
    n = 1 + len(y) // HOP
    starts, rise, contrast_edges = _tables()
    frames = Frames(
        np.zeros((n, len(_FEATURES)), np.float32),
        np.zeros((n, N_MELS), np.float32),
        np.empty((n, len(CONTRAST_EDGES) - 1), np.float32),
        np.empty(n, np.float32),
        np.zeros(N_BINS, np.float32),
    )
    blocks = centred_blocks(y, n)
    for begin in range(0, n, _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        spectrum = scipy.fft.rfft(blocks[rows] * hann_window(), axis=1, overwrite_x=True).view(np.float32)
        _block_kernel(spectrum, _POWER_SCALE, _FLOOR, starts, rise, contrast_edges, CONTRAST_SHARE,
                      frames.features[rows], frames.mel[rows], frames.contrast[rows], frames.energy[rows],
                      frames.mean_power)  # fmt: skip
    frames.mean_power[:] /= n
    loudest = max(float(frames.mel.max()), 1e-10)
    mel_db = 10 * np.log10(np.maximum(frames.mel, np.float32(loudest * 1e-8)))
    _flux_and_zcr(y, mel_db, HOP, frames.feature("flux"), frames.feature("zcr"))
    return frames
