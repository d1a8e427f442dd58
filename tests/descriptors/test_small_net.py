from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from samplemind.descriptors import small_net
from samplemind.descriptors.evidence import EVIDENCE
from samplemind.descriptors.kind_features import FEATURES


@pytest.mark.parametrize(("name", "inputs"), [("pitch_choice", EVIDENCE), ("kind", FEATURES)])
@pytest.mark.parametrize("rows", [1, 20])
def test_scores_are_those_of_the_formula(name: str, inputs: tuple[str, ...], rows: int) -> None:
    stored = json.loads(files("samplemind.descriptors").joinpath("data", f"{name}.json").read_text("utf-8"))
    w = {key: np.array(value) for key, value in stored["weights"].items()}
    x = w["mean"] + w["scale"] * np.random.default_rng(rows).normal(0, 1, (rows, len(inputs)))
    z = (x - w["mean"]) / w["scale"]
    expected = np.maximum(z @ w["hidden"] + w["bias"], 0) @ w["out"] + z @ w["direct"] + w["shift"]
    found = small_net.load(name, inputs)(x.astype(np.float32))
    np.testing.assert_allclose(found, expected / stored["temperature"], rtol=1e-3, atol=1e-3)
