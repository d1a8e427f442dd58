from __future__ import annotations

import numpy as np
import pytest

from samplemind.audio.clip import Clip
from samplemind.errors import ParameterError


def test_whole_numbers_are_pcm() -> None:
    y = np.array([-32768, 0, 16384], dtype=np.int16)
    np.testing.assert_array_equal(Clip.from_array(y, 44100).samples, [[-1.0, 0.0, 0.5]])


def test_time_in_the_wrong_place_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"samples\.T"):
        Clip.from_array(np.zeros((44100, 2)), 44100)


@pytest.mark.parametrize("rate", [0, -1])
def test_a_rate_is_above_zero(rate: int) -> None:
    with pytest.raises(ParameterError, match="rate"):
        Clip.from_array(np.zeros(10), rate)
    with pytest.raises(ParameterError, match="rate"):
        Clip.from_array(np.zeros(10), 44100).at(rate)


def test_it_says_what_it_is_in_a_line() -> None:
    assert repr(Clip.from_array(np.zeros((2, 22050)), 44100)) == "Clip(0.500 s, 2 channels, 44100 Hz)"


def test_channels_that_cancel_out_are_heard_one_by_one() -> None:
    y = np.sin(np.arange(1000) / 9).astype(np.float32)
    np.testing.assert_array_equal(Clip.from_array(np.stack([y, -y]), 44100).mono, y)
    np.testing.assert_allclose(Clip.from_array(np.stack([y, 0.5 * y]), 44100).mono, 0.75 * y, atol=1e-6)
