"""A plain phrase becomes limits, sorts of sound, directions and words.

In turn: quotes and folders, numbers, keys and notes, what is to be alike, the words of the lexicon; whatever is left is
looked up as words. Every piece takes its span of the phrase, so that none is read twice, and all can be shown.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from samplemind.errors import ParameterError
from samplemind.library.words.joining import joined
from samplemind.library.words.lexicon import (
    DEGREES,
    NEGATORS,
    NOISE,
    STOP,
    NamedEntry,
    SortEntry,
    TargetEntry,
    genres,
    meanings,
)
from samplemind.library.words.parts import Check, Like, Limit, Op, Part, Sort, Strength, Target, Understanding, Words
from samplemind.library.words.pitch import CHORD, pitches
from samplemind.library.words.quantities import quantities
from samplemind.library.words.spelling import nearest
from samplemind.library.words.text import PICTURE, folded, tokens

__all__ = ["LONGEST_PHRASE", "understand"]

#: Of a longer phrase the rest is not read.
LONGEST_PHRASE: Final = 1000
_MOST_TOKENS: Final = 4
#: How far before a piece one looks for what changes its meaning.
_REACH: Final = 48

_QUOTED: Final = re.compile(r"[\"“”„«]([^\"“”„«»]{1,200})[\"“”»]")
_FOLDER: Final = re.compile(
    r"(?<!\w)(?:(?:in|from|inside|under)\s+(?:the\s+)?(?:folder|directory)s?|folder:|folder\s+named)\s*"
    r"(?:[\"“„]([^\"“”„]{1,300})[\"”“]|([^\s,;]{1,300}))",
    re.IGNORECASE,
)
_LIKENESS: Final = (
    r"(?<!\w)(?:(?:sounds?|sounding|a lot)\s+)?(like|similar to|resembling|unlike|dissimilar to)\s+(?:(?:an?|the)\s+)?"
)
_LIKE_PATH: Final = re.compile(
    _LIKENESS + r"(?:[\"“„]([^\"“”„]{1,400})[\"”“]|([^\s,;\"]*/[^\s,;\"]+|[0-9a-f]{12,64}(?!\w)"
    r"|(?:(?!(?:but|not|and|without)\s)[^\s,;\"]{1,80}\s+){0,7}?[^\s,;\"]+\.(?:wav|wave|flac|mp3|aiff?|ogg|opus|m4a|mp4|caf)(?!\w)))",
    re.IGNORECASE,
)
_LIKE_WORDS: Final = re.compile(_LIKENESS + r"(?=[\w#])", re.IGNORECASE)
_LIKE_END: Final = re.compile(
    r"[,;]|(?<!\w)(?:but|not|no|without|except|and|with|in|under|over|that|which|faster|slower|longer|shorter)(?!\w)",
    re.IGNORECASE,
)
_TOKEN: Final = re.compile(rf"[^\W_]+(?:['’][^\W_]+)?#?|{PICTURE}")
_GAP: Final = re.compile(r"[\s\-_./]{0,3}")
_OR_WORDS: Final = frozenset({"or", "and"})
_NOT: Final = re.compile(
    r"(?:(?:(?<!\w)(?:not|no|non|without|w/o|minus|except(?:\s+for)?|excluding|isn['’]?t|never|neither|nor|lacking"
    r"|less|least|other\s+than|apart\s+from|(?:any|every|all)(?:thing|one)?(?:\s+[\w-]+){0,2}\s+but)"
    r"[\s-]+(?:(?:too|very|so|any|a|an|the|really|much|that|all|in|at)\s+){0,2})|(?:(?<=[\s,(])|^)[-−!])$",
    re.IGNORECASE,
)
_DEGREE: Final = re.compile(
    r"(?<!\w)(?:(?P<very>very|extremely|really|super|ultra|highly|most|insanely)"
    r"|(?P<slightly>slightly|(?:a\s+)?(?:little|bit)(?:\s+of\s+a)?|somewhat|fairly|rather|kinda|kind\s+of|quite"
    r"|moderately)|more|even|too|so)[\s-]+$",
    re.IGNORECASE,
)
_AVERAGE: Final = re.compile(r"(?<!\w)than\s+(?:the\s+)?(?:average|usual|normal|most|others?|typical)(?!\w)", re.I)
#: What is said of it follows.
_ANY_BUT: Final = re.compile(
    r"(?<!\w)(?:(?:any|every|all)(?:thing|one)?(?:\s+(?:other\s+)?(?:key|scale|tempo|note|sound|sample|file)s?)?\s+but"
    r"|(?:(?:any|every|all)(?:thing|one)?\s+)?(?:(?:key|scale|tempo|note|sound|sample|file)s?\s+)?"
    r"(?:other\s+than|apart\s+from))(?!\w)",
    re.IGNORECASE,
)
_INTERVAL: Final = re.compile(CHORD, re.IGNORECASE)
_HALF: Final = re.compile(r"(?<!\w)(?:half|double)[ -]?(?:time|tempo)(?!\w)", re.IGNORECASE)
_IS_PICTURE: Final = re.compile(PICTURE)
_INVERSE: Final[dict[Op, Op]] = {">": "<=", "<": ">=", "<=": ">", ">=": "<"}

Known = Callable[[str], bool]


def understand(phrase: str, known: Known | None = None) -> Understanding:
    """Read a phrase.

    Parameters
    ----------
    phrase : str
        Anything; nothing in it is an error.
    known : callable, optional
        Says whether a word stands with some sound of a library: such words are not taken for mistyped ones.

    Returns
    -------
    Understanding

    Raises
    ------
    ParameterError
        For what is no text.
    """
    if not isinstance(phrase, str):
        raise ParameterError(f"text: {phrase!r}; give a phrase as a text, as in 'dark punchy kick'")
    reading = _Reading(phrase, known)
    return Understanding(phrase, reading.parts(), tuple(reading.notes))


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    word: str


class _Reading:
    """The phrase, and what of it has been taken."""

    def __init__(self, phrase: str, known: Known | None) -> None:
        self.notes: list[str] = []
        if len(phrase) > LONGEST_PHRASE:
            self.notes.append(f"only the first {LONGEST_PHRASE} of {len(phrase)} characters were read")
        # Control characters separate words; nothing changes its place.
        self._phrase = phrase
        self._text = "".join(c if c.isprintable() else " " for c in phrase[:LONGEST_PHRASE])
        self._known = known or (lambda word: False)
        self._is_taken = bytearray(len(self._text))
        self._parts: list[Part] = []

    def parts(self) -> tuple[Part, ...]:
        """All pieces, in their order."""
        self._places()
        for limit in sorted(pitches(self._text), key=lambda part: (part.start - part.end, part.start)):
            self._add(limit)
        for limit in quantities(self._text):
            self._add(limit)
        if any(check.column == "bpm" for part in self._parts if isinstance(part, Limit) for check in part.cases[0]):
            self._take_all(_HALF)
        self._like_words()
        self._take_all(_AVERAGE)
        self._take_all(_ANY_BUT)
        for genre, pattern in genres():
            for match in pattern.finditer(self._text):
                self._add(dataclasses.replace(genre, start=match.start(), end=match.end(), text=match[0]))
        left = self._lexicon(self._tokens())
        self._words(left)
        if not self._parts:
            self._words([token for token in self._tokens() if token.word not in NEGATORS | _OR_WORDS], keep_all=True)
        if not self._parts and self._text.strip():
            self.notes.append("nothing in it says what to look for")
        parts = sorted(map(self._judged, self._parts), key=lambda part: part.start)
        return tuple(joined(parts, self._text))

    def _is_free(self, start: int, end: int) -> bool:
        return not any(self._is_taken[start:end])

    def _take(self, start: int, end: int) -> None:
        self._is_taken[start:end] = b"\1" * (end - start)

    def _take_all(self, pattern: re.Pattern[str]) -> None:
        for match in pattern.finditer(self._text):
            if self._is_free(match.start(), match.end()):
                self._take(match.start(), match.end())

    def _add(self, part: Part) -> bool:
        """Keep a piece, if nothing has its place."""
        if part.end <= part.start or not self._is_free(part.start, part.end):
            return False
        self._take(part.start, part.end)
        self._parts.append(part)
        return True

    def _places(self) -> None:
        """Folders, sounds that are named by path or id, and quotes."""
        for match in _FOLDER.finditer(self._text):
            if words := tokens(match[1] or match[2]):
                self._add(Words(match.start(), match.end(), match[0], False, words, "folders"))
        for match in _LIKE_PATH.finditer(self._text):
            self._add(self._likeness(match, match.end(), (match[2] or match[3]).strip()))
        for match in _QUOTED.finditer(self._text):
            if words := tokens(match[1]):
                self._add(Words(match.start(), match.end(), match[0], False, words, "exact"))

    def _likeness(self, match: re.Match[str], end: int, sound: str) -> Like:
        is_unlike = match[1].lower() in ("unlike", "dissimilar to")
        return Like(match.start(), end, self._text[match.start() : end], is_unlike, sound)

    def _like_words(self) -> None:
        for match in _LIKE_WORDS.finditer(self._text):
            stop = _LIKE_END.search(self._text, match.end())
            end = stop.start() if stop else len(self._text)
            end = next((at for at in range(match.end(), end) if self._is_taken[at]), end)
            words = [found[0] for found in _TOKEN.finditer(self._text, match.end(), end)]
            words = [word for word in words if folded(word) not in STOP]
            if words and self._is_free(match.start(), match.end()):
                while self._text[end - 1].isspace():
                    end -= 1
                self._add(self._likeness(match, end, " ".join(words)))

    def _tokens(self) -> list[_Token]:
        """What is left, in words; where letters and digits meet, both are tried if the whole says nothing."""
        found = []
        for match in _TOKEN.finditer(self._text):
            if not self._is_free(match.start(), match.end()):
                continue
            word = folded(match[0])
            if _IS_PICTURE.fullmatch(word) and not self._known(word):
                continue
            split = re.fullmatch(r"([^\W\d_]{2,})(\d{1,4})", match[0])
            if split and (folded(split[1]),) in meanings() and (word,) not in meanings():
                middle = match.start() + len(split[1])
                found.append(_Token(match.start(), middle, folded(split[1])))
                found.append(_Token(middle, match.end(), split[2]))
            else:
                found.append(_Token(match.start(), match.end(), word))
        return found

    def _lexicon(self, words: list[_Token]) -> list[_Token]:
        """Take the words that mean something; gives the others."""
        left = []
        at = 0
        while at < len(words):
            count = self._longest(words, at)
            if count:
                self._mean(tuple(token.word for token in words[at : at + count]), words[at], words[at + count - 1])
            elif (meant := self._mistyped(words[at].word)) is not None:
                self._mean((meant,), words[at], words[at])
                count = 1
            else:
                left.append(words[at])
                count = 1
            at += count
        return left

    def _longest(self, words: list[_Token], at: int) -> int:
        """How many of the words from there on mean something together."""
        most = 1
        while most < min(_MOST_TOKENS, len(words) - at):
            before, after = words[at + most - 1], words[at + most]
            if not _GAP.fullmatch(self._text, before.end, after.start) or not self._is_free(before.end, after.start):
                break
            most += 1
        for count in range(most, 0, -1):
            meaning = meanings().get(tuple(token.word for token in words[at : at + count]))
            of_scale = isinstance(meaning, NamedEntry) and meaning.column == "scale"
            if of_scale and _INTERVAL.match(self._text, words[at + count - 1].end):
                continue
            if meaning is not None:
                return count
        return 0

    def _mistyped(self, word: str) -> str | None:
        if (word,) in meanings() or word in STOP or word in DEGREES or word in NEGATORS or self._known(word):
            return None
        meant = nearest(word, (key[0] for key in meanings() if len(key) == 1))
        if meant is not None:
            self.notes.append(f"{word} is read as {meant}")
        return meant

    def _mean(self, key: tuple[str, ...], first: _Token, last: _Token) -> None:
        """Take words by what the lexicon says of them."""
        meaning = meanings()[key]
        start, end = first.start, last.end
        text = self._text[start:end]
        if isinstance(meaning, SortEntry):
            narrow = (meaning.specific,) if meaning.specific else ()
            words = meaning.words | ({folded(text)} if " " not in text else set())
            self._add(Sort(start, end, text, False, meaning.classes, narrow, frozenset(words), meaning.group))
            if key[-1] in ("loop", "loops") and len(key) > 1:
                is_loop = Check("kind", "=", ("loop",))
                self._parts.append(Limit(last.start, end, self._text[last.start : end], False, ((is_loop,),)))
        elif isinstance(meaning, TargetEntry):
            self._add(self._direction(start, end, key, meaning))
        elif isinstance(meaning, NamedEntry):
            check = Check(meaning.column, meaning.op, (meaning.value,))
            self._add(Limit(start, end, text, False, ((check,),)))

    def _direction(self, start: int, end: int, key: tuple[str, ...], meaning: TargetEntry) -> Target:
        strength: Strength = "very" if key[0].endswith("est") else ""
        if degree := _DEGREE.search(self._text, max(0, start - _REACH), start):
            strength = "very" if degree["very"] else "slightly" if degree["slightly"] else ""
        return Target(start, end, self._text[start:end], False, meaning.name, meaning.scales, strength)

    def _words(self, left: list[_Token], keep_all: bool = False) -> None:
        """What is left is looked up; parts joined by hyphens are one word."""
        passed = frozenset() if keep_all else STOP | NEGATORS | DEGREES | _OR_WORDS
        at = 0
        while at < len(left):
            last = at
            while last + 1 < len(left) and self._text[left[last].end : left[last + 1].start] == "-":
                last += 1
            start, end = left[at].start, left[last].end
            word = "".join(token.word for token in left[at : last + 1])
            if (last > at or word not in passed) and tokens(word):
                self._add(Words(start, end, self._text[start:end], False, (word,)))
                noisy = meanings()[("noisy",)]
                if word == NOISE and isinstance(noisy, TargetEntry):
                    self._parts.append(self._direction(start, end, (word,), noisy))
            at = last + 1

    def _judged(self, part: Part) -> Part:
        """A piece with what stands before it: "not", "no", "without", a minus."""
        before = self._text[max(0, part.start - _REACH) : part.start]
        if degree := _DEGREE.search(before):
            before = before[: degree.start()]
        found = _NOT.search(before)
        if not found or (isinstance(part, Like) and part.negated):
            return part
        start = part.start - min(part.start, _REACH) + found.start()
        part = dataclasses.replace(part, start=start, text=self._phrase[start : part.end])
        if isinstance(part, Limit) and len(part.cases) == len(part.cases[0]) == 1:
            check = part.cases[0][0]
            if (inverse := _INVERSE.get(check.op)) is not None:
                op: Op = "=" if inverse == "<=" and check.values == (0,) else inverse
                turned = Check(check.column, op, check.values)
                return dataclasses.replace(part, cases=((turned,),))
        return dataclasses.replace(part, negated=True)
