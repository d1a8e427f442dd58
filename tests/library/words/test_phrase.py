"""What is understood of what people type."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.errors import ParameterError
from samplemind.library.schema import samples_schema
from samplemind.library.words import understand
from samplemind.library.words.lexicon import NamedEntry, SortEntry, TargetEntry, meanings
from samplemind.library.words.parts import Limit, Understanding, Words

from .hostile import strings

PHRASES = tomllib.loads((Path(__file__).parent / "phrases.toml").read_text(encoding="utf-8"))["phrase"]
KEYS = ("filters", "sorts", "targets", "words", "exact", "folder", "without", "like")


def summary(understood: Understanding) -> dict[str, list[str]]:
    """An understanding in the notation of phrases.toml."""
    texts = understood.texts
    return {
        "filters": [part.said for part in understood.filters],
        "sorts": [part.said for part in understood.sorts],
        "targets": [part.said for part in understood.targets],
        "words": list(understood.words),
        "exact": [part.said for part in texts if part.place == "exact"],
        "folder": [part.said for part in texts if part.place == "folders"],
        "without": [part.said for part in texts if part.negated],
        "like": [part.said for part in understood.likes],
    }


@pytest.mark.parametrize("row", PHRASES, ids=[row["say"] for row in PHRASES])
def test_phrases_are_understood(row: dict[str, Any]) -> None:
    assert summary(understand(row["say"])) == {key: row.get(key, []) for key in KEYS}


def test_there_are_enough_phrases() -> None:
    assert len({row["say"] for row in PHRASES}) >= 60


@pytest.mark.parametrize("row", PHRASES, ids=[row["say"] for row in PHRASES])
def test_pieces_know_where_they_stand(row: dict[str, Any]) -> None:
    phrase = row["say"]
    understood = understand(phrase)
    assert all(phrase[part.start : part.end] == part.text for part in understood.parts)
    assert len(understood.spoken()) == len(understood.parts) + len(understood.notes)
    assert all(part.text in line for part, line in zip(understood.parts, understood.spoken(), strict=False))


@pytest.mark.parametrize(("phrase", "expected"), [
    ("16 or 24 bit", ["bit_depth = 16 or bit_depth = 24"]),
    ("wav flac", ["container = wav or container = flac"]),
    ("C4 to C5", ["midi_note between 60 and 72"]),
    ("BPM: 128", ["bpm between 126.72 and 129.28"]),
    ("bpm>120", ["bpm > 120"]),
    ("harmonic_percussive_ratio > .5", ["harmonic_percussive_ratio > 0.5"]),
    ("not longer than 2 s", ["duration_s <= 2"]),
    ("2 s or more", ["duration_s >= 2"]),
    ("500–900 ms", ["duration_s between 0.5 and 0.9"]),
    ("500 ms to 2 s", ["duration_s between 0.5 and 2"]),
    ("1:30", ["duration_s between 67.5 and 112.5"]),
    ("loop at 140 double time", ["kind = loop", "bpm between 138.6 and 141.4 or bpm between 277.2 and 282.8"]),
    ("44.1k", ["sample_rate = 44100"]),
    ("under 2", ["duration_s < 2"]),
    ("over 100", ["bpm > 100"]),
    ("less than -20", ["loudness_lufs < -20"]),
    ("Am", ["key = A and scale = minor"]),
    ("am", []),
    ("Fis-Dur", ["key = F# and scale = major"]),
    ("b-moll", ["key = A# and scale = minor"]),
    ("H minor", ["scale = minor"]),
    ("12B", ["key = E and scale = major"]),
    ("note A", ["note = A"]),
    ("Db2", ["midi_note = 37"]),
    ("not a loop", ["not (kind = loop)"]),
    ("no A minor or C major", ["not (key = A and scale = minor or key = C and scale = major)"]),
    ("F# bass in A minor", ["key = F# or note = F#", "key = A and scale = minor"]),
    ("A minor 7 s", ["key = A and scale = minor", "duration_s between 5.6 and 8.4"]),
    ("G major or parallel", ["key = G and scale = major or key = G and scale = minor"]),
    ("half-time", []),
    ("a second snare", []),
    ("two and a half seconds or less", ["duration_s <= 2.5"]),
    ("over 100 bytes", ["size > 100"]),
    ("within 3 semitones", []),
    ("over 192 kbps", []),
    ("kick at C", ["note = C"]),
    ("pad in C or D", ["key = C or note = C or key = D or note = D"]),
    ("in C or D minor", ["key = C or note = C or key = D and scale = minor"]),
    ("less loud than -12 dB", ["loudness_lufs < -12"]),
    ("tuned to A3", ["midi_note = 57"]),
    ("recorded at Abbey Road", []),
    ("everything but loops", ["not (kind = loop)"]),
    ("16/24 bit", ["bit_depth = 16 or bit_depth = 24"]),
    ("1 minute 808s", ["duration_s between 48 and 72"]),
    ("80s synth", []),
])  # fmt: skip
def test_numbers_and_pitches(phrase: str, expected: list[str]) -> None:
    assert [part.said for part in understand(phrase).filters] == expected


@pytest.mark.parametrize(("phrase", "sort"), [
    ("snaer", "snare"), ("kcik", "kick"), ("cymbol", "cymbal"), ("ambiance", "ambience"), ("shakker", "shaker"),
])  # fmt: skip
def test_typing_errors(phrase: str, sort: str) -> None:
    understood = understand(phrase)
    assert [part.said for part in understood.sorts] == [sort]
    assert phrase in understood.sorts[0].words  # what was typed is looked for, too


def test_words_that_a_library_has_are_no_typing_errors() -> None:
    assert understand("snair").notes == ("snair is read as snare",)
    understood = understand("snair", known=lambda word: word == "snair")
    assert understood.words == ("snair",)
    assert understood.notes == ()


def test_pictures_are_words_where_a_library_has_them() -> None:
    assert understand("🥁 kick").words == ()
    assert understand("🥁 kick", known=lambda word: word == "🥁").words == ("🥁",)


def test_genres_are_looked_up_as_one() -> None:
    (part,) = understand("Drum & Bass").texts
    assert part.looked_up == ("dnb", "drumnbass", "drumandbass")
    assert part.together == ("drum", "bass")


def test_every_scale_is_a_descriptor() -> None:
    numeric = {entry.name for entry in CATALOGUE if entry.dtype in ("float", "int")}
    classes = {name for entry in meanings().values() if isinstance(entry, SortEntry) for name in entry.classes}
    columns = {entry.column for entry in meanings().values() if isinstance(entry, NamedEntry)}
    scales = {scale.column for entry in meanings().values() if isinstance(entry, TargetEntry) for scale in entry.scales}
    assert scales <= numeric
    assert columns <= set(samples_schema().names)
    assert classes == set(_heard_classes())


def _heard_classes() -> list[str]:
    from samplemind.descriptors.sample_class import _fitted

    return _fitted()[0]


def test_long_phrases_are_read_in_part() -> None:
    understood = understand("kick " + "x" * 2000 + " snare")
    assert [part.said for part in understood.sorts] == ["kick"]
    assert understood.notes == ("only the first 1000 of 2011 characters were read",)


@pytest.mark.parametrize("wrong", [None, 7, b"kick", ["kick"]])
def test_only_texts_are_phrases(wrong: Any) -> None:
    with pytest.raises(ParameterError, match="give a phrase as a text"):
        understand(wrong)


def _check(phrase: str) -> None:
    understood = understand(phrase)
    ends = [(part.start, part.end) for part in understood.parts]
    assert all(0 <= start < end <= len(phrase) for start, end in ends)
    for part in understood.parts:
        assert part.said is not None
        if isinstance(part, Limit):
            numbers = [value for case in part.cases for check in case for value in check.values]
            assert all(abs(value) <= 1e12 for value in numbers if not isinstance(value, str))
    assert understood.to_dict()["phrase"] == phrase


def test_nothing_odd_is_an_error() -> None:
    for phrase in strings():
        started = time.process_time()
        _check(phrase)
        assert time.process_time() - started < 2.0, ascii(phrase[:80])


@given(st.text(max_size=300))
def test_no_text_is_an_error(phrase: str) -> None:
    _check(phrase)


PIECES = (
    "not", "under", "120", "bpm", "–", "-", "kick", "or", "A", "minor", "like", '"', "s", ",", "very", "bright", "in",
    "folder", "between", "and", "#", "C3", "24", "bit", "1.5",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_no_order_of_words_is_an_error(phrase: str) -> None:
    _check(phrase)


def _cell(understood: Understanding) -> str:
    told = []
    for part in understood.parts:
        if isinstance(part, Limit):
            told.append(f"`{part.said}`")
        elif isinstance(part, Words):
            what = {"": "word", "exact": "exact", "folders": "folder"}[part.place]
            told.append(f"{'without' if part.negated else what}: {part.said}")
        else:
            what = {"Sort": "sort", "Target": "direction", "Like": "like"}[type(part).__name__]
            told.append(f"{what}: {part.said}")
    return "; ".join(told)


def test_the_manual_shows_these_phrases() -> None:
    manual = (Path(__file__).parents[3] / "docs" / "searching.md").read_text(encoding="utf-8")
    rows = [f"| {row['say']} | {_cell(understand(row['say']))} |" for row in PHRASES]
    assert "\n".join(rows) in manual
