"""The 16 recorded runs of the original reproduce: observation, x, z, gate, reward, done, passed, state."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb import EnvConfig, TwmrEnv

DATA = Path(__file__).parents[1] / "data"
CASES = json.loads((DATA / "index.json").read_text())["cases"]


@pytest.fixture(scope="module", params=CASES)
def run(request: pytest.FixtureRequest) -> tuple[dict[str, Any], dict[str, np.ndarray], TwmrEnv, dict[str, np.ndarray]]:
    """One recorded case, its arrays, the environment, and what the environment does with the recorded actions."""
    case = CASES[request.param]
    recorded = dict(np.load(DATA / f"{request.param}.npz"))
    env = TwmrEnv(EnvConfig(scene=case["scene"], **case["settings"]))
    reset_obs, _ = env.reset(seed=case["reset_seed"])
    ours: dict[str, Any] = {"reset_obs": reset_obs[0], "reset_state": env.sim.state[0].copy()}
    series: dict[str, list] = {k: [] for k in ("obs", "reward", "x", "z", "gate", "done", "passed", "qpos", "qvel")}
    for action in recorded["actions"]:
        obs, reward, terminated, truncated, info = env.step(action[None])
        done = terminated | truncated
        row = {"obs": info["final_obs"] if done[0] else obs, "reward": reward, "done": done}
        row |= {k: info[k] for k in ("x", "z", "gate", "passed")}
        row |= {"qpos": env.transition.qpos, "qvel": env.transition.qvel}
        for key, value in row.items():
            series[key].append(value[0])
    return case, recorded, env, ours | {k: np.array(v) for k, v in series.items()}


def test_all_cases_are_there() -> None:
    assert len(CASES) == 16


def test_reset(run: Any) -> None:
    _, recorded, _, ours = run
    assert_allclose(ours["reset_obs"], recorded["reset_obs"], rtol=0, atol=1e-6)
    assert ours["reset_obs"].shape == recorded["reset_obs"].shape
    assert_array_equal(ours["reset_state"], recorded["reset_state"])


@pytest.mark.parametrize("signal", ["x", "z", "gate", "reward"])
def test_signals(run: Any, signal: str) -> None:
    _, recorded, _, ours = run
    assert ours[signal].dtype == np.float64
    assert_allclose(ours[signal][:100], recorded[signal][:100], rtol=0, atol=1e-9)
    assert_allclose(ours[signal], recorded[signal], rtol=0, atol=1e-6)


def test_done_passed_and_shapes(run: Any) -> None:
    _, recorded, _, ours = run
    assert_array_equal(ours["done"], recorded["done"])
    assert_array_equal(ours["passed"], recorded["passed"])
    assert ours["obs"].shape == recorded["obs"].shape
    assert ours["obs"].dtype == np.float32


def test_observations_and_states(run: Any) -> None:
    _, recorded, _, ours = run
    assert_allclose(ours["obs"], recorded["obs"], rtol=0, atol=1e-5)
    assert_allclose(ours["qpos"][24::25], recorded["qpos"], rtol=0, atol=1e-6)
    assert_allclose(ours["qvel"][24::25], recorded["qvel"], rtol=0, atol=1e-4)


def test_derived_settings(run: Any) -> None:
    case, _, env, ours = run
    assert env.success_x == case["success_x"]
    assert env.sim.retract.tolist() == case["retract_targets"]
    assert env.sim.extend.tolist() == case["extend_targets"]
    assert (env.sim.frame_skip, env.sim.ctrl_dt) == (case["frame_skip"], case["ctrl_dt"])
    assert ours["reward"].sum() == pytest.approx(case["total_reward"], abs=1e-6)
