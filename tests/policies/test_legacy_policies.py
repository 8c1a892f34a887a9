"""The original's own saved policies, played by our network in our world, move as they were seen to move."""

import json
import pickle
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from twmr_nb.config.schema import EnvConfig, TrainConfig
from twmr_nb.learn.network import Normalizer, PolicyParams
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.task.env import TwmrEnv

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
POLICIES = sorted((REFERENCE / "legacy_policies").glob("*.pkl"))


class ArraysOnly(pickle.Unpickler):
    """Reads pickled arrays, and refuses whatever else a pickle could bring."""

    def find_class(self, module: str, name: str):
        if module.split(".")[0] not in ("jax", "jaxlib", "numpy"):
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a policy")
        return super().find_class(module, name)


def converted(path: Path) -> SavedPolicy:
    """The original's parameters under our names; its four gates side by side."""
    with path.open("rb") as file:
        data = ArraysOnly(file).load()
    theirs = data["model"]["params"]
    cell = theirs["LSTMCell_0"]
    recurrent = [cell[f"h{gate}"] for gate in "ifgo"]
    params = {
        "encoder": theirs["Dense_0"],
        "lstm_input": {
            "kernel": jnp.concatenate([cell[f"i{gate}"]["kernel"] for gate in "ifgo"], axis=1),
            "bias": jnp.concatenate([gate["bias"] for gate in recurrent]),
        },
        "lstm_recurrent": jnp.concatenate([gate["kernel"] for gate in recurrent], axis=1),
        "decoder": theirs["Dense_1"],
        "action_mean": theirs["Dense_2"],
        "value": theirs["Dense_3"],
    }
    size = theirs["Dense_0"]["kernel"].shape[0]
    normalizer = Normalizer(jnp.zeros(size), jnp.ones(size), jnp.zeros(()))
    hidden_size = params["lstm_recurrent"].shape[0]
    config = TrainConfig().replace(hidden_size=hidden_size, normalize_observations=False)
    return SavedPolicy(path.stem, PolicyParams(params, data["log_std"], normalizer), config)


@pytest.mark.skipif(not POLICIES, reason="the original's policies are not here")
@pytest.mark.parametrize("path", POLICIES, ids=lambda p: p.stem)
@pytest.mark.parametrize("scene", ["step_5cm", "step_7cm"])
def test_original_policy_moves_as_recorded(path, scene):
    measured = json.loads((REFERENCE / "legacy_policies.json").read_text())
    recorded = measured["policies"][path.name][scene]["seed0"]
    env = TwmrEnv(EnvConfig(scene=scene, **measured["settings"]))
    player = converted(path).player()
    obs, info = env.reset(seed=0)
    player.reset(1)
    x, actions = [], []
    for _ in recorded["x"]:
        x.append(info["x"][0])
        actions.append(player.act(obs)[0])
        obs, _, _, _, info = env.step(actions[-1][None])
    # The first action is the network alone. Then rounding of 1e-7 grows in the contacts, so the bounds widen.
    first = recorded["first_actions"]
    np.testing.assert_allclose(actions[0], first[0], atol=1e-5)
    np.testing.assert_allclose(actions[: len(first)], first, atol=0.03)
    np.testing.assert_allclose(x[:20], recorded["x"][:20], atol=1e-4)
    np.testing.assert_allclose(x, recorded["x"], atol=0.01)
