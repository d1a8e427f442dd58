"""Long sounds, listened to block by block: the memory that they take does not grow with their length.

Each block goes through the same engine as a short sound, and its values stay comparable with those of short sounds. How
they are put together stands in `over_blocks`, descriptor by descriptor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np

from samplemind.audio.clip import AudioInfo, Clip
from samplemind.descriptors.catalogue import Descriptor, Level
from samplemind.descriptors.joining import Block, Whole, join
from samplemind.descriptors.loudness import step_samples
from samplemind.descriptors.signal import Signal
from samplemind.descriptors.totals import Totals

__all__ = ["LONG_S", "analyze_blocks", "block_frames", "is_long", "longest_whole"]

#: Sounds over this length (s) are listened to in blocks.
LONG_S: Final = 180.0
#: Steps of 0.1 s in a block. 50 s are no whole number of bars at the usual tempi: a block must not look like a loop.
_STEPS: Final = 500
#: The most samples of all channels together in one block (64 MiB), and in a sound that is no long one.
_MOST_IN_BLOCK: Final = 16 * 2**20
_MOST_WHOLE: Final = 40 * 2**20
#: An attack this soon after the start of a block is the block's own start, unless the sound begins with it.
_START_S: Final = 0.03

Listen = Callable[[Signal, Sequence[str]], dict[str, Any]]


def longest_whole(info: AudioInfo) -> int:
    """Samples a channel up to which a sound is listened to as a whole: those of `LONG_S`, fewer for many channels."""
    return int(min(LONG_S * info.sample_rate, _MOST_WHOLE / max(1, info.channels)))


def is_long(clip: Clip) -> bool:
    """Whether a clip has more samples than `longest_whole`."""
    return bool(clip.samples.shape[1] > longest_whole(clip.info))


def block_frames(info: AudioInfo) -> int:
    """Samples a channel in one block: a whole number of steps of the loudness."""
    step = step_samples(info.sample_rate)
    return step * max(1, min(_STEPS, _MOST_IN_BLOCK // (step * info.channels)))


def analyze_blocks(clips: Iterable[Clip], info: AudioInfo, level: Level, entries: Iterable[Descriptor],
                   listen: Listen) -> dict[str, Any]:  # fmt: skip
    """Listen to a sound that comes in blocks.

    Parameters
    ----------
    clips : iterable of Clip
        Blocks of `block_frames` samples; the last may be longer or shorter.
    info : AudioInfo
        Facts of the file.
    level : {'basic', 'standard', 'detailed'}
    entries : iterable of Descriptor
        What is asked for.
    listen : callable
        Gives the values of some groups of one block; None where there is nothing to say.

    Returns
    -------
    dict
        By names of the catalogue, in the order of `entries`.
    """
    wanted = list(entries)
    inexact = [entry for entry in wanted if entry.over_blocks != "exact"]
    groups = list(dict.fromkeys(entry.group for entry in inexact))
    if "events" in groups and "rhythm" not in groups:
        groups.append("rhythm")  # beats are listed where the tempo is that of the whole
    totals = Totals(info)
    blocks: list[Block] = []
    for clip in clips:
        start_s = totals.frames / info.sample_rate
        totals.add(clip)
        if groups and not (signal := Signal(clip, level)).is_silent:
            blocks.append(_listen(signal, start_s, listen(signal, groups)))
    exact = totals.values()
    whole = Whole(exact["duration_s"], exact["leading_silence_s"], exact["effective_duration_s"])
    values = {**exact, **join(blocks, inexact, whole)}
    return {entry.name: values[entry.name] for entry in wanted}


def _listen(signal: Signal, start_s: float, values: dict[str, Any]) -> Block:
    envelope = signal.envelope.astype(np.float64)
    onsets = np.asarray(signal.onset_times, np.float64)
    if start_s > 0:
        onsets = onsets[onsets >= _START_S]
    power = float(np.dot(envelope, envelope)) / len(envelope)
    sounding_s = float(np.mean(signal.active)) * signal.duration_s
    return Block(start_s, signal.duration_s, sounding_s, float(envelope.max()), power * signal.duration_s,
                 start_s + onsets, values)  # fmt: skip
