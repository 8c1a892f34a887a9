"""What a run's folder holds when its training ends in the middle of something."""

import shutil

import jax
import numpy as np
import pytest
from tiny import TINY

from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.runs.run import LIVE, RunError, new_run, open_run


@pytest.fixture(autouse=True)
def _forget_live_runs():
    yield
    LIVE.clear()


def parameters(run) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(run.policy.params)]


@pytest.mark.parametrize("last", [1, 2, 4])
def test_an_end_between_checkpoint_and_policy_is_made_up_for(last, tmp_path, monkeypatch):
    whole = new_run("flip", "whole", root=tmp_path, **TINY)
    whole.train()
    run = new_run("flip", "run", root=tmp_path, **TINY)

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as kill:
        kill.setattr(SavedPolicy, "save", killed)
        with pytest.raises(SystemExit):
            run.train(lambda record: run.stop() if record["update"] == last else None)
    assert not run.policy_path.exists()
    LIVE.clear()
    again = open_run(run.path)
    again.train()
    assert again.state == "finished"
    assert [r["update"] for r in again.records] == [1, 2, 3, 4]
    for ours, theirs in zip(parameters(again), parameters(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_folder_deleted_in_mid_training_does_not_come_back(tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY)
    with pytest.raises((FileNotFoundError, RunError)):
        run.train(lambda record: shutil.rmtree(run.path))
    assert not run.path.exists()


def test_nothing_unfinished_is_left_in_a_folder(tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY)
    run.train()
    assert not [path.name for path in run.path.iterdir() if path.name.startswith(".") and "lock" not in path.name]
