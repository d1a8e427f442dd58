"""The chunks of RIFF (WAV) and IFF (AIFF) files, damaged ones included."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from samplemind.audio.source import Source

__all__ = ["Chunk", "aiff_encoding", "chunks", "mp3_in_wav"]

_MAX_CHUNKS = 256
_MP3_FORMAT_TAGS = (0x50, 0x55)


class Chunk(NamedTuple):
    """A chunk's four-character name, the offset of its content, and how many bytes of that the file really has."""

    name: bytes
    offset: int
    size: int


def chunks(source: Source) -> Sequence[Chunk]:
    """The chunks of a WAV or AIFF file, found once.

    Odd-sized chunks whose writer forgot the pad byte are followed; a name that is not printable ends the walk.

    Parameters
    ----------
    source : Source

    Returns
    -------
    sequence of Chunk
        At most 256.
    """
    if source.chunks is None:
        source.chunks = tuple(_walk(source))
    return source.chunks


def _walk(source: Source) -> Iterator[Chunk]:
    little = source.head[:4] in (b"RIFF", b"RF64", b"BW64")
    order = "<I" if little else ">I"
    at = 12
    for _ in range(_MAX_CHUNKS):
        header = source.read_at(at, 8)
        if len(header) == 8 and at % 2 == 0 and not _is_name(header[:4]):
            unpadded = source.read_at(at - 1, 8)
            if _is_name(unpadded[:4]):
                header, at = unpadded, at - 1
        if len(header) < 8 or not _is_name(header[:4]):
            return
        (size,) = struct.unpack(order, header[4:])
        yield Chunk(header[:4], at + 8, max(0, min(size, source.size - at - 8)))
        at += 8 + size + size % 2
        if at >= source.size:
            return


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= c < 0x7F for c in name)


def mp3_in_wav(source: Source) -> Chunk | None:
    """Find the MP3 stream inside a WAV file; None for a WAV with anything else in it."""
    is_mp3 = False
    for chunk in chunks(source):
        if chunk.name == b"fmt ":
            is_mp3 = int.from_bytes(source.read_at(chunk.offset, 2), "little") in _MP3_FORMAT_TAGS
            if not is_mp3:
                return None
        elif chunk.name == b"data" and is_mp3:
            return chunk
    return None


def aiff_encoding(source: Source) -> str | None:
    """Find the four-character compression name of an AIFF-C file; None for plain AIFF and where it is lost."""
    if source.head[8:12] != b"AIFC":
        return None
    for chunk in chunks(source):
        if chunk.name == b"COMM" and chunk.size >= 22:
            name = source.read_at(chunk.offset + 18, 4)
            return name.decode("ascii") if _is_name(name) else None
    return None
