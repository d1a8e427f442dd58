from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from samplemind.audio.lanes import (
    DOUBLES,
    LANES,
    absent,
    evens,
    highest,
    load,
    log2,
    lowest,
    odds,
    root,
    store,
    turned,
)


@njit
def _combined(x, y, number, out):  # type: ignore[no-untyped-def]
    """Every operator, between lanes and between lanes and a number."""
    zero, one = np.uint64(0), np.uint64(1)
    a, b = load(x, one), load(y, zero)
    a += b
    a *= number
    store(out, one, (number - a) * b + (a - number) - number * b + b * a)


@njit
def _looked_up(x, y, out):  # type: ignore[no-untyped-def]
    at = np.uint64(0)
    a, b = load(x, at), load(y, at)
    for row, value in enumerate((highest(a, b), lowest(a, b), root(a), log2(a), absent())):
        store(out, np.uint64(row * LANES), value)


@njit
def _reordered(x, out):  # type: ignore[no-untyped-def]
    a, b = load(x, np.uint64(0)), load(x, np.uint64(LANES))
    for row, value in enumerate((evens(a, b), odds(a, b), turned(a))):
        store(out, np.uint64(row * LANES), value)


@pytest.mark.parametrize(("kind", "lanes"), [(np.float32, LANES), (np.float64, DOUBLES)])
def test_lanes_do_what_numpy_does_to_a_row(kind: type, lanes: int) -> None:
    rng = np.random.default_rng(0)
    x: np.ndarray = rng.normal(0, 1, lanes + 1).astype(kind)
    y: np.ndarray = rng.normal(0, 1, lanes).astype(kind)
    out: np.ndarray = np.full(lanes + 2, np.nan, kind)
    _combined(x, y, kind(0.3), out)
    a = (x[1:] + y) * 0.3
    assert np.isnan(out[[0, -1]]).all()  # what lies beside the row was left alone
    np.testing.assert_allclose(out[1:-1], (0.3 - a) * y + (a - 0.3) - 0.3 * y + y * a, rtol=1e-4, atol=1e-5)


def test_functions_of_lanes() -> None:
    rng = np.random.default_rng(1)
    x = np.exp2(rng.uniform(-40, 40, LANES)).astype(np.float32)
    y = np.exp2(rng.uniform(-40, 40, LANES)).astype(np.float32)
    out: np.ndarray = np.full((5, LANES), np.nan, np.float32)
    _looked_up(x, y, out)
    np.testing.assert_array_equal(out[0], np.maximum(x, y))
    np.testing.assert_array_equal(out[1], np.minimum(x, y))
    np.testing.assert_allclose(out[2], np.sqrt(x), rtol=1e-6)
    np.testing.assert_allclose(out[3], np.log2(x), atol=2e-5)
    np.testing.assert_array_equal(out[4], 0)


def test_lanes_in_another_order() -> None:
    x = np.arange(2 * LANES, dtype=np.float32)
    out = np.zeros((3, LANES), np.float32)
    _reordered(x, out)
    np.testing.assert_array_equal(out, [x[::2], x[1::2], x[LANES - 1 :: -1]])
