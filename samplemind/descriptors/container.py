"""Facts of the file: container, codec, rate, channels, length, and the hash of the decoded sound."""

from __future__ import annotations

from typing import Any

from samplemind.descriptors.signal import Signal

__all__ = ["compute"]


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `container`."""
    from blake3 import blake3

    clip = signal.clip
    info = clip.info
    return {
        "container": info.container,
        "codec": info.codec,
        "sample_rate": info.sample_rate,
        "channels": clip.channels,
        "bit_depth": info.bit_depth,
        "frames": int(clip.samples.shape[1]),
        "duration_s": clip.duration_s,
        "audio_hash": blake3(clip.samples.data.cast("B")).hexdigest()[:32],
    }
