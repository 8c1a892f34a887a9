"""The reward's scale: by hand, in training, and with a stop in between."""

import numpy as np
import pytest
from probes import Identified

from twmr_nb.config.presets import PRESETS, preset
from twmr_nb.config.schema import PPOConfig
from twmr_nb.learn.reward_scale import RewardScale
from twmr_nb.learn.trainer import Trainer

PPO = PPOConfig(
    num_envs=4, rollout_steps=8, minibatches=2, mlp_size=8, hidden_size=8, stagger=False, normalize_returns=True,
    total_timesteps=6 * 8 * 4,
)  # fmt: skip


def test_it_is_the_spread_of_the_discounted_sums_since_each_episode_began():
    scale = RewardScale(2, gamma=0.5)
    reward = np.array([[1, 0], [1, 2], [1, 0]], np.float32)
    done = np.array([[False, False], [True, False], [False, False]])
    sums = [1, 1.5, 1, 0, 2, 1]  # of the first robot, whose episode ends in between, then of the second
    assert scale.add(reward, done) == pytest.approx(np.std(sums), rel=1e-6)
    assert np.std(sums) == pytest.approx(0.6067, abs=1e-4)
    # the next rollout goes on with the sums, and counts what was seen before
    nothing = np.zeros((1, 2), np.float32)
    assert scale.add(nothing, nothing > 0) == pytest.approx(np.std([*sums, 0.5, 0.5]), rel=1e-6)


class Rich(Identified):
    """The same in another currency."""

    def pay(self, action: np.ndarray) -> np.ndarray:
        return 4096 * super().pay(action)


def losses(probe: type[Identified], config: PPOConfig) -> list[float]:
    return [record["loss"] for record in Trainer(probe(4), config).updates()]


def test_with_it_the_currency_does_not_matter():
    assert losses(Rich, PPO) == pytest.approx(losses(Identified, PPO), rel=1e-4)
    without = PPO.replace(normalize_returns=False)
    assert losses(Rich, without)[0] > 1e6 * losses(Identified, without)[0]


def test_what_is_logged_is_what_was_paid():
    with_it, without = (
        [(r["ep_return"], r["episode_return"]) for r in Trainer(Identified(4), config).updates()]
        for config in (PPO, PPO.replace(normalize_returns=False))
    )
    assert with_it == without  # what Identified pays does not depend on the actions


def test_stopped_and_resumed_equals_unbroken():
    unbroken, first = Trainer(Identified(4), PPO), Trainer(Identified(4), PPO)
    expected = [r["loss"] for r in unbroken.updates()]
    asked = iter(range(100))
    found = [r["loss"] for r in first.updates(lambda: next(asked) == 11)]  # in mid-rollout
    second = Trainer(Identified(4), PPO)
    second.env.reset()
    second.restore(first.snapshot)
    assert len(found) == 1
    assert found + [r["loss"] for r in second.updates()] == expected


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_has_it(name):
    assert not preset(name).ppo.normalize_returns
