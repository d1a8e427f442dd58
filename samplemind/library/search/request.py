"""A search as a person says it, step by step: nothing is looked up before its answer is asked for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from samplemind.errors import ParameterError
from samplemind.library.paths import absolute, is_storable, to_text
from samplemind.library.query import checked, find_id, orders_of, whole
from samplemind.library.search.filters import Filter, as_filter
from samplemind.library.search.sounds import (
    ASPECTS,
    NUMBERS,
    OVERALL,
    Given,
    aspect_column,
    aspect_name,
    check_region,
    check_sound,
)

if TYPE_CHECKING:
    import polars as pl

    from samplemind.library.search.results import Explanation, Results
    from samplemind.library.store import Library

__all__ = ["DEFAULT_LIMIT", "FOUND_COLUMNS", "RESULT_COLUMNS", "SHOWN_COLUMNS", "Example", "Search"]

DEFAULT_LIMIT: Final = 50
#: What is shown of each sound when nobody says what.
FOUND_COLUMNS: Final = ("path", "id", "kind", "sample_class", "bpm", "key", "scale", "midi_note", "duration_s")
#: Numbers that only an answer has; `where` and `sort` may name them, too.
RESULT_COLUMNS: Final = frozenset({"distance", "score", *(f"distance_{name}" for name in ASPECTS)})
#: Weights only count beside each other.
_HEAVIEST: Final = 1e9
#: What can be shown of an answer; the matched words cannot be compared.
SHOWN_COLUMNS: Final = RESULT_COLUMNS | {"words"}

Aspects = str | Iterable[str] | Mapping[str, float]


@dataclass(frozen=True)
class Example:
    """A sound that what is found should be like, or unlike.

    Attributes
    ----------
    given : Given
    aspects : tuple of (str, float)
        Columns of vectors, and how much each counts.
    weight : float
    """

    given: Given
    aspects: tuple[tuple[str, float], ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Search:
    """What is looked for in a library; make one with `Library.search`.

    Every method gives a new search, and nothing runs before `run`, `to_polars`, `ids`, `explain`, or going through it.

    Examples
    --------
    >>> found = (  # doctest: +SKIP
    ...     library.search()
    ...     .like("kick.wav", aspects={"timbre": 1, "envelope": 0.5})
    ...     .unlike("boomy kick.wav")
    ...     .where("bpm BETWEEN :low AND :high", low=120, high=126)
    ...     .tagged("favourite")
    ...     .limit(20)
    ...     .to_polars()
    ... )
    """

    library: Library
    likes: tuple[Example, ...] = ()
    unlikes: tuple[Example, ...] = ()
    phrase: str = ""
    condition: Filter | None = None
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    labels: tuple[tuple[str, Any], ...] = ()
    collections: tuple[str, ...] = ()
    any_transposition: bool = False
    any_tempo: bool = False
    without_equal: bool = False
    chosen: tuple[str, ...] | None = None
    order: str | None = None
    count: int = DEFAULT_LIMIT
    skipped: int = 0

    def like(self, sound: Any, *, aspects: Aspects | None = None, weight: float = 1.0, start: float | None = None,
             end: float | None = None, sample_rate: int | None = None) -> Search:  # fmt: skip
        """Ask for sounds that are like one; several calls add up.

        Parameters
        ----------
        sound : str, path-like, Clip or array_like [shape=(n,) or (channels, n)]
            The start of an id, a path in the library, any sound file, what was decoded of one, or samples.
        aspects : str, iterable of str, or mapping of str to float, optional
            What to compare: overall, spectrum, timbre, pitch, envelope, rhythm, harmony; several with weights. If not
            given, those of the call before, or overall in the first.
        weight : float
            Beside the other sounds, above 0.
        start, end : float, optional
            Compare with this part of the sound only (s).
        sample_rate : int, optional
            Hz; needed for samples, and only for them.

        Raises
        ------
        ParameterError
            For an unknown aspect, a weight that is not above 0, or a region that cannot be one.
        """
        return replace(self, likes=(*self.likes, self._example(sound, aspects, weight, start, end, sample_rate)))

    def unlike(self, sound: Any, *, aspects: Aspects | None = None, weight: float = 1.0, start: float | None = None,
               end: float | None = None, sample_rate: int | None = None) -> Search:  # fmt: skip
        """Push away what is like a sound; parameters as for `like`."""
        return replace(self, unlikes=(*self.unlikes, self._example(sound, aspects, weight, start, end, sample_rate)))

    def _example(self, sound: Any, aspects: Aspects | None, weight: float, start: float | None, end: float | None,
                 sample_rate: int | None) -> Example:  # fmt: skip
        check_sound(sound, sample_rate)
        check_region(start, end)
        if aspects is None:
            before = (*self.likes, *self.unlikes)
            columns = before[-1].aspects if before else ((aspect_column(OVERALL), 1.0),)
        else:
            columns = _weighted(aspects)
        return Example(Given(sound, sample_rate, start, end), columns, _weight("weight", weight))

    def tolerant(self, *, transposition: bool = True, tempo: bool = True) -> Search:
        """Compare harmony in whichever key, and rhythm at any tempo from half to double.

        It changes only how the aspects harmony and rhythm are compared.
        """
        return replace(self, any_transposition=transposition, any_tempo=tempo)

    def text(self, phrase: str) -> Search:
        """Ask in words: ``"dark punchy kick"``, ``"loop in A minor, 120-125 bpm, not distorted"``."""
        if not isinstance(phrase, str):
            raise ParameterError(f"text: {phrase!r}; give a phrase as a text, as in 'dark punchy kick'")
        return replace(self, phrase=f"{self.phrase} {phrase}".strip())

    def where(self, condition: str | Filter | None, /, **values: Any) -> Search:
        """Only sounds (or files) of which a condition holds; several calls have to hold together.

        Parameters
        ----------
        condition : str or Filter
            SQL as for `Filter.parse`; ``distance``, ``distance_timbre``, … and ``score`` are columns here, too.
        **values
            What ``:name`` in it stands for.
        """
        added = as_filter(condition, values, RESULT_COLUMNS)
        both = added if added is None or self.condition is None else self.condition & added
        return replace(self, condition=both or self.condition)

    def tagged(self, *tags: str | Iterable[str]) -> Search:
        """Only sounds that have all of these tags."""
        return replace(self, tags=(*self.tags, *_texts("tags", _flat(tags))))

    def untagged(self, *tags: str | Iterable[str]) -> Search:
        """Only sounds that have none of these tags."""
        return replace(self, without_tags=(*self.without_tags, *_texts("tags", _flat(tags))))

    def labelled(self, task: str, value: Any = None) -> Search:
        """Only sounds of which a value was said for a task (any value if not given)."""
        said = _texts("value", [value])[0] if isinstance(value, str) else value
        return replace(self, labels=(*self.labels, (_texts("task", [task])[0], said)))

    def within(self, collection: str) -> Search:
        """Only sounds of a collection; in its order, unless something else gives one."""
        return replace(self, collections=(*self.collections, *_texts("collection", [collection])))

    def skip_equal(self, skip: bool = True) -> Search:
        """Leave out sounds whose samples are those of an example, or of a sound found before: only its file differs."""
        return replace(self, without_equal=skip)

    def columns(self, *names: str | Sequence[str]) -> Search:
        """What to say of each sound: columns of `files` and `samples`, and of the answer.

        Where none of ``score``, ``words``, ``distance``, … is among them, those that there are come first; else it is
        just these columns, in this order.
        """
        flat = _flat(names)
        if not all(isinstance(name, str) for name in flat):
            raise ParameterError(f"columns: {names!r}; give names")
        return replace(self, chosen=tuple(checked(flat, SHOWN_COLUMNS)) if flat else None)

    def sort(self, sql: str | None) -> Search:
        """Give what is found in another order: ``"bpm DESC, path"``; nulls come last.

        Of a search by sound or by words the best are taken first, and these are sorted.
        """
        orders_of(sql, RESULT_COLUMNS)
        return replace(self, order=sql)

    def limit(self, count: int) -> Search:
        """How many sounds at most."""
        return replace(self, count=whole(count, 1))

    def offset(self, count: int) -> Search:
        """How many of the first to leave out, for the next page."""
        return replace(self, skipped=whole(count, 0, "offset"))

    def run(self) -> Results:
        """Look it up.

        Raises
        ------
        LibraryError, AudioError, ParameterError
            When an example is no sound of the library and no other, or has nothing to be compared by.
        """
        from samplemind.library.search.run import run

        return run(self)

    def to_polars(self) -> pl.DataFrame:
        """The sounds that were found, one a row: distances, matched words, then the columns."""
        return self.run().frame

    def ids(self) -> list[str]:
        """Ids of the sounds that were found, in order."""
        return self.run().ids

    def explain(self) -> Explanation:
        """How the search was understood, and how it was answered."""
        return self.run().explanation

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.run())

    def __repr__(self) -> str:
        told = [repr(self.library), *([f"where {self.condition}"] if self.condition else [])]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name not in ("library", "condition") and value != field.default:
                told.append(f"{field.name}={value!r}")
        return f"Search({', '.join(told)})"

    def to_dict(self) -> dict[str, Any]:
        """The search as JSON can hold it, to be kept; see `from_dict`.

        An example that is in the library is kept as its id, a file outside of it as its whole path.

        Raises
        ------
        ParameterError
            When an example is an array or a clip.
        """
        kept: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "library" or value == field.default:
                continue
            if field.name in ("likes", "unlikes"):
                value = [_kept(self.library, example) for example in value]
            kept[field.name] = str(value) if isinstance(value, Filter) else value
        return kept

    @classmethod
    def from_dict(cls, library: Library, kept: Mapping[str, Any]) -> Search:
        """A search that was kept.

        Raises
        ------
        ParameterError
            When it is none.
        """
        search = cls(library)
        try:
            for key, add in (("likes", Search.like), ("unlikes", Search.unlike)):
                for one in kept.get(key, ()):
                    search = add(search, **one)
            search = search.text(kept.get("phrase", "")).where(kept.get("condition", ""))
            search = search.tagged(*kept.get("tags", ())).untagged(*kept.get("without_tags", ()))
            for task, value in kept.get("labels", ()):
                search = search.labelled(task, value)
            for name in kept.get("collections", ()):
                search = search.within(name)
            search = search.tolerant(
                transposition=bool(kept.get("any_transposition")), tempo=bool(kept.get("any_tempo"))
            )
            search = search.skip_equal(bool(kept.get("without_equal"))).columns(*(kept.get("chosen") or ()))
            search = search.sort(kept.get("order")).limit(kept.get("count", DEFAULT_LIMIT))
            return search.offset(kept.get("skipped", 0))
        except (TypeError, ValueError, AttributeError) as error:
            raise ParameterError(f"search: {str(kept)[:200]} is no search that was kept ({error})") from None


def _kept(library: Library, example: Example) -> dict[str, Any]:
    given = example.given
    if not isinstance(given.sound, (str, os.PathLike)):
        raise ParameterError(f"search: {given.said} cannot be kept; write it to a file and give its path")
    aspects = {aspect_name(column): weight for column, weight in example.aspects}
    text = os.fspath(given.sound)
    sound = library.tables.fresh(find_id, text) if is_storable(text) else None
    if sound is None:
        sound = absolute(text) if os.path.lexists(absolute(text)) else text
    return {"sound": sound, "aspects": aspects, "weight": example.weight, "start": given.start,
            "end": given.end}  # fmt: skip


def _weighted(aspects: Aspects) -> tuple[tuple[str, float], ...]:
    named: Mapping[str, float]
    if isinstance(aspects, Mapping):
        named = aspects
    elif not isinstance(aspects, Iterable):
        raise ParameterError(f"aspects: {aspects!r}; give names, or names with weights: {{'timbre': 1}}")
    else:
        names: Sequence[str] = [aspects] if isinstance(aspects, str) else list(aspects)
        named = {name: 1.0 for name in names if aspect_column(name)}
    if not named:
        raise ParameterError(f"aspects: {aspects!r} names none; choose of {', '.join(ASPECTS)}")
    return tuple((aspect_column(name), _weight(f"aspects: {name}", weight)) for name, weight in named.items())


def _weight(what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, NUMBERS) or not 0 < value < _HEAVIEST:
        raise ParameterError(f"{what}: {value!r}; give a weight above 0")
    return float(value)


def _flat(values: Iterable[Any]) -> list[Any]:
    """Values one by one, where some came as lists."""
    groups = (list, tuple, set, frozenset)
    return [one for value in values for one in (value if isinstance(value, groups) else (value,))]


def _texts(what: str, values: Iterable[object]) -> tuple[str, ...]:
    for value in values:
        if not isinstance(value, str) or not value.strip() or not is_storable(value):
            raise ParameterError(f"{what}: {value!r}; give a text")
    return tuple(to_text(str(value)) for value in values)
