"""Embedded metadata, read straight from the bytes: WAV and AIFF chunks, ID3v2, Vorbis comments.

What tags claim is kept apart from what the sound says; it is often wrong. Nothing in a tag can make reading fail: what
does not parse is left out, values are cut to 200 characters and there are at most 64 of them.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator

from samplemind.audio.chunks import Chunk, chunks
from samplemind.audio.formats import id3_size
from samplemind.audio.source import Source

__all__ = ["MAX_VALUE", "clean", "native_tags", "parse_id3", "parse_vorbis_comment"]

MAX_VALUE = 200
_MAX_TAGS = 64
_MAX_KEY = 40
_MAX_BLOCK = 64 * 1024

Pairs = Iterator[tuple[str, str]]

# One name for what the tag systems call differently (ID3v2.2-2.4, RIFF INFO, Vorbis comments, MP4, APE).
_ALIASES = {
    "tbpm": "bpm", "tbp": "bpm", "tempo": "bpm", "tmpo": "bpm", "ibpm": "bpm",
    "tkey": "key", "tke": "key", "initialkey": "key", "initial_key": "key",
    "tit2": "title", "tt2": "title", "inam": "title", "name": "title",
    "tpe1": "artist", "tp1": "artist", "iart": "artist", "auth": "artist",
    "talb": "album", "tal": "album", "iprd": "album",
    "tcon": "genre", "tco": "genre", "ignr": "genre",
    "comm": "comment", "com": "comment", "icmt": "comment", "anno": "comment", "description": "comment",
    "tdrc": "date", "tyer": "date", "tye": "date", "icrd": "date",
    "tcop": "copyright", "icop": "copyright", "(c) ": "copyright", "(c)": "copyright",
    "tsse": "encoder", "isft": "encoder",
}  # fmt: skip
_IGNORED_PREFIXES = ("id3v2_priv", "compatible_brands", "major_brand", "minor_version", "handler_name", "itunsmpb")
_INFO_CHUNKS = {b"NAME", b"AUTH", b"(c) ", b"ANNO"}


def clean(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Bring tags of any origin to one form.

    Parameters
    ----------
    pairs : iterable of (str, str)

    Returns
    -------
    dict of str to str
        Lower-case keys under one name a meaning ('bpm', 'key', 'title', 'artist', 'comment', ...); the first value of
        a key wins; values are printable and at most 200 characters.
    """
    found: dict[str, str] = {}
    for raw_key, raw_value in pairs:
        key = raw_key.lower()
        if key.startswith(_IGNORED_PREFIXES):
            continue
        key = _ALIASES.get(key, key).strip()
        cut = raw_value[: 4 * MAX_VALUE].split("\0", 1)[0]
        value = " ".join("".join(c if c.isprintable() else " " for c in cut).split())[:MAX_VALUE].strip()
        if value and 0 < len(key) <= _MAX_KEY and key.isprintable() and key not in found:
            found[key] = value
            if len(found) == _MAX_TAGS:
                break
    return found


def native_tags(source: Source, container: str | None) -> dict[str, str]:
    """Tags of the formats that carry them in plain sight.

    Parameters
    ----------
    source : Source
    container : str or None
        As `formats.sniff` names it.

    Returns
    -------
    dict of str to str
        Empty for other containers. WAV chunks give `acid_bpm`, `acid_root`, `acid_beats`, `acid_flags`, `smpl_root`,
        `smpl_loops` and `inst_root`, all decimal numbers.
    """
    if container in ("wav", "aiff"):
        return clean(_chunk_tags(source))
    if container == "flac":
        return clean(_flac_tags(source))
    if container == "ogg":
        return clean(_ogg_tags(source))
    return {}


def _chunk_tags(source: Source) -> Pairs:
    for chunk in chunks(source):
        if chunk.name in _CHUNK_READERS and chunk.size:
            body = source.read_at(chunk.offset, min(chunk.size, _MAX_BLOCK))
            yield from _CHUNK_READERS[chunk.name](chunk, body)


def _acid(_: Chunk, body: bytes) -> Pairs:
    # Sonic Foundry's ACID chunk: flags, root note, two unknown fields, beats, metre, tempo.
    if len(body) < 24:
        return
    flags, root, _a, _b, beats, _low, _high, bpm = struct.unpack("<IHHfIHHf", body[:24])
    yield "acid_flags", str(flags)
    yield "acid_beats", str(beats)
    if flags & 2:  # the root note was set by someone
        yield "acid_root", str(root)
    if math.isfinite(bpm) and bpm > 0:
        yield "acid_bpm", f"{bpm:.6g}"


def _smpl(_: Chunk, body: bytes) -> Pairs:
    if len(body) >= 36:
        yield "smpl_root", str(struct.unpack_from("<I", body, 12)[0])
        yield "smpl_loops", str(struct.unpack_from("<I", body, 28)[0])


def _inst(_: Chunk, body: bytes) -> Pairs:
    if body and body[0] < 128:
        yield "inst_root", str(body[0])


def _bext(_: Chunk, body: bytes) -> Pairs:
    yield "bext_description", _decode(body[:256])
    yield "bext_originator", _decode(body[256:288])


def _list(_: Chunk, body: bytes) -> Pairs:
    if body[:4] != b"INFO":
        return
    at = 4
    while at + 8 <= len(body):
        size = int.from_bytes(body[at + 4 : at + 8], "little")
        yield _decode(body[at : at + 4]), _decode(body[at + 8 : at + 8 + min(size, 4 * MAX_VALUE)])
        at += 8 + size + size % 2


def _text_chunk(chunk: Chunk, body: bytes) -> Pairs:
    yield _decode(chunk.name), _decode(body)


def _id3_chunk(_: Chunk, body: bytes) -> Pairs:
    yield from parse_id3(body)


_CHUNK_READERS = {
    b"acid": _acid,
    b"smpl": _smpl,
    b"inst": _inst,
    b"INST": _inst,
    b"bext": _bext,
    b"LIST": _list,
    b"id3 ": _id3_chunk,
    b"ID3 ": _id3_chunk,
    **dict.fromkeys(_INFO_CHUNKS, _text_chunk),
}


def _decode(raw: bytes) -> str:
    raw = raw[: 4 * MAX_VALUE].split(b"\0", 1)[0]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def parse_id3(tag: bytes) -> Pairs:
    """Text and comment frames of an ID3v2.2, 2.3 or 2.4 tag.

    Parameters
    ----------
    tag : bytes
        From 'ID3' on; may be cut short.

    Yields
    ------
    (str, str)
        Frame name and text.
    """
    size = id3_size(tag)
    if not size:
        return
    version, flags = tag[3], tag[5]
    body = tag[10:size]
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    name_size, header = (3, 6) if version == 2 else (4, 10)
    at = 0
    if flags & 0x40 and version > 2 and len(body) >= 4:
        extended = _size(body[:4], version)
        at = extended + (4 if version == 3 else 0)
    while at + header < len(body):
        name = body[at : at + name_size]
        if not (name.isalnum() and name.isascii()):
            return
        length = _size(body[at + name_size : at + name_size + (3 if version == 2 else 4)], version)
        content = body[at + header : at + header + min(length, _MAX_BLOCK)]
        at += header + length
        if name[:1] == b"T" and name[:3] != b"TXX":
            yield name.decode("ascii"), _id3_text(content[:1], content[1:])
        elif name in (b"COMM", b"COM"):
            yield name.decode("ascii"), _id3_comment(content)


def _size(raw: bytes, version: int) -> int:
    if version == 4 and len(raw) == 4 and max(raw) < 0x80:
        return raw[0] << 21 | raw[1] << 14 | raw[2] << 7 | raw[3]
    return int.from_bytes(raw, "big")


def _id3_text(encoding: bytes, raw: bytes) -> str:
    raw = raw[: 8 * MAX_VALUE]
    if encoding in (b"\x01", b"\x02"):
        codec = "utf-16-be"
        if raw[:2] == b"\xff\xfe":
            raw, codec = raw[2:], "utf-16-le"
        elif raw[:2] == b"\xfe\xff":
            raw = raw[2:]
        elif encoding == b"\x01":  # a byte order mark is required here; writers that forget it are little-endian
            codec = "utf-16-le"
        return raw[: len(raw) // 2 * 2].decode(codec, errors="replace").split("\0", 1)[0]
    return _decode(raw)


def _id3_comment(content: bytes) -> str:
    encoding, rest = content[:1], content[4:]  # after the language comes a short description, then the text
    if encoding in (b"\x01", b"\x02"):
        end = next((i for i in range(0, len(rest) - 1, 2) if rest[i : i + 2] == b"\0\0"), len(rest))
        return _id3_text(encoding, rest[end + 2 :])
    return _id3_text(encoding, rest.partition(b"\0")[2])


def parse_vorbis_comment(block: bytes) -> Pairs:
    """Yield the KEY=value pairs of a Vorbis comment block (FLAC, Vorbis, Opus); it may be cut short."""
    at = 4 + int.from_bytes(block[:4], "little")
    count = int.from_bytes(block[at : at + 4], "little")
    at += 4
    for _ in range(min(count, 4 * _MAX_TAGS)):
        if at + 4 > len(block):
            return
        size = int.from_bytes(block[at : at + 4], "little")
        key, equals, value = block[at + 4 : at + 4 + min(size, _MAX_BLOCK)].partition(b"=")
        at += 4 + size
        if equals and key.upper() != b"METADATA_BLOCK_PICTURE":
            yield key[:_MAX_KEY].decode("ascii", errors="replace"), _decode(value)


def _flac_tags(source: Source) -> Pairs:
    skip = id3_size(source.head)
    if skip:
        yield from parse_id3(source.read_at(0, min(skip, _MAX_BLOCK)))
    at = skip + 4
    for _ in range(_MAX_TAGS):
        header = source.read_at(at, 4)
        if len(header) < 4:
            return
        size = int.from_bytes(header[1:], "big")
        if header[0] & 0x7F == 4:
            yield from parse_vorbis_comment(source.read_at(at + 4, min(size, _MAX_BLOCK)))
        at += 4 + size
        if header[0] & 0x80:  # the last block before the sound
            return


def _ogg_tags(source: Source) -> Pairs:
    """Put the second packet of the first stream together from its pages (RFC 3533), and read it."""
    pages = source.read_at(0, _MAX_BLOCK)
    packet, index, at = bytearray(), 0, 0
    while pages[at : at + 4] == b"OggS" and at + 27 <= len(pages):
        lacing = pages[at + 27 : at + 27 + pages[at + 26]]
        at += 27 + len(lacing)
        for segment in lacing:
            if index == 1:
                packet += pages[at : at + segment]
            at += segment
            if segment < 255:
                if index == 1:
                    yield from _ogg_comment(bytes(packet))
                    return
                index += 1
    yield from _ogg_comment(bytes(packet))


def _ogg_comment(packet: bytes) -> Pairs:
    for magic in (b"\x03vorbis", b"OpusTags"):
        if packet.startswith(magic):
            yield from parse_vorbis_comment(packet[len(magic) :])
