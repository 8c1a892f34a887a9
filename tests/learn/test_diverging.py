"""Numbers that become nan or infinite: training stops with a sentence, and the last good files stay."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tiny
from probes import EndlessReward, Identified

import twmr_nb.runs.selection
from twmr_nb.config.schema import PPOConfig
from twmr_nb.learn.metrics_log import MetricsLog
from twmr_nb.learn.trainer import Trainer
from twmr_nb.policies.saved import PolicyError, SavedPolicy, load_policy, read_arrays
from twmr_nb.runs.run import LIVE, RunError, new_run, open_run
from twmr_nb.task.rewards import reward_term
from twmr_nb.types import TrainingDiverged

SMALL = PPOConfig(
    num_envs=4, minibatches=2, rollout_steps=8, epochs=1, mlp_size=8, hidden_size=8,
    stagger=False, log_std_final=None, total_timesteps=6 * 8 * 4,
)  # fmt: skip
TINY = tiny.TINY | {"log_std_final": None}


@pytest.fixture(autouse=True)
def _forget_live_runs():
    yield
    LIVE.clear()


def spoil_parameters(learner):
    return learner._replace(policy=learner.policy._replace(params=jax.tree.map(lambda a: a * np.nan, learner[0][0])))


def spoil_noise(learner):
    return learner._replace(policy=learner.policy._replace(log_std=learner.policy.log_std + jnp.inf))


def spoil_optimiser(learner):
    spoiled = jax.tree.map(lambda a: a * jnp.inf if a.dtype == jnp.float32 else a, learner.opt_state)
    return learner._replace(opt_state=spoiled)


SPOILED = {"parameters": spoil_parameters, "noise": spoil_noise, "optimiser's state": spoil_optimiser}


def spoil(trainer: Trainer, spoiling, at: int) -> None:
    """The given update of this trainer comes out wrong, once."""
    trainer.compile()
    real, count = trainer.compiled_update, iter(range(1, 1000))

    def update(*arguments):
        learner, losses, explained = real(*arguments)
        return spoiling(learner) if next(count) == at else learner, losses, explained

    trainer.compiled_update = update


def leaves(policy) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(policy)]


@pytest.mark.parametrize("what", SPOILED)
def test_the_trainer_goes_back_to_the_last_good_update_and_on_from_there(what):
    trainer, whole = Trainer(Identified(4), SMALL), Trainer(Identified(4), SMALL)
    expected = [r["loss"] for r in whole.updates()]
    spoil(trainer, SPOILED[what], at=3)
    records = []
    with pytest.raises(
        TrainingDiverged, match=f"in update 3 of 6, whose {what} became nan or infinite: .*rate = 0.001"
    ):
        records.extend(r["loss"] for r in trainer.updates())
    updates = trainer.updates()
    trainer.compiled_update = whole.compiled_update
    assert trainer.update_index == 2
    assert all(np.isfinite(leaf).all() for leaf in leaves(trainer.learner))
    assert [r["loss"] for r in updates] == expected[2:]
    for ours, theirs in zip(leaves(trainer.learner), leaves(whole.learner), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_gradients_that_nothing_shortens_are_named_too():
    trainer = Trainer(Identified(4), SMALL.replace(max_grad_norm=1000.0, learning_rate=0.1))
    spoil(trainer, spoil_parameters, at=1)
    with pytest.raises(TrainingDiverged, match=r"max_grad_norm = 1000 or learning_rate = 0\.1 is likely too large"):
        next(trainer.updates())


class Odd(EndlessReward):
    """Pays or shows something odd from the 20th step on, which is in the third rollout."""

    pays, shows, steps = 1.0, 1.0, 0

    def step(self, actions):
        obs, reward, *rest = super().step(actions)
        self.steps += 1
        if self.steps >= 20:
            obs, reward = obs * np.float32(self.shows), reward * self.pays + (self.pays if self.pays > 1 else 0)
        return obs, reward, *rest


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"pays": np.nan}, "whose rewards became nan or infinite"),
        ({"pays": np.inf}, "whose rewards became .*lower the weights"),
        ({"pays": 1e200}, "whose rewards became .*lower the weights"),
        ({"pays": 1e30}, r"whose loss became .*rewards reach 2e\+30 per step"),
        ({"shows": np.nan}, "whose observations became nan or infinite: the simulation"),
        ({"shows": np.inf}, "whose observations became nan or infinite: the simulation"),
    ],
    ids=str,
)
def test_odd_rewards_and_observations_stop_the_training(odd, told):
    class World(Odd):
        def see(self):
            return super().see() + 1

    env = World(4)
    for name, value in odd.items():
        setattr(env, name, value)
    trainer, losses = Trainer(env, SMALL), []
    with pytest.raises(TrainingDiverged, match=f"in update 3 of 6, {told}"):
        losses.extend(r["loss"] for r in trainer.updates())
    assert len(losses) == trainer.update_index == 2
    assert all(np.isfinite(leaf).all() for leaf in leaves(trainer.learner))


def test_odd_first_observations_leave_nothing_to_save():
    class Blind(Identified):
        def see(self):
            return super().see() * np.nan

    trainer = Trainer(Blind(4), SMALL.replace(normalize_observations=False))
    with pytest.raises(TrainingDiverged, match="in update 1 of 6, whose observations"):
        next(trainer.updates())
    assert trainer.snapshot is None


def test_large_steps_really_diverge_and_are_stopped():
    config = SMALL.replace(total_timesteps=200 * 32, epochs=4)
    object.__setattr__(config, "learning_rate", 1e30)  # more than settings allow
    trainer = Trainer(Identified(4), config)
    with pytest.raises(TrainingDiverged, match=r"learning_rate = 1e\+30 is likely too large"):
        list(trainer.updates())
    assert all(np.isfinite(leaf).all() for leaf in leaves(trainer.learner))


def test_an_error_of_the_world_goes_back_too():
    """What happened in the broken rollout is not mixed into the next one."""

    class Breaks(Identified):
        steps = 0

        def step(self, actions):
            self.steps += 1
            if self.steps == 20:
                raise ZeroDivisionError
            return super().step(actions)

    trainer, whole = Trainer(Breaks(4), SMALL), Trainer(Identified(4), SMALL)
    losses = []
    with pytest.raises(ZeroDivisionError):
        losses.extend(r["loss"] for r in trainer.updates())
    losses.extend(r["loss"] for r in trainer.updates())
    assert losses == [r["loss"] for r in whole.updates()]


def test_a_snapshot_that_is_not_finite_is_refused():
    trainer = Trainer(Identified(4), SMALL)
    next(trainer.updates())
    snapshot = trainer.snapshot | {"learner/policy/log_std": np.array([np.nan], np.float32)}
    before = leaves(trainer.learner)
    with pytest.raises(ValueError, match="cannot be gone on from: its noise"):
        trainer.restore(snapshot)
    for ours, theirs in zip(leaves(trainer.learner), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("what", SPOILED)
def test_a_run_keeps_its_last_good_files_and_can_be_resumed(what, tmp_path):
    whole = new_run("flip", "whole", root=tmp_path, **TINY)
    whole.train()
    run = new_run("flip", "run", root=tmp_path, **TINY)
    spoil(run._training.prepare(), SPOILED[what], at=3)
    run.start()
    with pytest.raises(RunError, match=f"failed: .*training stopped in update 3 of 4, whose {what} became"):
        run.join()
    assert run.state == "failed"
    for name in ("checkpoint", "policy"):
        arrays, _ = read_arrays(run.path / f"{name}.safetensors")
        assert all(np.isfinite(a).all() for n, a in arrays.items() if n.startswith(("learner", "params", "log_std")))
    assert run.policy.results["global_step"] == 2 * 16
    assert [r["update"] for r in MetricsLog(run.path / "metrics.csv")] == [1, 2]
    LIVE.clear()
    again = open_run(run.path)
    again.train()
    assert again.state == "finished"
    for ours, theirs in zip(leaves(again.policy.params), leaves(whole.policy.params), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_policy_with_nan_is_not_written(tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY)
    run.train()
    saved, before = run.policy, run.policy_path.read_bytes()
    odd = saved.params._replace(log_std=saved.params.log_std * np.nan)
    with pytest.raises(PolicyError, match="its log_std contains nan or infinity"):
        SavedPolicy(saved.name, odd, saved.config).save(run.policy_path)
    assert run.policy_path.read_bytes() == before


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_a_trial_without_a_number_never_wins(odd, tmp_path, monkeypatch):
    results = iter([(0.5, 1.0), (1.0, odd), (odd, 1.0)])
    monkeypatch.setattr(
        twmr_nb.runs.selection,
        "evaluate",
        lambda *_: dict(zip(("success_rate", "mean_return"), next(results, (0.25, 1.0)), strict=True)),
    )
    run = new_run("flip", "run", root=tmp_path, **TINY | {"total_timesteps": 2 * 8 * 8, "validate_every": 1})
    run.train()
    assert load_policy(run.policy_path).results["validation"] == [0.5, 1.0]


def test_rewards_of_an_own_term_that_no_float_holds_stop_the_run(tmp_path):
    def vast(t):
        return t.x * 0 + 1e300

    run = new_run("flip", "run", root=tmp_path, extra_terms=[reward_term(vast)], **TINY)
    with pytest.raises(TrainingDiverged, match=r"whose rewards became .*lower the weights"):
        run.train()
    assert not list(MetricsLog(run.path / "metrics.csv"))
