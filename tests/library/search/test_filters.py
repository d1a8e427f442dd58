"""Filters: the same answer in memory and in the store, and nothing but an answer or a clear refusal."""

from __future__ import annotations

import contextlib
import functools
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import lancedb
import lancedb.index
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samplemind.errors import ParameterError
from samplemind.library.schema import column_names, samples_schema
from samplemind.library.search import Filter
from samplemind.library.search.dialect import read_orders
from samplemind.library.search.vocabulary import known

NUMBERS = ("bpm", "duration_s", "midi_note", "tag_note", "pitch_glide_cents", "channels")
TEXTS = ("kind", "key", "error")
WORDS = [
    "loop",
    "LOOP",
    "one-shot",
    "a%b",
    "a_b",
    "it's",
    'say "x"',
    "back\\slash",
    "",
    "é",
    "É",
    "ß",
    "\u202eabc",
    "x\ny",
    "nul\x00",
    "日本",
    "--",
    "';",
]
VALUES = [0, 0.0, -0.0, 1, -1, 2, 60, 60.5, 120.1, 1e-7, -3.25, 32767, 40000, 2**40, 1e30]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[pl.DataFrame, Any]:
    """The same random rows as a frame and as a table of the store, with an index on one of the columns."""
    rng = np.random.default_rng(7)
    count = 400

    def some(pool: list[Any]) -> list[Any]:
        return [None if rng.random() < 0.15 else pool[rng.integers(len(pool))] for _ in range(count)]

    whole = [value for value in VALUES if isinstance(value, int)]
    columns = {"id": [f"{at:04d}" for at in range(count)]}
    schema = samples_schema()
    for name in NUMBERS:
        bits = known()[name].whole_bits
        pool = [value for value in whole if abs(value) < 2 ** (bits - 1)] if bits else [float(v) for v in VALUES]
        columns[name] = some(pool)
    columns |= {name: some(WORDS) for name in TEXTS}
    table = pa.table({name: pa.array(columns[name], schema.field(name).type) for name in columns})
    store = lancedb.connect(tmp_path_factory.mktemp("store")).create_table("samples", data=table)
    store.create_index("bpm", config=lancedb.index.BTree())
    store.create_index("kind", config=lancedb.index.Bitmap())
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame, store


def in_memory(frame: pl.DataFrame, condition: Filter) -> list[str]:
    return frame.filter(condition.expression())["id"].to_list()


def in_store(store: Any, condition: Filter) -> list[str]:
    return sorted(store.search().where(condition.for_lance()).select(["id"]).limit(None).to_arrow()["id"].to_pylist())


numbers = st.sampled_from(NUMBERS)
texts = st.sampled_from(TEXTS)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
values = st.sampled_from(VALUES) | st.floats(-1e6, 1e6) | st.integers(-200, 200)
patterns = st.lists(st.sampled_from(["%", "_", "a", "o", "lo", "b", "\\", "'", "L", "."]), max_size=4).map("".join)
computed = st.builds(lambda a, sign, b: f"({a} {sign} {b})", numbers, st.sampled_from("+-*/"), numbers | st.just("2"))
simple = st.one_of(
    st.builds(Filter.of, numbers, signs, values),
    st.builds(Filter.of, texts, signs, st.sampled_from(WORDS)),
    st.builds(lambda name, pair: Filter.between(name, *sorted(pair)), numbers, st.tuples(values, values)),
    st.builds(Filter.any_of, numbers, st.lists(values, max_size=4)),
    st.builds(Filter.any_of, texts, st.lists(st.sampled_from(WORDS), max_size=4)),
    st.builds(Filter.missing, numbers | texts),
    st.builds(Filter.like, texts, patterns, st.booleans()),
    st.builds(lambda a, sign, b: Filter.parse(f"{a} {sign} {b}"), computed, signs, numbers),
    st.builds(lambda name, sign: Filter.parse(f"abs({name}) {sign} 2"), numbers, signs),
    st.builds(lambda a, b: Filter.parse(f"coalesce({a}, {b}, 1) > 1"), numbers, numbers),
    st.builds(lambda name, word: Filter.parse(f"lower({name}) = :word", word=word), texts, st.sampled_from(WORDS)),
)
filters = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner),
        st.builds(lambda a, b: a | b, inner, inner),
        st.builds(lambda a: ~a, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(condition=filters)
def test_memory_and_store_agree_and_so_does_what_was_written_down(both: Any, condition: Filter) -> None:
    frame, store = both
    found = in_memory(frame, condition)
    if condition.is_of_samples:
        assert in_store(store, condition) == found
    assert in_memory(frame, Filter.parse(str(condition))) == found
    assert not set(found) & set(in_memory(frame, ~condition))
    assert pickle.loads(pickle.dumps(condition)) == condition


@given(condition=simple)
def test_simple_conditions_need_no_more_than_the_store(condition: Filter) -> None:
    assert condition.is_of_samples or "ILIKE" in str(condition) or "/" in str(condition)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("bpm = 120.1", ["a"]),
        ("bpm BETWEEN 100 AND 120.1", ["a"]),
        ("120 < bpm AND bpm < 121", ["a"]),
        ("midi_note > 60.5", ["b"]),
        ("midi_note IN (60, 61.5)", ["a"]),
        ("bpm IS NULL", ["c"]),
        ("NOT (bpm > 100 OR midi_note = 60)", ["b"]),
        ("midi_note / 7 > 8.6", ["b"]),
        ("name LIKE 'Kick%'", ["a"]),
        ("name ILIKE 'kick_1%'", ["a"]),
        ("name NOT LIKE '%i%'", ["c"]),
        ("lower('{no}{0}') LIKE '{no}%' AND upper(name) LIKE 'X%'", ["c"]),
        ("name LIKE '%100|%%' ESCAPE '|'", ["b"]),
        ("name REGEXP '^[KH]'", ["a", "b"]),
        ("NOT regexp_like(name, '(?i)^k')", ["b", "c"]),
        ("starts_with(name, 'H') OR ends_with(name, 'x')", ["b", "c"]),
        ("contains(name, '%')", ["b"]),
        ("length(name) = 2", ["c"]),
        ("round(bpm, 0) = 120 AND floor(bpm) = 120", ["a"]),
        ("log2(midi_note) < 5.92", ["a"]),
        ("-bpm < -100", ["a"]),
        ("name = 'it''s' OR 1 = 2", []),
        ("TRUE", ["a", "b", "c"]),
        ("bpm > 1 -- and a comment", ["a", "b"]),
    ],
)
def test_what_is_understood(sql: str, rows: list[str]) -> None:
    frame = pl.DataFrame(
        {
            "id": ["a", "b", "c"],
            "name": ["Kick 1", "Hit 100%", "xx"],
            "bpm": pl.Series([120.1, 60, None], dtype=pl.Float32),
            "midi_note": [60, 61, None],
        }
    )
    assert in_memory(frame, Filter.parse(sql)) == rows
    assert in_memory(frame, Filter.parse(str(Filter.parse(sql)))) == rows


HOSTILE = [
    "",
    " ",
    "\x00",
    "'",
    '"',
    "';",
    "--",
    "/*",
    "*/",
    "bpm >",
    "bpm = 1; DROP TABLE samples",
    "1 = 1) UNION (SELECT 1",
    "bpm = (SELECT 1)",
    "EXISTS (SELECT 1)",
    "bpm IN (SELECT id FROM files)",
    "read_csv('/etc/passwd')",
    "version()",
    "bpm = 1 AND sleep(10)",
    "CAST(bpm AS INT) = 1",
    "bpm::int = 1",
    "kind = loop",
    'kind = "loop"',
    "x.bpm = 1",
    "samples.bpm = 1",
    "*",
    "bpm = NULL",
    "bpm IS TRUE",
    "bpm = TRUE",
    "bpm",
    "NOT bpm",
    "kind > 3",
    "bpm > 'a'",
    "embedding = 1",
    "embedding > 'a'",
    "length(embedding) > 1",
    "bpm = :x",
    "bpm = ?",
    "bpm = $1",
    "bpm = @x",
    "bpm > 1e999",
    "bpm > " + "9" * 400,
    "bpm > " + "9" * 5000,
    "kind REGEXP '('",
    "kind REGEXP '" + "(a{1000}){1000}'",
    "kind LIKE 'a' ESCAPE 'bc'",
    "kind LIKE 'a|' ESCAPE '|'",
    "kind LIKE bpm",
    "round(bpm, bpm) > 1",
    "round(bpm, 99) > 1",
    "log(bpm) > 1",
    "CASE WHEN bpm > 1 THEN 1 END",
    "bpm BETWEEN SYMMETRIC 2 AND 1",
    "bpm || 'a'",
    "bpm % 2 = 0",
    "bpm[0] = 1",
    "(bpm, 1) = (1, 1)",
    "INTERVAL '1' DAY",
    "kind = N'a'",
    "kind = 'a\ud800'",
    "\ud800",
    "\u202ebpm = 1",
    "a" * 10_000,
    "(" * 9000,
    "(" * 12 + "bpm = 1" + ")" * 13,
    "NOT " * 5000,
    "-" * 9999,
    "+" * 9999,
    "bpm=1 OR " * 1000,
    "[" * 9000,
    "{" * 9000,
    "'" * 9999,
    "bpm = " + "-(" * 13 + "1" + ")" * 13,
    "bpm = 1/0",
    "bpm = " + "1+" * 4000 + "1",
    "abs(" * 400,
    "CASE " * 2000,
    "bpm IN (" + "1," * 9000 + "1)",
    "a.b.c.d = 1",
    "bpm AT TIME ZONE 'x'",
    "@" * 500,
    "bpm MATCH 'a'",
    "kind SIMILAR TO 'a'",
    "kind LIKE ANY ('a')",
    "bpm = ANY (1)",
    "/*" * 2000,
    "{{ x }}",
    "{% x %}",
    "$$a$$",
    "E'\\x00'",
    "x'41' = kind",
    "\ufeff",
    "‮",
    "bpm\u200b = 1",
    "𝖻𝗉𝗆 = 1",
]


@pytest.mark.parametrize("sql", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_conditions_are_understood_or_refused(both: Any, sql: str) -> None:
    frame, store = both
    for make in (
        Filter.parse,
        lambda text: Filter.of("kind", "=", text),
        lambda text: Filter.like("kind", text),
        lambda text: Filter.any_of("kind", [text]),
        lambda text: Filter.parse("kind = :x", x=text),
    ):
        with contextlib.suppress(ParameterError):
            condition = make(sql)
            if condition.columns <= set(frame.columns):
                found = in_memory(frame, condition)
                assert not condition.is_of_samples or in_store(store, condition) == found
    with contextlib.suppress(ParameterError):
        read_orders(sql)


TOKENS = (
    "bpm kind name AND OR NOT ( ) = <> > IN LIKE BETWEEN IS NULL 'a' 1 1.5 - + * / , CASE WHEN END SELECT "
    "FROM CAST AS abs round :x -- /* ; ESCAPE REGEXP ANY ALL EXISTS [ ] { } :: INTERVAL OVER FILTER AT "
    "ZONE DISTINCT VALUES WITH LATERAL UNION X'1' lower NULLS FIRST DESC . ? @ $1 -> "
)
tokens = st.sampled_from(tuple(TOKENS.split(" ")))


@settings(max_examples=400)
@given(st.lists(tokens, max_size=25).map(" ".join) | st.text(max_size=60))
def test_no_text_raises_anything_but_a_clear_error(sql: str) -> None:
    for read in (Filter.parse, read_orders):
        with contextlib.suppress(ParameterError):
            assert read(sql) is not None


def test_every_column_can_be_named() -> None:
    for name in column_names():
        assert Filter.parse(f"{name} IS NOT NULL") == ~Filter.missing(name)
        assert Filter.parse(f'"{name}" IS NULL').columns == {name}


def test_values_are_bound_and_never_read() -> None:
    text = "x' OR '1' = '1"
    condition = Filter.parse("kind = :a AND name IN :many AND bpm > :low", a=text, many=[text, "b"], low=np.float32(3))
    assert condition.columns == {"kind", "name", "bpm"}
    assert str(condition) == "kind = 'x'' OR ''1'' = ''1' AND name IN ('x'' OR ''1'' = ''1', 'b') AND bpm > 3.0"
    for wrong in (None, float("nan"), float("inf"), [1], True, b"x", {}):
        with pytest.raises(ParameterError):
            Filter.parse("bpm = :a", a=wrong)
    with pytest.raises(ParameterError, match=":y"):
        Filter.parse("bpm = :y", x=1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Filter.parse("tempo > 3"), "did you mean bpm"),
        (lambda: Filter.of("tempo", ">", 3), "did you mean bpm"),
        (lambda: Filter.of("bpm", "~", 3), "op: '~'"),
        (lambda: Filter.any_of("kind", "loop"), "give a list"),
        (lambda: Filter.parse("kind = loop"), "'loop'"),
        (lambda: Filter.parse("kind > 3"), "a number, where a text should be"),
        (lambda: Filter.parse("bpm = NULL"), "IS NULL"),
        (lambda: Filter.parse(3), "give a text in SQL"),  # type: ignore[arg-type]
    ],
)
def test_refusals_say_what_to_do(make: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        make()


def test_long_rows_and_deep_nests_have_limits() -> None:
    many = " OR ".join(f"bpm = {number}" for number in range(400))
    assert Filter.parse(many).is_of_samples
    with pytest.raises(ParameterError, match="comparisons; give 500 at most"):
        Filter.parse(" OR ".join(f"bpm = {number}" for number in range(600)))
    even, odd = Filter.of("bpm", ">", 2), Filter.of("bpm", ">", 1)
    with pytest.raises(ParameterError, match="deep"):
        functools.reduce(lambda inner, one: (inner | one) if one == odd else (inner & one), [even, odd] * 15)


def test_what_needs_files_is_not_asked_of_the_store() -> None:
    assert Filter.of("bpm", ">", 1).for_lance() == "`bpm` > 1.0"
    mixed = Filter.of("bpm", ">", 1) & Filter.like("name", "%x%")
    assert not mixed.is_of_samples
    with pytest.raises(ParameterError, match="more than the table of sounds"):
        mixed.for_lance()
    free, bound = mixed.split(frozenset({"name"}))
    assert (str(free), str(bound)) == ("bpm > 1", "name ILIKE '%x%'")


def test_paths_with_bytes_that_are_no_text(tmp_path: Path) -> None:
    assert "\U0010fee9" in str(Filter.of("path", "=", "caf\udce9.wav"))


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("bpm", ["bpm"]),
        ("bpm DESC, path", ["bpm DESC", "path"]),
        ("abs(bpm - 120) NULLS FIRST", ["abs((bpm - 120)) NULLS FIRST"]),
        ("bpm ASC NULLS LAST", ["bpm"]),
    ],
)
def test_orders_are_read(sql: str, said: list[str]) -> None:
    assert [order.ours for order in read_orders(sql)] == said


@pytest.mark.parametrize(
    "sql",
    [
        "bpm,",
        ",",
        "bpm LIMIT 1",
        "embedding",
        "(SELECT 1)",
        "bpm; SELECT 1",
        "random()",
        "bpm WITH FILL",
        "1",
        "bpm, 'a'",
    ],
)
def test_orders_are_refused(sql: str) -> None:
    with pytest.raises(ParameterError, match="sort"):
        read_orders(sql)


def test_the_parser_says_nothing_of_its_own() -> None:
    code = """
from samplemind import Filter, ParameterError
try:
    Filter.parse("bpm -> 1.5")
except ParameterError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("refused\n", "")
