"""Step heights per robot and episode: drawn, moved by a curriculum, and true to a model of that height."""

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb import ConfigError, EnvConfig, TwmrEnv


def test_step_heights_are_drawn_per_robot_and_episode() -> None:
    config = EnvConfig(scene="step", step_height=0.02, step_height_max=0.06, max_steps=2)
    env = TwmrEnv(config, 8)
    _, info = env.reset(seed=0)
    seen = [info["step_height"]]
    for _ in range(4):
        seen.append(env.step(np.zeros((8, 8)))[4]["step_height"])
    assert_array_equal(seen[0], seen[1])
    assert_array_equal(seen[1], seen[2])  # info describes the step taken, before the new start
    assert (np.abs(seen[3] - seen[2]) > 1e-6).all()
    assert (np.min(seen) >= 0.02) & (np.max(seen) <= 0.06)
    assert len(np.unique(seen)) == 16
    env.set_step_heights(0.05, 0.05)
    assert (env.step(np.zeros((8, 8)))[4]["step_height"] < 0.06).all()
    env.reset()
    assert_array_equal(env.step(np.zeros((8, 8)))[4]["step_height"], np.full(8, 0.05))


def worlds_of_height(height: float) -> tuple[TwmrEnv, TwmrEnv, np.ndarray]:
    """Two robots before a step, its height drawn or compiled in, and actions that drive them at it."""
    common: dict[str, Any] = {"scene": "step", "step_x": 0.5, "step_half_depth": 0.2, "reset_noise": 0.0}
    common |= {"obs_mode": "full", "action_mode": "leg_position"}
    drawn = TwmrEnv(EnvConfig(step_height=0.01, step_height_max=0.07, **common), 2)
    drawn.set_step_heights(height, height)
    compiled = TwmrEnv(EnvConfig(step_height=height, **common), 2)
    for env in (drawn, compiled):
        env.reset(seed=0)
        env.sim.qpos[:, 0] = 0.19
    plan = np.random.default_rng(0).uniform(-1, 1, (150, 2, 8)).astype(np.float32)
    plan[..., :4] = 0.6 + 0.4 * plan[..., :4]
    return drawn, compiled, plan


@pytest.mark.parametrize("height", [0.04, 0.055, 0.07])
def test_a_drawn_height_is_the_step_of_that_height(height: float) -> None:
    drawn, compiled, plan = worlds_of_height(height)
    touch = 0.0
    for row in plan:
        obs, reward, *_ = drawn.step(row)
        obs_compiled, reward_compiled, *_ = compiled.step(row)
        assert_allclose(obs, obs_compiled, rtol=0, atol=1e-9)
        assert_allclose(reward, reward_compiled, rtol=0, atol=1e-9)
        touch = max(touch, drawn.transition.touch.max())
    assert touch > 1.0
    assert drawn.transition.z.max() > height


def test_a_low_drawn_height_differs_by_grazing_contacts_only() -> None:
    """Its bounding volume is the largest step's, so a contact less than 1 µm deep may be seen that else is culled."""
    drawn, compiled, plan = worlds_of_height(0.015)
    same = []
    for row in plan:
        compiled.sim.state[:] = drawn.sim.state
        x, x_compiled = drawn.step(row)[4]["x"], compiled.step(row)[4]["x"]
        assert_allclose(x, x_compiled, rtol=0, atol=1e-3)
        same.append((x == x_compiled).all())
    assert np.mean(same) > 0.95


@pytest.mark.parametrize("heights", [(0.03, 0.08), (0.05, 0.04), (-0.01, 0.04), (float("nan"), 0.04)])
def test_impossible_step_heights_are_refused(heights: tuple[float, float]) -> None:
    env = TwmrEnv(EnvConfig(scene="step", step_height=0.02, step_height_max=0.07))
    with pytest.raises(ConfigError, match=r"give low <= high between 0 and step_height_max = 0\.07"):
        env.set_step_heights(*heights)
    with pytest.raises(ConfigError, match="give its config a step_height_max"):
        TwmrEnv().set_step_heights(0.02, 0.03)
