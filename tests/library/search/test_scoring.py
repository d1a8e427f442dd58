"""Distances against what arithmetic says, and properties that have to hold of all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.library.search.scoring import Sound, Term, directions, distances, in_order, totals

EAST, NORTH = np.eye(2, dtype=np.float32)


def sound(*variants, weight=1.0):
    return Sound(np.array(variants, np.float32), weight)


def unit(angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_the_same_is_0_the_opposite_is_2_and_nothing_is_1():
    found = distances(Term("embedding", (sound(EAST),)), np.array([EAST, NORTH, -EAST, [0, 0]], np.float32))
    assert found.tolist() == [0, 1, 2, 1]


def test_of_several_variants_the_nearest_counts():
    found = distances(Term("embedding", (sound(EAST, NORTH),)), np.array([EAST, NORTH, -EAST]))
    assert found.tolist() == [0, 0, 1]


def test_likes_are_averaged_by_their_weights():
    term = Term("embedding", (sound(EAST, weight=3), sound(-EAST, weight=1)))
    assert distances(term, EAST[None]).tolist() == [0.5]


def test_what_is_not_liked_pushes_half_as_much_and_only_what_is_like_it():
    term = Term("embedding", (sound(EAST),), (sound(NORTH),))
    assert distances(term, np.array([NORTH, EAST, -NORTH])).tolist() == [1.5, 0, 1]


def test_with_nothing_liked_the_farthest_is_nearest():
    term = Term("embedding", (), (sound(EAST),))
    assert distances(term, np.array([EAST, NORTH, -EAST])).tolist() == [2, 1, 0]


@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
def test_distances_are_never_negative_and_lie_in_their_bounds(seed, has_likes, has_unlikes):
    if not (has_likes or has_unlikes):
        return
    rng = np.random.default_rng(seed)
    some = [Sound(unit(rng.uniform(0, 7, rng.integers(1, 4))), rng.uniform(0.1, 3)) for _ in range(4)]
    term = Term("embedding", tuple(some[:2]) if has_likes else (), tuple(some[2:]) if has_unlikes else ())
    found = distances(term, unit(rng.uniform(0, 7, 50)))
    assert found.min() >= 0
    assert found.max() <= 2.5 + 1e-6


@given(st.integers(0, 2**32 - 1), st.integers(0, 2))
def test_the_nearest_lies_around_a_direction(seed, unlikes):
    # In the plane with sounds everywhere: the best of all is beside one of the directions, where there are no variants.
    rng = np.random.default_rng(seed)
    some = [Sound(unit(rng.uniform(0, 7, 1)), 1.0) for _ in range(1 + unlikes)]
    term = Term("embedding", tuple(some[:1]), tuple(some[1:]))
    around = unit(np.linspace(0, 2 * np.pi, 3600))
    best = distances(term, around).min()
    assert distances(term, directions(term)).min() <= best + (1e-5 if not unlikes else 0.2)


def test_directions_of_variants_are_the_variants():
    term = Term("harmony_vector", (sound(EAST, NORTH),))
    assert sorted(directions(term).tolist()) == sorted([EAST.tolist(), NORTH.tolist()])


def test_equal_distances_are_in_order_of_ids_and_do_not_depend_on_the_others():
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((40, 128)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[[3, 17, 31]] = vectors[3]
    ids = [f"{number:02d}" for number in range(40)]
    term = Term("embedding", (Sound(vectors[3:4]),))
    near = in_order(ids, [term], [vectors], 3)
    assert near.ids == ["03", "17", "31"]
    assert near.distance.tolist() == [0, 0, 0]
    alone = in_order(ids[:9], [term], [vectors[:9]], None)
    whole = dict(zip(*(lambda n: (n.ids, n.distance.tolist()))(in_order(ids, [term], [vectors], None)), strict=True))
    assert all(whole[key] == value for key, value in zip(alone.ids, alone.distance.tolist(), strict=True))


def test_the_whole_is_the_weighted_sum_of_the_terms():
    terms = [Term("a", (sound(EAST),), weight=0.75), Term("b", (sound(NORTH),), weight=0.25)]
    near = in_order(["x", "y"], terms, [np.array([EAST, NORTH]), np.array([EAST, EAST])], None)
    assert near.ids == ["x", "y"]
    assert near.distance.tolist() == pytest.approx([0.25, 1.0])
    assert near.by_term.tolist() == [[0, 1], [1, 1]]
    assert totals(terms, [np.float32([1]), np.float32([2])]).tolist() == [1.25]
