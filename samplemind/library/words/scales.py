"""Where sounds stand in their library: how many have less of something, and what sort each is taken for."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from samplemind.errors import LibraryError
from samplemind.library.search.scoring import Sound, Term
from samplemind.library.tables import Tables
from samplemind.library.words.parts import Scale, Sort, Target

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.indices import Engine

__all__ = ["STEPS", "Scales", "likely", "scales_of"]

Floats = npt.NDArray[np.float32]
Ranks = npt.NDArray[np.uint16]
Places = npt.NDArray[np.int64]

#: Standings from 1 (nobody has less) to this; 0 is not known.
STEPS: Final = 65_535
#: Values are put into so many steps by their first bits (of sign, exponent and 11 of the fraction: 2048 an octave).
_BITS: Final = 20
_SORTED: Final = 20_000
#: A descriptor that fewer sounds have is left out: it was not asked for when they were ingested.
_LEAST_KNOWN: Final = 0.02
#: How far the heard class, the class that a name claims, and a word or a label are believed.
_BY_NAME, _BY_WORD, _BY_LABEL = 0.85, 0.8, 0.97
#: The vector by which sounds of a class are typical; from so many on, drawn from so many, and so many put in order.
_VECTOR: Final = "embedding"
_LEAST_MEMBERS, _MODELS, _MOST_MEMBERS = 3, 1000, 5000
#: So many answers for sorts of sound are kept.
_KEPT: Final = 16
#: What is left of a heard class where the name claims another.
_CONTRADICTED: Final = 0.4
#: Of a narrow word ("crash") the class alone says only so much.
_BY_CLASS: Final = 0.6
#: What an unknown value counts: less than the middle.
_UNKNOWN: Final = 0.3


class Scales:
    """Standings and classes of all sounds of one version of a library, each worked out when first asked for.

    Parameters
    ----------
    engine : Engine
        In the state in which it is asked first.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._columns = engine.memory()
        self._evidence: dict[tuple[tuple[str, ...], bool], Floats] = {}
        self._members: dict[str, tuple[Places, Floats]] = {}
        self._standings: dict[tuple[str, bool], Ranks | None] = {}
        self._heard: tuple[list[str], npt.NDArray[np.uint8], Floats] | None = None
        self._named: tuple[list[str], npt.NDArray[np.uint8]] | None = None

    def standing(self, scale: Scale) -> Ranks | None:
        """How each sound stands: 1 to `STEPS`, equal values in the middle of their places; 0 where it is not known.

        Returns
        -------
        np.ndarray [shape=(sounds,)] or None
            None where hardly any sound has the descriptor.
        """
        key = (scale.column, scale.of_size)
        if key not in self._standings:
            self._standings[key] = None
            # A library that was made before there was this descriptor has no such column.
            with contextlib.suppress(LibraryError):
                series = self._columns.values(scale.column)
                values = series.cast(float, strict=False).fill_null(np.nan).to_numpy().astype(np.float32)
                self._standings[key] = _ranks(np.abs(values) if scale.of_size else values)
        return self._standings[key]

    def _read(self, scales: Sequence[Scale]) -> None:
        """Read the columns of scales at once, which is quicker than one by one."""
        missing = {scale.column for scale in scales if (scale.column, scale.of_size) not in self._standings}
        with contextlib.suppress(LibraryError):  # one that the library lacks is left out when it is asked for
            self._columns.read(sorted(missing))

    def evidence(self, sort: Sort) -> Floats:
        """How likely each sound is of a sort, by what was heard and what its name claims: 0 to 1.

        Both count as independent hints; a heard class that the name contradicts counts for less. Of the sounds that
        were heard as one class the most typical ones count for most (see `_heard_as`).
        """
        kept = (sort.classes, bool(sort.specific))
        if kept not in self._evidence:
            while len(self._evidence) >= _KEPT:
                self._evidence.pop(next(iter(self._evidence)))
            self._evidence[kept] = self._evidence_of(sort)
        return self._evidence[kept]

    def _evidence_of(self, sort: Sort) -> Floats:
        is_heard = np.zeros(self._columns.size, np.float32)
        for name in sort.classes:
            at, chances = self._heard_as(name)
            is_heard[at] = chances
        fits, contradicts = self._claims(sort)
        is_heard = np.where(contradicts, is_heard * np.float32(_CONTRADICTED), is_heard)
        chance = 1 - (1 - is_heard) * np.where(fits, np.float32(1 - _BY_NAME), np.float32(1))
        return chance * np.float32(_BY_CLASS) if sort.specific else chance

    def by_words(self, sort: Sort, at: Places, words: Sequence[frozenset[str]],
                 said: Sequence[frozenset[str]]) -> Floats:  # fmt: skip
        """The same for sounds whose words are known, by these words alone.

        A word of a name whose whole claims another class ("bass drum") says nothing; a tag or label always does.
        """
        contradicts = self._claims(sort)[1][at]
        chances = np.zeros(len(at), np.float32)
        for index, (of_name, of_labels) in enumerate(zip(words, said, strict=True)):
            if _has(sort, of_labels):
                chances[index] = _BY_LABEL
            elif not contradicts[index] and _has(sort, of_name):
                chances[index] = _BY_WORD
        return chances

    def _claims(self, sort: Sort) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Whose name claims the sort, and whose another one."""
        names, claimed = self._named_classes()
        fits = _among(names, claimed, sort.classes)
        return fits, (claimed > 0) & ~fits

    def towards(self, target: Target, at: Places, among: Places | None) -> Floats | None:
        """How far sounds go in a direction, 0 to 1.

        Parameters
        ----------
        target : Target
        at : np.ndarray
            Which sounds.
        among : np.ndarray or None
            With whom they are compared (bright for a kick); None: with all.

        Returns
        -------
        np.ndarray [shape=at.shape] or None
            None where the library has none of the descriptors.
        """
        total = np.zeros(len(at), np.float32)
        whole = 0.0
        self._read(target.scales)
        for scale in target.scales:
            ranks = self.standing(scale)
            if ranks is None:
                continue
            weight = abs(scale.weight)
            total += np.float32(weight) * _worth(target, scale, ranks[at], None if among is None else ranks[among])
            whole += weight
        return total / np.float32(whole) if whole else None

    def _heard_as(self, name: str) -> tuple[Places, Floats]:
        """The sounds that were heard as a class, and how sure that is: the confidences, given out anew by typicality.

        A linear model is surest of what lies farthest out: a plain sine was "the surest kick" of a library. The nearest
        to the mean vector of all that were heard as the class are right more often (of the first ten, with no names
        known: 0.86 rather than 0.78 on the sounds at hand, 0.75 rather than 0.60 on those of other worlds).
        """
        if name not in self._members:
            names, heard, sure = self._heard_classes()
            at = np.flatnonzero(_among(names, heard, [name]))
            chances = sure[at]
            if len(at) >= _LEAST_MEMBERS:
                order = self._by_typicality(name, at, chances)
                beyond = np.setdiff1d(at, order)
                at, chances = np.concatenate([order, beyond]), np.sort(chances)[::-1]
            self._members[name] = at, chances
        return self._members[name]

    def _by_typicality(self, name: str, at: Places, sure: Floats) -> Places:
        """Members of a class, the most typical first; of very many only so many."""
        from samplemind.library.search.filters import Filter

        chosen = np.arange(len(at))
        if len(at) > _MODELS:
            chosen = np.random.default_rng(0).choice(len(at), _MODELS, replace=False)
        vectors = self._engine.vectors(self._columns.ids(at[chosen]), [_VECTOR])[_VECTOR]
        weighted = [weight * vector for weight, vector in zip(sure[chosen], vectors, strict=True) if vector is not None]
        mean = np.sum(weighted, axis=0) if weighted else np.zeros(1)
        length = float(np.linalg.norm(mean))
        if length < 1e-6:
            return at[:0]
        term = Term(_VECTOR, (Sound((mean / length).astype(np.float32)[np.newaxis]),))
        near = self._engine.nearest([term], min(len(at), _MOST_MEMBERS), Filter.of("sample_class", "=", name))
        return self._columns.at(near.ids)

    def _heard_classes(self) -> tuple[list[str], npt.NDArray[np.uint8], Floats]:
        if self._heard is None:
            self._columns.read(["sample_class", "sample_class_confidence"])
            names, codes = _coded(self._columns.values("sample_class"))
            sure = self._columns.values("sample_class_confidence").fill_null(0.0).to_numpy().astype(np.float32)
            self._heard = names, codes, sure
        return self._heard

    def _named_classes(self) -> tuple[list[str], npt.NDArray[np.uint8]]:
        """What the names of files claim; of several files of a sound any one that claims something."""
        if self._named is None:
            sounds, claims = self._columns.of_files("name_class")
            names, codes = _coded(claims)
            of_sounds = np.zeros(self._columns.size, np.uint8)
            says = (codes > 0) & (sounds >= 0)
            of_sounds[sounds[says]] = codes[says]
            self._named = names, of_sounds
        return self._named


def _has(sort: Sort, words: frozenset[str]) -> bool:
    return bool(sort.words & words) or any(words.issuperset(name.split()) for name in sort.specific)


def scales_of(tables: Tables, engine: Engine) -> Scales:
    """The scales of a library as it is open now; one for all who ask."""
    kept = tables.kept.get("scales")
    if kept is None or kept[0] is not engine.memory():
        kept = tables.kept["scales"] = (engine.memory(), Scales(engine))
    scales: Scales = kept[1]
    return scales


def likely(strength: str, negated: bool, share: Floats) -> Floats:
    """How well a standing (share of sounds that have less) fits what was asked for: 0 to 1, smooth.

    A direction is half reached at two thirds of the sounds, "very" at nine tenths; "slightly" is best a little above
    the middle; "not" is the opposite of the plain direction.
    """
    if strength == "slightly" and not negated:
        return np.asarray(np.exp(-(((share - 0.65) / 0.15) ** 2)), np.float32)
    middle, steepness = (0.9, 24.0) if strength == "very" and not negated else (0.667, 10.0)
    up = 1 / (1 + np.exp(-steepness * (share - middle)))
    return np.asarray(1 - up if negated else up, np.float32)


def _worth(target: Target, scale: Scale, ranks: Ranks, among: Ranks | None) -> Floats:
    """What standings are worth for a target."""
    if len(ranks) <= STEPS:
        return _of_each(target, scale, ranks, among)
    return _of_each(target, scale, np.arange(STEPS + 1).astype(np.uint16), among)[ranks]  # cheaper as a table


def _of_each(target: Target, scale: Scale, ranks: Ranks, among: Ranks | None) -> Floats:
    share = ranks.astype(np.float32) / np.float32(STEPS)
    if among is not None:
        counts = np.bincount(among, minlength=STEPS + 1)
        counts[0] = 0
        upto = np.cumsum(counts)
        if upto[-1]:
            # Equal standings in the middle of the places that they have together.
            share = ((2 * upto - counts) / (2 * upto[-1])).astype(np.float32)[ranks]
    worth = likely(target.strength, target.negated, 1 - share if scale.weight < 0 else share)
    worth[ranks == 0] = _UNKNOWN
    return worth


def _ranks(values: Floats) -> Ranks | None:
    known = np.isfinite(values)
    count = int(known.sum())
    if count == 0 or count < _LEAST_KNOWN * len(values):
        return None
    if count <= _SORTED:
        edges = np.sort(values[known])
        place = np.searchsorted(edges, values[known], "left") + np.searchsorted(edges, values[known], "right")
    else:
        # Of very many a table is several times as quick as to sort them.
        bits = (values[known] + np.float32(0)).view(np.uint32)
        steps = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)) >> np.uint32(32 - _BITS)
        counts = np.bincount(steps, minlength=1 << _BITS)
        place = (2 * np.cumsum(counts) - counts)[steps]
    # Equal values stand in the middle of the places that they have together.
    ranks = np.zeros(len(values), np.uint16)
    ranks[known] = np.clip(np.rint(place * (STEPS / (2 * count))), 1, STEPS).astype(np.uint16)
    return ranks


def _coded(series: pl.Series) -> tuple[list[str], npt.NDArray[np.uint8]]:
    """Names as numbers from 1 on; 0 for none."""
    import polars as pl

    names = sorted(series.drop_nulls().unique().to_list())
    codes = series.replace_strict(names, list(range(1, len(names) + 1)), default=0, return_dtype=pl.UInt8)
    return names, codes.to_numpy()


def _among(names: list[str], codes: npt.NDArray[np.uint8], wanted: Collection[str]) -> npt.NDArray[np.bool_]:
    fits = np.zeros(256, bool)
    fits[[at for at, name in enumerate(names, 1) if name in wanted]] = True
    return fits[codes]
