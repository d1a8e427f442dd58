"""Which words stand in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.library.words.spelling import nearest
from samplemind.library.words.text import LONGEST, folded, pieces, tokens


@pytest.mark.parametrize(("text", "expected"), [
    ("TR808_BD-Long01", "tr 808 bd long 01 tr808 long01 bdlong01"),
    ("KickDrum 02", "kick drum 02 kickdrum"),
    ("hi-hat", "hi hat hihat"),
    ("LMSnare", "lm snare lmsnare"),
    ("F#3 pad", "f# 3 pad"),
    ("Café Ｄｒｕｍ straße", "cafe drum strasse"),
    ("a.b(c)[d] e+f", "a b c d e f"),
    ("120bpm", "120 bpm 120bpm"),
    ("🥁kick 👍🏽", "🥁 kick 👍"),
    ("", ""),
    ("!?-_", ""),
])  # fmt: skip
def test_words_of_names(text: str, expected: str) -> None:
    assert " ".join(tokens(text)) == expected


@given(st.text(max_size=200))
def test_words_have_no_spaces_case_or_excess(text: str) -> None:
    for word in tokens(text):
        assert word
        assert len(word) <= LONGEST
        assert word == folded(word)
        assert not any(c.isspace() for c in word)
    assert set(pieces(text)) <= set(tokens(text))


@given(st.text(max_size=50))
def test_case_and_accents_make_no_difference(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(("word", "other"), [
    ("snair", "snare"), ("snaer", "snare"), ("kcik", "kick"), ("percusive", "percussive"), ("cymbol", "cymbal"),
])  # fmt: skip
def test_nearly_right_words(word: str, other: str) -> None:
    assert nearest(word, ["snare", "kick", "percussive", "cymbal", "shaker"]) == other


@pytest.mark.parametrize("word", ["kit", "trick", "sun", "abcdef", "snares1", "xsnare", "ick"])
def test_other_words_stay(word: str) -> None:
    assert nearest(word, ["snare", "kick", "thick", "shaker"]) is None
