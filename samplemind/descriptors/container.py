"""Facts of the file: container, codec, rate, channels, length, and the hash of the decoded sound."""

from __future__ import annotations

from typing import Any

from samplemind.audio.clip import AudioInfo, FloatArray
from samplemind.descriptors.signal import Signal

__all__ = ["AudioHash", "compute", "values_of"]


class AudioHash:
    """BLAKE3 of decoded samples that may come in pieces.

    Parameters
    ----------
    channels : int
        Each is hashed by itself, so that it does not matter where the pieces end; several are hashed together.
    """

    def __init__(self, channels: int) -> None:
        from blake3 import blake3

        self._hashers = [blake3() for _ in range(channels)]

    def add(self, samples: FloatArray) -> None:
        """Go on with these samples [shape=(channels, n)]."""
        for hasher, row in zip(self._hashers, samples, strict=True):
            hasher.update(row.data.cast("B"))

    @property
    def text(self) -> str:
        """The first 128 bits, in hexadecimal."""
        first = self._hashers[0]
        if len(self._hashers) > 1:
            first = type(first)(b"".join(hasher.digest() for hasher in self._hashers))
        return str(first.hexdigest(16))


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `container`."""
    clip = signal.clip
    hashed = AudioHash(clip.channels)
    hashed.add(clip.samples)
    return values_of(clip.info, clip.samples.shape[1], hashed)


def values_of(info: AudioInfo, frames: int, hashed: AudioHash) -> dict[str, Any]:
    """Values of the group `container` for a sound of which so many samples have been decoded and hashed."""
    return {
        "container": info.container,
        "codec": info.codec,
        "sample_rate": info.sample_rate,
        "channels": info.channels,
        "bit_depth": info.bit_depth,
        "frames": frames,
        "duration_s": frames / info.sample_rate,
        "audio_hash": hashed.text,
    }
