"""Tempo, metre and beats of loops and phrases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from samplemind.descriptors import kind, kind_features, small_net
from samplemind.descriptors.tempo import Tempo, estimate
from samplemind.descriptors.tempo_candidates import FEATURES

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["Beat", "beat", "beat_times", "compute"]

#: A sound is a single hit rather than something with a beat from this chance on.
_ONE_SHOT: Final = 0.5
#: Up to this chance the doubt is that of any loop, and casts none on the tempo.
_DOUBT: Final = 0.2
#: Without the shape of a loop a tempo has to be this sure to be told.
_SURE_OF_PHRASE: Final = 0.5
#: Nor does the length alone say the tempo of anything but a loop: steady noise has one attack.
_FEWEST_ATTACKS: Final = 2
_WALTZ: Final = 0.5
_EARLY_S: Final = 0.03  # an attack this little before a beat belongs to it


@dataclass(frozen=True, slots=True)
class Beat:
    """Tempo, metre and grid.

    Attributes
    ----------
    tempo : Tempo
    confidence : float
        Chance that the tempo is within 1 %.
    per_bar : int
        Beats a bar.
    count : int
        Beats of the musical length.
    downbeat_s : float
    """

    tempo: Tempo
    confidence: float
    per_bar: int
    count: int
    downbeat_s: float

    @property
    def length_s(self) -> float:
        """Musical length in seconds."""
        return self.count * 60 / self.tempo.bpm


def beat(signal: Signal) -> Beat | None:
    """The beat of a sound, or None where it has none.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    Beat or None
        None for single hits, and for anything but loops where no tempo stands out.
    """
    found: Beat | None = signal.shared("beat", _beat)
    return found


def _beat(signal: Signal) -> Beat | None:
    tempo = estimate(signal)
    if tempo is None:
        return None
    chance = kind.chances(signal)
    if chance["one-shot"] >= _ONE_SHOT:
        return None
    if chance["other"] > chance["loop"] and not _stands_out(signal, tempo):
        return None
    in_thirds = not tempo.from_length or round(tempo.beats) % 3 == 0
    per_bar = 3 if in_thirds and _chance_of_three(tempo) > _WALTZ else 4
    up_to_last = _bars(tempo, per_bar)
    bars = round(tempo.beats) / per_bar if tempo.from_length else up_to_last
    if bars % 1 or (not _is_usual(bars) and _is_usual(up_to_last)):
        bars = up_to_last  # what follows the last attack is a tail that rings on for some whole beats
    count = round(bars * per_bar)
    certainty = tempo.trust * min(1.0, (1 - chance["one-shot"]) / (1 - _DOUBT))
    return Beat(tempo, certainty, per_bar, count, tempo.origin_s)


def _stands_out(signal: Signal, tempo: Tempo) -> bool:
    """Whether something that is no loop has a tempo all the same, as excerpts of music have, and speech has not."""
    if tempo.mass < _SURE_OF_PHRASE or len(signal.onset_times) < _FEWEST_ATTACKS:
        return False
    pulse = small_net.load("pulse", kind_features.FEATURES)
    return float(pulse(kind_features.kind_features(signal)[None, :])[0, 0]) > 0


def _chance_of_three(tempo: Tempo) -> float:
    score = float(small_net.load("metre", FEATURES)(tempo.features[None, :])[0, 0])
    return float(1 / (1 + np.exp(-score)))


def _is_usual(bars: float) -> bool:
    return bars in (1, 2, 4, 8, 16, 32)


def _bars(tempo: Tempo, per_bar: int) -> int:
    """Bars up to the one in which the last attack falls, as many as the file has room for."""
    bar = per_bar * 60 / tempo.bpm
    needed = int((tempo.evidence.last_onset_s + _EARLY_S - tempo.origin_s) / bar) + 1
    room = round(tempo.length_s / bar)
    return max(1, min(needed, room))


def beat_times(signal: Signal) -> Any:
    """When each beat falls.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    np.ndarray [shape=(k,)], float64
        Seconds; empty where there is no beat.
    """
    found = beat(signal)
    if found is None:
        return np.zeros(0)
    return found.downbeat_s + np.arange(found.count) * (60 / found.tempo.bpm)


def compute(signal: Signal) -> dict[str, Any]:
    """Values of the group `rhythm`."""
    tempo = estimate(signal)
    found = beat(signal)
    clarity = None if tempo is None else tempo.clarity
    if found is None:
        return dict.fromkeys(_NAMES) | {"pulse_clarity": clarity}
    return {
        "bpm": found.tempo.bpm,
        "bpm_confidence": found.confidence,
        "bpm_alternative": found.tempo.alternative,
        "musical_length_s": found.length_s,
        "downbeat_s": found.downbeat_s,
        "pulse_clarity": clarity,
        "beat_count": found.count,
        "beats_per_bar": found.per_bar,
    }


_NAMES: Final = ("bpm", "bpm_confidence", "bpm_alternative", "musical_length_s", "downbeat_s", "beat_count",
                 "beats_per_bar")  # fmt: skip
