"""The world in a mirror: physics, reward and observations of the image are the images of theirs, in every mode."""

import numpy as np
import pytest

import twmr_nb as tw
from twmr_nb.config.schema import ObsMode
from twmr_nb.learn.network import reflect
from twmr_nb.task.observations import mirror_of

OTHER_SIDE = [1, 0, 3, 2]  # of the wheels: front left, front right, rear left, rear right


def image(state: np.ndarray, root: int, aside: tuple[int, ...]) -> np.ndarray:
    """qpos or qvel [N, D] in the mirror, written out: four joints for each wheel behind the root's."""
    state = state.copy()
    state[:, list(aside)] *= -1
    state[:, root:] = state[:, root:].reshape(-1, 4, 4)[:, OTHER_SIDE].reshape(len(state), 16)
    return state


@pytest.mark.parametrize("mode", ObsMode.__args__)
def test_a_mirrored_robot_does_and_sees_the_mirror_image(mode: str):
    config = tw.preset("recommended").env.replace(obs_mode=mode, critic_obs_mode="compact_obstacle", reset_noise=0.1)
    one, other = (tw.TwmrEnv(config, 4) for _ in "ab")
    one.reset(seed=3), other.reset(seed=3)
    other.sim.qpos[:] = image(one.sim.qpos, 7, (1, 4, 6))
    other.sim.qvel[:] = image(one.sim.qvel, 6, (1, 3, 5))
    mirror, rng = mirror_of(config), np.random.default_rng(0)
    assert len(mirror.obs) == one.single_observation_space.shape[0]
    seen = []
    for _ in range(40):
        action = rng.uniform(-1, 1, (4, 8)).astype(np.float32)
        obs, reward, *_ = one.step(action)
        obs_there, reward_there, *_ = other.step(reflect(mirror.action, action))
        np.testing.assert_allclose(obs_there, reflect(mirror.obs, obs), atol=1e-6)
        np.testing.assert_allclose(reward_there, reward, atol=1e-12)
        seen.append(obs)
    changed = (np.abs(reflect(mirror.obs, np.array(seen)) - seen) > 1e-3).any(axis=(0, 1))
    assert changed.sum() >= 4  # or there would be nothing to see


def test_twice_in_the_mirror_is_as_before():
    for mode in ObsMode.__args__:
        columns = mirror_of(tw.EnvConfig(obs_mode=mode, critic_obs_mode="full")).obs
        row = np.arange(1.0, len(columns) + 1)
        np.testing.assert_array_equal(reflect(columns, reflect(columns, row)), row)
