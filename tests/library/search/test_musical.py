"""Filters of a musician, against tables that can be checked by hand."""

from __future__ import annotations

import polars as pl
import pytest

import samplemind as sm
from samplemind.errors import ParameterError
from samplemind.library.search import near_bpm, near_key, near_note
from samplemind.library.search.musical import midi_of

TONICS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def keys(**options: object) -> set[str]:
    rows = pl.DataFrame({"key": [t for t in TONICS for _ in "mM"], "scale": ["minor", "major"] * 12})
    found = rows.filter(near_key(**options).expression())  # type: ignore[arg-type]
    return {f"{key} {scale}" for key, scale in found.iter_rows()}


@pytest.mark.parametrize("name", ["A minor", "Am", "a min", "A moll", "8A"])
def test_keys_that_go_together(name: str) -> None:
    assert keys(key=name) == {"A minor", "C major", "E minor", "D minor"}
    assert keys(key=name, parallel=True) == {"A minor", "C major", "E minor", "D minor", "A major"}
    assert keys(key=name, relative=False, fifths=False) == {"A minor"}
    assert keys(key=name, same=False, fifths=False) == {"C major"}


@pytest.mark.parametrize(("one", "other"), [("Db major", "C# major"), ("D♭", "C#"), ("Cb major", "B"), ("G#m", "Abm")])
def test_however_a_key_is_spelled(one: str, other: str) -> None:
    assert keys(key=one) == keys(key=other)


def test_every_key_has_its_relative() -> None:
    for tonic in TONICS:
        (relative,) = keys(key=f"{tonic} major", same=False, fifths=False)
        assert relative.endswith("minor")
        assert keys(key=relative, same=False, fifths=False) == {f"{tonic} major"}


def tempi(*args: float, **options: object) -> list[float]:
    rows = pl.DataFrame(
        {"bpm": pl.Series([58.0, 60, 61.3, 117.5, 118, 120, 122.4, 123, 238, 240, 250], dtype=pl.Float32)}
    )
    return [round(bpm, 1) for bpm in rows.filter(near_bpm(*args, **options).expression())["bpm"]]  # type: ignore[arg-type]


def test_tempi() -> None:
    assert tempi(120) == [118.0, 120.0, 122.4]
    assert tempi(120, half_double=True) == [60.0, 118.0, 120.0, 122.4, 238.0, 240.0]
    assert tempi(120, tolerance=0) == [120.0]


def notes(*args: object, **options: object) -> list[int]:
    return (
        pl.DataFrame({"midi_note": range(128)}).filter(near_note(*args, **options).expression())["midi_note"].to_list()
    )  # type: ignore[arg-type]


def test_notes() -> None:
    assert notes("A4") == notes(69) == notes("69") == [69]
    assert notes("C4", semitones=2) == [58, 59, 60, 61, 62]
    assert notes("A3", any_octave=True) == notes("A") == [note for note in range(128) if note % 12 == 9]
    assert notes("Db2") == notes("C#2")
    assert notes("B#3") == notes("C4")
    assert notes("C", semitones=1) == [note for note in range(128) if note % 12 in (11, 0, 1)]
    assert midi_of("C-1") == (0, True)
    assert midi_of("G9") == (127, True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: near_key("H minor"), "key: 'H minor'"),
        (lambda: near_key(3), "key: 3"),  # type: ignore[arg-type]
        (lambda: near_key("A", same=False, relative=False, fifths=False), "left out"),
        (lambda: near_bpm(0), "bpm: 0"),
        (lambda: near_bpm(float("nan")), "bpm: nan"),
        (lambda: near_bpm(120, tolerance=60), "tolerance: 60"),
        (lambda: near_note("H3"), "note: 'H3'"),
        (lambda: near_note("A10"), "note: 'A10'"),
        (lambda: near_note(128), "note: 128"),
        (lambda: near_note("A3", semitones=-1), "semitones: -1"),
        (lambda: near_note("A3", semitones=0.5), "semitones: 0.5"),
        (lambda: near_note(True), "note: True"),
    ],
)
def test_what_is_refused(make: object, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make()  # type: ignore[operator]


def test_they_are_at_the_top_of_the_package() -> None:
    assert sm.near_key is near_key
    assert sm.near_bpm is near_bpm
    assert sm.near_note is near_note
    assert sm.Filter.of("bpm", ">", 1) & sm.near_note("A")


@pytest.mark.parametrize(
    ("key", "same"),
    [
        ("A-minor", "A minor"), ("a moll", "Am"), ("C dur", "C"), ("h-moll", "B minor"), ("B-Dur", "Bb major"),
        ("F sharp minor", "F#m"), ("es moll", "D#m"), ("Fis-Dur", "F# major"), ("as dur", "G# major"), ("A_MIN", "Am"),
    ],
)  # fmt: skip
def test_keys_may_be_written_in_other_ways(key: str, same: str) -> None:
    assert str(near_key(key)) == str(near_key(same))


def test_the_second_number_needs_no_name() -> None:
    assert str(near_bpm(120, 3)) == str(near_bpm(120, tolerance=3))
    assert str(near_note("A3", 2)) == str(near_note("A3", semitones=2))
