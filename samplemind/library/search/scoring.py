"""What distance means: the one place where it is computed, whichever way the candidates were found.

Of one sound that is liked, ``d(x, p) = 1 - max <v, x>`` over its variants v, which are unit vectors: 0 for the same,
1 for nothing in common, 2 for the opposite. A sound that has no such vector is neither near nor far: 1.

Of a term (one aspect), with weighted means over its sounds::

    D(x) = mean d(x, p)  +  0.5 mean max(0, 1 - d(x, n))         p: liked, n: not liked
    D(x) = mean (2 - d(x, n))                                    when none is liked

What is not liked pushes away those that are like it, and half as much as what is liked draws near (Rocchio 1971 has
the same asymmetry); to be unlike it beyond that earns nothing, so that D is never negative. The distance of a request
is the weighted sum over its terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

__all__ = ["FloatArray", "Neighbours", "Sound", "Term", "directions", "distances", "in_order", "totals"]

FloatArray = npt.NDArray[np.float32]
#: How much a sound that is not liked weighs beside one that is.
_UNLIKE: Final = 0.5
#: Products of unit vectors of 32 bits are uncertain by about this: what is nearer is the same.
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Sound:
    """One sound that is given as an example.

    Attributes
    ----------
    variants : numpy.ndarray [shape=(m, d)]
        Unit vectors; with several ("up to transposition") the nearest counts.
    weight : float
        Beside the other sounds of the term, above 0.
    """

    variants: FloatArray
    weight: float = 1.0


@dataclass(frozen=True)
class Term:
    """One aspect of a request.

    Attributes
    ----------
    column : str
        The vector that is compared.
    likes, unlikes : tuple of Sound
        At least one of both together.
    weight : float
        Those of all terms of a request sum to 1.
    """

    column: str
    likes: tuple[Sound, ...]
    unlikes: tuple[Sound, ...] = ()
    weight: float = 1.0


@dataclass
class Neighbours:
    """What an engine found, the nearest first; sounds that are equally near are in order of their ids.

    Attributes
    ----------
    ids : list of str
    distance : numpy.ndarray [shape=(n,)]
        Total distance, 0 or more.
    by_term : numpy.ndarray [shape=(n, terms)]
        That of each term, not weighted.
    exact : bool
        Whether every sound was looked at, rather than what an index offered.
    candidates : int
        How many sounds were compared exactly.
    """

    ids: list[str]
    distance: FloatArray
    by_term: FloatArray
    exact: bool = True
    candidates: int = 0


def distances(term: Term, vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Distance of each vector, in the precision of the vectors.

    Parameters
    ----------
    term : Term
    vectors : numpy.ndarray [shape=(n, d)]
        Unit vectors; rows of zeros where a sound has none, which makes its distance 1.

    Returns
    -------
    numpy.ndarray [shape=(n,)]
        0 or more.
    """
    if not term.likes:
        return _mean([(sound.weight, 2 - _of_sound(sound, vectors)) for sound in term.unlikes])
    total = _mean([(sound.weight, _of_sound(sound, vectors)) for sound in term.likes])
    if term.unlikes:
        shares = [(sound.weight, np.maximum(1 - _of_sound(sound, vectors), 0)) for sound in term.unlikes]
        total = total + np.asarray(_UNLIKE, total.dtype) * _mean(shares)
    return total


def _of_sound(sound: Sound, vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    variants = np.atleast_2d(sound.variants).astype(vectors.dtype, copy=False)
    # One after the other: threads of BLAS wait for each other where the machine has something else to do.
    likeness = np.vecdot(vectors, variants[0]) if len(variants) == 1 else (vectors @ variants.T).max(axis=1)
    found = np.clip(1 - likeness, 0, 2)
    found[found < _ROUNDING] = 0
    return cast("npt.NDArray[Any]", found)


def _mean(parts: Sequence[tuple[float, npt.NDArray[Any]]]) -> npt.NDArray[Any]:
    if len(parts) == 1:
        return parts[0][1]
    whole = sum(weight for weight, _ in parts)
    return cast("npt.NDArray[Any]", sum(np.asarray(weight / whole, part.dtype) * part for weight, part in parts))


def totals(terms: Sequence[Term], by_term: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The distances of all terms as one, by their weights."""
    weighted = (np.asarray(term.weight, part.dtype) * part for term, part in zip(terms, by_term, strict=True))
    return cast("npt.NDArray[Any]", sum(weighted))


def directions(term: Term) -> FloatArray:
    """Unit vectors near which the nearest sounds of a term lie, for an index to look around.

    Without variants a term is linear, as long as nothing not liked is farther than 1: then one direction says it all.
    With variants there is one for each of each liked sound.

    Returns
    -------
    numpy.ndarray [shape=(k, d)]
    """
    away = _middle(term.unlikes) if term.unlikes else np.zeros(1)
    if not term.likes:
        found = -away[None]
    elif all(len(np.atleast_2d(sound.variants)) == 1 for sound in term.likes):
        toward = _middle(term.likes)
        # With the unlikes beyond 1 nothing is pushed away: there the mean of the likes is what counts.
        found = np.stack([toward - _UNLIKE * away, toward]) if term.unlikes else toward[None]
    else:
        variants = np.concatenate([np.atleast_2d(sound.variants) for sound in term.likes])
        found = variants - _UNLIKE * away
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    kept = found[lengths[:, 0] > _ROUNDING] / lengths[lengths[:, 0] > _ROUNDING]
    return np.unique(kept.astype(np.float32), axis=0)


def _middle(sounds: Sequence[Sound]) -> npt.NDArray[Any]:
    weights = np.array([sound.weight for sound in sounds])
    means = np.stack([np.atleast_2d(sound.variants).mean(axis=0) for sound in sounds])
    return cast("npt.NDArray[Any]", (weights / weights.sum()) @ means)


def in_order(ids: Sequence[str], terms: Sequence[Term], vectors: Sequence[FloatArray], count: int | None) -> Neighbours:
    """Compare sounds exactly with all terms, and put them in their one order.

    Sums are made with 64 bits and rounded to 32, so that a distance does not depend on beside whom it was computed.

    Parameters
    ----------
    ids : sequence of str
    terms : sequence of Term
    vectors : sequence of numpy.ndarray [shape=(n, d)]
        For each term, those of `ids`.
    count : int or None
        How many of them to keep; None for all.
    """
    parts = [distances(term, part.astype(np.float64)) for term, part in zip(terms, vectors, strict=True)]
    if not terms:
        total, by_term = np.zeros(len(ids), np.float32), np.zeros((len(ids), 0), np.float32)
    else:
        total = totals(terms, parts).astype(np.float32)
        by_term = np.stack(parts, axis=1).astype(np.float32)
    order = np.lexsort((np.asarray(ids, dtype=object).astype(str), total))[:count]
    return Neighbours([ids[at] for at in order], total[order], by_term[order], candidates=len(ids))
