"""Reading with FFmpeg's libraries (PyAV): MP3, AAC, ALAC, WMA, WavPack and all that libsndfile refuses.

The lengths are gapless: encoder delay and padding are cut wherever the file says how much they are.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from samplemind.audio.clip import AudioInfo, FloatArray
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source, Unreadable
from samplemind.audio.tags import clean

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

__all__ = ["facts", "read"]

# Only formats that hold sound within the one file: playlists and scripts would open other files or the network.
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,caf,dsf,dts,eac3,flac,iff,loas,matroska,mov,mp3,mpc,mpc8,mpegts,ogg,oma,qoa,rm,shn,"
    "tak,tta,voc,w64,wav,wv,xwma"
)
_NAMES = {
    "mov": "mp4",
    "wv": "wavpack",
    "mpc8": "mpc",
    "shn": "shorten",
    "matroska": "matroska",
    "pcm_mulaw": "mu-law",
    "pcm_alaw": "a-law",
    "pcm_u8": "pcm_8",
    "pcm_s8": "pcm_8",
    "pcm_f32": "float",
    "pcm_f64": "double",
    "pcm_f24": "pcm_24",
    "mp3float": "mp3",
    "mp2float": "mp2",
    "wmav1": "wma",
    "wmav2": "wma",
    "mpc7": "mpc",
    "gsm_ms": "gsm",
    "adpcm_ms": "ms-adpcm",
    "adpcm_ima_wav": "ima-adpcm",
    "adpcm_ima_qt": "ima-adpcm",
}
_LOSSLESS = frozenset({"flac", "alac", "wavpack", "ape", "tta", "tak", "shorten", "wmalossless"})
# FFmpeg holds 24-bit lossless sound in 32-bit words; 32-bit integer files of these codecs are next to unknown.
_DEPTHS = {"u8": 8, "s16": 16, "s32": 24}
_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}
# An MP4 says where its sound ends; what is decoded past that, at most this much, is the encoder's padding.
_MAX_PADDING = 8192


@contextmanager
def _open(stream: BinaryIO, demuxer: str | None) -> Iterator[tuple[InputContainer, AudioStream]]:
    import av

    try:
        container = av.open(
            stream,
            "r",
            format=demuxer,
            metadata_errors="replace",
            container_options={"format_whitelist": _DEMUXERS, "protocol_whitelist": "none"},
        )
    # Damaged files surface as a dozen unrelated types here (FFmpegError, ValueError, IndexError, OverflowError, ...).
    except Exception as error:
        raise Unreadable from error
    with container:
        sound = next(iter(container.streams.audio), None)
        if sound is None or sound.codec_context is None:  # no sound in it, or no decoder for it
            raise Unreadable
        yield container, sound


def _describe(container: InputContainer, stream: AudioStream, source: Source, name: str | None) -> AudioInfo:
    context = stream.codec_context
    rate = context.sample_rate
    seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
    first = container.format.name.split(",")[0]
    raw = context.name.removesuffix("le").removesuffix("be").replace("pcm_s", "pcm_") if context.name else ""
    codec = _NAMES.get(context.name, _NAMES.get(raw, raw))
    stored = context.format.name.removesuffix("p") if context.format else ""
    depth = _DEPTHS.get(stored) if codec in _LOSSLESS else _pcm_depth(codec)
    tags = clean([*container.metadata.items(), *stream.metadata.items()])
    return AudioInfo(
        source.path,
        name or _NAMES.get(first, first),
        codec,
        rate,
        context.layout.nb_channels if context.layout else 0,
        max(0, round(seconds * rate)),
        depth,
        source.size,
        {key: value for key, value in tags.items() if (key, value) != ("language", "und")},
    )


def _pcm_depth(codec: str) -> int | None:
    if codec in ("float", "double"):
        return 32 if codec == "float" else 64
    bits = codec.removeprefix("pcm_")
    return int(bits) if codec.startswith("pcm_") and bits.isdigit() else None


def facts(source: Source, container: str | None, payload: bytes | None = None) -> AudioInfo:
    """Read what the header says; see `read` for the parameters.

    Returns
    -------
    AudioInfo
        `frames` is an estimate for streams without a length, and 0 when there is nothing to estimate from.

    Raises
    ------
    Unreadable
        When it cannot be opened or holds no sound.
    """
    with _stream(source, payload) as stream, _open(stream, "mp3" if payload is not None else None) as opened:
        return _describe(*opened, source, container)


def read(
    source: Source, container: str | None, limits: Limits, payload: bytes | None = None
) -> tuple[FloatArray, AudioInfo, bool]:
    """Decode the first sound stream of a file; damaged packets are skipped.

    Parameters
    ----------
    source : Source
    container : str or None
        As sniffed; None takes FFmpeg's name.
    limits : Limits
    payload : bytes, optional
        An MP3 stream found inside `source`, decoded in place of the whole file.

    Returns
    -------
    samples : np.ndarray [shape=(channels, n)], float32
        Integers are scaled by their full range to -1..1. `n` may be 0.
    info : AudioInfo
        With the frames that the header promises, and the tags that FFmpeg found.
    complete : bool
        False when packets were damaged or the stream broke off.

    Raises
    ------
    Unreadable
        When it cannot be opened or holds no sound.
    AudioError
        When a limit is passed.
    """
    with _stream(source, payload) as stream, _open(stream, "mp3" if payload is not None else None) as opened:
        info = _describe(*opened, source, container)
        if info.sample_rate and info.channels:
            limits.check_header(info)
        pieces: list[npt.NDArray[Any]] = []
        form: tuple[int, int, str] | None = None
        done, complete = 0, True
        for frame in _frames(*opened):
            if frame is None:
                complete = False
                continue
            this = (frame.sample_rate, frame.layout.nb_channels, frame.format.name)
            if form is None:
                form = this
            if this != form:  # the rest is at another rate or of other channels: not one sound any more
                complete = False
                break
            pieces.append(frame.to_ndarray())
            done += frame.samples
            limits.check_decoded(source.path, done, frame.sample_rate, this[1])
        end = _declared_end(*opened, info)
    if form is None:
        return np.zeros((max(1, info.channels), 0), np.float32), info, complete
    samples = _to_float(pieces, form[1], form[2])
    # HE-AAC doubles the rate of its header while decoding, and ends are counted at the header's rate.
    if end and form[0] == info.sample_rate and 0 < samples.shape[1] - end <= _MAX_PADDING:
        samples = np.ascontiguousarray(samples[:, :end])
    frames = round(info.duration_s * form[0])
    info = AudioInfo(
        info.path, info.container, info.codec, form[0], form[1], frames, info.bit_depth, info.size_bytes, info.tags
    )
    return samples, info, complete


def _stream(source: Source, payload: bytes | None) -> BinaryIO:
    return source.stream() if payload is None else io.BytesIO(payload)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame | None]:
    """Yield decoded frames; None stands for a place where something was damaged."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.FFmpegError, ValueError, OverflowError):
            yield None
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except (av.FFmpegError, ValueError, OverflowError):
            yield None


def _declared_end(container: InputContainer, stream: AudioStream, info: AudioInfo) -> int:
    """Frames before the padding of an MP4; 0 where it does not say."""
    if info.container != "mp4":
        return 0
    # Apple's own encoders write delay, padding and length in hexadecimal.
    gapless = (container.metadata.get("iTunSMPB") or stream.metadata.get("iTunSMPB") or "").split()
    if len(gapless) > 3:
        try:
            return int(gapless[3], 16)
        except ValueError:
            return info.frames
    return info.frames


def _to_float(pieces: list[npt.NDArray[Any]], channels: int, form: str) -> FloatArray:
    """Join what PyAV returns: (channels, n) where the format is planar, (1, n * channels) where it is not."""
    joined = np.concatenate(pieces, axis=1)
    if not form.endswith("p"):
        joined = joined.reshape(-1, channels).T
    samples = np.ascontiguousarray(joined, dtype=np.float32)
    kind = form.removesuffix("p")
    if kind in _SCALES:
        if kind == "u8":
            samples -= 128
        samples *= np.float32(_SCALES[kind])
    return samples
