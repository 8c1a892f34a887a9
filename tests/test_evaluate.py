"""Judging: intervals by hand, whole episodes, seeds that training never sees."""

import jax
import pytest

from twmr_nb.config import MAX_SEED, ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.evaluate import UNSEEN_SEEDS, evaluate, trial_world, wilson_interval
from twmr_nb.network import ActorCritic, init_policy
from twmr_nb.policies import SavedPolicy


@pytest.fixture(scope="module")
def fresh():
    config = TrainConfig().replace(mlp_size=8, hidden_size=8, success_x=-1.0)
    policy = init_policy(ActorCritic(8, 8), jax.random.key(0), 22, -0.5)
    return SavedPolicy("fresh", policy, config)


def test_wilson_interval_by_hand():
    # 8 of 10, z = 1.96: centre (0.8 + 0.19208) / 1.38416, half 1.96 / 1.38416 * sqrt(0.016 + 0.009604)
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(10, 10)[1] == 1.0


def test_everything_is_counted_once_per_episode(fresh):
    world = fresh.config.env.replace(max_steps=7)  # success_x lies behind the start: passed at once
    seen = []
    result = evaluate(fresh, world, episodes=3, on_progress=seen.append)
    assert sum(seen) == result["episodes"] == 3
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


def test_trial_world_is_a_full_episode_of_the_policys_own_world():
    own = EnvConfig(
        scene="step", step_height=0.02, step_height_max=0.05, max_steps=300, end_on_success=True, gate_bias=2
    )
    world = trial_world(own, "step_5cm")
    assert (world.scene, world.step_height_max, world.max_steps, world.end_on_success) == (
        "step_5cm",
        None,
        1000,
        False,
    )
    assert world.gate_bias == 2
    assert trial_world(own, step_height=0.06).step_height == 0.06


def test_training_seeds_lie_below_the_unseen_ones():
    most_robots = PPOConfig.__dataclass_fields__["num_envs"].metadata["high"]
    assert MAX_SEED + most_robots < UNSEEN_SEEDS
    with pytest.raises(ConfigError, match="seed = 1000000 is not allowed"):
        TrainConfig().replace(seed=UNSEEN_SEEDS)
