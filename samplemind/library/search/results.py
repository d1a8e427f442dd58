"""What a search found, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Explanation", "Results"]


@dataclass
class Explanation:
    """How a search was understood, and how it was answered.

    Attributes
    ----------
    phrase : str
    understood : list of str
        How each piece of the phrase was understood.
    filter : str or None
        The whole condition.
    among : list of str
        What else narrows it down: tags, labels, collections.
    aspects : dict of str to float
        What is compared, and how much it counts; together 1.
    likes, unlikes : list of str
    tolerant : list of str
        What is allowed to differ.
    engine : str
        Who answered.
    exact : bool
        Whether every sound was looked at.
    candidates : int
        How many sounds were compared exactly.
    shown : int
        How many of them are on this page.
    order : str
    notes : list of str
    """

    phrase: str = ""
    understood: list[str] = field(default_factory=list)
    filter: str | None = None
    among: list[str] = field(default_factory=list)
    aspects: dict[str, float] = field(default_factory=dict)
    likes: list[str] = field(default_factory=list)
    unlikes: list[str] = field(default_factory=list)
    tolerant: list[str] = field(default_factory=list)
    engine: str = ""
    exact: bool = True
    candidates: int = 0
    shown: int = 0
    order: str = ""
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The same, for a person to read."""
        weights = ", ".join(f"{name} {weight:.0%}" for name, weight in self.aspects.items())
        how = f"{self.engine}, {'exact' if self.exact else 'among what an index offered'}"
        told = [
            ("phrase", [self.phrase] if self.phrase else []), ("understood", self.understood),
            ("filter", [self.filter] if self.filter else []), ("among", self.among),
            ("like", self.likes), ("unlike", self.unlikes), ("compared by", [weights] if weights else []),
            ("tolerant", self.tolerant), ("order", [self.order]),
            ("answered", [f"{how}: {self.candidates} looked at, {self.shown} shown"]), ("note", self.notes),
        ]  # fmt: skip
        return [
            f"{name if not at else '':<12} {text}".rstrip() for name, texts in told for at, text in enumerate(texts)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The same, for a program."""
        return asdict(self)

    def __str__(self) -> str:
        return "\n".join(self.lines())


@dataclass
class Results:
    """What a search found.

    Attributes
    ----------
    frame : polars.DataFrame
        One row a sound: `score` and `words` (of a search in words), `distance` and `distance_<aspect>` (by sound), then
        the columns that were asked for.
    ids : list of str
        Of the sounds, in the same order.
    explanation : Explanation
    seconds : float
        How long it took.
    reasons : list of dict of str to float
        Of a search in words, what each of its pieces gave each sound, 0 to 1.
    """

    frame: pl.DataFrame
    ids: list[str]
    explanation: Explanation
    seconds: float
    reasons: list[dict[str, float]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.frame.iter_rows(named=True)

    def to_polars(self) -> pl.DataFrame:
        """The rows."""
        return self.frame

    def _repr_html_(self) -> str:
        return self.frame._repr_html_()
