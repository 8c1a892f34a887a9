"""Exported policies carry their curve and their evaluation; the shipped ones keep what they promise."""

import dataclasses
import shlex

import numpy as np
import pytest

from twmr_nb.cli import main as cli
from twmr_nb.config.presets import preset
from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.episodes.evaluate import evaluate
from twmr_nb.episodes.worlds import world
from twmr_nb.learn.network import named_leaves
from twmr_nb.policies.saved import SHIPPED, PolicyError, load_policy, shipped_policies
from twmr_nb.runs import export as shipping
from twmr_nb.runs.export import POINTS, judged, rounded, target_file, thinned
from twmr_nb.runs.run import new_run

NEVER_PASS = ("hopeless", "walkthrough")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    passing = preset("flip", success_x=-1.0)
    run = new_run(
        passing, run_dir=tmp_path_factory.mktemp("ship") / "run", total_timesteps=64, num_envs=2, minibatches=1,
        rollout_steps=8, epochs=1, mlp_size=8, hidden_size=8,
    )  # fmt: skip
    run.train()
    return run


def export(source, name, to, **how):
    """As the command line does it: whether it can be written is known before anything is played."""
    path = target_file(name, to)
    return judged(source, name, **how).save(path)


@pytest.fixture(scope="module")
def shipped(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shipped")
    return export(run.path, "climber", folder, note="A try.", episodes=8)


def test_an_exported_policy_is_the_runs_policy_with_all_that_is_known(run, shipped):
    assert shipped.name == "climber.safetensors"
    saved, original = load_policy(shipped), run.policy
    for (name, ours), (_, theirs) in zip(named_leaves(saved.params), named_leaves(original.params), strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
    assert (saved.name, saved.config, saved.command) == ("climber", original.config, original.command)
    results = saved.results
    assert results["global_step"] == 64
    assert [point["global_step"] for point in results["curve"]] == [16, 32, 48, 64]
    assert (results["evaluation"]["episodes"], results["evaluation"]["deterministic"]) == (8, True)
    assert (results["sampled"]["episodes"], results["sampled"]["deterministic"]) == (2, False)
    assert (results["note"], results["evaluate_command"]) == ("A try.", "twmr evaluate climber --both --episodes 8")


def test_an_exported_policy_can_be_exported_again(shipped, tmp_path):
    again = load_policy(export(shipped, "climber_2", tmp_path / "mine.safetensors", episodes=1))
    assert again.results["curve"] == load_policy(shipped).results["curve"]
    assert (again.name, again.results["note"]) == ("climber_2", "A try.")


def test_what_cannot_be_exported_is_refused_in_a_sentence(run, shipped, tmp_path):
    with pytest.raises(PolicyError, match="'a/b' cannot be a policy's name"):
        export(run.path, "a/b", tmp_path)
    saved = load_policy(shipped)
    bare = dataclasses.replace(saved, results={}).save(tmp_path / "bare.safetensors")
    with pytest.raises(PolicyError, match="has no learning curve beside it: export it from the folder of its run"):
        export(bare, "climber", tmp_path)


def test_a_long_curve_is_thinned_from_first_to_last():
    records = [{"global_step": 64.0 * k, "success_rate": k / 999, "loss": 1.0, "frontier": np.nan} for k in range(1000)]
    curve = thinned(records)
    assert len(curve) == POINTS
    assert (curve[0], curve[-1]["global_step"]) == ({"global_step": 0, "success_rate": 0}, 64 * 999)
    assert thinned([]) == []


def test_rounding_keeps_whole_numbers_and_shapes():
    given = {"a": 0.123456789, "b": [1234567.0, 1e-7 / 3], "c": {"d": 1000, "e": None, "f": "0.123456789"}}
    assert rounded(given) == {"a": 0.12346, "b": [1234567.0, 3.3333e-08], "c": given["c"]}


@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_is_small_and_complete(name):
    assert (SHIPPED / f"{name}.safetensors").stat().st_size < 1_000_000
    saved = load_policy(name)
    results = saved.results
    assert saved.name == name
    assert results["note"]
    assert 10 <= len(results["curve"]) <= POINTS
    judged = 200 if name in NEVER_PASS else 1000  # enough to tell never from rarely
    for key, episodes in (("evaluation", judged), ("sampled", judged // 4)):
        assert results[key]["episodes"] >= episodes
        assert 0 <= results[key]["success_rate"] <= 1
    options = cli.parse(shlex.split(saved.command, comments=True)[1:])  # what it began from stands there as a comment
    again = TrainConfig(options.env, options.ppo).replace(seed=options.seed, preset=options.preset)
    assert again == saved.config
    assert cli.parse(shlex.split(results["evaluate_command"])[1:]).policies == (name,)


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_policies())
def test_a_shipped_policy_plays_as_well_as_it_was_judged(name):
    saved = load_policy(name)
    trial = world(saved.config.env, end_on_success=True)
    judged = saved.results["evaluation"]["success_rate"]
    assert evaluate(saved, trial, episodes=16)["success_rate"] == pytest.approx(judged, abs=0.3)


@pytest.mark.parametrize("to", ["file", "file/deep", "file/x.safetensors", "folder.safetensors"])
def test_nothing_is_played_for_a_file_that_cannot_be_written(run, to, tmp_path, monkeypatch):
    monkeypatch.setattr(shipping, "evaluate", lambda *args, **kwargs: pytest.fail("played in vain"))
    (tmp_path / "file").touch()
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        export(run.path, "climber", tmp_path / to)
