"""The original's own saved policies, played by our network in our world, move as they were seen to move."""

import json
from pathlib import Path

import numpy as np
import pytest

from twmr_nb.config.schema import EnvConfig
from twmr_nb.policies.legacy import import_legacy
from twmr_nb.task.env import TwmrEnv

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
POLICIES = sorted((REFERENCE / "legacy_policies").glob("*.pkl"))


@pytest.mark.skipif(not POLICIES, reason="the original's policies are not here")
@pytest.mark.parametrize("path", POLICIES, ids=lambda p: p.stem)
@pytest.mark.parametrize("scene", ["step_5cm", "step_7cm"])
def test_original_policy_moves_as_recorded(path, scene):
    measured = json.loads((REFERENCE / "legacy_policies.json").read_text())
    recorded = measured["policies"][path.name][scene]["seed0"]
    env = TwmrEnv(EnvConfig(scene=scene, **measured["settings"]))
    player = import_legacy(path).player()
    obs, info = env.reset(seed=0)
    player.reset(1)
    x, actions = [], []
    for _ in recorded["x"]:
        x.append(info["x"][0])
        actions.append(player.act(obs)[0])
        obs, _, _, _, info = env.step(actions[-1][None])
    first = recorded["first_actions"]
    np.testing.assert_allclose(actions[: len(first)], first, atol=1e-5)
    np.testing.assert_allclose(x, recorded["x"], atol=1e-4)
