"""Numbers in a phrase: lengths, tempi, levels, rates, and any descriptor that is compared with a number."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.library.words.parts import Check, Limit, Op

__all__ = ["quantities"]

Said = Op | Literal["about"]

_NUMBER: Final = r"[-−+]?(?:\d{1,12}(?:[.,]\d{1,9})?|\.\d{1,9})"
_UNITS: Final = (
    r"bpm|milliseconds?|millisecs?|msecs?|ms|minutes?|mins?|seconds?|secs?|s|hours?|hrs?|h|khz|hz|k|lufs|lu|dbfs|dbtp"
    r"|db|bits?|bars?|beats?|cents?|channels?|ch|acum|[kmg]i?b|(?:kilo|mega|giga)?bytes?"
)
_UNIT: Final = rf"(?P<unit>{_UNITS})(?![^\W_]|\.\w)"
#: A number that stands for itself: not the end of a name, a decimal or a note.
_FIRST: Final = re.compile(rf"(?<![\w.,#]){_NUMBER}", re.IGNORECASE)
_TAIL: Final = re.compile(rf"[ -]?{_UNIT}", re.IGNORECASE)
_RANGE: Final = re.compile(
    rf"\s{{0,2}}(?:-|–|—|to|and|\.\.\.?|…|until)\s{{0,2}}({_NUMBER})(?![\w.,]*\d)", re.IGNORECASE
)
#: "16 or 24 bit": the unit stands once.
_SHARED: Final = re.compile(rf"\s{{0,2}}(?:or|/|,)\s{{0,2}}{_NUMBER}[ -]?{_UNIT}", re.IGNORECASE)
#: "90-ish".
_ISH: Final = re.compile(r"[ -]?ish(?!\w)", re.IGNORECASE)
#: What follows a number that is neither a tempo nor a length; a letter right after it, too.
_FOREIGN: Final = re.compile(
    r"[^\W\d_]|\s{0,2}(?:[%‰°×]|(?:percent|st|semis?|semitones?|steps?|octaves?|oct|kbps|kbit|voices?|notes?|samples?"
    r"|sounds?|files?|times?|tracks?|takes?|inch(?:es)?)(?!\w))",
    re.IGNORECASE,
)
#: Numbers as words, before a unit of time.
_COUNTS: Final = {
    "half a": 0.5, "half an": 0.5, "a half": 0.5, "half": 0.5, "three quarters of a": 0.75,
    "three quarters of an": 0.75,
    "a quarter of a": 0.25, "a quarter of an": 0.25, "quarter of a": 0.25, "quarter of an": 0.25, "a quarter": 0.25,
    "quarter": 0.25, "a couple of": 2, "a couple": 2, "couple of": 2, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3,
    "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_ARTICLES: Final = ("a", "an")
_COUNT: Final = re.compile(
    rf"(?<![\w-])({'|'.join(sorted((name.replace(' ', ' +') for name in _COUNTS), key=len, reverse=True))})"
    r"( +and +a +half)?(?=[ -](?:milliseconds?|seconds?|secs?|minutes?|mins?|hours?|bars?|beats?)(?!\w))",
    re.IGNORECASE,
)
#: "4/4", "3/4 time".
_METRE: Final = re.compile(
    rf"(?<![\w./,-])([2-9]|1[0-2])/[48](?![\w/]|[.,]\d|[ -]?(?:{_UNITS})(?!\w))"
    r"(?:[ -]time)?(?: signature)?(?: met(?:re|er))?",
    re.IGNORECASE,
)
#: Machines and decades: "808s", "80s".
_NO_SECONDS: Final = re.compile(r"(?:606|626|707|727|808|909|303|[5-9]0)s", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?<![\w.:])(\d{1,2}):([0-5]\d)(?![\w:])")

_BEFORE: Final[tuple[tuple[Said, str], ...]] = (
    (
        "<=",
        r"at most|up to|max(?:imum|\.)?|no more than|not more than|no longer than|not longer than|not above|not over|"
        r"<=|=<|≤|within",
    ),
    (
        ">=",
        r"at least|min(?:imum|\.)?|no less than|not less than|no shorter than|not shorter than|not below|not under|"
        r">=|=>|≥",
    ),
    (
        "<",
        r"under|below|less (?:loud )?than|shorter than|quieter than|slower than|lower than|fewer than|smaller than|<",
    ),
    (">", r"over|above|more than|longer than|louder than|faster than|higher than|greater than|larger than|beyond|>"),
    ("about", r"around|about|circa|ca\.?|approx(?:imately|\.)?|roughly|near(?:ly)?|close to|~|≈"),
    ("between", r"between|from"),
    ("=", r"exactly|equals?|is|of|at|==?|:"),
)
#: Of those, what belongs to the number only after the name of a quantity.
_NEEDS_NAME: Final = ("is", "of", "at")  # fmt: skip
_AFTER: Final[tuple[tuple[Op, str], ...]] = (
    ("<=", r"or (?:less|shorter|lower|below|under|fewer|slower|quieter)|max(?:imum)?\b|at most"),
    (">=", r"or (?:more|longer|higher|above|over|faster|louder)|min(?:imum)?\b|at least|\+"),
)
#: A word has to begin where a word may; a sign need not.
_COMPARED: Final = tuple(
    (op, re.compile(rf"((?:(?<!\w)(?=\w)|(?=\W))(?:{words}))\s{{0,2}}$", re.IGNORECASE)) for op, words in _BEFORE
)
_REACH: Final = 48
_MOST_NUMBERS: Final = 50
_COMPARED_AFTER: Final = tuple((op, re.compile(rf"\s{{0,2}}({words})(?!\w)", re.IGNORECASE)) for op, words in _AFTER)
_NAME_GAP: Final = r"\s{0,2}$"

#: Quantity after the number: "-6 dB peak", "2 s long".
_RIGHT: Final = re.compile(
    r"\s{0,2}(true peak|peak|rms|attack|decay|long|length|duration|loudness|tempo|tone)(?!\w)", re.IGNORECASE
)
_RIGHT_COLUMNS: Final = {
    "true peak": "true_peak_dbtp", "peak": "peak_dbfs", "rms": "rms_dbfs", "attack": "attack_s", "decay": "decay_s",
    "long": "duration_s", "length": "duration_s", "duration": "duration_s", "loudness": "loudness_lufs", "tempo": "bpm",
}  # fmt: skip
_SPOKEN: Final = {
    "tempo": "bpm", "pitch": "f0_hz", "f0": "f0_hz", "fundamental": "f0_hz", "note number": "midi_note",
    "length": "duration_s", "duration": "duration_s", "level": "rms_dbfs", "true peak": "true_peak_dbtp",
    "spectral centroid": "centroid_mean", "spectral flatness": "flatness_mean", "rolloff": "rolloff_mean",
    "width": "stereo_width", "confidence": "sample_class_confidence", "sharpness": "sharpness_acum",
    "silence at the start": "leading_silence_s", "silence at the end": "trailing_silence_s", "onsets": "onset_count",
    "beats": "beat_count", "metre": "beats_per_bar", "meter": "beats_per_bar",
}  # fmt: skip
_SUFFIX: Final = re.compile(r"_(?:mean|s|hz|db|dbfs|dbtp|lufs|lu|acum|cents)$")
_RATES: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 176400, 192000)
_BYTES: Final = {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9}
_LEVELS: Final = ("db", "dbfs", "lufs")
_SECONDS: Final = {"m": 0.001, "min": 60.0, "s": 1.0, "h": 3600.0}
#: Words before a bare number that say what it counts.
_OF_TEMPO: Final = re.compile(r"(?:faster|slower) than\s*$", re.IGNORECASE)
_OF_LENGTH: Final = re.compile(r"(?:shorter|longer) than\s*$", re.IGNORECASE)
_OF_LEVEL: Final = re.compile(r"(?:quieter|louder|less loud) than\s*$", re.IGNORECASE)
_LOOPS: Final = re.compile(
    r"\b(?:loops?|breaks?|breakbeats?|beats?|grooves?|tempo|phrases?|riffs?|arps?)\b", re.IGNORECASE
)
_HALF: Final = re.compile(r"\b(half|double)[ -]?(?:time|tempo)\b", re.IGNORECASE)
_LOW_BPM, _HIGH_BPM = 60.0, 200.0


@dataclass
class _Amount:
    """A number with all that belongs to it; `column` is empty while nobody knows what it counts."""

    start: int
    end: int
    op: Said
    low: float
    high: float | None = None
    unit: str = ""
    column: str = ""
    compared: bool = False
    is_exact: bool = False


def quantities(phrase: str) -> Iterator[Limit]:
    """Every number of the phrase whose meaning is plain, as a limit.

    A bare number is a tempo from 60 to 200 where a loop is asked for or it is compared, and a length up to 30 where it
    is compared; other numbers are left to be words.
    """
    for match in _CLOCK.finditer(phrase):
        seconds = 60.0 * int(match[1]) + int(match[2])
        amount = _Amount(match.start(), match.end(), "about", seconds, unit="s", column="duration_s")
        _look_left(phrase, amount)
        yield _limit(phrase, amount)
    for match in _METRE.finditer(phrase):
        metre = Check("beats_per_bar", "=", (int(match[1]),))
        yield Limit(match.start(), match.end(), match[0], False, ((metre,),))
    for match in itertools.islice(_COUNT.finditer(phrase), _MOST_NUMBERS):
        name = " ".join(match[1].lower().split())
        amount = _Amount(match.start(), match.end(), "=", _COUNTS[name] + (0.5 if match[2] else 0.0))
        _read(phrase, amount)
        if name not in _ARTICLES or amount.compared or amount.op == "about" or not amount.column.startswith("dur"):
            yield _limit(phrase, amount)
    taken = max((m.end() for m in _CLOCK.finditer(phrase)), default=-1) if ":" in phrase else -1
    for match in itertools.islice(_FIRST.finditer(phrase), _MOST_NUMBERS):
        if match.start() < taken or _NO_SECONDS.match(phrase, match.start()):
            continue
        amount = _Amount(match.start(), match.end(), "=", _value(match[0]))
        _read(phrase, amount)
        taken = amount.end
        if amount.column:
            yield _limit(phrase, amount)


def _read(phrase: str, amount: _Amount) -> None:
    _look_right(phrase, amount)
    _look_left(phrase, amount)
    _decide(phrase, amount)


def _value(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "."))


def _unit(text: str) -> str:
    text = text.lower()
    if text.startswith(("ms", "milli")):
        return "m"
    if text.startswith("min"):
        return "min"
    if text in ("s", "sec", "secs") or text.startswith("second"):
        return "s"
    if text in ("h", "hr", "hrs") or text.startswith("hour"):
        return "h"
    if text in ("khz", "k"):
        return "khz"
    if text.endswith(("byte", "bytes")) or text in _BYTES:
        return (text[0] if text[0] in "kmg" else "") + "b"
    if text in ("kib", "mib", "gib"):
        return text[0] + "b"
    return {"ch": "channel"}.get(text, text.rstrip("s") if text not in ("lufs", "dbfs") else text)


def _look_right(phrase: str, amount: _Amount) -> None:
    if ish := _ISH.match(phrase, amount.end):
        amount.op, amount.end = "about", ish.end()
    first_unit = _TAIL.match(phrase, amount.end)
    if first_unit:
        amount.unit, amount.end = _unit(first_unit["unit"]), first_unit.end()
    elif shared := _SHARED.match(phrase, amount.end):
        amount.unit = _unit(shared["unit"])
    if span := _RANGE.match(phrase, amount.end):
        low, high = amount.low, _value(span[1])
        end_unit = _TAIL.match(phrase, span.end())
        mixed = bool(end_unit and amount.unit and _unit(end_unit["unit"]) != amount.unit)
        # In "1-3" the dash is none of the number's; "-20 to -14" has signs of its own.
        if high >= low or mixed or amount.unit in ("", "lufs", "db", "dbfs", "dbtp"):
            amount.high, amount.op, amount.end = high, "between", span.end()
            if end_unit:
                unit = _unit(end_unit["unit"])
                if amount.unit and amount.unit != unit and {amount.unit, unit} <= set(_SECONDS):
                    amount.low, amount.unit = amount.low * _SECONDS[amount.unit] / _SECONDS[unit], unit
                amount.unit, amount.end = amount.unit or unit, end_unit.end()
    for op, pattern in _COMPARED_AFTER:
        if found := pattern.match(phrase, amount.end):
            amount.op, amount.end, amount.compared = op, found.end(), True
    if found := _RIGHT.match(phrase, amount.end):
        name = found[1].lower()
        fits = amount.unit in _fitting(_RIGHT_COLUMNS.get(name, ""))
        if name in _RIGHT_COLUMNS and fits:
            amount.column, amount.end = _RIGHT_COLUMNS[name], found.end()


def _fitting(column: str) -> tuple[str, ...]:
    if column.endswith("_s"):
        return ("s", "m", "min", "h")
    if column in ("peak_dbfs", "true_peak_dbtp", "rms_dbfs"):
        return ("db", "dbfs", "dbtp")
    return ("lufs",) if column == "loudness_lufs" else ("",)


def _look_left(phrase: str, amount: _Amount) -> None:
    for op, pattern in _COMPARED:
        if found := pattern.search(phrase, max(0, amount.start - _REACH), amount.start):
            if op == "between" and amount.high is None:
                op = ">=" if found[1].lower() == "from" else "="
            if found[1].lower() in _NEEDS_NAME and not _named(phrase[: found.start()]):
                break
            if amount.high is None:
                amount.op = op if op != "=" or not amount.compared else amount.op
            amount.compared = amount.compared or op not in ("=", "about")
            amount.is_exact = found[1].lower() == "exactly"
            _claim_clue(phrase, amount)
            amount.start = found.start()
            break
    else:
        _claim_clue(phrase, amount)
    if named := _named(phrase[: amount.start]):
        column, start = named
        if not amount.column:
            amount.column, amount.start = column, start


def _claim_clue(phrase: str, amount: _Amount) -> None:
    """What the comparison itself says of what is counted."""
    if amount.column:
        return
    before = phrase[max(0, amount.start - _REACH) : amount.start]
    for pattern, column in ((_OF_TEMPO, "bpm"), (_OF_LENGTH, "duration_s"), (_OF_LEVEL, "loudness_lufs")):
        if pattern.search(before) and (not amount.unit or (column == "loudness_lufs" and amount.unit in _LEVELS)):
            amount.column = column


@functools.cache
def _names() -> tuple[dict[str, str], re.Pattern[str]]:
    """Spoken names of the numeric descriptors, and a pattern that finds one at the end of a text."""
    names: dict[str, str] = {}
    for entry in CATALOGUE:
        if entry.dtype in ("float", "int"):
            short = _SUFFIX.sub("", entry.name)
            for form in (short, entry.name):
                names.setdefault(form.replace("_", " "), entry.name)
                names.setdefault(form, entry.name)
    names |= _SPOKEN
    names["loudness"], names["centroid"] = "loudness_lufs", "centroid_mean"
    longest_first = sorted(names, key=len, reverse=True)
    return names, re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))}){_NAME_GAP}", re.IGNORECASE)


def _named(before: str) -> tuple[str, int] | None:
    """The descriptor whose name ends the text, and where it begins."""
    names, pattern = _names()
    tail = max(0, len(before) - _REACH)
    if found := pattern.search(before, tail):
        return names[found[1].lower()], found.start()
    return None


def _decide(phrase: str, amount: _Amount) -> None:
    """Say which column a number is of, by its unit or by its size; and bring it into the unit of the column."""
    unit = amount.unit
    if not amount.column:
        if unit in _SECONDS:
            amount.column = "duration_s"
        elif unit == "bpm":
            amount.column = "bpm"
        elif unit in _BYTES:
            amount.column = "size"
        elif unit in ("hz", "khz"):
            scale = 1000.0 if unit == "khz" else 1.0
            values = [round(v * scale) for v in (amount.low, amount.high) if v is not None]
            is_rate = all(value in _RATES for value in values)
            amount.column = "sample_rate" if is_rate else "f0_hz"
            if phrase[: amount.end].lower().endswith("k") and not is_rate:
                amount.column = ""
        elif unit in ("lufs", "dbfs", "db", "dbtp", "bit", "channel", "beat", "bar", "lu", "acum"):
            amount.column = {"lufs": "loudness_lufs", "dbfs": "peak_dbfs", "db": "peak_dbfs", "dbtp": "true_peak_dbtp",
                             "bit": "bit_depth", "channel": "channels", "lu": "loudness_range_lu",
                             "acum": "sharpness_acum"}.get(unit, "beat_count")  # fmt: skip
        elif not unit:
            amount.column = _of_bare(phrase, amount)
    of_seconds = amount.column.endswith("_s")
    others = {"khz": 1000.0, "bar": 4.0, **_BYTES}
    factor = (_SECONDS if of_seconds else others).get(unit, 1.0)
    amount.low *= factor
    amount.high = None if amount.high is None else amount.high * factor


def _of_bare(phrase: str, amount: _Amount) -> str:
    if _FOREIGN.match(phrase, amount.end):
        return ""
    top = amount.low if amount.high is None else amount.high
    if amount.compared and amount.low < 0:
        return "loudness_lufs"
    if _LOW_BPM <= top <= _HIGH_BPM and (amount.compared or amount.op in ("about", "between") or _LOOPS.search(phrase)):
        return "bpm"
    return "duration_s" if amount.compared and 0 < top <= 30 else ""


def _limit(phrase: str, amount: _Amount) -> Limit:
    cases = [(_check(amount, 1.0),)]
    if amount.column == "bpm" and (half := _HALF.search(phrase)):
        cases.append((_check(amount, 0.5 if half[1].lower() == "half" else 2.0),))
    return Limit(amount.start, amount.end, phrase[amount.start : amount.end], False, tuple(cases))


#: How far "around", and a bare number, reach: a share of the value, or in its own unit.
_EXACT: Final = {"bpm": 0.01, "f0_hz": 0.03, "duration_s": 0.2}
_ABOUT: Final = {"bpm": 0.05, "f0_hz": 0.06, "duration_s": 0.25}
#: What is left of that after "exactly".
_TIGHT: Final = 0.25
_DECIBELS: Final = ("peak_dbfs", "true_peak_dbtp", "rms_dbfs", "loudness_lufs")
_WHOLE: Final = frozenset(entry.name for entry in CATALOGUE if entry.dtype == "int")


def _check(amount: _Amount, factor: float) -> Check:
    column = amount.column
    low = amount.low * factor
    if amount.op == "between" and amount.high is not None:
        low, high = sorted((low, amount.high * factor))
        if column == "bpm":  # a tempo is heard to within a percent; the ends are meant to be in it
            low, high = low - 0.5, high + 0.5
        return Check(column, "between", (_number(column, low), _number(column, high)))
    if amount.op == "=" or amount.op == "about" or amount.op == "between":
        if column in _WHOLE and amount.op != "about":
            return Check(column, "=", (_number(column, low),))
        if column in _DECIBELS:
            reach = 0.5 if amount.op != "about" else 2.0
        else:
            share = (_EXACT if amount.op != "about" else _ABOUT).get(column, 0.05 if amount.op != "about" else 0.1)
            reach = abs(low) * share
        if amount.is_exact:
            reach *= _TIGHT
        return Check(column, "between", (_number(column, low - reach), _number(column, low + reach)))
    return Check(column, amount.op, (_number(column, low),))


def _number(column: str, value: float) -> float | int:
    value = min(max(value, -1e12), 1e12)
    if column in _WHOLE or column == "size":
        return round(value)
    return round(value, 9)
