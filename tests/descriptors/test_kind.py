from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplemind.audio.clip import Clip
from samplemind.descriptors import kind
from samplemind.descriptors.catalogue import CATALOGUE
from samplemind.descriptors.signal import Signal
from tests.descriptors.drums import HOUSE, RATE, ROCK, hit, loop


def _values(samples: Any, rate: int = RATE) -> dict[str, Any]:
    return kind.compute(Signal(Clip.from_array(samples, rate)))


def test_names_are_those_of_the_catalogue() -> None:
    expected = {entry.name for entry in CATALOGUE if entry.group == "kind"}
    assert set(_values(hit("kick"))) == expected


@pytest.mark.parametrize("part", ["kick", "snare", "hat"])
def test_a_hit_is_a_one_shot(part: str) -> None:
    found = _values(hit(part))
    assert found["kind"] == "one-shot"
    assert found["kind_confidence"] > 0.6


@pytest.mark.parametrize("bpm", [95, 122, 140])
@pytest.mark.parametrize("pattern", [ROCK, HOUSE])
def test_bars_of_drums_are_a_loop(bpm: int, pattern: dict[str, tuple[int, ...]]) -> None:
    assert _values(loop(pattern, bpm))["kind"] == "loop"


def test_chances_sum_to_one() -> None:
    for sound in (hit("kick"), loop(ROCK, 100)):
        assert sum(kind.chances(Signal(Clip.from_array(sound, RATE))).values()) == pytest.approx(1, abs=1e-5)


@given(st.floats(0.03, 1.0), st.booleans())
def test_gain_and_polarity_do_not_matter(gain: float, flipped: bool) -> None:
    samples = loop(HOUSE, 126)
    scaled = samples * np.float32(-gain if flipped else gain)
    assert _values(scaled)["kind_confidence"] == pytest.approx(_values(samples)["kind_confidence"], abs=0.01)
    assert _values(scaled)["kind"] == "loop"


def test_attacks_on_a_grid_are_regular_and_others_are_not() -> None:
    rng = np.random.default_rng(3)
    irregular = np.zeros(6 * RATE)
    for at in np.sort(rng.uniform(0, 5.5, 12)):
        irregular[int(at * RATE) : int(at * RATE) + len(hit("snare"))] += hit("snare")
    assert _values(loop(HOUSE, 120))["onset_periodicity"] > 0.85
    assert _values(irregular)["onset_periodicity"] < 0.7
    assert _values(hit("kick"))["onset_periodicity"] == 0


def test_a_steady_tone_runs_into_its_start_and_a_hit_does_not() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 441 * np.arange(2 * RATE) / RATE)
    assert _values(tone)["seam_continuity"] > _values(np.concatenate([hit("kick"), np.zeros(RATE)]))["seam_continuity"]


def test_tail_ratio_is_the_level_at_the_end() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 441 * np.arange(2 * RATE) / RATE)
    assert _values(tone)["tail_ratio"] == pytest.approx(1, abs=0.01)
    faded = np.where(np.arange(2 * RATE) < 1.7 * RATE, tone, 0.1 * tone)
    assert _values(faded)["tail_ratio"] == pytest.approx(0.1, abs=0.01)
    assert _values(np.concatenate([hit("kick"), np.zeros(RATE)]))["tail_ratio"] < 0.01


@pytest.mark.parametrize("samples", [1, 2, 100, 600, 5000])
def test_tiny_sounds_have_a_kind(samples: int) -> None:
    found = _values(np.random.default_rng(0).standard_normal(samples))
    assert found["kind"] in kind.KINDS
    assert all(0 <= found[name] <= 1 for name in ("kind_confidence", "onset_periodicity", "seam_continuity"))


def test_a_network_for_other_inputs_is_refused() -> None:
    from samplemind.descriptors import small_net

    with pytest.raises(ValueError, match="made for other inputs"):
        small_net.load("kind", ("loudness",))
