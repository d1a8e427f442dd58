"""The facts of a sound file without decoding it."""

from __future__ import annotations

import os
from dataclasses import replace

from samplemind.audio import ffmpeg, sndfile
from samplemind.audio.chunks import mp3_in_wav
from samplemind.audio.clip import AudioInfo
from samplemind.audio.formats import SNDFILE_CONTAINERS, sniff
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source, Unreadable
from samplemind.audio.stream import failure
from samplemind.audio.tags import native_tags
from samplemind.errors import AudioError

__all__ = ["probe"]


def probe(path: str | os.PathLike[str]) -> AudioInfo:
    """Read what a sound file says of itself.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    AudioInfo
        `frames` is what the header says: exact for well-formed PCM, FLAC and Ogg, an estimate for MP3 and AAC streams
        without a length, and as wrong as the header where that lies.

    Raises
    ------
    AudioError
        With a reason for people, when there is no such file, it is no sound, or its header cannot be read.

    See Also
    --------
    samplemind.audio.decode.decode : the samples, and how many there really are.
    """
    name = os.fspath(path)
    with Source(name, limits=Limits(), keep_on_disk=True) as source:
        found = sniff(source)
        if found.not_audio:
            raise AudioError(name, f"not audio: {found.not_audio}")
        info = _facts(source, found.container)
        if info is None or not info.sample_rate or not info.channels:
            raise failure(source, found)
        return replace(info, tags={**info.tags, **native_tags(source, found.container)})


def _facts(source: Source, container: str | None) -> AudioInfo | None:
    payload = mp3_in_wav(source) if container == "wav" else None
    if container in SNDFILE_CONTAINERS and payload is None:
        try:
            return sndfile.facts(source, container)
        except Unreadable:
            pass  # FFmpeg may know it
    try:
        return ffmpeg.facts(source, container, payload)
    except Unreadable:
        return None
