from __future__ import annotations

import polars as pl
import pytest

from samplemind.descriptors.catalogue import GROUPS, groups_of
from samplemind.library.plan import SAMPLE_COLUMNS, make_plan, stale_groups
from samplemind.library.scan import Scan
from samplemind.library.schema import version_column, versions_at


def samples(*rows: dict) -> pl.DataFrame:
    schema = {name: pl.Int16 if name.startswith("v_") else pl.String for name in SAMPLE_COLUMNS}
    return pl.DataFrame(list(rows), schema=schema | {"size_bytes": pl.Int64})


def sample(key: str, level: str = "standard", status: str = "ok", size: int = 1, **versions: int | None) -> dict:
    known = versions_at(level) if status == "ok" else {"container": GROUPS["container"]}
    columns = {version_column(group): version for group, version in (known | versions).items()}
    return {"id": key, "status": status, "level": level, "size_bytes": size, **columns}


def files(*rows: tuple[str, str, int, int]) -> pl.DataFrame:
    schema = {"path": pl.String, "id": pl.String, "size": pl.Int64, "mtime_ns": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def found(*rows: tuple[str, int, int], unreadable=()) -> Scan:
    scan = Scan(tops=["/s"], unreadable=list(unreadable))
    for path, size, mtime in rows:
        scan._add(path, 0, size, mtime)
    return scan


def todo(plan) -> list[str]:
    return plan.todo["path"].to_list()


def test_new_changed_unchanged_and_gone_are_told_apart():
    known = files(("/s/same", "a", 1, 1), ("/s/longer", "b", 1, 1), ("/s/later", "c", 1, 1), ("/s/gone", "d", 1, 1),
                  ("/t/other", "e", 1, 1))  # fmt: skip
    plan = make_plan(found(("/s/same", 1, 1), ("/s/longer", 2, 1), ("/s/later", 1, 2), ("/s/new", 5, 5)), known,
                     samples(*map(sample, "abcde")), "standard")  # fmt: skip
    assert sorted(todo(plan)) == ["/s/later", "/s/longer", "/s/new"]
    assert plan.unchanged == 1
    assert plan.gone["path"].to_list() == ["/s/gone"]


def test_what_lies_in_a_folder_that_cannot_be_read_is_not_gone():
    known = files(("/s/x/a", "a", 1, 1), ("/s/xy/b", "b", 1, 1))
    plan = make_plan(found(unreadable=[("/s/x", "no")]), known, samples(sample("a"), sample("b")), "standard")
    assert plan.gone["path"].to_list() == ["/s/xy/b"]


def test_only_files_whose_size_is_not_unique_are_hashed_first():
    plan = make_plan(found(("/s/1", 10, 0), ("/s/2", 20, 0), ("/s/3", 20, 0), ("/s/4", 40, 0)), files(),
                     samples(sample("k", size=40)), "standard")  # fmt: skip
    assert plan.todo["hash_first"].to_list() == [False, True, True, True]


def test_an_older_version_of_a_group_makes_that_group_stale_and_no_other():
    rows = samples(sample("a"), sample("b", pitch=GROUPS["pitch"] - 1), sample("c", loudness=None))
    stale = stale_groups(rows, "standard")
    assert dict(zip(stale["id"], stale["groups"].to_list(), strict=True)) == {"b": ["pitch"], "c": ["loudness"]}


def test_a_newer_version_is_left_alone():
    assert len(stale_groups(samples(sample("a", pitch=GROUPS["pitch"] + 1)), "standard")) == 0


@pytest.mark.parametrize("level", ["standard", "detailed"])
def test_a_higher_level_asks_for_the_groups_that_it_adds_to(level):
    stale = stale_groups(samples(sample("a", "basic")), level)
    groups = set(stale["groups"][0].to_list())
    assert groups >= set(groups_of(level)) - set(groups_of("basic"))
    assert not groups & {"container", "level", "loudness"}
    assert stale["level"].to_list() == [level]


def test_a_lower_level_asks_for_nothing_and_never_takes_away():
    assert len(stale_groups(samples(sample("a", "detailed")), "basic")) == 0
    stale = stale_groups(samples(sample("a", "detailed", spectrum=0)), "basic")
    assert stale.select("groups", "level").row(0) == (["spectrum"], "detailed")


def test_failures_are_tried_again_when_asked_or_when_the_decoder_is_newer():
    rows = samples(sample("a", status="failed"), sample("b", status="failed", container=0))
    assert stale_groups(rows, "standard")["id"].to_list() == ["b"]
    assert stale_groups(rows, "standard", retry_failed=True)["id"].to_list() == ["a", "b"]


def test_a_stale_sound_is_computed_once_however_often_it_lies_there():
    known = files(("/s/1", "a", 1, 1), ("/s/2", "a", 1, 1))
    plan = make_plan(found(("/s/1", 1, 1), ("/s/2", 1, 1)), known, samples(sample("a", pitch=0)), "standard")
    assert todo(plan) == ["/s/1"]
    assert plan.todo["groups"].to_list() == [["pitch"]]
