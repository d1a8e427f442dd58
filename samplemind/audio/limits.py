"""How long and how large a sound may be before it is refused instead of filling the memory."""

from __future__ import annotations

from dataclasses import dataclass

from samplemind.audio.clip import AudioInfo
from samplemind.errors import AudioError, ParameterError

__all__ = ["MAX_RATE", "MIN_RATE", "Limits"]

# Rates outside are damage, not sound; resampling from them would multiply the memory a thousandfold.
MIN_RATE, MAX_RATE = 1_000, 1_000_000
# No codec gets below this for a real stream (digital silence in FLAC takes about 185 bytes a second), so a header that
# promises more seconds than the file could hold is lying and only decoding tells the truth.
LEAST_BYTES_PER_S = 100.0
FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest sound that is accepted; None means any.

    Attributes
    ----------
    max_duration_s : float or None
        Seconds of sound, above 0.
    max_bytes : int or None
        Size of the file, and of its samples once decoded if they are held all at once, above 0.
    in_blocks : bool
        Whether the samples are taken block by block, so that their size does not matter.
    """

    max_duration_s: float | None = None
    max_bytes: int | None = None
    in_blocks: bool = False

    def __post_init__(self) -> None:
        if self.max_duration_s is not None and not self.max_duration_s > 0:
            raise ParameterError(f"max_duration_s: {self.max_duration_s} s; give seconds above 0, or None for no limit")
        if self.max_bytes is not None and not self.max_bytes > 0:
            raise ParameterError(f"max_bytes: {self.max_bytes}; give bytes above 0, or None for no limit")

    def check_file(self, path: str, size: int) -> None:
        """Refuse a file that is too large to read."""
        if self.max_bytes is not None and size > self.max_bytes:
            raise AudioError(
                path, f"{size} bytes is more than the limit of {self.max_bytes}; raise max_bytes to read it"
            )

    def check_header(self, info: AudioInfo) -> None:
        """Refuse impossible formats, and what a believable header says is too long."""
        if not MIN_RATE <= info.sample_rate <= MAX_RATE:
            raise AudioError(
                info.path, f"damaged header: a sample rate of {info.sample_rate} Hz is not within {MIN_RATE}-{MAX_RATE}"
            )
        if info.channels < 1:
            raise AudioError(info.path, "damaged header: it declares no channel")
        if info.duration_s * LEAST_BYTES_PER_S <= info.size_bytes:
            self.check_decoded(info.path, info.frames, info.sample_rate, info.channels)

    def check_decoded(self, path: str, frames: int, sample_rate: int, channels: int) -> None:
        """Refuse a sound once it is seen to be too long."""
        seconds = frames / sample_rate
        if self.max_duration_s is not None and seconds > self.max_duration_s:
            raise AudioError(
                path,
                f"{seconds:.6g} s or more is longer than the limit of {self.max_duration_s:g} s; "
                "raise max_duration_s to read it",
            )
        size = frames * channels * FLOAT_BYTES
        if self.max_bytes is not None and size > self.max_bytes and not self.in_blocks:
            raise AudioError(
                path,
                f"{size} bytes of decoded samples or more is over the limit of {self.max_bytes}; "
                "raise max_bytes to read it",
            )
