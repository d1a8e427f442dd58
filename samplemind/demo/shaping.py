"""What shapes a source: envelopes and filters. Filters work on the last axis, so mono and stereo alike."""

from __future__ import annotations

import numpy as np
import scipy.signal

from samplemind.demo.studio import Array

__all__ = ["adsr", "bandpass", "fade", "fall", "formants", "highpass", "lowpass", "sweep"]


def fall(t: Array, decay: float, attack: float = 0.0) -> Array:
    """Exponential decay with an optional soft start.

    Parameters
    ----------
    t : np.ndarray [shape=(n,)]
        Time in seconds from the start.
    decay : float
        Time constant in seconds: to 1/e.
    attack : float
        Length in seconds of the raised-cosine start.

    Returns
    -------
    np.ndarray [shape=(n,)]
    """
    curve = np.exp(-t / decay)
    return curve * _rise(t, attack) if attack > 0 else curve


def adsr(t: Array, hold: float, attack: float, decay: float, sustain: float, release: float) -> Array:
    """Envelope of a held key: attack, decay, sustain, release.

    Parameters
    ----------
    t : np.ndarray [shape=(n,)]
        Time in seconds.
    hold : float
        When the key is let go, in seconds.
    attack, decay, release : float
        Seconds: the length of the start, and the time constants of the two exponential parts.
    sustain : float
        Level that is held, 0 to 1.
    """
    late = np.maximum(t - attack, 0.0)
    curve = _rise(t, attack) * (sustain + (1 - sustain) * np.exp(-late / decay))
    return curve * np.exp(-np.maximum(t - hold, 0.0) / release)


def _rise(t: Array, attack: float) -> Array:
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(t / attack, 0.0, 1.0))


def fade(y: Array, frames_in: int, frames_out: int) -> Array:
    """Raised-cosine fades over the first and last frames of `y` [shape=(..., n)]; a copy."""
    y = y.copy()
    frames_in, frames_out = min(frames_in, y.shape[-1]), min(frames_out, y.shape[-1])
    if frames_in:
        y[..., :frames_in] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(frames_in) / frames_in)
    if frames_out:
        y[..., -frames_out:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, frames_out + 1) / frames_out)
    return y


def _butterworth(y: Array, kind: str, edges: float | tuple[float, float], rate: int, order: int) -> Array:
    sections = scipy.signal.butter(order, np.clip(edges, 5.0, 0.49 * rate), kind, fs=rate, output="sos")
    return np.asarray(scipy.signal.sosfilt(sections, y, axis=-1))


def lowpass(y: Array, hz: float, rate: int, order: int = 2) -> Array:
    """Butterworth low-pass (Butterworth 1930) at `hz` [shape=(..., n)]."""
    return _butterworth(y, "lowpass", hz, rate, order)


def highpass(y: Array, hz: float, rate: int, order: int = 2) -> Array:
    """Butterworth high-pass (Butterworth 1930) at `hz` [shape=(..., n)]."""
    return _butterworth(y, "highpass", hz, rate, order)


def bandpass(y: Array, low: float, high: float, rate: int, order: int = 1) -> Array:
    """Butterworth band-pass (Butterworth 1930) from `low` to `high` Hz [shape=(..., n)]."""
    return _butterworth(y, "bandpass", (low, high), rate, order)


def formants(y: Array, peaks: tuple[tuple[float, float, float], ...], rate: int) -> Array:
    """Resonances in parallel, as of a vocal tract or a wooden body (Klatt 1980).

    Parameters
    ----------
    y : np.ndarray [shape=(..., n)]
    peaks : tuple of (float, float, float)
        Centre in Hz, bandwidth in Hz, gain.
    rate : int
    """
    total = np.zeros_like(y)
    for centre, width, gain in peaks:
        total += gain * bandpass(y, centre - width / 2, centre + width / 2, rate)
    return total


def sweep(y: Array, hz: Array, rate: int, resonance: float = 0.0, order: int = 2) -> Array:
    """Low-pass whose cutoff moves, made in the short-time spectrum (Allen & Rabiner 1977).

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    hz : np.ndarray [shape=(n,)]
        Cutoff of every sample in Hz.
    rate : int
    resonance : float
        Height of the peak at the cutoff: 0 for none, 3 for a singing one.
    order : int
        Steepness: each is 6 dB an octave.

    Returns
    -------
    np.ndarray [shape=(n,)]
        Without delay: phases stay as they were.
    """
    size, hop = 1024, 256
    count = len(y)
    padded = np.pad(y, (size - hop, size + (-count) % hop))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] * window
    centres = np.arange(len(frames)) * hop + size // 2 - (size - hop)
    cutoff = hz[np.clip(centres, 0, count - 1)][:, np.newaxis]
    octaves = np.fft.rfftfreq(size, 1 / rate) / cutoff
    gain = 1 / np.sqrt(1 + octaves ** (2 * order))
    if resonance:
        gain += resonance * np.exp(-(((octaves - 1) / 0.18) ** 2))
    frames = np.fft.irfft(np.fft.rfft(frames) * gain, size) * window
    parts = frames.reshape(len(frames), size // hop, hop)
    out = np.zeros((len(frames) + size // hop - 1, hop))
    for k in range(size // hop):
        out[k : k + len(frames)] += parts[:, k]
    return out.ravel()[size - hop : size - hop + count] / 1.5  # a squared Hann window overlapping 4 times sums to 1.5
