"""Files of tests/data/before_rooms, written when all modules still lay in one folder: they load, play and go on.

A run of three updates with a term of its own, stopped before its fourth; the policy exported from it; 20 steps of play.
"""

import numpy as np
import pytest
from before import run_of_before
from climb import DATA

from twmr_nb.episodes.rollout import load_rollout, record
from twmr_nb.policies.saved import load_policy
from twmr_nb.runs.run import RunError, open_run
from twmr_nb.task.rewards import reward_term

BEFORE = DATA / "before_rooms"


def calm(t):
    """Pitching is unpleasant."""
    return t.pitch**2


@pytest.fixture
def run_folder(tmp_path):
    return run_of_before(tmp_path / "run", reward_term(calm, weight=-0.5))


def test_a_run_is_shown_and_goes_on_to_its_end(run_folder):
    run = open_run(run_folder, extra_terms=[reward_term(calm, weight=-0.5)])
    assert (run.state, run.config.preset, len(run.records)) == ("stopped", "recommended", 3)
    before = list(run.records)
    assert run.policy.results["global_step"] == 48
    run.train()
    assert run.state == "finished"
    assert [{name: record[name] for name in before[0]} for record in list(run.records)[:3]] == before
    assert [record["global_step"] for record in run.records] == [16, 32, 48, 64]
    assert {"term/calm", "raw/calm", "paid/calm"} <= set(run.records[-1])
    assert np.isnan(run.records.column("paid/calm")).all()  # nobody noted it of the episodes before
    assert run.policy.results["global_step"] == 64


def test_a_run_does_not_go_on_without_its_own_term(run_folder):
    with pytest.raises(RunError, match="calm"):
        open_run(run_folder).train()


@pytest.mark.parametrize("place", ["old.safetensors", "run", "run/policy.safetensors"])
def test_a_policy_plays_the_movement_that_was_recorded(place):
    saved, old = load_policy(BEFORE / place), load_rollout(BEFORE / "rollout.safetensors")
    assert saved.config.ppo.hidden_size == 8
    again = record(saved.player(), old.config, seed=5, num_steps=20)
    np.testing.assert_allclose(again.transition.x, old.transition.x, atol=1e-3)  # another compiler's last bits add up
    np.testing.assert_allclose(again.action[0], old.action[0], atol=1e-5)


def test_an_exported_policy_keeps_how_it_was_judged():
    saved = load_policy(BEFORE / "old.safetensors")
    assert saved.results["evaluation"]["episodes"] == 4
    assert "--hidden-size 8" in repr(saved)


def test_a_rollout_scored_again_pays_what_it_paid():
    rollout = load_rollout(BEFORE / "rollout.safetensors")
    assert (len(rollout.action), rollout.title) == (20, "before")
    weighted = rollout.rescore(extra_terms=[reward_term(calm, weight=-0.5)]).weighted
    assert list(weighted) == list(rollout.reward_terms)
    for name, values in weighted.items():
        np.testing.assert_array_equal(values, rollout.reward_terms[name], err_msg=name)
