"""What a sound shows of its beat: onset curves of three bands, their spectra, and how it repeats itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy.fft

from samplemind.audio.clip import FloatArray
from samplemind.descriptors import tempo_kernels
from samplemind.descriptors.frames import HOP, SR

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["CURVES", "FRAME_RATE", "Evidence", "gather"]

FRAME_RATE: Final = SR / HOP
#: Onset curves: kick, body and cymbal region in dB, and the whole by amplitude.
CURVES: Final = ("low", "mid", "high", "amplitude")
#: Mel bands at which the first three curves begin and end: 0.25 and 2.5 kHz lie between them.
_EDGES: Final = np.array([0, 2, 21, 40])
_COARSE: Final = 10  # bands in which the sound is compared with itself
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
    likeness : np.ndarray [shape=(5, n)], float32
        Correlation with itself, one value a frame of lag, -1 to 1: of the spectrogram, then of each of `CURVES`.
    spectra : np.ndarray [shape=(4, m)], complex64
        Fourier transform of the onset strength by `CURVES`, each with sum 1; time 0 is `centre_s`, so that the phase
        turns slowly and can be interpolated.
    bins_per_hz, centre_s : float
    last_onset_s : float
    tail_db : float
        Level of the last 2 % of the file below its loudest part, <= 0.
    """

    duration_s: float
    lead_s: float
    trail_s: float
    likeness: FloatArray
    spectra: Any
    bins_per_hz: float
    centre_s: float
    last_onset_s: float
    tail_db: float

    def strength(self, hz: Any) -> Any:
        """How much of each of the four onset curves lies on a grid [shape=(4, k)].

        Parameters
        ----------
        hz : np.ndarray [shape=(k,)]
            Frequencies of grids, up to half the frame rate.

        Returns
        -------
        np.ndarray [shape=(4, k)], float32
            1: everything.
        """
        out = np.empty((4, len(hz)), np.float32)
        tempo_kernels.magnitudes(self.spectra, self.bins_per_hz, hz, out)
        return out

    def repetition_at(self, lag_s: float) -> float:
        """Correlation of the spectrogram with itself; 0 where less than a fifth of the sound is left to compare."""
        return float(tempo_kernels.between(self.likeness[0], lag_s * FRAME_RATE))


def _likeness(mel_db: FloatArray, curves: FloatArray) -> FloatArray:
    """Normalised autocorrelation of the spectrogram in ten coarse bands, and of the onset curves."""
    n = len(mel_db)
    rows = np.empty((_COARSE + len(curves), n), np.float32)
    tempo_kernels.profiles(mel_db, np.float32(-_RANGE_DB), curves, rows)
    size = scipy.fft.next_fast_len(2 * n, real=True)
    spectrum = scipy.fft.rfft(rows, size, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    power[_COARSE - 1] = power[:_COARSE].sum(axis=0)
    product = scipy.fft.irfft(power[_COARSE - 1 :], size, axis=1)
    out = np.empty((1 + len(curves), n), np.float32)
    tempo_kernels.normalize(product[0], rows[:_COARSE], out[0])
    for k in range(1, len(out)):
        tempo_kernels.normalize(product[k], rows[_COARSE + k - 1 : _COARSE + k], out[k])
    return out


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
    curves = np.empty((len(CURVES), n), np.float32)
    tempo_kernels.onset_curves(mel_db, signal.frames.mel[:n], np.float32(-_RANGE_DB), _EDGES, curves)
    size = scipy.fft.next_fast_len(_PADDING * n, real=True)
    rolled = np.zeros((len(CURVES), size), np.float32)
    middle = n // 2
    rolled[:, : n - middle] = curves[:, middle:]
    rolled[:, size - middle :] = curves[:, :middle]
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
        likeness=_likeness(mel_db, curves),
        spectra=scipy.fft.rfft(rolled, axis=1),
        bins_per_hz=size / FRAME_RATE,
        centre_s=middle / FRAME_RATE,
        last_onset_s=float(onsets[-1]) if len(onsets) else 0.0,
        tail_db=20 * float(np.log10(max(float(np.sqrt(np.mean(tail**2))) / peak, 1e-4))),
    )
