"""Tempo: one posterior over everything that the length of the file and its onsets could mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from samplemind.audio.clip import FloatArray
from samplemind.descriptors import small_net, tempo_kernels, tempo_trust
from samplemind.descriptors.tempo_candidates import FEATURES, candidates, features
from samplemind.descriptors.tempo_evidence import Evidence, gather

if TYPE_CHECKING:
    from samplemind.descriptors.signal import Signal

__all__ = ["OTHER", "SAME", "SHORTEST_S", "Tempo", "estimate"]

#: Nothing shorter is judged: two beats at 212 BPM.
SHORTEST_S: Final = 0.55
_SHORTEST_STEADY_S: Final = 1.2  # of sounds with one attack, as drones have
_ONE_HIT_S: Final = 0.25  # attacks within this time are one hit
_DIED_AWAY: Final = 0.05
SAME: Final = 0.006  # natural logarithm; candidates nearer than this say the same tempo
OTHER: Final = 0.03
_SUBDIVISIONS: Final = np.array([1.0, 2.0, 4.0])  # of a beat
_NUDGES: Final = np.linspace(-0.008, 0.008, 33)


@dataclass(frozen=True, slots=True)
class Tempo:
    """The most likely tempo.

    Attributes
    ----------
    bpm : float
    mass : float
        Posterior probability, given that there is a tempo.
    trust : float
        Chance that it is within 1 %, given that there is a tempo.
    alternative : float or None
        The runner-up, in BPM.
    from_length : bool
        The tempo makes the file a whole number of beats, and is as exact as its length.
    length_s, origin_s : float
        Of the whole beats, where `from_length`; else the file without its leading silence.
    repetition : float
        How alike the sound is to itself one beat or one bar later.
    clarity : float
        How much of the onset strength lies on the grid of beats, of their halves or of their quarters, 0 to 1.
    features : np.ndarray [shape=(len(FEATURES),)], float32
        What spoke for this tempo.
    evidence : Evidence
    """

    bpm: float
    mass: float
    trust: float
    alternative: float | None
    from_length: bool
    length_s: float
    origin_s: float
    repetition: float
    clarity: float
    features: FloatArray
    evidence: Evidence

    @property
    def beats(self) -> float:
        """Length in beats, whole where `from_length`."""
        return self.length_s * self.bpm / 60


def _is_worth_a_look(signal: Signal) -> bool:
    """Whether there is more than one hit that dies away, which most sounds of a library are."""
    onsets = signal.onset_times
    if len(onsets) > 1 and onsets[-1] - onsets[0] > _ONE_HIT_S:
        return signal.duration_s >= SHORTEST_S
    end = signal.envelope[-max(1, len(signal.envelope) // 10) :]
    return signal.duration_s >= _SHORTEST_STEADY_S and float(end.max()) > _DIED_AWAY * float(signal.envelope.max())


def _estimate(signal: Signal) -> Tempo | None:
    if not _is_worth_a_look(signal):
        return None
    evidence = gather(signal)
    found = candidates(evidence)
    described = features(evidence, found)
    scores = small_net.load("tempo", FEATURES)(described)[:, 0]
    best, mass, rival = tempo_kernels.choose(scores, found.bpm, SAME, OTHER)
    bpm = float(found.bpm[best]) if found.from_length[best] else _refined(evidence, float(found.bpm[best]))
    beat = 60 / bpm
    return Tempo(
        bpm=bpm,
        mass=mass,
        trust=tempo_trust.chance_of_right(mass),
        alternative=float(found.bpm[rival]) if rival >= 0 else None,
        from_length=bool(found.from_length[best]),
        length_s=float(found.length_s[best]),
        origin_s=float(found.origin_s[best]),
        repetition=max(evidence.repetition_at(beat * lag) for lag in (1, 2, 4, 8)),
        clarity=float(evidence.strength(_SUBDIVISIONS / beat).mean(axis=0).max()),
        features=described[best],
        evidence=evidence,
    )


def _refined(evidence: Evidence, bpm: float) -> float:
    """Move a tempo by up to 0.8 % to where its halves and quarters of beats fit best."""
    near = bpm * (1 + _NUDGES)
    fit = evidence.strength(near / 30).sum(axis=0) + evidence.strength(near / 15).sum(axis=0)
    return float(near[int(np.argmax(fit))])


def estimate(signal: Signal) -> Tempo | None:
    """Find the tempo, whatever sort of sound it is.

    Parameters
    ----------
    signal : Signal

    Returns
    -------
    Tempo or None
        None for sounds under `SHORTEST_S`, and for single hits that die away.
    """
    return signal.shared("tempo", _estimate)
