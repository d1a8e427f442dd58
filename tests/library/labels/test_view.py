"""The rules of what holds: known statements, and what must come of them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.library.labels import view
from samplemind.library.labels.state import Known
from samplemind.library.schema import labels_schema

EMPTY = pl.DataFrame(pl.from_arrow(labels_schema().empty_table()))


def said(*statements: dict[str, Any]) -> pl.DataFrame:
    """Statements in the order of time; what is not given is that of a person called ann."""
    rows = []
    for number, given_ in enumerate(statements):
        usual = {"statement": f"{number:04d}", "id": "a", "task": "class", "source": "person", "author": "ann",
                 "batch": f"b{number}"}  # fmt: skip
        rows.append({**dict.fromkeys(labels_schema().names), **usual, **given_})
    return pl.DataFrame(rows, schema=EMPTY.schema)


def model(
    value: str | None, confidence: float, version: str = "1", author: str = "ears", **more: Any
) -> dict[str, Any]:
    return {"value": value, "confidence": confidence, "version": version, "author": author, "source": "model", **more}


def values(rows: pl.DataFrame, task: str = "class") -> list[str]:
    now = view.current(rows, view.undone(rows))
    return sorted(now.filter(now["task"] == task)["value"])


def test_nothing_holds_of_nothing() -> None:
    assert view.current(EMPTY, set()).shape == (0, 9)
    assert view.disagreements(EMPTY, set(), True).shape == (0, 4)


def test_the_latest_word_of_a_person_holds() -> None:
    assert values(said({"value": "kick"}, {"value": "snare", "author": "bob"})) == ["snare"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_person_wins_over_the_surest_model_whatever_the_order(order: int) -> None:
    assert values(said(*[{"value": "kick"}, model("snare", 1.0, "99")][::order])) == ["kick"]


def test_a_person_who_takes_it_back_leaves_the_word_to_the_model() -> None:
    assert values(said({"value": "kick"}, model("snare", 0.5), {"value": None})) == ["snare"]
    assert values(said({"value": "kick"}, {"value": None})) == []


def test_the_latest_version_of_a_model_holds_even_if_it_is_less_sure() -> None:
    assert values(said(model("snare", 0.2, "1.10"), model("kick", 0.9, "1.9"))) == ["snare"]


def test_the_surest_of_several_models_holds() -> None:
    assert values(said(model("snare", 0.8, "1", "ears"), model("kick", 0.7, "7", "nose"))) == ["snare"]
    assert values(said(model("snare", 0.8), model("kick", 0.8, author="nose"))) == ["kick"]  # the later one


def test_a_model_that_takes_it_back_says_nothing() -> None:
    assert values(said(model("snare", 0.8), model(None, 0.0))) == []
    assert values(said(model("snare", 0.8), model(None, 0.0), model("hat", 0.1))) == ["hat"]


def test_a_sound_has_many_tags_and_a_person_can_take_one_away() -> None:
    rows = said(
        {"task": "tag", "value": "dirty"}, {"task": "tag", "value": "loud"}, {"task": "untag", "value": "dirty"},
        model("warm", 0.9, task="tag"), model("cold", 0.9, task="tag"), {"task": "untag", "value": "cold"},
    )  # fmt: skip
    assert values(rows, "tag") == ["loud", "warm"]
    assert values(rows, "untag") == []


def test_the_tags_of_a_new_version_of_a_model_replace_those_of_the_old_one() -> None:
    rows = said(
        model("warm", 0.9, "1", task="tag"), model("cold", 0.9, "1", task="tag"), model("dry", 0.1, "2", task="tag")
    )
    assert values(rows, "tag") == ["dry"]


def test_undoing_is_undone_by_undoing_it() -> None:
    first, second = {"value": "kick", "batch": "1"}, {"value": "snare", "batch": "2"}
    undo = {"id": "", "task": None, "batch": "3", "undoes": "2"}
    again = {"id": "", "task": None, "batch": "4", "undoes": "3"}
    once_more = {"id": "", "task": None, "batch": "5", "undoes": "4"}
    assert values(said(first, second, undo)) == ["kick"]
    assert values(said(first, second, undo, again)) == ["snare"]
    assert values(said(first, second, undo, again, once_more)) == ["kick"]


def test_people_disagree_by_what_each_said_last() -> None:
    rows = said(
        {"value": "kick"}, {"value": "snare", "author": "bob"}, {"value": "snare", "id": "x"}, model("hat", 1.0)
    )
    found = view.disagreements(rows, set(), False)
    assert found.rows() == [("a", "class", ["kick", "snare"], ["ann", "bob"])]
    assert view.disagreements(rows, set(), True)["values"].to_list() == [["kick", "snare", "hat"]]
    agreed = pl.concat([rows, said({"value": "snare", "statement": "9"})])
    assert view.disagreements(agreed, set(), False).is_empty()


def test_people_disagree_about_a_tag() -> None:
    rows = said({"task": "tag", "value": "loud"}, {"task": "untag", "value": "loud", "author": "bob"},
                {"task": "tag", "value": "old", "author": "bob"})  # fmt: skip
    assert view.disagreements(rows, set(), False).rows() == [("a", "tag", ["loud", "not loud"], ["ann", "bob"])]


def _slow(rows: list[dict[str, Any]], dead: set[str]) -> dict[tuple[str, ...], str]:
    """The rules once more, one statement at a time, for persons."""
    held: dict[tuple[str, ...], str] = {}
    for row in rows:
        if row["batch"] in dead or row["undoes"]:
            continue
        if row["task"] in ("tag", "untag"):
            key = (row["id"], "tag", row["value"])
            held.pop(key, None)
            if row["task"] == "tag":
                held[key] = row["value"]
        elif row["value"] is None:
            held.pop((row["id"], row["task"]), None)
        else:
            held[row["id"], row["task"]] = row["value"]
    return held


_STATEMENT = st.fixed_dictionaries({
    "id": st.sampled_from("ab"), "task": st.sampled_from(["class", "tag", "untag"]),
    "value": st.sampled_from(["x", "y", None]), "author": st.sampled_from(["ann", "bob"]),
    "batch": st.sampled_from("123"), "undoes": st.none() | st.none() | st.sampled_from("123"),
})  # fmt: skip


@given(st.lists(_STATEMENT, max_size=12))
def test_the_view_is_that_of_going_through_the_statements(statements: list[dict[str, Any]]) -> None:
    for number, one in enumerate(statements):
        if one["undoes"]:  # only what was said before can be undone
            one |= {"batch": f"u{number}", "id": "", "task": None, "value": None}
        elif one["task"] != "class" and one["value"] is None:
            one["value"] = "x"
    rows = said(*statements)
    known = Known(1, rows, view.undone(rows))
    found = {
        (key, task, value) if task == "tag" else (key, task): value
        for key, task, value in known.current.select("id", "task", "value").rows()
    }
    assert found == _slow(rows.to_dicts(), known.dead)
