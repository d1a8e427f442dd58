"""A path becomes a Clip: probe, decode, resample. Nothing here knows about descriptors.

The decoding libraries are imported when the first file is read, not before.
"""

from samplemind.audio.clip import AudioInfo, Clip, FloatArray
from samplemind.audio.decode import decode, decode_blocks
from samplemind.audio.probe import probe

__all__ = ["AudioInfo", "Clip", "FloatArray", "decode", "decode_blocks", "probe"]
