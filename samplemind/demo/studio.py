"""Where a sound is made: a sample rate, and chance that depends on the sound's name alone."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Studio", "seed_of"]

Array = npt.NDArray[np.float64]


def seed_of(name: str) -> int:
    """Turn a name into a seed: the same on every machine and in every process, unlike `hash`.

    Parameters
    ----------
    name : str

    Returns
    -------
    int
        64 bits of BLAKE2b (RFC 7693, 2015).
    """
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Studio:
    """A sample rate and a source of chance.

    Attributes
    ----------
    rate : int
        Sample rate in Hz.
    rng : np.random.Generator
    """

    rate: int
    rng: np.random.Generator

    @classmethod
    def of(cls, name: str, rate: int) -> Studio:
        """Open the studio of one sound.

        Parameters
        ----------
        name : str
            What chance is seeded by, so that adding a sound changes no other.
        rate : int
            Sample rate in Hz.
        """
        return cls(rate, np.random.default_rng(seed_of(name)))

    def frames(self, seconds: float) -> int:
        """Count the samples of a duration in seconds; at least 1."""
        return max(1, round(seconds * self.rate))

    def times(self, seconds: float) -> Array:
        """Give the time in seconds of each sample [shape=(n,)]."""
        return np.arange(self.frames(seconds)) / self.rate

    def noise(self, seconds: float, slope: float = 0.0) -> Array:
        """Make Gaussian noise of standard deviation 1.

        Parameters
        ----------
        seconds : float
        slope : float
            Fall of the power spectrum as 1 / f**slope: 0 white, 1 pink, 2 brown (Timmer & Koenig 1995, shaped
            in the frequency domain); flat below 20 Hz.

        Returns
        -------
        np.ndarray [shape=(n,)]
        """
        white = self.rng.standard_normal(self.frames(seconds))
        if slope == 0.0 or len(white) < 2:
            return white
        frequency = np.maximum(np.fft.rfftfreq(len(white), 1 / self.rate), 20.0)
        shaped = np.fft.irfft(np.fft.rfft(white) * frequency ** (-slope / 2), len(white))
        return shaped / max(float(np.std(shaped)), 1e-12)

    def wander(self, seconds: float, hz: float) -> Array:
        """Make a smooth random curve within -1 and 1 that turns about `hz` times a second [shape=(n,)]."""
        t = self.times(seconds)
        knots = self.rng.uniform(-1, 1, int(np.ceil(seconds * hz)) + 2)
        place = t * hz
        left = place.astype(int)
        blend = 0.5 - 0.5 * np.cos(np.pi * (place - left))
        return np.asarray(knots[left] * (1 - blend) + knots[left + 1] * blend)
