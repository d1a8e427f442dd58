"""One pass over one spectrogram: every quantity that a frame can give, computed while its spectrum is in the cache.

The spectrogram itself is never kept. Blocks of frames are transformed together (float32) and each block goes through
one compiled kernel, so memory grows by some hundred bytes a frame, not by a spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import scipy.fft

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.frame_kernels import analyze_block, flux, zero_crossings

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
def _tables() -> tuple[FloatArray, FloatArray, Any, FloatArray, Any]:
    """What the kernel knows of the bins.

    The number of each, 1 over its distance from bin 1, the first bin after each mel edge, the weight of each in the
    band that it rises into, and the edges of the contrast bands.
    """
    edges = _mel_edges()
    hz = np.arange(N_BINS) * SR / N_FFT
    starts = np.searchsorted(hz, edges).astype(np.uint64)  # unsigned: the loops need not ask whether it is negative
    starts[0], starts[-1] = 1, N_BINS
    # bin k lies above edge band[k]: it falls out of filter band[k] - 1 and rises into band[k]
    band = np.clip(np.searchsorted(starts, np.arange(N_BINS), side="right") - 1, 0, N_MELS)
    rise = ((hz - edges[band]) / (edges[band + 1] - edges[band])).astype(np.float32)
    contrast = np.searchsorted(hz, np.array(CONTRAST_EDGES)).astype(np.uint64)
    contrast[0], contrast[-1] = 1, N_BINS
    bins = np.arange(N_BINS, dtype=np.float32)
    inverse: FloatArray = np.reciprocal(np.maximum(bins - 1, 1)).astype(np.float32)
    return bins, inverse, starts, rise, contrast


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
        analyze_block(spectrum, _POWER_SCALE, _FLOOR, *_tables(), CONTRAST_SHARE,
                      frames.features[rows], frames.mel[rows], frames.contrast[rows], frames.energy[rows],
                      frames.mean_power)  # fmt: skip
    frames.mean_power[:] /= n
    loudest = max(float(frames.mel.max()), 1e-10)
    mel_db = 10 * np.log10(np.maximum(frames.mel, np.float32(loudest * 1e-8)))
    flux(mel_db, frames.feature("flux"))
    zero_crossings(y, HOP, frames.feature("zcr"))
    return frames
