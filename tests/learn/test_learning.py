"""Probe environments: each makes one claim about what the learner must learn."""

import numpy as np
import pytest
from probes import ConstantReward, EndlessReward, FollowCue, LateReward, Probe, RecallCue, SeenCue

from twmr_nb.config.schema import PPOConfig
from twmr_nb.learn.network import Decision, act, init_carry
from twmr_nb.learn.trainer import Trainer

FAST = PPOConfig(
    total_timesteps=16 * 16 * 60,
    num_envs=16,
    minibatches=1,
    rollout_steps=16,
    learning_rate=1e-2,
    gamma=0.5,
    mlp_size=16,
    hidden_size=16,
    normalize_observations=False,
    stagger=False,
    log_std_init=-0.5,
    log_std_final=None,
)


def trained(probe: type[Probe], **changes) -> Trainer:
    trainer = Trainer(probe(16), FAST.replace(**changes))
    for _ in trainer.updates():
        pass
    return trainer


def values(trainer: Trainer, *observations: float) -> list[float]:
    """The critic's opinion of first observations."""
    obs, start = np.array(observations, np.float32)[:, None], np.ones(len(observations), bool)
    carry, noise = init_carry(trainer.network, len(obs)), np.zeros((len(obs), 1), np.float32)
    return [float(v) for v in act(trainer.network, trainer.policy, carry, obs, start, noise).value]


def test_value_of_a_constant_reward():
    assert values(trained(ConstantReward), 0.0) == pytest.approx([1.0], abs=0.1)


def test_value_depends_on_what_is_seen():
    assert values(trained(SeenCue), -1.0, 1.0) == pytest.approx([-1.0, 1.0], abs=0.15)


def test_value_is_discounted():
    assert values(trained(LateReward), 0.0) == pytest.approx([0.5], abs=0.1)


def test_time_limit_is_not_the_end_of_the_world():
    longer = {"gamma": 0.9, "total_timesteps": 16 * 16 * 200}
    assert values(trained(EndlessReward, **longer), 0.0) == pytest.approx([10.0], abs=0.5)
    # treated as termination, two steps are worth 1 + 0.9: the original's weakness, still to be had
    assert values(trained(EndlessReward, bootstrap_truncation=False, **longer), 0.0) == pytest.approx([1.9], abs=0.2)


def test_actor_follows_what_it_sees():
    trainer = trained(FollowCue)
    obs = np.array([[-1.0], [1.0]], np.float32)
    carry, noise = init_carry(trainer.network, 2), np.zeros((2, 1), np.float32)
    action = act(trainer.network, trainer.policy, carry, obs, np.ones(2, bool), noise).action
    np.testing.assert_allclose(np.asarray(action)[:, 0], [-0.5, 0.5], atol=0.15)


def recall_score(forget: bool) -> float:
    """Mean return of the last updates on the memory task; `forget` starts the LSTM anew at every step."""
    trainer = Trainer(RecallCue(16), FAST.replace(total_timesteps=16 * 16 * 250, gamma=0.9, learning_rate=3e-3))
    remembering = trainer.decide

    def without_memory(noise: np.ndarray) -> Decision:
        trainer.start = np.ones(trainer.num_envs, bool)
        return remembering(noise)

    if forget:
        trainer.decide = without_memory
    records = list(trainer.updates())
    return float(np.mean([r["episode_return"] for r in records[-10:]]))


@pytest.mark.slow
def test_only_memory_solves_recall():
    # Remembering the cue leaves only the price of the noise; not knowing it costs another 0.25.
    assert recall_score(forget=False) > 0.85
    assert recall_score(forget=True) < 0.76
