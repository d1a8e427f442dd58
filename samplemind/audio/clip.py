"""A decoded sound in memory, and the facts of the file that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from samplemind.errors import ParameterError

__all__ = ["AudioInfo", "Clip", "FloatArray"]

FloatArray = npt.NDArray[np.float32]

_MOST_CHANNELS = 256  # more than that is time in the wrong place
_CANCELLED = 1e-3  # -30 dB: less than this of the loudest channel's energy is left in the mean


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a file says of itself, before or beside its samples.

    Attributes
    ----------
    path : str
        Where it lies; empty for a sound that was made in memory.
    container, codec : str
        Lower-case names by content, whatever the extension says ('wav', 'pcm_16').
    sample_rate : int
        Frames a second (Hz).
    channels : int
    frames : int
        Samples a channel.
    bit_depth : int or None
        Bits a sample of the stored form; None where the codec has none (mp3, aac, ...).
    size_bytes : int
    tags : mapping of str to str
        Embedded metadata, keys in lower case, with `acid_bpm`, `acid_root` and `smpl_root` where those chunks exist.
    """

    path: str
    container: str
    codec: str
    sample_rate: int
    channels: int
    frames: int
    bit_depth: int | None = None
    size_bytes: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate if self.sample_rate else 0.0


class Clip:
    """Decoded audio: float32, at the file's own rate and channels.

    Parameters
    ----------
    samples : np.ndarray [shape=(channels, n)], float32
        Nominally within -1 and 1; values beyond are kept (float files may hold them).
    info : AudioInfo
    nonfinite_samples : int
        How many NaN or infinite values of the file were replaced by 0.
    """

    def __init__(self, samples: FloatArray, info: AudioInfo, nonfinite_samples: int = 0) -> None:
        self.samples = samples
        self.info = info
        self.nonfinite_samples = nonfinite_samples
        self._at: dict[int, FloatArray] = {}

    @classmethod
    def from_array(cls, samples: npt.ArrayLike, sample_rate: int) -> Clip:
        """Wrap samples made in memory.

        Parameters
        ----------
        samples : array_like [shape=(n,) or (channels, n)]
            Full scale is 1, or that of a signed integer of 8, 16 or 32 bits.
        sample_rate : int
            Hz, above 0.

        Raises
        ------
        ParameterError
            For a shape that is neither, no sample at all, or a rate that is not above 0.
        """
        y = np.asarray(samples)
        is_pcm = y.dtype.kind == "i" and y.dtype.itemsize <= 4
        y = (y / -float(np.iinfo(y.dtype).min) if is_pcm else y).astype(np.float32, copy=False)
        y = y[np.newaxis] if y.ndim == 1 else y
        if y.ndim == 2 and y.shape[0] > y.shape[1] and y.shape[0] > _MOST_CHANNELS:
            raise ParameterError(
                f"samples: shape {y.shape} would be {y.shape[0]} channels; give (channels, n): samples.T"
            )
        if y.ndim != 2 or y.size == 0:
            raise ParameterError(f"samples: shape {y.shape} is not (n,) or (channels, n) with n >= 1")
        if sample_rate <= 0:
            raise ParameterError(f"sample_rate: {sample_rate} Hz; give a rate above 0")
        finite = np.isfinite(y)
        bad = int(y.size - np.count_nonzero(finite))
        y = np.ascontiguousarray(np.where(finite, y, np.float32(0)) if bad else y)
        info = AudioInfo("", "memory", "float", int(sample_rate), y.shape[0], y.shape[1], 32, y.nbytes)
        return cls(y, info, bad)

    def __repr__(self) -> str:
        name = f"{self.info.path!r}, " if self.info.path else ""
        return f"Clip({name}{self.duration_s:.3f} s, {self.channels} channels, {self.sample_rate} Hz)"

    @property
    def sample_rate(self) -> int:
        """Rate in Hz."""
        return self.info.sample_rate

    @property
    def channels(self) -> int:
        """How many channels."""
        return int(self.samples.shape[0])

    @property
    def duration_s(self) -> float:
        """Length in seconds of what was decoded."""
        return float(self.samples.shape[1] / self.sample_rate)

    @property
    def mono(self) -> FloatArray:
        """Mean of the channels [shape=(n,)], or the loudest where they cancel out.

        It is the same memory as `samples` where there is one channel.
        """
        return self.at(self.sample_rate)

    def at(self, rate: int) -> FloatArray:
        """Mono view at another rate, made once and kept.

        Parameters
        ----------
        rate : int
            Hz.

        Returns
        -------
        np.ndarray [shape=(m,)], float32
            At least one sample.

        Raises
        ------
        ParameterError
            For a rate that is not above 0.
        """
        if rate <= 0:
            raise ParameterError(f"rate: {rate} Hz; give a rate above 0")
        if rate not in self._at:
            self._at[rate] = self._mono_at(rate)
        return self._at[rate]

    def _mono_at(self, rate: int) -> FloatArray:
        if rate == self.sample_rate:
            if self.channels == 1:
                only: FloatArray = self.samples[0]
                return only
            return self._downmix()
        from samplemind.audio.resampling import resample

        return resample(self.mono, self.sample_rate, rate)

    def _downmix(self) -> FloatArray:
        """Mean of the channels; the loudest channel where they cancel out (one of two wired in reverse)."""
        if self.channels == 2:  # half of the sum takes a quarter of the time of a mean over an axis
            mean: FloatArray = np.add(*self.samples)
            mean *= np.float32(0.5)
        else:
            mean = np.ascontiguousarray(self.samples.mean(axis=0, dtype=np.float32))
        energies = [float(np.dot(row, row)) for row in self.samples]
        if float(np.dot(mean, mean)) >= _CANCELLED * max(energies):
            return mean
        loudest: FloatArray = self.samples[int(np.argmax(energies))]
        return loudest
