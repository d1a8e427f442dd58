"""What a phrase was understood as: pieces that know where they stand in it, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from samplemind.library.words.text import tokens

if TYPE_CHECKING:
    from samplemind.library.search.filters import Filter

__all__ = ["Check", "Like", "Limit", "Op", "Part", "Scale", "Sort", "Strength", "Target", "Understanding", "Words"]

Op = Literal["=", "<", "<=", ">", ">=", "between"]
Strength = Literal["slightly", "", "very"]
_NOTES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a phrase.

    Attributes
    ----------
    start, end : int
        Where it stands in the phrase.
    text : str
        As it was written.
    negated : bool
        Whether a "not", "no", "without" or "-" stands before it.
    """

    start: int
    end: int
    text: str
    negated: bool = False

    @property
    def said(self) -> str:
        """What it means, in a few words that are the same however it was written."""
        raise NotImplementedError

    @property
    def means(self) -> str:
        """What it means, for a person."""
        return self.said


@dataclass(frozen=True, slots=True)
class Check:
    """A comparison of one column with values."""

    column: str
    op: Op
    values: tuple[Any, ...]

    @property
    def said(self) -> str:
        """As a person would write it."""
        if self.op == "between":
            return f"{self.column} between {_short(self.values[0])} and {_short(self.values[1])}"
        if self.column == "midi_note" and len(self.values) > 1:
            return f"note = {_NOTES[self.values[0] % 12]}"
        return f"{self.column} {self.op} {' or '.join(_short(value) for value in self.values)}"

    def filter(self) -> Filter:
        """The same as a condition; a sound that lacks the value does not fulfil it."""
        from samplemind.library.search.filters import Filter

        if self.op == "between":
            return Filter.between(self.column, *self.values)
        if len(self.values) > 1:
            return Filter.any_of(self.column, self.values)
        return Filter.of(self.column, self.op, self.values[0])


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True)
class Limit(Part):
    """A hard limit: what does not keep it, or is not known, is not found.

    Attributes
    ----------
    cases : tuple of tuple of Check
        One of the cases has to hold, and of it every check.
    """

    cases: tuple[tuple[Check, ...], ...] = ()

    @property
    def said(self) -> str:
        """As it is compared."""
        text = " or ".join(" and ".join(check.said for check in case) for case in self.cases)
        return f"not ({text})" if self.negated else text

    @property
    def means(self) -> str:
        """The same, and which sounds that shuts out."""
        columns = sorted({check.column for case in self.cases for check in case})
        return f"{self.said} (not where {' or '.join(columns)} is unknown)"

    def filter(self) -> Filter:
        """As a condition."""
        whole: Filter | None = None
        for case in self.cases:
            both: Filter | None = None
            for check in case:
                both = check.filter() if both is None else both & check.filter()
            assert both is not None
            whole = both if whole is None else whole | both
        assert whole is not None
        return ~whole if self.negated else whole


@dataclass(frozen=True, slots=True)
class Sort(Part):
    """What sort of sound it is: by what was heard, what its name says, and its words; soft evidence.

    Attributes
    ----------
    classes : tuple of str
        Of `sample_class`: one of them.
    specific : tuple of str
        A narrower word than the class ("crash" of the cymbals), which counts for more than the class.
    words : frozenset of str
        Tokens that say the same.
    group : str
        A name for many classes together.
    """

    classes: tuple[str, ...] = ()
    specific: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    group: str = ""

    @property
    def said(self) -> str:
        """The classes, and in brackets what is narrower."""
        text = self.group or " or ".join(self.classes)
        if self.specific:
            text += f" ({' or '.join(self.specific)})"
        return f"not {text}" if self.negated else text

    @property
    def means(self) -> str:
        """With where it is looked for."""
        narrow = f", best where its words say {' or '.join(self.specific)}" if self.specific else ""
        kinds = self.group or " or ".join(self.classes)
        return f"{'not ' if self.negated else ''}class {kinds}, as heard or by its words{narrow}"


@dataclass(frozen=True, slots=True)
class Scale:
    """A descriptor that a word is heard in.

    Attributes
    ----------
    column : str
    weight : float
        Negative where low values are meant.
    of_size : bool
        Whether the size of the value counts, without its sign.
    """

    column: str
    weight: float
    of_size: bool = False


@dataclass(frozen=True, slots=True)
class Target(Part):
    """A direction: the sounds of the library that have most (or least) of something.

    Attributes
    ----------
    name : str
    scales : tuple of Scale
        Where it is heard; those that a library lacks are left out.
    strength : {'slightly', '', 'very'}
    """

    name: str = ""
    scales: tuple[Scale, ...] = ()
    strength: Strength = ""

    @property
    def said(self) -> str:
        """The direction and how far."""
        return f"{'not ' if self.negated else ''}{f'{self.strength} ' if self.strength else ''}{self.name}"

    @property
    def means(self) -> str:
        """With the descriptors in question."""
        where = ", ".join(
            f"{'high' if scale.weight > 0 else 'low'} {'|' if scale.of_size else ''}{scale.column}"
            f"{'|' if scale.of_size else ''}" for scale in self.scales
        )  # fmt: skip
        share = {"slightly": "a little above the middle", "": "in the top third", "very": "in the top tenth"}
        return f"{self.said}: {'not ' if self.negated else ''}{share[self.strength]} of {where}"


@dataclass(frozen=True, slots=True)
class Words(Part):
    """Words to look up in names, folders, tags, labels and comments.

    Attributes
    ----------
    words : tuple of str
        As tokens.
    place : {'', 'exact', 'folders'}
        Whether they have to stand there, side by side, and where.
    forms : tuple of str
        Other spellings of a name, such as that of a genre; then nothing else of the text is looked up.
    together : tuple of str
        Words that are the name where all of them stand.
    """

    words: tuple[str, ...] = ()
    place: Literal["", "exact", "folders"] = ""
    forms: tuple[str, ...] = ()
    together: tuple[str, ...] = ()

    @property
    def looked_up(self) -> tuple[str, ...]:
        """The words any of which may stand there."""
        return (*self.words, *(self.forms if self.together else tokens(self.text)))

    @property
    def said(self) -> str:
        """The words."""
        return " ".join(self.words)

    @property
    def means(self) -> str:
        """With what they are held against."""
        how = {"": "the word", "exact": "exactly", "folders": "in a folder named"}[self.place]
        return f"{'not ' if self.negated else ''}{how} {self.said!r}"


@dataclass(frozen=True, slots=True)
class Like(Part):
    """Sounds that are like another: one in the library, or those whose words match.

    Attributes
    ----------
    sound : str
        An id, a path, or words.
    """

    sound: str = ""

    @property
    def said(self) -> str:
        """What it is compared with."""
        return f"not {self.sound}" if self.negated else self.sound

    @property
    def means(self) -> str:
        """With what that is."""
        return f"{'unlike' if self.negated else 'like'} the sound {self.sound!r}, or those whose words match it"


@dataclass(frozen=True)
class Understanding:
    """How a phrase was understood.

    Attributes
    ----------
    phrase : str
    parts : tuple of Part
        In the order of the phrase.
    notes : tuple of str
        What a person should know besides.
    """

    phrase: str
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def filters(self) -> tuple[Limit, ...]:
        """The hard limits."""
        return tuple(part for part in self.parts if isinstance(part, Limit))

    @property
    def sorts(self) -> tuple[Sort, ...]:
        """What sort of sound it is."""
        return tuple(part for part in self.parts if isinstance(part, Sort))

    @property
    def targets(self) -> tuple[Target, ...]:
        """Directions on the scales of the library."""
        return tuple(part for part in self.parts if isinstance(part, Target))

    @property
    def texts(self) -> tuple[Words, ...]:
        """Words to look up, with how."""
        return tuple(part for part in self.parts if isinstance(part, Words))

    @property
    def words(self) -> tuple[str, ...]:
        """Those of them that may be missing."""
        return tuple(w for part in self.texts if not part.place and not part.negated for w in part.words)

    @property
    def likes(self) -> tuple[Like, ...]:
        """Sounds to compare with."""
        return tuple(part for part in self.parts if isinstance(part, Like))

    @property
    def condition(self) -> Filter | None:
        """All hard limits together; None if there are none."""
        whole: Filter | None = None
        for limit in self.filters:
            whole = limit.filter() if whole is None else whole & limit.filter()
        return whole

    def spoken(self) -> list[str]:
        """Lines for a person: each piece as it was written, and what it means."""
        lines = [f"{part.text} -> {part.means}" for part in self.parts]
        return [*lines, *self.notes]

    def to_dict(self) -> dict[str, Any]:
        """The same for a program."""
        rows = [
            {"start": p.start, "end": p.end, "text": p.text, "as": type(p).__name__.lower(), "means": p.said,
             "negated": p.negated} for p in self.parts
        ]  # fmt: skip
        return {"phrase": self.phrase, "parts": rows, "notes": list(self.notes)}
