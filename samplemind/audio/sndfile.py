"""Reading with libsndfile: WAV, AIFF, FLAC, Ogg Vorbis and Opus, CAF, AU and some rarer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from samplemind.audio.clip import AudioInfo, FloatArray
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source, Unreadable

if TYPE_CHECKING:
    import soundfile

__all__ = ["facts", "read"]

# Samples in one reading step: large enough to take most files at once, small enough (16 MiB) that a header which
# promises days of sound costs nothing.
_BLOCK_SAMPLES = 4 * 2**20

_CODECS: dict[str, tuple[str, int | None]] = {
    "PCM_S8": ("pcm_8", 8),
    "PCM_U8": ("pcm_8", 8),
    "PCM_16": ("pcm_16", 16),
    "PCM_24": ("pcm_24", 24),
    "PCM_32": ("pcm_32", 32),
    "FLOAT": ("float", 32),
    "DOUBLE": ("double", 64),
    "ULAW": ("mu-law", 8),
    "ALAW": ("a-law", 8),
    "IMA_ADPCM": ("ima-adpcm", 4),
    "MS_ADPCM": ("ms-adpcm", 4),
    "GSM610": ("gsm", None),
    "ALAC_16": ("alac", 16),
    "ALAC_20": ("alac", 20),
    "ALAC_24": ("alac", 24),
    "ALAC_32": ("alac", 32),
}


def _open(source: Source) -> soundfile.SoundFile:
    import soundfile

    try:
        return soundfile.SoundFile(source.path if source.data is None else source.stream())
    except (soundfile.SoundFileError, RuntimeError, OSError, ValueError, TypeError) as error:
        raise Unreadable from error


def _describe(file: soundfile.SoundFile, source: Source, container: str) -> AudioInfo:
    codec, depth = _CODECS.get(file.subtype, (file.subtype.lower(), None))
    if container == "flac":
        codec = "flac"
    return AudioInfo(source.path, container, codec, file.samplerate, file.channels, file.frames, depth, source.size)


def facts(source: Source, container: str) -> AudioInfo:
    """Read what the header says.

    Parameters
    ----------
    source : Source
    container : str

    Returns
    -------
    AudioInfo
        Without tags.

    Raises
    ------
    Unreadable
        When libsndfile cannot open it.
    """
    with _open(source) as file:
        return _describe(file, source, container)


def read(source: Source, container: str, limits: Limits) -> tuple[FloatArray, AudioInfo, bool]:
    """Decode the whole file.

    Parameters
    ----------
    source : Source
    container : str
    limits : Limits

    Returns
    -------
    samples : np.ndarray [shape=(channels, n)], float32
        Integers are scaled by their full range to -1..1. `n` may be 0.
    info : AudioInfo
        With the frames that the header promises, without tags.
    complete : bool
        False when decoding broke off with an error.

    Raises
    ------
    Unreadable
        When libsndfile cannot open it, or nothing decodes before an error.
    AudioError
        When a limit is passed.
    """
    import soundfile

    with _open(source) as file:
        info = _describe(file, source, container)
        limits.check_header(info)
        step = max(1, min(info.frames, _BLOCK_SAMPLES // info.channels))
        blocks: list[npt.NDArray[np.float32]] = []
        done, complete = 0, True
        while done < info.frames:
            try:
                block = file.read(min(step, info.frames - done), dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, RuntimeError, OSError, ValueError) as error:
                if not done:
                    raise Unreadable(info.duration_s) from error
                complete = False
                break
            if not len(block):
                break
            blocks.append(block)
            done += len(block)
            limits.check_decoded(source.path, done, info.sample_rate, info.channels)
    if len(blocks) == 1:
        return np.ascontiguousarray(blocks[0].T), info, complete
    samples = np.empty((info.channels, done), np.float32)
    at = 0
    for block in blocks:
        samples[:, at : at + len(block)] = block.T
        at += len(block)
    return samples, info, complete
