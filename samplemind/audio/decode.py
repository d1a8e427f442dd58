"""A path becomes a Clip."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np

from samplemind.audio import ffmpeg, sndfile
from samplemind.audio.chunks import aiff_encoding, mp3_in_wav
from samplemind.audio.clip import AudioInfo, Clip, FloatArray
from samplemind.audio.formats import SNDFILE_CONTAINERS, Format, sniff
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source, Unreadable
from samplemind.audio.tags import native_tags
from samplemind.errors import AudioError

__all__ = ["decode", "failure"]

_Decoded = tuple[FloatArray, AudioInfo, bool]


def decode(
    path: str | os.PathLike[str],
    *,
    data: bytes | None = None,
    max_duration_s: float | None = None,
    max_bytes: int | None = None,
) -> Clip:
    """Decode a sound file, whatever its name says it is.

    The format is found by content. Files that break off, or whose header promises more than there is, give what does
    decode. MP3, AAC, Vorbis and Opus come without their encoder's delay and padding where the file says how much.

    Parameters
    ----------
    path : str or path-like
    data : bytes, optional
        The file's content, where it has been read already; `path` then only names it.
    max_duration_s : float, optional
        Longest sound to accept, in seconds; None for any.
    max_bytes : int, optional
        Largest file, and largest float32 samples, to accept; None for any.

    Returns
    -------
    Clip
        At least one sample, at the file's own rate and channels; `info.frames` counts what was decoded.

    Raises
    ------
    AudioError
        With a reason for people, when there is no such file, it is no sound, nothing decodes, or a limit is passed.
    ParameterError
        For a limit that is not above 0.

    See Also
    --------
    samplemind.audio.probe.probe : the facts without the samples.
    """
    limits = Limits(max_duration_s, max_bytes)
    name = os.fspath(path)
    with Source(name, data, limits=limits) as source:
        found = sniff(source)
        if found.not_audio:
            raise AudioError(name, f"not audio: {found.not_audio}")
        samples, info, _ = _read(source, found, limits)
        if not samples.shape[1]:
            raise AudioError(name, f"no audio: the {info.container} header is valid but there are 0 samples")
        finite = np.isfinite(samples)
        bad = 0 if finite.all() else int(samples.size - np.count_nonzero(finite))
        if bad:
            samples[~finite] = 0
        tags = {**info.tags, **native_tags(source, found.container)}
        return Clip(samples, replace(info, frames=samples.shape[1], channels=samples.shape[0], tags=tags), bad)


def _read(source: Source, found: Format, limits: Limits) -> _Decoded:
    """Try libsndfile, then FFmpeg; where both break off, keep the one that got further."""
    payload = mp3_in_wav(source) if found.container == "wav" else None
    first: _Decoded | None = None
    declared_s = 0.0
    if found.container in SNDFILE_CONTAINERS and payload is None:
        try:
            first = sndfile.read(source, found.container, limits)
            if first[2] and first[0].shape[1]:
                return first
        except Unreadable as error:
            declared_s = error.declared_s
    try:
        second = ffmpeg.read(source, found.container, limits, payload)
    except Unreadable as error:
        if first is None:
            raise failure(source, found, declared_s or error.declared_s) from None
        return first
    if first is not None and first[0].shape[1] >= second[0].shape[1]:
        return first
    declared_s = declared_s or second[1].duration_s
    if not second[0].shape[1] and (declared_s or not second[2]):
        raise failure(source, found, declared_s)
    limits.check_header(replace(second[1], frames=second[0].shape[1]))
    return second


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
