"""What happens when: attacks, beats and chords as lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from samplemind.descriptors.chords import chords
from samplemind.descriptors.rhythm import beat_times
from samplemind.descriptors.signal import Signal

__all__ = ["compute"]


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `events`."""
    onsets = signal.onset_times
    intervals = np.diff(onsets)
    chord_times, chord_labels = chords(signal)
    changes = max(0, len(chord_labels) - 1)
    return {
        "onset_times": onsets,
        "beat_times": beat_times(signal),
        "chord_times": chord_times,
        "chord_labels": chord_labels,
        "chord_change_rate": changes / signal.duration_s if chord_labels else None,
        "onset_interval_mean_s": intervals.mean() if len(intervals) else None,
        "onset_interval_std_s": intervals.std() if len(intervals) else None,
    }
