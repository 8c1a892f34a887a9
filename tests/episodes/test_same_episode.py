"""An episode is the same to the last bit alone, in any batch, at any place in it and on any number of threads."""

import hashlib
import os
import subprocess
import sys

import jax
import numpy as np
import pytest

from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.episodes.evaluate import BATCH, UNSEEN_SEEDS, evaluate, play_episodes, unseen_seed
from twmr_nb.episodes.rollout import record, record_many
from twmr_nb.learn.network import BLOCK, ActorCritic, init_policy
from twmr_nb.policies.saved import SavedPolicy, load_policy
from twmr_nb.task.observations import mirror_of, observation_labels

STEPS = 12
MEASURED = ("final_x", "return", "effort", "work", "largest_tilt")


def plain() -> SavedPolicy:
    return load_policy("climber")


def symmetric() -> SavedPolicy:
    config = plain().config.replace(symmetric=True, hidden_size=16, mlp_size=16)
    network = ActorCritic(16, 16, mirror=mirror_of(config.env))
    params = init_policy(network, jax.random.key(0), len(observation_labels(config.env)), -0.5)
    return SavedPolicy("symmetric", params, config)


POLICIES = {"plain": plain, "symmetric": symmetric, "random": lambda: "random"}


def world_of(policy) -> EnvConfig:
    return (EnvConfig() if policy == "random" else policy.config.env).replace(max_steps=STEPS, sensor_noise=1.0)


@pytest.mark.parametrize("deterministic", [True, False], ids=["mean", "noise"])
@pytest.mark.parametrize("kind", POLICIES)
def test_an_episode_is_the_same_in_any_company(kind, deterministic):
    policy = POLICIES[kind]()
    world, seed = world_of(policy), unseen_seed(0)
    whole = play_episodes(policy, world, 64, seed, deterministic)
    assert len(np.unique(whole["final_x"])) == 64
    for first, count in ((0, 1), (5, 2), (BLOCK - 1, 2), (30, 7), (63, 1)):
        part = play_episodes(policy, world, count, seed + first, deterministic)
        for name in MEASURED:
            np.testing.assert_array_equal(part[name], whole[name][first : first + count], err_msg=name)
    for episode in (0, 17, BLOCK, 63):
        alone = record(policy, world, episode=episode, deterministic=deterministic)
        assert (alone.x[-1], alone.reward.sum()) == pytest.approx((whole["final_x"][episode], whole["return"][episode]))
        assert alone.x[-1] == whole["final_x"][episode]
    beside = record_many(policy, 3, world, seed + 16, deterministic=deterministic)[1]
    np.testing.assert_array_equal(beside.action, record(policy, world, episode=17, deterministic=deterministic).action)


def test_how_many_are_judged_changes_no_episode(monkeypatch):
    """Of 5 in batches of 2 as of 5 at once, with noise."""
    policy = symmetric()
    world = world_of(policy)
    at_once = evaluate(policy, world, 5, deterministic=False)
    monkeypatch.setattr("twmr_nb.episodes.evaluate.BATCH", 2)
    assert evaluate(policy, world, 5, deterministic=False) == at_once
    assert BATCH > 5


THREADS = """
import hashlib, sys
sys.path.insert(0, {here!r})
import numpy as np
import test_same_episode as t
print(t.digest_of_episodes())
"""


def digest_of_episodes() -> str:
    found = hashlib.sha256()
    for policy in (plain(), symmetric()):
        for deterministic in (True, False):
            played = play_episodes(policy, world_of(policy), 40, unseen_seed(0), deterministic)
            for name in MEASURED:
                found.update(np.ascontiguousarray(played[name]).tobytes())
    return found.hexdigest()


def test_the_number_of_threads_changes_no_episode():
    here = os.path.dirname(__file__)
    more = {"NPROC": "5", "PJRT_NPROC": "5", "TWMR_THREADS": "3"}
    asked = subprocess.run(
        [sys.executable, "-c", THREADS.format(here=here)], env=os.environ | more, capture_output=True, text=True
    )
    assert asked.stdout.strip() == digest_of_episodes(), asked.stderr[-2000:]


def test_the_failed_ones_are_named():
    policy = plain()
    result = evaluate(policy, policy.config.env.replace(max_steps=STEPS), 3)
    assert result["failed"] == [0, 1, 2]
    passing = evaluate("zero", EnvConfig(max_steps=2, success_x=-1.0), 3)
    assert passing["failed"] == []


@pytest.mark.parametrize("episode", [-1, 1.5, True, UNSEEN_SEEDS, "three"])
def test_an_episode_that_is_none_is_refused(episode):
    with pytest.raises(ConfigError, match=r"episode = .* is not allowed: give a whole number from 0 to 999999"):
        record("zero", EnvConfig(max_steps=2), episode=episode)
