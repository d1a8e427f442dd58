"""Sources of sound: oscillators without aliasing, modes, frequency modulation, plucked strings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from samplemind.demo.studio import Array, Studio

__all__ = [
    "CIRCULAR_MEMBRANE",
    "FREE_BAR",
    "TUNED_BAR",
    "additive",
    "fm",
    "modes",
    "phase",
    "pluck",
    "pulse",
    "saw",
    "sine",
]

CIRCULAR_MEMBRANE = (1.0, 1.594, 2.136, 2.296, 2.653, 2.918)
"""Frequency ratios of the modes of an ideal drum skin (Rayleigh 1877; Fletcher & Rossing 1998, table 3.1)."""

FREE_BAR = (1.0, 2.756, 5.404, 8.933)
"""Frequency ratios of a uniform bar with free ends: glockenspiel (Fletcher & Rossing 1998, section 2.15)."""

TUNED_BAR = (1.0, 4.0, 9.2, 16.0)
"""Frequency ratios of a bar that is undercut so that its second mode is two octaves up: marimba, vibraphone
(Fletcher & Rossing 1998, section 19.3)."""


def phase(hz: Array, rate: int, start: float = 0.0) -> Array:
    """Integrate a frequency.

    Parameters
    ----------
    hz : np.ndarray [shape=(n,)]
        Frequency of every sample in Hz.
    rate : int
        Sample rate in Hz.
    start : float
        Phase of the first sample, in cycles.

    Returns
    -------
    np.ndarray [shape=(n,)]
        Phase in cycles, not wrapped.
    """
    steps = np.cumsum(hz) / rate
    return np.asarray(steps - steps[0] + start)


def sine(hz: Array, rate: int, start: float = 0.0) -> Array:
    """Sine of a moving frequency [shape=(n,)]; arguments as for `phase`."""
    return np.sin(2 * np.pi * phase(hz, rate, start))


def saw(hz: Array, rate: int, start: float = 0.0) -> Array:
    """Rising saw without audible aliasing, within -1 and 1 [shape=(n,)]; arguments as for `phase`.

    The step is rounded by a two-sample polynomial residual, polyBLEP (Välimäki & Huovilainen 2007).
    """
    step = hz / rate
    place = phase(hz, rate, start) % 1.0
    y = 2 * place - 1
    after = np.flatnonzero(place < step)
    before = np.flatnonzero(place > 1 - step)
    past, ahead = place[after] / step[after], (place[before] - 1) / step[before]
    y[after] -= 2 * past - past**2 - 1
    y[before] -= ahead**2 + 2 * ahead + 1
    return y


def pulse(hz: Array, rate: int, width: float = 0.5, start: float = 0.0) -> Array:
    """Pulse wave without constant part, as two polyBLEP saws [shape=(n,)]; `width` within 0 and 1, 0.5 is a square."""
    return saw(hz, rate, start) - saw(hz, rate, start + width)


def additive(hz: Array, rate: int, weights: Sequence[float]) -> Array:
    """Sum harmonics 1, 2, 3, ... of a moving frequency [shape=(n,)], leaving out what passes 45 % of the rate.

    Chebyshev's recurrence sin(k x) = 2 cos(x) sin((k - 1) x) - sin((k - 2) x) needs two sines in all
    (Moorer 1977 on waveshaping by the same polynomials).
    """
    angle = 2 * np.pi * phase(hz, rate)
    previous, current, turn = np.zeros_like(angle), np.sin(angle), 2 * np.cos(angle)
    limit = 0.45 * rate / float(np.max(hz))
    y = np.zeros_like(angle)
    for order, weight in enumerate(weights, start=1):
        if order > limit:
            break
        if weight:
            y += weight * current
        previous, current = current, turn * current - previous
    return y


def fm(hz: Array, rate: int, ratio: float, index: Array, feedback: float = 0.0) -> Array:
    """Two-operator frequency modulation (Chowning 1973) [shape=(n,)].

    Parameters
    ----------
    hz : np.ndarray [shape=(n,)]
        Carrier frequency in Hz.
    rate : int
    ratio : float
        Modulator frequency over carrier frequency.
    index : np.ndarray [shape=(n,)]
        Modulation index in radians.
    feedback : float
        Extra brightness of the modulator: its own sine bends its phase once, in radians.
    """
    angle = 2 * np.pi * phase(hz, rate)
    inner = np.sin(ratio * angle + feedback * np.sin(ratio * angle)) if feedback else np.sin(ratio * angle)
    return np.sin(angle + index * inner)


def modes(
    studio: Studio,
    seconds: float,
    hz: Sequence[float] | Array,
    gains: Sequence[float] | Array,
    decays: Sequence[float] | Array,
) -> Array:
    """Modal synthesis: a sum of sines that die away (Adrien 1991) [shape=(n,)].

    Parameters
    ----------
    studio : Studio
    seconds : float
    hz, gains, decays : sequence of float
        Frequency in Hz, amplitude, and time constant in seconds (to 1/e) of each mode; modes above 45 % of the
        rate are left out.
    """
    y = np.zeros(studio.frames(seconds))
    block = np.arange(512)
    for frequency, gain, decay in zip(hz, gains, decays, strict=True):
        if frequency < 0.45 * studio.rate:
            heard = min(len(y), studio.frames(9 * decay))  # below -78 dB a mode adds nothing
            # exp(z (a + b)) = exp(z a) exp(z b): two short tables instead of a sine and a power for each sample.
            z = (2j * np.pi * frequency - 1 / decay) / studio.rate
            fine, coarse = np.exp(z * block), gain * np.exp(z * np.arange(0, heard, len(block)))
            mode = np.outer(coarse.real, fine.imag) + np.outer(coarse.imag, fine.real)
            y[:heard] += mode.ravel()[:heard]
    return y


def pluck(
    studio: Studio, seconds: float, hz: float, decay: float, brightness: float = 0.5, pick: float = 0.13
) -> Array:
    """Plucked string (Karplus & Strong 1983, with the tuning and pick position of Jaffe & Smith 1983) [shape=(n,)].

    Parameters
    ----------
    studio : Studio
    seconds : float
    hz : float
        Frequency of the string in Hz.
    decay : float
        Time constant of the fundamental in seconds.
    brightness : float
        0 (felt) to 1 (wire): how much treble the pluck holds and the loop keeps.
    pick : float
        Where the string is plucked, as a part of its length: the comb it leaves in the spectrum.
    """
    damping = 0.5 - 0.45 * brightness  # weight of the one-sample-older value: the two-point average of the loop
    period = studio.rate / hz - damping
    whole = int(period)
    # A linear interpolation gives the part of a sample; with the average it makes three taps on the past period.
    part = period - whole
    keep = np.exp(-1 / (decay * hz))
    taps = keep * np.convolve([1 - damping, damping], [1 - part, part])
    noise = studio.rng.uniform(-1, 1, whole)
    smooth = max(1, int(whole * 0.25 * (1 - brightness)))
    burst = np.convolve(np.tile(noise, 3), np.ones(smooth) / smooth, "same")[whole : 2 * whole]
    burst = burst - np.roll(burst, int(pick * whole))
    burst -= burst.mean()
    count = studio.frames(seconds)
    y = np.zeros(count + whole + 2)
    y[2 : whole + 2] = burst
    # Each period depends on the one before it alone, so a period is one step of arrays, not `whole` steps of numbers.
    for at in range(whole + 2, len(y), whole):
        end = min(at + whole, len(y))
        past = slice(at - whole, end - whole)
        y[at:end] = taps[0] * y[past]
        y[at:end] += taps[1] * y[past.start - 1 : past.stop - 1] + taps[2] * y[past.start - 2 : past.stop - 2]
    return y[2 : count + 2]
