"""Judging: intervals by hand, whole episodes, seeds that training never sees."""

import jax
import numpy as np
import pytest

from twmr_nb.config.schema import MAX_SEED, ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.episodes.evaluate import (
    UNSEEN_SEEDS,
    by_height,
    evaluate,
    play_episodes,
    share_of_time,
    summary,
    sweep_heights,
)
from twmr_nb.episodes.intervals import wilson_interval
from twmr_nb.episodes.rollout import record
from twmr_nb.episodes.worlds import world
from twmr_nb.learn.network import ActorCritic, init_policy
from twmr_nb.policies.saved import SavedPolicy, load_policy


@pytest.fixture(scope="module")
def fresh():
    config = TrainConfig().replace(mlp_size=8, hidden_size=8, success_x=-1.0)
    policy = init_policy(ActorCritic(8, 8), jax.random.key(0), 22, -0.5)
    return SavedPolicy("fresh", policy, config)


def test_everything_is_counted_once_per_episode(fresh):
    world = fresh.config.env.replace(max_steps=7)  # success_x lies behind the start: passed at once
    result = evaluate(fresh, world, episodes=3)
    assert result["episodes"] == 3
    assert result["success_rate"] == 1.0
    assert result["mean_length"] == 7
    assert result["time_to_pass"] == pytest.approx(0.02)
    assert result["reward_terms"]["success"] == pytest.approx(1.0)
    assert sum(result["reward_terms"].values()) == pytest.approx(result["mean_return"])


def test_same_seed_same_episodes(fresh):
    world = fresh.config.env.replace(max_steps=5)
    first, again, other = (evaluate(fresh, world, episodes=2, seed=s)["mean_final_x"] for s in (1, 1, 2))
    assert first == again != other


def test_sampled_play_differs_from_deterministic(fresh):
    world = fresh.config.env.replace(max_steps=5)
    sampled = evaluate(fresh, world, episodes=2, deterministic=False)
    assert sampled["mean_final_x"] != evaluate(fresh, world, episodes=2)["mean_final_x"]


def test_energy_counts_until_the_obstacle_is_passed(fresh):
    """Judged episodes are those that `record` plays; passed in the first step, which alone costs energy."""
    seed = UNSEEN_SEEDS * 2
    passing = fresh.config.env.replace(max_steps=6)
    never = passing.replace(success_x=5.0)
    for trial, counted in ((passing, 1), (never, 6)):
        played = play_episodes(fresh, trial, 2, seed)
        for i in range(2):
            t = record(fresh.player(), trial, seed + i).transition
            speed = np.concatenate([t.wheel_speed, t.leg_speed], axis=1)
            expected = 0.02 * np.abs(t.torque * speed)[:counted].sum()
            assert played["work"][i] == pytest.approx(expected, rel=1e-4)
            assert played["effort"][i] == pytest.approx(0.02 * (t.torque[:counted] ** 2).sum(), rel=1e-4)


def test_shares_are_of_the_time_there_was():
    every = {"flat": np.array([4, 10, 0]), "folded": np.array([1, 10, 0])}
    assert share_of_time(every, ["folded"], ["flat"]) == pytest.approx((1 / 4 + 1) / 2)  # the third never was there
    assert share_of_time({"climb": np.zeros(2), "extended": np.zeros(2)}, ["extended"], ["climb"]) is None


def test_summary_of_made_up_episodes():
    counts = {
        "return": [1, 3], "length": [100, 50], "final_x": [2.0, 1.0], "passed": [True, False], "fell": [False, True],
        "pass_time": [4.0, np.nan], "effort": [1, 2], "work": [10, 30], "flat_before": [40, 50], "flat_after": [60, 0],
        "folded_before": [40, 25], "folded_after": [0, 0], "climb": [10, 0], "extended": [7, 0],
        "max_tip_radius": [0.045, 0.0], "term/forward": [2, 4],
    }  # fmt: skip
    result = summary({name: np.array(values) for name, values in counts.items()})
    assert (result["success_rate"], result["falls"], result["time_to_pass"]) == (0.5, 0.5, 4.0)
    assert (result["effort"], result["work"], result["reward_terms"]) == (1.5, 20, {"forward": 3})
    assert result["folded_on_flat"] == pytest.approx((40 / 100 + 25 / 50) / 2)
    assert (result["folded_before"], result["folded_after"]) == (0.75, 0.0)
    assert (result["extended_at_step"], result["max_tip_radius"]) == (0.7, 0.045)


def test_bins_of_drawn_heights():
    heights = np.array([0.0, 0.004, 0.02, 0.0299, 0.03])
    low, middle, high = by_height(heights, np.array([True, True, True, False, False]))
    assert (low["low"], low["high"], low["step_height"], low["episodes"]) == (0.0, 0.01, 0.005, 2)
    assert (middle["success_rate"], high["success_rate"], high["low"]) == (0.5, 0.0, 0.03)
    assert middle["success_interval"] == list(wilson_interval(1, 2))


def test_drawn_heights_are_those_the_robots_met(fresh):
    trial = fresh.config.env.replace(scene="step", step_height=0.01, step_height_max=0.04, max_steps=2)
    result = evaluate(fresh, trial, episodes=12)
    assert sum(b["episodes"] for b in result["by_height"]) == 12
    assert {b["low"] for b in result["by_height"]} <= {0.01, 0.02, 0.03}
    assert "by_height" not in evaluate(fresh, trial.replace(step_height_max=None), episodes=1)


def test_a_sweep_meets_every_height_with_the_same_starts(fresh):
    trial = fresh.config.env.replace(max_steps=3)
    low, high = sweep_heights(fresh, trial, (0.0, 0.06), episodes=2)
    assert (low["step_height"], high["step_height"]) == (0.0, 0.06)
    assert low["mean_length"] == 1  # passed in the first step: a sweep drives no further
    far = trial.replace(success_x=5.0)
    low, high = sweep_heights(fresh, far, (0.0, 0.06), episodes=2)
    assert low["mean_final_x"] == high["mean_final_x"]  # the step is still far away


def test_trial_world_is_a_full_episode_of_the_policys_own_world():
    own = EnvConfig(
        scene="step",
        step_height=0.02,
        step_height_max=0.05,
        max_steps=300,
        end_on_success=True,
        gate_bias=2,
        timestep=0.004,
        settle_steps=12,
    )
    trial = world(own, "step_5cm")
    # learned on coarse physics, judged on the original's, settling for as long
    assert (trial.timestep, trial.settle_steps) == (0.002, 25)
    assert (trial.scene, trial.step_height_max, trial.max_steps, trial.end_on_success) == (
        "step_5cm",
        None,
        1000,
        False,
    )
    assert trial.gate_bias == 2
    assert world(own, step_height=0.06).step_height == 0.06
    assert world(own, reset_noise=0.0).reset_noise == 0.0
    with pytest.raises(ConfigError, match="obs_mode = 'full' is not allowed here: the policy was trained with 'propri"):
        world(own, obs_mode="full")


def test_training_seeds_lie_below_the_unseen_ones():
    most_robots = PPOConfig.__dataclass_fields__["num_envs"].metadata["high"]
    assert MAX_SEED + most_robots < UNSEEN_SEEDS
    with pytest.raises(ConfigError, match="seed = 1000000 is not allowed"):
        TrainConfig().replace(seed=UNSEEN_SEEDS)


@pytest.mark.parametrize(
    ("episodes", "seed"), [(10**9, 1), (1.5, 1), (True, 1), (1, -1), (1, -3), (1, 0.5), (1, 2**64)]
)
def test_episodes_that_would_not_be_unseen_are_refused(episodes, seed):
    with pytest.raises(ConfigError, match=r"(episodes|seed) = .* is not allowed: give a whole number"):
        evaluate(load_policy("hopeless"), episodes=episodes, seed=seed)
