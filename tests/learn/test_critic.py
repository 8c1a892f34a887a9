"""A privileged critic, the contact sense and randomised worlds: who sees what, and what is drawn."""

import jax
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb.config.schema import EnvConfig, PPOConfig, TrainConfig
from twmr_nb.learn.network import ActorCritic, act, forward, init_carry, init_policy
from twmr_nb.learn.trainer import Trainer
from twmr_nb.policies.saved import SavedPolicy, load_policy
from twmr_nb.task.env import TwmrEnv

HEIGHTS = {"scene": "step", "step_height": 0.01, "step_height_max": 0.06}
TINY = PPOConfig(num_envs=4, rollout_steps=8, minibatches=2, mlp_size=8, hidden_size=8, total_timesteps=96)


def test_the_critic_is_told_the_place_and_height_of_the_step() -> None:
    plain, told = (TwmrEnv(EnvConfig(critic_obs_mode=mode, **HEIGHTS), 3) for mode in ("same", "compact_obstacle"))
    seen, _ = plain.reset(seed=5)
    more, _ = told.reset(seed=5)
    assert_array_equal(more[:, :22], seen)
    assert told.critic_size == 13
    assert_array_equal(more[:, 22], told.sim.qpos[:, 0].astype(np.float32))
    assert_allclose(more[:, -1], told.sim.heights, rtol=1e-6)
    assert told.single_observation_space.shape == (35,)


def test_the_policy_cannot_see_what_the_critic_is_told() -> None:
    network = ActorCritic(8, 8, critic_size=3)
    policy = init_policy(network, jax.random.key(0), 25, -0.5)
    obs = np.random.default_rng(0).normal(size=(1, 2, 25)).astype(np.float32)
    other = obs.copy()
    other[..., -3:] += 1
    start, carry = np.ones((1, 2), bool), init_carry(network, 2)
    _, mean, value = forward(network, policy, carry, obs, start)
    _, same_mean, other_value = forward(network, policy, carry, other, start)
    assert_array_equal(mean, same_mean)
    assert (np.asarray(value) != np.asarray(other_value)).all()


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_policy_trained_so_plays_without(symmetric: bool, tmp_path) -> None:
    config = TrainConfig(EnvConfig(critic_obs_mode="compact_obstacle", max_steps=20), TINY.replace(symmetric=symmetric))
    trainer = Trainer(TwmrEnv(config.env, 4), config.ppo)
    for record in trainer.updates():
        assert np.isfinite(record["value_loss"])
    saved = load_policy(SavedPolicy("told", trainer.policy, config).save(tmp_path / "told.safetensors"))
    obs, _ = TwmrEnv(config.env.replace(critic_obs_mode="same"), 4).reset(seed=1)
    player = saved.player()
    player.reset(4)
    noise = np.zeros((4, 8), np.float32)
    wide = np.pad(obs, ((0, 0), (0, 13)), constant_values=3.0)
    decision = act(trainer.network, trainer.policy, init_carry(trainer.network, 4), wide, np.ones(4, bool), noise)
    assert_allclose(player.act(obs), decision.action, atol=1e-6)  # in training sums are rounded otherwise
    player.reset(4)
    assert_allclose(player.act(wide), decision.action, atol=1e-6)  # even if it is offered, it is not looked at


def test_the_contact_sense_tells_whether_the_step_is_touched() -> None:
    config = EnvConfig(obs_mode="proprio_contact", reset_noise=0.0)
    env = TwmrEnv(config, 1)
    obs, _ = env.reset(seed=0)
    assert obs.shape == (1, 23)
    assert obs[0, -1] == 0
    touched = []
    for _ in range(300):
        obs, *_ = env.step(np.array([[1, 1, 1, 1, 0, 0, 0, 0]]))
        touched.append((obs[0, -1], float(env.transition.touch[0] > 0)))
    assert set(touched) == {(0.0, 0.0), (1.0, 1.0)}


def test_worlds_are_drawn_per_episode_and_go_on_from_a_saved_state() -> None:
    config = EnvConfig(start_x_range=0.1, friction_range=0.3, mass_range=0.2, max_steps=4, settle_steps=2)
    env = TwmrEnv(config, 16)
    env.reset(seed=0)
    first = env.sim.factors.copy()
    assert np.ptp(first[:, 0]) > 0.2
    assert (abs(first[:, 0] - 1) <= 0.3).all()
    assert (abs(first[:, 1] - 1) <= 0.2).all()
    assert np.ptp(env.sim.qpos[:, 0]) > 0.1
    chassis = env.sim.model.body("chassis")
    assert_allclose(env.sim.batch.expand("body_mass")[:, chassis.id], chassis.mass * first[:, 1])
    actions = np.random.default_rng(1).uniform(-1, 1, (6, 16, 8))
    for action in actions[:3]:
        env.step(action)
    state = env.get_state()
    ahead = [env.step(action)[0] for action in actions[3:]]  # an episode ends on the way
    assert (env.sim.factors != first).any()
    again = TwmrEnv(config, 16)
    again.set_state(state)
    for action, expected in zip(actions[3:], ahead, strict=True):
        assert_array_equal(again.step(action)[0], expected)


def test_robot_i_of_a_batch_is_a_single_robot_with_its_seed() -> None:
    config = EnvConfig(start_x_range=0.1, friction_range=0.3, mass_range=0.2)
    batch, single = TwmrEnv(config, 3), TwmrEnv(config, 1)
    batch.reset(seed=7)
    single.reset(seed=9)
    actions = np.random.default_rng(0).uniform(-1, 1, (10, 8))
    for action in actions:
        many, one = batch.step(np.tile(action, (3, 1)))[0], single.step(action[None])[0]
    assert_array_equal(many[2], one[0])


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_friction_and_mass_reach_the_physics(factor: float) -> None:
    env = TwmrEnv(EnvConfig(mass_range=0.5, friction_range=0.5, scene="flat", reset_noise=0.0), 2)
    env.reset(seed=0)
    env.sim.set_factors(np.arange(2), np.array([[1.0, 1.0], [1.0, factor]]))
    wheels = env.sim.batch.bind("qacc")
    env.sim.batch.forward()
    assert not np.allclose(wheels[0], wheels[1])


def test_an_episode_ends_when_the_robot_tips_too_far() -> None:
    env = TwmrEnv(EnvConfig(max_tilt=0.5, start_on_ground=False, settle_steps=0, reset_noise=0.0), 3)
    env.reset(seed=0)
    for i, pitch in enumerate((0.0, 0.45, -0.6)):
        env.sim.qpos[i, 2] = 0.3
        env.sim.qpos[i, 3:7] = [np.cos(pitch / 2), 0, np.sin(pitch / 2), 0]
    _, _, terminated, truncated, _ = env.step(np.zeros((3, 8)))
    assert_array_equal(terminated, [False, False, True])
    assert not truncated.any()
    assert_allclose(env.transition.upright, np.cos([0.0, 0.45, -0.6]), atol=0.02)
