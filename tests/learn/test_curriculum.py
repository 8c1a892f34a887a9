"""The step-height curriculum by hand, and in training with a stop in between."""

import numpy as np
import pytest

from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.learn.curriculum import TRIES, Curriculum
from twmr_nb.learn.trainer import Trainer
from twmr_nb.task.env import TwmrEnv

ENV = EnvConfig(scene="step", step_height=0.0, step_height_max=0.06, max_steps=8, settle_steps=0)
PPO = PPOConfig(
    num_envs=8, rollout_steps=8, minibatches=2, mlp_size=8, hidden_size=8, curriculum_start=0.02, total_timesteps=768
)  # fmt: skip
RISE = 0.0025  # m


def tell(curriculum: Curriculum, height: float, passed: int, failed: int) -> bool:
    return curriculum.add(np.full(passed + failed, height), np.arange(passed + failed) < passed)


def test_the_frontier_rises_when_enough_tries_near_it_pass() -> None:
    curriculum = Curriculum(0.0, 0.04, 0.045, RISE)
    assert not tell(curriculum, 0.03, TRIES, 0)  # too low to count as tries
    assert not tell(curriculum, 0.036, TRIES - 1, 0)  # one try short
    assert tell(curriculum, 0.04, 1, 0)
    assert curriculum.frontier == pytest.approx(0.0425)
    assert not curriculum.tries  # the new height is judged by its own tries


def test_the_frontier_waits_below_80_percent_and_stops_at_the_top() -> None:
    curriculum = Curriculum(0.0, 0.04, 0.041, RISE)
    tell(curriculum, 0.04, 0, 9)
    assert not tell(curriculum, 0.04, 31, 0)  # 31 of 40
    assert tell(curriculum, 0.04, 1, 0)  # the oldest try, a failure, drops out: 32 of 40
    assert curriculum.frontier == 0.041
    assert not tell(curriculum, 0.041, TRIES, 0)
    assert not tell(curriculum, 0.041, 0, TRIES)  # nor does it fall unless asked to


def test_asked_to_the_frontier_falls_back_where_too_few_pass_but_not_below_its_start() -> None:
    curriculum = Curriculum(0.05, 0.04, 0.05, 0.01, retreat=0.6)
    assert tell(curriculum, 0.04, TRIES, 0)
    assert curriculum.frontier == 0.05
    assert not tell(curriculum, 0.05, 24, 16)  # 60% of 40 is enough to stay
    assert tell(curriculum, 0.05, 0, 1)  # the oldest try, a success, drops out: 23 of 40
    assert curriculum.frontier == pytest.approx(0.04)
    assert curriculum.heights == pytest.approx((0.04, 0.04))
    assert not tell(curriculum, 0.04, 0, TRIES)


def test_steps_are_drawn_near_a_moving_frontier_and_from_all_heights_at_the_top() -> None:
    curriculum = Curriculum(0.0, 0.04, 0.0425, RISE)
    assert curriculum.heights == pytest.approx((0.025, 0.04))
    tell(curriculum, 0.04, TRIES, 0)
    assert curriculum.heights == (0.0, 0.0425)
    assert Curriculum(0.03, 0.04, 0.05, RISE).heights == (0.03, 0.04)


def test_a_start_below_the_range_is_a_way_in_that_is_left_behind() -> None:
    curriculum = Curriculum(0.04, 0.0375, 0.04, RISE)
    assert curriculum.heights == (0.0375, 0.0375)
    tell(curriculum, 0.0375, TRIES, 0)
    assert curriculum.heights == (0.04, 0.04)


def test_a_start_above_the_range_is_its_top() -> None:
    assert Curriculum(0.03, 0.09, 0.06, RISE).frontier == 0.06


def test_training_draws_below_the_frontier_and_reports_it() -> None:
    env = TwmrEnv(ENV, PPO.num_envs)
    trainer = Trainer(env, PPO)
    records = []
    for record in trainer.updates():
        records.append(record["frontier"])
        assert (env.sim.heights <= record["frontier"]).all()
    assert records[0] == 0.02


def test_stopped_and_resumed_equals_unbroken(monkeypatch) -> None:
    monkeypatch.setattr("twmr_nb.learn.curriculum.TRIES", 8)
    monkeypatch.setattr(
        "twmr_nb.learn.curriculum.ENOUGH", 0.0
    )  # episodes of 8 steps pass nothing: let the frontier rise

    def train(stops: list[int]) -> list[dict]:
        records, snapshot = [], None
        for stop in [*stops, 12]:
            trainer = Trainer(TwmrEnv(ENV, PPO.num_envs), PPO)
            if snapshot:
                trainer.restore(snapshot)
            for record in trainer.updates():
                records.append(record)
                if record["update"] == stop:
                    break
            snapshot = trainer.snapshot
        return records

    unbroken, broken = train([]), train([3, 7])
    assert [r["frontier"] for r in broken] == [r["frontier"] for r in unbroken]
    assert unbroken[-1]["frontier"] > 0.02
    assert [r["loss"] for r in broken] == [r["loss"] for r in unbroken]


def test_it_needs_drawn_heights() -> None:
    with pytest.raises(ConfigError, match=r"curriculum_start = 0\.04 needs steps of drawn height"):
        TrainConfig().replace(curriculum_start=0.04)
