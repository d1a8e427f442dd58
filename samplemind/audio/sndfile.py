"""Reading with libsndfile: WAV, AIFF, FLAC, Ogg Vorbis and Opus, CAF, AU, undamaged MP3 and some rarer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from samplemind.audio.clip import AudioInfo, FloatArray
from samplemind.audio.limits import Limits
from samplemind.audio.source import Source, Unreadable

if TYPE_CHECKING:
    import soundfile

__all__ = ["Reader", "facts"]

# Samples in one reading step: large enough to take most files at once, small enough (512 KiB) to stay in the cache.
_BLOCK_SAMPLES = 2**17

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
    "MPEG_LAYER_III": ("mp3", None),
    "ALAC_16": ("alac", 16),
    "ALAC_20": ("alac", 20),
    "ALAC_24": ("alac", 24),
    "ALAC_32": ("alac", 32),
}


def _open(source: Source, part: tuple[int, int] | None = None) -> soundfile.SoundFile:
    import soundfile

    try:
        if part is not None:
            return soundfile.SoundFile(source.stream(*part))
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


class Reader:
    """The samples of one file, in order.

    Parameters
    ----------
    source : Source
    container : str
    limits : Limits
    part : (int, int), optional
        Offset and size of the stretch to read, where it is not the whole file.
    at_once : bool
        In one step: between two, soundfile seeks, after which an MP3 goes on without what its frames had saved up.

    Attributes
    ----------
    info : AudioInfo
        With the frames that the header promises, without tags.
    complete : bool
        False once decoding has broken off with an error.

    Raises
    ------
    Unreadable
        When libsndfile cannot open it.
    AudioError
        When a limit is passed.
    """

    def __init__(
        self,
        source: Source,
        container: str,
        limits: Limits,
        part: tuple[int, int] | None = None,
        at_once: bool = False,
    ) -> None:
        self._file = _open(source, part)
        self._limits = limits
        self._done = 0
        self.complete = True
        try:
            self.info = _describe(self._file, source, container)
            limits.check_header(self.info)
        except BaseException:
            self.close()
            raise
        self._left = self.info.frames
        self._step = self._left if at_once else max(1, _BLOCK_SAMPLES // self.info.channels)
        self._rest = np.empty((0, self.info.channels), np.float32)

    def read(self, frames: int | None = None) -> FloatArray:
        """Decode on.

        Parameters
        ----------
        frames : int, optional
            How many at most; all if not given.

        Returns
        -------
        np.ndarray [shape=(channels, n)], float32
            Integers are scaled by their full range to -1..1. `n` is less than asked for only at the end.

        Raises
        ------
        AudioError
            When a limit is passed.
        """
        blocks = [self._rest]
        held = len(self._rest)
        while self._left > 0 and (frames is None or held < frames) and len(block := self._block()):
            blocks.append(block)
            held += len(block)
        spare = 0 if frames is None else max(0, held - frames)
        last = blocks[-1]
        blocks[-1], self._rest = last[: len(last) - spare], last[len(last) - spare :]
        return _planar([block for block in blocks if len(block)], self.info.channels)

    def _block(self) -> npt.NDArray[np.float32]:
        """The next block, always from the same places on: libsndfile finds its way out of damage by where it reads."""
        import soundfile

        try:
            block: npt.NDArray[np.float32] = self._file.read(
                min(self._step, self._left), dtype="float32", always_2d=True
            )
        except (soundfile.SoundFileError, RuntimeError, OSError, ValueError):
            self.complete = False
            block = np.empty((0, self.info.channels), np.float32)
        self._left = self._left - len(block) if len(block) else 0
        self._done += len(block)
        self._limits.check_decoded(self.info.path, self._done, self.info.sample_rate, self.info.channels)
        return block

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _planar(blocks: list[npt.NDArray[np.float32]], channels: int) -> FloatArray:
    if len(blocks) == 1:
        return np.ascontiguousarray(blocks[0].T)
    samples = np.empty((channels, sum(map(len, blocks))), np.float32)
    at = 0
    for block in blocks:
        samples[:, at : at + len(block)] = block.T
        at += len(block)
    return samples
