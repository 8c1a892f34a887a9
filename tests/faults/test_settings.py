"""Random settings: what is accepted can be built and stepped, what is refused names a setting that was given."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from twmr_nb.config.fields import Setting, settings_of
from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.learn.trainer import Trainer
from twmr_nb.task.env import TwmrEnv

SHORT, LONG = 12, 10_000
TRAINED = 500  # of so many, one is given to a learner, which takes longer
MOST = {"num_envs": 8, "rollout_steps": 16, "mlp_size": 32, "hidden_size": 32, "minibatches": 4}  # so that it fits
ODD = [None, True, "3", "", -1, 1e308, -1e308, math.nan, math.inf, 10**400, [1], {}, b"1", object(), np.float32(0.5)]
Numbers = np.random.Generator


def settings(cls: type, rng: Numbers) -> dict[str, Any]:
    """Some settings with values of all that they allow, now and then one that is odd."""
    known = settings_of(cls)
    names = rng.permutation(list(known))[: rng.integers(1, len(known) + 1)]
    return {name: ODD[rng.integers(len(ODD))] if rng.random() < 0.01 else value(known[name], rng) for name in names}


def value(setting: Setting, rng: Numbers) -> Any:
    if setting.optional and rng.random() < 0.5:
        return None
    if setting.words:
        return setting.words[rng.integers(len(setting.words))]
    if setting.kind is bool:
        return bool(rng.integers(2))
    low, high = setting.low, min(setting.high, MOST.get(setting.name, setting.high))
    drawn = low + rng.choice([0.0, 1.0, rng.random(), rng.random() ** 4]) * (high - low)
    return round(drawn) if setting.kind is int else drawn


def checked(cls: type, rng: Numbers) -> Any | None:
    """The configuration, or None where it is refused, as long as a setting of it is named."""
    given = settings(cls, rng)
    try:
        return cls(**given)
    except ConfigError as refused:
        said = str(refused)
    assert any(name in said for name in given), said
    assert len(said) < 400
    return None


def tried(count: int) -> Iterator[EnvConfig]:
    """Every accepted world is built and goes some steps, within what its spaces say."""
    rng = np.random.default_rng(count)
    for number in range(count):
        config, ppo = checked(EnvConfig, rng), checked(PPOConfig, rng)
        if config is None:
            continue
        env = TwmrEnv(config, 1)
        seen, _ = env.reset(seed=number)
        for _ in range(3):
            seen, reward, *_ = env.step(rng.uniform(-1, 1, (1, 8)))
        assert np.isfinite(seen).all(), config
        assert np.isfinite(reward).all(), config
        if ppo and number % TRAINED == TRAINED - 1:
            train_once(config, ppo)
        yield config


def train_once(config: EnvConfig, ppo: PPOConfig) -> None:
    if ppo.curriculum_start is not None and config.step_height_max is None:  # refused together
        return
    both = TrainConfig(config, ppo)
    next(Trainer(TwmrEnv(both.env, both.ppo.num_envs), both.ppo).updates())


def test_random_settings_are_refused_by_name_or_work():
    assert sum(1 for _ in tried(SHORT)) > SHORT / 4


@pytest.mark.slow
def test_many_random_settings():
    accepted = sum(1 for _ in tried(LONG))
    print(f"settings: {accepted} worlds of {LONG} accepted, built and stepped, all others refused by name")
