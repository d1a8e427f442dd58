"""What a sound shows of its beat: onset curves of three bands, their spectra, and how it repeats itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy.fft

from samplemind.audio.clip import FloatArray
from samplemind.descriptors.frames import HOP, SR

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["CURVES", "FRAME_RATE", "Evidence", "gather"]

FRAME_RATE: Final = SR / HOP
#: Onset curves: kick, body and cymbal region in dB, and the whole by amplitude.
CURVES: Final = ("low", "mid", "high", "amplitude")
#: Mel bands of the first three curves: up to 0.25 kHz, to 2.5 kHz, above.
_BANDS: Final = (slice(0, 2), slice(2, 21), slice(21, 40))
_RANGE_DB: Final = 50.0
#: Of a longer sound only this much is looked at (s); a tempo that drifts over minutes is none.
MAX_SECONDS: Final = 60.0
_LOUD: Final = 0.003  # -50 dB of the highest envelope: where the sound begins, above the pre-echo of lossy codecs
_PADDING: Final = 8  # spectra are sampled this much finer than their resolution, so that they can be interpolated


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that candidates of tempo are judged by.

    Attributes
    ----------
    duration_s, lead_s, trail_s : float
        Length of the file, and silence before and after the sound.
    curves : np.ndarray [shape=(4, n)], float32
        Onset strength by `CURVES`, each with sum 1.
    repetition : np.ndarray [shape=(n,)], float32
        Correlation of the spectrogram with itself, one value a frame of lag, -1 to 1.
    last_onset_s : float
    tail_db : float
        Level of the last 2 % of the file below its loudest part, <= 0.
    """

    duration_s: float
    lead_s: float
    trail_s: float
    curves: FloatArray
    repetition: FloatArray
    last_onset_s: float
    tail_db: float
    _spectra: Any
    _size: int

    def spectra(self, hz: Any, origin_s: Any) -> Any:
        """Fourier coefficients of the four curves.

        Parameters
        ----------
        hz : np.ndarray [shape=(...)]
            Frequencies, up to half the frame rate.
        origin_s : np.ndarray, broadcastable to `hz`
            The moment whose phase is 0.

        Returns
        -------
        np.ndarray [shape=(4, ...)], complex64
            Magnitude 1: everything falls on one grid.
        """
        at = np.minimum(hz * (self._size / FRAME_RATE), self._spectra.shape[1] - 2)
        low = at.astype(np.int64)
        part = (at - low).astype(np.float32)
        found = self._spectra[:, low] * (1 - part) + self._spectra[:, low + 1] * part
        centre = self.curves.shape[1] // 2 / FRAME_RATE
        return found * np.exp(2j * np.pi * hz * (origin_s - centre)).astype(np.complex64)

    def repetition_at(self, lag_s: Any) -> Any:
        """Correlation with itself at lags in seconds; 0 where less than a fifth of the sound is left to compare."""
        at = np.asarray(lag_s) * FRAME_RATE
        n = len(self.repetition)
        return np.where(at < 0.8 * n, np.interp(at, np.arange(n), self.repetition), 0.0)


def _onset_curves(mel_db: FloatArray, mel: FloatArray) -> FloatArray:
    level = np.maximum(mel_db, -np.float32(_RANGE_DB))
    # the frame before the first is silence; a rise over two frames is centred on the middle one
    padded = np.concatenate([np.full((2, level.shape[1]), -_RANGE_DB, np.float32), level])
    before = padded[:-2].copy()
    np.maximum(before[:, 1:], padded[:-2, :-1], out=before[:, 1:])
    np.maximum(before[:, :-1], padded[:-2, 1:], out=before[:, :-1])
    rise = np.maximum(level - before, 0)
    curves = np.empty((4, len(level)), np.float32)
    for row, bands in enumerate(_BANDS):
        curves[row] = rise[:, bands].mean(axis=1)
    amplitude = np.concatenate([np.zeros(2, np.float32), np.sqrt(mel.sum(axis=1))])
    curves[3] = np.maximum(amplitude[2:] - amplitude[:-2], 0)
    curves /= np.maximum(curves.sum(axis=1, keepdims=True), np.float32(1e-9))
    return curves


def _repetition(mel_db: FloatArray) -> FloatArray:
    """Normalised autocorrelation of the spectrogram in ten coarse bands."""
    n = len(mel_db)
    coarse = np.maximum(mel_db, -np.float32(_RANGE_DB)).reshape(n, 10, 4).mean(axis=2).T
    coarse = coarse - coarse.mean(axis=1, keepdims=True)
    size = scipy.fft.next_fast_len(2 * n, real=True)
    spectrum = scipy.fft.rfft(coarse, size, axis=1)
    product = scipy.fft.irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=0), size)[:n]
    energy = np.concatenate([[0.0], np.cumsum((coarse**2).sum(axis=0, dtype=np.float64))])
    lags = np.arange(n)
    norm = np.sqrt((energy[n] - energy[lags]) * energy[n - lags])
    correlation: FloatArray = np.clip(product / np.maximum(norm, 1e-9 * max(energy[n], 1e-9)), -1, 1)
    return correlation.astype(np.float32)


def gather(signal: Signal) -> Evidence:
    """Look at a sound that is long enough to have a beat.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    Evidence
    """
    n = min(signal.frames.n, int(MAX_SECONDS * FRAME_RATE))
    mel_db = signal.mel_db[:n]
    curves = _onset_curves(mel_db, signal.frames.mel[:n])
    size = scipy.fft.next_fast_len(_PADDING * n, real=True)
    # the middle of the sound becomes time 0, so that the phase turns slowly and can be interpolated
    rolled = np.zeros((4, size), np.float32)
    middle = n // 2
    rolled[:, : n - middle] = curves[:, middle:]
    rolled[:, size - middle :] = curves[:, :middle]
    spectra = scipy.fft.rfft(rolled, axis=1)
    envelope = signal.envelope
    peak = max(float(envelope.max()), 1e-9)
    loud = np.flatnonzero(envelope > _LOUD * peak)
    step = 128 / SR
    duration = signal.duration_s
    onsets = signal.onset_times
    tail = envelope[-max(1, len(envelope) // 50) :]
    return Evidence(
        duration_s=duration,
        lead_s=float(loud[0] * step),
        trail_s=max(0.0, duration - float((loud[-1] + 1) * step)),
        curves=curves,
        repetition=_repetition(mel_db),
        last_onset_s=float(onsets[-1]) if len(onsets) else 0.0,
        tail_db=20 * float(np.log10(max(float(np.sqrt(np.mean(tail**2))) / peak, 1e-4))),
        _spectra=spectra,
        _size=size,
    )
