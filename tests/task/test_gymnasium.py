"""What other libraries see: gymnasium's checkers, make, make_vec, rendering."""

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from numpy.testing import assert_array_equal

from twmr_nb import ConfigError, EnvConfig, TwmrEnv
from twmr_nb.task.gym_env import TwmrSingleEnv


def test_gymnasiums_checker_passes() -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*observation space (minimum|maximum) value is.*infinity")
        warnings.simplefilter("error", category=DeprecationWarning)
        check_env(gymnasium.make("twmr_nb/Twmr-v0").unwrapped, skip_render_check=True)


def test_gymnasiums_checker_passes_with_rendering(gl: None) -> None:
    env = gymnasium.make("twmr_nb/Twmr-v0", render_mode="rgb_array", disable_env_checker=True)
    env.reset(seed=0)
    image: Any = env.render()
    assert (image.shape, image.dtype) == ((480, 640, 3), np.uint8)
    assert image.std() > 10  # not one colour
    env.close()


def test_single_env_is_the_batch_of_one() -> None:
    config = EnvConfig(max_steps=4)
    single, batch = TwmrSingleEnv(config), TwmrEnv(config)
    obs, info = single.reset(seed=5)
    expected, _ = batch.reset(seed=5)
    assert_array_equal(obs, expected[0])
    assert isinstance(info["x"], float)
    for row in np.random.default_rng(0).uniform(-1, 1, (4, 1, 8)):
        obs, reward, terminated, truncated, info = single.step(row[0])
        expected, rewards, _, _, infos = batch.step(row)
        assert reward == rewards[0]
        assert info["reward_terms"]["forward"] == infos["reward_terms"]["forward"][0]
    assert truncated
    assert not terminated
    assert_array_equal(obs, infos["final_obs"][0])
    obs, _ = single.reset()
    assert_array_equal(obs, expected[0])  # the generator went on as in the batch


def test_gymnasium_makes_vectors() -> None:
    env: Any = gymnasium.make_vec("twmr_nb/Twmr-v0", num_envs=3, config=EnvConfig(obs_mode="compact"))
    assert isinstance(env, TwmrEnv)
    assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    obs, _ = env.reset(seed=0)
    assert env.observation_space.contains(obs)
    obs, *_ = env.step(env.action_space.sample())
    assert env.observation_space.contains(obs)
    statistics = gymnasium.wrappers.vector.RecordEpisodeStatistics(env)
    statistics.reset(seed=0)
    statistics.step(env.action_space.sample())
    synced: Any = gymnasium.make_vec("twmr_nb/Twmr-v0", num_envs=2, vectorization_mode="sync")
    synced.reset(seed=0)
    synced.step(synced.action_space.sample())
    env.close()
    synced.close()


def test_a_start_has_no_options() -> None:
    for env in (TwmrEnv(EnvConfig()), TwmrSingleEnv(EnvConfig())):
        env.reset(seed=1, options={})
        with pytest.raises(ConfigError, match=r"options = \{'x': 1\} is not allowed: a start has none; leave them out"):
            env.reset(options={"x": 1})


def test_unknown_render_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="render_mode = 'human' is not allowed: choose 'rgb_array'"):
        TwmrSingleEnv(render_mode="human")
