"""What the network for kinds learns from: sounds that can be heard, weighed as they should be."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.mark.parametrize(
    "name",
    ["wind", "rain", "water", "birds", "animal", "insects", "machine", "steps", "crackle", "thunder"],
)
def test_every_scene_sounds_for_as_long_as_it_is_asked_to(name: str) -> None:
    import kind_scenes

    y = getattr(kind_scenes, name)(np.random.default_rng(3), 40000)
    assert y.shape == (40000,)
    assert np.isfinite(y).all()
    assert np.abs(y).max() > 1e-3


@pytest.mark.parametrize("detail", ["place", "sung", "note", "effect", "moving", "swell"])
def test_every_synthesised_sound_survives_another_chain(detail: str) -> None:
    import render_kinds

    rng = np.random.default_rng(5)
    y = render_kinds.recorded_otherwise(rng, render_kinds.SYNTHESISED[detail][2](rng))
    assert y.dtype == np.float32
    assert len(y) > 1000
    assert 0.05 < np.abs(y).max() <= 1


def test_kinds_count_by_their_share_and_no_source_outvotes_another() -> None:
    import fit_kind

    groups = [(0, "large", 800), (0, "small", 8), (1, "large", 20), (2, "small", 5)]
    found = [fit_kind.Item(kind, source, "real", True, None) for kind, source, count in groups for _ in range(count)]
    weights = fit_kind._weights(found)
    kinds = np.array([item.kind for item in found])
    for number, kind in enumerate(fit_kind.KINDS):
        assert weights[kinds == number].sum() == pytest.approx(fit_kind.SHARES[kind])
    assert weights[800] > 2 * weights[0]
