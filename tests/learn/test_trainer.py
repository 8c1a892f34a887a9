"""The trainer: what a record says, the noise schedule, the normaliser between rollouts."""

from itertools import islice

import numpy as np
import pytest
from probes import EndlessReward, Identified

from twmr_nb.config import presets
from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig
from twmr_nb.draw.curves import learning_curves
from twmr_nb.learn.storage import EpisodeLog, Totals
from twmr_nb.learn.trainer import Trainer, correlated
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.rewards import reward_term

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
    assert record["average_speed"] > abs(record["raw/forward"])
    assert record["on_back"] == 0


def test_what_a_step_reports_is_averaged_over_steps_and_robots():
    totals = Totals(2)
    for speed, on_back in (([0.1, 0.3], [True, False]), ([0.0, 0.4], [True, True])):
        info = {"x": np.ones(2), "speed": np.array(speed), "on_back": np.array(on_back)}
        totals.add(np.zeros(2), np.zeros(2, bool), info)
    summary = totals.summary(rollout_steps=2)
    assert (summary["average_x"], summary["average_speed"], summary["on_back"]) == (1.0, pytest.approx(0.2), 0.75)


# -- what each term pays ----------------------------------------------------------------------------------------------


def calm(t):
    return t.pitch**2


def trainer_of_terms(**changes) -> Trainer:
    """Four robots in episodes of up to 12 steps that end early now and then, paid by many terms and one of our own."""
    world = {"max_steps": 12, "start_x_range": 0.1, "success_x": 0.05, "settle_steps": 0}
    learner = {"stagger": False, "total_timesteps": 12 * 32}
    config = presets.preset("flip", **SIZES | world | learner | {"upright_factor": True, "folded_bonus": 0.1} | changes)
    return Trainer(TwmrEnv(config.env, 4, [reward_term(calm, -3.0)]), config.ppo)


def paid(record) -> list[float]:
    return [value for name, value in record.items() if name.startswith("paid/")]


def test_what_the_terms_pay_adds_up_to_the_return_beside_it():
    records = list(trainer_of_terms(stagger=True).updates())
    known = [r for r in records if np.isfinite(r["episode_return"])]
    assert len(known) > 6
    assert len(paid(known[0])) == 8  # the table's six, folded, and calm
    for record in known:
        assert sum(paid(record)) == pytest.approx(record["episode_return"], rel=1e-12, abs=1e-14)
    assert len({r["episode_length"] for r in known}) > 3  # not of one length, so that mean times mean would not do
    returned, _, terms, _ = learning_curves(records).axes
    (line,) = terms.lines
    by_step = dict(zip(*returned.lines[0].get_data(), strict=True))
    assert [by_step[x] for x in line.get_xdata()] == pytest.approx(line.get_ydata())
    assert len(line.get_xdata()) == len(known)


def test_episodes_that_the_start_cut_short_do_not_count():
    log = EpisodeLog(3)
    log.cut = np.array([False, True, True])
    ones = np.ones(3)
    for done in ([0, 1, 0], [0, 0, 1], [1, 1, 0]):
        log.add(ones, np.array(done, bool), np.array([True, False, False]), {"alive": ones})
    assert list(log.finished) == [
        {"episode_return": 3.0, "episode_length": 3.0, "success_rate": 1.0, "paid/alive": 3.0},
        {"episode_return": 2.0, "episode_length": 2.0, "success_rate": 0.0, "paid/alive": 2.0},
    ]
    assert log.summary() == {
        "episode_return": 2.5, "episode_length": 2.5, "success_rate": 0.5, "paid/alive": 2.5, "episodes": 2
    }  # fmt: skip


def test_a_staggered_start_leaves_the_first_robot_a_whole_episode():
    env = TwmrEnv(EnvConfig(max_steps=8), 4)
    env.reset(seed=0)
    assert env.stagger().tolist() == [False, True, True, True]


def test_what_the_terms_paid_goes_on_from_a_snapshot():
    whole, first, second = trainer_of_terms(), trainer_of_terms(), trainer_of_terms()
    expected = list(whole.updates())
    records = list(islice(first.updates(), 5))
    second.restore(first.snapshot)
    records += list(second.updates())
    times = {"steps_per_s", "collect_s", "learn_s", "train_s", "compile_s"}
    for ours, theirs in zip(records, expected, strict=True):
        np.testing.assert_equal(*({k: v for k, v in r.items() if k not in times} for r in (ours, theirs)))


def test_a_snapshot_of_before_goes_on_and_does_not_make_up_what_terms_paid():
    first, second = trainer_of_terms(), trainer_of_terms(total_timesteps=200 * 32)
    expected = list(islice(first.updates(), 5))[-1]
    episodes = ("episode_return", "episode_length", "success_rate")
    old = {k: v for k, v in first.snapshot.items() if not k.startswith(("paid/", "finished/")) and k != "cut"}
    old["finished"] = np.stack([first.snapshot[f"finished/{name}"] for name in episodes], axis=1)
    second.restore(old)
    assert {name: second.episodes.summary()[name] for name in episodes} == {name: expected[name] for name in episodes}
    for record in second.updates():
        known = np.isfinite(paid(record))
        assert known.all() == known.any()
        if known.all():
            break
        assert np.isfinite(record["episode_return"])
    assert 100 <= record["episodes"] - expected["episodes"] < 120
    assert sum(paid(record)) == pytest.approx(record["episode_return"], rel=1e-12)


# -- noise, normaliser, stopping --------------------------------------------------------------------------------------


def likeness(steps, apart):
    return np.corrcoef(steps[:-apart].ravel(), steps[apart:].ravel())[0, 1]


def test_correlated_noise_is_as_loud_as_any_and_forgets_step_by_step():
    white = np.random.default_rng(0).standard_normal((400, 50, 4), np.float32)
    noise = correlated(white, 0.8)
    assert [likeness(noise, apart) for apart in (1, 2, 5)] == pytest.approx([0.8, 0.64, 0.8**5], abs=0.02)
    assert noise.std(axis=(1, 2))[[0, 1, -1]] == pytest.approx([1.0, 1.0, 1.0], abs=0.15)
    assert noise.std() == pytest.approx(1.0, abs=0.01)
    assert noise.dtype == np.float32
    np.testing.assert_array_equal(correlated(white, 0.0), white)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_robots_act_with_the_noise_that_is_asked_for(correlation):
    """First actions of 0 leave nothing else."""
    config = SMALL.replace(first_actions=0.0, noise_correlation=correlation, log_std_init=-1.0)
    trainer = Trainer(Identified(4), config)
    next(trainer.updates())
    acted = trainer.storage.pre_tanh
    assert acted.std() == pytest.approx(np.exp(-1.0), rel=0.2)
    assert likeness(acted, 1) == pytest.approx(correlation, abs=0.15)


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


NEEDS = [("symmetric", True, "mirror"), ("curriculum_start", 0.01, "step_heights")]


@pytest.mark.parametrize(("setting", "value", "missing"), NEEDS)
def test_a_setting_that_the_environment_cannot_serve_is_told(setting, value, missing):
    with pytest.raises(ConfigError, match=f"{setting} needs an environment with `{missing}`, which Identified has not"):
        Trainer(Identified(4), SMALL.replace(**{setting: value}))
