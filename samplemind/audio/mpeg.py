"""MP3 files whose every frame is in place: they can be left to the quicker of two decoders.

libmpg123, in libsndfile, takes half the time of FFmpeg, but prints its complaints about damage to the terminal. So the
headers of all frames are walked first, which takes a hundredth of what decoding takes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from samplemind.audio.formats import id3_size
from samplemind.audio.source import Source
from samplemind.audio.tags import clean, parse_id3

__all__ = ["Intact", "intact_mp3"]

_MPEG_1: Final = 3
#: kbit/s of layer 3, of MPEG 1 and of MPEG 2 and 2.5 (ISO/IEC 11172-3 and 13818-3); 0 is a free format.
_RATES: Final = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_SAMPLE_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
#: Tags that anybody may have named, which FFmpeg reads.
_OWN_TAGS: Final = b"TXX"
_XING_TO_DELAYS: Final = 0x8D  # from the name of the Xing header to the two delays that LAME writes after it


class Intact(NamedTuple):
    """The stretch of a file that holds frames and nothing else, the samples a channel of the sound in it, and tags."""

    offset: int
    size: int
    samples: int
    tags: dict[str, str]


def _spans(data: bytes, start: int) -> dict[int, int]:
    """Bytes of a frame by its second and third byte without padding, for frames like the one at `start`; else empty."""
    if len(data) < start + 4 or data[start] != 0xFF or data[start + 1] & 0xE6 != 0xE2:
        return {}
    version, rate = data[start + 1] >> 3 & 3, data[start + 2] >> 2 & 3
    if version == 1 or rate == 3:
        return {}
    first = version == _MPEG_1
    per_kbit = (144000 if first else 72000) / _SAMPLE_RATES[version][rate]
    return {
        number << 4 | rate << 2 | padding << 1: int(per_kbit * kbit) + padding
        for number, kbit in enumerate(_RATES[first])
        if kbit
        for padding in (0, 1)
    }


def intact_mp3(source: Source) -> Intact | None:
    """Walk the frames of a file.

    Parameters
    ----------
    source : Source
        With its content in memory.

    Returns
    -------
    Intact or None
        None unless LAME's header tells how many samples to leave out at both ends, every frame follows the one before
        it, all have one rate, nothing comes after them, and what tags come before them are plain.
    """
    data = source.data
    if data is None:
        return None
    start = at = id3_size(source.head) if source.head.startswith(b"ID3") else 0
    spans = _spans(data, start)
    if not spans or _OWN_TAGS in data[:start]:
        return None
    kind, mono = data[start + 1] | 1, data[start + 3] >> 6 == 3
    frames = 0
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] | 1 == kind:
        span = spans.get(data[at + 2] & 0xFE)
        if span is None or (data[at + 3] >> 6 == 3) != mono:
            return None
        at += span
        frames += 1
    if at != len(data):
        return None
    first = kind >> 3 & 3 == _MPEG_1
    side = (17 if mono else 32) if first else (9 if mono else 17)
    xing = data[start + 4 + side : start + 4 + side + 0x90]
    encoder = xing[0x78:0x81]
    if len(xing) < 0x90 or xing[:4] not in (b"Xing", b"Info") or not encoder.startswith((b"LAME", b"Lavc", b"Lavf")):
        return None
    delays = xing[_XING_TO_DELAYS:]
    left_out = (delays[0] << 4 | delays[1] >> 4) + ((delays[1] & 15) << 8 | delays[2])
    samples = (frames - 1) * (1152 if first else 576) - left_out
    tags = clean([*parse_id3(data[:start]), ("encoder", encoder.decode("ascii", errors="replace"))])
    return Intact(start, at - start, samples, tags) if samples > 0 else None
