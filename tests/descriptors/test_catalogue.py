from __future__ import annotations

import re

import pytest

from samplemind.descriptors import catalogue
from samplemind.descriptors.catalogue import CATALOGUE, GROUPS, LEVELS, descriptors, groups_of
from samplemind.errors import ParameterError


def test_names_are_unique_and_fit_for_columns() -> None:
    names = [entry.name for entry in CATALOGUE]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_every_entry_says_what_it_means_and_belongs_to_a_versioned_group() -> None:
    for entry in CATALOGUE:
        assert entry.meaning, entry.name
        assert entry.group in GROUPS
        assert entry.level in LEVELS
        assert (entry.size is not None) == (entry.dtype == "vector"), entry.name
        if entry.low is not None and entry.high is not None:
            assert entry.low < entry.high


def test_each_level_holds_the_one_before() -> None:
    basic, standard, detailed = (set(descriptors(level)) for level in LEVELS)
    assert basic < standard < detailed
    assert set(groups_of("basic")) < set(groups_of("standard")) < set(groups_of("detailed"))


def test_detailed_has_more_than_200_values() -> None:
    assert sum(entry.size or 1 for entry in descriptors("detailed")) > 200


def test_describe_is_a_table_of_all_or_of_one() -> None:
    assert catalogue.describe()["name"].to_list() == [entry.name for entry in CATALOGUE]
    assert catalogue.describe("bpm").row(0, named=True)["unit"] == "BPM"


def test_unknown_names_get_help() -> None:
    with pytest.raises(ParameterError, match="centroid_mean"):
        catalogue.by_name("centroid_men")
    with pytest.raises(ParameterError, match="basic, standard, detailed"):
        catalogue.parse_level("full")
