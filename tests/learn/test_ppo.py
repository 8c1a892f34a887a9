"""Advantages and loss against numbers worked out by hand."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from probes import Identified

from twmr_nb.config.schema import PPOConfig
from twmr_nb.learn.network import init_carry
from twmr_nb.learn.ppo import Batch, explained_variance, gae, next_pace, ppo_loss, select_robots
from twmr_nb.learn.trainer import Trainer

SMALL = PPOConfig(
    log_std_final=None, num_envs=4, minibatches=2, rollout_steps=8, epochs=1, mlp_size=8, hidden_size=8, stagger=False
)


def column(*values: float) -> jnp.ndarray:
    return jnp.array(values)[:, None]


def test_gae_without_episode_end():
    # deltas: 1 + 0.5*4 - 2 = 1 ; 2 + 0.5*6 - 4 = 1 ; 3 + 0.5*8 - 6 = 1 ; each weighs 0.5*0.5 of the next
    done = jnp.zeros((3, 1), bool)
    advantage, returns = gae(column(1, 2, 3), column(2, 4, 6), done, column(0, 0, 0), jnp.array([8.0]), 0.5, 0.5)
    np.testing.assert_allclose(advantage[:, 0], [1 + 0.25 * 1.25, 1.25, 1.0], rtol=1e-6)
    np.testing.assert_allclose(returns[:, 0], [3.3125, 5.25, 7.0], rtol=1e-6)


def test_gae_stops_at_termination():
    # the middle step terminates: its delta is 2 - 4 = -2, and nothing behind it reaches the first step
    done = jnp.array([[False], [True], [False]])
    advantage, _ = gae(column(1, 2, 3), column(2, 4, 6), done, column(0, 0, 0), jnp.array([8.0]), 0.5, 0.5)
    np.testing.assert_allclose(advantage[:, 0], [1 + 0.25 * -2, -2.0, 1.0], rtol=1e-6)


def test_gae_bootstraps_truncation_from_the_final_observation():
    # the same, truncated, with a final observation worth 10: delta is 2 + 0.5*10 - 4 = 3
    done = jnp.array([[False], [True], [False]])
    advantage, _ = gae(column(1, 2, 3), column(2, 4, 6), done, column(0, 10, 0), jnp.array([8.0]), 0.5, 0.5)
    np.testing.assert_allclose(advantage[:, 0], [1 + 0.25 * 3, 3.0, 1.0], rtol=1e-6)


def test_gae_keeps_robots_apart():
    done = jnp.zeros((1, 2), bool)
    advantage, _ = gae(
        jnp.array([[1.0, 2.0]]), jnp.array([[0.0, 5.0]]), done, jnp.zeros((1, 2)), jnp.array([4.0, 6.0]), 0.5, 0.9
    )
    np.testing.assert_allclose(advantage, [[3.0, 0.0]])


def test_explained_variance():
    returns = jnp.array([1.0, 2.0, 3.0])
    assert explained_variance(returns, returns) == pytest.approx(1.0)
    assert explained_variance(jnp.zeros(3), returns) == pytest.approx(0.0)


def rollout_batch(trainer: Trainer) -> Batch:
    """Compile, reset and collect one rollout."""
    trainer.compile()
    trainer.obs, _ = trainer.env.reset(seed=0)
    assert trainer.collect(lambda: False) is not None
    return trainer.storage.batch(np.zeros(trainer.num_envs, np.float32), trainer.first_carry)


def test_ratio_is_one_on_the_first_pass_across_episode_boundaries():
    trainer = Trainer(Identified(4), SMALL)
    batch = rollout_batch(trainer)
    assert batch.done[:-1].any()  # an episode boundary lies inside the rollout
    zeros = jnp.zeros((8, 4))
    _, losses = ppo_loss(trainer.policy, trainer.network, SMALL, batch, zeros, zeros)
    assert float(losses.approx_kl) == pytest.approx(0, abs=1e-6)
    assert float(losses.clip_fraction) == 0


def test_the_ratio_test_would_notice_a_leaking_memory():
    trainer = Trainer(Identified(4), SMALL)
    batch = rollout_batch(trainer)
    leaking = batch._replace(episode_start=np.zeros_like(batch.episode_start))
    zeros = jnp.zeros((8, 4))
    _, losses = ppo_loss(trainer.policy, trainer.network, SMALL, leaking, zeros, zeros)
    assert float(losses.approx_kl) > 1e-6


def test_carry_goes_on_over_rollouts_unless_told_otherwise():
    trainer = Trainer(Identified(4), SMALL)
    rollout_batch(trainer)
    after = trainer.carry
    trainer.collect(lambda: False)
    np.testing.assert_array_equal(trainer.first_carry[0], after[0])
    assert np.abs(trainer.first_carry[1]).max() > 0
    forgetful = Trainer(Identified(4), SMALL.replace(keep_carry=False))
    rollout_batch(forgetful)
    forgetful.collect(lambda: False)
    np.testing.assert_array_equal(forgetful.first_carry[0], init_carry(forgetful.network, 4)[0])


def test_storage_keeps_time_and_robots_in_place():
    trainer = Trainer(Identified(4), SMALL)
    batch = rollout_batch(trainer)
    robot, step, total = np.moveaxis(batch.obs, -1, 0)
    np.testing.assert_array_equal(robot, np.tile(np.arange(4), (8, 1)))
    np.testing.assert_array_equal(total[:, 0], np.arange(8))
    np.testing.assert_array_equal(step[:, 0], [0, 1, 2, 0, 1, 2, 0, 1])
    np.testing.assert_array_equal(batch.episode_start, step == 0)
    np.testing.assert_array_equal(batch.done, step == 2)
    # the reward of step t names its robot and the step it was paid for
    np.testing.assert_array_equal(batch.reward, 100 * robot + total + 1)


def test_minibatches_are_whole_robots():
    trainer = Trainer(Identified(4), SMALL)
    batch = rollout_batch(trainer)
    picked, advantage, _ = select_robots((batch, batch.reward, batch.reward), jnp.array([3, 1]))
    np.testing.assert_array_equal(picked.obs[..., 0], np.tile([3, 1], (8, 1)))
    np.testing.assert_array_equal(picked.carry[0], batch.carry[0][jnp.array([3, 1])])
    np.testing.assert_array_equal(advantage[0], [301, 101])


def test_same_seed_same_parameters():
    def parameters(seed: int) -> list[np.ndarray]:
        config = SMALL.replace(total_timesteps=8 * 4 * 3)
        trainer = Trainer(Identified(4), config, seed=seed)
        assert len(list(trainer.updates())) == 3
        return jax.tree.leaves(trainer.policy)

    first, again, other = parameters(1), parameters(1), parameters(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_the_pace_follows_the_target_kl():
    assert float(next_pace(jnp.array(0.9), jnp.array(0.021), 0.01)) == pytest.approx(0.6)  # twice too far: shorter
    assert float(next_pace(jnp.array(0.9), jnp.array(0.012), 0.01)) == pytest.approx(0.9)  # about right
    assert float(next_pace(jnp.array(0.4), jnp.array(0.004), 0.01)) == pytest.approx(0.6)  # half as far: longer
    assert float(next_pace(jnp.array(0.9), jnp.array(0.0), 0.01)) == 1.0  # never beyond learning_rate
    assert float(next_pace(jnp.array(0.01), jnp.array(9.0), 0.01)) == pytest.approx(0.01)


def test_a_target_kl_holds_training_back():
    def train(target_kl: float | None) -> Trainer:
        env = Identified(SMALL.num_envs)
        trainer = Trainer(
            env,
            dataclasses.replace(SMALL, learning_rate=0.05, anneal_lr=False, target_kl=target_kl, total_timesteps=256),
        )
        for _ in trainer.updates():
            pass
        return trainer

    free, held = train(None), train(1e-4)
    assert float(free.learner.pace) == 1.0
    assert float(held.learner.pace) < 0.5
