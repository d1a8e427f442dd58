"""What a file is, by its first bytes: names and extensions lie."""

from __future__ import annotations

import re
from dataclasses import dataclass

from samplemind.audio.source import Source

__all__ = ["SNDFILE_CONTAINERS", "Format", "id3_size", "sniff"]

# Read by libsndfile first. MP3 is not among them: only undamaged files are (see `mpeg`), because libsndfile's MP3
# decoder prints its complaints to the terminal.
SNDFILE_CONTAINERS = frozenset(
    {"wav", "w64", "aiff", "flac", "ogg", "caf", "au", "8svx", "nist", "voc", "ircam", "paf"}
)

# (offset, first bytes, container)
_AUDIO: tuple[tuple[int, bytes, str], ...] = (
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"caff", "caf"),
    (0, b".snd", "au"),
    (0, b"dns.", "au"),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb", "w64"),
    (4, b"ftyp", "mp4"),
    (4, b"moov", "mp4"),
    (4, b"mdat", "mp4"),
    (4, b"wide", "mp4"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"wvpk", "wavpack"),
    (0, b"MAC ", "ape"),
    (0, b"MP+", "mpc"),
    (0, b"MPCK", "mpc"),
    (0, b"TTA1", "tta"),
    (0, b"tBaK", "tak"),
    (0, b"#!AMR", "amr"),
    (0, b"DSD ", "dsf"),
    (0, b"FRM8", "dff"),
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"\x0b\x77", "ac3"),
    (0, b"Creative Voice File", "voc"),
    (0, b"NIST_1A", "nist"),
    (0, b"qoaf", "qoa"),
    (0, b"ajkg", "shorten"),
    (0, b" paf", "paf"),
    (0, b"fap ", "paf"),
    (0, b"\x64\xa3", "ircam"),
)

_OTHER: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x00\x05\x16\x07", "a macOS resource file (AppleDouble); the sound is the file without the leading '._'"),
    (0, b"MThd", "MIDI notes"),
    (0, b"CAT ", "a REX loop, a closed format"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"PK\x05\x06", "an empty ZIP archive"),
    (0, b"\x1f\x8b", "gzip-compressed data"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"\x7fELF", "a program"),
    (0, b"SQLite format 3", "a SQLite database"),
)

_IFF_PICTURES = (b"ILBM", b"PBM ", b"ACBM", b"ANIM")
_RIFF_OTHER = {b"AVI ": "a video (AVI)", b"sfbk": "a SoundFont bank", b"WEBP": "a WebP picture", b"DLS ": "a DLS bank"}
_TEXT = re.compile(rb"[\t\n\r\f\x20-\x7e\x80-\xff]*")
_MAX_QUOTE = 40


@dataclass(frozen=True, slots=True)
class Format:
    """What the content of a file turned out to be.

    Attributes
    ----------
    container : str or None
        Lower-case name of an audio container; None when it is none that is known.
    not_audio : str or None
        What it is instead, in words, when that is sure.
    """

    container: str | None = None
    not_audio: str | None = None


def id3_size(head: bytes) -> int:
    """Bytes that an ID3v2 tag at the start of `head` takes; 0 where there is none."""
    if head[:3] != b"ID3" or len(head) < 10 or max(head[6:10]) > 0x7F:
        return 0
    footer = 10 if head[5] & 0x10 else 0
    return 10 + footer + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])


def sniff(source: Source) -> Format:
    """Name the format of a file from its content alone.

    Parameters
    ----------
    source : Source

    Returns
    -------
    Format
        Neither field is set for binary content without a known signature, which a reader may still make sense of.
    """
    head = source.head
    skip = id3_size(head)
    if skip:
        after = source.read_at(skip, 64)
        found = _by_signature(after)
        # A tag can stand before FLAC or AAC too; with nothing known behind it, it is an MP3.
        return found if found.container else Format(container="mp3")
    found = _by_signature(head)
    if found.container or found.not_audio:
        return found
    return Format(not_audio=_text(head, source.size) or _blank(head, source.size))


def _by_signature(head: bytes) -> Format:
    group, kind = head[:4], head[8:12]
    if group in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        if kind in _RIFF_OTHER:
            return Format(not_audio=_RIFF_OTHER[kind])
        return Format(container="wav")
    if group == b"FORM":
        if kind in (b"AIFF", b"AIFC"):
            return Format(container="aiff")
        if kind in (b"8SVX", b"16SV"):
            return Format(container="8svx")
        if kind in _IFF_PICTURES:
            return Format(not_audio=f"an IFF picture ({kind.decode('ascii').strip()})")
    for offset, magic, container in _AUDIO:
        if head.startswith(magic, offset):
            return Format(container=container)
    for offset, magic, words in _OTHER:
        if head.startswith(magic, offset):
            return Format(not_audio=words)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and head.count(0) * 3 > len(head):
        return Format(not_audio="text (UTF-16)")
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return _mpeg(head)
    return Format()


def _mpeg(head: bytes) -> Format:
    """Tell an ADTS (AAC) frame from an MPEG layer 1-3 frame, both of which start with 11 set bits."""
    layer, version = head[1] >> 1 & 3, head[1] >> 3 & 3
    if layer == 0:
        return Format(container="aac") if head[1] & 0xF0 == 0xF0 else Format()
    bad_rate = head[2] >> 2 & 3 == 3 or head[2] >> 4 == 15
    return Format() if version == 1 or bad_rate else Format(container="mp3")


def _text(head: bytes, size: int) -> str | None:
    if not _TEXT.fullmatch(head):
        return None
    try:
        # The head may end in the middle of a character.
        text = head.decode("utf-8", errors="strict" if size <= len(head) else "ignore").strip()
    except UnicodeDecodeError:
        return None
    if text.startswith("version https://git-lfs"):
        return "a Git LFS pointer; fetch the sound itself with 'git lfs pull'"
    low = text[:512].lower()
    if low.startswith(("<!doctype html", "<html")) or "<html" in low:
        return "a web page (HTML)"
    if not text:
        return f"text (blank, {size} byte{'' if size == 1 else 's'})"
    line = text.splitlines()[0]
    return f"text ('{line[:_MAX_QUOTE]}{'…' if len(line) > _MAX_QUOTE else ''}')"


def _blank(head: bytes, size: int) -> str | None:
    if size < 8:
        return f"only {size} byte{'' if size == 1 else 's'}"
    return None if any(head) else "nothing but zero bytes at its start (a download or copy that broke off?)"
