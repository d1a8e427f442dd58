"""A path becomes a Clip, or a row of them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

from samplemind.audio.clip import Clip
from samplemind.audio.limits import Limits
from samplemind.audio.stream import Stream, even_blocks
from samplemind.errors import ParameterError

__all__ = ["decode", "decode_blocks"]


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
    with Stream(path, data, Limits(max_duration_s, max_bytes)) as stream:
        return stream.read()


def decode_blocks(
    path: str | os.PathLike[str],
    *,
    seconds: float = 60.0,
    data: bytes | None = None,
    max_duration_s: float | None = None,
    max_bytes: int | None = None,
) -> Iterator[Clip]:
    """Decode a sound file block by block, so that its length does not matter for the memory.

    Parameters
    ----------
    path : str or path-like
    seconds : float
        Length of a block, above 0 and finite.
    data, max_duration_s
        See `decode`.
    max_bytes : int, optional
        Largest file to accept; None for any.

    Yields
    ------
    Clip
        Together the samples that `decode` gives. The last block is half as long as the others at least, and at most
        half longer, unless the sound is shorter.

    Raises
    ------
    AudioError
        As `decode` does; when a limit on the length is passed that the header did not promise, after some blocks.
    ParameterError
        For a length or limit that is not above 0.

    Examples
    --------
    >>> peak = max(abs(block.samples).max() for block in decode_blocks("interview.wav"))  # doctest: +SKIP
    """
    if not 0 < seconds < math.inf:
        raise ParameterError(f"seconds: {seconds} s; give a finite length above 0")
    with Stream(path, data, Limits(max_duration_s, max_bytes, in_blocks=True)) as stream:
        frames = max(1, round(seconds * stream.info.sample_rate))
        yield from even_blocks(stream.clips(frames), frames)
