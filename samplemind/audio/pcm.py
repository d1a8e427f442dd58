"""Reading plain PCM out of a well-formed WAV without a library: most files of most collections.

Whatever is unusual about a header (its sizes, its order, its encoding) is left to libsndfile.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

from samplemind.audio.chunks import chunks
from samplemind.audio.clip import AudioInfo, FloatArray
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source

__all__ = ["Reader"]

_EXTENSIBLE: Final = 0xFFFE
_GUID_TAIL: Final = bytes.fromhex("000000001000800000aa00389b71")
# (format tag, bits) -> (codec, type, type's full scale); three bytes are read as the upper part of four
_FORMS: Final[dict[tuple[int, int], tuple[str, str, float]]] = {
    (1, 16): ("pcm_16", "<i2", 2.0**15),
    (1, 24): ("pcm_24", "<i4", 2.0**23),
    (1, 32): ("pcm_32", "<i4", 2.0**31),
    (3, 32): ("float", "<f4", 1.0),
}
_TYPES: Final = {codec: (form, full_scale) for codec, form, full_scale in _FORMS.values()}
_MOST_CHANNELS: Final = 64
#: Frames that are converted at a time: their bytes stay in the cache.
_AT_ONCE: Final = 2**16


class Reader:
    """The samples of one plain WAV, in order.

    Parameters
    ----------
    source : Source
    info : AudioInfo
        Without tags.
    offset : int
        Where in the file the samples begin.

    Attributes
    ----------
    info : AudioInfo
    complete : bool
        Always True: the size of the samples has been checked against that of the file.
    """

    complete: Final = True

    def __init__(self, source: Source, info: AudioInfo, offset: int) -> None:
        self.info = info
        self._source = source
        self._at = offset
        self._left = info.frames

    @classmethod
    def open(cls, source: Source, limits: Limits) -> Reader | None:
        """A reader, or None for a file that is not plain enough.

        Raises
        ------
        AudioError
            When a limit is passed.
        """
        found = _plain(source)
        if found is None:
            return None
        limits.check_header(found[0])
        return cls(source, *found)

    def read(self, frames: int | None = None) -> FloatArray:
        """Up to `frames` more samples, all if not given [shape=(channels, n)]; fewer only at the end."""
        n = self._left if frames is None else min(frames, self._left)
        samples = np.empty((self.info.channels, n), np.float32)
        width = self.info.channels * (self.info.bit_depth or 0) // 8
        done = 0
        while done < n:
            # The byte before the first sample comes along: see `_to_float`.
            raw = self._source.read_at(self._at - 1, min(n - done, _AT_ONCE) * width + 1)
            got = max(0, len(raw) - 1) // width
            if not got:  # the file has just been cut off
                self._left = 0
                return samples[:, :done].copy()
            _to_float(raw, self.info.codec, samples[:, done : done + got])
            done += got
            self._at += got * width
        self._left -= n
        return samples

    def close(self) -> None:
        """Nothing is held."""


def _plain(source: Source) -> tuple[AudioInfo, int] | None:
    if source.head[:4] != b"RIFF" or source.head[8:12] != b"WAVE":
        return None
    form: bytes | None = None
    data: tuple[int, int] | None = None
    for chunk in chunks(source):
        if chunk.name == b"fmt ":
            if form is not None or data is not None:
                return None
            form = source.read_at(chunk.offset, min(chunk.size, 40))
        elif chunk.name == b"data":
            (declared,) = struct.unpack("<I", source.read_at(chunk.offset - 4, 4))
            if data is not None or declared != chunk.size:
                return None
            data = chunk.offset, chunk.size
    if form is None or len(form) < 16 or data is None:
        return None
    tag, channels, rate, _, width, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE:
        if len(form) < 40 or form[26:40] != _GUID_TAIL or struct.unpack_from("<H", form, 18)[0] != bits:
            return None
        (tag,) = struct.unpack_from("<H", form, 24)
    if (tag, bits) not in _FORMS or not 0 < channels <= _MOST_CHANNELS or width != channels * bits // 8:
        return None
    frames = data[1] // width
    if not frames or not rate:
        return None
    codec = _FORMS[tag, bits][0]
    return AudioInfo(source.path, "wav", codec, rate, channels, frames, bits, source.size), data[0]


def _to_float(raw: bytes, codec: str, out: FloatArray) -> None:
    """Fill in samples from their bytes and one byte before them."""
    form, full_scale = _TYPES[codec]
    channels, n = out.shape
    if codec == "pcm_24":
        # Four bytes from one before each sample on, whose lowest is shifted out.
        words: npt.NDArray[np.int32] = np.ndarray((n, channels), form, raw, 0, (3 * channels, 3))
        for channel in range(channels):
            out[channel] = words[:, channel] >> 8
    else:
        out[:] = np.ndarray((n, channels), form, raw, 1).T
    if full_scale != 1:
        out *= np.float32(1 / full_scale)
