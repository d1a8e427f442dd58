"""Strings that nobody should be able to do harm with: 500 of them, the same every time."""

from __future__ import annotations

import random

SEEDS = (
    "'", '"', "''", "\\'", "'; DROP TABLE samples; --", "' OR '1'='1", "\" OR \"\"=\"",
    "1; DELETE FROM files", "*/ /* ",
    "UNION SELECT * FROM meta", "id IN ('x')", "%' --", "$(rm -rf ~)", "`id`", "${HOME}", "{0.__class__}",
    "{}", "%s%s%n",
    "%(x)s", "{x!r:>{y}}", "[a-z]+(a+)+$", "(?P<x>", "(((((", ")))))", "(" * 500, "[" * 500, "{" * 500, "\\",
    "\\\\x00",
    "\x00", "kick\x00snare", "\x1b[31mred\x1b[0m", "\r\n\r\n", "\t\t", "\u202eevil\u202c", "\u200f\u200eabc", "مرحبا",
    "שלום kick", "🥁🥁🥁", "👨‍👩‍👧‍👦 pad", "e\u0301\u0301\u0301" * 50, "\ud800", "kick \udfff", "\ufeffkick",
    "\u2028", "Å" * 100,
    "ＫＩＣＫ", "𝕜𝕚𝕔𝕜", "ﬁ", "İ", "ß", "NaN", "inf bpm", "-inf", "1e309 bpm", "9" * 400 + " s", "-9" * 50, "0x10 bpm",
    "1/0", "0 s", "-1 s", "-0 bpm", "1.2.3.4", "12:99", "99:59:59", "between 5 and", "between and", "under",
    "< < <", ">=",
    "like", "like like like", "like ''", "unlike \"", "like ../../../etc/passwd", "in folder", "in folder \"",
    "folder:",
    "in folder /etc/passwd", "not", "not not not kick", "- - -", "--limit 5", "-kick", "OR", "kick OR",
    "or or", "AND",
    "kick or or snare", "\"", "\"\"", "\"unclosed", "“”", "\"" * 999, "NEAR(", "name:kick", "kick^2", "kick~",
    "kick*",
    "*", "?", "+kick -snare", "a" * 10_240, "kick " * 2048, "1 " * 5120, "<script>alert(1)</script>", "&lt;", "null",
    "None", "true", "C99", "H9", "A#b minor", "ab minor", "Bbb", "13A", "0A", "A-1", "G9", "g#m moll", "8A8A8A",
)  # fmt: skip


def strings(count: int = 500) -> list[str]:
    """The seeds, then mixtures of them with words that mean something."""
    draw = random.Random(20261120)
    words = (
        "kick",
        "short",
        "120 bpm",
        "A minor",
        "under 2 s",
        "not",
        "like",
        "in folder",
        "or",
        "C3",
        "-14 LUFS",
        "808",
    )
    made = list(SEEDS)
    while len(made) < count:
        pieces = draw.choices(SEEDS, k=draw.randint(1, 3)) + draw.choices(words, k=draw.randint(1, 3))
        draw.shuffle(pieces)
        made.append(draw.choice(("", " ", "'", '"', ";", "\x00")).join(pieces)[:10_240])
    return made[:count]
