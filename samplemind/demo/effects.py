"""What happens to a finished sound: saturation, space, width, level."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.signal

from samplemind.demo.shaping import bandpass, fade, highpass, lowpass
from samplemind.demo.studio import Array, Studio

__all__ = ["chorus", "echo", "finish", "pan", "reverb", "saturate", "stereo"]


def saturate(y: Array, drive: float) -> Array:
    """Soft clipping by tanh: `drive` 0.5 warms, 8 destroys; the peak of a full-scale input stays 1 [shape=(..., n)]."""
    return np.asarray(np.tanh(drive * y) / np.tanh(drive))


def stereo(y: Array) -> Array:
    """Give a sound two channels [shape=(2, n)], whether it has one or two."""
    return np.stack([y, y]) if y.ndim == 1 else y


def pan(y: Array, place: float) -> Array:
    """Place a sound from -1 (left) to 1 (right) with constant power (Blumlein 1931) [shape=(2, n)]."""
    angle = (place + 1) * np.pi / 4
    return np.asarray(stereo(y) * (np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])))


@lru_cache(maxsize=16)
def _room(rate: int, seconds: float, damping: float) -> Array:
    """Two-channel response of a room: noise that dies away, treble first (Moorer 1979)."""
    studio = Studio.of("room", rate)
    t = studio.times(seconds * 1.1)
    response = np.zeros((2, len(t)))
    for low, high, share in ((120, 900, 1.0), (900, 3500, 1 - 0.4 * damping), (3500, 12000, 1 - 0.8 * damping)):
        tail = np.exp(-6.9 * t / (seconds * share))  # down by 60 dB after `seconds * share`
        response += tail * np.stack([bandpass(studio.noise(seconds * 1.1), low, high, rate) for _ in range(2)])
    response = fade(response, studio.frames(0.004), studio.frames(0.05 * seconds))
    return np.asarray(response / np.sqrt(np.sum(response**2, axis=-1, keepdims=True)))


def reverb(y: Array, rate: int, seconds: float, mix: float, damping: float = 0.5) -> Array:
    """Put a sound in a room: convolution with shaped noise (Moorer 1979), the colourless tail of Schroeder (1962).

    Parameters
    ----------
    y : np.ndarray [shape=(n,) or (2, n)]
    rate : int
    seconds : float
        Reverberation time, to -60 dB.
    mix : float
        Level of the room beside the sound, 0 to about 1.
    damping : float
        How much sooner the treble dies, 0 to 1.

    Returns
    -------
    np.ndarray [shape=(2, m)]
        Longer than `y` by the room's tail.
    """
    room = _room(rate, seconds, damping)
    dry = fade(stereo(y), 0, round(0.01 * rate))
    wet = scipy.signal.oaconvolve(dry, room, axes=-1)
    wet[:, : dry.shape[1]] += dry / mix if mix else 0.0
    return np.asarray(wet * mix)


def echo(y: Array, rate: int, seconds: float, feedback: float, mix: float, repeats: int = 5) -> Array:
    """Repeats that swap sides and darken [shape=(2, m)]; `seconds` apart, each `feedback` times the one before."""
    step = round(seconds * rate)
    dry = fade(stereo(y), 0, round(0.01 * rate))
    out = np.pad(dry, ((0, 0), (0, step * repeats)))
    copy = dry.mean(axis=0)
    for k in range(1, repeats + 1):
        copy = lowpass(copy, 3500, rate, order=1)
        placed = pan(mix * feedback ** (k - 1) * copy, 0.6 if k % 2 else -0.6)
        out[:, step * k : step * k + copy.shape[0]] += placed
    return out


def chorus(y: Array, rate: int, depth: float = 0.002, hz: float = 0.6, mix: float = 0.5) -> Array:
    """Widen by two delays that sway against each other (Dattorro 1997) [shape=(2, n)].

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    rate : int
    depth : float
        Sway of the delay in seconds.
    hz : float
        Speed of the sway.
    mix : float
        Level of the swaying copies, 0 to 1.
    """
    place = np.arange(len(y), dtype=float)
    sides = []
    for turn in (0.0, 0.5):
        delay = rate * (0.008 + depth * np.sin(2 * np.pi * (hz * place / rate + turn)))
        sides.append((1 - 0.5 * mix) * y + mix * np.interp(place - delay, place, y, left=0.0))
    return np.stack(sides)


def finish(y: Array, rate: int, peak_db: float, *, trim: bool = True) -> Array:
    """Make a sound ready for its file: no rumble, no dead end, no click at the end, the peak where it should be.

    Parameters
    ----------
    y : np.ndarray [shape=(n,) or (2, n)]
    rate : int
    peak_db : float
        Level of the largest sample in dBFS.
    trim : bool
        Whether to remove the constant part and cut the end where it has fallen by 66 dB; False keeps the length
        and the seam of a loop as they are.
    """
    if trim:
        y = highpass(y, 18.0, rate, order=1)
        loud = np.flatnonzero(np.max(np.abs(np.atleast_2d(y)), axis=0) > np.max(np.abs(y)) * 5e-4)
        y = fade(y[..., : loud[-1] + 1], 0, round(0.008 * rate))
    return y * float(10 ** (peak_db / 20) / np.max(np.abs(y)))
