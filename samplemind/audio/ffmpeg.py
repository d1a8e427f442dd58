"""Reading with FFmpeg's libraries (PyAV): MP3, AAC, ALAC, WMA, WavPack and all that libsndfile refuses.

The lengths are gapless: encoder delay and padding are cut wherever the file says how much they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from samplemind.audio.chunks import Chunk
from samplemind.audio.clip import AudioInfo, FloatArray
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source, Unreadable
from samplemind.audio.tags import clean

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

__all__ = ["Reader", "facts"]

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
_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
# Room that is made on a header's word, in samples (64 MiB), and room that is made in any case.
_MOST_AT_ONCE = 16 * 2**20
_LEAST_AT_ONCE = 2**14


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


def facts(source: Source, container: str | None, payload: Chunk | None = None) -> AudioInfo:
    """Read what the header says; see `Reader` for the parameters.

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


class Reader:
    """The samples of the first sound stream of a file, in order; damaged packets are skipped.

    Parameters
    ----------
    source : Source
    container : str or None
        As sniffed; None takes FFmpeg's name.
    limits : Limits
    payload : Chunk, optional
        An MP3 stream found inside `source`, decoded in place of the whole file.

    Attributes
    ----------
    info : AudioInfo
        With the frames that the header promises, and the tags that FFmpeg found; rate and channels are those of the
        first frame, whatever the header says.
    complete : bool
        False once packets were damaged or the stream broke off.

    Raises
    ------
    Unreadable
        When it cannot be opened or holds no sound.
    AudioError
        When a limit is passed.
    """

    def __init__(self, source: Source, container: str | None, limits: Limits, payload: Chunk | None = None) -> None:
        with ExitStack() as stack:
            stream = stack.enter_context(_stream(source, payload))
            opened = stack.enter_context(_open(stream, "mp3" if payload is not None else None))
            self.info = _describe(*opened, source, container)
            if self.info.sample_rate and self.info.channels:
                limits.check_header(self.info)
            self._opened = stack.pop_all()
        self.complete = True
        self._limits = limits
        self._frames = _frames(*opened)
        self._end = _declared_end(*opened, self.info)
        self._form: _Form | None = None
        self._ended = False
        self._done = 0  # decoded, whether or not it has been read
        self._held = 0  # decoded, but not yet read: so many columns of the store
        self._store: FloatArray = np.empty((0, 0), np.float32)
        try:
            while self._form is None and not self._ended:
                self._pull(_LEAST_AT_ONCE)
        except BaseException:
            self.close()
            raise

    def read(self, frames: int | None = None) -> FloatArray:
        """Decode on; see `sndfile.Reader.read`."""
        # Where the sound ends before the last packet is known only when that has come.
        needed = None if frames is None else frames + (_MAX_PADDING if self._end else 0)
        while not self._ended and (needed is None or self._held < needed):
            self._pull(needed)
        if self._form is None:
            return np.zeros((max(1, self.info.channels), 0), np.float32)
        n = self._held if frames is None else min(frames, self._held)
        whole, rest = self._store, self._store[:, n : self._held]
        self._held -= n
        self._store = rest.copy()
        samples = np.ascontiguousarray(whole[:, :n])
        if self._form.scale is not None:
            if self._form.dtype == "u1":
                samples -= 128
            samples *= self._form.scale
        return samples

    def _pull(self, needed: int | None) -> None:
        """Take one more frame into the store, or find that there is none."""
        try:
            frame = next(self._frames)
        except StopIteration:
            self._finish()
            return
        if frame is None:
            self.complete = False
        elif self._form is None or self._form.fits(frame):
            self._append(frame, self._form or self._begin(frame), needed)
        else:  # the rest is at another rate or of other channels: not one sound any more
            self.complete = False
            self._finish()

    def _begin(self, frame: AudioFrame) -> _Form:
        self._form = form = _Form.of(frame)
        self._store = np.empty((form.channels, 0), np.float32)
        old = self.info
        if self._end and form.rate != old.sample_rate:
            self._end = 0  # HE-AAC doubles the rate of its header while decoding, and ends are counted at the header's
        promised = round(old.duration_s * form.rate)
        self.info = replace(old, sample_rate=form.rate, channels=form.channels, frames=promised)
        self._limits.check_header(replace(self.info, frames=0))
        return form

    def _append(self, frame: AudioFrame, form: _Form, needed: int | None) -> None:
        n = frame.samples
        begin, self._held = self._held, self._held + n
        self._done += n
        self._limits.check_decoded(self.info.path, self._done, form.rate, form.channels)
        if self._held > self._store.shape[1]:
            self._grow(form.channels, needed)
        part = self._store[:, begin : self._held]
        if form.is_planar:
            for channel, plane in enumerate(frame.planes):
                part[channel] = np.frombuffer(plane, form.dtype, n)  # type: ignore[call-overload]
        else:
            packed = np.frombuffer(frame.planes[0], form.dtype, n * form.channels)  # type: ignore[call-overload]
            part[:] = packed.reshape(n, form.channels).T

    def _grow(self, channels: int, needed: int | None) -> None:
        """Make room for what is asked for, as far as the header promises it or at least twice as much is there."""
        promised = self.info.frames + _MAX_PADDING - (self._done - self._held)
        likely = max(2 * self._held, min(promised, _MOST_AT_ONCE // channels), _LEAST_AT_ONCE)
        likely = likely if needed is None else min(likely, needed + _LEAST_AT_ONCE)
        store = np.empty((channels, max(likely, self._held)), np.float32)
        store[:, : self._store.shape[1]] = self._store
        self._store = store

    def _finish(self) -> None:
        self._ended = True
        if self._end and 0 < self._done - self._end <= min(_MAX_PADDING, self._held):
            self._held -= self._done - self._end
            self._done = self._end

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()


@dataclass(frozen=True, slots=True)
class _Form:
    """In what form decoded frames come, which one sound does not change."""

    rate: int
    channels: int
    name: str
    is_planar: bool
    dtype: str
    scale: np.float32 | None

    @classmethod
    def of(cls, frame: AudioFrame) -> _Form:
        name = frame.format.name
        kind = name.removesuffix("p")
        scale = _SCALES.get(kind)
        return cls(frame.sample_rate, frame.layout.nb_channels, name, name.endswith("p"), _DTYPES[kind],
                   None if scale is None else np.float32(scale))  # fmt: skip

    def fits(self, frame: AudioFrame) -> bool:
        return (frame.sample_rate, frame.layout.nb_channels, frame.format.name) == (self.rate, self.channels, self.name)


def _stream(source: Source, payload: Chunk | None) -> BinaryIO:
    return source.stream() if payload is None else source.stream(payload.offset, payload.size)


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
