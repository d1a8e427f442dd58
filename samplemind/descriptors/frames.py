"""One pass over one spectrogram: every quantity that a frame can give, computed while its spectrum is in the cache.

The spectrogram itself is never kept. Blocks of frames are transformed together (float32) and each block goes through
one compiled kernel, so memory grows by some hundred bytes a frame, not by a spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.catalogue import FRAME_FEATURES
from samplemind.descriptors.frame_kernels import CONTRAST_MOST, analyze_all, mel_levels, zero_crossings
from samplemind.descriptors.frame_spectra import HOP, N_BINS, N_FFT, tables

__all__ = ["HOP", "N_FFT", "N_MELS", "SR", "Frames", "analyze_frames", "centred_blocks", "hann_window",
           "mel_filters", "mel_frequencies"]  # fmt: skip

SR: Final = 44100
N_MELS: Final = 40
#: Edges of the octave bands of the spectral contrast (Hz), after Jiang et al. 2002.
CONTRAST_EDGES: Final = (0.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0, 22050.0)
#: Share of a contrast band's bins that count as its peak and as its valley, four at most.
CONTRAST_SHARE: Final = 0.02
#: Sounds of this many frames (0.36 s) or more are described at every second one: neighbours share 3/4 of their samples.
SPARSE_FROM: Final = 32
_FEATURES: Final = tuple(FRAME_FEATURES)
_AMPLITUDE_SCALE: Final = 2.0 / (N_FFT / 2)  # a full-scale sine on a bin has power 1 under a Hann window
_FLOOR: Final = np.float32(1e-14)  # -140 dBFS: below the noise of 16-bit audio in one bin
#: Rises below this level (dB under the loudest band of the sound) are no novelty.
RANGE_DB: Final = 60.0


@dataclass(frozen=True, slots=True)
class Frames:
    """What the frames of a sound say; frame t is centred on t * HOP / SR seconds.

    Attributes
    ----------
    step : int
        Features and contrast are those of the frames 0, step, 2 step, ...: 1 in short sounds, else 2.
    features : np.ndarray [shape=(ceil(n / step), len(FRAME_FEATURES))], float32
        In the order of `FRAME_FEATURES`.
    contrast : np.ndarray [shape=(ceil(n / step), 7)], float32
        dB, peak over valley in each octave band.
    mel : np.ndarray [shape=(n, N_MELS)], float32
        Power in each mel band; a full-scale sine on a bin has power 1.
    mel_db : np.ndarray [shape=(n, N_MELS)], float32
        The same in dB below the loudest band of the sound, 0 to -80.
    motion : np.ndarray [shape=(n, 2)], float32
        `flux` and `zcr`, the last two of `FRAME_FEATURES`, here of every frame.
    onset_strength : np.ndarray [shape=(n,)], float32
        Mean rise of the mel bands in dB over the frame before, >= 0; what lies more than `RANGE_DB` below the loudest
        band does not count. Frame 0 rises from silence.
    energy : np.ndarray [shape=(n,)], float32
        Sum of the power spectrum.
    mean_power : np.ndarray [shape=(N_BINS,)], float32
        Mean power spectrum of the frames.
    """

    step: int
    features: FloatArray
    contrast: FloatArray
    mel: FloatArray
    mel_db: FloatArray
    motion: FloatArray
    onset_strength: FloatArray
    energy: FloatArray
    mean_power: FloatArray

    @property
    def n(self) -> int:
        """How many frames."""
        return len(self.energy)

    def feature(self, name: str) -> FloatArray:
        """One column of `features` [shape=(ceil(n / step),)] by its name in `FRAME_FEATURES`."""
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
def _facts() -> tuple[Any, FloatArray, FloatArray, Any, Any]:
    """What the kernels know of the bins.

    That is the first one after each mel edge, the weight of each in the band that it rises into, 1 over its
    distance from bin 1, the edges of the contrast bands, and how many bins of each are its peak and its valley.
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
    counts = np.clip((CONTRAST_SHARE * np.diff(contrast.astype(float)) + 0.5).astype(np.int64), 1, CONTRAST_MOST)
    inverse = np.zeros(N_BINS, np.float32)
    inverse[2:] = 1 / np.arange(1, N_BINS - 1)
    return starts, rise, inverse, contrast, counts


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
    step = 2 if n >= SPARSE_FROM else 1
    described = -(-n // step)
    mel, mel_db = np.empty((2, n, N_MELS), np.float32)
    motion = np.empty((n, 2), np.float32)
    onset_strength, energy = np.empty((2, n), np.float32)
    features = np.empty((described, len(_FEATURES)), np.float32)
    contrast = np.empty((described, len(CONTRAST_EDGES) - 1), np.float32)
    mean_power = np.empty(N_BINS, np.float32)
    analyze_all(y, _FLOOR, step, tables(_AMPLITUDE_SCALE), *_facts(),
                mel, energy, mean_power, features, contrast)  # fmt: skip
    mean_power[0] = 0  # an offset is not heard
    loudest = np.float32(max(float(mel.max()), 1e-12))
    mel_levels(mel, loudest, np.float32(RANGE_DB), mel_db, motion[:, 0], onset_strength)
    zero_crossings(y, HOP, motion[:, 1])
    features[:, -2:] = motion[::step]
    return Frames(step, features, contrast, mel, mel_db, motion, onset_strength, energy, mean_power)


assert _FEATURES[-2:] == ("flux", "zcr"), "the last two features are those of `motion`"
