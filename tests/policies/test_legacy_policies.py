"""The original's own saved policies, played by our network in our world, move as they were seen to move."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from legacy import their_policy, their_tree

from twmr_nb.cli import main as cli
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.policies.legacy import import_legacy, legacy_policy
from twmr_nb.policies.saved import PolicyError, load_policy
from twmr_nb.task.env import TwmrEnv
from twmr_nb.ui.policy_files import import_policy

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


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_the_network_is_the_originals_by_its_formulas():
    """Written out once more: a cell whose four gates stand apart, their biases beside the memory, no limits."""
    tree = their_tree(22, 5, 3)
    layers = tree["model"]["params"]
    dense = lambda layer, x: np.asarray(layer["kernel"], float).T @ x + np.asarray(layer.get("bias", 0.0), float)  # noqa: E731
    cell = hidden = np.zeros(3)
    player = legacy_policy(pickle.dumps(tree), "theirs").player()
    player.reset(1)
    for obs in np.random.default_rng(1).normal(0, 30, (4, 22)):  # ours are cut off at 10, theirs nowhere
        embedding = np.tanh(dense(layers["Dense_0"], obs))
        i, f, g, o = (
            dense(layers["LSTMCell_0"][f"i{gate}"], embedding) + dense(layers["LSTMCell_0"][f"h{gate}"], hidden)
            for gate in "ifgo"
        )
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
        expected = np.tanh(dense(layers["Dense_2"], np.tanh(dense(layers["Dense_1"], hidden))))
        np.testing.assert_allclose(player.act(obs[None].astype(np.float32))[0], expected, atol=1e-5)


def test_it_is_imported_on_the_command_line_and_in_the_browser(tmp_path, capsys):
    file = tmp_path / "theirs.pkl"
    file.write_bytes(their_policy(12))
    line = ["import-legacy", str(file), "--to", str(tmp_path), "--set", "extension_penalty=0.05", "scene=step_7cm"]
    assert cli.main(line) == 0
    assert "sees compact_obstacle, scene step_7cm" in capsys.readouterr().out
    env = load_policy(tmp_path / "theirs.safetensors").config.env
    assert (env.obs_mode, env.scene, env.extension_penalty) == ("compact_obstacle", "step_7cm", 0.05)
    assert load_policy(import_policy("theirs.pkl", file.read_bytes(), tmp_path)).name == "theirs"


def test_what_does_not_fit_is_said(tmp_path):
    with pytest.raises(PolicyError, match="it sees 7 numbers, as no observation mode"):
        legacy_policy(their_policy(7), "theirs")
    with pytest.raises(PolicyError, match=r"params/encoder/kernel is float32 \(10, 4\), where"):
        legacy_policy(their_policy(10), "theirs", obs_mode="proprio")
    with pytest.raises(ConfigError, match="no_such"):
        legacy_policy(their_policy(), "theirs", no_such=1)
    with pytest.raises(PolicyError, match=r"no file at .*: give a \.pkl"):
        import_legacy(tmp_path / "none.pkl")
    with pytest.raises(PolicyError, match=r"is a folder: give a \.pkl in it"):
        import_legacy(tmp_path)
