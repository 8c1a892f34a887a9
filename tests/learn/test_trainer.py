"""The trainer: what a record says, the noise schedule, the normaliser between rollouts."""

import numpy as np
import pytest
from probes import EndlessReward, Identified

from twmr_nb.config.schema import EnvConfig, PPOConfig
from twmr_nb.learn.trainer import Trainer
from twmr_nb.task.env import TwmrEnv

SIZES = {"num_envs": 4, "minibatches": 2, "rollout_steps": 8, "epochs": 1, "mlp_size": 8, "hidden_size": 8}
SMALL = PPOConfig(**SIZES, stagger=False, log_std_final=None, total_timesteps=6 * 8 * 4)


def test_record_counts_rollout_and_episodes_apart():
    # every robot i is paid 100 i + total at each step; episodes last 3 steps
    first, second = list(Trainer(Identified(4), SMALL).updates())[:2]
    paid = [sum(100 * i + t for i in range(4)) / 4 for t in range(1, 9)]
    assert first["ep_return"] == pytest.approx(sum(paid))
    assert first["episodes"] == 8
    assert first["episode_length"] == 3
    assert first["episode_return"] == pytest.approx(np.mean([sum(paid[0:3]), sum(paid[3:6])]))
    assert (first["global_step"], second["global_step"]) == (32, 64)
    assert (first["update"], first["num_updates"], first["progress"]) == (1, 6, pytest.approx(1 / 6))


def test_success_rate_is_nan_until_an_episode_has_finished():
    record = next(Trainer(TwmrEnv(EnvConfig(), 4), SMALL).updates())
    assert np.isnan(record["success_rate"])
    assert record["episodes"] == 0
    assert record["max_x"] > record["average_x"]


def test_scheduled_noise_holds_falls_and_stays():
    config = SMALL.replace(log_std_init=-0.5, log_std_final=-1.5)
    stds = [r["std"] for r in Trainer(Identified(4), config).updates()]
    np.testing.assert_allclose(np.log(stds), [-0.5, -0.5, -1.0, -1.5, -1.5, -1.5], atol=1e-5)


def test_learned_noise_moves_and_scheduled_noise_is_left_alone_by_gradients():
    learned = list(Trainer(EndlessReward(4), SMALL).updates())
    assert len({r["std"] for r in learned}) > 1
    fixed = list(Trainer(EndlessReward(4), SMALL.replace(log_std_init=-0.5, log_std_final=-0.5)).updates())
    assert len({r["std"] for r in fixed}) == 1


def test_normalizer_moves_between_rollouts_only():
    trainer = Trainer(Identified(4), SMALL)
    updates = trainer.updates()
    next(updates)
    assert float(trainer.policy.normalizer.samples) == 4 + 32  # the first observations, then one rollout
    seen = trainer.policy.normalizer
    trainer.collect(lambda: False)
    assert trainer.policy.normalizer is seen


def test_stopping_in_mid_rollout_goes_back_to_its_beginning():
    trainer, whole = Trainer(Identified(4), SMALL), Trainer(Identified(4), SMALL)
    expected = [r["loss"] for r in whole.updates()]
    asked = iter(range(100))
    losses = [r["loss"] for r in trainer.updates(lambda: next(asked) == 11)]
    assert len(losses) == 1
    losses += [r["loss"] for r in trainer.updates()]
    assert losses == expected


def test_snapshot_of_other_sizes_is_refused():
    trainer = Trainer(Identified(4), SMALL)
    next(trainer.updates())
    other = Trainer(Identified(4), SMALL.replace(hidden_size=16))
    with pytest.raises(ValueError, match="does not fit the settings"):
        other.restore(trainer.snapshot)
