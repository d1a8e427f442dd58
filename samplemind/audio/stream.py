"""A sound file that is decoded from start to end, all at once or bit by bit."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Final, Protocol

import numpy as np

from samplemind.audio import ffmpeg, pcm, sndfile
from samplemind.audio.chunks import aiff_encoding, mp3_in_wav
from samplemind.audio.clip import AudioInfo, Clip, FloatArray
from samplemind.audio.formats import SNDFILE_CONTAINERS, Format, sniff
from samplemind.audio.limits import Limits
from samplemind.audio.mpeg import intact_mp3
from samplemind.audio.source import Source, Unreadable
from samplemind.audio.tags import native_tags
from samplemind.errors import AudioError

__all__ = ["Stream", "even_blocks", "failure", "joined"]

#: What is passed over at a time, in frames.
_SKIP: Final = 2**20
#: MP3 of more frames, a minute and a half, is not decoded in one step.
_AT_ONCE: Final = 2**22


class Reader(Protocol):
    """What each back end gives: see `sndfile.Reader`."""

    @property
    def info(self) -> AudioInfo: ...
    @property
    def complete(self) -> bool: ...
    def read(self, frames: int | None = None) -> FloatArray: ...
    def close(self) -> None: ...


class Stream:
    """One file, decoded on as far as is asked for.

    libsndfile reads first; where it refuses or breaks off, FFmpeg goes on from there if it gets further.

    Parameters
    ----------
    path : str or path-like
    data : bytes, optional
        The file's content, where it has been read already; `path` then only names it.
    limits : Limits

    Raises
    ------
    AudioError
        When there is no such file, it is no sound, no reader can open it, or a limit is passed.
    """

    def __init__(self, path: str | os.PathLike[str], data: bytes | None, limits: Limits) -> None:
        self._path = os.fspath(path)
        self._limits = limits
        self._done = 0
        self._declared_s = 0.0
        self._is_empty = False  # by its header, which is sound
        self._source = Source(self._path, data, limits=limits)
        try:
            self._found = sniff(self._source)
            if self._found.not_audio:
                raise AudioError(self._path, f"not audio: {self._found.not_audio}")
            self._tags = native_tags(self._source, self._found.container)
            self._open()
        except BaseException:
            self._source.close()
            raise

    def _open(self) -> None:
        container = self._found.container
        self._payload = mp3_in_wav(self._source) if container == "wav" else None
        self._is_last = False
        self._reader: Reader | None = None
        if container in SNDFILE_CONTAINERS and self._payload is None:
            try:
                plain = pcm.Reader.open(self._source, self._limits) if container == "wav" else None
                self._reader = plain or sndfile.Reader(self._source, container, self._limits)
            except Unreadable:
                pass  # FFmpeg may know it
        if container == "mp3":
            self._reader = self._mp3_reader()
        if self._reader is None:
            self._reader = self._last_reader()

    def _mp3_reader(self) -> Reader | None:
        """The quicker reader, for a file in which there is nothing to complain of and whose length it agrees on."""
        intact = intact_mp3(self._source)
        if intact is None or intact.samples > _AT_ONCE:
            return None
        try:
            reader = sndfile.Reader(self._source, "mp3", self._limits, (intact.offset, intact.size), at_once=True)
        except Unreadable:
            return None
        if reader.info.frames == intact.samples:
            self._tags = intact.tags
            return reader
        reader.close()
        return None

    def _last_reader(self) -> Reader:
        self._is_last = True
        try:
            return ffmpeg.Reader(self._source, self._found.container, self._limits, self._payload)
        except Unreadable:
            raise failure(self._source, self._found, self._declared_s) from None

    @property
    def info(self) -> AudioInfo:
        """Facts of the file; `frames` is what its header promises."""
        info = self._current.info
        return replace(info, tags={**info.tags, **self._tags}) if self._tags else info

    @property
    def _current(self) -> Reader:
        if self._reader is None:
            raise ValueError(f"{self._path}: the stream is closed")
        return self._reader

    def read(self, frames: int | None = None) -> Clip:
        """Decode on.

        Parameters
        ----------
        frames : int, optional
            Samples a channel, at most; all that are left if not given.

        Returns
        -------
        Clip
            Shorter than asked for, perhaps of no samples, only at the end of the sound.

        Raises
        ------
        AudioError
            When nothing at all decodes, or a limit is passed.
        """
        samples = self._samples(frames)
        if not self._done:
            raise AudioError(self._path, f"no audio: the {self.info.container} header is valid but there are 0 samples")
        bad = _silence_nonfinite(samples)
        return Clip(samples, replace(self.info, frames=samples.shape[1], channels=samples.shape[0]), bad)

    def _samples(self, frames: int | None) -> FloatArray:
        reader = self._current
        samples = reader.read(frames)
        self._done += samples.shape[1]
        if samples.shape[1] == frames or (reader.complete and self._done):
            return samples
        if self._is_last:
            self._check_something(reader)
        elif self._go_on_with_ffmpeg(reader):
            rest = self._samples(None if frames is None else frames - samples.shape[1])
            return np.concatenate([samples, rest], axis=1) if samples.shape[1] else rest
        return samples

    def _check_something(self, reader: Reader) -> None:
        """What breaks off before its first sample is an error, unless there was none to come."""
        declared_s = self._declared_s or reader.info.duration_s
        if not self._done and not self._is_empty and (declared_s or not reader.complete):
            raise failure(self._source, self._found, declared_s)

    def _go_on_with_ffmpeg(self, reader: Reader) -> bool:
        """Whether FFmpeg, whose samples so far are passed over, takes the place of a reader that broke off."""
        self._is_last = True
        self._is_empty = reader.complete
        self._declared_s = 0.0 if reader.complete else reader.info.duration_s
        try:
            other = ffmpeg.Reader(self._source, self._found.container, self._limits, self._payload)
        except Unreadable:
            if self._done or reader.complete:
                return False
            raise failure(self._source, self._found, self._declared_s) from None
        skipped = 0
        try:
            while skipped < self._done and (n := other.read(min(_SKIP, self._done - skipped)).shape[1]):
                skipped += n
        except BaseException:
            other.close()
            raise
        here, there = reader.info, other.info
        same = (here.sample_rate, here.channels) == (there.sample_rate, there.channels)
        if self._done and not (same and skipped == self._done):
            other.close()
            return False
        reader.close()
        self._reader = other
        return True

    def clips(self, frames: int) -> Iterator[Clip]:
        """The rest of the sound, `frames` at a time; the last may be shorter."""
        while (clip := self.read(frames)).samples.shape[1]:
            yield clip
            if clip.samples.shape[1] < frames:
                return

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._source.close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def joined(clips: Sequence[Clip]) -> Clip:
    """Consecutive pieces of one sound, at least one, as one clip."""
    if len(clips) == 1:
        return clips[0]
    samples = np.concatenate([clip.samples for clip in clips], axis=1)
    bad = sum(clip.nonfinite_samples for clip in clips)
    return Clip(samples, replace(clips[0].info, frames=samples.shape[1]), bad)


def even_blocks(clips: Iterable[Clip], frames: int) -> Iterator[Clip]:
    """Cut what comes in pieces into blocks of one length.

    Parameters
    ----------
    clips : iterable of Clip
        Consecutive pieces of one sound, of any lengths.
    frames : int
        Samples a channel in each block.

    Yields
    ------
    Clip
        Of `frames` samples; only the last has between a half and one and a half times as many, or less where the whole
        sound is shorter.
    """
    info: AudioInfo | None = None
    held: FloatArray = np.empty((0, 0), np.float32)
    bad = 0
    for clip in clips:
        info = clip.info
        if held.shape[1] == frames and 2 * clip.samples.shape[1] >= frames:
            yield Clip(np.ascontiguousarray(held), replace(info, frames=frames), bad)  # as it came: no copy
            held, bad = clip.samples, clip.nonfinite_samples
        else:
            bad += clip.nonfinite_samples
            held = np.concatenate([held, clip.samples], axis=1) if held.size else clip.samples
        while 2 * held.shape[1] >= 3 * frames:
            part = np.ascontiguousarray(held[:, :frames])
            held = held[:, frames:]
            yield Clip(part, replace(info, frames=frames), bad)
            bad = 0
    if info is not None and held.size:
        yield Clip(np.ascontiguousarray(held), replace(info, frames=held.shape[1]), bad)


def _silence_nonfinite(samples: FloatArray) -> int:
    """Put 0 in place of NaN and infinite samples; how many there were."""
    flat = samples.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        if math.isfinite(np.dot(flat, flat)):  # one pass without a mask of its own
            return 0
    finite = np.isfinite(samples)
    bad = int(samples.size - np.count_nonzero(finite))
    if bad:
        samples[~finite] = 0
    return bad


def failure(source: Source, found: Format, declared_s: float = 0.0) -> AudioError:
    """Word the error for a file that no reader can make sense of.

    Parameters
    ----------
    source : Source
    found : Format
    declared_s : float
        What the header promises, in seconds.

    Returns
    -------
    AudioError
    """
    if found.container is None:
        return AudioError(source.path, "not audio: no known audio format in its content")
    encoding = aiff_encoding(source) if found.container == "aiff" else None
    if encoding is not None and not declared_s:
        return AudioError(source.path, f"the aiff encoding '{encoding}' cannot be decoded")
    if declared_s:
        return AudioError(
            source.path,
            f"truncated or damaged {found.container}: its header promises {declared_s:.3g} s, nothing decodes",
        )
    return AudioError(
        source.path, f"truncated or damaged {found.container} ({source.size} bytes): no sound in it can be decoded"
    )
