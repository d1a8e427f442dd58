"""What the blocks of a long sound agree on: tempo, key, note and class, by a vote.

Each block that says something votes for it with its confidence times how long it sounds. The confidence of what wins
is its votes over those of a sound whose blocks are all sure of it: blocks that say something else, or nothing, lower
it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from samplemind.descriptors import sample_class, tonality

__all__ = ["Votes", "agreed"]

#: Share of the sounding time that has to agree, for a tempo and for the one note of a sound to be told.
_TEMPO_SHARE: Final = 0.5
_NOTE_SHARE: Final = 0.9
Doubles = npt.NDArray[np.float64]
_Name = str | Callable[[dict[str, Any]], Any]


class _Winner(NamedTuple):
    """The value with most votes, whose blocks have it, their votes, their share of the time, and the confidence."""

    value: Any
    blocks: list[int]
    votes: Doubles
    share: float
    confidence: float


class Votes:
    """The blocks that count.

    Parameters
    ----------
    values : sequence of dict
        What each says, by names of the catalogue.
    times : np.ndarray [shape=(k,)]
        How long each sounds.
    """

    #: Logarithm of the ratio of two tempi, and of two pitches, up to which they are the same.
    SAME_TEMPO: Final = 0.02
    SAME_NOTE: Final = np.log(2) / 24

    def __init__(self, values: Sequence[dict[str, Any]], times: Doubles) -> None:
        self.values = values
        self.times = times

    def winner(self, name: _Name, sure: str, same: float | None = None) -> _Winner | None:
        """The value that has most votes together with those that are the same; None where no block has one.

        Parameters
        ----------
        name : str or callable
            Which value, or how it is made of the values of a block.
        sure : str
            The name of its confidence.
        same : float, optional
            Largest ratio, as a logarithm, of numbers that count as the same; only equal ones if not given.
        """
        found = [(values.get(name) if isinstance(name, str) else name(values)) for values in self.values]
        blocks = [i for i, value in enumerate(found) if value is not None]
        if not blocks:
            return None
        votes = np.array([self.values[i].get(sure) or 0.0 for i in blocks]) * self.times[blocks]
        kinds = np.array([found[i] for i in blocks])
        likes = kinds[:, None] == kinds if same is None else np.abs(np.log(kinds[:, None] / kinds)) < same
        best = int(np.argmax(likes @ votes))
        mine = np.flatnonzero(likes[best])
        members = [blocks[i] for i in mine]
        total = max(float(self.times.sum()), 1e-9)
        share, confidence = float(self.times[members].sum()) / total, float(votes[mine].sum()) / total
        return _Winner(found[blocks[best]], members, votes[mine], share, min(1.0, confidence))

    def mean(self, name: str) -> float:
        """Mean over the time that sounds; what is null counts as 0."""
        return float(np.average([values.get(name) or 0.0 for values in self.values], weights=self.times))

    def of(self, winner: _Winner, name: str) -> Doubles:
        """The numbers of a name that the blocks of a winner have."""
        return np.array([self.values[i][name] for i in winner.blocks], np.float64)


def agreed(votes: Votes) -> dict[str, Any]:
    """All values that blocks vote for, as far as the blocks have them."""
    return {**_tempo(votes), **_key(votes), **_note(votes), **_class(votes)}


def _tempo(votes: Votes) -> dict[str, Any]:
    nothing = dict.fromkeys(("bpm", "bpm_confidence", "bpm_alternative", "beats_per_bar"))
    won = votes.winner("bpm", "bpm_confidence", votes.SAME_TEMPO)
    if won is None or won.share < _TEMPO_SHARE:
        return nothing
    bpm = votes.of(won, "bpm")
    order = np.argsort(bpm)
    votes_so_far = np.cumsum(won.votes[order])
    middle = float(bpm[order][np.searchsorted(votes_so_far, votes_so_far[-1] / 2)])
    members = Votes([votes.values[i] for i in won.blocks], votes.times[won.blocks])
    other = members.winner("bpm_alternative", "bpm_confidence", votes.SAME_TEMPO)
    metre = members.winner("beats_per_bar", "bpm_confidence")
    return {
        "bpm": middle,
        "bpm_confidence": won.confidence,
        "bpm_alternative": other.value if other is not None else None,
        "beats_per_bar": int(metre.value) if metre is not None else None,
    }


def _key(votes: Votes) -> dict[str, Any]:
    def name(values: dict[str, Any]) -> str | None:
        return None if values.get("key") is None else f"{values['key']} {values['scale']}"

    won = votes.winner(name, "key_confidence")
    if won is None:
        return {"key": None, "scale": None, "key_confidence": votes.mean("key_confidence")}
    told = won.confidence >= tonality.TOLD
    key, scale = won.value.split()
    return {"key": key if told else None, "scale": scale if told else None, "key_confidence": won.confidence}


def _note(votes: Votes) -> dict[str, Any]:
    won = votes.winner("f0_hz", "pitch_confidence", votes.SAME_NOTE)
    confidence = votes.mean("pitch_confidence") if won is None else won.confidence
    if won is None or won.share < _NOTE_SHARE:
        return {"f0_hz": None, "cents_off": None, "midi_note": None, "pitch_confidence": confidence}
    f0 = float(np.exp(np.average(np.log(votes.of(won, "f0_hz")), weights=won.votes + 1e-12)))
    note = 69 + 12 * np.log2(f0 / 440)
    return {"f0_hz": f0, "cents_off": 100 * (note - round(note)), "midi_note": round(note),
            "pitch_confidence": confidence}  # fmt: skip


def _class(votes: Votes) -> dict[str, Any]:
    won = votes.winner("sample_class", "sample_class_confidence")
    if won is None:
        return {"sample_class": None, "sample_class_confidence": votes.mean("sample_class_confidence")}
    told = won.confidence >= sample_class.LEAST
    return {"sample_class": won.value if told else None, "sample_class_confidence": won.confidence}
